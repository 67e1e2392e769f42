"""The rows of a large table that a question reaches through its small steps: looked for by what joins them, before they are read.

Where the table lies in a file, the rows that were reached when it was made are kept there, with the keys that reached
them. Any rows besides those that are reached join nothing, so on a later day only what is new need be looked for: the rows that
came since, and the keys that were not there then.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import duckdb

_log = logging.getLogger(__name__)
#: The view of the rows that are reached, and the table of their places.
REACHED, NUMBERS = "_reached", "_reached_rows"
#: The view of the rows among which is looked, with their places, and the column that tells these.
PLACED, PLACE = "_placed", "_place"
#: The tables of the keys that are looked for, by their numbers.
KEYS = "_reach_keys_"
#: Where more than this share of the rows is reached, to look them up costs what it costs to read all.
MOST_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Part:
    """A table that a large one is put together of, which may be a view: it is called `t` in its `columns` and in what is
    `left` out. Its rows are found by their place in it."""

    table: str
    columns: str = "t.*"
    left: str = ""

    def shown(self, instead: str = "", more: str = "") -> str:
        """The SELECT of its rows, or of rows like these `instead`."""
        return f"SELECT {self.columns}{more} FROM {instead or self.table} AS t{self.left}"


@dataclass(frozen=True, slots=True)
class Joined:
    """One join of the large table: the question for the places in `PLACED` that it reaches. Where it joins one step only, `keys`
    asks the step for what is joined with, and the places are asked of the table `KEYS` of that number instead; `column` and
    `key` are then what must be equal in both, where that is known of a column of the table itself."""

    places: str
    keys: str = ""
    column: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Reach:
    """The large table, what joins it, and what is then asked of `REACHED`; `kept` is what the tables are called in which the file
    keeps the rows that were reached when it was made, and the keys that reached them."""

    table: str
    joined: tuple[Joined, ...]
    last: str
    kept: str = ""

    def few(self, connection: duckdb.DuckDBPyConnection, parts: Sequence[Part]) -> bool:
        """Whether few rows are reached; they then stand in the view that is asked. `parts` are those of the table."""
        parts = parts or (Part(self.table),)
        try:
            counts = " + ".join(f"(SELECT count(*) FROM {part.table})" for part in parts)
            [(whole,)] = connection.execute(f"SELECT {counts}").fetchall()
            most = int(whole * MOST_SHARE)
            self._laid(connection)
            connection.execute(f"CREATE OR REPLACE TEMP TABLE {NUMBERS} ({PLACE} BIGINT)")
            everywhere = range(len(parts))
            if self.kept:
                many, arms = self._since(connection, parts, most)
            else:
                many, arms = self._look(connection, parts, everywhere, most), _found_in(parts, everywhere)
            if many > most:
                return False
            _view(connection, REACHED, arms)
        except duckdb.Error as error:
            _log.debug("rows are not looked for first: %s", str(error).splitlines()[0])
            return False
        return True

    def keep(self, connection: duckdb.DuckDBPyConnection, part: Part, inside: str, name: str) -> Reach:
        """Keep the rows that are reached now in tables of that name in the file; their table lies there in one part. Nothing is
        kept where much is reached, or a join has more than one step."""
        if not all(one.keys for one in self.joined) or not self.few(connection, (part,)):
            return self
        for at in range(len(self.joined)):
            connection.execute(f"CREATE TABLE {inside}.main.{name}_{at} AS FROM {KEYS}{at}")
        connection.execute(
            f"CREATE TABLE {inside}.main.{name} AS SELECT t.*, t.rowid AS {PLACE} FROM {part.table} AS t "
            f"WHERE t.rowid IN (SELECT {PLACE} FROM {NUMBERS}) ORDER BY t.rowid"
        )
        return replace(self, kept=f"{inside}.main.{name}")

    def moved(self, then: str, now: str) -> Reach:
        """The same where one text stands for another: a day."""
        joined = tuple(
            replace(one, places=one.places.replace(then, now), keys=one.keys.replace(then, now)) for one in self.joined
        )
        return replace(self, joined=joined, last=self.last.replace(then, now))

    def forget(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Take away what was made to look for rows."""
        for view in (REACHED, PLACED):
            connection.execute(f"DROP VIEW IF EXISTS {view}")
        for table in (NUMBERS, *(f"{KEYS}{at}" for at in range(len(self.joined)))):
            connection.execute(f"DROP TABLE IF EXISTS {table}")

    def _laid(self, connection: duckdb.DuckDBPyConnection) -> None:
        for at, one in enumerate(self.joined):
            if one.keys:
                connection.execute(f"CREATE OR REPLACE TEMP TABLE {KEYS}{at} AS {one.keys}")

    def _look(
        self, connection: duckdb.DuckDBPyConnection, parts: Sequence[Part], among: Sequence[int], most: int
    ) -> int:
        """Add the places of rows that are reached in these of the parts; how many there are now, or more than `most`."""
        _placed(connection, parts, among)
        every = " UNION ALL ".join(f"({one.places})" for one in self.joined)
        return self._found(connection, every, most)

    def _found(self, connection: duckdb.DuckDBPyConnection, places: str, most: int) -> int:
        connection.execute(f"INSERT INTO {NUMBERS} FROM ({places}) LIMIT {most + 1}")
        [(many,)] = connection.execute(f"SELECT count(*) FROM {NUMBERS}").fetchall()
        return int(many)

    def _since(self, connection: duckdb.DuckDBPyConnection, parts: Sequence[Part], most: int) -> tuple[int, list[str]]:
        """The same, where the rows are kept that were reached before: looked for are only those in parts that came since, and in
        all rows those that new keys reach. Gives how many there are, and the SELECTs that show them."""
        since = range(1, len(parts))
        [(kept,)] = connection.execute(f"SELECT count(*) FROM {self.kept}").fetchall()
        arms = [parts[0].shown(f"(SELECT * EXCLUDE ({PLACE}) FROM {self.kept})"), *_found_in(parts, since)]
        late = found = self._look(connection, parts, since, most) if since else 0
        for at, one in enumerate(self.joined):
            left = f"FROM {KEYS}{at} EXCEPT FROM {self.kept}_{at}"
            [(keys,)] = connection.execute(f"CREATE OR REPLACE TEMP TABLE {KEYS}{at} AS {left}").fetchall()
            if keys and kept + found <= most:
                # A few keys leave few rows by any of their columns; only of these the others are read.
                by = f" WHERE t.{one.column} IN (SELECT {one.key} FROM {KEYS}{at})" if one.column else ""
                _placed(connection, parts, (0,), by)
                found = self._found(connection, one.places, most)
        if found > late:
            [again] = _found_in(parts, (0,))
            arms.append(f"{again} AND t.rowid NOT IN (SELECT {PLACE} FROM {self.kept})")
        return kept + found, arms


def _found_in(parts: Sequence[Part], among: Sequence[int]) -> list[str]:
    """The SELECTs of the rows of these parts whose places were found."""
    places = f"(SELECT {PLACE} // {len(parts)} FROM {NUMBERS} WHERE {PLACE} % {len(parts)} = {{at}})"
    return [f"{parts[at].shown()} WHERE t.rowid IN {places.format(at=at)}" for at in among]


def _placed(
    connection: duckdb.DuckDBPyConnection, parts: Sequence[Part], among: Sequence[int], where: str = ""
) -> None:
    """Show the rows of these of the parts with their places."""
    told = (parts[at].shown(more=f", t.rowid * {len(parts)} + {at} AS {PLACE}") for at in among)
    _view(connection, PLACED, [f"{arm}{where}" for arm in told])


def _view(connection: duckdb.DuckDBPyConnection, name: str, arms: Sequence[str]) -> None:
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {' UNION ALL '.join(arms)}")
