"""A full disk: the file is refused with a sentence, nothing of it is left, and there is no harm to what comes later."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from budgetwatch import intake
from budgetwatch.errors import Conflict
from budgetwatch.facts import durable
from budgetwatch.facts.compact import compact
from budgetwatch.home import Home
from budgetwatch.intake import keeping, take
from budgetwatch.intake.space import NoSpace
from budgetwatch.runs import care
from budgetwatch.settings import Settings
from budgetwatch.tables import Batch
from tests.feeds.senders import csv, payment, profile
from tests.feeds.test_intake import batches, known

ROWS = [payment(f"V{n}", "1.00") for n in range(50)] + [payment("bad", "x")]


def left(home: Home) -> set[str]:
    """All files of the deployment that hold something of a sent file."""
    parts = ("facts", "rejects", "sent", "tmp")
    found = {p for part in parts for p in (home.path / part).rglob("*") if p.is_file()}
    return {p.name for p in found if p.suffix not in (".lock", ".compacting") and p.stat().st_size}


def full(*_given: Any, **_more: Any) -> Any:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


#: Every place that writes of a file on its way in, by where it stands.
WRITES: dict[str, tuple[Any, str]] = {
    "staging": (take, "stage"),
    "adding up": (take, "add_up"),
    "rejects": (take, "keep_rejects"),
    "copy of the file": (keeping, "duplicate"),
    "file of facts": (durable.os, "replace"),
    "log entry": (durable.os, "link"),
    "waiting for the disk": (durable.os, "fsync"),
}


@pytest.mark.parametrize("where", WRITES)
def test_wherever_the_disk_is_full_the_batch_is_refused_and_nothing_is_left(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    name, file = profile(home), csv(tmp_path / "f.csv", ROWS)
    intake.take_in(home, csv(tmp_path / "before.csv", [payment("B1", "1.00")]), name, actor="me")
    before, facts, versions = left(home), known(home), home.store.current()
    with monkeypatch.context() as patch:
        patch.setattr(*WRITES[where], full)
        with pytest.raises(NoSpace) as refused:
            intake.take_in(home, file, name, actor="me")
    need = 3 * file.stat().st_size
    assert str(home.path) in refused.value.what.en
    assert f"{need:,}" in refused.value.what.en
    assert (known(home), home.store.current()) == (facts, versions)
    assert left(home) - before <= {f"{p.name}" for p in (home.path / "sent").iterdir()}  # a kept copy harms nothing
    assert batches(home) == [(1, "accepted"), (2, "refused")]
    with home.session() as session:
        said = session.get_one(Batch, 2).refusal
        assert said is not None
        assert "磁盘空间不足" in said["zh"]["what"]
    again = intake.take_in(home, file, name, actor="me")
    assert (again.status, again.rows_accepted, again.rows_rejected) == ("accepted", 50, 1)
    assert care.check(home, deep=True) == []


def test_a_disk_that_is_full_only_after_the_commit_refuses_nothing(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, file = profile(home), csv(tmp_path / "f.csv", ROWS)
    with monkeypatch.context() as patch:
        patch.setattr(take, "fill", full)
        receipt = intake.take_in(home, file, name, actor="me")
    assert (receipt.batch, receipt.rows_accepted) == (1, 50)
    assert batches(home) == [(1, "accepted")]
    assert care.check(home, deep=True) == []


def test_what_would_not_fit_is_refused_before_it_is_read(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, file = profile(home), csv(tmp_path / "f.csv", ROWS)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**6, 10**6 - 100, 100))  # type: ignore[attr-defined]
    monkeypatch.setattr(take, "stage", lambda *_: pytest.fail("it was read"))
    with pytest.raises(NoSpace, match="and has 100;"):
        intake.take_in(home, file, name, actor="me")
    assert batches(home) == [(1, "refused")]


def test_a_compaction_on_a_full_disk_changes_nothing(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = profile(home)
    for n in range(3):
        intake.take_in(home, csv(tmp_path / f"{n}.csv", [payment(f"V{n}")]), name, actor="me")
    before, files = known(home), left(home)
    with monkeypatch.context() as patch:
        patch.setattr(durable.os, "link", full)
        with pytest.raises(OSError, match="No space"):
            compact(home.store, home.settings, "payment")
    assert (known(home), left(home)) == (before, files)
    assert care.check(home, deep=True) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[], Path]]:
    """A real file system of 12 MB, where this machine lets us make one."""
    folder = tmp_path / "small"
    folder.mkdir()
    if (
        os.geteuid()
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", folder], check=False).returncode
    ):
        pytest.skip("no file system can be made here: that takes root")
    try:
        yield lambda: folder
    finally:
        subprocess.run(["umount", "-l", folder], check=False)


def test_on_a_disk_that_is_really_full_the_same_holds(
    small_disk: Callable[[], Path], settings: Settings, tmp_path: Path
) -> None:
    made = Home(settings.model_copy(update={"home": small_disk() / "home"}))
    name = profile(made)
    wide = [payment(f"V{n}", f"{n % 97}.00", unit=f"U{n * 7919 % 100_003}") for n in range(60_000)]
    file = csv(tmp_path / "f.csv", wide)
    ballast = small_disk() / "ballast"
    free = shutil.disk_usage(small_disk()).free
    struck = 0
    for room_left in (64 * 1024, file.stat().st_size // 4):
        ballast.write_bytes(b"\0" * max(0, free - room_left))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(take, "room", lambda *_: None)  # found only when it strikes
            try:
                intake.take_in(made, file, name, actor="me")
            except NoSpace:
                struck += 1
                assert made.store.current() == {}
            else:
                break  # it fitted
        ballast.unlink()
    ballast.unlink(missing_ok=True)
    assert struck
    taken = intake.take_in(made, file, name, actor="me")
    assert taken.rows_accepted == 60_000
    with made.session() as session:
        assert session.scalar(sa.select(sa.func.count()).where(Batch.status == "receiving")) == 0
    assert care.check(made, deep=True) == []
    made.close()


def test_a_compaction_for_which_there_is_no_room_says_so_and_changes_nothing(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = profile(home)
    for n in range(3):
        intake.take_in(home, csv(tmp_path / f"{n}.csv", [payment(f"V{n}", "1.00")]), name, actor="me")
    before, facts, versions = left(home), known(home), home.store.current()
    with monkeypatch.context() as patch:
        patch.setattr("pyarrow.parquet.ParquetWriter", full)
        with pytest.raises(Conflict) as refused:
            compact(home.store, home.settings, "payment")
    assert refused.value.fix
    assert (left(home), known(home), home.store.current()) == (before, facts, versions)
    assert compact(home.store, home.settings, "payment").files_after == 1
