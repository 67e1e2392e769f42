"""Connections to the facts kept open between questions: making one takes longer than most questions do.

One DuckDB instance for each set of files and each scope, made by `engine.connect`, so its views hold that scope and
nothing else, and its doors are shut. Who asks is lent a cursor of it. Files never change once they are committed, so an
instance never goes stale: a new version of the facts means other files, and so another instance. The newest facts are
read from their serving copy (serving.py) where there is one, with what came in since beside it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any
from weakref import finalize

import duckdb

from budgetwatch.facts.engine import Scope, connect
from budgetwatch.facts.serving import Copy, Serving
from budgetwatch.facts.store import Snapshot
from budgetwatch.settings import Settings

#: So many scopes (and, while new facts come in, versions) stay open; who was not asked for longest goes first.
KEPT = 8


class Pool:
    """The open instances of one deployment. May be asked by many threads at once."""

    def __init__(self, settings: Settings, serving: Serving | None = None, kept: int = KEPT) -> None:
        self._settings = settings
        self._serving = serving
        self._kept = kept
        self._open: OrderedDict[tuple[Any, ...], duckdb.DuckDBPyConnection] = OrderedDict()
        self._lock = Lock()
        self._making: dict[tuple[Any, ...], Lock] = {}
        # Also when the process ends: DuckDB wants its connections closed while Python still stands.
        finalize(self, _close, self._open)

    @contextmanager
    def lend(self, snapshot: Snapshot, viewer: Scope) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor over the snapshot as this viewer may see it; what it makes for itself (TEMP) goes with it."""
        cursor = self._cursor(snapshot, viewer)
        try:
            yield cursor
        finally:
            cursor.close()

    def close(self) -> None:
        """Close all; for when nobody asks any more."""
        with self._lock:
            _close(self._open)

    def __len__(self) -> int:
        return len(self._open)

    def _cursor(self, snapshot: Snapshot, viewer: Scope) -> duckdb.DuckDBPyConnection:
        served = self._serving.ready(snapshot) if self._serving else {}
        key = (
            tuple(sorted(snapshot.files.items())), snapshot.replaced, tuple(sorted(snapshot.within.items())), viewer.region, viewer.agency_code,
            *sorted(copy.path.name for copy in served.values()),
        )  # fmt: skip
        with self._lock:
            if found := self._found(key):
                return found
            making = self._making.setdefault(key, Lock())
        with making:  # of several who ask at once, one makes it
            with self._lock:
                if found := self._found(key):
                    return found
            made = self._made(snapshot, viewer, served)
            with self._lock:
                self._open[key] = made
                self._making.pop(key, None)
                while len(self._open) > self._kept:
                    # Not closed: that would cut off those who hold a cursor. It ends with the last of them.
                    self._open.popitem(last=False)
                return made.cursor()

    def _made(self, snapshot: Snapshot, viewer: Scope, served: dict[str, Copy]) -> duckdb.DuckDBPyConnection:
        try:
            return connect(snapshot, self._settings, viewer=viewer, served=served)
        except duckdb.IOException:
            if not served:
                raise
        # The copy went away or cannot be read (it may): the facts themselves are there.
        return connect(snapshot, self._settings, viewer=viewer)

    def _found(self, key: tuple[Any, ...]) -> duckdb.DuckDBPyConnection | None:
        if key not in self._open:
            return None
        self._open.move_to_end(key)
        return self._open[key].cursor()


def _close(open_: OrderedDict[tuple[Any, ...], duckdb.DuckDBPyConnection]) -> None:
    while open_:
        open_.popitem()[1].close()
