"""What came to a feed after it was made ready in a file: its rows are made ready alike, and shown together with the file's.

The file stays as it is. Rows that no longer stand are left out, those that came are coded by the file's own recipe, and the
names that questions call show both. Where a column brings a code that the file does not know (a unit that was never there
before) it is shown as text. What cannot be laid over it raises `duckdb.Error`; then nothing of the file can be used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Protocol

import duckdb

from budgetwatch.rules import sums
from budgetwatch.rules.coded import Coded
from budgetwatch.rules.made import came
from budgetwatch.rules.reached import Part
from budgetwatch.rules.sums import Sum

_CAME = "_came_rows"


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
        table = coded.made.tables[feed]
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {came(feed)} AS FROM {change.added}")
        recipe = coded.made.recipes[feed]
        for step in recipe.first:
            connection.execute(step).fetchall()
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {_CAME} AS {recipe.rows}")
        loose = _unknown(connection, table, inside)
        _add(coded, table, f"FROM {_CAME}", change, inside, loose)
        for one, wanted in coded.made.smaller(feed).items():
            met = " OR ".join(f"({condition})" for condition in wanted)
            _add(coded, one, f"FROM {_new(table)} WHERE {met}", change, inside, loose)
        for name, kept in list(coded.made.sums.items()):
            if kept.source != table:
                continue
            if change.many_removed:  # from a sum something could be taken away, from a greatest value not
                coded.forget(name)
            else:
                smaller = coded.made.smaller(name)
                coded.behind[name] = partial(
                    _sum, table=name, kept=kept, smaller=smaller, inside=inside, texts=bool(loose)
                )


def _sum(
    connection: duckdb.DuckDBPyConnection,
    *,
    table: str,
    kept: Sum,
    smaller: Mapping[str, Sequence[str]],
    inside: str,
    texts: bool,
) -> None:
    """Add to kept sums, and to the smaller tables of some of them, those of the rows that came; `texts` where their codes are not
    all known."""
    there = f'"{inside}".main.{table}'
    told = connection.sql(f"FROM {there} LIMIT 0")
    parts, touched, both = f"{_new(table)}_parts", f"{_new(table)}_touched", _new(table)
    here = f"WITH {kept.source} AS NOT MATERIALIZED (FROM {_new(kept.source)}) SELECT * FROM ({kept.text})"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {parts} AS {here}")
    came_as = connection.sql(f"FROM {parts}").types if texts else told.types
    types = {
        name: str(came if str(kind).startswith("ENUM") else kind)
        for name, kind, came in zip(told.columns, told.types, came_as, strict=True)
    }
    counted = ", ".join(["count(*)", *(f"count({name})" for name in kept.keys)])
    [(many, *present)] = connection.execute(f"SELECT {counted} FROM {parts}").fetchall()
    absent = {name for name, there_are in zip(kept.keys, present, strict=True) if there_are < many}
    connection.execute(f"CREATE OR REPLACE TABLE {touched} AS {sums.touched(kept, there, parts, absent)}")
    connection.execute(f"CREATE OR REPLACE TABLE {both} AS {sums.added(kept, touched, parts, types)}")
    connection.execute(f"CREATE OR REPLACE VIEW {table} AS {sums.untouched(there, touched)} UNION ALL FROM {both}")
    for name, conditions in smaller.items():
        some = sums.smaller(f'"{inside}".main.{name}', touched, both, conditions)
        connection.execute(f"CREATE OR REPLACE VIEW {name} AS {some}")


def _unknown(connection: duckdb.DuckDBPyConnection, table: str, inside: str) -> list[str]:
    """The coded columns in which rows that came have values without a code."""
    told = connection.sql(f'FROM "{inside}".main.{table} LIMIT 0')
    coded = [name for name, kind in zip(told.columns, told.types, strict=True) if str(kind).startswith("ENUM")]
    asked = ", ".join(
        f'count(*) FILTER (NOT list_contains((SELECT enum_range("{name}") FROM "{inside}".main.{table} LIMIT 1), "{name}"))'
        for name in coded
    )
    if not coded:
        return []
    [found] = connection.execute(f"SELECT {asked} FROM {_CAME}").fetchall()
    return [name for name, many in zip(coded, found, strict=True) if many]


def _add(coded: Coded, table: str, rows: str, change: Came, inside: str, loose: Sequence[str]) -> None:
    connection = coded.connection
    there = f'"{inside}".main.{table}'
    told = ", ".join(f'"{name}"::VARCHAR AS "{name}"' for name in loose)
    texts = f" REPLACE ({told})" if loose else ""
    connection.execute(f"CREATE OR REPLACE TABLE {_new(table)} AS SELECT *{texts} FROM {there} LIMIT 0")
    connection.execute(f"INSERT INTO {_new(table)} {rows}")
    left = f" ANTI JOIN {change.removed} AS r ON r._row = t._row" if change.many_removed else ""
    connection.execute(
        f"CREATE OR REPLACE VIEW {table} AS SELECT t.*{texts} FROM {there} AS t{left} UNION ALL FROM {_new(table)}"
    )
    coded.parts[table] = Part(there, f"t.*{texts}", left), Part(_new(table))


def _new(table: str) -> str:
    return f"{table}_new"
