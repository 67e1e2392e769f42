"""Readers: any sent file becomes a `Sheet`, rows of text with their line numbers. Nothing is judged here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from budgetwatch.errors import BadFile
from budgetwatch.feeds.profile import Profile
from budgetwatch.feeds.readers import delimited, json, parquet, xlsx, xml
from budgetwatch.feeds.readers.sheet import Sheet
from budgetwatch.feeds.readers.unpack import guard_workbook, unpacked
from budgetwatch.settings import Settings
from budgetwatch.text import Text

__all__ = ["Sheet", "read"]

_READERS = {"csv": delimited.read, "xlsx": xlsx.read, "parquet": parquet.read, "json": json.read, "xml": xml.read}


def read(
    path: Path, profile: Profile, work: Path, settings: Settings, progress: Callable[[float], None] | None = None
) -> Sheet:
    """The rows of the file as the profile says they are written; `work` is a folder for what must be rewritten."""
    if path.stat().st_size == 0:
        raise BadFile(
            Text("文件是空的。", "The file is empty."), where=path.name,
            fix=Text("请发送方重新导出并报送。", "Ask the sender to export and send it again."),
        )  # fmt: skip
    inner, sha256 = unpacked(path, work, settings)
    if profile.format == "xlsx":
        guard_workbook(inner, path, settings)
    return _READERS[profile.format](inner, profile, work, path.name, sha256, progress)
