"""Pictures of sums of payments: columns over time, bars for everything else."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from dashboard.components.money import percent, spelled
from dashboard.figures.theme import (
    BLUE,
    UP,
    Figure,
    axis_unit,
    dressed,
    height_of_rows,
    rows_of_bars,
    said_unit,
    scaled,
    upright,
)
from dashboard.figures.words import month_short
from dashboard.i18n import say, t

Row = Mapping[str, Any]
MOST = 15
OVER_TIME = ("month", "year")
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])\Z")


def one_currency(rows: Sequence[Row]) -> tuple[str, list[Row]]:
    """The rows of the currency most rows are in: lengths of different currencies may not stand side by side."""
    counts: dict[str, int] = {}
    for row in rows:
        currency = str(row.get("currency") or "CNY")
        counts[currency] = counts.get(currency, 0) + 1
    most = max(counts, key=lambda c: counts[c]) if counts else "CNY"
    return most, [r for r in rows if str(r.get("currency") or "CNY") == most]


def totals(rows: Sequence[Row], by: str) -> Figure:
    """One bar a row; months and years from left to right, others from the greatest down."""
    currency, kept = one_currency(rows)
    return _columns(kept, currency) if by in OVER_TIME else _bars(kept[:MOST], currency)


def totals_height(rows: Sequence[Row], by: str) -> int:
    """How high the picture should stand."""
    return 300 if by in OVER_TIME else height_of_rows(min(len(one_currency(rows)[1]), MOST))


def totals_sentence(
    rows: Sequence[Row], by: str, *, whole: Mapping[str, Decimal] | None = None, count: int | None = None
) -> str:
    """What the picture shows, from the same rows; `whole` and `count` where there is more than these."""
    currency, kept = one_currency(rows)
    if not kept:
        return t("没有可以汇总的支付。")
    greatest = max(kept, key=lambda r: r["amount"])
    everything = (whole or {}).get(currency) or sum((Decimal(r["amount"]) for r in kept), Decimal(0))
    share = t("（{share}）", share=percent(Decimal(greatest["amount"]) / everything)) if everything > 0 else ""
    several = len({str(r.get("currency") or "CNY") for r in rows}) > 1
    return t(
        "共 {n} 项，最多的是{name}：{figure}{share}。",
        n=f"{len(kept) if several or count is None else count:,}",
        name=say(greatest["name"]) or greatest.get("code") or t("（未填写）"),
        figure=spelled(greatest["amount"], currency),
        share=share,
    )


def _columns(rows: Sequence[Row], currency: str) -> Figure:
    """One column a month or year where it stands in time, so that a month without payments is a gap."""
    names = [say(r["name"]) or str(r["code"]) for r in rows]
    places, ticks = _in_time([str(r.get("code") or "") for r in rows], names)
    unit = axis_unit([Decimal(r["amount"]) for r in rows], currency)
    bars = {
        "type": "bar",
        "x": places,
        "y": [scaled(r["amount"], currency, unit) for r in rows],
        "marker": {"color": _colours(rows)},
        **_hover(rows, names, currency),
    }
    span = {"range": [min(places) - 0.7, max(places) + 0.7]} if places else {}
    return dressed(
        [bars],
        x={"tickvals": list(ticks), "ticktext": list(ticks.values()), "showgrid": False, "zeroline": False, "tickangle": 0, **span},
        y=upright(),
        margin={"l": 8, "r": 8, "t": 24, "b": 8},
        annotations=[said_unit(currency, unit)],
    )  # fmt: skip


def _in_time(codes: Sequence[str], names: Sequence[str]) -> tuple[list[int], dict[int, str]]:
    """Where each code stands (2025, 2025-03; in order of the rows where they are neither), and what is written below.

    Of many months every third or sixth is named, and the year once, under its first.
    """
    if all(_MONTH.match(code) for code in codes):
        places = [int(code[:4]) * 12 + int(code[5:]) - 1 for code in codes]
        every = 1 if len(places) <= 6 else 2 if len(places) <= 12 else 3 if len(places) <= 27 else 6
        ticks, year = {}, None
        for at in range(min(places, default=0), max(places, default=-1) + 1):
            if at % 12 % every == 0:
                ticks[at] = month_short(at % 12 + 1) + (f"<br>{at // 12}" if at // 12 != year else "")
                year = at // 12
        return places, ticks
    if all(len(code) == 4 and code.isdigit() for code in codes):
        return [int(code) for code in codes], {int(code): code for code in codes}
    return list(range(len(codes))), dict(enumerate(names))


def _bars(rows: Sequence[Row], currency: str) -> Figure:
    names = [say(r["name"]) or str(r.get("code") or t("（未填写）")) for r in rows]
    lengths = [scaled(r["amount"], currency) or 0.0 for r in rows]
    words = [spelled(r["amount"], currency) for r in rows]
    counts = [t("{n} 笔", n=f"{r.get('count', 0):,}") for r in rows]
    told = [f"{n}<br>{w} · {c}" for n, w, c in zip(names, words, counts, strict=True)]
    return rows_of_bars(
        names,
        words,
        [0.0] * len(rows),
        lengths,
        _colours(rows),
        hatches=["/" if Decimal(r["amount"]) < 0 else "" for r in rows],
        hover=told,
    )


def _colours(rows: Sequence[Row]) -> list[str]:
    """Sums below zero (refunds) stand apart."""
    return [UP if Decimal(r["amount"]) < 0 else BLUE for r in rows]


def _hover(rows: Sequence[Row], names: Sequence[str], currency: str) -> dict[str, Any]:
    return {
        "customdata": [
            [n, spelled(r["amount"], currency), f"{r.get('count', 0):,}"] for n, r in zip(names, rows, strict=True)
        ],
        "hovertemplate": "%{customdata[0]}<br>%{customdata[1]} · %{customdata[2]}<extra></extra>",
    }
