"""Recomputing a flag: the rule as it stood, its thresholds, the facts as known then, and the same day."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from budgetwatch.access.viewer import SYSTEM
from budgetwatch.errors import NotFound
from budgetwatch.home import Home
from budgetwatch.progress import Progress
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


def recompute_many(home: Home, flag_ids: Sequence[int], *, progress: Progress | None = None) -> list[Recomputation]:
    """The same for many flags, asking each question once: flags of one run and one rule version share its answer."""
    groups: dict[tuple[int, int, str], list[tuple[Flag, Evidence]]] = {}
    questions: dict[tuple[int, int, str], tuple[RuleVersion, Run]] = {}
    for flag, evidence, version, run in (_resting_on(home, flag_id) for flag_id in flag_ids):
        key = (run.id, version.id, json.dumps(evidence.params, sort_keys=True))
        groups.setdefault(key, []).append((flag, evidence))
        questions[key] = version, run
    told: dict[int, Recomputation] = {}
    for done, (key, members) in enumerate(groups.items(), 1):
        version, run = questions[key]
        again, failure = _asked_again(home, version, run, members[0][1].params)
        for flag, evidence in members:
            differences = _differences(evidence, again.get(flag.key), failure)
            told[flag.id] = Recomputation(not differences, flag.id, flag.rule_id, differences)
        if progress:
            progress(done / len(groups), Text(version.rule_id, version.rule_id))
    return [told[flag_id] for flag_id in flag_ids]


def recompute(home: Home, flag_id: int) -> Recomputation:
    """Ask again what the flag's latest evidence answered, over the facts as that run knew them."""
    return recompute_many(home, [flag_id])[0]


def _resting_on(home: Home, flag_id: int) -> tuple[Flag, Evidence, RuleVersion, Run]:
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
        raise NotFound(
            Text(f"没有疑点 {flag_id}。", f"there is no flag {flag_id}."),
            fix=Text("budgetwatch flags 列出全部。", "`budgetwatch flags` lists them."),
        )
    flag, evidence, version, run = found
    return flag, evidence, version, run


def _asked_again(home: Home, version: RuleVersion, run: Run, params: dict[str, Any]) -> tuple[dict[str, Finding], str]:
    """What the rule finds by flag key, as it stood, over the facts of that run."""
    rule = book.from_body(version.body, f"{version.rule_id}@{version.digest[:8]}").with_params(params)
    with home.facts(SYSTEM, run.versions) as connection:
        verdict = next(judge(connection, [rule], run.as_of, run.versions))
    return {key_of(version.rule_id, f.subject, f.period): f for f in verdict.findings}, verdict.failure


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
    pairs.update(
        {f"facts.{name}": (evidence.facts.get(name), again.facts.get(name)) for name in {*evidence.facts, *again.facts}}
    )
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
