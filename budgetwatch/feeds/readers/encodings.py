"""Text in whatever encoding the sender uses becomes UTF-8, or the first byte that does not fit is named."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from budgetwatch.errors import BadFile
from budgetwatch.text import Text

_CHUNK = 1 << 20
_UTF8 = frozenset({"utf-8", "utf-8-sig"})
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Misfit:
    """The first byte that the encoding cannot read: its offset in the file and its line."""

    offset: int
    line: int


def as_utf8(path: Path, encodings: Sequence[str], work: Path, where: str) -> Path:
    """A UTF-8 file with the same text: the file itself, or a copy written in `work`.

    Encodings are tried in order and the first that reads the whole file is taken. A file said to be
    UTF-8 and nothing else is not checked here; its parser does that on the way.
    """
    with path.open("rb") as file:
        marked = file.read(2) in _UTF16_MARKS
    names = ["utf-16"] if marked and any(n.startswith("utf-16") for n in map(_plain, encodings)) else list(encodings)
    if [_plain(n) for n in names] in (["utf-8"], ["utf-8-sig"]):
        return path
    misfit: Misfit | None = None
    for name in names:
        if _plain(name) in _UTF8:
            misfit = misfit_of(path, name)
            if misfit is None:
                return path
            continue
        target = work / "as-utf8.csv"
        misfit = _transcode(path, name, target)
        if misfit is None:
            return target
    raise refusal(names, misfit or Misfit(0, 1), where)


def misfit_of(path: Path, encoding: str) -> Misfit | None:
    """The first byte of the file that is not in that encoding, or None when all of it is."""
    found: list[Misfit] = []
    for _ in _decoded(path, encoding, found):
        pass
    return found[0] if found else None


def refusal(encodings: Sequence[str], misfit: Misfit, where: str) -> BadFile:
    """The refusal of a file that is in none of these encodings."""
    names = "、".join(encodings)
    return BadFile(
        Text(
            f"第 {misfit.line} 行（第 {misfit.offset:,} 字节）不是 {names} 编码。",
            f"Line {misfit.line} (byte {misfit.offset:,}) is not {', '.join(encodings)}.",
        ),
        where=where,
        fix=Text(
            "请在报送格式的 encoding 中写明实际编码（中文 Excel 导出的 CSV 多为 gb18030），或请发送方改用 UTF-8。",
            "Name the real encoding under `encoding` in the profile (a CSV from a Chinese Excel is mostly gb18030),"
            " or ask the sender for UTF-8.",
        ),
        line=misfit.line,
        offset=misfit.offset,
    )


def _plain(name: str) -> str:
    return codecs.lookup(name).name


def _transcode(path: Path, encoding: str, target: Path) -> Misfit | None:
    found: list[Misfit] = []
    with target.open("w", encoding="utf-8", newline="") as out:
        out.writelines(_decoded(path, encoding, found))
    return found[0] if found else None


def _decoded(path: Path, encoding: str, misfits: list[Misfit]) -> Iterator[str]:
    """The text piece by piece; on the first byte that does not fit, note it and stop."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    done, lines = 0, 1
    with path.open("rb") as file:
        while True:
            piece = file.read(_CHUNK)
            held = len(decoder.getstate()[0])
            try:
                text = decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:
                bad = error.object[: error.start]
                misfits.append(Misfit(done - held + error.start, lines + bad.count(b"\n")))
                return
            except UnicodeError:  # UTF-16 that does not say in which order its bytes stand
                misfits.append(Misfit(done, lines))
                return
            done += len(piece)
            lines += text.count("\n")
            if text:
                yield text
            if not piece:
                return
