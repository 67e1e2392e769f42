"""The one look of every chart: our fonts and colours, thin grid, no clutter; amounts in the reader's unit.

Figures are drawn in the colours of paper, so that a picture taken away is legible on white; on the screen
`assets/pictures.css` gives words and lines the colours of the theme in force. Colours of marks are not touched:
each stands out 3:1 from both grounds. Only bars and scatters are used, so that a small plotly suffices.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import plotly.graph_objects as go
from plotly.graph_objects import Figure

from dashboard.components.money import in_one, unit_for, unit_label

FONT = (
    "'PingFang SC','Microsoft YaHei UI','Microsoft YaHei','Noto Sans CJK SC','Source Han Sans SC',"
    "system-ui,'Segoe UI',Arial,sans-serif"
)
INK, QUIET, LINE = "#16202d", "#566373", "#dbe1e9"
#: At least 3:1 against the light and the dark ground, 4.5:1 under white words; neighbours differ in more than hue
#: (a pattern, a label, a place) wherever two of them mean different things.
BLUE, DEEP, UP, DOWN, GREY = "#2f74b5", "#6f66c0", "#b85c1a", "#267d56", "#6c7785"
TEAL, PLUM, GOLD = "#1f7d86", "#a84a82", "#8a6d1f"
CYCLE = (BLUE, TEAL, DEEP, GOLD, PLUM, DOWN)

TEMPLATE = go.layout.Template(
    layout={
        "font": {"family": FONT, "size": 13, "color": INK},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "colorway": [BLUE, DEEP, UP, DOWN, GREY],
        "margin": {"l": 8, "r": 16, "t": 8, "b": 8},
        "xaxis": {
            "gridcolor": LINE,
            "zerolinecolor": GREY,
            "linecolor": LINE,
            "automargin": True,
            "tickfont": {"color": QUIET},
        },
        "yaxis": {
            "gridcolor": LINE,
            "zerolinecolor": GREY,
            "linecolor": LINE,
            "automargin": True,
            "tickfont": {"color": INK},
        },
        "hoverlabel": {"bgcolor": INK, "bordercolor": INK, "font": {"family": FONT, "color": "#ffffff", "size": 13}},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"color": QUIET}},
        "hovermode": "closest",
        "dragmode": False,
        "bargap": 0.32,
    }
)


def scaled(value: Decimal | None, currency: str = "CNY") -> float | None:
    """An amount as a length on paper, in the reader's unit. Only for drawing: figures in words stay exact."""
    return None if value is None else float(Decimal(value) / in_one(unit_for(currency), currency))


def dressed(figure: Figure) -> Figure:
    """The figure in our look, with axes that do not zoom away under a thumb."""
    figure.update_layout(template=TEMPLATE)
    figure.update_xaxes(fixedrange=True)
    figure.update_yaxes(fixedrange=True)
    return figure


def bare(figure: Figure) -> Figure:
    """No axes at all: for pictures whose marks carry their own words."""
    figure.update_layout(showlegend=False, margin={"l": 0, "r": 0, "t": 0, "b": 0})
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
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
    """One row a bar, first on top: its name and figure stand above it, so that neither is ever cut off on a phone.

    A bar runs from `starts` over `lengths` (signed); `low` and `high` widen what is shown.
    """
    n = len(names)
    places = [n - 1 - at for at in range(n)]
    ends = [*starts, *(s + w for s, w in zip(starts, lengths, strict=True))]
    least, most = min([*ends, low if low is not None else 0.0]), max([*ends, high if high is not None else 0.0])
    span = (most - least) or 1.0
    told = hover or [f"{name}<br>{word}" for name, word in zip(names, words, strict=True)]
    data = list(zip(told, links or [""] * n, strict=True))
    figure = go.Figure(
        [
            go.Bar(
                x=list(lengths),
                base=list(starts),
                y=places,
                orientation="h",
                width=0.42,
                offset=-0.42,
                marker={"color": list(colours), "pattern": {"shape": list(hatches or [""] * n), "solidity": 0.35}},
                customdata=data,
                hovertemplate="%{customdata[0]}<extra></extra>",
            ),
            _words(
                least + span * 0.006,
                places,
                [_beside(*pair) for pair in zip(names, words, strict=True)],
                "middle right",
                INK,
            ),
            _words(most - span * 0.002, places, words, "middle left", QUIET),
        ]
    )
    bare(dressed(figure))
    figure.update_xaxes(range=[least - span * 0.003, most + span * 0.003])
    figure.update_yaxes(range=[-0.55, n - 0.4])
    return figure


def in_units(figure: Figure, currency: str) -> Figure:
    """What the figures of the upright axis are in, at the top where no bar reaches."""
    figure.add_annotation(
        x=1, y=1, xref="paper", yref="paper", xanchor="right", yanchor="bottom", showarrow=False, text=unit_label(currency),
        font={"size": 12, "color": QUIET},
    )  # fmt: skip
    return figure


def height_of_rows(n: int) -> int:
    """How high `rows_of_bars` should stand."""
    return 44 * n + 12


def _words(x: float, places: Sequence[int], words: Sequence[str], position: str, colour: str) -> Any:
    return go.Scatter(
        x=[x] * len(places),
        y=[p + 0.2 for p in places],
        text=list(words),
        mode="text",
        textposition=position,
        textfont={"color": colour, "size": 13},
        hoverinfo="skip",
        cliponaxis=False,
    )


def _beside(name: str, word: str) -> str:
    """As much of the name as the narrowest phone has room for beside the figure."""
    return clipped(name, max(45 - width_of(word), 12))


def faint(colour: str, alpha: float) -> str:
    """The colour with that opacity: paler on either ground."""
    red, green, blue = (int(colour[n : n + 2], 16) for n in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha})"


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
