"""The picture of a back-test: hits by month as columns; and the sentence that says what it would find and cost."""

from __future__ import annotations

from typing import Any

from budgetwatch.backtest.report import Report, RuleReport
from dashboard.figures.theme import BLUE, Figure, dressed, upright
from dashboard.figures.totals import _in_time
from dashboard.i18n import t


def by_month(shown: Any) -> Figure:
    """A column for each month with hits; those known by their year only stand apart, named by the year."""
    rows = [row for row in shown.listing.rows if len(row["month"]) == 7] or shown.listing.rows
    codes = [row["month"] for row in rows]
    places, ticks = _in_time(codes, codes)
    bars = {
        "type": "bar", "x": places, "y": [row["hits"] for row in rows], "marker": {"color": BLUE},
        "customdata": [[row["month"], f"{row['hits']:,}"] for row in rows],
        "hovertemplate": "%{customdata[0]}<br>%{customdata[1]}<extra></extra>",
    }  # fmt: skip
    span = {"range": [min(places) - 0.7, max(places) + 0.7]} if places else {}
    return dressed(
        [bars],
        x={"tickvals": list(ticks), "ticktext": list(ticks.values()), "showgrid": False, "zeroline": False, "tickangle": 0, **span},
        y=upright(),
        margin={"l": 8, "r": 8, "t": 24, "b": 8},
    )  # fmt: skip


def by_month_sentence(shown: Any) -> str:
    """Where hits gather."""
    rows = shown.listing.rows
    if not rows:
        return t("没有命中。")
    most = max(rows, key=lambda row: row["hits"])
    whole = sum(row["hits"] for row in rows)
    yearly = sum(row["hits"] for row in rows if len(row["month"]) == 4)
    said = t(
        "共命中 {n} 条，最多的是 {month}：{hits} 条。", n=f"{whole:,}", month=most["month"], hits=f"{most['hits']:,}"
    )
    return said + (t("其中 {n} 条只知道年份，未画出。", n=f"{yearly:,}") if 0 < yearly < whole else "")


def said_of(one: RuleReport, report: Report) -> str:
    """What a rule would find and cost, in words; a share only where people have judged."""
    found = t(
        "{years} 年里会列出 {hits} 条，其中 {marginal} 条是其他规则没有的；每年约需核查 {hours} 小时。",
        years=report.years, hits=f"{one.hits:,}", marginal=f"{one.marginal:,}", hours=f"{one.hours:,.1f}",
    )  # fmt: skip
    p = one.precision
    if p.share is None or p.low is None or p.high is None:
        return found + t("还没有人认定过，准确程度未知。")
    return found + t(
        "已认定 {n} 条中属实 {k} 条（{share}，区间 {low}—{high}）。",
        n=p.n, k=p.confirmed, share=f"{p.share:.0%}", low=f"{p.low:.0%}", high=f"{p.high:.0%}",
    )  # fmt: skip
