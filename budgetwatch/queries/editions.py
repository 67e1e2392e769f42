"""The life of the rules as people read it: editions, where each stands, its steps, and what differs between two."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from budgetwatch import tables as t
from budgetwatch.access.viewer import Viewer
from budgetwatch.calendar import today
from budgetwatch.errors import BadRule, Invalid
from budgetwatch.lifecycle import diff, machine
from budgetwatch.lifecycle.service import covers_all, current_body, one, rule_in, steps_of
from budgetwatch.lifecycle.table import ACTS, OPEN, STATES, Act
from budgetwatch.queries.listing import Listing, heading
from budgetwatch.queries.scope import demand, one_of
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

_COLUMNS = (
    heading("edition_id", "版本号", "Edition", "integer"),
    heading("rule_id", "规则", "Rule", "code"),
    heading("no", "第几版", "No", "integer"),
    heading("name", "名称", "Name"),
    heading("standing", "状态", "Standing"),
    heading("since", "自", "Since", "date"),
    heading("shadow", "试运行", "In shadow", "flag"),
    heading("author", "起草人", "Author"),
    heading("created_at", "起草时间", "Drafted", "moment"),
    heading("note", "说明", "Note"),
    heading("digest", "哈希", "Hash", "code"),
)
#: Where an edition stands besides its state: waiting for its day, or out of force because another took its place.
STANDINGS = {
    **STATES,
    "scheduled": Text("待生效", "to begin"),
    "superseded": Text("已被取代", "superseded"),
}


@dataclass(frozen=True, slots=True)
class StepView:
    """One step as it was taken."""

    action: str
    label: Text
    to_state: str
    actor_name: str
    actor_role: str
    at: dt.datetime
    note: str
    day: dt.date | None
    back_test_id: int | None


@dataclass(frozen=True, slots=True)
class EditionView:
    """One edition whole: its text, its steps, what this person may do, and what differs from the text in force.

    `standing` is its state, or `scheduled` or `superseded`; `unreadable` says why the language no longer takes it.
    """

    edition_id: int
    rule_id: str
    no: int
    name: Text
    body: str
    digest: str
    base_no: int | None
    author: str
    created_at: dt.datetime
    note: str
    state: str
    standing: str
    label: Text
    since: dt.date | None
    shadow: bool
    steps: tuple[StepView, ...]
    acts: tuple[Act, ...]
    changes: tuple[diff.Change, ...]
    tests: tuple[int, ...]
    unreadable: Text | None


def editions(
    home: Home, viewer: Viewer, *, rule_id: str = "", open_only: bool = False, states: Sequence[str] | None = None
) -> Listing:
    """Newest first. Rows: edition_id rule_id no name(Text) state standing(Text) since shadow author created_at note digest."""
    demand(viewer, "rules")
    for state in states or ():
        one_of(state, STATES, "state")
    with home.session() as session:
        query = sa.select(t.RuleEdition).order_by(t.RuleEdition.id.desc())
        if rule_id:
            query = query.where(t.RuleEdition.rule_id == rule_id)
        found = session.scalars(query).all()
        steps: dict[int, list[t.RuleStep]] = {}
        for step in session.scalars(sa.select(t.RuleStep).order_by(t.RuleStep.edition_id, t.RuleStep.seq)):
            steps.setdefault(step.edition_id, []).append(step)
    rows = []
    for edition in found:
        taken = steps.get(edition.id, [])
        state = machine.state_of(taken)
        if (open_only and state not in OPEN) or (states and state not in states):
            continue
        standing, since = _standing(home, edition, taken)
        rows.append(
            {
                "edition_id": edition.id,
                "rule_id": edition.rule_id,
                "no": edition.no,
                "name": _name(home, edition),
                "state": state,
                "standing": STANDINGS[standing],
                "since": since,
                "shadow": machine.in_shadow(taken),
                "author": edition.author_name,
                "created_at": edition.created_at,
                "note": edition.note,
                "digest": edition.digest[:12],
            }
        )
    return Listing(_COLUMNS, rows, len(rows))


def edition(home: Home, viewer: Viewer, edition_id: int) -> EditionView:
    """One edition, with what this person may do with it now."""
    demand(viewer, "rules")
    with home.session() as session:
        found = one(session, edition_id)
        steps = steps_of(session, edition_id)
        whole = covers_all(session, viewer)
        tests = session.scalars(
            sa.select(t.BackTestRule.back_test_id)
            .join(t.BackTest, t.BackTest.id == t.BackTestRule.back_test_id)
            .where(t.BackTestRule.rule_id == found.rule_id, t.BackTestRule.digest == found.digest)
            .where(sa.func.substr(t.BackTest.region, 1, len(viewer.region)) == viewer.region)
            .order_by(t.BackTestRule.back_test_id.desc())
        ).all()
    standing, since = _standing(home, found, steps)
    unreadable = None
    try:
        rule_in(home, found)
    except BadRule as error:
        unreadable = Text(error.sentence("zh"), error.sentence("en"))
    held = home.effective.editions.get(found.rule_id)
    against = current_body(home, found.rule_id) if held is None or held.edition_id != found.id else _before(home, found)
    return EditionView(
        edition_id=found.id,
        rule_id=found.rule_id,
        no=found.no,
        name=_name(home, found),
        body=found.body,
        digest=found.digest,
        base_no=found.base_no,
        author=found.author_name,
        created_at=found.created_at,
        note=found.note,
        state=machine.state_of(steps),
        standing=standing,
        label=STANDINGS[standing],
        since=since,
        shadow=machine.in_shadow(steps),
        steps=tuple(
            StepView(
                s.action, ACTS[s.action].label if s.action in ACTS else Text("起草", "Draft"), s.to_state, s.actor_name,
                s.actor_role, s.at, s.note, s.day, s.back_test_id,
            )
            for s in steps
        ),
        acts=tuple(a for a in machine.possible(viewer, steps, whole=whole) if a.name != "backtest"),
        changes=tuple(diff.changes(against, found.body)),
        tests=tuple(tests),
        unreadable=unreadable,
    )  # fmt: skip


def difference(home: Home, viewer: Viewer, rule_id: str, before: str, after: str) -> list[diff.Change]:
    """What differs between two texts of a rule; each is the number of an edition, `file`, or `now` (in force)."""
    demand(viewer, "rules")
    return diff.changes(_text(home, rule_id, before), _text(home, rule_id, after))


def _text(home: Home, rule_id: str, which: str) -> str:
    if which == "file":
        return home.files[rule_id].body
    if which == "now":
        return current_body(home, rule_id) or home.rules[rule_id].body
    if not which.isdigit():
        raise Invalid(
            Text(f"“{which}”不是版本。", f"“{which}” is no edition."),
            where="edition",
            fix=Text("请写第几版，或 file、now。", "Give the number of an edition, or `file`, or `now`."),
        )
    with home.session() as session:
        found = session.scalars(
            sa.select(t.RuleEdition).where(t.RuleEdition.rule_id == rule_id, t.RuleEdition.no == int(which))
        ).one_or_none()
    if found is None:
        raise Invalid(
            Text(f"{rule_id} 没有第 {which} 版。", f"{rule_id} has no edition {which}."),
            where="edition",
            fix=Text("budgetwatch rules editions 列出全部。", "`budgetwatch rules editions` lists them."),
        )
    return found.body


def _before(home: Home, edition: t.RuleEdition) -> str:
    """The text that an edition was made from: an earlier edition, else the file's."""
    with home.session() as session:
        found = session.scalars(
            sa.select(t.RuleEdition).where(
                t.RuleEdition.rule_id == edition.rule_id, t.RuleEdition.digest == edition.base_digest
            )
        ).first()
    if found is not None:
        return found.body
    return home.files[edition.rule_id].body if edition.rule_id in home.files else ""


def _standing(home: Home, edition: t.RuleEdition, steps: Sequence[machine.Step]) -> tuple[str, dt.date | None]:
    state = machine.state_of(steps)
    day = next((s.day for s in reversed(steps) if s.day is not None), None)
    if state == "active":
        if day is not None and day > today():
            return "scheduled", day
        held = home.effective.editions.get(edition.rule_id)
        if held is None or held.edition_id != edition.id:
            return "superseded", day
    if state == "retired" and day is not None and day > today():
        return "active", next((s.day for s in steps if s.action == "activate"), None)
    return state, day


def _name(home: Home, edition: t.RuleEdition) -> Text:
    try:
        return rule_in(home, edition).name
    except BadRule:
        return (
            home.rules[edition.rule_id].name
            if edition.rule_id in home.rules
            else Text(edition.rule_id, edition.rule_id)
        )
