"""The functions that rules may call agree with the house's calendar, and stay themselves outside it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgetwatch import calendar
from budgetwatch.rules import functions, sql

DAYS = st.dates(dt.date(2010, 1, 1), dt.date(2025, 12, 31))


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as made:
        functions.install(made, (2010, 2025))
        yield made


def one(connection: duckdb.DuckDBPyConnection, expression: str, *values: Any) -> Any:
    return connection.execute(f"SELECT {expression}", list(values)).fetchall()[0][0]


@given(day=DAYS, n=st.integers(1, 60))
def test_days_count_as_the_calendar_counts_them(connection: duckdb.DuckDBPyConnection, day: dt.date, n: int) -> None:
    assert one(connection, "is_workday(?::DATE)", day) == calendar.is_workday(day)
    later = calendar.add_workdays(day, n)
    assert one(connection, "add_workdays(?::DATE, ?)", day, n) == later
    assert one(connection, "workdays_between(?::DATE, ?::DATE)", day, later) == n
    assert one(connection, "workdays_between(?::DATE, ?::DATE)", later, day) == -n
    assert one(connection, "add_days(?::DATE, ?)", day, n) == day + dt.timedelta(n)
    assert one(connection, "days_between(?::DATE, ?::DATE)", day, day + dt.timedelta(n)) == n
    assert one(connection, "iso_weekday(?::DATE)", day) == day.isoweekday()
    back = one(connection, "add_workdays(?::DATE, ?)", later, -n)
    assert calendar.is_workday(back)
    assert sum(calendar.is_workday(back + dt.timedelta(i)) for i in range((later - back).days)) == n


def test_the_workday_table_says_the_same(connection: duckdb.DuckDBPyConnection) -> None:
    rows = connection.execute("SELECT day, is_workday FROM workday WHERE year(day) = 2025").fetchall()
    assert len(rows) == 365
    assert all(worked == calendar.is_workday(day) for day, worked in rows)


def test_a_day_beyond_the_calendar_is_unknown_not_wrong(connection: duckdb.DuckDBPyConnection) -> None:
    for expression in (
        "is_workday(DATE '1066-10-14')",
        "workdays_between(DATE '1066-10-14', DATE '2020-01-01')",
        "is_workday(NULL::DATE)",
    ):
        assert one(connection, expression) is None


def test_words_are_words_and_not_patterns(connection: duckdb.DuckDBPyConnection) -> None:
    assert one(connection, "contains_any('办公用品(购物卡)', ['购物卡', '礼品'])") is True
    assert one(connection, "contains_any('abc', ['a.c', 'x|b'])") is False
    assert one(connection, "contains_any(NULL, ['a'])") is None


@given(words=st.lists(st.text(min_size=1, max_size=8).filter(lambda w: "\0" not in w), min_size=1, max_size=3))
def test_a_parameter_is_always_a_value(words: list[str]) -> None:
    with duckdb.connect(":memory:") as made:
        bound = sql.bind("SELECT $words AS words, '$words' AS text -- $words", {"words": tuple(words)})
        assert made.execute(bound).fetchall() == [(words, "$words")]


def test_every_allowed_function_is_known_to_the_engine(connection: duckdb.DuckDBPyConnection) -> None:
    known = {name for (name,) in connection.execute("SELECT DISTINCT function_name FROM duckdb_functions()").fetchall()}
    syntax = {"coalesce", "if", "ifnull", "nullif", "count_star", "row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile",
              "lag", "lead", "first_value", "last_value", "nth_value"}  # fmt: skip
    assert set(functions.ALLOWED) - known - syntax == set()
