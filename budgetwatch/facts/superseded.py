"""Rows that were corrected: by which row, and in which version. Nothing is read of files that correct nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import duckdb

from budgetwatch.facts.engine import literal
from budgetwatch.facts.log import REPLACES, ROW
from budgetwatch.facts.store import FactStore
from budgetwatch.records.rowid import BATCH_SHIFT
from budgetwatch.settings import Settings

if TYPE_CHECKING:
    import numpy as np


def _none() -> np.ndarray[Any, np.dtype[np.int64]]:
    import numpy as np  # heavy; the command line loads what it uses

    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Corrections:
    """Pairs of a row and the one that superseded it, with the version that brought the newer."""

    old: np.ndarray[Any, np.dtype[np.int64]] = field(default_factory=_none)
    new: np.ndarray[Any, np.dtype[np.int64]] = field(default_factory=_none)
    versions: np.ndarray[Any, np.dtype[np.int64]] = field(default_factory=_none)


def corrections(store: FactStore, feed: str, settings: Settings, rows: Sequence[int] | None = None) -> Corrections:
    """All corrections of the feed as it stands; with `rows`, only those of these rows."""
    newest = store.logs[feed].newest()
    files = store.snapshot({feed: newest}).correcting[feed] if newest is not None else ()
    if not files or (rows is not None and not rows):
        return Corrections()
    source = f"read_parquet([{', '.join(map(literal, files))}])"
    only = f" AND {REPLACES} IN (SELECT unnest($rows::BIGINT[]))" if rows is not None else ""
    with duckdb.connect(":memory:", config={"memory_limit": settings.memory}) as connection:
        found = connection.execute(
            f"SELECT {REPLACES} AS old, {ROW} AS new FROM {source} WHERE {REPLACES} IS NOT NULL{only} ORDER BY 1",
            {"rows": list(rows)} if rows is not None else None,
        ).fetchnumpy()
    import numpy as np

    old, new = np.asarray(found["old"], dtype=np.int64), np.asarray(found["new"], dtype=np.int64)
    batches = store.state(feed).batches
    taken = np.unique(new >> BATCH_SHIFT)
    brought = np.array([batches.get(int(batch), -1) for batch in taken], dtype=np.int64)
    return Corrections(old, new, brought[np.searchsorted(taken, new >> BATCH_SHIFT)] if new.size else _none())


def successors(store: FactStore, feed: str, settings: Settings, rows: Sequence[int]) -> Mapping[int, int]:
    """For each of these rows that was corrected, the row that stands in its place now (of a chain, the last)."""
    found: dict[int, int] = {}
    pending = {row: row for row in rows}  # what to look up -> the row it began from
    while pending:
        step = corrections(store, feed, settings, sorted(pending))
        following = {}
        for old, new in zip(step.old.tolist(), step.new.tolist(), strict=True):
            first = pending[old]
            found[first] = new
            following[new] = first
        pending = following
    return found
