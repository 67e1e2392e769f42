"""A seeded corpus of broken files: what a line, a tool or a hand does to the files of a sender, one kind or several at once.

Every data row carries a mark (W0007Z). A mark that still stands whole in the file's own text must be found again: in a
fact, or in a rejected row.
"""

from __future__ import annotations

import gzip
import io
import json
import random
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import xlsxwriter

from tests.feeds.senders import HEADING, TREASURY, payment

MARK = re.compile(r"W\d{4}Z")
WIDE = (*HEADING, "用途")


@dataclass(slots=True)
class Broken:
    """A broken file, the profile it is sent by, and the marks that must be found again (None: there is no telling)."""

    path: Path
    profile: dict[str, Any]
    marks: set[str] | None
    done: list[str] = field(default_factory=list)


def rows(dice: random.Random) -> list[tuple[str, ...]]:
    said = ["办公用品", '差旅费 "急"', "a,b", "两\n行", "", "Café", "，；", "x" * 300, " 前后 ", "=1+1"]
    amounts = ["12.30", "1,234.50", "(5.00)", "x", "", "1E5", "９９", "-", "1.005", "99999999999999999"]
    days = ["2025-03-05", "2025/3/5", "20250305", "2025年3月5日", "3月5日", "", "2025-13-45", "2025-03-05 10:00"]
    return [
        (
            *payment(
                f"W{n:04d}Z",
                dice.choice(amounts[:3] if dice.random() < 0.7 else amounts),
                dice.choice(days[:4] if dice.random() < 0.8 else days),
            ),
            dice.choice(said),
        )
        for n in range(dice.randint(1, 40))
    ]


def _csv(lines: list[tuple[str, ...]], delimiter: str = ",", end: str = "\n") -> str:
    def quoted(value: str) -> str:
        return '"' + value.replace('"', '""') + '"' if any(c in value for c in f'{delimiter}"\r\n') else value

    return end.join(delimiter.join(map(quoted, line)) for line in [WIDE, *lines]) + end


def _json(lines: list[tuple[str, ...]], dice: random.Random) -> str:
    records = [dict(zip(WIDE, line, strict=True)) for line in lines]
    if dice.random() < 0.5:
        return "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records)
    return json.dumps(
        records if dice.random() < 0.5 else {"data": records}, ensure_ascii=False, indent=dice.choice([None, 1])
    )


def _xml(lines: list[tuple[str, ...]]) -> str:
    def clean(value: str) -> str:
        return value.replace("&", "&amp;").replace("<", "&lt;")

    names = ("VoucherNo", "StYear", "XPayDate", "AdmDivCode", "AgencyCode", "PayAmt", "PaySummaryName")
    inner = "".join(
        "<V>" + "".join(f"<{n}>{clean(v)}</{n}>" for n, v in zip(names, line, strict=True)) + "</V>" for line in lines
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<Root><Body>{inner}</Body></Root>'


def _xlsx(lines: list[tuple[str, ...]]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for at, line in enumerate([WIDE, *lines]):
            for place, value in enumerate(line):
                sheet.write_string(at, place, value)
    return out.getvalue()


#: What befalls the bytes of a file.
_HARMS: dict[str, Callable[[random.Random, bytearray], None]] = {}


def _harm(make: Callable[[random.Random, bytearray], None]) -> Callable[[random.Random, bytearray], None]:
    _HARMS[make.__name__] = make
    return make


@_harm
def cut_off(dice: random.Random, content: bytearray) -> None:
    del content[dice.randrange(len(content)) :]


@_harm
def cut_in(dice: random.Random, content: bytearray) -> None:
    at = dice.randrange(len(content))
    del content[at : at + dice.randint(1, 200)]


@_harm
def flipped(dice: random.Random, content: bytearray) -> None:
    for _ in range(dice.randint(1, 20)):
        content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)


@_harm
def nuls(dice: random.Random, content: bytearray) -> None:
    for _ in range(dice.randint(1, 3)):
        at = dice.randrange(len(content))
        content[at:at] = b"\0" * dice.randint(1, 5)


@_harm
def signs(dice: random.Random, content: bytearray) -> None:
    for _ in range(dice.randint(1, 8)):
        at = dice.randrange(len(content))
        content[at:at] = dice.choice(
            [
                b'"',
                b"'",
                b",",
                b";",
                b"\t",
                b"\n",
                b"\r",
                b"\r\n",
                b'""',
                b"\\",
                b"{",
                b"}",
                b"[",
                b"<",
                b">",
                b"</V>",
                b"&",
                b",,,,,,,,",
            ]
        )


@_harm
def other_encodings(dice: random.Random, content: bytearray) -> None:
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(content))
        text = dice.choice(["预算", "廣州", "Ünïcødé", "\ufeff", "\u2028", "\u3000", "€", "\x85", "\x1a", "\ud7ff"])
        content[at:at] = text.encode(
            dice.choice(["utf-8", "gb18030", "big5", "utf-16", "latin-1", "cp1252"]), "replace"
        )


@_harm
def huge_field(dice: random.Random, content: bytearray) -> None:
    at = dice.randrange(len(content))
    content[at:at] = dice.choice([b"9", b"x", "元".encode(), b" ", b","]) * dice.choice([5_000, 70_000, 200_000])


@_harm
def twice(dice: random.Random, content: bytearray) -> None:
    content += content[dice.randrange(len(content)) :]


@_harm
def line_ends(dice: random.Random, content: bytearray) -> None:
    content[:] = content.replace(b"\n", dice.choice([b"\r", b"\r\n", b"\n\r", b"\n\n", b"\x0b", b""]))


@_harm
def garbage(dice: random.Random, content: bytearray) -> None:
    at = dice.randrange(len(content) + 1)
    content[at:at] = dice.randbytes(dice.randint(1, 500))


@_harm
def nested(dice: random.Random, content: bytearray) -> None:
    at = dice.randrange(len(content))
    deep = dice.choice([100, 3_000, 60_000])
    content[at:at] = dice.choice([b"[", b'{"a":', b"<a>", b'"', b"("]) * deep


@_harm
def untouched(dice: random.Random, content: bytearray) -> None:
    """Nothing befalls it: the profile may still be the wrong one."""


def broken(seed: int, folder: Path) -> Broken:
    """The broken file of that seed."""
    dice = random.Random(seed)
    lines = rows(dice)
    profile = dict(TREASURY)
    kind = dice.choice(["csv"] * 6 + ["json", "json", "xml", "xlsx", "ocds"])
    name, told = f"f.{kind}", True
    if kind == "csv":
        delimiter = dice.choice([",", ",", ";", "\t", "|"])
        encoding = dice.choice(["utf-8", "utf-8", "utf-8-sig", "gb18030", "big5", "utf-16", "latin-1"])
        content = bytearray(_csv(lines, delimiter, dice.choice(["\n", "\r\n"])).encode(encoding, "replace"))
        if dice.random() < 0.9:
            profile |= {"delimiter": delimiter, "encoding": encoding.removesuffix("-sig")}
        if dice.random() < 0.2:
            profile["encoding"] = ["utf-8", "gb18030", "latin-1"]
        if dice.random() < 0.1:
            profile |= dice.choice(
                [
                    {"quote": ""},
                    {"quote": "'"},
                    {"skip_rows": 2},
                    {"heading_rows": 2},
                    {"headings": list(WIDE)},
                    {"ignore": ["*"]},
                ]
            )
        told = encoding != "utf-16"  # its marks are not one byte a sign
    elif kind == "json":
        content = bytearray(_json(lines, dice).encode())
        profile |= {"format": "json", **({"records": "data"} if dice.random() < 0.4 else {})}
    elif kind == "xml":
        content = bytearray(_xml(lines).encode())
        profile |= {"format": "xml", "records": "V"}
    elif kind == "ocds":
        releases = [
            {
                "ocid": line[0],
                "buyer": {"id": "U1"},
                "tender": {"title": line[6]},
                "awards": [{"id": "1", "date": line[2], "value": {"amount": line[5]}}],
            }
            for line in lines
        ]
        content = bytearray(json.dumps({"releases": releases}, ensure_ascii=False).encode())
        profile |= {"format": "ocds", "feed": "procurement", "constants": {"adm_div_code": "990102", "method": "open"}}
        told = False  # what is broken within a process is merged, not kept as a line
    else:
        content, told = bytearray(_xlsx(lines)), False
        profile |= {"format": "xlsx"}
    done = dice.choices(list(_HARMS), k=dice.choice([0, 1, 1, 1, 2, 3]))
    for harm in done:
        if content:
            _HARMS[harm](dice, content)
    if dice.random() < 0.1:
        profile |= dice.choice(
            [
                {"aside": ["合计"]},
                {"fill_down": ["agency_code"]},
                {"empty": ["-"]},
                {"key": []},
                {"amounts": {"decimal": ","}},
            ]
        )
    sent = bytes(content)
    pack = dice.choice(["", "", "", "", "gz", "zip", "zips"])
    if pack and kind != "ocds":
        name, sent, told = _packed(dice, pack, name, sent, told)
    (path := folder / name).write_bytes(sent)
    marks = set(MARK.findall(bytes(content).decode("latin-1"))) if told else None
    return Broken(path, profile, marks, [kind, pack, *done])


def _packed(dice: random.Random, pack: str, name: str, content: bytes, told: bool) -> tuple[str, bytes, bool]:
    if pack == "gz":
        name, packed = f"{name}.gz", bytearray(gzip.compress(content, 1))
    else:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, content)
            for n in range(dice.randint(1, 2) if pack == "zips" else 0):
                archive.writestr(f"{n}-{name}", content if dice.random() < 0.7 else b"x,y\n1,2\n")
        name, packed = "f.zip", bytearray(out.getvalue())
    if dice.random() < 0.3:
        _HARMS[dice.choice(["cut_off", "flipped", "garbage", "cut_in"])](dice, packed)
        told = False
    return name, bytes(packed), told
