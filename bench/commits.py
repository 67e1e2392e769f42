"""How long a durable commit to the facts takes when a feed has a thousand versions, beside one bare fsync of this disk.

python -m bench commits
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from bench.measure import Figure, remark

VERSIONS, MEASURED = 1_000, 200
#: Milliseconds that 95 of 100 commits may take.
GOAL = 30.0


def figures(work: Path) -> list[Figure]:
    """Median and 95th percentile of the commits, and of a file's fsync done between them."""
    from budgetwatch.facts.store import FactStore
    from tests.facts.test_store import staged

    remark(f"committing {VERSIONS + MEASURED:,} times")
    folder = work / "commits"
    folder.mkdir()
    store, small = FactStore(folder / "facts"), staged(folder, 1, ["1.00"] * 20)
    took: list[float] = []
    bare: list[float] = []
    for batch in range(1, VERSIONS + MEASURED + 1):
        given = Path(shutil.copy(small, folder / f"{batch}.parquet"))
        began = time.perf_counter()
        store.commit("payment", [given], batch=batch, provenance={"n": batch})
        if batch > VERSIONS:
            took.append((time.perf_counter() - began) * 1000)
            bare.append(_fsync(folder / "bare"))
    return [
        Figure("durable commit at 1,000 versions: median", _share(took, 0.5), "ms"),
        Figure("durable commit at 1,000 versions: 95th percentile", _share(took, 0.95), "ms", goal=GOAL),
        Figure("… one bare fsync: median", _share(bare, 0.5), "ms"),
        Figure("… one bare fsync: 95th percentile", _share(bare, 0.95), "ms"),
    ]


def _fsync(file: Path) -> float:
    file.write_bytes(b"x" * 9_000)
    handle = os.open(file, os.O_RDONLY)
    began = time.perf_counter()
    os.fsync(handle)
    took = (time.perf_counter() - began) * 1000
    os.close(handle)
    file.unlink()
    return took


def _share(times: list[float], part: float) -> float:
    return sorted(times)[int(len(times) * part)]
