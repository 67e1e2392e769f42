"""Districts and towns side by side: a map where outlines were loaded, else tiles, and always the table.

The address says what is compared (`measure`), at which level, of which year, and which place is open (`place`).
"""

from __future__ import annotations

from typing import Any

from dash import html

from budgetwatch.errors import BudgetwatchError
from budgetwatch.queries.places import Coverage, coverage, place
from budgetwatch.queries.standing import MEASURES, Standing, Standings, standing
from budgetwatch.shapes import Shapes, shapes
from dashboard import drawn
from dashboard.asking import Asking, href
from dashboard.components import card, nothing_yet, page_head, tabs
from dashboard.components.placemap import place_map, sheet
from dashboard.components.prose import whole
from dashboard.components.tilegrid import Group, Scale, Tile, legend, ranges_of, scale, tile_grid
from dashboard.figures.places import download, sentence, shown
from dashboard.i18n import say, t
from dashboard.pages import place_detail, place_table

LEVELS = ("town", "district")
_YEARS = 5


def view(asking: Asking) -> tuple[str, Any]:
    """The comparison, with the open place beside it."""
    title = t("各地情况")
    found = standing(asking.home, asking.viewer, asking.one("measure"), asking.number("year"))
    if not found.rows:
        return title, [page_head(title), nothing_yet(asking.viewer)]
    covered = coverage(asking.home, asking.viewer)
    level = _level(asking, found)
    rows = [row for row in found.rows if row.place.is_town == (level == "town")]
    opened = found.of(place(asking.home, asking.viewer, asking.one("place")).code) if asking.one("place") else None
    board = [_picture(asking, found, covered, rows, level, opened)]
    if opened is not None:
        board.insert(0, place_detail.detail(asking, found, covered, opened))
        title = f"{say(opened.place.name)} · {title}"
    body = [
        page_head(t("各地情况"), lead=t("区县和镇街放在一起看：哪里慢了，哪里多了，哪里还没有数据。")),
        _ways(asking, found, level),
        html.Div(board, className="places-board has-detail" if opened else "places-board"),
        _multiples(asking, found, opened),
        card(
            place_table.table_of(asking, found, covered, rows),
            title=t("全部数字"),
            side=download(found, rows),
            id="places-table-card",
        ),
    ]
    return title, body


def _level(asking: Asking, found: Standings) -> str:
    """Towns where there are any, unless districts are asked for; a place that is open shows its own level."""
    towns = any(row.place.is_town for row in found.rows)
    others = any(not row.place.is_town for row in found.rows)
    wanted = asking.one("level")
    if wanted in LEVELS and towns and others:
        return wanted
    return "town" if towns else "district"


def _ways(asking: Asking, found: Standings, level: str) -> Any:
    """What to compare, at which level, of which year."""
    measures = tabs(
        [(key, say(MEASURES[key].label), asking.same(measure=key, order=None)) for key in found.measures],
        found.measure,
        label=t("比较什么"),
        id="measure",
    )
    both = len({row.place.is_town for row in found.rows}) > 1
    levels = tabs(
        [("town", t("镇街"), asking.same(level="town")), ("district", t("区县"), asking.same(level="district"))],
        level,
        label=t("比较哪一级"),
        id="level",
    )
    years = tabs(
        [(str(y), t("{year} 年", year=y), asking.same(year=y)) for y in found.years[:_YEARS]],
        str(found.year),
        label=t("预算年度"),
        id="year",
    )
    budgets = MEASURES[found.measure].powers == ("budgets",)
    ways = [levels if both else None, years if budgets and len(found.years) > 1 else None]
    return html.Div([measures, html.Div(ways, className="places-ways")], className="places-choose")


def _picture(
    asking: Asking, found: Standings, covered: Coverage, rows: list[Standing], level: str, opened: Standing | None
) -> Any:
    """The map, or the tiles; with the sentence that says what is seen and the legend of its classes."""
    classes = scale(row.value(found.measure) for row in rows)
    chosen = opened.place.code if opened else ""
    bare = any(row.value(found.measure) is None for row in rows)
    key = legend(ranges_of(classes, lambda value: shown(found, value)), none=bare)
    said = html.P(whole(sentence(found, covered, rows)), className="places-says", id="places-says")
    mapped = _map(asking, found, rows, level, classes, chosen)
    inside = [said, key, *mapped] if mapped else [said, _grid(asking, found, classes, level, chosen, key)]
    return card(*inside, title=_title(found), id="places-picture")


def _multiples(asking: Asking, found: Standings, opened: Standing | None) -> Any:
    """How spending went through the year: districts beside each other, or the towns of the district that is open."""
    if found.measure != "execution" or not asking.viewer.may("budgets"):
        return None
    if asking.one("lines") != "1":  # the page stays light for those who came for the map
        more = html.A(t("看各地逐月的支出进度"), href=asking.same(lines=1), className="button small", id="places-lines")
        transfers = html.A(
            t("转移支付去向"),
            href=href("/transfers", region=opened.place.code if opened and not opened.place.is_town else None),
            className="button small",
            id="to-transfers",
        )
        return html.P([more, " ", transfers])
    below = opened is not None and any(row.place.parent == opened.place.code for row in found.rows)
    region = opened.place.code if opened is not None and below else None
    lines = drawn.show(
        asking, "places", link=lambda code: asking.same(place=code), year=found.spent_year, region=region
    )
    return card(lines, title=t("支出进度"), id="places-multiples")


def _title(found: Standings) -> str:
    """What is compared, of which year."""
    label = say(MEASURES[found.measure].label)
    if found.measure == "execution":
        return t("{year} 年{label}", year=found.spent_year, label=label)
    return t("{year} 年{label}", year=found.year, label=label) if found.measure in ("change", "per_head") else label


def _tile(asking: Asking, found: Standings, classes: Scale, row: Standing, chosen: str) -> Tile:
    value = row.value(found.measure)
    code = row.place.code
    return Tile(
        code, say(row.place.name), shown(found, value), classes.step(value), asking.same(place=code), chosen == code
    )  # fmt: skip


def _grid(asking: Asking, found: Standings, classes: Scale, level: str, chosen: str, key: Any) -> Any:
    """Tiles by district. At the level of towns a district's own tile is its heading, coloured only when it is compared."""

    def tile(row: Standing) -> Tile:
        made = _tile(asking, found, classes, row, chosen)
        return made if row.place.is_town == (level == "town") else Tile(**{f: getattr(made, f) for f in _KEPT}, step=-1)

    heads = [row for row in found.rows if not row.place.is_town]
    if level == "district":
        return tile_grid([Group(None, [tile(r) for r in heads])], label=_title(found), id="place-grid", legend=key)
    under = {h.place.code: [tile(r) for r in found.rows if r.place.parent == h.place.code] for h in heads}
    groups = [Group(tile(h), under[h.place.code]) for h in heads if under[h.place.code]]
    loose = [tile(row) for row in found.rows if row.place.is_town and row.place.parent not in under]
    groups += [Group(None, loose)] if loose else []
    return tile_grid(groups, label=_title(found), id="place-grid", legend=key)


_KEPT = ("code", "name", "figure", "href", "chosen", "note")


def _map(
    asking: Asking, found: Standings, rows: list[Standing], level: str, classes: Scale, chosen: str
) -> list[Any] | None:
    """The map with those that have no outline beside it; None where no outline of these places was loaded."""
    loaded = _loaded(asking)
    if loaded is None:
        return None
    towns = [row.place for row in found.rows if row.place.is_town]
    parts = {
        row.place.code: [row.place.code]
        if row.place.code in loaded.outlines
        else [one.code for one in towns if one.parent == row.place.code]
        for row in rows
    }
    whole = sheet(loaded, parts)
    if not whole.cells:
        return None
    tiles = [_tile(asking, found, classes, row, chosen) for row in rows]
    around = [row.place.code for row in found.rows if not row.place.is_town and row.place.code in loaded.outlines]
    thick = (
        [] if level == "district" else [ring for code in around for ring in whole.placed(loaded.outlines[code].rings)]
    )
    bare = [tile for tile in tiles if tile.code not in whole.cells]
    marked = whole.placed(loaded.outlines[chosen].rings) if chosen in loaded.outlines else []
    pieces = [place_map(whole, tiles, id="place-map", thick=thick, marked=marked)]
    if bare:
        beside = tile_grid([Group(None, bare)], label=t("没有图形的地区"), id="place-grid")
        pieces.append(html.Div([html.H3(t("没有图形的地区")), beside], className="beside-map"))
    return pieces


def _loaded(asking: Asking) -> Shapes | None:
    """The map in force; one that cannot be read is as good as none here, the command line says what ails it."""
    try:
        return shapes(asking.home)
    except BudgetwatchError:
        return None
