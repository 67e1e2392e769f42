"""Bad input never shows a stack trace: each gets a sentence that says what, where and what to do."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from budgetwatch import intake
from budgetwatch.errors import BadFile, NotFound
from budgetwatch.home import Home
from tests.feeds.senders import HEADING, csv, gz, payment, profile, zipped

ROWS = [payment("V1"), payment("V2")]
GOOD = (",".join(HEADING) + "\n" + "\n".join(",".join(r) for r in ROWS) + "\n").encode()

BAD: dict[str, tuple[str, Callable[[Path], Path], dict[str, object], str]] = {
    "an unknown heading": (
        "f.csv", lambda p: csv(p, [(*ROWS[0], "x")], heading=(*HEADING, "agency_nmae")), {},
        r"'agency_nmae' is not known.*nearest columns: agency_name",
    ),
    "a missing column": (
        "f.csv", lambda p: csv(p, [ROWS[0][:-1]], heading=HEADING[:-1]), {}, r"'Amount' \(amount\) is missing.*Expected: amount",
    ),
    "the same heading twice": (
        "f.csv", lambda p: csv(p, [(*ROWS[0], "1")], heading=(*HEADING, "Amount")), {}, "more than once",
    ),
    "another encoding than the profile says": (
        "f.csv", lambda p: csv(p, [payment("V1"), payment("凭证二")], encoding="gb18030"), {}, r"Line 3 \(byte \d+\) is not utf-8.*gb18030",
    ),
    "a heading in another encoding": (
        "f.csv", lambda p: csv(p, [("1",)], heading=("凭证号",), encoding="gb18030"), {}, r"Line 1 \(byte \d+\) is not utf-8",
    ),
    "bytes that are in none of several encodings": (
        "f.csv", lambda p: _bytes(p, GOOD + b"V3,2025,2025-03-05,990102,\xff\xff,1\n"), {"encoding": ["utf-8", "gb18030"]}, r"Line 4 .*is not utf-8, gb18030",
    ),
    "an empty file": ("f.csv", lambda p: _bytes(p, b""), {}, "The file is empty"),
    "a file of blank lines": ("f.csv", lambda p: _bytes(p, b"\n\n\n"), {}, "should be the heading, but is empty"),
    "only a heading": ("f.csv", lambda p: csv(p, []), {}, "a heading, but no data row"),
    "a heading and blank lines": ("f.csv", lambda p: _bytes(p, GOOD.splitlines()[0] + b"\n\n\n"), {}, "no data row"),
    "binary garbage": ("f.csv", lambda p: _bytes(p, random.Random(1).randbytes(20_000)), {}, "."),
    "an Excel file named .csv": ("f.csv", lambda p: zipped(p, **{"xl/workbook.xml": b"<x/>"}), {}, "looks like xlsx/zip"),
    "UTF-16 without saying so": ("f.csv", lambda p: csv(p, ROWS, encoding="utf-16"), {}, "looks like UTF-16"),
    "not a zip": ("f.zip", lambda p: _bytes(p, b"not a zip"), {}, "Not an intact zip"),
    "a zip of two files that do not belong together": (
        "f.zip", lambda p: zipped(p, a=GOOD, b=b"x,y\n1,2\n"), {}, "different headings: x, y",
    ),
    "a zip with a broken member": ("f.zip", lambda p: zipped(p, a=GOOD, b=b""), {}, "The file is empty"),
    "a truncated gzip": ("f.gz", lambda p: _bytes(p, gz(p, GOOD * 50).read_bytes()[:-20]), {}, "Not an intact gz"),
    "not a gzip": ("f.gz", lambda p: _bytes(p, b"not a gzip"), {}, "Not an intact gz"),
    "an xlsx that is not one": ("f.xlsx", lambda p: _bytes(p, b"plain text"), {"format": "xlsx"}, "Cannot read sheet"),
    "an xlsx that is some other zip": ("f.xlsx", lambda p: zipped(p, a=b"x"), {"format": "xlsx"}, "Cannot read sheet"),
    "a parquet that is not one": ("f.parquet", lambda p: _bytes(p, b"PAR1 no"), {"format": "parquet"}, "Not an intact Parquet"),
    "a quote that is never closed": (
        "f.csv", lambda p: csv(p, [payment("V1"), ('"V2', *ROWS[1][1:]), payment("V3")]), {}, "opens on line 3 is never closed",
    ),
    "another delimiter": ("f.csv", lambda p: csv(p, ROWS, delimiter=";"), {}, "is not known|is missing"),
}  # fmt: skip


def _bytes(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("what", BAD)
def test_a_bad_file_is_refused_with_a_sentence(home: Home, tmp_path: Path, what: str) -> None:
    name, make, changes, said = BAD[what]
    file = make(tmp_path / name)
    with pytest.raises(BadFile, match=f"(?s)^{name}: .*{said}") as refused:
        intake.take_in(home, file, profile(home, **changes), actor="me")
    assert refused.value.fix is not None
    assert refused.value.what.zh != refused.value.what.en
    assert home.store.current() == {}
    with pytest.raises(BadFile):
        intake.check(home, file, "treasury")


@pytest.mark.parametrize("name", ["bomb.gz", "bomb.zip"])
def test_a_bomb_is_refused_before_it_unpacks(home: Home, tmp_path: Path, name: str) -> None:
    zeros = b"0" * (80 * 2**20)
    file = gz(tmp_path / name, zeros) if name.endswith("gz") else zipped(tmp_path / name, **{"a.csv": zeros})
    with pytest.raises(BadFile, match=r"zip bomb.*BUDGETWATCH_MAX_UNPACK"):
        intake.take_in(home, file, profile(home), actor="me")


def test_a_workbook_that_unpacks_to_a_bomb_is_refused(home: Home, tmp_path: Path) -> None:
    file = zipped(tmp_path / "bomb.xlsx", **{"xl/worksheets/sheet1.xml": b" " * (80 * 2**20)})
    with pytest.raises(BadFile, match="zip bomb"):
        intake.take_in(home, file, profile(home, format="xlsx"), actor="me")


def test_a_file_that_is_not_there_is_not_found(home: Home, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"nowhere\.csv: There is no such file"):
        intake.take_in(home, tmp_path / "nowhere.csv", profile(home), actor="me")


def test_an_unknown_profile_is_answered_with_the_nearest(home: Home, tmp_path: Path) -> None:
    profile(home)
    with pytest.raises(NotFound, match=r"no profile named 'tresury'.*treasury"):
        intake.take_in(home, csv(tmp_path / "f.csv", ROWS), "tresury", actor="me")


@pytest.mark.parametrize("seed", range(60))
def test_a_mutilated_file_is_refused_in_words_or_accounted_for_to_the_last_row(
    home: Home, tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    content = bytearray(GOOD * 1 + b"".join(",".join(payment(f"W{i}")).encode() + b"\r\n" for i in range(30)))
    for _ in range(dice.randint(1, 12)):
        at = dice.randrange(len(content))
        match dice.randrange(3):
            case 0:
                content[at] = dice.choice(b'",;\n\r\t 0a\xff\xe3\x80')
            case 1:
                del content[at : at + dice.randint(1, 30)]
            case _:
                content[at:at] = dice.choice([b'"', b",", b"\n", b"\r", b'""', b"\xef\xbb\xbf", b",,,,,"])
    try:
        receipt = intake.check(home, _bytes(tmp_path / "f.csv", bytes(content)), profile(home))
    except BadFile:
        return
    assert receipt.rows_in == receipt.rows_accepted + receipt.rows_rejected + receipt.rows_repeated
