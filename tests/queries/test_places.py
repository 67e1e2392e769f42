"""Places: what arrived from where, how they stand beside each other, and who sees which of them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from budgetwatch.access.viewer import Viewer
from budgetwatch.errors import Denied, Invalid, NotFound
from budgetwatch.home import Home
from budgetwatch.queries import budgets
from budgetwatch.queries.places import coverage, place, places, under
from budgetwatch.queries.standing import MEASURES, possible, standing

CITY = Viewer(1, "r", "某", "reviewer", "9901")
DISTRICT = Viewer(2, "d", "某", "reviewer", "990102")
DEPUTY = Viewer(3, "p", "某", "deputy", "9901")
ADMIN = Viewer(4, "a", "某", "admin", "9901")


def test_places_are_those_named_and_those_that_sent_something(city: Home) -> None:
    found = {one.code: (one.level, one.parent) for one in places(city, CITY)}
    assert found == {
        "990100": ("city", ""),
        "990102": ("district", ""),
        "990102001": ("town", "990102"),
        "990103": ("district", ""),
    }
    assert place(city, CITY, "990100").name.zh == "云岭市本级"


def test_children_of_a_district_begin_with_its_code(city: Home) -> None:
    known = places(city, CITY)
    for one in known:
        assert all(town.code.startswith(one.code) and town.is_town for town in under(known, one.code))


def test_a_district_sees_its_own_places_only(city: Home) -> None:
    assert [one.code for one in places(city, DISTRICT)] == ["990102", "990102001"]
    assert {row.place.code for row in coverage(city, DISTRICT).places} == {"990102", "990102001"}
    assert [row.place.code for row in standing(city, DISTRICT).rows] == ["990102", "990102001"]
    with pytest.raises(NotFound):
        place(city, DISTRICT, "990103")


def test_units_may_not_compare_places(city: Home) -> None:
    unit = Viewer(5, "u", "某", "unit", "990102", "990102-A01")
    for ask in (places, coverage, standing):
        with pytest.raises(Denied):
            ask(city, unit)


def test_coverage_tells_what_came_and_what_did_not(city: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUDGETWATCH_TODAY", "2026-01-10")
    found = coverage(city, CITY)
    town = found.of("990102001")
    assert town is not None
    assert town.missing == ("indicator",)
    assert not town.linked
    assert (town.arrivals["payment"].facts, str(town.newest), town.days_silent) == (1, "2025-05-06", 249)
    assert town.arrivals["budget_line"].year == 2026
    assert (found.towns.linked, found.towns.partly, found.towns.of) == (0, 1, 1)


def test_coverage_by_other_feeds(city: Home) -> None:
    found = coverage(city, CITY, feeds=("payment", "budget_line"))
    assert found.towns.ratio == Decimal(1)
    assert found.of_district["990102"].ratio == Decimal(1)
    assert found.of_district["990103"].ratio is None, "a district without towns has no share of them"


@pytest.mark.parametrize("feeds", [("payment",), ("indicator",), ("payment", "budget_line", "indicator")])
def test_a_share_lies_between_none_and_all(city: Home, feeds: tuple[str, ...]) -> None:
    found = coverage(city, CITY, feeds=feeds)
    for share in (found.towns, *found.of_district.values()):
        assert 0 <= share.linked + share.partly <= share.of
        assert share.ratio is None or 0 <= share.ratio <= 1


@pytest.mark.parametrize("region", ["9901", "990100", "990102", "990103", "990102001"])
def test_figures_are_those_of_the_budget_preview(city: Home, region: str) -> None:
    preview = budgets.preview(city, CITY, region=region)
    found = standing(city, CITY)
    one = found.of(region) or found.whole
    total = preview.total
    assert (found.year, found.spent_year) == (2026, 2025)
    assert (one.draft, one.last_budget, one.spent) == (total["draft"], total["last_budget"], total["last_actual"])
    assert (one.execution, one.change, one.per_head) == (
        total["execution_ratio"], total["change_ratio"] if total["last_budget"] else None, total["per_head"],
    )  # fmt: skip


def test_a_town_without_a_budget_of_last_year_cannot_be_told(city: Home) -> None:
    town = standing(city, CITY).of("990102001")
    assert town is not None
    assert (town.execution, town.change) == (None, None)


def test_open_cases_count_for_the_town_and_for_its_district(city: Home, flagged: Callable[..., int]) -> None:
    flagged(city, region="990102001")
    flagged(city, region="990102")
    flagged(city, region="990103")
    found = standing(city, CITY, "open")
    assert {row.place.code: row.open for row in found.rows} == {"990100": 0, "990102": 2, "990102001": 1, "990103": 1}
    assert found.whole.open == 3
    district = found.of("990102")
    assert district is not None
    assert district.severities == {"red": 0, "orange": 2, "yellow": 0, "blue": 0}


def test_a_deputy_sees_the_bare_number(city: Home, flagged: Callable[..., int]) -> None:
    flagged(city, region="990102")
    found = standing(city, DEPUTY, "open").of("990102")
    assert found is not None
    assert (found.open, found.severities, found.overdue) == (1, None, None)
    with pytest.raises(Invalid):
        standing(city, DEPUTY, "overdue")


def test_an_administrator_sees_silence_and_no_money(city: Home) -> None:
    assert possible(ADMIN) == ("silent",)
    found = standing(city, ADMIN)
    assert found.measure == "silent"
    assert all(row.draft is None and row.spent is None and row.open is None for row in found.rows)


def test_every_measure_has_a_value_or_says_none(city: Home) -> None:
    found = standing(city, CITY)
    assert found.measures == tuple(MEASURES)
    for row in found.rows:
        for measure in MEASURES:
            assert row.value(measure) is None or isinstance(row.value(measure), Decimal | int)


def test_no_facts_no_places(home: Home) -> None:
    assert standing(home, CITY).rows == []
    assert coverage(home, CITY).towns.ratio is None
