"""The states of a rule's edition and the acts that lead from one to the next, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from budgetwatch.text import Text

STATES: Mapping[str, Text] = {
    "draft": Text("草稿", "draft"),
    "tested": Text("已回测", "back-tested"),
    "proposed": Text("待批准", "proposed"),
    "approved": Text("已批准", "approved"),
    "active": Text("已启用", "active"),
    "retired": Text("已停用", "retired"),
    "withdrawn": Text("已撤回", "withdrawn"),
}
#: States in which somebody still has something to do.
OPEN = ("draft", "tested", "proposed", "approved")


@dataclass(frozen=True, slots=True)
class Act:
    """One act: from which states, to which (None: it stays), by whom, and what it must or may say."""

    name: str
    label: Text
    sources: tuple[str, ...]
    target: str | None
    power: str
    needs_note: bool = False
    takes_day: bool = False
    second_person: bool = False
    whole_deployment: bool = False


_ACTS = (
    Act("backtest", Text("回测", "Back-test"), ("draft",), "tested", "draft_rules"),
    Act("propose", Text("提请批准", "Propose"), ("tested",), "proposed", "draft_rules", needs_note=True),
    Act("return", Text("退回修改", "Return"), ("proposed",), "tested", "approve_rules", needs_note=True),
    Act("approve", Text("批准", "Approve"), ("proposed",), "approved", "approve_rules", second_person=True,
        whole_deployment=True),
    Act("activate", Text("启用", "Activate"), ("approved",), "active", "switch_rules", takes_day=True,
        whole_deployment=True),
    Act("retire", Text("停用", "Retire"), ("active",), "retired", "switch_rules", needs_note=True, takes_day=True,
        whole_deployment=True),
    Act("withdraw", Text("撤回", "Withdraw"), ("draft", "tested", "proposed", "approved"), "withdrawn", "draft_rules"),
    Act("shadow", Text("试运行", "Run in shadow"), ("tested", "proposed", "approved"), None, "draft_rules"),
    Act("unshadow", Text("结束试运行", "End the shadow run"), ("tested", "proposed", "approved", "active", "retired",
        "withdrawn"), None, "draft_rules"),
    Act("comment", Text("留言", "Comment"), tuple(STATES), None, "rules", needs_note=True),
)  # fmt: skip
ACTS: Mapping[str, Act] = {act.name: act for act in _ACTS}
