"""Having feeds ready before rules are asked: the large ones made once for a set of facts and read by every run over them and later
ones, the small ones that many rules read laid into memory."""

from __future__ import annotations

import datetime as dt
import logging
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from budgetwatch.facts.engine import hold
from budgetwatch.facts.reading import rows
from budgetwatch.home import Home
from budgetwatch.records import ALL
from budgetwatch.rules import Rule, coded
from budgetwatch.rules.placed import questions_by_place
from budgetwatch.rules.prepared import Copy, Prepared
from budgetwatch.runs.changes import Changes
from budgetwatch.runs.day import last_day
from budgetwatch.runs.own import OWN

_log = logging.getLogger(__name__)


#: For so few rules that read large feeds these are not made ready first: it would cost more than they do.
FEW = 15
#: The room that must be free: so many times that of the large feeds (measured: 1.8 times are used).
_ROOM = 4
#: A feed of no more rows is laid into memory where so many rules read it.
HELD_ROWS, HELD_BY = 50_000, 3
#: Of a feed of which more than this share changed, what was made ready before is not used.
MOST_CHANGED = 0.1


def hold_small(
    home: Home, connection: duckdb.DuckDBPyConnection, versions: Mapping[str, int], rules: Sequence[Rule]
) -> None:
    """Lay the small feeds into memory that several of the rules read; the connection must be nobody else's."""
    files = home.store.snapshot(versions).files
    asked = Counter(feed for rule in rules for feed in rule.reads)
    for feed, many in asked.items():
        if many >= HELD_BY and files.get(feed) and rows(files[feed]) <= HELD_ROWS:
            hold(connection, feed)


def ready(home: Home, versions: Mapping[str, int]) -> Copy | None:
    """The file that was made ready of these facts, else of earlier ones (`over_earlier`), if there is one."""
    folder, snapshot = _folder(home), home.store.snapshot(versions)
    return folder.ready(snapshot) or folder.near(snapshot, home.store.snapshot)


def ready_or_made(
    home: Home, versions: Mapping[str, int], rules: Callable[[], Sequence[Rule]], as_of: dt.date | None
) -> Copy | None:
    """The file that was made ready of these facts or of earlier ones; where there is none, and enough of the `rules` that are to
    be asked read a large feed, it is made: it costs about what one run without it does, and serves later runs too."""
    if (found := ready(home, versions)) is not None:
        return found
    files = home.store.snapshot(versions).files
    large = {feed for feed, paths in files.items() if paths and not ALL[feed].own and rows(paths) >= coded.LEAST_ROWS}
    if not large or sum(not large.isdisjoint(rule.reads) for rule in rules()) <= FEW:
        return None
    if shutil.disk_usage(home.path).free < _ROOM * sum(
        Path(path).stat().st_size for feed in large for path in files[feed]
    ):
        _log.warning("the feeds are not kept ready for later runs: the disk is too full")
        return None
    return prepare(home, versions, as_of=as_of)


def forget(home: Home, copy: Copy) -> None:
    """Let go of a file that what came since does not fit; the next run makes another."""
    _folder(home).forget(copy)


def over_earlier(copy: Copy, changes: Changes) -> Copy | None:
    """The file with what changed since it was made; None where that is too much to be laid over it."""
    changed = {
        feed: changes.of(feed, then) for feed, then in copy.versions.items() if changes.versions.get(feed) != then
    }
    for feed, change in changed.items():
        if change.many_added + change.many_removed > MOST_CHANGED * changes.rows(feed):
            return None
    return replace(copy, changes={feed: change for feed, change in changed.items() if change})


def prepare(
    home: Home,
    versions: Mapping[str, int] | None = None,
    *,
    rules: Iterable[Rule] = (),
    as_of: dt.date | None = None,
    least: int | None = None,
) -> Copy | None:
    """The file made ready of the facts as they stand (or at `versions`), made now where it is missing; None where no
    feed is large enough, or it cannot be made: then rules are asked of the feeds themselves.

    It is made for all rules that are on, and for `rules` besides; other rules may read it too. `as_of` is the day of the
    run that is to come (default: the day the data ends).
    """
    pinned = dict(home.store.current() if versions is None else versions)
    snapshot, folder = home.store.snapshot(pinned), _folder(home)
    if (found := folder.ready(snapshot)) is not None:
        return found
    wanted = {rule.id: rule for rule in (*rules, *(home.rules[one] for one in home.rules.active))}
    asked = [rule for rule in wanted.values() if rule.form != "outlier"]

    def ask(connection: duckdb.DuckDBPyConnection) -> tuple[Sequence[str], Mapping[str, int], dt.date]:
        day = as_of or last_day(connection)
        return *questions_by_place(connection, asked, day, {*pinned, *OWN}, home.packs), day

    try:
        return folder.make(snapshot, home.settings, ask, {feed for rule in asked for feed in rule.reads}, least)
    except (duckdb.Error, OSError):
        _log.exception("the feeds could not be made ready in a file")
        return None


def _folder(home: Home) -> Prepared:
    return Prepared(home.path / "prepared", home.secret)
