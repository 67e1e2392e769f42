"""A condition put together from rows of column, relation and value, without anybody typing SQL: typed by the records.

Rows stand in groups; within a group all or any of them must hold, and so for the groups among each other. What hits of one
subject and period must come to, in money or number, may be said besides. What is compared with a number or a day becomes
a parameter of the rule, so that it can be tried with other values later.
"""

from __future__ import annotations

import datetime as dt
import operator
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from budgetwatch.calendar import is_workday, today
from budgetwatch.errors import Invalid
from budgetwatch.lifecycle.writing import as_param
from budgetwatch.records import ALL
from budgetwatch.records.codes import LISTS
from budgetwatch.records.types import Column, Feed
from budgetwatch.text import Text

Join = Literal["all", "any"]
JOINS: Mapping[str, Text] = {"all": Text("全部满足", "all hold"), "any": Text("满足任一", "any holds")}
#: Each relation: what it is called, and the kinds of column it goes with.
RELATIONS: Mapping[str, tuple[Text, frozenset[str]]] = {
    "ge": (Text("不小于", "is at least"), frozenset({"money", "integer", "ratio"})),
    "gt": (Text("大于", "is more than"), frozenset({"money", "integer", "ratio"})),
    "le": (Text("不大于", "is at most"), frozenset({"money", "integer", "ratio"})),
    "lt": (Text("小于", "is less than"), frozenset({"money", "integer", "ratio"})),
    "eq": (Text("等于", "equals"), frozenset({"money", "integer", "ratio"})),
    "from": (Text("在此日或之后", "is on or after"), frozenset({"date"})),
    "until": (Text("在此日或之前", "is on or before"), frozenset({"date"})),
    "workday": (Text("是工作日", "is a working day"), frozenset({"date"})),
    "holiday": (Text("不是工作日", "is not a working day"), frozenset({"date"})),
    "is": (Text("是", "is"), frozenset({"code", "text"})),
    "isnt": (Text("不是", "is not"), frozenset({"code", "text"})),
    "in": (Text("是其中之一", "is one of"), frozenset({"code", "text"})),
    "begins": (Text("开头是", "begins with"), frozenset({"code", "text"})),
    "contains": (Text("含有其中之一", "contains one of"), frozenset({"text", "code"})),
    "yes": (Text("为是", "is yes"), frozenset({"flag"})),
    "no": (Text("为否", "is no"), frozenset({"flag"})),
    "absent": (Text("没有填", "is absent"), frozenset({"code", "text", "money", "integer", "ratio", "date", "flag"})),
    "present": (Text("已填", "is there"), frozenset({"code", "text", "money", "integer", "ratio", "date", "flag"})),
}  # fmt: skip
#: Relations that need no value.
BARE = frozenset({"workday", "holiday", "yes", "no", "absent", "present"})
_COMPARE = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<", "eq": "=", "from": ">=", "until": "<="}
_ORDER = {
    "ge": operator.ge, "gt": operator.gt, "le": operator.le, "lt": operator.lt, "eq": operator.eq, "from": operator.ge,
    "until": operator.le,
}  # fmt: skip
MOST_ROWS, MOST_GROUPS = 12, 4


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison as it was chosen and typed."""

    column: str
    relation: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    rows: tuple[Row, ...]
    join: Join = "all"


@dataclass(frozen=True, slots=True)
class Condition:
    """What a rule looks for in the rows of one feed. The hits of one subject and period are a finding where they come to
    `least_amount` in all and are `least_rows` at least, as typed; empty: whatever they come to."""

    over: str
    groups: tuple[Group, ...]
    join: Join = "all"
    least_amount: str = ""
    least_rows: str = ""


#: What hits may have to come to: the kind of each, its words and unit.
LEAST: Mapping[str, tuple[str, Text, str]] = {
    "amount": ("money", Text("合计不少于", "in all at least"), "yuan"),
    "rows": ("integer", Text("笔数不少于", "rows at least"), "rows"),
}


@dataclass(slots=True)
class Built:
    """The condition as a rule file has it: its SQL, what hits must come to, its parameters, and the columns a row must have
    to be judged."""

    when: str
    least: dict[str, str] = field(default_factory=dict)
    params: dict[str, dict[str, Any]] = field(default_factory=dict)
    needs: list[str] = field(default_factory=list)
    taken: frozenset[str] = frozenset()


def build(condition: Condition, known: Mapping[Row, str] | None = None, taken: Collection[str] = ()) -> Built:
    """The SQL of a condition; refuses a row that does not fit its column, and says which.

    `known` rows are said by the SQL given for them, as an earlier text had it; names in `taken` are no new parameter's.
    """
    feed = ALL.get(condition.over)
    if feed is None:
        raise Invalid(Text("请选择看哪种数据。", "Choose which facts are looked at."), where=condition.over or "over")
    groups = [group for group in condition.groups if group.rows]
    if not groups:
        raise Invalid(
            Text("还没有条件。", "There is no condition yet."),
            where="condition",
            fix=Text("请至少写一行：栏目、关系、取值。", "Write one row at least: column, relation, value."),
        )
    count = sum(len(group.rows) for group in groups)
    if count > MOST_ROWS or len(groups) > MOST_GROUPS:
        raise Invalid(
            Text(f"最多 {MOST_ROWS} 行、{MOST_GROUPS} 组。", f"At most {MOST_ROWS} rows in {MOST_GROUPS} groups."),
            where="condition",
        )
    built = Built("", taken=frozenset(taken))
    unsure = {row.column for group in groups for row in group.rows if row.relation in ("absent", "present")}
    parts = []
    for group in groups:
        said = [(known or {}).get(row) or _row(feed, row, unsure, built) for row in group.rows]
        parts.append(_joined(said, group.join))
    built.when = _joined(parts, condition.join)
    if built.when.startswith("(") and len(parts) == 1:
        built.when = built.when[1:-1]
    for part, typed in least_of(condition).items():
        built.least[part] = f"${_least(feed, part, typed, built)}"
    return built


def least_of(condition: Condition) -> dict[str, str]:
    """What hits must come to, as typed, by its part."""
    told = {"amount": condition.least_amount.strip(), "rows": condition.least_rows.strip()}
    return {part: typed for part, typed in told.items() if typed}


def _least(feed: Feed, part: str, typed: str, built: Built) -> str:
    """The parameter for what hits must come to."""
    kind, label, unit = LEAST[part]
    if part == "amount" and "amount" not in feed.by_name:
        raise Invalid(
            Text(f"“{feed.label.zh}”没有可合计的金额。", f"“{feed.label.en}” has no amount to sum."), where=label.zh,
            fix=Text("请把这一项清空。", "Leave this one empty."),
        )  # fmt: skip
    value = as_param(kind, typed)
    if Decimal(value) <= 0:
        raise Invalid(
            Text(f"{label.zh}应大于零。", f"“{label.en}” is more than nothing."), where=label.zh,
            fix=Text("请写正数，或清空。", "Write a number above zero, or leave it empty."),
        )  # fmt: skip
    name = _free(f"least_{part}", built)
    built.params[name] = {
        "type": kind, "value": value, "min": 1 if kind == "integer" else "0.01", "unit": unit, "name": {"zh": label.zh, "en": label.en.capitalize()},
    }  # fmt: skip
    return name


def sentence(condition: Condition) -> Text:
    """The condition as people read it."""
    feed = ALL[condition.over]
    groups = [
        [
            _said(feed.by_name[row.column], row)
            for row in group.rows
            if row.column in feed.by_name and row.relation in RELATIONS
        ]
        for group in condition.groups
    ]
    told_zh, told_en = [], []
    for group, said in zip(condition.groups, groups, strict=True):
        if said:
            told_zh.append(("，且" if group.join == "all" else "，或").join(one.zh for one in said))
            told_en.append((" and " if group.join == "all" else " or ").join(one.en for one in said))
    both = ("；并且", "; and ") if condition.join == "all" else ("；或者", "; or ")
    zh, en = both[0].join(told_zh), both[1].join(told_en)
    for part, typed in least_of(condition).items():
        _, label, _ = LEAST[part]
        zh, en = (
            f"{zh}，{label.zh} {typed}{' 元' if part == 'amount' else ''}",
            f"{en}, {label.en} {typed}{' yuan' if part == 'amount' else ''}",
        )
    return Text(zh, en)


def _said(column: Column, row: Row) -> Text:
    label, _ = RELATIONS[row.relation]
    value = "" if row.relation in BARE else row.value
    known = LISTS[column.values].get(value) if column.values else None
    zh, en = (known.zh, known.en) if known else (value, value)
    return Text(f"{column.label.zh}{label.zh}{zh}", f"{column.label.en} {label.en} {en}".rstrip())


def relations_of(column: Column) -> list[tuple[str, Text]]:
    """The relations that go with a column."""
    return [(name, label) for name, (label, kinds) in RELATIONS.items() if column.kind in kinds]


def example(condition: Condition, *, holds: bool) -> dict[str, Any]:
    """A row of facts for which every comparison holds, or none does, as far as one value a column can tell."""
    feed = ALL[condition.over]
    asked: dict[str, list[Row]] = {}
    for group in condition.groups:
        for one in group.rows:
            if one.column in feed.by_name:
                asked.setdefault(one.column, []).append(one)
    row = {name: _fitting(feed.by_name[name], rows, holds) for name, rows in asked.items()}
    return {name: value for name, value in row.items() if value is not None}


def _fitting(column: Column, rows: Sequence[Row], holds: bool) -> Any:
    """Of the values that the comparisons of a column suggest, the last one's first, one for which all hold; or none, the
    first one's first. Where no value fits, the first that was looked at."""
    found = [_value(column, one, holds) for one in rows][:: -1 if holds else 1]
    fitting = (value for value in found if all(_meets(one, value) == holds for one in rows))
    return next(fitting, found[0])


def _row(feed: Feed, row: Row, unsure: set[str], built: Built) -> str:
    column = feed.by_name.get(row.column)
    if column is None:
        raise Invalid(Text(f"没有栏目“{row.column}”。", f"There is no column “{row.column}”."), where=row.column)
    where = column.label.zh
    label, kinds = RELATIONS.get(row.relation, (None, frozenset()))
    if label is None or column.kind not in kinds:
        known = "、".join(text.zh for _, text in relations_of(column))
        raise Invalid(
            Text(f"“{column.label.zh}”不能这样比较。", f"“{column.label.en}” cannot be compared like this."),
            where=where,
            fix=Text(f"可用：{known}。", f"Possible: {', '.join(text.en for _, text in relations_of(column))}."),
        )
    name = column.name
    if row.relation == "absent":
        return f"{name} IS NULL"
    if row.relation == "present":
        return f"{name} IS NOT NULL"
    if not column.required and name not in unsure and name not in built.needs:
        built.needs.append(name)
    said = _compared(column, row, built)
    return f"coalesce({said}, false)" if name in unsure else said


def _compared(column: Column, row: Row, built: Built) -> str:
    name, value = column.name, row.value.strip()
    if row.relation in ("workday", "holiday"):
        return f"{'NOT ' if row.relation == 'holiday' else ''}is_workday({name})"
    if row.relation in ("yes", "no"):
        return name if row.relation == "yes" else f"NOT {name}"
    if not value:
        raise Invalid(
            Text(f"“{column.label.zh}”没有写取值。", f"“{column.label.en}” has no value."),
            where=column.label.zh,
            fix=Text("请填写，或把这一行清空。", "Fill it in, or clear the row."),
        )
    if row.relation in _COMPARE:
        kind = "integer" if column.kind == "integer" else column.kind
        param = _param(built, column, row.relation, as_param(kind, value), kind)
        return f"{name} {_COMPARE[row.relation]} ${param}"
    words = [value] if row.relation in ("is", "isnt", "begins") else as_param("words", value)
    for word in words:
        _known(column, word, row.relation)
    listed = ", ".join(_quoted(word) for word in words)
    match row.relation:
        case "is":
            return f"{name} = {listed}"
        case "isnt":
            return f"{name} <> {listed}"
        case "in":
            return f"{name} IN ({listed})"
        case "begins":
            return f"starts_with({name}, {listed})"
    return _joined([f"contains({name}, {_quoted(word)})" for word in words], "any")


def _known(column: Column, word: str, relation: str) -> None:
    """A code of a list must be one of the list."""
    if column.values and relation in ("is", "isnt", "in") and word not in LISTS[column.values]:
        known = "、".join(LISTS[column.values])
        raise Invalid(
            Text(f"“{column.label.zh}”没有取值“{word}”。", f"“{column.label.en}” has no value “{word}”."),
            where=column.label.zh,
            fix=Text(f"可用：{known}。", f"Possible: {known}."),
        )


def _param(built: Built, column: Column, relation: str, value: Any, kind: str) -> str:
    name = _free(re.sub(r"[^a-z0-9_]", "", f"{column.name}_{relation}")[:36], built)
    label = RELATIONS[relation][0]
    spec: dict[str, Any] = {
        "type": kind, "value": value,
        "name": {"zh": f"{column.label.zh}{label.zh}", "en": f"{column.label.en} {label.en}"},
    }  # fmt: skip
    if kind in ("money", "integer", "ratio") and Decimal(str(value)) >= 0:
        spec["min"] = 0 if kind == "integer" else "0"
    if kind == "money":
        spec["unit"] = "yuan"
    built.params[name] = spec
    return name


def _free(stem: str, built: Built) -> str:
    """A name that no parameter has yet."""
    name, n = stem, 2
    while name in built.params or name in built.taken:
        name, n = f"{stem}_{n}", n + 1
    return name


def _joined(parts: Sequence[str], join: Join) -> str:
    if len(parts) == 1:
        return parts[0]
    return "(" + (" AND " if join == "all" else " OR ").join(parts) + ")"


def _quoted(word: str) -> str:
    return "'" + word.replace("'", "''") + "'"


def _value(column: Column, row: Row, holds: bool) -> Any:
    """A value for which the comparison holds, or does not."""
    relation, value = row.relation, row.value.strip()
    if relation in ("absent", "present"):
        return None if holds == (relation == "absent") else _any(column)
    if relation in ("yes", "no"):
        return holds == (relation == "yes")
    if relation in ("workday", "holiday"):
        # A Wednesday and a Saturday without any holiday or exchanged day near them.
        return dt.date(2024, 6, 26) if holds == (relation == "workday") else dt.date(2024, 6, 29)
    if column.kind in ("money", "integer", "ratio"):
        try:
            number = Decimal(value.replace(",", ""))
        except InvalidOperation:
            return None
        step = {"money": Decimal("0.01"), "integer": Decimal(1), "ratio": Decimal("0.000001")}[column.kind]
        at = {"ge": (0, -1), "gt": (1, 0), "le": (0, 1), "lt": (-1, 0), "eq": (0, 1)}[relation][0 if holds else 1]
        told = number + at * step
        return int(told) if column.kind == "integer" else f"{told:f}"
    if column.kind == "date":
        day = dt.date.fromisoformat(value)
        return day if holds else day + dt.timedelta(-1 if relation == "from" else 1)
    word = value if relation in ("is", "isnt", "begins") else as_param("words", value)[0]
    if holds != (relation == "isnt"):
        return word
    if column.values:
        taken = {word} if relation in ("is", "isnt") else set(as_param("words", value))
        return next((code for code in LISTS[column.values] if code not in taken), None)
    return "0" if word != "0" else "1"


def _meets(row: Row, value: Any) -> bool:
    """Whether the comparison holds for a value that `_value` gave."""
    relation, typed = row.relation, row.value.strip()
    if value is None or relation in ("absent", "present"):
        return (value is None) == (relation == "absent")
    if relation in ("yes", "no"):
        return bool(value) == (relation == "yes")
    if relation in ("workday", "holiday"):
        return is_workday(value) == (relation == "workday")
    if relation in _ORDER:
        other = dt.date.fromisoformat(typed) if isinstance(value, dt.date) else Decimal(typed.replace(",", ""))
        return bool(_ORDER[relation](value if isinstance(value, dt.date) else Decimal(value), other))
    if relation in ("is", "isnt"):
        return (value == typed) == (relation == "is")
    if relation == "begins":
        return str(value).startswith(typed)
    words = as_param("words", typed)
    return value in words if relation == "in" else any(word in value for word in words)


def _any(column: Column) -> Any:
    if column.values:
        return next(iter(LISTS[column.values]))
    return {"money": "1.00", "integer": 1, "ratio": "0.5", "date": today(), "flag": True}.get(column.kind, "1")
