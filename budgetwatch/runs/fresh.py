"""Which rules new facts can change: those that read a feed with a newer version than they were last asked over.

A rule is also asked again when it is not the rule that was asked then, when it counts days up to the run's day and that
day is another, when a rule whose echo it may be is asked, and when what it reads cannot be told from it alone (progress
baselines, a pack's values).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from budgetwatch.home import Home
from budgetwatch.rules import Rule
from budgetwatch.tables import RuleVersion, Run, RunRule


def touched(home: Home, rules: Sequence[Rule], versions: Mapping[str, int], day: dt.date) -> list[Rule]:
    """Of the rules those whose answers over `versions` on `day` may differ from what their last run said."""
    last, packs = _last(home), home.packs

    def same(rule: Rule) -> bool:
        if rule.id not in last or rule.baselines or packs.of(rule.id):
            return False
        digest, then, seen = last[rule.id]
        if digest != rule.digest or (then != day and _counts_days(rule)):
            return False
        return all(seen.get(feed) == versions.get(feed) for feed in rule.reads)

    asked = {rule.id for rule in rules if not same(rule)}
    return [rule for rule in rules if rule.id in asked or not asked.isdisjoint(rule.echo_of)]


def _counts_days(rule: Rule) -> bool:
    return not isinstance(rule.question, str) or "as_of" in rule.question


def _last(home: Home) -> dict[str, tuple[str, dt.date, Mapping[str, int]]]:
    """Of each rule's newest run: the rule's digest, the day, the versions."""
    newest = (
        sa.select(RunRule.rule_id, sa.func.max(RunRule.run_id).label("run_id")).group_by(RunRule.rule_id).subquery()
    )
    query = (
        sa.select(RunRule.rule_id, RuleVersion.digest, Run.as_of, Run.versions)
        .join(newest, sa.and_(newest.c.rule_id == RunRule.rule_id, newest.c.run_id == RunRule.run_id))
        .join(Run, Run.id == RunRule.run_id)
        .join(RuleVersion, RuleVersion.id == RunRule.rule_version_id)
    )
    with home.session() as session:
        return {rule_id: (digest, day, versions) for rule_id, digest, day, versions in session.execute(query)}
