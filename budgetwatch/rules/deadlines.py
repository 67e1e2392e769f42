"""A deadline as SQL: pairs of a start and an end, the day on which each fell due, and who was late.

"Within n days after": the n-th day after the start is the last good one. "At least n days before": the
n-th day before it is. In working days the n-th working day after (or before) the start is meant. An end
without a start cannot be judged; a missing end counts once the due day lies before the run's day.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from budgetwatch.records import ALL
from budgetwatch.rules.model import DeadlineSpec, JoinPair
from budgetwatch.rules.sql import Value, bind

if TYPE_CHECKING:
    from budgetwatch.rules.rule import Rule


def question(rule: Rule, values: Mapping[str, Value]) -> str:
    """The SELECT of the findings, and of the subjects that cannot be judged."""
    return f"{bind(_pairs(rule, rule.deadline, values), values)} {late(rule, values)}"


def pairs(rule: Rule, values: Mapping[str, Value]) -> str:
    """The SELECT of all pairs that there are to judge, each with the day on which it fell due."""
    return bind(f"{_pairs(rule, rule.deadline, values)} SELECT * FROM judged", values)


def late(rule: Rule, values: Mapping[str, Value]) -> str:
    """The SELECT of the findings, and of the subjects that cannot be judged, from a table `judged` of those pairs."""
    spec = rule.deadline
    keep = "(end_day > due_day" + (" OR (end_day IS NULL AND due_day < $as_of)" if spec.missing == "flag" else "") + ")"
    return bind(
        "SELECT subject, subject_name, period, agency_code, agency_name, adm_div_code, amount, rows, "
        "CASE WHEN start_day IS NULL THEN 'no_start' WHEN due_day IS NULL THEN 'no_calendar' END AS cannot, "
        "start_day, due_day, end_day, (coalesce(end_day, $as_of) - due_day)::BIGINT AS days_late "
        f"FROM judged WHERE start_day IS NULL OR due_day IS NULL OR {keep}",
        values,
    )


def joins(spec: DeadlineSpec) -> list[tuple[str, str]]:
    """The pairs of columns (of the start, of the end) that must agree."""
    return [(j.start, j.end) if isinstance(j, JoinPair) else (j, j) for j in spec.join]


def key_columns(rule: Rule) -> set[str]:
    """The columns of `over` without which its rows fall out of the question."""
    spec, columns = rule.deadline, set()
    if spec.end.from_ == rule.over and spec.start.from_ != rule.over:
        columns |= {end for _, end in joins(spec)} | set(spec.each) | {spec.end.day}
    elif spec.start.from_ == rule.over and spec.end.from_ != rule.over:
        columns |= {start for start, _ in joins(spec)} | {spec.start.day}
    return columns


def _pairs(rule: Rule, spec: DeadlineSpec, values: Mapping[str, Value]) -> str:
    on = joins(spec)
    j = [f"j{i}" for i in range(len(on))]
    e = [f"e{i}" for i in range(len(spec.each))]
    js = ", ".join(j)
    agg = {"first": "min", "last": "max"}
    start_cols = ", ".join(f"{s} AS j{i}" for i, (s, _) in enumerate(on))
    end_cols = ", ".join(
        [f"{n} AS j{i}" for i, (_, n) in enumerate(on)] + [f"{c} AS e{i}" for i, c in enumerate(spec.each)]
    )
    present_start = " AND ".join(f"{c} IS NOT NULL" for c in [*(s for s, _ in on), spec.start.day])
    present_end = " AND ".join(f"{c} IS NOT NULL" for c in [*(n for _, n in on), *spec.each, spec.end.day])
    parts = [
        f"starts AS (SELECT {start_cols}, {agg[spec.start.pick]}({spec.start.day}) AS start_day, list(_row) AS start_rows, "
        f"{_who(spec.start.from_, 'start')} FROM {spec.start.from_} WHERE {present_start} AND ({spec.start.when or 'true'}) GROUP BY {js})",
        f"ends AS (SELECT {end_cols}, {agg[spec.end.pick]}({spec.end.day}) AS end_day, list(_row) AS end_rows, "
        f"{_who(spec.end.from_, 'end')} FROM {spec.end.from_} WHERE {present_end} AND ({spec.end.when or 'true'}) "
        f"GROUP BY {', '.join([*j, *e])})",
    ]
    keys = ", ".join([*j, *e])
    if spec.expected is not None and e:
        feed = ALL[spec.expected.from_]
        shared = [(i, n) for i, (_, n) in enumerate(on) if n in feed.by_name]
        match = " AND ".join(f"s.j{i} = x.{n}" for i, n in shared) or "true"
        each = ", ".join(f"x.{c} AS e{i}" for i, c in enumerate(spec.each))
        present = " AND ".join(f"x.{c} IS NOT NULL" for c in spec.each)
        name = "max(x.agency_name)" if "agency_name" in feed.by_name else "NULL::VARCHAR"
        chosen = f"(SELECT * FROM {spec.expected.from_} WHERE {spec.expected.when or 'true'})"
        parts.append(
            f"targets AS (SELECT {', '.join(f's.{c}' for c in j)}, {each}, {name} AS target_name FROM starts s JOIN {chosen} x ON {match} "
            f"WHERE {present} GROUP BY {', '.join([*(f's.{c}' for c in j), *(f'x.{c}' for c in spec.each)])})"
        )
    else:
        kinds = ALL[spec.end.from_].by_name
        nothing = "".join(f", NULL::{kinds[c].duckdb} AS e{i}" for i, c in enumerate(spec.each))
        parts.append(
            f"targets AS (SELECT {', '.join(f's.{c}' for c in j)}{nothing}, NULL::VARCHAR AS target_name "
            f"FROM starts s ANTI JOIN ends USING ({js}))"
        )
    same_j = " AND ".join(f"{{0}}.{c} = k.{c}" for c in j)
    same_je = " AND ".join([same_j, *(f"{{0}}.{c} IS NOT DISTINCT FROM k.{c}" for c in e)])
    rows = [f"{side}_rows" for side, at in (("start", spec.start.from_), ("end", spec.end.from_)) if at == rule.over]
    listed = f"list_concat({', '.join(rows)})" if len(rows) == 2 else rows[0] if rows else "NULL::BIGINT[]"
    owner = "start" if spec.start.from_ == rule.over else "end"
    parts.append(f"keys AS (SELECT {keys} FROM ends UNION SELECT {keys} FROM targets)")
    parts.append(
        f"paired AS (SELECT {', '.join(f'k.{c}' for c in [*j, *e])}, start_day, end_day, {listed} AS rows, {owner}_amount AS amount, "
        "start_agency, end_agency, start_region, end_region, start_name, end_name, target_name, start_year, end_year FROM keys k "
        f"LEFT JOIN starts s ON {same_j.format('s')} LEFT JOIN ends x ON {same_je.format('x')} LEFT JOIN targets t ON {same_je.format('t')})"
    )
    parts.append(f"judged AS (SELECT *, {_naming(spec)}, {_due(rule, spec, values)} AS due_day FROM paired)")
    return "WITH " + ", ".join(parts)


def _who(feed: str, side: str) -> str:
    """The unit, region, name and amount of one side, where its feed has them; a unit only when it is one."""
    has = ALL[feed].by_name
    one = "CASE WHEN min(agency_code) = max(agency_code) THEN min(agency_code) END"
    return ", ".join((
        f"{one if 'agency_code' in has else 'NULL::VARCHAR'} AS {side}_agency",
        f"{'max(agency_name)' if 'agency_name' in has else 'NULL::VARCHAR'} AS {side}_name",
        f"{'min(adm_div_code)' if 'adm_div_code' in has else 'NULL::VARCHAR'} AS {side}_region",
        f"{'min(budget_year)' if 'budget_year' in has else 'NULL::BIGINT'} AS {side}_year",
        f"{'sum(amount)' if 'amount' in has else 'NULL::DECIMAL(38,2)'} AS {side}_amount",
    ))  # fmt: skip


def _naming(spec: DeadlineSpec) -> str:
    on = joins(spec)
    at = {n: f"j{i}" for i, (_, n) in enumerate(on)} | {c: f"e{i}" for i, c in enumerate(spec.each)}
    subject = [f"{alias}::VARCHAR" for column, alias in at.items() if column != "budget_year"] or [
        "budget_year::VARCHAR"
    ]
    agency = at.get("agency_code", "coalesce(end_agency, start_agency)")
    region = at.get("adm_div_code", "coalesce(start_region, end_region)")
    year = at.get("budget_year", "coalesce(start_year, end_year, year(start_day), year(end_day))")
    name = "coalesce(target_name, end_name, start_name)"
    return (
        f"concat_ws('|', {', '.join(subject)}) AS subject, {year}::VARCHAR AS period, {agency}::VARCHAR AS agency_code, "
        f"CASE WHEN {agency} IS NOT NULL THEN {name} END AS agency_name, {region}::VARCHAR AS adm_div_code, "
        f"coalesce(CASE WHEN {agency} IS NOT NULL THEN {name} END, {region}, concat_ws('|', {', '.join(subject)})) AS subject_name"
    )


def _due(rule: Rule, spec: DeadlineSpec, values: Mapping[str, Value]) -> str:
    days = bind(spec.days, values) if isinstance(spec.days, str) else str(spec.days)
    sign = "+" if spec.direction == "after" else "-"
    if spec.clock == "working":
        return f"add_workdays(start_day, {'' if sign == '+' else '-'}({days}))"
    return f"(start_day {sign} ({days})::INTEGER)::DATE"
