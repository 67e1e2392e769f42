"""What came to a feed and what was superseded between two of its versions: rows, found by the address of their batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import duckdb

from budgetwatch.facts.engine import literal, view
from budgetwatch.facts.reading import rows, source
from budgetwatch.facts.store import REPLACES, ROW, FactStore
from budgetwatch.home import Home
from budgetwatch.records import ALL
from budgetwatch.records.rowid import BATCH_SHIFT

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Change:
    """The tables of a feed's rows that are new, and of those that no longer stand, with how many each holds; where nothing
    changed there are none, and where no row went there is none of these."""

    feed: str
    added: str
    removed: str
    many_added: int = 0
    many_removed: int = 0

    def __bool__(self) -> bool:
        return bool(self.many_added or self.many_removed)


class Changes:
    """The changes of feeds on a connection over the newer versions, each looked for once."""

    def __init__(self, home: Home, connection: duckdb.DuckDBPyConnection, versions: Mapping[str, int]) -> None:
        self.home, self.connection, self.versions = home, connection, versions
        self._known: dict[tuple[str, int], Change] = {}
        self._rows: dict[str, int] = {}

    def of(self, feed: str, since: int | None) -> Change:
        """What changed in the feed since that version (None: it had no facts then)."""
        key = (feed, -1 if since is None else since)
        if key not in self._known:
            self._known[key] = self._found(feed, since)
        return self._known[key]

    def rows(self, feed: str) -> int:
        """How many rows the feed's files hold now, the superseded ones among them: about as many as it has."""
        if feed not in self._rows:
            self._rows[feed] = rows(self._files.get(feed, ()))
        return self._rows[feed]

    @cached_property
    def _files(self) -> Mapping[str, Sequence[str]]:
        return self.home.store.snapshot(self.versions).files

    def _found(self, feed: str, since: int | None) -> Change:
        now = self.versions.get(feed)
        name = f"_{feed}_{'none' if since is None else since}"
        told = Change(feed, f"{name}_added", f"{name}_removed")
        if now is None or now == since:
            return told
        store = self.home.store
        brought = {
            batch
            for batch, version in store.state(feed, now).batches.items()
            if version > (-1 if since is None else since)
        }
        if not brought:  # only files were joined
            return told
        spans = " OR ".join(
            f"{ROW} BETWEEN {batch << BATCH_SHIFT} AND {(batch + 1 << BATCH_SHIFT) - 1}" for batch in sorted(brought)
        )
        removed = ""
        if since is not None and (old := self._superseded(feed, now, spans)):
            numbers = f"[{', '.join(map(str, old))}]"
            with _as_of(self.home, store, feed, since) as rows:
                there = rows(f"SELECT * FROM {feed} WHERE {ROW} IN (SELECT unnest({numbers}::BIGINT[]))")
            self.connection.register(f"{name}_then", there)
            removed = f"SELECT * FROM {name}_then"
        return self._counted(told, f"SELECT * FROM main.{feed} WHERE {spans}", removed)

    def _superseded(self, feed: str, now: int, spans: str) -> list[int]:
        files = self.home.store.snapshot({feed: now}).correcting.get(feed, ())
        if not files:
            return []
        found = self.connection.execute(
            f"SELECT DISTINCT {REPLACES} FROM {source(files)} WHERE {REPLACES} IS NOT NULL AND ({spans})"
        ).fetchall()
        return sorted(row for (row,) in found)

    def _counted(self, told: Change, added: str, removed: str) -> Change:
        counts = [
            self.connection.execute(f"CREATE OR REPLACE TABLE {table} AS {rows}").fetchall()[0][0] if rows else 0
            for table, rows in ((told.added, added), (told.removed, removed))
        ]
        return Change(told.feed, told.added, told.removed, *counts)


@contextmanager
def _as_of(home: Home, store: FactStore, feed: str, version: int) -> Iterator[Callable[[str], pa.Table]]:
    """A way to ask the feed as it was at that version, alone."""
    snapshot = store.snapshot({feed: version})
    with duckdb.connect(":memory:", config={"memory_limit": home.settings.memory}) as connection:
        connection.execute(f'CREATE VIEW "{feed}" AS {view(ALL[feed], snapshot)}')
        allowed = ", ".join(literal(path) for path in snapshot.files.get(feed, ()))
        connection.execute(f"SET allowed_paths = [{allowed}]::VARCHAR[]")
        connection.execute("SET enable_external_access = false")
        yield lambda question: connection.sql(question).to_arrow_table()
