"""What fills the disk of a deployment: its parts by name, with bytes and files, and how much room is left.

Looked at by walking folders of known depth only (a file a batch, not a file a row), and remembered for a minute.
"""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

FRESH_SECONDS = 60
#: Past so many files a part is said to hold "at least" what was counted: nobody waits for a figure like this.
MOST_FILES = 100_000

#: (folder or file in home, how deep it is walked, name)
_PARTS: tuple[tuple[str, int, Text], ...] = (
    ("facts", 3, Text("事实库", "Facts")),
    ("sent", 1, Text("报送的原文件", "Files as they were sent")),
    ("rejects", 1, Text("退回的行", "Rejected rows")),
    ("exports", 1, Text("导出的文件", "Exports")),
    ("tmp", 3, Text("临时文件", "Work in progress")),
)
_DATABASE = Text("数据库", "Database")


@dataclass(frozen=True, slots=True)
class Part:
    """One part: what people call it, how much it takes, in how many files; `whole` unless counting was cut short."""

    name: Text
    bytes: int
    files: int
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Disk:
    """All parts, greatest first; `free` and `total` are of the disk that holds the facts."""

    parts: tuple[Part, ...]
    free: int
    total: int

    @property
    def used(self) -> int:
        """What this deployment takes by itself."""
        return sum(part.bytes for part in self.parts)

    @property
    def tight(self) -> bool:
        """Whether somebody should make room: less than a tenth, or less than the deployment takes itself."""
        return self.free < self.total / 10 or self.free < self.used


_known: dict[Path, tuple[float, Disk]] = {}


def disk(home: Home) -> Disk:
    """As of at most a minute ago. For administrators: the figures are the whole deployment's, and only sizes."""
    kept = _known.get(home.path)
    if kept and time.monotonic() - kept[0] < FRESH_SECONDS:
        return kept[1]
    parts = [_part(home.path / folder, depth, name) for folder, depth, name in _PARTS]
    if not home.settings.database_url:
        parts.append(_database(home.path))
    room = shutil.disk_usage(home.path)
    found = Disk(tuple(sorted(parts, key=lambda part: -part.bytes)), room.free, room.total)
    _known[home.path] = (time.monotonic(), found)
    return found


def _part(folder: Path, depth: int, name: Text) -> Part:
    size = files = 0
    waiting = [(folder, depth)]
    while waiting:
        here, left = waiting.pop()
        try:
            with os.scandir(here) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if left > 1:
                            waiting.append((Path(entry.path), left - 1))
                        continue
                    if files >= MOST_FILES:
                        return Part(name, size, files, whole=False)
                    files += 1
                    size += entry.stat(follow_symlinks=False).st_size
        except FileNotFoundError:  # removed while we looked, or never made
            continue
    return Part(name, size, files)


def _database(home: Path) -> Part:
    found = [file.stat().st_size for end in ("", "-wal", "-shm") if (file := home / f"budgetwatch.db{end}").exists()]
    return Part(_DATABASE, sum(found), len(found))
