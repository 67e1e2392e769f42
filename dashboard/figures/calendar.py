"""Payments day by day: a year in two rows of weeks, a fuller square for more money, days off hatched."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import plotly.graph_objects as go
from plotly.graph_objects import Figure

from budgetwatch.queries.pictures import Calendar, Day, share_off
from dashboard.components.money import figure as words_of
from dashboard.components.money import percent, unit_label
from dashboard.figures.theme import BLUE, GREY, QUIET, UP, bare, dressed, faint
from dashboard.figures.words import month as month_name
from dashboard.i18n import t

HEIGHT = 400
LEVELS = 4
#: Weeks side by side in each half of the year, and rows between the halves.
_ACROSS, _BETWEEN = 27, 2.4


def calendar(shown: Calendar, *, link: Callable[[dt.date], str] | None = None) -> Figure:
    """Every day a square: filled as high as its money ranks among the days (a quarter, a half … full), so that the
    picture needs no colour; days off are hatched, days with more refunds than payments crossed out."""
    first, last = dt.date(shown.year, 1, 1), dt.date(shown.year, 12, 31)
    paid = {d.day: d for d in shown.days}
    ranks = levels(shown.days)
    every = [first + dt.timedelta(n) for n in range((last - first).days + 1)]
    closed, back = [d for d in every if d in shown.closed], [d for d in paid if paid[d].amount < 0]
    figure = go.Figure([_squares(every, 1.0, fill=faint(GREY, 0.12), line=faint(GREY, 0.35))])
    figure.add_trace(
        _squares(
            closed,
            1.0,
            line=faint(GREY, 0.6),
            name=t("休息日"),
            pattern={
                "shape": "/",
                "fgcolor": faint(GREY, 0.8),
                "bgcolor": "rgba(0,0,0,0)",
                "size": 5,
                "solidity": 0.25,
            },
        )
    )
    for level in range(1, LEVELS + 1):
        there = [d for d, rank in ranks.items() if rank == level]
        figure.add_trace(_squares(there, level / LEVELS, fill=BLUE, line=BLUE))
    figure.add_trace(
        _squares(back, 1.0, line=UP, pattern={"shape": "x", "fgcolor": UP, "bgcolor": "rgba(0,0,0,0)", "size": 6})
    )
    figure.add_trace(_names([d for d in every if d in paid], paid, shown, link))
    _labels(figure, shown.year)
    bare(dressed(figure))
    figure.update_xaxes(range=[-2.1, _ACROSS + 0.1])
    figure.update_yaxes(range=[-(2 * 7 + _BETWEEN) - 0.1, 1.5])
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
    unit = unit_label(shown.currency)
    told = t(
        "{year} 年有 {n} 天发生支付，最多的是 {day}（{amount} {unit}）",
        year=shown.year,
        n=len(shown.days),
        day=most.day.isoformat(),
        amount=words_of(most.amount, None, shown.currency),
        unit=unit,
    )
    off = [d for d in shown.days if d.off]
    if off:
        amount = sum((d.amount for d in off), Decimal(0))
        share = share_off(shown)
        told += t(
            "；休息日 {n} 天、{count} 笔、{amount} {unit}",
            n=len(off),
            count=sum(d.count for d in off),
            amount=words_of(amount, None, shown.currency),
            unit=unit,
        )
        if share is not None and shown.total > 0:
            told += t("，占 {share}", share=percent(share, 2))
    else:
        told += t("；休息日没有支付")
    if not shown.certain:
        told += t("。这一年没有官方节假日表，只按周末算休息日")
    return told + t("。")


def _place(day: dt.date) -> tuple[int, float]:
    """The week's column in its half of the year, and the row: Monday on top, the second half below the first."""
    half = day.month > 6
    begins = dt.date(day.year, 7 if half else 1, 1)
    column = ((day - begins).days + begins.weekday()) // 7
    return column, -(day.weekday() + (7 + _BETWEEN if half else 0))


def _squares(
    days: list[dt.date],
    full: float,
    *,
    fill: str | None = None,
    line: str,
    name: str = "",
    pattern: dict[str, Any] | None = None,
) -> go.Scatter:
    """One path of all these days' squares, filled from the foot up to `full` of their height."""
    x: list[float | None] = []
    y: list[float | None] = []
    for day in days:
        left, top = _place(day)
        low, high = top - 0.88, top - 0.88 + 0.88 * full
        x += [left + 0.06, left + 0.94, left + 0.94, left + 0.06, left + 0.06, None]
        y += [low, low, high, high, low, None]
    return go.Scatter(
        x=x,
        y=y,
        mode="lines",
        line={"width": 1, "color": line},
        fill="toself",
        fillcolor=fill or "rgba(0,0,0,0)",
        fillpattern=pattern,
        hoverinfo="skip",
        name=name,
    )


def _names(
    days: list[dt.date], paid: dict[dt.date, Day], shown: Calendar, link: Callable[[dt.date], str] | None
) -> go.Scatter:
    """An unseen point on every day with payments: what it says when pointed at, where it leads when pressed."""
    places = [_place(d) for d in days]
    unit = unit_label(shown.currency)
    told = [
        [
            f"{d.isoformat()}{' ' + t('休息日') if paid[d].off else ''}<br>{words_of(paid[d].amount, None, shown.currency)} {unit}"
            f" · {t('{n} 笔', n=paid[d].count)}",
            link(d) if link else "",
        ]
        for d in days
    ]
    return go.Scatter(
        x=[x + 0.5 for x, _ in places],
        y=[y - 0.44 for _, y in places],
        mode="markers",
        marker={"size": 10, "opacity": 0, "symbol": "square"},
        customdata=told,
        hovertemplate="%{customdata[0]}<extra></extra>",
    )


def _labels(figure: Figure, year: int) -> None:
    """Months above their first whole week, weekdays beside every other row."""
    months, rows = [], []
    for month in range(1, 13):
        column, _ = _place(dt.date(year, month, 1))
        months.append(
            (column + (0.1 if column == 0 else 0.9), 0.75 - (7 + _BETWEEN if month > 6 else 0), month_name(month))
        )
    for half in (0, 7 + _BETWEEN):
        for at, word in ((0, t("一")), (2, t("三")), (4, t("五")), (6, t("日"))):
            rows.append((-0.2, -at - half - 0.44, word))
    for points, position in ((months, "middle right"), (rows, "middle left")):
        figure.add_trace(
            go.Scatter(
                x=[x for x, _, _ in points],
                y=[y for _, y, _ in points],
                text=[w for _, _, w in points],
                mode="text",
                textposition=position,
                textfont={"size": 11, "color": QUIET},
                hoverinfo="skip",
                cliponaxis=False,
            )
        )
