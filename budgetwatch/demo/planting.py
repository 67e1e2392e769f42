"""The tools for planting: choosing a place that nothing else occupies, making room, adding a payment or a label."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from budgetwatch.demo import days
from budgetwatch.demo.budgets import Budget, Plan
from budgetwatch.demo.events import Procedure, home
from budgetwatch.demo.payees import Payees
from budgetwatch.demo.planted import Label, Planted, Single
from budgetwatch.demo.slots import Slot
from budgetwatch.demo.transfers import Transfers

WAN = 1_000_000  # 分


@dataclass(slots=True)
class Planting:
    """What is at hand while planting."""

    plan: Plan
    procedure: Procedure
    transfers: Transfers
    payees: Payees
    rng: np.random.Generator
    many: int
    out: Planted
    salary_seed: int = 0
    used_units: set[int] = field(default_factory=set)
    used_slots: set[tuple[int, int]] = field(default_factory=set)
    _tracked: dict[int, Counter[str]] = field(default_factory=dict)
    used_senders: set[str] = field(default_factory=set)  # districts whose transfers to their towns carry something
    used_papers: set[tuple[int, int]] = field(default_factory=set)  # (year, unit) with something wrong in its documents

    def spots(
        self, wanted: Callable[[int, Slot, Budget], bool], *, years: list[int] | None = None, count: int = 0
    ) -> Iterator[tuple[int, int]]:
        """`many` places (year, slot) that fit: of units that carry nothing yet while there are any, years in turn."""
        span = years or self.plan.years
        for n in range(count or self.many):
            turn = (n + int(self.rng.integers(len(span)))) % len(span)
            for year in [*span[turn:], *span[:turn]]:
                budget = self.plan.budgets[year]
                fits = [
                    i for i, s in enumerate(self.plan.slots)
                    if (year, i) not in self.used_slots and i not in budget.december and i not in budget.equal and wanted(i, s, budget)
                ]  # fmt: skip
                fresh = [i for i in fits if self.plan.slots[i].unit not in self.used_units]
                pool = fresh or fits
                if pool:
                    chosen = pool[int(self.rng.integers(len(pool)))]
                    self.take(year, chosen)
                    yield year, chosen
                    break

    def take(self, year: int, slot: int) -> None:
        """Nothing else shall be planted here."""
        self.used_slots.add((year, slot))
        self.used_units.add(self.plan.slots[slot].unit)

    def label(
        self, kind: str, ids: tuple[str, ...], year: int, slot: int | None = None, *, hard: bool = False, also: tuple[str, ...] = (),
        place: str = "", agency: str | None = None, **keys: Any,
    ) -> int:  # fmt: skip
        """A new label; returns its number."""
        if slot is not None:
            unit = self.plan.units[self.plan.slots[slot].unit]
            place, agency = unit.region.code, unit.code
            budget = self.plan.budgets[year]
            keys = {
                "pro_code": budget.codes[slot],
                "func_code": self.plan.slots[slot].func,
                "eco_code": self.plan.slots[slot].eco,
                **keys,
            }
        number = len(self.out.labels) + 1
        self.out.labels.append(
            Label(number, "hard_negative" if hard else "anomaly", kind, ids, year, agency, place, also, keys)
        )
        return number

    def room(self, year: int, slot: int, cents: int) -> None:
        """Let the slot afford `cents` besides its ordinary spending; own money only, so no other level is touched."""
        budget = self.plan.budgets[year]
        free = int(budget.paid[slot]) - budget.taken.get(slot, 0)
        if free < cents * 3:
            more = (cents * 3 - free) // 10_000 * 10_000 + 10_000
            budget.approved[slot] += more
            budget.paid[slot] += more

    def pay(
        self, label: int, year: int, slot: int, day: dt.date, cents: int, payee: int, purpose: str, **more: Any
    ) -> None:
        """One payment on purpose, out of the slot's money."""
        self.room(year, slot, cents)
        self.add(label, year, slot, day, cents, payee, purpose, **more)

    def add(
        self, label: int, year: int, slot: int, day: dt.date, cents: int, payee: int, purpose: str, **more: Any
    ) -> None:
        """One payment on purpose, as part of what the slot was to spend anyhow."""
        budget = self.plan.budgets[year]
        budget.taken[slot] = budget.taken.get(slot, 0) + cents
        self.out.singles.append(Single(year, slot, day, cents, payee, purpose, label, **more))

    def company(self, slot: int, trade: str) -> int:
        """A company that nobody else pays."""
        region = self.plan.units[self.plan.slots[slot].unit].region
        return self.payees.add(self.payees.company(home(self.plan, region), trade))

    def workday(self, year: int, slot: int, first_month: int = 4, last_month: int = 10) -> dt.date:
        """Some working day after the slot's indicator was issued."""
        calendar = days.of(year)
        low = max(int(calendar.begin[first_month - 1]), calendar.first_from(self.plan.budgets[year].issued[slot]))
        high = int(calendar.begin[last_month])
        return days.day(int(calendar.work[int(self.rng.integers(low, max(high, low + 1)))]))

    def day_off(self, year: int, first_month: int = 4, last_month: int = 11) -> dt.date:
        """Some day off."""
        calendar = days.of(year)
        low, high = int(calendar.off_begin[first_month - 1]), int(calendar.off_begin[last_month])
        return days.day(int(calendar.off[int(self.rng.integers(low, high))]))

    def cents(self, low: float, high: float) -> int:
        """A crooked amount between two numbers of 万元, in 分."""
        return int(self.rng.uniform(low, high) * WAN) // 10 * 10 + 7

    def forget_carry(self, year: int, slot: int) -> None:
        """What the slot leaves this year is no longer as first planned."""
        self.plan.carries = [c for c in self.plan.carries if not (c.slot == slot and c.formed_in == year)]

    def alone(self, budget: Budget, slot: int) -> bool:
        """Whether no other slot spends money with the same tracking id."""
        if budget.year not in self._tracked:
            self._tracked[budget.year] = Counter(budget.tracking)
        return self._tracked[budget.year][budget.tracking[slot]] == 1

    def unit_total(self, budget: Budget, unit: int) -> int:
        """What a unit spends in the year, in 分."""
        return int(budget.paid[self.plan.of_unit(unit)].sum())
