"""Writes records as the sender in question would send them: its headings, codes, dates and encoding."""

from __future__ import annotations

import datetime as dt
import gzip
from pathlib import Path
from typing import IO, Any

import polars as pl

from budgetwatch.demo.senders import Sender
from budgetwatch.records import ALL

_SLICE = 100_000


def dressed(frame: pl.DataFrame, sender: Sender) -> pl.DataFrame:
    """The frame as text in the sender's hand: every column a string under the sender's heading."""
    feed = ALL[sender.feed]
    expressions: list[pl.Expr] = []
    for name in (c.name for c in feed.columns if c.name in frame.columns):
        column = feed.by_name[name]
        value = pl.col(name)
        if column.kind == "date":
            value = value.cast(pl.Date).dt.strftime(sender.dates)
        elif column.kind == "money":
            value = _amount(name, sender)
        elif column.values:
            written = sender.written(column.values)
            value = value.cast(pl.String).replace(list(written), list(written.values()))
        else:
            value = value.cast(pl.String)
        expressions.append(value.alias(sender.headings.get(name, column.label.zh)))
    return frame.select(expressions)


def _amount(name: str, sender: Sender) -> pl.Expr:
    text = pl.col(name).cast(pl.Decimal(18, 2)).cast(pl.String)
    if sender.wan:
        cents = (pl.col(name).cast(pl.Decimal(18, 2)).cast(pl.String).str.replace(".", "", literal=True)).cast(pl.Int64)
        digits = cents.abs().cast(pl.String).str.zfill(7)
        sign = pl.when(cents < 0).then(pl.lit("-")).otherwise(pl.lit(""))
        return sign + digits.str.head(digits.str.len_chars() - 6) + "." + digits.str.tail(6)
    if sender.thousands:
        whole, cents_ = text.str.extract(r"^(-?\d+)\."), text.str.extract(r"(\.\d+)$")
        for _ in range(4):
            whole = whole.str.replace(r"(\d)(\d{3})(,|$)", "$1,$2$3")
        return whole + cents_
    return text


class Writer:
    """A CSV file in the sender's encoding, written piece by piece; `raw` adds a line as it stands."""

    def __init__(self, path: Path, sender: Sender) -> None:
        self.path, self.sender = path, sender
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("wb")
        packed = path.suffix == ".gz"
        self._pack = (
            gzip.GzipFile("", "wb", 1, self._file, mtime=0) if packed else None
        )  # no clock in the file: same city, same bytes
        self._out: IO[bytes] = self._pack or self._file  # type: ignore[assignment]
        self._begun = False
        self._last: dict[str, str | None] = {}
        self.lines = 0

    def write(self, frame: pl.DataFrame) -> None:
        """Append these records."""
        text = dressed(frame, self.sender)
        for start in range(0, max(text.height, 1), _SLICE):
            piece = text.slice(start, _SLICE)
            body = piece.write_csv(include_header=not self._begun)
            self._out.write(body.encode(self.sender.encoding))
            self.lines += piece.height + (not self._begun)
            self._begun = True
        if text.height:
            self._last = text.row(-1, named=True)

    def again(self, **changes: str | None) -> int:
        """Append the last record once more with these columns as given; returns its number in the file."""
        row = {**self._last, **{self.sender.headings.get(name, name): value for name, value in changes.items()}}
        return self.raw(pl.DataFrame([row]).cast(pl.String).write_csv(include_header=False).rstrip("\n"))

    def raw(self, line: str) -> int:
        """Append one line exactly as given; returns its number in the file."""
        self._out.write((line + "\n").encode(self.sender.encoding))
        self.lines += 1
        return self.lines

    def close(self) -> None:
        """Finish the file."""
        if self._pack:
            self._pack.close()
        self._file.close()


def write(folder: Path, frame: pl.DataFrame, sender: Sender, name: str = "") -> Path:
    """One whole file, CSV or a workbook with its title rows."""
    path = folder / (name or sender.file)
    if path.suffix == ".xlsx":
        _workbook(path, dressed(frame, sender), sender)
        return path
    writer = Writer(path, sender)
    writer.write(frame)
    writer.close()
    return path


def _workbook(path: Path, text: pl.DataFrame, sender: Sender) -> None:
    import xlsxwriter

    path.parent.mkdir(parents=True, exist_ok=True)
    book: Any = xlsxwriter.Workbook(path, {"constant_memory": True, "strings_to_numbers": False})
    book.set_properties({"created": dt.datetime(2026, 1, 1, tzinfo=dt.UTC), "author": "示范市财政局"})
    sheet = book.add_worksheet("Sheet1")
    for number, title in enumerate(sender.titles):
        sheet.write_string(number, 0, title)
    for place, heading in enumerate(text.columns):
        sheet.write_string(len(sender.titles), place, heading)
    for number, row in enumerate(text.iter_rows(), start=len(sender.titles) + 1):
        for place, value in enumerate(row):
            if value is not None:
                sheet.write_string(number, place, value)
    book.close()
