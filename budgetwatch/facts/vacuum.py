"""Vacuum: files that compaction has replaced are removed, and every removal is written down first.

No version is lost by it, and no flag's evidence: compaction takes no row out, so the newest files hold the rows of all
older versions, and a row's address says which batch brought it (`FactStore.snapshot`). The old files are only needed by
whoever has them open: kept are those of the newest version, of every version that was the newest within the last days,
and of versions that the caller names because they are being read. A file is on the list of removals before it is gone,
so that a file missing for any other reason is known to be lost.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from budgetwatch.facts.durable import HALF, append, sync
from budgetwatch.facts.log import Added
from budgetwatch.facts.store import VACUUMED, FactStore


@dataclass(frozen=True, slots=True)
class Removal:
    """One file that nothing needs: a former part of versions `first` to `last`, or a stray one (both None)."""

    feed: str
    path: str
    bytes: int
    first: int | None = None
    last: int | None = None


def vacuum(
    store: FactStore, feed: str, *, since: dt.datetime, needed: Iterable[int] = (), remove: bool = False
) -> list[Removal]:
    """The files of the feed that nothing needs; with `remove`, they are gone afterwards.

    `needed` are versions whose own files stay whatever their age.
    """
    with store.writing(feed):
        newest = store.logs[feed].newest()
        if newest is None:
            return []
        found = [*_unneeded(store, feed, newest, since, frozenset(needed)), *strays(store, feed)]
        folder = store.root / feed
        if remove and found:
            append(folder / VACUUMED, "".join(f"{one.path}\n" for one in found).encode())
            for one in found:
                with suppress(FileNotFoundError):
                    (folder / one.path).unlink()
            sync(folder)
        return found


def strays(store: FactStore, feed: str) -> list[Removal]:
    """Files in the feed's folder that no version ever named: what a crash left. Ask while holding the feed's lock."""
    folder, log = store.root / feed, store.logs[feed]
    newest = log.newest()
    if newest is None:
        return []
    named = {one.path for entry in log.entries(0, newest) for one in entry.added}
    found = [p for p in folder.iterdir() if p.is_file() and p.suffix in (".parquet", HALF) and p.name not in named]
    found += [p for p in log.folder.iterdir() if p.name.endswith(HALF)]
    return [Removal(feed, str(p.relative_to(folder)), size) for p in sorted(found) if (size := _size(p)) is not None]


def lifetimes(store: FactStore, feed: str, newest: int) -> dict[str, tuple[Added, int, int]]:
    """For every file ever named: what the log says of it, and the first and last version that it is part of."""
    born: dict[str, tuple[Added, int, int]] = {}
    for entry in store.logs[feed].entries(0, newest):
        for path in entry.removed:
            if path in born:
                one, first, _ = born[path]
                born[path] = one, first, entry.version - 1
        for one in entry.added:
            born[one.path] = one, entry.version, newest
    return born


def kept(store: FactStore, feed: str, newest: int, since: dt.datetime, needed: Iterable[int]) -> frozenset[int]:
    """The versions whose own files stay: the newest, those that were it since that moment, those that are needed."""
    at = [entry.at for entry in store.logs[feed].entries(0, newest)]
    limit = since.timestamp() * 1000
    recent = {version for version in range(newest) if at[version + 1] > limit}
    return frozenset({newest, *recent, *(v for v in needed if 0 <= v <= newest)})


def _unneeded(
    store: FactStore, feed: str, newest: int, since: dt.datetime, needed: frozenset[int]
) -> Iterable[Removal]:
    keeping = sorted(kept(store, feed, newest, since, needed))
    for path, (_, first, last) in lifetimes(store, feed, newest).items():
        at = bisect_left(keeping, first)
        if at < len(keeping) and keeping[at] <= last:
            continue
        if (size := _size(store.root / feed / path)) is not None:
            yield Removal(feed, path, size, first, last)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None
