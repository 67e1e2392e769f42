"""How likely it is that a thing was given its label by a slip, from what its features say elsewhere.

A multinomial model of words by label in which nothing speaks for itself: for each thing its own part is taken out of
its label's counts before it is judged (exact leave-one-out, as sums make it cheap), so a label with few members is
learnt from the others. A label's words are smoothed towards everybody's. How strongly to smooth and how much to trust
the words (they are not independent, so raw chances are far too sure) are those under which the labels given are
likeliest, taking into account that some are slips.

Of a slip the label says nothing of the thing: it is as likely as the label is common, so rare and common labels are
judged alike. How many slips there are is estimated with the rest, apart for things used once, a few times and often; no
kind of use is taken to be wrong more often than `MOST`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

if TYPE_CHECKING:
    from collections.abc import Sequence

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]
#: A thing used a thousand times says no more than one used this often; below it the weight is the root of its use.
WEIGHT: Final = 50
#: Uses at which the estimate of slips begins anew.
USES: Final = (2, 5, 20)
#: The most that may be slips among things of one use, what is expected before looking, and what that expectation weighs.
MOST: Final = 0.25
EXPECTED: Final = 0.01
EXPECTED_WEIGHT: Final = 20.0
#: What is tried: pseudo-counts of everybody's words in each label's, and the power to which words' chances are raised.
SMOOTHING: Final = (5.0, 20.0, 80.0, 320.0)
TRUST: Final = tuple(float(np.exp(step / 4)) for step in range(-10, 11))
#: Things by which both are chosen, and judged at a time.
_LOOKED_AT, _AT_ONCE = 12_000, 20_000
_ROUNDS = 15
_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Judged:
    """For each thing how likely its label is a slip, which other label is likeliest, and how likely that one is."""

    slip: Numbers
    other: Whole
    sure: Numbers


class Slips:
    """The model of `features` (one row a thing, weights of what it holds) by `label` (numbers from 0), used `count` times."""

    def __init__(self, features: csr_matrix, label: Whole, count: Whole, seed: int) -> None:
        self.features, self.label = features.tocsr(), label
        self.weight: Numbers = np.sqrt(np.minimum(count, WEIGHT)).astype(np.float64)
        self.use: Whole = np.digitize(count, USES).astype(np.int64)
        many, self.labels = len(label), int(label.max()) + 1
        given = csr_matrix((self.weight, (label, np.arange(many))), shape=(self.labels, many))
        self.held: Numbers = np.asarray((given @ self.features).todense())
        self.sums: Numbers = self.held.sum(axis=1)
        everybody: Numbers = self.held.sum(axis=0) + _TINY
        self.everybody: Numbers = everybody / everybody.sum()
        self.weights: Numbers = np.asarray(np.bincount(label, weights=self.weight, minlength=self.labels), np.float64)
        self.common: Numbers = self.weights / self.weights.sum()
        self.smoothing, self.trust, self.slips = self._fitted(seed)

    def judged(self) -> Judged:
        """Every thing, itself left out."""
        parts = []
        for rows in self._parts():
            chances = self._chances(rows, self._words(rows, self.smoothing), self.trust)
            at = np.arange(len(rows))
            own = chances[at, self.label[rows]]
            _, slip = self._slips(rows, own, self.slips)
            chances[at, self.label[rows]] = -1.0
            other = chances.argmax(axis=1)
            parts.append((slip, other, chances[at, other]))
        slip, other, sure = (np.concatenate(column) for column in zip(*parts, strict=True))
        return Judged(slip, other, sure)

    def pull(self, row: int, other: int) -> Numbers:
        """How much each feature that the thing holds (in the order of its row) speaks for the other label and against its own."""
        part = self.features[row]
        own, held = int(self.label[row]), part.indices
        left = np.maximum(self.held[own, held] - self.weight[row] * part.data, 0.0)
        pseudo = self.smoothing * self.everybody[held]
        there = np.log((self.held[other, held] + pseudo) / (self.sums[other] + self.smoothing))
        here = np.log(
            (left + pseudo) / (max(self.sums[own] - self.weight[row] * part.data.sum(), 0.0) + self.smoothing)
        )
        pulled: Numbers = part.data * (there - here)
        return pulled

    # ── how it is fitted ─────────────────────────────────────────────────────────────────────────────

    def _fitted(self, seed: int) -> tuple[float, float, Numbers]:
        many = len(self.label)
        rows = np.arange(many)
        if many > _LOOKED_AT:
            rows = np.sort(np.random.default_rng(seed).choice(many, _LOOKED_AT, replace=False))
        tried = []
        for smoothing in SMOOTHING:
            words = self._words(rows, smoothing)
            for trust in TRUST:
                own = self._chances(rows, words, trust)[np.arange(len(rows)), self.label[rows]]
                likely, slips = self._estimated(rows, own)
                tried.append((likely, smoothing, trust, slips))
        _, smoothing, trust, slips = max(tried, key=lambda one: one[0])
        return smoothing, trust, slips

    def _estimated(self, rows: Whole, own: Numbers) -> tuple[float, Numbers]:
        """How likely the labels given are, and the share of slips by use under which they are likeliest."""
        weight, use, kinds = self.weight[rows], self.use[rows], len(USES) + 1
        seen = np.bincount(use, weights=weight, minlength=kinds) + EXPECTED_WEIGHT
        slips = np.full(kinds, EXPECTED)
        for _ in range(_ROUNDS):
            _, slip = self._slips(rows, own, slips)
            wrong = np.bincount(use, weights=weight * slip, minlength=kinds) + EXPECTED_WEIGHT * EXPECTED
            slips = np.minimum(wrong / seen, MOST)
        likely, _ = self._slips(rows, own, slips)
        return float(weight @ np.log(likely)), slips

    def _slips(self, rows: Whole, own: Numbers, slips: Numbers) -> tuple[Numbers, Numbers]:
        """How likely each label given is in all, and how much of that is slip."""
        own = np.clip(own, _TINY, 1 - _TINY)
        share = slips[self.use[rows]]
        by_slip = share * (1 - own) * self.common[self.label[rows]]
        likely = by_slip + (1 - share) * own
        return likely, by_slip / likely

    def _words(self, rows: Whole, smoothing: float) -> Numbers:
        """For each of the things what its words say of each label, against everybody's words; itself left out of its own."""
        part, own = self.features[rows], self.label[rows]
        pseudo = smoothing * self.everybody
        said = np.log((self.held + pseudo) / (self.sums + smoothing)[:, None]) - np.log(self.everybody)
        told: Numbers = np.asarray(part @ said.T)
        at, held = np.repeat(np.arange(len(rows)), np.diff(part.indptr)), part.indices
        without = np.maximum(self.held[own[at], held] - self.weight[rows][at] * part.data, 0.0)
        whole = np.maximum(self.sums[own] - self.weight[rows] * np.asarray(part.sum(axis=1)).ravel(), 0.0) + smoothing
        here = np.log(without + pseudo[held]) - np.log(whole)[at] - np.log(self.everybody[held])
        told[np.arange(len(rows)), own] = np.bincount(at, weights=here * part.data, minlength=len(rows))
        return told

    def _chances(self, rows: Whole, words: Numbers, trust: float) -> Numbers:
        """The chance of each label for each of the things."""
        at, own = np.arange(len(rows)), self.label[rows]
        told = np.log(self.weights + 0.5)[None, :] + words * trust
        told[at, own] += np.log(np.maximum(self.weights[own] - self.weight[rows], 0.0) + 0.5) - np.log(
            self.weights[own] + 0.5
        )
        told -= told.max(axis=1, keepdims=True)
        np.exp(told, out=told)
        told /= told.sum(axis=1, keepdims=True)
        return told

    def _parts(self) -> Iterator[Whole]:
        many: Sequence[int] = range(0, len(self.label), _AT_ONCE)
        return (np.arange(start, min(start + _AT_ONCE, len(self.label))) for start in many)
