"""The one look of every chart: our fonts and colours, thin grid, no clutter; amounts in the reader's unit."""

from __future__ import annotations

import unicodedata
from decimal import Decimal

import plotly.graph_objects as go
from plotly.graph_objects import Figure

from dashboard.components.money import in_one, unit_for

FONT = (
    "'PingFang SC','Microsoft YaHei UI','Microsoft YaHei','Noto Sans CJK SC','Source Han Sans SC',"
    "system-ui,'Segoe UI',Arial,sans-serif"
)
INK, QUIET, LINE = "#18222f", "#586575", "#dde3ea"
#: Each is at least 3:1 against the white ground; pairs differ in lightness too, not in hue alone.
BLUE, DEEP, UP, DOWN, GREY = "#3b7dbd", "#17395c", "#c2671b", "#2d8a5c", "#808c9a"

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


def clipped(name: str, width: int = 28) -> str:
    """A label short enough for an axis; a 汉字 is as wide as two letters."""
    left = width
    for at, sign in enumerate(name):
        left -= 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        if left < 0:
            return name[: at - 1] + "…"
    return name
