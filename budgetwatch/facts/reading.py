"""Files of one feed are read as one table, also where older ones were written before a column was declared.

A feed gains columns over the years, and its files are never rewritten for that. Whoever reads several of them must
not take the first one's columns for all: what a file lacks is empty in its rows, and what only later files have is
not dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from budgetwatch.records import Feed


def source(files: Sequence[str | Path]) -> str:
    """The SQL term that reads these files. Columns are matched by name where the files do not have the same ones."""
    named = ", ".join("'" + str(path).replace("'", "''") + "'" for path in files)
    alike = len({_columns(str(path)) for path in _telling(files)}) <= 1
    return f"read_parquet([{named}])" if alike else f"read_parquet([{named}], union_by_name = true)"


def lacking(feed: Feed, files: Sequence[str | Path]) -> frozenset[str]:
    """The feed's columns that none of the files has."""
    return frozenset(feed.by_name).difference(*(_columns(str(path)) for path in _telling(files)))


def rows(files: Sequence[str | Path]) -> int:
    """How many rows the files hold, the superseded ones among them."""
    return sum(_rows(str(path)) for path in files)


def _telling(files: Sequence[str | Path]) -> list[str | Path]:
    """The files that tell which columns there are.

    Those of batches are named by the batch's number, so in their order columns only ever come to: the first and the
    last say it for all. Those that compaction made (few) are looked at one by one.
    """
    batches = sorted((path for path in files if Path(path).name.startswith("b")), key=lambda path: Path(path).name)
    return [*batches[:1], *batches[1:][-1:], *(path for path in files if not Path(path).name.startswith("b"))]


@lru_cache(maxsize=4096)
def _rows(path: str) -> int:
    """The rows of a file, which never changes."""
    import pyarrow.parquet as pq  # heavy; the command line loads what it uses

    return int(pq.read_metadata(path).num_rows)


@lru_cache(maxsize=4096)
def _columns(path: str) -> frozenset[str]:
    """The columns of a file. Files never change, so each is opened once a process."""
    import polars as pl  # heavy; the command line loads what it uses

    return frozenset(pl.read_parquet_schema(path))
