"""Excel workbooks, read by calamine: values as text, dates as ISO days, each row with its row number."""

from __future__ import annotations

import datetime as dt
import itertools
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
from python_calamine import CalamineError, CalamineWorkbook

from budgetwatch.errors import BadFile
from budgetwatch.feeds.profile import Profile
from budgetwatch.feeds.readers.sheet import BROKEN, LINE, Sheet, column, heads, stacked, written
from budgetwatch.feeds.readers.unpack import hashed
from budgetwatch.text import Text

_BATCH = 50_000
_RAW_MOST = 10_000
#: A block of merged cells: row and column of its first cell and of its last, counted from 0.
_Block = tuple[tuple[int, int], tuple[int, int]]


def read(
    path: Path, profile: Profile, work: Path, where: str, sha256: str, progress: Callable[[float], None] | None = None
) -> Sheet:
    """The rows of one sheet; rows with nothing in them are not rows."""
    try:
        book = CalamineWorkbook.from_path(str(path))
        sheet = (
            book.get_sheet_by_name(profile.sheet)
            if isinstance(profile.sheet, str)
            else book.get_sheet_by_index(profile.sheet)
        )
    except (CalamineError, OSError, ValueError, IndexError, zipfile.BadZipFile) as error:
        names = _sheet_names(path)
        raise BadFile(
            Text(f"读不出工作表 {profile.sheet!r}：不是完好的 Excel 文件，或没有这个表。", f"Cannot read sheet {profile.sheet!r} of an Excel file ({error})."),
            where=where,
            fix=Text(f"现有工作表：{'、'.join(names)}。" if names else "请用 Excel 另存为 .xlsx 后重新报送。",
                     f"Its sheets: {', '.join(names)}." if names else "Save it as .xlsx in Excel and send it again."),
        ) from None  # fmt: skip
    # calamine gives every row from the first one on, so that line numbers are the sheet's own, but begins at the first used column.
    left = (sheet.start or (0, 0))[1]
    rows = enumerate(sheet.iter_rows(), start=1)
    merged = [((a, b - left), (c, d - left)) for (a, b), (c, d) in sheet.merged_cell_ranges or [] if (a, b) != (c, d)]
    headings = _headings(rows, profile, merged)
    if headings is None:
        raise BadFile(
            Text("工作表是空的。", "The sheet is empty."), where=where,
            fix=Text("请检查 sheet 与 skip_rows。", "Check `sheet` and `skip_rows` in the profile."),
        )  # fmt: skip
    while headings and not headings[-1]:
        headings.pop()
    schema = {column(i): pl.String() for i in range(len(headings))}
    parts: list[Path] = []
    total = 0
    broken: list[tuple[int, int, str, list[str | None]]] = []
    wide = len(headings)
    texts = ((n, [_text(v) for v in row]) for n, row in rows)
    filled = ((n, row) for n, row in texts if any(row))
    while batch := list(itertools.islice(filled, _BATCH)):
        total += len(batch)
        whole = [(n, row[:wide] + [None] * (wide - len(row))) for n, row in batch if not any(row[wide:])]
        for n, row in batch:
            if any(row[wide:]):  # values right of the last heading: kept as sent, for the gate to reject
                width = max(i for i, v in enumerate(row, start=1) if v)
                broken.append((n, width, written(row[:width])[:_RAW_MOST], row[:width]))
        frame = pl.DataFrame([row for _, row in whole], schema=schema, orient="row")
        parts.append(work / f"sheet-{len(parts)}.parquet")
        frame.insert_column(0, pl.Series(LINE, [n for n, _ in whole], dtype=pl.Int64)).write_parquet(parts[-1])
    if not total:
        raise BadFile(
            Text("只有表头，没有数据行。", "There is a heading, but no data row."), where=where,
            fix=Text("若本期确无数据，无需报送；否则请重新导出。", "If there was nothing to report, send nothing; else export it again."),
        )  # fmt: skip
    return Sheet(
        tuple(headings), [partial(pl.scan_parquet, part) for part in parts],
        pl.DataFrame(broken, schema=BROKEN, orient="row"), total, sha256 or hashed(path),
    )  # fmt: skip


def _headings(rows: Iterator[tuple[int, list[Any]]], profile: Profile, merged: list[_Block]) -> list[str] | None:
    """The headings, from the rows they stand in; those of the profile where the sheet has none.

    With several heading rows a heading is all that stands above its column; a cell that spans columns stands above each
    of them. Where the sheet does not say which cells are merged, an empty one belongs to its left neighbour.
    """
    if profile.headings:
        for _ in range(profile.skip_rows):
            next(rows, None)
        return list(profile.headings)
    found: list[list[str]] = []
    first = 0  # the row, counted from 0, in which they begin
    for number, row in rows:
        if number > profile.skip_rows and (found or any(_text(v) for v in row)):
            if not found:
                first = number - 1
            found.append([_text(v) or "" for v in row])
            if len(found) == profile.heading_rows:
                break
    if not found:
        return None
    here = [block for block in merged if first <= block[0][0] < first + len(found)]
    if len(found) == 1 or not here:
        return stacked(found)
    _spread(found, here, first)
    return heads(found)


def _spread(found: list[list[str]], blocks: list[_Block], first: int) -> None:
    """Write what stands in the first cell of each block into all of its cells."""
    for (top, left), (bottom, right) in blocks:
        words = found[top - first][left] if left < len(found[top - first]) else ""
        for row in found[top - first : bottom - first + 1]:
            row[left : right + 1] = [words] * len(row[left : right + 1])


def _text(value: Any) -> str | None:
    """The cell as text. Excel keeps 15 significant digits, so what stands beyond them is noise and not the sender's."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else format(value, ".15g")
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ")
    return str(value).strip() or None


def _sheet_names(path: Path) -> list[str]:
    try:
        return list(CalamineWorkbook.from_path(str(path)).sheet_names)
    except Exception:  # whatever is wrong with the file, there are no names to offer
        return []
