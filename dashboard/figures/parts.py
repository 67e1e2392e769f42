"""What a budget consists of: an icicle of two columns, the parts and what lies inside each, every piece a way down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import plotly.graph_objects as go
from plotly.graph_objects import Figure

from budgetwatch.queries.pictures import Part, Parts
from budgetwatch.text import Text
from dashboard.components.money import figure as words_of
from dashboard.components.money import percent, unit_label
from dashboard.figures.theme import CYCLE, GREY, bare, clipped, dressed, width_of
from dashboard.i18n import say, t

HEIGHT = 560
#: Pieces thinner than this are put together: nobody can read or touch them.
LEAST = Decimal("0.018")
#: A word needs this share of the height.
_ONE_LINE = Decimal("0.036")


def parts(shown: Parts, *, link: Callable[[Mapping[str, Any]], str] | None = None) -> Figure:
    """Two columns of blocks as high as their amounts: the parts on the left, what they consist of on the right."""
    figure = go.Figure()
    positive = [p for p in shown.parts if p.amount > 0]
    whole = sum((p.amount for p in positive), Decimal(0))
    floor = Decimal(0)
    for at, part in enumerate(together(tuple(positive), whole, LEAST)):
        colour = GREY if not part.code else CYCLE[at % len(CYCLE)]
        _block(figure, 0, floor, part, whole, colour, shown, link)
        inside = floor
        for piece in together(tuple(p for p in part.inside if p.amount > 0), whole, LEAST) if part.code else ():
            _block(figure, 1, inside, piece, whole, colour, shown, link)
            inside += piece.amount
        floor += part.amount
    bare(dressed(figure))
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(range=[0, 2])
    figure.update_yaxes(range=[1, 0])
    return figure


def together(pieces: tuple[Part, ...], whole: Decimal, least: Decimal) -> list[Part]:
    """The pieces worth drawing, the small ones as one at the end; their sum stays the same."""
    if not whole:
        return []
    kept = [p for p in pieces if p.amount / whole >= least]
    rest = [p for p in pieces if p.amount / whole < least]
    if len(rest) < 2:
        return [*kept, *rest]
    name = Text(f"其余 {len(rest)} 项", f"{len(rest)} others")
    return [*kept, Part("", name, sum((p.amount for p in rest), Decimal(0)), None)]


def parts_sentence(shown: Parts) -> str:
    """How much the greatest part takes, how much the first three, and what the greatest consists of."""
    if not shown.parts or shown.total <= 0:
        return t("这里没有可以拆分的预算。")
    first = shown.parts[0]
    told = t(
        "{year} 年{place}预算 {total} {unit}，最大的一块是{name}，占 {share}",
        year=shown.year,
        place=say(shown.region_name),
        total=words_of(shown.total, None, shown.currency),
        unit=unit_label(shown.currency),
        name=say(first.name),
        share=percent(first.amount / shown.total),
    )
    if len(shown.parts) > 3:
        three = sum((p.amount for p in shown.parts[:3]), Decimal(0))
        told += t("，前三块共占 {share}", share=percent(three / shown.total))
    if first.inside and first.amount > 0:
        inner = max(first.inside, key=lambda p: p.amount)
        told += t("。其中{name}里最多的是{inner}", name=say(first.name), inner=say(inner.name))
    return told + t("。")


def _block(
    figure: Figure,
    column: int,
    floor: Decimal,
    part: Part,
    whole: Decimal,
    colour: str,
    shown: Parts,
    link: Callable[[Mapping[str, Any]], str] | None,
) -> None:
    share = part.amount / whole
    name = say(part.name)
    word = f"{words_of(part.amount, None, shown.currency)} {unit_label(shown.currency)} · {percent(share)}"
    figure.add_trace(
        go.Bar(
            x=[0.994],
            base=[column + 0.003],
            y=[float((floor + part.amount / 2) / whole)],
            width=[float(share)],
            orientation="h",
            marker={
                "color": colour,
                "line": {"color": "#ffffff", "width": 1.5},
                "pattern": {
                    "shape": "" if part.code else "/",
                    "solidity": 0.12,
                    "bgcolor": colour,
                    "fgcolor": "rgba(255,255,255,0.35)",
                },
            },
            text=[_label(name, percent(share), share)],
            textposition="inside",
            insidetextanchor="start",
            textangle=0,
            textfont={"color": "#ffffff", "size": 13},
            constraintext="inside",
            customdata=[[f"{name}<br>{word}", link(part.drill) if link and part.drill else ""]],
            hovertemplate="%{customdata[0]}<extra></extra>",
        )
    )


def _label(name: str, share: str, of: Decimal) -> str:
    """As much of the name as half a phone has room for, with its share."""
    if of < _ONE_LINE:
        return ""
    return f"{clipped(name, max(22 - width_of(share), 8))} {share}"
