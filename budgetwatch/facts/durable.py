"""What reaches the disk, and in which order: every write that the fact store acknowledges goes through here.

A commit waits for the disk twice: once for all that it names (`settle`), once for its own name. What is waited for
together is asked for together, for a file system then writes its journal once.
"""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
import shutil
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache
from io import FileIO
from pathlib import Path

#: How the names of unfinished files end.
HALF = ".half"
_AT_ONCE = 8
#: Bytes copied at a time; a multiple of every disk's block.
_PIECE = 8 << 20
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
#: What Polars, DuckDB, SQLite and PostgreSQL say of it.
_SAID = ("no space left", "disk is full", "os error 28", "os error 122", "disk full", "disk quota", "file too large")


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
    list(_waiting().map(sync, paths))


@cache
def _waiting() -> ThreadPoolExecutor:
    """Threads that wait for the disk, kept: starting some for each commit took longer than the disk did."""
    return ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="waits for the disk")


os.register_at_fork(after_in_child=_waiting.cache_clear)  # a forked process has none of the threads


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


@contextmanager
def only_one(lock: Path) -> Iterator[bool]:
    """Whether nobody else, in any process, holds this lock; nobody waits for it. Its folder is made where it is missing."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            mine = True
        except OSError:
            mine = False
        yield mine
    finally:
        os.close(handle)


def duplicate(path: Path, target: Path) -> None:
    """The same bytes in a new file, on the disk; its name is synced by the caller.

    Written past the system's cache where the file system can: nobody reads the copy soon, and filling the cache with it
    costs ten times the CPU of writing it.
    """
    try:
        out = _direct(target)
    except OSError as refused:
        if refused.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
            raise
        out = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        # The memory of mmap begins on a page, as writing past the cache wants it.
        with path.open("rb", buffering=0) as source, mmap.mmap(-1, _PIECE) as room, memoryview(room) as view:
            size = 0
            while count := _filled(source, view):
                size += count
                _put(out, view[: -(-count // mmap.PAGESIZE) * mmap.PAGESIZE])
        os.ftruncate(out, size)  # the last piece was written to the end of its page
        os.fsync(out)
    finally:
        os.close(out)


def _direct(target: Path) -> int:
    if not hasattr(os, "O_DIRECT"):
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP), str(target))
    return os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_DIRECT, 0o600)


def _filled(source: FileIO, view: memoryview) -> int:
    """How many bytes of the view were read; fewer than it holds only at the end of the file."""
    done = 0
    while done < len(view) and (count := source.readinto(view[done:])):
        done += count
    return done


def _put(out: int, piece: memoryview) -> None:
    while piece:
        piece = piece[os.write(out, piece) :]


def is_full(failure: BaseException) -> bool:
    """Whether the failure is what a full disk looks like, there or in what led to it."""
    at: BaseException | None = failure
    while at is not None:
        if isinstance(at, OSError) and at.errno in _FULL:
            return True
        if any(said in str(at).lower() for said in _SAID):
            return True
        at = at.__cause__ or at.__context__
    return False
