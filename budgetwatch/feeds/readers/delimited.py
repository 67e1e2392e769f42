"""Delimited text (CSV and its kin) in two lanes that give the same rows.

The fast lane surveys the bytes and lets Polars stream the file. The exact lane is Python's csv module,
row by row, for what the fast one cannot be trusted with: malformed quotes, bare CR line ends.
"""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np
import polars as pl

from budgetwatch.errors import BadFile
from budgetwatch.feeds.headings import RETURNED
from budgetwatch.feeds.profile import Profile
from budgetwatch.feeds.readers import encodings
from budgetwatch.feeds.readers.sheet import BROKEN, LINE, Held, Sheet, column, stacked, written
from budgetwatch.feeds.readers.survey import Survey, survey
from budgetwatch.feeds.readers.unpack import hashed
from budgetwatch.text import Text

#: Rows a batch of the exact lane holds; a few tens of MB.
_BATCH = 50_000
#: The longest field the exact lane takes; past it a quote was surely never closed.
_LONGEST = 4 * 2**20
#: Stands after the last line: it comes out by itself unless a quote is still open. Files with NUL are refused before.
_END = "\0end\0"
_HEADING_MOST = 1 << 20
_RAW_MOST = 10_000
_BINARY = {
    b"PK\x03\x04": "xlsx/zip",
    b"\x1f\x8b": "gzip",
    b"\xd0\xcf\x11\xe0": "xls",
    b"%PDF": "PDF",
    b"PAR1": "Parquet",
}


def read(
    path: Path, profile: Profile, work: Path, where: str, sha256: str, progress: Callable[[float], None] | None = None,
    *, quickly: bool = False,
) -> Sheet:  # fmt: skip
    """The rows of the file, by the fast lane where it can be trusted, else by the exact one.

    `quickly`: a piece may turn out not to be readable (a row too long beside one too short); the sheet's `again` then is.
    """
    _not_binary(path, profile, where)
    text = encodings.as_utf8(path, profile.encoding, work, where)
    if text != path and not sha256:
        sha256 = hashed(path)
    headings, start, line = _heading(text, profile, where)
    if text.stat().st_size <= start:
        raise _no_rows(where)
    surveyed = partial(
        survey, text, start=start, fields=len(headings), delimiter=profile.delimiter, quote=profile.quote
    )
    found = surveyed(hashing=not sha256, every=not quickly, progress=progress)
    if found.nul:
        raise _binary(where, Text("其中有 NUL 字节", "it holds NUL bytes"))
    sha256 = sha256 or found.sha256

    def exactly() -> Sheet:
        misfit = encodings.misfit_of(text, "utf-8")
        if misfit:
            raise encodings.refusal(profile.encoding, misfit, where)
        return _exact(text, profile, work, where, headings, sha256)

    def counted() -> Sheet:
        return fast(surveyed(hashing=False, every=True))

    def fast(found: Survey) -> Sheet:
        sheet = _fast(text, profile, headings, line, found, sha256)
        sheet.again, sheet.tight = counted if found.summed else exactly, found.tight
        return sheet

    return fast(found) if found.plain else exactly()


def _fast(path: Path, profile: Profile, headings: Sequence[str], line: int, found: Survey, sha256: str) -> Sheet:
    names = dict.fromkeys((column(i) for i in range(len(headings))), pl.String)
    away = pl.Series(sorted([row for row, *_ in found.irregular] + found.blank), dtype=pl.Int64)
    line_of = _line_of(line, found.breaks).alias(LINE)
    held = Held()

    def piece(record: int, begin: int, end: int) -> pl.LazyFrame:
        frame = pl.scan_csv(
            held.part(path, begin, end), has_header=False, schema=names, separator=profile.delimiter, quote_char=profile.quote,
            row_index_name=LINE, row_index_offset=record, missing_columns="insert",
            extra_columns="raise" if found.summed else "ignore",
        ).with_columns(pl.col(LINE).cast(pl.Int64))  # fmt: skip
        here = away.filter(away >= record)
        if len(here):
            frame = frame.filter(~pl.col(LINE).is_in(here.implode()))
        if found.quoted:  # an empty value in quotes is as empty as one without
            frame = frame.with_columns(pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in names)
        return frame.with_columns(line_of)

    begins = [*found.cuts, (found.records, path.stat().st_size)]
    pieces = [
        partial(piece, record, begin, end)
        for (record, begin), (_, end) in itertools.pairwise(begins)
        if end > begin
    ]  # fmt: skip
    return Sheet(
        tuple(headings), pieces, _broken(path, profile, line, found), found.records - len(found.blank), sha256,
        profile.delimiter, held=held,
    )  # fmt: skip


def _line_of(heading: int, breaks: Sequence[tuple[int, int]]) -> pl.Expr:
    """The physical line on which a record starts: after the heading, plus the breaks inside earlier values."""
    if not breaks:
        return pl.col(LINE) + (heading + 1)
    records = np.array([record for record, _ in breaks])
    extra = np.concatenate(([0], np.cumsum([count for _, count in breaks])))

    def lines(numbers: pl.Series) -> pl.Series:
        index = numbers.to_numpy()
        return pl.Series(index + (heading + 1) + extra[np.searchsorted(records, index)], dtype=pl.Int64)

    return pl.col(LINE).map_batches(lines, return_dtype=pl.Int64, is_elementwise=True)


def _broken(path: Path, profile: Profile, heading: int, found: Survey) -> pl.DataFrame:
    breaks = np.array([record for record, _ in found.breaks])
    extra = np.concatenate(([0], np.cumsum([count for _, count in found.breaks])))
    rows = []
    with path.open("rb") as file:
        for record, start, end, fields in found.irregular:
            file.seek(start)
            raw = file.read(end - start).decode("utf-8", "replace").rstrip("\r")
            line = record + heading + 1 + int(extra[np.searchsorted(breaks, record)])
            values: list[str] = next(_parsed(io.StringIO(raw, newline=""), profile), [])
            rows.append((line, fields, raw[:_RAW_MOST], [v or None for v in values]))
    return pl.DataFrame(rows, schema=BROKEN, orient="row")


def _exact(path: Path, profile: Profile, work: Path, where: str, headings: Sequence[str], sha256: str) -> Sheet:
    parts: list[Path] = []
    broken: list[tuple[int, int, str, list[str | None]]] = []
    rows = 0
    lines: list[int] = []
    values: list[list[str | None]] = []
    names = {column(i): pl.String() for i in range(len(headings))}

    def put() -> None:
        part = work / f"exact-{len(parts)}.parquet"
        frame = pl.DataFrame(values, schema=names, orient="row")
        frame.insert_column(0, pl.Series(LINE, lines, dtype=pl.Int64)).write_parquet(part, compression="lz4")
        parts.append(part)
        lines.clear()
        values.clear()

    with path.open(encoding="utf-8-sig", newline="") as file:
        for _ in range(profile.skip_rows):
            file.readline()
        records = _numbered(file, profile, where)
        for _ in range(0 if profile.headings else profile.heading_rows):
            next(records)
        for first, fields in records:
            if not fields:
                continue
            rows += 1
            row = [value or None for value in fields]
            if len(fields) == len(headings):
                lines.append(first)
                values.append(row)
            else:
                broken.append((first, len(fields), written(fields, profile.delimiter)[:_RAW_MOST], row))
            if len(lines) >= _BATCH:
                put()
    put()
    return Sheet(
        tuple(headings), [partial(pl.scan_parquet, part) for part in parts], pl.DataFrame(broken, schema=BROKEN, orient="row"), rows, sha256,
        profile.delimiter,
    )  # fmt: skip


def _numbered(file: io.TextIOWrapper, profile: Profile, where: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line it starts on. A quote still open at the end of the file is refused."""
    reader, before = _parsed(itertools.chain(file, [_END]), profile), 0
    while True:
        line = profile.skip_rows + before + 1
        try:
            fields = next(reader)
        except csv.Error:
            raise _unclosed(where, line) from None
        if fields == [_END]:
            return
        if any(_END in field for field in fields):
            raise _unclosed(where, line)
        yield line, fields
        before = reader.line_num


def _parsed(file: Iterable[str], profile: Profile):  # type: ignore[no-untyped-def]  # csv's reader type is private
    csv.field_size_limit(_LONGEST)
    if profile.quote is None:
        return csv.reader(file, delimiter=profile.delimiter, quoting=csv.QUOTE_NONE)
    return csv.reader(file, delimiter=profile.delimiter, quotechar=profile.quote)


def _heading(path: Path, profile: Profile, where: str) -> tuple[list[str], int, int]:
    """The headings, the byte after them, and the number of the line they end on; those of the profile where the file has none."""
    with path.open("rb") as file:
        for _ in range(profile.skip_rows):
            file.readline(_HEADING_MOST)
        if profile.headings:
            start = _after_mark(file)
            return _given(file, start, profile), start, profile.skip_rows
        pieces: list[bytes] = []
        begun, found = file.tell(), 0
        while (piece := file.readline(_HEADING_MOST)) and sum(map(len, pieces)) < _HEADING_MOST:
            if b"\n" not in piece and b"\r" in piece:  # lines that end in CR alone
                piece = piece[: piece.index(b"\r") + 1]
                file.seek(begun + len(piece))
            pieces.append(piece)
            begun = file.tell()
            if profile.quote is None or b"".join(pieces).count(profile.quote.encode()) % 2 == 0:
                found += 1
                if found == profile.heading_rows:
                    break
        start = file.tell()
    head = b"".join(pieces)
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError:
        misfit = encodings.misfit_of(path, "utf-8") or encodings.Misfit(0, 1)
        raise encodings.refusal(profile.encoding, misfit, where) from None
    rows = [[value.strip() for value in row] for row in _parsed(io.StringIO(text, newline=""), profile)]
    headings = stacked(rows)
    if not any(h.strip() for h in headings):
        raise BadFile(
            Text(f"第 {profile.skip_rows + 1} 行应为表头，却是空的。", f"Line {profile.skip_rows + 1} should be the heading, but is empty."),
            where=where,
            fix=Text("请检查报送格式中的 skip_rows（标题行数）。", "Check skip_rows (title lines) in the profile."),
        )  # fmt: skip
    return headings, start, profile.skip_rows + len(pieces)


def _given(file: BinaryIO, start: int, profile: Profile) -> list[str]:
    """The headings of the profile; rows that come back mended carry our three columns behind the sender's."""
    file.seek(start)
    first = file.readline(_HEADING_MOST).decode("utf-8", "replace")
    fields: list[str] = next(_parsed(io.StringIO(first, newline=""), profile), [])
    returned = len(fields) == len(profile.headings) + len(RETURNED) and fields[-2].isdigit() and fields[-3].isdigit()
    return [*profile.headings, *(RETURNED if returned else ())]


def _after_mark(file: BinaryIO) -> int:
    """Where the first row begins: a byte order mark is none of its bytes."""
    at = file.tell()
    return at + 3 if at == 0 and file.read(3) == b"\xef\xbb\xbf" else at


def _not_binary(path: Path, profile: Profile, where: str) -> None:
    with path.open("rb") as file:
        head = file.read(1 << 16)
    for magic, kind in _BINARY.items():
        if head.startswith(magic):
            raise _binary(where, Text(f"看起来是 {kind} 文件", f"it looks like {kind}"))
    if b"\0" in head and not any("16" in e or "32" in e for e in profile.encoding):
        wide = head[:2] in (b"\xff\xfe", b"\xfe\xff")
        raise _binary(where, Text("看起来是 UTF-16 文本", "it looks like UTF-16 text") if wide
                      else Text("其中有 NUL 字节", "it holds NUL bytes"))  # fmt: skip


def _binary(where: str, seen: Text) -> BadFile:
    return BadFile(
        Text(f"不是文本文件：{seen.zh}。", f"Not a text file: {seen.en}."), where=where,
        fix=Text("请改用相应格式（format、encoding）的报送格式，或另存为 CSV 后报送。",
                 "Use a profile of that format (format, encoding), or save it as CSV and send that."),
    )  # fmt: skip


def _no_rows(where: str) -> BadFile:
    return BadFile(
        Text("只有表头，没有数据行。", "There is a heading, but no data row."), where=where,
        fix=Text("若本期确无数据，无需报送；否则请重新导出。", "If there was nothing to report, send nothing; else export it again."),
    )  # fmt: skip


def _unclosed(where: str, line: int) -> BadFile:
    return BadFile(
        Text(f"第 {line} 行开始的引号没有闭合。", f"A quote that opens on line {line} is never closed."), where=where,
        fix=Text("请发送方修正该行；若文件不用引号，请在报送格式中写 quote: \"\"。",
                 'Ask the sender to mend that line; if the file uses no quotes, set quote: "" in the profile.'),
    )  # fmt: skip
