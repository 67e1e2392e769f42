"""What a sender drops into its folder is taken in once, moved away, and explained when it is refused."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from budgetwatch.access.viewer import SYSTEM
from budgetwatch.home import Home
from budgetwatch.intake import inbox
from tests.feeds.senders import csv, payment, profile


@pytest.fixture
def folder(home: Home) -> Path:
    (found := home.path / "inbox" / profile(home)).mkdir(parents=True)
    return found


def drop(folder: Path, name: str, *rows: tuple[str, ...], age: float = 60) -> Path:
    file = csv(folder / name, list(rows))
    os.utime(file, (time.time() - age,) * 2)
    return file


def facts(home: Home) -> int:
    with home.facts(SYSTEM) as connection:
        return int(connection.execute("SELECT count(*) FROM payment").fetchall()[0][0])


def test_a_dropped_file_is_taken_in_and_moved(home: Home, folder: Path) -> None:
    drop(folder, "a.csv", payment("V1"))
    (done,) = inbox.sweep(home)
    assert done.receipt is not None
    assert (folder / "taken" / "a.csv").exists()
    assert not (folder / "a.csv").exists()
    assert list(inbox.sweep(home)) == []
    assert facts(home) == 1


def test_a_refused_file_lies_apart_with_the_reason(home: Home, folder: Path) -> None:
    drop(folder, "a.csv", payment("V1")).write_bytes(b"%PDF-1.4")
    os.utime(folder / "a.csv", (1, 1))
    (done,) = inbox.sweep(home)
    assert done.refusal is not None
    assert "PDF" in (folder / "refused" / "a.csv.why.txt").read_text("utf-8")


def test_the_manifest_goes_with_its_file_and_is_no_file_of_its_own(home: Home, folder: Path) -> None:
    drop(folder, "a.csv", payment("V1"))
    (folder / "a.csv.manifest.json").write_text('{"rows": 2}')
    os.utime(folder / "a.csv.manifest.json", (1, 1))
    (done,) = inbox.sweep(home)
    assert done.refusal is not None
    assert {p.name for p in (folder / "refused").iterdir()} == {"a.csv", "a.csv.manifest.json", "a.csv.why.txt"}


@pytest.mark.parametrize(("name", "age"), [("a.csv", 0), (".a.csv", 60), ("a.csv.part", 60)])
def test_what_may_still_be_on_its_way_is_left_alone(home: Home, folder: Path, name: str, age: float) -> None:
    drop(folder, name, payment("V1"), age=age)
    assert list(inbox.sweep(home)) == []


def test_files_are_taken_in_the_order_in_which_they_came(home: Home, folder: Path) -> None:
    drop(folder, "b.csv", payment("V1", "1.00"), age=90)
    drop(folder, "a.csv", payment("V1", "2.00"), age=30)
    assert [d.path.name for d in inbox.sweep(home)] == ["b.csv", "a.csv"]
    with home.facts(SYSTEM) as connection:
        assert str(connection.execute("SELECT amount FROM payment").fetchall()[0][0]) == "2.00"


def test_the_same_name_again_overwrites_nothing(home: Home, folder: Path) -> None:
    for number in range(3):
        drop(folder, "a.csv", payment(f"V{number}"))
        list(inbox.sweep(home))
    assert len(list((folder / "taken").iterdir())) == 3
    assert facts(home) == 3


def test_a_crash_before_the_move_doubles_nothing(home: Home, folder: Path) -> None:
    drop(folder, "a.csv", payment("V1"))
    list(inbox.sweep(home))
    (folder / "taken" / "a.csv").rename(folder / "a.csv")
    (done,) = inbox.sweep(home)
    assert done.receipt is not None
    assert done.receipt.status == "already"
    assert facts(home) == 1


def test_a_folder_without_a_profile_says_so(home: Home) -> None:
    (stray := home.path / "inbox" / "nobody").mkdir(parents=True)
    drop(stray, "a.csv", payment("V1"))
    (done,) = inbox.sweep(home)
    assert done.refusal is not None
    assert "nobody" in (stray / "refused" / "a.csv.why.txt").read_text("utf-8")
