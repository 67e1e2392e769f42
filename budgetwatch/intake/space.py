"""A full disk: looked for before a file is staged, and told as a sentence wherever it strikes after all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from budgetwatch.errors import BadFile, BudgetwatchError
from budgetwatch.facts.durable import is_full
from budgetwatch.home import Home
from budgetwatch.text import Text

#: Staging and keeping a file take about so many times its size: unpacked or read again, as facts, as kept copy.
TIMES = 3


class NoSpace(BadFile):
    """There is no room for the file; nothing of it was kept, and it can be sent again."""

    code: ClassVar[str] = "no_space"
    status: ClassVar[int] = 507


def room(home: Home, path: Path) -> None:
    """Refuse the file where it would not fit."""
    need = TIMES * path.stat().st_size
    looked: set[int] = set()
    for folder in (home.path / "tmp", home.store.root, home.path / "sent"):
        if (device := folder.stat().st_dev) in looked:
            continue
        looked.add(device)
        if (free := shutil.disk_usage(folder).free) < need:
            raise _full(path, folder, need, free)


@contextmanager
def watched(home: Home, path: Path) -> Iterator[None]:
    """Whatever ends the block because a disk is full ends it as `NoSpace`."""
    try:
        yield
    except BudgetwatchError:
        raise
    except Exception as failure:
        if not is_full(failure):
            raise
        named = getattr(failure, "filename2", None) or getattr(failure, "filename", None)
        folder = next((p for p in Path(str(named)).parents if p.is_dir()), home.path) if named else home.path
        free = shutil.disk_usage(folder).free
        raise _full(path, folder, TIMES * path.stat().st_size, free) from failure


def _full(path: Path, folder: Path, need: int, free: int) -> NoSpace:
    return NoSpace(
        Text(f"磁盘空间不足：{folder} 约需 {need:,} 字节，可用 {free:,} 字节；未接收任何数据。",
             f"The disk is full: {folder} needs about {need:,} bytes and has {free:,}; nothing was taken in."),
        where=path.name,
        fix=Text("请腾出空间（budgetwatch store vacuum 可清理旧文件）后重新报送。",
                 "Make room (`budgetwatch store vacuum` clears old files), then send it again."),
        need=need, free=free,
    )  # fmt: skip
