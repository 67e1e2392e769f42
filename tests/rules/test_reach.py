"""Rows that a question reaches through its steps: found first where they are few, and never other answers than by reading all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import duckdb
import pytest

from budgetwatch.rules.reached import NUMBERS, REACHED, Part
from budgetwatch.rules.steps import Steps, laid, steps

ROWS = 4_000
SUMS = "sums AS (SELECT unit, payee, sum(amount) AS whole FROM payment GROUP BY unit, payee HAVING sum(amount) > 2.9)"
ON = "s.unit = p.unit AND s.payee = p.payee"


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """4,000 payments, among them few of which three or more went to one payee."""
    with duckdb.connect(":memory:") as connection:
        connection.execute(
            f"""CREATE TABLE payment AS SELECT i AS _row, 'U' || hash(i) % 40 AS unit, 'P' || hash(i + 9999) % 4000 AS payee,
                CASE WHEN hash(i) % 3 = 0 THEN -1 ELSE 1 END AS amount FROM range({ROWS}) t(i)"""
        )
        some = [(ROWS + n, "U1", "twice", 2) for n in range(3)] + [(ROWS + 3, None, None, 9), (ROWS + 4, "U1", None, 9)]
        connection.executemany("INSERT INTO payment VALUES (?, ?, ?, ?)", some)
        connection.execute("CREATE TABLE unit AS SELECT 'U1' AS unit")
        yield connection


def told(question: str) -> Steps:
    found = steps(question, {"payment"}, numbered={"payment"})
    assert found is not None
    return found


def asked(connection: duckdb.DuckDBPyConnection, how: Steps) -> tuple[list[tuple[object, ...]], bool]:
    """The answers, and whether they are of the rows reached only."""
    with laid(connection, how) as question:
        return sorted(connection.sql(question).fetchall(), key=str), REACHED in question


def plain(connection: duckdb.DuckDBPyConnection, question: str) -> list[tuple[object, ...]]:
    return sorted(connection.sql(question).fetchall(), key=str)


@pytest.mark.parametrize(
    "question",
    [
        f"WITH {SUMS} SELECT p.*, s.whole FROM payment p JOIN sums s ON {ON}",
        f"WITH {SUMS} SELECT p.unit, sum(p.amount) FROM sums s JOIN payment p ON {ON} WHERE p.amount > 0 GROUP BY p.unit",
        f"WITH base AS (SELECT unit, payee, amount, _row FROM payment WHERE amount <> 1), {SUMS} "
        f"SELECT count(*), list(_row ORDER BY _row) FROM base p JOIN sums s ON {ON} AND p.amount > 0",
        f"WITH {SUMS}, other AS (SELECT unit FROM payment GROUP BY unit HAVING max(amount) = 9) "
        f"SELECT 'a', p._row FROM payment p JOIN sums s ON {ON} UNION ALL "
        "SELECT 'b', p._row FROM payment p JOIN other o ON o.unit = p.unit AND p.payee = 'twice' WHERE p.amount + p._row > 0",
        f"WITH {SUMS}, few AS (SELECT * FROM payment) SELECT p.*, row_number() OVER (PARTITION BY p.unit ORDER BY p._row) "
        f"FROM few p JOIN sums s ON {ON} WHERE s.whole > 5 AND p.amount > 0 QUALIFY row_number() OVER () < 100",
    ],
)  # fmt: skip
def test_few_rows_are_looked_for_first_and_the_answers_are_the_same(
    connection: duckdb.DuckDBPyConnection, question: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("budgetwatch.rules.reached.MOST_SHARE", 0.05)
    how = told(question)
    assert how.reached is not None
    assert asked(connection, how) == (plain(connection, question), True)
    left = {name for (name,) in connection.sql("SHOW TABLES").fetchall()}
    assert left == {"payment", "unit"}, f"{NUMBERS} and {REACHED} go with the steps"


def test_the_rows_that_can_be_judged_are_judged_among_those_reached(connection: duckdb.DuckDBPyConnection) -> None:
    question = f"WITH {SUMS} SELECT p._row FROM payment p JOIN sums s ON {ON}"
    over = f"WITH payment AS NOT MATERIALIZED (SELECT * FROM rows WHERE amount > 1)\nSELECT * FROM (\n{question}\n) AS question"
    connection.execute("ALTER TABLE payment RENAME TO rows")
    how = steps(over, {"rows"}, numbered={"rows"})
    assert how is not None
    assert how.reached is not None
    assert asked(connection, how) == (plain(connection, over), True)
    assert len(plain(connection, over)) == 3


def test_where_many_rows_are_reached_they_are_read_as_ever(connection: duckdb.DuckDBPyConnection) -> None:
    question = "WITH sums AS (SELECT unit, sum(amount) AS whole FROM payment GROUP BY unit) "
    question += "SELECT p._row, s.whole FROM payment p JOIN sums s ON s.unit = p.unit"
    how = told(question)
    assert how.reached is not None
    assert asked(connection, how) == (plain(connection, question), False)


@pytest.mark.parametrize(
    "rest",
    [
        f"SELECT p._row FROM payment p LEFT JOIN sums s ON {ON}",
        "SELECT p._row FROM payment p JOIN sums s ON s.whole > p.amount",
        "SELECT p._row FROM payment p, sums s WHERE s.unit = p.unit",
        f"SELECT p._row FROM payment p JOIN sums s ON {ON} JOIN unit u ON u.unit = p.unit",
        f"SELECT p._row, (SELECT count(*) FROM payment) FROM payment p JOIN sums s ON {ON}",
        f"SELECT p._row FROM payment p JOIN sums s ON {ON} UNION ALL SELECT _row FROM payment WHERE amount = 9",
        f"SELECT p._row FROM (SELECT * FROM payment LIMIT 9) p JOIN sums s ON {ON}",
    ],
)
def test_a_question_that_reads_other_rows_too_is_not_narrowed_to_these(
    connection: duckdb.DuckDBPyConnection, rest: str
) -> None:
    question = f"WITH {SUMS} {rest}"
    how = told(question)
    assert how.reached is None
    assert "LIMIT" in rest or asked(connection, how) == (plain(connection, question), False)


def test_some_rows_by_number_or_order_are_not_all_rows() -> None:
    for cut in ("ORDER BY amount LIMIT 9", "USING SAMPLE 9"):
        question = f"WITH {SUMS}, some AS (SELECT * FROM payment {cut}) SELECT p._row FROM some p JOIN sums s ON {ON}"
        how = steps(question, {"payment"}, numbered={"payment"})
        assert how is None or how.reached is None


def test_a_question_for_numbers_that_fails_makes_it_be_asked_as_ever(connection: duckdb.DuckDBPyConnection) -> None:
    """One within another that speaks of the row outside cannot be asked alone."""
    question = f"""WITH {SUMS} SELECT u.unit, (SELECT count(*) FROM payment p JOIN sums s ON {ON} AND s.unit = u.unit) AS many
        FROM unit u"""
    how = told(question)
    assert asked(connection, how) == (plain(connection, question), False)


# ------------------------------------------------------------------ kept with the table, and looked for since


SEVERAL = (
    f"WITH {SUMS}, other AS (SELECT unit FROM payment GROUP BY unit HAVING max(amount) = 9) "
    f"SELECT 'a' AS kind, p._row FROM payment p JOIN sums s ON {ON} WHERE s.whole < 8 UNION ALL "
    "SELECT 'b', p._row FROM payment p JOIN other o ON o.unit = p.unit AND p.payee = 'twice'"
)


@pytest.fixture
def kept(connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Steps]:
    """The payments in a file; and a question whose reach in them is kept there."""
    monkeypatch.setattr("budgetwatch.rules.reached.MOST_SHARE", 0.05)
    connection.execute("ATTACH ':memory:' AS file")
    connection.execute("CREATE TABLE file.main.payments AS FROM payment")

    def keep(question: str) -> Steps:
        how = told(question)
        assert how.reached is not None
        with laid(connection, replace(how, reached=None)):
            reached = how.reached.keep(connection, Part("file.main.payments"), "file", "_found")
            how.reached.forget(connection)
        return replace(how, reached=reached)

    return keep


def with_more(connection: duckdb.DuckDBPyConnection, *rows: tuple[object, ...], gone: str = "false") -> list[Part]:
    """Payments as they are after more came and some went, and the parts they are put together of."""
    connection.execute("CREATE TABLE more AS FROM payment LIMIT 0")
    if rows:
        connection.executemany("INSERT INTO more VALUES (?, ?, ?, ?)", rows)
    connection.execute(f"CREATE TABLE gone AS SELECT _row FROM payment WHERE {gone}")
    connection.execute("DROP TABLE payment")
    left = " ANTI JOIN gone AS r ON r._row = t._row"
    connection.execute(
        f"CREATE VIEW payment AS SELECT t.* FROM file.main.payments AS t{left} UNION ALL BY NAME FROM more"
    )
    return [Part("file.main.payments", left=left), Part("more")]


@pytest.mark.parametrize(
    ("came", "gone"),
    [
        ((), "false"),
        (((9_000, "U1", "twice", 1), (9_001, "U9", "new", 1)), "false"),
        (tuple((9_000 + n, "U7", "new", 2) for n in range(3)), "false"),
        (((9_000, "U2", "P5", 3),), "payee = 'P5'"),
        (((9_000, "U2", "P5", 3), (9_001, None, "P6", 9), (9_002, "U3", None, 9)), "_row = 4001"),
        (tuple((9_000 + n, f"U{n % 3}", f"P{n}", 3) for n in range(60)), "amount = -1 AND _row % 3 = 0"),
    ],
    ids=["nothing", "a row of a known key", "a new key", "a key whose rows went", "what is empty", "much"],
)
def test_what_was_reached_once_is_not_looked_for_again_and_the_answers_are_those_of_now(
    connection: duckdb.DuckDBPyConnection,
    kept: Callable[[str], Steps],
    came: tuple[tuple[object, ...], ...],
    gone: str,
) -> None:
    how = kept(SEVERAL)
    assert how.reached is not None
    assert how.reached.kept
    parts = with_more(connection, *came, gone=gone)
    with laid(connection, how, {"payment": parts}) as question:
        assert REACHED in question
        found = sorted(connection.sql(question).fetchall(), key=str)
    assert found == plain(connection, SEVERAL)
    assert found


def test_rows_of_a_key_that_is_new_are_found_among_the_old_ones(
    connection: duckdb.DuckDBPyConnection, kept: Callable[[str], Steps]
) -> None:
    connection.execute("INSERT INTO file.main.payments VALUES (8000, 'U5', 'slow', 1), (8001, 'U5', 'slow', 1)")
    connection.execute("INSERT INTO payment VALUES (8000, 'U5', 'slow', 1), (8001, 'U5', 'slow', 1)")
    how = kept(SEVERAL)
    parts = with_more(connection, (9_000, "U5", "slow", 1))
    with laid(connection, how, {"payment": parts}) as question:
        rows = {row for _, row in connection.sql(question).fetchall()}
    assert {8000, 8001, 9000} <= rows


def test_a_row_that_new_keys_reach_too_is_shown_once(
    connection: duckdb.DuckDBPyConnection, kept: Callable[[str], Steps]
) -> None:
    for table in ("payment", "file.main.payments"):
        connection.execute(f"INSERT INTO {table} VALUES (8000, 'U5', 'twice', 3)")
    how = kept(SEVERAL)
    parts = with_more(connection, (9_000, "U5", None, 9))
    with laid(connection, how, {"payment": parts}) as question:
        found = sorted(connection.sql(question).fetchall(), key=str)
    assert found == plain(connection, SEVERAL)
    assert [kind for kind, row in found if row == 8000] == ["a", "b"]


def test_where_much_is_reached_nothing_is_kept(
    connection: duckdb.DuckDBPyConnection, kept: Callable[[str], Steps], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("budgetwatch.rules.reached.MOST_SHARE", 0.0)
    how = kept(SEVERAL)
    assert how.reached is not None
    assert not how.reached.kept
    assert connection.sql("SELECT count(*) FROM duckdb_tables() WHERE table_name LIKE '_found%'").fetchall() == [(0,)]


def test_a_join_with_two_steps_is_looked_for_anew(
    connection: duckdb.DuckDBPyConnection, kept: Callable[[str], Steps]
) -> None:
    question = (
        f"WITH {SUMS}, other AS (SELECT unit FROM payment GROUP BY unit HAVING max(amount) = 9) "
        f"SELECT p._row FROM payment p JOIN sums s ON {ON} JOIN other o ON o.unit = p.unit"
    )
    how = kept(question)
    assert how.reached is not None
    assert not how.reached.kept
    assert asked(connection, how) == (plain(connection, question), True)


@pytest.mark.parametrize(
    ("base", "on", "column"),
    [
        ("SELECT * FROM payment", "p.unit = s.unit", '"unit"'),
        ("SELECT unit AS unit, payee, _row FROM payment", "s.unit = p.unit AND s.payee = p.payee", '"unit"'),
        ("SELECT upper(unit) AS unit, payee AS who, _row FROM payment", "s.unit = p.unit AND s.payee = p.who", '"payee"'),
        ("SELECT * FROM payment", "p.unit IS NOT DISTINCT FROM s.unit AND s.payee = p.payee", '"payee"'),
        ("SELECT * REPLACE (upper(unit) AS unit) FROM payment", "p.unit = s.unit", ""),
        ("SELECT payee AS unit, _row FROM payment", "p.unit = s.unit", '"payee"'),
        ("SELECT upper(unit) AS unit, _row FROM payment", "p.unit = s.unit", ""),
    ],
)  # fmt: skip
def test_new_keys_are_looked_for_by_a_column_of_the_table_itself(base: str, on: str, column: str) -> None:
    reached = told(f"WITH base AS ({base}), {SUMS} SELECT p._row FROM base p JOIN sums s ON {on}").reached
    assert reached is not None
    assert [one.column for one in reached.joined] == [column]
