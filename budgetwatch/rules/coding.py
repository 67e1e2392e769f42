"""Which parts of a question depend on one column only, so that they can be answered once a value instead of once a row.

`left(func_code, 3) IN ('231')` or `contains_any(purpose, $words)` says the same of every row with the same code or
purpose. A feed of ten million rows has a few thousand of them. Here such parts are found in DuckDB's own parse tree
(`find`) and put into the names of columns that hold their answers (`rewrite`). Nothing is guessed: a part whose column
cannot be told for sure, or that a grouping forbids, stays as it was written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from budgetwatch.rules import sql
from budgetwatch.rules.doubt import bare, written

#: Of a feed: column -> the expressions over it (as `key` writes them) -> their tree.
Parts = dict[str, dict[str, dict[str, Any]]]
#: What the columns of bits are called.
MASK = "_mask_"
_PLAIN = {"COMPARISON", "BETWEEN"}
_PLAIN_OPERATORS = {
    "COMPARE_IN", "COMPARE_NOT_IN", "OPERATOR_NOT", "OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL",
}  # fmt: skip
#: What may not stand inside such a part: its answer would depend on more than one value.
_NEVER = {"SUBQUERY", "WINDOW", "STAR", "LAMBDA", "PARAMETER", "DEFAULT"}


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A table of one FROM: what it is called there, and the feed it is, if it is one that is coded."""

    name: str
    feed: str | None


@dataclass(frozen=True, slots=True)
class _Scope:
    leaves: tuple[_Leaf, ...]
    columns: Mapping[str, Collection[str]]

    def resolve(self, names: list[str]) -> tuple[str, str] | None:
        """The feed and column that a reference surely means."""
        if len(names) == 1 and len(self.leaves) == 1:
            feed = self.leaves[0].feed
        elif len(names) == 2:
            feed = next((leaf.feed for leaf in self.leaves if leaf.name == names[0]), None)
        else:
            return None
        return (feed, names[-1]) if feed and names[-1] in self.columns[feed] else None


#: What to do with a part: given feed, column, its key and its tree; what stands in its place (None: leave it).
Put = Callable[[str, str, str, dict[str, Any], bool], dict[str, Any] | None]


def find(statement: dict[str, Any], columns: Mapping[str, Collection[str]]) -> dict[str, Parts]:
    """The parts of the question that depend on one of the feeds' `columns` only: feed -> column -> key -> tree."""
    found: dict[str, Parts] = {feed: {} for feed in columns}

    def note(feed: str, column: str, name: str, part: dict[str, Any], only_yes: bool = False) -> dict[str, Any]:
        found[feed].setdefault(column, {})[name] = part
        return part

    _select(statement["node"], columns, note)
    return found


@dataclass(frozen=True, slots=True)
class Bit:
    """An answer of yes and no: a bit of the column of whole numbers `mask`; `unsure` is the bit of "neither", where there is one."""

    mask: str
    yes: int
    unsure: tuple[str, int] | None = None

    def text(self, *, only_yes: bool) -> str:
        """As SQL; with `only_yes` "neither" may be told as no."""
        answer = f"({self.mask} & {self.yes}) <> 0"
        if self.unsure is None or only_yes:
            return answer
        return f"CASE WHEN ({self.unsure[0]} & {self.unsure[1]}) = 0 THEN {answer} END"


def rewrite(
    statement: dict[str, Any], columns: Mapping[str, Collection[str]], instead: Mapping[tuple[str, str], str | Bit]
) -> None:
    """Put, in the tree, what `instead` has for (feed, key) in place of each such part: a column of the same table, or a bit."""

    def put(feed: str, column: str, name: str, part: dict[str, Any], only_yes: bool = False) -> dict[str, Any] | None:
        told = instead.get((feed, name))
        if told is None:
            return None
        table = next(one for one in walk(part) if one.get("class") == "COLUMN_REF")["column_names"][:-1]
        made = _parsed(told if isinstance(told, str) else told.text(only_yes=only_yes))
        for one in walk(made):
            if one.get("class") == "COLUMN_REF":
                one["column_names"] = [*table, *one["column_names"]]
        return {**made, "alias": part["alias"]}

    _select(statement["node"], columns, put)


def meetings(statement: dict[str, Any], columns: Mapping[str, Collection[str]]) -> set[tuple[str, str]]:
    """Pairs of differently named columns that the question compares or puts in each other's place."""
    found: set[tuple[str, str]] = set()
    for node in walk(statement["node"]):
        if node.get("type") != "SELECT_NODE":
            continue
        scope = _Scope(tuple(_leaves(node["from_table"], columns)), columns)
        for part in walk([value for name, value in node.items() if name not in ("cte_map", "from_table")], deep=False):
            _meet(part, scope, found)
        for part in walk(_join_conditions(node["from_table"]), deep=False):
            _meet(part, scope, found)
    return found


def _meet(part: dict[str, Any], scope: _Scope, found: set[tuple[str, str]]) -> None:
    if part.get("class") == "COMPARISON":
        sides = [part["left"], part["right"]]
    elif part.get("type") == "OPERATOR_COALESCE":
        sides = part["children"]
    else:
        return
    meant = [scope.resolve(one["column_names"]) for one in sides if one.get("class") == "COLUMN_REF"]
    names = [told[1] for told in meant if told]
    found |= {(names[0], other) for other in names[1:] if other != names[0]}


def _join_conditions(table: dict[str, Any]) -> list[Any]:
    if table["type"] != "JOIN":
        return []
    return [table["condition"], *_join_conditions(table["left"]), *_join_conditions(table["right"])]


@lru_cache(maxsize=2048)
def _parsed_text(text: str) -> str:
    return json.dumps(sql.tree(f"SELECT {text}")["node"]["select_list"][0])


def _parsed(text: str) -> dict[str, Any]:
    """The tree of an expression; its own copy."""
    made: dict[str, Any] = json.loads(_parsed_text(text))
    return made


def mentioned(statement: dict[str, Any], feed: str) -> set[str] | None:
    """The names of columns anywhere in the question; None where it takes all the columns of the feed (`*`)."""
    names: set[str] = set()
    for part in walk(statement):
        if part.get("class") == "COLUMN_REF":
            names.add(part["column_names"][-1])
        names.update(part.get("using_columns") or [])
        if part.get("type") == "SELECT_NODE":
            called = {leaf.name for leaf in _leaves(part["from_table"], {feed: ()}) if leaf.feed}
            for one in walk([part["select_list"], part["having"], part["qualify"]], deep=False) if called else ():
                if one.get("class") == "STAR" and one.get("relation_name") in ("", *called):
                    return None
    return names


def over_values(parts: Mapping[str, dict[str, Any]], names: Mapping[str, str], table: str) -> str | None:
    """The SELECT of a value `v` and of each part's answer for it, from the table of values; None where it cannot be written."""
    told = sql.tree(f"SELECT v FROM {table}")
    for name, part in parts.items():
        one = json.loads(json.dumps(part))
        for reference in walk(one):
            if reference.get("class") == "COLUMN_REF":
                reference["column_names"] = ["v"]
        told["node"]["select_list"].append({**one, "alias": names[name]})
    return said(told)


def said(statement: dict[str, Any]) -> str | None:
    """The tree as SQL; None unless what is written reads as the very tree it was written from."""
    text = written(statement)
    return text if bare(sql.tree(text)) == bare(statement) else None


def key(part: dict[str, Any]) -> str:
    """One name for the same expression, however its table is called."""
    one = json.loads(json.dumps(bare(part)))
    for piece in walk(one):
        if piece.get("class") == "COLUMN_REF":
            piece["column_names"] = piece["column_names"][-1:]
    return json.dumps({**one, "alias": ""}, sort_keys=True)


# ── walking one SELECT ───────────────────────────────────────────────────────────────────────────────


def _select(node: Any, columns: Mapping[str, Collection[str]], put: Put) -> None:
    """Every SELECT in the tree, the inner ones first, each with the tables of its own FROM."""
    for one in [part for part in walk(node) if part.get("type") == "SELECT_NODE"][::-1]:
        scope = _Scope(tuple(_leaves(one["from_table"], columns)), columns)
        if any(leaf.feed for leaf in scope.leaves):
            _one(one, scope, put)


def _leaves(table: Any, columns: Mapping[str, Collection[str]]) -> Iterator[_Leaf]:
    if table["type"] == "JOIN":
        yield from _leaves(table["left"], columns)
        yield from _leaves(table["right"], columns)
    elif table["type"] == "BASE_TABLE":
        name = table["table_name"]
        yield _Leaf(table["alias"] or name, name if name in columns else None)
    elif table["type"] != "EMPTY":
        yield _Leaf(table["alias"], None)


def _one(node: dict[str, Any], scope: _Scope, put: Put) -> None:
    aliases = {part["alias"]: part for part in node["select_list"] if part["alias"]}
    grouping = []
    for part in node["group_expressions"]:
        meant = part
        if part["class"] == "CONSTANT" and str(part.get("literal", {}).get("text", "")).isdigit():
            meant = node["select_list"][int(part["literal"]["text"]) - 1]
        elif (
            part["class"] == "COLUMN_REF" and len(part["column_names"]) == 1 and not scope.resolve(part["column_names"])
        ):
            meant = aliases.get(part["column_names"][0], part)
        grouping.append(key(meant))
    grouped = bool(grouping) or node["aggregate_handling"] != "STANDARD_HANDLING" or aggregated(node)
    keys = frozenset(grouping) if grouped else None

    def eased(part: Any, within: frozenset[str] | None, *, only_yes: bool = False) -> Any:
        return _eased(part, scope, put, within, only_yes)

    node["where_clause"] = _together(eased(node["where_clause"], None, only_yes=True))
    node["group_expressions"] = eased(node["group_expressions"], None)
    for name in ("select_list", "having", "qualify"):
        node[name] = eased(node[name], keys)
    _conditions(node["from_table"], scope, put)


def _conditions(table: dict[str, Any], scope: _Scope, put: Put) -> None:
    if table["type"] == "JOIN":
        table["condition"] = _eased(table["condition"], scope, put, None, True)
        _conditions(table["left"], scope, put)
        _conditions(table["right"], scope, put)


def _eased(part: Any, scope: _Scope, put: Put, keys: frozenset[str] | None, only_yes: bool = False) -> Any:
    """The expression with its parts put; with `keys`, outside of aggregates only what is grouped by may be.

    With `only_yes` it is a condition, of which it matters only whether it is true.
    """
    if isinstance(part, list):
        return [_eased(one, scope, put, keys, only_yes) for one in part]
    if (
        not isinstance(part, dict)
        or part.get("class") == "SUBQUERY"
        or part.get("type") in ("SELECT_NODE", "SET_OPERATION_NODE")
    ):
        return part
    if "class" in part:
        if part["class"] == "FUNCTION" and part["function_name"].lower() in sql.aggregates():
            keys = None
        elif part["class"] not in ("COLUMN_REF", "CONSTANT") and (told := _column(part, scope)) is not None:
            name = key(part)
            if (keys is None or name in keys) and (instead := put(*told, name, part, only_yes)) is not None:
                return instead
        only_yes = only_yes and part["class"] == "CONJUNCTION"
    return {name: _eased(one, scope, put, keys, only_yes or name == "filter") for name, one in part.items()}


def _together(condition: Any) -> Any:
    """The condition with the bits that it asks of one number asked at once."""
    if not isinstance(condition, dict) or condition.get("type") != "CONJUNCTION_AND":
        return condition
    bits: dict[tuple[str, ...], int] = {}
    others = []
    for part in conjuncts(condition):
        told = _bit(part)
        if told is None:
            others.append(part)
        else:
            bits[told[0]] = bits.get(told[0], 0) | told[1]
    asked = []
    for names, wanted in bits.items():
        made = _parsed(f"(mask & {wanted}) = {wanted}")
        for one in walk(made):
            if one.get("class") == "COLUMN_REF":
                one["column_names"] = list(names)
        asked.append(made)
    parts = [*asked, *others]
    return {**condition, "children": parts} if len(parts) > 1 else parts[0]


def conjuncts(part: Any) -> Iterator[dict[str, Any]]:
    """The conditions that all must hold for this one to hold; none where there is none."""
    if isinstance(part, dict) and part.get("type") == "CONJUNCTION_AND":
        for one in part["children"]:
            yield from conjuncts(one)
    elif isinstance(part, dict):
        yield part


def _bit(part: dict[str, Any]) -> tuple[tuple[str, ...], int] | None:
    """The column and bit of `(mask & bit) <> 0`."""
    if part.get("type") != "COMPARE_NOTEQUAL" or part["left"].get("function_name") != "&":
        return None
    column, bit = (one["expression"] for one in part["left"]["arguments"])
    if column["class"] != "COLUMN_REF" or not column["column_names"][-1].startswith(MASK):
        return None
    return tuple(column["column_names"]), int(bit["literal"]["text"])


def _column(part: dict[str, Any], scope: _Scope) -> tuple[str, str] | None:
    """The one column that the expression depends on, and its feed."""
    found: set[tuple[str, ...]] = set()
    meant = None
    for one in walk(part):
        kind = one.get("class")
        if kind in _NEVER or (kind == "FUNCTION" and one["function_name"].lower() in sql.aggregates()):
            return None
        if kind == "COLUMN_REF":
            meant = scope.resolve(one["column_names"])
            found.add(tuple(one["column_names"]))
            if meant is None or len(found) > 1:
                return None
    return meant


def is_plain(part: dict[str, Any]) -> bool:
    """Whether an engine answers the expression at the price of a look at the column itself."""
    if part["class"] in ("COLUMN_REF", "CONSTANT"):
        return True
    if part["class"] in _PLAIN or (part["class"] == "OPERATOR" and part["type"] in _PLAIN_OPERATORS):
        return all(is_plain(one) for one in part.values() if isinstance(one, dict) and "class" in one) and all(
            is_plain(one) for one in part.get("children", ())
        )
    return False


def aggregated(node: dict[str, Any]) -> bool:
    return any(
        one.get("class") == "FUNCTION" and one["function_name"].lower() in sql.aggregates()
        for name in ("select_list", "having")
        for one in walk(node[name], deep=False)
    )


def base_tables(statement: Any) -> list[dict[str, Any]]:
    """The tables that are read anywhere in it."""
    return [part for part in walk(statement) if part.get("type") == "BASE_TABLE"]


def joined(table: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The tables, subqueries and functions of rows that a FROM joins; itself where it joins nothing."""
    if table["type"] == "JOIN":
        yield from joined(table["left"])
        yield from joined(table["right"])
    else:
        yield table


def walk(part: Any, *, deep: bool = True) -> Iterator[dict[str, Any]]:
    """Every object of the tree, a parent before its children; without `deep`, not those of subqueries."""
    waiting = [part] if isinstance(part, (dict, list)) else []
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            if not deep and one.get("class") == "SUBQUERY":
                continue
        inside = one.values() if isinstance(one, dict) else one
        waiting.extend([inner for inner in inside if inner.__class__ in (dict, list)][::-1])
