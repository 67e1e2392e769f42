"""The fact store: commits are whole, idempotent and versioned; a snapshot is a list of files."""

from __future__ import annotations

import datetime as dt
import multiprocessing as mp
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from budgetwatch.errors import NotFound
from budgetwatch.facts.engine import connect
from budgetwatch.facts.store import FactStore, at_one_moment
from budgetwatch.feeds.stored import POLARS_TYPE
from budgetwatch.records import ALL
from budgetwatch.records.rowid import Address, pack
from budgetwatch.settings import Settings


def staged(folder: Path, batch: int, amounts: list[str], *, div: str = "990102", replaces: int | None = None) -> Path:
    """A Parquet of payments as the gate would stage it."""
    feed, n = ALL["payment"], len(amounts)
    columns = {c.name: pl.Series([None] * n, dtype=POLARS_TYPE[c.kind]) for c in feed.columns}
    columns["amount"] = pl.Series([Decimal(a) for a in amounts], dtype=pl.Decimal(18, 2))
    columns["pay_date"] = pl.Series([dt.date(2025, 1, 1 + batch % 28)] * n)
    columns["adm_div_code"] = pl.Series([div] * n)
    columns["agency_code"] = pl.Series([f"U{batch}"] * n)
    columns["_row"] = pl.Series([pack(Address(batch, line + 2)) for line in range(n)])
    columns["_replaces"] = pl.Series([replaces] * n, dtype=pl.Int64)
    path = folder / f"staged-{batch}-{div}.parquet"
    pl.DataFrame(columns).write_parquet(path)
    return path


def total(store: FactStore, settings: Settings, versions: dict[str, int] | None = None) -> tuple[int, Decimal | None]:
    row = connect(store.snapshot(versions), settings).execute("SELECT count(*), sum(amount) FROM payment").fetchone()
    assert row is not None
    return row[0], row[1]


@pytest.fixture
def store(settings: Settings) -> FactStore:
    return FactStore(settings.home / "facts")


def test_an_empty_store_answers_every_feed_with_a_typed_empty_view(store: FactStore, settings: Settings) -> None:
    connection = connect(store.snapshot(), settings)
    assert store.current() == {}
    for feed in ALL.values():
        described = connection.execute(f"DESCRIBE {feed.name}").fetchall()
        assert [(d[0], d[1]) for d in described] == [*((c.name, c.duckdb) for c in feed.columns), ("_row", "BIGINT")]
        assert connection.execute(f"SELECT * FROM {feed.name}").fetchall() == []


def test_views_have_the_declared_types_when_there_are_facts_too(
    store: FactStore, settings: Settings, tmp_path: Path
) -> None:
    store.commit("payment", [staged(tmp_path, 1, ["1.00"])], batch=1, provenance={})
    described = connect(store.snapshot(), settings).execute("DESCRIBE payment").fetchall()
    assert [(d[0], d[1]) for d in described] == [
        *((c.name, c.duckdb) for c in ALL["payment"].columns),
        ("_row", "BIGINT"),
    ]


def test_each_commit_makes_a_version_and_older_versions_stay_as_they_were(
    store: FactStore, settings: Settings, tmp_path: Path
) -> None:
    for batch in (1, 2, 3):
        assert store.commit("payment", [staged(tmp_path, batch, ["1.00"])], batch=batch, provenance={}) == batch - 1
    assert store.current() == {"payment": 2}
    assert total(store, settings) == (3, Decimal("3.00"))
    assert total(store, settings, {"payment": 0}) == (1, Decimal("1.00"))
    assert total(store, settings, {}) == (0, None)


def test_a_page_sees_one_state_of_the_facts_and_the_next_page_the_newest(
    store: FactStore, settings: Settings, tmp_path: Path
) -> None:
    store.commit("payment", [staged(tmp_path, 1, ["1.00"])], batch=1, provenance={})
    with at_one_moment():
        assert total(store, settings) == (1, Decimal("1.00"))
        store.commit("payment", [staged(tmp_path, 2, ["1.00"])], batch=2, provenance={})
        assert total(store, settings) == (1, Decimal("1.00"))
        assert FactStore(store.root.parent / "other").current() == {}, "another store has its own moment"
    assert total(store, settings) == (2, Decimal("2.00"))


def test_a_version_that_never_was_is_refused_with_the_newest_one(store: FactStore, tmp_path: Path) -> None:
    store.commit("payment", [staged(tmp_path, 1, ["1.00"])], batch=1, provenance={})
    with pytest.raises(NotFound, match=r"no version 7 of payment.*newest is 0"):
        store.snapshot({"payment": 7})
    with pytest.raises(NotFound):
        store.snapshot({"transfer": 0})


def test_committing_a_batch_again_changes_nothing(store: FactStore, settings: Settings, tmp_path: Path) -> None:
    first = store.commit("payment", [staged(tmp_path, 5, ["1.00", "2.00"])], batch=5, provenance={})
    assert store.commit("payment", [staged(tmp_path, 5, ["1.00", "2.00"])], batch=5, provenance={}) == first
    assert total(store, settings) == (2, Decimal("3.00"))


def test_the_store_knows_which_batches_it_holds_and_what_was_said_of_them(store: FactStore, tmp_path: Path) -> None:
    version = store.commit("payment", [staged(tmp_path, 5, ["1.00"])], batch=5, provenance={"file_name": "三月.csv"})
    assert store.holds("payment", 5) == version
    assert store.holds("payment", 6) is None
    assert store.holds("transfer", 5) is None
    assert store.provenance("payment", version) == {"batch": 5, "file_name": "三月.csv"}
    assert FactStore(store.root).holds("payment", 5) == version


def test_a_superseded_row_is_left_out_but_stays_in_the_version_that_knew_it(
    store: FactStore, settings: Settings, tmp_path: Path
) -> None:
    store.commit("payment", [staged(tmp_path, 1, ["1.00", "2.00"])], batch=1, provenance={})
    wrong = pack(Address(1, 3))
    store.commit("payment", [staged(tmp_path, 2, ["20.00"], replaces=wrong)], batch=2, provenance={})
    assert store.snapshot().replaced == {"payment"}
    assert total(store, settings) == (2, Decimal("21.00"))
    assert store.snapshot({"payment": 0}).replaced == frozenset()
    assert total(store, settings, {"payment": 0}) == (2, Decimal("3.00"))


def test_a_log_entry_torn_by_a_power_cut_is_dropped_by_the_next_commit(
    store: FactStore, settings: Settings, tmp_path: Path
) -> None:
    store.commit("payment", [staged(tmp_path, 1, ["1.00"])], batch=1, provenance={})
    (store.root / "payment" / "_delta_log" / f"{1:020d}.json").write_text('{"commitInfo": {"time')
    assert store.commit("payment", [staged(tmp_path, 2, ["2.00"])], batch=2, provenance={}) == 1
    assert total(store, settings) == (2, Decimal("3.00"))


def test_past_many_commits_a_checkpoint_keeps_every_version_readable(
    store: FactStore, settings: Settings, tmp_path: Path
) -> None:
    for batch in range(1, 56):
        store.commit("payment", [staged(tmp_path, batch, ["1.00"])], batch=batch, provenance={})
    assert (store.root / "payment" / "_delta_log" / "_last_checkpoint").exists()
    fresh = FactStore(store.root)
    assert total(fresh, settings) == (55, Decimal("55.00"))
    assert total(fresh, settings, {"payment": 9}) == (10, Decimal("10.00"))
    assert fresh.holds("payment", 3) == 2


def _commit_many(root: Path, folder: Path, batches: list[int]) -> None:
    store = FactStore(root)
    for batch in batches:
        store.commit("payment", [staged(folder, batch, ["1.00"])], batch=batch, provenance={})


def test_processes_that_commit_at_once_lose_and_double_nothing(
    store: FactStore, settings: Settings, tmp_path: Path
) -> None:
    context = mp.get_context("spawn")
    workers = [
        context.Process(target=_commit_many, args=(store.root, tmp_path, list(range(start, 24, 3))))
        for start in (1, 2, 3)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
        assert worker.exitcode == 0
    assert total(store, settings) == (23, Decimal("23.00"))
    assert sorted(filter(None, (store.holds("payment", b) for b in range(1, 24)))) == list(range(1, 23))
