"""Several files packed together are read as one: their rows follow each other, and so do their line numbers.

The lines of the second file go on after the last line of the first, so that every row has an address of its own;
`parts` says with which line each file begins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import polars as pl

from budgetwatch.errors import BadFile
from budgetwatch.feeds.profile import Profile
from budgetwatch.feeds.readers.sheet import LINE, Sheet, column
from budgetwatch.text import Text

_CHUNK = 1 << 20


def joined(sheets: Sequence[tuple[str, Path, Sheet]], profile: Profile, where: str) -> Sheet:
    """One sheet of them all: the name of each file, the file and what was read of it. All must have the same headings."""
    first_name, _, first = sheets[0]
    pieces: list[Callable[[], pl.LazyFrame]] = []
    broken: list[pl.DataFrame] = []
    parts: list[tuple[str, int]] = []
    before = 0
    for name, file, sheet in sheets:
        places = _places(first.headings, sheet.headings)
        if places is None:
            others = [h for h in sheet.headings if h not in first.headings][:4]
            others += [h for h in first.headings if h not in sheet.headings][:4]
            raise BadFile(
                Text(f"包内「{name}」与「{first_name}」的表头不同：{'、'.join(others)}。",
                     f"In the archive, '{name}' and '{first_name}' have different headings: {', '.join(others)}."),
                where=where, fix=Text("请分开报送。", "Send them one by one."),
            )  # fmt: skip
        pieces += [partial(_shifted, piece, places, before) for piece in sheet.pieces]
        broken.append(sheet.broken.with_columns(pl.col("line") + before))
        parts.append((name, before + 1))
        before += _lines(file, sheet, profile)

    def again() -> Sheet:
        return joined([(name, file, s.again() if s.again else s) for name, file, s in sheets], profile, where)

    return Sheet(
        first.headings, pieces, pl.concat(broken), sum(s.rows for *_, s in sheets), first.sha256, first.delimiter,
        again if any(s.again for *_, s in sheets) else None, all(s.tight for *_, s in sheets), parts=tuple(parts),
    )  # fmt: skip


def _places(wanted: Sequence[str], there: Sequence[str]) -> list[int] | None:
    """Where each wanted heading stands in another file; None where the headings are not the same ones."""
    if sorted(wanted) != sorted(there):
        return None
    if len(set(there)) < len(there):
        return list(range(len(there))) if list(wanted) == list(there) else None
    return [there.index(heading) for heading in wanted]


def _shifted(piece: Callable[[], pl.LazyFrame], places: Sequence[int], lines: int) -> pl.LazyFrame:
    return piece().select(
        pl.col(LINE) + lines, *(pl.col(column(place)).alias(column(at)) for at, place in enumerate(places))
    )


def _lines(file: Path, sheet: Sheet, profile: Profile) -> int:
    """How many lines a file has, or as many as its last row's number says."""
    if profile.format in ("csv", "json"):
        with file.open("rb") as opened:
            counted = 1 + sum(
                piece.count(b"\n") + piece.count(b"\r") - piece.count(b"\r\n")
                for piece in iter(lambda: opened.read(_CHUNK), b"")
            )
        return max(counted, sheet.rows)
    rows = [*(piece().select(LINE) for piece in sheet.pieces), sheet.broken.lazy().select(pl.col("line").alias(LINE))]
    return max(int(pl.concat(rows).select(pl.col(LINE).max()).collect().item() or 0), 1)
