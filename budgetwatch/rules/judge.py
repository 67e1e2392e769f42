"""Putting rules to the facts: for each, what it looked at, what it found, and what it could not judge.

Conditions over one feed share one pass; the absence of needed columns is counted once a feed for all
rules. A rule that fails is reported as unable to judge; the others go on.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from budgetwatch import outliers
from budgetwatch.records import ALL
from budgetwatch.records.codes import SEVERITIES
from budgetwatch.rules import compile as compiled
from budgetwatch.rules import deadlines, functions, reasons
from budgetwatch.rules.model import OutlierSpec
from budgetwatch.rules.rule import Rule

_log = logging.getLogger(__name__)
_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False)
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer of a rule: a subject in a period, with its rows. `facts` are exact, as strings.

    `rows` holds the first thousand `_row`s in order, as little-endian int64 (see `row_numbers`).
    `digest` is the same as long as the evidence is: severity, amount, the rows (all, not only the kept
    ones) and the figures, but not how long something has been late so far.
    """

    subject: str
    subject_name: str
    period: str
    severity: str
    agency_code: str | None
    agency_name: str
    region: str
    amount: Decimal | None
    row_count: int
    rows: bytes
    facts: dict[str, Any]
    digest: str
    score: float | None = None


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
) -> Iterator[Verdict]:
    """The verdict of every rule over the facts on the connection; `have` names the feeds that hold facts.

    They come as they are ready, conditions first.
    """
    present = set(have)
    ready = [rule for rule in rules if present.issuperset(rule.reads)]
    unknown = _install(connection, ready, as_of)
    counts = _Counts(connection, ready)
    done = 0
    for verdict in _all(connection, rules, ready, as_of, present, counts):
        if verdict.rule.uses_workdays:
            verdict.reasons.update({reasons.no_holidays(year): 1 for year in unknown})
        done += 1
        if progress:
            progress(verdict.rule.id, done, len(rules))
        yield verdict


def _all(
    connection: duckdb.DuckDBPyConnection,
    rules: Sequence[Rule],
    ready: Sequence[Rule],
    as_of: dt.date,
    present: set[str],
    counts: _Counts,
) -> Iterator[Verdict]:
    conditions: dict[str, list[Rule]] = {}
    for rule in ready:
        if rule.form == "when":
            conditions.setdefault(rule.over, []).append(rule)
    for feed, together in conditions.items():
        yield from _conditions(connection, feed, together, as_of, counts)
    for rule in rules:
        if rule not in ready:
            verdict = Verdict(rule)
            if rule.over in present:
                verdict.looked_at = counts.rows(rule.over)
            for feed in rule.reads:
                if feed not in present:
                    verdict.reasons[reasons.no_facts(feed)] = max(verdict.looked_at, 1)
            verdict.could_not_judge = max(verdict.looked_at, 1)
            yield verdict
        elif rule.form != "when":
            yield _one(connection, rule, as_of, counts)


def _install(connection: duckdb.DuckDBPyConnection, rules: Sequence[Rule], as_of: dt.date) -> list[int]:
    """Our functions for the years in the data; returns the years up to the run's whose holidays are not known."""
    years = {as_of.year}
    for feed in sorted({feed for rule in rules if rule.uses_workdays for feed in rule.reads}):
        days = [column.name for column in ALL[feed].columns if column.kind == "date"]
        if days:
            ends = ", ".join(f"year(min({day})), year(max({day}))" for day in days)
            years |= {year for year in _row(connection, f"SELECT {ends} FROM {feed}") if year is not None}
    span = (max(functions.FIRST_YEAR, min(years)), min(functions.LAST_YEAR, max(years)))
    functions.install(connection, span)
    return functions.unknown_years(range(span[0], min(span[1], as_of.year) + 1))


class _Counts:
    """How many rows each feed has, and how many of them lack what each rule needs; one pass a feed, when first asked."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, rules: Sequence[Rule]) -> None:
        self.connection = connection
        self.needs: dict[str, set[tuple[str, ...]]] = {}
        for rule in rules:
            self.needs.setdefault(rule.over, set()).add(rule.needs)
        self.known: dict[str, tuple[int, dict[str, int], dict[tuple[str, ...], int]]] = {}

    def rows(self, feed: str) -> int:
        return self._of(feed)[0]

    def lacking(self, feed: str, needs: tuple[str, ...]) -> tuple[int, dict[str, int]]:
        """Rows that lack any of the columns, and how many lack each."""
        _, absent, together = self._of(feed)
        return together[needs], {column: absent[column] for column in needs if absent[column]}

    def _of(self, feed: str) -> tuple[int, dict[str, int], dict[tuple[str, ...], int]]:
        if feed not in self.known:
            wanted = self.needs.get(feed, set())
            columns = sorted({column for needs in wanted for column in needs})
            row = self._ask(feed, ["count(*)", *(f"count({column})" for column in columns)])
            absent = {column: row[0] - found for column, found in zip(columns, row[1:], strict=True)}
            several = [needs for needs in wanted if sum(absent[c] > 0 for c in needs) > 1]
            together = {needs: max((absent[c] for c in needs), default=0) for needs in wanted}
            if several:
                conditions = [" OR ".join(f"{c} IS NULL" for c in needs if absent[c]) for needs in several]
                answer = self._ask(feed, [f"count(*) FILTER (WHERE {condition})" for condition in conditions])
                together.update(zip(several, answer, strict=True))
            self.known[feed] = row[0], absent, together
        return self.known[feed]

    def _ask(self, feed: str, parts: list[str]) -> tuple[int, ...]:
        return _row(self.connection, f"SELECT {', '.join(parts)} FROM {feed}")


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
    try:
        verdict.looked_at = counts.rows(rule.over)
    except duckdb.Error:  # what broke the rule may break counting too
        pass
    verdict.cannot(reasons.FAILED, max(verdict.looked_at, 1))
    return verdict


def _conditions(
    connection: duckdb.DuckDBPyConnection, feed: str, rules: list[Rule], as_of: dt.date, counts: _Counts
) -> Iterator[Verdict]:
    """The verdicts of all conditions over one feed, from one pass; one by one if that pass breaks."""
    started = time.perf_counter()
    try:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE hits AS {compiled.shared_pass(feed, rules, as_of)}")
        each = ", ".join(f"count(*) FILTER (WHERE h{at} IS NULL)" for at in range(len(rules)))
        undecided = _row(connection, f"SELECT {each} FROM hits")
        bases = [_begin(rule, counts) for rule in rules]
    except duckdb.Error as error:
        if len(rules) == 1:
            yield _failed(rules[0], error, counts)
        else:
            for rule in rules:
                yield from _conditions(connection, feed, [rule], as_of, counts)
        return
    shared = (time.perf_counter() - started) / len(rules)
    for at, (rule, verdict) in enumerate(zip(rules, bases, strict=True)):
        started = time.perf_counter()
        try:
            verdict.cannot(reasons.UNDECIDED, undecided[at])
            _found(connection, compiled.grouped(rule, "hits", f"h{at}"), rule, as_of, verdict)
        except (duckdb.Error, ValueError) as error:
            verdict = _failed(rule, error, counts)
        verdict.seconds = shared + time.perf_counter() - started
        yield verdict
    connection.execute("DROP TABLE hits")


def _one(connection: duckdb.DuckDBPyConnection, rule: Rule, as_of: dt.date, counts: _Counts) -> Verdict:
    """The verdict of one SELECT, deadline or model."""
    started = time.perf_counter()
    try:
        if isinstance(rule.question, OutlierSpec):
            verdict = _ranked(connection, rule, rule.question, as_of)
        else:
            verdict = _begin(rule, counts)
            if rule.form == "deadline":
                lacking = verdict.could_not_judge
                pairs = compiled.over_judgeable(rule, deadlines.looked_at(rule, rule.values(as_of)))
                verdict.looked_at = _row(connection, pairs)[0] + lacking
            _found(connection, compiled.question(rule, as_of), rule, as_of, verdict)
    except (duckdb.Error, ValueError) as error:
        verdict = _failed(rule, error, counts)
    verdict.seconds = time.perf_counter() - started
    return verdict


def _found(connection: duckdb.DuckDBPyConnection, question: str, rule: Rule, as_of: dt.date, verdict: Verdict) -> None:
    """Ask the question and sort its answers into findings and what cannot be judged."""
    columns = [name for name, *_ in connection.execute(f"DESCRIBE {question}").fetchall()]
    found: dict[tuple[str, str], Finding] = {}
    for answer in _answers(connection.sql(compiled.findings(question, columns)).to_arrow_table()):
        if answer["cannot"] is not None:
            verdict.cannot(reasons.said(answer["cannot"]), 1)
        elif answer["subject"] is None:
            verdict.cannot(reasons.NO_SUBJECT, max(answer["row_count"], 1))
        else:
            finding = _finding(rule, answer, as_of)
            key = finding.subject, finding.period
            if key in found:
                verdict.reasons["merged"] += 1
                finding = _merged(rule, found[key], finding)
            found[key] = finding
    verdict.findings = list(found.values())


def _answers(table: pa.Table) -> Iterator[dict[str, Any]]:
    """The answers one by one; their rows as bytes cut out of the column, never as a million Python numbers."""
    lists = table.column("rows").combine_chunks()
    ends = lists.offsets.to_numpy()
    numbers = np.ascontiguousarray(lists.values.to_numpy(zero_copy_only=False), dtype="<i8")
    plain = table.drop_columns(["rows"])
    columns = [plain.column(name).to_pylist() for name in plain.column_names]
    for at, values in enumerate(zip(*columns, strict=True)):
        answer = dict(zip(plain.column_names, values, strict=True))
        answer["rows"] = numbers[ends[at] : ends[at + 1]].tobytes()
        yield answer


def row_numbers(rows: bytes) -> list[int]:
    """The `_row`s that a finding or an evidence keeps."""
    return [int(row) for row in np.frombuffer(rows, dtype="<i8")]


def _finding(rule: Rule, answer: dict[str, Any], as_of: dt.date) -> Finding:
    figures = {name: _told(value) for name, value in answer.items() if name not in _NOT_FIGURES}
    severity = answer["severity"] or rule.severity
    if severity not in SEVERITIES:
        raise ValueError(f"{rule.id} gave the severity {severity!r}")
    steady = {name: value for name, value in figures.items() if not (name == "days_late" or name.endswith("_so_far"))}
    amount = answer["amount"]
    digest = _hash([severity, _told(amount), answer["row_count"], answer["rows_digest"], steady])
    period = answer["period"] or ""
    return Finding(
        subject=answer["subject"],
        subject_name=answer["subject_name"] or answer["agency_name"] or answer["subject"],
        period=period,
        severity=severity,
        agency_code=answer["agency_code"],
        agency_name=answer["agency_name"] or "",
        region=answer["adm_div_code"] or "",
        amount=amount,
        row_count=answer["row_count"],
        rows=answer["rows"],
        facts={
            **figures,
            "subject": answer["subject"],
            "subject_name": answer["subject_name"] or answer["agency_name"] or answer["subject"],
            "agency_name": answer["agency_name"] or "",
            "period": period,
            "amount": _told(amount),
            "n": str(answer["row_count"]),
            "as_of": as_of.isoformat(),
        },
        digest=digest,
    )


_NOT_FIGURES = {*compiled.SHAPE, "row_count", "rows_digest"}


def _merged(rule: Rule, one: Finding, other: Finding) -> Finding:
    """Two answers for the same subject and period as one."""
    rows = np.unique(np.frombuffer(one.rows + other.rows, dtype="<i8"))[: compiled.KEPT_ROWS].tobytes()
    amount = None if one.amount is None and other.amount is None else (one.amount or Decimal(0)) + (other.amount or Decimal(0))
    count = one.row_count + other.row_count
    digest = _hash(sorted([one.digest, other.digest]))
    severity = min(one.severity, other.severity, key=list(SEVERITIES).index)
    facts = {**one.facts, "amount": _told(amount), "n": str(count)}
    return replace(one, rows=rows, amount=amount, row_count=count, digest=digest, severity=severity, facts=facts)


def _ranked(connection: duckdb.DuckDBPyConnection, rule: Rule, spec: OutlierSpec, as_of: dt.date) -> Verdict:
    """A model's rarest rows, each a finding of its own; named by its key where the feed has one, else by its address."""
    feed = ALL[rule.over]
    scores = outliers.MODELS[spec.model].score(
        connection, f"SELECT * FROM {rule.over}", spec.columns, spec.amount, min_rows=spec.min_rows, keep=spec.keep
    )
    verdict = Verdict(rule, looked_at=_row(connection, f"SELECT count(*) FROM {rule.over}")[0])
    if scores.too_few:
        verdict.cannot(reasons.TOO_FEW, max(verdict.looked_at, 1))
        return verdict
    verdict.cannot("incomparable", verdict.looked_at - scores.looked_at)
    if not scores.rows:
        return verdict
    key = f"concat_ws('|', {', '.join(f'{c}::VARCHAR' for c in feed.key)})" if feed.key else "NULL"
    whole = " AND ".join(f"{c} IS NOT NULL" for c in feed.key) or "false"
    day = f"strftime({feed.day}, '%Y-%m')" if feed.day else "budget_year::VARCHAR"
    named = [c for c in ("agency_code", "agency_name", "payee_name", "pro_name", "adm_div_code") if c in feed.by_name]
    wanted = ", ".join(str(scored.row) for scored in scores.rows)
    details = {
        row["_row"]: row
        for row in connection.sql(
            f"SELECT _row, CASE WHEN {whole} THEN {key} ELSE _row::VARCHAR END AS subject, {day} AS period, "
            f"{spec.amount} AS amount, {f'{feed.day}' if feed.day else 'NULL'} AS day{''.join(', ' + c for c in named)} "
            f"FROM {rule.over} WHERE _row IN ({wanted})"
        ).to_arrow_table().to_pylist()
    }  # fmt: skip
    found: dict[tuple[str, str], Finding] = {}
    for scored in scores.rows:
        if scored.score <= 0:  # as common as can be: no row stands out
            continue
        row = details[scored.row]
        subject = row["subject"]
        name = " · ".join(row[c] for c in ("agency_name", "payee_name", "pro_name") if row.get(c))
        score = round(scored.score, 6)
        facts = {
            "parts": scored.parts, "rank": str(scored.rank), "score": f"{score:.6f}", "subject": subject,
            "subject_name": name or subject, "agency_name": row.get("agency_name") or "", "period": row["period"] or "",
            "amount": _told(row["amount"]), "n": "1", "as_of": as_of.isoformat(), "first_day": _told(row["day"]), "last_day": _told(row["day"]),
        }  # fmt: skip
        finding = Finding(
            subject=subject,
            subject_name=name or subject,
            period=row["period"] or "",
            severity=rule.severity,
            agency_code=row.get("agency_code"),
            agency_name=row.get("agency_name") or "",
            region=row.get("adm_div_code") or "",
            amount=row["amount"],
            row_count=1,
            rows=np.asarray([scored.row], dtype="<i8").tobytes(),
            facts=facts,
            digest=_hash([rule.severity, facts["amount"], scored.row, facts["score"], facts["rank"], scored.parts]),
            score=score,
        )
        found.setdefault((finding.subject, finding.period), finding)
    verdict.findings = list(found.values())
    return verdict


def _row(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    """The one row of an aggregate; fetched to its end, so that the connection is free again."""
    row: tuple[Any, ...] = connection.execute(sql).fetchall()[0]
    return row


def _told(value: Any) -> Any:
    """A figure as kept: exact text; a float with ten digits, which no order of summing changes."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    if isinstance(value, list):
        return [_told(part) for part in value]
    return str(value)


def _hash(value: Any) -> str:
    return hashlib.sha256(_ENCODER.encode(value).encode()).hexdigest()
