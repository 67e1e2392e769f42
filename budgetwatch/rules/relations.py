"""Relations of a question: what has rows, from feeds over joins to unions, and by what keys each falls apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from budgetwatch.records import ALL
from budgetwatch.rules.trees import WHOLE, Key, Tree, Whole, fewest, merged, products, ref_to, refs, replaced, text_of


class Rel:
    """Something with rows: its columns, the feeds below it, and by what keys it falls apart."""

    columns: tuple[str, ...] = ()
    places: frozenset[int] = frozenset()

    def const(self) -> Key:
        """All of it to every key."""
        return frozenset((place, WHOLE) for place in self.places)

    def keys(self, expression: Tree) -> set[Key]:
        """The keys whose value an expression over the columns is, in every row."""
        return set()

    def trace(self, expression: Tree) -> tuple[str, Tree] | None:
        """The feed and the expression over one of its rows that gives the same."""
        return None


class Constant(Rel):
    def __init__(self, columns: Iterable[str]) -> None:
        self.columns = tuple(columns)


class Feed(Rel):
    def __init__(self, name: str, place: int) -> None:
        self.name, self.place = name, place
        self.columns = (*ALL[name].by_name, "_row")
        self.places = frozenset({place})

    def keys(self, expression: Tree) -> set[Key]:
        return {frozenset({(self.place, text_of(expression))})} if refs(expression) else set()

    def trace(self, expression: Tree) -> tuple[str, Tree] | None:
        return self.name, expression


class Renamed(Rel):
    def __init__(self, inner: Rel, names: list[str]) -> None:
        self.inner = inner
        self.columns = (*names, *inner.columns[len(names) :])
        self.places = inner.places
        self._back = dict(zip(self.columns, inner.columns, strict=True))

    def _inside(self, expression: Tree) -> Tree:
        told: Tree = replaced(expression, lambda ref: ref_to(self._back[ref["column_names"][-1]]))
        return told

    def keys(self, expression: Tree) -> set[Key]:
        return self.inner.keys(self._inside(expression))

    def trace(self, expression: Tree) -> tuple[str, Tree] | None:
        return self.inner.trace(self._inside(expression))


class Union(Rel):
    def __init__(self, parts: list[Rel], *, cut: bool) -> None:
        self.parts, self.cut = parts, cut
        self.columns = parts[0].columns
        self.places = frozenset().union(*(part.places for part in parts))
        if any(len(part.columns) != len(self.columns) for part in parts):
            raise Whole("unclear")

    def of(self, part: Rel, expression: Tree) -> Tree:
        """The expression over the part's own names."""
        back = dict(zip(self.columns, part.columns, strict=True))
        told: Tree = replaced(expression, lambda ref: ref_to(back[ref["column_names"][-1]]))
        return told

    def keys(self, expression: Tree) -> set[Key]:
        return set() if self.cut else products(part.keys(self.of(part, expression)) for part in self.parts)


# ── FROM ─────────────────────────────────────────────────────────────────────────────────────────────


class Leaf:
    def __init__(self, at: int, alias: str, rel: Rel) -> None:
        self.at, self.alias, self.rel = at, alias, rel
        self.leaves = frozenset({at})

    def own(self, expression: Tree) -> Tree:
        told: Tree = replaced(expression, lambda ref: ref_to(ref["column_names"][-1]))
        return told

    def keys(self, expression: Tree, equal: list[Pair]) -> set[Key]:
        return self.rel.keys(self.own(expression))

    def const(self) -> Key:
        return self.rel.const()


@dataclass(frozen=True, slots=True)
class Pair:
    """Two expressions that are equal in every row where both are; `plain`: by `=`, so that NULL is equal to nothing."""

    one: Tree
    other: Tree
    plain: bool


class Join:
    def __init__(self, left: Any, right: Any, kind: str, pairs: list[Pair]) -> None:
        self.left, self.right, self.kind, self.pairs = left, right, kind, pairs
        self.leaves = left.leaves | right.leaves

    def const(self) -> Key:
        return self.left.const() | self.right.const()

    def keys(self, expression: Tree, equal: list[Pair]) -> set[Key]:
        there = {int(names[0][1:]) for names in refs(expression)}
        for mine, other, kinds in (
            (self.left, self.right, ("INNER", "LEFT", "SEMI", "ANTI")), (self.right, self.left, ("INNER", "RIGHT")),
        ):  # fmt: skip
            if there <= mine.leaves:
                if self.kind not in kinds:
                    return set()
                found = self._by(mine, other, expression, equal)
                if self.kind == "INNER":  # what it equals on the other side says the same
                    for told in _matched(expression, [], self.pairs + equal, other.leaves):
                        found |= self._by(other, mine, told, equal)
                return fewest(found)
        if expression.get("type") == "OPERATOR_COALESCE" and len(expression["children"]) == 2:
            one, other = expression["children"]
            if any(
                {text_of(one), text_of(other)} == {text_of(p.one), text_of(p.other)} and p.plain for p in self.pairs
            ):
                sides = [(one, other), (other, one)]
                return {
                    key
                    for mine, theirs in sides
                    if within(mine, self.left.leaves) and within(theirs, self.right.leaves)
                    for key in products([self.left.keys(mine, equal), self.right.keys(theirs, equal)])
                }
        return set()

    def _by(self, mine: Any, other: Any, expression: Tree, equal: list[Pair]) -> set[Key]:
        found = mine.keys(expression, equal)
        made = {m for key in found if (m := merged(key, other.const())) is not None}
        joining = self.pairs + (equal if self.kind == "INNER" else [])
        for told in _matched(expression, _held(mine, equal), joining, other.leaves):
            made |= products([found, other.keys(told, equal)])
        return fewest(made)


def within(expression: Tree, leaves: Iterable[int]) -> bool:
    named = refs(expression)
    return bool(named) and all(names[0].startswith("@") and int(names[0][1:]) in leaves for names in named)


def _held(node: Any, equal: list[Pair]) -> list[Pair]:
    """The equalities by `=` inside a part of FROM: where both sides are there they are equal, where one is NULL it matches nothing."""
    if isinstance(node, Leaf):
        return []
    inside = [p for p in [*node.pairs, *equal] if within(p.one, node.leaves) and within(p.other, node.leaves)]
    own = inside if node.kind in ("INNER", "LEFT", "RIGHT") else []
    return [*own, *_held(node.left, equal), *_held(node.right, equal)]


def _matched(expression: Tree, held: list[Pair], joining: list[Pair], leaves: frozenset[int]) -> list[Tree]:
    """The expression as rows of the other side give it, by the equalities of the join."""
    across: dict[str, list[Tree]] = {}
    for pair in joining:
        for mine, theirs in ((pair.one, pair.other), (pair.other, pair.one)):
            if not within(theirs, leaves):
                continue
            across.setdefault(text_of(mine), []).append(theirs)
            if pair.plain:
                for alike in _alike(mine, held):
                    across.setdefault(text_of(alike), []).append(theirs)
    made = list(across.get(text_of(expression), ()))
    missing: list[str] = []

    def put(ref: Tree) -> Tree:
        there = across.get(text_of(ref))
        if not there:
            missing.append(text_of(ref))
            return ref
        return there[0]

    if not made:
        told = replaced(expression, put)
        if not missing:
            made.append(told)
    return made


def _alike(expression: Tree, held: list[Pair]) -> list[Tree]:
    """What equals the expression by these equalities, step by step."""
    known, found = {text_of(expression)}, [expression]
    for one in found:
        for pair in held:
            if not pair.plain:
                continue
            for mine, theirs in ((pair.one, pair.other), (pair.other, pair.one)):
                if text_of(mine) == text_of(one) and text_of(theirs) not in known:
                    known.add(text_of(theirs))
                    found.append(theirs)
    return found[1:]
