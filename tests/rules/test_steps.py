"""Questions asked in steps: what is laid down, what is not, and that the answers stay the same."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from budgetwatch.rules.steps import Steps, laid, steps

PAYMENTS = (
    "SELECT * FROM (VALUES ('U1', 'A', 3), ('U1', 'B', 4), ('U2', 'A', 5), ('U2', NULL, 6)) AS t(unit, payee, amount)"
)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"CREATE TABLE payment AS {PAYMENTS}")
        connection.execute("CREATE TABLE unit AS SELECT 'U1' AS unit")
        yield connection


def asked(connection: duckdb.DuckDBPyConnection, told: Steps) -> list[tuple[object, ...]]:
    with laid(connection, told) as question:
        return sorted(connection.sql(question).fetchall(), key=str)


SUMS = "sums AS (SELECT unit, sum(amount) AS whole FROM payment GROUP BY unit)"
BACK = "SELECT p.unit, p.amount, s.whole FROM payment p JOIN sums s ON s.unit = p.unit WHERE s.whole > 7"


def test_a_summary_that_is_joined_with_a_large_table_is_laid_down_first(connection: duckdb.DuckDBPyConnection) -> None:
    question = f"WITH {SUMS} {BACK}"
    told = steps(question, {"payment"})
    assert told is not None
    [(table, text)] = told.before
    assert "GROUP BY" in text
    assert table in told.last
    assert "WITH" not in told.last
    assert asked(connection, told) == sorted(connection.sql(question).fetchall(), key=str)
    assert connection.sql("SHOW TABLES").fetchall() == [("payment",), ("unit",)], "nothing stays behind"


def test_the_rows_that_can_be_judged_are_those_that_the_steps_read(connection: duckdb.DuckDBPyConnection) -> None:
    question = (
        "WITH payment AS NOT MATERIALIZED (SELECT * FROM main.payment WHERE payee IS NOT NULL)\n"
        f"SELECT * FROM (\nWITH {SUMS} {BACK}\n) AS question"
    )
    told = steps(question, {"payment"})
    assert told is not None
    assert asked(connection, told) == sorted(connection.sql(question).fetchall(), key=str) == []


@pytest.mark.parametrize(
    "question",
    [
        "SELECT unit, sum(amount) FROM payment GROUP BY unit",
        f"WITH {SUMS} SELECT * FROM sums WHERE whole > 7",  # nothing large is joined with it
        f"WITH {SUMS} SELECT u.unit FROM unit u JOIN sums s ON s.unit = u.unit",
        "WITH dear AS (SELECT * FROM payment WHERE amount > 3) SELECT p.unit FROM payment p JOIN dear d ON d.unit = p.unit",
        f"WITH {SUMS} SELECT * FROM (WITH sums AS (SELECT 1 AS unit) SELECT * FROM sums) x JOIN payment p ON true",
        "SELECT FROM WHERE",
    ],
)  # fmt: skip
def test_what_gains_nothing_or_is_not_sure_is_asked_at_once(question: str) -> None:
    assert steps(question, {"payment"}) is None
    assert steps(f"WITH {SUMS} {BACK}", {"unit"}) is None, "no large table, no steps"


def test_what_two_steps_would_gather_anew_is_laid_down_too(connection: duckdb.DuckDBPyConnection) -> None:
    question = f"""WITH {SUMS}, high AS (SELECT unit FROM sums WHERE whole > 8 GROUP BY unit),
        low AS (SELECT unit FROM sums WHERE whole < 8 GROUP BY unit)
        SELECT 'high', p.amount FROM payment p JOIN high h ON h.unit = p.unit
        UNION ALL SELECT 'low', p.amount FROM payment p JOIN low l ON l.unit = p.unit"""
    told = steps(question, {"payment"})
    assert told is not None
    assert len(told.before) == 3
    assert sum("FROM payment" in text for _, text in told.before) == 1
    assert asked(connection, told) == sorted(connection.sql(question).fetchall(), key=str)


def test_what_is_worked_out_once_is_not_worked_out_twice_for_a_step() -> None:
    """`ranked` goes over all rows: as one question the engine does that once."""
    question = """WITH ranked AS (SELECT unit, amount, row_number() OVER (PARTITION BY unit ORDER BY amount) AS n FROM payment),
        many AS (SELECT unit FROM ranked GROUP BY unit HAVING count(*) > 1)
        SELECT r.unit, r.amount FROM ranked r JOIN many m ON m.unit = r.unit WHERE r.n = 1"""
    assert steps(question, {"payment"}) is None


def test_steps_that_fail_leave_no_table_behind(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.Error), laid(connection, Steps((("_step_0", "SELECT 1"), ("_step_1", "SELECT no")), "")):
        pass
    assert connection.sql("SHOW TABLES").fetchall() == [("payment",), ("unit",)]
