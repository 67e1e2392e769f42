"""A feed gains columns over the years: files written before one was declared are read on, and lose nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from budgetwatch.facts.compact import compact
from budgetwatch.facts.engine import connect
from budgetwatch.facts.store import FactStore
from budgetwatch.settings import Settings
from tests.facts.test_store import staged


def older(path: Path, *unknown: str) -> Path:
    """The staged file as a release wrote it that did not know these columns yet."""
    pl.read_parquet(path).drop(unknown).write_parquet(path)
    return path


def newer(path: Path, note: str) -> Path:
    pl.read_parquet(path).with_columns(pl.lit(note).alias("note")).write_parquet(path)
    return path


@pytest.fixture
def store(settings: Settings) -> FactStore:
    return FactStore(settings.home / "facts")


def notes(store: FactStore, settings: Settings) -> Sequence[tuple[object, ...]]:
    return (
        connect(store.snapshot(), settings)
        .execute("SELECT amount::VARCHAR, note, pay_time FROM payment ORDER BY _row")
        .fetchall()
    )


def test_rows_of_older_files_have_the_new_columns_empty(store: FactStore, settings: Settings, tmp_path: Path) -> None:
    store.commit("payment", [older(staged(tmp_path, 1, ["1.00"]), "note", "pay_time")], batch=1, provenance={})
    assert notes(store, settings) == [("1.00", None, None)]
    store.commit("payment", [older(newer(staged(tmp_path, 2, ["2.00"]), "新列"), "pay_time")], batch=2, provenance={})
    store.commit("payment", [newer(staged(tmp_path, 3, ["3.00"]), "更新")], batch=3, provenance={})
    assert notes(store, settings) == [("1.00", None, None), ("2.00", "新列", None), ("3.00", "更新", None)]


def test_compaction_of_old_and_new_files_drops_no_column(store: FactStore, settings: Settings, tmp_path: Path) -> None:
    for batch in (1, 2):
        store.commit("payment", [older(staged(tmp_path, batch, ["1.00"]), "note")], batch=batch, provenance={})
    compact(store, settings, "payment")
    for batch in (3, 4):
        store.commit("payment", [newer(staged(tmp_path, batch, ["3.00"]), f"第{batch}批")], batch=batch, provenance={})
    before = notes(store, settings)
    assert [note for _, note, _ in before] == [None, None, "第3批", "第4批"]
    compact(store, settings, "payment")
    assert len(store.snapshot().files["payment"]) == 1
    assert notes(store, settings) == before
