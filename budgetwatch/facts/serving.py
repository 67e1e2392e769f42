"""A serving copy of the facts that screens ask most: DuckDB files under `home/serving`, derived and disposable.

One file for each feed and set of its files, without superseded rows, in the order in which screens ask (place, year).
It is made in the background where it is missing, put in its place by renaming, opened for reading only, and holds the
same rows as the Parquet files: an answer does not depend on whether it is there. Deleting the folder costs time only.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from threading import Lock, Thread

import duckdb

from budgetwatch.facts.engine import literal, view
from budgetwatch.facts.store import ROW, Snapshot, sync
from budgetwatch.records import ALL

log = logging.getLogger("budgetwatch.serving")
#: The feeds that screens add up, and what their rows are ordered by.
ORDERED = {"payment": f"adm_div_code, budget_year, {ROW}", "budget_line": f"adm_div_code, budget_year, {ROW}"}
#: Beyond this many rows a copy would take too much of a small machine's disk and time; Parquet serves as it is.
MOST_ROWS = 5_000_000
#: Older copies kept beside the newest one of a feed, for those who are about to open them.
KEPT_BEFORE = 1
_END = ".duckdb"


class Serving:
    """The serving copies of one deployment. Many processes may read and make them."""

    def __init__(self, root: Path, memory: str = "1GB") -> None:
        self.root = Path(root).resolve()
        self._memory = memory
        #: Whether missing copies are made: a server does so; a short command would only wait for them.
        self.on = False
        self._lock = Lock()
        self._asked: set[str] = set()

    def ready(self, snapshot: Snapshot) -> dict[str, Path]:
        """The copies of exactly these files that are there; nothing is made."""
        named = {feed: self._path(feed, snapshot) for feed in ORDERED if snapshot.files.get(feed)}
        return {feed: path for feed, path in named.items() if path.exists()}

    def wanted(self, snapshot: Snapshot) -> None:
        """See to it, in the background, that copies of these files come to be; each is tried once a process."""
        if not self.on:
            return
        missing = [f for f in ORDERED if snapshot.files.get(f) and self._path(f, snapshot).name not in self._asked]
        if not missing:
            return
        with self._lock:
            missing = [f for f in missing if self._path(f, snapshot).name not in self._asked]
            self._asked |= {self._path(f, snapshot).name for f in missing}
        if missing:
            Thread(target=self._make_all, args=(missing, snapshot), name="serving copy").start()

    def make(self, feed: str, snapshot: Snapshot) -> Path | None:
        """Make the copy of one feed; None where another process is at it or the feed is too large."""
        whole = self._path(feed, snapshot)
        with self._only_one(feed) as mine:
            if whole.exists():
                return whole
            if not mine:
                return None
            half = whole.with_name(f".{whole.name}.half")
            half.unlink(missing_ok=True)
            try:
                if not self._copy(feed, snapshot, half):
                    return None
                sync(half)
                half.replace(whole)
            finally:
                half.unlink(missing_ok=True)
                half.with_name(f"{half.name}.wal").unlink(missing_ok=True)
            self._drop_old(feed, whole)
        return whole

    def _make_all(self, feeds: list[str], snapshot: Snapshot) -> None:
        for feed in feeds:
            try:
                self.make(feed, snapshot)
            except Exception:  # a copy is a convenience: without it, Parquet serves
                log.warning("no serving copy of %s", feed, exc_info=True)

    def _copy(self, feed: str, snapshot: Snapshot, target: Path) -> bool:
        source = view(ALL[feed], snapshot)
        with duckdb.connect(config={"memory_limit": self._memory, "threads": 1}) as connection:
            files = ", ".join(literal(path) for path in snapshot.files[feed])
            row = connection.execute(f"SELECT sum(num_rows) FROM parquet_file_metadata([{files}])").fetchone()
            if not row or (row[0] or 0) > MOST_ROWS:
                return False
            connection.execute(f"ATTACH {literal(target)} AS copy")
            connection.execute(f'CREATE TABLE copy."{feed}" AS {source} ORDER BY {ORDERED[feed]}')
            connection.execute("DETACH copy")
        return True

    def _path(self, feed: str, snapshot: Snapshot) -> Path:
        said = "\n".join(
            (duckdb.__version__, str(feed in snapshot.replaced), *ALL[feed].by_name, *snapshot.files[feed])
        )
        version = snapshot.versions.get(feed, 0)
        return self.root / f"{feed}-{version:08d}-{hashlib.sha256(said.encode()).hexdigest()[:16]}{_END}"

    @contextlib.contextmanager
    def _only_one(self, feed: str) -> Iterator[bool]:
        """Whether nobody else, in any process, is making a copy of this feed."""
        self.root.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.root / f".{feed}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                mine = True
            except OSError:
                mine = False
            yield mine
        finally:
            os.close(handle)

    def _drop_old(self, feed: str, newest: Path) -> None:
        """Remove older copies; those who have one open keep it until they let go."""
        made = sorted(self.root.glob(f"{feed}-*{_END}"), key=lambda path: path.stat().st_mtime)
        for path in [path for path in made if path != newest][: -KEPT_BEFORE or None]:
            path.unlink(missing_ok=True)
