"""Whether a row costs the same however many are stored: file after file of a million rows, and the CPU of each.

    python -m bench growth --rows 100000000      100 files; some 12 GB of temporary disk

Each file is taken in by a process of its own, and compacted away at the intervals at which a deployment would do so. The
rows are the same ones under new numbers, so that every file asks the same of the gate; their keys are looked for among
all that is stored. The figure is the dearest of the last tenth against the cheapest of the first.
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

from bench.measure import Figure, child, remark

EACH = 1_000_000
#: A row at the end may cost this much of one at the beginning.
GOAL = 1.25
COMPACTED_EVERY = 30


def figures(work: Path, rows: int, profile: str) -> list[Figure]:
    """Median CPU of the last files beside that of the first ones."""
    each = min(EACH, max(rows // 10, 1))
    count = max(rows // each, 2)
    pattern, file, home = work / "pattern.csv", work / "one.csv", work / "growth"
    home.mkdir()
    child("bench.ingest", "make", str(pattern), str(each))
    took: list[float] = []
    stored = 0
    for number in range(count):
        child("bench.growth", "renumber", str(pattern), str(file), str(number), str(each))
        said = child("bench.ingest", "ours", str(file), str(home), profile).said
        took.append(said["cpu"] / said["rows_in"] * 1_000_000)
        stored += said["rows_in"]
        shutil.rmtree(home / "sent")
        if number % 10 == 9 or number + 1 == count:
            remark(f"{stored:,} rows stored: {took[-1]:.2f} s of CPU a million")
        if number % COMPACTED_EVERY == COMPACTED_EVERY - 1 and number + 1 < count:
            child("bench.growth", "compact", str(home))
    part = max(count // 10, 1)
    first, last = statistics.median(took[:part]), statistics.median(took[-part:])
    pattern.unlink()
    file.unlink()
    shutil.rmtree(home)
    return [Figure(f"a million rows onto {stored - each:,}, beside onto nothing: CPU", last, "s", first, GOAL)]


def _renumber(pattern: str, file: str, number: str, each: str) -> dict[str, int]:
    """The pattern's first rows, each voucher number led by the file's number."""
    lead = f"{int(number):04d}".encode()
    with Path(pattern).open("rb") as source, Path(file).open("wb") as out:
        out.write(source.readline())
        for _ in range(int(each)):
            if not (line := source.readline()):
                break
            out.write(lead + line)
    return {}


def _compact(home: str) -> dict[str, int]:
    from budgetwatch.facts.compact import compact
    from budgetwatch.facts.vacuum import vacuum
    from budgetwatch.home import Home
    from budgetwatch.settings import Settings
    from budgetwatch.tables import now

    here = Home(Settings(home=Path(home)))
    made = compact(here.store, here.settings, "payment")
    vacuum(here.store, "payment", since=now(), remove=True)
    here.close()
    return {"files": made.files_after}


if __name__ == "__main__":
    parts: dict[str, Callable[..., dict[str, int]]] = {"renumber": _renumber, "compact": _compact}
    print(json.dumps(parts[sys.argv[1]](*sys.argv[2:])))
