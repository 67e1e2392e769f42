"""What auditors ask of payments: filters, sums, one voucher with its line, whole exports; and who may not."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
from decimal import Decimal as D
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from budgetwatch import tables as t
from budgetwatch.access.viewer import SYSTEM, Viewer
from budgetwatch.errors import Denied, Invalid, NotFound
from budgetwatch.home import Home
from budgetwatch.queries import export as export_module
from budgetwatch.queries import payments
from budgetwatch.queries.payments import PaymentFilter
from budgetwatch.queries.voucher import holds

AUDITOR = Viewer(None, "auditor", "审计", "auditor", "9901")
REVIEWER = Viewer(None, "reviewer", "经办", "reviewer", "9901")
DISTRICT = Viewer(None, "d", "区", "reviewer", "990102")
DEPUTY = Viewer(None, "deputy", "代表", "deputy", "9901")


def numbers(city: Home, viewer: Viewer, **asked: object) -> list[str]:
    return [r["voucher_no"] for r in payments.search(city, viewer, PaymentFilter(**asked), order="pay_date").rows]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["V1", "V2", "V3", "V4", "V5", "V6"]),
        ({"region": "990102"}, ["V1", "V2", "V4", "V6"]),
        ({"agency": "990102-A01"}, ["V1", "V2", "V6"]),
        ({"year": 2026}, ["V6"]),
        ({"first_day": dt.date(2025, 5, 5), "last_day": dt.date(2025, 5, 6)}, ["V3", "V4"]),
        ({"func": "205"}, ["V1", "V2", "V5", "V6"]),
        ({"eco": "302"}, ["V1", "V2", "V3", "V4", "V5", "V6"]),
        ({"pro": "P1"}, ["V1"]),
        ({"min_amount": D("100000.01")}, ["V1", "V3", "V5"]),
        ({"max_amount": D("0")}, ["V4"]),
        ({"text": "图书采购"}, ["V2"]),
        ({"text": "圖書"}, ["V2"]),
        ({"text": "100%_"}, ["V6"]),
        ({"text": "%"}, ["V6"]),
        ({"text": "白石 养护"}, []),
        ({"text": "白石 办公"}, ["V3"]),
        ({"text": "V5"}, ["V5"]),
        ({"payee": "白石路桥公司"}, ["V3"]),
        ({"currency": "USD"}, []),
    ],
)
def test_a_filter_finds_exactly(city: Home, asked: dict[str, object], found: list[str]) -> None:
    assert numbers(city, AUDITOR, **asked) == found


def test_a_page_carries_the_count_and_the_exact_sum_of_the_whole(city: Home) -> None:
    page = payments.search(city, AUDITOR, PaymentFilter(), limit=2)
    assert [r["voucher_no"] for r in page.rows] == ["V5", "V3"]
    assert (page.total, page.totals) == (6, {"CNY": D("1353360.44")})
    rest = payments.search(city, AUDITOR, PaymentFilter(), limit=50, offset=2)
    assert len(rest.rows) == 4


def test_a_district_sees_its_own_and_its_towns_payments_only(city: Home) -> None:
    assert numbers(city, DISTRICT) == ["V1", "V2", "V4", "V6"]
    assert numbers(city, DISTRICT, region="990103") == []
    assert "990103" not in str(payments.choices(city, DISTRICT))
    theirs = payments.search(city, SYSTEM, PaymentFilter(text="V3")).rows[0]["_row"]
    with pytest.raises(NotFound):
        payments.voucher(city, DISTRICT, theirs)


def test_individuals_are_masked_unless_it_is_the_persons_work_to_see_them(city: Home) -> None:
    mine = next(r for r in payments.search(city, REVIEWER, PaymentFilter()).rows if r["voucher_no"] == "V2")
    assert (mine["payee_name"], mine["payee_account"]) == ("张*", "6222****5678")
    theirs = next(r for r in payments.search(city, AUDITOR, PaymentFilter()).rows if r["voucher_no"] == "V2")
    assert (theirs["payee_name"], theirs["payee_account"]) == ("张三丰", "6222020200012345678")
    memo = next(r for r in payments.search(city, REVIEWER, PaymentFilter()).rows if r["voucher_no"] == "V4")
    assert memo["purpose"] == "退款 138****5678"


def test_a_masked_name_cannot_be_guessed_by_searching_for_it(city: Home) -> None:
    assert numbers(city, REVIEWER, text="张三丰") == []
    assert numbers(city, REVIEWER, payee="张三丰") == []
    assert numbers(city, REVIEWER, payee="张*") == ["V2"]
    assert numbers(city, AUDITOR, text="张三丰") == ["V2"]


def test_sums_by_anything_add_up_to_the_whole_and_lead_to_their_rows(city: Home) -> None:
    for by in ("month", "year", "agency", "function", "economic", "payee", "region", "project", "item", "book"):
        listing = payments.totals(city, AUDITOR, PaymentFilter(), by)
        assert sum(r["amount"] for r in listing.rows) == D("1353360.44"), by
        assert sum(r["count"] for r in listing.rows) == 6, by
        for row in listing.rows:
            if row["filter"] is not None:
                narrowed = dataclasses.replace(PaymentFilter(), **row["filter"])
                found = payments.search(city, AUDITOR, narrowed)
                if by != "agency":  # a department's filter takes its units in
                    assert (found.total, found.totals["CNY"]) == (row["count"], row["amount"]), by


def test_months_come_in_order_and_subjects_unfold(city: Home) -> None:
    months = payments.totals(city, AUDITOR, PaymentFilter(), "month")
    assert [r["code"] for r in months.rows] == ["2025-03", "2025-04", "2025-05", "2025-06", "2026-01"]
    assert [r["code"] for r in payments.totals(city, AUDITOR, PaymentFilter(func="205"), "function").rows] == [
        "20501",
        "20502",
    ]


def test_a_voucher_names_its_file_its_line_and_its_flags(city: Home, flagged) -> None:  # type: ignore[no-untyped-def]
    import struct

    row = payments.search(city, AUDITOR, PaymentFilter(text="V2")).rows[0]["_row"]
    case_id = flagged(city, region="990102", agency_code="990102-A02")
    with city.session() as session:
        flag_id = session.get_one(t.Case, case_id).flag_id
        old = session.scalars(sa.select(t.Evidence)).one()
        session.add(
            t.Evidence(
                flag_id=flag_id, run_id=old.run_id, rule_version_id=old.rule_version_id, severity="orange",
                row_feed="payment", row_count=1, rows=struct.pack("<2q", 5, row), digest="y",
            )
        )  # fmt: skip
    found = payments.voucher(city, AUDITOR, row)
    assert found.line == 3
    assert found.file_name.startswith("payment-")
    assert [(f.flag_id, f.case_id, f.state) for f in found.flags] == [(flag_id, case_id, "new")]
    named = {h.name: v for h, v in found.fields}
    assert named["amount"] == D("20000.10")
    assert named["func_code"].zh == "2050202 小学教育"
    assert named["book"].zh == "一般公共预算"


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=20), st.integers(-(2**63), 2**63 - 1))
def test_a_row_is_found_in_packed_evidence_if_and_only_if_it_is_there(rows: list[int], one: int) -> None:
    import struct

    assert holds(struct.pack(f"<{len(rows)}q", *rows), struct.pack("<q", one)) == (one in rows)


@pytest.mark.parametrize("role", ["deputy", "unit", "finance", "admin"])
def test_vouchers_and_payees_are_refused_to_who_has_no_business_with_them(city: Home, role: str) -> None:
    viewer = Viewer(None, "x", "", role, "9901", "990100-A01" if role == "unit" else None)
    for ask in (
        lambda: payments.search(city, viewer, PaymentFilter()),
        lambda: payments.totals(city, viewer, PaymentFilter(), "payee"),
        lambda: payments.choices(city, viewer),
        lambda: payments.voucher(city, viewer, 1),
        lambda: payments.export(city, viewer, PaymentFilter(), "csv", Path("/nowhere")),
    ):
        with pytest.raises(Denied):
            ask()


def test_only_who_may_export_exports(city: Home, tmp_path: Path) -> None:
    with pytest.raises(Denied, match="exporting"):
        payments.export(city, REVIEWER, PaymentFilter(), "csv", tmp_path / "x.csv")


def test_a_csv_export_is_whole_and_no_cell_is_a_formula(city: Home, tmp_path: Path) -> None:
    path = payments.export(city, AUDITOR, PaymentFilter(), "csv", tmp_path / "x.csv")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6
    assert sum(D(r["金额"]) for r in rows) == D("1353360.44")
    assert rows[-1]["用途"] == "'=1+1 100%_办公"
    assert rows[0]["文件行"] == "2"
    assert {p.name for p in tmp_path.iterdir()} >= {"x.csv"}
    assert not list(tmp_path.glob("*.part"))


def test_an_xlsx_export_says_on_its_second_sheet_what_was_asked(city: Home, tmp_path: Path) -> None:
    path = payments.export(
        city, AUDITOR, PaymentFilter(text="办公", year=2026), "xlsx", tmp_path / "x.xlsx", language="en"
    )
    book = CalamineWorkbook.from_path(str(path))
    assert book.sheet_names == ["Payments", "About"]
    head, first = book.get_sheet_by_name("Payments").to_python()
    told = dict(zip(head, first, strict=True))
    assert (told["Amount"], told["Payment date"], told["Purpose"]) == (77.0, dt.date(2026, 1, 5), "=1+1 100%_办公")
    about = {r[0]: r[1] for r in book.get_sheet_by_name("About").to_python()}
    assert about["Rows"] == "1"
    assert about["Total CNY"] == "77.00"
    assert about["Filter: Text"] == "办公"
    assert about["Exported by"].startswith("审计 (auditor")


def test_more_rows_than_a_sheet_holds_are_refused_with_the_way_out(
    city: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_module, "XLSX_ROWS", 5)
    with pytest.raises(Invalid, match="Export it as CSV"):
        payments.export(city, AUDITOR, PaymentFilter(), "xlsx", tmp_path / "x.xlsx")
    assert not list(tmp_path.glob("x.*"))


def test_every_look_and_every_export_is_recorded(city: Home, tmp_path: Path) -> None:
    row = payments.search(city, AUDITOR, PaymentFilter(text="V1")).rows[0]["_row"]
    payments.voucher(city, AUDITOR, row)
    payments.export(city, AUDITOR, PaymentFilter(), "csv", tmp_path / "x.csv")
    with city.session() as session:
        entries = [(a.actor, a.action) for a in session.scalars(sa.select(t.Audit).order_by(t.Audit.id))]
    assert entries == [("auditor", "search_payments"), ("auditor", "view_voucher"), ("auditor", "export_payments")]


def test_a_filter_that_makes_no_sense_says_why(city: Home) -> None:
    with pytest.raises(Invalid, match="first day lies after the last"):
        payments.search(city, AUDITOR, PaymentFilter(first_day=dt.date(2025, 2, 1), last_day=dt.date(2025, 1, 1)))
    with pytest.raises(Invalid, match="Possible: amount"):
        payments.search(city, AUDITOR, PaymentFilter(), order="colour")
    with pytest.raises(Invalid, match="A page holds"):
        payments.search(city, AUDITOR, PaymentFilter(), limit=100_000)
