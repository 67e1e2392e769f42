"""A file that comes in parts, over a line that breaks: what arrived stays, the sender goes on where it stopped.

Each sender's upload has a key of its own choosing. The part that comes next must begin where the last one ended;
when the whole has come it is taken in like any file, once, however often the end is announced.
"""

from __future__ import annotations

import hashlib
import re
import time
from pathlib import Path
from typing import BinaryIO

from budgetwatch.access.viewer import Viewer
from budgetwatch.errors import Conflict, Invalid, NotFound
from budgetwatch.home import Home
from budgetwatch.text import Text

#: What has not grown for so long will not be finished.
KEPT_DAYS = 7
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")


def size(home: Home, viewer: Viewer, key: str) -> int:
    """How many bytes have arrived; NotFound when nothing has."""
    path = _path(home, viewer, key)
    if not path.exists():
        raise NotFound(
            Text(f"没有名为 {key} 的上传。", f"There is no upload named {key}."),
            fix=Text("从第 0 个字节开始上传。", "Begin it at byte 0."),
        )
    return path.stat().st_size


def opened(home: Home, viewer: Viewer, key: str, offset: int) -> BinaryIO:
    """The file to append the part to that begins at `offset`; Conflict names where it should begin."""
    sweep(home)
    path = _path(home, viewer, key)
    path.parent.mkdir(exist_ok=True)
    there = path.stat().st_size if path.exists() else 0
    if offset != there:
        raise Conflict(
            Text(f"已收到 {there:,} 字节，这一段却从第 {offset:,} 字节开始。", f"{there:,} bytes are here, but this part begins at byte {offset:,}."),
            where="Upload-Offset", fix=Text(f"从第 {there} 字节继续。", f"Go on at byte {there}."), offset=there,
        )  # fmt: skip
    return path.open("ab")


def whole(home: Home, viewer: Viewer, key: str, name: str, sha256: str | None) -> Path:
    """The finished file under its own name, in a folder of its own; refused where its hash is not as announced."""
    path = _path(home, viewer, key)
    size(home, viewer, key)
    if sha256 is not None:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != sha256.strip().lower():
            raise Conflict(
                Text(f"收到的文件与声明的 SHA-256 不符：{found}。", f"What arrived does not have the SHA-256 announced: {found}."),
                where="sha256", fix=Text("用另一个名称从头重传。", "Send it again from its beginning under another key."),
            )  # fmt: skip
    folder = path.with_suffix(".whole")
    folder.mkdir(exist_ok=True)
    target = folder / name
    target.unlink(missing_ok=True)
    target.hardlink_to(path)
    return target


def drop(home: Home, viewer: Viewer, key: str) -> None:
    """Forget the upload; it was taken in, or nobody wants it."""
    path = _path(home, viewer, key)
    for file in path.with_suffix(".whole").glob("*"):
        file.unlink()
    if path.with_suffix(".whole").exists():
        path.with_suffix(".whole").rmdir()
    path.unlink(missing_ok=True)


def sweep(home: Home) -> int:
    """Remove uploads that have not grown for days; returns how many."""
    old = time.time() - KEPT_DAYS * 86_400
    gone = [p for p in (home.path / "tmp" / "parts").glob("*.part") if p.stat().st_mtime < old]
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)


def _path(home: Home, viewer: Viewer, key: str) -> Path:
    if not _KEY.fullmatch(key):
        raise Invalid(
            Text("上传的名称须为 8 至 64 个字母、数字、点、横线。", "An upload's key is 8 to 64 letters, digits, dots and dashes."),
            where=key[:80], fix=Text("例如 payments-2025-03-05。", "For instance payments-2025-03-05."),
        )  # fmt: skip
    return home.path / "tmp" / "parts" / f"{viewer.id}-{key}.part"
