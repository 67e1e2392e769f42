"""A question asked in steps, its summaries first: each next step is planned by how many rows there truly are.

An engine guesses how many rows a summary leaves. Behind a few joins the guess is worth nothing, and then it may lay ten
million payments into memory to look up three. What a question names under WITH and what is surely smaller than a large
feed (it groups, or reads nothing large) is therefore laid down in tables of the connection, one after the other; the rest
is asked of them. The answers are the same. A question that does not fall into such steps is asked as it is.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import duckdb

from budgetwatch.rules import coding, reach, sql
from budgetwatch.rules.reached import Part, Reach
from budgetwatch.rules.refusal import Refusal
from budgetwatch.rules.withs import alone, plain, point, question_node, written

_log = logging.getLogger(__name__)
_TABLE = "_step_"


@dataclass(frozen=True, slots=True)
class Steps:
    """Tables to lay down, each with its SELECT, in this order; and what is asked at last, or of those rows only that it can
    reach, where they turn out few; `columns` are those of the answers, where they are known."""

    before: tuple[tuple[str, str], ...]
    last: str
    reached: Reach | None = None
    columns: tuple[str, ...] = ()

    def moved(self, then: dt.date, now: dt.date) -> Steps:
        """The same, asked on another day."""

        def at(text: str) -> str:
            return text.replace(then.isoformat(), now.isoformat())

        before = tuple((table, at(step)) for table, step in self.before)
        reached = self.reached and self.reached.moved(then.isoformat(), now.isoformat())
        return replace(self, before=before, last=at(self.last), reached=reached)


def steps(
    question: str, large: Collection[str], sums: Collection[str] = (), numbered: Collection[str] = ()
) -> Steps | None:
    """How the question is asked where the tables of these names are large, or are sums of such; None where it is asked at once.
    The rows of those that are `numbered` are told by their `_row`."""
    try:
        return _steps(sql.tree(question), large, sums, numbered)
    except (Refusal, duckdb.Error):
        return None


@contextlib.contextmanager
def laid(
    connection: duckdb.DuckDBPyConnection, told: Steps, parts: Mapping[str, Sequence[Part]] = MappingProxyType({})
) -> Iterator[str]:
    """The first steps done; gives what is left to ask. Their tables go afterwards. `parts` are those of large tables."""
    try:
        for table, question in told.before:
            connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {question}")
        reached = told.reached
        few = reached is not None and reached.few(connection, parts.get(reached.table, ()))
        yield reached.last if reached and few else told.last
    finally:
        if told.reached:
            told.reached.forget(connection)
        for table, _ in told.before:
            connection.execute(f"DROP TABLE IF EXISTS {table}")


def _steps(
    statement: dict[str, Any], large: Collection[str], sums: Collection[str], numbered: Collection[str]
) -> Steps | None:
    outer = statement["node"]
    inner = question_node(outer)
    if inner is None:
        return None
    around = outer["cte_map"]["map"] if inner is not outer else []
    parts = [*around, *inner["cte_map"]["map"]]
    names = [part["key"] for part in parts]
    if not alone(statement, names):
        return None
    named = _Named(parts, _tables(inner, without=True), large, sums)
    chosen = named.chosen({part["key"] for part in around}, inner)
    if not chosen:
        return None
    tables = {name: f"{_TABLE}{at}" for at, name in enumerate(name for name in names if name in chosen)}
    before = []
    for name, table in tables.items():
        earlier = {one: there for one, there in tables.items() if one != name}
        text = written(named.nodes[name], [part for part in parts if part["key"] in named.under(name, chosen)], earlier)
        if text is None:
            return None
        before.append((table, text))
    inner["cte_map"]["map"] = [part for part in inner["cte_map"]["map"] if part["key"] not in tables]
    point(statement, tables)
    last = coding.said(statement)
    if last is None:
        return None
    return Steps(tuple(before), last, reach.reach(statement, numbered, tables.values()))


class _Named:
    """What a question names under WITH: what each reads, and which of them reach down to a large table."""

    def __init__(
        self, parts: list[dict[str, Any]], last: list[str], large: Collection[str], sums: Collection[str]
    ) -> None:
        self.nodes: dict[str, dict[str, Any]] = {part["key"]: part["value"]["query_node"] for part in parts}
        self.reads = {name: {*_tables(node)} for name, node in self.nodes.items()}
        self.last = {*last}
        # A feed of whose rows only some are read (`compile.over_judgeable`) is called main.feed beneath.
        self.deep = {name for name in large if name not in self.nodes} | {f"main.{name}" for name in large}
        self.wide = {*self.deep}  # may be as large as a large table; `deep` reads one, or sums of one
        self.deep |= {*sums}
        for name, node in self.nodes.items():
            if self.reads[name] & self.deep:
                self.deep.add(name)
            if not _smaller(node, self.wide):
                self.wide.add(name)

    def chosen(self, not_these: Collection[str], inner: dict[str, Any]) -> set[str]:
        """Those to lay down: what is joined with something large, and what several of the steps would else gather anew."""
        met = {
            name
            for node in [*self.nodes.values(), {**inner, "cte_map": {"map": []}}]
            for name in _beside(node, self.wide)
            if name in self.nodes and name not in self.wide and name in self.deep and name not in not_these
        }
        while met:
            chosen = {*met}
            while (again := self._twice(chosen)) and not (bad := {one for one in again if one in self.wide}):
                chosen |= again
            if not again:
                return chosen
            fewer = {name for name in met if not bad & self.under(name, met)}
            if fewer == met:  # what is worked out twice is none of theirs: asked at once
                return set()
            met = fewer
        return set()

    def _twice(self, chosen: Collection[str]) -> set[str]:
        """What more than one step would work out, of what costs more than to read rows."""
        counts = Counter(one for step in [*chosen, None] for one in self.under(step, chosen))
        return {
            name for name, count in counts.items() if count > 1 and name in self.deep and not plain(self.nodes[name])
        }

    def under(self, step: str | None, chosen: Collection[str]) -> set[str]:
        """All that a step reads (None: the last) and that is not laid down."""
        found: set[str] = set()
        waiting = [*(self.last if step is None else self.reads[step])]
        while waiting:
            one = waiting.pop()
            if one in self.nodes and one not in chosen and one not in found:
                found.add(one)
                waiting += self.reads[one]
        return found


def _tables(node: dict[str, Any], *, without: bool = False) -> list[str]:
    """The names of the tables read, with their schema where it is said; `without` what stands under its WITH."""
    whole = {**node, "cte_map": {"map": []}} if without else node
    found = [part for part in coding.walk(whole) if part.get("type") == "BASE_TABLE"]
    return [".".join(filter(None, (part["schema_name"], part["table_name"]))) for part in found]


def _smaller(node: dict[str, Any], wide: Collection[str]) -> bool:
    """Whether it surely gives fewer rows than a large table has: it groups, or reads none."""
    if not {*wide} & {*_tables(node)}:
        return True
    if node["type"] == "SET_OPERATION_NODE":
        return all(_smaller(node[side], wide) for side in ("left", "right") if side in node)
    return node["type"] == "SELECT_NODE" and (
        bool(node["group_expressions"])
        or coding.aggregated(node)
        or any(modifier["type"] == "DISTINCT_MODIFIER" for modifier in node["modifiers"])
    )


def _beside(node: dict[str, Any], wide: Collection[str]) -> set[str]:
    """The tables that are joined, anywhere in it, with one of the large ones."""
    found: set[str] = set()
    for part in coding.walk(node):
        if part.get("type") == "JOIN":
            here = {*_tables(part)}
            if here & {*wide}:
                found |= here
    return found
