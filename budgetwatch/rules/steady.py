"""The same answer whatever order the rows lie in: ties are broken by the value itself.

Files are joined and rows laid anew while flags rest on them. `arg_max`, `any_value` and `string_agg` answer by whichever
row comes first where several are equal; a question is put so that they cannot. What a list holds is put in order where
evidence is kept (`finding`).
"""

from __future__ import annotations

import copy
import re
from functools import lru_cache
from typing import Any

import duckdb

from budgetwatch.rules import coding, sql
from budgetwatch.rules.refusal import Refusal

_FURTHEST = {"arg_max", "arg_min", "max_by", "min_by"}
_ANY = {"any_value", "first"}
_LOOSE = re.compile(rf"\b(?:{'|'.join(sorted({*_FURTHEST, *_ANY, 'string_agg'}))})\s*\(", re.IGNORECASE)


@lru_cache(maxsize=1024)
def steady(question: str) -> str:
    """The question with its ties broken; itself where nothing in it is loose, or where it cannot be written anew."""
    if not _LOOSE.search(question):
        return question
    try:
        statement = sql.tree(question)
        calls = [part for part in coding.walk(statement) if part.get("class") == "FUNCTION"]
        fixed = [_fix(call) for call in calls if not call["order_bys"]["orders"]]
        return (coding.said(statement) if any(fixed) else None) or question
    except (Refusal, duckdb.Error):
        return question


def _fix(call: dict[str, Any]) -> bool:
    name, given = str(call["function_name"]).lower(), call["arguments"]
    if name in _FURTHEST and len(given) == 2:
        # Of equal ones the greatest (or least) value; where there is nothing to compare by, the row is left out as ever.
        case = _template("CASE WHEN by_ IS NOT NULL THEN row(by_, what_) END")
        check = case["case_checks"][0]
        check["when_expr"]["children"][0] = copy.deepcopy(given[1]["expression"])
        pair = check["then_expr"]["arguments"]
        pair[0]["expression"], pair[1]["expression"] = given[1]["expression"], copy.deepcopy(given[0]["expression"])
        given[1]["expression"] = case
    elif name in _ANY and len(given) == 1:
        call["function_name"], call["qualified_name"] = "min", {"path": ["min"]}
    elif name == "string_agg":
        order = _template("string_agg(x, ',' ORDER BY x)")["order_bys"]
        order["orders"][0]["expression"] = copy.deepcopy(given[0]["expression"])
        call["order_bys"] = order
    else:
        return False
    return True


def _template(expression: str) -> dict[str, Any]:
    node: dict[str, Any] = sql.tree(f"SELECT {expression}")["node"]["select_list"][0]
    return copy.deepcopy(node)
