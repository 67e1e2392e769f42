"""Files as real offices send them: titles above, notes below, subtotals between, merged cells, full-width digits."""

from __future__ import annotations

import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from budgetwatch import intake
from budgetwatch.access.viewer import SYSTEM
from budgetwatch.errors import BadFile
from budgetwatch.home import Home
from tests.feeds.senders import HEADING, csv, payment, profile


def asked(home: Home, columns: str, feed: str = "payment") -> list[tuple[Any, ...]]:
    with home.facts(SYSTEM) as connection:
        return connection.execute(f"SELECT {columns} FROM {feed} ORDER BY _row").fetchall()


def taken(home: Home, file: Path, wanted: str = "voucher_no, amount", **changes: Any) -> list[tuple[Any, ...]]:
    receipt = intake.take_in(home, file, profile(home, **changes), actor="me")
    assert receipt.rows_rejected == 0, intake.rejects(home, receipt.batch).rows()
    assert receipt.rows_in == receipt.rows_accepted + receipt.rows_repeated
    return asked(home, wanted, str(changes.get("feed", "payment")))


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("２０２４年３月５日", "2024-03-05"), ("2024/3/5", "2024-03-05"), ("2024-03-05 00:00:00", "2024-03-05"), ("2024-3-5T08:30:01.123+08:00", "2024-03-05"),
        ("2024/3/5 8:30", "2024-03-05"), ("2024年03月05日 08:30", "2024-03-05"), ("20240305", "2024-03-05"), ("2024.3.5", "2024-03-05"),
    ],
)  # fmt: skip
def test_days_as_people_write_them(home: Home, tmp_path: Path, written: str, day: str) -> None:
    assert taken(home, csv(tmp_path / "f.csv", [payment("V1", day=written)]), "pay_date::VARCHAR") == [(day,)]


@pytest.mark.parametrize(
    ("written", "form", "day"),
    [("24.3.5", "%y.%m.%d", "2024-03-05"), ("45356", "excel", "2024-03-05"), ("45356.35", "excel", "2024-03-05")],
)
def test_days_that_only_the_profile_can_tell(home: Home, tmp_path: Path, written: str, form: str, day: str) -> None:
    file = csv(tmp_path / "f.csv", [payment("V1", day=written)])
    assert intake.take_in(home, file, profile(home), actor="me").reasons == {"not_date": 1}
    assert taken(home, file, "pay_date::VARCHAR", dates={"pay_date": [form]}) == [(day,)]


def test_a_whole_file_of_moments_is_read_like_one_of_days(home: Home, tmp_path: Path) -> None:
    rows = [payment(f"V{i}", day=f"2024-03-{i:02d} 10:00:00") for i in range(1, 29)]
    assert taken(home, csv(tmp_path / "f.csv", rows), "day(pay_date)") == [(i,) for i in range(1, 29)]


@pytest.mark.parametrize(
    ("written", "changes", "amount"),
    [
        ("１２３４．５０", {}, "1234.50"),
        ("１，２３４．５０", {}, "1234.50"),
        ('"1,234.50元"', {}, "1234.50"),
        ("12.5 万元", {"units": {"amount": "wan"}}, "125000.00"),
        ("1234.50-", {}, "-1234.50"),
        ('"1.234,50"', {"amounts": {"decimal": ","}}, "1234.50"),
        ('"(1.234,5)"', {"amounts": {"decimal": ","}}, "-1234.50"),
    ],
)
def test_amounts_in_the_hand_of_the_office(
    home: Home, tmp_path: Path, written: str, changes: dict[str, Any], amount: str
) -> None:
    assert taken(home, csv(tmp_path / "f.csv", [payment("V1", written)]), "amount", **changes) == [(Decimal(amount),)]


@pytest.mark.parametrize(
    ("written", "changes"),
    [("12万元", {}), ("12元", {"units": {"amount": "wan"}}), ('"1.23"', {"amounts": {"decimal": ","}})],
)
def test_another_unit_or_point_than_the_columns_is_no_amount(
    home: Home, tmp_path: Path, written: str, changes: dict[str, Any]
) -> None:
    receipt = intake.take_in(
        home, csv(tmp_path / "f.csv", [payment("V1", written)]), profile(home, **changes), actor="me"
    )
    assert receipt.reasons == {"not_money": 1}


def test_words_that_mean_nothing_are_no_values_but_a_required_one_is_missed(home: Home, tmp_path: Path) -> None:
    rows = [(*payment("V1"), "—", "/"), (*payment("V2", "—"), "甲", "/")]
    file = csv(tmp_path / "f.csv", rows, (*HEADING, "purpose", "settlement"))
    receipt = intake.take_in(home, file, profile(home, empty=["—", "/"]), actor="me")
    assert receipt.reasons == {"missing": 1}
    assert asked(home, "voucher_no, purpose, settlement") == [("V1", None, None)]


def test_totals_and_notes_are_no_rows_and_the_receipt_says_which_lines_they_were(home: Home, tmp_path: Path) -> None:
    rows = [
        payment("V1"),
        ("小　计", "", "", "", "", "12.30"),
        payment("V2", "x"),
        ("合计：", "2025", "2025-03-05", "990102", "U1", "24.60"),
        ("注：单位为元，含上年结转",),
    ]
    file = csv(tmp_path / "f.csv", rows)
    receipt = intake.take_in(home, file, profile(home, aside=["小计", "合计", "注"]), actor="me")
    assert (receipt.rows_in, receipt.rows_accepted, receipt.rows_rejected) == (2, 1, 1)
    assert receipt.reasons == {"not_money": 1}
    assert "3, 5, 6" in receipt.remarks[0]["zh"]
    assert asked(home, "voucher_no") == [("V1",)]


def test_without_being_told_totals_and_notes_are_rejected_not_dropped(home: Home, tmp_path: Path) -> None:
    rows = [payment("V1"), ("合计", "", "", "", "", "12.30"), ("注：含上年结转",)]
    receipt = intake.take_in(home, csv(tmp_path / "f.csv", rows), profile(home), actor="me")
    assert (receipt.rows_in, receipt.rows_accepted, receipt.rows_rejected) == (3, 1, 2)


def test_a_value_that_stands_once_for_several_rows_is_filled_down_but_never_from_a_total(
    home: Home, tmp_path: Path
) -> None:
    rows = [
        payment("V1", unit="U1"),
        payment("V2", unit=""),
        payment("V3", unit="小计"),
        payment("V4", unit=""),
        payment("V5", unit="U2"),
        payment("V6", unit=""),
    ]
    rows = [(r[4], *r[:4], r[5]) for r in rows]
    file = csv(tmp_path / "f.csv", rows, ("agency_code", *HEADING[:4], "amount"))
    found = taken(home, file, "voucher_no, agency_code", fill_down=["agency_code"], aside=["小计"])
    assert found == [("V1", "U1"), ("V2", "U1"), ("V4", "U1"), ("V5", "U2"), ("V6", "U2")]


def test_trailing_blank_columns_are_nothing_but_a_value_below_no_heading_is_refused(home: Home, tmp_path: Path) -> None:
    heading = (*HEADING, "", "")
    assert taken(home, csv(tmp_path / "f.csv", [(*payment("V1"), "", " ")], heading)) == [("V1", Decimal("12.30"))]
    file = csv(tmp_path / "g.csv", [(*payment("V2"), "", "5")], heading)
    with pytest.raises(BadFile, match="Column 8 has no heading, but values"):
        intake.take_in(home, file, profile(home), actor="me")
    assert taken(home, file, "voucher_no", ignore=[""]) == [("V1",), ("V2",)]


def test_a_thirteenth_month_and_a_year_of_two_digits_are_out_of_range(home: Home, tmp_path: Path) -> None:
    report = {"name": "report", "feed": "treasury_report"}
    rows = [("2025年度", "3月", "990102", "5.00"), ("2025", "13", "990102", "5.00"), ("25", "3", "990102", "5.00")]
    file = csv(tmp_path / "f.csv", rows, ("年度", "月份", "区划代码", "本月支出"))
    receipt = intake.take_in(home, file, profile(home, **report), actor="me")
    assert receipt.reasons == {"out_of_range": 2}
    assert asked(home, "budget_year, month, amount", "treasury_report") == [(2025, 3, Decimal("5.00"))]


# ------------------------------------------------------------------ workbooks


def workbook(path: Path, *, serial: bool = False) -> Path:
    """A district's monthly table: two title rows, a heading over two rows with merged cells, merged units, a total, a note."""
    with xlsxwriter.Workbook(str(path)) as book:
        sheet, day = book.add_worksheet("支付明细"), book.add_format({"num_format": "yyyy/m/d"})
        sheet.merge_range("A1:G1", "虚构市东区2024年3月国库集中支付明细表")
        sheet.write("G2", "单位：元")
        for block, words in {"A4:A5": "单位代码", "B4:B5": "凭证号", "C4:C5": "支付日期", "F4:F5": "区划代码"}.items():
            sheet.merge_range(block, words)
        sheet.merge_range("D4:E4", "金额")
        sheet.write("D5", "支付")
        sheet.write("E5", "退回")
        sheet.merge_range("A6:A7", "990102001")
        for at, (no, amount) in enumerate([("V1", 1234.5), ("V2", -3), ("V3", 0.07)]):
            sheet.write_string(5 + at, 1, no)
            sheet.write_number(5 + at, 2, 45356, None if serial else day)
            sheet.write_number(5 + at, 3, amount)
            sheet.write_string(5 + at, 5, "990102")
        sheet.write_string("A8", "990102002")
        sheet.write("A9", "合  计")
        sheet.write_number("D9", 1231.57)
        sheet.merge_range("A10:G10", "注：本表数据截至3月31日。")
    return path


DISTRICT: dict[str, Any] = {
    "format": "xlsx", "skip_rows": 2, "heading_rows": 2, "columns": {"amount": "金额支付"}, "ignore": ["金额退回"], "aside": ["合计", "注："],
    "fill_down": ["agency_code"], "budget_year": {"from": "pay_date"},
}  # fmt: skip


@pytest.mark.parametrize("serial", [False, True])
def test_a_workbook_with_titles_merged_cells_totals_and_notes(home: Home, tmp_path: Path, serial: bool) -> None:
    found = taken(
        home,
        workbook(tmp_path / "3月.xlsx", serial=serial),
        "voucher_no, agency_code, pay_date::VARCHAR, amount, (_row >> 7) & 68719476735",
        **DISTRICT,
    )
    assert found == [
        ("V1", "990102001", "2024-03-05", Decimal("1234.50"), 6), ("V2", "990102001", "2024-03-05", Decimal("-3.00"), 7),
        ("V3", "990102002", "2024-03-05", Decimal("0.07"), 8),
    ]  # fmt: skip


def test_a_cell_right_of_the_last_heading_is_rejected_not_dropped(home: Home, tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "f.xlsx")) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate([HEADING, payment("V1"), (*payment("V2"), "补记 5 元")]):
            sheet.write_row(2 + at, 0, row)
    receipt = intake.take_in(home, tmp_path / "f.xlsx", profile(home, format="xlsx"), actor="me")
    assert (receipt.rows_accepted, receipt.reasons) == (1, {"wrong_field_count": 1})
    assert intake.rejects(home, receipt.batch)["line"].to_list() == [5]
    assert "补记 5 元" in intake.rejects(home, receipt.batch)["raw"][0]


def test_an_old_xls_is_read_like_a_new_workbook(home: Home) -> None:
    file = Path(__file__).parent / "files" / "old.xls"
    found = taken(home, file, "voucher_no, agency_code, pay_date::VARCHAR, amount", **DISTRICT)
    assert found == [
        ("V1", "990102001", "2024-03-05", Decimal("1234.50")),
        ("V2", "990102001", "2024-03-05", Decimal("-3.00")),
    ]


# ------------------------------------------------------------------ archives


def archive(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in members.items():
            out.writestr(name, content)
    return path


def rows_of(*rows: tuple[str, ...], heading: tuple[str, ...] = HEADING) -> bytes:
    return ("\n".join(",".join(row) for row in (heading, *rows)) + "\n").encode()


def test_several_files_in_one_archive_are_one_batch_whose_lines_run_on(home: Home, tmp_path: Path) -> None:
    turned = tuple(reversed(HEADING))
    file = archive(
        tmp_path / "f.zip",
        {"b.csv": rows_of(tuple(reversed(payment("V3"))), tuple(reversed(payment("V4", "x"))), heading=turned), "a.csv": rows_of(payment("V1"), payment("V2")),
         "__MACOSX/a.csv": b"x", "a.csv.manifest.json": b"{}"},
    )  # fmt: skip
    receipt = intake.take_in(home, file, profile(home), actor="me")
    assert (receipt.rows_in, receipt.rows_accepted, receipt.reasons) == (4, 3, {"not_money": 1})
    lines = dict(asked(home, "voucher_no, (_row >> 7) & 68719476735"))
    begins = dict(part.rsplit(" ", 1) for part in receipt.remarks[0]["en"].rpartition(": ")[2].rstrip(".").split("；"))
    assert lines["V1"] == int(begins["a.csv"]) + 1
    assert lines["V3"] == int(begins["b.csv"]) + 1
    assert intake.rejects(home, receipt.batch)["line"].to_list() == [int(begins["b.csv"]) + 2]
    assert intake.take_in(home, file, "treasury", actor="me").status == "already"


def test_files_with_other_headings_in_one_archive_are_refused_with_their_names(home: Home, tmp_path: Path) -> None:
    file = archive(tmp_path / "f.zip", {"甲.csv": rows_of(payment("V1")), "乙.csv": rows_of(("1",), heading=("别的",))})
    with pytest.raises(BadFile, match=r"different headings: .*别的"):
        intake.take_in(home, file, profile(home), actor="me")


def test_an_archive_of_a_chinese_windows_names_its_files_rightly(home: Home, tmp_path: Path) -> None:
    file = archive(tmp_path / "f.zip", {"AAAA.csv": rows_of(payment("V1")), "BBBB.csv": b"\xff\n1\n"})
    named = file.read_bytes().replace(b"AAAA", "一月".encode("gbk")).replace(b"BBBB", "二月".encode("gbk"))
    file.write_bytes(named)
    with pytest.raises(BadFile, match=r"f\.zip: 二月\.csv"):
        intake.take_in(home, file, profile(home), actor="me")


def test_rejected_rows_of_a_workbook_go_back_as_a_workbook_that_its_profile_reads(home: Home, tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "f.xlsx")) as book:
        sheet = book.add_worksheet("明细")
        sheet.write(0, 0, "支付明细表")
        for at, row in enumerate([HEADING, payment("V1"), payment("V2", "一百")], start=2):
            sheet.write_row(at, 0, row)
    how = profile(home, format="xlsx", skip_rows=2, sheet="明细")
    first = intake.take_in(home, tmp_path / "f.xlsx", how, actor="me")
    assert intake.give_back(home, first.batch, tmp_path / "back.xlsx") == 1
    again = intake.take_in(home, tmp_path / "back.xlsx", how, actor="me")
    assert (again.rows_in, again.reasons) == (1, {"not_money": 1})  # sent back as it came, nothing mended yet
    assert asked(home, "voucher_no") == [("V1",)]


def test_rejected_rows_of_a_file_without_a_heading_come_back_mended(home: Home, tmp_path: Path) -> None:
    how = profile(home, headings=list(HEADING))
    (file := tmp_path / "f.csv").write_text(",".join(payment("V1")) + "\n" + ",".join(payment("V2", "x")) + "\n")
    first = intake.take_in(home, file, how, actor="me")
    intake.give_back(home, first.batch, tmp_path / "back.csv")
    mended = (tmp_path / "back.csv").read_text("utf-8-sig").replace(",x,", ",7.00,")
    (tmp_path / "mended.csv").write_text(mended, "utf-8")
    assert intake.take_in(home, tmp_path / "mended.csv", how, actor="me").rows_accepted == 1
    assert asked(home, "voucher_no, amount") == [("V1", Decimal("12.30")), ("V2", Decimal("7.00"))]
