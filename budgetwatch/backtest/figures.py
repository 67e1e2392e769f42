"""The figures of a back-test from its findings: by month, unit and level, overlap, verdicts, cost; all asked in SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import duckdb

from budgetwatch.backtest.collect import Gathered
from budgetwatch.backtest.report import Precision, RuleReport, Sweep, Tried, hours, plain, precision
from budgetwatch.rules.rule import Rule

#: Units listed of a rule, those with the most hits; `units` counts all.
MOST_UNITS = 50
_MOST_SHARED = 10


@dataclass(frozen=True, slots=True)
class Plan:
    """One rule to be tested: what it is, and the values tried, each as (parameter, value, the rule with it)."""

    rule: Rule
    edition_id: int | None
    digest: str
    tried: tuple[tuple[str, Any, Rule], ...] = ()


def reports(
    connection: duckdb.DuckDBPyConnection,
    plans: Sequence[Plan],
    gathered: Sequence[Gathered],
    seconds: Sequence[float],
    *,
    minutes: float,
    years: int,
) -> list[RuleReport]:
    """A report for each plan. The connection holds `bt_found`, `bt_known` (flags with verdicts) and `bt_flagged` (their rows)."""
    _tables(connection, plans)
    totals, months, levels, severities = (_grouped(connection, sql) for sql in (_TOTALS, _MONTHS, _LEVELS, _SEVERITIES))
    units, known, gone, shared, others = (
        _grouped(connection, sql) for sql in (_UNITS, _KNOWN, _GONE, _SHARED, _SHARED_WITH)
    )
    told = []
    for at, (plan, one) in enumerate(zip(plans, gathered, strict=True)):
        rule = plan.rule
        base = {row[0]: row[1:] for row in totals.get(at, ())}
        verdict = {row[0]: row[1:] for row in known.get(at, ())}
        hits, rows, amount, n_units = base.get(0, (0, 0, None, 0))
        flags, confirmed, judged = verdict.get(0, (0, 0, 0))
        overlap = shared.get(at, [(0,)])[0][0]
        report = RuleReport(
            rule.id, plan.edition_id, plan.digest, rule.name, rule.severity, rule.over, hits, rows, plain(amount), n_units,
            one.cannot, tuple(months.get(at, ())), tuple((c, n, h, plain(a)) for c, n, h, a in units.get(at, ())),
            tuple(levels.get(at, ())), tuple(severities.get(at, ())), flags, gone.get(at, [(0,)])[0][0], overlap, hits - overlap,
            tuple(others.get(at, ())), precision(confirmed, judged, hits), hours(hits, years, minutes),
            _sweeps(plan, base, verdict, minutes, years), round(seconds[at], 3), one.missing, one.failure,
        )  # fmt: skip
        told.append(replace(report, precision=Precision(0, 0, 0)) if one.failure or one.missing else report)
    return told


def _sweeps(
    plan: Plan, totals: dict[int, Any], verdict: dict[int, Any], minutes: float, years: int
) -> tuple[Sweep, ...]:
    by_param: dict[str, list[tuple[Any, int]]] = defaultdict(list)
    for number, (name, value, _) in enumerate(plan.tried, 1):
        by_param[name].append((value, number))
    sweeps = []
    for name, values in by_param.items():
        param = plan.rule.params[name]
        tried = []
        for value, number in sorted([*values, (param.value, 0)]):
            hits, rows, amount, _ = totals.get(number, (0, 0, None, 0))
            _, confirmed, judged = verdict.get(number, (0, 0, 0))
            tried.append(
                Tried(_plain(value), number == 0, hits, rows, plain(amount), precision(confirmed, judged, hits),
                      hours(hits, years, minutes))
            )  # fmt: skip
        sweeps.append(Sweep(name, param.label, param.unit, tuple(tried)))
    return tuple(sweeps)


def _plain(value: Any) -> str:
    text = f"{value:f}" if hasattr(value, "as_tuple") else str(value)
    return text.rstrip("0").rstrip(".") if "." in text and len(text.partition(".")[2]) > 2 else text


def _tables(connection: duckdb.DuckDBPyConnection, plans: Sequence[Plan]) -> None:
    connection.execute("CREATE OR REPLACE TEMP TABLE bt_rules (rule SMALLINT, rule_id VARCHAR, feed VARCHAR)")
    if plans:
        connection.executemany(
            "INSERT INTO bt_rules VALUES (?, ?, ?)", [[at, p.rule.id, p.rule.over] for at, p in enumerate(plans)]
        )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE bt_levels AS SELECT adm_div_code AS region, max(level) AS level FROM region "
        "WHERE adm_div_code IS NOT NULL GROUP BY adm_div_code"
    )
    # One row a finding that shares a row with a flag of another rule, and with which.
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE bt_shared AS SELECT DISTINCT u.rule, u.item, k.rule_id AS other FROM ("
        "SELECT f.rule, f.item, r.rule_id, r.feed, unnest(f.rows) AS row FROM bt_found f JOIN bt_rules r USING (rule) WHERE f.tried = 0"
        ") AS u JOIN bt_flagged k ON k.row = u.row AND k.feed = u.feed AND k.rule_id <> u.rule_id"
    )


def _grouped(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[int, list[tuple[Any, ...]]]:
    found: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for rule, *rest in connection.execute(sql).fetchall():
        found[rule].append(tuple(rest))
    return found


_TOTALS = """SELECT rule, tried, count(*), sum(n)::BIGINT, sum(amount), count(DISTINCT agency_code)
    FROM bt_found GROUP BY rule, tried"""
_MONTHS = "SELECT rule, month, count(*) FROM bt_found WHERE tried = 0 GROUP BY rule, month ORDER BY rule, month"
_SEVERITIES = (
    "SELECT rule, severity, count(*) FROM bt_found WHERE tried = 0 GROUP BY rule, severity ORDER BY rule, severity"
)
_LEVELS = """SELECT f.rule, coalesce(l.level, ''), count(*) AS hits FROM bt_found f LEFT JOIN bt_levels l ON l.region = f.region
    WHERE f.tried = 0 GROUP BY ALL ORDER BY f.rule, hits DESC, 2"""
_UNITS = f"""SELECT rule, code, name, hits, amount FROM (
    SELECT rule, coalesce(agency_code, '') AS code, max(agency_name) AS name, count(*) AS hits, sum(amount) AS amount,
           row_number() OVER (PARTITION BY rule ORDER BY count(*) DESC, coalesce(agency_code, '')) AS place
    FROM bt_found WHERE tried = 0 GROUP BY rule, coalesce(agency_code, ''))
    WHERE place <= {MOST_UNITS} ORDER BY rule, place"""
_KNOWN = """SELECT f.rule, f.tried, count(*), count(*) FILTER (WHERE k.verdict = 'confirmed'), count(k.verdict)
    FROM bt_found f JOIN bt_rules r USING (rule)
    JOIN bt_known k ON k.rule_id = r.rule_id AND k.subject = left(f.subject, 512) AND k.period = left(f.period, 32)
    GROUP BY f.rule, f.tried"""
_GONE = """SELECT r.rule, count(*) FROM bt_known k JOIN bt_rules r USING (rule_id)
    WHERE NOT EXISTS (SELECT 1 FROM bt_found f WHERE f.rule = r.rule AND f.tried = 0
                      AND left(f.subject, 512) = k.subject AND left(f.period, 32) = k.period) GROUP BY r.rule"""
_SHARED = "SELECT rule, count(DISTINCT item) FROM bt_shared GROUP BY rule"
_SHARED_WITH = f"""SELECT rule, other, hits FROM (
    SELECT rule, other, count(DISTINCT item) AS hits, row_number() OVER (PARTITION BY rule ORDER BY count(DISTINCT item) DESC, other) AS place
    FROM bt_shared GROUP BY rule, other) WHERE place <= {_MOST_SHARED} ORDER BY rule, place"""
