"""A large sheet written as its XML, one string a row made by the database: a million rows in seconds.

A cell at a time, 200,000 payments took a minute. So a small workbook is made the usual way, with one row
that carries the styles; its sheet is then rewritten with every row in place of that one.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter

_SHEET = "xl/worksheets/sheet1.xml"
_SAMPLE: dict[str, Any] = {"money": Decimal("1.00"), "integer": 1, "date": dt.date(2000, 1, 1)}
#: Stands for the row's number until the rows are written in order; XML cannot hold it, so no text does.
_NUMBER = "\x01"
ROW = "'<row r=\"' || chr(1) || '\">'"
_STYLE = re.compile(rb'<c r="([A-Z]+)2"(?: s="(\d+)")?')
#: What XML cannot hold at all; the longest text a cell may hold.
_FORBIDDEN, _LONGEST = "[\\x00-\\x08\\x0B\\x0C\\x0E-\\x1F\\x{FFFE}\\x{FFFF}]", 32_767


def frame(title: str, columns: list[tuple[str, int, str]], about_title: str, about: list[tuple[str, str]]) -> bytes:
    """A workbook with headings, formats, a frozen first row, one row of each column's kind, and the second sheet."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    head = book.add_format({"bold": True, "bg_color": "#E8EDF4", "bottom": 1})
    formats = {
        "money": book.add_format({"num_format": "#,##0.00;[Red]-#,##0.00"}),
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "integer": book.add_format({"num_format": "0"}),
    }
    sheet = book.add_worksheet(title)
    sheet.freeze_panes(1, 0)
    for at, (label, width, kind) in enumerate(columns):
        sheet.set_column(at, at, width)
        sheet.write_string(0, at, label, head)
        if kind == "date":
            sheet.write_datetime(1, at, _SAMPLE[kind], formats[kind])
        elif kind in formats:
            sheet.write_number(1, at, _SAMPLE[kind], formats[kind])
        else:
            sheet.write_string(1, at, "x")
    note = book.add_worksheet(about_title)
    note.set_column(0, 0, 24)
    note.set_column(1, 1, 80)
    for at, (label, value) in enumerate(about):
        note.write_string(at, 0, label, head)
        note.write_string(at, 1, value)
    book.close()
    return out.getvalue()


def styles(workbook: bytes, kinds: list[str]) -> list[str]:
    """The style attribute of each column, as the frame gave it to its one row."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as parts:
        found = {column.decode(): style.decode() for column, style in _STYLE.findall(parts.read(_SHEET))}
    return [f' s="{style}"' if (style := found.get(letters(at), "")) else "" for at in range(len(kinds))]


def letters(at: int) -> str:
    """The name of a column: 0 is A, 26 is AA."""
    name = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        name = chr(65 + rest) + name
    return name


def cell(column: str, kind: str, letter: str, style: str) -> str:
    """The SQL of one cell as XML; a NULL is no cell."""
    head = f"'<c r=\"{letter}' || chr(1) || '\"{style}"
    if kind in ("money", "integer"):
        return f"coalesce({head}><v>' || {column} || '</v></c>', '')"
    if kind == "date":
        return f"coalesce({head}><v>' || ({column} - DATE '1899-12-30') || '</v></c>', '')"
    text = f"left(regexp_replace({column}::VARCHAR, '{_FORBIDDEN}', '', 'g'), {_LONGEST})"
    safe = f"replace(replace(replace({text}, '&', '&amp;'), '<', '&lt;'), '>', '&gt;')"
    return f"coalesce({head} t=\"inlineStr\"><is><t xml:space=\"preserve\">' || {safe} || '</t></is></c>', '')"


def fill(workbook: bytes, rows: Iterable[Any], path: Path) -> None:
    """The frame with these rows (Arrow arrays of XML strings) in place of its one, in `path`."""
    with (
        zipfile.ZipFile(io.BytesIO(workbook)) as parts,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out,
    ):
        for part in parts.infolist():
            if part.filename != _SHEET:
                out.writestr(part, parts.read(part))
                continue
            sheet = parts.read(part)
            start = sheet.index(b'<row r="2"')
            end = sheet.index(b"</row>", start) + len(b"</row>")
            # The size of the sheet is a hint that readers do without.
            before = re.sub(rb"<dimension [^>]*/>", b"", sheet[:start])
            number = 2
            with out.open(_SHEET, "w", force_zip64=True) as written:
                written.write(before)
                for chunk in rows:
                    texts = chunk.to_pylist()
                    written.write(
                        "".join(row.replace(_NUMBER, str(at)) for at, row in enumerate(texts, number)).encode()
                    )
                    number += len(texts)
                written.write(sheet[end:])
