"""A batch's row in the database and the lock that says whether its process lives."""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from budgetwatch.errors import BadFile, BudgetwatchError, Fault
from budgetwatch.feeds.profile import Profile
from budgetwatch.feeds.readers.unpack import hashed
from budgetwatch.home import Home
from budgetwatch.intake.keeping import keep_rejects
from budgetwatch.tables import Batch, now
from budgetwatch.text import Text


@contextmanager
def receiving(home: Home, path: Path, how: Profile, actor: str, at: dt.datetime | None = None) -> Iterator[int]:
    """A batch number of our own, its row `receiving` and its lock held until the block ends."""
    with home.session() as session:
        row = Batch(
            feed=how.feed.name, profile=how.name, sender=how.sender, file_name=path.name, sha256="",
            bytes=path.stat().st_size, status="receiving", currency=how.currency, received_by=actor, received_at=at or now(),
        )  # fmt: skip
        session.add(row)
        session.flush()
        number = row.id
        lock = open_lock(home, number)
        fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        if home.store.holds(how.feed.name, number) is not None:
            error = Fault(
                Text(f"事实库中已有第 {number} 批，而数据库中没有：数据库是否恢复到了旧备份？",
                     f"The facts hold batch {number}, which the database does not know: was an old database restored?"),
                fix=Text("请恢复与事实库同期的数据库备份。", "Restore the database backup that belongs to these facts."),
            )  # fmt: skip
            refuse(home, number, path, error, home.path / "tmp")
            raise error
        yield number
    finally:
        with suppress(FileNotFoundError):
            lock_path(home, number).unlink()
        os.close(lock)


@contextmanager
def batch_lock(home: Home, number: int) -> Iterator[bool]:
    """Whether the batch's process is gone (then we hold its lock)."""
    lock = open_lock(home, number)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True
        with suppress(FileNotFoundError):
            lock_path(home, number).unlink()
    finally:
        os.close(lock)


def lock_path(home: Home, number: int) -> Path:
    return home.path / "tmp" / f"batch-{number}.lock"


def open_lock(home: Home, number: int) -> int:
    return os.open(lock_path(home, number), os.O_CREAT | os.O_RDWR, 0o600)


def recover(home: Home) -> dict[int, str]:
    """Finish or discard batches whose process died while receiving; says what became of each."""
    with home.session() as session:
        open_rows = [(b.id, b.feed) for b in session.scalars(sa.select(Batch).where(Batch.status == "receiving"))]
    done = {}
    for number, feed in open_rows:
        with batch_lock(home, number) as dead:
            if not dead:
                continue
            with home.session() as session:
                batch = session.get(Batch, number)
                if batch is None or batch.status != "receiving":
                    continue
                version = home.store.holds(feed, number)
                if version is None:
                    batch.status = "refused"
                    batch.refusal = shapes(
                        BadFile(
                            Text("接收时中断，未留下任何数据。", "Receiving was interrupted; nothing of it was kept."),
                            where=batch.file_name,
                            fix=Text("请重新报送该文件。", "Send the file again."),
                        )
                    )
                else:
                    fill(batch, home.store.provenance(feed, version), version)
                done[number] = batch.status
            for left in (home.path / "tmp").glob(f"take-{number}-*"):
                shutil.rmtree(left, ignore_errors=True)
    return done


def fill(batch: Batch, said: Mapping[str, Any], version: int | None) -> None:
    """Write on the batch's row what its commit says of it."""
    for name in ("rows_in", "rows_accepted", "rows_rejected", "rows_repeated", "facts_added", "reasons", "sha256",
                 "currency", "regions", "rejects_file"):  # fmt: skip
        setattr(batch, name, said[name])
    batch.amount_sum = None if said["amount_sum"] is None else Decimal(said["amount_sum"])
    for name in ("written", "sequence", "remarks", "mends"):
        setattr(batch, name, said.get(name, getattr(batch, name)))
    for name in ("first_day", "last_day"):
        day = said[name]
        setattr(batch, name, dt.date.fromisoformat(day) if isinstance(day, str) else day)
    batch.fact_version = version
    batch.status = "accepted"


def refuse(home: Home, batch: int, path: Path, refused: BudgetwatchError, work: Path) -> None:
    made = work / "rejects.parquet"
    kept = keep_rejects(home, batch, made if made.exists() else None)
    with home.session() as session:
        row = session.get_one(Batch, batch)
        row.status, row.refusal, row.rejects_file = "refused", shapes(refused), kept
        row.rows_in = int(refused.facts.get("rows_in", 0))
        row.rows_rejected = int(refused.facts.get("rows_rejected", 0))
        row.sha256 = hashed(path)


def shapes(error: BudgetwatchError) -> dict[str, Any]:
    return {language: error.shape(language)["error"] for language in ("zh", "en")}
