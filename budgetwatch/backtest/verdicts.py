"""What people have said of flags so far, as far as a back-test uses it: verdicts, rows flags rest on, minutes a case takes."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.orm import Session

from budgetwatch.access.viewer import Viewer
from budgetwatch.tables import Case, CaseStep, Evidence, Flag

if TYPE_CHECKING:
    from budgetwatch.home import Home

#: From so many cases on the minutes are measured and no longer the setting's.
ENOUGH = 30
#: Whoever leaves a case open overnight did not work on it overnight: longer sittings are not counted.
LONGEST_SITTING = 8 * 60
_BEGUN, _DECIDED = ("take", "verify"), ("ask", "confirm", "dismiss")


def verdicts(home: Home, viewer: Viewer, rule_ids: Sequence[str]) -> pa.Table:
    """The flags of those rules within scope: rule_id, subject, period, verdict (confirmed, dismissed or NULL)."""
    last = (
        sa.select(CaseStep.to_state)
        .where(CaseStep.case_id == Case.id, CaseStep.action.in_(("confirm", "dismiss")))
        .order_by(CaseStep.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
    # A case sent back after its verdict has none until the next one.
    verdict = sa.case((Case.state.in_(("confirmed", "dismissed", "closed")), last), else_=None)
    query = (
        sa.select(Flag.rule_id, Flag.subject, Flag.period, verdict)
        .outerjoin(Case, Case.flag_id == Flag.id)
        .where(Flag.rule_id.in_(rule_ids), _within(viewer))
    )
    with home.session() as session:
        rows = session.execute(query).all()
    names = ("rule_id", "subject", "period", "verdict")
    return pa.table({name: pa.array([row[at] for row in rows], pa.string()) for at, name in enumerate(names)})


def flagged_rows(home: Home, viewer: Viewer) -> pa.Table:
    """The rows that flags within scope rest on, by their newest evidence (its first thousand): rule_id, feed, row."""
    newest = sa.select(sa.func.max(Evidence.id)).group_by(Evidence.flag_id)
    query = (
        sa.select(Flag.rule_id, Evidence.row_feed, Evidence.rows)
        .join(Flag, Flag.id == Evidence.flag_id)
        .where(Evidence.id.in_(newest), Flag.kind == "rule", _within(viewer))
    )
    rules: list[str] = []
    feeds: list[str] = []
    parts: list[Any] = []
    with home.session() as session:
        for rule_id, feed, rows in session.execute(query):
            rules.append(rule_id)
            feeds.append(feed)
            parts.append(np.frombuffer(rows or b"", dtype="<i8"))
    sizes = [len(part) for part in parts]
    return pa.table(
        {
            "rule_id": pa.array(np.repeat(np.array(rules, dtype=object), sizes) if rules else [], pa.string()),
            "feed": pa.array(np.repeat(np.array(feeds, dtype=object), sizes) if feeds else [], pa.string()),
            "row": pa.array(np.concatenate(parts) if parts else [], pa.int64()),
        }
    )


def minutes(home: Home, viewer: Viewer) -> tuple[float, int]:
    """The minutes that a flag's first review takes, and from how many cases that was measured (0: it is the setting).

    Measured: the median, over cases within scope, of the time from taking a case up to asking about it or deciding,
    by the same person in one sitting.
    """
    with home.session() as session:
        sittings = _sittings(session, viewer)
    if len(sittings) < ENOUGH:
        return float(home.settings.review_minutes), 0
    return round(float(median(sittings)), 1), len(sittings)


def _sittings(session: Session, viewer: Viewer) -> list[float]:
    query = (
        sa.select(CaseStep.case_id, CaseStep.action, CaseStep.actor_id, CaseStep.at)
        .join(Case, Case.id == CaseStep.case_id)
        .where(CaseStep.action.in_(_BEGUN + _DECIDED), _within(viewer, Case))
        .order_by(CaseStep.case_id, CaseStep.seq)
    )
    begun: dict[int, tuple[int | None, Any]] = {}
    done: set[int] = set()
    found: list[float] = []
    for case_id, action, actor, at in session.execute(query):
        if case_id in done:
            continue
        if action in _BEGUN:
            begun.setdefault(case_id, (actor, at))
        elif case_id in begun:
            done.add(case_id)
            who, since = begun[case_id]
            took = (at - since).total_seconds() / 60
            if who == actor and 0 < took <= LONGEST_SITTING:
                found.append(took)
    return found


def _within(viewer: Viewer, table: Any = Flag) -> Any:
    if not viewer.region:
        return sa.true()
    return sa.func.substr(table.region, 1, len(viewer.region)) == viewer.region
