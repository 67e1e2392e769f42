"""Outlines of places as arrays of points: what is wrong with one, and fewer points for all without tearing borders.

A border that two places share is simplified once, so that neighbours still fit each other afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from budgetwatch.text import Text

#: One closed line: n points (x, y), the first not repeated at the end.
Ring = NDArray[np.float64]
_FEWEST = 3


def area(ring: Ring) -> float:
    """The area inside, whichever way round it is drawn."""
    x, y = ring[:, 0], ring[:, 1]
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def read(positions: object) -> Ring | Text:
    """A GeoJSON ring as an array, or what is wrong with it. A third coordinate (height) is left out."""
    if not isinstance(positions, list) or len(positions) < _FEWEST + 1:
        return Text("一圈至少要有四个点", "a ring needs at least four positions")
    try:
        points = np.array([p[:2] for p in positions], dtype=np.float64)
    except (TypeError, ValueError, IndexError):
        return Text("有的点不是两个数", "a position is not two numbers")
    if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
        return Text("有的点不是两个数", "a position is not two numbers")
    if not np.array_equal(points[0], points[-1]):
        return Text("首尾两点不同，没有闭合", "its first and last positions differ: it is not closed")
    ring = points[:-1]
    ring = ring[np.any(ring != np.roll(ring, 1, axis=0), axis=1)]
    if len(ring) < _FEWEST or area(ring) == 0:
        return Text("没有围出面积", "it encloses nothing")
    return ring


def bounds(rings: Sequence[Ring]) -> tuple[float, float, float, float]:
    """(least x, least y, greatest x, greatest y)."""
    every = np.concatenate(list(rings))
    (left, bottom), (right, top) = every.min(axis=0), every.max(axis=0)
    return float(left), float(bottom), float(right), float(top)


def fewer(rings: Sequence[Ring], most: int) -> list[Ring]:
    """The rings with at most about `most` points together (Douglas-Peucker), in their order; unchanged when they have no more.

    A ring that would vanish keeps its outermost points, so that no place is lost.
    """
    rings = list(rings)
    if sum(len(ring) for ring in rings) <= most:
        return rings
    left, bottom, right, top = bounds(rings)
    tolerance = math.hypot(right - left, top - bottom) / 8000
    while True:
        thinned = _thinned(rings, tolerance)
        if sum(len(ring) for ring in thinned) <= max(most, 4 * len(rings)):
            return thinned
        tolerance *= 1.5


def _thinned(rings: list[Ring], tolerance: float) -> list[Ring]:
    every = np.concatenate(rings)
    points, ids = np.unique(every, axis=0, return_inverse=True)
    starts = np.cumsum([0, *(len(ring) for ring in rings)])
    lines = [ids[a:b] for a, b in pairwise(starts)]
    edges = np.concatenate([np.sort(np.stack([line, np.roll(line, -1)], axis=1), axis=1) for line in lines])
    meeting = np.bincount(np.unique(edges, axis=0).ravel(), minlength=len(points)) != 2
    done: dict[bytes, NDArray[np.intp]] = {}
    return [_ring(points, line, meeting, tolerance, done) for line in lines]


def _ring(
    points: Ring,
    line: NDArray[np.intp],
    meeting: NDArray[np.bool_],
    tolerance: float,
    done: dict[bytes, NDArray[np.intp]],
) -> Ring:
    """One ring, cut where borders meet, each piece thinned the same way from whichever side it is met."""
    fixed = np.flatnonzero(meeting[line])
    if len(fixed) == 0:  # an island, or an enclave and the hole around it: two points that both would choose
        first = int(line.argmin())
        away = np.hypot(*(points[line] - points[line[first]]).T)
        fixed = np.unique([first, int(np.flatnonzero(line == line[np.isclose(away, away.max())].min())[0])])
    turned = np.roll(line, -fixed[0])
    cuts = [*(fixed - fixed[0]), len(line)]
    looped = np.append(turned, turned[0])
    kept = [_arc(points, looped[a : b + 1], tolerance, done)[:-1] for a, b in pairwise(cuts)]
    thin = points[np.concatenate(kept)]
    return thin if len(thin) >= _FEWEST and area(thin) > 0 else _outermost(points[line])


def _arc(
    points: Ring, arc: NDArray[np.intp], tolerance: float, done: dict[bytes, NDArray[np.intp]]
) -> NDArray[np.intp]:
    backwards = tuple(arc[::-1]) < tuple(arc)
    way = arc[::-1] if backwards else arc
    key = way.tobytes()
    if key not in done:
        done[key] = way[keep(points[way], tolerance)]
    return done[key][::-1] if backwards else done[key]


def keep(line: Ring, tolerance: float) -> NDArray[np.bool_]:
    """Which points of an open line Douglas-Peucker keeps: none that it drops lies farther than `tolerance` from the line."""
    kept = np.zeros(len(line), dtype=bool)
    kept[[0, -1]] = True
    todo = [(0, len(line) - 1)]
    while todo:
        first, last = todo.pop()
        if last - first < 2:
            continue
        away = _distance(line[first + 1 : last], line[first], line[last])
        farthest = int(away.argmax())
        if away[farthest] > tolerance:
            at = first + 1 + farthest
            kept[at] = True
            todo += [(first, at), (at, last)]
    return kept


def _distance(points: Ring, one: Ring, other: Ring) -> NDArray[np.float64]:
    """From the piece of line between the two."""
    along = other - one
    length = float(along @ along)
    if length == 0:
        return np.hypot(*(points - one).T)
    share = np.clip((points - one) @ along / length, 0, 1)
    return np.hypot(*(points - one - share[:, None] * along).T)


def _outermost(ring: Ring) -> Ring:
    extremes = np.unique([ring[:, 0].argmin(), ring[:, 1].argmin(), ring[:, 0].argmax(), ring[:, 1].argmax()])
    found = ring[extremes]
    return found if len(found) >= _FEWEST and area(found) > 0 else ring
