"""The rules in force on a day: those of the files, overlaid by the approved editions that are active on that day.

An edition takes the place of the file's rule of its id, or stands as a rule of its own. Of several, the one that
became active last counts. A retired one leaves its rule present but off, until another edition becomes active: the
file's rule does not come back by itself.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from budgetwatch.errors import BadRule
from budgetwatch.rules import book
from budgetwatch.rules.book import RuleBook
from budgetwatch.rules.rule import Law, Rule
from budgetwatch.tables import RuleEdition, RuleStep

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class InForce:
    """Which edition of a rule holds on a day, since when, and whether it was retired."""

    edition_id: int
    rule_id: str
    no: int
    body: str
    since: dt.date
    retired: bool


@dataclass(frozen=True)
class Effective:
    """A rule book for a day: `book` to ask, `editions` by rule id, and the editions that could not be read."""

    book: RuleBook
    editions: Mapping[str, InForce] = field(default_factory=dict)
    unread: Mapping[str, BadRule] = field(default_factory=dict)


def body_digest(body: str) -> str:
    """The hash by which a rule's text is known."""
    return hashlib.sha256(body.encode()).hexdigest()


def rule_of(body: str, laws: Mapping[str, Law] | None, name: str) -> Rule:
    """The rule that a text at the left margin says; `BadRule` names line and reason. The same text is proved once."""
    return _read(body, name, None if laws is None else _Cited(laws))


class _Cited:
    """The laws that a text may cite, told apart by what they say."""

    def __init__(self, laws: Mapping[str, Law]) -> None:
        self.laws = dict(laws)
        self._said = repr(sorted(self.laws.items(), key=lambda one: one[0]))

    def __hash__(self) -> int:
        return hash(self._said)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Cited) and other._said == self._said


@lru_cache(maxsize=512)
def _read(body: str, name: str, cited: _Cited | None) -> Rule:
    lines = body.splitlines() or ["id:"]
    text = "rules:\n" + "\n".join(f"{'- ' if n == 0 else '  '}{line}" for n, line in enumerate(lines)) + "\n"
    rules = book.from_text(text, name, cited.laws if cited is not None else None)
    if len(rules) != 1:
        from budgetwatch.text import Text

        raise BadRule(Text("一个版本只写一条规则。", "an edition holds one rule."), where=name)
    return rules[0]


def in_force(session: Session, on: dt.date) -> dict[str, InForce]:
    """For each rule with an edition that was ever active by that day: the one that holds, or was retired last."""
    query = (
        sa.select(RuleStep.action, RuleStep.day, RuleStep.id, RuleEdition)
        .join(RuleEdition, RuleEdition.id == RuleStep.edition_id)
        .where(RuleStep.action.in_(("activate", "retire")), RuleStep.day <= on)
        .order_by(RuleStep.day, RuleStep.id)
    )
    found: dict[str, InForce] = {}
    for action, day, _, edition in session.execute(query):
        before = found.get(edition.rule_id)
        if action == "retire" and (before is None or before.edition_id != edition.id):
            continue  # another edition had taken its place: it was out of force already
        since = before.since if action == "retire" and before else (day or on)
        found[edition.rule_id] = InForce(
            edition.id, edition.rule_id, edition.no, edition.body, since, action == "retire"
        )
    return found


def overlaid(files: RuleBook, held: Mapping[str, InForce]) -> Effective:
    """The book of the files with those editions in it. One that cannot be read any more leaves the file's rule alone."""
    rules: dict[str, Rule] = {}
    unread: dict[str, BadRule] = {}
    for one in held.values():
        try:
            rule = rule_of(one.body, files.laws, f"{one.rule_id}@{one.no}")
        except BadRule as error:
            _log.error("edition %s of %s is in force but cannot be read: %s", one.no, one.rule_id, error)
            unread[one.rule_id] = error
            continue
        path = files[one.rule_id].path if one.rule_id in files else Path(f"{one.rule_id}@{one.no}")
        rules[one.rule_id] = placed(rule, path, off=one.retired)
    return Effective(files.overlaid(rules), dict(held), unread)


def placed(rule: Rule, path: Path, *, off: bool) -> Rule:
    """The rule at the place of its file (which says its subject), switched off where it was retired."""
    import dataclasses

    changes: dict[str, object] = {"path": path}
    if off:
        changes["spec"] = rule.spec.model_copy(update={"enabled": False})
    return dataclasses.replace(rule, **changes)  # type: ignore[arg-type]
