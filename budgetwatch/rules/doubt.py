"""A condition's hits and its undecided rows in one filter that an engine can cut short.

`(condition) IS NOT FALSE` says the same, but an engine evaluates the whole of it for every row. A
conjunction is not false exactly where none of its parts is, a disjunction where any is not; said part by
part, the first part that is false ends the matter, as it does in a plain WHERE.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Collection
from typing import Any

import duckdb

from budgetwatch.rules import sql


def not_false(condition: str, feed: str, sure: Collection[str]) -> str:
    """SQL that is true for exactly the rows for which the condition is true or NULL; `sure` columns are never NULL there."""
    whole = f"((\n{condition}\n) IS NOT FALSE)"
    try:
        statement = sql.tree(f"SELECT 1 FROM {feed} WHERE (\n{condition}\n)")
        mould = sql.tree(f"SELECT 1 FROM {feed} WHERE 1 IS NOT FALSE")["node"]["where_clause"]
        statement["node"]["where_clause"] = _eased(statement["node"]["where_clause"], frozenset(sure), mould)
        said = written(statement)
    except (duckdb.Error, KeyError, ValueError):
        return whole
    start = f"SELECT 1 FROM {feed} WHERE "
    # What DuckDB writes must read as the very tree it was written from.
    if not said.startswith(start) or bare(sql.tree(said)) != bare(statement):
        return whole
    return f"({said.removeprefix(start)})"


def _eased(part: dict[str, Any], sure: frozenset[str], mould: dict[str, Any]) -> dict[str, Any]:
    if part["class"] == "CONJUNCTION":
        return {**part, "children": [_eased(child, sure, mould) for child in part["children"]]}
    if _decided(part, sure):
        return part
    wrapped = copy.deepcopy(mould)
    wrapped["left"]["child"] = part
    return wrapped


def _decided(part: dict[str, Any], sure: frozenset[str]) -> bool:
    """Whether the part is surely true or false: it only compares sure columns with constants. An engine can read less for it."""
    match part["class"]:
        case "COLUMN_REF":
            return part["column_names"][-1] in sure
        case "CONSTANT":
            return "NULL" not in json.dumps(part.get("literal") or part.get("value") or "NULL").upper()
        case "CAST" if not part["try_cast"]:  # a cast that fails breaks the question, it gives no NULL
            return part["child"]["class"] == "CONSTANT" and _decided(part["child"], sure)
        case "COMPARISON":
            return _decided(part["left"], sure) and _decided(part["right"], sure)
        case "BETWEEN":
            return all(_decided(part[side], sure) for side in ("input", "lower", "upper"))
        case "OPERATOR" if part["type"] in ("COMPARE_IN", "COMPARE_NOT_IN", "OPERATOR_NOT"):
            return all(_decided(child, sure) for child in part["children"])
        case "OPERATOR":
            return part["type"] in ("OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL")
    return False


def bare(part: Any) -> Any:
    """The tree without the places of its parts in the text."""
    if isinstance(part, dict):
        return {name: bare(value) for name, value in part.items() if not name.startswith("query_location")}
    return [bare(one) for one in part] if isinstance(part, list) else part


def written(statement: dict[str, Any]) -> str:
    [(text,)] = sql.parser().cursor().execute(
        "SELECT json_deserialize_sql(?)", [json.dumps({"error": False, "statements": [statement]})]
    ).fetchall()  # fmt: skip
    return str(text)
