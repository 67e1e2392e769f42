"""Readers: any sent file becomes a `Sheet`, rows of text with their line numbers. Nothing is judged here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from budgetwatch.errors import BadFile
from budgetwatch.feeds.profile import Profile
from budgetwatch.feeds.readers import delimited, fiscal, json, ocds, parquet, xlsx, xml
from budgetwatch.feeds.readers.several import joined
from budgetwatch.feeds.readers.sheet import Sheet
from budgetwatch.feeds.readers.unpack import guard_workbook, unpacked, unzipped
from budgetwatch.settings import Settings
from budgetwatch.text import Text

__all__ = ["Sheet", "read"]

_READERS = {
    "xlsx": xlsx.read, "parquet": parquet.read, "json": json.read, "xml": xml.read, "ocds": ocds.read,
}  # fmt: skip


def read(
    path: Path, profile: Profile, work: Path, settings: Settings, progress: Callable[[float], None] | None = None,
    *, quickly: bool = False,
) -> Sheet:  # fmt: skip
    """The rows of the file as the profile says they are written; `work` is a folder for what must be rewritten.

    A .zip of several files is read as one: their rows follow each other in the order of the files' names. `quickly` is for
    who will go on with the sheet's `again` where one of its pieces cannot be read.
    """
    if path.stat().st_size == 0:
        raise BadFile(
            Text("文件是空的。", "The file is empty."), where=path.name,
            fix=Text("请发送方重新导出并报送。", "Ask the sender to export and send it again."),
        )  # fmt: skip
    if profile.format == "fiscal":
        return fiscal.read(path, profile, work, settings, progress)
    if path.suffix.lower() == ".zip":
        members, sha256 = unzipped(path, work, settings)
        if len(members) > 1:
            sheets = []
            for number, (name, inner) in enumerate(members):
                room = work / f"member-{number}"
                room.mkdir()
                sheets.append(
                    (
                        name,
                        inner,
                        _one(inner, profile, room, settings, path, f"{path.name}: {name}", sha256, None, quickly),
                    )
                )
            return joined(sheets, profile, path.name)
    inner, sha256 = unpacked(path, work, settings)
    return _one(inner, profile, work, settings, path, path.name, sha256, progress, quickly)


def _one(
    inner: Path, profile: Profile, work: Path, settings: Settings, sent: Path, where: str, sha256: str,
    progress: Callable[[float], None] | None, quickly: bool,
) -> Sheet:  # fmt: skip
    if inner.stat().st_size == 0:
        raise BadFile(
            Text("文件是空的。", "The file is empty."), where=where,
            fix=Text("请发送方重新导出并报送。", "Ask the sender to export and send it again."),
        )  # fmt: skip
    if profile.format == "xlsx":
        guard_workbook(inner, sent, settings)
    if profile.format == "csv":
        return delimited.read(inner, profile, work, where, sha256, progress, quickly=quickly)
    return _READERS[profile.format](inner, profile, work, where, sha256, progress)
