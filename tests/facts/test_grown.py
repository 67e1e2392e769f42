"""A feed gains columns over the years: files written before one was declared are read on, and lose nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from budgetwatch.facts.compact import compact
from budgetwatch.facts.engine import connect
from budgetwatch.facts.store import FactStore
from budgetwatch.feeds.keys import known_already
from budgetwatch.records import ALL
from budgetwatch.records.rowid import Address, pack
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


def test_a_key_of_an_older_file_is_known_when_it_is_sent_again(store: FactStore, tmp_path: Path) -> None:
    def sent(batch: int, amounts: list[str]) -> Path:
        path = staged(tmp_path, batch, amounts)
        keys = pl.Series("voucher_no", [f"V{n}" for n in range(len(amounts))])
        # Every value but the amount is as it was sent first.
        pl.read_parquet(path).with_columns(keys, agency_code=pl.lit("U"), pay_date=dt.date(2025, 1, 1)).write_parquet(
            path
        )
        return path

    store.commit("payment", [older(sent(1, ["1.00", "2.00"]), "note")], batch=1, provenance={})
    store.commit("payment", [sent(2, ["1.00", "2.00", "3.00"])], batch=2, provenance={})
    feed = ALL["payment"]
    known = known_already([sent(3, ["1.00", "9.00"])], feed, ("voucher_no",), store.snapshot())
    first, second = (pack(Address(3, line)) for line in (2, 3))
    assert known.same.to_list() == [first]
    assert known.changed.rows() == [(second, pack(Address(2, 3)))]
    # A part of the key that no file knew yet was empty in all of them.
    alone = FactStore(tmp_path / "alone")
    alone.commit("payment", [older(sent(4, ["1.00"]), "note")], batch=4, provenance={})
    assert known_already([sent(5, ["1.00"])], feed, ("voucher_no", "note"), alone.snapshot()).same.len() == 1
    noted = newer(sent(6, ["1.00"]), "新列")
    assert known_already([noted], feed, ("voucher_no", "note"), alone.snapshot()).same.len() == 0
