"""Real senders' files, taken in by their profiles, agree with what is known of them to the penny."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from budgetwatch import intake
from budgetwatch.access.viewer import SYSTEM
from budgetwatch.home import Home

pytestmark = pytest.mark.shared


def one(home: Home, query: str) -> tuple[object, ...]:
    with home.facts(SYSTEM) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return tuple(row)


def test_manchester_is_taken_in_to_the_penny(home: Home, shared_data: Path) -> None:
    file = shared_data / "uk_manchester_payments" / "payments_2010_2022.parquet"
    receipt = intake.take_in(home, file, "manchester", actor="test")
    assert (receipt.rows_in, receipt.rows_accepted, receipt.rows_rejected, receipt.rows_repeated) == (
        465_282,
        465_282,
        0,
        0,
    )
    assert (receipt.amount_sum, receipt.currency) == (Decimal("9233566085.14"), "GBP")
    assert one(home, "SELECT count(*), sum(amount), count(*) FILTER (amount < 0) FROM payment") == (
        465_282, Decimal("9233566085.14"), 3_807,
    )  # fmt: skip
    assert one(home, "SELECT count(*), sum(amount) FROM payment WHERE year(pay_date) = 2019") == (
        39_493,
        Decimal("895169028.49"),
    )
    assert one(
        home, "SELECT count(DISTINCT payee_name), count(DISTINCT agency_code), count(DISTINCT item_name) FROM payment"
    ) == (17_012, 30, 782)
    assert intake.take_in(home, file, "manchester", actor="test").status == "already"
    assert one(home, "SELECT count(*) FROM payment") == (465_282,)


def test_manchester_as_a_csv_gives_the_same_facts(home: Home, shared_data: Path, tmp_path: Path) -> None:
    file = tmp_path / "payments.csv"
    pl.read_parquet(shared_data / "uk_manchester_payments" / "payments_2010_2022.parquet").write_csv(file)
    receipt = intake.take_in(home, file, "manchester-csv", actor="test")
    assert (receipt.rows_accepted, receipt.rows_rejected, receipt.amount_sum) == (465_282, 0, Decimal("9233566085.14"))


def test_every_row_of_the_gla_is_accepted_or_rejected_with_its_line(home: Home, shared_data: Path) -> None:
    files = sorted((shared_data / "uk_gla_messy").glob("*.csv"))
    receipts = [intake.take_in(home, file, "gla", actor="test") for file in files]
    assert len(files) == 25
    assert sum(r.rows_in for r in receipts) == 19_444
    assert sum(r.rows_accepted for r in receipts) + sum(r.rows_rejected for r in receipts) == 19_444
    reasons: Counter[str] = Counter()
    for receipt in receipts:
        reasons.update(receipt.reasons)
    assert reasons == {"wrong_field_count": 1_170, "not_money": 271}
    found = pl.concat(
        intake.rejects(home, r.batch).with_columns(file=pl.lit(r.file_name)) for r in receipts if r.rows_rejected
    )
    assert found["line"].null_count() == 0
    assert found.filter(pl.col("reason") == "wrong_field_count").select("file", "line").is_unique().all()
    for file, line, raw in found.select("file", "line", "raw").sample(200, seed=1).rows():
        sent = (shared_data / "uk_gla_messy" / file).read_text("utf-8").split("\n")[line - 1]
        assert raw == sent
    assert one(home, "SELECT count(*) FROM payment") == (sum(r.rows_accepted for r in receipts),)


def test_philadelphias_classes_equal_the_total_in_every_line_and_the_years_agree(home: Home, shared_data: Path) -> None:
    folder = shared_data / "philadelphia"
    adopted = intake.take_in(
        home, folder / "budgeted-department-spending-adopted.csv", "philadelphia-adopted", actor="test"
    )
    actual = intake.take_in(home, folder / "actual-department-spending.csv", "philadelphia-actual", actor="test")
    # A line whose classes differ from its total by a cent would be among the rejects.
    assert (adopted.rows_accepted, adopted.rows_rejected, adopted.facts_added) == (1_293, 0, 1_293 * 7)
    assert (actual.rows_accepted, actual.rows_rejected, actual.facts_added) == (1_292, 0, 1_292 * 7)
    millions = (
        "SELECT round(sum(amount) / 1000000, 1)::DECIMAL(10,1) FROM budget_line WHERE stage = '{}' AND budget_year = {}"
    )
    assert one(home, millions.format("approved", 2019)) == (Decimal("4725.5"),)
    assert one(home, millions.format("final", 2019)) == (Decimal("4772.4"),)
    assert one(home, millions.format("final", 2021)) == (Decimal("4717.8"),)
    assert one(home, millions.format("approved", 2015)) == (Decimal("4524.6"),)


def test_a_changed_class_no_longer_equals_its_total(home: Home, shared_data: Path, tmp_path: Path) -> None:
    lines = (shared_data / "philadelphia" / "budgeted-department-spending-adopted.csv").read_text().splitlines()
    lines[3] = lines[3].replace("6000.0", "6000.01", 1)
    (tmp_path / "f.csv").write_text("\n".join(lines))
    receipt = intake.check(home, tmp_path / "f.csv", "philadelphia-adopted")
    assert (receipt.rows_accepted, receipt.reasons) == (1_292, {"total_differs": 1})
