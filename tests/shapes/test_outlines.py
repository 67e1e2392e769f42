"""Outlines: unsound rings are named, and fewer points tear no border."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgetwatch import outlines
from budgetwatch.text import Text

SQUARE = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]


def test_a_sound_ring() -> None:
    ring = outlines.read([[*p, 12.5] for p in SQUARE])
    assert isinstance(ring, np.ndarray)
    assert (ring.shape, outlines.area(ring)) == ((4, 2), 16)


@pytest.mark.parametrize(
    "bad",
    [
        None,
        "ring",
        [],
        SQUARE[:3],
        [*SQUARE[:-1], [0, 1]],
        [[0, 0], [1, "x"], [2, 2], [0, 0]],
        [[0, 0], [1], [2, 2], [0, 0]],
        [[0, 0], [float("nan"), 1], [2, 2], [0, 0]],
        [[0, 0], [1, 1], [2, 2], [0, 0]],
        [[0, 0], [0, 0], [0, 0], [0, 0]],
    ],
)
def test_an_unsound_ring_is_named(bad: Any) -> None:
    assert isinstance(outlines.read(bad), Text)


def wavy(x0: float, x1: float, n: int = 200) -> np.ndarray:
    """A strip between two winding borders."""
    y = np.linspace(0, 10, n)
    left = np.stack([x0 + 0.3 * np.sin(3 * y) * (0 < x0 < 10), y], axis=1)
    right = np.stack([x1 + 0.3 * np.sin(3 * y) * (0 < x1 < 10), y], axis=1)
    return np.concatenate([left, right[::-1]])


def test_neighbours_still_share_their_border() -> None:
    one, other = outlines.fewer([wavy(0, 5), wavy(5, 10)], 120)
    assert len(one) + len(other) <= 120
    border = {tuple(p) for p in one} & {tuple(p) for p in other}
    assert len(border) > 10
    assert outlines.area(one) + outlines.area(other) == pytest.approx(100)


def test_an_enclave_keeps_fitting_its_hole() -> None:
    turn = np.linspace(0, 2 * np.pi, 300, endpoint=False)
    ring = np.stack([5 + np.cos(turn), 5 + np.sin(turn)], axis=1)
    hole = np.roll(ring[::-1], 77, axis=0)
    _, one, other = outlines.fewer([wavy(0, 10), ring, hole], 100)
    assert {tuple(p) for p in one} == {tuple(p) for p in other}


def test_few_points_stay_as_they_are() -> None:
    ring = outlines.read(SQUARE)
    assert isinstance(ring, np.ndarray)
    assert np.array_equal(outlines.fewer([ring], 10)[0], ring)


def test_nothing_vanishes() -> None:
    turn = np.linspace(0, 2 * np.pi, 50, endpoint=False)
    specks = [np.stack([n + 1e-4 * np.cos(turn), 1e-4 * np.sin(turn)], axis=1) for n in range(20)]
    thin = outlines.fewer(specks, 80)
    assert all(len(ring) >= 3 and outlines.area(ring) > 0 for ring in thin)


@given(
    st.lists(st.tuples(st.floats(-100, 100), st.floats(-100, 100)), min_size=2, max_size=40),
    st.floats(0.01, 50),
)
def test_no_dropped_point_lies_far_from_the_line(points: list[tuple[float, float]], tolerance: float) -> None:
    line = np.array(points)
    kept = outlines.keep(line, tolerance)
    assert kept[0]
    assert kept[-1]
    at = np.flatnonzero(kept)
    for a, b in pairwise(at):
        inner = line[a + 1 : b]
        if len(inner):
            assert outlines._distance(inner, line[a], line[b]).max() <= tolerance
