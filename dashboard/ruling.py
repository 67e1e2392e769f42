"""Deeds about rules: drafting by form, thresholds and switches as editions, each step of an edition's life, back-tests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from budgetwatch import exemptions, jobs, lifecycle
from budgetwatch.backtest import Asked
from budgetwatch.errors import Invalid
from budgetwatch.lifecycle import changing, drafting, reading, writing
from budgetwatch.lifecycle.condition import MOST_GROUPS, MOST_ROWS, Condition, Group, Join, Row
from budgetwatch.text import Text
from dashboard.asking import Asking, href
from dashboard.done import Done, Fields
from dashboard.i18n import say, t

#: The words of a draft that stand in the form, besides its condition.
WORDS = (
    "name", "name_en", "severity", "why", "why_en", "law", "article", "practice", "check", "check_en", "otherwise", "otherwise_en",
    "subject", "period",
)  # fmt: skip


def condition_of(fields: Mapping[str, str]) -> Condition:
    """The condition that a form's fields say; rows without a column are left out."""
    groups = []
    for g in range(MOST_GROUPS):
        rows = tuple(
            Row(fields[f"c{g}_{n}"], fields.get(f"r{g}_{n}", ""), fields.get(f"v{g}_{n}", ""))
            for n in range(MOST_ROWS)
            if fields.get(f"c{g}_{n}")
        )
        if rows:
            groups.append(Group(rows, "any" if fields.get(f"j{g}") == "any" else "all"))
    join: Join = "any" if fields.get("join") == "any" else "all"
    least = (fields.get(f"least_{part}", "").strip() for part in ("amount", "rows"))
    return Condition(fields.get("over", ""), tuple(groups), join, *least)


def form_of(fields: Mapping[str, str]) -> drafting.Form:
    """The whole draft that a form's fields say."""
    words = {name: fields.get(name, "").strip() for name in WORDS}
    # Not "id": a form whose field has that name has lost its own id to scripts.
    return drafting.Form(condition=condition_of(fields), id=fields.get("rule_id", "").strip(), **words)


def draft(asking: Asking, fields: Fields) -> Done:
    """A preview shows what the condition hits; more adds a row; saving makes an edition."""
    do = fields.get("do", "preview")
    if do != "save":
        kept = {k: v for k, v in fields.items() if k != "do" and v.strip()}
        if do.startswith("row"):
            kept["rows"] = do.removeprefix("row")
        if do == "group":
            kept["groups"] = str(min(int(fields.get("groups") or 1) + 1, MOST_GROUPS))
        return Done(t("预览已更新。"), go=href("/rules/new", **kept, shown="1"))
    body = text_of(asking, fields)
    made = lifecycle.draft(asking.home, asking.viewer, body, note=fields.get("note", ""))
    return _made(made)


def text_of(asking: Asking, fields: Mapping[str, str]) -> str:
    """The rule's text that the form says: a new one, or (`change` names a rule) the one in force with what was changed."""
    rule_id = fields.get("change", "")
    if not rule_id:
        return drafting.rule_text(form_of(fields))
    body = lifecycle.service.body_in_force(asking.home, rule_id)
    beyond = reading.read(writing.parts(body)).beyond
    return changing.changed(body, fields, None if beyond else condition_of(fields), asking.home.files.laws)


def params(asking: Asking, fields: Fields) -> Done:
    """Other thresholds of a rule, as an edition that is yet to be tested and approved."""
    rule = asking.home.rules[fields.get("rule_id", "")]
    values: dict[str, Any] = {}
    for name, param in rule.params.items():
        text = fields.get(f"p_{name}", "").strip()
        if text and text != shown_param(param.plain):
            values[name] = writing.as_param(param.type, text)
    if not values:
        raise Invalid(
            Text("没有改动任何参数。", "No parameter was changed."), fix=Text("请先修改取值。", "Change a value first.")
        )
    return _made(lifecycle.set_params(asking.home, asking.viewer, rule.id, values, fields.get("note", "")))


def shown_param(value: Any) -> str:
    """A threshold as its field shows it."""
    return "、".join(map(str, value)) if isinstance(value, list) else str(value)


def switch(asking: Asking, fields: Fields) -> Done:
    """A rule on or off, as an edition."""
    rule_id, on = fields.get("rule_id", ""), fields.get("on") == "1"
    return _made(lifecycle.set_enabled(asking.home, asking.viewer, rule_id, on, fields.get("note", "")))


def rollback(asking: Asking, fields: Fields) -> Done:
    """The text of an old edition, or of the file, as a new one."""
    if fields.get("edition") == "file":
        return _made(lifecycle.service.roll_back_to_file(asking.home, asking.viewer, fields.get("rule_id", "")))
    return _made(lifecycle.roll_back(asking.home, asking.viewer, _whole(fields, "edition")))


def act(asking: Asking, fields: Fields) -> Done:
    """One step of an edition's life."""
    day = fields.get("day", "")
    action = fields.get("action", "")
    lifecycle.act(
        asking.home, asking.viewer, _whole(fields, "edition"), action, note=fields.get("note", ""), day=_day(day)
    )
    label = say(lifecycle.ACTS[action].label)
    return Done(t("已记录：{label}。", label=label))


def backtest(asking: Asking, fields: Fields) -> Done:
    """A back-test of an edition, or of rules of the catalogue, in the background."""
    edition = fields.get("edition", "")
    asked = (
        [Asked(edition_id=int(edition))]
        if edition.isdigit()
        else [Asked(one) for one in fields.get("rules", "").split(",") if one]
    )
    job = jobs.back_test(asking.home, asking.viewer, asked)
    return Done(t("已开始：{title}。可以离开此页，完成后会提示您。", title=say(job.title)), go=f"/jobs/{job.id}")


def propose_exemption(asking: Asking, fields: Fields) -> Done:
    """An exemption is proposed."""
    start, end = _day(fields.get("valid_from", "")), _day(fields.get("valid_to", ""))
    if start is None or end is None:
        raise Invalid(Text("请填写起止日期。", "Give its first and last day."), where="valid_to")
    exemptions.propose(
        asking.home, asking.viewer, fields.get("rule_id", ""), fields.get("agency_code", ""), fields.get("subject", ""),
        fields.get("reason", ""), fields.get("basis", ""), start, end,
    )  # fmt: skip
    return Done(t("已提出，等另一位负责人批准。"), go="/rules/exemptions")


def approve_exemption(asking: Asking, fields: Fields) -> Done:
    """An exemption comes into effect."""
    exemptions.approve(asking.home, asking.viewer, _whole(fields, "exemption"))
    return Done(t("已批准。"))


def end_exemption(asking: Asking, fields: Fields) -> Done:
    """An exemption ends early."""
    exemptions.end(
        asking.home, asking.viewer, _whole(fields, "exemption"), fields.get("note", ""), _day(fields.get("day", ""))
    )
    return Done(t("已终止。"))


def release(asking: Asking, fields: Fields) -> Done:
    """What an incident holds becomes flags and cases."""
    from budgetwatch.runs import incidents

    made = incidents.release(asking.home, asking.viewer, _whole(fields, "incident"), fields.get("note", ""))
    return Done(t("已立疑点 {n} 条。", n=f"{made:,}"))


def discard(asking: Asking, fields: Fields) -> Done:
    """What an incident holds becomes nothing."""
    from budgetwatch.runs import incidents

    left = incidents.discard(asking.home, asking.viewer, _whole(fields, "incident"), fields.get("note", ""))
    return Done(t("已撤销，{n} 条不立疑点。", n=f"{left:,}"))


def _made(edition: Any) -> Done:
    words = t("已起草 {rule} 第 {no} 版，下一步：回测。", rule=edition.rule_id, no=edition.no)
    return Done(words, go=f"/rules/editions/{edition.id}")


def _whole(fields: Fields, name: str) -> int:
    try:
        return int(fields.get(name, ""))
    except ValueError:
        raise Invalid(
            Text("表单缺少 {name}。", "The form lacks {name}.").fill(name=name),
            fix=Text("请刷新页面后重试。", "Reload the page and try again."),
        ) from None


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(
            Text("这不是一个日期：{text}。", "This is not a date: {text}.").fill(text=text),
            fix=Text("请写成 2025-06-30 的样子。", "Write it like 2025-06-30."),
        ) from None


DEEDS: dict[str, Callable[[Asking, Fields], Done]] = {
    "rule.draft": draft,
    "rule.params": params,
    "rule.switch": switch,
    "rule.rollback": rollback,
    "rule.act": act,
    "rule.backtest": backtest,
    "incident.release": release,
    "incident.discard": discard,
    "exemption.propose": propose_exemption,
    "exemption.approve": approve_exemption,
    "exemption.end": end_exemption,
}
