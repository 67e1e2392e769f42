"""The invented city's map: districts and towns as cells around made-up centres, in kilometres from nowhere.

No real place has these outlines: they are drawn from the seed, on a plane without longitude or latitude.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from budgetwatch.demo.places import CITY_PREFIX, DISTRICTS, Region

Points = NDArray[np.float64]
_SPACING = 0.8
_ROUNDS = 14


def write(path: Path, places: Sequence[Region], seed: int) -> Path:
    """A GeoJSON file with one Polygon for each district and each town; the city's own level has none."""
    rng = np.random.default_rng(seed)
    districts = [p for p in places if p.level == "district"]
    turn = np.linspace(0, 2 * np.pi, len(districts), endpoint=False) + 0.4
    centres = np.stack([34 * np.cos(turn[1:]), 25 * np.sin(turn[1:])], axis=1)
    centres = np.concatenate([[[2.0, -1.0]], centres])[: len(districts)]
    features = []
    for district, cell in zip(districts, _cells(_edge_of_city(rng), centres), strict=True):
        towns = [p for p in places if p.parent == district.code]
        features.append(_feature(district, cell))
        sites = _settled(cell, len(towns), rng)
        features += [_feature(town, part) for town, part in zip(towns, _cells(cell, sites), strict=True)]
    told = {"type": "FeatureCollection", "name": f"{CITY_PREFIX} {len(DISTRICTS)}", "features": features}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    return path


def _edge_of_city(rng: np.random.Generator) -> Points:
    turn = np.linspace(0, 2 * np.pi, 22, endpoint=False)
    far = 1 + rng.uniform(-0.05, 0.05, len(turn))
    return np.stack([58 * far * np.cos(turn), 42 * far * np.sin(turn)], axis=1)


def _cells(whole: Points, sites: Points) -> list[Points]:
    """For each site, what of the whole lies nearer to it than to any other."""
    found = []
    for site in sites:
        cell = whole
        for other in sites:
            if (other != site).any():
                cell = _nearer(cell, site, other)
        found.append(cell)
    return found


def _nearer(cell: Points, site: Points, other: Points) -> Points:
    """The part of a convex cell on the site's side of the line halfway to the other."""
    way, middle = other - site, (other + site) / 2
    over = (cell - middle) @ way
    kept: list[Points] = []
    for here, there, a, b in zip(cell, np.roll(cell, -1, axis=0), over, np.roll(over, -1), strict=True):
        if a <= 0:
            kept.append(here)
        if (a <= 0) != (b <= 0):
            kept.append(here + (there - here) * (a / (a - b)))
    return np.array(kept).reshape(-1, 2)


def _settled(cell: Points, n: int, rng: np.random.Generator) -> Points:
    """Sites inside the cell, moved to the middle of their own cells until these are of like size."""
    middle = cell.mean(axis=0)
    sites = middle + rng.normal(0, 0.25, (n, 2)) * np.ptp(cell, axis=0)
    sites = middle + (sites - middle) * 0.6
    for _ in range(_ROUNDS):
        sites = np.array([part.mean(axis=0) if len(part) else _within(cell, rng) for part in _cells(cell, sites)])
    return sites


def _within(cell: Points, rng: np.random.Generator) -> Points:
    """A place somewhere inside a convex cell, for a site that fell so far outside that nothing of it is nearest."""
    inside: Points = rng.dirichlet(np.ones(len(cell))) @ cell
    return inside


def _feature(place: Region, cell: Points) -> dict[str, object]:
    line = _bent(_dense(cell))
    ring = np.concatenate([line, line[:1]]).round(3).tolist()
    return {
        "type": "Feature",
        "properties": {"adm_div_code": place.code, "name": place.name},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def _dense(cell: Points) -> Points:
    """The same outline with a point at least every `_SPACING` km, so that it can bend."""
    pieces = []
    for here, there in zip(cell, np.roll(cell, -1, axis=0), strict=True):
        steps = max(1, int(np.ceil(np.hypot(*(there - here)) / _SPACING)))
        pieces.append(here + (there - here) * (np.arange(steps) / steps)[:, None])
    return np.concatenate(pieces)


def _bent(line: Points) -> Points:
    """Every point moved by a smooth wave, the same for whoever shares it: borders wind like rivers and still meet."""
    x, y = line[:, 0], line[:, 1]
    east = 1.5 * np.sin(y / 5.5 + 0.6) + 0.7 * np.sin(x / 2.9 + y / 3.7) + 0.35 * np.sin(y / 1.3)
    north = 1.3 * np.sin(x / 6.1 + 1.9) + 0.6 * np.sin(y / 3.1 - x / 4.3) + 0.35 * np.sin(x / 1.5)
    return np.stack([x + east, y + north], axis=1)
