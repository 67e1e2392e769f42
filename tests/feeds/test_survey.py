"""The pass over a file's bytes: what it says of white space is sure, wherever its chunks are cut."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgetwatch.feeds.readers import survey as module
from budgetwatch.feeds.readers.survey import Survey

SPACES = ["\t", "\x0b", "\x0c", " ", "\x85", "\xa0", "\u1680", "\u2003", "\u2028", "\u205f", "\u3000"]
PIECES = ["a", "支付", "“", "·", "、", "\n", ",", '"', *SPACES]
VALUES = st.lists(st.sampled_from(PIECES), max_size=4).map("".join)


def surveyed(path: Path, rows: list[list[str]], end: str, chunk: int) -> Survey:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator=end).writerows(rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CHUNK", chunk)
        return module.survey(path, start=0, fields=2, delimiter=",", quote='"')


@given(
    rows=st.lists(st.lists(VALUES, min_size=2, max_size=2), min_size=1, max_size=6),
    chunk=st.integers(1, 12),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_a_file_called_tight_has_no_value_with_outer_white_space(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], chunk: int, end: str
) -> None:
    found = surveyed(tmp_path_factory.mktemp("s") / "f.csv", rows, end, chunk)
    values = pl.Series([value for row in rows for value in row])
    if found.plain and found.tight:
        assert values.to_list() == values.str.strip_chars().to_list()
    assert surveyed(tmp_path_factory.mktemp("s") / "f.csv", rows, end, 1 << 12).tight == found.tight


@pytest.mark.parametrize("value", ["支付 一二", "a b", "“a”", "一、二", "中·文", ""])
def test_white_space_within_values_leaves_a_file_tight(tmp_path: Path, value: str) -> None:
    for chunk in (1, 2, 3, 1 << 12):
        assert surveyed(tmp_path / "f.csv", [[value, "x"], ["y", value]], "\n", chunk).tight


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("form", ["{}a", "a{}"])
def test_any_outer_white_space_is_seen(tmp_path: Path, space: str, form: str) -> None:
    for chunk in (1, 2, 3, 1 << 12):
        for row in ([form.format(space), "x"], ["x", form.format(space)]):
            assert not surveyed(tmp_path / "f.csv", [row], "\r\n", chunk).tight


@pytest.mark.parametrize("seed", range(20))
def test_counts_are_exact_however_many_there_are(seed: int) -> None:
    """Also past 255 in one record, where sums of single bytes run over."""
    dice = np.random.default_rng(seed)
    size = int(dice.integers(1, 3000))
    flags = dice.random(size) < dice.choice([0.0, 0.01, 0.5, 1.0])
    ends = np.flatnonzero(dice.random(size) < dice.choice([0.002, 0.1, 1.0]))
    if ends.size:
        counts, rest = module._counted(flags, ends)
        parts = np.split(flags, ends + 1)
        assert counts.tolist() == [int(part.sum()) for part in parts[:-1]]
        assert rest == parts[-1].sum()
