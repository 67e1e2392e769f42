"""Recomputing a flag: the rule as it stood, its thresholds, the facts as known then, and the same day."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from budgetwatch.access.viewer import SYSTEM
from budgetwatch.errors import NotFound
from budgetwatch.home import Home
from budgetwatch.rules import book
from budgetwatch.rules.finding import Finding, row_numbers
from budgetwatch.rules.judge import judge
from budgetwatch.runs.keep import key_of
from budgetwatch.tables import Evidence, Flag, RuleVersion, Run
from budgetwatch.text import Text


@dataclass(frozen=True, slots=True)
class Recomputation:
    """Whether the same question over the same facts gives the same evidence; `differences`: name -> (then, now)."""

    identical: bool
    flag_id: int
    rule_id: str
    differences: dict[str, tuple[Any, Any]] = field(default_factory=dict)


def recompute(home: Home, flag_id: int) -> Recomputation:
    """Ask again what the flag's latest evidence answered, over the facts as that run knew them."""
    with home.session() as session:
        found = session.execute(
            sa.select(Flag, Evidence, RuleVersion, Run)
            .join(Evidence, Evidence.flag_id == Flag.id)
            .join(RuleVersion, RuleVersion.id == Evidence.rule_version_id)
            .join(Run, Run.id == Evidence.run_id)
            .where(Flag.id == flag_id)
            .order_by(Evidence.id.desc())
            .limit(1)
        ).first()
    if found is None:
        raise NotFound(Text(f"没有疑点 {flag_id}。", f"there is no flag {flag_id}."))
    flag, evidence, version, run = found
    rule = book.from_body(version.body, f"{flag.rule_id}@{version.digest[:8]}").with_params(evidence.params)
    with home.facts(SYSTEM, run.versions) as connection:
        verdict = next(judge(connection, [rule], run.as_of, run.versions))
    again = next((f for f in verdict.findings if key_of(flag.rule_id, f.subject, f.period) == flag.key), None)
    differences = _differences(evidence, again, verdict.failure)
    return Recomputation(not differences, flag_id, flag.rule_id, differences)


def _differences(evidence: Evidence, again: Finding | None, failure: str) -> dict[str, tuple[Any, Any]]:
    if again is None:
        return {"found": ("yes", f"no{f': {failure}' if failure else ''}")}
    pairs: dict[str, tuple[Any, Any]] = {
        "digest": (evidence.digest, again.digest),
        "severity": (evidence.severity, again.severity),
        "amount": (evidence.amount, again.amount),
        "row_count": (evidence.row_count, again.row_count),
        "rows": (row_numbers(evidence.rows), row_numbers(again.rows)),
    }
    pairs.update({f"facts.{name}": (evidence.facts.get(name), again.facts.get(name)) for name in {*evidence.facts, *again.facts}})
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
