"""The way from last year's budget to this year's: what rose and what fell most, step by step."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from budgetwatch.queries.pictures import Step, Waterfall
from dashboard.components.money import figure as words_of
from dashboard.components.money import percent, spelled
from dashboard.figures.theme import BLUE, DOWN, GREY, UP, Figure, height_of_rows, rows_of_bars, scaled
from dashboard.i18n import say, t

_ZERO = Decimal(0)


def waterfall(shown: Waterfall, *, link: Callable[[str], str] | None = None) -> Figure:
    """A row a step. Lengths are differences from last year's budget, which is the line that all begins at: on a scale
    from nothing the changes would be too small to see. Rises are plain, falls are hatched and run to the left."""
    steps = shown.steps
    starts, lengths, colours, hatches, words = [], [], [], [], []
    at = _ZERO
    for step in steps:
        change = _ZERO if step.kind == "start" else step.amount
        if step.kind == "end":
            start, length = _ZERO, step.amount - (shown.start or _ZERO)
            colours.append(BLUE)
        else:
            start, length = at, change
            at += change
            colours.append(GREY if step.kind in ("start", "others") else UP if change > 0 else DOWN)
        hatches.append("/" if step.kind not in ("start", "end") and change < 0 else "")
        starts.append(scaled(start, shown.currency) or 0.0)
        lengths.append(scaled(length, shown.currency) or 0.0)
        words.append(word_of(step, shown.currency))
    names = [say(step.name) for step in steps]
    links = [link(step.code) if link and step.code else "" for step in steps]
    figure = rows_of_bars(names, words, starts, lengths, colours, hatches=hatches, links=links)
    if steps:
        line = {"color": GREY, "width": 1}
        figure["layout"]["shapes"] = [
            {"type": "line", "x0": 0, "x1": 0, "y0": -0.5, "y1": len(steps) - 1, "line": line, "layer": "below"}
        ]
    return figure


def waterfall_height(shown: Waterfall) -> int:
    """How high the picture should stand."""
    return height_of_rows(len(shown.steps))


def waterfall_sentence(shown: Waterfall) -> str:
    """From what to what, how many rose and fell, and which moved most either way."""
    if shown.start is None or shown.end is None:
        return t("没有上年预算，不能说明增减的来历。")
    change = shown.end - shown.start
    every = (*shown.changes, *shown.others)
    if not every:
        return t("与上年预算逐项相同。")
    told = t(
        "从 {last} 年的 {a}到 {year} 年的 {b}，{way} {by}{share}",
        last=shown.year - 1,
        year=shown.year,
        a=spelled(shown.start, shown.currency),
        b=spelled(shown.end, shown.currency),
        way=t("净增") if change > 0 else t("净减") if change < 0 else t("总数不变"),
        by=spelled(abs(change), shown.currency) if change else "",
        share=t("（{share}）", share=percent(abs(change) / shown.start)) if change and shown.start > 0 else "",
    )
    up, down = [s for s in every if s.amount > 0], [s for s in every if s.amount < 0]
    told += t("：{up} 项增加、{down} 项减少", up=len(up), down=len(down))
    if up:
        most = max(up, key=lambda s: s.amount)
        told += t("，增加最多的是{name}（{by}）", name=say(most.name), by=_signed(most.amount, shown.currency))
    if down:
        most = min(down, key=lambda s: s.amount)
        told += t("，减少最多的是{name}（{by}）", name=say(most.name), by=_signed(most.amount, shown.currency))
    return told + t("。")


def word_of(step: Step, currency: str) -> str:
    """The figure that stands beside a step."""
    if step.kind == "start":
        return spelled(step.amount, currency)
    if step.kind == "end":
        share = t("（{share}）", share=_percent(step.share)) if step.share is not None else ""
        return f"{spelled(step.amount, currency)}{share}"
    share = t("（{share}）", share=_percent(step.share)) if step.share is not None and step.kind == "change" else ""
    return f"{_signed(step.amount, currency)}{share}"


def _percent(share: Decimal | None) -> str:
    return ("+" if share and share > 0 else "") + percent(share or _ZERO)


def _signed(value: Decimal, currency: str) -> str:
    return ("+" if value > 0 else "") + words_of(value, None, currency)
