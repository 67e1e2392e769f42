"""A GeoJSON file of places, read and judged: which feature is which place, and whether its rings are sound.

Every refusal names the feature and says what to do; nothing is mended silently.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from budgetwatch import outlines
from budgetwatch.errors import BadFile
from budgetwatch.outlines import Ring
from budgetwatch.text import Text

#: A city's boundaries at survey precision are some tens of MB.
LARGEST_MB, MOST_PLACES = 64, 5_000
CODE_FIELDS = ("adm_div_code", "区划代码", "行政区划代码", "adcode", "ADCODE", "code", "CODE", "gb", "id")
NAME_FIELDS = ("adm_div_name", "区划名称", "name", "NAME", "名称")
_NAMED = 10


@dataclass(frozen=True, slots=True)
class MapFile:
    """What the file holds: (code, name, rings) of each feature, in the file's order."""

    sha256: str
    features: list[tuple[str, str, list[Ring]]]


def read(path: Path, known: Mapping[str, str], *, code_field: str = "", name_field: str = "") -> MapFile:
    """The file's places; BadFile with feature and remedy when anything is unsound. Whether codes are known is not judged."""
    features, sha256 = _features(path)
    field = code_field or _code_field(path, features, known)
    found = []
    for number, feature in enumerate(features, start=1):
        where = f"{path.name}: feature {number}"
        code, name = _identity(feature, field, name_field, known, where)
        found.append((code, name, list(_rings(feature, f"{where}, {code} {name}".rstrip()))))
    _agreeing(path, found)
    return MapFile(sha256, found)


def _features(path: Path) -> tuple[list[dict[str, Any]], str]:
    """The features of the file and its hash."""
    try:
        size = path.stat().st_size
        if size > LARGEST_MB * 1_000_000:
            raise BadFile(
                Text(f"文件有 {size / 1e6:.0f} MB，超过 {LARGEST_MB} MB。", f"The file has {size / 1e6:.0f} MB, more than {LARGEST_MB} MB."),
                where=path.name,
                fix=Text("请先在制图软件中简化边界。", "Simplify the boundaries in mapping software first."),
            )  # fmt: skip
        content = path.read_bytes()
    except OSError as error:
        raise BadFile(
            Text("文件读不出来。", "The file cannot be read."),
            where=str(path),
            fix=Text("请检查路径和权限。", "Check its path and permissions."),
        ) from error
    try:
        told = json.loads(content)
    except (ValueError, RecursionError) as error:
        at = f" {error.lineno}:{error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise _not_geojson(path.name + at) from error
    features = told.get("features") if isinstance(told, dict) and told.get("type") == "FeatureCollection" else None
    if isinstance(told, dict) and told.get("type") == "Feature":
        features = [told]
    if not isinstance(features, list) or not features or not all(isinstance(f, dict) for f in features):
        raise _not_geojson(path.name)
    if len(features) > MOST_PLACES:
        raise BadFile(
            Text(f"有 {len(features)} 个地块，超过 {MOST_PLACES} 个。", f"It has {len(features)} features, more than {MOST_PLACES}."),
            where=path.name,
            fix=Text("请只保留本地区的区县和镇街。", "Keep the districts and towns of your own region only."),
        )  # fmt: skip
    return features, hashlib.sha256(content).hexdigest()


def _not_geojson(where: str) -> BadFile:
    return BadFile(
        Text("这不是 GeoJSON 的 FeatureCollection。", "This is no GeoJSON FeatureCollection."),
        where=where,
        fix=Text("请从制图软件导出为 GeoJSON（UTF-8）。", "Export it from mapping software as GeoJSON (UTF-8)."),
    )


def _code_field(path: Path, features: Sequence[dict[str, Any]], known: Mapping[str, str]) -> str:
    """The property that holds most known codes."""
    told = [_properties(feature) for feature in features]
    names = [*CODE_FIELDS, *sorted({name for one in told for name in one} - set(CODE_FIELDS))]
    hits = {name: sum(_code(one.get(name), known) in known for one in told) for name in names}
    best = max(names, key=lambda name: hits[name])
    if hits[best]:
        return best
    there = next((name for name in CODE_FIELDS if any(name in one for one in told)), "")
    if there:
        return there
    raise BadFile(
        Text("看不出哪个属性是区划代码。", "No property holds region codes."),
        where=path.name,
        fix=Text(
            f"用 --code-field 指明；文件中有：{'、'.join(sorted({n for o in told for n in o})) or '无'}。",
            f"Name it with --code-field; the file has: {', '.join(sorted({n for o in told for n in o})) or 'none'}.",
        ),
    )


def _properties(feature: Mapping[str, Any]) -> dict[str, Any]:
    properties = feature.get("properties")
    told = dict(properties) if isinstance(properties, dict) else {}
    return {"id": feature["id"], **told} if "id" in feature else told


def _code(value: object, known: Mapping[str, str]) -> str:
    """The code as facts spell it: numbers as text, and statistical codes of 12 figures without their closing zeros."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    code = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
    if code not in known and code.isdigit() and len(code) == 12:
        return next((code[:n] for n in (9, 6) if code[:n] in known and not code[n:].strip("0")), code)
    return code


def _identity(
    feature: Mapping[str, Any], field: str, name_field: str, known: Mapping[str, str], where: str
) -> tuple[str, str]:
    told = _properties(feature)
    code = _code(told.get(field), known)
    if not code:
        raise BadFile(
            Text(f"属性“{field}”为空。", f"Its property “{field}” is empty."),
            where=where,
            fix=Text(
                f"请补上区划代码，或用 --code-field 指明属性；这里有：{'、'.join(sorted(told)) or '无'}。",
                f"Fill in its region code, or name the property with --code-field; it has: {', '.join(sorted(told)) or 'none'}.",
            ),
        )
    fields = (name_field,) if name_field else NAME_FIELDS
    name = next((str(told[one]).strip() for one in fields if told.get(one)), "")
    return code, name[:128]


def _rings(feature: Mapping[str, Any], where: str) -> Iterator[Ring]:
    """The rings of a Polygon or MultiPolygon, each of them sound."""
    geometry = feature.get("geometry")
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    told = geometry.get("coordinates") if isinstance(geometry, dict) else None
    polygons = [told] if kind == "Polygon" else told if kind == "MultiPolygon" else None
    if not isinstance(polygons, list) or not polygons or not all(isinstance(p, list) and p for p in polygons):
        raise BadFile(
            Text(f"图形是 {kind or '空'}，不是面。", f"Its geometry is {kind or 'empty'}, not an area."),
            where=where,
            fix=Text("只接收 Polygon 和 MultiPolygon。", "Only Polygon and MultiPolygon are taken."),
        )
    for n, polygon in enumerate(polygons, start=1):
        for m, positions in enumerate(polygon, start=1):
            ring = outlines.read(positions)
            if isinstance(ring, Text):
                raise BadFile(
                    Text(f"第 {n} 个面的第 {m} 圈：{ring.zh}。", f"Ring {m} of polygon {n}: {ring.en}."),
                    where=where,
                    fix=Text("请在制图软件中修复几何后重新导出。", "Repair the geometry in mapping software and export again."),
                )  # fmt: skip
            yield ring


def _agreeing(path: Path, found: Sequence[tuple[str, str, list[Ring]]]) -> None:
    """Degrees and metres in one file make no map: the fewer of the two must not lie far away from the others."""
    degrees = [(code, rings) for code, _, rings in found if all(abs(ring).max() <= 180 for ring in rings)]
    others = [(code, rings) for code, _, rings in found if not all(abs(ring).max() <= 180 for ring in rings)]
    few, many = sorted((degrees, others), key=len)
    if few and _far([r for _, rings in few for r in rings], [r for _, rings in many for r in rings]):
        raise BadFile(
            Text("坐标不一致：一部分像经纬度，一部分像投影坐标。", "Coordinates disagree: some look like degrees, some like a projection."),
            where=f"{path.name}: {', '.join(sorted(code for code, _ in few)[:_NAMED])}",
            fix=Text("请统一坐标系后重新导出。", "Bring all of them into one coordinate system and export again."),
        )  # fmt: skip


def _far(few: Sequence[Ring], many: Sequence[Ring]) -> bool:
    """Whether the few lie farther from the many than twice what the many span."""
    odd, rest = outlines.bounds(few), outlines.bounds(many)
    reach = max(rest[2] - rest[0], rest[3] - rest[1])
    return max(rest[0] - odd[2], odd[0] - rest[2], rest[1] - odd[3], odd[1] - rest[3]) > 2 * reach
