"""What reaches the disk, and in which order: every write that the fact store acknowledges goes through here.

A commit waits for the disk twice: once for all that it names (`settle`), once for its own name. What is waited for
together is asked for together, for a file system then writes its journal once.
"""

from __future__ import annotations

import errno
import os
import shutil
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

#: How the names of unfinished files end.
HALF = ".half"
_AT_ONCE = 8


def sync(path: Path) -> None:
    """Return only when the file or folder is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def settle(paths: Sequence[Path]) -> None:
    """Return only when all of these files and folders are on the disk."""
    if len(paths) < 2:
        for path in paths:
            sync(path)
        return
    with ThreadPoolExecutor(min(len(paths), _AT_ONCE)) as pool:
        list(pool.map(sync, paths))


def draft(path: Path, content: bytes) -> Path:
    """The content beside where it shall stand, under a name that nobody reads."""
    half = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}{HALF}")
    try:
        half.write_bytes(content)
    except BaseException:
        with suppress(OSError):
            half.unlink(missing_ok=True)
        raise
    return half


def publish(half: Path, path: Path) -> None:
    """Give a settled draft its name; FileExistsError where the name is taken. The folder is synced by the caller."""
    try:
        os.link(half, path)
    except OSError as refused:
        if refused.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK):
            raise
        if path.exists():  # a file system without links; our callers hold the feed's lock
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
        os.replace(half, path)  # noqa: PTH105


def append(path: Path, content: bytes) -> None:
    """The content at the end of the file, on the disk (and its name, where it is new)."""
    with path.open("ab") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    sync(path.parent)


def adopt(made: Path, home: Path) -> None:
    """Move a finished file to where it stays, for reading only. It is not part of anything before it was settled."""
    try:
        os.replace(made, home)  # noqa: PTH105
    except OSError as refused:
        if refused.errno != errno.EXDEV:
            raise
        shutil.copyfile(made, home)  # another file system
        made.unlink()
    home.chmod(0o444)
