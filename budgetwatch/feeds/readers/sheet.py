"""What every reader returns: the rows of a file as text, each with its line, and the rows that have no shape."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import polars as pl

LINE = "_line"

#: Rows whose number of fields is not the heading's: line, how many fields, the row as sent, and the fields.
BROKEN: dict[str, pl.DataType] = {
    "line": pl.Int64(), "fields": pl.Int64(), "raw": pl.String(), "values": pl.List(pl.String()),
}  # fmt: skip


@dataclass(slots=True)
class Sheet:
    """A file read, in pieces small enough for memory. Each piece is made when it is called for and is a frame
    with `_line` (of the file; the heading of a plain CSV is line 1) and c0, c1 … as text.

    `rows` counts data rows, broken ones included and blank lines not. `again` reads the file once more
    with the exact reader, where the fast one fails on something it alone cannot stand. `tight`: no value of
    the pieces begins or ends with white space or is an empty text, which spares looking for either. `held`: the
    memory that pieces are read into, if the reader has one that may be used again.
    """

    headings: tuple[str, ...]
    pieces: Sequence[Callable[[], pl.LazyFrame]]
    broken: pl.DataFrame
    rows: int
    sha256: str
    delimiter: str = ","
    again: Callable[[], Sheet] | None = None
    tight: bool = False
    own: int | None = None  # how many columns, from the first on, are the sender's own; None: all
    parts: tuple[tuple[str, int], ...] = ()  # of an archive: its files, and the line with which each begins
    held: Held | None = None


class Held:
    """Parts of a file in memory. Within `one_at_a_time` each part is read over the one before.

    The system hands out memory page by page and clears every page: for a large file that costs as much as
    reading it three times. A file in memory that is written over costs neither; where there is none (outside
    Linux), parts are plain bytes.
    """

    def __init__(self) -> None:
        self._memory: BinaryIO | None = None

    @contextmanager
    def one_at_a_time(self) -> Iterator[None]:
        """Within, a part given before is no longer what it was once the next is asked for."""
        try:
            self._memory = os.fdopen(os.memfd_create("budgetwatch"), "r+b", buffering=0)
        except (AttributeError, OSError):
            yield
            return
        try:
            yield
        finally:
            self._memory.close()
            self._memory = None

    def part(self, path: Path, begin: int, end: int) -> bytes | BinaryIO:
        """These bytes of the file, in what Polars scans."""
        with path.open("rb") as file:
            if self._memory is None:
                file.seek(begin)
                return file.read(end - begin)
            memory, at = self._memory, begin
            memory.truncate(end - begin)
            memory.seek(0)
            while at < end:
                if not (sent := os.sendfile(memory.fileno(), file.fileno(), at, end - at)):
                    break
                at += sent
            return memory


def column(place: int) -> str:
    """The name, within a sheet, of the column at that place."""
    return f"c{place}"


def no_broken() -> pl.DataFrame:
    return pl.DataFrame(schema=BROKEN)


def as_sent(count: int, delimiter: str) -> pl.Expr:
    """The whole row as one line of CSV, written again from its fields."""
    special = '["\\r\\n' + ("\\" if delimiter in "\\]^-[&~" else "") + delimiter + "]"
    fields = []
    for i in range(count):
        value = pl.col(column(i)).fill_null("")
        quoted = pl.concat_str(pl.lit('"'), value.str.replace_all('"', '""', literal=True), pl.lit('"'))
        fields.append(pl.when(value.str.contains(special)).then(quoted).otherwise(value))
    return pl.concat_str(fields, separator=delimiter)


def written(fields: Sequence[str | None], delimiter: str = ",") -> str:
    """One row as a line of CSV."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator="").writerow(fields)
    return out.getvalue()


def stacked(rows: Sequence[list[str]]) -> list[str]:
    """The headings of a table whose heading takes several rows: all that stands above a column, joined.

    An empty cell above belongs to its left neighbour, for a cell that spans columns holds its words in the first.
    """
    if not rows:
        return []
    *above, last = rows
    for row in above:
        row += [""] * (len(last) - len(row))
        for at in range(1, len(last)):
            if not row[at] and last[at]:
                row[at] = row[at - 1]
    return heads(rows)


def heads(rows: Sequence[Sequence[str]]) -> list[str]:
    """What stands above each column, each word once."""
    width = max(map(len, rows), default=0) if len(rows) == 1 else len(rows[-1])
    return ["".join(dict.fromkeys(row[at] for row in rows if at < len(row) and row[at])) for at in range(width)]
