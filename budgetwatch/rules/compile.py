"""From a rule to SQL: the question itself, and for a condition the rows that it hits or cannot decide.

Every question gives rows of one shape: subject, subject_name, period, severity, agency_code, agency_name,
adm_div_code, amount, rows (of `over`), cannot, and the rule's own figures.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from budgetwatch.records import ALL
from budgetwatch.rules import balance, bands, deadlines
from budgetwatch.rules.doubt import not_false
from budgetwatch.rules.rule import Rule
from budgetwatch.rules.sql import bind
from budgetwatch.rules.steady import steady

#: Columns that a question may return which are not figures of its message.
SHAPE = {
    "subject": "VARCHAR", "subject_name": "VARCHAR", "period": "VARCHAR", "severity": "VARCHAR", "agency_code": "VARCHAR",
    "agency_name": "VARCHAR", "adm_div_code": "VARCHAR", "amount": "DECIMAL(38,2)", "rows": "BIGINT[]", "cannot": "VARCHAR",
}  # fmt: skip
#: How many of its rows a finding keeps; their number and their sum stay exact.
KEPT_ROWS = 1000


def question(rule: Rule, as_of: dt.date) -> str:
    """The rule's SELECT over the feeds' views, its parameters in place, without rows that cannot be judged."""
    values = rule.values(as_of)
    if rule.form == "when":
        present = "".join(f"{column} IS NOT NULL AND " for column in rule.needs)
        return grouped(rule, rule.over, f"{present}(\n{bind(rule.sql, values)}\n)", as_of)
    if rule.form == "select":
        return over_judgeable(rule, steady(bind(rule.sql, values)))
    return over_judgeable(rule, inner(rule, as_of))


def asked(rule: Rule, as_of: dt.date) -> str:
    """What is asked of the feeds first: a condition's hits, a deadline's pairs, else the question itself."""
    if rule.form == "when":
        return hits(rule, as_of)
    if rule.form == "deadline":
        return over_judgeable(rule, deadlines.pairs(rule, rule.values(as_of)))
    return question(rule, as_of)


def inner(rule: Rule, as_of: dt.date) -> str:
    """The SELECT that a balance or a deadline stands for, over all rows of its feeds."""
    form = balance if rule.form == "balance" else deadlines
    return form.question(rule, rule.values(as_of))


def over_judgeable(rule: Rule, sql: str) -> str:
    """The query, reading of `over` only the rows whose needed columns are all there."""
    sql = sql.strip().rstrip(";")
    if not rule.needs:
        return sql
    present = " AND ".join(f"{column} IS NOT NULL" for column in rule.needs)
    return f"WITH {rule.over} AS NOT MATERIALIZED (SELECT * FROM main.{rule.over} WHERE {present})\nSELECT * FROM (\n{sql}\n) AS question"


def findings(question_sql: str, columns: Sequence[str], severity: str = "") -> str:
    """The question's answers as they are kept: rows cut to the first thousand, with their number and their hash.

    `severity` is SQL over an answer's columns (see `bands`), where the rule has bands.
    """
    given = set(columns)
    shape = [
        f"({severity})::VARCHAR AS severity"
        if severity and name == "severity"
        else f"q.{name}::{kind} AS {name}"
        if name in given
        else f"NULL::{kind} AS {name}"
        for name, kind in SHAPE.items()
        if name != "rows"
    ]
    figures = [f'q."{name}"' for name in columns if name not in SHAPE]
    return (
        f"SELECT {', '.join(shape)}, len(_all) AS row_count, _all[1:{KEPT_ROWS}] AS rows, sha256(_all::VARCHAR) AS rows_digest"
        f"{''.join(', ' + figure for figure in figures)} "
        f"FROM ({bands.judged(question_sql, columns)}) AS q ORDER BY subject, period, rows_digest"
    )


# ── conditions (`when`) ──────────────────────────────────────────────────────────────────────────────


def subject_columns(rule: Rule) -> list[str]:
    return list(rule.spec.subject or [])


def amount_column(rule: Rule) -> str | None:
    """The money that a condition's hits are summed in."""
    return rule.spec.amount or ("amount" if "amount" in ALL[rule.over].by_name else None)


def day_column(rule: Rule) -> str | None:
    """The day by which hits are put into periods; a year is the budget year where the feed has one."""
    return ALL[rule.over].day


def hit_columns(rule: Rule) -> set[str]:
    """What a condition's hits are grouped, named and summed by."""
    feed = ALL[rule.over]
    wanted = {*subject_columns(rule), *map(_companion, subject_columns(rule)), amount_column(rule), day_column(rule)}
    wanted |= {"agency_code", "agency_name", "adm_div_code"}
    if "payee_name" in wanted:
        wanted.add("payee_type")
    if rule.spec.period == "year":
        wanted.add("budget_year")
    wanted |= {*_apart(rule)}
    return {column for column in wanted if column is not None and column in feed.by_name}


def _apart(rule: Rule) -> list[str]:
    """Where a total is asked for, amounts of several currencies are not one."""
    return ["currency"] if rule.spec.least and rule.spec.least.amount and "currency" in ALL[rule.over].by_name else []


def grouped(rule: Rule, source: str, condition: str, as_of: dt.date) -> str:
    """A condition's hits, one row for each subject and period; where the rule says what they must come to, of those that do."""
    feed, has = ALL[rule.over], ALL[rule.over].by_name
    keys = subject_columns(rule)
    period = period_sql(rule)
    names = [_name_of(key, has) for key in keys]
    amount, day = amount_column(rule), feed.day
    one_agency = "agency_code" if "agency_code" in keys else _only("agency_code")
    parts = [
        f"concat_ws('|', {', '.join(f'{key}::VARCHAR' for key in keys)}) AS subject",
        f"concat_ws(' · ', {', '.join(names)}) AS subject_name",
        f"{period} AS period",
        f"{one_agency if 'agency_code' in has else 'NULL::VARCHAR'} AS agency_code",
        f"{'CASE WHEN ' + one_agency + ' IS NOT NULL THEN max(agency_name) END' if 'agency_name' in has else 'NULL::VARCHAR'} AS agency_name",
        f"{_only('adm_div_code') if 'adm_div_code' in has else 'NULL::VARCHAR'} AS adm_div_code",
        f"{f'sum({amount})' if amount else 'NULL::DECIMAL(38,2)'} AS amount",
        "list(_row) AS rows",
    ]
    if day:
        parts += [f"min({day}) AS first_day", f"max({day}) AS last_day"]
    gathered = f"SELECT {', '.join(parts)} FROM {source} WHERE {condition} GROUP BY {', '.join([*keys, period, *_apart(rule)])}"
    return f"{gathered} HAVING {enough}" if (enough := _enough(rule, amount, as_of)) else gathered


def _enough(rule: Rule, amount: str | None, as_of: dt.date) -> str:
    """What a group must come to; empty where any will do."""
    least = rule.spec.least
    asked = [f"sum({amount}) >= {least.amount}"] if least and least.amount else []
    asked += [f"count(*) >= {least.rows}"] if least and least.rows else []
    return bind(" AND ".join(asked), rule.values(as_of)) if asked else ""


def _name_of(key: str, has: Mapping[str, object]) -> str:
    """What a subject column is called in a flag: the name that goes with a code; a person who was paid as 张*."""
    if key == "payee_name" and "payee_type" in has:
        return "max(payee_shown(payee_name::VARCHAR, payee_type::VARCHAR))"
    return f"max({companion})" if (companion := _companion(key)) in has else f"any_value({key}::VARCHAR)"


def period_sql(rule: Rule) -> str:
    feed = ALL[rule.over]
    if rule.spec.period == "year":
        return "budget_year::VARCHAR" if "budget_year" in feed.by_name else f"year({feed.day})::VARCHAR"
    return f"strftime({feed.day}, '{'%Y-%m' if rule.spec.period == 'month' else '%Y-%m-%d'}')"


def hits(rule: Rule, as_of: dt.date) -> str:
    """The rows that a condition hits or cannot decide, with its answer in `hit`: true or NULL.

    A row that lacks a needed column is in neither: the counts tell of it.
    """
    condition = bind(rule.sql, rule.values(as_of))
    present = [f"{column} IS NOT NULL" for column in rule.needs]
    kept = " AND ".join([*present, not_false(condition, rule.over, rule.needs)])
    return (
        f"SELECT _row, {', '.join(sorted(hit_columns(rule)))}, (\n{condition}\n) AS hit FROM {rule.over} WHERE {kept}"
    )


def _companion(column: str) -> str:
    """The column that holds a code's name: agency_code → agency_name, payee_account → payee_name."""
    for tail in ("_code", "_account", "_no"):
        if column.endswith(tail):
            return column.removesuffix(tail) + "_name"
    return column


def _only(column: str) -> str:
    return f"CASE WHEN min({column}) = max({column}) THEN min({column}) END"
