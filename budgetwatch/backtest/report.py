"""The figures of a back-test, as values that keep as JSON and read back the same."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from budgetwatch.text import Text

#: The normal quantile of a two-sided interval of 95 %.
_Z = 1.959964


@dataclass(frozen=True, slots=True)
class Precision:
    """How often reviewers confirmed what a rule found: `confirmed` of `n` that have a verdict. Those without are unknown.

    `low` and `high` bound the share at 95 % (Wilson); None where nobody has judged any, which is not 0 %.
    """

    confirmed: int
    n: int
    unknown: int
    low: float | None = None
    high: float | None = None

    @property
    def share(self) -> float | None:
        return self.confirmed / self.n if self.n else None


def wilson(confirmed: int, n: int) -> tuple[float, float] | None:
    """Wilson's score interval at 95 %; None for n = 0. Source: E. B. Wilson, JASA 22 (1927), 209–212."""
    if not n:
        return None
    p, zz = confirmed / n, _Z * _Z
    centre = (p + zz / (2 * n)) / (1 + zz / n)
    half = _Z * math.sqrt(p * (1 - p) / n + zz / (4 * n * n)) / (1 + zz / n)
    return max(0.0, round(centre - half, 6)), min(1.0, round(centre + half, 6))


def precision(confirmed: int, n: int, hits: int) -> Precision:
    bounds = wilson(confirmed, n) or (None, None)
    return Precision(confirmed, n, max(0, hits - n), *bounds)


@dataclass(frozen=True, slots=True)
class Tried:
    """What the rule would find with one value of a parameter, and the hours of review that a year of it takes."""

    value: str
    current: bool
    hits: int
    rows: int
    amount: str | None
    precision: Precision
    hours: float


@dataclass(frozen=True, slots=True)
class Sweep:
    """One numeric parameter tried with several values, the others left as they are."""

    param: str
    label: Text
    unit: str
    tried: tuple[Tried, ...]


@dataclass(frozen=True, slots=True)
class RuleReport:
    """One rule over all stored facts. Amounts as exact text.

    `by_month` holds (month, hits), a whole year where the finding has no month; `by_unit` (code, name, hits, amount),
    the greatest first and at most `MOST_UNITS`; `by_level` (level, hits).
    `known` are hits that are flags already, `gone` flags of the rule that it would no longer find.
    `shared` hits rest on a row that another rule's flag rests on too, `marginal` on none; `shared_with` (rule, hits).
    `hours` is of one year's hits. `missing` names feeds it reads of which there are no facts: it was not asked.
    """

    rule_id: str
    edition_id: int | None
    digest: str
    name: Text
    severity: str
    over: str
    hits: int = 0
    rows: int = 0
    amount: str | None = None
    units: int = 0
    could_not_judge: int = 0
    by_month: tuple[tuple[str, int], ...] = ()
    by_unit: tuple[tuple[str, str, int, str | None], ...] = ()
    by_level: tuple[tuple[str, int], ...] = ()
    by_severity: tuple[tuple[str, int], ...] = ()
    known: int = 0
    gone: int = 0
    shared: int = 0
    marginal: int = 0
    shared_with: tuple[tuple[str, int], ...] = ()
    precision: Precision = field(default_factory=lambda: Precision(0, 0, 0))
    hours: float = 0.0
    sweeps: tuple[Sweep, ...] = ()
    seconds: float = 0.0
    missing: tuple[str, ...] = ()
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A back-test: over which years, with how many minutes of review a flag, and what each rule would find.

    `measured` is the number of cases that the minutes were measured from; 0: they are the setting's.
    """

    first_year: int
    last_year: int
    minutes: float
    measured: int
    rules: tuple[RuleReport, ...]

    @property
    def years(self) -> int:
        return self.last_year - self.first_year + 1

    def kept(self) -> dict[str, Any]:
        """As JSON; `read` gives it back."""
        return asdict(self)

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Report:
        return cls(**{**kept, "rules": tuple(_rule(r) for r in kept["rules"])})


def _rule(kept: Mapping[str, Any]) -> RuleReport:
    lists = ("by_month", "by_unit", "by_level", "by_severity", "shared_with")
    return RuleReport(
        **{
            **kept,
            "name": Text(**kept["name"]),
            **{name: tuple(tuple(one) for one in kept[name]) for name in lists},
            "missing": tuple(kept.get("missing", ())),
            "precision": Precision(**kept["precision"]),
            "sweeps": tuple(
                Sweep(s["param"], Text(**s["label"]), s["unit"],
                      tuple(Tried(**{**one, "precision": Precision(**one["precision"])}) for one in s["tried"]))
                for s in kept["sweeps"]
            ),
        }
    )  # fmt: skip


def hours(hits: int, years: int, minutes: float) -> float:
    """Hours of review that one year's hits take."""
    return round(hits / max(years, 1) * minutes / 60, 2)


def plain(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"
