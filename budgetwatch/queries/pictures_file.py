"""The data behind a picture as a file: every row and column of its table, amounts exact, and a note of what was asked.

Text that a spreadsheet would run as a formula stays text, as in `export`.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

import xlsxwriter

from budgetwatch import tables as t
from budgetwatch.access.viewer import ROLES, Viewer
from budgetwatch.queries import seen
from budgetwatch.queries.listing import Heading, Listing, heading
from budgetwatch.queries.scope import one_of
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

_FORMULA = re.compile(r"^\s*[=+\-@]|^[\t\r]")
_CURRENCY = heading("currency", "币种", "Currency", "code")
_NUMBERS = {"money": "#,##0.00;[Red]-#,##0.00", "integer": "0", "ratio": "0.00%", "date": "yyyy-mm-dd"}


def picture_file(
    home: Home,
    viewer: Viewer,
    name: str,
    title: str,
    sentence: str,
    listing: Listing,
    format: Literal["csv", "xlsx"],
    *,
    asked: Mapping[str, str],
    language: str = "zh",
) -> bytes:
    """The file: CSV (UTF-8 with BOM) or XLSX with a second sheet that says what was asked and what the picture says."""
    one_of(format, ("csv", "xlsx"), "format")
    headings = [*listing.headings]
    if any(h.kind == "money" for h in headings) and all(h.name != "currency" for h in headings):
        headings.append(_CURRENCY)
    # Recorded before a byte is sent: what cannot be recorded is not taken away.
    seen.audit(
        home, viewer, "export_picture", "picture", name, format=format, asked=dict(asked), rows=len(listing.rows)
    )
    if format == "csv":
        return _csv(headings, listing, language)
    return _xlsx(headings, listing, language, title, [
        (Text("图", "Picture"), title),
        (Text("说明", "What it shows"), sentence),
        (Text("导出人", "Exported by"), f"{viewer.name} ({viewer.login}, {ROLES.get(viewer.role, Text(viewer.role, viewer.role)).of(language)})"),
        (Text("权限范围", "Scope"), viewer.region or Text("全部", "everything").of(language)),
        (Text("导出时间 (UTC)", "Exported at (UTC)"), t.now().isoformat(timespec="seconds")),
        *((Text(f"条件：{key}", f"Asked: {key}"), value) for key, value in asked.items()),
    ])  # fmt: skip


def harmless(text: str) -> str:
    """The text as no spreadsheet takes it for a formula."""
    return f"'{text}" if _FORMULA.search(text) else text


def _csv(headings: list[Heading], listing: Listing, language: str) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([harmless(h.label.of(language)) for h in headings])
    writer.writerows([_plain(row.get(h.name), h.kind, language) for h in headings] for row in listing.rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _plain(value: Any, kind: str, language: str) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, (int, dt.date)):
        return str(value)
    return harmless(value.of(language) if isinstance(value, Text) else str(value))


def _xlsx(headings: list[Heading], listing: Listing, language: str, title: str, about: list[tuple[Text, str]]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    head = book.add_format({"bold": True, "bg_color": "#E8EDF4", "bottom": 1})
    formats = {kind: book.add_format({"num_format": pattern}) for kind, pattern in _NUMBERS.items()}
    sheet = book.add_worksheet(re.sub(r"[\[\]:*?/\\']", " ", title)[:31].strip() or "data")
    sheet.freeze_panes(1, 0)
    for at, column in enumerate(headings):
        sheet.set_column(at, at, 24 if column.kind == "text" else 18)
        sheet.write_string(0, at, column.label.of(language), head)
        for line, row in enumerate(listing.rows, 1):
            value = row.get(column.name)
            if value is None:
                continue
            if isinstance(value, dt.date):
                sheet.write_datetime(line, at, value, formats["date"])
            elif isinstance(value, (Decimal, int)):
                sheet.write_number(line, at, value, formats.get(column.kind))
            else:
                sheet.write_string(line, at, value.of(language) if isinstance(value, Text) else str(value))
    note = book.add_worksheet("说明" if language.startswith("zh") else "About")
    note.set_column(0, 0, 24)
    note.set_column(1, 1, 80)
    for at, (label, value) in enumerate(about):
        note.write_string(at, 0, label.of(language), head)
        note.write_string(at, 1, value)
    book.close()
    return out.getvalue()
