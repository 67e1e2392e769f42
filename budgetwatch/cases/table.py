"""The life of a case as a table: its states, the acts between them, what each needs, and who may do it.

Self-check, rectification, escalation and watching are further rows of the same table.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from budgetwatch.text import Text

STATES: dict[str, Text] = {
    "new": Text("待初核", "To be triaged"),
    "taken": Text("初核中", "In triage"),
    "verified": Text("疑点属实待函询", "Verified, to be asked about"),
    "asked": Text("函询中", "Asked, waiting for the reply"),
    "replied": Text("已反馈", "Replied"),
    "confirmed": Text("已认定问题", "Confirmed as a problem"),
    "dismissed": Text("已排除（待复核）", "Dismissed, to be reviewed"),
    "closed": Text("已销号", "Closed"),
}
FIRST = "new"
ENDED = frozenset({"closed"})

#: Working days that a case may stay in a state before it is overdue (domain default; the letter may say otherwise).
WORKDAYS: dict[str, int] = {
    "new": 5,
    "taken": 5,
    "verified": 5,
    "asked": 10,
    "replied": 5,
    "confirmed": 5,
    "dismissed": 5,
}

#: Why a 疑点 was set aside; feeds the rule's precision.
DISMISS_REASONS: dict[str, Text] = {
    "explained": Text("说明成立", "The explanation holds"),
    "data_error": Text("数据有误", "The data were wrong"),
    "exempt": Text("有依据的例外", "An exception with a basis"),
    "duplicate": Text("重复预警", "A repeated warning"),
    "below_materiality": Text("金额轻微", "The amount is slight"),
    "other": Text("其他", "Other"),
}
#: The kinds of problem (违规类型) that a person may confirm.
CONFIRM_KINDS: dict[str, Text] = {
    "late_allocation": Text("预算下达不及时", "Budget passed on late"),
    "idle_funds": Text("滞留闲置", "Funds held back or idle"),
    "diverted": Text("挤占挪用", "Funds diverted"),
    "scope_or_standard": Text("违反规定扩大开支范围、提高标准", "Spending beyond the permitted scope or standard"),
    "direct_funds_moved": Text(
        "违规将直达资金划转至财政专户、单位或乡镇实有账户", "Direct funds moved to fiscal, unit or town accounts"
    ),
    "false_claim": Text("虚报冒领套取", "False claims"),
    "unlawful_pay": Text("违规发放工资津补贴", "Pay or allowances against the rules"),
    "data_incomplete": Text("数据不完整、不真实", "Data incomplete or untrue"),
    "other_problem": Text("其他问题", "Other problem"),
}
REASONS: dict[str, Text] = {**DISMISS_REASONS, **CONFIRM_KINDS}


@dataclass(frozen=True, slots=True)
class Action:
    """One kind of act.

    `needs` must be given, `takes` (which includes them) may be; `extra` is needed in some states only. A
    `second_person` act may not be done by whoever did the latest of `DECISIONS`. `target` None: the state stays.
    """

    name: str
    label: Text
    sources: frozenset[str]
    target: str | None
    powers: frozenset[str]
    needs: frozenset[str] = frozenset()
    takes: frozenset[str] = frozenset()
    extra: dict[str, frozenset[str]] = field(default_factory=dict)
    reasons: dict[str, Text] = field(default_factory=dict)
    second_person: bool = False

    def needs_in(self, state: str) -> frozenset[str]:
        return self.needs | self.extra.get(state, frozenset())


def _action(
    name: str,
    label: Text,
    sources: Iterable[str],
    target: str | None,
    powers: Iterable[str],
    *,
    needs: Iterable[str] = (),
    takes: Iterable[str] = (),
    extra: dict[str, frozenset[str]] | None = None,
    reasons: dict[str, Text] | None = None,
    second_person: bool = False,
) -> tuple[str, Action]:
    must = frozenset(needs)
    return name, Action(
        name, label, frozenset(sources), target, frozenset(powers), must, must | frozenset(takes), extra or {},
        reasons or {}, second_person,
    )  # fmt: skip


_WORK = ("work_cases",)
_NOTE = frozenset({"note"})

#: Every act, in the order people are offered them. `promote`, `evidence` and
#: `reopen` are never moves: a person opens a case from an outlier, and runs tell a case that its evidence changed.
ACTIONS: dict[str, Action] = dict(
    [
        _action("take", Text("受理初核", "Take"), ["new"], "taken", _WORK, takes=["note"]),
        _action("verify", Text("核实为疑点", "Verify"), ["taken"], "verified", _WORK, takes=["note"]),
        _action(
            "ask", Text("发函询问", "Ask the unit"), ["verified"], "asked", _WORK,
            needs=["note"], takes=["letter_no", "due_on"],
        ),
        _action("reply", Text("反馈说明", "Reply"), ["asked"], "replied", ["reply", "work_cases"], needs=["note"]),
        _action(
            "return_reply", Text("退回补充", "Return the reply"), ["replied"], "asked", _WORK,
            needs=["note"], takes=["due_on"],
        ),
        # The unit is heard before anything is called a problem; who confirms without a reply says why.
        _action(
            "confirm", Text("认定问题", "Confirm as a problem"), ["replied", "verified"], "confirmed", _WORK,
            needs=["reason"], takes=["note"], extra={"verified": _NOTE}, reasons=CONFIRM_KINDS,
        ),
        _action(
            "dismiss", Text("排除疑点", "Dismiss"), ["taken", "verified", "replied"], "dismissed", _WORK,
            needs=["reason", "note"], reasons=DISMISS_REASONS,
        ),
        _action(
            "close", Text("复核销号", "Review and close"), ["confirmed", "dismissed"], "closed", ["approve"],
            takes=["note"], second_person=True,
        ),
        _action(
            "send_back", Text("退回重办", "Send back"), ["confirmed", "dismissed"], "taken", ["approve"], needs=["note"]
        ),
        _action("release", Text("退回待办", "Release"), ["taken"], "new", _WORK, takes=["note"]),
        _action("comment", Text("批注", "Comment"), STATES, None, _WORK, needs=["note"]),
        _action("promote", Text("转为疑点", "Make it a case"), [], FIRST, _WORK, needs=["note"]),
        _action("evidence", Text("证据有变化", "The evidence changed"), [], None, []),
        _action("reopen", Text("证据变化，重新开启", "Reopened: the evidence changed"), [], FIRST, []),
    ]
)  # fmt: skip

#: Acts that decide whether there is a problem; whoever did the latest of them may not close.
DECISIONS = frozenset({"confirm", "dismiss"})
