"""The picture of an incident: month by month what is held beside what was to be expected; and what is said of both."""

from __future__ import annotations

from typing import Any

from dashboard.figures.theme import BLUE, GREY, Figure, dressed, upright
from dashboard.figures.totals import _in_time
from dashboard.i18n import say, t


def beyond(shown: Any) -> Figure:
    """Two columns a month: expected behind a hatch, found in full; those known by their year only stand apart."""
    rows = [row for row in shown.listing.rows if len(row["month"]) == 7] or shown.listing.rows
    codes = [row["month"] for row in rows]
    places, ticks = _in_time(codes, codes)
    names = {h.name: say(h.label) for h in shown.listing.headings}

    def bars(name: str, colour: str, **more: Any) -> dict[str, Any]:
        return {
            "type": "bar", "name": names[name], "x": places, "y": [row[name] for row in rows],
            "marker": {"color": colour, **more},
            "customdata": [[row["month"], f"{row[name]:,}"] for row in rows],
            "hovertemplate": f"%{{customdata[0]}} · {names[name]}<br>%{{customdata[1]}}<extra></extra>",
        }  # fmt: skip

    span = {"range": [min(places) - 0.7, max(places) + 0.7]} if places else {}
    return dressed(
        [bars("usual", GREY, pattern={"shape": "/", "solidity": 0.35}), bars("held", BLUE)],
        x={"tickvals": list(ticks), "ticktext": list(ticks.values()), "showgrid": False, "zeroline": False, "tickangle": 0, **span},
        y=upright(),
        barmode="group",
        bargap=0.2,
        margin={"l": 8, "r": 8, "t": 24, "b": 8},
    )  # fmt: skip


def sentence(shown: Any) -> str:
    """Where it gathers, and what is not drawn."""
    rows = shown.listing.rows
    if not rows:
        return t("没有暂存的结果。")
    most = max(rows, key=lambda row: row["held"])
    usual = say(next(h.label for h in shown.listing.headings if h.name == "usual"))
    said = t(
        "新查出最多的是 {month}：{held} 条，同月{usual} {n} 条。",
        month=most["month"], held=f"{most['held']:,}", usual=usual, n=f"{most['usual']:,}",
    )  # fmt: skip
    yearly = sum(row["held"] for row in rows if len(row["month"]) == 4)
    whole = sum(row["held"] for row in rows)
    return said + (t("其中 {n} 条只知道年份，未画出。", n=f"{yearly:,}") if 0 < yearly < whole else "")


def how_far(told: Any) -> str:
    """So many were found where so many were expected at most."""
    if told["times"] is None:
        return t("新查出 {n} 条，预期一条也没有。", n=f"{told['found']:,}")
    return t(
        "新查出 {n} 条，预期至多 {expected} 条，是预期的 {times} 倍。",
        n=f"{told['found']:,}", expected=f"{told['expected']:,}", times=f"{told['times']:,.1f}",
    )  # fmt: skip
