"""Words looked for among payments, read once: the page, its totals and its pictures ask about the same rows.

Looking for words reads five columns of text of every payment, by far the dearest part of a question. The addresses of
the rows found are kept (a few bytes each) for this version of the facts, scope and way of seeing payees; the other
conditions are then asked of them. An answer is the same with and without.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Any

from budgetwatch.access.viewer import Viewer
from budgetwatch.queries.payment_filter import PaymentFilter, where

if TYPE_CHECKING:
    import duckdb
    import numpy as np

    from budgetwatch.home import Home

#: Words that so many rows hold are looked for anew: joining with the rows would cost as much.
MOST = 300_000
#: Addresses kept in all, 8 bytes each.
KEPT = 4_000_000


class Found:
    """The rows that hold the words, by question; who was not asked for longest goes first."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._rows: OrderedDict[tuple[Any, ...], np.ndarray[Any, Any] | None] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[Any, ...]) -> tuple[bool, np.ndarray[Any, Any] | None]:
        """Whether it is known, and the rows; None where there are too many."""
        with self._lock:
            if key not in self._rows:
                return False, None
            self._rows.move_to_end(key)
            return True, self._rows[key]

    def put(self, key: tuple[Any, ...], rows: np.ndarray[Any, Any] | None) -> None:
        with self._lock:
            self._rows[key] = rows
            # An empty answer takes room too: its key.
            while sum(100 + (0 if r is None else len(r)) for r in self._rows.values()) > self._kept:
                self._rows.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._rows.clear()


found = Found()


@contextmanager
def asking(
    home: Home, viewer: Viewer, f: PaymentFilter, versions: Mapping[str, int] | None = None
) -> Iterator[tuple[duckdb.DuckDBPyConnection, str, dict[str, Any]]]:
    """The facts, and the filter as a condition over `payment` with its parameters."""
    condition, params = where(viewer, f)
    if not f.text.strip():
        with home.facts(viewer, versions) as facts:
            yield facts, condition, params
        return
    versions = dict(home.store.current() if versions is None else versions)
    with home.facts(viewer, versions) as facts:
        key = (
            str(home.path), tuple(sorted(versions.items())), viewer.region, viewer.agency_code, viewer.may("payees"),
            f.text.strip(),
        )  # fmt: skip
        known, rows = found.get(key)
        if not known:
            rows = _rows(facts, viewer, f.text)
            found.put(key, rows)
        if rows is None:
            yield facts, condition, params
            return
        facts.register("matched", {"address": rows})
        condition, params = where(viewer, replace(f, text=""))
        yield facts, f"{condition} AND _row IN (SELECT address FROM matched)", params


def _rows(facts: duckdb.DuckDBPyConnection, viewer: Viewer, text: str) -> np.ndarray[Any, Any] | None:
    condition, params = where(viewer, PaymentFilter(text=text))
    query = f"SELECT _row FROM payment WHERE {condition} LIMIT {MOST + 1}"
    rows: Any = facts.execute(query, params).fetchnumpy()["_row"]
    return None if len(rows) > MOST else rows
