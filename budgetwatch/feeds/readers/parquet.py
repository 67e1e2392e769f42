"""Parquet files as sent: every column as text again, so that one gate judges all formats alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl

from budgetwatch.errors import BadFile
from budgetwatch.feeds.profile import Profile
from budgetwatch.feeds.readers.sheet import LINE, Sheet, column, no_broken
from budgetwatch.feeds.readers.unpack import hashed
from budgetwatch.text import Text


def read(
    path: Path, profile: Profile, work: Path, where: str, sha256: str, progress: Callable[[float], None] | None = None
) -> Sheet:
    """The rows of the file; the line of a row is its number plus one, as if a heading stood above."""
    try:
        source = pl.scan_parquet(path, glob=False)
        schema = source.collect_schema()
        total = source.select(pl.len()).collect().item()
    except (pl.exceptions.PolarsError, OSError):
        raise BadFile(
            Text("不是完好的 Parquet 文件。", "Not an intact Parquet file."), where=where,
            fix=Text("请发送方重新导出。", "Ask the sender to export it again."),
        ) from None  # fmt: skip
    if total == 0:
        raise BadFile(
            Text("文件中没有数据行。", "There is no data row in it."), where=where,
            fix=Text("若本期确无数据，无需报送。", "If there was nothing to report, send nothing."),
        )  # fmt: skip
    columns = [_text(name, kind).alias(column(i)) for i, (name, kind) in enumerate(schema.items())]
    frame = source.select(columns).with_row_index(LINE, offset=2).with_columns(pl.col(LINE).cast(pl.Int64))
    return Sheet(tuple(schema), [lambda: frame], no_broken(), total, sha256 or hashed(path))


def _text(name: str, kind: pl.DataType) -> pl.Expr:
    value = pl.col(name)
    if kind.is_float():
        # Fifteen significant digits are what a double holds for certain; the rest is noise.
        return value.round_sig_figs(15).cast(pl.String).str.strip_suffix(".0")
    if isinstance(kind, pl.Datetime):
        return value.dt.date().cast(pl.String)
    if kind.is_nested() or kind == pl.Binary:
        return pl.lit(None, dtype=pl.String)
    return value.cast(pl.String)
