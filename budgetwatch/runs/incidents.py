"""Deciding on an incident: releasing it makes its flags and cases, discarding it makes none. Once, by a person, kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from budgetwatch.access import audit
from budgetwatch.access.viewer import Viewer
from budgetwatch.db import serialise
from budgetwatch.errors import Conflict, Denied, Invalid, NotFound
from budgetwatch.rules import book
from budgetwatch.rules.finding import Finding
from budgetwatch.runs.keep import make
from budgetwatch.tables import Incident, IncidentFinding, IncidentStep, RuleVersion, now
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home


def release(home: Home, viewer: Viewer, incident_id: int, note: str = "") -> int:
    """Make the flags and cases that were held, as the run found them; how many. They rest on that run's facts."""
    return _decide(home, viewer, incident_id, "release", note)


def discard(home: Home, viewer: Viewer, incident_id: int, note: str) -> int:
    """Make none of them; how many. The same rule text does not bring the same evidence back; a mended one is asked anew."""
    if not note.strip():
        raise Invalid(
            Text("撤销事件必须写明原因。", "Discarding an incident needs a reason."),
            where="note",
            fix=Text("请写明为什么这些不作疑点。", "Say why these are no flags."),
        )
    return _decide(home, viewer, incident_id, "discard", note)


def _decide(home: Home, viewer: Viewer, incident_id: int, action: str, note: str) -> int:
    with home.session() as session:
        serialise(session)  # of two who decide at once, one is told that it is done
        incident = session.get(Incident, incident_id)
        if incident is None or not viewer.sees(incident.region):
            raise NotFound(
                Text(
                    f"没有事件 {incident_id}，或不在您的范围内。",
                    f"There is no incident {incident_id} within your scope.",
                ),
                fix=Text("budgetwatch incidents list 列出全部。", "`budgetwatch incidents list` lists them."),
            )
        if not (viewer.may("switch_rules") or viewer.may("work_cases")) or viewer.id is None:
            raise Denied(
                Text("您的角色不能处置事件。", "Your role may not decide on incidents."),
                fix=Text("请经办、负责人或管理员处置。", "Ask a reviewer, a lead or an administrator."),
            )
        before = session.get(IncidentStep, incident_id)
        if before is not None:
            raise Conflict(
                Text(
                    f"事件 {incident_id} 已由{before.actor_name}于 {before.at:%Y-%m-%d} 处置。",
                    f"Incident {incident_id} was decided by {before.actor_name} on {before.at:%Y-%m-%d}.",
                )
            )
        at = now()
        made = incident.found
        if action == "release":
            version = session.get_one(RuleVersion, incident.rule_version_id)
            rule = book.from_body(version.body, f"{version.rule_id}@{version.digest[:8]}")
            found = {
                one.key: _finding(one)
                for one in session.scalars(sa.select(IncidentFinding).where(IncidentFinding.incident_id == incident_id))
            }
            made = make(session, rule, incident.run_id, version.id, found, at)
        session.execute(
            sa.insert(IncidentStep),
            {
                "incident_id": incident_id, "action": action, "actor_id": viewer.id, "actor_name": viewer.name,
                "actor_role": viewer.role, "at": at, "note": note.strip(),
            },
        )  # fmt: skip
        detail = {"rule": incident.rule_id, "run": incident.run_id, "findings": made}
        audit.record(session, viewer, f"{action}_incident", "incident", incident_id, detail)
        return made


def _finding(one: IncidentFinding) -> Finding:
    return Finding(
        subject=one.subject, subject_name=one.subject_name, period=one.period, severity=one.severity,
        agency_code=one.agency_code, agency_name=one.agency_name, region=one.region, amount=one.amount,
        row_count=one.row_count, rows=one.rows, facts=one.facts, digest=one.digest, params=one.params,
    )  # fmt: skip
