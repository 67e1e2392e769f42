"""The invented map: whatever the seed, each town has a piece of its district, and the pieces make it up."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from budgetwatch import outlines
from budgetwatch.demo import shapes
from budgetwatch.demo.places import regions


def test_every_town_has_its_piece_whatever_the_seed(tmp_path: Path) -> None:
    for seed in range(40):
        places = regions(np.random.default_rng(seed))
        told = json.loads(shapes.write(tmp_path / "map.geojson", places, seed).read_text("utf-8"))
        area: dict[str, float] = {}
        for feature in told["features"]:
            ring = outlines.read(feature["geometry"]["coordinates"][0])
            assert isinstance(ring, np.ndarray), (seed, feature["properties"], ring)
            area[feature["properties"]["adm_div_code"]] = outlines.area(ring)
        towns: dict[str, float] = defaultdict(float)
        for place in places:
            if place.level in ("town", "street"):
                towns[place.parent] += area[place.code]
        assert {p.code for p in places if p.level != "city"} == area.keys()
        for district, together in towns.items():
            assert together == pytest.approx(area[district], rel=0.02), seed
