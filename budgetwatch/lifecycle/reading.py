"""A rule's text as the form on the screen has it: its words, and its condition as rows, where rows can say it.

The way back from `condition.build`: what it wrote reads back to the rows it was made from. What no row can say is named,
so that a person knows which part is to be changed in the text itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from budgetwatch.lifecycle import drafting
from budgetwatch.lifecycle.condition import MOST_GROUPS, MOST_ROWS, RELATIONS, Condition, Group, Join, Row
from budgetwatch.records.types import Column, Feed
from budgetwatch.text import Text

if TYPE_CHECKING:
    from sqlglot import exp

#: The most rows of one group that the form on the screen has room for.
MOST_OF_GROUP = 8
_FORMS = {
    "select": Text("问题是一个查询（select），不是对单行的条件", "its question is a query (select), not a condition on single rows"),
    "deadline": Text("问题是一个期限（deadline）", "its question is a deadline"),
    "balance": Text("问题是两个合计相等（balance）", "its question is two sums that must agree (balance)"),
    "outlier": Text("问题是一个排序模型（outlier）", "its question is a model that ranks (outlier)"),
}  # fmt: skip
_NUMBERS = {"GTE": "ge", "GT": "gt", "LTE": "le", "LT": "lt", "EQ": "eq"}
_TURNED = {"GTE": "LTE", "GT": "LT", "LTE": "GTE", "LT": "GT", "EQ": "EQ", "NEQ": "NEQ"}


@dataclass(frozen=True, slots=True)
class Said:
    """What the form shows of a rule: its condition, or None and `beyond`, the part that rows cannot say.

    `subject` is "" where the form cannot choose it: it stays. `known` is the SQL of each row as the rule has it, `used` the
    parameter that a row of that column and relation takes its value from.
    """

    condition: Condition | None
    subject: str
    period: str
    beyond: Text | None = None
    known: Mapping[Row, str] = field(default_factory=dict)
    used: Mapping[tuple[str, str], str] = field(default_factory=dict)


class _Beyond(Exception):
    """A part that no row can say."""

    def __init__(self, part: Text) -> None:
        self.part = part


def read(rule: Mapping[str, Any]) -> Said:
    """The question of a rule (its parts as written) as the form has it."""
    try:
        return _read(rule)
    except _Beyond as stop:
        return Said(None, "", "", stop.part)


def words(rule: Mapping[str, Any]) -> dict[str, str]:
    """The words of a rule by the names of the form's fields; lists with one entry a line, English where it says more."""

    def text(part: str, language: str) -> str:
        value = (rule.get(part) or {}).get(language, "")
        return "\n".join(value) if isinstance(value, list) else str(value)

    law = (rule.get("law") or [{}])[0]
    told = {
        "rule_id": str(rule.get("id", "")), "severity": str(rule.get("severity", "")), "law": str(law.get("law") or ""),
        "article": str(law.get("article") or ""), "practice": str((law.get("practice") or {}).get("zh", "")),
    }  # fmt: skip
    for part in ("name", "why", "check", "otherwise", "message"):
        zh, en = text(part, "zh"), text(part, "en")
        told[part] = zh
        told[f"{part}_en"] = "" if en == zh else en
    return told


def fields_of(rule: Mapping[str, Any]) -> dict[str, str]:
    """Every field of the form for a rule; those of the condition only where rows can say it."""
    told, said = words(rule), read(rule)
    if said.condition is None:
        return told
    told |= {"over": said.condition.over, "subject": said.subject, "period": said.period, "join": said.condition.join}
    told |= {"least_amount": said.condition.least_amount, "least_rows": said.condition.least_rows}
    told["groups"] = str(max(1, len(said.condition.groups)))
    for g, group in enumerate(said.condition.groups):
        told[f"j{g}"] = group.join
        for n, row in enumerate(group.rows):
            told |= {f"c{g}_{n}": row.column, f"r{g}_{n}": row.relation, f"v{g}_{n}": row.value}
    return {name: value for name, value in told.items() if value}


def _read(rule: Mapping[str, Any]) -> Said:
    for form, label in _FORMS.items():
        if rule.get(form) is not None:
            raise _Beyond(label)
    feed = drafting.feeds().get(str(rule.get("over")))
    if feed is None:
        raise _Beyond(Text(f"表单不能看“{rule.get('over')}”这种数据", f"the form cannot look at “{rule.get('over')}”"))
    columns = tuple(rule.get("subject") or ())
    subject = next((name for name, (_, own) in drafting.SUBJECTS.items() if own == columns), "")
    period = str(rule.get("period"))
    if period not in drafting.periods_of(feed):
        raise _Beyond(Text(f"期间 {period}", f"its period, {period}"))
    reader = _Reader(feed, rule.get("params") or {})
    least = _least(rule)
    condition = replace(
        _condition(reader, str(rule["when"])), least_amount=least.get("amount", ""), least_rows=least.get("rows", "")
    )
    return Said(condition, subject, period, None, reader.known, reader.used)


def _least(rule: Mapping[str, Any]) -> dict[str, str]:
    """What hits must come to, as the form's fields show it."""
    told = {}
    for part, param in (rule.get("least") or {}).items():
        value = ((rule.get("params") or {}).get(str(param)[1:]) or {}).get("value", "")
        told[part] = f"{value:f}" if isinstance(value, Decimal) else str(value)
    return told


def _condition(reader: _Reader, when: str) -> Condition:
    import sqlglot  # takes long to load, and only who changes a rule needs it
    from sqlglot import exp

    try:
        tree = sqlglot.parse_one(when, dialect="duckdb")
    except sqlglot.errors.SqlglotError:
        raise _Beyond(Text("条件读不懂", "its condition cannot be read")) from None
    tree = _bare(tree)  # type: ignore[arg-type]
    join: Join = "any" if isinstance(tree, exp.Or) and reader.row(tree) is None else "all"
    groups: list[Group] = []
    alone: list[Row] = []
    for part in _parts(tree, exp.Or if join == "any" else exp.And) if reader.row(tree) is None else [tree]:
        rows = reader.rows(part, join)
        if rows is not None:
            alone += rows
            continue
        inner = _bare(part)
        if join == "all" and (either := reader.unless_absent(inner)) is not None:
            groups.append(Group(either, "any"))
            continue
        kind: type[exp.Expression] = exp.Or if join == "all" else exp.And
        other: Join = "any" if join == "all" else "all"
        if not isinstance(inner, kind):
            raise _Beyond(_fragment(part))
        inside: list[Row] = []
        for leaf in _parts(inner, kind):
            found = reader.rows(leaf, other)
            if found is None:
                raise _Beyond(_fragment(leaf))
            inside += found
        groups.append(Group(tuple(inside), other))
    if alone:
        groups.insert(0, Group(tuple(alone), join))
    if (
        len(groups) > MOST_GROUPS
        or sum(len(g.rows) for g in groups) > MOST_ROWS
        or any(len(g.rows) > MOST_OF_GROUP for g in groups)
    ):
        raise _Beyond(Text("条件的行数超过表单的容量", "its condition has more rows than the form has room for"))  # fmt: skip
    return Condition(reader.feed.name, tuple(groups), join)


def _parts(tree: exp.Expression, kind: type[exp.Expression]) -> list[exp.Expression]:
    """The parts that one kind of AND or OR joins, brackets of the same kind opened."""
    tree = _bare(tree)
    if isinstance(tree, kind):
        return [*_parts(tree.this, kind), *_parts(tree.expression, kind)]
    return [tree]


def _bare(tree: exp.Expression) -> exp.Expression:
    from sqlglot import exp

    while isinstance(tree, exp.Paren):
        tree = tree.this
    return tree


def _fragment(tree: exp.Expression) -> Text:
    said = tree.sql(dialect="duckdb", normalize_functions="lower")
    said = said if len(said) <= 120 else said[:119] + "…"
    return Text(f"条件中的 {said}", f"in its condition, {said}")


class _Reader:
    """Reads one comparison as a row, with the values of the rule's parameters."""

    def __init__(self, feed: Feed, params: Mapping[str, Mapping[str, Any]]) -> None:
        self.feed, self.params = feed, params
        self.known: dict[Row, str] = {}
        self.used: dict[tuple[str, str], str] = {}

    def unless_absent(self, tree: exp.Expression) -> tuple[Row, Row] | None:
        """A code that is (or is not) something, where one that is absent counts as well: two rows of which any holds."""
        from sqlglot import exp

        if not (
            isinstance(tree, (exp.EQ, exp.NEQ))
            and isinstance(tree.this, exp.Coalesce)
            and len(tree.this.expressions) == 1
        ):
            return None
        default, value = self._value(tree.this.expressions[0]), self._value(tree.expression)
        if default is None or value is None or (default == value) != isinstance(tree, exp.EQ):
            return None
        absent = self._made(tree.this.this, "absent", "")
        one = self._made(tree.this.this, "is" if isinstance(tree, exp.EQ) else "isnt", value)
        return (absent, one) if absent and one else None

    def rows(self, tree: exp.Expression, join: Join) -> list[Row] | None:
        """The rows that say it where rows are joined like this; None where none do."""
        from sqlglot import exp

        tree = _bare(tree)
        if isinstance(tree, exp.Between) and join == "all":
            low = self.row(exp.GTE(this=tree.this.copy(), expression=tree.args["low"].copy()))
            high = self.row(exp.LTE(this=tree.this.copy(), expression=tree.args["high"].copy()))
            return [low, high] if low and high else None
        one = self.row(tree)
        if one is None:
            return None
        self.known[one] = tree.sql(dialect="duckdb", normalize_functions="lower")
        params = [p.name for p in tree.find_all(exp.Parameter, exp.Placeholder)]
        if len(params) == 1:
            self.used[one.column, one.relation] = params[0]
        return [one]

    def row(self, tree: exp.Expression) -> Row | None:
        from sqlglot import exp

        tree = _bare(tree)
        if isinstance(tree, exp.Coalesce) and [e.sql() for e in tree.expressions] == ["FALSE"]:
            return self.row(tree.this)
        if isinstance(tree, exp.Or):
            return self._any_word(tree)
        if isinstance(tree, exp.Not):
            return self._not(_bare(tree.this))
        if isinstance(tree, exp.Column):
            return self._made(tree, "yes", "")
        if isinstance(tree, exp.Is) and isinstance(tree.expression, exp.Null):
            return self._made(tree.this, "absent", "")
        if isinstance(tree, exp.In) and tree.expressions:
            return self._made(tree.this, "in", self._values(tree.expressions))
        if isinstance(tree, (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)):
            return self._compared(tree)
        return self._called(tree)

    def _not(self, tree: exp.Expression) -> Row | None:
        from sqlglot import exp

        if isinstance(tree, exp.Is) and isinstance(tree.expression, exp.Null):
            return self._made(tree.this, "present", "")
        if isinstance(tree, exp.Column):
            return self._made(tree, "no", "")
        one = self._called(tree)
        return Row(one.column, "holiday") if one and one.relation == "workday" else None

    def _compared(self, tree: exp.Binary) -> Row | None:
        from sqlglot import exp

        kind, left, right = type(tree).__name__, _bare(tree.this), _bare(tree.expression)
        if isinstance(right, exp.Column) and not isinstance(left, exp.Column):
            kind, left, right = _TURNED[kind], right, left
        value = self._value(right)
        if value is None:
            return None
        if isinstance(left, exp.Left) and kind == "EQ" and left.expression.sql() == str(len(value)):
            return self._made(left.this, "begins", value)
        column = self._column(left)
        if column is None:
            return None
        if column.kind == "date":
            relation = {"GTE": "from", "LTE": "until"}.get(kind, "")
        elif column.kind in ("code", "text"):
            relation = {"EQ": "is", "NEQ": "isnt"}.get(kind, "")
        else:
            relation = _NUMBERS.get(kind, "")
        return self._made(left, relation, value)

    def _called(self, tree: exp.Expression) -> Row | None:
        """A function of a column: whether it begins with or holds words, whether it is a working day."""
        from sqlglot import exp

        if isinstance(tree, exp.StartsWith):
            value = self._value(tree.expression)
            return self._made(tree.this, "begins", value) if value is not None else None
        name, told = _call(tree)
        if name == "is_workday" and len(told) == 1:
            return self._made(told[0], "workday", "")
        if name in ("contains", "contains_any", "starts_with") and len(told) == 2:
            value = self._value(told[1])
            return (
                self._made(told[0], "begins" if name == "starts_with" else "contains", value)
                if value is not None
                else None
            )
        return None

    def _any_word(self, tree: exp.Or) -> Row | None:
        """One row for a column that holds any of several words."""
        from sqlglot import exp

        rows = [self.row(part) for part in _parts(tree, exp.Or)]
        found = [row for row in rows if row is not None and row.relation == "contains"]
        if len(found) != len(rows) or len({row.column for row in found}) != 1:
            return None
        return Row(found[0].column, "contains", "、".join(row.value for row in found))

    def _made(self, tree: exp.Expression, relation: str, value: str | None) -> Row | None:
        column = self._column(_bare(tree))
        if column is None or value is None or relation not in RELATIONS or column.kind not in RELATIONS[relation][1]:
            return None
        return Row(column.name, relation, value)

    def _column(self, tree: exp.Expression) -> Column | None:
        from sqlglot import exp

        return self.feed.by_name.get(tree.name) if isinstance(tree, exp.Column) and not tree.table else None

    def _values(self, trees: list[exp.Expression]) -> str | None:
        values = [self._value(tree) for tree in trees]
        return None if None in values else "、".join(value for value in values if value is not None)

    def _value(self, tree: exp.Expression) -> str | None:
        """A literal, or the value of a parameter, as a field shows it."""
        from sqlglot import exp

        tree = _bare(tree)
        if isinstance(tree, exp.Cast):
            tree = tree.this
        if isinstance(tree, exp.Literal):
            return str(tree.this)
        if isinstance(tree, (exp.Parameter, exp.Placeholder)):
            param = self.params.get(tree.name)
            if param is None:
                return None
            value = param["value"]
            if isinstance(value, list):
                return None if any("、" in word or "," in word or "，" in word for word in value) else "、".join(value)
            return f"{value:f}" if isinstance(value, Decimal) else str(value)
        return None


def _call(tree: exp.Expression) -> tuple[str, list[exp.Expression]]:
    from sqlglot import exp

    if isinstance(tree, exp.Anonymous):
        return str(tree.this).lower(), list(tree.expressions)
    if isinstance(tree, exp.Contains):
        return "contains", [tree.this, tree.expression]
    return "", []
