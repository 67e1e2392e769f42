"""What fills the disk: by part, cheaply, and at most a minute old."""

from __future__ import annotations

import pytest

from budgetwatch.home import Home
from budgetwatch.queries import disk as module
from budgetwatch.queries.disk import Disk, Part, disk
from budgetwatch.text import Text


def part(found: Disk, name: str) -> Part:
    return next(p for p in found.parts if p.name.en == name)


def test_each_part_is_told_with_its_bytes_and_files_greatest_first(home: Home) -> None:
    (home.path / "sent" / "a.csv").write_bytes(b"x" * 1000)
    (home.path / "sent" / "b.csv").write_bytes(b"x" * 500)
    log = home.path / "facts" / "payment" / "_delta_log"
    log.mkdir(parents=True)
    (log / "0.json").write_bytes(b"y" * 200)
    (log.parent / "b1.parquet").write_bytes(b"y" * 300)
    found = disk(home)
    assert (part(found, "Files as they were sent").bytes, part(found, "Files as they were sent").files) == (1500, 2)
    assert (part(found, "Facts").bytes, part(found, "Facts").files) == (500, 2)
    assert part(found, "Database").bytes > 0
    assert part(found, "Exports") == Part(Text("导出的文件", "Exports"), 0, 0), (
        "a folder that was never made holds nothing"
    )
    assert [p.bytes for p in found.parts] == sorted((p.bytes for p in found.parts), reverse=True)
    assert found.used == sum(p.bytes for p in found.parts)
    assert 0 < found.free < found.total


def test_it_is_remembered_for_a_minute(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    before = disk(home)
    (home.path / "sent" / "a.csv").write_bytes(b"x" * 1000)
    assert disk(home) is before
    monkeypatch.setattr(module, "FRESH_SECONDS", -1)
    assert part(disk(home), "Files as they were sent").bytes == 1000


def test_counting_is_cut_short_and_says_so(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_FILES", 3)
    for n in range(5):
        (home.path / "sent" / f"{n}.csv").write_bytes(b"x")
    found = part(disk(home), "Files as they were sent")
    assert (found.files, found.whole) == (3, False)


@pytest.mark.parametrize(("free", "tight"), [(5, True), (50, False), (11, True)])
def test_room_is_tight_below_a_tenth_or_below_what_we_take(free: int, tight: bool) -> None:
    assert Disk((Part(Text("", ""), 20, 1),), free, 100).tight is tight
