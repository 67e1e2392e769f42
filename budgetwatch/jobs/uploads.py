"""Files that came from a browser and wait to be judged or taken in, each in a folder of its own under home/tmp."""

from __future__ import annotations

import re
import secrets
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from budgetwatch.errors import NotFound
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

#: Whoever checks a file in the evening may take it in the next day; after that it has to be sent again.
KEPT_HOURS = 48
_TOKEN = re.compile(r"[0-9a-f]{32}")


def keep(home: Home, name: str, source: BinaryIO) -> str:
    """Write the file down under its own (safe) name; the token finds it again. Only its job knows the token."""
    token = secrets.token_hex(16)
    folder = _folder(home, token)
    folder.mkdir()
    try:
        with (folder / name).open("wb") as out:
            shutil.copyfileobj(source, out, 2**20)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return token


def path(home: Home, token: str) -> Path:
    """The file of that token; NotFound when it was taken in or swept away."""
    if _TOKEN.fullmatch(token) and (folder := _folder(home, token)).is_dir():
        for file in folder.iterdir():
            return file
    raise NotFound(
        Text("这个文件已不在服务器上。", "That file is no longer on the server."),
        fix=Text("请重新选择文件并上传。", "Choose the file and send it again."),
    )


def there(home: Home, token: str) -> bool:
    """Whether the file still waits."""
    return bool(_TOKEN.fullmatch(token)) and _folder(home, token).is_dir()


def drop(home: Home, token: str) -> None:
    """Remove the file; nothing happens when it is gone already."""
    if _TOKEN.fullmatch(token):
        shutil.rmtree(_folder(home, token), ignore_errors=True)


def sweep(home: Home, needed: Iterable[str]) -> int:
    """Remove what nobody came back for; `needed` are tokens of jobs that still wait or run."""
    kept, removed = set(needed), 0
    for folder in (home.path / "tmp").glob("upload-*"):
        token = folder.name.removeprefix("upload-")
        try:
            old = folder.stat().st_mtime < time.time() - KEPT_HOURS * 3600
        except FileNotFoundError:
            continue
        if old and token not in kept:
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    return removed


def _folder(home: Home, token: str) -> Path:
    return home.path / "tmp" / f"upload-{token}"
