"""Echoes: what a rule finds that a standing flag of another rule says already is kept with that flag, no flag of its own.

A rule names under `echo_of` those whose echo it may be, and what the two must share, besides the period: the subject, the
unit, or the rows. Only what would be a new flag can be an echo: a flag that somebody works on stays one. A flag stands
while the newest run in which its rule could judge anything found it; once it does not, its echo becomes a flag.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar, cast

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from budgetwatch.rules.finding import Finding
from budgetwatch.rules.rule import Rule
from budgetwatch.tables import Echo, Evidence, Flag, RunRule

T = TypeVar("T")
#: Parameters of one statement stay below SQLite's 32,766.
_CHUNK = 1_000


def in_turn(rules: Sequence[Rule]) -> list[Rule]:
    """The rules, those that may be echoes after all the others."""
    return sorted(rules, key=lambda rule: bool(rule.echo_of))


def found(session: Session, rule: Rule, fresh: Mapping[str, Finding]) -> dict[str, tuple[int, str]]:
    """Of new findings those that are echoes: key -> the flag that says it, and its rule."""
    if not fresh or not rule.echo_of:
        return {}
    echoes: dict[str, tuple[int, str]] = {}
    for parent, same in rule.echo_of.items():
        left = {key: finding for key, finding in fresh.items() if key not in echoes}
        told = _by_rows(session, rule, parent, left) if same == "rows" else _by_name(session, parent, same, left)
        echoes.update({key: (flag, parent) for key, flag in told.items()})
    return echoes


def keep(
    session: Session,
    rule: Rule,
    run_id: int,
    version: int,
    fresh: Mapping[str, Finding],
    echoes: Mapping[str, tuple[int, str]],
) -> None:
    """Write them down with their flags; one that was there, with the same evidence, was seen again."""
    known: dict[tuple[int, str, str], int] = {}
    for keys in _chunks(echoes):
        rows = session.execute(sa.select(Echo.flag_id, Echo.key, Echo.digest, Echo.id).where(Echo.key.in_(keys)))
        known.update({(flag, key, digest): number for flag, key, digest, number in rows})
    seen: list[int] = []
    new = []
    params = {name: param.plain for name, param in rule.params.items()}
    for key, (flag, _) in echoes.items():
        f = fresh[key]
        if (number := known.get((flag, key, f.digest))) is not None:
            seen.append(number)
            continue
        new.append(
            {
                "flag_id": flag, "rule_id": rule.id, "rule_version_id": version, "first_run_id": run_id, "last_run_id": run_id,
                "key": key, "subject": f.subject, "subject_name": f.subject_name, "period": f.period, "region": f.region,
                "agency_code": f.agency_code, "agency_name": f.agency_name[:255], "severity": f.severity, "amount": f.amount,
                "params": params if f.params is None else dict(f.params), "row_count": f.row_count, "rows": f.rows,
                "facts": f.facts, "digest": f.digest,
            }
        )  # fmt: skip
    for numbers in _chunks(seen):
        session.execute(
            sa.update(Echo).where(Echo.id.in_(numbers)).values(last_run_id=run_id),
            execution_options={"synchronize_session": False},
        )
    if new:
        session.connection().execute(sa.insert(cast(sa.Table, Echo.__table__)), new)


def _standing(rule_id: str) -> sa.ColumnElement[bool]:
    """Flags of the rule that the newest run found in which it could judge anything."""
    newest = (
        sa.select(sa.func.max(RunRule.run_id))
        .where(RunRule.rule_id == rule_id, RunRule.looked_at > RunRule.could_not_judge)
        .scalar_subquery()
    )
    return sa.and_(Flag.rule_id == rule_id, Flag.last_run_id == newest)


def _by_name(session: Session, parent: str, same: str, left: Mapping[str, Finding]) -> dict[str, int]:
    rows = session.execute(
        sa.select(Flag.subject, Flag.agency_code, Flag.period, Flag.id)
        .where(_standing(parent))
        .order_by(Flag.id.desc())
    )
    told = {(subject if same == "subject" else unit, period): number for subject, unit, period, number in rows}
    named = {
        key: (finding.subject[:512] if same == "subject" else finding.agency_code, finding.period[:32])
        for key, finding in left.items()
    }
    return {key: told[name] for key, name in named.items() if name[0] and name in told}


def _by_rows(session: Session, rule: Rule, parent: str, left: Mapping[str, Finding]) -> dict[str, int]:
    """Findings all of whose rows are among the rows that the parent's flags rest on; more rows than are kept are not all known."""
    latest = (
        sa.select(sa.func.max(Evidence.id))
        .join(Flag, Flag.id == Evidence.flag_id)
        .where(_standing(parent))
        .group_by(Evidence.flag_id)
    )
    kept = session.execute(
        sa.select(Evidence.flag_id, Evidence.rows).where(Evidence.id.in_(latest), Evidence.row_feed == rule.over)
    ).all()
    if not kept:
        return {}
    numbers = [np.frombuffer(rows, dtype="<i8") for _, rows in kept]
    owners = np.repeat([flag for flag, _ in kept], [len(rows) for rows in numbers])
    rows = np.concatenate(numbers)
    order = np.argsort(rows, kind="stable")
    rows, owners = rows[order], owners[order]
    told = {}
    for key, finding in left.items():
        mine = np.frombuffer(finding.rows, dtype="<i8")
        if not len(mine) or finding.row_count > len(mine) or not len(rows):
            continue
        at = np.searchsorted(rows, mine)
        at[at == len(rows)] = 0
        if (rows[at] == mine).all():
            told[key] = int(owners[at[0]])
    return told


def _chunks(items: Iterable[T]) -> Iterator[list[T]]:
    listed = list(items)
    return (listed[at : at + _CHUNK] for at in range(0, len(listed), _CHUNK))
