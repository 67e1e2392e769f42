"""What senders write, in every form met in practice, gives the same facts."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter

from budgetwatch import intake
from budgetwatch.access.viewer import SYSTEM
from budgetwatch.home import Home
from tests.feeds.senders import HEADING, csv, gz, payment, profile, zipped

CHINESE = ("支付凭证号", "年度", "支付日期", "区划代码", "单位代码", "支付金额")
CAMEL = ("VoucherNo", "StYear", "XPayDate", "AdmDivCode", "AgencyCode", "PayAmt")
UPPER = ("PAY_CERT_NO", "FISCAL_YEAR", "XPAY_DATE", "MOF_DIV_CODE", "AGENCY_CODE", "PAY_AMT")


def taken(home: Home, file: Path, columns: str = "voucher_no, amount", **changes: Any) -> list[tuple[Any, ...]]:
    receipt = intake.take_in(home, file, profile(home, **changes), actor="me")
    assert receipt.rows_rejected == 0, intake.rejects(home, receipt.batch).rows()
    with home.facts(SYSTEM) as connection:
        return connection.execute(f"SELECT {columns} FROM payment ORDER BY _row").fetchall()


@pytest.mark.parametrize(
    "heading",
    [
        HEADING,
        CHINESE,
        CAMEL,
        UPPER,
        tuple(h.upper() for h in HEADING),
        tuple(h.replace("_", " ").title() for h in HEADING),
    ],
)
def test_headings_in_any_style_are_found_by_their_aliases(home: Home, tmp_path: Path, heading: tuple[str, ...]) -> None:
    assert taken(home, csv(tmp_path / "f.csv", [payment("V1")], heading)) == [("V1", Decimal("12.30"))]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_chinese_text_in_any_encoding(home: Home, tmp_path: Path, encoding: str) -> None:
    file = csv(
        tmp_path / "f.csv",
        [(*payment("凭1"), "购买办公用品"), (*payment("凭2"), "差旅费")],
        (*CHINESE, "用途"),
        encoding,
    )
    assert taken(home, file, "voucher_no, purpose", encoding=encoding) == [("凭1", "购买办公用品"), ("凭2", "差旅费")]


def test_big5_and_latin_1_and_a_list_of_encodings_to_try(home: Home, tmp_path: Path) -> None:
    file = csv(tmp_path / "f.csv", [(*payment("1"), "廣州")], (*HEADING, "purpose"), "big5")
    assert taken(home, file, "purpose", encoding=["utf-8", "big5"]) == [("廣州",)]
    file = csv(tmp_path / "g.csv", [(*payment("2"), "Café")], (*HEADING, "purpose"), "latin-1")
    assert taken(home, file, "purpose", encoding=["utf-8", "latin-1"])[1:] == [("Café",)]


@pytest.mark.parametrize("delimiter", [";", "\t", "|", "^"])
def test_any_delimiter(home: Home, tmp_path: Path, delimiter: str) -> None:
    assert taken(home, csv(tmp_path / "f.txt", [payment("V1")], delimiter=delimiter), delimiter=delimiter) == [
        ("V1", Decimal("12.30"))
    ]


@pytest.mark.parametrize("pack", ["gz", "zip"])
def test_packed_files(home: Home, tmp_path: Path, pack: str) -> None:
    plain = csv(tmp_path / "f.csv", [payment("V1")]).read_bytes()
    file = gz(tmp_path / "f.csv.gz", plain) if pack == "gz" else zipped(tmp_path / "f.zip", **{"f.csv": plain})
    assert taken(home, file) == [("V1", Decimal("12.30"))]


def test_title_lines_above_the_heading_are_skipped_and_counted(home: Home, tmp_path: Path) -> None:
    file = csv(tmp_path / "f.csv", [payment("V1"), payment("V2", "x")])
    file.write_text("2025年3月支付明细\n单位：元\n" + file.read_text())
    receipt = intake.take_in(home, file, profile(home, skip_rows=2), actor="me")
    assert intake.rejects(home, receipt.batch)["line"].to_list() == [5]


def test_a_line_break_within_quotes_moves_the_line_numbers_after_it(home: Home, tmp_path: Path) -> None:
    rows = [(*payment("V1"), '"two\nlines, and ""quotes"""'), (*payment("V2", "x"), "a"), (*payment("V3"), "b")]
    receipt = intake.take_in(home, csv(tmp_path / "f.csv", rows, (*HEADING, "purpose")), profile(home), actor="me")
    assert intake.rejects(home, receipt.batch)["line"].to_list() == [4]
    with home.facts(SYSTEM) as connection:
        assert connection.execute("SELECT purpose, (_row >> 7) & 68719476735 FROM payment ORDER BY _row").fetchall() == [
            ('two\nlines, and "quotes"', 2), ("b", 5),
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "changes", "amount"),
    [
        ("1234", {}, "1234.00"), ("1234.5", {}, "1234.50"), ("-0.01", {}, "-0.01"), ("+5", {}, "5.00"), (".5", {}, "0.50"),
        ('"1,234,567.89"', {}, "1234567.89"), ("(12.00)", {}, "-12.00"), ('"(1,234.00)"', {}, "-1234.00"), ("（8）", {}, "-8.00"),
        (" 7.10 ", {}, "7.10"), ("1.500", {}, "1.50"), ("9999999999999999.99", {}, "9999999999999999.99"),
        ("¥5", {"amounts": {"signs": ["¥"]}}, "5.00"),
        ("12.5", {"units": {"amount": "wan"}}, "125000.00"), ("0.000001", {"units": {"amount": "wan"}}, "0.01"),
        ("4725.500000001", {"amounts": {"round": True}}, "4725.50"), ("0.125", {"amounts": {"round": True}}, "0.12"),
    ],
)  # fmt: skip
def test_amounts_as_people_write_them(
    home: Home, tmp_path: Path, written: str, changes: dict[str, Any], amount: str
) -> None:
    assert taken(home, csv(tmp_path / "f.csv", [payment("V1", written)]), "amount", **changes) == [(Decimal(amount),)]


@pytest.mark.parametrize(
    ("written", "changes", "reason"),
    [
        ("1.005", {}, "too_many_decimals"), ("1E+05", {}, "not_money"), ('"1,23"', {}, "not_money"), ("--1", {}, "not_money"),
        ("¥5", {}, "not_money"), ("99999999999999999", {}, "not_money"), ("NaN", {}, "not_money"), ("", {}, "missing"),
        ('"1,234"', {"amounts": {"thousands": False}}, "not_money"), ("(1)", {"amounts": {"parentheses": False}}, "not_money"),
        ("0.0000001", {"units": {"amount": "wan"}}, "too_many_decimals"),
    ],
)  # fmt: skip
def test_amounts_that_are_not_guessed_at(
    home: Home, tmp_path: Path, written: str, changes: dict[str, Any], reason: str
) -> None:
    receipt = intake.take_in(
        home, csv(tmp_path / "f.csv", [payment("V1", written)]), profile(home, **changes), actor="me"
    )
    assert receipt.reasons == {reason: 1}


def test_dates_in_several_formats_within_one_file(home: Home, tmp_path: Path) -> None:
    days = ["2025-03-05", "2025/3/5", "20250305", "2025.03.05", "2025年3月5日"]
    file = csv(tmp_path / "f.csv", [payment(f"V{i}", day=day) for i, day in enumerate(days)])
    assert taken(home, file, "pay_date::VARCHAR") == [("2025-03-05",)] * 5


def test_codes_are_mapped_from_the_words_of_the_profile_and_the_lists_own_names(home: Home, tmp_path: Path) -> None:
    rows = [(*payment(f"V{i}"), word) for i, word in enumerate(["现金", "cash", "Cash", "现 金", ""])]
    file = csv(tmp_path / "f.csv", rows, (*HEADING, "结算方式"))
    assert taken(home, file, "settlement", values={"settlement": {"现 金": "cash"}}) == [("cash",)] * 4 + [(None,)]
    other = csv(tmp_path / "g.csv", [(*payment("W"), "以物易物")], (*HEADING, "结算方式"))
    receipt = intake.take_in(home, other, profile(home), actor="me")
    assert receipt.reasons == {"unknown_code": 1}


def test_constants_fill_columns_and_a_year_follows_from_a_date(home: Home, tmp_path: Path) -> None:
    file = csv(
        tmp_path / "f.csv", [("V1", "2025-03-31", "1"), ("V2", "2025-04-01", "2")], ("voucher_no", "pay_date", "amount")
    )
    changes = {"constants": {"adm_div_code": "990100", "agency_code": "0301", "currency": "GBP"},
               "budget_year": {"from": "pay_date", "first_month": 4, "named_after": "start"}}  # fmt: skip
    assert taken(home, file, "budget_year, agency_code, currency", **changes) == [
        (2024, "0301", "GBP"),
        (2025, "0301", "GBP"),
    ]


def test_several_amount_columns_become_a_fact_each_and_must_add_up(home: Home, tmp_path: Path) -> None:
    name = profile(
        home, feed="budget_line", melt={"columns": {"工资": "301", "商品": "302"}, "into": "eco_code", "total": "合计"},
        constants={"stage": "draft", "direction": "expenditure"},
    )  # fmt: skip
    heading = ("年度", "区划代码", "单位代码", "工资", "商品", "合计")
    rows = [
        ("2025", "990100", *row)
        for row in (("U1", "1", "2", "3"), ("U2", "1", "", "1"), ("U3", "1", "2", "4"), ("U4", "", "", ""))
    ]
    receipt = intake.take_in(home, csv(tmp_path / "f.csv", rows, heading), name, actor="me")
    assert (receipt.rows_in, receipt.rows_accepted, receipt.facts_added) == (4, 2, 3)
    assert receipt.reasons == {"missing": 1, "total_differs": 1}
    with home.facts(SYSTEM) as connection:
        rows_ = connection.execute(
            "SELECT agency_code, eco_code, amount, _row & 127 FROM budget_line ORDER BY _row"
        ).fetchall()
    assert rows_ == [("U1", "301", Decimal(1), 0), ("U1", "302", Decimal(2), 1), ("U2", "301", Decimal(1), 0)]
    again = intake.take_in(
        home, csv(tmp_path / "g.csv", [*rows[:2], ("2025", "990100", "U1", "1", "5", "6")], heading), name, actor="me"
    )
    assert (again.rows_repeated, again.rows_rejected, again.reasons) == (2, 1, {"key_already_used": 1})


def test_a_workbook_with_title_rows_is_read_with_its_own_row_numbers(home: Home, tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "f.xlsx"))
    sheet, day = book.add_worksheet("明细"), book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.write(0, 0, "2025年支付明细表")
    sheet.write_row(2, 0, CHINESE)
    for line, (no, amount) in enumerate([("V1", 0.1 + 0.2), ("V2", 1234567.89), ("V3", 5), ("V4", 1.005)], start=3):
        sheet.write_row(line, 0, [no, 2025])
        sheet.write_datetime(line, 2, dt.date(2025, 3, 5), day)
        sheet.write_row(line, 3, ["990102", "U1", amount])
    book.close()
    receipt = intake.take_in(
        home, tmp_path / "f.xlsx", profile(home, format="xlsx", sheet="明细", skip_rows=2), actor="me"
    )
    assert intake.rejects(home, receipt.batch).select("line", "value", "reason").rows() == [
        (7, "1.005", "too_many_decimals")
    ]
    with home.facts(SYSTEM) as connection:
        found = connection.execute(
            "SELECT amount, pay_date::VARCHAR, (_row >> 7) & 68719476735 FROM payment ORDER BY _row"
        ).fetchall()
    assert found == [
        (Decimal("0.30"), "2025-03-05", 4),
        (Decimal("1234567.89"), "2025-03-05", 5),
        (Decimal(5), "2025-03-05", 6),
    ]


def test_parquet_is_judged_like_text(home: Home, tmp_path: Path) -> None:
    frame = pl.DataFrame({"voucher_no": ["V1", "V2"], "budget_year": [2025, 2025], "pay_date": ["2025-03-05", "x"]}).with_columns(
        pl.lit("990102").alias("adm_div_code"), pl.lit("U1").alias("agency_code"), pl.Series("amount", [0.1 + 0.2, 1.0])
    )  # fmt: skip
    frame.write_parquet(tmp_path / "f.parquet")
    receipt = intake.take_in(home, tmp_path / "f.parquet", profile(home, format="parquet"), actor="me")
    assert (receipt.amount_sum, intake.rejects(home, receipt.batch)["line"].to_list()) == (Decimal("0.30"), [3])


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("broken", [False, True])
def test_a_file_without_a_heading_is_read_by_the_names_of_the_profile(
    home: Home, tmp_path: Path, mark: str, broken: bool
) -> None:
    rows = [payment("V1"), payment("V2")]
    text = mark + "\n".join(",".join(row) for row in rows) + "\n"
    if broken:  # a quote inside a bare value: the exact reader has to read it
        text = text.replace("V2", 'V"2')
    (file := tmp_path / "f.csv").write_text(text, "utf-8")
    found = taken(home, file, "voucher_no, _row >> 7 & 1048575", headings=list(HEADING))
    assert found == [("V1", 1), ('V"2' if broken else "V2", 2)]


def test_a_worksheet_without_a_heading_too(home: Home, tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(file := tmp_path / "f.xlsx")
    sheet = book.add_worksheet()
    sheet.write(0, 0, "title")
    for at, row in enumerate([payment("V1"), payment("V2")], start=1):
        sheet.write_row(at, 0, row)
    book.close()
    assert taken(home, file, format="xlsx", skip_rows=1, headings=list(HEADING)) == [
        ("V1", Decimal("12.30")), ("V2", Decimal("12.30")),
    ]  # fmt: skip


def test_headings_over_two_rows_with_merged_cells_are_joined(home: Home, tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(file := tmp_path / "f.xlsx")
    sheet = book.add_worksheet()
    for at, word in enumerate(("凭证号", "年度", "日期", "区划代码", "单位代码")):
        sheet.merge_range(0, at, 1, at, word)
    sheet.merge_range(0, 5, 0, 6, "金额")
    sheet.write_row(1, 5, ["预算", "支付"])
    sheet.write_row(2, 0, [*payment("V1")[:5], "99", "12.30"])
    book.close()
    columns = {"voucher_no": "凭证号", "pay_date": "日期", "amount": "金额支付"}
    receipt = intake.take_in(
        home, file, profile(home, format="xlsx", heading_rows=2, columns=columns, ignore=["金额预算"]), actor="me"
    )
    assert receipt.rows_rejected == 0
    assert receipt.amount_sum == Decimal("12.30")
