"""A serving copy of the facts that screens ask most: DuckDB files under `home/serving`, derived and disposable.

One file for each feed and set of its files, without superseded rows, in the order in which screens ask (place, year),
slice by slice.
It is made in the background where it is missing, put in its place by renaming, opened for reading only, and holds the
same rows as the Parquet files: an answer does not depend on whether it is there. Deleting the folder costs time only.

A copy serves later versions too, as long as its files are still part of them: what came in since is read from Parquet
beside it. So new facts can be asked at once, and a copy is made anew only when much has come in.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Thread

import duckdb

from budgetwatch.facts.durable import only_one, sync
from budgetwatch.facts.engine import literal, view
from budgetwatch.facts.reading import rows
from budgetwatch.facts.store import ROW, Snapshot
from budgetwatch.records import ALL

log = logging.getLogger("budgetwatch.serving")
#: The feeds that screens add up, and what their rows are ordered by.
ORDERED = {"payment": f"adm_div_code, budget_year, {ROW}", "budget_line": f"adm_div_code, budget_year, {ROW}"}
#: So many rows are put in order at a time: to order all of them costs more than to read and write them (at 10 million, 64 s
#: of CPU against 50 s by slices and 28 s without order), and questions are answered as fast either way.
SLICE = 500_000
#: Beyond this many rows a copy would take too much of a small machine's disk (45 bytes a row) and time (5 s of CPU a
#: million); Parquet serves as it is.
MOST_ROWS = 30_000_000
#: A copy is made anew when more than this part of the facts came in since; small ones always.
TAIL, SMALL = 0.1, 500_000
#: Older copies kept beside the newest one of a feed, for those who are about to open them.
KEPT_BEFORE = 1
_ALL = (-(2**63), 2**63 - 1)
_END = ".duckdb"
_NOTE = ".files"


@dataclass(frozen=True, slots=True)
class Copy:
    """A DuckDB file that holds the rows of these facts files, without those that one of them supersedes."""

    path: Path
    files: frozenset[str]


class Serving:
    """The serving copies of one deployment. Many processes may read and make them."""

    def __init__(self, root: Path, memory: str = "1GB") -> None:
        self.root = Path(root).resolve()
        self._memory = memory
        #: Whether missing copies are made: a server does so; a short command would only wait for them.
        self.on = False
        self._lock = Lock()
        self._asked: set[str] = set()
        self._notes: dict[str, tuple[str, frozenset[str]]] = {}

    def ready(self, snapshot: Snapshot) -> dict[str, Copy]:
        """For each feed the copy that is there and serves this snapshot with the fewest files beside it; nothing is made."""
        asked = (feed for feed in ORDERED if snapshot.files.get(feed) and not snapshot.within.get(feed))
        found = {feed: self._best(feed, snapshot) for feed in asked}
        return {feed: copy for feed, copy in found.items() if copy is not None}

    def wanted(self, snapshot: Snapshot) -> None:
        """See to it, in the background, that good copies of these files come to be; each is tried once a process."""
        if not self.on:
            return
        missing = [f for f in ORDERED if snapshot.files.get(f) and self._path(f, snapshot).name not in self._asked]
        if not missing:
            return
        with self._lock:
            missing = [f for f in missing if self._path(f, snapshot).name not in self._asked]
            self._asked |= {self._path(f, snapshot).name for f in missing}
        missing = [feed for feed in missing if not self._good_enough(feed, snapshot)]
        if missing:
            Thread(target=self._make_all, args=(missing, snapshot), name="serving copy").start()

    def _best(self, feed: str, snapshot: Snapshot) -> Copy | None:
        files = frozenset(snapshot.files[feed])
        exact = self._path(feed, snapshot)
        if exact.exists():
            return Copy(exact, files)
        correcting = frozenset(snapshot.correcting.get(feed, ()))
        best: Copy | None = None
        for path in self.root.glob(f"{feed}-*{_END}"):
            kind, covered = self._noted(path)
            # One that left superseded rows out does not serve who asks for the history, nor the other way round.
            if covered and covered <= files and kind == _kind(feed, corrected=not correcting.isdisjoint(covered)):
                best = max(best or Copy(path, covered), Copy(path, covered), key=lambda copy: len(copy.files))
        return best

    def _noted(self, path: Path) -> tuple[str, frozenset[str]]:
        """The copy's kind and the files it covers (none where its note cannot be read)."""
        if (known := self._notes.get(path.name)) is None:
            try:
                kind, *files = path.with_suffix(_NOTE).read_text("utf-8").splitlines()
            except (OSError, ValueError):
                return "", frozenset()
            known = self._notes[path.name] = kind, frozenset(files)
        return known

    def _good_enough(self, feed: str, snapshot: Snapshot) -> bool:
        """Whether little came in since the copy at hand was made."""
        copy = self._best(feed, snapshot)
        if copy is None:
            return False
        whole, tail = rows(snapshot.files[feed]), rows([f for f in snapshot.files[feed] if f not in copy.files])
        return tail == 0 or (whole > SMALL and tail <= whole * TAIL)

    def make(self, feed: str, snapshot: Snapshot) -> Path | None:
        """Make the copy of one feed; None where another process is at it, the feed too large, or the version an old one."""
        if snapshot.within.get(feed):
            return None  # an older version that shares the newest one's files
        whole = self._path(feed, snapshot)
        with only_one(self.root / f".{feed}.lock") as mine:
            if whole.exists():
                return whole
            if not mine:
                return None
            half = whole.with_name(f".{whole.name}.half")
            half.unlink(missing_ok=True)
            try:
                if not self._copy(feed, snapshot, half):
                    return None
                note = [_kind(feed, corrected=feed in snapshot.replaced), *snapshot.files[feed]]
                whole.with_suffix(_NOTE).write_text("\n".join(note), "utf-8")
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
        if rows(snapshot.files[feed]) > MOST_ROWS:
            return False
        source = view(ALL[feed], snapshot)
        with duckdb.connect(config={"memory_limit": self._memory, "threads": 1}) as connection:
            connection.execute(f"ATTACH {literal(target)} AS copy")
            connection.execute(f'CREATE TABLE copy."{feed}" AS SELECT * FROM ({source}) LIMIT 0')
            for first, last in _slices(snapshot.files[feed]):
                connection.execute(
                    f'INSERT INTO copy."{feed}" SELECT * FROM ({source}) WHERE {ROW} BETWEEN {first} AND {last} '
                    f"ORDER BY {ORDERED[feed]}"
                )
            connection.execute("DETACH copy")
        return True

    def _path(self, feed: str, snapshot: Snapshot) -> Path:
        said = "\n".join((_kind(feed, corrected=feed in snapshot.replaced), *snapshot.files[feed]))
        version = snapshot.versions.get(feed, 0)
        return self.root / f"{feed}-{version:08d}-{hashlib.sha256(said.encode()).hexdigest()[:16]}{_END}"

    def _drop_old(self, feed: str, newest: Path) -> None:
        """Remove older copies; those who have one open keep it until they let go."""
        made = sorted(self.root.glob(f"{feed}-*{_END}"), key=lambda path: path.stat().st_mtime)
        for path in [path for path in made if path != newest][: -KEPT_BEFORE or None]:
            path.unlink(missing_ok=True)
            path.with_suffix(_NOTE).unlink(missing_ok=True)


def _kind(feed: str, *, corrected: bool) -> str:
    """What two copies of the same files may differ in: who wrote them, their columns, whether superseded rows are out."""
    return " ".join((duckdb.__version__, str(corrected), *ALL[feed].by_name))


def _slices(files: Sequence[str]) -> list[tuple[int, int]]:
    """The rows' addresses in ranges of `SLICE` rows and a little more, none of which shares a row group with another."""
    import pyarrow.parquet as pq

    groups = []
    for path in files:
        about = pq.read_metadata(path)
        at = about.schema.names.index(ROW)
        for n in range(about.num_row_groups):
            group = about.row_group(n)
            span = group.column(at).statistics
            if span is None or not span.has_min_max:
                return [_ALL]  # a writer that tells nothing of its row groups
            groups.append((int(span.min), int(span.max), int(group.num_rows)))
    ranges: list[tuple[int, int, int]] = []
    for first, last, many in sorted(groups):
        if ranges and (ranges[-1][2] < SLICE or first <= ranges[-1][1]):
            ranges[-1] = (ranges[-1][0], max(last, ranges[-1][1]), ranges[-1][2] + many)
        else:
            ranges.append((first, last, many))
    return [(first, last) for first, last, _ in ranges]
