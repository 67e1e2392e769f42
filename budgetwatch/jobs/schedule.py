"""Runs that nobody has to start: of what changed, some time after files were taken in; and of everything, once a night (T+1).

Whatever is due becomes a job of the ledger like any other, one at a time, whichever process looks first. It belongs to
the account that has been allowed to run rules the longest. `due` says what is due without doing it, so that the command
line (`budgetwatch run --due`) can be called by cron where no service runs.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa

from budgetwatch.access import people
from budgetwatch.access.viewer import Viewer
from budgetwatch.calendar import now
from budgetwatch.db import serialise
from budgetwatch.jobs import ledger
from budgetwatch.jobs.nights import NIGHTLY
from budgetwatch.records import ALL
from budgetwatch.tables import Batch, Job, Run, RunRule, User
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home


@dataclass(frozen=True, slots=True)
class Due:
    """A run that is due: only of what changed (`new`), or of everything; `facts` names the facts that it is due for."""

    kind: Literal["new", "nightly"]
    facts: str

    @property
    def asked(self) -> dict[str, Any]:
        """As the job keeps it."""
        return {"rule_ids": None, "as_of": None, "due": self.kind, "facts": self.facts}

    @property
    def title(self) -> Text:
        if self.kind == "new":
            return Text("接收数据后运行有变化的规则", "Run what new facts can change")
        return Text("每日运行全部规则（T+1）", "Nightly run of all rules (T+1)")


def due(home: Home, moment: dt.datetime | None = None) -> Due | None:
    """The run that is due at that moment (now), if any: the nightly one first, for it says what the other would."""
    moment = (moment or now()).astimezone()
    facts = {feed: version for feed, version in home.store.current().items() if not ALL[feed].own}
    if not facts:
        return None
    named = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
    if _night(home, moment):
        return Due("nightly", named)
    if home.settings.run_after_take_in and _settled(home, moment) and not _covered(_last(home, whole=False), facts):
        return Due("new", named)
    return None


def put(home: Home, moment: dt.datetime | None = None) -> int | None:
    """Put what is due into the ledger, unless it is there or was tried already; the job's number."""
    wanted = due(home, moment)
    if wanted is None:
        return None
    owner = _owner(home)
    if owner is None:
        return None
    with home.session() as session:
        serialise(session)  # of several processes one puts it
        waiting = session.scalars(sa.select(Job).where(Job.kind == "run", Job.state.in_(ledger.OPEN))).all()
        if waiting:
            return None
        latest = session.scalars(sa.select(Job).where(Job.kind == "run").order_by(Job.id.desc()).limit(20))
        if any(job.asked == wanted.asked for job in latest):  # it ended without covering them: a person should look
            return None
        job = Job(user_id=owner.id, kind="run", title=ledger.stored(wanted.title), asked=wanted.asked)
        session.add(job)
        session.flush()
        return job.id


def next_night(home: Home, moment: dt.datetime | None = None) -> dt.datetime | None:
    """When the next nightly run is looked for; None where there is none."""
    moment = (moment or now()).astimezone()
    at = _at(home, moment)
    return None if at is None else at if at > moment else at + dt.timedelta(days=1)


def _at(home: Home, moment: dt.datetime) -> dt.datetime | None:
    if not home.settings.run_nightly_at:
        return None
    hour, minute = map(int, home.settings.run_nightly_at.split(":"))
    return moment.replace(hour=hour, minute=minute, second=0, microsecond=0)


def _night(home: Home, moment: dt.datetime) -> bool:
    """Whether the hour is past and something came before it that no run of everything has seen; what comes by day waits."""
    at = _at(home, moment)
    if at is None or moment < at:
        return False
    newest = sa.select(Batch.feed, sa.func.max(Batch.fact_version)).group_by(Batch.feed)
    with home.session() as session:
        came = session.execute(
            newest.where(Batch.status == "accepted", Batch.received_at < at, Batch.fact_version.is_not(None))
        )
        facts = {feed: int(version) for feed, version in came if version is not None}
    return bool(facts) and not _covered(_last(home, whole=True), facts)


def _settled(home: Home, moment: dt.datetime) -> bool:
    """Whether the last file is some time ago and no other is being taken in."""
    with home.session() as session:
        last = session.scalar(sa.select(sa.func.max(Batch.received_at)).where(Batch.status == "accepted"))
        busy = session.scalar(
            sa.select(sa.func.count()).select_from(Job).where(Job.kind == "take_in", Job.state.in_(ledger.OPEN))
        )
    return last is not None and not busy and (moment - last).total_seconds() >= home.settings.run_settle_seconds


def _last(home: Home, *, whole: bool) -> Run | None:
    """The latest run that ended well or is under way; with `whole`, of those that asked every rule that is on of everything."""
    lines = sa.select(RunRule.run_id).group_by(RunRule.run_id)
    lines = lines.having(sa.func.count() >= len(home.rules.active), sa.func.max(RunRule.asked) == "")
    query = sa.select(Run).where(Run.status.in_(("done", "running"))).order_by(Run.id.desc()).limit(1)
    if whole:
        query = query.where(sa.or_(Run.id.in_(lines), Run.actor == NIGHTLY))
    with home.session() as session:
        return session.scalars(query).one_or_none()


def _covered(run: Run | None, facts: dict[str, int]) -> bool:
    return run is not None and all(int(run.versions.get(feed, -1)) >= version for feed, version in facts.items())


def _owner(home: Home) -> Viewer | None:
    """Who has been allowed to run rules the longest, over all places where there is such a one."""
    with home.session() as session:
        users = session.scalars(sa.select(User).where(User.active).order_by(User.id)).all()
        viewers = [people.viewer_from(user) for user in users]
    able = [viewer for viewer in viewers if viewer.may("run")]
    return min(able, key=lambda viewer: len(viewer.region), default=None)
