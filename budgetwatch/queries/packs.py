"""What is in force at a place on a day: a rule's parameters with where each value comes from, actors, deadlines."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from budgetwatch.access.viewer import Viewer
from budgetwatch.errors import Invalid
from budgetwatch.queries.listing import Listing, heading
from budgetwatch.queries.scope import demand
from budgetwatch.rules.packs import Cited, Pack
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

_BASIS = (heading("source", "来自", "From"), heading("basis", "依据", "Basis"), heading("says", "要求", "What it says"))
_PARAMS = (
    heading("name", "参数", "Parameter", "code"), heading("label", "含义", "Meaning"), heading("value", "值", "Value"),
    heading("own", "规则自带", "Rule's own"), heading("unit", "单位", "Unit"), heading("tighten", "只能从严", "Only tighter"), *_BASIS,
)  # fmt: skip
_PROCEDURE = (
    heading("task", "事项", "Step", "code"), heading("what", "谁或何时", "Who, or by when"), *_BASIS,
)  # fmt: skip
_OWN = Text("规则", "the rule")


def params_at(home: Home, viewer: Viewer, rule_id: str, region: str, on: dt.date) -> Listing:
    """Rows: name label(Text) value own unit tighten source(Text) basis(Text|None) says(Text|None)."""
    demand(viewer, "rules")
    rule = home.rules[rule_id]
    rows: list[dict[str, Any]] = []
    there = home.packs.at(rule, _place(region), on)
    for name, one in home.packs.values(rule, region, on).items():
        own = rule.params[name]
        rows.append(
            {
                "name": name, "label": own.label, "value": there.params[name].plain, "own": own.plain, "unit": own.unit,
                "tighten": own.spec.tighten, **_whence(one.pack, one.basis),
            }
        )  # fmt: skip
    return Listing(_PARAMS, rows, len(rows))


def procedure_at(home: Home, viewer: Viewer, region: str, on: dt.date) -> Listing:
    """Who does each step of the procedure there, and by when; rows: task what(Text) source(Text) basis says."""
    demand(viewer, "rules")
    packs = home.packs
    rows: list[dict[str, Any]] = [
        {"task": task, "what": Text(actor.who.zh, actor.who.en), **_whence(pack, actor.basis)}
        for task, (actor, pack) in packs.actors(_place(region), on).items()
    ]
    for task, (due, pack) in packs.deadlines(region, on).items():
        kind = {"calendar": ("日", "days"), "working": ("个工作日", "working days")}[due.clock]
        zh = f"{due.name.zh}：{due.of} {'前' if due.direction == 'before' else '后'} {due.days} {kind[0]}"
        en = f"{due.name.en}: {due.days} {kind[1]} {due.direction} {due.of}"
        rows.append({"task": task, "what": Text(zh, en), **_whence(pack, due.basis)})
    return Listing(_PROCEDURE, rows, len(rows))


def _whence(pack: Pack | None, basis: Cited | None) -> dict[str, Text | None]:
    return {
        "source": pack.name if pack else _OWN,
        "basis": Text(f"《{basis.law}》第{basis.article}条", f"{basis.law}, art. {basis.article}") if basis else None,
        "says": Text(basis.says.zh, basis.says.en) if basis else None,
    }


def _place(region: str) -> str:
    if not region.isdigit() or len(region) not in (2, 4, 6, 9):
        raise Invalid(
            Text(f"“{region}”不是区划代码。", f"“{region}” is no region code."), where="--at",
            fix=Text("请写 2、4、6 或 9 位数字，如 310101。", "Give 2, 4, 6 or 9 digits, such as 310101."),
        )  # fmt: skip
    return region
