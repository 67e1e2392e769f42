"""What a question names under WITH, in its tree: where that stands, whether it is plain rows, and how a part is written alone."""

from __future__ import annotations

import copy
import json
from collections import Counter
from typing import Any

from budgetwatch.rules import coding, sql


def question_node(node: dict[str, Any]) -> dict[str, Any] | None:
    """The SELECT whose WITH is looked at: of one that is put over a feed's judgeable rows (`compile`) the one within."""
    if node["type"] != "SELECT_NODE":
        return node if node["type"] == "SET_OPERATION_NODE" else None
    table = node["from_table"]
    if node["cte_map"]["map"] and table["type"] == "SUBQUERY" and table["alias"] == "question":
        within: dict[str, Any] = table["subquery"]["node"]
        return within
    return node


def alone(statement: dict[str, Any], names: list[str]) -> bool:
    """Whether no deeper WITH takes one of these names, so that each means one thing wherever it stands."""
    found = Counter(
        entry["key"] for part in coding.walk(statement) if "cte_map" in part for entry in part["cte_map"]["map"]
    )
    return all(found[name] == 1 for name in {*names}) and len({*names}) == len(names)


def plain(node: dict[str, Any]) -> bool:
    """Whether it is no more than rows and columns of one table."""
    return (
        node["type"] == "SELECT_NODE"
        and node["from_table"]["type"] == "BASE_TABLE"
        and not node["group_expressions"]
        and not node["qualify"]
        and not coding.aggregated(node)
        and not any(part.get("class") in ("WINDOW", "SUBQUERY") for part in coding.walk(node))
    )


def written(node: dict[str, Any], kept: list[dict[str, Any]], tables: dict[str, str]) -> str | None:
    """A step as SQL, with those of the WITH that it still reads itself."""
    statement = copy.deepcopy(_mould())
    statement["node"] = copy.deepcopy(node)
    own = statement["node"]["cte_map"]
    own["map"] = [*copy.deepcopy(kept), *own["map"]]
    point(statement, tables)
    return coding.said(statement)


def point(statement: dict[str, Any], tables: dict[str, str]) -> None:
    """Read the tables that were laid down, under the names they had."""
    for part in coding.walk(statement):
        if part.get("type") == "BASE_TABLE" and part["table_name"] in tables and not part["schema_name"]:
            table = tables[part["table_name"]]
            part.update(alias=part["alias"] or part["table_name"], table_name=table, qualified_name={"path": [table]})


def _mould() -> dict[str, Any]:
    mould: dict[str, Any] = json.loads(json.dumps(sql.tree("SELECT 1")))
    return mould
