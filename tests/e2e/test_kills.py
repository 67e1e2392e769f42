"""Killed at any moment of intake, correction or compaction: every batch is whole or absent, and no reader ever errs."""

from __future__ import annotations

import multiprocessing as mp
import os
import random
import signal
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
import sqlalchemy as sa

from budgetwatch import intake
from budgetwatch.home import Home
from budgetwatch.runs import care
from budgetwatch.tables import Batch
from tests.e2e.killed import broken, groups, opened, read, work
from tests.feeds.senders import profile

#: What the interruption leaves and the next verb settles; everything else would be damage.
_HARMLESS = {"stray_file"}


@pytest.mark.parametrize("times", [12, pytest.param(300, marks=[pytest.mark.soak, pytest.mark.timeout(3600)])])
def test_killed_at_any_moment_every_batch_is_whole_or_absent_and_the_reader_never_errs(
    home: Home, tmp_path: Path, times: int
) -> None:
    context = mp.get_context("forkserver")
    context.set_forkserver_preload(["tests.e2e.killed"])
    name, dice = profile(home), random.Random(os.environ.get("BUDGETWATCH_SEED", "kills"))
    stop, seen, told = tmp_path / "stop", tmp_path / "seen", tmp_path / "told"
    reader = context.Process(target=read, args=(home.path, stop, seen))
    reader.start()
    killed = 0
    try:
        for number in range(times):
            told.unlink(missing_ok=True)
            worker = context.Process(target=work, args=(home.path, name, dice.randrange(2**32), told))
            worker.start()
            # As long as a file takes here, whatever the machine: the moment falls anywhere into the first or second.
            _until(told, 1, worker)
            pace = float(told.read_text().split()[1])
            _until(told, 1 + dice.choice((0, 1)), worker)
            time.sleep(dice.uniform(0.0, 3 * pace))
            assert worker.is_alive(), f"the worker ended by itself in round {number}"
            os.kill(worker.pid or 0, signal.SIGKILL)
            worker.join()
            killed += worker.exitcode == -signal.SIGKILL
            _all_is_well(home, told.read_text().rpartition("\n")[0].splitlines()[1:])
    finally:
        stop.touch()
        reader.join(120)
    assert killed == times
    assert seen.read_text().startswith("asked"), seen.read_text()
    assert int(seen.read_text().split()[1]) > times
    assert groups(home)


def _all_is_well(home: Home, acknowledged: list[str]) -> None:
    """After a kill: what was acknowledged is in, nothing is in by halves, store and database agree."""
    intake.recover(home)
    fresh = opened(home.path)
    try:
        seen = groups(fresh)
        assert broken(seen) == []
        for line in acknowledged:
            group, amount = map(int, line.split())
            assert seen[group][3] >= amount
        found = care.check(fresh, feeds=["payment"], deep=True)
        assert [one for one in found if one.code not in _HARMLESS] == []
    finally:
        fresh.close()
    with home.session() as session:
        assert set(session.scalars(sa.select(Batch.status))) <= {"accepted", "refused"}


def _until(told: Path, lines: int, worker: BaseProcess) -> None:
    """Until the worker has said so many whole lines."""
    end = time.monotonic() + 120
    while not told.exists() or told.read_text().count("\n") < lines:
        assert worker.is_alive(), "the worker ended by itself"
        assert time.monotonic() < end
        time.sleep(0.005)


def test_four_processes_that_take_in_at_once_beside_eight_readers_lose_and_double_nothing(
    home: Home, tmp_path: Path
) -> None:
    context = mp.get_context("forkserver")
    context.set_forkserver_preload(["tests.e2e.killed"])
    name, stop, seen = profile(home), tmp_path / "stop", [tmp_path / f"seen-{n}" for n in range(8)]
    readers = [context.Process(target=read, args=(home.path, stop, file)) for file in seen]
    senders = [context.Process(target=send, args=(home.path, name, range(first, 17, 4))) for first in range(1, 5)]
    for process in (*readers, *senders):
        process.start()
    for process in senders:
        process.join(240)
        assert process.exitcode == 0
    stop.touch()
    for process in readers:
        process.join(60)
    assert [file.read_text().split()[0] for file in seen] == ["asked"] * 8
    there = groups(home)
    assert sorted(there) == list(range(1, 17))
    assert broken(there) == []
    assert care.check(home, feeds=["payment"], deep=True) == []


def send(path: Path, profile: str, numbers: range) -> None:
    from tests.e2e.killed import ROWS
    from tests.feeds.senders import csv, payment

    home = opened(path)
    for number in numbers:
        rows = [payment(f"V{number}-{n}", "1.00", unit=f"U{number}") for n in range(ROWS)]
        intake.take_in(home, csv(path / "tmp" / f"sent-{number}.csv", rows), profile, actor="sender")
