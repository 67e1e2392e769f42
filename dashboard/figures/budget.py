"""The same line of a budget over the years: what was planned beside what was spent."""

from __future__ import annotations

from collections.abc import Sequence

from budgetwatch.queries.budgets import TrendPoint
from dashboard.components.money import percent, spelled
from dashboard.figures.theme import BLUE, DEEP, GREY, Figure, axis_unit, dressed, said_unit, scaled, upright
from dashboard.i18n import t


def trend(points: Sequence[TrendPoint], currency: str = "CNY") -> Figure:
    """Budget and actual side by side for each year, the draft hatched."""
    years = [str(p.year) for p in points]
    # The draft takes the place of the budget that it wants to become.
    series = (
        (t("预算"), [p.budget for p in points], BLUE, "", "plan"),
        (t("草案"), [p.draft if p.budget is None else None for p in points], GREY, "/", "plan"),
        (t("决算或实际支出"), [p.actual for p in points], DEEP, "", "spent"),
    )
    unit = axis_unit([v for _, values, *_ in series for v in values], currency)
    bars = [
        {
            "type": "bar",
            "name": name,
            "offsetgroup": place,
            "x": years,
            "y": [scaled(v, currency, unit) for v in values],
            "marker": {"color": colour, "pattern": {"shape": hatch, "solidity": 0.35}},
            "customdata": [spelled(v, currency) for v in values],
            "hovertemplate": f"%{{x}} {name}<br>%{{customdata}}<extra></extra>",
        }
        for name, values, colour, hatch, place in series
        if any(v is not None for v in values)
    ]
    return dressed(
        bars,
        x={"type": "category", "showgrid": False, "tickangle": 0},
        y=upright(rangemode="tozero"),
        barmode="group",
        # The legend has its own line above the unit.
        legend={"orientation": "h", "x": 0, "y": 1.09, "yanchor": "bottom", "font": {"color": "#566373"}},
        margin={"l": 8, "r": 8, "t": 56, "b": 8},
        annotations=[said_unit(currency, unit)],
    )


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
        "从 {first} 年到 {last} 年，由 {a}到 {b}，{word} {share}。",
        first=first,
        last=last,
        a=spelled(before, currency),
        b=spelled(after, currency),
        word=word,
        share=percent(abs(ratio)),
    )
