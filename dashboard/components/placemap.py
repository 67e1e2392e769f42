"""A map of places from loaded outlines, drawn by the browser's own means: every place is a link cut to its shape.

No picture of the ground, no library and no request: colours are the theme's, so that dark and print come by
themselves. The map is for the eye and the pointer; the table beside it says the same to keyboard and screen reader.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

import numpy as np
from dash import html

from budgetwatch import outlines
from budgetwatch.outlines import Ring
from budgetwatch.shapes import Shapes
from dashboard.components.tilegrid import Tile

#: The map is drawn on a sheet this wide, whatever the screen; the height follows from the outlines.
WIDTH = 1000
_WIDE, _NARROW = 118, 52
_MARGIN = 8
#: A map is at most this many times as high as it is wide.
_HIGHEST = 1.25
_KEPT = 32


@dataclass(frozen=True, slots=True)
class Cell:
    """One place on the sheet: its rings, the box around them, the cut that leaves its shape, and where its label fits."""

    rings: tuple[Ring, ...]
    box: Mapping[str, str]
    label: Mapping[str, str]
    room: float


@dataclass(frozen=True, slots=True)
class Sheet:
    """Outlines on the sheet: x to the right, y downwards, all within `WIDTH` × `height`. `placed` puts others there too."""

    height: float
    cells: Mapping[str, Cell] = field(default_factory=dict)
    corner: tuple[float, float] = (0.0, 0.0)
    scale: tuple[float, float] = (1.0, 1.0)
    indent: float = 0.0
    borders: str = ""

    def placed(self, rings: Sequence[Ring]) -> tuple[Ring, ...]:
        """Rings in the coordinates of the file, on the sheet; north is up."""
        (left, top), (wide, high) = self.corner, self.scale
        return tuple(
            np.stack([(r[:, 0] - left) * wide + self.indent, (top - r[:, 1]) * high + _MARGIN], axis=1) for r in rings
        )


_sheets: dict[tuple[Any, ...], Sheet] = {}


def sheet(shapes: Shapes, wanted: Mapping[str, Sequence[str]]) -> Sheet:
    """The wanted places on one sheet that they fill; drawn once for a map and a choice of places.

    `wanted` names for each place the outlines it is made of.
    """
    key = (shapes.sha256, shapes.loaded_at, tuple((code, *parts) for code, parts in wanted.items()))
    if key not in _sheets:
        if len(_sheets) >= _KEPT:
            _sheets.clear()
        _sheets[key] = _sheet(shapes, wanted)
    return _sheets[key]


def _sheet(shapes: Shapes, wanted: Mapping[str, Sequence[str]]) -> Sheet:
    found = {
        code: [ring for part in parts if part in shapes.outlines for ring in shapes.outlines[part].rings]
        for code, parts in wanted.items()
    }
    there = {code: rings for code, rings in found.items() if rings}
    if not there:
        return Sheet(0)
    left, bottom, right, top = outlines.bounds([ring for rings in there.values() for ring in rings])
    # Degrees of longitude are shorter than those of latitude, the more so the farther north.
    narrow = math.cos(math.radians((bottom + top) / 2)) if shapes.geographic else 1.0
    scale = (WIDTH - 2 * _MARGIN) / max((right - left) * narrow, (top - bottom) / _HIGHEST)
    indent = (WIDTH - (right - left) * narrow * scale) / 2
    bare = Sheet((top - bottom) * scale + 2 * _MARGIN, {}, (left, top), (narrow * scale, scale), indent)
    cells = {code: _cell(bare.placed(rings), bare.height) for code, rings in there.items()}
    return replace(bare, cells=cells, borders=path([ring for cell in cells.values() for ring in cell.rings]))


def _cell(rings: tuple[Ring, ...], height: float) -> Cell:
    left, top, right, bottom = outlines.bounds(rings)
    size = np.array([max(right - left, 1e-6), max(bottom - top, 1e-6)])
    x, y, room = inside(rings)
    box = {
        "left": f"{left / WIDTH:.3%}",
        "top": f"{top / height:.3%}",
        "width": f"{size[0] / WIDTH:.3%}",
        "height": f"{size[1] / height:.3%}",
        "clipPath": f"polygon(evenodd, {_cut(rings, np.array([left, top]), size)})",
    }
    return Cell(rings, box, {"left": f"{(x - left) / size[0]:.1%}", "top": f"{(y - top) / size[1]:.1%}"}, room)


def place_map(
    drawn: Sheet, tiles: Sequence[Tile], *, id: str, thick: Sequence[Ring] = (), marked: Sequence[Ring] = ()
) -> Any:
    """The map of the tiles that have an outline. `thick` are borders drawn strongly (of districts around towns),
    `marked` that of the open place."""
    layers = [_lines([(drawn.borders, 1.6), (path(thick), 5)], drawn.height, "place-lines")]
    if marked:
        layers.append(_lines([(path(marked), 8)], drawn.height, "place-lines is-chosen"))
    return html.Div(
        [*(_place(tile, drawn.cells[tile.code], id) for tile in tiles if tile.code in drawn.cells), *layers],
        id=id,
        className="place-map",
        style={"aspectRatio": f"{WIDTH} / {drawn.height:.0f}"},
        **{"aria-hidden": "true"},
    )


def _place(tile: Tile, cell: Cell, id: str) -> Any:
    words = [html.Span(tile.name, className="place-name")] if cell.room >= _WIDE else []
    words += [html.Span(tile.figure, className="figure")] if cell.room >= _NARROW else []
    label = html.Span(
        words, className="place-label" if cell.room >= _WIDE else "place-label is-narrow", style=dict(cell.label)
    )
    return html.A(
        label if words else None,
        href=tile.href,
        title=f"{tile.name} · {tile.figure}",
        className=f"place-shape step-{tile.step}",
        id=f"{id}-{tile.code}",
        tabIndex=-1,
        style=dict(cell.box),
    )


def _cut(rings: Sequence[Ring], corner: Ring, size: Ring) -> str:
    """All rings as one line: from each back to the first point, a way there and back that encloses nothing."""
    line = [np.concatenate([ring, ring[:1], rings[0][:1]] if n else [ring, ring[:1]]) for n, ring in enumerate(rings)]
    shares = ((np.concatenate(line) - corner) / size * 100).round(1)
    return ",".join(f"{x:g}% {y:g}%" for x, y in shares)


def _lines(strokes: Sequence[tuple[str, float]], height: float, kind: str) -> Any:
    """Borders as a mask, so that their colour is the theme's."""
    paths = "".join(f'<path stroke-width="{width:g}" d="{line}"/>' for line, width in strokes if line)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" preserveAspectRatio="none" '
        f'fill="none" stroke="black" stroke-linejoin="round">{paths}</svg>'
    )
    mask = f'url("data:image/svg+xml,{quote(svg, safe="/:=,.- ")}")'
    return html.Span(className=kind, style={"maskImage": mask, "WebkitMaskImage": mask})


def path(rings: Sequence[Ring]) -> str:
    """The rings as one SVG path, in steps from point to point."""
    told: list[str] = []
    for ring in rings:
        points = ring.round().astype(int)
        steps = np.diff(points, axis=0)
        told.append(f"M{points[0][0]},{points[0][1]}l" + " ".join(f"{x},{y}" for x, y in steps) + "z")
    return "".join(told)


def inside(rings: Sequence[Ring]) -> tuple[float, float, float]:
    """Where a label fits best, and how wide it may be there: the widest stretch of a few level lines, rather in the middle."""
    _, top, _, bottom = outlines.bounds(rings)
    best = (0.0, 0.0, 0.0, -1.0)
    for share in np.linspace(0.15, 0.85, 15):
        y = top + (bottom - top) * share
        crossings = np.sort(np.concatenate([_crossed(ring, y) for ring in rings]))
        for a, b in zip(crossings[::2], crossings[1::2], strict=False):
            score = float(b - a) * (1 - abs(share - 0.5))
            if score > best[3]:
                best = (float(a + b) / 2, float(y), float(b - a), score)
    return best[:3]


def _crossed(ring: Ring, y: float) -> Ring:
    """Where the ring crosses that height."""
    one, other = ring, np.roll(ring, -1, axis=0)
    over = (one[:, 1] > y) != (other[:, 1] > y)
    a, b = one[over], other[over]
    crossed: Ring = a[:, 0] + (y - a[:, 1]) * (b[:, 0] - a[:, 0]) / (b[:, 1] - a[:, 1])
    return crossed
