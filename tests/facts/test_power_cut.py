"""What is acknowledged is on the disk: the power may fail between any two writes, and nothing is in by halves.

Every write goes to a pretended disk that keeps only what was asked to be kept (fsync): the content of files and the
names in folders. After each write the disk is looked at as it would be after a power cut, in the two ways a file
system may have gone about what nobody asked for: all names kept, or none.
"""

from __future__ import annotations

import os
import shutil
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from budgetwatch import intake
from budgetwatch.facts.check import check
from budgetwatch.facts.compact import compact
from budgetwatch.facts.store import FactStore
from budgetwatch.home import Home
from budgetwatch.settings import Settings
from tests.facts.test_store import staged, total
from tests.feeds.senders import csv, payment, profile


class Disk:
    """Follows what is written below `root` and can say what a power cut would leave."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.acts = root, list[str]()
        self.contents: dict[int, bytes] = {}
        self.names: dict[Path, dict[str, int]] = {}
        self.after: list[Any] = []
        self._turn = threading.RLock()
        for name in ("fsync", "replace", "rename", "link", "unlink", "mkdir"):
            monkeypatch.setattr(os, name, self._hooked(name, getattr(os, name)))

    def _hooked(self, name: str, real: Any) -> Any:
        def call(*given: Any, **more: Any) -> Any:
            path = Path(f"/proc/self/fd/{given[0]}").readlink() if name == "fsync" else Path(given[0])
            done = real(*given, **more)
            if path.is_relative_to(self.root):
                with self._turn:
                    self._note(name, path)
            return done

        return call

    def _note(self, name: str, path: Path) -> None:
        self.acts.append(f"{name} {path.relative_to(self.root)}")
        if name == "fsync" and path.is_dir():
            self.names[path] = {one.name: one.stat().st_ino for one in path.iterdir()}
        elif name == "fsync":
            self.contents[path.stat().st_ino] = path.read_bytes()
        for look in self.after:
            look()

    def left(self, target: Path, *, every_name: bool) -> Path:
        """The store as a power cut now would leave it, under `target`."""
        shutil.rmtree(target, ignore_errors=True)
        self._leave(self.root, target, every_name)
        return target

    def _leave(self, folder: Path, target: Path, every_name: bool) -> None:
        target.mkdir(parents=True)
        there = {one.name: one for one in folder.iterdir()}
        kept = {name: one.stat().st_ino for name, one in there.items()} if every_name else self.names.get(folder, {})
        for name, number in kept.items():
            if name in there and there[name].is_dir():
                self._leave(there[name], target / name, every_name)
            elif number in self.contents or not name.startswith("."):
                (target / name).write_bytes(self.contents.get(number, b""))


@pytest.fixture
def disk(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Disk:
    root = settings.home / "facts"
    root.mkdir(parents=True)
    return Disk(root.resolve(), monkeypatch)


@pytest.mark.parametrize("every_name", [True, False])
def test_a_power_cut_between_any_two_writes_leaves_every_batch_whole_or_absent(
    disk: Disk, settings: Settings, tmp_path: Path, every_name: bool
) -> None:
    store, acknowledged, looks = FactStore(disk.root), 0, 0

    def look() -> None:
        nonlocal looks
        looks += 1
        there = FactStore(disk.left(tmp_path / "left", every_name=every_name))
        rows, amount = total(there, settings)
        assert rows in (3 * acknowledged, 3 * acknowledged + 3), disk.acts
        assert (amount or 0) == rows
        damage = {one.code for one in check(there, "payment")} - {"stray_file", "torn_commit"}
        assert damage == set(), disk.acts
        # …and what comes after the power is back goes in.
        batch = 900 + looks
        there.commit("payment", [staged(tmp_path, batch, ["1.00"])], batch=batch, provenance={})
        assert total(there, settings) == (rows + 1, Decimal(rows + 1))

    disk.after.append(lambda: None if inside else guarded(look))
    inside: list[int] = []

    def guarded(act: Any) -> None:
        inside.append(1)
        try:
            act()
        finally:
            inside.pop()

    for batch in (1, 2):
        store.commit("payment", [staged(tmp_path, batch, ["1.00"] * 3)], batch=batch, provenance={})
        acknowledged += 1
        guarded(look)
    compact(store, settings, "payment")
    guarded(look)
    assert looks > 12


def test_all_that_an_entry_names_is_on_the_disk_before_the_entry_and_the_entry_before_the_answer(
    disk: Disk, tmp_path: Path
) -> None:
    store = FactStore(disk.root)
    store.commit("payment", [staged(tmp_path, 1, ["1.00"])], batch=1, provenance={})
    disk.acts.clear()
    store.commit("payment", [staged(tmp_path, 2, ["1.00"])], batch=2, provenance={})
    [named] = [at for at, act in enumerate(disk.acts) if act.startswith("link")]
    before, after = disk.acts[:named], disk.acts[named + 1 :]
    [file] = [one.path for one in store.logs["payment"].entry(1).added]
    assert f"fsync payment/{file}" in before
    assert "fsync payment" in before
    assert any(act.startswith("fsync payment/_delta_log/.") for act in before)
    assert after[-1] == "fsync payment/_delta_log"
    assert sum(act.startswith("fsync") for act in disk.acts) == 4


def test_the_database_says_accepted_only_after_the_store_is_on_the_disk(disk: Disk, home: Home, tmp_path: Path) -> None:
    told: list[tuple[str, bool]] = []

    def committing(_connection: Any) -> None:
        if "link" in " ".join(disk.acts):
            told.append(("commit", disk.acts[-1] == "fsync payment/_delta_log"))

    sa.event.listen(home.db.engine, "commit", committing)
    receipt = intake.take_in(home, csv(tmp_path / "f.csv", [payment("V1")]), profile(home), actor="me")
    assert receipt.status == "accepted"
    assert told == [("commit", True)]
