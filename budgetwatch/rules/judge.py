"""Putting rules to the facts: for each, what it looked at, what it found, and what it could not judge.

The absence of needed columns is counted once a feed for all rules. A rule that fails is reported as
unable to judge; the others go on.
"""

from __future__ import annotations

import contextlib
import copy
import datetime as dt
import logging
import time
import warnings
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import duckdb

from budgetwatch.progress import Progress
from budgetwatch.records import ALL
from budgetwatch.rules import bands, baselines, coded, deadlines, functions, reasons, side
from budgetwatch.rules import compile as compiled
from budgetwatch.rules import sql as sqls
from budgetwatch.rules.coded import Coded
from budgetwatch.rules.finding import Finding, answers, build, together
from budgetwatch.rules.made import Made
from budgetwatch.rules.making import make_ready
from budgetwatch.rules.ranking import ranked
from budgetwatch.rules.rule import Rule
from budgetwatch.rules.steps import laid

_log = logging.getLogger(__name__)
# To plan each question twice, as a relation does, costs more than to copy its few answers.
warnings.filterwarnings("ignore", message="Arrow output on a DB-API result", category=UserWarning)


@dataclass(slots=True)
class Verdict:
    """What a rule said: three-valued. `failure` is set when the rule itself broke."""

    rule: Rule
    looked_at: int = 0
    findings: list[Finding] = field(default_factory=list)
    could_not_judge: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    failure: str = ""

    def cannot(self, code: str, count: int) -> None:
        """Count things that could not be judged."""
        if count:
            self.could_not_judge += count
            self.reasons[code] += count


def judge(
    connection: duckdb.DuckDBPyConnection,
    rules: Sequence[Rule],
    as_of: dt.date,
    have: Iterable[str],
    progress: Progress | None = None,
    *,
    least_rows: int | None = None,
    prepared: Coded | None = None,
    others: Iterable[Rule] = (),
    two: bool = False,
    took: Mapping[str, float] = MappingProxyType({}),
) -> Iterator[Verdict]:
    """The verdict of every rule over the facts on the connection; `have` names the feeds that hold facts.

    Feeds of `least_rows` and more are made ready for all questions first (`coded`), unless they were `prepared` before, for
    these rules and `others`; answers do not depend on it. `two` rules may be asked at a time where the connection's
    feeds stand in its database and not in its temporary one (`side`); `took` is how long they took before, in seconds.
    """
    present = set(have)
    ready = [rule for rule in rules if present.issuperset(rule.relies_on)]
    unknown = prepared.unknown if prepared else None
    if unknown is None:
        unknown = install(connection, ready, as_of)
    counts = _Counts(
        connection, [*ready, *(rule for rule in others if prepared and present.issuperset(rule.relies_on))]
    )
    counts.coded = prepared or _made_ready(connection, ready, as_of, counts, least_rows)
    for done, verdict in enumerate(_all(connection, rules, ready, as_of, present, counts, two=two, took=took), 1):
        if verdict.rule.uses_workdays:
            verdict.reasons.update({reasons.no_holidays(year): 1 for year in unknown})
        if progress:
            progress(done / len(rules), verdict.rule.name)
        yield verdict


def _all(
    connection: duckdb.DuckDBPyConnection,
    rules: Sequence[Rule],
    ready: Sequence[Rule],
    as_of: dt.date,
    present: set[str],
    counts: _Counts,
    *,
    two: bool,
    took: Mapping[str, float],
) -> Iterator[Verdict]:
    asked: dict[int, str] = {}
    aside = []
    for at, rule in enumerate(rules) if two else ():
        with contextlib.suppress(duckdb.Error, ValueError):  # it will say so itself
            if rule in ready and rule.form != "outlier" and not rule.baselines:
                asked[at] = compiled.asked(rule, as_of)
                if counts.coded.made.large.isdisjoint(rule.reads) or counts.coded.light(asked[at]):
                    aside.append(at)
    aside.sort(key=lambda at: (took.get(rules[at].id, 0), at), reverse=True)
    years = functions.span(connection)

    def begin(second: duckdb.DuckDBPyConnection) -> Callable[[int], Verdict]:
        functions.same(second, years)
        own = counts.on(second)
        return lambda at: _one(second, rules[at], as_of, own, asked[at])

    def here(at: int) -> Verdict:
        return _alone(connection, rules[at], ready, as_of, present, counts, asked.get(at, ""))

    with side.beside(connection, aside, begin) as other:
        yield from other.shared(len(rules), here)


def _alone(
    connection: duckdb.DuckDBPyConnection,
    rule: Rule,
    ready: Sequence[Rule],
    as_of: dt.date,
    present: set[str],
    counts: _Counts,
    question: str,
) -> Verdict:
    if rule in ready:
        return _one(connection, rule, as_of, counts, question)
    verdict = Verdict(rule)
    if rule.over in present:
        verdict.looked_at = counts.rows(rule.over)
    for feed in rule.relies_on:
        if feed not in present:
            verdict.reasons[reasons.no_facts(feed)] = max(verdict.looked_at, 1)
    verdict.could_not_judge = max(verdict.looked_at, 1)
    return verdict


def install(
    connection: duckdb.DuckDBPyConnection,
    rules: Sequence[Rule],
    as_of: dt.date,
    known: Mapping[str, Collection[int]] | None = None,
) -> list[int]:
    """Our functions for the years in the data (of feeds whose years are `known`, those); returns the years up to the run's
    whose holidays are not known."""
    years, known = {as_of.year}, known or {}
    for feed in sorted({feed for rule in rules if rule.uses_workdays for feed in rule.reads}):
        years |= {*known[feed]} if feed in known else years_of(connection, feed, feed)
    span = (max(functions.FIRST_YEAR, min(years)), min(functions.LAST_YEAR, max(years)))
    functions.install(connection, span)
    baselines.install(connection, tuple(sorted({name for rule in rules for name in rule.baselines})))
    return functions.unknown_years(range(span[0], min(span[1], as_of.year) + 1))


def years_of(connection: duckdb.DuckDBPyConnection, feed: str, table: str) -> set[int]:
    """The first and last years that a table of a feed's rows names."""
    days = [column.name for column in ALL[feed].columns if column.kind == "date"]
    ends = ", ".join(f"year(min({day})), year(max({day}))" for day in days)
    return {year for year in _row(connection, f"SELECT {ends} FROM {table}") if year is not None} if days else set()


def _made_ready(
    connection: duckdb.DuckDBPyConnection, rules: Sequence[Rule], as_of: dt.date, counts: _Counts, least: int | None
) -> Coded:
    """The large feeds made ready for the questions of all rules; nothing is where that fails."""
    rows = _rows(rules, counts)
    if max(rows.values(), default=0) < (coded.LEAST_ROWS if least is None else least):
        return Coded(connection, Made(large=coded.large(rows)))
    try:
        return make_ready(connection, _questions(rules, as_of, counts), rows, least)
    except duckdb.Error:
        _log.exception("the feeds could not be made ready; they are asked as they are")
        return Coded(connection, Made(large=coded.large(rows)))


def questions(
    connection: duckdb.DuckDBPyConnection, rules: Sequence[Rule], as_of: dt.date, have: Iterable[str]
) -> tuple[list[str], dict[str, int]]:
    """All that `judge` would ask of feeds that can be made ready, and the rows of each; our functions are put on the connection."""
    ready = [rule for rule in rules if set(have).issuperset(rule.relies_on)]
    install(connection, ready, as_of)
    counts = _Counts(connection, ready)
    return _questions(ready, as_of, counts), _rows(ready, counts)


def _questions(rules: Sequence[Rule], as_of: dt.date, counts: _Counts) -> list[str]:
    asked = [compiled.asked(rule, as_of) for rule in rules if rule.form != "outlier"]
    return asked + [counts.question(feed) for feed in counts.needs]


def _rows(rules: Sequence[Rule], counts: _Counts) -> dict[str, int]:
    feeds = sorted({feed for rule in rules if rule.form != "outlier" for feed in rule.reads})
    return {feed: counts.rows(feed) for feed in feeds}


def _present(*columns: str) -> str:
    return f"count(*) FILTER (WHERE {' AND '.join(f'{column} IS NOT NULL' for column in columns)})"


@dataclass(frozen=True, slots=True)
class _Lacking:
    """Of a feed: how many rows lack each column, and how many lack any of the columns that a rule needs."""

    each: dict[str, int]
    any: dict[tuple[str, ...], int]


class _Counts:
    """How many rows each feed has, and how many of them lack what each rule needs; one pass a feed, when first asked."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, rules: Sequence[Rule]) -> None:
        self.connection = connection
        self.needs: dict[str, set[tuple[str, ...]]] = {}
        for rule in rules:
            if rule.form != "outlier":  # a model says itself what it could not compare
                self.needs.setdefault(rule.over, set()).add(rule.needs)
        self.known: dict[str, _Lacking] = {}
        self.coded = Coded(connection)
        self.many: dict[str, int] = {}

    def on(self, connection: duckdb.DuckDBPyConnection) -> _Counts:
        """The same on another connection; what the one counts the other knows."""
        other = copy.copy(self)
        other.connection, other.coded = connection, self.coded.on(connection)
        return other

    def rows(self, feed: str) -> int:
        if feed not in self.many:
            asked = f"SELECT count(*) AS n FROM {feed}"
            self.many[feed] = _row(self.connection, self._of_sums(feed, asked) or asked)[0]
        return self.many[feed]

    def _of_sums(self, feed: str, question: str) -> str | None:
        """The question over kept sums, where they tell it all."""
        return self.coded.summed(question) if feed in self.coded.made.large and self.coded.made.sums else None

    def lacking(self, feed: str, needs: tuple[str, ...]) -> tuple[int, dict[str, int]]:
        """Rows that lack any of the columns, and how many lack each."""
        of = self._of(feed)
        return of.any[needs], {column: of.each[column] for column in needs if of.each[column]}

    def question(self, feed: str) -> str:
        """All of it at once: to be kept as sums. Of the rows themselves it is asked in two, for mostly nothing is lacking."""
        columns, several = self._wanted(feed)
        present = [_present(*needs) for needs in (*((column,) for column in columns), *several)]
        return (
            f"SELECT {', '.join(['count(*) AS n', *(f'{one} AS n{at}' for at, one in enumerate(present))])} FROM {feed}"
        )

    def _wanted(self, feed: str) -> tuple[list[str], list[tuple[str, ...]]]:
        """The columns that are needed, and those that are needed together."""
        wanted = self.needs.get(feed, set())
        return sorted({column for needs in wanted for column in needs}), sorted(one for one in wanted if len(one) > 1)

    def _of(self, feed: str) -> _Lacking:
        if feed not in self.known:
            self.known[feed] = self._summed(feed) or self._counted(feed)
        return self.known[feed]

    def _summed(self, feed: str) -> _Lacking | None:
        """What kept sums say."""
        told = self._of_sums(feed, self.question(feed))
        if told is None:
            return None
        columns, several = self._wanted(feed)
        rows, *present = _row(self.connection, told)
        absent = {column: rows - many for column, many in zip(columns, present, strict=False)}
        whole = {needs: rows - many for needs, many in zip(several, present[len(columns) :], strict=True)}
        whole |= {needs: sum(absent[column] for column in needs) for needs in self.needs[feed] if len(needs) < 2}
        return _Lacking(absent, whole)

    def _counted(self, feed: str) -> _Lacking:
        wanted = self.needs.get(feed, set())
        columns, _ = self._wanted(feed)
        row = self._ask(feed, ["count(*) AS n", *(f"{_present(column)} AS n_{column}" for column in columns)])
        absent = {column: row[0] - found for column, found in zip(columns, row[1:], strict=True)}
        several = [needs for needs in wanted if sum(absent[c] > 0 for c in needs) > 1]
        whole = {needs: max((absent[c] for c in needs), default=0) for needs in wanted}
        if several:
            conditions = [" OR ".join(f"{c} IS NULL" for c in needs if absent[c]) for needs in several]
            answer = self._ask(
                feed, [f"count(*) FILTER (WHERE {condition}) AS n{at}" for at, condition in enumerate(conditions)]
            )
            whole.update(zip(several, answer, strict=True))
        return _Lacking(absent, whole)

    def _ask(self, feed: str, parts: list[str]) -> tuple[int, ...]:
        how = self.coded.ask(f"SELECT {', '.join(parts)} FROM {feed}")
        with laid(self.connection, how, self.coded.parts) as question:
            return _row(self.connection, question)


def _begin(rule: Rule, counts: _Counts) -> Verdict:
    """A verdict with the rows looked at, and those that lack something counted."""
    verdict = Verdict(rule, looked_at=counts.rows(rule.over))
    lacking, columns = counts.lacking(rule.over, rule.needs)
    verdict.could_not_judge += lacking
    for column, count in columns.items():
        verdict.reasons[reasons.missing(column)] += count
    return verdict


def _failed(rule: Rule, error: Exception, counts: _Counts) -> Verdict:
    _log.exception("rule %s failed", rule.id, exc_info=error)
    verdict = Verdict(rule, failure=str(error).split("\n\n")[0])
    with contextlib.suppress(duckdb.Error):  # what broke the rule may break counting too
        verdict.looked_at = counts.rows(rule.over)
    verdict.cannot(reasons.FAILED, max(verdict.looked_at, 1))
    return verdict


def _one(connection: duckdb.DuckDBPyConnection, rule: Rule, as_of: dt.date, counts: _Counts, question: str) -> Verdict:
    """The verdict of one rule whose feeds all have facts; what it asks, where that is known."""
    started = time.perf_counter()
    try:
        if rule.form == "outlier":
            verdict = _ranked(connection, rule, as_of, counts)
        else:
            verdict = _begin(rule, counts)
            how = counts.coded.ask(question or compiled.asked(rule, as_of))
            with laid(connection, how, counts.coded.parts) as left:
                if rule.form == "when":
                    _hits(connection, left, rule, as_of, verdict)
                elif rule.form == "deadline":
                    _late(connection, left, rule, as_of, verdict)
                else:
                    collect(connection, left, rule, as_of, verdict, how.columns)
    except (duckdb.Error, ValueError) as error:
        verdict = _failed(rule, error, counts)
    verdict.seconds = time.perf_counter() - started
    return verdict


def _hits(connection: duckdb.DuckDBPyConnection, question: str, rule: Rule, as_of: dt.date, verdict: Verdict) -> None:
    """Put a condition: its hits and the rows it cannot decide come out of one scan."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE hits AS {question}")
    verdict.cannot(reasons.UNDECIDED, _row(connection, "SELECT count(*) FROM hits WHERE hit IS NULL")[0])
    collect(connection, compiled.grouped(rule, "hits", "hit", as_of), rule, as_of, verdict)
    connection.execute("DROP TABLE hits")


def _late(connection: duckdb.DuckDBPyConnection, question: str, rule: Rule, as_of: dt.date, verdict: Verdict) -> None:
    """Put a deadline: its pairs are made once, counted, and looked through for those that are late."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE judged AS {question}")
    verdict.looked_at = verdict.could_not_judge + _row(connection, "SELECT count(*) FROM judged")[0]
    collect(connection, deadlines.late(rule, rule.values(as_of)), rule, as_of, verdict)
    connection.execute("DROP TABLE judged")


def _ranked(connection: duckdb.DuckDBPyConnection, rule: Rule, as_of: dt.date, counts: _Counts) -> Verdict:
    """The verdict of a model: what it ranked highest, and the rows it could not compare."""
    verdict = Verdict(rule, looked_at=counts.rows(rule.over))
    scores, verdict.findings = ranked(connection, rule, as_of)
    if scores.too_few:
        verdict.cannot(reasons.TOO_FEW, max(verdict.looked_at, 1))
    else:
        verdict.cannot(reasons.INCOMPARABLE, verdict.looked_at - scores.looked_at)
    return verdict


def collect(
    connection: duckdb.DuckDBPyConnection,
    question: str,
    rule: Rule,
    as_of: dt.date,
    verdict: Verdict,
    columns: Sequence[str] = (),
) -> None:
    """Ask the question and sort its answers into findings and what cannot be judged; its `columns`, where they are known."""
    columns = columns or sqls.columns(question) or connection.sql(question).columns  # bound, not asked
    found: dict[tuple[str, str], list[Finding]] = {}
    asked = compiled.findings(question, columns, bands.severity(rule, as_of))
    for answer in answers(connection.execute(asked).to_arrow_table()):
        if answer["cannot"] is not None:
            verdict.cannot(reasons.said(answer["cannot"]), 1)
        elif answer["subject"] is None:
            verdict.cannot(reasons.NO_SUBJECT, max(answer["row_count"], 1))
        else:
            finding = build(rule, answer, as_of)
            found.setdefault((finding.subject, finding.period), []).append(finding)
    if again := sum(len(parts) - 1 for parts in found.values()):
        verdict.reasons[reasons.MERGED] += again
    verdict.findings = [together(parts) for parts in found.values()]


def _row(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    """The one row of an aggregate; fetched to its end, so that the connection is free again."""
    row: tuple[Any, ...] = connection.execute(sql).fetchall()[0]
    return row
