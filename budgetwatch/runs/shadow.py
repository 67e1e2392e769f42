"""Editions on trial: asked over live data beside the rules in force. What they find is kept apart and never a case.

They are judged as a run judges: by the values of each place, silent where the feeds they need are late or torn, and without
what an exemption of the rule covers. So an edition that says what its rule says finds what the rule found.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from budgetwatch import exemptions
from budgetwatch.access.viewer import SYSTEM
from budgetwatch.lifecycle import machine
from budgetwatch.lifecycle.service import rule_in
from budgetwatch.progress import Progress
from budgetwatch.records import ALL
from budgetwatch.rules.finding import Finding
from budgetwatch.rules.judge import Verdict
from budgetwatch.rules.placed import judge_by_place
from budgetwatch.runs.keep import key_of
from budgetwatch.runs.mute import mute, muted
from budgetwatch.tables import Flag, RuleEdition, RuleStep, Run, RunRule, ShadowFlag, ShadowRun

if TYPE_CHECKING:
    from budgetwatch.home import Home

_CHUNK = 1_000


def on_trial(home: Home) -> list[RuleEdition]:
    """The editions that run in shadow now."""
    with home.session() as session:
        begun = sa.select(RuleStep.edition_id).where(RuleStep.action == "shadow").distinct()
        editions = session.scalars(
            sa.select(RuleEdition).where(RuleEdition.id.in_(begun)).order_by(RuleEdition.id)
        ).all()
        steps = {e.id: [] for e in editions}  # type: ignore[var-annotated]
        for step in session.scalars(
            sa.select(RuleStep).where(RuleStep.edition_id.in_(list(steps))).order_by(RuleStep.edition_id, RuleStep.seq)
        ):
            steps[step.edition_id].append(step)
    return [edition for edition in editions if machine.in_shadow(steps[edition.id])]


def shadow(
    home: Home,
    *,
    run_id: int | None = None,
    versions: Mapping[str, int] | None = None,
    as_of: dt.date | None = None,
    progress: Progress | None = None,
) -> list[int]:
    """Ask every edition on trial over the facts of that run (of the latest one that ended well); the shadow runs made.

    Without any edition on trial, or any run, nothing is asked.
    """
    editions = on_trial(home)
    if not editions:
        return []
    with home.session() as session:
        query = sa.select(Run).where(Run.status == "done").order_by(Run.id.desc()).limit(1)
        run = session.get(Run, run_id) if run_id is not None else session.scalars(query).one_or_none()
    if run is None:
        return []
    pinned, day = dict(versions or run.versions), as_of or run.as_of
    rules = [rule_in(home, edition) for edition in editions]
    have = {*pinned, *(feed.name for feed in ALL.values() if feed.own)}
    made = []
    with home.facts(SYSTEM, pinned) as connection:
        silent = mute(home, connection, pinned, day)
        # One by one: two editions of one rule may be on trial together, and rules are told apart by their id.
        for at, (edition, rule) in enumerate(zip(editions, rules, strict=True)):
            if told := silent.of(rule):
                verdict = muted(rule, told, connection, have)
            else:
                verdict = silent.settle(next(iter(judge_by_place(connection, [rule], day, have, home.packs))))
            with home.session() as session:
                made.append(_keep(session, edition, run, day, verdict))
            if progress:
                progress((at + 1) / len(editions), rule.name)
    return made


def _keep(session: Session, edition: RuleEdition, run: Run, day: dt.date, verdict: Verdict) -> int:
    exempt = exemptions.active(session, edition.rule_id, day)
    found = {
        key_of(edition.rule_id, f.subject, f.period): f
        for f in verdict.findings
        if not any(exemptions.covers(one, f.region, f.agency_code, f.subject) for one in exempt)
    }
    real = _real(session, edition.rule_id, run.id)
    both = len(real & found.keys())
    number = session.execute(
        sa.insert(ShadowRun).returning(ShadowRun.id),
        {
            "edition_id": edition.id, "run_id": run.id, "as_of": day, "looked_at": verdict.looked_at, "flagged": len(found),
            "could_not_judge": verdict.could_not_judge, "reasons": dict(verdict.reasons), "both": both,
            "only_shadow": len(found) - both, "only_real": len(real) - both, "seconds": verdict.seconds,
            "failure": verdict.failure,
        },
    ).scalar_one()  # fmt: skip
    if not verdict.failure:
        _keep_flags(session, edition.id, int(number), found)
    return int(number)


def _real(session: Session, rule_id: str, run_id: int) -> set[str]:
    """The keys of what the rule in force found in that run, or in its latest before it."""
    last = session.scalar(
        sa.select(sa.func.max(RunRule.run_id)).where(RunRule.rule_id == rule_id, RunRule.run_id <= run_id)
    )
    if last is None:
        return set()
    return set(session.scalars(sa.select(Flag.key).where(Flag.rule_id == rule_id, Flag.last_run_id >= last)))


def _keep_flags(session: Session, edition_id: int, number: int, found: Mapping[str, Finding]) -> None:
    known = set(session.scalars(sa.select(ShadowFlag.key).where(ShadowFlag.edition_id == edition_id)))
    again = [key for key in found if key in known]
    for start in range(0, len(again), _CHUNK):
        session.execute(
            sa.update(ShadowFlag)
            .where(ShadowFlag.edition_id == edition_id, ShadowFlag.key.in_(again[start : start + _CHUNK]))
            .values(last_shadow_id=number),
            execution_options={"synchronize_session": False},
        )
    fresh = [
        {
            "edition_id": edition_id, "key": key, "subject": f.subject[:512], "subject_name": f.subject_name[:512],
            "period": f.period[:32], "region": f.region, "agency_code": f.agency_code, "agency_name": f.agency_name[:255],
            "severity": f.severity, "amount": f.amount, "row_count": f.row_count, "facts": f.facts,
            "first_shadow_id": number, "last_shadow_id": number,
        }
        for key, f in found.items()
        if key not in known
    ]  # fmt: skip
    if fresh:
        session.execute(sa.insert(ShadowFlag), fresh)
