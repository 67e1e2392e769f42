"""What a budget consists of: an icicle of two columns, the parts and what lies inside each, every piece a way down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from budgetwatch.queries.pictures import Part, Parts
from budgetwatch.text import Text
from dashboard.components.money import percent, spelled
from dashboard.figures.theme import CLEAR, CYCLE, GREY, LONGEST, Figure, bare, clipped, rounded, words_at
from dashboard.i18n import say, t

HEIGHT = 620
#: Pieces thinner than this are put together: they would have no room for a word, nor for a thumb.
LEAST = Decimal("0.03")
#: A word needs this share of the height; a block this high has its share under its name.
_ONE_LINE, _TWO_LINES = Decimal("0.026"), Decimal("0.075")
_WHITE = "#ffffff"

Block = tuple[int, Decimal, Part, str]


def parts(shown: Parts, *, link: Callable[[Mapping[str, Any]], str] | None = None) -> Figure:
    """Two columns of blocks as high as their amounts: the parts on the left, what they consist of on the right."""
    positive = [p for p in shown.parts if p.amount > 0]
    whole = sum((p.amount for p in positive), Decimal(0))
    blocks: list[Block] = []
    floor = Decimal(0)
    for at, part in enumerate(together(tuple(positive), whole, LEAST)):
        colour = GREY if not part.code else CYCLE[at % len(CYCLE)]
        blocks.append((0, floor, part, colour))
        inside = floor
        for piece in together(tuple(p for p in part.inside if p.amount > 0), whole, LEAST) if part.code else ():
            blocks.append((1, inside, piece, colour))
            inside += piece.amount
        floor += part.amount
    bars, hatched = _bars(blocks, whole, shown, link), _hatched(blocks, whole)
    return bare([bars, *hatched, *_words(blocks, whole)], x=[0, 2], y=[1, 0], barmode="overlay")


def _bars(
    blocks: list[Block], whole: Decimal, shown: Parts, link: Callable[[Mapping[str, Any]], str] | None
) -> dict[str, Any]:
    def told(part: Part) -> list[str]:
        money = spelled(part.amount, shown.currency)
        where = link(part.drill) if link and part.drill else ""
        return [f"{say(part.name)}<br>{money} · {percent(part.amount / whole)}", where]

    return {
        **_blocks(blocks, whole),
        "marker": {"color": [colour for *_, colour in blocks], "line": {"color": _WHITE, "width": 1.5}},
        "customdata": [told(part) for _, _, part, _ in blocks],
        "hovertemplate": "%{customdata[0]}<extra></extra>",
    }


def _hatched(blocks: list[Block], whole: Decimal) -> list[dict[str, Any]]:
    """What several pieces were put together in is hatched: a trace of its own, laid over."""
    gathered = [block for block in blocks if not block[2].code]
    stripes = {"shape": "/", "solidity": 0.12, "bgcolor": CLEAR, "fgcolor": "rgba(255,255,255,0.35)"}
    marker = {"color": CLEAR, "pattern": stripes}
    return [{**_blocks(gathered, whole), "marker": marker, "hoverinfo": "skip"}] if gathered else []


def _blocks(blocks: list[Block], whole: Decimal) -> dict[str, Any]:
    return {
        "type": "bar",
        "x": [0.994] * len(blocks),
        "base": [column + 0.003 for column, *_ in blocks],
        "y": [rounded((floor + part.amount / 2) / whole) for _, floor, part, _ in blocks],
        "width": [rounded(part.amount / whole) for _, _, part, _ in blocks],
        "orientation": "h",
    }


def _words(blocks: list[Block], whole: Decimal) -> list[dict[str, Any]]:
    """Names on the left of their blocks, shares on the right; in a high block the share stands under the name."""
    names: list[tuple[float, float, str]] = []
    shares: list[tuple[float, float, str]] = []
    below: list[tuple[float, float, str]] = []
    for column, floor, part, _ in blocks:
        share = part.amount / whole
        if share < _ONE_LINE:
            continue
        middle, high = rounded((floor + part.amount / 2) / whole), share >= _TWO_LINES
        name = clipped(say(part.name), LONGEST)
        names.append((column + 0.012, middle - (0.015 if high else 0), name))
        if high:
            below.append((column + 0.012, middle + 0.015, percent(share)))
        else:
            shares.append((column + 0.99, middle, percent(share)))
    return [
        words_at([x for x, _, _ in found], [y for _, y, _ in found], [word for *_, word in found], position, _WHITE)
        for found, position in ((names, "middle right"), (shares, "middle left"), (below, "middle right"))
        if found
    ]


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
        "{year} 年{place}预算 {total}，最大的一块是{name}，占 {share}",
        year=shown.year,
        place=say(shown.region_name),
        total=spelled(shown.total, shown.currency),
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
