"""Starting, seeing, stopping and reading jobs: always one's own; another's does not exist."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from budgetwatch import tables as t
from budgetwatch.access import audit
from budgetwatch.access.viewer import Viewer
from budgetwatch.calendar import now
from budgetwatch.errors import Conflict, Denied, NotFound
from budgetwatch.jobs import ledger, uploads
from budgetwatch.jobs.kinds import EXPORTS, KINDS
from budgetwatch.queries.scope import demand, missing, one_of, paged
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

#: So many jobs of one person may be open; more would only stand in the way of others.
MOST_OPEN = 8
#: Set whenever a job is started in this process, so that a worker here need not wait for its next look.
CALL = threading.Event()

_THIS = Text("这项任务", "job of that number")


@dataclass(frozen=True, slots=True)
class Job:
    """One job as its owner sees it. `left`: seconds, as last told; `ahead`: jobs that wait before it."""

    id: int
    kind: str
    title: Text
    state: str
    share: float
    words: Text | None
    left: float | None
    asked: dict[str, Any]
    result: dict[str, Any]
    seen: bool
    created_at: dt.datetime
    started_at: dt.datetime | None
    finished_at: dt.datetime | None
    ahead: int = 0

    @property
    def over(self) -> bool:
        return self.state in ledger.ENDED

    @property
    def seconds(self) -> float:
        """How long it has been at work."""
        return max(0.0, ((self.finished_at or now()) - self.started_at).total_seconds()) if self.started_at else 0.0


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of one's jobs are open, and how many have ended unread."""

    running: int
    unread: int


def start(home: Home, viewer: Viewer, kind: str, title: Text, asked: Mapping[str, Any]) -> Job:
    """Have this done; the job at once. The same that still waits to begin is not started twice."""
    demand(viewer, KINDS[one_of(kind, KINDS, "kind")].power)
    if viewer.id is None:
        raise Denied(Text("任务必须属于某个账号。", "A job belongs to an account."))
    with home.session() as session:
        mine_open = list(
            session.scalars(sa.select(t.Job).where(t.Job.user_id == viewer.id, t.Job.state.in_(ledger.OPEN)))
        )
        for row in mine_open:
            if row.state == "waiting" and row.kind == kind and row.asked == dict(asked):
                return _job(session, row)
        if len(mine_open) >= MOST_OPEN:
            raise Conflict(
                Text(f"您已有 {len(mine_open)} 项任务未完成。", f"You have {len(mine_open)} jobs under way already."),
                fix=Text("请等其中一项完成，或停止一项。", "Wait until one has ended, or stop one."),
            )
        row = t.Job(user_id=viewer.id, kind=kind, title=ledger.stored(title), asked=dict(asked))
        session.add(row)
        session.flush()
        made = _job(session, row)
    CALL.set()
    return made


def mine(home: Home, viewer: Viewer, *, limit: int = 50, offset: int = 0) -> list[Job]:
    """One's own jobs: those under way first, in their order, then those that ended, newest first."""
    limit, offset = paged(limit, offset)
    is_open = sa.case((t.Job.state.in_(ledger.OPEN), 0), else_=1)
    order = sa.case((t.Job.state.in_(ledger.OPEN), t.Job.id), else_=-t.Job.id)
    with home.session() as session:
        rows = session.scalars(
            sa.select(t.Job).where(t.Job.user_id == viewer.id).order_by(is_open, order).limit(limit).offset(offset)
        )
        return [_job(session, row) for row in rows]


def tally(home: Home, viewer: Viewer) -> Tally:
    """For the mark that stands on every page."""
    open_, unread = (
        sa.case((t.Job.state.in_(ledger.OPEN), 1), else_=0),
        sa.case((sa.and_(t.Job.state.in_(ledger.ENDED), t.Job.seen.is_(False)), 1), else_=0),
    )
    with home.session() as session:
        row = session.execute(
            sa.select(sa.func.sum(open_), sa.func.sum(unread)).where(t.Job.user_id == viewer.id)
        ).one()
    return Tally(int(row[0] or 0), int(row[1] or 0))


def one(home: Home, viewer: Viewer, job_id: int) -> Job:
    """One of one's own jobs."""
    with home.session() as session:
        return _job(session, _own(session, viewer, job_id))


def stop(home: Home, viewer: Viewer, job_id: int) -> Job:
    """Ask a job to stop: at once when it still waits, else after the step at hand. One that has ended stays as it is."""
    with home.session() as session:
        row = _own(session, viewer, job_id)
        for before, after in (("waiting", "stopped"), ("running", "stopping")):
            values: dict[str, Any] = {"state": after}
            if after == "stopped":
                values |= {"finished_at": now(), "result": {"why": "asked"}, "seen": True}
            moved = session.execute(
                sa.update(t.Job)
                .where(t.Job.id == row.id, t.Job.state == before)
                .values(**values)
                .returning(t.Job.id)
                .execution_options(synchronize_session=False)
            ).scalar_one_or_none()
            if moved is not None:
                audit.record(session, viewer, "stop_job", "job", job_id, {"kind": row.kind})
                break
        session.refresh(row)
        return _job(session, row)


def seen(home: Home, viewer: Viewer, *job_ids: int) -> None:
    """Its owner has read how it ended; without numbers, how all of them did."""
    limits = [t.Job.user_id == viewer.id, t.Job.state.in_(ledger.ENDED), t.Job.seen.is_(False)]
    if job_ids:
        limits.append(t.Job.id.in_(job_ids))
    with home.session() as session:
        session.execute(sa.update(t.Job).where(*limits).values(seen=True).execution_options(synchronize_session=False))


def again(home: Home, viewer: Viewer, job_id: int) -> Job:
    """Start the same work once more, after it was stopped or failed; a sent file must still be there."""
    job = one(home, viewer, job_id)
    if not job.over:
        raise Conflict(
            Text("这项任务还在进行。", "This job is still under way."),
            fix=Text("请等它结束，或先停止。", "Wait until it has ended, or stop it first."),
        )
    if token := job.asked.get("upload"):
        uploads.path(home, str(token))
    return start(home, viewer, job.kind, job.title, job.asked)


def file(home: Home, viewer: Viewer, job_id: int) -> tuple[Path, str]:
    """The file that an export made, and the name to save it under; fetching it is recorded."""
    job = one(home, viewer, job_id)
    demand(viewer, "export")
    name = str(job.result.get("file") or "")
    path = home.path / EXPORTS / Path(name).name
    if not name or not path.is_file():
        raise NotFound(
            Text("没有可下载的文件，或已过保留期。", "There is no file to fetch, or its time is over."),
            fix=Text("请重新导出。", "Export it again."),
        )
    with home.session() as session:
        audit.record(session, viewer, "fetch_export", "job", job_id, {"name": job.result.get("name")})
    return path, str(job.result["name"])


def may_start_again(home: Home, job: Job) -> bool:
    """Whether `again` would find what it needs."""
    if job.state not in ("failed", "stopped"):
        return False
    token = job.asked.get("upload")
    return token is None or uploads.there(home, str(token))


def _own(session: Session, viewer: Viewer, job_id: int) -> t.Job:
    row = session.get(t.Job, job_id) if viewer.id is not None and 0 < job_id < 2**31 else None
    if row is None or row.user_id != viewer.id:
        raise missing(_THIS)
    return row


def _job(session: Session, row: t.Job) -> Job:
    state, result, finished = row.state, dict(row.result or {}), row.finished_at
    if state in ledger.UNDER_WAY and ledger.silent(row.beat_at):  # as `recover` will write it down
        state, result, finished = "stopped", {"why": "died"}, row.beat_at
    ahead = 0
    if state == "waiting":
        earlier = sa.select(sa.func.count()).where(t.Job.state == "waiting", t.Job.id < row.id)
        ahead = session.scalar(earlier) or 0
    return Job(
        row.id, row.kind, ledger.read(row.title) or KINDS[row.kind].name, state, row.share or 0.0, ledger.read(row.words),
        result.pop("left", None) if state in ledger.UNDER_WAY else None, dict(row.asked or {}), result, row.seen,
        row.created_at, row.started_at, finished, ahead,
    )  # fmt: skip
