"""A rule's text made from its parts: what the form on the screen writes, and small changes to a text that stands.

The text reads back to exactly the parts it was made from (`yamltext` is strict about what YAML means by itself), in
the order in which rule files are written. Comments of the text it was made from are not kept.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import yaml

from budgetwatch.errors import Invalid
from budgetwatch.rules import yamltext
from budgetwatch.text import Text

#: The order in which a rule is read; what is not named here follows in its own order, examples last.
_ORDER = (
    "id", "name", "severity", "enabled", "why", "law", "check", "otherwise", "over", "needs", "feeds", "params", "when",
    "select", "deadline", "balance", "outlier", "subject", "period", "amount", "least", "bands", "message",
)  # fmt: skip
_WIDTH = 110


class _Dumper(yaml.SafeDumper):
    """Block style, 汉字 as they are, several lines as a block, exact numbers with their point."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value.strip("\n") else None)


def _number(dumper: yaml.SafeDumper, value: Decimal) -> yaml.Node:
    told = f"{value:f}"
    return dumper.represent_scalar("tag:yaml.org,2002:float", told if "." in told else told + ".0")


_Dumper.add_representer(str, _text)
_Dumper.add_representer(Decimal, _number)


def parts(body: str) -> dict[str, Any]:
    """The parts of a rule's text; `BadRule` says where it is no YAML."""
    value = yamltext.parse(body, "rule").value
    if not isinstance(value, dict):
        raise Invalid(Text("这不是一条规则。", "this is not a rule."), where="body")
    return value


def written(rule: Mapping[str, Any]) -> str:
    """The text of a rule at the left margin, ending with a line end."""
    known = [name for name in _ORDER if name in rule]
    rest = [name for name in rule if name not in known and name != "examples"]
    ordered = {name: rule[name] for name in [*known, *rest, *(["examples"] if "examples" in rule else [])]}
    return yaml.dump(
        ordered, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=_WIDTH, default_flow_style=None
    )


def with_params(body: str, values: Mapping[str, Any]) -> str:
    """The text with other thresholds. Examples that relied on the old ones now name them, so they say what they said."""
    rule = copy.deepcopy(parts(body))
    params = rule.get("params") or {}
    for name in values:
        if name not in params:
            known = ", ".join(params)
            raise Invalid(
                Text(f"没有参数 {name}。", f"there is no parameter {name}."),
                where=name,
                fix=Text(f"可用：{known}。", f"Known: {known}."),
            )
    changed = {name: params[name]["value"] for name, value in values.items() if params[name]["value"] != value}
    for example in rule.get("examples") or ():
        example["params"] = {**changed, **(example.get("params") or {})} if changed else example.get("params")
        if not example["params"]:
            del example["params"]
    for name, value in values.items():
        params[name]["value"] = value
    return written(rule)


def with_enabled(body: str, enabled: bool) -> str:
    """The text switched on or off."""
    return written({**parts(body), "enabled": enabled})


def as_param(kind: str, text: str) -> Any:
    """What was typed for a threshold, as a rule file writes it: whole numbers as such, amounts and shares as text."""
    text = text.strip()
    try:
        if kind == "integer":
            return int(text.replace(",", ""))
        if kind in ("money", "ratio"):
            return f"{Decimal(text.replace(',', '')):f}"
        if kind == "date":
            return dt.date.fromisoformat(text)
        if kind == "words":
            return [word.strip() for word in text.replace("，", ",").replace("、", ",").split(",") if word.strip()]
    except (ValueError, ArithmeticError):
        raise Invalid(
            Text(f"“{text}”读不懂。", f"“{text}” cannot be read."),
            where=kind,
            fix=Text("请写数字或日期。", "Write a number, or a day like 2026-01-31."),
        ) from None
    return text
