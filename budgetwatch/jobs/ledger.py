"""The states of a job and who may move it: waiting → running → done, failed or stopped; stopping lies between.

Several server processes share one table. A job is claimed by one of them only, which holds a lock on
`tmp/job-<id>.lock` in home until it ends: when the lock is free and the row still says running, its process died.
A process that lives but gave no sign for long (a frozen machine) loses its job too, and notices at its next step.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from budgetwatch.calendar import now
from budgetwatch.db import serialise
from budgetwatch.tables import Job
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

OPEN = ("waiting", "running", "stopping")
UNDER_WAY = ("running", "stopping")
ENDED = ("done", "failed", "stopped")
#: A worker gives a sign every few seconds; after this long without one it counts as gone.
SILENT = dt.timedelta(seconds=90)


@dataclass(slots=True)
class Claim:
    """A job that this process has and nobody else: its row as claimed, and the lock that shows we live."""

    id: int
    kind: str
    user_id: int
    asked: dict[str, Any]
    lock: int = field(repr=False)

    def release(self, home: Home) -> None:
        """Let go of the lock, once the row says how the job ended."""
        with suppress(FileNotFoundError):
            _lock_path(home, self.id).unlink()
        os.close(self.lock)


def claim(home: Home, alone: Collection[str]) -> Claim | None:
    """The job that has waited longest, now ours; None when none waits. Of kinds in `alone` one runs at a time."""
    with home.session() as session:  # asked every second or so: without a lock
        if session.scalar(sa.select(Job.id).where(Job.state == "waiting").limit(1)) is None:
            return None
    ours: Claim | None = None
    try:
        with home.session() as session:
            serialise(session)
            busy = set(session.scalars(sa.select(Job.kind).where(Job.state.in_(UNDER_WAY), Job.kind.in_(alone))))
            row = session.scalars(
                sa.select(Job).where(Job.state == "waiting", Job.kind.not_in(busy)).order_by(Job.id).limit(1)
            ).first()
            if row is None or (lock := _taken(home, row.id)) is None:
                return None
            ours = Claim(row.id, row.kind, row.user_id, dict(row.asked), lock)
            row.state, row.started_at, row.beat_at = "running", now(), now()
    except BaseException:
        if ours is not None:  # the row still says waiting
            ours.release(home)
        raise
    return ours


def beat(home: Home, job_id: int, **values: Any) -> str | None:
    """Write a sign of life and what else is new; the state that the job is in, None when it is ours no more."""
    with home.session() as session:
        return session.execute(
            sa.update(Job)
            .where(Job.id == job_id, Job.state.in_(UNDER_WAY))
            .values(beat_at=now(), **values)
            .returning(Job.state)
            .execution_options(synchronize_session=False)
        ).scalar_one_or_none()


def end(home: Home, job_id: int, state: str, result: Mapping[str, Any]) -> bool:
    """The last word on a job; False when somebody else has said it already.

    Its owner is told, but not of a run that was due by itself (`schedule`) and went well: nobody waits for it.
    """
    values: dict[str, Any] = {"state": state, "result": dict(result), "finished_at": now(), "seen": False, "words": {}}
    if state == "done":
        values["share"] = 1.0
    with home.session() as session:
        if state == "done":
            values["seen"] = "due" in (session.scalar(sa.select(Job.asked).where(Job.id == job_id)) or {})
        told = session.execute(
            sa.update(Job)
            .where(Job.id == job_id, Job.state.in_(UNDER_WAY))
            .values(**values)
            .returning(Job.id)
            .execution_options(synchronize_session=False)
        ).scalar_one_or_none()
    return told is not None


def recover(home: Home) -> list[int]:
    """Say of each job whose worker is gone that it was stopped; which ones those were."""
    with home.session() as session:
        rows = session.execute(sa.select(Job.id, Job.beat_at).where(Job.state.in_(UNDER_WAY))).all()
    gone = []
    for job_id, beat_at in rows:
        lock = _taken(home, job_id)
        if lock is None and not silent(beat_at):
            continue
        if end(home, job_id, "stopped", {"why": "died"}):
            gone.append(job_id)
        if lock is not None:
            with suppress(FileNotFoundError):
                _lock_path(home, job_id).unlink()
            os.close(lock)
    return gone


def silent(beat_at: dt.datetime | None) -> bool:
    """Whether the last sign of life lies too far back."""
    return beat_at is None or now() - beat_at > SILENT


def stored(text: Text) -> dict[str, str]:
    """A sentence as the table keeps it."""
    return {"zh": text.zh, "en": text.en}


def read(kept: Mapping[str, str] | None) -> Text | None:
    """The sentence that was kept, if any."""
    return Text(kept.get("zh", ""), kept.get("en", "")) if kept else None


def _lock_path(home: Home, job_id: int) -> Path:
    return home.path / "tmp" / f"job-{job_id}.lock"


def _taken(home: Home, job_id: int) -> int | None:
    """The lock of a job, now ours; None when a living process has it."""
    lock = os.open(_lock_path(home, job_id), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock
