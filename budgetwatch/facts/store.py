"""The fact store: Parquet files under one Delta log a feed; a snapshot of it is a plain list of files.

A commit is acknowledged only when its files, its log entry and their folders are on the disk. Each
commit carries its batch as a Delta application transaction, so that after a crash anyone can ask
whether a batch is in (`holds`), and committing it again changes nothing.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import json
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

from deltalake import Field, Schema
from deltalake.schema import PrimitiveType

from budgetwatch.errors import Conflict, Fault, NotFound
from budgetwatch.facts.durable import adopt, sync
from budgetwatch.facts.log import REPLACES, ROW, Added, Entry, Log, State
from budgetwatch.records import ALL, Feed
from budgetwatch.records.rowid import BATCH_SHIFT
from budgetwatch.text import Text

__all__ = ["REPLACES", "ROW", "FactStore", "Snapshot", "Version", "sync"]

#: Names of files that were vacuumed, a line each; a file missing for any other reason was lost.
VACUUMED = "_vacuumed"
#: Lists of files held at a time.
_REMEMBERED = 100
_DELTA_TYPE = {
    "code": "string",
    "text": "string",
    "money": "decimal(18,2)",
    "integer": "long",
    "ratio": "decimal(9,6)",
    "date": "date",
    "flag": "boolean",
}

Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Held:
    """Where a version's rows are: the files, those in which some rows supersede others, and what of them was known."""

    files: tuple[str, ...]
    correcting: tuple[str, ...]
    within: Ranges = ()


#: What `current` said of each store (by its root) inside `at_one_moment`.
_moment: ContextVar[dict[Path, dict[str, int]] | None] = ContextVar("moment", default=None)


@contextmanager
def at_one_moment() -> Iterator[None]:
    """All that is asked inside, is asked of the facts as they stood at the first question: a page shows one state of them.

    The disk is looked at once and not for every question. What is taken in meanwhile shows from the next moment on.
    """
    token = _moment.set({})
    try:
        yield
    finally:
        _moment.reset(token)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The facts as known at one moment: for each feed its version and the files that hold it.

    `replaced` names the feeds in which some rows supersede others, `correcting` their files that hold such rows.
    `within` is of feeds whose files hold more than was known then: the ranges of addresses (first, last) that were.
    """

    versions: Mapping[str, int] = field(default_factory=dict)
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    replaced: frozenset[str] = frozenset()
    correcting: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    within: Mapping[str, Ranges] = field(default_factory=dict)

    def with_history(self) -> Snapshot:
        """The same with superseded rows left in, as if nothing had ever been corrected."""
        return replace(self, replaced=frozenset(), correcting={})


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a feed: when it was committed, what brought it, and what it holds."""

    feed: str
    version: int
    at: dt.datetime
    batch: int | None
    rows_added: int
    superseding: int
    files_added: int
    files_removed: int
    files: int
    told: Mapping[str, Any]


class FactStore:
    """All facts under `root`, one folder a feed. Many readers; writers of one feed take turns."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root).resolve()
        self.root.mkdir(parents=True, exist_ok=True)
        self.logs = {feed: Log(self.root / feed) for feed in ALL}
        self._known: dict[tuple[str, int, int], Held] = {}
        self._held = threading.local()

    # -------------------------------------------------------------- asking

    def current(self) -> dict[str, int]:
        """The newest version of each feed that has facts; inside `at_one_moment` always the same."""
        moment = _moment.get()
        if moment is not None and self.root in moment:
            return dict(moment[self.root])
        found = {feed: version for feed, log in self.logs.items() if (version := log.newest()) is not None}
        if moment is not None:
            moment[self.root] = dict(found)
        return found

    def as_of(self, moment: dt.date) -> dict[str, int]:
        """The versions that were the newest at that moment, of a day at its end (here); feeds unknown then are not there."""
        if not isinstance(moment, dt.datetime):
            moment = dt.datetime.combine(moment, dt.time.max).astimezone()
        limit = int(moment.timestamp() * 1000)
        found: dict[str, int] = {}
        for feed, newest in self.current().items():
            low, high = 0, newest + 1  # moments rise with versions: halve until the first one after the limit is found
            while low < high:
                middle = (low + high) // 2
                if self.logs[feed].entry(middle).at <= limit:
                    low = middle + 1
                else:
                    high = middle
            if low:
                found[feed] = low - 1
        return found

    def versions(self, feed: str) -> list[Version]:
        """Every version of the feed, oldest first."""
        newest = self._log(feed).newest()
        told, files = [], 0
        for entry in self.logs[feed].entries(0, -1 if newest is None else newest):
            files += len(entry.added) - len(entry.removed)
            told.append(_version(feed, entry, files))
        return told

    def state(self, feed: str, version: int | None = None) -> State:
        """What the feed's log adds up to, at that version or now."""
        at = self._log(feed).newest() if version is None else version
        return State() if at is None else self.logs[feed].state(at)

    def snapshot(self, versions: Mapping[str, int] | None = None) -> Snapshot:
        """The files of the newest versions, or of exactly the versions asked for."""
        wanted = dict(self.current() if versions is None else versions)
        found = {feed: self._files(feed, version) for feed, version in wanted.items()}
        return Snapshot(
            versions=wanted,
            files={feed: held.files for feed, held in found.items()},
            replaced=frozenset(feed for feed, held in found.items() if held.correcting),
            correcting={feed: held.correcting for feed, held in found.items()},
            within={feed: held.within for feed, held in found.items() if held.within},
        )

    def holds(self, feed: str, batch: int) -> int | None:
        """The version that brought the batch in, or None when it is not in."""
        return self.state(feed).batches.get(batch) if feed in ALL else None

    def provenance(self, feed: str, version: int) -> dict[str, Any]:
        """What was said about the batch when that version was committed."""
        return dict(self._log(feed).entry(version).told)

    def vacuumed(self, feed: str) -> frozenset[str]:
        """The names of the files that were removed on purpose."""
        try:
            return frozenset((self.root / feed / VACUUMED).read_text("utf-8").split())
        except FileNotFoundError:
            return frozenset()

    # -------------------------------------------------------------- writing

    def commit(self, feed: str, staged: Sequence[Path], *, batch: int, provenance: Mapping[str, Any]) -> int:
        """Take the staged Parquet files into the feed in one durable commit; returns its version.

        A batch that is in already is left as it is. The staged files are moved, not copied. Where it fails,
        nothing of it remains.
        """
        with self.writing(feed):
            if (version := self.holds(feed, batch)) is not None:
                return version
            return self._write(feed, staged, f"b{batch:07d}", batch=batch, told=provenance)

    def exchange(self, feed: str, old: Sequence[Added], made: Sequence[Path], *, told: Mapping[str, Any]) -> int:
        """Put other files that hold the same rows in place of these, in one durable commit; returns its version.

        `Conflict` when one of the old files is no longer part of the newest version. The old ones stay on the
        disk for those who read older versions, until they are vacuumed.
        """
        with self.writing(feed):
            there = self.state(feed).files
            if any(one.path not in there for one in old):
                raise Conflict(
                    Text("文件已被另一次合并替换。", "Another compaction has replaced these files meanwhile."),
                    where=feed,
                    fix=Text("无需处理；可再次运行合并。", "Nothing is lost; compact again."),
                )
            return self._write(feed, made, "c", removed=old, told=told)

    @contextmanager
    def writing(self, feed: str) -> Iterator[None]:
        """Be the only writer of the feed, among all processes, until the block ends."""
        held: set[str] = self._held.__dict__.setdefault("feeds", set())
        if feed in held:
            yield
            return
        with (self.root / f".{feed}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            held.add(feed)
            try:
                yield
            finally:
                held.discard(feed)

    def _write(
        self,
        feed: str,
        made: Sequence[Path],
        prefix: str,
        *,
        told: Mapping[str, Any],
        batch: int | None = None,
        removed: Sequence[Added] = (),
    ) -> int:
        log, folder = self.logs[feed], self.root / feed
        log.drop_torn()
        before = log.newest()
        folder.mkdir(exist_ok=True)
        homes = [folder / f"{prefix}-{uuid.uuid4().hex[:12]}.parquet" for _ in made]
        try:
            added = []
            for path, home in zip(made, homes, strict=True):
                one = measured(path, ALL[feed], home.name)
                adopt(path, home)
                added.append(one)
            version = log.write(
                added, batch=batch, told=told, removed=removed, schema=_schema(ALL[feed]).to_json() if before is None else "",
                configuration=_statistics(ALL[feed]),
            )  # fmt: skip
        except BaseException:
            if log.newest() == before:  # the entry is not there: neither shall its files be
                for home in homes:
                    with suppress(OSError):
                        home.unlink(missing_ok=True)
            raise
        log.checkpoint(version)
        return version

    def _log(self, feed: str) -> Log:
        if feed not in ALL:
            raise NotFound(
                Text(f"没有 {feed} 这种数据。", f"There is no feed called {feed}."),
                fix=Text(f"可用的有：{'、'.join(ALL)}。", f"There are: {', '.join(ALL)}."),
            )
        return self.logs[feed]

    def _files(self, feed: str, version: int) -> Held:
        """Where the version's rows are: in its own files, or where those were vacuumed, among the rows of the newest."""
        key = (feed, version, self._removals(feed))
        if (known := self._known.get(key)) is not None:
            return known
        newest = self.logs[feed].newest() if feed in ALL else None
        if newest is None or not 0 <= version <= newest:
            raise NotFound(
                Text(f"事实库中没有 {feed} 的第 {version} 版。", f"The fact store has no version {version} of {feed}."),
                fix=Text(
                    "请改用现有版本。", f"The newest is {newest}." if newest is not None else "It has no facts yet."
                ),
            )
        folder, state, within = self.root / feed, self.logs[feed].state(version), Ranges()
        if missing := state.files.keys() - {path.name for path in folder.iterdir()}:
            if version == newest or not missing <= self.vacuumed(feed):
                raise self._lost(feed, version, min(missing - self.vacuumed(feed) or missing))
            # Only what compaction had replaced is ever vacuumed, and no row is ever taken out: the newest files hold
            # all that this version held, and each row's address says which batch brought it.
            latest = self.logs[feed].state(newest)
            state, within = latest, known_then(latest.batches, version)
        held = Held(
            tuple(sorted(str(folder / name) for name in state.files)),
            tuple(sorted(str(folder / name) for name, one in state.files.items() if one.superseding)),
            within,
        )
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[key] = held
        return held

    def _removals(self, feed: str) -> int:
        try:
            return (self.root / feed / VACUUMED).stat().st_size
        except FileNotFoundError:
            return 0

    def _lost(self, feed: str, version: int, lost: str) -> Fault:
        return Fault(
            Text(f"{feed} 的第 {version} 版缺少文件 {lost}。", f"Version {version} of {feed} lacks its file {lost}."),
            where=str(self.root / feed),
            fix=Text("请运行 budgetwatch store check，并从备份恢复该文件。",
                     "Run `budgetwatch store check`, and restore the file from a backup."),
        )  # fmt: skip


def known_then(batches: Mapping[int, int], version: int) -> Ranges:
    """The addresses of the batches that were in at that version, as few ranges; `batches`: which version brought each."""
    found: list[tuple[int, int]] = []
    joined = False
    for batch in sorted(batches):
        if batches[batch] > version:
            joined = False
            continue
        last = (batch + 1 << BATCH_SHIFT) - 1
        found.append((found.pop()[0] if joined else batch << BATCH_SHIFT, last))
        joined = True
    return tuple(found)


def measured(path: Path, feed: Feed, name: str) -> Added:
    """The file as the log will name it: size, digest, rows, the range of its days and addresses, rows that supersede.

    Read from the Parquet footer; a file is pruned by these later.
    """
    import pyarrow.parquet as pq  # heavy; the command line loads what it uses

    said = pq.read_metadata(path)
    low: dict[str, Any] = {}
    high: dict[str, Any] = {}
    nulls: dict[str, int] = {}
    places = {said.schema.column(at).path: at for at in range(said.num_columns)}
    for name_of, group in product({feed.day or ROW, ROW, REPLACES} & places.keys(), range(said.num_row_groups)):
        stats = said.row_group(group).column(places[name_of]).statistics
        nulls[name_of] = nulls.get(name_of, 0) + (stats.null_count if stats is not None and stats.has_null_count else 0)
        if stats is not None and stats.has_min_max:
            low[name_of] = min(low.get(name_of, stats.min), stats.min)
            high[name_of] = max(high.get(name_of, stats.max), stats.max)
    nulls.setdefault(REPLACES, said.num_rows)
    told = {"numRecords": said.num_rows, "minValues": low, "maxValues": high, "nullCount": nulls}
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    superseding = said.num_rows - nulls[REPLACES]
    return Added(name, path.stat().st_size, said.num_rows, superseding, json.dumps(told, default=str), True, digest)


def _version(feed: str, entry: Entry, files: int) -> Version:
    brought = [one for one in entry.added if one.changes]
    return Version(
        feed, entry.version, dt.datetime.fromtimestamp(entry.at / 1000, dt.UTC), entry.batch,
        sum(one.rows for one in brought), sum(one.superseding for one in brought), len(entry.added), len(entry.removed),
        files, entry.told,
    )  # fmt: skip


def _schema(feed: Feed) -> Schema:
    columns = [Field(c.name, PrimitiveType(_DELTA_TYPE[c.kind]), nullable=True) for c in feed.columns]
    return Schema(
        [
            *columns,
            Field(ROW, PrimitiveType("long"), nullable=True),
            Field(REPLACES, PrimitiveType("long"), nullable=True),
        ]
    )


def _statistics(feed: Feed) -> dict[str, str | None]:
    """Keep statistics of the columns that prune files; by default Delta keeps the first 32 only."""
    return {"delta.dataSkippingStatsColumns": ",".join(filter(None, (feed.day, ROW, REPLACES)))}
