"""What the database and the fact store know of each other: whether they agree, and which versions flags rest on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from budgetwatch.facts import check as checking
from budgetwatch.facts.check import Finding
from budgetwatch.facts.vacuum import Removal, vacuum
from budgetwatch.home import Home
from budgetwatch.intake.batch import batch_lock
from budgetwatch.progress import Progress
from budgetwatch.records import ALL
from budgetwatch.tables import Batch, Evidence, Run, now
from budgetwatch.text import Text


@dataclass(frozen=True, slots=True)
class Batches:
    """What the database says of one batch."""

    feed: str
    status: str
    facts: int
    version: int | None
    file_name: str


def pinned(home: Home) -> dict[str, frozenset[int]]:
    """The versions of each feed that some flag's evidence was found in, or that a run is reading now."""
    with home.session() as session:
        resting = sa.select(Evidence.run_id).distinct()
        return _of_feeds(
            session.scalars(sa.select(Run.versions).where(sa.or_(Run.id.in_(resting), Run.status == "running")))
        )


def reading(home: Home) -> dict[str, frozenset[int]]:
    """The versions of each feed that a run is reading now, from their own files."""
    with home.session() as session:
        return _of_feeds(session.scalars(sa.select(Run.versions).where(Run.status == "running")))


def _of_feeds(runs: Iterable[Mapping[str, int]]) -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for versions in runs:
        for feed, version in versions.items():
            found.setdefault(feed, set()).add(int(version))
    return {feed: frozenset(versions) for feed, versions in found.items()}


def check(
    home: Home, *, feeds: Iterable[str] | None = None, deep: bool = False, progress: Progress | None = None
) -> list[Finding]:
    """Everything wrong with the fact store, by itself and beside the database; nothing is changed."""
    wanted = list(ALL if feeds is None else feeds)
    needed, found = pinned(home), []
    for at, feed in enumerate(wanted):
        if progress:
            progress(at / len(wanted), ALL[feed].label)
        found += checking.check(
            home.store, feed, needed=needed.get(feed, ()), deep=deep, memory=home.settings.memory
        )  # fmt: skip
        if not ALL[feed].own and not any(one.code in ("log_gap", "log_broken") for one in found if one.feed == feed):
            found += _agreement(home, feed)
    return found


def clear(home: Home, *, keep_days: int, feeds: Iterable[str] | None = None, remove: bool = False) -> list[Removal]:
    """Files that compaction replaced and nobody reads any more: of no version of the last days, of no run under way.

    What flags rest on stays askable, from the newest files. Without `remove` it is only listed.
    """
    since = now() - dt.timedelta(days=keep_days)
    found: list[Removal] = []
    for feed in ALL if feeds is None else feeds:
        # Asked anew for each feed: a run that begins meanwhile reads newest versions, which stay.
        needed = reading(home).get(feed, ())
        found += vacuum(home.store, feed, since=since, needed=needed, remove=remove)
    return found


def _agreement(home: Home, feed: str) -> list[Finding]:
    """Batches said to be in that are not, and commits of batches that the database does not know as taken in."""
    with home.store.writing(feed):  # between a commit and its batch's row nobody looks
        stored, batches = home.store.state(feed).batches, _batches(home, feed)
    found = []
    for number, batch in batches.items():
        where = f"batches.{number} ({batch.file_name})"
        if batch.status == "receiving" and _dead(home, number):
            found.append(Finding("unfinished_batch", feed, where, Text("接收中断，尚未了结。", "It was interrupted and is not settled."),
                                 Text("下次接收会自动了结。", "The next intake settles it.")))  # fmt: skip
        elif batch.status == "accepted" and batch.facts and number not in stored:
            found.append(Finding("batch_lost", feed, where,
                                 Text(f"数据库记有 {batch.facts:,} 条已入库，事实库中没有。",
                                      f"The database says that {batch.facts:,} facts of it are in; the store does not have them."),
                                 Text("事实库可能是旧备份：请恢复同期备份，或重新报送该文件。",
                                      "The facts may be an old backup: restore the one that belongs, or send the file again.")))  # fmt: skip
        elif batch.status == "accepted" and batch.facts and stored[number] != batch.version:
            found.append(Finding("batch_version", feed, where,
                                 Text(f"数据库记为第 {batch.version} 版，日志记为第 {stored[number]} 版。",
                                      f"The database says version {batch.version}, the log says {stored[number]}."),
                                 Text("两者不属同期：请恢复同期备份。", "Restore backups that belong together.")))  # fmt: skip
    for number in sorted(stored.keys() - {n for n, b in batches.items() if b.status in ("accepted", "receiving")}):
        said = batches.get(number)
        status = Text(f"记为 {said.status}", f"says {said.status}") if said else Text("没有这一批", "does not know it")
        found.append(Finding("commit_unknown", feed, f"batch {number}",
                             Text(f"事实库第 {stored[number]} 版含这一批，数据库却{status.zh}。",
                                  f"Version {stored[number]} holds this batch, but the database {status.en}."),
                             Text("请恢复与事实库同期的数据库备份。", "Restore the database backup that belongs to these facts.")))  # fmt: skip
    return found


def _batches(home: Home, feed: str) -> Mapping[int, Batches]:
    with home.session() as session:
        rows = session.execute(
            sa.select(Batch.id, Batch.feed, Batch.status, Batch.facts_added, Batch.fact_version, Batch.file_name)
            .where(Batch.feed == feed)
            .order_by(Batch.id)
        )
        return {row[0]: Batches(*row[1:]) for row in rows}


def _dead(home: Home, number: int) -> bool:
    with batch_lock(home, number) as dead:
        return dead
