"""An administrator's desk: runs, accounts that want attention, and work under way. What was sent stands in `desk_feeds`."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from budgetwatch import tables as t
from budgetwatch.access import people
from budgetwatch.access.people import Person
from budgetwatch.access.viewer import Viewer
from budgetwatch.calendar import now, today
from budgetwatch.queries import runs
from budgetwatch.queries.scope import demand
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

#: Accounts that end within so many days are named in time for a new term to be entered.
ENDING = 60


@dataclass(frozen=True, slots=True)
class Accounts:
    """How many accounts are in use, locked after wrong passwords, past their term; and those that end soon, by name."""

    active: int
    locked: list[Person]
    expired: int
    ending: list[Person]
    inactive: int


@dataclass(frozen=True, slots=True)
class Work:
    """A piece of long work that waits or runs."""

    id: int
    title: Text
    state: str
    share: float
    words: Text
    started_at: dt.datetime | None
    owner: str


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run of the rules: when, how it ended, how long it took and what it found that was new."""

    run_id: int
    started_at: dt.datetime
    status: str
    seconds: float | None
    new_flags: int
    changed_flags: int
    failure: str


def accounts(home: Home, viewer: Viewer) -> Accounts:
    """The accounts within an administrator's scope."""
    demand(viewer, "users")
    day, moment = today(), now()
    found = people.users(home, viewer)
    usable = [p for p in found if p.active and not (p.expires_on and p.expires_on < day)]
    ending = [p for p in usable if p.expires_on and p.expires_on <= day + dt.timedelta(ENDING)]
    return Accounts(
        active=len(usable),
        locked=[p for p in usable if p.locked_until and p.locked_until > moment],
        expired=sum(1 for p in found if p.active and p.expires_on and p.expires_on < day),
        ending=sorted(ending, key=lambda p: (p.expires_on or day, p.login)),
        inactive=sum(1 for p in found if not p.active),
    )


def last_runs(home: Home, viewer: Viewer, *, limit: int = 4) -> tuple[list[RunLine], int]:
    """The latest runs, and how many there were."""
    found = runs.runs(home, viewer, limit=limit)
    return [_run(row) for row in found.rows], found.total


def _run(row: dict[str, Any]) -> RunLine:
    ended = row["finished_at"]
    return RunLine(
        run_id=row["run_id"],
        started_at=row["started_at"],
        status=row["status"],
        seconds=(ended - row["started_at"]).total_seconds() if ended else None,
        new_flags=row["new_flags"],
        changed_flags=row["changed_flags"],
        failure=row["failure"] or "",
    )


def under_way(home: Home, viewer: Viewer, *, limit: int = 5) -> list[Work]:
    """Long work that waits or runs: an administrator's whole house, everybody else's own."""
    query = (
        sa.select(t.Job, t.User.name)
        .join(t.User, t.User.id == t.Job.user_id)
        .where(t.Job.state.in_(("waiting", "running")))
        .order_by(t.Job.id)
        .limit(limit)
    )
    if not (viewer.may("users") and not viewer.region):
        inside = sa.func.substr(t.User.region, 1, len(viewer.region)) == viewer.region
        query = query.where(inside if viewer.may("users") else t.Job.user_id == viewer.id)
    with home.session() as session:
        return [
            Work(
                job.id, _text(job.title), job.state, job.share, _text(job.words), job.started_at, owner,
            )
            for job, owner in session.execute(query)
        ]  # fmt: skip


def _text(words: dict[str, str]) -> Text:
    return Text(words.get("zh", ""), words.get("en", ""))
