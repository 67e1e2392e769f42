"""What is kept of a file beside its facts: its rejected rows, and the file as it came."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl

from budgetwatch.facts.durable import duplicate, sync
from budgetwatch.feeds.gate import empty_rejects
from budgetwatch.home import Home


def rejects(home: Home, batch: int, limit: int | None = None, offset: int = 0) -> pl.DataFrame:
    """The rejected rows of a batch: line, column, value, reason (see `feeds.reasons`), raw; in order of lines."""
    file = home.path / "rejects" / f"{batch}.parquet"
    return pl.scan_parquet(file).slice(offset, limit).collect() if file.exists() else empty_rejects()


def keep_rejects(home: Home, batch: int, made: Path | None) -> str | None:
    if made is None:
        return None
    target = home.path / "rejects" / f"{batch}.parquet"
    sync(made)
    made.replace(target)
    sync(target.parent)
    return str(target.relative_to(home.path))


def keep_sent(home: Home, path: Path, sha256: str) -> None:
    """A copy of the file as it came, under its hash; kept once however often it is sent."""
    target = home.path / "sent" / f"{sha256}{''.join(path.suffixes[-2:])}"
    if target.exists():
        return
    half = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        duplicate(path, half)
        half.chmod(0o444)
        half.replace(target)
    finally:
        half.unlink(missing_ok=True)
    sync(target.parent)
