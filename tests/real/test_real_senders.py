"""Every budget, payment and execution of the shared data is taken in by a profile and agrees with what is known of it."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from budgetwatch import intake
from budgetwatch.access.viewer import SYSTEM
from budgetwatch.feeds.learn import learn
from budgetwatch.feeds.profile import parse
from budgetwatch.home import Home
from budgetwatch.intake import Receipt

pytestmark = pytest.mark.shared


def asked(home: Home, query: str) -> list[tuple[Any, ...]]:
    with home.facts(SYSTEM) as connection:
        return connection.execute(query).fetchall()


def taken(home: Home, file: Path, profile: str) -> Receipt:
    receipt = intake.take_in(home, file, profile, actor="test")
    assert receipt.rows_in == receipt.rows_accepted + receipt.rows_rejected + receipt.rows_repeated
    return receipt


def sent(file: Path) -> pl.DataFrame:
    """The file as anybody reads it, every value as text."""
    content = file.read_bytes()
    return pl.read_csv(gzip.decompress(content) if file.suffix == ".gz" else content, infer_schema_length=0)


def total(frame: pl.DataFrame, name: str, unit: int = 1) -> Decimal:
    return sum((Decimal(value) * unit for value in frame[name].drop_nulls()), Decimal(0))


def test_oaklands_fourteen_files_whatever_the_order_of_their_columns(home: Home, shared_data: Path) -> None:
    files = sorted((shared_data / "oakland").glob("*.csv.gz"))
    assert len(files) == 14
    heights = []
    for file in files:
        frame = sent(file)
        receipt = taken(home, file, "oakland")
        assert receipt.rows_in == frame.height
        assert receipt.rows_rejected == frame["amount"].null_count()
        assert receipt.amount_sum == total(frame, "amount")
        heights.append(frame.height)
    assert (min(heights), max(heights)) == (242, 22_236)
    years = asked(
        home,
        "SELECT stage, min(budget_year), max(budget_year), count(DISTINCT budget_year) FROM budget_line GROUP BY 1 ORDER BY 1",
    )
    assert years == [("adjusted", 2015, 2017, 2), ("approved", 2014, 2023, 8), ("proposal", 2016, 2019, 4)]
    assert asked(home, "SELECT DISTINCT direction FROM budget_line ORDER BY 1") == [("expenditure",), ("revenue",)]


def test_philadelphias_quarterly_reports_keep_each_reports_word_apart(home: Home, shared_data: Path) -> None:
    file = shared_data / "philadelphia" / "department-obligations.csv"
    receipt = taken(home, file, "philadelphia-obligations")
    assert (receipt.rows_in, receipt.rows_accepted) == (20_660, 20_660)
    assert receipt.amount_sum == total(sent(file), "total")
    assert asked(home, "SELECT min(budget_year), max(budget_year) FROM budget_line WHERE stage = 'final'") == [
        (2007, 2023)
    ]
    adopted = asked(home, "SELECT count(*) FROM budget_line WHERE stage = 'approved'")
    assert adopted == [(1_309,)]


@pytest.mark.parametrize(
    ("name", "profile", "feed", "rows", "column"),
    [
        ("revenue", "philadelphia-cash-revenue", "revenue", 11_760, "code"),
        ("spending", "philadelphia-cash-spending", "treasury_report", 11_424, "func_code"),
    ],
)
def test_philadelphias_cash_reports_are_in_millions(
    home: Home, shared_data: Path, name: str, profile: str, feed: str, rows: int, column: str
) -> None:
    file = shared_data / "philadelphia" / f"cash-reports-{name}.csv"
    receipt = taken(home, file, profile)
    assert (receipt.rows_in, receipt.rows_accepted) == (rows, rows)
    assert receipt.amount_sum == total(sent(file), "amount", 1_000_000)
    months = f"SELECT count(DISTINCT (budget_year, month)), min(budget_year), max(budget_year), count(DISTINCT {column}) FROM {feed}"
    frame = sent(file)
    assert asked(home, months) == [(17 * 12, 2007, 2023, frame["category"].n_unique())]


def test_philadelphias_collections_by_month(home: Home, shared_data: Path) -> None:
    file = shared_data / "philadelphia" / "city-collections.csv"
    receipt = taken(home, file, "philadelphia-collections")
    assert (receipt.rows_in, receipt.rows_accepted) == (5_266, 5_266)
    assert receipt.amount_sum == total(sent(file), "total")


def test_boosts_execution_ratio_is_executed_to_approved_in_every_line(home: Home, shared_data: Path) -> None:
    receipt = taken(home, shared_data / "boost_execution" / "budget_execution.csv.gz", "boost")
    assert (receipt.rows_in, receipt.rows_accepted, receipt.facts_added) == (18_444, 18_444, 36_888)
    said = asked(
        home,
        """WITH line AS (SELECT adm_div_code, budget_year, pro_code, max(amount) FILTER (stage = 'approved') AS approved,
                                 max(amount) FILTER (stage = 'final') AS executed
                          FROM budget_line GROUP BY ALL)
           SELECT count(*), count(DISTINCT adm_div_code), min(budget_year), max(budget_year),
                  round(avg(executed::DOUBLE / approved::DOUBLE * 100), 2), round(median(executed::DOUBLE / approved::DOUBLE * 100), 2) FROM line""",
    )
    assert said == [(18_444, 98, 2006, 2022, 90.01, 95.69)]
    assert asked(home, "SELECT count(DISTINCT func_code) FROM budget_line WHERE func_code = 'Toatal'") == [
        (1,)
    ]  # as sent


def test_the_regional_analysis_agrees_with_its_cube(home: Home, shared_data: Path) -> None:
    folder = shared_data / "babbage_cra"
    receipt = taken(home, folder / "cra.csv", "cra")
    assert (receipt.rows_in, receipt.rows_accepted) == (36, 36)
    assert receipt.amount_sum == total(sent(folder / "cra.csv"), "amount:integer")
    assert asked(home, "SELECT count(*) FROM budget_line WHERE func_code = '4'") == [(12,)]
    assert asked(home, "SELECT count(*) FROM budget_line WHERE func_code IN ('4', '10')") == [(23,)]
    assert asked(home, "SELECT count(*) FROM budget_line WHERE eco_code = 'CUR'") == [(21,)]
    cube = json.loads((folder / "cra.json").read_text("utf-8"))
    joins = {
        d.get("join_column", name) if isinstance(d.get("join_column", name), str) else d["join_column"][0]
        for name, d in cube["dimensions"].items()
    }
    assert {"cap_or_cur", "cofog1_name"} <= joins


def test_the_brazilian_chambers_reimbursements(home: Home, shared_data: Path) -> None:
    file = shared_data / "serenata_rules" / "reimbursements_sample.csv"
    receipt = taken(home, file, "camara-reimbursements")
    frame = sent(file)
    undated = frame["issue_date"].null_count()
    assert (receipt.rows_in, receipt.rows_accepted, receipt.reasons) == (1_000, 1_000 - undated, {"missing": undated})
    assert receipt.amount_sum == total(frame.filter(pl.col("issue_date").is_not_null()), "total_net_value")


@pytest.mark.parametrize(
    ("folder", "profile", "rows"),
    [("audit", "manchester-numbered", 74_651), ("global_local", "manchester-undated", 77_225)],
)
def test_manchesters_labelled_lines_keep_their_numbers(
    home: Home, shared_data: Path, folder: str, profile: str, rows: int
) -> None:
    file = shared_data / f"labelled_manchester_{folder}" / "payments.parquet"
    receipt = taken(home, file, profile)
    assert (receipt.rows_in, receipt.rows_accepted) == (rows, rows)
    cents = pl.read_parquet(file).select((pl.col("net_amount") * 100).round().cast(pl.Int64).sum()).item()
    assert receipt.amount_sum == Decimal(cents) / 100
    labels = sent(shared_data / f"labelled_manchester_{folder}" / "labels.csv")["row_id"].to_list()
    found = asked(
        home, f"SELECT count(*) FROM payment WHERE voucher_no IN ({', '.join(repr(label) for label in labels)})"
    )
    assert found == [(len(labels),)]


LEARNT = [
    "philadelphia/actual-department-spending.csv", "philadelphia/department-obligations.csv", "philadelphia/city-collections.csv",
    "philadelphia/cash-reports-revenue.csv", "oakland/FY19-20__adopted.csv.gz", "boost_execution/budget_execution.csv.gz", "babbage_cra/cra.csv",
    "serenata_rules/reimbursements_sample.csv", "labelled_manchester_audit/payments.parquet", "uk_gla_messy/2016-P01.csv",
]  # fmt: skip


@pytest.mark.parametrize("name", LEARNT)
def test_a_first_profile_is_learnt_for_every_sender_and_names_what_is_missing(
    home: Home, shared_data: Path, name: str
) -> None:
    import yaml

    found = learn(shared_data / name, home.settings)
    assert parse(yaml.safe_load(found.yaml), "learnt").feed.name == found.feed
    assert found.sure
    assert found.doubts  # none of these senders writes our names: something is always left to a person
