"""Packed files: .gz, and .zip with one member. What would unpack to a bomb is refused before it has."""

from __future__ import annotations

import gzip
import hashlib
import zipfile
import zlib
from pathlib import Path
from typing import IO

from budgetwatch.errors import BadFile
from budgetwatch.settings import Settings
from budgetwatch.text import Text

#: Small files may grow by any factor: a sheet of zeros packs very well and harms nobody.
FREE = 64 * 2**20
_CHUNK = 1 << 20


def unpacked(path: Path, work: Path, settings: Settings) -> tuple[Path, str]:
    """The plain file and the SHA-256 of the packed one; a file that is not packed is returned as it is, unhashed."""
    suffix = path.suffix.lower()
    if suffix not in (".gz", ".zip"):
        return path, ""
    target = work / "unpacked"
    try:
        if suffix == ".gz":
            with gzip.open(path) as source:
                _copy(source, target, path, settings)
        else:
            with zipfile.ZipFile(path) as archive, archive.open(_member(archive, path)) as source:
                _copy(source, target, path, settings)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise BadFile(
            Text(f"不是完好的 {suffix[1:]} 文件。", f"Not an intact {suffix[1:]} file ({error})."),
            where=path.name,
            fix=Text(
                "请发送方重新压缩，或直接报送未压缩的文件。", "Ask the sender to pack it again, or to send it unpacked."
            ),
        ) from None
    return target, hashed(path)


def hashed(path: Path) -> str:
    """The SHA-256 of the file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def guard_workbook(path: Path, sent: Path, settings: Settings) -> None:
    """Refuse a workbook (an .xlsx is a zip) whose members together would unpack to a bomb."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        _allowed(sum(member.file_size for member in archive.infolist()), sent, settings)


def _member(archive: zipfile.ZipFile, path: Path) -> zipfile.ZipInfo:
    members = [m for m in archive.infolist() if not m.is_dir() and not m.filename.startswith("__MACOSX/")]
    if len(members) != 1:
        raise BadFile(
            Text(
                f"压缩包内有 {len(members)} 个文件，应恰为一个。",
                f"The archive holds {len(members)} files; it must hold one.",
            ),
            where=path.name,
            fix=Text("请每个文件单独压缩。", "Pack each file by itself."),
        )
    return members[0]


def _copy(source: IO[bytes] | gzip.GzipFile, target: Path, path: Path, settings: Settings) -> None:
    written = 0
    with target.open("wb") as out:
        while piece := source.read(_CHUNK):
            written += len(piece)
            _allowed(written, path, settings)
            out.write(piece)


def _allowed(size: int, path: Path, settings: Settings) -> None:
    packed = max(path.stat().st_size, 1)
    if size <= settings.max_unpacked_bytes and (size <= FREE or size <= packed * settings.max_unpack_ratio):
        return
    raise BadFile(
        Text(
            f"解压后超过允许的大小（{packed:,} 字节的压缩包已解出 {size:,} 字节），疑似压缩炸弹，已拒收。",
            f"It unpacks to more than is allowed ({size:,} bytes out of {packed:,}): refused as a zip bomb.",
        ),
        where=path.name,
        fix=Text(
            "如确属正常，请管理员调高 BUDGETWATCH_MAX_UNPACKED_BYTES 或 BUDGETWATCH_MAX_UNPACK_RATIO。",
            "If it is genuine, an administrator can raise BUDGETWATCH_MAX_UNPACKED_BYTES or BUDGETWATCH_MAX_UNPACK_RATIO.",
        ),
    )
