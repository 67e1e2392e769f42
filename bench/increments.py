"""What a further file costs once many rows are stored: new rows alone, with corrections among them, sent a second time.

The bare side is DuckDB's CSV → Parquet of the further file alone. Each side is a whole process, its start and libraries
included; each starts from the same stored facts.

    python -m bench increments
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.ingest import least
from bench.measure import Figure, Measured, child, in_turns, remark

#: A further file is this part of what is stored, and this part of a correcting one corrects.
SHARE, CORRECTED = 10, 10
GOAL, CORRECTED_GOAL, PEAK_GOAL = 1.7, 3.0, 2 * 1024
#: Besides the hash, the first question to the database costs a tenth of a second, whatever the file.
AGAIN_GOAL = 1.5


def figures(work: Path, rows: int, times: int, file: Path | None, profile: str) -> list[Figure]:
    """A tenth as many rows as are stored: new ones, and new ones of which a tenth corrects stored ones.

    A file that is given must hold all of them: 12 rows for each 10 that are stored first.
    """
    more = max(rows // SHARE, 1)
    remark(f"writing {rows:,} payments and two files of {more:,} more")
    files = {name: work / f"{name}.csv" for name in ("stored", "new", "corrected")}
    whole = file or work / "payments.csv"
    if file is None:
        child("bench.ingest", "make", str(whole), str(rows + 2 * more))
    child("bench.increments", "split", str(whole), *map(str, files.values()), str(rows), str(more))
    if file is None:
        whole.unlink()
    remark("taking in the first")
    home = work / "increments"
    home.mkdir()
    stored = child("bench.ingest", "ours", str(files["stored"]), str(home), profile).said["rows_in"]
    files["stored"].unlink()

    made: list[Figure] = []
    for name, words, goal in (("new", "new", GOAL), ("corrected", "of them a tenth corrections", CORRECTED_GOAL)):
        remark(f"{more:,} rows onto {stored:,}, {words}, and bare DuckDB, {times} × by turns")
        bares, takes = in_turns(times, bare(work, files[name]), onto(work, home, files[name], profile))
        said = takes[0].said
        what = f"{said['rows_in']:,} rows onto {stored:,}, {words}: "
        made += [
            Figure(f"{what}CPU", least(takes, "cpu"), "s", least(bares, "cpu"), goal),
            Figure("  … peak memory", max(m.peak_mb for m in takes), "MB", goal=PEAK_GOAL),
        ]
    remark("the same file again, and its hash alone")
    child("bench.ingest", "ours", str(files["new"]), str(home), profile)
    hashes, agains = in_turns(
        times, lambda: child("bench.increments", "hash", str(files["new"])), onto(work, home, files["new"], profile)
    )
    if {m.said["status"] for m in agains} != {"already"}:
        raise SystemExit("the file sent again was taken in again")
    seconds = (min(m.said["cpu"] for m in side) for side in (agains, hashes))
    made.append(Figure("the same file again: CPU beside its hash", next(seconds), "s", next(seconds), AGAIN_GOAL))
    return made


def bare(work: Path, file: Path) -> Callable[[], Measured]:
    def side() -> Measured:
        with tempfile.TemporaryDirectory(dir=work) as folder:
            return child("bench.ingest", "bare", str(file), str(Path(folder) / "bare.parquet"))

    return side


def onto(work: Path, home: Path, file: Path, profile: str) -> Callable[[], Measured]:
    def side() -> Measured:
        with copied(work, home) as copy:
            return child("bench.ingest", "ours", str(file), str(copy), profile)

    return side


@contextmanager
def copied(work: Path, home: Path) -> Iterator[Path]:
    """The same deployment again; its facts, which nothing changes, by a second name."""

    def take(source: str, target: str) -> None:
        (os.link if source.endswith(".parquet") and "_delta_log" not in source else shutil.copy2)(source, target)

    with tempfile.TemporaryDirectory(dir=work) as folder:
        copy = Path(folder) / "home"
        shutil.copytree(home, copy, copy_function=take, ignore=shutil.ignore_patterns("sent"))
        yield copy


# ── parts that run in a process of their own ─────────────────────────────────────────────────────────


def _split(whole: str, stored: str, new: str, corrected: str, rows: str, more: str) -> dict[str, int]:
    """The first rows; the next; and the rest, of which every tenth row is a stored one with a cent more or less."""
    count, each = int(rows), int(more)
    old: list[bytes] = []
    every = max(count // (each // CORRECTED or 1), 1)
    with Path(whole).open("rb") as source:
        heading = source.readline()
        at = heading.decode().strip().split(",").index("支付金额")
        with Path(stored).open("wb") as out:
            out.write(heading)
            for number in range(count):
                out.write(line := source.readline())
                if number % every == 0:
                    old.append(line)
        with Path(new).open("wb") as out:
            out.write(heading)
            out.writelines(source.readline() for _ in range(each))
        with Path(corrected).open("wb") as out:
            out.write(heading)
            for number in range(each):
                line = source.readline()
                if number % CORRECTED == 0 and old:
                    line = _corrected(old.pop(), at)
                out.write(line)
    return {"rows": count}


def _corrected(line: bytes, at: int) -> bytes:
    """The line with another last cent; lines that hold quotes stay as they are."""
    fields = line.split(b",")
    if b'"' not in line:
        fields[at] = fields[at][:-1] + (b"1" if fields[at].endswith(b"0") else b"0")
    return b",".join(fields)


def _hash(file: str) -> dict[str, float]:
    import time

    from budgetwatch.feeds.readers.unpack import hashed

    began = time.process_time()
    hashed(Path(file))
    return {"cpu": time.process_time() - began}


if __name__ == "__main__":
    parts: dict[str, Callable[..., dict[str, int] | dict[str, float]]] = {"split": _split, "hash": _hash}
    print(json.dumps(parts[sys.argv[1]](*sys.argv[2:])))
