"""The draft preview: which figures stand beside each other, at every drill and for every scope."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal as D

import pytest

from budgetwatch.access.viewer import SYSTEM, Viewer
from budgetwatch.errors import Denied, Invalid, NotFound
from budgetwatch.home import Home
from budgetwatch.queries import budgets
from tests.builders import facts

DEPUTY = Viewer(None, "deputy", "代表", "deputy", "990102")
CITY = Viewer(None, "deputy", "代表", "deputy", "9901")


def row(seen: budgets.BudgetPreview, code: str) -> dict[str, object]:
    return next(r for r in seen.rows if r["code"] == code)


def test_a_district_sees_its_draft_beside_last_budget_and_what_was_paid(city: Home) -> None:
    seen = budgets.preview(city, DEPUTY)
    assert (seen.year, seen.region, seen.by, seen.currency) == (2026, "990102", "function", "CNY")
    assert seen.basis == {"draft": "draft", "last_budget": "approved", "last_actual": "payment"}
    education = row(seen, "205")
    assert education["draft"] == D("420000.10")
    assert education["last_budget"] == D("350000.00")
    assert education["last_actual"] == D("120000.11")
    assert education["change"] == D("70000.10")
    assert education["change_ratio"] == D("0.2000")
    assert education["execution_ratio"] == D("0.3429")
    assert education["per_head"] == D("0.53")
    assert education["name"].zh == "教育"
    assert seen.total["draft"] == D("500000.10")
    assert education["share"] == D("0.8400")


def test_only_the_newest_version_of_a_draft_counts(city: Home) -> None:
    seen = budgets.preview(city, CITY, region="990100")
    assert row(seen, "205")["draft"] == D("1000000.00")


def test_transfers_between_levels_are_left_out_only_when_levels_are_added_up(city: Home) -> None:
    whole = budgets.preview(city, CITY)
    assert "230" not in {r["code"] for r in whole.rows}
    assert whole.total["draft"] == D("2000000.10")
    assert whole.note is not None
    own = budgets.preview(city, CITY, region="9901", own=True)
    assert row(own, "230")["draft"] == D("700000.00")
    assert own.note is None


def test_functions_drill_down_to_departments_units_and_projects(city: Home) -> None:
    step: dict[str, object] = {}
    walked = []
    seen = budgets.preview(city, DEPUTY)
    for code in ("205", "20501", "2050101", "990102-A01"):
        step = row(seen, code)["drill"]  # type: ignore[assignment]
        seen = budgets.preview(city, DEPUTY, **step)  # type: ignore[arg-type]
        walked.append(seen.by)
    assert walked == ["function", "function", "department", "project"]
    assert row(seen, "P1")["draft"] == D("300000.00")
    assert row(seen, "P1")["drill"] is None
    assert [c.label.zh for c in seen.crumbs][:2] == ["青岚区", "教育"]
    assert seen.crumbs[-1].agency == "990102-A01"


def test_a_department_holds_its_units(city: Home) -> None:
    seen = budgets.preview(city, DEPUTY, by="department")
    assert row(seen, "990102-A01")["draft"] == D("420000.10")
    assert row(seen, "990102-A01")["drill"]["by"] == "unit"
    units = budgets.preview(city, DEPUTY, by="unit", agency="990102-A01")
    assert {r["code"]: r["draft"] for r in units.rows} == {"990102-A01": D("300000.00"), "990102-A02": D("120000.10")}


def test_regions_unfold_into_own_level_and_what_lies_below(city: Home) -> None:
    seen = budgets.preview(city, CITY, by="region")
    assert {r["code"]: r["draft"] for r in seen.rows} == {
        "990100": D("1000000.00"), "990102": D("500000.10"), "990103": D("500000.00"),
    }  # fmt: skip
    below = budgets.preview(city, CITY, **row(seen, "990102")["drill"])
    assert {r["code"]: r["draft"] for r in below.rows} == {"990102": D("420000.10"), "990102001": D("80000.00")}
    own = budgets.preview(city, CITY, **row(below, "990102")["drill"])
    assert own.total["draft"] == D("420000.10")


def test_the_same_region_tree_for_everyone_within_their_scope(city: Home) -> None:
    assert [(c, level, depth) for c, _, level, depth in budgets.regions(city, CITY)] == [
        ("9901", "city", 0), ("990100", "city", 1), ("990102", "district", 1), ("990102001", "town", 2), ("990103", "district", 1),
    ]  # fmt: skip
    assert [c.code for c in budgets.regions(city, DEPUTY)] == ["990102", "990102001"]


def test_another_district_is_not_found_rather_than_refused(city: Home) -> None:
    for region in ("990103", "9901", ""):
        with pytest.raises(NotFound):
            budgets.preview(city, DEPUTY, region=region)


def test_final_accounts_win_over_payments_once_they_are_there(city: Home) -> None:
    from tests.queries.city import line

    facts(city, "budget_line", [line(2025, "final", "990102-A01", "2050101", "111.00")])
    seen = budgets.preview(city, DEPUTY)
    assert seen.basis["last_actual"] == "final"
    assert seen.total["last_actual"] == D("111.00")


def test_currencies_are_never_added_up(city: Home) -> None:
    from tests.queries.city import line

    facts(city, "budget_line", [line(2026, "draft", "990102-A01", "2050101", "5.00", currency="USD")])
    seen = budgets.preview(city, DEPUTY)
    assert (seen.currency, seen.currencies) == ("CNY", ["CNY", "USD"])
    assert seen.total["draft"] == D("500000.10")
    assert budgets.preview(city, DEPUTY, currency="USD").total["draft"] == D("5.00")


def test_a_budget_without_functions_opens_by_department(home: Home) -> None:
    rows = [
        {
            "budget_year": year, "stage": stage, "direction": "expenditure", "adm_div_code": "US-PHL", "agency_code": "35",
            "agency_name": "Fire", "eco_code": eco, "amount": amount, "currency": "USD",
        }
        for year, stage, eco, amount in [
            (2019, "approved", "100", "10.00"), (2019, "approved", "200", "5.00"), (2018, "approved", "100", "9.00"),
            (2018, "final", "100", "8.50"),
        ]
    ]  # fmt: skip
    facts(home, "budget_line", rows)
    seen = budgets.preview(home, SYSTEM)
    assert (seen.year, seen.region, seen.by, seen.currency) == (2019, "US-PHL", "department", "USD")
    assert seen.basis == {"draft": "approved", "last_budget": "approved", "last_actual": "final"}
    assert (seen.rows[0]["draft"], seen.rows[0]["last_actual"], seen.rows[0]["per_head"]) == (
        D("15.00"),
        D("8.50"),
        None,
    )
    assert seen.choices == ["department", "economic"]
    classes = budgets.preview(home, SYSTEM, **seen.rows[0]["drill"])
    assert {r["code"]: r["draft"] for r in classes.rows} == {"100": D("10.00"), "200": D("5.00")}


def test_five_numbers_say_themselves_in_both_languages(city: Home) -> None:
    five = budgets.headline(city, DEPUTY)
    assert [h.key for h in five] == ["total", "execution", "per_head", "greatest", "growing"]
    assert five[0].value == D("500000.10")
    assert (
        five[0].sentence.zh == "2026 年一般公共预算（草案）安排支出 50.00 万元，比上年预算增加 15.00 万元（+42.9%）。"
    )
    assert five[0].sentence.en.startswith("The 2026 general public budget (draft) plans to spend CNY 500,000.10")
    assert "教育" in five[3].sentence.zh
    assert all(h.sentence.zh.endswith("。") and h.sentence.en.endswith(".") for h in five)


def test_nothing_sent_yet_is_said_not_shown_as_zero(home: Home) -> None:
    five = budgets.headline(home, SYSTEM)
    assert [h.value for h in five] == [None] * 5
    assert budgets.preview(home, SYSTEM).rows == []
    assert budgets.years(home, SYSTEM) == []


def test_the_line_over_the_years(city: Home) -> None:
    points = budgets.trend(city, DEPUTY, func="205")
    assert [(p.year, p.budget, p.actual, p.draft) for p in points] == [
        (2025, D("350000.00"), D("120000.11"), None), (2026, None, D("77.00"), D("420000.10")),
    ]  # fmt: skip


def test_a_line_tells_how_many_flags_touch_it_without_saying_which(city: Home, flagged: Callable[..., int]) -> None:
    import struct

    import sqlalchemy as sa

    from budgetwatch import tables as t
    from budgetwatch.queries import payments

    case_id = flagged(city, region="990102", agency_code="990102-A02")
    row_ = payments.search(city, SYSTEM, payments.PaymentFilter(text="V2")).rows[0]["_row"]
    with city.session() as session:
        flag = session.get_one(t.Case, case_id).flag_id
        old = session.scalars(sa.select(t.Evidence).where(t.Evidence.flag_id == flag)).one()
        session.add(
            t.Evidence(
                flag_id=flag, run_id=old.run_id, rule_version_id=old.rule_version_id, severity="orange", row_feed="payment",
                row_count=1, rows=struct.pack("<q", row_), digest="x",
            )
        )  # fmt: skip
    seen = budgets.preview(city, DEPUTY)
    assert row(seen, "205")["attention"] == 1
    assert row(seen, "201")["attention"] == 0
    assert row(budgets.preview(city, DEPUTY, by="department"), "990102-A01")["attention"] == 1
    assert budgets.preview(city, Viewer(None, "d", "", "deputy", "990103")).total["attention"] == 0


def test_who_may_not_look_at_budgets_is_told_so(city: Home) -> None:
    with pytest.raises(Denied, match="does not include looking at budgets"):
        budgets.preview(city, Viewer(None, "u", "", "unit", "990102", "990102-A01"))


def test_what_cannot_be_asked_is_answered_with_what_can(city: Home) -> None:
    with pytest.raises(Invalid, match="Possible: function, department"):
        budgets.preview(city, DEPUTY, by="colour")  # type: ignore[arg-type]
    with pytest.raises(Invalid, match="currency"):
        budgets.preview(city, DEPUTY, currency="XYZ")
