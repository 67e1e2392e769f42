"""Transfers as streams: from above and from own funds, by kind, to the places below and to what is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import plotly.graph_objects as go
from plotly.graph_objects import Figure

from budgetwatch.queries.pictures import Transfers
from budgetwatch.queries.pictures_flow import ABOVE, KEPT, OWN
from budgetwatch.text import Text
from dashboard.components.money import figure as words_of
from dashboard.components.money import percent, unit_label
from dashboard.figures.theme import BLUE, DEEP, GOLD, GREY, INK, bare, clipped, dressed, faint
from dashboard.i18n import say, t

#: Kinds differ in colour and in hatch.
_LOOKS = ((BLUE, ""), (GOLD, "/"), (DEEP, "."), (GREY, "-"))
_STEPS = 16
_NODE = 0.018
#: Where the columns stand; room for words to the right of the last.
_COLUMNS = (0.0, 0.42, 0.74)


@dataclass(frozen=True, slots=True)
class Stream:
    """One band: from a node to a node; `look` is its kind's place in the list."""

    source: str
    target: str
    amount: Decimal
    look: int


def streams(shown: Transfers) -> list[Stream]:
    """Every band that is drawn. At each kind what comes in is what goes out; what was taken back (below zero) is not drawn."""
    found = []
    order = {node: at for at, node in enumerate(_recipients(shown))}
    flows = sorted((f for f in shown.flows if f.amount > 0), key=lambda f: order[f"to:{f.code}"])
    for look, kind in enumerate(shown.kinds):
        node, got = f"kind:{kind.code}", max(kind.received, Decimal(0))
        found += [Stream("above", node, got, look), Stream("own", node, kind.added, look)]
        # In the order of the recipients, so that bands cross as little as they can.
        found += [Stream(node, f"to:{f.code}", f.amount, look) for f in flows if f.kind == kind.code]
        found.append(Stream(node, "kept", kind.kept, look))
    return [s for s in found if s.amount > 0]


def transfers(shown: Transfers, *, link: Callable[[str], str] | None = None) -> Figure:
    """Three columns of nodes with bands between them, as thick as their amounts; a place that sends on is a way down."""
    bands = streams(shown)
    names: dict[str, Text] = {"above": ABOVE, "own": OWN, "kept": KEPT}
    names |= {f"kind:{k.code}": k.name for k in shown.kinds} | {f"to:{f.code}": f.name for f in shown.flows}
    order = [["above", "own"], [f"kind:{k.code}" for k in shown.kinds], [*_recipients(shown), "kept"]]
    sizes: dict[str, Decimal] = {}
    for node in names:
        out, into = (
            sum((s.amount for s in bands if getattr(s, end) == node), Decimal(0)) for end in ("source", "target")
        )
        sizes[node] = max(out, into)
    whole = max((sum((sizes[n] for n in column), Decimal(0)) for column in order), default=Decimal(0))
    figure = go.Figure()
    if not whole:
        return bare(dressed(figure))
    tops = _tops(order, sizes, whole)
    out_at, in_at = dict(tops), dict(tops)
    for band in bands:
        thick = float(band.amount / whole) * _scale(order)
        x0, x1 = _COLUMNS[_column(order, band.source)] + _NODE, _COLUMNS[_column(order, band.target)]
        a, b = out_at[band.source], in_at[band.target]
        out_at[band.source], in_at[band.target] = a - thick, b - thick
        told = f"{say(names[band.source])} → {say(names[band.target])}<br>{_money(band.amount, shown)}"
        figure.add_trace(_ribbon(x0, x1, a, b, thick, band.look, told))
    for column, nodes in enumerate(order):
        for node in (n for n in nodes if sizes[n] > 0):
            _node(
                figure,
                shown,
                node,
                names[node],
                column,
                tops[node],
                sizes[node],
                float(sizes[node] / whole) * _scale(order),
                link,
            )
    bare(dressed(figure))
    figure.update_xaxes(range=[-0.005, 1.0])
    figure.update_yaxes(range=[-0.02, 1.03])
    return figure


def transfers_height(shown: Transfers) -> int:
    """How high the picture should stand: room for a word beside every recipient."""
    return max(320, 46 * (len(_recipients(shown)) + 1) + 40)


def transfers_sentence(shown: Transfers) -> str:
    """How much came, how much was passed on, and who got most."""
    received, sent = (sum((getattr(k, way) for k in shown.kinds), Decimal(0)) for way in ("received", "sent"))
    if not received and not sent:
        return t("没有转移支付的记录。")
    told = t(
        "{year} 年{place}收到上级转移支付 {received} {unit}，下达 {sent} {unit}",
        year=shown.year,
        place=say(shown.region_name),
        received=words_of(received, None, shown.currency),
        sent=words_of(sent, None, shown.currency),
        unit=unit_label(shown.currency),
    )
    sums: dict[str, Decimal] = {}
    for flow in shown.flows:
        sums[flow.code] = sums.get(flow.code, Decimal(0)) + flow.amount
    if sums and sent > 0:
        most = max(sums, key=lambda code: (sums[code], code))
        name = next(f.name for f in shown.flows if f.code == most)
        told += t("；得到最多的是{name}，占下达的 {share}", name=say(name), share=percent(sums[most] / sent))
    added = sum((k.added for k in shown.kinds), Decimal(0))
    if added:
        told += t(
            "；其中本级财力 {added} {unit}",
            added=words_of(added, None, shown.currency),
            unit=unit_label(shown.currency),
        )
    return told + t("。")


def _recipients(shown: Transfers) -> list[str]:
    """Those who got something, greatest first."""
    sums: dict[str, Decimal] = {}
    for flow in shown.flows:
        sums[flow.code] = sums.get(flow.code, Decimal(0)) + max(flow.amount, Decimal(0))
    return [f"to:{code}" for code in sorted(sums, key=lambda c: (-sums[c], c)) if sums[code]]


def _money(amount: Decimal, shown: Transfers) -> str:
    return f"{words_of(amount, None, shown.currency)} {unit_label(shown.currency)}"


def _column(order: list[list[str]], node: str) -> int:
    return next(at for at, nodes in enumerate(order) if node in nodes)


def _scale(order: list[list[str]]) -> float:
    """How much of the height amounts may take: the rest is the space between nodes."""
    return 1 - 0.026 * (max(len(nodes) for nodes in order) - 1)


def _tops(order: list[list[str]], sizes: dict[str, Decimal], whole: Decimal) -> dict[str, float]:
    """Where each node begins, from the top; the columns fill the same height."""
    tops = {}
    for nodes in order:
        there = [n for n in nodes if sizes[n] > 0]
        used = sum(float(sizes[n] / whole) * _scale(order) for n in there)
        gap = (1 - used) / max(len(there) - 1, 1) if len(there) > 1 else 0.0
        gap = min(gap, 0.18)
        at = 1 - (1 - used - gap * max(len(there) - 1, 0)) / 2
        for n in there:
            tops[n] = at
            at -= float(sizes[n] / whole) * _scale(order) + gap
    return tops


def _ribbon(x0: float, x1: float, a: float, b: float, thick: float, look: int, told: str) -> go.Scatter:
    """A band that leaves and arrives level: a smooth step between the two heights."""
    colour, hatch = _LOOKS[min(look, len(_LOOKS) - 1)]
    ways = [n / _STEPS for n in range(_STEPS + 1)]
    xs = [x0 + (x1 - x0) * w for w in ways]
    ys = [a + (b - a) * (w * w * (3 - 2 * w)) for w in ways]
    return go.Scatter(
        x=[*xs, *xs[::-1]],
        y=[*ys, *(y - thick for y in ys[::-1])],
        mode="lines",
        line={"width": 0.5, "color": faint(colour, 0.7)},
        fill="toself",
        fillcolor=faint(colour, 0.34),
        fillpattern={
            "shape": hatch,
            "fgcolor": faint(colour, 0.8),
            "bgcolor": faint(colour, 0.3),
            "size": 7,
            "solidity": 0.22,
        }
        if hatch
        else None,
        hoveron="fills",
        text=told,
        hoverinfo="text",
    )


def _node(
    figure: Figure,
    shown: Transfers,
    node: str,
    name: Text,
    column: int,
    top: float,
    amount: Decimal,
    high: float,
    link: Callable[[str], str] | None,
) -> None:
    code = node.removeprefix("to:") if node.startswith("to:") else ""
    where = link(code) if link and code in shown.below else ""
    x = _COLUMNS[column]
    colour = GREY
    if node.startswith("kind:"):
        colour = _LOOKS[min([k.code for k in shown.kinds].index(node[5:]), len(_LOOKS) - 1)][0]
    figure.add_trace(
        go.Bar(
            x=[_NODE],
            base=[x],
            y=[top - high / 2],
            width=[high],
            orientation="h",
            marker={"color": colour},
            customdata=[[f"{say(name)}<br>{_money(amount, shown)}", where]],
            hovertemplate="%{customdata[0]}<extra></extra>",
        )
    )
    word = clipped(say(name), 16 if column else 14)
    figure.add_trace(
        go.Scatter(
            x=[x + _NODE + 0.008],
            y=[top - high / 2],
            text=[f"{word}<br>{words_of(amount, None, shown.currency)}" if column != 1 or high > 0.06 else word],
            mode="text",
            textposition="middle right",
            textfont={"size": 12, "color": INK},
            hoverinfo="skip",
            cliponaxis=False,
        )
    )
