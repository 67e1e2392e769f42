"""A sender's manifest is held against the file; rejected rows go back, and come back mended."""

from __future__ import annotations

import csv as lines
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from budgetwatch import intake, tables
from budgetwatch.access.viewer import SYSTEM
from budgetwatch.errors import BadFile, NotFound
from budgetwatch.home import Home
from tests.feeds.senders import HEADING, csv, payment, profile


def said(file: Path, **manifest: Any) -> Path:
    file.with_name(file.name + ".manifest.json").write_text(json.dumps(manifest), "utf-8")
    return file


def sent(tmp_path: Path, *numbers: int, name: str = "f.csv") -> Path:
    return csv(tmp_path / name, [payment(f"V{n}", f"{n}.25") for n in numbers])


def digest(file: Path, kind: str = "sha256") -> str:
    return hashlib.new(kind, file.read_bytes()).hexdigest()


def test_a_file_that_is_what_its_manifest_says_is_taken_in(home: Home, tmp_path: Path) -> None:
    file = sent(tmp_path, 1, 2)
    said(file, rows=2, sum="3.50", sha256=digest(file).upper(), sequence=1, sent_at="2025-03-05T08:00:00")
    receipt = intake.take_in(home, file, profile(home), actor="me")
    assert receipt.rows_accepted == 2
    assert batch(home, receipt.batch).sequence == 1


def test_sm3_stands_for_sha256(home: Home, tmp_path: Path) -> None:
    if "sm3" not in hashlib.algorithms_available:
        pytest.skip("the cryptographic library here has no SM3")
    file = sent(tmp_path, 1)
    assert intake.take_in(home, said(file, sm3=digest(file, "sm3")), profile(home), actor="me").rows_accepted == 1
    with pytest.raises(BadFile, match="SM3"):
        intake.take_in(home, said(sent(tmp_path, 2, name="g.csv"), sm3="0" * 64), profile(home), actor="me")


@pytest.mark.parametrize("manifest", [{"rows": 3}, {"sum": "3.51"}, {"sha256": "0" * 64}])
def test_what_differs_from_its_manifest_is_refused_and_nothing_kept(
    home: Home, tmp_path: Path, manifest: dict[str, Any]
) -> None:
    with pytest.raises(BadFile) as refused:
        intake.take_in(home, said(sent(tmp_path, 1, 2), **manifest), profile(home), actor="me")
    assert refused.value.fix
    assert home.store.current() == {}


@pytest.mark.parametrize(
    "manifest", ["{", "[]", '{"rwos": 2}', '{"rows": "many"}', '{"sum": 3.5}', '{"sum": "x"}', '{"sha256": "abc"}']
)
def test_a_manifest_that_cannot_be_read_is_refused_by_name(home: Home, tmp_path: Path, manifest: str) -> None:
    file = sent(tmp_path, 1)
    file.with_name("f.csv.manifest.json").write_text(manifest, "utf-8")
    with pytest.raises(BadFile) as refused:
        intake.take_in(home, file, profile(home), actor="me")
    assert refused.value.where == "f.csv.manifest.json"


def test_the_sum_is_not_held_against_a_file_with_rejected_rows(home: Home, tmp_path: Path) -> None:
    file = csv(tmp_path / "f.csv", [payment("V1", "1.00"), payment("V2", "x")])
    receipt = intake.take_in(home, said(file, rows=2, sum="9.99"), profile(home), actor="me")
    assert (receipt.rows_accepted, receipt.rows_rejected) == (1, 1)


@pytest.mark.parametrize(("second", "words"), [(2, None), (4, "2–3"), (3, "Files 2 "), (1, "misnumbered")])
def test_a_gap_in_the_sequence_is_noticed(home: Home, tmp_path: Path, second: int, words: str | None) -> None:
    name = profile(home)
    intake.take_in(home, said(sent(tmp_path, 1), sequence=1), name, actor="me")
    receipt = intake.take_in(home, said(sent(tmp_path, 2, name="g.csv"), sequence=second), name, actor="me")
    remarks = batch(home, receipt.batch).remarks
    assert (words is None and remarks == []) or (words or "") in remarks[0]["en"]


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_rejected_rows_go_back_in_the_senders_columns_and_come_back_mended(
    home: Home, tmp_path: Path, format: str
) -> None:
    rows = [payment("V1"), payment("V2", "abc", day="soon"), payment("V3"), (*payment("V4"), "one too many")]
    name = profile(home)
    first = intake.take_in(home, csv(tmp_path / "f.csv", rows), name, actor="me")
    assert (first.rows_accepted, first.rows_rejected) == (2, 2)
    back = tmp_path / f"back.{format}"
    assert intake.give_back(home, first.batch, back, language="en") == 2
    table = read(back)
    assert table[0] == [*HEADING, "退回批次", "退回行号", "退回原因"]
    assert table[1][:6] == list(rows[1])
    assert table[1][6:8] == [str(first.batch), "3"]
    assert "abc" in table[1][8]
    assert "soon" in table[1][8]
    assert "one too many" in table[2][8]

    mended = [table[0], [*payment("V2", "7.00"), *table[1][6:]], table[2]]
    with (tmp_path / "mended.csv").open("w", encoding="utf-8-sig", newline="") as file:
        lines.writer(file).writerows(mended)
    second = intake.take_in(home, tmp_path / "mended.csv", name, actor="me")
    assert (second.rows_accepted, second.rows_rejected) == (2, 0)
    assert batch(home, second.batch).mends == first.batch
    with home.facts(SYSTEM) as connection:
        assert connection.execute("SELECT count(*) FROM payment").fetchall() == [(4,)]


def test_a_csv_goes_back_as_its_profile_reads_it(home: Home, tmp_path: Path) -> None:
    name = profile(home, encoding="gb18030", delimiter="\t", skip_rows=1)
    rows = "\n".join("\t".join(r) for r in [HEADING, payment("凭1", "x"), payment("凭2")])
    (file := tmp_path / "f.csv").write_bytes(f"标题\n{rows}\n".encode("gb18030"))
    first = intake.take_in(home, file, name, actor="me")
    intake.give_back(home, first.batch, back := tmp_path / "b.csv")
    text = back.read_bytes().decode("gb18030").replace("\tx\t", "\t5.00\t")
    back.write_bytes(text.encode("gb18030"))
    assert intake.take_in(home, back, name, actor="me").rows_accepted == 1


def test_nothing_goes_back_where_nothing_was_rejected(home: Home, tmp_path: Path) -> None:
    receipt = intake.take_in(home, sent(tmp_path, 1), profile(home), actor="me")
    with pytest.raises(NotFound):
        intake.give_back(home, receipt.batch, tmp_path / "b.csv")


def read(file: Path) -> list[list[str]]:
    if file.suffix == ".xlsx":
        return [
            [str(v) for v in row] for row in CalamineWorkbook.from_path(str(file)).get_sheet_by_index(0).to_python()
        ]
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return list(lines.reader(opened))


def batch(home: Home, number: int) -> tables.Batch:
    with home.session() as session:
        one = session.get_one(tables.Batch, number)
        session.expunge(one)
        return one
