"""By what a rule's question falls apart: keys such that its answers for one key rest on the rows of that key alone.

A question decomposes by a key when asking it of each key's rows and laying the answers together is the same as asking
it of all rows. It does where every group and window is made within the key, where every join is between rows of one key
or with a table that is read whole, and where nothing ranks across keys. So when rows come or go, only the answers of
their keys can change. What is not understood here is never guessed at: `Whole` says why the question is asked whole.

A key is told by a `Key`: of each place where the question reads a feed, the expression over the feed's rows that gives
the key, or `WHOLE` where all its rows belong to every key. Expressions are DuckDB's parse trees as text (see `render`).
"""

from __future__ import annotations

import copy
import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import duckdb

from budgetwatch.rules import coding, sql
from budgetwatch.rules import compile as compiled
from budgetwatch.rules.doubt import bare, not_false, written
from budgetwatch.rules.refusal import Refusal
from budgetwatch.rules.relations import Rel, Union
from budgetwatch.rules.rule import Rule
from budgetwatch.rules.selects import Building, Select
from budgetwatch.rules.trees import SENTINEL, Key, Tree, Whole, products, ref_to, refs, text_of


@dataclass(slots=True)
class Plan:
    """How a question may be narrowed: its keys, what rows matter to it at all, and what of it hangs on the run's day.

    `places` are the feeds in the order of the text, one for each place that reads one. `keys` (place -> expression) are
    each enough alone and may be used together; without any the question is asked whole (`why`). `matters`: of each place
    the conditions that a row must meet to count (none: every row counts). `moving`: (feed, expression) whose values
    decide what a change of day changes; without a feed it is of the day alone. `named` are the words of the text.
    """

    places: list[str] = field(default_factory=list)
    keys: list[dict[int, str]] = field(default_factory=list)
    matters: list[tuple[str, ...]] = field(default_factory=list)
    moving: list[tuple[str, str]] = field(default_factory=list)
    why: str = ""
    named: frozenset[str] = frozenset()
    starred: bool = False
    template: str | None = None

    def asked_of(self, tables: Mapping[int, str], day: dt.date) -> str | None:
        """The question as it is asked of these tables, one for each place; None where it cannot be written anew."""
        if self.template is None:
            return None
        told = re.sub(r"_place_(\d+)_", lambda match: tables[int(match[1])], self.template)
        return told.replace(SENTINEL.isoformat(), day.isoformat())


def plan(rule: Rule) -> Plan:
    """How the rule's question may be narrowed; raises `Whole` where it cannot be."""
    return _plan(rule.digest, _Asked(rule))


class _Asked:
    """A rule that is one with any other in a cache: the digest tells them apart."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Asked)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=1024)
def _plan(digest: str, asked: _Asked) -> Plan:
    return _made(asked.rule)


def _made(rule: Rule) -> Plan:
    if rule.form == "outlier":
        raise Whole("model")
    if rule.baselines:
        raise Whole("baselines")
    if any("as_of" in band.when for band in rule.spec.bands or ()):
        raise Whole("day")
    if rule.form == "when":
        condition = sql.bind(rule.sql, rule.values(SENTINEL))
        kept = [f"{column} IS NOT NULL" for column in rule.needs]
        hit = " AND ".join([*kept, not_false(condition, rule.over, rule.needs)])
        text = compiled.grouped(rule, rule.over, hit, SENTINEL)
        # the hits are looked for among these rows, and put together from them
    elif rule.form == "select":
        text = sql.bind(rule.sql, rule.values(SENTINEL))
    else:
        text = compiled.inner(rule, SENTINEL)
    try:
        statement = bare(sql.tree(text))
    except (Refusal, duckdb.Error):
        raise Whole("unclear") from None
    building = Building()
    top = building.rel(statement["node"], {}, None)
    made = Plan(building.places, moving=building.moving, starred=building.starred)
    made.matters = [
        tuple(building.matters[place]) + (tuple(map(_present, rule.needs)) if feed == rule.over else ())
        for place, feed in enumerate(building.places)
    ]
    made.named = frozenset(re.findall(r"\w+", text.lower()))
    made.keys = [dict(key) for key in sorted(_seeds(top), key=lambda key: sorted(key))]
    made.why = "" if made.keys else "key"
    for place, table in enumerate(building.tables):
        alias = table.get("alias") or building.places[place]
        table.update(
            table_name=f"_place_{place}_", schema_name="", alias=alias, qualified_name={"path": [f"_place_{place}_"]}
        )
    made.template = coding.said(statement)
    for one in {*(text for texts in made.matters for text in texts), *(text for _, text in made.moving)}:
        _rendered(one)
    return made


def _present(column: str) -> str:
    return text_of({**copy.deepcopy(_is_not_null()), "children": [ref_to(column)]})


@lru_cache(maxsize=1)
def _is_not_null() -> Tree:
    return bare(sql.tree("SELECT 1 WHERE x IS NOT NULL"))["node"]["where_clause"]


def render(expression: str, day: dt.date | None = None) -> str:
    """The expression as SQL over the feed's columns, with the run's day put in."""
    text = _rendered(expression)
    return text if day is None else text.replace(SENTINEL.isoformat(), day.isoformat())


@lru_cache(maxsize=8192)
def _rendered(expression: str) -> str:
    statement = copy.deepcopy(_mould())
    statement["node"]["select_list"] = [json.loads(expression)]
    return written(statement).removeprefix("SELECT ")


@lru_cache(maxsize=1)
def _mould() -> Tree:
    return sql.tree("SELECT 1")


# ── the keys of the whole ────────────────────────────────────────────────────────────────────────────


def _seeds(top: Rel) -> set[Key]:
    """The keys by which the question falls apart and which its subject and period tell."""
    if isinstance(top, Select):
        if (
            len(top.leaf_list) == 1
            and not top.aggregated
            and not top.windows
            and top.outputs == [ref_to("@0", name) for name in top.leaf_list[0].rel.columns]
        ):  # SELECT * FROM (…)
            return _seeds(top.leaf_list[0].rel) if not top.conditions and not top.cut else set()
        return _of_answers(top, list(top.columns))
    if isinstance(top, Union) and not top.cut:
        return products(
            _of_answers(part, list(top.columns)) if isinstance(part, Select) else set() for part in top.parts
        )
    return set()


def _of_answers(select: Select, names: list[str]) -> set[Key]:
    named = dict(zip(names, select.outputs, strict=True))
    found: set[Key] = set()
    silent = "subject" not in named or _nothing(named["subject"]) or ("cannot" in named and _constant(named["cannot"]))
    for name in ("subject", "period"):
        for part in _parts(named[name]) if name in named else ():
            found |= _bare_first(select, part)
    if silent:  # it makes no findings, only counts of what cannot be judged: any key will do
        for leaf in select.leaf_list:
            for column in leaf.rel.columns:
                found |= select.above(ref_to(f"@{leaf.at}", column))
        for one in select.group:
            found |= select.above(one)
    return found


def _bare_first(select: Select, part: Tree) -> set[Key]:
    """The keys that a part is; of a value written as text those of the value, where it is grouped by."""
    inner = _bare_first(select, part["child"]) if part.get("class") == "CAST" and refs(part) else set()
    return inner or select.above(part)


def _constant(expression: Tree) -> bool:
    return expression.get("class") == "CONSTANT" and not _nothing(expression)


def _nothing(expression: Tree) -> bool:
    while expression.get("class") == "CAST":
        expression = expression["child"]
    return expression.get("class") == "CONSTANT" and "NULL" in json.dumps(expression.get("literal") or "NULL")


def _parts(expression: Tree) -> list[Tree]:
    """What a subject or a period is put together from."""
    kind = expression.get("class")
    if kind == "CAST":
        inner = _parts(expression["child"])
        return inner if len(inner) > 1 else [expression] if inner else []
    name = str(expression.get("function_name", "")).lower()
    if kind == "FUNCTION" and name in ("concat_ws", "concat", "||"):
        given = [one["expression"] for one in expression["arguments"]]
        return [part for one in (given[1:] if name == "concat_ws" else given) for part in _parts(one)]
    return [expression] if refs(expression) else []
