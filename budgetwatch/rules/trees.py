"""Expressions of a question as DuckDB's parse trees, and the keys that are made of them: small questions about both.

A column of a table in FROM is written `("@n", name)`, n being the table's place there; one of the query outside
`("^", …)`. See `partition` for what keys are.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from typing import Any

from budgetwatch.rules import sql

#: All rows of the feed belong to every key.
WHOLE = "*"
#: The day that stands for the run's in the trees; no fact is of it.
SENTINEL = dt.date(1583, 2, 3)
#: Keys looked at of one expression; more would be of no use and take long.
_MOST = 48
Tree = dict[str, Any]
Key = frozenset[tuple[int, str]]


class Whole(Exception):
    """The question is asked whole; `code` is one of `WHY`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def text_of(expression: Tree) -> str:
    return json.dumps({k: v for k, v in expression.items() if k != "alias"}, sort_keys=True, ensure_ascii=False)


def parts_of(part: Any, *, into: bool = False) -> Iterator[Tree]:
    """Every node of an expression; those of subqueries only where asked."""
    if isinstance(part, list):
        for one in part:
            yield from parts_of(one, into=into)
    elif isinstance(part, dict):
        yield part
        for name, one in part.items():
            if name != "subquery" or into:
                yield from parts_of(one, into=into)


def refs(expression: Tree) -> list[tuple[str, ...]]:
    return [tuple(p["column_names"]) for p in parts_of(expression) if p.get("class") == "COLUMN_REF"]


def replaced(part: Any, put: Any) -> Any:
    """The expression with each column reference put anew; subqueries stay as they are."""
    if isinstance(part, list):
        return [replaced(one, put) for one in part]
    if not isinstance(part, dict):
        return part
    if part.get("class") == "COLUMN_REF":
        return put(part)
    return {name: one if name == "subquery" else replaced(one, put) for name, one in part.items()}


def ref_to(*names: str) -> Tree:
    return {"class": "COLUMN_REF", "type": "COLUMN_REF", "column_names": list(names)}


def conjuncts(part: Tree | None) -> list[Tree]:
    if not part:
        return []
    if part.get("type") == "CONJUNCTION_AND":
        return [one for child in part["children"] for one in conjuncts(child)]
    return [part]


def has_any(expression: Any, *classes: str) -> bool:
    return any(part.get("class") in classes for part in parts_of(expression))


def aggregated(expression: Any) -> bool:
    """Whether an aggregate stands in it, outside of windows."""
    if isinstance(expression, list):
        return any(map(aggregated, expression))
    if not isinstance(expression, dict) or expression.get("class") == "WINDOW":
        return False
    if expression.get("class") == "FUNCTION" and str(expression["function_name"]).lower() in sql.aggregates():
        return True
    return any(aggregated(one) for name, one in expression.items() if name != "subquery")


def expressible(expression: Tree, keys: Iterable[str]) -> bool:
    """Whether the expression is a function of these alone."""
    known = set(keys)

    def told(part: Any) -> bool:
        if isinstance(part, list):
            return all(map(told, part))
        if not isinstance(part, dict):
            return True
        if "class" in part and text_of(part) in known:
            return True
        if part.get("class") in ("COLUMN_REF", "SUBQUERY", "WINDOW", "STAR", "LAMBDA"):
            return False
        return all(told(one) for one in part.values())

    return told(expression)


def moves(expression: Any) -> bool:
    return SENTINEL.isoformat() in json.dumps(expression)


def merged(*keys: Key) -> Key | None:
    told: dict[int, str] = {}
    for key in keys:
        for place, expression in key:
            if told.setdefault(place, expression) != expression:
                return None
    return frozenset(told.items())


def products(options: Iterable[set[Key]]) -> set[Key]:
    made: set[Key] = {frozenset()}
    for keys in options:
        made = {m for one in made for key in keys if (m := merged(one, key)) is not None}
        made = fewest(made)
    return made


def fewest(keys: set[Key]) -> set[Key]:
    return (
        keys
        if len(keys) <= _MOST
        else set(sorted(keys, key=lambda key: (sum(e == WHOLE for _, e in key), sorted(key)))[:_MOST])
    )
