"""The invented city: what is decided before its first payment, and its payments, piece by piece.

Ten million so need no more memory than a few hundred thousand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from budgetwatch.demo import (
    anomalies,
    budgets,
    events,
    lawful,
    payees,
    places,
    promises,
    slots,
    spending,
)
from budgetwatch.demo import transfers as moves
from budgetwatch.demo.anomalies import Planted
from budgetwatch.demo.budgets import Ints, Plan
from budgetwatch.demo.payees import Choice, Payees

_CHUNK = 250_000  # payments made at a time


@dataclass(slots=True)
class City:
    """Everything decided before the first payment is made."""

    plan: Plan
    procedure: events.Procedure
    transfers: moves.Transfers
    choice: Choice
    payees: Payees
    counts: dict[int, Ints]
    salary_day: Ints
    planted: Planted
    seed: int
    many: int  # how many of each kind were planted


def units_for(payments_a_year: float) -> int:
    """How many units a city with that many payments has: 79 at least, 342 as soon as they can be kept busy, then slowly more."""
    if payments_a_year <= 400_000:
        return int(min(max(payments_a_year / 85, 79), 342))
    return int(342 * (payments_a_year / 400_000) ** 0.5)


def found(*, years: int, payments: int, seed: int, last_year: int) -> City:
    """Plan the city: map, units, budgets, procedure, anomalies; no payment yet."""
    rng = np.random.default_rng([seed, 990100])
    span = list(range(last_year - years + 1, last_year + 1))
    a_year = payments / years
    map_ = places.regions(rng)
    units = places.units(rng, map_, units_for(a_year))
    items = slots.slots(units, map_, a_year / len(units), rng)
    plan = budgets.plan(map_, units, items, span, rng)
    procedure = events.procedure(plan, rng)
    documents = moves.transfers(plan, procedure, rng)
    promises.follow(plan, procedure, rng)
    who = Payees()
    many = 3 if payments >= 150_000 else 2
    planted = anomalies.plant(plan, procedure, documents, who, many=many, seed=seed, rng=rng)
    counts = {year: spending.counts(plan, year, int(a_year) - planted.in_year(year), rng) for year in span}
    choice = payees.choose(plan, who, np.maximum.reduce(list(counts.values())))
    salary_day = np.array([lawful.salary_day(u.index, seed) for u in units])
    return City(plan, procedure, documents, choice, who, counts, salary_day, planted, seed, many)


def payments(city: City, year: int) -> Iterator[pl.DataFrame]:
    """The year's payments, a piece at a time, planted ones among them (`planted` > 0), each piece in order of days."""
    counts = city.counts[year]
    start = 0
    for number, stop in enumerate(_pieces(city.plan, counts)):
        chunk = range(start, stop)
        rng = np.random.default_rng([city.seed, year, number])
        made = spending.spend(city.plan, city.payees, city.choice, year, chunk, counts, city.salary_day, rng)
        extra = city.planted.payments(city.plan, city.payees, year, chunk)
        frames = [f.with_columns(planted=pl.lit(0, pl.Int64)) for f in (made,) if f.height]
        frames += [f for f in (extra,) if f.height]
        start = stop
        if frames:
            whole = pl.concat(frames, how="diagonal_relaxed").sort(
                "pay_date", "agency_code", "slot", "cents", maintain_order=True
            )
            yield city.planted.retouch(whole, year)


def _pieces(plan: Plan, counts: Ints) -> list[int]:
    """Where to cut the slots so that no unit is cut and no piece is much larger than `_CHUNK` payments."""
    unit = np.array([s.unit for s in plan.slots])
    ends = np.flatnonzero(np.append(unit[1:] != unit[:-1], True)) + 1
    total = np.cumsum(counts)
    cuts: list[int] = []
    done = 0
    for end in ends:
        if total[end - 1] - done >= _CHUNK or end == len(unit):
            cuts.append(int(end))
            done = int(total[end - 1])
    return cuts
