"""How facts lie in Parquet: their types, the settings of writing, and columns of few values, which are packed as codes.

A column whose values are known beforehand (a code list, a constant, nothing at all) is held as Polars' Enum: writing
it then takes a fifth of the time of text, for no value has to be looked up. In the file it is text all the same, to
Parquet as to whatever reads Arrow's schema from it.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import polars as pl

from budgetwatch.facts.store import REPLACES, ROW
from budgetwatch.records import Column, Feed

POLARS_TYPE: Mapping[str, pl.DataType] = {
    "code": pl.String(), "text": pl.String(), "money": pl.Decimal(18, 2), "integer": pl.Int64(),
    "ratio": pl.Decimal(9, 6), "date": pl.Date(), "flag": pl.Boolean(),
}  # fmt: skip

#: zstd at its quickest packs as well as needed for a third of the CPU of its default.
WRITING: Mapping[str, Any] = {"compression": "zstd", "compression_level": 1, "row_group_size": 250_000}
_ARROW = "ARROW:schema"


def among(column: Column, values: Iterable[str] = ()) -> pl.DataType:
    """The type in which to hold a column that has no other values than these; no values: it is empty throughout."""
    kind = POLARS_TYPE[column.kind]
    return pl.Enum(sorted(set(values))) if kind == pl.String else kind


def writing(feed: Feed) -> dict[str, Any]:
    """The settings for a file of all the feed's columns, address and superseded address; all texts declared as text."""
    return {**WRITING, "metadata": {_ARROW: _declared(feed.columns)}}


@lru_cache(maxsize=64)
def _declared(columns: tuple[Column, ...]) -> str:
    """Arrow's schema of the columns as Polars writes it into a file."""
    schema = {**{c.name: POLARS_TYPE[c.kind] for c in columns}, ROW: pl.Int64(), REPLACES: pl.Int64()}
    pl.DataFrame(schema=schema).write_parquet(file := io.BytesIO())
    file.seek(0)
    return str(pl.read_parquet_metadata(file)[_ARROW])
