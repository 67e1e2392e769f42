"""Making large feeds ready (`coded`): one pass over each one's files, a dictionary a column, answers as words or bits.

Columns in which values come again become codes, what the questions ask of one column alone is answered once a value, and
beside the table stand smaller ones for selective questions (`few`) and the sums that questions ask (`sums`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import duckdb

from budgetwatch.records import ALL
from budgetwatch.rules import coded as ready
from budgetwatch.rules import coding, few, sql, sums
from budgetwatch.rules.coded import Coded, large, show
from budgetwatch.rules.made import Made, Recipe, came
from budgetwatch.rules.refusal import Refusal
from budgetwatch.rules.sums import Sum

#: Rows looked at to see whether a column repeats itself, and the share of distinct values above which it does not.
_SAMPLE, _REPEATS = 100_000, 0.6
#: Columns of at most so many distinct values become codes. DuckDB copies a type's whole list whenever it plans; a long list
#: costs more there than its numbers save.
_MOST_CODES = 1_000
#: What is asked of days is answered for those between too, and for so many after the last, in a file that is read with what
#: comes later; not where they lie so far apart that one of them is a slip.
_DAYS_AHEAD, _MOST_DAYS = 400, 40_000
#: Sums are kept where they are at most so many a row.
_MOST_GROUPS = 0.9
_INEXACT = ("DOUBLE", "FLOAT")
_ROW = "_row"


def make_ready(
    connection: duckdb.DuckDBPyConnection,
    questions: Sequence[str],
    rows: Mapping[str, int],
    least: int | None = None,
    *,
    inside: str = "",
) -> Coded:
    """Make ready the feeds of at least `least` rows that more than one of the questions reads.

    Smaller feeds that are asked together with them come to read the same codes, so that they join by numbers. The tables
    are made `inside` the attached database of that name, else they go with the connection.
    """
    least = ready.LEAST_ROWS if least is None else least
    if max(rows.values(), default=0) < least:
        return Coded(connection, Made(large=large(rows)))
    trees = []
    for question in questions:
        try:
            trees.append(sql.tree(question))
        except (Refusal, duckdb.Error):  # the rule will say so itself
            continue
    read = [{table["table_name"] for table in coding.base_tables(tree)} for tree in trees]
    reading = {feed: [tree for tree, names in zip(trees, read, strict=True) if feed in names] for feed in rows}
    many = [feed for feed, count in rows.items() if count >= least and len(reading[feed]) > 1]
    beside = [
        feed for feed in rows if feed not in many and rows[feed] and any(feed in names and not names.isdisjoint(many) for names in read)
    ]  # fmt: skip
    coded = _Making(connection, reading, inside).work(many, beside)
    coded.made.large = large(rows, least)
    if many:
        if inside:
            _sum_up(coded, questions, inside, least)
        _lay_aside(coded, questions, inside)
    return coded


def _lay_aside(coded: Coded, questions: Sequence[str], inside: str) -> None:
    """Make the smaller tables that selective questions read instead (`few`)."""
    wanted: dict[str, set[str]] = {}
    for question in questions:
        try:
            statement = coded.put(question)
            if statement:
                coded.sum(statement)
        except (Refusal, duckdb.Error):
            continue
        for feed, _, condition in coded.conditions(statement) if statement else ():
            wanted.setdefault(feed, set()).add(condition)
    for feed, conditions in wanted.items():
        name = f"_few_{feed}_"
        into = f'TABLE "{inside}".main.{name}' if inside else f"TEMP TABLE {name}"
        if feed in coded.made.sums:
            there = f'"{inside}".main.{feed}'
            placed = few.lay_aside(
                coded.connection, there, into, conditions, shares=few.SUM_SHARES, columns=sums.PLACED
            )
        else:
            placed = few.lay_aside(coded.connection, coded.made.tables[feed], into, conditions)
        if inside:
            show(coded.connection, sorted({f"{name}{number}" for number in placed.values()}), inside)
        coded.made.few |= {(feed, condition): f"{name}{number}" for condition, number in placed.items()}


def _sum_up(coded: Coded, questions: Sequence[str], inside: str, least: int) -> None:
    """Keep the sums of large tables that the questions ask, where they are fewer than the rows: to read groups costs a tenth of making them."""
    rows: dict[str, int] = {}
    for one in sums.wanted(map(coded.say, questions), coded.made.tables.values()):
        if one.source not in rows:
            [(rows[one.source],)] = coded.connection.execute(f"SELECT count(*) FROM {one.source}").fetchall()
        if rows[one.source] < least:
            continue
        name = f"_sums_{len(coded.made.sums)}"
        with suppress(duckdb.Error):
            told = coded.connection.sql(one.text)
            # What is not exact comes out different when it is added up in another order.
            inexact = {
                column for column, kind in zip(told.columns, map(str, told.types), strict=True) if kind in _INEXACT
            }
            if (exact := sums.fewer(one, inexact) if inexact else one) is None:
                continue
            # What comes later is of the newest months: in the order of time few blocks hold the groups that it adds to.
            order = f" ORDER BY {', '.join(times)}" if (times := _times(coded, exact)) else ""
            coded.connection.execute(f'CREATE OR REPLACE TABLE "{inside}".main.{name} AS {exact.text}{order}')
            show(coded.connection, [name], inside)
            [(groups,)] = coded.connection.execute(f"SELECT count(*) FROM {name}").fetchall()
            if groups <= _MOST_GROUPS * rows[one.source]:
                coded.made.sums[name] = exact
                continue
        coded.connection.execute(f"DROP VIEW IF EXISTS {name}")
        coded.connection.execute(f'DROP TABLE IF EXISTS "{inside}".main.{name}')


def _times(coded: Coded, one: Sum) -> list[str]:
    """The keys of a sum that only tell a time: a budget year, or what is asked of a day."""
    feed = next(feed for feed, table in coded.made.tables.items() if table == one.source)
    days = [column.name for column in ALL[feed].columns if column.kind == "date"]
    told = re.compile("|".join(["budget_year", *days, *(rf"_{day}_\d+" for day in days)]))
    return [name for name, read in sums.keys_read(one) if read and all(told.fullmatch(column) for column in read)]


class _Making:
    """The work of making feeds ready."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, reading: Mapping[str, Sequence[dict[str, Any]]], inside: str
    ) -> None:
        self.connection = connection
        self.inside = inside
        self.reading = reading
        self.kinds = {feed: {column.name: column.kind for column in ALL[feed].columns} for feed in reading}
        self.made = Made()
        self.types: dict[str, str] = {}

    def work(self, large: Sequence[str], beside: Sequence[str]) -> Coded:
        used = {feed: self._used(feed) for feed in (*large, *beside)}
        worded = {feed: self._repeating(feed, used[feed]) for feed in large}
        shared = {name for names in worded.values() for name in names}
        for feed in beside:
            worded[feed] = [name for name in used[feed] if name in shared]
        for group in self._kin(worded):
            self._dictionary(group, [(feed, name) for feed, names in worded.items() for name in names if name in group])
        for feed in large:
            self._large(feed, used[feed], worded[feed])
        for feed in beside:
            if worded[feed]:
                shown = [
                    f'f."{name}"::"{self.types[name]}" AS "{name}"'
                    if name in worded[feed] and name in self.types
                    else f'f."{name}"'
                    for name in (*used[feed], _ROW)
                ]
                plain = ", ".join(f'f."{name}"' for name in (*used[feed], _ROW))
                self.made.recipes[feed] = Recipe((), f"SELECT {plain} FROM {came(feed)} AS f")
                self._table(feed, f"SELECT {', '.join(shown)} FROM main.{feed} AS f")
        return Coded(self.connection, self.made)

    def _used(self, feed: str) -> list[str]:
        """The columns that the questions mention, in the feed's order."""
        names: set[str] = set()
        for tree in self.reading[feed]:
            found = coding.mentioned(_without_shadow(tree, feed), feed)
            names |= {*self.kinds[feed]} if found is None else found
        return [name for name in self.kinds[feed] if name in names]

    def _repeating(self, feed: str, used: Sequence[str]) -> list[str]:
        """Those of the columns of codes and words in which values come again and again."""
        names = [name for name in used if self.kinds[feed][name] in ("code", "text")]
        if not names:
            return []
        asked = ", ".join(f'approx_count_distinct("{name}"), count("{name}")' for name in names)
        few = ", ".join(f'"{name}"' for name in names)
        [found] = self.connection.execute(
            f"SELECT {asked} FROM (SELECT {few} FROM main.{feed} LIMIT {_SAMPLE})"
        ).fetchall()
        return [name for at, name in enumerate(names) if found[2 * at] <= max(_REPEATS * found[2 * at + 1], 1000)]

    def _kin(self, worded: Mapping[str, Sequence[str]]) -> list[list[str]]:
        """The coded columns in groups that get one list of codes: those that the questions compare with each other."""
        group = {name: {name} for names in worded.values() for name in names}
        for tree in {id(tree): tree for feed in worded for tree in self.reading[feed]}.values():
            for one, other in sorted(coding.meetings(tree, worded)):
                joined = group[one] | group[other]
                for name in joined:
                    group[name] = joined
        return [list(names) for names in sorted({tuple(sorted(names)) for names in group.values()})]

    def _dictionary(self, group: Sequence[str], columns: Sequence[tuple[str, str]]) -> None:
        """The distinct values `v` of these columns, (feed, name), and the type of their codes."""
        for name in group:
            values = " UNION ".join(
                f'SELECT DISTINCT "{name}" AS v FROM main.{feed} WHERE "{name}" IS NOT NULL'
                for feed, one in columns
                if one == name
            )
            self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {_values(name)} AS {values}")
        if self._enum(f"_type_{group[0]}", " UNION ".join(f"SELECT v FROM {_values(name)}" for name in group)):
            self.types.update(dict.fromkeys(group, f"_type_{group[0]}"))

    def _large(self, feed: str, used: Sequence[str], worded: Sequence[str]) -> None:
        """A large feed as a table, in one pass over its files."""
        days = [name for name in used if self.kinds[feed][name] == "date"]
        parts: dict[str, dict[str, dict[str, Any]]] = {}
        for tree in self.reading[feed]:
            for column, found in coding.find(tree, {feed: (*worded, *days)})[feed].items():
                wanted = {key: one for key, one in found.items() if column in worded or not coding.is_plain(one)}
                parts.setdefault(column, {}).update(wanted)
        masks = _Masks()
        told = {name: self._answered(feed, name, parts.get(name, {}), masks) for name in (*worded, *days)}
        self.made.columns[feed] = tuple(used)
        left = self._left(feed)
        columns, again, joins = [f"f.{_ROW}"], [f"f.{_ROW}"], []
        read: dict[str, str] = {}
        for name in used:
            dictionary = told.get(name)
            if dictionary and (dictionary.words or name in masks.by or (name in left and name in self.types)):
                joins.append(f'LEFT JOIN {dictionary.table} AS "d_{name}" ON f."{name}" = "d_{name}".v')
                if dictionary.plain or name in masks.by:  # else it gives codes only
                    read[dictionary.again] = joins[-1]
            if name in left:
                columns.append(f'"d_{name}".coded AS "{name}"' if name in self.types else f'f."{name}"')
                again.append(f'f."{name}"')
            if dictionary:
                columns += dictionary.words
                again += dictionary.plain
        columns += masks.columns()
        again += masks.columns()
        around, anew = (f"AS f {' '.join(one)}" for one in (joins, read.values()))
        self._table(feed, f"SELECT {', '.join(columns)} FROM main.{feed} {around}")
        self.made.recipes[feed] = Recipe(
            (*read,),
            f"SELECT {', '.join(again)} FROM {came(feed)} {anew}",
        )
        self.made.shown[feed] = tuple(self.connection.sql(f"FROM {self.made.tables[feed]}").columns)

    def _left(self, feed: str) -> set[str]:
        """The columns that the questions still mention once their parts are put."""
        left: set[str] = set()
        for tree in self.reading[feed]:
            one = json.loads(json.dumps(tree))
            coding.rewrite(one, {feed: self.made.columns[feed]}, self.made.instead)
            found = coding.mentioned(_without_shadow(one, feed), feed)
            left |= {*self.kinds[feed]} if found is None else found
        return left

    def _answered(self, feed: str, name: str, parts: Mapping[str, dict[str, Any]], masks: _Masks) -> _Dictionary | None:
        """The dictionary of a column with the answers that the feed's questions want of each value; those of yes and no become
        bits of `masks`."""
        day = self.kinds[feed][name] == "date"
        kept = self._kept(name, parts, ALL[feed].by_name[name].duckdb)
        if day and not kept:
            return None
        if name not in self.types and all(map(_asks_if_there, (parts[one] for one in kept))):
            for one, (_, absent) in kept.items():
                self.made.instead[feed, one] = masks.there(name, absent=bool(absent))
            return None
        values, table = _values(name), f"_dictionary_{feed}_{name}"
        if day:
            self.connection.execute(
                f'CREATE OR REPLACE TEMP TABLE {values} AS SELECT DISTINCT "{name}" AS v FROM main.{feed} WHERE "{name}" IS NOT NULL'
            )
            if self.inside:  # days that are yet to come, or to be told of, have answers too
                self.connection.execute(
                    f"INSERT INTO {values} SELECT day::DATE FROM (SELECT unnest(generate_series(min(v), max(v) + {_DAYS_AHEAD}, "
                    f"INTERVAL 1 DAY)) AS day FROM {values} HAVING max(v) - min(v) < {_MOST_DAYS}) ANTI JOIN {values} ON v = day"
                )
        names = {one: f"_{name}_{at}" for at, one in enumerate(kept)}
        answers = coding.over_values({one: parts[one] for one in kept}, names, values) or f"SELECT v FROM {values}"
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {table}_plain AS {answers}")
        shown = ["v", f'v::"{self.types[name]}" AS coded'] if name in self.types else ["v"]
        plainly = ["v"]
        decided: list[str] = []
        words: list[str] = []
        plain: list[str] = []
        for one, (kind, absent) in kept.items():
            column = names[one]
            if kind == "BOOLEAN":
                [(unsure,)] = self.connection.execute(
                    f'SELECT count(*) FROM {table}_plain WHERE "{column}" IS NULL'
                ).fetchall()
                may_be_null = bool(unsure) or absent is None
                self.made.instead[feed, one] = masks.put(name, column, absent, may_be_null=may_be_null)
                if not may_be_null:
                    decided.append(f'"{column}" IS NULL')
                continue
            empty = sql.text(absent) if absent is not None else "NULL"
            type_ = f"_type_{feed}_{column}"
            if not self._enum(
                type_,
                f'SELECT "{column}" FROM {table}_plain WHERE "{column}" IS NOT NULL UNION SELECT {empty} WHERE {empty} IS NOT NULL',
            ):
                continue
            shown.append(f'"{column}"::"{type_}" AS "{column}"')
            plainly.append(f'"{column}"')
            for told, cast in ((words, f'::"{type_}"'), (plain, "")):
                told.append(
                    f'"d_{name}"."{column}"' if absent is None
                    else f'CASE WHEN f."{name}" IS NULL THEN {empty}{cast} ELSE "d_{name}"."{column}" END AS "{column}"'
                )  # fmt: skip
            self.made.instead[feed, one] = f'"{column}"'
        shown += masks.of(name)
        plainly += masks.of(name)
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {', '.join(shown)} FROM {table}_plain")
        self.connection.execute(f"DROP TABLE {table}_plain")
        # Of further rows in one: to plan costs more than their few values do.
        unknown = "error('a value that was not there before has no answer')"
        surely = f" WHERE CASE WHEN {' OR '.join(decided)} THEN {unknown} END IS NULL" if decided else ""
        again = (
            f"CREATE OR REPLACE TEMP TABLE {table} AS WITH {values} AS "
            f'(SELECT DISTINCT "{name}" AS v FROM {came(feed)} WHERE "{name}" IS NOT NULL), '
            f"answers AS MATERIALIZED ({answers}) SELECT {', '.join(plainly)} FROM answers{surely}"
        )
        return _Dictionary(table, words, plain, again)

    def _kept(self, name: str, parts: Mapping[str, dict[str, Any]], type_: str) -> dict[str, tuple[str, Any]]:
        """Of the parts those whose answers are yes and no or words, with the kind and what an absent value gives."""
        kept: dict[str, tuple[str, Any]] = {}
        for one, part in parts.items():
            try:
                alone = coding.over_values({one: part}, {one: "answer"}, "_absent")
                if alone is None:
                    continue
                told = self.connection.sql(f"WITH _absent AS (SELECT NULL::{type_} AS v) {alone}")
                kind = str(told.types[1])
                if kind in ("BOOLEAN", "VARCHAR"):
                    kept[one] = kind, told.fetchall()[0][1]
            except (duckdb.Error, Refusal):
                continue
        return kept

    def _enum(self, name: str, values: str) -> bool:
        """Make a type of these texts, in their order, where there are any and not too many; whether it was made."""
        [(many,)] = self.connection.execute(f"SELECT count(*) FROM ({values})").fetchall()
        if fits := 0 < many <= _MOST_CODES:
            self.connection.execute(
                f'CREATE OR REPLACE TEMP TYPE "{name}" AS ENUM (SELECT * FROM ({values}) ORDER BY 1)'
            )
        return fits

    def _table(self, feed: str, query: str) -> None:
        name = f"_coded_{feed}"
        if self.inside:
            self.connection.execute(f'CREATE OR REPLACE TABLE "{self.inside}".main.{name} AS {query}')
            show(self.connection, [name], self.inside)
        else:
            self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}")
        self.made.tables[feed] = name
        self.made.columns.setdefault(feed, ())


@dataclass(frozen=True, slots=True)
class _Dictionary:
    """The table of a column's values with what is asked of them, its answers in words as columns (and as `plain` text), and how
    it is made `again` of the values of further rows."""

    table: str
    words: list[str]
    plain: list[str]
    again: str


class _Masks:
    """Answers of yes and no as bits of whole numbers, one number a row for up to 62 of them whatever column they are of."""

    def __init__(self) -> None:
        self.bits = 0
        self.by: dict[str, dict[int, list[str]]] = {}
        self.absent: dict[tuple[str, int], int] = {}
        self.present: dict[tuple[str, int], int] = {}

    def there(self, name: str, *, absent: bool) -> coding.Bit:
        """Give a bit to whether the column has a value, or has none: it needs no dictionary."""
        mask, bit = self.bits // 62, 1 << (self.bits % 62)
        self.bits += 1
        for told, yes in ((self.absent, absent), (self.present, not absent)):
            told[name, mask] = told.get((name, mask), 0) + (bit if yes else 0)
        return coding.Bit(f"{coding.MASK}{mask}", bit)

    def put(self, name: str, column: str, absent: bool | None, *, may_be_null: bool) -> coding.Bit:
        """Give the answer a bit (and one for "neither")."""
        mask, bit = self._next(name, f'coalesce("{column}", false)', set_absent=absent is True)
        if not may_be_null:
            return coding.Bit(f"{coding.MASK}{mask}", bit)
        other, unsure = self._next(name, f'"{column}" IS NULL', set_absent=absent is None)
        return coding.Bit(f"{coding.MASK}{mask}", bit, (f"{coding.MASK}{other}", unsure))

    def _next(self, name: str, yes: str, *, set_absent: bool) -> tuple[int, int]:
        mask, bit = self.bits // 62, 1 << (self.bits % 62)
        self.bits += 1
        self.by.setdefault(name, {}).setdefault(mask, []).append(f"CASE WHEN {yes} THEN {bit} ELSE 0 END")
        self.absent[name, mask] = self.absent.get((name, mask), 0) + (bit if set_absent else 0)
        return mask, bit

    def of(self, name: str) -> list[str]:
        """The columns of one dictionary."""
        return [f"({' + '.join(bits)})::BIGINT AS {coding.MASK}{mask}" for mask, bits in self.by.get(name, {}).items()]

    def columns(self) -> list[str]:
        """The columns of the feed's table."""
        told: dict[int, list[str]] = {}
        for name, masks in self.by.items():
            for mask in masks:
                told.setdefault(mask, []).append(f'coalesce("d_{name}".{coding.MASK}{mask}, {self.absent[name, mask]})')
        for (name, mask), bits in self.present.items():
            told.setdefault(mask, []).append(
                f'CASE WHEN f."{name}" IS NULL THEN {self.absent[name, mask]} ELSE {bits} END'
            )
        return [f"({' | '.join(parts)})::BIGINT AS {coding.MASK}{mask}" for mask, parts in told.items()]


def _asks_if_there(part: Mapping[str, Any]) -> bool:
    """Whether it only asks if there is a value."""
    return part["type"] in ("OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL") and part["children"][0]["class"] == "COLUMN_REF"


def _values(name: str) -> str:
    return f"_values_{name}"


def _without_shadow(statement: dict[str, Any], feed: str) -> dict[str, Any]:
    """The tree without the `*` of that narrower table."""
    node = statement["node"]
    shadows = [entry["value"]["query_node"]["where_clause"] for entry in node["cte_map"]["map"] if entry["key"] == feed]
    if not shadows:
        return statement
    others = [entry for entry in node["cte_map"]["map"] if entry["key"] != feed]
    inner = node["from_table"]["subquery"] if node["from_table"]["type"] == "SUBQUERY" else node["from_table"]
    return {"node": [shadows, others, inner]}
