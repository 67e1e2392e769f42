"""What may be done with an edition now, by whom, and what an act would change. Pure: values in, values out.

Nobody approves what they drafted or proposed. What is not possible is refused with the acts that are.
"""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from budgetwatch.access.viewer import POWERS, ROLES, Viewer
from budgetwatch.errors import BudgetwatchError, Conflict, Denied, Invalid
from budgetwatch.lifecycle.table import ACTS, STATES, Act
from budgetwatch.text import Text

LONGEST_NOTE = 20_000
#: An edition may be set to begin at most so far ahead; further is a slip of the keyboard.
FURTHEST = dt.timedelta(days=3 * 366)


class Step(Protocol):
    """What is read of a step that was taken (a `tables.RuleStep`)."""

    @property
    def action(self) -> str: ...
    @property
    def to_state(self) -> str: ...
    @property
    def actor_id(self) -> int | None: ...
    @property
    def actor_name(self) -> str: ...
    @property
    def day(self) -> dt.date | None: ...


@dataclass(frozen=True, slots=True)
class Decision:
    """What an act changes: the state it leads to, the day it takes effect, and what the step says."""

    action: str
    target: str
    day: dt.date | None
    note: str


def state_of(steps: Sequence[Step]) -> str:
    """Where the last step led."""
    return steps[-1].to_state if steps else "draft"


def in_shadow(steps: Sequence[Step]) -> bool:
    """Whether it runs in shadow: begun, and not ended since."""
    if state_of(steps) in ("active", "retired", "withdrawn"):
        return False
    last = next((s.action for s in reversed(steps) if s.action in ("shadow", "unshadow")), "")
    return last == "shadow"


def involved(steps: Sequence[Step]) -> dict[int | None, str]:
    """Who drafted and who last proposed it: they may not approve it."""
    proposed = next((s for s in reversed(steps) if s.action == "propose"), None)
    return {s.actor_id: s.actor_name for s in (*steps[:1], *([proposed] if proposed else []))}


def possible(viewer: Viewer, steps: Sequence[Step], *, whole: bool = True) -> list[Act]:
    """The acts that this person may do now. `whole`: whether their scope covers the deployment."""
    return [a for a in ACTS.values() if _fits(a, steps) and not _bar(a, viewer, steps, whole)]


def decide(
    action: str,
    viewer: Viewer,
    steps: Sequence[Step],
    *,
    today: dt.date,
    whole: bool = True,
    note: str = "",
    day: dt.date | None = None,
) -> Decision:
    """What the act would change; refuses what is impossible, unpermitted or incomplete."""
    wanted = ACTS.get(action)
    if wanted is None:
        known = ", ".join(difflib.get_close_matches(action, ACTS, 1) or ACTS)
        raise Invalid(
            Text(f"没有“{action}”这个动作。", f"There is no action “{action}”."),
            where="action",
            fix=Text(f"可用：{known}。", f"Known: {known}."),
        )
    state = state_of(steps)
    if not _fits(wanted, steps):
        raise _refusal(
            Conflict,
            Text(
                f"“{STATES[state].zh}”的版本不能“{wanted.label.zh}”。",
                f"An edition that is “{STATES[state].en}” cannot take the step “{wanted.label.en}”.",
            ),
            steps,
        )
    if (why := _bar(wanted, viewer, steps, whole)) is not None:
        raise _refusal(*why, steps)
    note = note.strip()
    if len(note) > LONGEST_NOTE:
        raise Invalid(
            Text(f"说明超过 {LONGEST_NOTE} 字。", f"The note is longer than {LONGEST_NOTE} characters."), where="note"
        )
    if wanted.needs_note and not note:
        raise Invalid(
            Text(f"“{wanted.label.zh}”须写明理由。", f"The step “{wanted.label.en}” needs a reason."),
            where="note",
            fix=Text("请写一句话。", "Write a sentence."),
        )
    if day is not None and not wanted.takes_day:
        raise Invalid(
            Text(f"“{wanted.label.zh}”没有日期。", f"The step “{wanted.label.en}” takes no day."), where="day"
        )
    if wanted.takes_day:
        day = day or today
        if not today <= day <= today + FURTHEST:
            raise Invalid(
                Text(
                    f"{day} 不可用：不能早于今天，也不能太远。",
                    f"{day} is not possible: not before today, nor years away.",
                ),
                where="day",
                fix=Text(f"请写 {today} 或以后。", f"Give {today} or later."),
            )
    return Decision(action, wanted.target or state, day, note)


def _fits(act: Act, steps: Sequence[Step]) -> bool:
    if state_of(steps) not in act.sources:
        return False
    if act.name == "backtest":  # by the back-test itself, never by a press alone
        return True
    if act.name in ("shadow", "unshadow"):
        return in_shadow(steps) == (act.name == "unshadow")
    return True


def _bar(act: Act, viewer: Viewer, steps: Sequence[Step], whole: bool) -> tuple[type[BudgetwatchError], Text] | None:
    """What keeps this person from an act; None when nothing does."""
    role = ROLES.get(viewer.role, Text("系统", "the system"))
    if not viewer.may(act.power) or viewer.id is None:
        return Denied, Text(
            f"您的角色（{role.zh}）不能“{act.label.zh}”。",
            f"Your role ({role.en}) may not take the step “{act.label.en}”.",
        )
    if act.whole_deployment and not whole:
        return Denied, Text(
            "规则对全部地区有效，您的范围只是其中一部分。",
            "A rule holds for every region of this deployment; your scope is a part of it.",
        )
    if act.second_person and viewer.id in involved(steps):
        return Conflict, Text(
            "起草或提请的人不能自己批准。", "Whoever drafted or proposed an edition may not approve it themselves."
        )
    return None


def _refusal(kind: type[BudgetwatchError], what: Text, steps: Sequence[Step]) -> BudgetwatchError:
    state, barred = state_of(steps), "、".join(involved(steps).values())
    zh, en = [], []
    for act in ACTS.values():
        if not _fits(act, steps) or act.name == "comment":
            continue
        roles = [label for role, label in ROLES.items() if act.power in POWERS[role]]
        but = (f"，但不能是{barred}", f", but not {barred}") if act.second_person else ("", "")
        zh.append(f"{act.label.zh}（{'、'.join(r.zh for r in roles)}{but[0]}）")
        en.append(f"{act.label.en} ({', '.join(r.en for r in roles)}{but[1]})")
    fix = Text("现在可以：" + "；".join(zh) + "。", "Possible now: " + "; ".join(en) + ".") if zh else None
    return kind(what, fix=fix, state=state)
