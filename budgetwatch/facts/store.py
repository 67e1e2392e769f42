"""The fact store: Parquet files under one Delta log a feed; a snapshot of it is a plain list of files.

A commit is acknowledged only when its files, its log entry and their folders are on the disk. Each
commit carries its batch as a Delta application transaction, so that after a crash anyone can ask
whether a batch is in (`holds`), and committing it again changes nothing.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
from deltalake import CommitProperties, DeltaTable, Field, PostCommitHookProperties, Schema, Transaction
from deltalake.schema import PrimitiveType
from deltalake.transaction import AddAction, create_table_with_add_actions

from budgetwatch.errors import NotFound
from budgetwatch.records import ALL, Feed
from budgetwatch.text import Text

#: What every fact row carries besides its feed's columns: its address, and the row it supersedes.
ROW, REPLACES = "_row", "_replaces"

_DELTA_TYPE = {
    "code": "string",
    "text": "string",
    "money": "decimal(18,2)",
    "integer": "long",
    "ratio": "decimal(9,6)",
    "date": "date",
    "flag": "boolean",
}
_COMMIT = re.compile(r"^(\d{20})\.json$")
#: A log of n commits opens in about n/10 ms; a checkpoint every so many keeps that flat.
_CHECKPOINT_EVERY = 50
_KEEP_LOG = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The facts as known at one moment: for each feed its version and the files that hold it.

    `replaced` names the feeds in which some rows supersede others.
    """

    versions: Mapping[str, int] = field(default_factory=dict)
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    replaced: frozenset[str] = frozenset()


class FactStore:
    """All facts under `root`, one folder a feed. Many readers; writers of one feed take turns."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root).resolve()
        self.root.mkdir(parents=True, exist_ok=True)
        self._known: dict[tuple[str, int], tuple[tuple[str, ...], bool]] = {}
        self._held = threading.local()

    def current(self) -> dict[str, int]:
        """The newest version of each feed that has facts."""
        return {feed: version for feed in ALL if (version := self._newest(feed)) is not None}

    def snapshot(self, versions: Mapping[str, int] | None = None) -> Snapshot:
        """The files of the newest versions, or of exactly the versions asked for."""
        wanted = dict(self.current() if versions is None else versions)
        found = {feed: self._files(feed, version) for feed, version in wanted.items()}
        return Snapshot(
            versions=wanted,
            files={feed: files for feed, (files, _) in found.items()},
            replaced=frozenset(feed for feed, (_, replaced) in found.items() if replaced),
        )

    def commit(self, feed: str, staged: Sequence[Path], *, batch: int, provenance: Mapping[str, Any]) -> int:
        """Take the staged Parquet files into the feed in one durable commit; returns its version.

        A batch that is in already is left as it is. The staged files are moved, not copied.
        """
        with self.writing(feed):
            self._drop_torn_commit(feed)
            if (version := self.holds(feed, batch)) is not None:
                return version
            folder = self.root / feed
            folder.mkdir(exist_ok=True)
            actions = [self._move_in(feed, path, batch) for path in staged]
            sync(folder)
            return self._register(feed, actions, batch, provenance)

    def holds(self, feed: str, batch: int) -> int | None:
        """The version that brought the batch in, or None when it is not in."""
        newest = self._newest(feed)
        if newest is None:
            return None
        version = DeltaTable(str(self.root / feed), version=newest).transaction_version(_app(batch))
        return None if version is None else int(version)

    def provenance(self, feed: str, version: int) -> dict[str, Any]:
        """What was said about the batch when that version was committed."""
        for line in (self.root / feed / "_delta_log" / f"{version:020d}.json").read_text().splitlines():
            if (said := json.loads(line).get("commitInfo", {}).get("budgetwatch")) is not None:
                return dict(json.loads(said))
        return {}

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

    def _newest(self, feed: str) -> int | None:
        log = self.root / feed / "_delta_log"
        try:
            found = max((int(m[1]) for path in log.iterdir() if (m := _COMMIT.match(path.name))), default=None)
        except FileNotFoundError:
            return None
        if found is not None and not _whole(log / f"{found:020d}.json"):
            return found - 1 if found else None
        return found

    def _files(self, feed: str, version: int) -> tuple[tuple[str, ...], bool]:
        if (feed, version) in self._known:
            return self._known[feed, version]
        newest = self._newest(feed)
        if feed not in ALL or newest is None or not 0 <= version <= newest:
            raise NotFound(
                Text(f"事实库中没有 {feed} 的第 {version} 版。", f"The fact store has no version {version} of {feed}."),
                fix=Text(
                    "请改用现有版本。", f"The newest is {newest}." if newest is not None else "It has no facts yet."
                ),
            )
        actions = DeltaTable(str(self.root / feed), version=version).get_add_actions(flatten=True)
        files = tuple(sorted(str(self.root / feed / name) for name in actions["path"].to_pylist()))
        counts = (
            zip(actions["num_records"].to_pylist(), actions[f"null_count.{REPLACES}"].to_pylist(), strict=True)
            if files
            else ()
        )
        replaced = any(superseding is not None and rows > superseding for rows, superseding in counts)
        self._known[feed, version] = files, replaced
        return files, replaced

    def _move_in(self, feed: str, staged: Path, batch: int) -> AddAction:
        sync(staged)
        home = self.root / feed / f"b{batch:07d}-{uuid.uuid4().hex[:12]}.parquet"
        stats = _stats(staged, ALL[feed])
        try:
            staged.replace(home)
        except OSError:  # another file system: copy, then make the copy durable
            shutil.copyfile(staged, home)
            sync(home)
            staged.unlink()
        home.chmod(0o444)
        return AddAction(home.name, home.stat().st_size, {}, int(time.time() * 1000), True, json.dumps(stats))

    def _register(self, feed: str, actions: list[AddAction], batch: int, provenance: Mapping[str, Any]) -> int:
        folder, newest = self.root / feed, self._newest(feed)
        version = 0 if newest is None else newest + 1
        properties = CommitProperties(
            custom_metadata={
                "budgetwatch": json.dumps({"batch": batch, **provenance}, default=str, ensure_ascii=False)
            },
            app_transactions=[Transaction(_app(batch), version)],
        )
        schema = _schema(ALL[feed])
        if newest is None:
            create_table_with_add_actions(
                str(folder), schema, actions, "error", configuration=_statistics(ALL[feed]),
                commit_properties=properties, post_commithook_properties=_KEEP_LOG,
            )  # fmt: skip
        else:
            table = DeltaTable(str(folder))
            table.create_write_transaction(
                list(actions), "append", schema, commit_properties=properties, post_commithook_properties=_KEEP_LOG
            )
        log = folder / "_delta_log"
        for path in (log / f"{version:020d}.json", log, folder, self.root):
            sync(path)
        if version and version % _CHECKPOINT_EVERY == 0:
            DeltaTable(str(folder)).create_checkpoint()
            for path in (*log.glob(f"{version:020d}.checkpoint*"), log / "_last_checkpoint", log):
                sync(path)
        return version

    def _drop_torn_commit(self, feed: str) -> None:
        """Remove a log entry that a power cut left half written: it was never acknowledged."""
        newest = self._newest(feed)
        (self.root / feed / "_delta_log" / f"{0 if newest is None else newest + 1:020d}.json").unlink(missing_ok=True)


def _whole(entry: Path) -> bool:
    """Whether a log entry was written to its end: its last line is JSON."""
    try:
        json.loads(entry.read_text("utf-8").rstrip().rpartition("\n")[2])
    except ValueError:
        return False
    return True


def _app(batch: int) -> str:
    return f"batch-{batch}"


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


def _stats(path: Path, feed: Feed) -> dict[str, Any]:
    """Rows of the file, the range of its days and addresses, and how many rows supersede none.

    Read from the Parquet footer, which costs nothing; a file is pruned by these later.
    """
    quoted = str(path).replace("'", "''")
    with duckdb.connect() as connection:
        total = connection.execute(f"SELECT sum(num_rows)::BIGINT FROM parquet_file_metadata('{quoted}')").fetchone()
        columns = connection.execute(
            f"""SELECT path_in_schema, min(stats_min_value), max(stats_max_value), sum(stats_null_count)::BIGINT,
                       min(try_cast(stats_min_value AS BIGINT)), max(try_cast(stats_max_value AS BIGINT))
                FROM parquet_metadata('{quoted}') WHERE path_in_schema IN (?, ?, ?) GROUP BY ALL""",
            [feed.day or "", ROW, REPLACES],
        ).fetchall()
    rows = int(total[0] or 0) if total else 0
    lows, highs, nulls = {}, {}, {REPLACES: rows}
    for name, low, high, absent, first, last in columns:
        if absent is not None:
            nulls[name] = absent
        if low is not None and high is not None:
            lows[name], highs[name] = (low, high) if name == feed.day else (first, last)
    return {"numRecords": rows, "minValues": lows, "maxValues": highs, "nullCount": nulls}


def sync(path: Path) -> None:
    """Return only when the file or folder is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
