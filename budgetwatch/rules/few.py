"""Rows that selective questions can hit, laid aside: one scan decides them for all questions, each then reads only few.

A question often reads a feed once, under a condition that a row meets or not by itself: `settlement = 'cash' AND amount >=
10000`. Rows that do not meet it cannot change the answer, whatever the question does with the others. Such conditions
are found here (`condition`), all are counted in one scan, and the rows that meet any of the rarer ones are put into a
smaller table of the same columns. The question keeps its condition and reads that table.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import duckdb

from budgetwatch.rules import coding, sql

#: Parts of a feed's rows: a table takes in conditions that are each no wider than this share, and all no wider together.
SHARES = ((0.02, 0.1), (0.3, 0.6))
#: The same of groups of kept sums: to read a number of them costs little, so only what is rare is worth a table.
SUM_SHARES = ((0.1, 0.2),)
_NEVER = {"SUBQUERY", "WINDOW", "STAR", "LAMBDA", "PARAMETER", "DEFAULT"}


def condition(
    statement: dict[str, Any], feed: str, columns: Collection[str], table: str
) -> tuple[dict[str, Any], str] | None:
    """Where the question reads `table` (made of that feed, with these columns) once: that reference and, as SQL over the
    table, a condition that every row which matters to the answer meets; None where there is no such condition."""
    cte = next((entry for entry in statement["node"]["cte_map"]["map"] if entry["key"] == feed), None)
    shadow = cte["value"]["query_node"] if cte else None
    within = {id(part) for part in coding.walk(shadow)} if shadow else set()
    found = [
        (select, leaf)
        for select in coding.walk(statement)
        if select.get("type") == "SELECT_NODE" and id(select) not in within
        for leaf in coding.joined(select["from_table"])
        if leaf.get("table_name") == (feed if shadow else table)
    ]
    if len(found) != 1 or _mentions(statement, feed if shadow else table, within) != 1:
        return None
    select, leaf = found[0]
    if leaf["column_name_alias"]:
        return None
    alone = leaf is select["from_table"]
    if not alone and not _kept(select["from_table"], leaf):
        return None
    name = leaf["alias"] or leaf["table_name"]
    parts = [part for part in coding.conjuncts(select["where_clause"]) if _own(part, name, columns, alone=alone)]
    if shadow:
        base = shadow["from_table"]
        if base.get("type") != "BASE_TABLE" or base["table_name"] != table:
            return None
        parts += [
            part
            for part in coding.conjuncts(shadow["where_clause"])
            if _own(part, base["alias"] or table, columns, alone=True)
        ]
    said = _said(parts, table)
    return (shadow["from_table"] if shadow else leaf, said) if said else None


def lay_aside(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    into: str,
    conditions: Collection[str],
    *,
    shares: Sequence[tuple[float, float]] = SHARES,
    columns: str = "*",
) -> dict[str, str]:
    """Make the smaller tables of `table`, called `into` and a number; condition -> the number of the table that holds its rows."""
    listed = sorted(set(conditions))
    if not listed:
        return {}
    asked = ", ".join(f"count(*) FILTER (WHERE {one})" for one in listed)
    [(whole, *many)] = connection.execute(f"SELECT count(*), {asked} FROM {table}").fetchall()
    left = sorted(zip(many, listed, strict=True))
    placed: dict[str, str] = {}
    for number, (each, together) in enumerate(shares):
        taken: list[str] = []
        room = together * whole
        while left and left[0][0] <= min(each * whole, room):
            count, one = left.pop(0)
            room -= count
            taken.append(one)
        if taken:
            wanted = " OR ".join(f"({one})" for one in taken)
            connection.execute(f"CREATE OR REPLACE {into}{number} AS SELECT {columns} FROM {table} WHERE {wanted}")
            placed.update(dict.fromkeys(taken, str(number)))
    return placed


def _mentions(statement: dict[str, Any], name: str, within: Collection[int]) -> int:
    return sum(
        part.get("type") == "BASE_TABLE" and part["table_name"] == name and id(part) not in within
        for part in coding.walk(statement)
    )


def _kept(table: Mapping[str, Any], leaf: Mapping[str, Any]) -> bool:
    """Whether a row of the leaf that the WHERE leaves out has no part in the join's outcome."""
    if table is leaf:
        return True
    if table["type"] != "JOIN" or table.get("ref_type") not in ("REGULAR", "CROSS"):
        return False
    sides = {"INNER": ("left", "right"), "LEFT": ("left",)}.get(str(table["join_type"]), ())
    return any(_kept(table[side], leaf) for side in sides)


def _own(part: dict[str, Any], name: str, columns: Collection[str], *, alone: bool) -> bool:
    """Whether the condition is about single rows of that table only."""
    for one in coding.walk(part):
        kind = one.get("class")
        if kind in _NEVER or (kind == "FUNCTION" and one["function_name"].lower() in sql.aggregates()):
            return False
        if kind == "COLUMN_REF":
            names = one["column_names"]
            if names[-1] not in columns or not (names[:-1] == [name] or (alone and len(names) == 1)):
                return False
    return True


def _said(parts: list[dict[str, Any]], table: str) -> str | None:
    """The conditions together as SQL, their columns without the name of a table."""
    if not parts:
        return None
    told = sql.tree(f"SELECT 1 FROM {table} WHERE a AND b")
    where = told["node"]["where_clause"]
    plain = json.loads(json.dumps(parts))
    for one in coding.walk(plain):
        if one.get("class") == "COLUMN_REF":
            one["column_names"] = one["column_names"][-1:]
    told["node"]["where_clause"] = {**where, "children": plain} if len(plain) > 1 else plain[0]
    text = coding.said(told)
    start = f"SELECT 1 FROM {table} WHERE "
    return text.removeprefix(start) if text is not None and text.startswith(start) else None
