"""Packed files: .gz and .zip, the latter with one member or several. What would unpack to a bomb is refused before it has."""

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
#: More members than this are no delivery but a file system.
MOST_MEMBERS = 1_000
_DAMAGED = (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError, ValueError)


def unpacked(path: Path, work: Path, settings: Settings) -> tuple[Path, str]:
    """The plain file and the SHA-256 of the packed one; a file that is not packed is returned as it is, unhashed."""
    suffix = path.suffix.lower()
    if suffix == ".zip":
        members, sha256 = unzipped(path, work, settings)
        if len(members) != 1:
            raise BadFile(
                Text(f"压缩包内有 {len(members)} 个文件，应恰为一个。", f"The archive holds {len(members)} files; it must hold one."),
                where=path.name, fix=Text("请每个文件单独压缩。", "Pack each file by itself."),
            )  # fmt: skip
        return members[0][1], sha256
    if suffix != ".gz":
        return path, ""
    target = work / "unpacked"
    try:
        with gzip.open(path) as source:
            _copy(source, target, path, settings)
    except _DAMAGED as error:
        raise _damaged(path, error) from None
    return target, hashed(path)


def unzipped(path: Path, work: Path, settings: Settings) -> tuple[list[tuple[str, Path]], str]:
    """The members of a .zip in the order of their names, each as a plain file, and the SHA-256 of the archive."""
    found: list[tuple[str, Path]] = []
    try:
        with zipfile.ZipFile(path) as archive:
            members = sorted(((_name(m), m) for m in archive.infolist() if _wanted(m)), key=lambda pair: pair[0])
            if len(members) > MOST_MEMBERS:
                raise BadFile(
                    Text(f"压缩包内有 {len(members):,} 个文件，太多了。", f"The archive holds {len(members):,} files, which is too many."),
                    where=path.name, fix=Text("请分成几包。", "Send it in several archives."),
                )  # fmt: skip
            written = 0
            for number, (name, member) in enumerate(members):
                target = work / f"unpacked-{number}"
                with archive.open(member) as source:
                    written = _copy(source, target, path, settings, written)
                found.append((name, target))
    except _DAMAGED as error:
        raise _damaged(path, error) from None
    return found, hashed(path)


def _wanted(member: zipfile.ZipInfo) -> bool:
    """Whether a member is a sent file, and not what file managers and senders put beside it."""
    bare = member.filename.rpartition("/")[2]
    return not (
        member.is_dir()
        or member.filename.startswith("__MACOSX/")
        or bare in (".DS_Store", "Thumbs.db", "desktop.ini")
        or bare.endswith(".manifest.json")
    )


def _name(member: zipfile.ZipInfo) -> str:
    """The member's name; an archive made by a Chinese Windows has it in GBK and does not say so."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return member.filename


def _damaged(path: Path, error: Exception) -> BadFile:
    suffix = path.suffix.lower()[1:]
    return BadFile(
        Text(f"不是完好的 {suffix} 文件。", f"Not an intact {suffix} file ({error})."),
        where=path.name,
        fix=Text(
            "请发送方重新压缩，或直接报送未压缩的文件。", "Ask the sender to pack it again, or to send it unpacked."
        ),
    )


def hashed(path: Path) -> str:
    """The SHA-256 of the file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def guard_workbook(path: Path, sent: Path, settings: Settings) -> None:
    """Refuse a workbook (an .xlsx is a zip) whose members together would unpack to a bomb."""
    with path.open("rb") as file:
        if file.read(2) != b"PK":  # the old .xls is no archive; whatever else it is, its reader says
            return
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except _DAMAGED as error:
        raise BadFile(
            Text("不是完好的 Excel 文件。", f"Not an intact Excel file ({error})."), where=sent.name,
            fix=Text("请用 Excel 另存为 .xlsx 后重新报送。", "Save it as .xlsx in Excel and send it again."),
        ) from None  # fmt: skip
    _allowed(size, sent, settings)


def _copy(source: IO[bytes] | gzip.GzipFile, target: Path, path: Path, settings: Settings, written: int = 0) -> int:
    """Unpack; `written` is what came out of the archive before. Returns what has come out of it by then."""
    with target.open("wb") as out:
        while piece := source.read(_CHUNK):
            written += len(piece)
            _allowed(written, path, settings)
            out.write(piece)
    return written


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
