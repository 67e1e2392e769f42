"""Two rules at a time: while what is large is asked on one connection, rules that read little are asked on another.

What one connection has for itself (feeds made ready without a file, progress baselines) is not on the second one, so only rules
that need nothing of it are for the side; and two that read what is large would want the memory twice. The first works
through all rules in their order, the side through its own beginning with those that took longest, until nothing is left; so
neither waits for the other but at the end.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Generic, TypeVar

import duckdb

_log = logging.getLogger(__name__)
T = TypeVar("T")
#: For fewer rules a second connection is not worth its making.
LEAST = 6


class Side(Generic[T]):
    """What is asked by whom: each place in the order is taken by one of the two."""

    def __init__(self, places: Sequence[int]) -> None:
        self._left, self._order = {*places}, places
        self._lock = threading.Lock()
        self._told: dict[int, Future[T]] = {place: Future() for place in places}

    def shared(self, many: int, ask: Callable[[int], T]) -> Iterator[T]:
        """What is said of so many places, in their order: the caller asks, meanwhile, what the side has not begun with."""
        known: dict[int, T] = {}
        waiting = iter(range(many))
        for place in range(many):
            told = None if place in known else self.elsewhere(place)
            if told is None:
                yield known.pop(place) if place in known else ask(place)
                continue
            while not told.done() and (later := next(waiting, None)) is not None:
                if later > place and later not in known and self.elsewhere(later) is None:
                    known[later] = ask(later)
            yield told.result()

    def elsewhere(self, place: int) -> Future[T] | None:
        """What the side says of that place, now or soon; None where it has not begun with it: it is then the caller's."""
        return None if self._take(place) else self._told.get(place)

    def _take(self, place: int) -> bool:
        with self._lock:
            free = place in self._left
            self._left.discard(place)
            return free

    def work(self, ask: Callable[[int], T]) -> None:
        """Ask, in the side's own order, what nobody has begun with."""
        for place in self._order:
            if not self._take(place):
                continue
            try:
                self._told[place].set_result(ask(place))
            except BaseException as error:  # raised again where it is asked for
                self._told[place].set_exception(error)

    def stop(self) -> None:
        """Begin with nothing more."""
        with self._lock:
            self._left.clear()


def worth_it(connection: duckdb.DuckDBPyConnection, asked: Collection[object]) -> bool:
    """Whether a second connection is worth its making for so much; with one thread it is not."""
    [(threads,)] = connection.execute("SELECT current_setting('threads')").fetchall()
    return len(asked) >= LEAST and int(threads) > 1


@contextmanager
def beside(
    connection: duckdb.DuckDBPyConnection,
    places: Sequence[int],
    begin: Callable[[duckdb.DuckDBPyConnection], Callable[[int], T]],
) -> Iterator[Side[T]]:
    """Have places asked on a second connection to the same database, in this order; `begin` makes it ready and says how they are asked.

    With few places, or one thread only, all are left to the caller. At the end the side stops after what it is at.
    """
    if not worth_it(connection, places):
        yield Side(())
        return
    side: Side[T] = Side(places)

    def work(second: duckdb.DuckDBPyConnection) -> None:
        try:
            ask = begin(second)
        except duckdb.Error:
            _log.exception("the second connection cannot be made ready; all is asked on the first")
            return
        side.work(ask)

    # The first connection is the caller's alone from here on.
    with connection.cursor() as second, ThreadPoolExecutor(1, thread_name_prefix="rules-side") as pool:
        working = pool.submit(work, second)
        try:
            yield side
        finally:
            side.stop()
        working.result()
