"""Pictures of sums of payments: columns over time, bars for everything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import plotly.graph_objects as go
from plotly.graph_objects import Figure

from dashboard.components.money import figure as words_of
from dashboard.components.money import percent, unit_label
from dashboard.figures.theme import BLUE, UP, dressed, height_of_rows, in_units, rows_of_bars, scaled
from dashboard.i18n import say, t

Row = Mapping[str, Any]
MOST = 15
OVER_TIME = ("month", "year")


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
        "共 {n} 项，最多的是{name}：{figure} {unit}{share}。",
        n=f"{len(kept) if several or count is None else count:,}",
        name=say(greatest["name"]) or greatest.get("code") or t("（未填写）"),
        figure=words_of(greatest["amount"], None, currency),
        unit=unit_label(currency),
        share=share,
    )


def _columns(rows: Sequence[Row], currency: str) -> Figure:
    names = [say(r["name"]) or str(r["code"]) for r in rows]
    figure = go.Figure(
        go.Bar(
            x=names,
            y=[scaled(r["amount"], currency) for r in rows],
            marker={"color": _colours(rows)},
            **_hover(rows, names, currency),
        )
    )
    dressed(figure)
    figure.update_xaxes(type="category", showgrid=False, nticks=12)
    figure.update_yaxes(nticks=5, tickformat=",.4~r")
    figure.update_layout(margin={"t": 24})
    return in_units(figure, currency)


def _bars(rows: Sequence[Row], currency: str) -> Figure:
    names = [say(r["name"]) or str(r.get("code") or t("（未填写）")) for r in rows]
    lengths = [scaled(r["amount"], currency) or 0.0 for r in rows]
    words = [f"{words_of(r['amount'], None, currency)} {unit_label(currency)}" for r in rows]
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
            [n, words_of(r["amount"], None, currency), f"{r.get('count', 0):,}"]
            for n, r in zip(names, rows, strict=True)
        ],
        "hovertemplate": f"%{{customdata[0]}}<br>%{{customdata[1]}} {unit_label(currency)} · %{{customdata[2]}}<extra></extra>",
    }
