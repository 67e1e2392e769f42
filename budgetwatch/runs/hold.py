"""Holding a rule that fires far beyond what was expected: one incident for a person, not thousands of cases.

What is expected of new flags is what the rule's latest back-tests found and is no flag yet, or a year's share of it
where that is more; without a back-test, the most that one of its own earlier runs added, for as many rows again as there
are more to look at. Without either nothing is expected and nothing is held.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from budgetwatch.rulebooks import body_digest
from budgetwatch.rules.finding import Finding
from budgetwatch.rules.judge import Verdict
from budgetwatch.rules.places import common
from budgetwatch.rules.rule import Rule
from budgetwatch.tables import BackTest, BackTestRule, Flag, Incident, IncidentFinding, IncidentStep, RunRule


@dataclass(frozen=True, slots=True)
class Limits:
    """Past `factor` times what was expected, and past `least`, new flags are held; a factor of 0 holds nothing.

    `text` gives a rule's text as back-tests know it: of its edition, else of its file.
    """

    factor: Decimal = Decimal(0)
    least: int = 200
    text: Callable[[Rule], str] = field(default=lambda rule: rule.body)


@dataclass(frozen=True, slots=True)
class Expected:
    """So many new flags at most, and what says so: `back_test` or `runs`."""

    new: int
    basis: str


def settled(session: Session, rule: Rule, version: int, fresh: Mapping[str, Finding]) -> dict[str, int | None]:
    """Of new findings those that an incident has already: key -> the open one, or None where discarded just as they are."""
    if not fresh:
        return {}
    rows = session.execute(
        sa.select(
            IncidentFinding.key, IncidentFinding.digest, IncidentStep.action, Incident.rule_version_id, Incident.id
        )
        .join(Incident, Incident.id == IncidentFinding.incident_id)
        .outerjoin(IncidentStep, IncidentStep.incident_id == Incident.id)
        .where(Incident.rule_id == rule.id)
    )
    return {
        key: None if action else number
        for key, digest, action, told_by, number in rows
        if key in fresh
        and (action is None or (action == "discard" and told_by == version and fresh[key].digest == digest))
    }


def held(
    session: Session, run_id: int, verdict: Verdict, version: int, fresh: Mapping[str, Finding], limits: Limits
) -> int | None:
    """The incident made of a rule's new findings where they are far too many; None where they may become flags."""
    if not limits.factor or verdict.rule.kind != "rule" or len(fresh) <= limits.least:
        return None
    known = expected(session, verdict, body_digest(limits.text(verdict.rule)))
    if known is None:
        return None
    most = max(limits.least, int(limits.factor * known.new))
    if len(fresh) <= most:
        return None
    rule = verdict.rule
    params = {name: param.plain for name, param in rule.params.items()}
    number = session.execute(
        sa.insert(Incident).returning(Incident.id),
        {
            "run_id": run_id, "rule_id": rule.id, "rule_version_id": version, "region": common(f.region for f in fresh.values()),
            "found": len(fresh), "expected": known.new, "basis": known.basis, "most": most,
        },
    ).scalar_one()  # fmt: skip
    session.execute(
        sa.insert(IncidentFinding),
        [
            {
                "incident_id": number, "key": key, "subject": f.subject, "subject_name": f.subject_name, "period": f.period,
                "region": f.region, "agency_code": f.agency_code, "agency_name": f.agency_name[:255], "severity": f.severity,
                "amount": f.amount, "params": params if f.params is None else dict(f.params), "row_count": f.row_count,
                "rows": f.rows, "facts": f.facts, "digest": f.digest,
            }
            for key, f in fresh.items()
        ],
    )  # fmt: skip
    return int(number)


def expected(session: Session, verdict: Verdict, digest: str) -> Expected | None:
    """What new flags were to be expected of the rule in this run; None where nobody can say."""
    rule = verdict.rule
    tested = session.scalars(
        sa.select(BackTest.result)
        .join(BackTestRule, BackTestRule.back_test_id == BackTest.id)
        .where(BackTestRule.rule_id == rule.id, BackTestRule.digest == digest)
    ).all()
    flags = session.scalar(sa.select(sa.func.count()).select_from(Flag).where(Flag.rule_id == rule.id)) or 0
    hits = [
        (int(one["hits"]), int(report["last_year"]) - int(report["first_year"]) + 1)
        for report in tested
        for one in report["rules"]
        if one["rule_id"] == rule.id and one["digest"] == digest and not one["failure"] and not one["missing"]
    ]
    if hits:
        return Expected(max(max(n - flags, -(-n // max(years, 1))) for n, years in hits), "back_test")
    return _by_runs(session, verdict)


def _by_runs(session: Session, verdict: Verdict) -> Expected | None:
    earlier = session.execute(
        sa.select(RunRule.run_id, RunRule.looked_at).where(
            RunRule.rule_id == verdict.rule.id, RunRule.looked_at > RunRule.could_not_judge
        )
    ).all()
    if not earlier:
        return None
    # A run whose findings were held added none, and says nothing of what is usual.
    stopped = set(session.scalars(sa.select(Incident.run_id).where(Incident.rule_id == verdict.rule.id)))
    usual = [(run, looked) for run, looked in earlier if run not in stopped]
    if not usual:
        return None
    counted = session.execute(
        sa.select(Flag.first_run_id, sa.func.count()).where(Flag.rule_id == verdict.rule.id).group_by(Flag.first_run_id)
    )
    made = {int(row[0]): int(row[1]) for row in counted}
    most = max(made.get(run, 0) for run, _ in usual)
    looked = max(looked for _, looked in usual)
    return Expected(-(-most * max(verdict.looked_at, looked) // looked), "runs")
