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
from budgetwatch.feeds.readers.sheet import LINE, Sheet, column, no_broken
from budgetwatch.feeds.readers.unpack import hashed
from budgetwatch.text import Text

_BATCH = 50_000


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
    # calamine begins at the first used row; line numbers are the sheet's own.
    offset = (sheet.start or (0, 0))[0]
    rows = ((offset + n, row) for n, row in enumerate(sheet.iter_rows(), start=1))
    headings = _headings(rows, profile)
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
    filled = ((n, row) for n, row in rows if any(_text(v) for v in row))
    while batch := list(itertools.islice(filled, _BATCH)):
        values = [[_text(v) for v in row[: len(headings)]] for _, row in batch]
        frame = pl.DataFrame(values, schema=schema, orient="row")
        parts.append(work / f"sheet-{len(parts)}.parquet")
        frame.insert_column(0, pl.Series(LINE, [n for n, _ in batch], dtype=pl.Int64)).write_parquet(parts[-1])
        total += len(batch)
    if not total:
        raise BadFile(
            Text("只有表头，没有数据行。", "There is a heading, but no data row."), where=where,
            fix=Text("若本期确无数据，无需报送；否则请重新导出。", "If there was nothing to report, send nothing; else export it again."),
        )  # fmt: skip
    return Sheet(
        tuple(headings), [partial(pl.scan_parquet, part) for part in parts], no_broken(), total, sha256 or hashed(path)
    )


def _headings(rows: Iterator[tuple[int, list[Any]]], profile: Profile) -> list[str] | None:
    """The headings, from the rows they stand in; those of the profile where the sheet has none.

    With several heading rows a heading is all that stands above its column; a cell that spans columns (merged, so
    that only its first one holds the words) stands above each of them.
    """
    if profile.headings:
        for _ in range(profile.skip_rows):
            next(rows, None)
        return list(profile.headings)
    found: list[list[str]] = []
    for number, row in rows:
        if number > profile.skip_rows and (found or any(_text(v) for v in row)):
            found.append([_text(v) or "" for v in row])
            if len(found) == profile.heading_rows:
                break
    if not found:
        return None
    *above, last = found
    for row in above:
        for at in range(1, len(row)):
            if not row[at] and (at < len(last) and last[at]):
                row[at] = row[at - 1]
    return ["".join(dict.fromkeys(row[at] for row in found if at < len(row) and row[at])) for at in range(len(last))]


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
