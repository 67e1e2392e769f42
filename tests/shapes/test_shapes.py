"""The operator's map: loaded, refused with feature and remedy, replaced, removed; the same whatever the file's order."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from budgetwatch import shapes, tables
from budgetwatch.access.viewer import SYSTEM, Viewer
from budgetwatch.errors import BadFile, Denied, NotFound
from budgetwatch.home import Home

TOWNS = {"990102": (0, 0), "990103": (4, 0), "990102001": (0, 4)}


def square(x: float, y: float, side: float = 4) -> list[list[float]]:
    return [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]


def feature(code: object, ring: Any, **more: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {"adcode": code, **more},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def features() -> list[dict[str, Any]]:
    return [feature(code, square(*corner), name=f"某{code}") for code, corner in TOWNS.items()]


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    def write(told: Any, name: str = "map.geojson") -> Path:
        path = tmp_path / name
        whole = {"type": "FeatureCollection", "features": told} if isinstance(told, list) else told
        path.write_text(whole if isinstance(whole, str) else json.dumps(whole, ensure_ascii=False), encoding="utf-8")
        return path

    return write


def refused(city: Home, path: Path, **more: Any) -> BadFile:
    with pytest.raises(BadFile) as caught:
        shapes.load(city, SYSTEM, path, **more)
    assert shapes.shapes(city) is None
    return caught.value


def test_a_file_becomes_the_map(city: Home, file: Callable[..., Path]) -> None:
    made = shapes.load(city, SYSTEM, file(features()))
    kept = shapes.shapes(city)
    assert kept is not None
    assert sorted(kept.outlines) == sorted(made.outlines) == sorted(TOWNS)
    assert kept.outlines["990102"].name == "某990102"
    assert kept.bounds == (0, 0, 8, 8)
    with city.session() as session:
        entry = session.scalars(sa.select(tables.Audit).order_by(tables.Audit.id.desc())).first()
    assert entry is not None
    assert (entry.action, entry.detail["places"]) == ("load_shapes", 3)


def test_the_order_of_the_file_makes_no_difference(city: Home, file: Callable[..., Path]) -> None:
    def drawn() -> str:
        told = json.loads((city.path / shapes.FILE).read_text())
        return json.dumps(told["places"])

    told = [*features(), feature("990103", square(20, 20, 1))]
    shapes.load(city, SYSTEM, file(told))
    first = drawn()
    turned = [
        {**f, "geometry": {"type": "Polygon", "coordinates": [[*f["geometry"]["coordinates"][0][2:-1], *f["geometry"]["coordinates"][0][:3]]]}}
        for f in told
    ]  # fmt: skip
    rng = np.random.default_rng(5)
    for _ in range(5):
        shapes.load(city, SYSTEM, file([turned[n] for n in rng.permutation(len(turned))]))
        assert json.loads(drawn()).keys() == json.loads(first).keys()
        assert drawn() == first


@pytest.mark.parametrize("code", [990102, 990102.0, "990102", "990102000000", " 990102 "])
def test_codes_as_people_write_them(city: Home, file: Callable[..., Path], code: object) -> None:
    assert list(shapes.load(city, SYSTEM, file([feature(code, square(0, 0))])).outlines) == ["990102"]


def test_a_town_by_its_statistical_code(city: Home, file: Callable[..., Path]) -> None:
    assert list(shapes.load(city, SYSTEM, file([feature("990102001000", square(0, 0))])).outlines) == ["990102001"]


def test_the_field_of_the_code_is_found_or_named(city: Home, file: Callable[..., Path]) -> None:
    told = [{**feature(None, square(0, 0)), "properties": {"编码": "990102", "叫": "青岚"}}]
    assert shapes.load(city, SYSTEM, file(told), name_field="叫").outlines["990102"].name == "青岚"
    told[0]["properties"] = {"a": "990102", "b": "990103"}
    assert list(shapes.load(city, SYSTEM, file(told), code_field="b").outlines) == ["990103"]


def test_unknown_codes_are_refused_with_the_nearest_places(city: Home, file: Callable[..., Path]) -> None:
    told = [*features(), feature("990108", square(9, 9)), feature("110000", square(20, 9), name="白石区")]
    error = refused(city, file(told))
    assert "990108" in error.what.en
    assert "990102 青岚区" in error.what.en or "990100" in error.what.en
    assert "110000 白石区 → 990103 白石区?" in error.what.en
    made = shapes.load(city, SYSTEM, file(told), skip_unknown=True)
    assert (len(made.outlines), made.left_out) == (3, ("110000 白石区", "990108"))


def test_only_unknown_codes_are_no_map(city: Home, file: Callable[..., Path]) -> None:
    refused(city, file([feature("110000", square(0, 0))]), skip_unknown=True)


@pytest.mark.parametrize(
    ("told", "where"),
    [
        ("{", "map.geojson 1:2"),
        ("[]", "map.geojson"),
        ({"type": "FeatureCollection", "features": []}, "map.geojson"),
        ({"type": "Topology", "objects": {}}, "map.geojson"),
        ([feature("", square(0, 0))], "map.geojson: feature 1"),
        ([*features(), {**feature("990103", []), "geometry": None}], "map.geojson: feature 4, 990103"),
        ([{**feature("990102", []), "geometry": {"type": "Point", "coordinates": [1, 2]}}], "map.geojson: feature 1, 990102"),
        ([feature("990102", square(0, 0)[:-1])], "map.geojson: feature 1, 990102"),
        ([feature("990102", [[0, 0], [1, 1], [2, 2], [0, 0]])], "map.geojson: feature 1, 990102"),
    ],
)  # fmt: skip
def test_what_is_unsound_is_named_with_its_place(
    city: Home, file: Callable[..., Path], told: Any, where: str
) -> None:  # fmt: skip
    error = refused(city, file(told))
    assert error.where == where
    assert error.fix is not None


def test_degrees_and_metres_together_are_refused(city: Home, file: Callable[..., Path]) -> None:
    told = [feature("990102", square(500_000, 4_000_000, 900)), feature("990103", square(500_900, 4_000_000, 900)),
            feature("990102001", square(113.1, 23.2, 0.2))]  # fmt: skip
    assert "990102001" in refused(city, file(told)).where


def test_a_missing_file(city: Home, tmp_path: Path) -> None:
    refused(city, tmp_path / "none.geojson")


def test_a_place_of_many_pieces_and_holes(city: Home, file: Callable[..., Path]) -> None:
    told = feature("990102", [])
    told["geometry"] = {"type": "MultiPolygon", "coordinates": [[square(0, 0), square(1, 1, 1)], [square(9, 9, 2)]]}
    assert len(shapes.load(city, SYSTEM, file([told])).outlines["990102"].rings) == 3


def test_a_heavy_map_is_thinned(city: Home, file: Callable[..., Path]) -> None:
    turn = np.linspace(0, 2 * np.pi, 30_000, endpoint=False)
    ring = np.stack([50 * np.cos(turn), 40 * np.sin(turn) + np.sin(40 * turn)], axis=1).tolist()
    made = shapes.load(city, SYSTEM, file([feature("990102", [*ring, ring[0]])]))
    assert made.points_sent == 30_000
    assert made.points <= shapes.MOST_POINTS


def test_a_refused_file_leaves_the_map_in_force(city: Home, file: Callable[..., Path]) -> None:
    shapes.load(city, SYSTEM, file(features()))
    with pytest.raises(BadFile):
        shapes.load(city, SYSTEM, file("nonsense"))
    kept = shapes.shapes(city)
    assert kept is not None
    assert len(kept.outlines) == 3
    assert not list(city.path.glob(f".{shapes.FILE}*"))


def test_removed_once(city: Home, file: Callable[..., Path]) -> None:
    shapes.load(city, SYSTEM, file(features()))
    shapes.remove(city, SYSTEM)
    assert shapes.shapes(city) is None
    with pytest.raises(NotFound):
        shapes.remove(city, SYSTEM)


def test_who_takes_in_no_files_changes_no_map(city: Home, file: Callable[..., Path]) -> None:
    with pytest.raises(Denied):
        shapes.load(city, Viewer(1, "d", "某", "deputy", "9901"), file(features()))


def test_without_facts_codes_cannot_be_judged(home: Home, file: Callable[..., Path]) -> None:
    refused(home, file(features()))


def test_a_spoilt_map_says_how_to_mend_it(city: Home) -> None:
    (city.path / shapes.FILE).write_text("{}")
    with pytest.raises(BadFile, match="Load it again"):
        shapes.shapes(city)
