"""What is the same fact again: keys used twice within a file, and keys already known to the store.

Both are answered on the staged Parquet. The common case, nothing repeated, costs one pass over the
key columns' hashes; only rows whose hash stands twice are compared value by value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import duckdb
import polars as pl

from budgetwatch.facts.engine import literal, view
from budgetwatch.facts.store import REPLACES, ROW, Snapshot
from budgetwatch.records import Feed
from budgetwatch.records.rowid import PART_BITS


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
    """Which staged rows the store knows already, unchanged or with other values; `region`: what their sender may speak for."""
    with helper() as connection:
        connection.execute(f"CREATE VIEW known AS {view(feed, snapshot)}")
        on = " AND ".join(f'n."{k}" IS NOT DISTINCT FROM k."{k}"' for k in key)
        connection.execute(
            f"CREATE TABLE pair AS SELECT n.{ROW} AS new, max(k.{ROW}) AS old"
            f" FROM known k JOIN {_scan(staged)} n ON {on} GROUP BY n.{ROW}"
        )
        same = " AND ".join(f'n."{c.name}" IS NOT DISTINCT FROM k."{c.name}"' for c in feed.columns)
        theirs = (
            f"coalesce(starts_with(k.adm_div_code, {literal(region)}), false)"
            if "adm_div_code" in feed.by_name
            else "true"
        )
        found = table(
            connection,
            f"""SELECT new, old, {same} AS same, {theirs} AS theirs
                FROM pair JOIN {_scan(staged)} n ON n.{ROW} = pair.new JOIN known k ON k.{ROW} = pair.old""",
        )
    changed = found.filter(~pl.col("same"))
    line = (pl.col("new") // (1 << PART_BITS)) % (1 << 36)
    foreign = changed.filter(~pl.col("theirs")).select(line.unique().sort()).to_series()
    return Known(found.filter(pl.col("same"))["new"], changed.filter("theirs").select("new", "old"), foreign)


def without(staged: Sequence[Path], lines: pl.Series) -> None:
    """Take all facts of these lines out of the staged files."""
    line = (pl.col(ROW) // (1 << PART_BITS)) % (1 << 36)
    for path in staged:
        _rewrite(path, pl.scan_parquet(path).filter(~line.is_in(lines.implode())))


def superseding(staged: Sequence[Path], known: Known) -> None:
    """Take out the rows known unchanged, and note on changed ones which row they supersede."""
    changed = known.changed.lazy().rename({"new": ROW})
    for path in staged:
        rows = pl.scan_parquet(path)
        names = rows.collect_schema().names()
        rows = rows.filter(~pl.col(ROW).is_in(known.same.implode())).join(
            changed, on=ROW, how="left", maintain_order="left"
        )
        _rewrite(path, rows.with_columns(pl.col("old").alias(REPLACES)).select(names))


#: How staged files are written: zstd at its quickest packs as well as needed for a third of the CPU of its default.
WRITING: dict[str, Any] = {"compression": "zstd", "compression_level": 1, "row_group_size": 250_000}


def _rewrite(path: Path, rows: pl.LazyFrame) -> None:
    fresh = path.with_suffix(".new")
    rows.sink_parquet(fresh, **WRITING)
    fresh.replace(path)


def _scan(paths: Sequence[Path]) -> str:
    return f"read_parquet([{', '.join(literal(p) for p in paths)}])"


def helper(memory: str = "1GB") -> duckdb.DuckDBPyConnection:
    """A connection for work on files at hand; it spills beside them past its memory."""
    return duckdb.connect(":memory:", config={"memory_limit": memory})


def table(connection: duckdb.DuckDBPyConnection, query: str) -> pl.DataFrame:
    """The answer to a query as a Polars frame."""
    return cast(pl.DataFrame, pl.from_arrow(connection.sql(query).to_arrow_table()))
