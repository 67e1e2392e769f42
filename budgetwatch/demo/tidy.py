"""Keeps honest payments clear of patterns that only dishonest ones should show.

Chance alone would make twins (the same payee and amount within weeks), round monthly totals to one payee and
sums just below the purchase limit. Each is removed by shifting some yuan between two payments of the same
slot, so that every total stays what it was.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_LIMIT_LOW, _LIMIT = 9_000_000, 10_000_000  # 分: just below the purchase limit of 100,000 yuan
_TWIN_DAYS = 46
_ROUND = 1_000_000  # 分: 10,000 yuan


def largest_of(group: Ints, amount: Ints, groups: int) -> Ints:
    """The row with the largest amount of each group, −1 where a group is empty."""
    order = np.argsort(amount, kind="stable")
    found = np.full(groups, -1, np.int64)
    found[group[order]] = order
    return found


def keep_clear(
    amount: Ints, slot: Ints, period: Ints, unit: Ints, payee: Ints, when: Ints, fixed: Bools, organisation: Bools,
    rng: np.random.Generator,
) -> Ints:  # fmt: skip
    """The same payments without chance twins, round monthly totals and series just below the limit."""
    amount = amount.copy()
    base = int(slot.min())
    for attempt in range(6):
        rows = np.flatnonzero(organisation & ~fixed & (amount >= _LIMIT_LOW) & (amount < _LIMIT))
        if not len(rows):
            break
        _shift(
            amount,
            rows,
            amount[rows] - rng.integers(7_400_000, 8_950_000, len(rows)),
            slot,
            period,
            base,
            attempt,
            organisation,
            rng,
        )
    anybody = np.ones(len(slot), bool)
    for attempt in range(4):
        rows = np.concatenate([_twins(amount, unit, payee, when), _rounds(amount, unit, payee, when)])
        rows = np.unique(rows[~fixed[rows]])
        if not len(rows):
            break
        _shift(amount, rows, rng.integers(101, 1399, len(rows)), slot, period, base, attempt + 1, anybody, rng)
    return amount


def _shift(
    amount: Ints,
    rows: Ints,
    less: Ints,
    slot: Ints,
    period: Ints,
    base: int,
    attempt: int,
    taker: Bools,
    rng: np.random.Generator,
) -> None:
    """Take `less` off the rows and give it to another payment of the same slot (first of the same period) that is a `taker`."""
    group = (slot - base) * 12 + period
    if attempt == 0:
        partner = largest_of(group, amount, int(group.max()) + 1)[group[rows]]
    else:
        first = np.searchsorted(slot, slot[rows])
        size = np.searchsorted(slot, slot[rows], side="right") - first
        partner = first + (rows - first + rng.integers(1, np.maximum(size, 2))) % np.maximum(size, 1)
    moved = amount[partner] + less
    fine = (partner != rows) & (amount[rows] - less > 100) & ~((moved >= _LIMIT_LOW) & (moved < _LIMIT))
    fine &= ~np.isin(partner, rows) & taker[partner]
    _, once = np.unique(partner, return_index=True)
    only = np.zeros(len(rows), bool)
    only[once] = True
    keep = fine & only
    amount[rows[keep]] -= less[keep]
    amount[partner[keep]] += less[keep]


def _twins(amount: Ints, unit: Ints, payee: Ints, when: Ints) -> Ints:
    order = np.lexsort((when, amount, payee, unit))
    a, b = order[:-1], order[1:]
    same = (unit[a] == unit[b]) & (payee[a] == payee[b]) & (amount[a] == amount[b]) & (when[b] - when[a] <= _TWIN_DAYS)
    return b[same]


def _rounds(amount: Ints, unit: Ints, payee: Ints, when: Ints) -> Ints:
    """One row of each month in which a payee's several payments from a unit add up to a round sum."""
    month = when.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    order = np.lexsort((month, payee, unit))
    key = np.stack([unit[order], payee[order], month[order]])
    new = np.ones(len(order), bool)
    new[1:] = (key[:, 1:] != key[:, :-1]).any(axis=0)
    starts = np.flatnonzero(new)
    if not len(starts):
        return np.zeros(0, np.int64)
    sums = np.add.reduceat(amount[order], starts)
    sizes = np.diff(np.append(starts, len(order)))
    return order[starts[(sizes > 1) & (sums % _ROUND == 0)]]
