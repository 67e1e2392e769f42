"""Large feeds that were made ready for all rules at once, and how a question is asked of them.

Every column of codes or words that the questions use was replaced by an ENUM (a number that reads as its text, in the
order of the text), and what they ask of one column alone (`coding`) was answered once for each distinct value and stands
beside it as a column (`making`). Keyword searches so cost what the dictionary costs, and groups and joins compare numbers.
The rows are the same, in a table of the connection that goes with it, or of a file (`prepared`).

A question that cannot be carried over (what is written differs from what was read, DuckDB refuses it, its columns come out
different) is asked of the feed itself, as if none of this were here.
"""

from __future__ import annotations

import datetime as dt
import logging
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import duckdb

from budgetwatch.rules import coding, few, sql, sums
from budgetwatch.rules.made import Made
from budgetwatch.rules.reached import Part
from budgetwatch.rules.refusal import Refusal
from budgetwatch.rules.steps import Steps, steps
from budgetwatch.rules.trees import SENTINEL

_log = logging.getLogger(__name__)
#: Below so many rows a feed is asked as it is: making it ready costs more than it saves.
LEAST_ROWS = 1_000_000


def any_day(question: str, day: dt.date) -> str:
    """The question of that day, as one of no day in particular."""
    return question.replace(day.isoformat(), SENTINEL.isoformat())


@dataclass(slots=True)
class Coded:
    """What was `made` ready, on a connection.

    `parts` are those of tables that are views; kept sums that are `behind` are brought up to date, on the connection that is
    given, when a question first reads them. `unknown` are the years whose days off are not known, where our functions are on the
    connection for all rules. What was said of a question of `any_day` serves that question on the run's `day`.
    """

    connection: duckdb.DuckDBPyConnection
    made: Made = field(default_factory=Made)
    parts: dict[str, tuple[Part, ...]] = field(default_factory=dict)
    behind: dict[str, Callable[[duckdb.DuckDBPyConnection], None]] = field(default_factory=dict)
    unknown: list[int] | None = None
    day: dt.date | None = None
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def on(self, connection: duckdb.DuckDBPyConnection) -> Coded:
        """The same, asked on another connection to the database; only what stands in a file is there too."""
        return replace(self, connection=connection)

    def ask(self, question: str) -> Steps:
        """How the question is asked: of what was made ready where it can be, and in steps where that spares work (`steps`)."""
        with self.lock:
            how = self._put(question)
            for table in [
                one for one in self.behind if any(_reads(how, name) for name in (one, *self.made.smaller(one)))
            ]:
                try:
                    self.behind.pop(table)(self.connection)
                except duckdb.Error as error:
                    _log.warning("what came cannot be added to kept sums: %s", str(error).splitlines()[0])
                    self.forget(table)
                    return self.ask(question)
            return self._put(question)

    def light(self, question: str) -> bool:
        """Whether it reads nothing large: only sums that a file keeps, and rows that it keeps."""
        with self.lock:
            how = self._put(question)
        kept = how.reached is not None and how.reached.kept
        texts = (how.reached.last if how.reached and kept else how.last, *(step for _, step in how.before))
        if not self.parts or any(_speaks(text, name) for text in texts for name in self.made.wide()):
            return False
        return bool(kept) or any(_speaks(text, table) for text in texts for table in self.made.of_sums())

    def _put(self, question: str) -> Steps:
        if question not in self.made.said:
            self.made.said[question] = self._of_any_day(question) or self._found(question)
        return self.made.said[question]

    def _of_any_day(self, question: str) -> Steps | None:
        if self.day is None:
            return None
        known = self.made.said.get(any_day(question, self.day))
        return known and known.moved(SENTINEL, self.day)

    def _found(self, question: str) -> Steps:
        told = self.say(question)
        # To look at the question's tree costs more.
        names = {name for name in self.made.large | self.made.wide() if name in told}
        numbered = names - self.made.large
        return (steps(told, names, self.made.of_sums(), numbered) if names else None) or Steps((), told)

    def forget(self, table: str) -> None:
        """Ask nothing of kept sums any more."""
        names = (table, *self.made.smaller(table))
        del self.made.sums[table]
        self.behind.pop(table, None)
        for key in [key for key, one in self.made.few.items() if one in names]:
            del self.made.few[key]
        for question in [one for one, how in self.made.said.items() if any(_reads(how, name) for name in names)]:
            del self.made.said[question]

    def summed(self, question: str) -> str | None:
        """The question over kept sums, where it reads nothing else."""
        how = self.ask(question)
        read = {table["table_name"] for table in coding.base_tables(sql.tree(how.last))}
        return how.last if not how.before and read and read <= {*self.made.sums} else None

    def put(self, question: str) -> dict[str, Any] | None:
        """The question's tree over what was made ready; None where it reads nothing of it."""
        statement = sql.tree(question)
        reads = {table["table_name"] for table in coding.base_tables(statement)}
        used = [feed for feed in self.made.tables if feed in reads]
        if not any(self.made.columns[feed] for feed in used):
            return None
        coding.rewrite(statement, {feed: self.made.columns[feed] for feed in used}, self.made.instead)
        for table in coding.base_tables(statement):
            name = table["table_name"]
            if name in used and (table["schema_name"] == "main" or not _shadowed(statement, name)):
                table.update(
                    table_name=self.made.tables[name], schema_name="", alias=table["alias"] or name,
                    qualified_name={"path": [self.made.tables[name]]},
                )  # fmt: skip
        return statement

    def sum(self, statement: dict[str, Any]) -> None:
        """Let a tree over what was made ready read the sums that are kept."""
        if self.made.sums:
            sums.put(statement, self.made.tables.values(), self.made.sums)

    def conditions(self, statement: dict[str, Any]) -> list[tuple[str, dict[str, Any], str]]:
        """Of a tree over what was made ready: feed (or kept sums), the one reference to its table, and what each row that matters meets."""
        read = {table["table_name"] for table in coding.base_tables(statement)}
        of = [(feed, columns, self.made.tables[feed]) for feed, columns in self.made.shown.items()]
        of += [(table, tuple(one.columns), table) for table, one in self.made.sums.items() if table in read]
        found = []
        for feed, columns, table in of:
            told = few.condition(statement, feed, columns, table)
            if told is not None:
                found.append((feed, *told))
        return found

    def say(self, question: str) -> str:
        """The question in one, as it is asked of what was made ready; as it was where that cannot be."""
        # Of feeds that are not large it spares nothing.
        if not any(feed in question for feed in self.made.tables if feed in self.made.large):
            return question
        try:
            statement = self.put(question)
            if statement is None:
                return question
            self.sum(statement)
            for feed, reference, condition in self.conditions(statement) if self.made.few else ():
                if table := self.made.few.get((feed, condition)):
                    reference.update(table_name=table, alias=reference["alias"], qualified_name={"path": [table]})
            told = coding.said(statement)
            if told is None or self.connection.sql(told).columns != self.connection.sql(question).columns:
                _log.debug("asked as it is: %s", question)
                return question
        except (Refusal, duckdb.Error) as error:
            _log.debug("asked as it is: %s\n%s", str(error).splitlines()[0], question)
            return question
        return told


def _reads(how: Steps, table: str) -> bool:
    return any(_speaks(text, table) for text in (how.last, *(step for _, step in how.before)))


def _speaks(text: str, table: str) -> bool:
    return table in text and re.search(rf"\b{table}\b", text) is not None


def large(rows: Mapping[str, int], least: int = LEAST_ROWS) -> frozenset[str]:
    """The feeds that are large."""
    return frozenset(feed for feed, count in rows.items() if count >= least)


def show(connection: duckdb.DuckDBPyConnection, tables: Iterable[str], inside: str) -> None:
    """Let questions call the tables of an attached database by their bare names, on every connection to the main one."""
    for table in tables:
        connection.execute(f'CREATE OR REPLACE VIEW {table} AS SELECT * FROM "{inside}".main.{table}')


def _shadowed(statement: dict[str, Any], name: str) -> bool:
    """Whether the question puts a narrower table of that name before the feed (`compile.over_judgeable`)."""
    return any(entry["key"] == name for entry in statement["node"]["cte_map"]["map"])
