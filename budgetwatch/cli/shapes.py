"""Verbs about the map: load the outlines of districts and towns, see what was loaded, take it away."""

from __future__ import annotations

from pathlib import Path

import typer

from budgetwatch.access.viewer import SYSTEM
from budgetwatch.cli.app import HELP, app, home, language, reader
from budgetwatch.cli.out import AsCsv, AsJson, listed, printed_json, remark, rows
from budgetwatch.text import Text

shapes = typer.Typer(
    no_args_is_help=True, context_settings=HELP, help="The map: outlines of districts and towns, from your own GeoJSON."
)
app.add_typer(shapes, name="shapes")

_LOADED = Text(
    "{file}：{places} 个地区，{sent:,} 个点简化为 {points:,} 个。",
    "{file}: {places} places, {sent:,} points thinned to {points:,}.",
)
_LEFT_OUT = Text("略过不认识的代码：{codes}", "Left out, as their codes are unknown: {codes}")
_BARE = Text("没有图形的地区在地图旁列出：{n}", "Places without a shape are listed beside the map: {n}")
_HEADINGS = [
    ("place", Text("区划代码", "Code")),
    ("name", Text("地区", "Place")),
    ("drawn", Text("有图形", "On the map")),
    ("rings", Text("圈", "Rings")),
    ("points", Text("点", "Points")),
]


@shapes.command("load")
def shapes_load(
    file: Path = typer.Argument(..., help="GeoJSON: a FeatureCollection of Polygons and MultiPolygons"),
    code_field: str = typer.Option(
        "", "--code-field", help="the property that holds the region code; default: found out"
    ),
    name_field: str = typer.Option("", "--name-field", help="the property that holds the name; default: found out"),
    skip_unknown: bool = typer.Option(False, "--skip-unknown", help="leave out places that no facts know"),
    as_json: bool = AsJson,
) -> None:
    """Check a file and make it the map; one loaded before is replaced. Any coordinates do, if they agree with one another."""
    from budgetwatch import shapes as service

    made = service.load(
        home(), SYSTEM, file, code_field=code_field, name_field=name_field, skip_unknown=skip_unknown
    )  # fmt: skip
    if as_json:
        told = {"file": made.file, "places": sorted(made.outlines), "left_out": made.left_out}
        printed_json({**told, "points_sent": made.points_sent, "points": made.points}, language())
        return
    lang = language()
    remark(
        _LOADED.fill(
            file=made.file, places=len(made.outlines), sent=made.points_sent, points=made.points
        ).of(lang)
    )  # fmt: skip
    if made.left_out:
        remark(_LEFT_OUT.fill(codes=", ".join(made.left_out)).of(lang))
    bare = sum(not one["drawn"] for one in _places())
    if bare:
        remark(_BARE.fill(n=bare).of(lang))


@shapes.command("show")
def shapes_show(as_json: bool = AsJson, as_csv: bool = AsCsv) -> None:
    """Every known place, and whether it is on the map."""
    listed(rows(_HEADINGS, _places()), language(), as_json=as_json, as_csv=as_csv)


@shapes.command("remove")
def shapes_remove() -> None:
    """Take the map away: places are shown as tiles again."""
    from budgetwatch import shapes as service

    service.remove(home(), SYSTEM)
    remark(Text("地图已移除。", "The map was removed.").of(language()))


def _places() -> list[dict[str, object]]:
    from budgetwatch import shapes as service
    from budgetwatch.queries import places as asked

    there = service.shapes(home())
    outlines = there.outlines if there else {}
    return [
        {
            "place": one.code,
            "name": one.name,
            "drawn": one.code in outlines,
            "rings": len(outlines[one.code].rings) if one.code in outlines else None,
            "points": sum(len(ring) for ring in outlines[one.code].rings) if one.code in outlines else None,
        }
        for one in asked.places(home(), reader())
    ]
