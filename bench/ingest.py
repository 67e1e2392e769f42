"""What taking in one large payments file costs, beside DuckDB's bare CSV → Parquet of the same file.

Each side is a whole process, its start and libraries included.

    python -m bench.ingest bare FILE PARQUET      one side alone
    python -m bench.ingest ours FILE HOME PROFILE
    python -m bench.ingest ready HOME             the serving copy of what was taken in
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.measure import Figure, Measured, child, in_turns, remark

PROFILE = "demo_pay_city"
GOAL, READY_GOAL, PEAK_GOAL = 1.1, 3.0, 2 * 1024
MEMORY = "2GB"


def figures(work: Path, rows: int, times: int, file: Path | None, profile: str) -> list[Figure]:
    """The file (made where none is given) through both sides; the best of each counts."""
    made = None
    if file is None:
        remark(f"writing {rows:,} payments as one CSV")
        file = made = work / "payments.csv"
        child("bench.ingest", "make", str(file), str(rows))
    remark(f"taking in {file.stat().st_size / 2**20:,.0f} MB, and bare DuckDB, {times} × by turns")

    def bare() -> Measured:
        with tempfile.TemporaryDirectory(dir=work) as folder:
            return child("bench.ingest", "bare", str(file), str(Path(folder) / "bare.parquet"))

    def ours() -> Measured:
        with tempfile.TemporaryDirectory(dir=work) as folder:
            made = child("bench.ingest", "ours", str(file), folder, profile)
            copies.append(child("bench.ingest", "ready", folder))
            return made

    copies: list[Measured] = []
    bares, takes = in_turns(times, bare, ours)
    if made:
        made.unlink()
    said = takes[0].said
    rejected = f", {said['rejected']:,} rejected" if said["rejected"] else ""
    return [
        Figure(
            f"taking in {said['rows_in']:,} rows{rejected}: CPU", least(takes, "cpu"), "s", least(bares, "cpu"), GOAL
        ),
        Figure("  … by the clock", least(takes, "wall"), "s", least(bares, "wall")),
        Figure("  … peak memory", max(m.peak_mb for m in takes), "MB", goal=PEAK_GOAL),
        Figure(
            f"  … until {copies[0].said['asked']:,} rows are ready to ask, the serving copy included: CPU",
            min(take.cpu + copy.cpu for take, copy in zip(takes, copies, strict=True)),
            "s",
            least(bares, "cpu"),
            READY_GOAL,
        ),
        Figure("  … peak memory of making the copy", max(m.peak_mb for m in copies), "MB", goal=PEAK_GOAL),
        Figure("  … peak memory of the bare side", max(m.peak_mb for m in bares), "MB"),
    ]


def least(runs: list[Measured], what: str) -> float:
    return float(min(getattr(run, what) for run in runs))


# ── the sides, each in a process of its own ──────────────────────────────────────────────────────────


def _bare(file: str, target: str) -> dict[str, int]:
    import duckdb

    with duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": f"{target}.tmp"}) as connection:
        connection.execute(
            f"COPY (SELECT * FROM read_csv('{file}', all_varchar = true)) TO '{target}' (FORMAT parquet)"
        )
    return {}


def _ours(file: str, folder: str, profile: str) -> dict[str, int | float | str]:
    import time

    import budgetwatch.cli  # noqa: F401  # as the command starts
    from budgetwatch import intake
    from budgetwatch.home import Home
    from budgetwatch.settings import Settings

    own = Path(profile)
    if own.suffix == ".yml":
        (Path(folder) / "profiles").mkdir(exist_ok=True)
        shutil.copy(own, Path(folder) / "profiles")
        profile = own.stem
    home = Home(Settings(home=Path(folder), memory=MEMORY))
    began = time.process_time()
    receipt = intake.take_in(home, Path(file), profile, actor="bench")
    took = time.process_time() - began
    home.close()
    return {"rows_in": receipt.rows_in, "rejected": receipt.rows_rejected, "status": receipt.status, "cpu": took}


def _ready(folder: str) -> dict[str, int]:
    """Make the serving copy as the server does, and ask it one question."""
    from budgetwatch.facts.engine import connect
    from budgetwatch.home import Home
    from budgetwatch.settings import Settings

    home = Home(Settings(home=Path(folder), memory=MEMORY))
    snapshot = home.store.snapshot()
    home.serving.make("payment", snapshot)
    copies = home.serving.ready(snapshot)
    with connect(snapshot, home.settings, served=copies) as connection:
        asked = connection.execute("SELECT count(*) FROM payment").fetchone()
    home.close()
    return {"asked": asked[0] if asked and "payment" in copies else 0}


def _make(file: str, rows: str) -> dict[str, int]:
    from budgetwatch.demo import generate_payments_csv

    return {"rows": generate_payments_csv(Path(file), int(rows), seed=3)}


if __name__ == "__main__":
    sides: dict[str, Callable[..., Mapping[str, object]]] = {
        "bare": _bare, "ours": _ours, "ready": _ready, "make": _make,
    }  # fmt: skip
    print(json.dumps(sides[sys.argv[1]](*sys.argv[2:])))
