"""Payments day by day: a year in two rows of weeks, a fuller square for more money, days off hatched."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from budgetwatch.queries.pictures import Calendar, Day, share_off
from dashboard.components.money import around, percent, spelled
from dashboard.components.money import figure as words_of
from dashboard.figures.theme import (
    ANY,
    BLUE,
    CLEAR,
    GREY,
    QUIET,
    UP,
    Figure,
    Trace,
    axis_unit,
    bare,
    faint,
    leading,
    words_at,
)
from dashboard.figures.words import month as month_name
from dashboard.i18n import t

HEIGHT = 400
LEVELS = 4
#: Weeks side by side in each half of the year. Rows are 9 high and their squares 8, so that all places are whole numbers.
_ACROSS, _ROW, _SQUARE, _FIRST = 27, 9, 8, 85


def calendar(shown: Calendar, *, link: Callable[[str], str] | None = None) -> Figure:
    """Every day a square: filled as high as its money ranks among the days (a quarter, a half … full), so that the
    picture needs no colour; days off are hatched, days with more refunds than payments crossed out. `link` makes the
    address of a day (2025-03-31)."""
    first, last = dt.date(shown.year, 1, 1), dt.date(shown.year, 12, 31)
    paid = {d.day: d for d in shown.days}
    ranks = levels(shown.days)
    every = [first + dt.timedelta(n) for n in range((last - first).days + 1)]
    hatch = {"shape": "/", "fgcolor": faint(GREY, 0.8), "bgcolor": CLEAR, "size": 5, "solidity": 0.25}
    traces = []
    for off, with_money in ((False, False), (False, True), (True, False), (True, True)):
        there = [d for d in every if (d in shown.closed) == off and (d in paid) == with_money]
        ground = _squares(there, faint(GREY, 0.12), faint(GREY, 0.6 if off else 0.35), pattern=hatch if off else None)
        traces.append(ground | (_told(there, paid, shown, off) if with_money else {"hoverinfo": "skip"}))
    rising, back = sorted(ranks), [d for d in paid if paid[d].amount < 0]
    crossed = {"shape": "x", "fgcolor": UP, "bgcolor": CLEAR, "size": 6}
    traces += [
        _squares(rising, BLUE, BLUE, full=[ranks[d] for d in rising]) | {"hoverinfo": "skip"},
        _squares(back, CLEAR, UP, pattern=crossed) | {"hoverinfo": "skip"},
        *_labels(shown.year),
    ]
    figure = bare(traces, x=[-2.1, _ACROSS + 0.1], y=[-1, _FIRST + 7 * _ROW + 13], barmode="overlay", bargap=0)
    if link is not None:
        figure["layout"]["meta"] = leading(link(f"{shown.year}-{ANY}"))
    return figure


def levels(days: tuple[Day, ...]) -> dict[dt.date, int]:
    """1 to 4: in which quarter of the days, from the least money to the most, each day stands."""
    more = sorted((d for d in days if d.amount > 0), key=lambda d: (d.amount, d.day))
    return {d.day: at * LEVELS // len(more) + 1 for at, d in enumerate(more)}


def calendar_sentence(shown: Calendar) -> str:
    """How many days had payments, which had most, and what was paid on days off."""
    if not shown.days:
        return t("没有符合条件的支付，日历是空的。")
    most = max(shown.days, key=lambda d: (d.amount, d.day))
    told = t(
        "{year} 年有 {n} 天发生支付，最多的是 {day}（{amount}）",
        year=shown.year,
        n=len(shown.days),
        day=most.day.isoformat(),
        amount=spelled(most.amount, shown.currency),
    )
    off = [d for d in shown.days if d.off]
    if off:
        amount = sum((d.amount for d in off), Decimal(0))
        share = share_off(shown)
        told += t(
            "；休息日 {n} 天、{count} 笔、{amount}",
            n=len(off),
            count=sum(d.count for d in off),
            amount=spelled(amount, shown.currency),
        )
        if share is not None and shown.total > 0:
            told += t("，占 {share}", share=percent(share, 2))
    else:
        told += t("；休息日没有支付")
    if not shown.certain:
        told += t("。这一年没有官方节假日表，只按周末算休息日")
    return told + t("。")


def _place(day: dt.date) -> tuple[int, int]:
    """The week's column in its half of the year, and the foot of the square: Monday on top, the first half above."""
    half = day.month > 6
    begins = dt.date(day.year, 7 if half else 1, 1)
    column = ((day - begins).days + begins.weekday()) // 7
    return column, (6 - day.weekday()) * _ROW + (0 if half else _FIRST)


def _squares(
    days: Sequence[dt.date],
    fill: str,
    line: str,
    *,
    full: Sequence[int] | None = None,
    pattern: dict[str, Any] | None = None,
) -> Trace:
    """A bar a day, from the foot of its square up to `full` of LEVELS."""
    places = [_place(day) for day in days]
    marker: dict[str, Any] = {"color": fill, "line": {"width": 1, "color": line}}
    return {
        "type": "bar",
        "x": [x for x, _ in places],
        "base": [y for _, y in places],
        "y": [_SQUARE * level // LEVELS for level in full or [LEVELS] * len(days)],
        "width": 0.88,
        "offset": 0.06,
        "marker": marker | ({"pattern": pattern} if pattern else {}),
    }


def _told(days: Sequence[dt.date], paid: dict[dt.date, Day], shown: Calendar, off: bool) -> dict[str, Any]:
    """What these squares say when pointed at, and their day of the year, which is where they lead."""
    words = f" {t('休息日')}" if off else ""
    count = t("{n} 笔", n="%{customdata[2]}")
    unit = axis_unit([d.amount for d in shown.days], shown.currency)
    before, after = around(shown.currency, unit)
    return {
        "customdata": [
            [words_of(paid[d].amount, unit, shown.currency), d.isoformat()[5:], paid[d].count] for d in days
        ],
        "hovertemplate": f"{shown.year}-%{{customdata[1]}}{words}<br>{before}%{{customdata[0]}}{after} · {count}<extra></extra>",
    }


def _labels(year: int) -> list[Trace]:
    """Months above their first whole week, weekdays beside every other row."""
    months, rows = [], []
    for month in range(1, 13):
        column, _ = _place(dt.date(year, month, 1))
        top = 6 * _ROW + _SQUARE + (_FIRST if month < 7 else 0)
        months.append((column + (0.1 if column == 0 else 0.9), top + 7, month_name(month)))
    for half in (0, _FIRST):
        for at, word in ((0, t("一")), (2, t("三")), (4, t("五")), (6, t("日"))):
            rows.append((-0.2, (6 - at) * _ROW + half + _SQUARE // 2, word))
    return [
        words_at([x for x, _, _ in points], [y for _, y, _ in points], [w for *_, w in points], position, QUIET, 11)
        for points, position in ((months, "middle right"), (rows, "middle left"))
    ]
