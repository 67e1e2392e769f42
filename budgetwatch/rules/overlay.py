"""What came to a feed after it was made ready in a file: its rows are made ready alike, and shown together with the file's.

The file stays as it is. Rows that no longer stand are left out, those that came are coded by the file's own recipe, and the
names that questions call show both. A row that the file's codes cannot tell (a unit that was never there before) raises
`duckdb.Error`; then nothing of the file can be used.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

import duckdb

from budgetwatch.rules import coding, sql, steps, sums
from budgetwatch.rules.coded import Coded, came
from budgetwatch.rules.sums import Sum


class Came(Protocol):
    """Tables of a feed's rows that are new, and of those that no longer stand."""

    @property
    def added(self) -> str: ...
    @property
    def removed(self) -> str: ...
    @property
    def many_added(self) -> int: ...
    @property
    def many_removed(self) -> int: ...


def lay_over(connection: duckdb.DuckDBPyConnection, coded: Coded, changes: Mapping[str, Came], inside: str) -> None:
    """Show the tables of the attached file with what changed since it was made."""
    for feed, change in changes.items():
        table = coded.tables[feed]
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {came(feed)} AS FROM {change.added}")
        recipe = coded.recipes[feed]
        for step in recipe.first:
            connection.execute(step).fetchall()
        _add(connection, table, recipe.rows, change, inside)
        smaller: dict[str, list[str]] = {}
        for (of, condition), one in coded.few.items():
            if of == feed:
                smaller.setdefault(one, []).append(f"({condition})")
        for one, wanted in smaller.items():
            _add(connection, one, f"SELECT * FROM {_new(table)} WHERE {' OR '.join(wanted)}", change, inside)
        for name, kept in list(coded.sums.items()):
            if kept.source not in (table, *smaller):
                continue
            if change.many_removed:  # from a sum something could be taken away, from a greatest value not
                _forget(coded, name)
            else:
                _sum(connection, name, kept, inside)


def _sum(connection: duckdb.DuckDBPyConnection, table: str, kept: Sum, inside: str) -> None:
    """Add to kept sums those of the rows that came."""
    statement = sql.tree(kept.text)
    steps.point(statement, {kept.source: _new(kept.source)})
    there = f'"{inside}".main.{table}'
    told = connection.sql(f"FROM {there} LIMIT 0")
    parts, touched = f"{_new(table)}_parts", _new(table)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {parts} AS {coding.said(statement)}")
    types = dict(zip(told.columns, map(str, told.types), strict=True))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {touched} AS {sums.added(kept, there, parts, types)}")
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {table} AS {sums.untouched(kept, there, parts)} UNION ALL FROM {touched}"
    )


def _forget(coded: Coded, table: str) -> None:
    """Ask nothing of kept sums any more."""
    del coded.sums[table]
    for question, how in list(coded.said.items()):
        if any(re.search(rf"\b{table}\b", text) for text in (how.last, *(step for _, step in how.before))):
            del coded.said[question]


def _add(connection: duckdb.DuckDBPyConnection, table: str, rows: str, change: Came, inside: str) -> None:
    there = f'"{inside}".main.{table}'
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {_new(table)} AS FROM {there} LIMIT 0")
    connection.execute(f"INSERT INTO {_new(table)} {rows}")
    left = f" AS t ANTI JOIN {change.removed} AS r ON r._row = t._row" if change.many_removed else " AS t"
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {table} AS SELECT t.* FROM {there}{left} UNION ALL FROM {_new(table)}"
    )


def _new(table: str) -> str:
    return f"{table}_new"
