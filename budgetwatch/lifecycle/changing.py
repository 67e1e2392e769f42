"""A rule's text with what was changed in the form; whatever the form does not show stays as it is.

A row of the condition that was not touched keeps its words and its parameter. Examples that the changed rule still agrees
with stay; the others give way to new ones made from the condition.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

from budgetwatch.errors import Invalid
from budgetwatch.lifecycle import drafting, reading, writing
from budgetwatch.lifecycle.condition import Built, Condition, build
from budgetwatch.rulebooks import rule_of
from budgetwatch.rules.rule import Law
from budgetwatch.text import Text

_EXPECTED = ("flags", "clear", "cannot")


def changed(
    body: str, fields: Mapping[str, str], condition: Condition | None, laws: Mapping[str, Law] | None = None
) -> str:
    """The text of the rule with the form's fields. `condition` None leaves the question as it stands; `Invalid` names what is
    missing. `laws` are those that rules may cite."""
    rule = copy.deepcopy(writing.parts(body))
    before = reading.words(rule)
    told = {name: str(fields.get(name, "")).strip() for name in before}
    for name, label in (
        ("name", Text("名称", "a name")),
        ("why", Text("为什么", "why")),
        ("message", Text("疑点说明", "what a flag says")),
    ):
        if not told[name]:
            raise Invalid(Text(f"请填写{label.zh}。", f"Give {label.en}."), where=label.zh, field=name)
        if (told[name], told[f"{name}_en"]) != (before[name].strip(), before[f"{name}_en"].strip()):
            rule[name] = drafting.both(told[name], told[f"{name}_en"])
    for name in ("check", "otherwise"):
        if (told[name], told[f"{name}_en"]) != (before[name].strip(), before[f"{name}_en"].strip()):
            rule[name] = drafting.lists(told[name], told[f"{name}_en"])
    if told["severity"]:
        rule["severity"] = told["severity"]
    basis = ("law", "article", "practice")
    if [told[one] for one in basis] != [before[one].strip() for one in basis]:
        rule["law"] = [_law(told), *rule["law"][1:]]
    if condition is not None:
        _question(rule, fields, condition, laws)
    return writing.written(rule)


def _law(told: Mapping[str, str]) -> dict[str, Any]:
    if told["law"] and told["article"]:
        return {"law": told["law"], "article": told["article"]}
    if not told["practice"]:
        raise Invalid(
            Text("请填写依据：法律及条款，或通行做法。", "Give a basis: a law with its article, or a practice."), where="依据", field="law"
        )  # fmt: skip
    return {"practice": drafting.both(told["practice"], "")}


def _question(
    rule: dict[str, Any], fields: Mapping[str, str], condition: Condition, laws: Mapping[str, Law] | None
) -> None:
    said = reading.read(rule)
    subject, period = fields.get("subject") or said.subject, fields.get("period") or said.period
    if said.condition is None or (condition, subject, period) == (said.condition, said.subject, said.period):
        return
    automatic = rule["message"] == drafting.message(said.condition)
    params = dict(rule.get("params") or {})
    built = build(condition, said.known, params)
    untouched = " ".join(said.known.get(row, "") for group in condition.groups for row in group.rows)
    rows = {name: spec for name, spec in built.params.items() if f"${name}" not in built.least.values()}
    for name, spec in rows.items():
        # A row of the same column and relation goes on with the parameter it had: its name, bounds and unit.
        old = said.used.get(next(pair for pair in _rows(condition) if name.startswith("_".join(pair))))
        if old is None or re.search(rf"\${old}\b", untouched):
            params[name] = spec
            continue
        built.when = re.sub(rf"\${name}\b", f"${old}", built.when)
        params[old] = {**params[old], "value": spec["value"]}
    shown = {column for column, _ in _rows(said.condition)}
    named = {column for column, _ in _rows(condition)}
    kept = [c for c in rule["needs"] if c in named or c not in shown]
    rule["needs"] = [*kept, *(c for c in built.needs if c not in kept)]
    _least(rule, built, params)
    rule["when"], rule["period"] = built.when, period
    if subject and subject != said.subject:
        rule["subject"] = list(drafting.SUBJECTS[subject][1])
    read = " ".join([built.when, *built.least.values(), *(str(band["when"]) for band in rule.get("bands") or ())])
    rule["params"] = {name: spec for name, spec in params.items() if re.search(rf"\${name}\b", read)}
    if automatic or any(f"{{{name}}}" in str(rule["message"]) for name in params if name not in rule["params"]):
        rule["message"] = drafting.message(condition)
    if not rule["params"]:
        del rule["params"]
    rule["examples"] = _examples(rule, condition, laws)


def _least(rule: dict[str, Any], built: Built, params: dict[str, Any]) -> None:
    """What hits must come to goes on with the parameters it had, where these do not stand for something else as well."""
    before = rule.pop("least", None) or {}
    elsewhere = " ".join([built.when, *(str(band["when"]) for band in rule.get("bands") or ())])
    for part, named in built.least.items():
        spec, kept = built.params[named[1:]], before.get(part)
        if kept is not None and str(params[kept[1:]]["value"]) == str(spec["value"]):
            built.least[part] = kept
        elif kept is not None and not re.search(rf"\{kept}\b", elsewhere):
            params[kept[1:]] = {**params[kept[1:]], "value": spec["value"]}
            built.least[part] = kept
        else:
            params[named[1:]] = spec
    if built.least:
        rule["least"] = dict(built.least)


def _rows(condition: Condition) -> list[tuple[str, str]]:
    """Column and relation of each row, longer names first: `amount_ge` is not taken for `a` and `mount_ge`."""
    return sorted(
        {(row.column, row.relation) for group in condition.groups for row in group.rows}, key=lambda p: -len(p[0])
    )


def _examples(rule: Mapping[str, Any], condition: Condition, laws: Mapping[str, Law] | None) -> list[dict[str, Any]]:
    """Those that still hold, and new ones for what no example shows any more."""
    from budgetwatch.rules.examples import outcome, run_example

    made = drafting.examples(condition, list(rule["subject"]), list(rule["needs"]))
    params = rule.get("params") or {}
    old = [one for one in rule["examples"] if set(one.get("params") or {}) <= set(params)]
    asked = rule_of(writing.written({**rule, "examples": [*old, *made]}), laws, str(rule["id"]))
    held = [
        told for told, example in zip(old, asked.examples, strict=False) if outcome(run_example(asked, example)) == example.expect
    ]  # fmt: skip
    shown = {one["expect"] for one in held}
    return [*held, *(one for one in made if one["expect"] not in shown)]
