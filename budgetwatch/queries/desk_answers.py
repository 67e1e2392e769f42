"""What a unit or the finance bureau owes an answer, and what was decided lately on what it was asked.

A unit sees its own inquiries, the bureau those of its region; the committee's own notes stay inside.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from budgetwatch import tables as t
from budgetwatch.access.viewer import Viewer
from budgetwatch.calendar import today
from budgetwatch.cases import machine
from budgetwatch.queries import budgets, wording, work
from budgetwatch.queries.casefile import in_sight, was_asked
from budgetwatch.queries.desk import SHORT, local
from budgetwatch.queries.names import names
from budgetwatch.queries.scope import demand
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home


@dataclass(frozen=True, slots=True)
class Owed:
    """What waits for an answer: the first inquiries and questions as listings have them, and how many in all."""

    inquiries: list[dict[str, Any]]
    waiting: int
    late: int
    soon: int
    questions: list[dict[str, Any]]
    unanswered: int


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a case on which the unit was asked: the decision and its day."""

    case_id: int
    sentence: Text
    whose: Text
    state: str
    decision: Text
    amount: Decimal | None
    currency: str
    on: dt.date


def owed(home: Home, viewer: Viewer) -> Owed:
    """Inquiries that wait (due first) and deputies' questions without an answer."""
    demand(viewer, "own_cases")
    waiting, late, soon = _waiting(home, viewer)
    rows = [row for row in work.own_cases(home, viewer, open_only=True, limit=SHORT).rows if row["waiting"]]
    asked = budgets.questions(home, viewer, answered=False, limit=SHORT) if viewer.may("answer") else None
    return Owed(rows, waiting, late, soon, asked.rows if asked else [], asked.total if asked else 0)


def _waiting(home: Home, viewer: Viewer) -> tuple[int, int, int]:
    """How many inquiries wait, how many of them are late, and how many are due within seven days."""
    day = today()
    late = t.Case.due_on < day
    soon = sa.and_(t.Case.due_on >= day, t.Case.due_on <= day + dt.timedelta(7))
    with home.session() as session:
        row = session.execute(
            sa.select(
                sa.func.count(),
                *(sa.func.coalesce(sa.func.sum(sa.case((test, 1), else_=0)), 0) for test in (late, soon)),
            ).where(in_sight(viewer), was_asked(), t.Case.state == "asked")
        ).one()
    return int(row[0]), int(row[1]), int(row[2])


def decided(home: Home, viewer: Viewer, *, limit: int = SHORT) -> list[Decided]:
    """The latest decisions on what was asked, newest first."""
    demand(viewer, "own_cases", "cases")
    known = names(home, viewer)
    newest = (
        sa.select(sa.func.max(t.CaseStep.id).label("step"))
        .where(t.CaseStep.action.in_((*machine.DECISIONS, "close")))
        .group_by(t.CaseStep.case_id)
        .subquery()
    )
    query = (
        sa.select(t.Case, t.Flag, t.CaseStep)
        .join(t.Flag, t.Flag.id == t.Case.flag_id)
        .join(t.CaseStep, t.CaseStep.case_id == t.Case.id)
        .join(newest, newest.c.step == t.CaseStep.id)
        .where(in_sight(viewer), was_asked(), t.Case.state.in_(("confirmed", "dismissed", "closed")))
        .order_by(t.CaseStep.at.desc(), t.CaseStep.id.desc())
        .limit(limit)
    )
    with home.session() as session:
        found = session.execute(query).all()
        said = wording.sentences(home, session, (flag for _, flag, _ in found), known, viewer)
    return [
        Decided(
            case_id=case.id,
            sentence=said[flag.id],
            whose=Text(agency, agency)
            if (agency := flag.agency_name or known.agencies.get(flag.agency_code or "", ""))
            else known.region(flag.region),
            state=case.state,
            decision=machine.STATES[case.state],
            amount=flag.amount,
            currency=known.currency(flag.region),
            on=local(step.at),
        )
        for case, flag, step in found
    ]
