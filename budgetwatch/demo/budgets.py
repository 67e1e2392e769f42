"""The budget of every year: each slot's approved amount, its changes in the year, and what will have been paid.

Everything is integer 分 and planned before a single payment is made, so indicators, final accounts,
transfers and payments agree by construction: payments only split what stands here as `paid`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from budgetwatch.demo.places import Region, Unit
from budgetwatch.demo.slots import THREE_PUBLIC, Slot

Ints = NDArray[np.int64]
_HUNDRED_YUAN = 10_000  # 分

#: A sender's general transfers are this many times its special ones, and a little more each year.
_GENERAL_TO_SPECIAL = {"city": 2.6, "district": 2.8}


@dataclass(slots=True)
class Budget:
    """The budget of one year, one place a slot; amounts in 分."""

    year: int
    approved: Ints
    added: Ints
    reduced: Ints
    frozen: Ints
    paid: Ints
    names: list[str]
    codes: list[str]
    issued: list[dt.date] = field(default_factory=list)
    tracking: list[str] = field(default_factory=list)
    december: dict[int, float] = field(default_factory=dict)  # slot -> share of its spending that falls in December
    idle: set[int] = field(default_factory=set)  # slots whose indicator stays unspent
    equal: set[int] = field(default_factory=set)  # slots paid in equal parts
    taken: dict[int, int] = field(default_factory=dict)  # slot -> 分 already spent by single, named payments

    @property
    def executable(self) -> Ints:
        return self.approved + self.added - self.reduced - self.frozen


@dataclass(slots=True)
class Virement:
    """Money moved within a unit's budget in the year, from one slot to another."""

    year: int
    source: int
    target: int
    amount: int
    kind: str = "virement"


@dataclass(slots=True)
class Carry:
    """What was left of a slot at the end of `formed_in`, and what became of it in `year`."""

    slot: int
    year: int
    formed_in: int
    formed: int
    used: int
    recovered: int

    @property
    def balance(self) -> int:
        return self.formed - self.used - self.recovered


@dataclass(slots=True)
class Plan:
    """The city's money: units, slots, and a budget for each year (the last is next year's draft)."""

    places: list[Region]
    units: list[Unit]
    slots: list[Slot]
    budgets: dict[int, Budget]
    years: list[int]
    virements: list[Virement] = field(default_factory=list)
    carries: list[Carry] = field(default_factory=list)
    granted: dict[tuple[int, int], int] = field(
        default_factory=dict
    )  # (year, transfer slot) -> special money of the sender's own
    _of_unit: dict[int, list[int]] = field(default_factory=dict, repr=False)

    def grants(self, year: int, region: str) -> int:
        """Special money that a region gets out of its senders' own means, less what it gives so itself."""
        mine = [(i, cents) for (y, i), cents in self.granted.items() if y == year]
        got = sum(cents for i, cents in mine if self.slots[i].recipient == region)
        return got - sum(cents for i, cents in mine if self.region_of(i).code == region)

    @property
    def draft_year(self) -> int:
        return self.years[-1] + 1

    def of_unit(self, unit: int) -> list[int]:
        """The slots of a unit."""
        if not self._of_unit:
            for i, slot in enumerate(self.slots):
                self._of_unit.setdefault(slot.unit, []).append(i)
        return self._of_unit[unit]

    def region_of(self, slot: int) -> Region:
        return self.units[self.slots[slot].unit].region

    def finance(self, region: Region) -> Unit:
        return next(u for u in self.units if u.region.code == region.code and u.is_finance)


def _round(values: NDArray[np.float64]) -> Ints:
    return (np.round(values / _HUNDRED_YUAN) * _HUNDRED_YUAN).astype(np.int64)


def plan(
    places: list[Region], units: list[Unit], slots: list[Slot], years: list[int], rng: np.random.Generator
) -> Plan:
    """Budgets of all the years and of the next, balanced between levels."""
    made = Plan(places, units, slots, {}, years)
    base = np.array([s.base for s in slots], np.float64)
    low, high = (np.array([s.growth[i] for s in slots]) for i in (0, 1))
    grown = base * rng.uniform(0.97, 1.03, len(slots))
    for offset, year in enumerate([*years, years[-1] + 1]):
        if offset:
            grown = grown * rng.uniform(low, high)
        if year > years[-1]:
            grown = grown * _plans(slots, rng)
        approved = _round(grown)
        _level(made, approved, offset)
        zero = np.zeros(len(slots), np.int64)
        names, codes = _projects_of(slots, year, offset)
        made.budgets[year] = Budget(year, approved, zero.copy(), zero.copy(), zero.copy(), zero.copy(), names, codes)
    for year in years:
        _changes(made, made.budgets[year], rng)
        _execution(made, made.budgets[year], rng)
    _carry_over(made, rng)
    return made


def _plans(slots: list[Slot], rng: np.random.Generator) -> NDArray[np.float64]:
    """By how much next year's draft departs from habit: a quarter of own projects grow or shrink, so there is something to ask."""
    free = np.array([s.line_type == "project" and s.source == "own" and s.book == "1" for s in slots])
    moved = free & (rng.random(len(slots)) < 0.25)
    return np.where(moved, rng.uniform(0.72, 1.4, len(slots)), 1.0)


def _projects_of(slots: list[Slot], year: int, offset: int) -> tuple[list[str], list[str]]:
    """The name and code of the project behind each slot: some are replaced by a new one each year."""
    phases = "一二三四五六七八九"
    names = [f"{s.name}（{phases[offset % 9]}期）" if s.renews else s.name for s in slots]
    codes = [f"{s.pro_code}{year % 100:02d}" if s.renews else s.pro_code for s in slots]
    return names, codes


def specials_in(plan_: Plan, approved: Ints, region: Region) -> int:
    """Special and direct money that comes to a region from above: for its own items and for those below it."""
    total = 0
    for i, slot in enumerate(plan_.slots):
        if plan_.region_of(i).code == region.code and slot.source in ("upper_special", "direct"):
            total += int(approved[i])
    return total


def _level(plan_: Plan, approved: Ints, offset: int) -> None:
    """Set transfers to below from what is needed below, then the reserve: amounts of one year, in place."""
    own_special: dict[str, int] = {}
    for i, slot in enumerate(plan_.slots):
        if slot.source in ("upper_special", "direct") and slot.line_type != "transfer":
            code = plan_.region_of(i).code
            own_special[code] = own_special.get(code, 0) + int(approved[i])
    for level in ("district", "city"):
        for i, slot in enumerate(plan_.slots):
            region = plan_.region_of(i)
            if slot.line_type != "transfer" or region.level != level:
                continue
            below = own_special.get(slot.recipient, 0)
            ratio = _GENERAL_TO_SPECIAL[level] * 1.004**offset
            approved[i] = below if slot.source == "upper_special" else int(_round(np.array([below * ratio]))[0])
            if slot.source == "upper_special":
                own_special[region.code] = own_special.get(region.code, 0) + below
                if level == "district":
                    plan_.granted[plan_.years[0] + offset, i] = below // 50 // _HUNDRED_YUAN * _HUNDRED_YUAN
                    approved[i] += plan_.granted[plan_.years[0] + offset, i]
    own = {region.code: 0 for region in plan_.places}
    for i, slot in enumerate(plan_.slots):
        if slot.book == "1" and slot.line_type not in ("transfer", "reserve"):
            own[plan_.region_of(i).code] += int(approved[i])
    for i, slot in enumerate(plan_.slots):
        if slot.line_type == "reserve":
            approved[i] = int(_round(np.array([own[plan_.region_of(i).code] * 0.022]))[0])


def _changes(plan_: Plan, budget: Budget, rng: np.random.Generator) -> None:
    """Changes in the year: new bonds after the standing committee's approval, small virements, a little frozen."""
    by_unit: dict[int, list[int]] = {}
    for i, slot in enumerate(plan_.slots):
        if slot.source in ("general_bond", "special_bond"):
            budget.added[i] = int(budget.approved[i] * 0.08) // _HUNDRED_YUAN * _HUNDRED_YUAN
        elif slot.line_type in ("operating", "project") and slot.source == "own" and slot.book == "1":
            if slot.eco not in THREE_PUBLIC and slot.rhythm == "regular":
                by_unit.setdefault(slot.unit, []).append(i)
            if slot.line_type == "project" and rng.random() < 0.04:
                budget.frozen[i] = int(budget.approved[i] * rng.uniform(0.01, 0.03)) // _HUNDRED_YUAN * _HUNDRED_YUAN
    for items in by_unit.values():
        if len(items) < 2 or rng.random() > 0.25:
            continue
        kind = plan_.slots[items[int(rng.integers(len(items)))]].line_type
        same = [i for i in items if plan_.slots[i].line_type == kind]
        if len(same) < 2:
            continue
        source, target = (int(i) for i in rng.choice(same, 2, replace=False))
        amount = int(min(budget.approved[source], budget.approved[target]) * rng.uniform(0.03, 0.1))
        move(plan_, budget, source, target, amount // _HUNDRED_YUAN * _HUNDRED_YUAN)


def move(plan_: Plan, budget: Budget, source: int, target: int, amount: int) -> None:
    """Move money from one slot to another within the year, with its record."""
    if amount <= 0:
        return
    budget.reduced[source] += amount
    budget.added[target] += amount
    plan_.virements.append(Virement(budget.year, source, target, amount))


def _execution(plan_: Plan, budget: Budget, rng: np.random.Generator) -> None:
    """How much of each slot will have been paid by the year's end."""
    rate = rng.uniform(0.945, 0.985, len(plan_.slots))
    for i, slot in enumerate(plan_.slots):
        if slot.source in ("general_bond", "special_bond") or slot.line_type == "transfer":
            rate[i] = 1.0
        elif slot.eco in THREE_PUBLIC:
            rate[i] = 0.955 + 0.004 * rng.random()
        elif slot.line_type in ("personnel", "debt") or slot.book == "4":
            rate[i] = rng.uniform(0.975, 0.995)
        elif slot.line_type == "reserve":
            rate[i] = 0.0
    whole = rate >= 1.0
    budget.paid[:] = np.where(whole, budget.executable, np.floor(budget.executable * rate).astype(np.int64))


def _carry_over(plan_: Plan, rng: np.random.Generator) -> None:
    """What projects left unspent: mostly recovered the next year, some of it kept one year longer, then recovered."""
    for i, slot in enumerate(plan_.slots):
        if slot.line_type != "project" or slot.book != "1" or slot.source != "own" or rng.random() > 0.2:
            continue
        for year in plan_.years[1:]:
            budget = plan_.budgets[year - 1]
            formed = int(budget.executable[i] - budget.paid[i])
            if formed <= 0 or rng.random() > 0.6:
                continue
            kept = formed * int(rng.integers(20, 40)) // 100 if rng.random() < 0.3 else 0
            plan_.carries.append(Carry(i, year, year - 1, formed, 0, formed - kept))
            if kept and year + 1 in plan_.years:
                plan_.carries.append(Carry(i, year + 1, year - 1, kept, 0, kept))
