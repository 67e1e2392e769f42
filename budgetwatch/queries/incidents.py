"""Incidents: rules that fired far beyond what was expected, what is held of each, and how it was decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from budgetwatch import tables as t
from budgetwatch.access.viewer import Viewer
from budgetwatch.queries.listing import Listing, heading
from budgetwatch.queries.scope import begins, demand, missing, paged
from budgetwatch.queries.wording import rule_name
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

STATES = {
    "open": Text("待处置", "Open"),
    "release": Text("已放行", "Released"),
    "discard": Text("已撤销", "Discarded"),
}
_BASES = {
    "back_test": Text("回测", "Back-test"),
    "runs": Text("以往运行", "Earlier runs"),
}
_INCIDENTS = (
    heading("incident_id", "事件", "Incident", "integer"),
    heading("at", "时间", "At", "moment"),
    heading("run_id", "运行", "Run", "integer"),
    heading("rule_id", "规则编号", "Rule", "code"),
    heading("rule_name", "规则", "Rule name"),
    heading("found", "新查出", "Found", "integer"),
    heading("expected", "预期至多", "Expected at most", "integer"),
    heading("basis_label", "预期依据", "Expected by"),
    heading("state_label", "状态", "State"),
    heading("decided_by", "处置人", "Decided by"),
    heading("note", "说明", "Note"),
)
_FINDINGS = (
    heading("subject_name", "对象", "Subject"),
    heading("period", "期间", "Period", "code"),
    heading("agency_name", "单位", "Unit"),
    heading("severity", "级别", "Severity", "severity"),
    heading("amount", "金额", "Amount", "money"),
    heading("row_count", "行数", "Rows", "integer"),
)
_POWERS = ("flags", "run", "switch_rules")


def incidents(home: Home, viewer: Viewer, *, open_only: bool = False, limit: int = 50, offset: int = 0) -> Listing:
    """Newest first, those whose findings lie wholly in scope. Rows: incident_id at run_id rule_id rule_name(Text) region found
    expected basis basis_label(Text) most state state_label(Text) decided_by decided_at note. Totals: open."""
    demand(viewer, *_POWERS)
    limit, offset = paged(limit, offset)
    query = (
        sa.select(t.Incident, t.IncidentStep)
        .outerjoin(t.IncidentStep, t.IncidentStep.incident_id == t.Incident.id)
        .where(begins(t.Incident.region, viewer.region))
        .order_by(t.Incident.id.desc())
    )
    with home.session() as session:
        found = session.execute(query).all()
    waiting = sum(step is None for _, step in found)
    told = [_told(home, one, step) for one, step in found if step is None or not open_only]
    return Listing(_INCIDENTS, told[offset : offset + limit], len(told), {"open": waiting})


def incident(home: Home, viewer: Viewer, incident_id: int, *, limit: int = 50, offset: int = 0) -> dict[str, Any]:
    """One incident, with `findings`: the held ones, the largest first; none of them is a flag before it is released."""
    demand(viewer, *_POWERS)
    limit, offset = paged(limit, offset)
    f = t.IncidentFinding
    with home.session() as session:
        one = session.get(t.Incident, incident_id)
        if one is None or not viewer.sees(one.region):
            raise missing(Text("这个事件", "incident of that number"))
        step = session.get(t.IncidentStep, incident_id)
        rows = session.execute(
            sa.select(f.subject_name, f.subject, f.period, f.region, f.agency_code, f.agency_name, f.severity, f.amount, f.row_count)
            .where(f.incident_id == incident_id)
            .order_by(f.amount.desc().nulls_last(), f.id)
            .limit(limit)
            .offset(offset)
        ).mappings()  # fmt: skip
        return {**_told(home, one, step), "findings": Listing(_FINDINGS, [dict(row) for row in rows], one.found)}


def _told(home: Home, one: t.Incident, step: t.IncidentStep | None) -> dict[str, Any]:
    state = step.action if step else "open"
    return {
        "incident_id": one.id, "at": one.at, "run_id": one.run_id, "rule_id": one.rule_id, "rule_name": rule_name(home, one.rule_id),
        "region": one.region, "found": one.found, "expected": one.expected, "basis": one.basis, "basis_label": _BASES[one.basis],
        "most": one.most, "state": state, "state_label": STATES[state], "decided_by": step.actor_name if step else None,
        "decided_at": step.at if step else None, "note": step.note if step else "",
    }  # fmt: skip
