"""What was made ready of large feeds: the names of its tables, what stands for parts of questions, and how each question is put.

All of it is plain: it goes with a connection (`coded`), and into the note beside a file (`prepared`), from which it is read again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, field
from typing import Any

from budgetwatch.rules.coding import Bit
from budgetwatch.rules.reached import Joined, Reach
from budgetwatch.rules.steps import Steps
from budgetwatch.rules.sums import Sum


@dataclass(frozen=True, slots=True)
class Recipe:
    """How more rows of a feed come to stand as its table's do: from a table `came(feed)` of them, the SQL to run `first`, then
    the `rows`, as texts in the table's order."""

    first: tuple[str, ...]
    rows: str


def came(feed: str) -> str:
    """What a table of further rows of the feed is called."""
    return f"_came_{feed}"


@dataclass(slots=True)
class Made:
    """The tables of the feeds that were made ready, their coded `columns`, and what stands `instead` of parts of questions.

    `shown` are the columns of a table, `few` the smaller tables (of a feed, or of kept sums) for the conditions of selective
    questions, `large` the feeds that are (others were made ready to go with them), `said` the questions that were put before, as
    they are asked, `recipes` say how further rows are made ready alike, and `sums` are the tables of kept sums.
    """

    tables: dict[str, str] = field(default_factory=dict)
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    instead: dict[tuple[str, str], str | Bit] = field(default_factory=dict)
    shown: dict[str, tuple[str, ...]] = field(default_factory=dict)
    few: dict[tuple[str, str], str] = field(default_factory=dict)
    large: frozenset[str] = frozenset()
    said: dict[str, Steps] = field(default_factory=dict)
    recipes: dict[str, Recipe] = field(default_factory=dict)
    sums: dict[str, Sum] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """All its tables."""
        return sorted({*self.tables.values(), *self.few.values(), *self.sums})

    def wide(self) -> set[str]:
        """The tables that large feeds are read from."""
        names = {self.tables[feed] for feed in self.large if feed in self.tables}
        return names | {table for (feed, _), table in self.few.items() if feed in self.large}

    def of_sums(self) -> set[str]:
        """The tables of kept sums, and the smaller ones made of them."""
        return {*self.sums} | {table for (of, _), table in self.few.items() if of in self.sums}

    def smaller(self, of: str) -> dict[str, list[str]]:
        """The smaller tables of a feed or of kept sums, each with the conditions whose rows it holds."""
        found: dict[str, list[str]] = {}
        for (whose, condition), one in self.few.items():
            if whose == of:
                found.setdefault(one, []).append(condition)
        return found

    def told(self, said: Mapping[str, Steps]) -> dict[str, Any]:
        """All of it as JSON has it, with these questions."""
        kept = {
            "tables": self.tables,
            "columns": {feed: list(columns) for feed, columns in self.columns.items()},
            "instead": [[feed, key, _plain(what)] for (feed, key), what in self.instead.items()],
            "shown": {feed: list(columns) for feed, columns in self.shown.items()},
            "few": [[feed, condition, table] for (feed, condition), table in self.few.items()],
            "large": sorted(self.large),
            "recipes": {feed: [list(recipe.first), recipe.rows] for feed, recipe in self.recipes.items()},
            "sums": [
                [table, one.base, one.text, one.source, one.keys, one.together] for table, one in self.sums.items()
            ],
            "said": {
                question: [
                    list(map(list, how.before)),
                    None if how.last == question else how.last,
                    how.reached and astuple(how.reached),
                    how.columns,
                ]
                for question, how in said.items()
            },
        }
        plain: dict[str, Any] = json.loads(json.dumps(kept))
        return plain

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Made:
        """What was told."""
        return cls(
            tables=dict(told["tables"]),
            columns={feed: tuple(columns) for feed, columns in told["columns"].items()},
            instead={(feed, key): _part(what) for feed, key, what in told["instead"]},
            shown={feed: tuple(columns) for feed, columns in told["shown"].items()},
            few={(feed, condition): table for feed, condition, table in told["few"]},
            large=frozenset(told["large"]),
            said={question: _steps(question, how) for question, how in told["said"].items()},
            sums={table: _sum(*what) for table, *what in told["sums"]},
            recipes={feed: Recipe(tuple(first), rows) for feed, (first, rows) in told["recipes"].items()},
        )


def _part(what: Any) -> str | Bit:
    if isinstance(what, str):
        return what
    return Bit(what["mask"], what["yes"], tuple(what["unsure"]) if what["unsure"] else None)


def _steps(question: str, how: Sequence[Any]) -> Steps:
    before, last, reached, columns = how
    told = tuple((table, step) for table, step in before)
    return Steps(told, last or question, _reach(*reached) if reached else None, tuple(columns))


def _reach(table: str, joined: Sequence[Sequence[str]], last: str, kept: str) -> Reach:
    return Reach(table, tuple(Joined(*one) for one in joined), last, kept)


def _sum(base: str, text: str, source: str, keys: Sequence[str], together: Sequence[Sequence[str]]) -> Sum:
    return Sum(base, text, source, tuple(keys), tuple((name, how) for name, how in together))


def _plain(what: str | Bit) -> Any:
    return what if isinstance(what, str) else asdict(what)
