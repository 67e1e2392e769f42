"""The one look of every chart: our fonts and colours, thin grid, no clutter; amounts in units that an axis can carry.

A figure is a plain dict as plotly.js takes it: checking every property in Python costs ten times what drawing does,
so tests check them instead. Figures are drawn in the colours of paper, so that a picture taken away is legible on
white; on the screen `assets/pictures.css` gives words and lines the colours of the theme in force. Colours of marks
are not touched: each stands out 3:1 from both grounds. Only bars and scatters are used, so that a small plotly
suffices. Words are sent whole; `assets/pictures.js` cuts off what has no room on the screen at hand.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from dashboard.components.money import in_one, unit_for, unit_label

Figure = dict[str, Any]
Trace = dict[str, Any]

FONT = (
    "'PingFang SC','Microsoft YaHei UI','Microsoft YaHei','Noto Sans CJK SC','Source Han Sans SC',"
    "system-ui,'Segoe UI',Arial,sans-serif"
)
INK, QUIET, LINE, CLEAR = "#16202d", "#566373", "#dbe1e9", "rgba(0,0,0,0)"
#: At least 3:1 against the light and the dark ground, 4.5:1 under white words; neighbours differ in more than hue
#: (a pattern, a label, a place) wherever two of them mean different things.
BLUE, DEEP, UP, DOWN, GREY = "#2f74b5", "#6f66c0", "#b85c1a", "#267d56", "#6c7785"
TEAL, PLUM, GOLD = "#1f7d86", "#a84a82", "#8a6d1f"
CYCLE = (BLUE, TEAL, DEEP, GOLD, PLUM, DOWN)
#: No name is sent longer than this.
LONGEST = 72


def dressed(traces: Sequence[Trace], *, x: Mapping[str, Any], y: Mapping[str, Any], **layout: Any) -> Figure:
    """The traces in our look, with axes that do not zoom away under a thumb. `x` and `y` are what the axes are beside."""
    axis = {"gridcolor": LINE, "zerolinecolor": GREY, "linecolor": LINE, "automargin": True, "fixedrange": True}
    looks = {
        "font": {"family": FONT, "size": 13, "color": INK},
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "margin": {"l": 8, "r": 16, "t": 8, "b": 8},
        "xaxis": {**axis, "tickfont": {"color": QUIET}, **x},
        "yaxis": {**axis, "tickfont": {"color": INK}, **y},
        "hoverlabel": {"bgcolor": INK, "bordercolor": INK, "font": {"family": FONT, "color": "#ffffff", "size": 13}},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"color": QUIET}},
        "hovermode": "closest",
        "dragmode": False,
        "bargap": 0.32,
    }
    return {"data": list(traces), "layout": looks | layout}


def bare(traces: Sequence[Trace], *, x: Sequence[float], y: Sequence[float], **layout: Any) -> Figure:
    """No axes at all, from `x` to `x` and `y` to `y`: for pictures whose marks carry their own words."""
    unseen = {"visible": False, "fixedrange": True}
    figure = dressed(traces, x={}, y={}, showlegend=False, margin={"l": 0, "r": 0, "t": 0, "b": 0}, **layout)
    del figure["layout"]["legend"]
    figure["layout"] |= {"xaxis": {**unseen, "range": list(x)}, "yaxis": {**unseen, "range": list(y)}}
    return figure


def rows_of_bars(
    names: Sequence[str],
    words: Sequence[str],
    starts: Sequence[float],
    lengths: Sequence[float],
    colours: Sequence[str],
    *,
    hatches: Sequence[str] | None = None,
    links: Sequence[str] | None = None,
    hover: Sequence[str] | None = None,
    low: float | None = None,
    high: float | None = None,
) -> Figure:
    """One row a bar, first on top: its name and figure stand above it, so that neither is ever in the other's way.

    A bar runs from `starts` over `lengths` (signed); `low` and `high` widen what is shown.
    """
    n = len(names)
    places = [n - 1 - at for at in range(n)]
    ends = [*starts, *(s + w for s, w in zip(starts, lengths, strict=True))]
    least, most = min([*ends, low if low is not None else 0.0]), max([*ends, high if high is not None else 0.0])
    span = (most - least) or 1.0
    told = hover or [f"{name}<br>{word}" for name, word in zip(names, words, strict=True)]
    data = [list(pair) for pair in zip(told, links or [""] * n, strict=True)]
    bars = row_bars(places, starts, lengths, list(colours), data)
    if hatches and any(hatches):
        bars["marker"]["pattern"] = {"shape": list(hatches), "solidity": 0.35}
    high_up = [p + 0.2 for p in places]
    shown = [clipped(name, LONGEST) for name in names]
    return bare(
        [
            bars,
            words_at([least + span * 0.006] * n, high_up, shown, "middle right"),
            words_at([most - span * 0.002] * n, high_up, words, "middle left", QUIET),
        ],
        x=[least - span * 0.003, most + span * 0.003],
        y=[-0.55, n - 0.4],
    )


def row_bars(
    places: Sequence[float], starts: Sequence[float], lengths: Sequence[float], colour: Any, data: Sequence[Any]
) -> Trace:
    """The bars of `rows_of_bars`, each in the lower half of its row."""
    return {
        "type": "bar",
        "x": list(lengths),
        "base": list(starts),
        "y": list(places),
        "orientation": "h",
        "width": 0.42,
        "offset": -0.42,
        "marker": {"color": colour},
        "customdata": list(data),
        "hovertemplate": "%{customdata[0]}<extra></extra>",
    }


def words_at(
    x: Sequence[float], y: Sequence[float], words: Iterable[str], position: str, colour: str = INK, size: int = 13
) -> Trace:
    """Words of the picture itself, each beside its point; the ones that run to the right are cut off at the next."""
    return {
        "type": "scatter",
        "x": list(x),
        "y": list(y),
        "text": list(words),
        "mode": "text",
        "textposition": position,
        "textfont": {"color": colour, "size": size},
        "hoverinfo": "skip",
        "cliponaxis": False,
    }


def height_of_rows(n: int) -> int:
    """How high `rows_of_bars` should stand."""
    return 44 * n + 12


def scaled(value: Decimal | None, currency: str = "CNY", unit: str | None = None) -> float | None:
    """An amount as a length on paper, in the unit given or the reader's. Only for drawing: figures in words stay exact."""
    return None if value is None else float(Decimal(value) / in_one(unit or unit_for(currency), currency))


def rounded(value: Decimal | float) -> float:
    """As exact as any screen is, seven figures; whole numbers as such, which are shorter to send."""
    number = float(f"{value:.7g}")
    return int(number) if number.is_integer() else number


def axis_unit(values: Iterable[Decimal | None], currency: str = "CNY") -> str:
    """The unit in which the greatest of these is short enough to stand at an axis: 15 亿元, not 1,500,000,000 元."""
    most = max((abs(v) for v in values if v is not None), default=Decimal(0))
    return next((unit for unit in ("yi", "wan") if most >= in_one(unit, currency)), "yuan")


def said_unit(currency: str, unit: str) -> dict[str, Any]:
    """What the figures of the upright axis are in, at the top where no bar reaches: an annotation."""
    return {
        "x": 1, "y": 1, "xref": "paper", "yref": "paper", "xanchor": "right", "yanchor": "bottom", "showarrow": False,
        "text": unit_label(currency, unit), "font": {"size": 12, "color": QUIET},
    }  # fmt: skip


def upright(**more: Any) -> dict[str, Any]:
    """An upright axis of amounts: few figures, four digits at most."""
    return {"nticks": 5, "tickformat": ",.4~r", **more}


def faint(colour: str, alpha: float) -> str:
    """The colour with that opacity: paler on either ground."""
    red, green, blue = (int(colour[n : n + 2], 16) for n in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha})"


#: Stands in the address for what a mark is about, where all marks of a picture lead to addresses alike.
ANY = "{}"


def leading(pattern: str) -> dict[str, Any]:
    """`layout.meta` of a picture whose marks lead to `pattern`, with the second of their data in the place of ANY."""
    return {"to": pattern}


def width_of(words: str) -> int:
    """How many half-width letters the words take; a 汉字 is as wide as two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in words)


def clipped(name: str, width: int = 28) -> str:
    """A label short enough for its place; a 汉字 is as wide as two letters."""
    left = width
    for at, sign in enumerate(name):
        left -= 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        if left < 0:
            return name[: at - 1] + "…"
    return name
