"""A feed made ready answers every question as the feed itself does: absent values, texts, groups, joins and searches."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgetwatch.records import ALL
from budgetwatch.rules import functions
from budgetwatch.rules.making import make_ready
from budgetwatch.rules.steps import laid

QUESTIONS = [
    "SELECT _row FROM payment WHERE coalesce(settlement, '') <> 'payroll' AND left(func_code, 3) NOT IN ('301', '303')",
    "SELECT _row FROM payment WHERE NOT coalesce(contains_any(purpose, ['餐', '酒']), false)",
    "SELECT _row, contains_any(purpose, ['餐']) AS said, left(func_code, 3) = '201' AS kind FROM payment",
    "SELECT left(func_code, 3) AS kind, count(*) AS n, max(purpose) AS p FROM payment GROUP BY left(func_code, 3)",
    "SELECT month_of(pay_date) AS period, sum(amount) AS s FROM payment p WHERE month(p.pay_date) > 1 GROUP BY period HAVING sum(amount) > 0",
    "SELECT p._row, i.pro_name FROM payment p LEFT JOIN indicator i ON i.indicator_no = p.indicator_no WHERE length(p.func_code) = 3 OR p.settlement IS NULL",
    "SELECT _row FROM payment WHERE coalesce(payee_account, payee_name) = payee_name AND payee_name <> agency_name",
    "SELECT coalesce(settlement, '—') AS s, count(*) FILTER (WHERE purpose IS NULL) AS n FROM payment GROUP BY coalesce(settlement, '—')",
    "WITH payment AS NOT MATERIALIZED (SELECT * FROM main.payment WHERE purpose IS NOT NULL) "
    "SELECT * FROM (SELECT max(purpose) AS p, min(settlement) AS s FROM payment) AS question",
    "SELECT * FROM payment WHERE purpose LIKE '%费'",
]
WORDS = [None, "", "餐费", "酒", "办公费", "甲"]
CODES = [None, "", "201", "2010101", "301", "303"]


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as made:
        functions.install(made, (2024, 2025))
        yield made


def put(connection: duckdb.DuckDBPyConnection, feed: str, rows: list[dict[str, Any]]) -> None:
    columns = ", ".join(f'"{c.name}" {c.duckdb}' for c in ALL[feed].columns)
    connection.execute(f"CREATE OR REPLACE TABLE {feed} ({columns}, _row BIGINT)")
    for number, row in enumerate(rows):
        told = {**row, "_row": number}
        marks = ", ".join("?" * len(told))
        connection.execute(f"INSERT INTO {feed} ({', '.join(told)}) VALUES ({marks})", [*told.values()])


def answers(connection: duckdb.DuckDBPyConnection, question: str) -> list[str]:
    return sorted(repr(row) for row in connection.execute(question).fetchall())


payments = st.lists(
    st.fixed_dictionaries(
        {
            "settlement": st.sampled_from([None, "payroll", "cash", ""]),
            "func_code": st.sampled_from(CODES),
            "purpose": st.sampled_from(WORDS),
            "payee_name": st.sampled_from(WORDS),
            "payee_account": st.sampled_from([None, "甲", "62"]),
            "agency_name": st.sampled_from(["甲", "乙", None]),
            "indicator_no": st.sampled_from([None, "Z1", "Z2", "Z9"]),
            "pay_date": st.sampled_from([None, dt.date(2025, 1, 3), dt.date(2025, 2, 3)]),
            "amount": st.integers(-5, 5),
        }
    ),
    min_size=1,
    max_size=12,
)


@given(rows=payments)
def test_every_question_is_answered_as_by_the_feed_itself(rows: list[dict[str, Any]]) -> None:
    with duckdb.connect(":memory:") as connection:
        functions.install(connection, (2024, 2025))
        put(connection, "payment", rows)
        put(connection, "indicator", [{"indicator_no": "Z1", "pro_name": "桥"}, {"indicator_no": "Z2"}])
        coded = make_ready(connection, QUESTIONS, {"payment": len(rows), "indicator": 2}, least=1)
        for question in QUESTIONS:
            with laid(connection, coded.ask(question)) as told:
                assert answers(connection, told) == answers(connection, question), question


def test_questions_are_indeed_asked_of_what_was_made_ready(connection: duckdb.DuckDBPyConnection) -> None:
    put(connection, "payment", [{"settlement": "cash", "func_code": "2010101", "purpose": "餐费", "amount": 1}])
    put(connection, "indicator", [])
    coded = make_ready(connection, QUESTIONS, {"payment": 1, "indicator": 0}, least=1)
    assert all("_coded_payment" in said or "_few_payment" in said for said in map(coded.say, QUESTIONS[:-2]))
    assert "contains_any" not in coded.say(QUESTIONS[1])


def test_what_cannot_be_read_is_left_as_it_is(connection: duckdb.DuckDBPyConnection) -> None:
    put(connection, "payment", [{"settlement": "cash", "amount": 1}])
    coded = make_ready(connection, [*QUESTIONS, "SELECT FROM WHERE"], {"payment": 1, "indicator": 0}, least=1)
    assert coded.say("SELECT FROM WHERE") == "SELECT FROM WHERE"
