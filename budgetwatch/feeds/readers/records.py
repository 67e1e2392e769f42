"""Files that name every value themselves (JSON, XML): their records become the rows of a sheet.

A heading is the way to a value, with dots: `payee.name`. The headings of a file are all that any record has, in
the order in which they are met. Values stay the text that was sent: a number keeps its digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from budgetwatch.errors import BadFile
from budgetwatch.feeds.readers.sheet import BROKEN, LINE, Sheet, column
from budgetwatch.feeds.readers.unpack import hashed
from budgetwatch.text import Text

#: Records that are held at a time; a few tens of MB.
_BATCH = 50_000
#: More headings than this are names used as values (a code or a day as the name), not columns.
MOST_HEADINGS = 2_000
#: What stands between the values where one way leads to several.
JOINT = "；"
_RAW_MOST = 10_000
_HALF = re.compile("[\ud800-\udfff]")

#: A record: where it stands in the file, and its values by the way to them; or what stood there instead.
Record = tuple[int, Mapping[str, str] | str]


def sheet_of(records: Iterable[Record], work: Path, where: str, path: Path, sha256: str) -> Sheet:
    """The records as a sheet. What is no record is kept as a broken row, which the gate rejects."""
    places: dict[str, int] = {}
    parts: list[tuple[Path, int]] = []
    broken: list[tuple[int, int, str, list[str]]] = []
    rows = 0
    for batch in _batches(records):
        lines: list[int] = []
        held: list[Mapping[str, str]] = []
        for line, said in batch:
            rows += 1
            if isinstance(said, str):
                broken.append((line, NO_RECORD, readable(said[:_RAW_MOST]), []))
                continue
            lines.append(line)
            held.append(said)
            for heading in said:
                places.setdefault(heading, len(places))
        if len(places) > MOST_HEADINGS:
            raise _too_many(where)
        if held and places:
            part = work / f"records-{len(parts)}.parquet"
            try:
                frame = _framed(held, places)
            except UnicodeEncodeError:
                frame = _framed([{name: readable(value) for name, value in one.items()} for one in held], places)
            frame.insert_column(0, pl.Series(LINE, lines, dtype=pl.Int64)).write_parquet(part, compression="lz4")
            parts.append((part, len(places)))
    if not rows or not places:
        raise BadFile(
            Text("文件里没有可读的记录。", "There is no record in it that can be read."), where=where,
            fix=Text("请检查报送格式中的 records（记录所在之处）；若本期确无数据，无需报送。",
                     "Check `records` (where the records stand) in the profile; if there was nothing to report, send nothing."),
        )  # fmt: skip
    pieces = [partial(_piece, part, had, len(places)) for part, had in parts]
    return Sheet(tuple(places), pieces, pl.DataFrame(broken, schema=BROKEN, orient="row"), rows, sha256 or hashed(path))


def _framed(held: Iterable[Mapping[str, str]], places: Mapping[str, int]) -> pl.DataFrame:
    return pl.DataFrame(
        {column(at): [said.get(name) or None for said in held] for name, at in places.items()},
        schema={column(at): pl.String() for at in places.values()},
    )


def readable(text: str) -> str:
    """The text with � for each half of a character that JSON's escapes gave without its other half; such are no Unicode."""
    return text if text.isascii() else _HALF.sub("\N{REPLACEMENT CHARACTER}", text)


#: Instead of a number of fields: what stands there is no record at all.
NO_RECORD = -1


def flat(value: Mapping[str, Any], under: str = "") -> dict[str, str]:
    """The values of a nested record by the way to them; of lists, what each element says, joined."""
    out: dict[str, str] = {}
    for name, item in value.items():
        way = readable(f"{under}{name}")
        if isinstance(item, Mapping):
            out.update(flat(item, f"{way}."))
        elif isinstance(item, list):
            for inner, texts in _listed(item, way).items():
                out[inner] = JOINT.join(texts)
        elif item is not None:
            out[way] = _text(item)
    return out


def _listed(items: list[Any], way: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for item in items:
        for inner, text in (flat(item, f"{way}.") if isinstance(item, Mapping) else {way: _text(item)}).items():
            if text and text not in found.setdefault(inner, []):
                found[inner].append(text)
    return found


def _text(value: Any) -> str:
    if value is True or value is False:
        return "true" if value else "false"
    if value is None:
        return ""
    if isinstance(value, list):
        return JOINT.join(filter(None, map(_text, value)))
    return str(value).strip()


def _piece(part: Path, had: int, wanted: int) -> pl.LazyFrame:
    """A part with the columns that only later records have, empty."""
    frame = pl.scan_parquet(part)
    return frame.with_columns(pl.lit(None, dtype=pl.String).alias(column(at)) for at in range(had, wanted))


def _batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    held: list[Record] = []
    for record in records:
        held.append(record)
        if len(held) >= _BATCH:
            yield held
            held = []
    if held:
        yield held


def _too_many(where: str) -> BadFile:
    return BadFile(
        Text(f"记录里有 {MOST_HEADINGS:,} 种以上的名称：名称里可能写了数据。",
             f"The records have more than {MOST_HEADINGS:,} names: data may have been written as names."),
        where=where,
        fix=Text("请发送方把这些名称改为字段的值，或用 records 指明记录所在之处。",
                 "Ask the sender to write them as values, or say in `records` where the records stand."),
    )  # fmt: skip
