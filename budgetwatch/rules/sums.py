"""Sums that questions ask of a large feed, kept beside it: groups with what is added up, counted or found greatest in each.

Many questions begin by grouping a feed: paid by unit, year and payee. Such a SELECT is found wherever it stands in a question;
its groups with their aggregates are kept as a table (`wanted`: one for all questions that group the same rows alike), and the
question reads that instead of the rows (`put`). Only aggregates are kept that can be put together from those of parts, so
that rows which come later are added to them (`added`).
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from budgetwatch.rules import coding, sql, withs
from budgetwatch.rules.doubt import bare
from budgetwatch.rules.refusal import Refusal

#: Aggregates of which parts make the whole, and how.
_TOGETHER = {
    "sum": "sum", "count": "sum", "count_star": "sum", "min": "min", "max": "max", "bool_and": "bool_and", "bool_or": "bool_or",
}  # fmt: skip
_NEVER = {"SUBQUERY", "WINDOW", "STAR", "LAMBDA", "PARAMETER", "DEFAULT"}
Tree = dict[str, Any]
#: The columns of a smaller table of some groups, with their places in the table of all.
PLACED = "*, rowid AS _at"


@dataclass(frozen=True, slots=True)
class Sum:
    """The groups of a table: `text` gives them, `keys` are the columns by which they are grouped, and each aggregate, a column
    too, is put `together` by a function. `source` is the one table that is read, and `base` tells which of its rows are
    grouped and how. A column is called after the expression that it holds, so that the same one is found wherever it stands."""

    base: str
    text: str
    source: str
    keys: tuple[str, ...]
    together: tuple[tuple[str, str], ...]

    @property
    def columns(self) -> list[str]:
        return [*self.keys, *(name for name, _ in self.together)]


def wanted(questions: Iterable[str], tables: Collection[str]) -> list[Sum]:
    """The sums in these questions that are made of one of these tables alone, each once; in an order of their own."""
    together: dict[str, _Grouping] = {}
    for question in questions:
        try:
            for base, grouping in _found(sql.tree(question), tables):
                together.setdefault(base, grouping).aggregates.update(grouping.aggregates)
        except (Refusal, duckdb.Error):  # the rule will say so itself
            continue
    return [one for base in sorted(together) if (one := together[base].kept(base)) is not None]


def fewer(one: Sum, without: Collection[str]) -> Sum | None:
    """The sum without these columns; None where nothing is left of it."""
    if {*without} & {*one.keys}:
        return None
    statement = sql.tree(one.text)
    node = statement["node"]
    node["select_list"] = [item for item in node["select_list"] if item["alias"] not in without]
    text = coding.said(statement) if node["select_list"] else None
    left = tuple((name, how) for name, how in one.together if name not in without)
    return Sum(one.base, text, one.source, one.keys, left) if text is not None else None


def keys_read(one: Sum) -> list[tuple[str, set[str]]]:
    """Each key with the columns of the source that its expression reads."""
    node = sql.tree(one.text)["node"]
    listed = {item["alias"]: item for item in node["select_list"]}
    between = [entry["value"]["query_node"]["select_list"] for entry in node["cte_map"]["map"]]
    return [(name, _columns_beneath(listed[name], between)) for name in one.keys]


def _columns_beneath(part: Tree, between: Sequence[Sequence[Tree]]) -> set[str]:
    """The source's columns that an expression reads through the lists of columns `between`."""
    names = {one["column_names"][-1] for one in coding.walk(part) if one.get("class") == "COLUMN_REF"}
    if not between:
        return names
    *further, last = between
    made = {item["alias"]: item for item in last if item["alias"]}
    return {column for name in names for column in _columns_beneath(made.get(name) or _column(name, {}), further)}


def put(statement: Tree, tables: Collection[str], kept: Mapping[str, Sum]) -> bool:
    """Let the question's tree read the sums that are kept (by their tables); whether it has any of them."""
    by_base = {one.base: (table, {*one.columns}) for table, one in kept.items()}
    there = [
        (grouping, by_base[base][0])
        for base, grouping in _found(statement, tables)
        if base in by_base and by_base[base][1].issuperset(grouping.aggregates)
    ]
    for grouping, table in there:
        grouping.read(table)
    return bool(there)


def touched(one: Sum, table: str, parts: str, absent: Collection[str]) -> str:
    """The SELECT of the groups of a kept table that a table of further `parts` touches, each with its place `_at` in the table;
    `absent` are the keys that are empty in some of the parts. Of what is simply equal the engine knows where it can be: a
    month that all parts have in common stands in few blocks of a table that lies in the order of time."""
    how = {name: "IS NOT DISTINCT FROM" if name in absent else "=" for name in one.keys}
    same = " AND ".join(f"t.{name} {how[name]} p.{name}" for name in one.keys) or "true"
    return f"SELECT t.rowid AS _at, t.* FROM {table} AS t SEMI JOIN {parts} AS p ON {same}"


def untouched(table: str, touched: str) -> str:
    """The SELECT of the others; to look for their places costs half of what looking for their keys does."""
    return f"SELECT t.* FROM {table} AS t ANTI JOIN {touched} AS p ON p._at = t.rowid"


def smaller(table: str, touched: str, both: str, conditions: Collection[str]) -> str:
    """The SELECT of a smaller table of those groups that meet one of the conditions, with what further parts add (`both`)."""
    met = " OR ".join(f"({one})" for one in conditions)
    left = f"SELECT t.* EXCLUDE (_at) FROM {table} AS t ANTI JOIN {touched} AS p ON p._at = t._at"
    return f"{left} UNION ALL FROM {both} WHERE {met}"


def added(one: Sum, touched: str, parts: str, types: Mapping[str, str]) -> str:
    """The SELECT of the touched groups with what further parts add to them, and of those that only the parts have."""
    told = [f"{how}({name})::{types[name]} AS {name}" for name, how in one.together]
    names = ", ".join(one.columns)
    both = f"SELECT {names} FROM {touched} UNION ALL SELECT {names} FROM {parts}"
    together = f"SELECT {', '.join([*one.keys, *told])} FROM ({both})"
    return f"{together} GROUP BY {', '.join(one.keys)}" if one.keys else together


# ── looking for them ─────────────────────────────────────────────────────────────────────────────────


def _found(statement: Tree, tables: Collection[str]) -> Iterator[tuple[str, _Grouping]]:
    """Each SELECT that is a sum, with what tells its groups apart from those of others."""
    parts = [entry for node in _withs(statement["node"]) for entry in node["cte_map"]["map"]]
    if not withs.alone(statement, [entry["key"] for entry in parts]):
        return
    named = {entry["key"]: entry for entry in parts}
    for node in [one for one in coding.walk(statement) if one.get("type") == "SELECT_NODE"]:
        chain = _chain(node["from_table"], named, tables)
        if chain is None or node["cte_map"]["map"]:
            continue
        grouping = _Grouping.of(node, *chain)
        if grouping is not None and (base := grouping.written({})) is not None:
            yield base, grouping


def _withs(outer: Tree) -> list[Tree]:
    inner = withs.question_node(outer)
    return [outer] if inner is outer or inner is None else [outer, inner]


def _chain(table: Tree, named: Mapping[str, Tree], tables: Collection[str]) -> tuple[str, list[Tree]] | None:
    """The one table beneath, and what is named under WITH on the way to it: only rows and columns of the one before."""
    between: list[Tree] = []
    while table["type"] == "BASE_TABLE" and not table["column_name_alias"] and not table["sample"]:
        name = table["table_name"]
        if name in named and not table["schema_name"]:
            entry = named[name]
            inner = entry["value"]["query_node"]
            if entry in between or not withs.plain(inner) or inner["modifiers"] or entry["value"]["aliases"]:
                return None
            between.insert(0, entry)
            table = inner["from_table"]
            continue
        return (name, between) if name in tables and not table["schema_name"] else None
    return None


class _Grouping:
    """A SELECT that groups the rows of one table, `source`, beneath what is named `between`: its keys, its aggregates, and itself
    over a table of both."""

    def __init__(self, select: Tree, keys: list[Tree], source: str, between: list[Tree]) -> None:
        self.select, self.source, self.between = select, source, between
        self.at = {coding.key(key): _name("_k", coding.key(key)) for key in keys}
        self.keys = dict(sorted({self.at[coding.key(key)]: key for key in keys}.items()))
        self.aggregates: dict[str, Tree] = {}
        self.aliases = {one["alias"]: one for one in select["select_list"] if one["alias"]}
        self.items: list[Tree] = []
        self.having: Tree | None = None

    @classmethod
    def of(cls, select: Tree, source: str, between: list[Tree]) -> _Grouping | None:
        """The grouping; None where it is none, or one whose parts do not make the whole."""
        distinct = [one for one in select["modifiers"] if one["type"] == "DISTINCT_MODIFIER"]
        if (
            select["qualify"]
            or select["sample"]
            or len(select["modifiers"]) > len(distinct)
            or len(select["group_sets"]) > 1
        ):
            return None
        if select["group_expressions"]:
            keys = select["group_expressions"]
            if distinct:
                return None
        elif distinct and not distinct[0]["distinct_on_targets"] and not coding.aggregated(select):
            keys = select["select_list"]
        elif not distinct and coding.aggregated(select):  # all rows are one group
            keys = []
        else:
            return None
        if select["aggregate_handling"] != "STANDARD_HANDLING" or any(
            part.get("class") in _NEVER
            for part in coding.walk([select["select_list"], select["where_clause"], select["having"], keys])
        ):
            return None
        made = cls(select, keys, source, between)
        if any(made._unclear(key) for key in keys):
            return None
        try:
            for item in select["select_list"]:
                name = item["alias"] or (item["column_names"][-1] if item["class"] == "COLUMN_REF" else "")
                if not name:
                    return None
                made.items.append({**made._over(item, frozenset()), "alias": name})
            made.having = made._over(select["having"], frozenset()) if select["having"] else None
        except _Unfit:
            return None
        return made

    def _unclear(self, key: Tree) -> bool:
        """Whether it may mean something in the list of columns, by its number or its name there."""
        if key["class"] == "CONSTANT":
            return True
        named = self.aliases.get(key["column_names"][-1]) if key["class"] == "COLUMN_REF" else None
        return named is not None and coding.key(named) != coding.key(key)

    def _over(self, part: Any, seen: frozenset[str]) -> Any:
        """The expression over the keys and aggregates."""
        if isinstance(part, list):
            return [self._over(one, seen) for one in part]
        if not isinstance(part, dict):
            return part
        if "class" in part:
            if name := self.at.get(coding.key(part)):
                return _column(name, part)
            if part["class"] == "FUNCTION" and part["function_name"].lower() in sql.aggregates():
                return _column(self._kept(part), part)
            if part["class"] == "COLUMN_REF":
                meant = part["column_names"][-1]
                if len(part["column_names"]) > 1 or meant not in self.aliases or meant in seen:
                    raise _Unfit
                return {**self._over(self.aliases[meant], seen | {meant}), "alias": part["alias"]}
        return {name: self._over(one, seen) for name, one in part.items()}

    def _kept(self, aggregate: Tree) -> str:
        how = _TOGETHER.get(aggregate["function_name"].lower())
        if how is None or aggregate["distinct"] or aggregate["order_bys"]["orders"] or aggregate["export_state"]:
            raise _Unfit
        name = _name("_a", coding.key(aggregate))
        self.aggregates[name] = aggregate
        return name

    def kept(self, base: str) -> Sum | None:
        """The sum that holds these groups with these aggregates."""
        told = dict(sorted(self.aggregates.items()))
        text = self.written(told) if told or self.keys else None
        together = tuple((name, _TOGETHER[one["function_name"].lower()]) for name, one in told.items())
        return Sum(base, text, self.source, tuple(self.keys), together) if text is not None else None

    def written(self, aggregates: Mapping[str, Tree]) -> str | None:
        """The SELECT of the keys and these aggregates."""
        listed = [{**part, "alias": name} for name, part in [*self.keys.items(), *aggregates.items()]]
        keys = [{**key, "alias": ""} for key in self.keys.values()]
        node = {
            **copy.deepcopy(self.select), "select_list": listed or [_one()], "group_expressions": keys,
            "group_sets": [list(range(len(keys)))] if keys else [], "having": None, "modifiers": [],
        }  # fmt: skip
        return withs.written(node, self.between, {})

    def read(self, table: str) -> None:
        """Make of the SELECT one over the kept table."""
        alias = self.select["from_table"]["alias"] or self.select["from_table"]["table_name"]
        read = {
            **copy.deepcopy(self.select["from_table"]), "table_name": table, "alias": alias, "qualified_name": {"path": [table]},
        }  # fmt: skip
        self.select.update(
            select_list=self.items, from_table=read, where_clause=self.having, group_expressions=[], group_sets=[], having=None,
            modifiers=[],
        )  # fmt: skip


class _Unfit(Exception):
    """It cannot be told of keys and aggregates alone."""


def _column(name: str, part: Tree) -> Tree:
    made: Tree = json.loads(json.dumps(bare(_reference())))
    return {**made, "column_names": [name], "alias": part.get("alias", "")}


def _name(sign: str, key: str) -> str:
    return f"{sign}_{hashlib.sha256(key.encode()).hexdigest()[:12]}"


def _one() -> Tree:
    told: Tree = sql.tree("SELECT 1 AS one")["node"]["select_list"][0]
    return told


def _reference() -> Tree:
    told: Tree = sql.tree("SELECT x")["node"]["select_list"][0]
    return told
