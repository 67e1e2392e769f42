"""How a question is asked of only those rows of a large table that its small steps reach, told from its tree (`reached`).

A question that joins payments with three accounts needs a handful of payments in ten million. Read in one go, every column
that it may need is read of all of them. Here the places of the rows are found first, by the joins and nothing else, and the
question is asked of these rows. Rows outside them join nothing, so the answers are the same.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from budgetwatch.rules import coding, sql
from budgetwatch.rules.reached import KEYS, PLACE, PLACED, REACHED, Joined, Reach
from budgetwatch.rules.withs import plain, point

_ROW = "_row"
#: What a star in a tree may leave out or show differently.
_STAR_BUT = ("exclude_list", "qualified_exclude_list", "replace_list", "rename_list", "expr")


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
        told.append(_join(select, ours[0], others, [named[name] for name in rows]))
        reads += 1
    all_reads = sum(leaf["table_name"] in {table, *rows} for leaf in coding.base_tables(statement))
    if not told or all_reads != reads + len(rows):
        return None
    narrowed = copy.deepcopy(statement)
    point(narrowed, {table: REACHED})
    last = coding.said(narrowed)
    joined = [_said(one, table, at) for at, one in enumerate(told)]
    if last is None or None in joined:
        return None
    return Reach(table, tuple(one for one in joined if one is not None), last)


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


@dataclass(slots=True)
class _Join:
    """The question for the places of the rows that a SELECT's joins reach; and where it joins one step only, that step in it,
    the columns by which they are joined, and one of them with the column of the table itself that it must equal."""

    places: dict[str, Any]
    step: dict[str, Any] | None = None
    columns: tuple[str, ...] = ()
    equal: tuple[str, str] = ("", "")


def _join(
    select: Mapping[str, Any], leaf: Mapping[str, Any], others: Sequence[Mapping[str, Any]], rows: Collection[Any]
) -> _Join:
    """How a SELECT's joins reach rows, under what it asks of the steps alone; what it asks of single rows would only have more
    columns read here."""
    statement: dict[str, Any] = copy.deepcopy(sql.tree(f'SELECT "{_name(leaf)}".{PLACE}, {PLACE} WHERE true AND true'))
    node = statement["node"]
    names = {_name(one) for one in others}
    kept = [one for one in coding.conjuncts(select["where_clause"]) if _of_these(one, names)]
    node["where_clause"] = (
        {**node["where_clause"], "children": [*node["where_clause"]["children"][:1], *kept]} if kept else None
    )
    node["from_table"] = select["from_table"]
    node["cte_map"]["map"] = [*rows]
    statement = copy.deepcopy(statement)
    node = statement["node"]
    place = node["select_list"].pop()
    for entry in node["cte_map"]["map"]:
        inner = entry["value"]["query_node"]
        inner["where_clause"] = None
        if not any(one["class"] == "STAR" for one in inner["select_list"]):
            inner["select_list"].append(copy.deepcopy(place))
    columns = _joined_by(select["from_table"], names)
    if len(others) != 1 or not columns:
        return _Join(statement)
    [step] = [one for one in coding.joined(node["from_table"]) if _name(one) in names]
    return _Join(statement, step, columns, _equal(select, leaf, step, rows))


def _equal(
    select: Mapping[str, Any], leaf: Mapping[str, Any], step: Mapping[str, Any], rows: Collection[Any]
) -> tuple[str, str]:
    """A column of the table itself that an inner join has equal to one of the step's, and that; nothing where none is plain."""
    ours, theirs = _name(leaf), _name(step)
    for one in coding.conjuncts(select["from_table"].get("condition")):
        sides = (one["left"], one["right"]) if one.get("type") == "COMPARE_EQUAL" else ()
        named = {side["column_names"][0]: side["column_names"][1] for side in sides if side["class"] == "COLUMN_REF"}
        if {*named} == {ours, theirs} and (column := _source(leaf["table_name"], named[ours], rows)):
            return column, '"' + named[theirs] + '"'
    return "", ""


def _source(name: str, column: str, rows: Collection[Any]) -> str:
    """The column of the table itself that a column of its rows is; empty where it is made of something."""
    entry = next((entry for entry in rows if entry["key"] == name), None)
    if entry is None:
        return f'"{column}"'
    node = entry["value"]["query_node"]
    found = [
        one for one in node["select_list"]
        if one["class"] != "STAR" and column == (one["alias"] or one.get("column_names", [""])[-1])
    ]  # fmt: skip
    if not found:
        stars = [one for one in node["select_list"] if one["class"] == "STAR"]
        whole = stars and not any(one.get(changed) for one in stars for changed in _STAR_BUT)
        return _source(node["from_table"]["table_name"], column, rows) if whole else ""
    if len(found) > 1 or found[0]["class"] != "COLUMN_REF":
        return ""
    return _source(node["from_table"]["table_name"], found[0]["column_names"][-1], rows)


def _joined_by(table: Mapping[str, Any], names: Collection[str]) -> tuple[str, ...]:
    """The columns of the tables of these names that joins speak of; none where it is not clear whose a column is."""
    found: dict[str, None] = {}
    for one in coding.walk(table):
        if one.get("class") == "COLUMN_REF":
            if len(one["column_names"]) != 2:
                return ()
            if one["column_names"][0] in names:
                found[one["column_names"][1]] = None
    return tuple(found)


def _said(join: _Join, table: str, at: int) -> Joined | None:
    """The join as SQL: its one step is asked for the keys, and the table of these is joined in its place."""
    point(join.places, {table: PLACED})
    keys: str | None = ""
    if join.step is not None:
        name = _name(join.step)
        told = ", ".join(f'"{name}"."{column}"' for column in join.columns)
        asked: dict[str, Any] = copy.deepcopy(sql.tree(f"SELECT DISTINCT {told}"))
        asked["node"] |= {"from_table": copy.deepcopy(join.step), "where_clause": join.places["node"]["where_clause"]}
        keys = coding.said(asked)
        join.places["node"]["where_clause"] = None
        join.step.update(table_name=f"{KEYS}{at}", alias=name, qualified_name={"path": [f"{KEYS}{at}"]})
    places = coding.said(join.places)
    return None if places is None or keys is None else Joined(places, keys, *join.equal)


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
