"""Plants what goes wrong with livelihood projects and motions: late works, missing money, congresses that do not look."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from budgetwatch.demo import promises
from budgetwatch.demo.places import Region
from budgetwatch.demo.planting import Planting

Row = dict[str, Any]


def plant(p: Planting) -> None:
    """All of them."""
    order = [promises.voting(p.plan)[int(i)] for i in p.rng.permutation(len(promises.voting(p.plan)))]
    towns = [place for place in order if place.level == "town"]
    _projects(p, order)
    _bulletins(p, towns)
    _inspections(p, towns)
    _reviews(p, towns)
    for n in range(p.many):
        place, year = towns.pop(), p.plan.years[n % len(p.plan.years)]
        p.out.unopposed.add((place.code, year))
        p.label("no_choice_of_projects", ("LV-09",), year, place=place.code)
    _motions(p)


def _projects(p: Planting, order: list[Region]) -> None:
    """Works far behind plan, money that does not come, money paid far ahead of the works."""
    kinds: tuple[tuple[str, tuple[str, ...], tuple[str, ...], Callable[[Row], None]], ...] = (
        ("livelihood_behind", ("LV-01",), (), _behind), ("livelihood_unfunded", ("LV-02",), ("LV-01", "LV-03"), _unfunded),
        ("livelihood_paid_ahead", ("LV-03",), ("LV-01",), _paid_ahead),
    )  # fmt: skip
    for at, (kind, ids, also, change) in enumerate(kinds):
        for n in range(p.many):
            place = order[(at * p.many + n) % len(order)]
            year = p.plan.years[(at + n) % len(p.plan.years)]
            number = promises.item_id(year, place.code, 1 + int(p.rng.integers(promises.CHOSEN[place.level][0])))

            def mine(row: Row, number: str = number, year: int = year) -> bool:
                return row["item_id"] == number and row["as_of"] >= dt.date(year, 6, 30)

            p.out.edit("livelihood_item", mine, change)
            p.label(kind, ids, year, place=place.code, also=also, item_id=number)


def _behind(row: Row) -> None:
    built = max(0.05, row["planned_progress"] - 0.34)
    row.update(standing="chosen", progress=round(built, 4), paid=int(row["investment"] * (built - 0.02)), milestone_done=None,
               completed_date=None)  # fmt: skip


def _unfunded(row: Row) -> None:
    """Money trickles, so the works fall somewhat behind and are not finished by the year's end."""
    share = {6: 0.12, 9: 0.30, 12: 0.48}[row["as_of"].month]
    row.update(standing="chosen", funded=int(row["investment"] * share), paid=int(row["investment"] * share), completed_date=None,
               progress=round(row["planned_progress"] - 0.09, 4))  # fmt: skip
    if row["as_of"].month == 12:
        row.update(milestone_done=None)


def _paid_ahead(row: Row) -> None:
    """The works stand a quarter year behind what has been paid, and a little behind their plan."""
    row.update(standing="chosen", progress=round(row["planned_progress"] - 0.07, 4), completed_date=None,
               paid=int(row["investment"] * min(1.0, row["planned_progress"] + 0.22)), funded=row["investment"])  # fmt: skip
    if row["as_of"].month == 12:
        row.update(progress=0.81, paid=row["investment"], milestone_done=None)


def _drop(p: Planting, kind: str, year: int, place: str, part: str = "") -> None:
    p.procedure.events[:] = [
        e for e in p.procedure.events
        if not (e.event_type == kind and e.budget_year == year and e.adm_div_code == place and part in e.subject)
    ]  # fmt: skip


def _move(p: Planting, kind: str, year: int, place: str, day: dt.date, part: str = "") -> None:
    for e in p.procedure.events:
        if e.event_type == kind and e.budget_year == year and e.adm_div_code == place and part in e.subject:
            e.event_date = day


def _bulletins(p: Planting, towns: list[Region]) -> None:
    """A quarter without its bulletin; and, lawful, one on the fifteenth day."""
    for n in range(p.many):
        year, quarter = p.plan.years[n % len(p.plan.years)], 1 + int(p.rng.integers(3))
        place = towns.pop()
        _drop(p, "livelihood_bulletin", year, place.code, f"第{quarter}季度")
        p.label("bulletin_missing", ("LV-04",), year, place=place.code, quarter=quarter)
        place = towns.pop()
        _move(p, "livelihood_bulletin", year, place.code, dt.date(year, 7, 15), "第2季度")
        p.label("bulletin_on_day_15", ("LV-04",), year, place=place.code, hard=True)


def _inspections(p: Planting, towns: list[Region]) -> None:
    """No inspection in the first seven months; and, lawful, one on the last day of July."""
    for n in range(p.many):
        year = p.plan.years[(n + 1) % len(p.plan.years)]
        place = towns.pop()
        _drop(p, "livelihood_inspected", year, place.code)
        p.label("inspection_missing", ("LV-05",), year, place=place.code)
        place = towns.pop()
        _move(p, "livelihood_inspected", year, place.code, dt.date(year, 7, 31))
        p.label("inspection_on_last_day", ("LV-05",), year, place=place.code, hard=True)


def _reviews(p: Planting, towns: list[Region]) -> None:
    """A year that ends without review and rating."""
    for n in range(p.many):
        year = p.plan.years[n % len(p.plan.years)]
        place = towns.pop()
        _drop(p, "livelihood_reviewed", year, place.code)

        def mine(row: Row, year: int = year, code: str = place.code) -> bool:
            return row["budget_year"] == year and row["adm_div_code"] == code

        p.out.edit(
            "livelihood_item", mine, lambda row: row.update(satisfied=None, fairly_satisfied=None, unsatisfied=None)
        )
        p.label("review_missing", ("LV-06",), year, place=place.code)


def _motions(p: Planting) -> None:
    """A motion that nobody follows in its second year, one that is never reported to the next congress."""
    given = [e for e in p.procedure.events if e.event_type == "motion_adopted" and e.budget_year < p.plan.years[-1]]
    order = [given[int(i)] for i in p.rng.permutation(len(given))]
    for n in range(min(p.many, len(order))):
        kind = ("motion_followed_up", "motion_reported")[n % 2]
        whole = [
            m for m in order if kind == "motion_reported" or m.budget_year < p.plan.years[-2]
        ] or order  # its second year is over
        motion = whole[0]
        order.remove(motion)
        p.procedure.events[:] = [
            e for e in p.procedure.events
            if not (e.event_type == kind and e.refers_to == motion.event_id and (e.budget_year > motion.budget_year or kind == "motion_reported"))
        ]  # fmt: skip
        p.label(
            "motion_forgotten",
            ("LV-10",),
            motion.budget_year,
            place=motion.adm_div_code,
            event_id=motion.event_id,
            missing=kind,
        )
