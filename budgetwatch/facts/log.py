"""A feed's Delta log: its entries one by one, the state they add up to, and how a new entry is written.

The format is Delta's own (any Delta reader opens the folder). We write entries ourselves because an entry must be
on the disk before it is acknowledged and may remove files without changing a fact, which the library offers for
neither; and read them ourselves because a state grows from the one before by reading one entry.
"""

from __future__ import annotations

import json
import logging
import re
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deltalake import DeltaTable

from budgetwatch.facts.durable import draft, publish, settle, sync

#: What every fact row carries besides its feed's columns: its address, and the row it supersedes.
ROW, REPLACES = "_row", "_replaces"
COMMIT = re.compile(r"^(\d{20})\.json$")
CHECKPOINT = re.compile(r"^(\d{20})\.checkpoint\.parquet$")
_BATCH = re.compile(r"^batch-(\d+)$")
#: Reading the log from its beginning takes 0.1 ms an entry; a checkpoint every so many keeps that short.
_CHECKPOINT_EVERY = 50
#: States held at a time: the newest, and those that runs and cases ask for.
_HELD = 16
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Added:
    """A file of facts as the log names it; `superseding` of its rows supersede others."""

    path: str
    size: int
    rows: int
    superseding: int
    stats: str
    changes: bool = True
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One commit: when, which batch it brought (none: a compaction), and the files it added and removed."""

    version: int
    at: int
    batch: int | None = None
    added: tuple[Added, ...] = ()
    removed: tuple[str, ...] = ()
    told: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class State:
    """What the log adds up to at a version: its files, and which version brought each batch."""

    version: int = -1
    files: Mapping[str, Added] = field(default_factory=dict)
    batches: Mapping[int, int] = field(default_factory=dict)

    def after(self, entries: Sequence[Entry]) -> State:
        """The state with these entries on top, which follow it."""
        files, batches, version = dict(self.files), dict(self.batches), self.version
        for entry in entries:
            version = entry.version
            for path in entry.removed:
                files.pop(path, None)
            files.update((one.path, one) for one in entry.added)
            if entry.batch is not None:
                batches[entry.batch] = version
        return State(version, files, batches)


class Log:
    """The log in a feed's folder. Reading needs no lock; whoever writes holds the feed's."""

    def __init__(self, folder: Path) -> None:
        self.table = folder
        self.folder = folder / "_delta_log"
        self._last: int | None = None
        self._states: OrderedDict[int, State] = OrderedDict()
        self._turn = threading.Lock()

    def newest(self) -> int | None:
        """The last version that is whole; None where there is none. Usually costs two looks at the disk."""
        last = self._last
        if last is None or not self.file(last).exists():
            try:
                found = max((int(m[1]) for p in self.folder.iterdir() if (m := COMMIT.match(p.name))), default=None)
            except FileNotFoundError:
                found = None
            if found is not None and not self._whole(found):
                found = found - 1 if found else None
            self._last = found
            return found
        while self.file(last + 1).exists() and self._whole(last + 1):
            last += 1
        self._last = last
        return last

    def entry(self, version: int) -> Entry:
        """That commit; ValueError where it is torn, FileNotFoundError where it is not there."""
        return read(version, self.file(version).read_bytes())

    def entries(self, first: int, last: int) -> Iterator[Entry]:
        return (self.entry(version) for version in range(first, last + 1))

    def state(self, version: int) -> State:
        """What the log adds up to at a version that is there."""
        with self._turn:
            if (known := self._states.get(version)) is not None:
                self._states.move_to_end(version)
                return known
            below = [state for at, state in self._states.items() if version - _CHECKPOINT_EVERY <= at < version]
            base = max(below, key=lambda s: s.version) if below else self._checkpoint(version)
            made = base.after(list(self.entries(base.version + 1, version)))
            self._states[version] = made
            while len(self._states) > _HELD:
                self._states.popitem(last=False)
            return made

    def write(
        self,
        added: Sequence[Added],
        *,
        batch: int | None,
        told: Mapping[str, Any],
        removed: Sequence[Added] = (),
        schema: str = "",
        configuration: Mapping[str, str | None] | None = None,
    ) -> int:
        """The next commit, on the disk with the files that it adds; returns its version. The first takes the schema."""
        newest = self.newest()
        version = 0 if newest is None else newest + 1
        now = time.time_ns() // 1_000_000
        # Moments rise with versions whatever the clock does, so that "as known then" has one answer.
        at = now if newest is None else max(now, self.entry(newest).at + 1)
        lines = _lines(version, at, added, removed, batch, told)
        first = [*(self.table / one.path for one in added), self.table]
        if newest is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            lines[1:1] = _founding(schema, configuration or {}, at)
            first.append(self.table.parent)
        content = "".join(json.dumps(line, ensure_ascii=False, default=str) + "\n" for line in lines).encode()
        half = draft(self.file(version), content)
        try:
            settle([*first, half])
            publish(half, self.file(version))
        finally:
            half.unlink(missing_ok=True)
        sync(self.folder)
        return version

    def checkpoint(self, version: int) -> None:
        """Every so many versions sum the log up in one file. Failing costs only time, so it refuses nothing."""
        if not version or version % _CHECKPOINT_EVERY:
            return
        try:
            DeltaTable(str(self.table), version=version).create_checkpoint()
            for path in (*self.folder.glob(f"{version:020d}.checkpoint*"), self.folder / "_last_checkpoint"):
                sync(path)
            sync(self.folder)
        except Exception as failure:
            _log.warning("no checkpoint of %s at version %s: %s", self.table.name, version, failure)

    def drop_torn(self) -> None:
        """Remove an entry that a power cut left half written: it was never acknowledged."""
        newest = self.newest()
        self.file(0 if newest is None else newest + 1).unlink(missing_ok=True)

    def file(self, version: int) -> Path:
        return self.folder / f"{version:020d}.json"

    def checkpoints(self) -> list[int]:
        """The versions that are summed up in a file, newest first."""
        return sorted((int(m[1]) for p in self.folder.iterdir() if (m := CHECKPOINT.match(p.name))), reverse=True)

    def _whole(self, version: int) -> bool:
        try:
            self.entry(version)
        except (ValueError, FileNotFoundError):
            return False
        return True

    def _checkpoint(self, version: int) -> State:
        """The latest readable checkpoint at or before the version, else the empty state."""
        for at in self.checkpoints():
            if at <= version:
                try:
                    return read_checkpoint(self.folder / f"{at:020d}.checkpoint.parquet", at)
                except (OSError, ValueError, KeyError) as failure:
                    _log.warning("checkpoint %s of %s cannot be read: %s", at, self.table.name, failure)
        return State()


def read(version: int, content: bytes) -> Entry:
    """The commit that these lines say; ValueError where they are torn."""
    at, batch, told = 0, None, {}
    added: list[Added] = []
    removed: list[str] = []
    lines = content.decode("utf-8").splitlines()
    if not lines:
        raise ValueError("empty")
    for line in lines:
        said = json.loads(line)
        if "add" in said:
            added.append(_added(said["add"]))
        elif "remove" in said:
            removed.append(said["remove"]["path"])
        elif "txn" in said and (named := _BATCH.match(said["txn"]["appId"])):
            batch = int(named[1])
        elif "commitInfo" in said:
            at = int(said["commitInfo"].get("timestamp", 0))
            told = json.loads(said["commitInfo"].get("budgetwatch", "{}"))
    return Entry(version, at, batch, tuple(added), tuple(removed), told)


def read_checkpoint(path: Path, version: int) -> State:
    """The state that a checkpoint holds; ValueError where it cannot be read."""
    import pyarrow.parquet as pq  # heavy; the command line loads what it uses

    columns = ["add.path", "add.size", "add.stats", "add.dataChange", "add.tags", "txn.appId", "txn.version"]
    with pq.ParquetFile(path) as file:
        table = file.read(columns=columns)
    files = {}
    for said in table.column("add").to_pylist():
        if said is not None and said.get("path") is not None:
            one = _added({**said, "tags": dict(said.get("tags") or ())})
            files[one.path] = one
    batches = {}
    for said in table.column("txn").to_pylist():
        if said is not None and said.get("appId") and (named := _BATCH.match(said["appId"])):
            batches[int(named[1])] = int(said["version"])
    return State(version, files, batches)


def _added(said: Mapping[str, Any]) -> Added:
    stats = said.get("stats") or "{}"
    known = json.loads(stats)
    rows = int(known.get("numRecords", 0))
    superseding = rows - int(known.get("nullCount", {}).get(REPLACES, rows))
    digest = (said.get("tags") or {}).get("sha256", "")
    return Added(said["path"], int(said["size"]), rows, superseding, stats, bool(said.get("dataChange", True)), digest)


def _lines(
    version: int, at: int, added: Sequence[Added], removed: Sequence[Added], batch: int | None, told: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The commit as Delta writes it. A compaction (no batch) changes no fact, and says so of every file."""
    changes = batch is not None
    said = json.dumps({**({"batch": batch} if changes else {}), **told}, default=str, ensure_ascii=False)
    info = {
        "timestamp": at, "operation": "WRITE" if changes else "OPTIMIZE",
        "operationParameters": {"mode": "Append"} if changes else {}, "engineInfo": "budgetwatch", "budgetwatch": said,
    }  # fmt: skip
    app = f"batch-{batch}" if changes else "compaction"
    return [
        {"commitInfo": info},
        {"txn": {"appId": app, "version": version, "lastUpdated": at}},
        *(
            {"remove": {"path": one.path, "deletionTimestamp": at, "dataChange": changes, "extendedFileMetadata": True,
                        "partitionValues": {}, "size": one.size}}
            for one in removed
        ),
        *(
            {"add": {"path": one.path, "partitionValues": {}, "size": one.size, "modificationTime": at,
                     "dataChange": changes, "stats": one.stats, "tags": {"sha256": one.sha256} if one.sha256 else None}}
            for one in added
        ),
    ]  # fmt: skip


def _founding(schema: str, configuration: Mapping[str, str | None], at: int) -> list[dict[str, Any]]:
    return [
        {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}},
        {"metaData": {
            "id": str(uuid.uuid4()), "name": None, "description": None, "format": {"provider": "parquet", "options": {}},
            "schemaString": schema, "partitionColumns": [], "configuration": dict(configuration), "createdTime": at,
        }},
    ]  # fmt: skip
