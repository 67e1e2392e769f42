"""Which rows of a large table a question reaches through its small steps: found by what joins them, then they alone are read.

A question that joins payments with three accounts needs a handful of payments in ten million. Read in one go, every column
that it may need is read of all of them. Here the places of the rows are found first, by the joins and nothing else, and the
question is asked of these rows. Rows outside them join nothing, so the answers are the same.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from budgetwatch.rules import coding, sql
from budgetwatch.rules.withs import plain, point

_log = logging.getLogger(__name__)
#: The view of the rows that are reached, and the table of their places.
REACHED, NUMBERS = "_reached", "_reached_rows"
#: The view of all rows with their places, and the column that tells these.
_PLACED, _PLACE = "_placed", "_place"
#: Where more than this share of the rows is reached, to look them up costs what it costs to read all.
MOST_SHARE = 0.01
_ROW = "_row"


@dataclass(frozen=True, slots=True)
class Part:
    """A table that a large one is put together of, which may be a view: it is called `t` in its `columns` and in what is
    `left` out. Its rows are found by their place in it."""

    table: str
    columns: str = "t.*"
    left: str = ""


@dataclass(frozen=True, slots=True)
class Reach:
    """The large table, the question for the places of its rows that are reached, and what is then asked of `REACHED`."""

    table: str
    numbers: str
    last: str

    def few(self, connection: duckdb.DuckDBPyConnection, parts: Sequence[Part]) -> bool:
        """Whether few rows are reached; they then stand in the view that is asked. `parts` are those of the table."""
        parts = parts or (Part(self.table),)
        try:
            counts = " + ".join(f"(SELECT count(*) FROM {part.table})" for part in parts)
            [(whole,)] = connection.execute(f"SELECT {counts}").fetchall()
            most = int(whole * MOST_SHARE)
            _view(connection, _PLACED, parts, "{columns}, t.rowid * {many} + {at} AS " + _PLACE, "")
            made = f"CREATE OR REPLACE TEMP TABLE {NUMBERS} AS FROM ({self.numbers}) LIMIT {most + 1}"
            [(many,)] = connection.execute(made).fetchall()
            if many > most:
                return False
            here = f"(SELECT {_PLACE} // {{many}} FROM {NUMBERS} WHERE {_PLACE} % {{many}} = {{at}})"
            _view(connection, REACHED, parts, "{columns}", f" WHERE t.rowid IN {here}")
        except duckdb.Error as error:
            _log.debug("rows are not looked for first: %s", str(error).splitlines()[0])
            return False
        return True


def _view(connection: duckdb.DuckDBPyConnection, name: str, parts: Sequence[Part], shown: str, where: str) -> None:
    told = [
        f"SELECT {shown} FROM {part.table} AS t{part.left}{where}".format(columns=part.columns, many=len(parts), at=at)
        for at, part in enumerate(parts)
    ]
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {' UNION ALL '.join(told)}")


def forget(connection: duckdb.DuckDBPyConnection) -> None:
    """Take away what was made to look for rows."""
    for view in (REACHED, _PLACED):
        connection.execute(f"DROP VIEW IF EXISTS {view}")
    connection.execute(f"DROP TABLE IF EXISTS {NUMBERS}")


def reach(statement: dict[str, Any], numbered: Collection[str], laid: Collection[str]) -> Reach | None:
    """How the tree is asked of the rows that it reaches in one of the tables `numbered` (they have a `_row`) by inner joins
    with tables `laid` down before; None where it reads others too."""
    found = {leaf["table_name"] for leaf in coding.base_tables(statement)} & {*numbered}
    named = _named(statement)
    if len(found) != 1 or not found.isdisjoint(named):
        return None
    [table] = found
    rows = _rows(named, table)
    own = {id(part) for name in rows for part in coding.walk(named[name]["value"]["query_node"])}
    told, reads = [], 0
    for select in coding.walk(statement):
        if select.get("type") != "SELECT_NODE" or id(select) in own:
            continue
        leaves = [*coding.joined(select["from_table"])]
        ours = [leaf for leaf in leaves if leaf.get("table_name") in {table, *rows}]
        if not ours:
            continue
        others = [leaf for leaf in leaves if leaf is not ours[0]]
        if (
            not others
            or not all(leaf.get("table_name") in laid for leaf in others)
            or not _joined(select["from_table"])
        ):
            return None
        told.append(_asked(select, ours[0], others, [named[name] for name in rows]))
        reads += 1
    all_reads = sum(leaf["table_name"] in {table, *rows} for leaf in coding.base_tables(statement))
    if not told or all_reads != reads + len(rows):
        return None
    narrowed = copy.deepcopy(statement)
    point(narrowed, {table: REACHED})
    for one in told:
        point(one, {table: _PLACED})
    texts = [coding.said(one) for one in (*told, narrowed)]
    if None in texts:
        return None
    *numbers, last = (text for text in texts if text is not None)
    return Reach(table, " UNION ALL ".join(f"({one})" for one in numbers), last)


def _named(statement: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What stands under WITH anywhere, by name; the callers see to it that each name means one thing."""
    return {
        entry["key"]: entry for part in coding.walk(statement) if "cte_map" in part for entry in part["cte_map"]["map"]
    }


def _rows(named: Mapping[str, dict[str, Any]], table: str) -> list[str]:
    """Those that are rows of the table, with their numbers: some of its columns, under a condition or none."""
    found: list[str] = []
    while True:
        more = [name for name, entry in named.items() if name not in found and _are_rows(entry, {table, *found})]
        if not more:
            return found
        found += more


def _are_rows(entry: Mapping[str, Any], of: Collection[str]) -> bool:
    node = entry["value"]["query_node"]
    return (
        not entry["value"]["aliases"]
        and node["type"] == "SELECT_NODE"
        and plain(node)
        and not node["modifiers"]
        and not node["sample"]
        and node["from_table"]["table_name"] in of
        and any(
            one["class"] == "STAR" or (one["class"] == "COLUMN_REF" and one["column_names"][-1] == _ROW and one["alias"] in ("", _ROW))
            for one in node["select_list"]
        )
    )  # fmt: skip


def _joined(table: Mapping[str, Any]) -> bool:
    """Whether all of it is inner joins on something equal."""
    if table["type"] != "JOIN":
        return table["type"] == "BASE_TABLE"
    return (
        table["join_type"] == "INNER"
        and table["ref_type"] == "REGULAR"
        and any(one.get("type") == "COMPARE_EQUAL" for one in coding.conjuncts(table["condition"]))
        and _joined(table["left"])
        and _joined(table["right"])
    )


def _asked(
    select: Mapping[str, Any], leaf: Mapping[str, Any], others: Collection[Mapping[str, Any]], rows: Collection[Any]
) -> dict[str, Any]:
    """The places of the rows that a SELECT's joins reach, under what it asks of the steps alone; what it asks of single rows
    would only have more columns read here."""
    statement: dict[str, Any] = copy.deepcopy(
        sql.tree(f'SELECT "{_name(leaf)}".{_PLACE}, {_PLACE} WHERE true AND true')
    )
    node = statement["node"]
    names = {_name(one) for one in others}
    kept = [one for one in coding.conjuncts(select["where_clause"]) if _of_these(one, names)]
    node["where_clause"] = (
        {**node["where_clause"], "children": [*node["where_clause"]["children"][:1], *kept]} if kept else None
    )
    node["from_table"] = select["from_table"]
    node["cte_map"]["map"] = [*rows]
    statement = copy.deepcopy(statement)
    place = statement["node"]["select_list"].pop()
    for entry in statement["node"]["cte_map"]["map"]:
        inner = entry["value"]["query_node"]
        inner["where_clause"] = None
        if not any(one["class"] == "STAR" for one in inner["select_list"]):
            inner["select_list"].append(copy.deepcopy(place))
    return statement


def _name(leaf: Mapping[str, Any]) -> str:
    return str(leaf["alias"] or leaf["table_name"])


def _of_these(condition: dict[str, Any], names: Collection[str]) -> bool:
    """Whether it is about columns of these tables only."""
    for one in coding.walk(condition):
        if one.get("class") == "COLUMN_REF" and (len(one["column_names"]) < 2 or one["column_names"][0] not in names):
            return False
        if one.get("class") in ("SUBQUERY", "WINDOW"):
            return False
    return True
