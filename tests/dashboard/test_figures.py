"""Charts are pure: rows in, figure out; and their sentences say what the rows say."""

from __future__ import annotations

import os
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgetwatch.queries.budgets import TrendPoint
from budgetwatch.text import Text
from dashboard.figures import budget, totals
from dashboard.figures.theme import BLUE, DEEP, DOWN, GREY, INK, QUIET, UP
from dashboard.i18n import speak


def row(name: str, change: str | None, ratio: str | None = None) -> dict[str, Any]:
    return {
        "code": name,
        "name": Text(name, name),
        "change": None if change is None else Decimal(change),
        "change_ratio": None if ratio is None else Decimal(ratio),
    }


def total(name: str, amount: str, currency: str = "CNY") -> dict[str, Any]:
    return {"code": name, "name": Text(name, name), "amount": Decimal(amount), "currency": currency, "count": 1}


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("colour", "least"), [(INK, 4.5), (QUIET, 4.5), *[(c, 3.0) for c in (BLUE, DEEP, UP, DOWN, GREY)]]
)
def test_colours_stand_out_from_the_white_ground(colour: str, least: float) -> None:
    assert 1.05 / (luminance(colour) + 0.05) >= least


def test_the_greatest_change_is_on_top_and_lines_without_comparison_are_left_out() -> None:
    figure = budget.changes([row("a", "5"), row("b", "-90"), row("c", None), row("d", "30"), row("e", "0")])
    assert list(figure.data[0].x) == [5.0, 30.0, -90.0]
    assert list(figure.layout.yaxis.ticktext) == ["a", "d", "b"]
    assert list(figure.data[0].marker.color) == [UP, UP, DOWN]


def test_the_sentence_of_changes_names_the_greatest_and_counts_both_ways() -> None:
    speak("zh")
    said = budget.changes_sentence([row("教育", "5", "0.1"), row("交通", "-90.5", "-0.25")])
    assert said == "与上年预算相比，1 项增加、1 项减少；变化最大的是交通，减少 90.50 元（25.0%）。"
    assert "没有可比" in budget.changes_sentence([row("教育", None)])


def test_a_draft_stands_where_its_budget_will_stand() -> None:
    figure = budget.trend([TrendPoint(2025, Decimal(10), Decimal(9), None), TrendPoint(2026, None, None, Decimal(12))])
    assert {bar.name: bar.offsetgroup for bar in figure.data}["草案"] == "plan"
    assert figure.layout.xaxis.type == "category"


def test_the_sentence_of_a_trend_is_exact() -> None:
    speak("zh")
    points = [TrendPoint(2024, Decimal("100.00"), None, None), TrendPoint(2026, None, None, Decimal("125.00"))]
    assert budget.trend_sentence(points) == "从 2024 年到 2026 年，由 100.00 到 125.00 元，增长 25.0%。"
    assert "一年" in budget.trend_sentence(points[:1])


def test_sums_over_time_keep_their_order_and_others_put_the_greatest_on_top() -> None:
    months = totals.totals([total("2025-01", "3"), total("2025-02", "9")], "month")
    assert list(months.data[0].x) == ["2025-01", "2025-02"]
    units = totals.totals([total("甲", "9"), total("乙", "3")], "agency")
    assert list(units.layout.yaxis.ticktext) == ["乙", "甲"]


def test_currencies_never_share_an_axis() -> None:
    rows = [total("甲", "9"), total("乙", "3", "GBP"), total("丙", "1")]
    assert len(totals.totals(rows, "agency").data[0].x) == 2
    assert "9.00 元（90.0%）" in totals.totals_sentence(rows, "agency")


@given(st.lists(st.decimals(min_value=-(10**15), max_value=10**15, places=2), max_size=40))
def test_any_rows_make_a_figure_and_a_sentence(amounts: list[Decimal]) -> None:
    rows = [row(str(n), str(a)) for n, a in enumerate(amounts)]
    budget.changes(rows)
    assert budget.changes_sentence(rows)
    sums = [total(str(n), str(a)) for n, a in enumerate(amounts)]
    for by in ("month", "agency"):
        totals.totals(sums, by)
        assert totals.totals_sentence(sums, by)


def test_no_figure_carries_a_toolbar_or_zooms_under_a_thumb() -> None:
    assert os.sep  # figures need no file and no network
    figure = totals.totals([total("甲", "9")], "agency")
    assert figure.layout.xaxis.fixedrange
    assert figure.layout.yaxis.fixedrange
