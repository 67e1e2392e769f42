"""A SELECT as a relation: names put to what they mean, subqueries, groups and windows, and by what keys it falls apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from budgetwatch.records import ALL
from budgetwatch.rules import baselines
from budgetwatch.rules.relations import Constant, Feed, Join, Leaf, Pair, Rel, Renamed, Union, within
from budgetwatch.rules.trees import (
    Key,
    Tree,
    Whole,
    aggregated,
    conjuncts,
    expressible,
    has_any,
    merged,
    moves,
    parts_of,
    products,
    ref_to,
    refs,
    replaced,
    text_of,
)


@dataclass(slots=True)
class _Sub:
    """A subquery in an expression: by what equalities it belongs to the row outside."""

    rel: Select
    pairs: list[tuple[Tree, Tree]]
    out: Tree | None = None

    def extended(self, key: Key, expression: Tree) -> set[Key]:
        made = {m for m in [merged(key, self.rel.const())] if m is not None}
        for inner, outer in self.pairs:
            if text_of(outer) == text_of(expression):
                made |= products([{key}, self.rel.below(inner)])
        if self.out is not None and text_of(self.out) == text_of(expression):
            made |= products([{key}, self.rel.keys(ref_to(self.rel.columns[0]))])
        return made


class Select(Rel):
    def __init__(self, building: Building, node: Tree, env: Mapping[str, Rel], outer: Select | None) -> None:
        self.outer, self.building, self.env = outer, building, env
        self.leaf_list: list[Leaf] = []
        self.hidden: set[int] = set()
        self.using: dict[str, list[int]] = {}
        self.full: set[str] = set()
        self.nullable: set[int] = set()
        self.subs: list[_Sub] = []
        self.conditions: list[tuple[Tree, frozenset[int] | None]] = []  # (conjunct, the leaves it may narrow)
        self.aliases: dict[str, Tree] = {}
        self.raw_aliases = {
            one["alias"]: one for one in node["select_list"] if one.get("alias") and one.get("class") != "STAR"
        }
        self.tree = self._from(node.get("from_table") or {"type": "EMPTY"}, frozenset())
        self.places = frozenset().union(*(leaf.rel.places for leaf in self.leaf_list))
        where = [self._resolved(one, conjunct=True) for one in conjuncts(node.get("where_clause"))]
        items = self._items(node["select_list"])
        self.outputs = [expression for _, expression in items]
        self.columns = tuple(name for name, _ in items)
        self.group = self._grouped(node)
        having = self._resolved(node["having"]) if node.get("having") else None
        qualify = self._resolved(node["qualify"]) if node.get("qualify") else None
        everything = [*self.outputs, *self.group, *([having] if having else []), *([qualify] if qualify else [])]
        self.aggregated = bool(node.get("group_expressions")) or node.get("aggregate_handling") == "FORCE_AGGREGATES" or aggregated(
            [*self.outputs, having, qualify])  # fmt: skip
        if len(node.get("group_sets") or [0]) > 1:
            raise Whole("unclear")
        self.windows = [part for part in parts_of(everything) if part.get("class") == "WINDOW"]
        self.cut, self.distinct, self.distinct_on = _modified(self, node)
        every = frozenset(range(len(self.leaf_list))) - self.nullable
        self.conditions += [(one, every) for one in where]
        self.equal = [
            pair for one in where if (pair := _pair(one)) and not self._outside(pair.one) and not self._outside(pair.other)
        ]  # fmt: skip
        self.places = self.places.union(*(sub.rel.places for sub in self.subs))
        self._told(where, everything)

    # ---- putting names to what they mean

    def _from(self, table: Tree, maybe: frozenset[int]) -> Any:
        kind = table["type"]
        if kind == "JOIN":
            return self._join(table)
        alias, rel = self._table(table)
        if names := table.get("column_name_alias"):
            rel = Renamed(rel, list(names))
        leaf = Leaf(len(self.leaf_list), (table.get("alias") or alias).lower(), rel)
        self.leaf_list.append(leaf)
        return leaf

    def _table(self, table: Tree) -> tuple[str, Rel]:
        kind = table["type"]
        if kind == "BASE_TABLE":
            name = table["table_name"].lower()
            if name in self.env and not table.get("schema_name"):
                return name, self.env[name]
            if name in ALL:
                return name, self.building.place(name, table)
            if name == "workday":
                return name, Constant(("day", "is_workday", "n"))
            raise Whole("baselines" if name in baselines.TABLES else "unclear")
        if kind == "SUBQUERY":
            return "", self.building.rel(table["subquery"]["node"], self.env, None)
        if kind == "TABLE_FUNCTION":
            call = table["function"]
            if has_any(call, "SUBQUERY") or aggregated(call):
                raise Whole("unclear")
            name = str(call["function_name"]).lower()
            self._resolved(call)
            return name, Constant([table.get("alias") or name])
        if kind == "EMPTY":
            return "", Constant(())
        raise Whole("unclear")

    def _join(self, table: Tree) -> Join:
        kind = str(table.get("join_type", "INNER")).replace("OUTER", "FULL")
        if table.get("ref_type", "REGULAR") not in ("REGULAR", "CROSS") or kind not in (
            "INNER",
            "LEFT",
            "RIGHT",
            "FULL",
            "SEMI",
            "ANTI",
        ):
            raise Whole("unclear")  # fmt: skip
        left = self._from(table["left"], frozenset())
        right = self._from(table["right"], frozenset())
        conditions = [self._resolved(one) for one in conjuncts(table.get("condition"))]
        for name in table.get("using_columns") or ():
            sides = [
                [at for at in side.leaves if name in self.leaf_list[at].rel.columns and at not in self.hidden]
                for side in (left, right)
            ]
            if not all(sides):
                raise Whole("unclear")
            one, other = (ref_to(f"@{min(side)}", name) for side in sides)
            conditions.append({"class": "COMPARISON", "type": "COMPARE_EQUAL", "left": one, "right": other})
            self.using.setdefault(name, []).extend(at for side in sides for at in side)
            if kind in ("FULL", "RIGHT"):
                self.full.add(name)
        if kind in ("SEMI", "ANTI"):
            self.hidden |= right.leaves
        if kind in ("LEFT", "FULL", "ANTI"):
            self.nullable |= right.leaves
        if kind in ("RIGHT", "FULL"):
            self.nullable |= left.leaves
        narrows = {
            "INNER": left.leaves | right.leaves, "LEFT": right.leaves, "SEMI": left.leaves | right.leaves, "ANTI": right.leaves,
            "RIGHT": left.leaves,
        }.get(kind, frozenset())  # fmt: skip
        self.conditions += [(one, narrows) for one in conditions]
        pairs = [pair for one in conditions if (pair := _pair(one))]
        return Join(left, right, kind, pairs)

    def _resolved(self, expression: Tree, *, conjunct: bool = False) -> Tree:
        """The expression with each column as (@leaf, name); its subqueries are taken note of."""
        subqueries = [part for part in parts_of(expression) if part.get("class") == "SUBQUERY"]
        told: Tree = replaced(expression, self._column)
        for part in subqueries:
            self.subs.append(self._sub(part, bare_in=conjunct and part is expression))
        return told

    def _column(self, ref: Tree) -> Tree:
        names = [name.lower() for name in ref["column_names"]]
        found = self.find(names)
        if found is not None:
            return found
        if len(names) == 1 and names[0] in self.raw_aliases:
            raw = self.raw_aliases[names[0]]
            if any(tuple(n.lower() for n in one) == (names[0],) for one in refs(raw)):
                raise Whole("unclear")
            told: Tree = replaced({k: v for k, v in raw.items() if k != "alias"}, self._column)
            return told
        if self.outer is not None and (above := self.outer.find(names)) is not None:
            if above["class"] != "COLUMN_REF":
                raise Whole("unclear")
            return ref_to("^", *above["column_names"])
        raise Whole("unclear")

    def find(self, names: list[str]) -> Tree | None:
        """What a name means here, if anything."""
        if len(names) == 2:
            for leaf in self.leaf_list:
                if leaf.alias == names[0] and names[1] in leaf.rel.columns:
                    return ref_to(f"@{leaf.at}", names[1])
            return None
        if len(names) != 1:
            raise Whole("unclear")
        found = [leaf.at for leaf in self.leaf_list if names[0] in leaf.rel.columns and leaf.at not in self.hidden]
        if not found:
            return None
        if len(found) > 1:
            if not set(found) <= set(self.using.get(names[0], ())):
                raise Whole("unclear")
            if names[0] in self.full:
                sides = [ref_to(f"@{at}", names[0]) for at in found]
                return {"class": "OPERATOR", "type": "OPERATOR_COALESCE", "children": sides}
        return ref_to(f"@{found[0]}", names[0])

    def _items(self, items: list[Tree]) -> list[tuple[str, Tree]]:
        told: list[tuple[str, Tree]] = []
        for at, item in enumerate(items):
            if item.get("class") == "STAR":
                if item.get("replace_list") or item.get("columns") or item.get("expr") or item.get("rename_list"):
                    raise Whole("unclear")
                left_out = {
                    str(one).lower()
                    for one in _names(item.get("exclude_list") or item.get("qualified_exclude_list") or [])
                }
                of = str(item.get("relation_name", "")).lower()
                seen: set[str] = set()
                for leaf in self.leaf_list:
                    if leaf.at in self.hidden or (of and leaf.alias != of):
                        continue
                    self.building.starred |= isinstance(leaf.rel, Feed)
                    for name in leaf.rel.columns:
                        if name in left_out or (name in seen and name in self.using):
                            continue
                        seen.add(name)
                        told.append((name, self.find([name]) if name in self.using else ref_to(f"@{leaf.at}", name)))  # type: ignore[arg-type]
            else:
                name = item.get("alias") or (
                    item["column_names"][-1] if item.get("class") == "COLUMN_REF" else f"_{at}"
                )
                told.append((name.lower(), self._resolved({k: v for k, v in item.items() if k != "alias"})))
        return told

    def _grouped(self, node: Tree) -> list[Tree]:
        keys = []
        for one in node.get("group_expressions") or ():
            literal = one.get("literal") or {}
            if one.get("class") == "CONSTANT" and literal.get("kind") == "INTEGER":
                keys.append(self.outputs[int(literal["text"]) - 1])
            else:
                keys.append(self._resolved(one))
        if not keys and node.get("aggregate_handling") == "FORCE_AGGREGATES":
            keys = [one for one in self.outputs if not aggregated(one)]
        return keys

    def _sub(self, part: Tree, *, bare_in: bool) -> _Sub:
        node = part["subquery"]["node"]
        if node["type"] != "SELECT_NODE":
            inner = Select(self.building, _around(node), self.env, self)
        else:
            inner = Select(self.building, node, self.building.ctes(node, self.env), self)
        pairs = []
        for one, _ in inner.conditions:
            pair = _pair(one)
            if pair is None:
                continue
            for mine, theirs in ((pair.one, pair.other), (pair.other, pair.one)):
                if (
                    refs(theirs)
                    and all(names[0] == "^" for names in refs(theirs))
                    and within(mine, range(len(inner.leaf_list)))
                ):
                    pairs.append((mine, replaced(theirs, lambda ref: ref_to(*ref["column_names"][1:]))))
        out = None
        if part.get("subquery_type") == "ANY":
            child = replaced(part["child"], self._column) if part.get("child") else None
            out = child if bare_in and part.get("comparison_type") == "COMPARE_EQUAL" else None
        return _Sub(inner, pairs, out)

    def _outside(self, expression: Tree) -> bool:
        return any(names[0] == "^" for names in refs(expression))

    def _told(self, where: list[Tree], everything: list[Tree]) -> None:
        """Take down what rows matter, and what hangs on the run's day."""
        for leaf in self.leaf_list:
            if isinstance(leaf.rel, Feed):
                kept = [
                    text_of(leaf.own(one))
                    for one, narrows in self.conditions
                    if narrows is not None and leaf.at in narrows and within(one, leaf.leaves)
                    and not has_any(one, "SUBQUERY", "WINDOW", "LAMBDA") and not aggregated(one)
                ]  # fmt: skip
                self.building.matters[leaf.rel.place] = kept
        for one in [*everything, *(condition for condition, _ in self.conditions)]:
            self._moving(one)

    def _moving(self, part: Any) -> None:
        if isinstance(part, list):
            for one in part:
                self._moving(one)
            return
        if not isinstance(part, dict) or not moves({k: v for k, v in part.items() if k != "subquery"}):
            return
        if "class" in part and not has_any(part, "SUBQUERY", "WINDOW", "STAR", "LAMBDA") and not aggregated(part):
            if not refs(part):
                self.building.moving.append(("", text_of(part)))
                return
            if (traced := self._traced(part)) is not None:
                self.building.moving.append((traced[0], text_of(traced[1])))
                return
        for name, one in part.items():
            if name != "subquery":
                self._moving(one)

    def _traced(self, expression: Tree) -> tuple[str, Tree] | None:
        leaves = {names[0] for names in refs(expression)}
        if len(leaves) != 1 or "^" in leaves:
            return None
        leaf = self.leaf_list[int(leaves.pop()[1:])]
        return None if leaf.at in self.nullable else leaf.rel.trace(leaf.own(expression))

    # ---- by what it falls apart

    def inside(self, expression: Tree) -> Tree:
        """An expression over the outputs as one over the tables."""
        named = dict(zip(self.columns, self.outputs, strict=False))
        told: Tree = replaced(expression, lambda ref: named[ref["column_names"][-1]])
        return told

    def keys(self, expression: Tree) -> set[Key]:
        return self.above(self.inside(expression))

    def above(self, expression: Tree) -> set[Key]:
        """The keys that an expression over the tables is, once groups, windows and all are made."""
        if (
            self.cut
            or not refs(expression)
            or has_any(expression, "SUBQUERY", "WINDOW", "LAMBDA")
            or aggregated(expression)
            or self._outside(expression)
        ):
            return set()  # fmt: skip
        if self.aggregated and not expressible(expression, map(text_of, self.group)):
            return set()
        for window in self.windows:
            if not expressible(expression, map(text_of, window.get("partitions") or ())):
                return set()
        if self.distinct and not expressible(expression, map(text_of, self.outputs)):
            return set()
        if self.distinct_on and not expressible(expression, map(text_of, self.distinct_on)):
            return set()
        return self.below(expression)

    def below(self, expression: Tree) -> set[Key]:
        """The same before anything is grouped."""
        found = self.tree.keys(expression, self.equal)
        for sub in self.subs:
            found = {made for key in found for made in sub.extended(key, expression)}
        return set(found)

    def trace(self, expression: Tree) -> tuple[str, Tree] | None:
        told = self.inside(expression)
        if has_any(told, "SUBQUERY", "WINDOW", "LAMBDA") or aggregated(told):
            return None
        if self.aggregated and not expressible(told, map(text_of, self.group)):
            return None
        return self._traced(told)


def _modified(select: Select, node: Tree) -> tuple[bool, bool, list[Tree]]:
    """Whether rows are cut off (LIMIT), told once, or once of each of some expressions."""
    cut, distinct, on = False, False, []
    for modifier in node.get("modifiers") or ():
        if modifier["type"] in ("LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER"):
            cut = True
        if modifier["type"] == "DISTINCT_MODIFIER":
            on = [select._resolved(one) for one in modifier.get("distinct_on_targets") or ()]
            distinct = not on
    return cut, distinct, on


def _pair(condition: Tree) -> Pair | None:
    if (
        condition.get("type") in ("COMPARE_EQUAL", "COMPARE_NOT_DISTINCT_FROM")
        and condition.get("class") == "COMPARISON"
    ):
        if has_any(condition, "SUBQUERY", "WINDOW") or aggregated(condition):
            return None
        return Pair(condition["left"], condition["right"], condition["type"] == "COMPARE_EQUAL")
    return None


def _names(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, list):
        for one in part:
            yield from _names(one)
    elif isinstance(part, dict):
        yield from _names([part.get("column") or part.get("column_names") or list(part.values())])


def _around(node: Tree) -> Tree:
    """A SELECT of all that a union gives."""
    everything = [{"class": "STAR", "type": "STAR"}]
    return {
        "type": "SELECT_NODE",
        "select_list": everything,
        "from_table": {"type": "SUBQUERY", "subquery": {"node": node}},
    }


class Building:
    """The relations of one question, with what was learnt while they were built."""

    def __init__(self) -> None:
        self.places: list[str] = []
        self.tables: list[Tree] = []
        self.matters: dict[int, list[str]] = {}
        self.moving: list[tuple[str, str]] = []
        self.starred = False

    def place(self, feed: str, table: Tree) -> Feed:
        self.places.append(feed)
        self.tables.append(table)
        self.matters[len(self.places) - 1] = []
        return Feed(feed, len(self.places) - 1)

    def ctes(self, node: Tree, env: Mapping[str, Rel]) -> dict[str, Rel]:
        known = dict(env)
        for entry in (node.get("cte_map") or {}).get("map") or ():
            inner: Rel = self.rel(entry["value"]["query_node"], known, None)
            if names := entry["value"].get("aliases"):
                inner = Renamed(inner, list(names))
            known[entry["key"].lower()] = inner
        return known

    def rel(self, node: Tree, env: Mapping[str, Rel], outer: Select | None) -> Rel:
        known = self.ctes(node, env)
        if node["type"] == "SET_OPERATION_NODE":
            if node.get("setop_type") not in ("UNION", "EXCEPT", "INTERSECT"):
                raise Whole("unclear")
            cut = any("LIMIT" in one["type"] for one in node.get("modifiers") or ())
            children = node.get("children") or [node["left"], node["right"]]
            return Union([self.rel(child, known, None) for child in children], cut=cut)
        if node["type"] != "SELECT_NODE":
            raise Whole("unclear")
        return Select(self, node, known, outer)
