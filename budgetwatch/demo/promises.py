"""Livelihood projects chosen by vote, and motions followed up: what was promised, how it went, who looked after it.

Each place with a congress votes at its congress, more candidates than places, and is told of progress each quarter.
Amounts are integer 分.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from budgetwatch.demo import days
from budgetwatch.demo.budgets import Plan
from budgetwatch.demo.events import Procedure
from budgetwatch.demo.places import Region

Row = dict[str, Any]
#: Level → (projects chosen, candidates put to the vote, deputies present).
CHOSEN = {"city": (10, 13, 420), "district": (8, 11, 230), "town": (5, 7, 58)}
_QUARTERS = ((3, 31), (6, 30), (9, 30), (12, 31))
_PLANNED = (0.20, 0.50, 0.78, 1.0)
_FUNDED = (0.45, 0.75, 0.95, 1.0)
_NAMES = (
    "新增社区托育托位", "改造老旧小区电梯", "新建口袋公园", "改造村级卫生站", "新增公共停车泊位", "改造农贸市场", "建设长者食堂", "更新中小学课桌椅",
    "整治积水易涝点", "建设群众健身步道", "新增公交候车亭", "改造供水管网", "开展适龄女生疫苗接种",
)  # fmt: skip
_STEPS = ("完成前期手续", "完成主体施工过半", "完成主体施工", "竣工验收并交付使用")


def item_id(year: int, place: str, number: int) -> str:
    """The number of a place's livelihood project; the first are those that are chosen."""
    return f"MS{year}{place}{number:02d}"


def voting(plan: Plan) -> list[Region]:
    """The places that vote: all with a congress."""
    return [p for p in plan.places if p.level in CHOSEN]


def livelihood(
    plan: Plan, procedure: Procedure, unopposed: set[tuple[str, int]], rng: np.random.Generator
) -> list[Row]:
    """Candidates, votes, and each quarter's progress of the projects chosen; no choice where `unopposed`."""
    rows: list[Row] = []
    for year in plan.years:
        for place in voting(plan):
            rows += _place(
                plan, procedure.approved[place.code, year], place, year, (place.code, year) in unopposed, rng
            )
    return rows


def _place(
    plan: Plan, voted: dt.date, place: Region, year: int, unopposed: bool, rng: np.random.Generator
) -> list[Row]:  # fmt: skip
    chosen, candidates, present = CHOSEN[place.level]
    units = [u for u in plan.units if u.region.code == place.code and u.parent is None]
    votes = np.sort(rng.integers(present * 11 // 20, present, candidates))[::-1]
    rows: list[Row] = []
    for number in range(1, (chosen if unopposed else candidates) + 1):
        unit = units[int(rng.integers(len(units)))]
        invested = int(rng.uniform(60, 900) * {"city": 6, "district": 2}.get(place.level, 0.5)) * 1_000_000
        shared = {
            "item_id": item_id(year, place.code, number), "item_name": f"{place.name}{_NAMES[(number + year) % len(_NAMES)]}",
            "budget_year": year, "adm_div_code": place.code, "term": f"{place.name}第{(year - 2021) % 5 + 1}次会议",
            "agency_code": unit.code, "agency_name": unit.name, "seats": chosen, "investment": invested, "planned_completion": dt.date(year, 12, 20),
        }  # fmt: skip
        nothing = {"votes": None, "voters": None, "funded": 0, "paid": 0, "planned_progress": 0.0, "progress": 0.0, "milestone": None,
                   "milestone_due": None, "milestone_done": None, "completed_date": None, "satisfied": None, "fairly_satisfied": None,
                   "unsatisfied": None, "note": None}  # fmt: skip
        cast = {"votes": int(votes[number - 1]), "voters": present}
        rows.append({**shared, **nothing, "as_of": voted - dt.timedelta(8), "standing": "candidate"})
        rows.append(
            {**shared, **nothing, **cast, "as_of": voted, "standing": "chosen" if number <= chosen else "passed_over"}
        )
        if number <= chosen:
            rows += [{**shared, **nothing, **cast, **told} for told in _progress(invested, present, year, rng)]
    return rows


def _progress(invested: int, present: int, year: int, rng: np.random.Generator) -> list[Row]:
    """A project's four quarters: on plan, funded ahead of the calendar, paid as built."""
    told: list[Row] = []
    for q, (month, day) in enumerate(_QUARTERS):
        end = dt.date(year, month, day)
        built = min(1.0, _PLANNED[q] + float(rng.uniform(-0.02, 0.03))) if q < 3 else 1.0
        paid = max(0.0, built - float(rng.uniform(0.01, 0.06)))
        due = end - dt.timedelta(11)
        reached = due - dt.timedelta(int(rng.integers(0, 9)))
        row = {
            "as_of": end, "standing": "done" if q == 3 else "chosen", "planned_progress": _PLANNED[q], "progress": round(built, 4),
            "funded": int(invested * max(_FUNDED[q], paid)) // 100 * 100, "paid": int(invested * paid) // 100 * 100, "milestone": _STEPS[q],
            "milestone_due": due, "milestone_done": reached, "completed_date": reached if q == 3 else None,
        }  # fmt: skip
        if q == 3:
            poor = int(rng.integers(0, 4))
            fair = int(rng.integers(2, max(3, present // 9)))
            row |= {"satisfied": present - fair - poor, "fairly_satisfied": fair, "unsatisfied": poor}
        told.append(row)
    return told


def follow(plan: Plan, procedure: Procedure, rng: np.random.Generator) -> None:
    """Add what congresses do about promises: bulletins, inspections, reviews; motions, followed for three years."""
    for year in plan.years:
        for place in voting(plan):
            _watch(procedure, place, year, rng)
    for year in plan.years:
        for place in plan.places:
            if place.level in ("city", "district"):
                _motion(plan, procedure, place, year, rng)


def _watch(procedure: Procedure, place: Region, year: int, rng: np.random.Generator) -> None:
    for q, (month, day) in enumerate(_QUARTERS, start=1):
        told = days.workday_before(dt.date(year, month, day) + dt.timedelta(int(rng.integers(8, 14))))
        procedure.add(
            year, place.code, "livelihood_bulletin", told, f"{place.name}{year}年第{q}季度民生实事项目进展通报"
        )
    seen = days.workday_near(dt.date(year, 6, 12) + dt.timedelta(int(rng.integers(0, 35))))
    procedure.add(year, place.code, "livelihood_inspected", seen, f"{place.name}人大代表视察{year}年民生实事项目")
    rated = days.workday_before(dt.date(year, 12, 8) + dt.timedelta(int(rng.integers(0, 18))))
    procedure.add(year, place.code, "livelihood_reviewed", rated, f"{place.name}{year}年民生实事项目审议和满意度测评")


def _motion(plan: Plan, procedure: Procedure, place: Region, year: int, rng: np.random.Generator) -> None:
    opened = {
        e.budget_year: e.event_date
        for e in procedure.events
        if e.event_type == "congress_open" and e.adm_div_code == place.code
    }
    topic = ("加强河湖治理", "增加学位供给", "完善养老服务", "改善交通出行")[(year + int(place.code)) % 4]
    adopted = procedure.add(year, place.code, "motion_adopted", opened[year] + dt.timedelta(2), f"关于{topic}的议案",
                            doc_no=f"示人案〔{year}〕{int(place.code[4:]) % 97 + 1}号")  # fmt: skip
    for later in range(3):
        if year + later > plan.years[-1]:
            break
        when = days.workday_near(dt.date(year + later, 8, 20) + dt.timedelta(int(rng.integers(0, 60))))
        word = ("督办", "跟踪督办（第二年）", "跟踪督办（第三年）")[later]
        procedure.add(
            year + later,
            place.code,
            "motion_followed_up",
            when,
            f"{word}：关于{topic}的议案",
            refers_to=adopted.event_id,
        )
    procedure.add(
        year + 1,
        place.code,
        "motion_reported",
        opened[year + 1],
        f"关于{topic}的议案办理情况的报告",
        refers_to=adopted.event_id,
    )
