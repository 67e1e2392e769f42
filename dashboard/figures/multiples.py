"""Small multiples: the same line of spending for each place, on one shared scale, least spent first.

    from dashboard.figures.multiples import multiples, multiples_sentence, multiples_height
    shown = pictures.places(home, viewer, year=…, region=…, book=…)   # budgetwatch.queries.pictures
    multiples(shown, across=3, link=lambda code: href)               # → plotly Figure; link is optional

Or the whole thing with its sentence, table and downloads: `dashboard.drawn.show(asking, "places", region=…, year=…)`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal

import plotly.graph_objects as go
from plotly.graph_objects import Figure

from budgetwatch.queries.pictures import PlaceLine, Places
from dashboard.components.money import percent
from dashboard.figures.theme import BLUE, GREY, INK, LINE, QUIET, bare, clipped, dressed, faint
from dashboard.figures.words import month_end, when_said
from dashboard.i18n import say, t

ACROSS = 2
_GAP = 1.6


def multiples(shown: Places, *, across: int = ACROSS, link: Callable[[str], str] | None = None) -> Figure:
    """A small chart a place: its line filled to the axis, even spending dashed, its last share in figures.

    All share one scale (0 to 100 % or the greatest share there is), so that heights can be compared.
    """
    places = ordered(shown)
    month = shown.month
    top = max([100.0, *(float((p.line.share(month) or 0) * 100) for p in places)]) if places else 100.0
    figure = go.Figure()
    for at, place in enumerate(places):
        left, floor = _corner(at, len(places), across, top)
        told = [(m, s) for m in range(1, month + 1) if (s := place.line.share(m)) is not None]
        figure.add_trace(
            go.Scatter(
                x=[left, left + 12],
                y=[floor, floor + 100],
                mode="lines",
                line={"color": GREY, "width": 1, "dash": "dash"},
                hoverinfo="skip",
            )
        )
        figure.add_trace(
            go.Scatter(
                x=[left, *(left + m for m, _ in told)],
                y=[floor, *(floor + float(s * 100) for _, s in told)],
                mode="lines",
                line={"color": BLUE, "width": 2},
                hoverinfo="skip",
            )
        )
        figure.add_trace(_area(left, floor, told))
        figure.add_trace(
            go.Scatter(
                x=[left + m for m, _ in told],
                y=[floor + float(s * 100) for _, s in told],
                mode="markers",
                marker={"size": 9, "color": BLUE, "opacity": [0.0] * max(len(told) - 1, 0) + [1.0]},
                customdata=[
                    [f"{say(place.name)}<br>{month_end(m)} {percent(s)}", link(place.code) if link else ""]
                    for m, s in told
                ],
                hovertemplate="%{customdata[0]}<extra></extra>",
                cliponaxis=False,
            )
        )
        last = place.line.share(month)
        figure.add_trace(_word(left, floor + top + top * 0.15, clipped(say(place.name), 14), "middle right", INK))
        figure.add_trace(
            _word(
                left + 12,
                floor + top + top * 0.15,
                percent(last) if last is not None else t("无预算"),
                "middle left",
                QUIET,
            )
        )
        figure.add_shape(type="line", x0=left, x1=left + 12, y0=floor, y1=floor, line={"color": LINE, "width": 1})
    bare(dressed(figure))
    across = max(min(across, len(places)), 1)
    down = math.ceil(len(places) / across) or 1
    figure.update_xaxes(range=[-0.15, across * 12 + (across - 1) * _GAP + 0.4])
    figure.update_yaxes(range=[-top * 0.08, down * top * 1.5 - top * 0.15])
    return figure


def multiples_height(shown: Places, *, across: int = ACROSS) -> int:
    """How high the picture should stand."""
    return 118 * max(math.ceil(len(shown.places) / across), 1) + 8


def ordered(shown: Places) -> list[PlaceLine]:
    """Places with the least spent of their budget first: what one looks for; those without a budget last."""
    month = shown.month
    if not month:
        return []
    return sorted(shown.places, key=lambda p: (p.line.share(month) is None, p.line.share(month) or Decimal(0), p.code))


def multiples_sentence(shown: Places) -> str:
    """Who is furthest behind and who furthest ahead, in the same month."""
    told = [p for p in ordered(shown) if p.line.share(shown.month) is not None]
    if not told:
        return t("还没有可以比较的地区。")
    first, last = told[0], told[-1]
    if len(told) == 1:
        return t(
            "到{when}，{place}支出占预算的 {share}。",
            when=when_said(month_end(shown.month, shown.year)),
            place=say(first.name),
            share=percent(first.line.share(shown.month) or Decimal(0)),
        )
    return t(
        "到{when}，{n} 个地区中{slow}最慢（{a}），{fast}最快（{b}）；虚线是按时间均分的进度。",
        when=when_said(month_end(shown.month, shown.year)),
        n=len(told),
        slow=say(first.name),
        a=percent(first.line.share(shown.month) or Decimal(0)),
        fast=say(last.name),
        b=percent(last.line.share(shown.month) or Decimal(0)),
    )


def _corner(at: int, count: int, across: int, top: float) -> tuple[float, float]:
    across = max(min(across, count), 1)
    down = math.ceil(count / across)
    return (at % across) * (12 + _GAP), (down - 1 - at // across) * top * 1.5


def _area(left: float, floor: float, told: list[tuple[int, Decimal]]) -> go.Scatter:
    """What lies under the line."""
    x = [left, *(left + m for m, _ in told), left + (told[-1][0] if told else 0)]
    y = [floor, *(floor + float(s * 100) for _, s in told), floor]
    return go.Scatter(
        x=x, y=y, mode="lines", line={"width": 0}, fill="toself", fillcolor=faint(BLUE, 0.22), hoverinfo="skip"
    )


def _word(x: float, y: float, word: str, position: str, colour: str) -> go.Scatter:
    return go.Scatter(
        x=[x],
        y=[y],
        text=[word],
        mode="text",
        textposition=position,
        textfont={"color": colour, "size": 12},
        hoverinfo="skip",
        cliponaxis=False,
    )
