"""What a rule's SQL may call: an allow-list, each with a word on carrying it to Spark, and our own day functions.

Days, medians and keyword search go through these names because the engines disagree on them: DuckDB's
`isodow` came out silently wrong on Spark in a trial, and medians are approximate elsewhere. `install`
makes our own functions on a connection; nothing else may be called from a rule.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from functools import lru_cache

import duckdb

from budgetwatch import calendar

_SAME = "the same on Spark"
_MACRO = "ours: one definition an engine"

#: Our own functions: signature, and what it gives.
OURS: dict[str, tuple[str, str]] = {
    "days_between": ("days_between(a, b)", "calendar days from a to b; negative when b is earlier"),
    "workdays_between": ("workdays_between(a, b)", "working days after a up to and including b (调休 included)"),
    "add_days": ("add_days(day, n)", "the day n calendar days later"),
    "add_workdays": ("add_workdays(day, n)", "the n-th working day after the day; before it when n is negative"),
    "is_workday": ("is_workday(day)", "whether offices work that day, swaps (调休) included"),
    "iso_weekday": ("iso_weekday(day)", "1 Monday … 7 Sunday"),
    "month_of": ("month_of(day)", "'2025-03'"),
    "contains_any": ("contains_any(text, words)", "whether the text holds any of the words"),
    "share": ("share(part, whole)", "part ÷ whole as DECIMAL(18,6); NULL when whole is 0"),
    "is_round": ("is_round(amount, unit)", "whether the amount is a whole multiple of the unit"),
    "spending_kind": (
        "spending_kind(line_type, department_economic, government_economic)",
        "personnel, operating, project, works (基建), transfer …: what chooses a line's baseline",
    ),
    "expected_pace": (
        "expected_pace(kind, elapsed, planned, usual, plan_kinds, usual_kinds)",
        "the baseline of that kind of spending; elapsed time where its own is not known",
    ),
    "payee_shown": (
        "payee_shown(name, type)",
        "the payee as flags may name it: a person (or a short name of no kind) as 张*",
    ),
}

#: DuckDB functions a rule may call, with how they carry over.
ALLOWED: dict[str, str] = {
    **dict.fromkeys(OURS, _MACRO),
    # operators as the parser names them
    **dict.fromkeys(("+", "-", "*", "/", "%", "||", "~~", "!~~", "~~*", "!~~*", "//"), _SAME),
    # aggregates
    **dict.fromkeys(("count", "count_star", "sum", "min", "max", "avg", "bool_and", "bool_or", "any_value"), _SAME),
    "median": "Spark: exact `percentile(x, 0.5)`; ClickHouse's is approximate",
    "quantile_cont": "Spark: exact `percentile`",
    "mad": "no such aggregate on Spark: median of |x − median|",
    "stddev_samp": _SAME, "stddev_pop": _SAME, "var_samp": _SAME, "stddev": "Spark: the same as stddev_samp",
    "arg_max": "Spark: max_by", "arg_min": "Spark: min_by", "max_by": _SAME, "min_by": _SAME,
    "list": "Spark: collect_list", "array_agg": "Spark: collect_list", "string_agg": "Spark: array_join(collect_list)",
    "histogram": "Spark: own aggregate", "first": "give an ORDER BY; Spark: min_by", "last": "give an ORDER BY; Spark: max_by",
    # windows
    **dict.fromkeys(
        ("row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead", "first_value", "last_value",
         "nth_value"), _SAME),
    # numbers
    **dict.fromkeys(("abs", "ceil", "floor", "sign", "sqrt", "ln", "exp", "greatest", "least", "mod"), _SAME),
    "round": "half away from zero on DECIMAL in both", "trunc": "Spark: floor/ceil by sign", "log10": _SAME, "power": _SAME, "pow": _SAME,
    # text
    **dict.fromkeys(
        ("lower", "upper", "trim", "ltrim", "rtrim", "replace", "concat", "concat_ws", "length", "substr", "substring", "left", "right",
         "lpad", "rpad", "contains", "starts_with", "ends_with", "reverse", "translate", "split_part", "repeat"), _SAME),
    "prefix": "Spark: startswith", "suffix": "Spark: endswith", "strip_accents": "no Spark function: ours to write",
    "regexp_matches": "RE2 here, Java there: keep to classes, groups and |", "regexp_replace": "Spark replaces all; here the first unless 'g'",
    "regexp_extract": "the same group numbers", "levenshtein": _SAME, "damerau_levenshtein": "not on Spark",
    "jaro_winkler_similarity": "not on Spark", "jaccard": "not on Spark", "nfc_normalize": "not on Spark",
    "like_escape": _SAME, "not_like_escape": _SAME,
    # days (prefer our own)
    "date_part": "only year, quarter, month, day; weekdays through iso_weekday", "year": _SAME, "quarter": _SAME, "month": _SAME, "day": _SAME,
    "make_date": _SAME, "last_day": _SAME, "date_trunc": _SAME, "strftime": "Spark: date_format with other letters",
    "date_diff": "argument order differs on Spark", "datediff": "argument order differs on Spark", "dayofyear": _SAME,
    "to_days": "Spark: make_interval", "to_months": "Spark: make_interval", "to_years": "Spark: make_interval",
    "to_weeks": "Spark: make_interval",
    # absence
    **dict.fromkeys(("coalesce", "ifnull", "nullif", "if"), _SAME),
    # lists (of rows mostly)
    "list_value": "Spark: array", "list_concat": "Spark: concat", "list_cat": "Spark: concat", "flatten": _SAME, "unnest": "Spark: explode",
    "list_distinct": "Spark: array_distinct", "list_sort": "Spark: sort_array", "list_contains": "Spark: array_contains",
    "list_has": "Spark: array_contains", "array_contains": _SAME, "list_has_any": "Spark: arrays_overlap",
    "list_sum": "Spark: aggregate", "list_min": "Spark: array_min", "list_max": "Spark: array_max", "len": "Spark: size / length",
    "list_slice": "Spark: slice", "array_slice": "Spark: slice", "list_extract": "Spark: element_at", "array_extract": "Spark: element_at",
    "list_filter": "Spark: filter", "list_transform": "Spark: transform", "list_unique": "Spark: size(array_distinct)",
    "array_to_string": "Spark: array_join", "list_aggregate": "Spark: aggregate", "struct_pack": "Spark: named_struct",
    "struct_extract": "Spark: dot", "row": "Spark: struct",
    "generate_series": "Spark: sequence", "range": "Spark: sequence without its end",
}  # fmt: skip

#: Table functions a rule may read from.
TABLES = frozenset({"unnest", "generate_series", "range"})

FIRST_YEAR, LAST_YEAR = 1980, 2100
#: The connection's variable that tells for which years they were made.
_YEARS = "workday_years"


@lru_cache(maxsize=8)
def _days(first_year: int, last_year: int) -> tuple[tuple[dt.date, bool, int], ...]:
    """Every day of the span: whether it is worked, and how many working days lie in the span up to it."""
    rows, worked = [], 0
    for day, off in calendar.days_off(dt.date(first_year, 1, 1), dt.date(last_year, 12, 31)):
        worked += not off
        rows.append((day, not off, worked))
    return tuple(rows)


def install(connection: duckdb.DuckDBPyConnection, years: tuple[int, int]) -> None:
    """Make our functions and the `workday(day, is_workday, n)` table for those years on the connection, unless they are there."""
    first, last = max(FIRST_YEAR, years[0] - 1), min(LAST_YEAR, max(years[1], years[0]) + 2)
    if span(connection) != (first, last):
        _put(connection, first, last)


def span(connection: duckdb.DuckDBPyConnection) -> tuple[int, int] | None:
    """The years for which they are on the connection; None where they are not there."""
    [(there,)] = connection.execute(f"SELECT getvariable('{_YEARS}')").fetchall()
    if not there:
        return None
    first, last = map(int, there.split("-"))
    return first, last


def _put(connection: duckdb.DuckDBPyConnection, first: int, last: int) -> None:
    for statement in _made(first, last):
        connection.execute(statement)
    connection.execute(f"SET VARIABLE {_YEARS} = '{first}-{last}'")


def same(connection: duckdb.DuckDBPyConnection, years: tuple[int, int] | None) -> None:
    """Make them as they are on another connection, by its `span`."""
    if years is not None:
        _put(connection, *years)


@lru_cache(maxsize=8)
def _made(first: int, last: int) -> tuple[str, ...]:
    """What makes them."""
    days = _days(first, last)
    origin = f"DATE '{first}-01-01'"
    bits = "".join("1" if worked else "0" for _, worked, _ in days)
    inside = "{0} BETWEEN " + origin + f" AND DATE '{last}-12-31'"
    made = [
        f"CREATE OR REPLACE TEMP TABLE workday AS SELECT day, is_workday, sum(is_workday::INTEGER) OVER (ORDER BY day)::INTEGER AS n "
        f"FROM (SELECT ({origin} + i::INTEGER) AS day, get_bit('{bits}'::BIT, i::INTEGER) = 1 AS is_workday FROM range({len(days)}) AS t(i))"
    ]
    # One string that DuckDB splits once while planning: parsing thousands of literals took a hundred times as long.
    counts = f"string_split('{','.join(str(n) for _, _, n in days)}', ',')::INTEGER[]"
    worked = (
        f"string_split('{','.join(str(at) for at, (_, is_worked, _) in enumerate(days) if is_worked)}', ',')::INTEGER[]"
    )
    nth = f"list_extract({counts}, ({{0}} - {origin})::INTEGER + 1)"
    for signature, body in (
        ("days_between(a, b)", "(b - a)::BIGINT"),
        ("add_days(day, n)", "(day + n::INTEGER)::DATE"),
        ("iso_weekday(day)", "isodow(day)"),
        ("month_of(day)", "strftime(day, '%Y-%m')"),
        ("is_workday(day)", f"CASE WHEN {inside.format('day')} THEN get_bit('{bits}'::BIT, (day - {origin})::INTEGER) = 1 END"),
        ("workdays_between(a, b)",
         f"CASE WHEN {inside.format('a')} AND {inside.format('b')} THEN ({nth.format('b')} - {nth.format('a')})::BIGINT END"),
        ("add_workdays(day, n)",
         f"CASE WHEN {inside.format('day')} THEN {origin} + list_extract({worked}, {nth.format('day')} + n::INTEGER "
         f"+ CASE WHEN n < 0 AND NOT (get_bit('{bits}'::BIT, (day - {origin})::INTEGER) = 1) THEN 1 ELSE 0 END) END"),
        ("contains_any(text, words)",
         "regexp_matches(text, array_to_string(list_transform(words, lambda w: regexp_escape(w)), '|'))"),
        ("share(part, whole)", "CASE WHEN whole <> 0 THEN (part / whole)::DECIMAL(18,6) END"),
        ("is_round(amount, unit)", "amount % unit = 0"),
        ("spending_kind(line_type, department_economic, government_economic)",
         "CASE WHEN left(department_economic, 3) IN ('309', '310') OR left(government_economic, 3) IN ('503', '504') THEN 'works' "
         "ELSE coalesce(line_type, 'other') END"),
        ("expected_pace(kind, elapsed, planned, usual, plan_kinds, usual_kinds)",
         "CASE WHEN list_contains(plan_kinds, kind) THEN coalesce(planned, elapsed) "
         "WHEN list_contains(usual_kinds, kind) THEN coalesce(usual, elapsed) ELSE elapsed END"),
        ("payee_shown(name, type)",
         "CASE WHEN type = 'person' OR (type IS NULL AND regexp_full_match(trim(name, ' '), '[\\p{Han}·]{0,4}')) "
            "THEN left(trim(name, ' '), 1) || '*' ELSE name END"),
    ):  # fmt: skip
        made.append(f"CREATE OR REPLACE TEMP MACRO {signature} AS {body}")
    return tuple(made)


def unknown_years(years: Iterable[int]) -> list[int]:
    """Those of the years whose official holiday table is not at hand: only weekends count as days off there."""
    return [year for year in sorted(set(years)) if not calendar.known(year)]
