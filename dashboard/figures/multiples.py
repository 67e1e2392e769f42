"""Small multiples: the same line of spending for each place, on one shared scale, least spent first.

    from dashboard.figures.multiples import multiples, multiples_sentence, multiples_height
    shown = pictures.places(home, viewer, year=…, region=…, book=…)   # budgetwatch.queries.pictures
    multiples(shown, across=3, link=lambda code: href)               # → a figure; link is optional

Or the whole thing with its sentence, table and downloads: `dashboard.drawn.show(asking, "places", region=…, year=…)`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from budgetwatch.queries.pictures import PlaceLine, Places
from dashboard.components.money import percent
from dashboard.figures.theme import (
    ANY,
    BLUE,
    GREY,
    LINE,
    QUIET,
    Figure,
    Trace,
    bare,
    faint,
    leading,
    rounded,
    words_at,
)
from dashboard.figures.words import month_end, when_said
from dashboard.i18n import say, t

ACROSS = 2
#: So many places are drawn, the slowest; more than that nobody compares by eye, and the table has them all.
MOST = 12
_GAP = 1.6

Told = list[tuple[int, Decimal]]


def multiples(shown: Places, *, across: int = ACROSS, link: Callable[[str], str] | None = None) -> Figure:
    """A small chart a place: its line filled to the axis, even spending dashed, its last share in figures.

    All share one scale (0 to 100 % or the greatest share there is), so that heights can be compared. Each kind of mark
    is one trace for all places, with gaps between them.
    """
    places, month = drawn_places(shown), shown.month
    top = max([100.0, *(float((p.line.share(month) or 0) * 100) for p in places)])
    across = max(min(across, len(places)), 1)
    down = math.ceil(len(places) / across) or 1
    corners = [((at % across) * (12 + _GAP), (down - 1 - at // across) * top * 1.5) for at in range(len(places))]
    told: list[Told] = [
        [(m, s) for m in range(1, month + 1) if (s := p.line.share(m)) is not None] for p in places
    ]  # fmt: skip
    cells = list(zip(corners, told, strict=True))
    heads = [floor + top * 1.15 for _, floor in corners]
    shares = [p.line.share(month) if month else None for p in places]
    figure = bare(
        [
            _lines(
                [[(left, floor), (left + 12, floor + 100)] for left, floor in corners], color=GREY, width=1, dash="dash"
            ),
            _lines([[(left, floor), (left + 12, floor)] for left, floor in corners], color=LINE, width=1),
            _lines([[(left, floor), *_way(left, floor, way)] for (left, floor), way in cells], color=BLUE, width=2),
            _area(
                [
                    [(left, floor), *_way(left, floor, way), (left + way[-1][0], floor)]
                    for (left, floor), way in cells
                    if way
                ]
            ),
            _points(places, cells),
            words_at([left for left, _ in corners], heads, [say(p.name) for p in places], "middle right", size=12),
            words_at(
                [left + 12 for left, _ in corners],
                heads,
                [t("无预算") if s is None else percent(s) for s in shares],
                "middle left",
                QUIET,
                12,
            ),
        ],
        x=[-0.15, across * 12 + (across - 1) * _GAP + 0.4],
        y=[-top * 0.08, down * top * 1.5 - top * 0.15],
    )
    if link is not None:
        figure["layout"]["meta"] = leading(link(ANY))
    return figure


def multiples_height(shown: Places, *, across: int = ACROSS) -> int:
    """How high the picture should stand."""
    return 118 * max(math.ceil(len(drawn_places(shown)) / across), 1) + 8


def drawn_places(shown: Places) -> list[PlaceLine]:
    """The places that are drawn: those who have spent least."""
    return ordered(shown)[:MOST]


def left_out(shown: Places) -> str:
    """What is said where not all places are drawn; nothing else."""
    n = len(ordered(shown))
    return t("画出最慢的 {most} 个，共 {n} 个；其余的在表格里。", most=MOST, n=n) if n > MOST else ""


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


def _way(left: float, floor: float, told: Told) -> list[tuple[float, float]]:
    return [(left + m, rounded(round(floor + float(s * 100), 1))) for m, s in told]


def _lines(ways: list[list[tuple[float, float]]], **line: Any) -> Trace:
    """All these ways as one trace, a gap after each."""
    points = [point for way in ways for point in (*way, (None, None))]
    return {
        "type": "scatter",
        "x": [None if x is None else rounded(x) for x, _ in points],
        "y": [None if y is None else rounded(y) for _, y in points],
        "mode": "lines",
        "line": line,
        "hoverinfo": "skip",
    }


def _area(ways: list[list[tuple[float, float]]]) -> Trace:
    """What lies under the lines."""
    return {**_lines(ways, width=0), "fill": "toself", "fillcolor": faint(BLUE, 0.22)}


def _points(places: list[PlaceLine], cells: list[tuple[tuple[float, float], Told]]) -> Trace:
    """A point a month, of which the last is seen; each tells its month and share and leads to its place."""
    every = [(place, at, way) for place, (at, way) in zip(places, cells, strict=True)]
    points = [point for _, at, way in every for point in _way(*at, way)]
    return {
        "type": "scatter",
        "x": [rounded(x) for x, _ in points],
        "y": [rounded(y) for _, y in points],
        "mode": "markers",
        "marker": {"size": 9, "color": BLUE, "opacity": [int(m == way[-1][0]) for _, _, way in every for m, _ in way]},
        "customdata": [[say(place.name), place.code] for place, _, way in every for _ in way],
        "text": [f"{month_end(m)} {percent(s)}" for _, _, way in every for m, s in way],
        "hovertemplate": "%{customdata[0]}<br>%{text}<extra></extra>",
        "cliponaxis": False,
    }
