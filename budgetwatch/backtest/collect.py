"""Asking rules for a back-test: every finding of every rule in one table, columns only; nothing becomes a Python object.

A rule that answers for the run's day only is asked for the last day of the facts and for the end of each earlier year;
of a subject and period found more than once the latest answer counts. A condition and all the values to be tried
of its thresholds come out of one scan.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from budgetwatch.records import ALL
from budgetwatch.rules import bands
from budgetwatch.rules import compile as compiled
from budgetwatch.rules.coded import Coded
from budgetwatch.rules.rule import Rule
from budgetwatch.rules.sql import bind

#: The findings: one row for each subject and period of a rule; `tried` 0 is the rule as it stands, 1, 2 … its variants.
FOUND = """CREATE TEMP TABLE IF NOT EXISTS bt_found (
    rule SMALLINT, tried SMALLINT, item BIGINT, subject VARCHAR, period VARCHAR, month VARCHAR, severity VARCHAR,
    agency_code VARCHAR, agency_name VARCHAR, region VARCHAR, amount DECIMAL(38,2), n BIGINT, rows BIGINT[])"""
Say = Callable[[str], str]
#: Where answers stand until it is known which of them count.
_ASIDE = 30_000
#: Figures by which a finding is put into a month where its period is a year, the first that there is.
_DAYS = ("last_day", "due_day", "end_day", "pay_date", "day", "data_day", "checkpoint", "first_day")


@dataclass(slots=True)
class Gathered:
    """What could not be judged by the rule as it stands, and why it broke or was not asked."""

    cannot: int = 0
    failure: str = ""
    missing: tuple[str, ...] = ()
    variants: list[Rule] = field(default_factory=list)


#: A question that looks at the run's own year, or at what a column held by the run's day, answers for that day only.
#: One that asks whether a year's end has passed (`$as_of >= make_date(budget_year, 12, 31)`) answers for every year.
_ONE_DAY = re.compile(r"\byear\(\s*\$as_of\s*\)|(?<![\w.)])[a-z_][\w.]*\s*(?:<=?|=)\s*\$as_of\b", re.I)


def days_of(rule: Rule, as_of: dt.date, first_year: int) -> list[dt.date]:
    """The days for which a rule is asked, the last one first."""
    asked = rule.question
    if not isinstance(asked, str) or not _ONE_DAY.search(asked):
        return [as_of]
    return [as_of, *(dt.date(year, 12, 31) for year in range(as_of.year - 1, first_year - 1, -1))]


def gather(
    connection: duckdb.DuckDBPyConnection,
    number: int,
    rule: Rule,
    as_of: dt.date,
    first_year: int,
    variants: Sequence[Rule] = (),
    places: Sequence[tuple[Rule, Sequence[str]]] = (),
    coded: Coded | None = None,
) -> Gathered:
    """Put the findings of a rule, and of its variants, into `bt_found` under that number.

    `places`: where packs set other values, the rule with each set of values and the regions it holds for; the last set
    holds for every other answer. A value that is tried holds everywhere. `coded`: feeds that were made ready for all
    questions; answers do not depend on it.
    """
    said = (coded or Coded(connection)).say
    connection.execute(FOUND)
    told = Gathered(variants=list(variants))
    try:
        if rule.form == "outlier":
            _models(connection, number, [rule, *variants], as_of)
        elif rule.form == "when" and variants and not places:
            told.cannot = _conditions(connection, number, [rule, *variants], days_of(rule, as_of, first_year), said)
        elif places:
            told.cannot = _placed(connection, number, places, as_of, first_year, said)
            for tried, one in enumerate(variants, 1):
                _questions(connection, number, tried, one, days_of(one, as_of, first_year), said)
        else:
            for tried, one in enumerate([rule, *variants]):
                cannot = _questions(connection, number, tried, one, days_of(one, as_of, first_year), said)
                told.cannot += cannot if tried == 0 else 0
    except (duckdb.Error, ValueError) as error:
        told.failure = str(error).split("\n\n")[0][:500]
        connection.execute("DELETE FROM bt_found WHERE rule = ?", [number])
    return told


def _questions(
    connection: duckdb.DuckDBPyConnection, number: int, tried: int, rule: Rule, days: Sequence[dt.date], said: Say
) -> int:
    cannot = 0
    for at, day in enumerate(days):
        cannot += _answer(connection, number, tried, said(compiled.question(rule, day)), rule, day, first=at == 0)
    return cannot


def _placed(
    connection: duckdb.DuckDBPyConnection,
    number: int,
    places: Sequence[tuple[Rule, Sequence[str]]],
    as_of: dt.date,
    first_year: int,
    said: Say,
) -> int:
    """The rule with the values of each place; of its answers those are kept whose place has these values."""
    elsewhere = [region for _, regions in places[:-1] for region in regions]
    cannot = 0
    for at, (rule, regions) in enumerate(places):
        cannot = max(cannot, _questions(connection, number, _ASIDE, rule, days_of(rule, as_of, first_year), said))
        last = at == len(places) - 1
        listed, sign = (elsewhere, "NOT") if last else (list(regions), "")
        connection.execute(
            f"DELETE FROM bt_found WHERE rule = {number} AND tried = {_ASIDE} AND NOT ({sign} list_contains($1, region))",
            [listed],
        )
        connection.execute(f"UPDATE bt_found SET tried = 0 WHERE rule = {number} AND tried = {_ASIDE}")
    return cannot


def _conditions(
    connection: duckdb.DuckDBPyConnection, number: int, rules: Sequence[Rule], days: Sequence[dt.date], said: Say
) -> int:
    """A condition and its variants: one scan marks the rows that each of them hits, the rest is over these rows."""
    rule, cannot = rules[0], 0
    present = "".join(f"{column} IS NOT NULL AND " for column in rule.needs)
    columns = ", ".join(["_row", *sorted(compiled.hit_columns(rule))])
    for at, day in enumerate(days):
        asked = [f"coalesce((\n{bind(one.sql, one.values(day))}\n), false)" for one in rules]
        marks = ", ".join(f"{condition} AS hit{n}" for n, condition in enumerate(asked))
        hits = (
            f"SELECT * FROM (SELECT {columns}, {marks} FROM {rule.over} WHERE {present} true) AS asked "
            f"WHERE {' OR '.join(f'hit{n}' for n in range(len(asked)))}"
        )
        connection.execute(f"CREATE OR REPLACE TEMP TABLE bt_hits AS {said(hits)}")
        for tried, one in enumerate(rules):
            question = compiled.grouped(one, "bt_hits", f"hit{tried}", day)
            found = _answer(connection, number, tried, question, one, day, first=at == 0)
            cannot += found if tried == 0 else 0
        connection.execute("DROP TABLE bt_hits")
    return cannot


def _answer(
    connection: duckdb.DuckDBPyConnection,
    number: int,
    tried: int,
    question: str,
    rule: Rule,
    day: dt.date,
    *,
    first: bool,
) -> int:
    """Keep the answers of one question; how many of them say that they cannot be judged."""
    given = connection.sql(question).columns
    has = set(given)

    def part(name: str, absent: str) -> str:
        return f'q."{name}"' if name in has else absent

    month, banded = _month(has), bands.severity(rule, day)
    source = bands.judged(question, given) if banded else question
    cannot = part("cannot", "NULL")
    listed = "list_distinct(coalesce(q.rows, []::BIGINT[]))" if "rows" in has else "[]::BIGINT[]"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE bt_answer AS SELECT {part('subject', 'NULL')}::VARCHAR AS subject, "
        f"coalesce(q.period::VARCHAR, '') AS period, {month} AS month, "
        f"coalesce({banded or part('severity', 'NULL')}::VARCHAR, '{rule.severity}') AS severity, "
        f"{part('agency_code', 'NULL')}::VARCHAR AS agency_code, coalesce({part('agency_name', 'NULL')}::VARCHAR, '') AS agency_name, "
        f"coalesce({part('adm_div_code', 'NULL')}::VARCHAR, '') AS region, {part('amount', 'NULL')}::DECIMAL(38,2) AS amount, "
        f"{listed} AS rows, {cannot}::VARCHAR AS cannot FROM (\n{source}\n) AS q"
    )
    [(undecided,)] = connection.execute("SELECT count(*) FROM bt_answer WHERE cannot IS NOT NULL").fetchall()
    known = (
        ""
        if first
        else f"AND NOT EXISTS (SELECT 1 FROM bt_found f WHERE f.rule = {number} AND f.tried = {tried} "
        f"AND f.subject = a.subject AND f.period = a.period) AND coalesce(try_cast(left(a.period, 4) AS INTEGER), 0) <= {day.year}"
    )
    connection.execute(
        f"INSERT INTO bt_found SELECT {number}, {tried}, row_number() OVER (), subject, period, max(month), "
        "any_value(severity), any_value(agency_code), max(agency_name), any_value(region), sum(amount), "
        "len(any_value(all_rows)), any_value(all_rows) FROM ("
        "SELECT a.*, CASE WHEN count(*) OVER same = 1 THEN rows ELSE list_distinct(flatten(list(rows) OVER same)) END AS all_rows "
        f"FROM bt_answer a WHERE cannot IS NULL AND subject IS NOT NULL {known} WINDOW same AS (PARTITION BY subject, period)) "
        "GROUP BY subject, period"
    )
    connection.execute("DROP TABLE bt_answer")
    return int(undecided) if first else 0


def _month(has: set[str]) -> str:
    period = "coalesce(q.period::VARCHAR, '')"
    day = next((f'try_cast(q."{name}" AS DATE)' for name in _DAYS if name in has), None)
    own = f"WHEN {day} IS NOT NULL THEN strftime({day}, '%Y-%m')" if day else ""
    return (
        f"CASE WHEN regexp_full_match({period}, '\\d{{4}}-\\d{{2}}.*') THEN left({period}, 7) {own} "
        f"ELSE left({period}, 4) END"
    )


def _models(connection: duckdb.DuckDBPyConnection, number: int, rules: Sequence[Rule], as_of: dt.date) -> None:
    """A model's ranking of all stored rows at once: it knows no periods of its own."""
    from budgetwatch.rules.ranking import ranked  # brings numpy, which a start of the command line need not load

    for tried, rule in enumerate(rules):
        _, found = ranked(connection, rule, as_of)
        rows: list[Mapping[str, Any]] = [
            {"subject": f.subject, "period": f.period, "amount": f.amount, "row": int.from_bytes(f.rows[:8], "little", signed=True),
             "code": f.agency_code, "name": f.agency_name, "region": f.region, "severity": f.severity}
            for f in found
        ]  # fmt: skip
        if not rows:
            continue
        import pyarrow as pa

        connection.register("bt_ranked", pa.Table.from_pylist([dict(row) for row in rows]))
        connection.execute(
            f"INSERT INTO bt_found SELECT {number}, {tried}, row_number() OVER (), subject, period, left(period, 7), severity, "
            "code, name, region, amount, 1, [row] FROM bt_ranked"
        )
        connection.unregister("bt_ranked")


def feed_of(rule: Rule) -> str:
    """The feed whose rows a rule's findings name."""
    return ALL[rule.over].name
