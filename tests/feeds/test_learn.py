"""A file of a sender nobody has seen gives a first profile, which reads the file, and says what it could not tell."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from budgetwatch import intake
from budgetwatch.errors import BadFile, NotFound
from budgetwatch.feeds.learn import learn
from budgetwatch.feeds.profile import parse
from budgetwatch.home import Home
from tests.feeds.senders import HEADING, csv, payment

CHINESE = ("支付凭证号", "年度", "支付日期", "区划代码", "单位代码", "支付金额")
ROWS = [payment(f"V{n}", f"{n * 10}.50", f"2025-03-{n + 1:02d}") for n in range(20)]


def learnt_and_taken(home: Home, file: Path) -> Any:
    """What is learnt, after the learnt profile has judged the very file."""
    found = learn(file, home.settings)
    (home.path / "profiles" / "learnt.yml").write_text(found.yaml, "utf-8")
    receipt = intake.check(home, file, found.name)
    assert receipt.rows_rejected == 0
    assert receipt.rows_in == len(ROWS)
    return found


def test_rows_too_short_and_too_long_do_not_keep_it_from_learning(home: Home, tmp_path: Path) -> None:
    rows = [payment(f"V{no}") for no in range(6)]
    rows[1], rows[2] = rows[1][:-1], (*rows[2], "more")
    found = learn(csv(tmp_path / "f.csv", rows), home.settings)
    assert "amount" in found.yaml
    assert any("2" in doubt.en for doubt in found.doubts)


@pytest.mark.parametrize("heading", [HEADING, CHINESE])
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_a_table_with_any_delimiter(home: Home, tmp_path: Path, heading: tuple[str, ...], delimiter: str) -> None:
    text = "\n".join(delimiter.join(row) for row in [heading, *ROWS]) + "\n"
    (file := tmp_path / "f.csv").write_text(text, "utf-8")
    found = learnt_and_taken(home, file)
    assert (found.feed, found.doubts) == ("payment", ())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_table_in_any_encoding(home: Home, tmp_path: Path, encoding: str) -> None:
    learnt_and_taken(home, csv(tmp_path / "f.csv", ROWS, CHINESE, encoding))


def test_title_rows_above_the_heading_are_seen(home: Home, tmp_path: Path) -> None:
    text = "2025年国库支付明细,,,,,\n单位：元,,,,,\n" + "\n".join(",".join(r) for r in [CHINESE, *ROWS]) + "\n"
    (file := tmp_path / "f.csv").write_text(text, "utf-8")
    assert parse(_body(learnt_and_taken(home, file).yaml), "f").skip_rows == 2


def test_a_workbook_with_titles_on_its_second_sheet(home: Home, tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(file := tmp_path / "f.xlsx")
    book.add_worksheet("说明").write(0, 0, "填表说明")
    sheet = book.add_worksheet("明细")
    sheet.write(0, 0, "国库支付明细表")
    for at, row in enumerate([CHINESE, *ROWS], start=2):
        sheet.write_row(at, 0, row)
    book.close()
    found = parse(_body(learnt_and_taken(home, file).yaml), "f")
    assert (found.format, found.sheet) == ("xlsx", "明细")


@pytest.mark.parametrize("write", [
    lambda records: "".join(json.dumps(r) + "\n" for r in records),
    lambda records: json.dumps({"meta": {"sender": "x", "n": [1, 2]}, "data": records}),
    lambda records: "<r><head><a>1</a></head>" + "".join("<pay>" + "".join(f"<{k}>{v}</{k}>" for k, v in r.items()) + "</pay>" for r in records) + "</r>",
])  # fmt: skip
def test_files_that_name_their_values(home: Home, tmp_path: Path, write: Callable[[Any], str]) -> None:
    (file := tmp_path / "f.dat").write_text(write([dict(zip(HEADING, row, strict=True)) for row in ROWS]), "utf-8")
    learnt_and_taken(home, file)


def test_what_is_missing_or_doubtful_is_said_in_both_languages(home: Home, tmp_path: Path) -> None:
    file = csv(
        tmp_path / "f.csv", [("12 Jan 2025", "ABC", "1.00", "Water")] * 3, ("Paid", "Supplier", "Net", "Service")
    )
    found = learn(file, home.settings, feed="payment")
    said = " ".join(d.en for d in found.doubts)
    assert "Region code" in said
    assert "No key" in said
    assert found.sure["payee_name"][0] == "Supplier"
    assert found.sure["amount"] == ("Net", found.sure["amount"][1])
    assert 0.6 <= found.sure["amount"][1] < 1
    body = _body(found.yaml)
    assert body["dates"] == {"pay_date": ["%d %b %Y"]}
    assert all(d.zh for d in found.doubts)


def test_amounts_in_wan_and_words_for_codes_are_recognised(home: Home, tmp_path: Path) -> None:
    heading = ("年度", "区划代码", "债务类别", "债务限额（万元）", "债务余额（万元）")
    file = csv(
        tmp_path / "f.csv", [("2025", "990100", "一般", "10", "5"), ("2025", "990100", "专项债务", "8", "5")], heading
    )
    body = _body(learn(file, home.settings).yaml)
    assert (body["feed"], body["units"]) == ("debt_limit", {"ceiling": "wan", "balance": "wan"})
    assert body["values"] == {"kind": {"一般": "general"}}


def test_what_is_no_table_and_a_feed_that_is_not_known_are_refused(home: Home, tmp_path: Path) -> None:
    (file := tmp_path / "f.pdf").write_bytes(b"%PDF-1.4 nonsense")
    with pytest.raises(BadFile):
        learn(file, home.settings)
    with pytest.raises(NotFound, match="payment"):
        learn(csv(tmp_path / "f.csv", ROWS), home.settings, feed="payments")


@pytest.mark.shared
def test_real_senders_files_give_profiles_that_name_their_main_columns(home: Home, shared_data: Path) -> None:
    found = learn(shared_data / "philadelphia" / "actual-department-spending.csv", home.settings, feed="budget_line")
    assert found.sure["budget_year"][0] == "fiscal_year"
    assert found.sure["amount"][0] == "total"


def _body(text: str) -> Any:
    import yaml

    return yaml.safe_load(text)
