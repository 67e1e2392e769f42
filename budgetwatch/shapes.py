"""The operator's own map: outlines of districts and towns from a GeoJSON file, checked, thinned and kept in the home.

Nothing is known about projections: longitude and latitude, a national grid or shifted coordinates (GCJ-02) all
draw the same map, as long as the coordinates of one file agree with one another. A file replaces the one before.
"""

from __future__ import annotations

import datetime as dt
import difflib
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from budgetwatch import mapfile, outlines
from budgetwatch.access import audit
from budgetwatch.access.viewer import SYSTEM, Viewer
from budgetwatch.calendar import now
from budgetwatch.errors import BadFile, Denied, NotFound
from budgetwatch.outlines import Ring
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

FILE = "shapes.json"
#: A screen shows no more than a few thousand points.
MOST_POINTS = 4_000
_NAMED = 10


@dataclass(frozen=True, slots=True)
class Outline:
    """One place on the map: its rings, the greatest first; holes and islands alike (inside is decided even-odd)."""

    code: str
    name: str
    rings: tuple[Ring, ...]


@dataclass(frozen=True, slots=True)
class Shapes:
    """What was loaded: from which file, when, by whom, and the outline of each place by its code."""

    file: str
    sha256: str
    loaded_at: dt.datetime
    loaded_by: str
    points_sent: int
    left_out: tuple[str, ...]
    outlines: Mapping[str, Outline]

    @property
    def points(self) -> int:
        return sum(len(ring) for one in self.outlines.values() for ring in one.rings)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        return outlines.bounds([ring for one in self.outlines.values() for ring in one.rings])

    @property
    def geographic(self) -> bool:
        """Whether the coordinates are degrees, of which those of longitude grow narrower to the north."""
        left, bottom, right, top = self.bounds
        return max(-left, right) <= 180 and max(-bottom, top) <= 90


def load(
    home: Home, viewer: Viewer, path: Path, *, code_field: str = "", name_field: str = "", skip_unknown: bool = False
) -> Shapes:
    """Check the file and make it this deployment's map. Codes that nobody knows are refused, with the nearest known
    places, unless `skip_unknown` leaves them out."""
    _may(viewer)
    known = _known(home)
    sent = mapfile.read(path, known, code_field=code_field, name_field=name_field)
    strange = [(code, name) for code, name, _ in sent.features if code not in known]
    found: dict[str, list[Ring]] = {}
    called: dict[str, str] = {}
    for code, name, rings in sent.features:
        if code in known:
            found.setdefault(code, []).extend(rings)
            called[code] = min(filter(None, (name, called.get(code, ""))), default="")
    if strange and (not skip_unknown or not found):
        raise _unknown(path, strange, known)
    made = Shapes(
        file=path.name,
        sha256=sent.sha256,
        loaded_at=now(),
        loaded_by=viewer.login,
        points_sent=sum(len(ring) for rings in found.values() for ring in rings),
        left_out=tuple(sorted(f"{code} {name}".strip() for code, name in strange)),
        outlines=_thinned(found, {code: name or known[code] for code, name in called.items()}),
    )
    _keep(home, viewer, made)
    return made


def shapes(home: Home) -> Shapes | None:
    """The map in force, or None; read once and again when the file changes."""
    file = home.path / FILE
    try:
        stamp = file.stat()
    except FileNotFoundError:
        return None
    key = (str(file), stamp.st_mtime_ns, stamp.st_size)
    if key not in _read:
        _read.clear()
        _read[key] = _parse(file)
    return _read[key]


_read: dict[tuple[str, int, int], Shapes] = {}


def remove(home: Home, viewer: Viewer) -> None:
    """Take the map away; places are then shown as tiles. NotFound when there is none."""
    _may(viewer)
    file = home.path / FILE
    if not file.exists():
        raise NotFound(
            Text("没有加载过地图。", "No map was loaded."),
            fix=Text("用 budgetwatch shapes load 加载。", "Load one with `budgetwatch shapes load`."),
        )
    with home.session() as session:
        audit.record(session, viewer, "remove_shapes", "shapes", FILE)
        file.unlink()


def _may(viewer: Viewer) -> None:
    if not viewer.may("take_in"):
        raise Denied(
            Text("您的角色不能更换地图。", "Your role cannot change the map."),
            fix=Text("请联系系统管理员。", "Ask the administrator."),
        )


def _known(home: Home) -> dict[str, str]:
    """code → name of every place that facts were sent for."""
    query = """SELECT code, any_value(name) FROM (
                 SELECT adm_div_code AS code, arg_max(adm_div_name, budget_year) AS name FROM region GROUP BY 1
                 UNION ALL SELECT DISTINCT adm_div_code, NULL FROM budget_line
                 UNION ALL SELECT DISTINCT adm_div_code, NULL FROM payment) GROUP BY 1"""
    with home.facts(SYSTEM) as facts:
        known = {code: name or code for code, name in facts.execute(query).fetchall()}
    if not known:
        raise BadFile(
            Text("还没有任何地区的数据，无法核对代码。", "No place is known yet, so codes cannot be checked."),
            fix=Text("请先接收区划（region）或预算数据。", "Take in the list of regions, or budgets, first."),
        )
    return known


def _unknown(path: Path, strange: Sequence[tuple[str, str]], known: Mapping[str, str]) -> BadFile:
    told = []
    for code, name in strange[:_NAMED]:
        alike = [c for c, n in known.items() if name and n == name]
        alike += [c for c in difflib.get_close_matches(code, known, n=3, cutoff=0.6) if c not in alike]
        nearest = ", ".join(f"{c} {known[c]}" for c in alike[:3])
        told.append(f"{code} {name}".strip() + (f" → {nearest}?" if nearest else ""))
    more = f" … (+{len(strange) - _NAMED})" if len(strange) > _NAMED else ""
    listed = "; ".join(told) + more
    return BadFile(
        Text(f"{len(strange)} 个代码不是已知的地区：{listed}。", f"{len(strange)} codes are no known place: {listed}."),
        where=path.name,
        fix=Text(
            "改正代码，或用 --skip-unknown 略过它们。", "Correct the codes, or leave them out with --skip-unknown."
        ),
    )


def _thinned(found: Mapping[str, Sequence[Ring]], called: Mapping[str, str]) -> dict[str, Outline]:
    """Outlines in the order of their codes, whatever the order of the file."""
    ordered = {
        code: sorted((_from_lowest(ring) for ring in found[code]), key=lambda r: (-outlines.area(r), r.tolist()))
        for code in sorted(found)
    }
    thin = iter(outlines.fewer([ring for rings in ordered.values() for ring in rings], MOST_POINTS))
    return {code: Outline(code, called[code], tuple(next(thin) for _ in rings)) for code, rings in ordered.items()}


def _from_lowest(ring: Ring) -> Ring:
    """The same ring, begun at its lowest point: where a file begins it makes no difference."""
    first = int(np.lexsort((ring[:, 1], ring[:, 0]))[0])
    return np.roll(ring, -first, axis=0)


def _keep(home: Home, viewer: Viewer, kept: Shapes) -> None:
    """Write it whole or not at all, and say in the log who did."""
    left, bottom, right, top = kept.bounds
    places = 6 - len(str(int(max(right - left, top - bottom, 1))))
    told = {
        "file": kept.file,
        "sha256": kept.sha256,
        "loaded_at": kept.loaded_at.isoformat(),
        "loaded_by": kept.loaded_by,
        "points_sent": kept.points_sent,
        "left_out": list(kept.left_out),
        "places": {
            code: {"name": one.name, "rings": [ring.round(max(places, 0)).tolist() for ring in one.rings]}
            for code, one in kept.outlines.items()
        },
    }
    half = home.path / f".{FILE}.{os.getpid()}.{secrets.token_hex(4)}"
    try:
        half.write_text(json.dumps(told, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
        with home.session() as session:
            detail = {"file": kept.file, "sha256": kept.sha256, "places": len(kept.outlines), "points": kept.points}
            audit.record(session, viewer, "load_shapes", "shapes", kept.file, detail)
            half.replace(home.path / FILE)
    finally:
        half.unlink(missing_ok=True)


def _parse(file: Path) -> Shapes:
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        return Shapes(
            file=told["file"],
            sha256=told["sha256"],
            loaded_at=dt.datetime.fromisoformat(told["loaded_at"]),
            loaded_by=told["loaded_by"],
            points_sent=told["points_sent"],
            left_out=tuple(told["left_out"]),
            outlines={
                code: Outline(code, one["name"], tuple(np.array(r, dtype=np.float64) for r in one["rings"]))
                for code, one in told["places"].items()
            },
        )
    except (ValueError, KeyError, TypeError) as error:
        raise BadFile(
            Text("保存的地图读不出来。", "The map that was kept cannot be read."),
            where=file.name,
            fix=Text("请重新加载：budgetwatch shapes load 文件。", "Load it again: budgetwatch shapes load FILE."),
        ) from error
