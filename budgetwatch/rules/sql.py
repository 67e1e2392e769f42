"""The SQL of a rule: one SELECT over views it may read, calling what is allowed, its parameters typed literals.

What a rule may say is decided on DuckDB's own parse tree of the final text, node by node against lists
of what is allowed; sqlglot must agree that it is one query (it carries the rules to other engines).
"""

from __future__ import annotations

import atexit
import datetime as dt
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

import duckdb

from budgetwatch.rules.functions import ALLOWED, TABLES
from budgetwatch.rules.refusal import Refusal, nearest
from budgetwatch.text import Text

_NODES = {"SELECT_NODE", "SET_OPERATION_NODE", "CTE_NODE"}
_TABLES = {"BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION", "EXPRESSION_LIST", "EMPTY"}
_MODIFIERS = {"ORDER_MODIFIER", "LIMIT_MODIFIER", "DISTINCT_MODIFIER"}
_ORDERS = {"ORDER_DEFAULT", "ASCENDING", "DESCENDING"}
_CLASSES = {
    "FUNCTION", "CONSTANT", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "OPERATOR", "CASE", "CAST", "BETWEEN", "SUBQUERY", "WINDOW",
    "STAR", "LAMBDA", "TYPE",
}  # fmt: skip
#: Strings, quoted names and comments are skipped; what is left of `$` is a parameter.
_LEX = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|(?P<quote>\$[A-Za-z_0-9]*\$)|\$(?P<name>[A-Za-z_][A-Za-z_0-9]*)",
    re.S,
)
#: Names that SQL reads as functions without brackets; a run must give the same years later.
_CLOCK = {
    "current_date", "current_time", "current_timestamp", "localtime", "localtimestamp", "current_user", "session_user", "user",
    "current_role", "current_schema", "current_catalog",
}  # fmt: skip
Value = int | Decimal | str | tuple[str, ...] | dt.date


@dataclass
class Seen:
    """What a query names: tables, columns, functions."""

    tables: set[str] = field(default_factory=set)
    columns: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)


def literal(value: Value) -> str:
    """The value as an SQL literal of its own type."""
    if isinstance(value, bool):
        raise TypeError("a parameter is not a boolean")
    if isinstance(value, int):
        return str(value) if value >= 0 else f"({value})"
    if isinstance(value, Decimal):
        places = 2 if value.as_tuple().exponent == -2 else 6
        return f"CAST('{value:f}' AS DECIMAL(18,{places}))"
    if isinstance(value, dt.date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, tuple):
        return "[" + ", ".join(text(word) for word in value) + "]"
    return text(value)


def text(value: str) -> str:
    """The text as an SQL string."""
    return "'" + value.replace("'", "''") + "'"


def bind(sql: str, values: Mapping[str, Value]) -> str:
    """The SQL with each `$name` replaced by its typed literal; names that are no parameters are refused."""

    def put(match: re.Match[str]) -> str:
        if match["quote"]:
            raise _refused("$…$ 引号", "dollar quoting ($…$)", "请用单引号。", "Use single quotes.")
        if match["name"] is None:
            return match[0]
        if match["name"] not in values:
            raise Refusal(
                Text(f"参数 ${match['name']} 没有定义。", f"the parameter ${match['name']} is not defined."),
                nearest(match["name"], [*values]),
            )
        return literal(values[match["name"]])

    return _LEX.sub(put, sql)


def parameters(sql: str) -> set[str]:
    """The names of the parameters that the SQL mentions."""
    return {match["name"] for match in _LEX.finditer(sql) if match["name"]}


def check_select(sql: str, views: Collection[str]) -> Seen:
    """Refuse the text unless it is one SELECT that reads only `views` and calls only what is allowed."""
    told = tree(sql)
    seen = Seen()
    _walk(told["node"], frozenset(), views, seen)
    _second_opinion(sql, views)
    return seen


def check_condition(condition: str, feed: str) -> Seen:
    """Refuse the text unless it is one condition on single rows of the feed."""
    _balanced(condition)
    sql = f"SELECT (\n{condition}\n) AS hit FROM {feed}"
    node = tree(sql)["node"]
    plain = (
        node["type"] == "SELECT_NODE"
        and len(node["select_list"]) == 1
        and node["select_list"][0].get("alias") == "hit"
        and node["from_table"].get("type") == "BASE_TABLE"
        and node["from_table"].get("table_name") == feed
        and not (
            node["where_clause"] or node["group_expressions"] or node["having"] or node["qualify"] or node["sample"]
        )
        and not (node["modifiers"] or node["cte_map"]["map"])
    )
    if not plain:
        raise _refused(
            "when 只能是一个条件",
            "a `when` is one condition, nothing more",
            "复杂的问题请用 select。",
            "Use `select` for more.",
        )
    seen = Seen()
    _walk(node, frozenset(), [feed], seen)
    for wrong, zh, en in (
        (_has(node, "class", "SUBQUERY"), "子查询", "a subquery"),
        (_has(node, "class", "WINDOW"), "窗口函数", "a window function"),
        (_has(node, "class", "STAR"), "*", "*"),
        (seen.functions & aggregates(), "汇总函数", "an aggregate"),
    ):
        if wrong:
            raise _refused(f"when 中的{zh}", f"{en} in a `when`", "请改用 select。", "Use `select` instead.")
    _second_opinion(sql, [feed])
    return seen


def _balanced(condition: str) -> None:
    """Refuse a condition that would close a bracket which is not its own."""
    depth = 0
    for char in _LEX.sub("", condition):
        depth += (char == "(") - (char == ")")
        if depth < 0:
            break
    if depth:
        raise _refused("不成对的括号", "brackets that do not match", "请检查括号。", "Check the brackets.")


def lenient_columns(condition: str, feed: str) -> set[str]:
    """Columns whose absence the condition itself speaks of (IS NULL, coalesce, IS DISTINCT FROM) wherever they stand."""
    node = tree(f"SELECT (\n{condition}\n) AS hit FROM {feed}")["node"]
    strict: set[str] = set()
    every: set[str] = set()

    def look(part: Any, forgiven: bool) -> None:
        if isinstance(part, list):
            for one in part:
                look(one, forgiven)
        elif isinstance(part, dict):
            kind = part.get("type")
            forgiven = forgiven or kind in (
                "OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL", "OPERATOR_COALESCE",
                "COMPARE_DISTINCT_FROM", "COMPARE_NOT_DISTINCT_FROM",
            ) or part.get("function_name") in ("ifnull", "coalesce")  # fmt: skip
            if part.get("class") == "COLUMN_REF":
                every.add(part["column_names"][-1])
                if not forgiven:
                    strict.add(part["column_names"][-1])
            for one in part.values():
                look(one, forgiven)

    look(node["select_list"], False)
    return every - strict


def tree(sql: str) -> dict[str, Any]:
    """DuckDB's parse tree of the one SELECT that the text is; anything else is refused."""
    [(answer,)] = parser().cursor().execute("SELECT json_serialize_sql(?)", [sql]).fetchall()
    told: dict[str, Any] = json.loads(answer)
    if told["error"]:
        message = str(told.get("error_message", ""))
        if "Only SELECT" in message:
            raise _refused(
                "不是 SELECT 的语句", "a statement that is not a SELECT", "规则只能提问。", "A rule only asks."
            )
        raise Refusal(
            Text(f"SQL 无法解析：{message}。", f"this SQL cannot be parsed: {message}."),
            Text("请检查语法（DuckDB 方言）。", "Check the syntax (DuckDB's dialect)."),
        )
    if len(told["statements"]) != 1:
        raise _refused(
            f"{len(told['statements'])} 条语句",
            f"{len(told['statements'])} statements",
            "请只写一个 SELECT。",
            "Write one SELECT.",
        )
    statement: dict[str, Any] = told["statements"][0]
    return statement


@lru_cache(maxsize=4096)
def columns(sql: str) -> tuple[str, ...] | None:
    """What the SELECT's columns are called, as it is written; None where only an engine can say."""
    node = tree(sql)["node"]
    while True:
        if node["type"] == "SET_OPERATION_NODE":
            node = node["children"][0] if node.get("children") else node["left"]
            continue
        if node["type"] != "SELECT_NODE":
            return None
        listed = node["select_list"]
        if [one["class"] for one in listed] != ["STAR"]:
            break
        table = node["from_table"]
        if table["type"] != "SUBQUERY" or table["column_name_alias"] or not _plain_star(listed[0]):
            return None
        node = table["subquery"]["node"]
    names = [one["alias"] or (one["column_names"][-1] if one["class"] == "COLUMN_REF" else "") for one in listed]
    return tuple(names) if all(names) and len({*map(str.lower, names)}) == len(names) else None


def _plain_star(star: dict[str, Any]) -> bool:
    return not any(
        star.get(what)
        for what in ("exclude_list", "replace_list", "rename_list", "expr", "columns", "qualified_exclude_list")
    )


def _walk(node: Any, ctes: frozenset[str], views: Collection[str], seen: Seen) -> None:
    if isinstance(node, list):
        for part in node:
            _walk(part, ctes, views, seen)
        return
    if not isinstance(node, dict):
        return
    if "cte_map" in node:
        for entry in node["cte_map"]["map"]:
            name = entry["key"].lower()
            if name in views:
                raise _refused(
                    f"与事实同名的 WITH {name}",
                    f"WITH {name}, which is the name of facts",
                    "请换个名字。",
                    "Use another name.",
                )
            _walk(entry["value"], ctes, views, seen)
            ctes = ctes | {name}
    _allowed(node, ctes, views, seen)
    for key, part in node.items():
        if key != "cte_map":
            _walk(part, ctes, views, seen)


def _allowed(node: dict[str, Any], ctes: frozenset[str], views: Collection[str], seen: Seen) -> None:
    kind, of = node.get("type"), node.get("class")
    if of is not None:
        if of == "PARAMETER":
            raise _refused("未定义的参数", "an undefined parameter", "请在 params 中定义。", "Define it under params.")
        if of not in _CLASSES:
            raise _refused(f"{of}", f"{of} here", "请改写。", "Say it another way.")
    elif isinstance(kind, str) and kind not in _NODES | _TABLES | _MODIFIERS | _ORDERS:
        raise _refused(f"{kind}", f"{kind} here", "请用普通的 SELECT。", "Use an ordinary SELECT.")
    if kind == "BASE_TABLE" and of is None:
        name = node["table_name"].lower()
        if node.get("schema_name") or node.get("catalog_name") or node.get("at_clause") or node.get("sample"):
            raise _refused(
                f"读取 {name} 的特殊方式", f"reading {name} in a special way", "请只写表名。", "Write the name alone."
            )
        if name not in ctes and name not in views:
            raise Refusal(
                Text(f"规则不能读取 {name}。", f"a rule may not read {name}."),
                Text(
                    "请在 over 或 feeds 中写明所读的数据。" + nearest(name, views).zh,
                    "Name the facts it reads under over or feeds. " + nearest(name, views).en,
                ),
            )
        seen.tables.add(name)
    elif kind == "TABLE_FUNCTION" and of is None:
        name = str(node["function"].get("function_name", "")).lower()
        if name not in TABLES:
            raise _refused(
                f"从函数 {name} 读取", f"reading from {name}()", "只能读取 over 和 feeds 中的数据。", "Read facts only."
            )
    if of in ("FUNCTION", "WINDOW"):
        name = str(node["function_name"]).lower()
        if node.get("schema") or node.get("catalog") or name not in ALLOWED:
            raise Refusal(
                Text(f"规则不能调用 {name}()。", f"a rule may not call {name}()."),
                nearest(name, [f for f in ALLOWED if f[0].isalpha()]),
            )
        seen.functions.add(name)
    elif of == "COLUMN_REF":
        if node["column_names"][-1].lower() in _CLOCK:
            raise _refused(
                f"{node['column_names'][-1]}（每次不同）",
                f"{node['column_names'][-1]}, which changes",
                "请用 $as_of。",
                "Say $as_of.",
            )
        seen.columns.add(node["column_names"][-1])


def _second_opinion(sql: str, views: Collection[str]) -> None:
    """sqlglot, which carries rules to other engines, must see one query over the same tables."""
    import sqlglot  # takes long to load, and only proving a rule needs it
    from sqlglot import exp

    try:
        statements = sqlglot.parse(sql, dialect="duckdb")
    except sqlglot.errors.SqlglotError as error:
        told = str(error).splitlines()[0]
        raise Refusal(
            Text(f"SQL 无法移植：{told}", f"this SQL cannot be carried to other engines: {told}"),
            Text("请用更普通的写法。", "Say it in plainer SQL."),
        ) from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise _refused(
            "不是一个 SELECT", "something that is not one SELECT", "请只写一个 SELECT。", "Write one SELECT."
        )
    query = statements[0]
    ctes = {cte.alias_or_name.lower() for cte in query.find_all(exp.CTE)}
    for table in query.find_all(exp.Table):
        if (
            isinstance(table.this, exp.Identifier)
            and table.name.lower() not in ctes
            and table.name.lower() not in views
        ):
            raise _refused(
                f"读取 {table.name}", f"reading {table.name}", "只能读取 over 和 feeds。", "Read over and feeds only."
            )


def _has(node: Any, key: str, value: str) -> bool:
    if isinstance(node, dict):
        return node.get(key) == value or any(_has(part, key, value) for part in node.values())
    return isinstance(node, list) and any(_has(part, key, value) for part in node)


def _refused(zh: str, en: str, fix_zh: str, fix_en: str) -> Refusal:
    return Refusal(Text(f"规则中不能有{zh}。", f"a rule may not have {en}."), Text(fix_zh, fix_en))


@lru_cache(maxsize=1)
def parser() -> duckdb.DuckDBPyConnection:
    """A connection that only parses."""
    connection = duckdb.connect(":memory:", config={"threads": 1})
    atexit.register(parser.cache_clear)  # DuckDB's binding complains of connections that outlive the interpreter
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


@lru_cache(maxsize=1)
def aggregates() -> frozenset[str]:
    rows = (
        parser()
        .cursor()
        .execute("SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type = 'aggregate'")
        .fetchall()
    )
    return frozenset(name for (name,) in rows) | {"count_star"}
