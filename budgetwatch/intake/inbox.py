"""Watched drop folders: what a sender puts into `inbox/<profile>/` under home is taken in and moved away.

A file is touched only when it has not changed for a moment, so that one still being copied is left alone. It goes
to `taken/` or `refused/` beside it; a refused one gets a note that says why. A crash between taking in and moving
does no harm: the file is found again, and taking in the same file twice changes nothing.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from budgetwatch.errors import BudgetwatchError
from budgetwatch.home import Home
from budgetwatch.intake.manifest import SUFFIX
from budgetwatch.intake.receipt import Receipt
from budgetwatch.intake.take import take_in

FOLDER = "inbox"
#: A file that was changed less than this many seconds ago may still be on its way.
SETTLES = 2.0
#: Names under which programs copy before they rename.
_HALF = (".part", ".tmp", ".partial", ".crdownload", ".filepart")


@dataclass(frozen=True, slots=True)
class Dropped:
    """What became of one file: its receipt, or the refusal."""

    path: Path
    receipt: Receipt | None = None
    refusal: BudgetwatchError | None = None


def sweep(home: Home, *, actor: str = "inbox", settles: float = SETTLES) -> Iterator[Dropped]:
    """Take in every settled file of every sender's folder, oldest first; one sweep at a time, whichever process."""
    root = home.path / FOLDER
    root.mkdir(exist_ok=True)
    with _alone(root) as mine:
        if not mine:
            return
        for folder in sorted(p for p in root.iterdir() if p.is_dir()):
            for path in _settled(folder, settles):
                try:
                    done = Dropped(path, receipt=take_in(home, path, folder.name, actor=actor))
                except BudgetwatchError as refused:
                    done = Dropped(path, refusal=refused)
                _move(path, done)
                yield done


def _settled(folder: Path, settles: float) -> list[Path]:
    now = time.time()
    found = [
        (stat.st_mtime, path)
        for path in folder.iterdir()
        if path.is_file()
        and not path.name.startswith(".")
        and not path.name.endswith((SUFFIX, *_HALF))
        and now - (stat := path.stat()).st_mtime >= settles
        and stat.st_size
    ]
    return [path for _, path in sorted(found)]


def _move(path: Path, done: Dropped) -> None:
    """Out of the way, with its manifest; a name that is taken gets the moment added."""
    target = path.parent / ("taken" if done.receipt else "refused")
    target.mkdir(exist_ok=True)
    name = path.name
    if (target / name).exists():
        name = f"{time.strftime('%Y%m%d-%H%M%S')}-{time.time_ns() % 10**6:06d}-{name}"
    if done.refusal is not None:
        note = f"{done.refusal.sentence('zh')}\n\n{done.refusal.sentence('en')}\n"
        (target / f"{name}.why.txt").write_text(note, "utf-8")
    manifest = path.with_name(path.name + SUFFIX)
    if manifest.exists():
        manifest.replace(target / (name + SUFFIX))
    path.replace(target / name)


@contextmanager
def _alone(root: Path) -> Iterator[bool]:
    with (root / ".sweeping").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True
