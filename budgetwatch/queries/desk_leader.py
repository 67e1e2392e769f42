"""What leads a congress's leader to ask: red cases left open, how long the loop takes, what was confirmed this year."""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from typing import TYPE_CHECKING

import sqlalchemy as sa

from budgetwatch import tables as t
from budgetwatch.access.viewer import Viewer
from budgetwatch.calendar import days_off, today
from budgetwatch.cases import machine
from budgetwatch.queries import work
from budgetwatch.queries.casefile import in_sight
from budgetwatch.queries.desk import CaseLine, lines, local
from budgetwatch.queries.names import names
from budgetwatch.queries.scope import demand

if TYPE_CHECKING:
    from budgetwatch.home import Home

MONTHS = 6


@dataclass(frozen=True, slots=True)
class Red:
    """Open red cases: the oldest ones, how many, and how many of them are late."""

    lines: list[CaseLine]
    open: int
    late: int


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg of the loop in one month: the median of its working days (None where none ended then), over how many cases."""

    days: float | None
    cases: int


@dataclass(frozen=True, slots=True)
class Month:
    """The legs that ended in a month: flagged → asked, asked → replied, flagged → closed."""

    month: dt.date
    asked: Leg
    replied: Leg
    closed: Leg


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What people confirmed this year (and did not take back): how many cases, and their amounts by currency."""

    year: int
    cases: int
    amounts: dict[str, Decimal]
    closed: int


def red(home: Home, viewer: Viewer, *, limit: int = 5) -> Red:
    """Red cases that are open, the oldest first."""
    demand(viewer, "cases")
    still = sa.and_(t.Flag.severity == "red", t.Case.state.not_in(machine.ENDED))
    with home.session() as session:
        count, late = session.execute(
            sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(sa.case((t.Case.due_on < today(), 1), else_=0)), 0))
            .select_from(t.Case)
            .join(t.Flag, t.Flag.id == t.Case.flag_id)
            .where(in_sight(viewer), still)
        ).one()
    return Red(lines(home, viewer, still, order=(t.Case.opened_at, t.Case.id), limit=limit), int(count), int(late))


def confirmed(home: Home, viewer: Viewer) -> Confirmed:
    """Cases confirmed this year that stand confirmed, or were closed as such."""
    demand(viewer, "cases")
    year = today().year
    query = (
        sa.select(t.Case.region, t.Case.state, sa.func.count(), sa.func.sum(t.Flag.amount))
        .join(t.Flag, t.Flag.id == t.Case.flag_id)
        .where(in_sight(viewer), work.confirmed_in(year))
        .group_by(t.Case.region, t.Case.state)
    )
    known = names(home, viewer)
    cases = closed = 0
    amounts: dict[str, Decimal] = {}
    with home.session() as session:
        for region, state, count, amount in session.execute(query):
            cases += count
            closed += count if state == "closed" else 0
            if amount is not None:
                currency = known.currency(region)
                amounts[currency] = amounts.get(currency, Decimal(0)) + amount
    return Confirmed(year, cases, amounts, closed)


def loop(home: Home, viewer: Viewer, *, months: int = MONTHS) -> list[Month]:
    """The last months, newest first, each with the median working days of the legs that ended in it."""
    demand(viewer, "cases")
    last = today().replace(day=1)
    wanted = [_back(last, n) for n in range(months)]
    start = dt.datetime.combine(wanted[-1], dt.time()).astimezone()
    legs = [_legs(home, viewer, start, ends, begins) for ends, begins in (("ask", ""), ("reply", "ask"), ("close", ""))]
    between = _workdays(pair for pairs in legs for pair in pairs)
    return [
        Month(month, *(_leg([between(a, b) for a, b in pairs if b.replace(day=1) == month]) for pairs in legs))
        for month in wanted
    ]


def _legs(home: Home, viewer: Viewer, start: dt.datetime, ends: str, begins: str) -> list[tuple[dt.date, dt.date]]:
    """(first day, last day) of every leg that ended since `start` with the step `ends`; it begins with the latest step
    `begins` before it, or on the day the case was opened."""
    end = sa.orm.aliased(t.CaseStep)
    since: sa.ColumnElement[dt.datetime] | sa.orm.InstrumentedAttribute[dt.datetime] = t.Case.opened_at
    if begins:
        first = sa.orm.aliased(t.CaseStep)
        since = (
            sa.select(sa.func.max(first.at))
            .where(first.case_id == end.case_id, first.action == begins, first.seq < end.seq)
            .scalar_subquery()
        )
    query = (
        sa.select(since, end.at)
        .select_from(t.Case)
        .join(end, end.case_id == t.Case.id)
        .where(in_sight(viewer), end.action == ends, end.at >= start)
    )
    with home.session() as session:
        return [(local(a), local(b)) for a, b in session.execute(query) if a is not None]


def _workdays(pairs: Iterable[tuple[dt.date, dt.date]]) -> Callable[[dt.date, dt.date], int]:
    """between(a, b): the working days after a up to b; the calendar is walked once for all of them."""
    days = [day for pair in pairs for day in pair]
    if not days:
        return lambda a, b: 0
    first = min(days)
    reached = list(accumulate(not off for _, off in days_off(first, max(days))))
    return lambda a, b: reached[(b - first).days] - reached[(a - first).days]


def _leg(days: list[int]) -> Leg:
    return Leg(float(statistics.median(days)) if days else None, len(days))


def _back(month: dt.date, n: int) -> dt.date:
    """The first day of the month `n` months before."""
    place = month.year * 12 + month.month - 1 - n
    return dt.date(place // 12, place % 12 + 1, 1)
