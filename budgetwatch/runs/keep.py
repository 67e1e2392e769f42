"""Keeping what a rule found: flags with stable keys, evidence that is only added, a case for each new flag.

A rule is kept within one transaction: where a run has its line for a rule, all the rule's flags are there.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from budgetwatch import cases, exemptions
from budgetwatch.cases import machine
from budgetwatch.rules import reasons
from budgetwatch.rules.finding import Finding
from budgetwatch.rules.judge import Verdict
from budgetwatch.rules.rule import Rule
from budgetwatch.runs import echo, hold
from budgetwatch.runs.basis import basis
from budgetwatch.tables import Base, Case, Evidence, Flag, RuleVersion, RunRule, now

#: Parameters of one statement stay below SQLite's 32,766.
_CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of one rule's findings."""

    new: int = 0
    changed: int = 0
    exempted: int = 0
    flagged: int = 0
    held: int = 0


@dataclass(slots=True)
class Standing:
    """Of a narrowed run: every flag that the rule's earlier run left stands, but for those `gone` (by key)."""

    run_id: int
    gone: frozenset[str] = frozenset()


def key_of(rule_id: str, subject: str, period: str) -> str:
    """The stable name of a flag: the same rule, subject and period are always the same flag."""
    return hashlib.sha256("|".join((rule_id, subject, period)).encode()).hexdigest()


def versions_of(session: Session, rules: Iterable[Rule]) -> dict[str, int]:
    """The ids of the rules that are remembered exactly as they stand, by their digest."""
    found: dict[str, int] = {}
    for chunk in _chunks(rule.digest for rule in rules):
        rows = session.execute(sa.select(RuleVersion.digest, RuleVersion.id).where(RuleVersion.digest.in_(chunk)))
        found.update((digest, number) for digest, number in rows)
    return found


def version_of(session: Session, rule: Rule) -> int:
    """The id of the rule exactly as it stands, remembered the first time it is run."""
    found = session.scalar(sa.select(RuleVersion.id).where(RuleVersion.digest == rule.digest))
    if found is not None:
        return found
    return session.execute(
        sa.insert(RuleVersion).returning(RuleVersion.id), {"rule_id": rule.id, "digest": rule.digest, "body": rule.body}
    ).scalar_one()


def keep(
    session: Session,
    run_id: int,
    verdict: Verdict,
    as_of: dt.date,
    at: dt.datetime | None = None,
    limits: hold.Limits = hold.Limits(),
    *,
    standing: Standing | None = None,
    asked: str = "",
    versions: Mapping[str, int] | None = None,
) -> Kept:
    """Write one rule's verdict: its line of the run, its flags, their evidence, their cases; new ones began `at`, or now.

    New findings that another rule's flag says already become its echoes (`echo`); of the others, those past the limits become
    one incident and no flags (`hold`). With `standing` the verdict's findings are
    only those of what changed; `asked` says how much was asked, and why no less. `versions` are those that are known (`versions_of`).
    """
    rule = verdict.rule
    version = (versions or {}).get(rule.digest) or version_of(session, rule)
    findings, exempted = _without_exempt(session, rule, verdict.findings, as_of)
    keyed = {key_of(rule.id, finding.subject, finding.period): finding for finding in findings}
    known = _known(session, rule.id, keyed)
    fresh = {key: finding for key, finding in keyed.items() if key not in known}
    echoes = echo.found(session, rule, fresh)
    echo.keep(session, rule, run_id, version, fresh, echoes)
    verdict.reasons.update({reasons.echo(parent): n for parent, n in Counter(p for _, p in echoes.values()).items()})
    fresh = {key: finding for key, finding in fresh.items() if key not in echoes}
    stopped = hold.settled(session, rule, version, fresh)
    fresh = {key: finding for key, finding in fresh.items() if key not in stopped}
    if incident := hold.held(session, run_id, verdict, version, fresh, limits):
        stopped.update(dict.fromkeys(fresh, incident))
        fresh = {}
    waiting = Counter(number for number in stopped.values() if number is not None)
    verdict.reasons.update({reasons.held(number): many for number, many in waiting.items()})
    changed = {key: finding for key, finding in keyed.items() if key in known and known[key][1] != finding.digest}
    ids = {key: flag_id for key, (flag_id, _) in known.items()}
    ids.update(_insert_flags(session, rule, run_id, fresh, at or now()))
    _touch(session, [ids[key] for key in keyed if key in known], run_id)
    flagged = len(keyed) - len(stopped) - len(echoes)
    if standing is not None:
        flagged += _stand(session, rule.id, run_id, standing)
    _update_changed(session, changed, ids)
    cases.evidence_changed(session, [ids[key] for key in changed], run_id)
    _insert_evidence(
        session, rule, run_id, version, {ids[key]: finding for key, finding in {**fresh, **changed}.items()}
    )
    if rule.kind == "rule":
        _open_cases(session, {ids[key]: finding for key, finding in fresh.items()}, at or now())
    session.execute(
        sa.insert(RunRule),
        {
            "run_id": run_id, "rule_id": rule.id, "rule_version_id": version, "looked_at": verdict.looked_at,
            "flagged": flagged, "could_not_judge": verdict.could_not_judge, "reasons": dict(verdict.reasons),
            "exempted": exempted, "seconds": verdict.seconds, "basis": basis(), "asked": asked,
        },
    )  # fmt: skip
    return Kept(len(fresh), len(changed), exempted, flagged, waiting.total())


def make(session: Session, rule: Rule, run_id: int, version: int, found: Mapping[str, Finding], at: dt.datetime) -> int:
    """Flags with their evidence and cases of findings that were held until now; those that are flags by now stay as they are."""
    known = _known(session, rule.id, found)
    fresh = {key: finding for key, finding in found.items() if key not in known}
    ids = _insert_flags(session, rule, run_id, fresh, at)
    _insert_evidence(session, rule, run_id, version, {ids[key]: finding for key, finding in fresh.items()})
    _open_cases(session, {ids[key]: finding for key, finding in fresh.items()}, at)
    return len(fresh)


def _without_exempt(
    session: Session, rule: Rule, findings: Sequence[Finding], on: dt.date
) -> tuple[list[Finding], int]:
    """Leave out findings that an approved exemption covers on that day; how many those were."""
    active = exemptions.active(session, rule.id, on) if findings else ()
    if not active:
        return list(findings), 0
    left = [f for f in findings if not any(exemptions.covers(e, f.region, f.agency_code, f.subject) for e in active)]
    return left, len(findings) - len(left)


def _known(session: Session, rule_id: str, keys: Collection[str]) -> dict[str, tuple[int, str]]:
    """The rule's flags that have one of these keys: their number, and the digest of their evidence."""
    query = sa.select(Flag.key, Flag.id, Flag.evidence_digest).where(Flag.rule_id == rule_id)
    if not keys:
        return {}
    if len(keys) <= _CHUNK:
        query = query.where(Flag.key.in_(keys))
    return {key: (flag_id, digest) for key, flag_id, digest in session.execute(query) if key in keys}


def _insert_flags(
    session: Session, rule: Rule, run_id: int, fresh: Mapping[str, Finding], at: dt.datetime
) -> dict[str, int]:
    rows = [
        {
            "key": key, "kind": rule.kind, "rule_id": rule.id, "subject": f.subject[:512], "subject_name": f.subject_name[:512],
            "period": f.period[:32], "region": f.region, "agency_code": f.agency_code, "agency_name": f.agency_name[:255],
            "severity": f.severity, "amount": f.amount, "score": f.score, "evidence_digest": f.digest,
            "first_run_id": run_id, "last_run_id": run_id, "created_at": at,
        }
        for key, f in fresh.items()
    ]  # fmt: skip
    if not rows:
        return {}
    _insert(session, Flag, rows)
    made = session.execute(sa.select(Flag.key, Flag.id).where(Flag.rule_id == rule.id, Flag.first_run_id == run_id))
    return {row.key: row.id for row in made}


def _insert(session: Session, table: type[Base], rows: list[dict[str, Any]]) -> None:
    """Add many rows past the object layer, which costs more than the database does."""
    if rows:
        session.connection().execute(sa.insert(cast(sa.Table, table.__table__)), rows)


def _touch(session: Session, flag_ids: Iterable[int], run_id: int) -> None:
    for chunk in _chunks(flag_ids):
        session.execute(
            sa.update(Flag).where(Flag.id.in_(chunk)).values(last_run_id=run_id),
            execution_options={"synchronize_session": False},
        )


def _stand(session: Session, rule_id: str, run_id: int, standing: Standing) -> int:
    """Say of the flags that nothing touched that they hold in this run too; how many those are."""
    gone = list(standing.gone)
    left = [Flag.rule_id == rule_id, Flag.last_run_id == standing.run_id]
    if len(gone) > _CHUNK:
        rows = session.execute(sa.select(Flag.id, Flag.key).where(*left))
        held = [flag_id for flag_id, key in rows if key not in standing.gone]
        _touch(session, held, run_id)
        return len(held)
    if gone:
        left.append(Flag.id.not_in(sa.select(Flag.id).where(Flag.rule_id == rule_id, Flag.key.in_(gone))))
    done = session.execute(
        sa.update(Flag).where(*left).values(last_run_id=run_id), execution_options={"synchronize_session": False}
    )
    return int(cast(sa.CursorResult[Any], done).rowcount)


def _update_changed(session: Session, changed: Mapping[str, Finding], ids: Mapping[str, int]) -> None:
    """A flag shows its latest evidence: severity, amount, names, score."""
    rows = [
        {
            "b_id": ids[key], "severity": f.severity, "amount": f.amount, "score": f.score, "evidence_digest": f.digest,
            "subject_name": f.subject_name[:512], "agency_name": f.agency_name[:255], "region": f.region, "agency_code": f.agency_code,
        }
        for key, f in changed.items()
    ]  # fmt: skip
    if rows:
        flags = cast(sa.Table, Flag.__table__)
        session.connection().execute(
            sa.update(flags)
            .where(flags.c.id == sa.bindparam("b_id"))
            .values({name: sa.bindparam(name) for name in rows[0] if name != "b_id"}),
            rows,
        )


def _insert_evidence(session: Session, rule: Rule, run_id: int, version: int, found: Mapping[int, Finding]) -> None:
    params = {name: param.plain for name, param in rule.params.items()}
    rows = [
        {
            "flag_id": flag_id, "run_id": run_id, "rule_version_id": version, "params": params if f.params is None else dict(f.params), "severity": f.severity,
            "amount": f.amount, "row_feed": rule.over, "row_count": f.row_count, "rows": f.rows, "facts": f.facts, "digest": f.digest,
        }
        for flag_id, f in found.items()
    ]  # fmt: skip
    _insert(session, Evidence, rows)


def _open_cases(session: Session, found: Mapping[int, Finding], at: dt.datetime) -> None:
    if not found:
        return
    due_on = machine.due(machine.FIRST, at.astimezone().date())
    rows = [
        {
            "flag_id": flag_id,
            "opened_at": at,
            "state": machine.FIRST,
            "due_on": due_on,
            "region": f.region,
            "agency_code": f.agency_code,
            "severity": f.severity,
        }
        for flag_id, f in found.items()
    ]
    _insert(session, Case, rows)


def _chunks(items: Iterable[Any]) -> Iterable[list[Any]]:
    listed = list(items)
    return (listed[at : at + _CHUNK] for at in range(0, len(listed), _CHUNK))
