"""How long a durable commit takes when a feed has a thousand versions: the disk's own waiting, and little beside it."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from budgetwatch.facts.store import FactStore
from tests.facts.test_store import staged

VERSIONS, MEASURED = 1_000, 200


def share(times: list[float], part: float) -> float:
    return sorted(times)[int(len(times) * part)] * 1000


@pytest.mark.soak
def test_at_a_thousand_versions_a_commit_costs_the_disk_and_little_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, small = FactStore(tmp_path / "facts"), staged(tmp_path, 1, ["1.00"] * 20)

    def commit(batch: int) -> tuple[float, float]:
        given = Path(shutil.copy(small, tmp_path / f"{batch}.parquet"))
        wall, cpu = time.perf_counter(), time.process_time()
        store.commit("payment", [given], batch=batch, provenance={"n": batch})
        return time.perf_counter() - wall, time.process_time() - cpu

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        for batch in range(1, VERSIONS + 1):
            commit(batch)
    walls, cpus, bare = [], [], []
    for batch in range(VERSIONS + 1, VERSIONS + MEASURED + 1):
        wall, cpu = commit(batch)
        walls.append(wall)
        cpus.append(cpu)
        file = tmp_path / "bare"
        file.write_bytes(b"x" * 9_000)
        handle = os.open(file, os.O_RDONLY)
        began = time.perf_counter()
        os.fsync(handle)
        bare.append(time.perf_counter() - began)
        os.close(handle)
        file.unlink()
    told = (
        f"durable commit p50 {share(walls, 0.5):.1f} p95 {share(walls, 0.95):.1f} ms; its CPU p95 {share(cpus, 0.95):.1f};"
        f" one fsync p50 {share(bare, 0.5):.1f} p95 {share(bare, 0.95):.1f} ms"
    )
    print(told)  # noqa: T201
    assert share(cpus, 0.95) <= 15, told
    # Four waits, of which three go together: where the disk itself is slow, so is the commit.
    assert share(walls, 0.95) <= max(30, 8 * share(bare, 0.95)), told
