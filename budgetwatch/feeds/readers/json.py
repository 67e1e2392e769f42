"""JSON as sent: one record a line (NDJSON), or one document in which `records` says where the records stand.

`records: releases` is the list of that name in the document; `releases.awards` one record for each award of each
release, which then also has what its release says. OCDS releases and Fiscal Data resources are read so.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import ijson

from budgetwatch.errors import BadFile
from budgetwatch.feeds.profile import Profile
from budgetwatch.feeds.readers import encodings
from budgetwatch.feeds.readers.records import Record, flat, sheet_of
from budgetwatch.feeds.readers.sheet import Sheet
from budgetwatch.text import Text

#: What a streamed document that is none is refused with; `ArithmeticError` for a number with an exponent beyond all numbers.
NOT_JSON = (ijson.JSONError, ValueError, ArithmeticError)
#: Deeper nesting is no government's feed but an attack on whoever reads it.
DEEPEST = 64


def read(
    path: Path, profile: Profile, work: Path, where: str, sha256: str, progress: Callable[[float], None] | None = None
) -> Sheet:
    """The records of the file; their lines are those of the file for NDJSON, else their number."""
    text = encodings.as_utf8(path, profile.encoding, work, where)
    ways = tuple(filter(None, profile.records.split(".")))
    records = _lines(text, ways) if not ways and is_lines(text) else _document(text, ways, where)
    return sheet_of(records, work, where, path, sha256)


def is_lines(path: Path) -> bool:
    """Whether the file is one record a line: its first line is a whole object, and is not all there is."""
    with path.open("rb") as file:
        first = file.readline().removeprefix(b"\xef\xbb\xbf").strip()
        more = file.read(1 << 16).strip()
    try:
        return isinstance(json.loads(first), dict) and (not more or more.startswith((b"{", b"[")) or b"\n{" in more)
    except (ValueError, RecursionError):
        # A first line that is broken is a broken record, where the next ones are records.
        return first.startswith(b"{") and more.startswith(b"{")


def _lines(path: Path, ways: Sequence[str]) -> Iterator[Record]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            line = line.removeprefix(b"\xef\xbb\xbf").strip()
            if not line:
                continue
            try:
                said = loads(line)
            except (ValueError, RecursionError):
                said = None
            if isinstance(said, dict):
                yield number, flat(said)
            else:
                yield number, line.decode("utf-8", "replace")


def loads(line: bytes) -> Any:
    """JSON whose numbers stay the text that was sent, and NaN is none."""
    said = json.loads(line, parse_float=str, parse_int=str, parse_constant=_no_constant)
    if depth(said) > DEEPEST:
        raise ValueError("too deep")
    return said


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def depth(value: Any) -> int:
    deepest, layer = 0, [value]
    while layer:
        deepest += 1
        if deepest > DEEPEST:
            break
        layer = [
            inner
            for item in layer
            if isinstance(item, dict | list)
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
    return deepest


def _document(path: Path, ways: Sequence[str], where: str) -> Iterator[Record]:
    """The records of one document, streamed: its size does not matter, only that of one record."""
    number = 0
    try:
        with path.open("rb") as file:
            if file.read(3) != b"\xef\xbb\xbf":
                file.seek(0)
            prefix = f"{ways[0]}.item" if ways else "item"
            for said in streaming(path).items(file, prefix, use_float=False):
                for record in _each(said, ways[1:]):
                    number += 1
                    yield number, record
    except NOT_JSON as error:
        raise BadFile(
            Text(f"不是完好的 JSON（第 {number + 1} 条记录附近）。", f"Not valid JSON (near record {number + 1}: {str(error)[:200]})."),
            where=where, fix=Text("请发送方重新导出。", "Ask the sender to export it again."),
        ) from None  # fmt: skip
    except RecursionError:
        raise BadFile(
            Text("JSON 嵌套过深。", "The JSON is nested too deeply."), where=where,
            fix=Text("请发送方重新导出。", "Ask the sender to export it again."),
        ) from None  # fmt: skip


def streaming(path: Path) -> Any:
    """What streams the document: ijson's parser in C, or its slow one in Python for a file with a run of digits so long that
    Python makes no number of it, for there the one in C brings the process down.

    A run of more digits than `limit` fills one of the blocks that are half as long, wherever it stands.
    """
    if limit := sys.get_int_max_str_digits():
        with path.open("rb") as file:
            if any(block.isdigit() for block in iter(lambda: file.read(limit // 2), b"")):
                return ijson.get_backend("python")
    return ijson


def _each(said: Any, ways: Sequence[str]) -> Iterator[Mapping[str, str] | str]:
    """One record of the outermost list, or those of the lists within it, each with what stands around it."""
    if not isinstance(said, dict) or depth(said) > DEEPEST:
        yield str(said)
        return
    inner = said.get(ways[0]) if ways else None
    if not isinstance(inner, list) or not inner:
        yield flat(said)
        return
    around = {name: value for name, value in said.items() if name != ways[0]}
    for item in inner:
        for record in _each(item, ways[1:]):
            if isinstance(record, str):
                yield record
            else:
                yield {**flat(around), **{f"{ways[0]}.{name}": value for name, value in record.items()}}
