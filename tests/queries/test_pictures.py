"""What pictures are drawn from adds up exactly, stays in scope, and is what the files hold."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from decimal import Decimal
from typing import Any

import pytest

from budgetwatch.access.viewer import Viewer
from budgetwatch.errors import Denied, Invalid, NotFound
from budgetwatch.home import Home
from budgetwatch.queries import pictures
from budgetwatch.queries.payments import PaymentFilter
from budgetwatch.queries.pictures_file import picture_file
from budgetwatch.queries.pictures_flow import ABOVE, KEPT, OWN
from tests.builders import facts
from tests.queries.city import line, payment

DEPUTY = Viewer(1, "dai", "代表", "deputy", "9901")
AUDITOR = Viewer(2, "shen", "审计", "auditor", "9901")
DISTRICT = Viewer(3, "qu", "区代表", "deputy", "990102")
UNIT = Viewer(4, "dw", "单位", "unit", "990102", "990102-A01")


def d(amount: str | int) -> Decimal:
    return Decimal(str(amount))


def sent(doc: str, kind: str, sender: str, recipient: str, amount: str, **more: Any) -> dict[str, Any]:
    return {
        "doc_no": doc, "budget_year": 2025, "adm_div_code": sender, "direction": "sent", "type": kind, "recipient_div": recipient,
        "amount": amount, "currency": "CNY", **more,
    }  # fmt: skip


def received(doc: str, kind: str, place: str, amount: str, **more: Any) -> dict[str, Any]:
    return sent(doc, kind, place, place, amount, direction="received", **more)


@pytest.fixture
def flowing(city: Home) -> Home:
    """The city gets 100 general and 30 special; it passes on 60 general, and 50 special: 20 of its own."""
    facts(
        city,
        "transfer",
        [
            received("省1", "general", "990100", "100.00"),
            received("省2", "special", "990100", "30.00"),
            sent("市1", "general", "990100", "990102", "40.05"),
            sent("市2", "general", "990100", "990103", "19.95"),
            sent("市3", "special", "990100", "990102", "55.00"),
            sent("市4", "special", "990100", "990103", "-5.00"),
            received("市1", "general", "990102", "40.05"),
            sent("区1", "general", "990102", "990102001", "10.00"),
        ],
    )
    return city


# --- execution ---------------------------------------------------------------------------------------------------


def test_spending_adds_up_month_by_month_to_all_that_was_paid(city: Home) -> None:
    shown = pictures.execution(city, DEPUTY, year=2025)
    assert shown.now is not None
    assert shown.now.spent[6:] == (None,) * 6
    assert shown.now.spent[5] == d("1353283.44")
    assert shown.month == 6
    assert shown.until == dt.date(2025, 6, 30)
    assert shown.now.budget == d("1820000.00")
    assert shown.now.share(6) == (d("1353283.44") / d("1820000.00")).quantize(d("0.0001"))


def test_a_year_without_payments_yet_falls_back_to_the_newest_that_has_some(city: Home) -> None:
    assert pictures.execution(city, DEPUTY, year=2030).year == 2026
    assert pictures.execution(city, DEPUTY, year=2025).year == 2025


def test_the_band_holds_every_earlier_year(city: Home) -> None:
    facts(
        city,
        "payment",
        [
            payment(
                f"E{year}{month}",
                f"{year}-{month:02}-10",
                "990103-A01",
                str(year % 7 * 1000 + month * 10),
                budget_year=year,
            )
            for year in (2022, 2023, 2024)
            for month in range(1, 13)
        ],
    )
    facts(city, "budget_line", [line(y, "approved", "990103-A01", "2140104", "90000.00") for y in (2022, 2023, 2024)])
    shown = pictures.execution(city, DEPUTY, year=2025)
    assert [y.year for y in shown.compared] == [2022, 2023, 2024]
    for month in range(1, 13):
        band = shown.band(month)
        assert band is not None
        for year in shown.compared:
            value = shown.at(year, month)
            assert value is not None
            assert band[0] <= value <= band[1]


def test_the_adjusted_budget_stands_before_the_approved_one_of_its_place_and_book(city: Home) -> None:
    facts(city, "budget_line", [line(2025, "adjusted", "990103-A01", "2140104", "600000.00")])
    shown = pictures.execution(city, DEPUTY, year=2025)
    assert shown.now is not None
    assert shown.now.budget == d("1820000.00") + d("80000.00")
    assert shown.now.stage == "adjusted"


def test_without_any_budget_the_line_is_one_of_amounts(city: Home) -> None:
    shown = pictures.execution(city, DEPUTY, region="990102001", year=2025)
    assert not shown.in_shares
    assert shown.now is not None
    assert shown.at(shown.now, 5) == d("-50.00")
    assert "share" not in shown.listing.rows[0]


def test_payments_settled_after_the_year_count_in_its_last_month(city: Home) -> None:
    facts(city, "payment", [payment("L1", "2026-01-20", "990103-A01", "1.00", budget_year=2025)])
    shown = pictures.execution(city, DEPUTY, year=2025)
    assert shown.now is not None
    assert shown.now.spent[11] == d("1353284.44")


def test_a_unit_narrows_the_line_with_those_below_it(city: Home) -> None:
    shown = pictures.execution(city, DEPUTY, year=2025, agency="990102-A01")
    assert shown.now is not None
    assert shown.now.spent[5] == d("120000.11")
    assert shown.now.budget == d("350000.00")
    assert shown.what is not None


def test_places_together_have_spent_what_the_whole_has(city: Home) -> None:
    shown = pictures.places(city, DEPUTY, year=2025)
    assert [p.code for p in shown.places] == ["990100", "990102", "990103"]
    assert sum((p.line.spent[5] or d(0) for p in shown.places), d(0)) == d("1353283.44")


def test_a_district_sees_its_own_places_only(city: Home) -> None:
    assert {p.code[:6] for p in pictures.places(city, DISTRICT, year=2025).places} == {"990102"}
    shown = pictures.execution(city, DISTRICT, year=2025)
    assert shown.region == "990102"
    assert shown.now is not None
    assert shown.now.spent[4] == d("119950.11")


# --- the budget --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["function", "department", "economic", "project", "region"])
def test_what_lies_inside_a_part_adds_up_to_it_and_parts_to_the_whole(city: Home, by: Any) -> None:
    shown = pictures.parts(city, DEPUTY, year=2026, by=by)
    assert shown.parts
    for part in shown.parts:
        assert sum((p.amount for p in part.inside), d(0)) == part.amount
    assert sum((p.amount for p in shown.parts), d(0)) == shown.total == d("2000000.10")
    assert sum((r["amount"] for r in shown.listing.rows), d(0)) == shown.total


@pytest.mark.parametrize("most", [0, 1, 2, 3, 12])
def test_a_waterfall_ends_where_it_says(city: Home, most: int) -> None:
    shown = pictures.waterfall(city, DEPUTY, year=2026, most=most)
    steps = shown.steps
    assert (steps[0].kind, steps[-1].kind) == ("start", "end")
    assert steps[0].amount + sum((s.amount for s in steps[1:-1]), d(0)) == steps[-1].amount
    every = [r["amount"] for r in shown.listing.rows]
    assert every[0] + sum(every[1:-1], d(0)) == every[-1]


def test_a_line_dropped_this_year_falls_by_all_it_had(city: Home) -> None:
    facts(city, "budget_line", [line(2025, "approved", "990103-A01", "2110101", "777.00")])
    shown = pictures.waterfall(city, DEPUTY, year=2026, by="function")
    assert {s.code: s.amount for s in (*shown.changes, *shown.others)}["211"] == d("-777.00")


def test_without_a_last_year_there_is_no_way_to_draw(city: Home) -> None:
    shown = pictures.waterfall(city, DEPUTY, year=2026, region="990102001")
    assert shown.steps == ()
    assert shown.listing.rows == []


# --- transfers and days ------------------------------------------------------------------------------------------


def test_at_every_kind_what_comes_in_goes_out(flowing: Home) -> None:
    shown = pictures.transfers(flowing, DEPUTY)
    assert (shown.region, shown.year) == ("990100", 2025)
    for kind in shown.kinds:
        assert kind.received + kind.added == kind.sent + kind.kept
        assert sum((f.amount for f in shown.flows if f.kind == kind.code), d(0)) == kind.sent
    general, special = shown.kinds
    assert (general.kept, general.added) == (d("40.00"), d(0))
    assert (special.kept, special.added) == (d(0), d("20.00"))
    into = sum((r["amount"] for r in shown.listing.rows if r["source"] in (ABOVE, OWN)), d(0))
    out = sum((r["amount"] for r in shown.listing.rows if r["source"] not in (ABOVE, OWN)), d(0))
    assert into == out == shown.total == d("150.00")
    assert [r["target"] for r in shown.listing.rows if r["target"] is KEPT] == [KEPT]


def test_a_recipient_that_sends_on_is_a_way_down(flowing: Home) -> None:
    assert "990102" in pictures.transfers(flowing, DEPUTY).below
    below = pictures.transfers(flowing, DEPUTY, region="990102")
    assert [f.code for f in below.flows] == ["990102001"]
    with pytest.raises(NotFound):
        pictures.transfers(flowing, DISTRICT, region="990103")


def test_no_transfers_are_an_empty_picture(city: Home) -> None:
    shown = pictures.transfers(city, DEPUTY)
    assert shown.kinds == ()
    assert shown.listing.rows == []


def test_the_calendar_has_every_day_once_and_knows_days_off(city: Home) -> None:
    facts(
        city,
        "payment",
        [payment("C1", "2025-10-01", "990103-A01", "5.00"), payment("C2", "2025-05-05", "990103-A01", "7.00")],
    )
    shown = pictures.calendar(city, AUDITOR, PaymentFilter(), year=2025)
    assert len({x.day for x in shown.days}) == len(shown.days)
    assert shown.total == d("1353283.44") + d("12.00")
    days = {x.day: x for x in shown.days}
    assert days[dt.date(2025, 10, 1)].off
    assert days[dt.date(2025, 5, 6)].amount == d("-50.00")
    assert days[dt.date(2025, 5, 5)].count == 2
    assert [r["amount"] for r in shown.listing.rows] == sorted((x.amount for x in shown.days), reverse=True)


def test_currencies_are_never_added_together(city: Home) -> None:
    facts(city, "payment", [payment("G1", "2025-03-04", "990103-A01", "9.00", currency="GBP")])
    shown = pictures.calendar(city, AUDITOR, PaymentFilter(), year=2025)
    assert shown.currency == "CNY"
    assert dt.date(2025, 3, 4) not in {x.day for x in shown.days}
    assert pictures.execution(city, DEPUTY, year=2025, currency="CNY").now is not None


# --- who may see, and files --------------------------------------------------------------------------------------


def test_who_may_not_see_budgets_or_payments_is_refused(city: Home) -> None:
    for ask in (
        pictures.execution,
        pictures.places,
        pictures.parts,
        pictures.waterfall,
        pictures.transfers,
        pictures.trend,
    ):
        with pytest.raises(Denied):
            ask(city, UNIT)
    with pytest.raises(Denied):
        pictures.calendar(city, DEPUTY, PaymentFilter())


def test_the_files_hold_the_table_to_the_last_row_and_run_no_formula(city: Home) -> None:
    facts(
        city,
        "budget_line",
        [line(2026, "draft", "990103-A01", "2140104", "7.00", pro_code="P9", pro_name="=cmd|'/c'!A1")],
    )
    shown = pictures.parts(city, DEPUTY, year=2026, by="project")
    made = picture_file(city, DEPUTY, "parts", "构成", "说明", shown.listing, "csv", asked={"year": "2026"})
    rows = list(csv.reader(io.StringIO(made.decode("utf-8-sig"))))
    assert rows[0] == ["大类", "其中", "金额", "占比", "币种"]
    assert len(rows) - 1 == len(shown.listing.rows)
    assert [Decimal(r[2]) for r in rows[1:]] == [r["amount"] for r in shown.listing.rows]
    assert "'=cmd|'/c'!A1" in {r[0] for r in rows}
    book = picture_file(city, DEPUTY, "parts", "构成", "说明", shown.listing, "xlsx", asked={"year": "2026"})
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert sheet.count("<row ") == len(rows)
    with pytest.raises(Invalid):
        picture_file(city, DEPUTY, "parts", "构成", "", shown.listing, "pdf", asked={})  # type: ignore[arg-type]
