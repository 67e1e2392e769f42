"""The log: any Delta reader reads it as we do, moments rise, and its state is the same however one comes to it."""

from __future__ import annotations

import datetime as dt
import json
import time
from pathlib import Path

import pytest
from deltalake import DeltaTable

from budgetwatch.errors import NotFound
from budgetwatch.facts.compact import compact
from budgetwatch.facts.log import Log
from budgetwatch.facts.store import FactStore
from budgetwatch.settings import Settings
from tests.facts.test_store import staged, total


@pytest.fixture
def store(settings: Settings) -> FactStore:
    return FactStore(settings.home / "facts")


def filled(store: FactStore, folder: Path, batches: range) -> None:
    for batch in batches:
        store.commit("payment", [staged(folder, batch, ["1.00"])], batch=batch, provenance={"n": batch})


def test_a_delta_reader_sees_the_same_files_rows_and_batches_at_every_version(
    store: FactStore, settings: Settings, tmp_path: Path
) -> None:
    filled(store, tmp_path, range(1, 4))
    compact(store, settings, "payment")
    filled(store, tmp_path, range(4, 6))
    for version in range(6):
        table = DeltaTable(str(store.root / "payment"), version=version)
        ours = store.state("payment", version)
        assert {Path(uri).name for uri in table.file_uris()} == set(ours.files)
        actions = table.get_add_actions(flatten=True)
        assert sum(actions["num_records"].to_pylist()) == sum(one.rows for one in ours.files.values())
        for batch in range(1, 6):
            known = table.transaction_version(f"batch-{batch}")
            assert (None if known is None else int(known)) == ours.batches.get(batch)
    assert [entry["operation"] for entry in table.history()] == [
        "WRITE",
        "WRITE",
        "OPTIMIZE",
        "WRITE",
        "WRITE",
        "WRITE",
    ]


def test_a_compaction_says_of_every_file_that_no_fact_changed(
    store: FactStore, settings: Settings, tmp_path: Path
) -> None:
    filled(store, tmp_path, range(1, 4))
    done = compact(store, settings, "payment")
    assert done.version is not None
    lines = [json.loads(line) for line in store.logs["payment"].file(done.version).read_text().splitlines()]
    acts = [line.get("add") or line.get("remove") for line in lines if "add" in line or "remove" in line]
    assert len(acts) == 4
    assert not any(act["dataChange"] for act in acts)
    assert [line["txn"]["appId"] for line in lines if "txn" in line] == ["compaction"]


def test_the_state_is_the_same_from_a_checkpoint_and_from_the_beginning(
    store: FactStore, settings: Settings, tmp_path: Path
) -> None:
    filled(store, tmp_path, range(1, 40))
    compact(store, settings, "payment")
    filled(store, tmp_path, range(40, 60))
    log = Log(store.root / "payment")
    assert log.checkpoints() == [50]
    from_checkpoint = log.state(58)
    (log.folder / f"{50:020d}.checkpoint.parquet").unlink()
    assert Log(store.root / "payment").state(58) == from_checkpoint
    assert store.state("payment", 58) == from_checkpoint


def test_a_checkpoint_that_cannot_be_read_only_costs_time(store: FactStore, settings: Settings, tmp_path: Path) -> None:
    filled(store, tmp_path, range(1, 53))
    (store.root / "payment" / "_delta_log" / f"{50:020d}.checkpoint.parquet").write_bytes(b"PAR1")
    assert total(FactStore(store.root), settings)[0] == 52


def test_as_of_a_moment_is_the_newest_version_committed_at_or_before_it(store: FactStore, tmp_path: Path) -> None:
    filled(store, tmp_path, range(1, 5))
    for known in store.versions("payment"):
        assert store.as_of(known.at) == {"payment": known.version}
        assert store.as_of(known.at - dt.timedelta(milliseconds=1)) == (
            {"payment": known.version - 1} if known.version else {}
        )
    assert store.as_of(dt.date.today()) == {"payment": 3}  # noqa: DTZ011
    assert store.as_of(dt.date(2001, 1, 1)) == {}


def test_moments_rise_with_versions_though_the_clock_goes_back(
    store: FactStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(store, tmp_path, range(1, 3))
    monkeypatch.setattr(time, "time_ns", lambda: 10**18)
    filled(store, tmp_path, range(3, 5))
    moments = [known.at for known in store.versions("payment")]
    assert moments == sorted(set(moments))


def test_versions_tell_what_each_commit_brought(store: FactStore, settings: Settings, tmp_path: Path) -> None:
    filled(store, tmp_path, range(1, 3))
    compact(store, settings, "payment")
    told = [
        (v.version, v.batch, v.rows_added, v.files_added, v.files_removed, v.files) for v in store.versions("payment")
    ]
    assert told == [(0, 1, 1, 1, 0, 1), (1, 2, 1, 1, 0, 2), (2, None, 0, 1, 2, 1)]
    with pytest.raises(NotFound, match="no feed called paiment"):
        store.versions("paiment")
