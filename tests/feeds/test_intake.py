"""Taking files in: once, whole, every row accounted for."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from budgetwatch import intake
from budgetwatch.access.viewer import SYSTEM
from budgetwatch.errors import BadFile
from budgetwatch.feeds.reasons import sentence
from budgetwatch.home import Home
from budgetwatch.intake import take
from budgetwatch.records.rowid import unpack
from budgetwatch.tables import Batch
from tests.feeds.senders import HEADING, csv, payment, profile


def known(home: Home, columns: str = "voucher_no, amount", feed: str = "payment") -> list[tuple[object, ...]]:
    with home.facts(SYSTEM) as connection:
        return connection.execute(f"SELECT {columns} FROM {feed} ORDER BY ALL").fetchall()


def batches(home: Home) -> list[tuple[int, str]]:
    with home.session() as session:
        return [(b.id, b.status) for b in session.scalars(sa.select(Batch).order_by(Batch.id))]


def test_a_file_becomes_facts_that_know_their_batch_and_line(home: Home, tmp_path: Path) -> None:
    file = csv(tmp_path / "march.csv", [payment("V1", "1.10"), payment("V2", "2.20")])
    receipt = intake.take_in(home, file, profile(home), actor="me")
    assert (receipt.status, receipt.rows_in, receipt.rows_accepted, receipt.facts_added) == ("accepted", 2, 2, 2)
    assert receipt.amount_sum == Decimal("3.30")
    rows = known(home, "_row, voucher_no, currency, pay_date::VARCHAR")
    assert [(unpack(r[0]).batch, unpack(r[0]).line, *r[1:]) for r in rows] == [  # type: ignore[arg-type]
        (receipt.batch, 2, "V1", "CNY", "2025-03-05"), (receipt.batch, 3, "V2", "CNY", "2025-03-05"),
    ]  # fmt: skip


def test_codes_constants_and_empty_columns_are_text_to_whatever_reads_the_files(home: Home, tmp_path: Path) -> None:
    """They are packed as codes; each sender's list is another, and nobody who reads several files should meet that."""
    heading = (*HEADING, "settlement")
    for no, (sent, words) in enumerate(((("转账", "现金"), {}), (("TT", "??"), {"settlement": {"TT": "transfer"}}))):
        rows = [(*payment(f"V{no}{i}"), value) for i, value in enumerate(sent)]
        columns = {name: name for name in heading}
        name = profile(home, name=f"s{no}", columns=columns, values=words)
        intake.take_in(home, csv(tmp_path / f"{no}.csv", rows, heading=heading), name, actor="me")
    files = sorted((home.path / "facts" / "payment").glob("*.parquet"))
    assert len(files) == 2
    text = ["settlement", "currency", "payee_bank", "voucher_no"]
    for file in files:
        assert {pl.read_parquet_schema(file)[name] for name in text} == {pl.String()}
        assert {pq.read_schema(file).field(name).type for name in text} == {pa.large_string()}
    together = pl.scan_parquet(files).select("voucher_no", "settlement", "currency", "payee_bank").sort("voucher_no")
    assert together.collect().rows() == [
        ("V00", "transfer", "CNY", None), ("V01", "cash", "CNY", None), ("V10", "transfer", "CNY", None),
    ]  # fmt: skip


def test_a_row_too_short_and_one_too_long_are_both_told_where_the_last_columns_are_ignored(
    home: Home, tmp_path: Path
) -> None:
    """Together they have as many delimiters as two whole rows."""
    rows = [(*payment(f"V{no}"), "a", "b") for no in range(4)]
    rows[1], rows[2] = rows[1][:-1], (*rows[2], "c")
    file = csv(tmp_path / "march.csv", rows, heading=(*HEADING, "note", "remark"))
    receipt = intake.take_in(home, file, profile(home, ignore=["note", "remark"]), actor="me")
    assert (receipt.rows_accepted, receipt.reasons) == (2, {"wrong_field_count": 2})
    assert intake.rejects(home, receipt.batch)["line"].to_list() == [3, 4]


def test_the_batch_remembers_what_the_receipt_says(home: Home, tmp_path: Path) -> None:
    file = csv(tmp_path / "march.csv", [payment("V1", "1.10"), payment("V2", "many")])
    receipt = intake.take_in(home, file, profile(home), actor="me")
    with home.session() as session:
        row = session.get_one(Batch, receipt.batch)
        assert (row.status, row.rows_in, row.rows_accepted, row.rows_rejected) == ("accepted", 2, 1, 1)
        assert (row.amount_sum, row.reasons, row.regions) == (Decimal("1.10"), {"not_money": 1}, ["990102"])
        assert (row.sha256, row.fact_version, row.received_by) == (receipt.sha256, receipt.version, "me")
        assert str(row.first_day) == str(row.last_day) == "2025-03-05"
    assert (home.path / "sent" / f"{receipt.sha256}.csv").read_bytes() == file.read_bytes()


def test_a_file_taken_in_twice_changes_nothing(home: Home, tmp_path: Path) -> None:
    name = profile(home, key=[])
    file = csv(tmp_path / "march.csv", [payment("V1"), payment("V1")])
    first = intake.take_in(home, file, name, actor="me")
    facts, versions, rows = known(home), home.store.current(), batches(home)
    again = intake.take_in(home, file.rename(tmp_path / "other name.csv"), name, actor="you")
    assert (again.status, again.batch, again.facts_added) == ("already", first.batch, 0)
    assert (known(home), home.store.current(), batches(home)) == (facts, versions, rows)


def test_bad_rows_are_kept_with_line_column_value_reason_and_the_row_as_sent(home: Home, tmp_path: Path) -> None:
    rows = [
        payment("V1"), payment("V2", "12.345"), payment("V3", "twelve"), payment("V4", day="2025-02-30"),
        payment("V5", unit=""), payment("V6", year="MMXXV"), payment("")[:-1], (*payment("V8"), "more"),
        ("", "2025", "bad", "990102", "U1", "x"), payment("", "5.00"),
    ]  # fmt: skip
    receipt = intake.take_in(home, csv(tmp_path / "f.csv", rows), profile(home), actor="me")
    assert (receipt.rows_in, receipt.rows_accepted, receipt.rows_rejected) == (10, 1, 9)
    found = intake.rejects(home, receipt.batch)
    assert found.select("line", "column", "value", "reason").rows() == [
        (3, "amount", "12.345", "too_many_decimals"),
        (4, "amount", "twelve", "not_money"),
        (5, "pay_date", "2025-02-30", "not_date"),
        (6, "agency_code", None, "missing"),
        (7, "budget_year", "MMXXV", "not_integer"),
        (8, None, "5", "wrong_field_count"),
        (9, None, "7", "wrong_field_count"),
        (10, "pay_date", "bad", "not_date"),
        (10, "amount", "x", "not_money"),
        (11, "voucher_no", None, "key_missing"),
    ]
    assert found.filter(pl.col("line") == 9)["raw"].to_list() == ["V8,2025,2025-03-05,990102,U1,12.30,more"]
    assert found.filter(pl.col("line") == 10)["raw"][0] == ",2025,bad,990102,U1,x"
    assert sum(receipt.reasons.values()) == found.height
    for row in found.iter_rows(named=True):
        said = sentence(row["reason"], row["column"], row["value"])
        assert said.zh
        assert said.en


def test_a_key_used_twice_in_a_file_rejects_the_later_line_and_names_the_first(home: Home, tmp_path: Path) -> None:
    rows = [payment("V1", "1.00"), payment("V2"), payment("V1", "1.00"), payment("V1", "9.00")]
    receipt = intake.take_in(home, csv(tmp_path / "f.csv", rows), profile(home), actor="me")
    found = intake.rejects(home, receipt.batch).select("line", "column", "value", "reason", "raw").rows()
    assert found == [
        (4, "voucher_no", "2", "repeats_line", "V1,2025,2025-03-05,990102,U1,1.00"),
        (5, "voucher_no", "2", "key_already_used", "V1,2025,2025-03-05,990102,U1,9.00"),
    ]
    assert known(home) == [("V1", Decimal("1.00")), ("V2", Decimal("12.30"))]


def test_a_feed_without_a_key_keeps_exact_repeats(home: Home, tmp_path: Path) -> None:
    receipt = intake.take_in(home, csv(tmp_path / "f.csv", [payment("V1")] * 3), profile(home, key=[]), actor="me")
    assert (receipt.rows_accepted, receipt.rows_rejected) == (3, 0)


def test_a_key_sent_again_is_repeated_when_unchanged_and_supersedes_when_changed(home: Home, tmp_path: Path) -> None:
    name = profile(home)
    first = intake.take_in(
        home, csv(tmp_path / "1.csv", [payment("V1", "1.00"), payment("V2", "2.00")]), name, actor="me"
    )
    rows = [payment("V1", "1.00"), payment("V2", "2.50"), payment("V3", "3.00")]
    second = intake.take_in(home, csv(tmp_path / "2.csv", rows), name, actor="me")
    assert (second.rows_in, second.rows_accepted, second.rows_repeated, second.facts_added) == (3, 2, 1, 2)
    assert known(home) == [("V1", Decimal("1.00")), ("V2", Decimal("2.50")), ("V3", Decimal("3.00"))]
    assert first.version is not None
    with home.facts(SYSTEM, {"payment": first.version}) as then:
        assert then.execute("SELECT voucher_no, amount FROM payment ORDER BY 1").fetchall() == [
            ("V1", Decimal("1.00")), ("V2", Decimal("2.00")),
        ]  # fmt: skip


def test_a_row_can_be_corrected_time_and_again(home: Home, tmp_path: Path) -> None:
    name = profile(home)
    for amount in ("1.00", "2.00", "3.00", "1.00"):
        intake.take_in(
            home, csv(tmp_path / f"{amount}.csv", [payment("V1", amount), payment(f"X{amount}")]), name, actor="me"
        )
    # the fourth file is the first one byte for byte: known already, so it corrects nothing
    assert ("V1", Decimal("3.00")) in known(home)


def test_a_file_that_holds_nothing_new_makes_no_version(home: Home, tmp_path: Path) -> None:
    name = profile(home)
    intake.take_in(home, csv(tmp_path / "1.csv", [payment("V1"), payment("V2")]), name, actor="me")
    before = home.store.current()
    second = intake.take_in(home, csv(tmp_path / "2.csv", [payment("V2"), payment("V1")]), name, actor="me")
    assert (second.rows_repeated, second.facts_added, home.store.current()) == (2, 0, before)


def test_check_says_the_same_and_keeps_nothing(home: Home, tmp_path: Path) -> None:
    name = profile(home)
    file = csv(tmp_path / "f.csv", [payment("V1"), payment("V2", "x"), payment("V1")])
    checked = intake.check(home, file, name)
    assert (batches(home), home.store.current(), list((home.path / "sent").iterdir())) == ([], {}, [])
    assert list((home.path / "tmp").glob("take-*")) == []
    taken = intake.take_in(home, file, name, actor="me")
    for what in (
        "rows_in",
        "rows_accepted",
        "rows_rejected",
        "rows_repeated",
        "amount_sum",
        "reasons",
        "sha256",
        "feed",
    ):
        assert getattr(checked, what) == getattr(taken, what)


def test_a_profile_can_set_a_limit_to_rejects_above_which_the_file_is_refused(home: Home, tmp_path: Path) -> None:
    name = profile(home, refuse_above=0.2)
    file = csv(tmp_path / "f.csv", [payment("V1"), payment("V2", "x")])
    with pytest.raises(BadFile, match="1 of 2 rows were rejected"):
        intake.take_in(home, file, name, actor="me")
    assert home.store.current() == {}
    [(number, status)] = batches(home)
    assert status == "refused"
    assert intake.rejects(home, number)["line"].to_list() == [3]


def test_a_refused_file_leaves_a_batch_with_the_refusal_in_both_languages(home: Home, tmp_path: Path) -> None:
    file = csv(tmp_path / "f.csv", [payment("V1")], heading=(*HEADING[:-1], "amuont"))
    with pytest.raises(BadFile):
        intake.take_in(home, file, profile(home), actor="me")
    with home.session() as session:
        row = session.scalars(sa.select(Batch)).one()
        assert (row.status, len(row.sha256)) == ("refused", 64)
        assert row.refusal is not None
        assert "amuont" in row.refusal["en"]["what"]
        assert "amuont" in row.refusal["zh"]["what"]


def test_a_file_of_which_nothing_was_accepted_can_be_tried_again_with_a_mended_profile(
    home: Home, tmp_path: Path
) -> None:
    file = csv(tmp_path / "f.csv", [payment("V1", "(1.00)")])
    first = intake.take_in(home, file, profile(home, amounts={"parentheses": False}), actor="me")
    assert (first.rows_accepted, first.rows_rejected) == (0, 1)
    second = intake.take_in(home, file, profile(home), actor="me")
    assert (second.status, second.amount_sum) == ("accepted", Decimal("-1.00"))


def test_progress_rises_to_one(home: Home, tmp_path: Path) -> None:
    seen: list[float] = []
    file = csv(tmp_path / "f.csv", [payment("V1")])
    intake.take_in(home, file, profile(home), actor="me", progress=lambda share, message: seen.append(share))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


class Crash(BaseException):
    """Stands for the process dying."""


def test_after_a_crash_before_the_commit_nothing_remains_and_the_file_can_be_sent_again(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, file = profile(home), csv(tmp_path / "f.csv", [payment("V1")])
    with monkeypatch.context() as patch:
        patch.setattr(home.store, "commit", lambda *a, **k: (_ for _ in ()).throw(Crash))
        with pytest.raises(Crash):
            intake.take_in(home, file, name, actor="me")
    assert batches(home) == [(1, "receiving")]
    assert intake.recover(home) == {1: "refused"}
    assert intake.take_in(home, file, name, actor="me").status == "accepted"
    assert len(known(home)) == 1


def test_after_a_crash_behind_the_commit_the_batch_is_finished_from_the_store(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, file = profile(home), csv(tmp_path / "f.csv", [payment("V1", "1.25"), payment("V2", "x")])
    with monkeypatch.context() as patch:
        patch.setattr(take, "fill", lambda *a: (_ for _ in ()).throw(Crash))
        with pytest.raises(Crash):
            intake.take_in(home, file, name, actor="me")
    assert intake.recover(home) == {1: "accepted"}
    with home.session() as session:
        row = session.get_one(Batch, 1)
        assert (row.rows_in, row.rows_rejected, row.amount_sum, row.fact_version) == (2, 1, Decimal("1.25"), 0)
        assert (str(row.first_day), row.regions) == ("2025-03-05", ["990102"])
    assert intake.take_in(home, file, name, actor="me").status == "already"
    assert len(known(home)) == 1
    assert intake.rejects(home, 1).height == 1


def test_a_batch_that_another_process_is_receiving_is_left_alone(home: Home, tmp_path: Path) -> None:
    file, seen = csv(tmp_path / "f.csv", [payment("V1")]), []
    intake.take_in(home, file, profile(home), actor="me", progress=lambda *_: seen.append(intake.recover(home)))
    assert not any(seen)
    assert batches(home) == [(1, "accepted")]


def test_the_commit_names_the_batch_for_whoever_reads_the_log(home: Home, tmp_path: Path) -> None:
    receipt = intake.take_in(home, csv(tmp_path / "f.csv", [payment("V1")]), profile(home), actor="me")
    assert receipt.version is not None
    said = home.store.provenance("payment", receipt.version)
    assert (said["batch"], said["sha256"], said["file_name"]) == (receipt.batch, receipt.sha256, "f.csv")
    assert json.dumps(said)


def test_it_works_on_both_databases(any_home: Home, tmp_path: Path) -> None:
    name = profile(any_home)
    file = csv(tmp_path / "f.csv", [payment("V1", "0.10"), payment("V2", "bad")])
    assert intake.take_in(any_home, file, name, actor="me").status == "accepted"
    assert intake.take_in(any_home, file, name, actor="me").amount_sum == Decimal("0.10")
