"""Transfers as streams: from above and from own funds, by kind, to the places below and to what is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from budgetwatch.queries.pictures import Flow, Transfers
from budgetwatch.queries.pictures_flow import ABOVE, KEPT, OWN
from budgetwatch.text import Text
from dashboard.components.money import figure as words_of
from dashboard.components.money import percent, spelled
from dashboard.figures.theme import BLUE, DEEP, GOLD, GREY, INK, QUIET, Figure, Trace, bare, faint, words_at
from dashboard.i18n import say, t

#: Kinds differ in colour and in the hatch of their nodes.
_LOOKS = ((BLUE, ""), (GOLD, "/"), (DEEP, "."), (GREY, "-"))
#: Where the columns stand (of 1000), how wide a node is, and where the words of each column end.
_COLUMNS, _NODE, _UNTIL = (0, 400, 720), 18, (395, 715, 1000)
#: How high the picture is in its own measure, and what two lines of words take of it on the screen.
_HIGH, _PITCH = 1000, 34
#: So many recipients are drawn by name; smaller ones come in together.
MOST = 14


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
    shown = _gathered(shown)
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
    traces: list[Trace] = []
    shapes: list[dict[str, Any]] = []
    if whole:
        pitch = _PITCH / transfers_height(shown) * (_HIGH + 50)
        scale = _scale(order, sizes, whole, pitch) / float(whole)
        high = {node: float(size) * scale for node, size in sizes.items()}
        tops = _tops(order, high, pitch)
        there = [(column, n) for column, nodes in enumerate(order) for n in nodes if sizes[n] > 0]
        shapes, points = _bands(shown, bands, names, order, tops, scale)
        traces = [
            points,
            _nodes(shown, there, names, tops, sizes, high, link),
            *_words(shown, there, names, tops, sizes, high),
        ]
    return bare(traces, x=[-5, 1000], y=[-20, 1030], shapes=shapes, hoverdistance=60, barmode="overlay")


def _gathered(shown: Transfers) -> Transfers:
    """The same with the smallest recipients as one, where there are too many to name."""
    small = set(_recipients(shown)[MOST - 1 :])
    if len(small) < 2:
        return shown
    name = Text(f"其余 {len(small)} 个", f"{len(small)} others")
    sums: dict[str, Decimal] = {}
    for flow in shown.flows:
        if f"to:{flow.code}" in small:
            sums[flow.kind] = sums.get(flow.kind, Decimal(0)) + max(flow.amount, Decimal(0))
    kept = tuple(f for f in shown.flows if f"to:{f.code}" not in small)
    return replace(shown, flows=(*kept, *(Flow(kind, "", name, amount) for kind, amount in sums.items())))


def transfers_height(shown: Transfers) -> int:
    """How high the picture should stand: room for a word beside every recipient."""
    return max(320, 46 * (min(len(_recipients(shown)), MOST) + 1) + 40)


def transfers_sentence(shown: Transfers) -> str:
    """How much came, how much was passed on, and who got most."""
    received, sent = (sum((getattr(k, way) for k in shown.kinds), Decimal(0)) for way in ("received", "sent"))
    if not received and not sent:
        return t("没有转移支付的记录。")
    told = t(
        "{year} 年{place}收到上级转移支付 {received}，下达 {sent}",
        year=shown.year,
        place=say(shown.region_name),
        received=spelled(received, shown.currency),
        sent=spelled(sent, shown.currency),
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
            "；其中本级财力 {added}",
            added=spelled(added, shown.currency),
        )
    return told + t("。")


def _recipients(shown: Transfers) -> list[str]:
    """Those who got something, greatest first; the gathered small ones at the end."""
    sums: dict[str, Decimal] = {}
    for flow in shown.flows:
        sums[flow.code] = sums.get(flow.code, Decimal(0)) + max(flow.amount, Decimal(0))
    return [f"to:{code}" for code in sorted(sums, key=lambda c: (not c, -sums[c], c)) if sums[code]]


def _money(amount: Decimal, shown: Transfers) -> str:
    return spelled(amount, shown.currency)


def _column(order: list[list[str]], node: str) -> int:
    return next(at for at, nodes in enumerate(order) if node in nodes)


def _scale(order: list[list[str]], sizes: dict[str, Decimal], whole: Decimal, pitch: float) -> float:
    """How high the whole may stand (of _HIGH), so that each node of every column has `pitch` for its words."""
    least, most = 0.0, float(_HIGH)
    for _ in range(20):
        scale = (least + most) / 2
        need = max(sum(max(float(sizes[n] / whole) * scale, pitch) for n in nodes if sizes[n] > 0) for nodes in order)
        least, most = (scale, most) if need <= _HIGH else (least, scale)
    return least


def _tops(order: list[list[str]], high: dict[str, float], pitch: float) -> dict[str, float]:
    """Where each node begins, from the top: each in the middle of its place, the places as far apart as there is room."""
    tops = {}
    for nodes in order:
        there = [n for n in nodes if high[n] > 0]
        used = sum(max(high[n], pitch) for n in there)
        gap = min((_HIGH - used) / max(len(there) - 1, 1), 0.18 * _HIGH)
        at = _HIGH - (_HIGH - used - gap * max(len(there) - 1, 0)) / 2
        for node in there:
            place = max(high[node], pitch)
            tops[node] = at - (place - high[node]) / 2
            at -= place + gap
    return tops


def _bands(
    shown: Transfers,
    bands: list[Stream],
    names: dict[str, Text],
    order: list[list[str]],
    tops: dict[str, float],
    scale: float,
) -> tuple[list[dict[str, Any]], Trace]:
    """One shape a kind that holds its bands, each leaving and arriving level; and unseen points that tell what they are."""
    out_at, in_at = dict(tops), dict(tops)
    paths: dict[int, list[str]] = {}
    points: list[tuple[float, float, str]] = []
    for band in bands:
        thick = float(band.amount) * scale
        x0, x1 = _COLUMNS[_column(order, band.source)] + _NODE, _COLUMNS[_column(order, band.target)]
        a, b = out_at[band.source], in_at[band.target]
        out_at[band.source], in_at[band.target] = a - thick, b - thick
        half, low, end = (x0 + x1) // 2, a - thick, b - thick
        paths.setdefault(band.look, []).append(
            f"M{x0},{a:.1f}C{half},{a:.1f} {half},{b:.1f} {x1},{b:.1f}L{x1},{end:.1f}"
            f"C{half},{end:.1f} {half},{low:.1f} {x0},{low:.1f}Z"
        )
        told = f"{say(names[band.source])} → {say(names[band.target])}<br>{_money(band.amount, shown)}"
        points.append((half, round((a + b - thick) / 2, 1), told))
    shapes = []
    for look, drawn in paths.items():
        colour = _LOOKS[min(look, len(_LOOKS) - 1)][0]
        line = {"width": 0.5, "color": faint(colour, 0.7)}
        fill = faint(colour, 0.34)
        shapes.append({"type": "path", "path": "".join(drawn), "fillcolor": fill, "line": line, "layer": "below"})
    return shapes, {
        "type": "scatter",
        "x": [x for x, _, _ in points],
        "y": [y for _, y, _ in points],
        "mode": "markers",
        "marker": {"size": 12, "opacity": 0},
        "text": [word for *_, word in points],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _nodes(
    shown: Transfers,
    there: list[tuple[int, str]],
    names: dict[str, Text],
    tops: dict[str, float],
    sizes: dict[str, Decimal],
    high: dict[str, float],
    link: Callable[[str], str] | None,
) -> Trace:
    """A bar a node; one that sends on leads to its own picture."""
    looks = {f"kind:{k.code}": _LOOKS[min(at, len(_LOOKS) - 1)] for at, k in enumerate(shown.kinds)}

    def told(node: str) -> list[str]:
        code = node.removeprefix("to:") if node.startswith("to:") else ""
        where = link(code) if link and code in shown.below else ""
        return [f"{say(names[node])}<br>{_money(sizes[node], shown)}", where]

    return {
        "type": "bar",
        "x": [_NODE] * len(there),
        "base": [_COLUMNS[column] for column, _ in there],
        "y": [round(tops[n] - high[n] / 2, 2) for _, n in there],
        "width": [round(high[n], 2) for _, n in there],
        "orientation": "h",
        "marker": {
            "color": [looks.get(n, (GREY, ""))[0] for _, n in there],
            "pattern": {"shape": [looks.get(n, (GREY, ""))[1] for _, n in there], "solidity": 0.3, "size": 6},
        },
        "customdata": [told(n) for _, n in there],
        "hovertemplate": "%{customdata[0]}<extra></extra>",
    }


def _words(
    shown: Transfers,
    there: list[tuple[int, str]],
    names: dict[str, Text],
    tops: dict[str, float],
    sizes: dict[str, Decimal],
    high: dict[str, float],
) -> list[Trace]:
    """The name beside each node, and its amount under the name; both end where the next column begins."""
    at = [(_COLUMNS[column] + _NODE + 8, tops[n] - high[n] / 2, _UNTIL[column]) for column, n in there]
    lines = [
        words_at([x for x, *_ in at], [round(y, 1) for _, y, _ in at], words, position, colour, 12)
        for words, position, colour in (
            ([say(names[n]) for _, n in there], "top right", INK),
            ([words_of(sizes[n], None, shown.currency) for _, n in there], "bottom right", QUIET),
        )
    ]
    for line in lines:
        line["meta"] = {"until": [until for *_, until in at]}
    return lines
