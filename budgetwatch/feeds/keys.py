"""What is the same fact again: keys used twice within a file, and keys already known to the store.

Both are answered on the staged Parquet. The common case, nothing repeated, costs one pass over the
key columns' hashes; only rows whose hash stands twice are compared value by value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import duckdb
import polars as pl

from budgetwatch.facts.engine import literal
from budgetwatch.facts.reading import lacking, source
from budgetwatch.facts.store import REPLACES, ROW, Snapshot
from budgetwatch.feeds.stored import POLARS_TYPE, WRITING
from budgetwatch.records import Feed
from budgetwatch.records.rowid import PART_BITS

#: Pairs of rows of which all values are held at a time; some 200 MB.
_COMPARED_AT_ONCE = 250_000
_PAIR = {"new": pl.Int64(), "old": pl.Int64()}


@dataclass(frozen=True, slots=True)
class Known:
    """The store's answer on staged rows: `same` are known unchanged; `changed` pairs row and the row it supersedes.

    `foreign` are lines that would supersede a fact of a region which their sender may not speak for.
    """

    same: pl.Series
    changed: pl.DataFrame
    foreign: pl.Series


def repeated_in_file(staged: Sequence[Path], feed: Feed, key: Sequence[str]) -> pl.DataFrame:
    """Lines whose key stands on an earlier line: `_line`, the earlier `first`, and whether all values are `same`."""
    nothing = pl.DataFrame(schema={"_line": pl.Int64, "first": pl.Int64, "same": pl.Boolean})
    if not key or not staged:
        return nothing
    rows = _suspects(staged, key)
    if rows.is_empty():
        return nothing
    line = f"({ROW} >> {PART_BITS}) & {(1 << 36) - 1}"
    with helper() as connection:
        connection.register("suspect", rows.to_frame().to_arrow())
        values = ", ".join(f'"{c.name}"' for c in feed.columns)
        keys = ", ".join(f'"{k}"' for k in key)
        first = {c.name: f'first_value("{c.name}") OVER w' for c in feed.columns}
        same = " AND ".join(f'"{name}" IS NOT DISTINCT FROM {value}' for name, value in first.items())
        return table(
            connection,
            f"""WITH cand AS (SELECT {values}, {ROW}, {line} AS line FROM {_scan(staged)} SEMI JOIN suspect USING ({ROW})),
                     seen AS (SELECT line, first_value(line) OVER w AS first, {same} AS same FROM cand
                              WINDOW w AS (PARTITION BY {keys} ORDER BY {ROW}
                                           ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING))
                SELECT line::BIGINT AS _line, min(first)::BIGINT AS first, bool_and(same) AS same FROM seen
                WHERE line <> first GROUP BY line ORDER BY line""",
        )


def _suspects(staged: Sequence[Path], key: Sequence[str]) -> pl.Series:
    """The rows whose key's hash stands more than once."""
    hashes = pl.scan_parquet(list(staged)).select(_hash(key).alias("hash")).collect(engine="streaming")["hash"]
    ordered = hashes.sort()
    twice = ordered.filter(ordered == ordered.shift(1)).unique()
    if twice.is_empty():
        return pl.Series(ROW, [], dtype=pl.Int64)
    return (
        pl.scan_parquet(list(staged))
        .filter(_hash(key).is_in(twice.implode()))
        .select(ROW)
        .collect(engine="streaming")[ROW]
    )


def _hash(key: Sequence[str]) -> pl.Expr:
    return pl.col(key[0]).hash() if len(key) == 1 else pl.struct(*key).hash()


def known_already(
    staged: Sequence[Path], feed: Feed, key: Sequence[str], snapshot: Snapshot, region: str = ""
) -> Known:
    """Which staged rows the store knows already, unchanged or with other values; `region`: what their sender may speak for.

    Of the store only the row groups are read whose keys reach into the range of the staged ones, and of those the keys
    alone; all values only of rows whose key is there.
    """
    files = snapshot.files.get(feed.name, ())
    correcting = snapshot.correcting.get(feed.name, ())
    pairs = _same_key(staged, feed, key, files, correcting) if files and staged else pl.DataFrame(schema=_PAIR)
    if pairs.is_empty():
        nothing = pl.Series("new", [], dtype=pl.Int64)
        return Known(nothing, pl.DataFrame(schema=_PAIR), nothing)
    found = pl.concat(_compared(some, staged, feed, files, region) for some in pairs.iter_slices(_COMPARED_AT_ONCE))
    changed = found.filter(~pl.col("same"))
    line = (pl.col("new") // (1 << PART_BITS)) % (1 << 36)
    foreign = changed.filter(~pl.col("theirs")).select(line.unique().sort()).to_series()
    return Known(found.filter(pl.col("same"))["new"], changed.filter("theirs").select("new", "old"), foreign)


def _same_key(
    staged: Sequence[Path], feed: Feed, key: Sequence[str], files: Sequence[str], correcting: Sequence[str]
) -> pl.DataFrame:
    """Each staged row whose key a row of the store has that nothing supersedes: `new`, `old`, ordered by the latter."""
    with helper() as connection:
        absent = lacking(feed, files)
        on = " AND ".join(f'n."{k}" IS NOT DISTINCT FROM {"NULL" if k in absent else f"k.{k}"}' for k in key)
        within = " AND ".join(_ranges(connection, staged, [k for k in key if k not in absent])) or "true"
        connection.execute(
            f"CREATE TABLE pair AS SELECT n.{ROW} AS new, k.{ROW} AS old"
            f" FROM {source(files)} k JOIN {_scan(staged)} n ON {on} WHERE {within}"
        )
        if correcting:
            connection.execute(
                f"""DELETE FROM pair WHERE old IN (
                        SELECT {REPLACES} FROM {source(correcting)}
                        WHERE {REPLACES} BETWEEN (SELECT min(old) FROM pair) AND (SELECT max(old) FROM pair))"""
            )
        return table(connection, "SELECT new, max(old) AS old FROM pair GROUP BY new ORDER BY old")


def _ranges(connection: duckdb.DuckDBPyConnection, staged: Sequence[Path], key: Sequence[str]) -> list[str]:
    """Conditions that every row `k` meets whose key is among the staged; as constants, for those prune row groups."""
    if not key:
        return []
    ends = ", ".join(f'min("{k}")::VARCHAR, max("{k}")::VARCHAR, count(*) = count("{k}")' for k in key)
    said = connection.execute(f"SELECT {ends} FROM {_scan(staged)}").fetchall()[0]
    return [
        f'k."{name}" BETWEEN {literal(low)} AND {literal(high)}'
        for name, low, high, whole in zip(key, said[::3], said[1::3], said[2::3], strict=True)
        if whole and low is not None
    ]


def _compared(
    pairs: pl.DataFrame, staged: Sequence[Path], feed: Feed, files: Sequence[str | Path], region: str
) -> pl.DataFrame:
    """The pairs with whether all values are the `same`, and whether the old row is of the sender's own: `theirs`."""
    names = list(feed.by_name)
    # Of a column that a file was written before, its rows have nothing.
    schema = {**{c.name: POLARS_TYPE[c.kind] for c in feed.columns}, ROW: pl.Int64()}

    def rows(paths: Sequence[str | Path], side: str) -> pl.DataFrame:
        there = pl.scan_parquet(
            [str(path) for path in paths], schema=schema, missing_columns="insert", extra_columns="ignore"
        )
        wanted = there.filter(pl.col(ROW).is_in(pairs[side].implode()))
        return wanted.select(*names, pl.col(ROW).alias(side)).collect(engine="streaming")

    both = pairs.join(rows(files, "old"), on="old").join(rows(staged, "new"), on="new", suffix=" sent")
    theirs = (
        pl.col("adm_div_code").str.starts_with(region).fill_null(False) if "adm_div_code" in names else pl.lit(True)
    )
    same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(f"{name} sent")) for name in names)
    return both.select("new", "old", same.alias("same"), theirs.alias("theirs"))


def without(staged: Sequence[Path], lines: pl.Series) -> None:
    """Take all facts of these lines out of the staged files."""
    line = (pl.col(ROW) // (1 << PART_BITS)) % (1 << 36)
    for path in staged:
        wanted = line.is_in(lines.implode())
        if _any(path, wanted):
            _rewrite(path, pl.scan_parquet(path).filter(~wanted))


def superseding(staged: Sequence[Path], known: Known) -> None:
    """Take out the rows known unchanged, and note on changed ones which row they supersede. Other files stay as they are."""
    changed = known.changed.lazy().rename({"new": ROW})
    met = pl.concat([known.same.rename("new"), known.changed["new"]]).implode()
    for path in staged:
        if not _any(path, pl.col(ROW).is_in(met)):
            continue
        rows = pl.scan_parquet(path)
        names = rows.collect_schema().names()
        rows = rows.filter(~pl.col(ROW).is_in(known.same.implode())).join(
            changed, on=ROW, how="left", maintain_order="left"
        )
        _rewrite(path, rows.with_columns(pl.col("old").alias(REPLACES)).select(names))


def _any(path: Path, wanted: pl.Expr) -> bool:
    """Whether a row of the file is wanted, by its address alone."""
    return bool(pl.scan_parquet(path).select(wanted.any()).collect().item())


def _rewrite(path: Path, rows: pl.LazyFrame) -> None:
    fresh = path.with_suffix(".new")
    rows.sink_parquet(fresh, **WRITING)
    fresh.replace(path)


def _scan(paths: Sequence[str | Path]) -> str:
    return f"read_parquet([{', '.join(literal(p) for p in paths)}])"


def helper(memory: str = "1GB") -> duckdb.DuckDBPyConnection:
    """A connection for work on files at hand; it spills beside them past its memory."""
    return duckdb.connect(":memory:", config={"memory_limit": memory})


def table(connection: duckdb.DuckDBPyConnection, query: str) -> pl.DataFrame:
    """The answer to a query as a Polars frame."""
    return cast(pl.DataFrame, pl.from_arrow(connection.sql(query).to_arrow_table()))
