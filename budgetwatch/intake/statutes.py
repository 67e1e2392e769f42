"""Taking in statutes' texts: a folder of .txt, .md and .docx files becomes articles that screens may quote.

Each text is kept by law and by the day it came into force, under `laws/` in the home; nothing of it is in the product.
The law is the one whose short or full name stands in the file's name or its first lines, else the file's name.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from defusedxml.ElementTree import ParseError, fromstring

from budgetwatch.access import audit
from budgetwatch.access.viewer import Viewer
from budgetwatch.errors import BadFile, BudgetwatchError, NotFound
from budgetwatch.facts.durable import sync
from budgetwatch.home import Home
from budgetwatch.rules.rule import Law
from budgetwatch.rules.statute import articles, in_force_since
from budgetwatch.text import Text

KINDS = (".txt", ".md", ".docx")
_LARGEST = 8 << 20
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What became of one file: the law, since when its text is in force (may be unknown), and how many articles it has."""

    file_name: str
    law: str = ""
    since: str = ""
    articles: int = 0
    known: bool = False
    refusal: dict[str, str] = field(default_factory=dict)


def import_laws(home: Home, viewer: Viewer, folder: Path) -> list[TakenIn]:
    """Take in every text of the folder; one that cannot be read is told of and the others go on."""
    if not folder.is_dir():
        raise NotFound(
            Text("没有这个文件夹。", "There is no such folder."), where=str(folder),
            fix=Text("请给出存放法规文本的文件夹。", "Name the folder that holds the texts."),
        )  # fmt: skip
    laws = home.files.laws
    told = []
    for path in sorted(
        one for one in folder.iterdir() if one.suffix.lower() in KINDS and not one.name.startswith((".", "~"))
    ):
        try:
            told.append(_taken(home, viewer, path, laws))
        except BudgetwatchError as refused:
            told.append(TakenIn(path.name, refusal={language: refused.sentence(language) for language in ("zh", "en")}))
    return told


def _taken(home: Home, viewer: Viewer, path: Path, laws: Mapping[str, Law]) -> TakenIn:
    text = text_of(path)
    found = articles(text)
    if not found:
        raise BadFile(
            Text("没有找到“第…条”。", "No article (第…条) was found."), where=path.name,
            fix=Text("条文须各自起行，以“第…条”开头。", "Each article begins a line with 第…条."),
        )  # fmt: skip
    name, since = _name(path, text, laws), in_force_since(text)
    day = since.isoformat() if since else "0001-01-01"
    body = {"law": name, "since": day, "file": path.name, "sha256": hashlib.sha256(text.encode()).hexdigest(), "articles": found}  # fmt: skip
    target = home.path / "laws" / hashlib.sha256(name.encode()).hexdigest()[:16] / f"{day}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_name(f".{target.name}.{os.getpid()}")
    half.write_text(json.dumps(body, ensure_ascii=False, indent=1), encoding="utf-8")
    sync(half)
    half.replace(target)
    sync(target.parent)
    with home.session() as session:
        audit.record(session, viewer, "import_law", "law", name[:128], {"since": day, "articles": len(found), "sha256": body["sha256"]})  # fmt: skip
    return TakenIn(path.name, name, day if since else "", len(found), name in laws)


def _name(path: Path, text: str, laws: Mapping[str, Law]) -> str:
    """The longest name of a law we know that stands in the file's name or its first lines; else the file's own."""
    head = path.stem + "\n" + text[:300]
    known = {law.name.zh: law.name.zh for law in laws.values()} | {law.title.zh.split("（")[0]: law.name.zh for law in laws.values()}  # fmt: skip
    meant = [(len(word), name) for word, name in known.items() if word and word in head.split("\n", 1)[0]] or [
        (len(word), name) for word, name in known.items() if word and any(line.strip() == word for line in head.splitlines())
    ]  # fmt: skip
    return max(meant)[1] if meant else path.stem.strip()


def text_of(path: Path) -> str:
    """The words of a .txt, .md or .docx file."""
    if path.stat().st_size > _LARGEST:
        raise BadFile(
            Text("文件过大。", "The file is too large."), where=path.name,
            fix=Text(f"每份不超过 {_LARGEST >> 20} MB。", f"At most {_LARGEST >> 20} MB each."),
        )  # fmt: skip
    if path.suffix.lower() == ".docx":
        return _docx(path)
    content = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _unreadable(path)


def _docx(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            entry = archive.getinfo("word/document.xml")
            if entry.file_size > 8 * _LARGEST:
                raise _unreadable(path)
            root = fromstring(archive.read(entry), forbid_dtd=True)
    except (zipfile.BadZipFile, KeyError, ParseError, ValueError, OSError):
        raise _unreadable(path) from None
    lines = ("".join(part.text or "" for part in line.iter(f"{_WORD}t")) for line in root.iter(f"{_WORD}p"))
    return "\n".join(lines)


def _unreadable(path: Path) -> BadFile:
    return BadFile(
        Text("读不出文字。", "Its words cannot be read."), where=path.name,
        fix=Text("请另存为 UTF-8 文本或 .docx。", "Save it as UTF-8 text or .docx."),
    )  # fmt: skip
