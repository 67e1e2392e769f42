"""Plants what goes wrong with purchases, among the contracts that the payments gave rise to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from budgetwatch.demo import days
from budgetwatch.demo.planted import Label, Planted
from budgetwatch.demo.purchases import kind_of

Row = dict[str, Any]
_WORTH_A_SUPPLEMENT = 60_000_000  # 分: a tenth of less is a trifle
_CLEARLY_MUCH = 420_000_000  # 分: above any province's limit for open tenders of goods and services


def plant(rows: list[Row], planted: Planted, many: int, seed: int) -> None:
    """All of them, in place."""
    rng = np.random.default_rng([seed, 78])
    used: set[str] = set()
    _avoided_tender(rows, planted, many, used, rng)
    _lawful_single_source(rows, planted, many, used, rng)
    for kind, ids, hard, change in _DATES:
        large = rows if ids != ("PC-07",) else [r for r in rows if r["contract_amount"] > _WORTH_A_SUPPLEMENT]
        for row in _some(large, many, used, rng):
            change(row)
            _label(planted, kind, ids, row, hard)


def _label(
    planted: Planted, kind: str, ids: tuple[str, ...], row: Row, hard: bool = False, also: tuple[str, ...] = ()
) -> None:
    planted.labels.append(
        Label(len(planted.labels) + 1, "hard_negative" if hard else "anomaly", kind, ids, row["budget_year"], row["agency_code"],
              row["adm_div_code"], also, {"proc_id": row["proc_id"], "pro_code": row["pro_code"]})
    )  # fmt: skip


def _some(rows: list[Row], many: int, used: set[str], rng: np.random.Generator) -> Iterator[Row]:
    """`many` purchases of units that carry nothing yet, of different units and years."""
    found = 0
    for i in rng.permutation(len(rows)):
        row = rows[int(i)]
        if row["agency_code"] not in used and found < many:
            used.add(row["agency_code"])
            found += 1
            yield row


def _avoided_tender(rows: list[Row], planted: Planted, many: int, used: set[str], rng: np.random.Generator) -> None:
    """A project that buys much of one kind, piece by piece and never by open tender."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        if row["category"] != "works":
            groups.setdefault(kind_of(row), []).append(row)
    large = [g for g in groups.values() if len(g) >= 3 and sum(r["award"] for r in g) > _CLEARLY_MUCH]
    found = 0
    for i in rng.permutation(len(large)):
        group = large[int(i)]
        if group[0]["agency_code"] in used or found >= many:
            continue
        used.add(group[0]["agency_code"])
        found += 1
        for row in group:
            row.update(
                method=("quotation", "negotiation")[found % 2], notice_date=row["award_letter_date"] - dt.timedelta(9)
            )
        _label(planted, "avoided_tender", ("PC-01",), group[0], also=("PC-14",))


def _lawful_single_source(
    rows: list[Row], planted: Planted, many: int, used: set[str], rng: np.random.Generator
) -> None:
    """One purchase of a project from the only company that can deliver, made public beforehand."""
    count: dict[tuple[Any, ...], int] = {}
    for row in rows:
        count[kind_of(row)] = count.get(kind_of(row), 0) + 1
    alone = [r for r in rows if count[kind_of(r)] == 1 and r["category"] != "works"]
    for row in _some(alone, many, used, rng):
        row.update(method="single", bidders=1, publicity_date=row["award_date"] - dt.timedelta(20), notice_date=None)
        _label(planted, "public_single_source", ("PC-01",), row, hard=True)


def _late_contract(row: Row) -> None:
    _sign(row, row["contract_date"] - dt.timedelta(57))


def _contract_on_day_30(row: Row) -> None:
    _sign(row, row["contract_date"] - dt.timedelta(30))


def _sign(row: Row, letter: dt.date) -> None:
    row.update(
        award_date=letter, award_letter_date=letter, award_notice_date=letter, notice_date=letter - dt.timedelta(30)
    )


def _notice(workdays: int) -> Callable[[Row], None]:
    def change(row: Row) -> None:
        day = row["contract_date"]
        for _ in range(workdays):
            day = days.next_workday(day)
        row.update(contract_notice_date=day, filing_date=max(day, row["filing_date"]))

    return change


def _supplement(percent: int) -> Callable[[Row], None]:
    def change(row: Row) -> None:
        row.update(supplements=row["contract_amount"] * percent // 100)

    return change


_DATES: tuple[tuple[str, tuple[str, ...], bool, Callable[[Row], None]], ...] = (
    ("late_contract", ("PC-03",), False, _late_contract), ("contract_on_day_30", ("PC-03",), True, _contract_on_day_30),
    ("late_contract_notice", ("PC-04",), False, _notice(9)), ("contract_notice_on_day_2", ("PC-04",), True, _notice(2)),
    ("large_supplement", ("PC-07",), False, _supplement(26)), ("supplement_of_a_tenth", ("PC-07",), True, _supplement(10)),
)  # fmt: skip
