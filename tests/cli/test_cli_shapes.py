"""`budgetwatch shapes`: load, show, remove; refusals in one sentence with exit code 2."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from budgetwatch.home import Home
from tests.shapes.test_shapes import feature, features, square

Call = Callable[..., Any]


def written(path: Path, told: list[dict[str, Any]]) -> str:
    path.write_text(json.dumps({"type": "FeatureCollection", "features": told}), encoding="utf-8")
    return str(path)


def test_load_show_remove(budgetwatch: Call, city: Home, tmp_path: Path) -> None:
    file = written(tmp_path / "map.geojson", features())
    said = budgetwatch("shapes", "load", file)
    assert (said.code, said.out) == (0, "")
    assert "3 places" in said.err
    assert "listed beside the map: 1" in said.err
    told = budgetwatch("shapes", "show", "--json").json["rows"]
    assert {row["place"]: row["drawn"] for row in told} == {
        "990100": False, "990102": True, "990102001": True, "990103": True,
    }  # fmt: skip
    assert budgetwatch("shapes", "remove").code == 0
    assert not any(row["drawn"] for row in budgetwatch("shapes", "show", "--json").json["rows"])
    assert budgetwatch("shapes", "remove").code == 2


def test_an_unknown_code_stops_it_until_it_is_left_out(budgetwatch: Call, city: Home, tmp_path: Path) -> None:
    file = written(tmp_path / "map.geojson", [*features(), feature("990109", square(9, 9))])
    said = budgetwatch("shapes", "load", file)
    assert said.code == 2
    assert "990109" in said.err
    assert "--skip-unknown" in said.err
    told = budgetwatch("shapes", "load", file, "--skip-unknown", "--json").json
    assert (told["places"], told["left_out"]) == (["990102", "990102001", "990103"], ["990109"])
