"""XML as sent: the elements named by `records` are the rows, their children and attributes the columns.

Names of namespaces are left out. A document type declaration is refused: feeds need none, attacks do.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from defusedxml import DefusedXmlException, ElementTree

from budgetwatch.errors import BadFile
from budgetwatch.feeds.profile import Profile
from budgetwatch.feeds.readers.records import JOINT, Record, sheet_of
from budgetwatch.feeds.readers.sheet import Sheet
from budgetwatch.text import Text

_CHUNK = 1 << 20
_DECLARED = re.compile(rb"""(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?encoding=["']([A-Za-z0-9._-]+)""")


def read(
    path: Path, profile: Profile, work: Path, where: str, sha256: str, progress: Callable[[float], None] | None = None
) -> Sheet:
    """The records of the file; the line of a record is its number."""
    return sheet_of(_records(path, profile.records, work, where), work, where, path, sha256)


def _records(path: Path, named: str, work: Path, where: str) -> Iterator[Record]:
    """Each record as it is closed; what was read is let go of, so that size does not matter."""
    open_now: list[Any] = []
    wanted, number = named, 0
    for event, element in _events(_readable(path, work), where):
        tag = _name(element.tag)
        if event == "start":
            open_now.append(element)
            # Without a name the records are the children of the root.
            if not wanted and len(open_now) == 2:
                wanted = tag
            continue
        open_now.pop()
        if tag != wanted or any(_name(e.tag) == wanted for e in open_now):
            continue
        number += 1
        yield number, _flat(element)
        element.clear()
        if open_now:
            open_now[-1].remove(element)


def _events(path: Path, where: str) -> Iterator[tuple[str, Any]]:
    try:
        yield from ElementTree.iterparse(str(path), ("start", "end"), forbid_dtd=True)
    except DefusedXmlException:
        raise BadFile(
            Text("XML 含有文档类型或实体声明，已拒收。", "The XML declares a document type or entities, which is refused."),
            where=where, fix=Text("请发送方去掉 DOCTYPE 后重报。", "Ask the sender to leave the DOCTYPE out."),
        ) from None  # fmt: skip
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        line = getattr(error, "position", (0, 0))[0]
        raise BadFile(
            Text(f"不是完好的 XML（第 {line} 行附近）。", f"Not well-formed XML (near line {line}: {error})."),
            where=where, fix=Text("请发送方重新导出。", "Ask the sender to export it again."),
        ) from None  # fmt: skip


def _readable(path: Path, work: Path) -> Path:
    """The file itself, or a copy in UTF-8 where it says that it is in an encoding of several bytes (GBK, Big5)."""
    with path.open("rb") as file:
        found = _DECLARED.match(file.read(200))
    named = found[1].decode("ascii", "replace").lower() if found else ""
    if not named.startswith(("gb", "big5")):
        return path
    target = work / "utf8.xml"
    # GB18030 reads all that GB2312 and GBK do.
    with (
        path.open(encoding="gb18030" if named.startswith("gb") else named, newline="") as source,
        target.open("w", encoding="utf-8", newline="") as out,
    ):
        out.write(re.sub(r"<\?xml.*?\?>", "", source.read(_CHUNK), count=1, flags=re.S))
        shutil.copyfileobj(source, out, _CHUNK)
    return target


def _flat(element: Any, under: str = "") -> dict[str, str]:
    out = {f"{under}{_name(name)}": value.strip() for name, value in element.attrib.items() if value.strip()}
    for child in element:
        way = f"{under}{_name(child.tag)}"
        found = _flat(child, f"{way}.")
        if text := (child.text or "").strip():
            found[way] = text
        for name, value in found.items():
            out[name] = f"{out[name]}{JOINT}{value}" if name in out and out[name] != value else value
    return out


def _name(tag: Any) -> str:
    return str(tag).rpartition("}")[2]
