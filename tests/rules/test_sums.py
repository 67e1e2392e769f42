"""Kept sums: a question that reads them says what it says of the rows, and sums of parts make the sums of the whole."""

from __future__ import annotations

import random
from collections.abc import Iterator

import duckdb
import pytest

from budgetwatch.rules import coding, sql, sums

SUMMED = [
    "SELECT unit, sum(amount) AS paid FROM paid GROUP BY unit",
    "SELECT unit AS u, count(*) AS n, sum(amount) FILTER (amount > 0) AS gone FROM paid WHERE year > 2023 GROUP BY unit, year",
    "SELECT unit, max(payee) AS last FROM paid p GROUP BY p.unit HAVING count(*) > 2 AND last > 'b'",
    "SELECT sum(amount) AS paid, count(*) AS n, count(payee) AS named, max(year) AS last FROM paid WHERE amount <> 0.01",
    "WITH n AS (SELECT count(*) AS n FROM paid) SELECT n, count(*) AS times FROM n GROUP BY n",
    "WITH u AS (SELECT DISTINCT unit FROM paid) SELECT left(unit, 1) AS sign, count(*) AS units FROM u GROUP BY left(unit, 1)",
    "SELECT DISTINCT unit, left(payee, 1) AS sign FROM paid",
    "SELECT unit, year % 2 AS odd, count(payee) AS named, share FROM (SELECT unit, year, sum(amount) / count(*) AS share, max(payee) AS payee "
    "FROM paid GROUP BY unit, year) GROUP BY unit, year % 2, share",
    "WITH known AS (SELECT unit, year, amount FROM paid WHERE payee IS NOT NULL), sums AS (SELECT unit, year, sum(amount) AS paid, min(amount) AS least, "
    "bool_or(amount < 0) AS back FROM known GROUP BY unit, year) SELECT a.unit, a.paid - b.paid AS more, a.least, b.back FROM sums a LEFT JOIN sums b "
    "ON b.unit = a.unit AND b.year = a.year - 1",
    "WITH paid AS NOT MATERIALIZED (SELECT * FROM main.paid WHERE unit IS NOT NULL) SELECT * FROM (WITH sums AS (SELECT unit, sum(amount) AS paid "
    "FROM other GROUP BY unit) SELECT unit, paid FROM sums) AS question",
]
NOT_SUMMED = [
    "SELECT unit, list(payee) AS payees FROM paid GROUP BY unit",
    "SELECT unit, count(DISTINCT payee) AS payees FROM paid GROUP BY unit",
    "SELECT unit, arg_max(payee, amount) AS biggest FROM paid GROUP BY unit",
    "SELECT unit, sum(amount) AS paid FROM paid GROUP BY ROLLUP (unit)",
    "SELECT year AS unit, sum(amount) AS paid FROM paid GROUP BY unit",
    "SELECT p.unit, sum(p.amount) AS paid FROM paid p JOIN other o ON o.unit = p.unit GROUP BY p.unit",
    "SELECT unit, sum(sum(amount)) OVER () AS whole FROM paid GROUP BY unit",
    "SELECT unit, sum(amount) AS paid FROM paid GROUP BY unit ORDER BY paid LIMIT 1",
    "SELECT unit, payee FROM paid",
]


@pytest.fixture
def tables() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for name in ("paid", "other"):
            connection.execute(f"CREATE TABLE {name} (unit VARCHAR, year BIGINT, payee VARCHAR, amount DECIMAL(18,2))")
        yield connection


def fill(connection: duckdb.DuckDBPyConnection, table: str, chance: random.Random, many: int) -> None:
    rows = [
        (chance.choice(["u1", "u2", "u3", None]), chance.choice([2023, 2024, 2025, None]), chance.choice(["a", "b", "cc", None]),
         chance.choice(["10.00", "0.01", "-5.50", "1000000.00", None]))
        for _ in range(many)
    ]  # fmt: skip
    if rows:
        connection.executemany(f"INSERT INTO {table} VALUES (?, ?, ?, ?)", rows)


def told(connection: duckdb.DuckDBPyConnection, question: str) -> list[str]:
    return sorted(map(repr, connection.execute(question).fetchall()))


@pytest.mark.parametrize("question", SUMMED)
def test_a_question_that_reads_kept_sums_says_the_same(tables: duckdb.DuckDBPyConnection, question: str) -> None:
    found = sums.wanted([question], {"paid", "other"})
    assert found
    for seed in range(8):
        tables.execute("DELETE FROM paid; DELETE FROM other")
        for name in ("paid", "other"):
            fill(tables, name, random.Random(seed), 12 * seed)
        for at, one in enumerate(found):
            tables.execute(f"CREATE OR REPLACE TABLE kept_{at} AS {one.text}")
        statement = sql.tree(question)
        assert sums.put(statement, {"paid", "other"}, {f"kept_{at}": one for at, one in enumerate(found)})
        put = coding.said(statement)
        assert put is not None
        assert "kept_0" in put
        assert told(tables, put) == told(tables, question)


@pytest.mark.parametrize("question", SUMMED)
def test_sums_of_rows_and_of_rows_that_come_are_the_sums_of_all(
    tables: duckdb.DuckDBPyConnection, question: str
) -> None:
    for one in sums.wanted([question], {"paid", "other"}):
        for seed in range(8):
            chance = random.Random(seed)
            tables.execute(f"DELETE FROM {one.source}")
            fill(tables, one.source, chance, seed * 6)
            tables.execute(f"CREATE OR REPLACE TABLE kept AS {one.text}")
            tables.execute(f"CREATE OR REPLACE TABLE before AS FROM {one.source}; DELETE FROM {one.source}")
            fill(tables, one.source, chance, 1 + seed)
            tables.execute(f"CREATE OR REPLACE TABLE parts AS {one.text}")
            tables.execute(f"INSERT INTO {one.source} FROM before")
            kept = tables.sql("FROM kept")
            types = dict(zip(kept.columns, map(str, kept.types), strict=True))
            absent = {key for key in one.keys if tables.execute(f"FROM parts WHERE {key} IS NULL").fetchall()}
            tables.execute(f"CREATE OR REPLACE TABLE touched AS {sums.touched(one, 'kept', 'parts', absent)}")
            together = f"{sums.untouched('kept', 'touched')} UNION ALL ({sums.added(one, 'touched', 'parts', types)})"
            assert told(tables, together) == told(tables, one.text)
            assert tables.sql(together).types == kept.types


@pytest.mark.parametrize("question", NOT_SUMMED)
def test_what_parts_do_not_tell_is_not_kept(question: str) -> None:
    assert not sums.wanted([question], {"paid"})


def test_sums_that_are_not_kept_are_left_as_they_are() -> None:
    statement = sql.tree(SUMMED[0])
    assert not sums.put(statement, {"paid"}, {})
    assert statement == sql.tree(SUMMED[0])


ALIKE = [
    "SELECT unit, year, sum(amount) AS paid FROM paid GROUP BY unit, year",
    "SELECT year AS y, unit AS u, count(*) AS n, sum(amount) AS all_paid FROM paid GROUP BY year, unit HAVING count(payee) > 1",
    "SELECT DISTINCT unit, year FROM paid",
]


def test_questions_that_group_the_same_rows_alike_share_their_sums(tables: duckdb.DuckDBPyConnection) -> None:
    [one] = sums.wanted(ALIKE, {"paid"})
    assert len(one.together) == 3
    fill(tables, "paid", random.Random(7), 60)
    tables.execute(f"CREATE TABLE kept AS {one.text}")
    for question in [*ALIKE, "SELECT unit, count(payee) AS named FROM paid GROUP BY unit, year"]:
        statement = sql.tree(question)
        assert sums.put(statement, {"paid"}, {"kept": one})
        assert told(tables, str(coding.said(statement))) == told(tables, question)


def test_an_aggregate_that_is_not_kept_is_not_read_of_them() -> None:
    [one] = sums.wanted(ALIKE, {"paid"})
    for gone, _ in one.together:
        left = sums.fewer(one, {gone})
        assert left is not None
        for question in ALIKE:
            [asked] = sums.wanted([question], {"paid"})
            assert sums.put(sql.tree(question), {"paid"}, {"kept": left}) == (gone not in asked.columns)
    assert not sums.put(
        sql.tree("SELECT unit, year, max(payee) AS p FROM paid GROUP BY unit, year"), {"paid"}, {"kept": one}
    )
    assert sums.fewer(one, {one.keys[0]}) is None


def test_of_each_key_it_is_known_what_it_reads() -> None:
    [one] = sums.wanted(["SELECT unit, year % 2 AS odd, count(*) AS n FROM paid GROUP BY unit, year % 2"], {"paid"})
    assert sorted(map(sorted, (read for _, read in sums.keys_read(one)))) == [["unit"], ["year"]]


def test_a_key_reads_what_its_name_stands_for_beneath() -> None:
    question = """WITH dated AS (SELECT *, year + 1 AS later FROM paid), few AS (SELECT unit AS who, later, later % 2 AS odd FROM dated),
        many AS (SELECT who, odd, count(*) AS n FROM few GROUP BY who, odd) SELECT * FROM many"""
    [one] = sums.wanted([question], {"paid"})
    assert sorted(map(sorted, (read for _, read in sums.keys_read(one)))) == [["unit"], ["year"]]
