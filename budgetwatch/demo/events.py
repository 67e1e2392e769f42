"""The dated events of the budget year: congress, approvals, copies, disclosures, reports, accounts, audit, suggestions.

Every date here keeps the law's time limits; what is late is made late afterwards, on purpose.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import numpy as np

from budgetwatch.demo import days
from budgetwatch.demo.budgets import Plan
from budgetwatch.demo.places import Region, Unit


@dataclass(slots=True)
class Event:
    """One row of the feed."""

    event_id: str
    budget_year: int
    adm_div_code: str
    event_type: str
    event_date: dt.date
    agency_code: str | None = None
    agency_name: str | None = None
    subject: str = ""
    refers_to: str | None = None
    doc_no: str | None = None
    note: str | None = None


@dataclass(slots=True)
class Procedure:
    """All events, and the dates that other subjects ask for."""

    events: list[Event] = field(default_factory=list)
    approved: dict[tuple[str, int], dt.date] = field(default_factory=dict)
    unit_approved: dict[tuple[int, int], dt.date] = field(default_factory=dict)
    meeting: dict[tuple[str, int], dt.date] = field(default_factory=dict)
    published: dict[tuple[int, int], dt.date] = field(default_factory=dict)

    def add(self, year: int, place: str, kind: str, on: dt.date, subject: str, **more: str | None) -> Event:
        """One more event, numbered."""
        event = Event(f"SX{year}{len(self.events) + 1:06d}", year, place, kind, on, subject=subject, **more)
        self.events.append(event)
        return event

    def find(self, kind: str, year: int, agency_code: str) -> Event:
        """The event of that kind of that unit."""
        return next(
            e for e in self.events if e.event_type == kind and e.budget_year == year and e.agency_code == agency_code
        )


def _after(day: dt.date, low: int, high: int, rng: np.random.Generator) -> dt.date:
    """A working day `low` to `high` days later; never beyond `high`."""
    wanted = day + dt.timedelta(int(rng.integers(low, high + 1)))
    moved = days.workday_near(wanted)
    while moved > day + dt.timedelta(high):
        moved -= dt.timedelta(1)
        while not days.is_workday(moved) and moved > day + dt.timedelta(low):
            moved -= dt.timedelta(1)
    return moved


def procedure(plan: Plan, rng: np.random.Generator) -> Procedure:
    """The events of every year of the plan, and what is already fixed for next year's draft."""
    made = Procedure()
    for year in [*plan.years, plan.draft_year]:
        for place in plan.places:
            if place.has_congress:
                _congress(made, plan, place, year, rng)
        if year == plan.draft_year:
            break
        for place in plan.places:
            _approvals(made, plan, place, year, rng)
        for place in plan.places:
            if place.has_congress:
                _rest_of_year(made, plan, place, year, rng)
        _suggestions(made, plan, year, rng)
    _issue_dates(made, plan)
    return made


def home(plan: Plan, place: Region) -> Region:
    """Where the budget of a place is approved: a street's is part of its district's."""
    return place if place.has_congress else next(p for p in plan.places if p.code == place.parent)


def resolution(place: str, year: int) -> str:
    """The number under which a standing committee approves the year's adjustment."""
    return f"示人常〔{year}〕{int(place[4:]) % 97 + 1}号"


def borrowing(place: str, year: int) -> str:
    """The number under which a standing committee approves the year's borrowing."""
    return f"示人常〔{year}〕债{int(place[4:]) % 97 + 1}号"


def _congress(made: Procedure, plan: Plan, place: Region, year: int, rng: np.random.Generator) -> None:
    opens = days.workday_near(
        dt.date(year, 1, {"city": 14, "district": 11}.get(place.level, 9)) + dt.timedelta(int(rng.integers(0, 3)))
    )
    opened = made.add(year, place.code, "congress_open", opens, f"{place.name}人民代表大会{year}年会议开幕")
    submitted = opens - dt.timedelta(int(rng.integers(33, 45)))
    while not days.is_workday(submitted):
        submitted -= dt.timedelta(1)
    made.add(
        year,
        place.code,
        "draft_submitted",
        submitted,
        f"{place.name}{year}年预算草案初步方案",
        refers_to=opened.event_id,
    )
    for number in range(1, int(rng.integers(2, 4)) if place.level != "city" else 2):
        heard = days.workday_near(submitted + dt.timedelta(int(rng.integers(2, 9)) + number * 3))
        made.add(year, place.code, "voters_consulted", heard, f"听取选民和社会各界对{year}年预算草案的意见（第{number}片区）",
                 refers_to=opened.event_id)  # fmt: skip
    if year == plan.draft_year:
        return
    passes = max(opens + dt.timedelta(int(rng.integers(2, 5))), dt.date(year, 1, 12))
    passes = days.workday_near(passes)
    made.approved[place.code, year] = passes
    event = made.add(year, place.code, "budget_approved", passes, f"批准{place.name}{year}年预算的决议", refers_to=opened.event_id,
                     doc_no=f"示人发〔{year}〕{int(place.code[4:]) % 997 + 1}号")  # fmt: skip
    made.add(year, place.code, "government_published", _after(passes, 3, 18, rng), f"{place.name}{year}年政府预算公开",
             refers_to=event.event_id)  # fmt: skip


def _agency(unit: Unit) -> dict[str, str]:
    return {"agency_code": unit.code, "agency_name": unit.name}


def _approvals(made: Procedure, plan: Plan, place: Region, year: int, rng: np.random.Generator) -> None:
    """Finance approves departments within 20 days, departments their units within 15, each published within 20, copies sent."""
    congress = home(plan, place)
    start = made.approved[congress.code, year]
    whole = next(
        e
        for e in made.events
        if e.event_type == "budget_approved" and e.budget_year == year and e.adm_div_code == congress.code
    )
    answered: dict[int, Event] = {}
    for unit in (u for u in plan.units if u.region.code == place.code):
        if unit.parent is None:
            event = made.add(year, congress.code, "department_budget_approved", _after(start, 6, 18, rng),
                             f"批复{unit.name}{year}年部门预算", refers_to=whole.event_id, **_agency(unit))  # fmt: skip
            made.add(year, congress.code, "copied_to_congress", _after(event.event_date, 1, 6, rng),
                     f"{unit.name}{year}年部门预算批复抄送", refers_to=event.event_id, **_agency(unit))  # fmt: skip
            published = "department_published"
        else:
            above = answered[unit.parent]
            event = made.add(year, congress.code, "unit_budget_approved", _after(above.event_date, 3, 13, rng),
                             f"批复{unit.name}{year}年单位预算", refers_to=above.event_id, **_agency(unit))  # fmt: skip
            published = "unit_published"
        answered[unit.index] = event
        made.unit_approved[unit.index, year] = event.event_date
        out = made.add(year, congress.code, published, _after(event.event_date, 4, 18, rng), f"{unit.name}{year}年预算公开",
                       refers_to=event.event_id, **_agency(unit))  # fmt: skip
        made.published[unit.index, year] = out.event_date


def _rest_of_year(made: Procedure, plan: Plan, place: Region, year: int, rng: np.random.Generator) -> None:
    reported = days.workday_near(dt.date(year, 7, 10) + dt.timedelta(int(rng.integers(0, 70))))
    made.add(year, place.code, "execution_reported", reported, f"{place.name}{year}年上半年预算执行情况报告")
    if place.level in ("city", "district"):
        meeting = days.workday_near(dt.date(year, 7, 20) + dt.timedelta(int(rng.integers(0, 10))))
        made.meeting[place.code, year] = meeting
        sits = made.add(
            year, place.code, "standing_committee", meeting, f"{place.name}人大常委会会议审查{year}年预算调整方案"
        )
        asked = made.add(year, place.code, "adjustment_submitted", meeting - dt.timedelta(int(rng.integers(33, 42))),
                         f"{place.name}{year}年预算调整初步方案", refers_to=sits.event_id)  # fmt: skip
        made.add(year, place.code, "adjustment_approved", meeting, f"批准{place.name}{year}年预算调整方案的决议", refers_to=asked.event_id,
                 doc_no=resolution(place.code, year))  # fmt: skip
        borrowed = days.workday_before(dt.date(year, 2, 20) + dt.timedelta(int(rng.integers(0, 8))))
        made.add(year, place.code, "borrowing_approved", borrowed, f"批准{place.name}{year}年举借政府债务的决议",
                 doc_no=borrowing(place.code, year))  # fmt: skip
    if year == plan.years[-1]:
        return
    nxt = year + 1
    submitted = days.workday_near(dt.date(nxt, 6, 4) + dt.timedelta(int(rng.integers(0, 12))))
    made.add(year, place.code, "accounts_submitted", submitted, f"{place.name}{year}年决算草案")
    passed = days.workday_near(submitted + dt.timedelta(int(rng.integers(36, 50))))
    event = made.add(year, place.code, "accounts_approved", passed, f"批准{place.name}{year}年决算的决议")
    made.add(year, place.code, "government_published", _after(passed, 4, 18, rng), f"{place.name}{year}年政府决算公开",
             refers_to=event.event_id)  # fmt: skip
    if place.level in ("city", "district"):
        audit = made.add(year, place.code, "audit_reported", passed, f"{place.name}{year}年预算执行审计工作报告")
        made.add(year, place.code, "rectification_reported", _after(passed, 110, 150, rng), f"{place.name}{year}年审计查出问题整改报告",
                 refers_to=audit.event_id)  # fmt: skip


def _suggestions(made: Procedure, plan: Plan, year: int, rng: np.random.Generator) -> None:
    for place in plan.places:
        if place.level not in ("city", "district"):
            continue
        departments = [u for u in plan.units if u.region.code == place.code and u.parent is None and not u.is_finance]
        for unit in departments[:6]:
            given = days.workday_near(dt.date(year, 2, 20) + dt.timedelta(int(rng.integers(0, 15))))
            event = made.add(
                year, place.code, "suggestion_assigned", given, f"关于加强{unit.kind.topic}工作的建议", **_agency(unit)
            )
            made.add(year, place.code, "suggestion_answered", _after(given, 35, 80, rng), f"对加强{unit.kind.topic}工作建议的答复",
                     refers_to=event.event_id, **_agency(unit))  # fmt: skip


def _issue_dates(made: Procedure, plan: Plan) -> None:
    """Indicators: what runs monthly is advanced on the year's first working day, all else follows the unit's approval."""
    for year in plan.years:
        budget = plan.budgets[year]
        first = days.day(int(days.of(year).work[0]))
        for slot in plan.slots:
            if slot.rhythm == "monthly":
                budget.issued.append(first)
            else:
                budget.issued.append(days.next_workday(made.unit_approved[slot.unit, year]))
        budget.tracking = [""] * len(plan.slots)
