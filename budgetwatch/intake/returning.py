"""Rejected rows on their way back: a file in the sender's own columns with the reasons beside each row.

The sender mends the rows where they stand and sends the file again by the same profile: a CSV is written as the
profile has it (encoding, delimiter, title lines), a workbook as the profile of a sender of workbooks has it. Three columns that we add say
which batch and line a row comes from and why it was rejected; the reader knows them and leaves them alone, so the
mended file completes the batch it came from (`Batch.mends`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import xlsxwriter

from budgetwatch.errors import NotFound
from budgetwatch.feeds import profile as profiles
from budgetwatch.feeds.headings import RETURNED
from budgetwatch.feeds.reasons import REASONS, sentence
from budgetwatch.home import Home
from budgetwatch.intake.keeping import rejects
from budgetwatch.tables import Batch
from budgetwatch.text import Text

#: Spreadsheets know UTF-8 by its mark.
_MARKED = {"utf-8": "utf-8-sig"}
#: Rows that are held at a time.
_AT_A_TIME = 20_000


def give_back(home: Home, batch: int, target: Path, *, language: str = "zh") -> int:
    """Write the rejected rows of the batch to `target` (.csv or .xlsx); returns how many."""
    with home.session() as session:
        row = session.get(Batch, batch)
        written = dict(row.written or {}) if row is not None else {}
        profile = row.profile if row is not None else ""
    if not written.get("headings") or rejects(home, batch, limit=1).is_empty():
        raise NotFound(
            Text(f"批次 {batch} 没有可退回的行。", f"Batch {batch} has no rows to give back."),
            fix=Text("用 budgetwatch batches list 查看批次。", "See `budgetwatch batches list`."),
        )
    headings = [h for h in written["headings"] if h not in RETURNED]
    lines = _lines(home, batch, written, language)
    count = 0
    how = profiles.load_all(home.path / "profiles").get(profile)
    if target.suffix.lower() == ".xlsx":
        return _workbook(target, [*headings, *RETURNED], lines, how if how and how.format == "xlsx" else None)
    encoding = how.encoding[0] if how and how.format == "csv" else "utf-8"
    with target.open("w", encoding=_MARKED.get(encoding, encoding), errors="replace", newline="") as file:
        for _ in range(how.skip_rows if how and how.format == "csv" else 0):
            file.write("\r\n")
        out = csv.writer(file, delimiter=str(written["delimiter"]))
        for _ in range(
            0
            if how and how.format == "csv" and how.headings
            else how.heading_rows
            if how and how.format == "csv"
            else 1
        ):
            out.writerow([*headings, *RETURNED])
        for values in lines:
            out.writerow(values)
            count += 1
    return count


def _lines(home: Home, batch: int, written: dict[str, object], language: str) -> Iterator[list[str]]:
    """Each rejected row once, as sent, with its batch, line and all its reasons."""
    headings: list[str] = list(written["headings"])  # type: ignore[call-overload]
    kept = [at for at, h in enumerate(headings) if h not in RETURNED]
    at, total = 0, rejects(home, batch).height
    while at < total:
        piece = rejects(home, batch, limit=_AT_A_TIME, offset=at)
        if at + piece.height < total:  # a row's reasons stay together
            last = piece["line"][-1]
            piece = piece.filter(pl.col("line") < last) if piece["line"][0] < last else piece
        at += piece.height
        for (line,), group in piece.group_by(["line"], maintain_order=True):
            fields = next(
                csv.reader(io.StringIO(group["raw"][0] or "", newline=""), delimiter=str(written["delimiter"])), []
            )
            fields += [""] * (len(headings) - len(fields))
            beyond = fields[len(headings) :]
            reasons = [
                sentence(code, column, value).of(language) if code in REASONS else code
                for column, value, code in group.select("column", "value", "reason").rows()
            ]
            if beyond:
                reasons.append(" ".join(beyond))
            yield [*(fields[i] for i in kept), str(batch), str(line), "；".join(reasons)]


def _workbook(target: Path, headings: list[str], lines: Iterator[list[str]], how: profiles.Profile | None) -> int:
    """All values as text: what looks like a number or a formula to Excel stays what was sent.

    For a sender of workbooks it lies as the profile reads it (sheet, title rows, rows of the heading), so that it can be
    mended and sent as it is.
    """
    count = 0
    name = how.sheet if how and isinstance(how.sheet, str) else "退回"
    top = how.skip_rows if how else 0
    tall = how.heading_rows if how else 1
    with xlsxwriter.Workbook(str(target), {"constant_memory": True, "strings_to_formulas": False}) as book:
        bold = book.add_format({"bold": True, "bg_color": "#E8EEF5"})
        for number in range(how.sheet if how and isinstance(how.sheet, int) else 0):
            book.add_worksheet(f"({number + 1})")  # the profile counts sheets: those before it are left empty
        sheet = book.add_worksheet(name)
        sheet.activate()
        sheet.freeze_panes(top + tall, 0)
        for row in range(top, top + tall):
            for at, heading in enumerate(headings):
                sheet.write_string(row, at, heading, bold)
        for values in lines:
            for at, value in enumerate(values):
                sheet.write_string(top + tall + count, at, value)
            count += 1
    return count
