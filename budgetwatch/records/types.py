"""What a column and a feed are: the one declaration from which casts, checks, views and docs are derived."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from budgetwatch.text import Text

#: `money` is DECIMAL(18,2); `ratio` a DECIMAL(9,6); `code` a string that keeps its leading zeros.
Kind = Literal["code", "text", "money", "integer", "ratio", "date", "flag"]

DUCKDB_TYPE: Mapping[str, str] = {
    "code": "VARCHAR",
    "text": "VARCHAR",
    "money": "DECIMAL(18,2)",
    "integer": "BIGINT",
    "ratio": "DECIMAL(9,6)",
    "date": "DATE",
    "flag": "BOOLEAN",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a feed: its name, what it holds, and what senders call it.

    `values` names the code list (see `records.codes`) that its contents must come from.
    `aliases` are headings met in practice, besides the name itself in any letter case. A whole number outside `low` to
    `high` is not what the column holds (a thirteenth month).
    """

    name: str
    kind: Kind
    label: Text
    required: bool = False
    values: str | None = None
    aliases: tuple[str, ...] = ()
    note: str = ""
    low: int | None = None
    high: int | None = None

    @property
    def duckdb(self) -> str:
        return DUCKDB_TYPE[self.kind]


@dataclass(frozen=True, slots=True)
class Feed:
    """One kind of fact that government sends: its columns, its key and the day it happened.

    `key` is what makes a row one thing (a resend of the key is the same thing); empty: none.
    `day` is the column by which rows are ordered in time and pruned. An `own` feed is what the house itself
    remembers (`records.own`): rules read it, nobody sends it.
    """

    name: str
    label: Text
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    day: str | None = None
    note: str = ""
    own: bool = False
    by_name: Mapping[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {c.name: c for c in self.columns})
        missing = [k for k in (*self.key, *([self.day] if self.day else [])) if k not in self.by_name]
        if missing:
            raise ValueError(f"feed {self.name}: key or day names unknown columns {missing}")

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns if c.required)
