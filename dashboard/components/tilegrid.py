"""Places as tiles, each a link with its name and its figure, grouped by district: the map for when there are no shapes.

A tile's class of five is told by colour, by a small bar of as many filled fields, and by the figure itself; what
nobody sent is hatched. Order on the screen, order of the tab key and order of the codes are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from dash import html

from budgetwatch.queries.places import Coverage, Covered
from dashboard.asking import href
from dashboard.i18n import say, t

STEPS = 5
Figure = Decimal | int


@dataclass(frozen=True, slots=True)
class Tile:
    """One place: what it is called, its figure as read, its class (1…5; 0: nothing was sent; -1: not compared),
    and where it leads."""

    code: str
    name: str
    figure: str
    step: int
    href: str = ""
    chosen: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """A district: its own tile as the heading (None for places that belong to none), and its towns."""

    head: Tile | None
    tiles: Sequence[Tile] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Scale:
    """Five classes of equally many different figures, the smallest first; `ranges` are what each class really holds."""

    steps: dict[Figure, int]
    ranges: tuple[tuple[int, Figure, Figure], ...]

    def step(self, value: Figure | None) -> int:
        return 0 if value is None else self.steps.get(value, 0)


def scale(values: Iterable[Figure | None]) -> Scale:
    """The classes of these figures. A figure has one class however often it occurs; few figures are spread over the five."""
    known = sorted({value for value in values if value is not None})
    last = max(1, len(known) - 1)
    if len(known) > STEPS:
        steps = {value: 1 + STEPS * rank // len(known) for rank, value in enumerate(known)}
    else:
        steps = {value: 1 + (STEPS - 1) * rank // last for rank, value in enumerate(known)}
    held = [(step, [v for v in known if steps[v] == step]) for step in range(1, STEPS + 1)]
    return Scale(steps, tuple((step, inside[0], inside[-1]) for step, inside in held if inside))


def tile_grid(groups: Sequence[Group], *, label: str, id: str, legend: Any = None) -> Any:
    """The grid: a list of districts, in each the list of its towns. `label` says to a screen reader what it is."""
    return html.Div(
        [
            legend,
            html.Ul(
                [
                    html.Li(
                        [
                            _tile(group.head, id, head=True) if group.head else None,
                            html.Ul([html.Li(_tile(one, id)) for one in group.tiles], className="place-tiles")
                            if group.tiles
                            else None,
                        ],
                        className="place-group" if group.head else "place-group is-loose",
                    )
                    for group in groups
                ],
                id=id,
                className="place-groups",
                **{"aria-label": label},
            ),
        ],
        className="tile-grid",
    )


def legend(ranges: Sequence[tuple[int, str]], *, none: bool = False, id: str = "legend") -> Any:
    """Which colour and bar stand for what; `none` adds the hatched one."""
    items = [*ranges, *([(0, t("没有数据"))] if none else [])]
    return html.Ul(
        [
            html.Li(
                [html.Span(step_mark(step), className=f"legend-field step-{step}"), html.Span(words)],
                className="legend-item",
            )
            for step, words in items
        ],
        id=id,
        className="place-legend",
        **{"aria-label": t("图例")},
    )


def ranges_of(found: Scale, show: Callable[[Figure], str]) -> list[tuple[int, str]]:
    """The classes in words: “94.8% – 95.4%”, or the one figure where a class holds one."""
    return [(step, show(low) if low == high else f"{show(low)} – {show(high)}") for step, low, high in found.ranges]


def step_mark(step: int) -> Any:
    """As many filled fields as the class has; nothing where nothing was sent."""
    return html.Span(className=f"step-mark mark-{step}", **{"aria-hidden": "true"})


def _tile(tile: Tile, id: str, *, head: bool = False) -> Any:
    inside = [
        html.Span(tile.name, className="place-name"),
        html.Span(
            [html.Span(tile.figure, className="place-figure figure"), step_mark(tile.step) if tile.step >= 0 else None],
            className="place-row",
        ),
        html.Span(tile.note, className="visually-hidden") if tile.note else None,
    ]
    classes = f"place-tile step-{tile.step}{' is-head' if head else ''}{' is-chosen' if tile.chosen else ''}"
    extra: dict[str, Any] = {"aria-current": "true"} if tile.chosen else {}
    name = f"{id}-{tile.code}"
    if tile.href:
        return html.A(inside, href=tile.href, className=classes, id=name, **extra)
    return html.Div(inside, className=classes, id=name, **extra)


# ------------------------------------------------------------------ coverage as tiles


def coverage_grid(coverage: Coverage, *, id: str = "coverage-grid", path: str = "/places") -> Any:
    """Which places are linked up: of the expected feeds, how many arrived; each tile leads to its place."""

    def tile(one: Covered) -> Tile:
        came, of = len(coverage.expected) - len(one.missing), len(coverage.expected)
        step = 0 if not came else 4 if one.linked else 2
        silent = "" if one.days_silent is None else t("{n} 天未更新", n=one.days_silent)
        return Tile(
            one.place.code,
            say(one.place.name),
            f"{came}/{of}",
            step,
            href(path, measure="silent", place=one.place.code),
            note=silent,
        )

    heads = {one.place.code: Group(tile(one), []) for one in coverage.places if not one.place.parent}
    groups = {
        code: Group(group.head, [tile(one) for one in coverage.places if one.place.parent == code])
        for code, group in heads.items()
    }
    loose = [tile(one) for one in coverage.places if one.place.parent and one.place.parent not in heads]
    words = [(4, t("应报的全部到达")), (2, t("到了一部分"))]
    key = legend(words, none=any(not one.arrivals for one in coverage.places), id=f"{id}-legend")
    every = [*groups.values(), *([Group(None, loose)] if loose else [])]
    return tile_grid(every, label=t("各地数据到达情况"), id=id, legend=key)
