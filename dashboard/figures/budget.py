"""Pictures of a draft budget: what rose and fell most, and the same line over the years."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import plotly.graph_objects as go
from plotly.graph_objects import Figure

from budgetwatch.queries.budgets import TrendPoint
from dashboard.components.money import figure as words_of
from dashboard.components.money import percent, unit_label
from dashboard.figures.theme import BLUE, DEEP, DOWN, GREY, INK, UP, clipped, dressed, scaled
from dashboard.i18n import say, t

Row = Mapping[str, Any]
MOST = 12


def moved(rows: Sequence[Row], most: int = MOST) -> list[Row]:
    """The lines that changed most, greatest first; lines without a comparison are left out."""
    changed = [r for r in rows if r.get("change")]
    return sorted(changed, key=lambda r: abs(r["change"]), reverse=True)[:most]


def changes(rows: Sequence[Row], currency: str = "CNY") -> Figure:
    """Bars to the right for what rose, to the left for what fell, greatest change on top."""
    shown = moved(rows)[::-1]
    names = [say(r["name"]) for r in shown]
    words = [_signed(r["change"], currency) for r in shown]
    figure = go.Figure(
        go.Bar(
            x=[scaled(r["change"], currency) for r in shown],
            y=list(range(len(shown))),
            orientation="h",
            marker={"color": [UP if r["change"] > 0 else DOWN for r in shown]},
            text=words,
            textposition="outside",
            cliponaxis=False,
            textfont={"color": INK, "size": 12},
            customdata=[[n, w] for n, w in zip(names, words, strict=True)],
            hovertemplate=f"%{{customdata[0]}}<br>%{{customdata[1]}} {unit_label(currency)}<extra></extra>",
        )
    )
    dressed(figure)
    figure.update_yaxes(
        tickmode="array", tickvals=list(range(len(shown))), ticktext=[clipped(n) for n in names], showgrid=False
    )
    lengths = [scaled(r["change"], currency) or 0.0 for r in shown] or [0.0]
    low, high = min(0.0, *lengths), max(0.0, *lengths)
    room = (high - low) * 0.22 or 1.0
    figure.update_xaxes(
        range=[low - (room if low < 0 else 0), high + (room if high > 0 else 0)], nticks=5, showticklabels=False
    )
    return figure


def changes_sentence(rows: Sequence[Row], currency: str = "CNY") -> str:
    """What the picture of changes shows, in words made from the same rows."""
    changed = moved(rows, most=len(rows))
    if not changed:
        return t("与上年预算相比，没有可比的变化。")
    up = sum(1 for r in changed if r["change"] > 0)
    first = changed[0]
    direction = t("增加") if first["change"] > 0 else t("减少")
    share = t("（{share}）", share=percent(abs(first["change_ratio"]))) if first.get("change_ratio") is not None else ""
    return t(
        "与上年预算相比，{up} 项增加、{down} 项减少；变化最大的是{name}，{direction} {figure} {unit}{share}。",
        up=up,
        down=len(changed) - up,
        name=say(first["name"]),
        direction=direction,
        figure=words_of(abs(first["change"]), None, currency),
        unit=unit_label(currency),
        share=share,
    )


def trend(points: Sequence[TrendPoint], currency: str = "CNY") -> Figure:
    """Budget and actual side by side for each year, the draft hatched."""
    years = [str(p.year) for p in points]
    # The draft takes the place of the budget that it wants to become.
    series = (
        (t("预算"), [p.budget for p in points], BLUE, "", "plan"),
        (t("草案"), [p.draft if p.budget is None else None for p in points], GREY, "/", "plan"),
        (t("决算或实际支出"), [p.actual for p in points], DEEP, "", "spent"),
    )
    figure = go.Figure(
        [
            go.Bar(
                name=name,
                offsetgroup=place,
                x=years,
                y=[scaled(v, currency) for v in values],
                marker={"color": colour, "pattern": {"shape": hatch, "solidity": 0.35}},
                customdata=[words_of(v, None, currency) for v in values],
                hovertemplate=f"%{{x}} {name}<br>%{{customdata}} {unit_label(currency)}<extra></extra>",
            )
            for name, values, colour, hatch, place in series
            if any(v is not None for v in values)
        ]
    )
    dressed(figure)
    figure.update_layout(barmode="group", margin={"t": 36})
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_yaxes(nticks=5, rangemode="tozero", tickformat=",.4~r")
    return figure


def trend_sentence(points: Sequence[TrendPoint], currency: str = "CNY") -> str:
    """The way over the years in words."""
    planned = [(p.year, p.draft if p.budget is None else p.budget) for p in points]
    told = [(year, value) for year, value in planned if value is not None]
    if len(told) < 2 or not told[0][1]:
        return t("只有一年的数据，还看不出走向。")
    (first, before), (last, after) = told[0], told[-1]
    ratio = (after - before) / before
    word = t("增长") if ratio > 0 else t("下降") if ratio < 0 else t("持平")
    return t(
        "从 {first} 年到 {last} 年，由 {a} 到 {b} {unit}，{word} {share}。",
        first=first,
        last=last,
        a=words_of(before, None, currency),
        b=words_of(after, None, currency),
        unit=unit_label(currency),
        word=word,
        share=percent(abs(ratio)),
    )


def _signed(value: Decimal, currency: str) -> str:
    return ("+" if value > 0 else "") + words_of(value, None, currency)
