"""How an unknown file is written: format, encoding, delimiter, quote, title rows. Told from its first megabyte."""

from __future__ import annotations

import csv
import io
import itertools
import json
import unicodedata
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from budgetwatch.errors import BadFile
from budgetwatch.feeds.readers import fiscal
from budgetwatch.feeds.readers.unpack import unpacked, unzipped
from budgetwatch.settings import Settings
from budgetwatch.text import Text

_HEAD = 1 << 20
_ROWS = 200
_DELIMITERS = ",\t;|^~"
#: In the order in which they are tried; latin-1 reads anything, so it says nothing.
_ENCODINGS = ("utf-8", "gb18030", "big5", "latin-1")


@dataclass(slots=True)
class Shape:
    """The keys of a profile that say how a file is written, and what is doubtful about them."""

    format: str = "csv"
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str | None = '"'
    skip_rows: int = 0
    sheet: str | int = 0
    records: str = ""
    heading_rows: int = 1
    aside: tuple[str, ...] = ()
    merged: tuple[int, ...] = ()  # the columns, counted from 0, in which cells below the heading are merged
    doubts: list[Text] = field(default_factory=list)


def shape_of(path: Path, work: Path, settings: Settings) -> Shape:
    """The shape of the file, packed or not; a file of no known kind is refused."""
    inner = path
    if path.name.lower() == "datapackage.json":
        return Shape("fiscal")
    several: tuple[str, ...] = ()
    if path.suffix.lower() == ".zip":
        members, _ = unzipped(path, work, settings)
        if any(name.rpartition("/")[2] == "datapackage.json" for name, _ in members):
            return _package(path, work, settings)
        several = tuple(name for name, _ in members)
        inner = members[0][1] if members else path
    elif path.suffix.lower() == ".gz":
        inner, _ = unpacked(path, work, settings)
    shape = _plain(inner, path)
    if len(several) > 1:
        shape.doubts.append(
            Text(f"包内有 {len(several)} 个文件，只看了「{several[0]}」。", f"The archive holds {len(several)} files; only '{several[0]}' was looked at.")
        )  # fmt: skip
    return shape


def _package(path: Path, work: Path, settings: Settings) -> Shape:
    (room := work / "package").mkdir()
    names = fiscal.named(path, room, settings)
    shape = Shape("fiscal", sheet=0)
    if len(names) > 1:
        shape.doubts.append(
            Text(f"包内有几张表：{'、'.join(names)}；取了「{names[0]}」。", f"The package has several tables: {', '.join(names)}; took '{names[0]}'.")
        )  # fmt: skip
    return shape


def _plain(inner: Path, path: Path) -> Shape:
    with inner.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(b"PAR1"):
        return Shape("parquet")
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return _workbook(inner, path)
    if head.startswith(b"%PDF") or (b"\0" in head and head[:2] not in (b"\xff\xfe", b"\xfe\xff")):
        raise BadFile(
            Text("不是表格、JSON 或 XML。", "Neither a table nor JSON nor XML."), where=path.name,
            fix=Text("请发送方提供 CSV、Excel、JSON、XML 或 Parquet。", "Ask the sender for CSV, Excel, JSON, XML or Parquet."),
        )  # fmt: skip
    shape = Shape()
    text = _decoded(head, shape, whole=len(head) < _HEAD)
    plain = text.lstrip("﻿ \r\n\t")
    if plain.startswith("<"):
        shape.format, shape.records = "xml", _element(plain)
    elif plain.startswith(("{", "[")):
        ocds = '"ocid"' in plain and any(
            f'"{word}"' in plain for word in ("tender", "awards", "buyer", "compiledRelease")
        )
        shape.format, shape.records = ("ocds", "") if ocds else ("json", _list_in(plain))
    else:
        _table(text, shape)
    return shape


def _decoded(head: bytes, shape: Shape, *, whole: bool) -> str:
    """The text, by the first encoding that reads it; the last character of a cut piece may be half."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        shape.encoding = "utf-16"
        return head.decode("utf-16", "ignore")
    for name in _ENCODINGS:
        for cut in range(1 if whole else 4):
            try:
                text = head[: len(head) - cut].decode(name)
            except UnicodeDecodeError:
                continue
            shape.encoding = name
            if name == "gb18030" and _both_read(head):
                shape.doubts.append(
                    Text("编码也可能是 big5：请看汉字是否通顺。", "The encoding may be big5 too: see whether the words make sense.")
                )  # fmt: skip
            return text
    raise AssertionError("latin-1 reads anything")


def _both_read(head: bytes) -> bool:
    """Whether Big5 reads it too, and gives traditional characters that a GB text would not."""
    try:
        text = head[:4096].decode("big5", "strict" if len(head) < 4096 else "ignore")
    except UnicodeDecodeError:
        return False
    return any(sign in text for sign in "預國區額號單機關費")


def _workbook(inner: Path, path: Path) -> Shape:
    try:
        book = CalamineWorkbook.from_path(str(inner))
        names = book.sheet_names
        sizes = {name: len(book.get_sheet_by_name(name).to_python(nrows=_ROWS)) for name in names}
        if not names:
            raise ValueError("no sheet")
    except (CalamineError, OSError, ValueError, zipfile.BadZipFile):
        raise BadFile(
            Text("不是完好的 Excel 文件。", "Not an intact Excel file."), where=path.name,
            fix=Text("请用 Excel 另存为 .xlsx 后再试。", "Save it as .xlsx in Excel and try again."),
        ) from None  # fmt: skip
    most = max(sizes, key=lambda name: sizes[name])
    shape = Shape("xlsx", sheet=0 if most == names[0] else most)
    if sum(size > 1 for size in sizes.values()) > 1:
        shape.doubts.append(
            Text(f"有几张表有数据：{'、'.join(names)}；取了“{most}”。", f"Several sheets hold rows: {', '.join(names)}; took '{most}'.")
        )  # fmt: skip
    sheet = book.get_sheet_by_name(most)
    rows = [[str(v) for v in row] for row in sheet.to_python(skip_empty_area=False, nrows=_ROWS)]
    _laid_out(rows, shape, [block for block in sheet.merged_cell_ranges or [] if block[0] != block[1]])
    return shape


def _table(text: str, shape: Shape) -> None:
    """Delimiter and title rows: the delimiter that gives most rows one and the same number of fields above one."""
    best: tuple[float, int, list[list[str]]] = (0.0, 0, [])
    for sign in _DELIMITERS:
        try:
            whole = text[: text.rfind("\n") + 1] or text
            rows = list(itertools.islice(csv.reader(io.StringIO(whole, newline=""), delimiter=sign), _ROWS))
        except csv.Error:
            continue
        counts = Counter(len(row) for row in rows if row)
        if not counts:
            continue
        fields, times = counts.most_common(1)[0]
        score = (times / sum(counts.values()) if fields > 1 else 0.0, fields, rows)
        if score[:2] > best[:2]:
            best, shape.delimiter = score, sign
    if best[1] < 2:
        shape.doubts.append(
            Text("看不出分隔符：只有一列，或每行字段数不一。", "No delimiter was found: one column, or rows of uneven length.")
        )  # fmt: skip
    _laid_out(best[2], shape, [])


#: With these begins the first value of a row that is no data: totals and subtotals, notes and signatures below the table.
_ASIDE = ("合计", "总计", "小计", "累计", "本页小计", "本月合计", "注:", "注：", "备注:", "备注：", "说明:", "说明：", "填报", "制表", "审核", "复核",
          "单位负责人",           "Total", "Grand total", "Subtotal", "Sub-total", "Note:", "Notes:", "Source:")  # fmt: skip


def _laid_out(rows: list[list[str]], shape: Shape, merged: list[tuple[tuple[int, int], tuple[int, int]]]) -> None:
    """Title rows, the rows of the heading, what below it is no data, and which columns hold merged cells."""
    top = shape.skip_rows = _titles(rows)
    if top >= len(rows):
        return
    shape.heading_rows = _heading_rows(rows, top, merged)
    begin = top + shape.heading_rows
    firsts = [next(("".join(v.split()) for v in row if v.strip()), "") for row in rows[begin:]]
    shape.aside = tuple(word for word in _ASIDE if any(_begins(first, word) for first in firsts))
    shape.merged = tuple(sorted({left for (a, left), (b, right) in merged if a >= begin and b > a and left == right}))


def _begins(first: str, word: str) -> bool:
    return first.casefold().startswith(word.replace(" ", "").casefold()) and bool(first)


def _heading_rows(rows: list[list[str]], top: int, merged: list[tuple[tuple[int, int], tuple[int, int]]]) -> int:
    """How many rows the heading takes: to the bottom of its merged cells, or, where cells in it are empty that have words below."""
    bottoms = [b for (a, _), (b, _) in merged if a == top and b > top]
    if bottoms:
        return min(max(bottoms) - top + 1, 3)
    count = 1
    while count < 3 and top + count < len(rows):
        above, below = rows[top + count - 1], rows[top + count]
        gaps = [at for at, value in enumerate(above) if not value.strip() and at < len(below) and below[at].strip()]
        filled = [value for value in below if value.strip()]
        if (
            not gaps
            or not filled
            or any(_number(value) for value in filled)
            or len(filled) > len([v for v in above if v.strip()]) + len(gaps)
        ):
            break
        count += 1
    return count


def _titles(rows: list[list[str]]) -> int:
    """Rows above the heading: the heading is the first row that is as wide as most, and has no number in it."""
    filled = [sum(bool(v.strip()) for v in row) for row in rows]
    if not filled:
        return 0
    wide = Counter(n for n in filled if n).most_common(1)[0][0] if any(filled) else 0
    for at, row in enumerate(rows[:20]):
        if filled[at] >= max(2, wide * 0.6) and not any(_number(v) for v in row):
            return at
    return 0


def _number(value: str) -> bool:
    plain = (
        unicodedata.normalize("NFKC", value)
        .strip()
        .replace(",", "")
        .removeprefix("-")
        .removeprefix("(")
        .removesuffix(")")
    )
    return bool(plain) and plain.replace(".", "", 1).isdigit()


def _element(text: str) -> str:
    """The element that repeats most directly below another one: the record."""
    names = Counter(part.split(">")[0].split()[0].rstrip("/") for part in text.split("<")[1:] if part[:1].isalpha())
    parents = [name for name, count in names.most_common() if count > 1 and f"<{name}>" in text]
    # Children of a record repeat as often as it does: the record is the one that holds others.
    for name in parents:
        body = text.split(f"<{name}>", 1)[1].split(f"</{name}>", 1)[0]
        if "<" in body:
            return name.rpartition(":")[2]
    return ""


def _list_in(text: str) -> str:
    """The way to the first list of records in a document; nothing where the document itself is one."""
    if text.startswith("["):
        return ""
    first = text.partition("\n")[0]
    try:
        if isinstance(json.loads(first), dict) and text.partition("\n")[2].lstrip().startswith("{"):
            return ""
    except ValueError:
        pass
    at, depth, name = 0, 0, ""
    while at < len(text):
        sign = text[at]
        if sign == '"':
            end = at + 1
            while end < len(text) and text[end] != '"':
                end += 2 if text[end] == "\\" else 1
            word, at = text[at + 1 : end], end
            if depth == 1 and text[at + 1 :].lstrip().startswith(":"):
                name = word
        elif sign == "[" and depth == 1 and text[at + 1 :].lstrip().startswith("{"):
            return name
        elif sign in "{[":
            depth += 1
        elif sign in "}]":
            depth -= 1
        at += 1
    return ""
