"""What a condition would hit in the last month of facts, before anything is drafted: how many rows, how many flags they make, and
the first of them.

Scope and masking hold as everywhere; rows that lack a needed column are told apart, not counted as clear.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb

from budgetwatch.access.viewer import Viewer
from budgetwatch.errors import Invalid
from budgetwatch.lifecycle.condition import Built, Condition, build
from budgetwatch.lifecycle.drafting import SUBJECTS, periods_of, subjects_of
from budgetwatch.queries import seen
from budgetwatch.queries.listing import Heading
from budgetwatch.queries.names import code_name
from budgetwatch.queries.scope import demand
from budgetwatch.records import ALL
from budgetwatch.records.types import Feed
from budgetwatch.rules import functions
from budgetwatch.rules.model import ParamSpec, typed
from budgetwatch.rules.sql import bind
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

#: Columns that say most of a row, in this order; those that the condition names come first.
_TELLING = (
    "agency_name", "pay_date", "amount", "payee_name", "purpose", "pro_name", "item_name", "adm_div_code", "budget_year",
)  # fmt: skip
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Preview:
    """`first` to `last` is the month looked at (None: a feed without days, all of it); `hits` of `looked_at` rows, which make `flags`
    once they are gathered."""

    first: dt.date | None
    last: dt.date | None
    looked_at: int
    hits: int
    flags: int
    lacking: int
    units: int | None
    amount: Decimal | None
    headings: tuple[Heading, ...]
    rows: list[dict[str, Any]]


def preview(
    home: Home, viewer: Viewer, condition: Condition, *, subject: str = "unit", period: str = "month", limit: int = 10
) -> Preview:
    """The condition over the last month that there are facts of, within the viewer's scope; its hits gathered as the form says."""
    demand(viewer, "draft_rules")
    demand(viewer, "facts")
    built, feed = build(condition), ALL[condition.over]
    values = {name: typed(_spec(spec), spec["value"]) for name, spec in built.params.items()}
    asked = bind(built.when, {**values, "as_of": dt.date.today()})  # noqa: DTZ011  no built condition names it
    named = [row.column for group in condition.groups for row in group.rows]
    columns = [c for c in dict.fromkeys((*_TELLING[:3], *named, *_TELLING)) if c in feed.by_name][:_SHOWN]
    # The condition is put to what this person may see: nobody finds out a masked name by guessing it.
    hidden = {c: seen.expression(viewer, c) for c in feed.by_name if seen.expression(viewer, c) != f'"{c}"'}
    shown = ", ".join(f'{sql} AS "{c}"' for c, sql in hidden.items())
    source = f"(SELECT * {f'REPLACE ({shown})' if shown else ''} FROM {feed.name})"
    with home.facts(viewer) as facts:
        first, last = _month(facts, feed.name, feed.day)
        limits = f"{feed.day} BETWEEN DATE '{first}' AND DATE '{last}'" if feed.day and first else "true"
        present = " AND ".join(f"{c} IS NOT NULL" for c in built.needs) or "true"
        sums = (
            f"count(*), count(*) FILTER (WHERE {present} AND ({asked})), count(*) FILTER (WHERE NOT ({present})), "
            + (
                f"count(DISTINCT agency_code) FILTER (WHERE {present} AND ({asked}))"
                if "agency_code" in feed.by_name
                else "NULL"
            )
            + (f", sum(amount) FILTER (WHERE {present} AND ({asked}))" if "amount" in feed.by_name else ", NULL")
        )
        try:
            if "is_workday" in asked:
                year = (last or dt.date.today()).year  # noqa: DTZ011
                functions.install(facts, (year - 1, year))
            [(looked_at, hits, lacking, units, amount)] = facts.execute(
                f"SELECT {sums} FROM {source} AS f WHERE {limits}"
            ).fetchall()
            gathered = bind(_gathered(feed, built, subject, period), values)
            [(flags,)] = facts.execute(
                f"SELECT count(*) FROM (SELECT 1 FROM {source} AS f WHERE {limits} AND {present} AND ({asked}) {gathered})"
            ).fetchall()
            order = "amount DESC NULLS LAST, _row" if "amount" in feed.by_name else "_row"
            rows = seen.dicts(
                facts.execute(
                    f"SELECT {', '.join(columns)} FROM {source} AS f WHERE {limits} AND {present} AND ({asked}) ORDER BY {order} LIMIT {int(limit)}"
                )
            )
        except duckdb.Error as error:
            raise Invalid(
                Text("这个条件无法计算。", "This condition cannot be computed."),
                where="condition",
                fix=Text("请检查每行的取值。", "Check the value of each row."),
                reason=str(error).split("\n")[0],
            ) from None
    for row in rows:
        for name in columns:
            if (listed := feed.by_name[name].values) and row[name] is not None:
                row[name] = code_name(listed, row[name])
    if rows and feed.name == "payment":
        seen.audit(home, viewer, "preview_rule", feed.name, "", rows=len(rows))
    headings = tuple(Heading(c, feed.by_name[c].label, feed.by_name[c].kind) for c in columns)
    return Preview(first, last, looked_at, hits, flags, lacking, units, amount, headings, rows)


def _gathered(feed: Feed, built: Built, subject: str, period: str) -> str:
    """How hits become flags: by whose they are and when, where they come to what they must."""
    ways = list(subjects_of(feed))
    keys = list(SUBJECTS[subject if subject in ways else ways[0]][1])
    if period == "year" and "budget_year" in feed.by_name:
        keys.append("budget_year")
    elif feed.day:
        keys.append(f"date_trunc('{period if period in periods_of(feed) else 'month'}', {feed.day})")
    if "amount" in built.least and "currency" in feed.by_name:
        keys.append("currency")
    enough = [
        f"{what} >= {built.least[part]}"
        for part, what in (("amount", "sum(amount)"), ("rows", "count(*)"))
        if part in built.least
    ]
    return f"GROUP BY {', '.join(keys)}" + (f" HAVING {' AND '.join(enough)}" if enough else "")


def _month(facts: duckdb.DuckDBPyConnection, feed: str, day: str | None) -> tuple[dt.date | None, dt.date | None]:
    """The last calendar month that holds facts, up to its last day with any."""
    if day is None:
        return None, None
    [(last,)] = facts.execute(f"SELECT max({day}) FROM {feed}").fetchall()
    return (last.replace(day=1), last) if last is not None else (None, None)


def _spec(given: dict[str, Any]) -> ParamSpec:
    return ParamSpec.model_validate({**given, "name": dict(given["name"])})
