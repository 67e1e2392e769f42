"""What a query hands back for a table: headings that say what each column holds, rows, and whole totals.

Values stay what they are (`Decimal`, `date`, `Text`, `None`); only `plain` turns them into JSON.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

from budgetwatch.text import Text

HeadingKind = Literal["text", "code", "money", "integer", "ratio", "date", "moment", "severity", "state", "flag"]


@dataclasses.dataclass(frozen=True, slots=True)
class Heading:
    """One column of a listing: the key of its rows, what people read, and what it holds."""

    name: str
    label: Text
    kind: HeadingKind = "text"


@dataclasses.dataclass(frozen=True, slots=True)
class Listing:
    """One page of rows out of `total`; `totals` sums the whole result by currency (never across
    currencies), or counts it."""

    headings: tuple[Heading, ...]
    rows: list[dict[str, Any]]
    total: int
    totals: dict[str, Any] = dataclasses.field(default_factory=dict)

    def heading(self, name: str) -> Heading:
        return next(h for h in self.headings if h.name == name)


def heading(name: str, zh: str, en: str, kind: HeadingKind = "text") -> Heading:
    """A `Heading` in one short line."""
    return Heading(name, Text(zh, en), kind)


def plain(value: Any, language: str) -> Any:
    """The same value as JSON can carry it: exact numbers as strings, days in ISO form, words in one language."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, Text):
        return value.of(language)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, float):
        return float(decimal.Context(prec=6).create_decimal_from_float(value))
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name), language) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(k): plain(v, language) for k, v in value.items()}
    if isinstance(value, (set, frozenset)):
        return [plain(v, language) for v in sorted(value, key=str)]
    if isinstance(value, (list, tuple)):
        return [plain(v, language) for v in value]
    return str(value)
