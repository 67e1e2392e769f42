"""What differs between two texts of a rule, as people read it: which part, what it was and what it is; SQL by lines."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from budgetwatch.lifecycle.writing import parts
from budgetwatch.rules.kept import told
from budgetwatch.text import Text

#: What the parts of a rule are called.
NAMES: Mapping[str, Text] = {
    "id": Text("编号", "Id"),
    "name": Text("名称", "Name"),
    "severity": Text("等级", "Severity"),
    "enabled": Text("启用", "On"),
    "why": Text("为什么", "Why"),
    "law": Text("依据", "Basis"),
    "check": Text("核查要点", "What to check"),
    "otherwise": Text("也可能是因为", "What else could explain it"),
    "over": Text("对象数据", "Looks at"),
    "needs": Text("必须有的栏目", "Needs"),
    "feeds": Text("还用到的数据", "Also reads"),
    "params": Text("参数", "Parameters"),
    "when": Text("条件", "Condition"),
    "select": Text("查询", "Question"),
    "deadline": Text("期限", "Deadline"),
    "balance": Text("平衡", "Balance"),
    "outlier": Text("模型", "Model"),
    "subject": Text("归集到", "Subject"),
    "period": Text("期间", "Period"),
    "amount": Text("金额", "Amount"),
    "least": Text("归集后至少", "Taken together at least"),
    "bands": Text("分级", "Bands"),
    "message": Text("疑点说明", "Message"),
    "examples": Text("例子", "Examples"),
    "rows": Text("笔数", "rows"),
    "value": Text("取值", "value"),
    "min": Text("下限", "least"),
    "max": Text("上限", "most"),
    "unit": Text("单位", "unit"),
    "type": Text("类型", "type"),
    "zh": Text("中文", "Chinese"),
    "en": Text("英文", "English"),
}
#: Parts that decide what is found; a change elsewhere is of words only.
DECIDING = frozenset(
    ("enabled", "severity", "over", "needs", "feeds", "params", "when", "select", "deadline", "balance", "outlier", "subject",
     "period", "amount", "least", "bands")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an SQL text: kept, added or removed."""

    kind: Literal["same", "added", "removed"]
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """One part that differs. `before` and `after` as text, None where it is absent; SQL also line by line."""

    path: str
    label: Text
    before: str | None
    after: str | None
    decides: bool
    lines: tuple[Line, ...] = ()


def changes(before: str, after: str) -> list[Change]:
    """What changed from one text to the other, in the order in which a rule is read; the same meaning gives none."""
    old, new = parts(before) if before.strip() else {}, parts(after) if after.strip() else {}
    order = {name: at for at, name in enumerate(NAMES)}
    found = []
    for name in sorted({*old, *new}, key=lambda n: (order.get(n, len(order)), n)):
        if old.get(name) != new.get(name):
            found += list(_within(name, (name,), old.get(name), new.get(name)))
    return found


def _within(top: str, path: tuple[str, ...], old: Any, new: Any) -> Iterator[Change]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            if old.get(key) != new.get(key):
                yield from _within(top, (*path, key), old.get(key), new.get(key))
        return
    if top == "examples" and isinstance(old, list) and isinstance(new, list):
        yield from _examples(old, new)
        return
    sql = (
        path[-1] in ("when", "select", "sum")
        and isinstance(old, (str, type(None)))
        and isinstance(new, (str, type(None)))
    )
    yield Change(
        ".".join(path), _label(path), _said(old), _said(new), top in DECIDING,
        tuple(_lines(old or "", new or "")) if sql else (),
    )  # fmt: skip


def _examples(old: list[Any], new: list[Any]) -> Iterator[Change]:
    """Examples are told apart by their names."""

    def named(examples: list[Any]) -> dict[str, Any]:
        return {f"{e['name']['zh']}#{n}" if isinstance(e, dict) else str(n): e for n, e in enumerate(examples)}

    before, after = named(old), named(new)
    for key in dict.fromkeys((*before, *after)):
        if before.get(key) != after.get(key):
            name = (after.get(key) or before.get(key) or {}).get("name", {})
            label = Text(f"例子「{name.get('zh', key)}」", f"Example “{name.get('en', key)}”")
            if isinstance(old_one := before.get(key), dict) and isinstance(new_one := after.get(key), dict):
                for change in _within("", ("examples",), old_one, new_one):
                    part = Text(
                        change.label.zh.removeprefix(f"{NAMES['examples'].zh} · "),
                        change.label.en.removeprefix(f"{NAMES['examples'].en} · "),
                    )
                    told = Text(f"{label.zh} · {part.zh}", f"{label.en} · {part.en}")
                    yield Change("examples", told, change.before, change.after, False)
            else:
                yield Change("examples", label, _said(old_one), _said(after.get(key)), False)


def _label(path: tuple[str, ...]) -> Text:
    zh = " · ".join(NAMES[p].zh if p in NAMES else p for p in path)
    en = " · ".join(NAMES[p].en if p in NAMES else p for p in path)
    return Text(zh, en)


def _said(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, dict):
        return "\n".join(f"{name}: {_said(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return "\n".join(f"- {_said(inner)}" for inner in value)
    return str(told(value)).rstrip()


def _lines(old: str, new: str) -> Iterator[Line]:
    """The lines of both, in order; whitespace at their ends does not count."""
    before, after = ([line.rstrip() for line in text.strip().splitlines()] for text in (old, new))
    kinds: dict[str, Literal["same", "added", "removed"]] = {" ": "same", "+": "added", "-": "removed"}
    for line in difflib.ndiff(before, after):
        if line[0] in kinds:
            yield Line(kinds[line[0]], line[2:])
