"""The committee's desk: my next case, what is due and mine, what came in since I was here, what waits for a second person.

Every list is short; the address of the whole list stands on the screen. Scope is that of the queue itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.sql import ColumnElement

from budgetwatch import exemptions
from budgetwatch import tables as t
from budgetwatch.access.viewer import Viewer
from budgetwatch.calendar import today
from budgetwatch.cases import machine
from budgetwatch.queries import feeds, wording, work
from budgetwatch.queries.casefile import in_sight
from budgetwatch.queries.names import names
from budgetwatch.queries.scope import demand, within
from budgetwatch.records.codes import SEVERITIES
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

SHORT = 5
RANK = sa.case({code: rank for rank, code in enumerate(SEVERITIES)}, value=t.Flag.severity, else_=len(SEVERITIES))


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One case as a desk lists it. `days` counts from the day it was opened to today, or to its end."""

    case_id: int
    sentence: Text
    rule_id: str
    rule_name: Text
    severity: str
    state: str
    state_label: Text
    agency_name: str
    region_name: Text
    amount: Decimal | None
    currency: str
    due_on: dt.date | None
    assignee: str
    opened_at: dt.datetime
    days: int


@dataclass(frozen=True, slots=True)
class Due:
    """How many open cases are late, due today and due within seven days; `mine` the same of those I work on."""

    late: int
    today: int
    week: int
    mine_late: int
    mine_today: int
    mine_week: int
    mine: int
    open: int


@dataclass(frozen=True, slots=True)
class CameIn:
    """What came since that day: new cases by severity, leads of the models, files."""

    since: dt.date | None
    by_severity: dict[str, int]
    leads: int
    batches: int

    @property
    def cases(self) -> int:
        return sum(self.by_severity.values())


@dataclass(frozen=True, slots=True)
class Proposed:
    """An exemption that waits for its approval by somebody else than its proposer."""

    id: int
    rule_id: str
    rule_name: Text
    agency_name: str
    reason: str
    valid_to: dt.date
    by: str
    own: bool


def lines(
    home: Home, viewer: Viewer, *limits: ColumnElement[bool], order: tuple[Any, ...], limit: int = SHORT
) -> list[CaseLine]:
    """The first cases in sight under those limits, in that order."""
    known = names(home, viewer)
    query = (
        sa.select(t.Case, t.Flag, t.User.name)
        .join(t.Flag, t.Flag.id == t.Case.flag_id)
        .outerjoin(t.User, t.User.id == t.Case.assignee_id)
        .where(in_sight(viewer), *limits)
        .order_by(*order)
        .limit(limit)
    )
    with home.session() as session:
        found = session.execute(query).all()
        said = wording.sentences(home, session, (flag for _, flag, _ in found), known, viewer)
    return [
        CaseLine(
            case_id=case.id,
            sentence=said[flag.id],
            rule_id=flag.rule_id,
            rule_name=wording.rule_name(home, flag.rule_id),
            severity=flag.severity,
            state=case.state,
            state_label=machine.STATES[case.state],
            agency_name=flag.agency_name or known.agencies.get(flag.agency_code or "", flag.agency_code or ""),
            region_name=known.region(flag.region),
            amount=flag.amount,
            currency=known.currency(flag.region),
            due_on=case.due_on,
            assignee=assignee or "",
            opened_at=case.opened_at,
            days=((case.closed_at.astimezone().date() if case.closed_at else today()) - local(case.opened_at)).days,
        )
        for case, flag, assignee in found
    ]


def local(moment: dt.datetime) -> dt.date:
    """The day of an instant, where the service stands."""
    return moment.astimezone().date()


def next_up(home: Home, viewer: Viewer) -> CaseLine | None:
    """The case to take up next, in words."""
    case_id = work.next_case(home, viewer)
    found = lines(home, viewer, t.Case.id == case_id, order=(t.Case.id,), limit=1) if case_id is not None else []
    return found[0] if found else None


def due(home: Home, viewer: Viewer) -> Due:
    """What is late, due today and due within seven days: of all in sight, and of mine."""
    demand(viewer, "cases")
    mine = _mine(viewer)
    counted = [sa.case((work.due_in(which), 1), else_=0) for which in work.DUE]
    own = [sa.case((sa.and_(work.due_in(which), mine), 1), else_=0) for which in work.DUE]
    with home.session() as session:
        row = session.execute(
            sa.select(
                *(sa.func.coalesce(sa.func.sum(c), 0) for c in (*counted, *own)),
                sa.func.coalesce(sa.func.sum(sa.case((mine, 1), else_=0)), 0),
                sa.func.count(),
            ).where(in_sight(viewer), t.Case.state.not_in(machine.ENDED))
        ).one()
    return Due(*(int(n) for n in row))


def my_due(home: Home, viewer: Viewer) -> list[CaseLine]:
    """The cases I work on that wait for somebody, the one due first first."""
    demand(viewer, "cases")
    return lines(
        home, viewer, _mine(viewer), t.Case.state.not_in(machine.ENDED),
        order=(t.Case.due_on.is_(None), t.Case.due_on, RANK, t.Case.id),
    )  # fmt: skip


def newest(home: Home, viewer: Viewer, since: dt.date, *, limit: int = SHORT) -> list[CaseLine]:
    """The open cases that were opened on that day or later, the severest and greatest first."""
    demand(viewer, "cases")
    return lines(
        home, viewer, work.opened_since(since), t.Case.state.not_in(machine.ENDED),
        order=(RANK, t.Flag.amount.is_(None), t.Flag.amount.desc(), t.Case.id), limit=limit,
    )  # fmt: skip


def _mine(viewer: Viewer) -> ColumnElement[bool]:
    return t.Case.assignee_id == viewer.id if viewer.id is not None else sa.false()


def came_in(home: Home, viewer: Viewer, before: dt.date | None) -> CameIn:
    """What came since `before`, the day of the last visit; for who is here for the first time, since the latest run's day."""
    demand(viewer, "flags")
    seeing = within(viewer, t.Flag.region, t.Flag.agency_code)
    with home.session() as session:
        since = before or _last_run(session)
        if since is None:
            return CameIn(None, {}, 0, 0)
        query = (
            sa.select(t.Flag.severity, sa.func.count())
            .join(t.Case, t.Flag.id == t.Case.flag_id)
            .where(in_sight(viewer), work.opened_since(since), t.Case.state.not_in(machine.ENDED))
            .group_by(t.Flag.severity)
        )
        counted: Mapping[str, int] = dict(session.execute(query).all())
        start = dt.datetime.combine(since, dt.time()).astimezone()
        leads = session.scalar(
            sa.select(sa.func.count())
            .select_from(t.Flag)
            .where(t.Flag.kind == "outlier", t.Flag.created_at >= start, seeing)
            .where(t.Flag.id.not_in(sa.select(t.Case.flag_id)))
        )
    return CameIn(since, {s: counted[s] for s in SEVERITIES if counted.get(s)}, leads or 0, _files(home, viewer, start))


def _last_run(session: sa.orm.Session) -> dt.date | None:
    started = session.scalar(
        sa.select(t.Run.started_at).where(t.Run.status == "done").order_by(t.Run.id.desc()).limit(1)
    )
    return local(started) if started else None


def _files(home: Home, viewer: Viewer, start: dt.datetime) -> int:
    """The files that were taken in since then and lie wholly in sight."""
    if not viewer.may("batches"):
        return 0
    return sum(row["received_at"] >= start for row in feeds.batches(home, viewer, limit=1000).rows)


def to_close(home: Home, viewer: Viewer) -> tuple[list[CaseLine], int]:
    """Cases that somebody else confirmed or dismissed and that this person may close, the oldest first; and how many."""
    if not viewer.may("approve") or viewer.id is None:
        return [], 0
    decided = (
        sa.select(t.CaseStep.actor_id)
        .where(t.CaseStep.case_id == t.Case.id, t.CaseStep.action.in_(machine.DECISIONS))
        .order_by(t.CaseStep.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
    waits = sa.and_(t.Case.state.in_(("confirmed", "dismissed")), decided != viewer.id)
    with home.session() as session:
        count = session.scalar(sa.select(sa.func.count()).select_from(t.Case).where(in_sight(viewer), waits)) or 0
    return lines(home, viewer, waits, order=(t.Case.due_on.is_(None), t.Case.due_on, t.Case.id), limit=3), count


def proposed(home: Home, viewer: Viewer) -> list[Proposed]:
    """Exemptions that nobody has approved yet, the oldest first."""
    if not viewer.may("exempt"):
        return []
    waiting = [e for e in exemptions.listing(home, viewer) if e.approved_at is None and e.valid_to >= today()]
    known = names(home, viewer)
    with home.session() as session:
        by = dict(
            session.execute(
                sa.select(t.User.id, t.User.name).where(t.User.id.in_({e.proposed_by_id for e in waiting}))
            ).all()
        )
    return [
        Proposed(
            e.id, e.rule_id, wording.rule_name(home, e.rule_id), known.agencies.get(e.agency_code, e.agency_code),
            e.reason, e.valid_to, by.get(e.proposed_by_id, ""), e.proposed_by_id == viewer.id,
        )
        for e in reversed(waiting)
    ]  # fmt: skip
