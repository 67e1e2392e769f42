"""Who does the jobs: a few threads of a server process that claim them, and one that gives signs of life.

Stopping is by consent: the work tells its progress often, and that call raises when it is to stop. From 95 % on it
is not stopped any more, for then it may be writing what cannot be half done.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from budgetwatch.access import people
from budgetwatch.calendar import today
from budgetwatch.errors import BudgetwatchError, Fault
from budgetwatch.jobs import ledger, schedule, uploads
from budgetwatch.jobs.kinds import ALONE, EXPORTS, KEPT_DAYS, KINDS, Stopped, refusal
from budgetwatch.jobs.remaining import Remaining
from budgetwatch.jobs.service import CALL
from budgetwatch.queries.scope import demand
from budgetwatch.tables import Job
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

log = logging.getLogger("budgetwatch.jobs")

#: Seconds between two looks for work, two signs of life, two sweeps of old files; and between two notes of progress.
LOOK, PULSE, SWEEP, NOTE = 2.0, 5.0, 3600.0, 0.5
#: From this share on the work is not stopped any more.
NO_RETURN = 0.95


class Reporter:
    """The progress that a job tells: written down at most twice a second, answered with `Stopped` when it is to stop."""

    def __init__(self, home: Home, job_id: int, closing: threading.Event) -> None:
        self._home, self._id, self._closing = home, job_id, closing
        self._begun, self._noted = time.monotonic(), 0.0
        self._share = 0.0
        self._remaining = Remaining()
        self._lock = threading.Lock()
        self._told: str | None = "running"

    def __call__(self, share: float, words: Text) -> None:
        self._share = max(self._share, min(1.0, share))
        if time.monotonic() - self._noted >= NOTE:
            self._write(share=self._share, words=ledger.stored(words))
        if self._share >= NO_RETURN:
            return
        if self._closing.is_set():
            raise Stopped("closed")
        if self._told != "running":
            raise Stopped("asked" if self._told == "stopping" else "died")

    def pulse(self) -> None:
        """A sign of life while the work says nothing, from another thread."""
        self._write()

    def _write(self, **values: Any) -> None:
        with self._lock:
            self._noted = time.monotonic()
            left = self._remaining.told(self._noted - self._begun, self._share)
            values["result"] = {} if left is None else {"left": round(left, 1)}
            self._told = ledger.beat(self._home, self._id, **values)


def perform(home: Home, closing: threading.Event, active: dict[int, Reporter] | None = None) -> int | None:
    """Claim one job and do it to its end; its number, or None when none waits."""
    ours = ledger.claim(home, ALONE)
    if ours is None:
        return None
    reporter = Reporter(home, ours.id, closing)
    if active is not None:
        active[ours.id] = reporter
    try:
        state, result = _done(home, ours, reporter)
        if active is not None:
            active.pop(ours.id, None)  # before the end is written: no sign of life may follow it
        ledger.end(home, ours.id, state, result)
    finally:
        if active is not None:
            active.pop(ours.id, None)
        ours.release(home)
    return ours.id


def _done(home: Home, ours: ledger.Claim, reporter: Reporter) -> tuple[str, dict[str, Any]]:
    """How it ended, and with what."""
    try:
        viewer = people.viewer_of(home, ours.user_id)  # as of now: a role may have ended since
        kind = KINDS[ours.kind]
        demand(viewer, kind.power)
        return "done", kind.do(home, viewer, ours.asked, reporter)
    except Stopped as stopped:
        return "stopped", {"why": stopped.why}
    except BudgetwatchError as refused:
        kept: dict[str, Any] = {"refusal": refusal(refused)}
        if batch := refused.facts.get("batch"):
            kept["batch"] = batch
        return "failed", kept
    except Exception as error:
        reference = secrets.token_hex(4)
        log.error("fault %s in job %s", reference, ours.id, exc_info=error)
        return "failed", {"refusal": refusal(Fault(
            Text(f"系统出了差错，编号 {reference}。", f"The product itself failed; the reference is {reference}."),
            fix=Text("请重新开始；仍不行时把编号告诉系统管理员。", "Start it again; if it stays, give the reference to the administrator."),
        ))}  # fmt: skip


def work_off(home: Home) -> list[int]:
    """Do all jobs that wait, here and now; for tests and for a server without threads."""
    ledger.recover(home)
    done = []
    while (job_id := perform(home, threading.Event())) is not None:
        done.append(job_id)
    return done


def sweep(home: Home) -> None:
    """Remove exports whose time is over and files that nobody came back for."""
    with home.session() as session:
        waiting = [dict(asked) for asked in session.scalars(sa.select(Job.asked).where(Job.state.in_(ledger.OPEN)))]
        exports = session.scalars(sa.select(Job).where(Job.kind == "export", Job.state == "done")).all()
        over = [
            job
            for job in exports
            if not job.result.get("removed") and job.result.get("until", "") < today().isoformat()
        ]
        for job in over:
            job.result = {**job.result, "removed": True}
    for job in over:
        (home.path / EXPORTS / str(job.result.get("file"))).unlink(missing_ok=True)
    uploads.sweep(home, [str(asked["upload"]) for asked in waiting if "upload" in asked])
    folder = home.path / EXPORTS
    oldest = time.time() - (KEPT_DAYS + 2) * 86_400
    for file in folder.iterdir() if folder.is_dir() else ():  # left behind by a process that died
        if file.stat().st_mtime < oldest:
            file.unlink(missing_ok=True)


class Worker:
    """The threads of one server process. `with Worker(home):` — jobs are done while the block lasts.

    With `scheduled` it also puts the runs into the ledger that are due by themselves (`schedule`).
    """

    def __init__(self, home: Home, threads: int = 2, *, scheduled: bool = False) -> None:
        self._home, self._scheduled = home, scheduled
        self._closing = threading.Event()
        self._active: dict[int, Reporter] = {}
        loops = [("pulse", self._pulse), *((f"jobs-{n}", self._work) for n in range(threads))]
        self._threads = [threading.Thread(target=loop, name=name, daemon=True) for name, loop in loops]

    def __enter__(self) -> Worker:
        ledger.recover(self._home)
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self, patience: float = 5.0) -> None:
        """Ask what runs to stop, and wait a little for it; what does not is found dead at the next start."""
        self._closing.set()
        CALL.set()
        until = time.monotonic() + patience
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _work(self) -> None:
        while not self._closing.is_set():
            CALL.clear()
            try:
                if perform(self._home, self._closing, self._active) is not None:
                    continue
            except Exception:  # the database is away for a moment: the jobs wait, the thread must not die
                log.exception("looking for work failed")
                self._closing.wait(LOOK)
            CALL.wait(LOOK)

    def _pulse(self) -> None:
        swept = 0.0
        while not self._closing.wait(PULSE):
            try:
                for reporter in list(self._active.values()):
                    reporter.pulse()
                ledger.recover(self._home)
                if self._scheduled and schedule.put(self._home) is not None:
                    CALL.set()
                if time.monotonic() - swept > SWEEP or not swept:
                    swept = time.monotonic()
                    sweep(self._home)
            except Exception:
                log.exception("a sign of life could not be given")
