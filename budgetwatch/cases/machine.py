"""What may be done with a case now, by whom, and what an act would change.

Pure: values in, values out, over the table of states and acts (`cases/table.py`). What is not possible is
refused with the moves that are, and by whom.

A case ends only by two people: whoever closes it is not who confirmed or dismissed it.
"""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from budgetwatch.access.viewer import POWERS, ROLES, Viewer
from budgetwatch.calendar import add_workdays
from budgetwatch.cases.table import (
    ACTIONS,
    CONFIRM_KINDS,
    DECISIONS,
    DISMISS_REASONS,
    ENDED,
    FIRST,
    REASONS,
    STATES,
    WORKDAYS,
    Action,
)
from budgetwatch.errors import BudgetwatchError, Conflict, Denied, Invalid
from budgetwatch.text import Text

__all__ = [
    "ACTIONS",
    "CONFIRM_KINDS",
    "DECISIONS",
    "DISMISS_REASONS",
    "ENDED",
    "FIRST",
    "REASONS",
    "STATES",
    "WORKDAYS",
    "Action",
    "Decision",
    "Move",
    "decide",
    "decided_by",
    "due",
    "moves",
    "possible",
    "replay",
]

#: Enough for the longest letter; more is a file, not a note.
LONGEST_NOTE = 20_000

_FIELDS: dict[str, Text] = {
    "note": Text("说明", "a note"),
    "reason": Text("理由代码", "a reason"),
    "due_on": Text("期限", "a due date"),
    "letter_no": Text("文号", "a letter number"),
}


class Step(Protocol):
    """What the machine reads of a step that was taken (a `tables.CaseStep`)."""

    @property
    def action(self) -> str: ...
    @property
    def from_state(self) -> str: ...
    @property
    def to_state(self) -> str: ...
    @property
    def actor_id(self) -> int | None: ...
    @property
    def actor_name(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Move:
    """One act that somebody may do now: `needs` must be given, `takes` (which includes them) may be."""

    action: str
    label: Text
    needs: frozenset[str]
    takes: frozenset[str]
    reasons: tuple[tuple[str, Text], ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What an act changes: the state it leads to, by when the next act is due, and what the step keeps."""

    action: str
    target: str
    due_on: dt.date | None
    reason: str
    note: str


def due(state: str, day: dt.date) -> dt.date | None:
    """By when a case that enters `state` on `day` should leave it."""
    return add_workdays(day, WORKDAYS[state]) if state in WORKDAYS else None


def decided_by(steps: Sequence[Step]) -> Step | None:
    """The step that last confirmed or dismissed."""
    return next((step for step in reversed(steps) if step.action in DECISIONS), None)


def moves(state: str, viewer: Viewer, steps: Sequence[Step]) -> list[Move]:
    """What this person may do with a case in that state and with that history (scope is the caller's to check)."""
    return [
        Move(a.name, a.label, a.needs_in(state), a.takes | a.needs_in(state), tuple(a.reasons.items()))
        for a in ACTIONS.values()
        if state in a.sources and _has_power(a, viewer) and not _bars(a, viewer, steps)
    ]


def decide(
    action: str,
    state: str,
    viewer: Viewer,
    steps: Sequence[Step],
    *,
    today: dt.date,
    due_on: dt.date | None = None,
    current_due: dt.date | None = None,
    reason: str = "",
    note: str = "",
) -> Decision:
    """What the act would change; refuses what is impossible, unpermitted or incomplete."""
    wanted = ACTIONS.get(action)
    if wanted is None:
        near = difflib.get_close_matches(action, ACTIONS, 1)
        known = ", ".join(near or ACTIONS)
        raise Invalid(
            Text(f"没有“{action}”这个动作。", f"There is no action “{action}”."),
            where="action",
            fix=Text(f"可用：{known}。", f"Known: {known}."),
        )
    if state not in wanted.sources:
        raise _refusal(
            Conflict,
            Text(
                f"“{STATES[state].zh}”的事项不能“{wanted.label.zh}”。",
                f"A case that is “{STATES[state].en}” cannot take the step “{wanted.label.en}”.",
            ),
            state, viewer, steps,
        )  # fmt: skip
    if not _has_power(wanted, viewer):
        raise _refusal(
            Denied,
            Text(
                f"您的角色（{_role(viewer).zh}）不能“{wanted.label.zh}”。",
                f"Your role ({_role(viewer).en}) may not take the step “{wanted.label.en}”.",
            ),
            state, viewer, steps,
        )  # fmt: skip
    if _bars(wanted, viewer, steps):
        raise _refusal(
            Conflict,
            Text(
                "认定或排除该事项的人不能自己销号。",
                "Whoever confirmed or dismissed a case may not close it themselves.",
            ),
            state, viewer, steps,
        )  # fmt: skip
    reason, note = reason.strip(), note.strip()
    if len(note) > LONGEST_NOTE:
        raise Invalid(
            Text(f"说明超过 {LONGEST_NOTE} 字。", f"The note is longer than {LONGEST_NOTE} characters."), where="note"
        )
    given = {"reason": reason, "note": note, "due_on": due_on}
    for name in sorted(wanted.needs_in(state)):
        if not given.get(name):
            raise Invalid(
                Text(
                    f"“{wanted.label.zh}”需要填写{_FIELDS[name].zh}。",
                    f"The step “{wanted.label.en}” needs {_FIELDS[name].en}.",
                ),
                where=name,
                fix=_choices(wanted) if name == "reason" else None,
            )
    if reason and reason not in wanted.reasons:
        raise Invalid(
            Text(
                f"“{wanted.label.zh}”没有理由代码“{reason}”。",
                f"“{reason}” is not a reason for the step “{wanted.label.en}”.",
            ),
            where="reason",
            fix=_choices(wanted),
        )
    if due_on is not None and "due_on" not in wanted.takes:
        raise Invalid(
            Text(f"“{wanted.label.zh}”不设期限。", f"The step “{wanted.label.en}” takes no due date."), where="due_on"
        )
    if due_on is not None and due_on <= today:
        raise Invalid(
            Text(f"期限 {due_on} 必须晚于今天。", f"The due date {due_on} must lie after today."), where="due_on"
        )
    if wanted.target is None:
        return Decision(action, state, current_due, reason, note)
    return Decision(action, wanted.target, due_on or due(wanted.target, today), reason, note)


def replay(steps: Sequence[Step]) -> str:
    """The state to which the steps lead, from the beginning; ValueError where they do not join."""
    state = FIRST
    for number, step in enumerate(steps, 1):
        opening = step.action == "promote" and number == 1
        if not opening and step.from_state != state:
            raise ValueError(f"step {number} starts from {step.from_state!r}, but the case stood at {state!r}")
        state = step.to_state
    return state


def possible(state: str, steps: Sequence[Step]) -> Text:
    """One sentence: which moves are possible now, and by whom."""
    parts_zh: list[str] = []
    parts_en: list[str] = []
    for action in ACTIONS.values():
        if state not in action.sources:
            continue
        roles = [label for role, label in ROLES.items() if action.powers & POWERS[role]]
        zh, en = "、".join(r.zh for r in roles), ", ".join(r.en for r in roles)
        decision = decided_by(steps) if action.second_person else None
        if decision:
            zh, en = f"{zh}，但不能是{decision.actor_name}", f"{en}, but not {decision.actor_name}"
        parts_zh.append(f"{action.label.zh}（{zh}）")
        parts_en.append(f"{action.label.en} ({en})")
    return Text("现在可以：" + "；".join(parts_zh) + "。", "Possible now: " + "; ".join(parts_en) + ".")


def _has_power(action: Action, viewer: Viewer) -> bool:
    return any(viewer.may(power) for power in action.powers)


def _bars(action: Action, viewer: Viewer, steps: Sequence[Step]) -> bool:
    """Whether the second-person rule keeps this person from an act they could otherwise do."""
    if not action.second_person:
        return False
    decision = decided_by(steps)
    return decision is None or viewer.id is None or decision.actor_id == viewer.id


def _refusal(
    kind: type[BudgetwatchError], what: Text, state: str, viewer: Viewer, steps: Sequence[Step]
) -> BudgetwatchError:
    names = [move.action for move in moves(state, viewer, steps)]
    return kind(what, fix=possible(state, steps), state=state, your_moves=",".join(names))


def _role(viewer: Viewer) -> Text:
    return ROLES.get(viewer.role, Text("系统", "the system"))


def _choices(action: Action) -> Text:
    return Text(
        "可选：" + "、".join(f"{code}（{label.zh}）" for code, label in action.reasons.items()) + "。",
        "Choose one of: " + ", ".join(f"{code} ({label.en})" for code, label in action.reasons.items()) + ".",
    )
