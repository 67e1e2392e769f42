"""JSON and XML: files that name every value themselves give the same facts as tables do."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from budgetwatch import intake
from budgetwatch.access.viewer import SYSTEM
from budgetwatch.errors import BadFile
from budgetwatch.feeds.readers.records import flat
from budgetwatch.home import Home
from tests.feeds.senders import HEADING, gz, payment, profile


def record(no: object, **more: Any) -> dict[str, Any]:
    return {**dict(zip(HEADING, payment(no), strict=True)), **more}


def write(file: Path, text: str, encoding: str = "utf-8") -> Path:
    file.write_bytes(text.encode(encoding))
    return file


def taken(home: Home, file: Path, asked: str = "voucher_no, amount", **changes: Any) -> list[tuple[Any, ...]]:
    receipt = intake.take_in(home, file, profile(home, **changes), actor="me")
    assert receipt.rows_rejected == 0, intake.rejects(home, receipt.batch).rows()
    with home.facts(SYSTEM) as connection:
        return connection.execute(f"SELECT {asked} FROM payment ORDER BY _row").fetchall()


def lines(records: list[Any]) -> str:
    return "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records)


@pytest.mark.parametrize("bom", ["", "﻿"])
@pytest.mark.parametrize(
    "text",
    [
        lines([record("A"), record("B")]),
        json.dumps([record("A"), record("B")]),
        json.dumps([record("A"), record("B")], indent=2),
        lines([record("A"), record("B")]).replace("\n", "\n\n"),
    ],
)
def test_a_record_a_line_and_one_list_give_the_same_facts(home: Home, tmp_path: Path, text: str, bom: str) -> None:
    file = write(tmp_path / "f.json", bom + text)
    assert taken(home, file, format="json") == [("A", Decimal("12.30")), ("B", Decimal("12.30"))]


def test_a_packed_file_and_the_voucher_messages_names_are_read(home: Home, tmp_path: Path) -> None:
    names = ("VoucherNo", "StYear", "XPayDate", "AdmDivCode", "AgencyCode", "PayAmt")
    text = lines([dict(zip(names, payment("A"), strict=True))])
    assert taken(home, gz(tmp_path / "f.ndjson.gz", text.encode()), format="json") == [("A", Decimal("12.30"))]


def test_the_records_stand_where_the_profile_says(home: Home, tmp_path: Path) -> None:
    file = write(tmp_path / "f.json", json.dumps({"meta": {"n": 1}, "data": [record("A")]}))
    assert taken(home, file, format="json", records="data") == [("A", Decimal("12.30"))]


def test_each_of_an_inner_list_is_a_record_with_what_stands_around_it(home: Home, tmp_path: Path) -> None:
    outer = {k: v for k, v in record("-").items() if k not in ("voucher_no", "amount")}
    body = {"batches": [{**outer, "items": [{"no": "A", "sum": 1.10}, {"no": "B", "sum": 2}]}]}
    file = write(tmp_path / "f.json", json.dumps(body))
    columns = {"voucher_no": "items.no", "amount": "items.sum"}
    found = taken(home, file, format="json", records="batches.items", columns=columns)
    assert found == [("A", Decimal("1.10")), ("B", Decimal("2.00"))]


def test_numbers_keep_the_digits_that_were_sent(home: Home, tmp_path: Path) -> None:
    text = lines([record("A")]).replace('"12.30"', "1234567890123456.78")
    assert taken(home, write(tmp_path / "f.json", text), format="json")[0][1] == Decimal("1234567890123456.78")


def test_amounts_that_are_not_exact_are_rejected_not_guessed(home: Home, tmp_path: Path) -> None:
    text = lines([record("A")]).replace('"12.30"', "1e5") + lines([record("B")])
    receipt = intake.take_in(home, write(tmp_path / "f.json", text), profile(home, format="json"), actor="me")
    assert (receipt.rows_accepted, receipt.reasons) == (1, {"not_money": 1})


def test_a_broken_line_is_rejected_with_its_number_and_the_others_are_taken(home: Home, tmp_path: Path) -> None:
    text = lines([record("A")]) + '{"voucher_no": "B", \n' + "17\n" + lines([record("C")])
    receipt = intake.take_in(home, write(tmp_path / "f.json", text), profile(home, format="json"), actor="me")
    assert (receipt.rows_in, receipt.rows_accepted, receipt.rows_rejected) == (4, 2, 2)
    rejects = intake.rejects(home, receipt.batch)
    assert rejects.select("line", "reason").rows() == [(2, "not_a_record"), (3, "not_a_record")]
    assert "voucher_no" in rejects["raw"][0]


@pytest.mark.parametrize(
    "text", ["[", '[{"a": 1}', "{}", "[]", "nonsense", '{"a": {"b": []}}', "[1, 2]", "[" * 500 + "]" * 500]
)
def test_what_is_no_list_of_records_is_refused_with_a_sentence(home: Home, tmp_path: Path, text: str) -> None:
    with pytest.raises(BadFile) as refused:
        intake.take_in(home, write(tmp_path / "f.json", text), profile(home, format="json"), actor="me")
    assert refused.value.fix


@pytest.mark.parametrize("number", ["9" * 4_301, "-" + "9" * 200_000, "1e" + "9" * 5_000])
def test_a_number_that_no_engine_holds_refuses_the_document_with_a_short_sentence(
    home: Home, tmp_path: Path, number: str
) -> None:
    """In C, ijson brings the whole process down over the first two."""
    text = json.dumps([record("A"), record("B")]).replace('"12.30"', number, 1)
    with pytest.raises(BadFile) as refused:
        intake.take_in(home, write(tmp_path / "f.json", text), profile(home, format="json"), actor="me")
    assert refused.value.fix
    assert len(str(refused.value)) < 500


def test_half_a_character_is_shown_as_unreadable_wherever_it_stands(home: Home, tmp_path: Path) -> None:
    """JSON can write one half of a pair by its escape; no text can hold it."""
    text = "".join(
        json.dumps(one) + "\n" for one in (record("A", purpose="甲\ude74乙"), record("B", pay_date="2025\ud801"))
    )
    receipt = intake.take_in(home, write(tmp_path / "f.json", text), profile(home, format="json"), actor="me")
    assert (receipt.rows_accepted, receipt.reasons) == (1, {"not_date": 1})
    assert intake.rejects(home, receipt.batch)["value"].to_list() == ["2025\N{REPLACEMENT CHARACTER}"]
    with home.facts(SYSTEM) as connection:
        assert connection.execute("SELECT purpose FROM payment").fetchall() == [("甲\N{REPLACEMENT CHARACTER}乙",)]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(record("A", **{"注\udc00": "x"})) + "\n",
        json.dumps([record("A", purpose="甲\ude74乙"), record("B")]),
        json.dumps([record("A", **{"注\udc00": "x"})]),
    ],
)
def test_half_a_character_in_a_heading_or_a_document_is_refused_in_words(home: Home, tmp_path: Path, text: str) -> None:
    with pytest.raises(BadFile) as refused:
        intake.take_in(home, write(tmp_path / "f.json", text), profile(home, format="json"), actor="me")
    assert refused.value.fix
    assert str(refused.value).encode()


def test_a_long_run_of_digits_that_is_no_number_is_text_like_any(home: Home, tmp_path: Path) -> None:
    text = json.dumps([record("A", purpose="9" * 10_000)])
    assert taken(home, write(tmp_path / "f.json", text), "purpose", format="json") == [("9" * 10_000,)]


def test_a_later_record_may_have_more_to_say(home: Home, tmp_path: Path) -> None:
    file = write(tmp_path / "f.json", lines([record("A"), record("B", purpose="办公用品")]))
    assert taken(home, file, "voucher_no, purpose", format="json") == [("A", None), ("B", "办公用品")]


def test_lists_are_joined_and_ways_have_dots() -> None:
    said = flat({"a": {"b": [{"c": 1, "d": "x"}, {"c": 2}], "e": [True, None]}, "f": None})
    assert said == {"a.b.c": "1；2", "a.b.d": "x", "a.e": "true"}


def vouchers(*records: dict[str, str], head: str = "", tag: str = "Voucher") -> str:
    inner = "".join(f"<{tag}>" + "".join(f"<{k}>{v}</{k}>" for k, v in r.items()) + f"</{tag}>" for r in records)
    return f"{head}<Root><Head><Sender>x</Sender></Head><Body>{inner}</Body></Root>"


CAMEL = ("VoucherNo", "StYear", "XPayDate", "AdmDivCode", "AgencyCode", "PayAmt")


def camel(no: str, **more: str) -> dict[str, str]:
    return {**dict(zip(CAMEL, payment(no), strict=True)), **more}


def test_vouchers_in_xml_are_read_by_the_messages_names(home: Home, tmp_path: Path) -> None:
    file = write(tmp_path / "f.xml", vouchers(camel("A"), camel("B")))
    assert taken(home, file, format="xml", records="Voucher") == [("A", Decimal("12.30")), ("B", Decimal("12.30"))]


def test_attributes_and_namespaces_are_names_like_any(home: Home, tmp_path: Path) -> None:
    values = " ".join(f'{k}="{v}"' for k, v in camel("A").items())
    file = write(tmp_path / "f.xml", f'<n:list xmlns:n="urn:x"><n:pay {values}/></n:list>')
    assert taken(home, file, format="xml") == [("A", Decimal("12.30"))]


@pytest.mark.parametrize(("encoding", "said"), [("gb18030", "GB2312"), ("big5", "Big5"), ("utf-8", "UTF-8")])
def test_xml_in_the_encoding_that_it_declares(home: Home, tmp_path: Path, encoding: str, said: str) -> None:
    head = f'<?xml version="1.0" encoding="{said}"?>'
    file = write(tmp_path / "f.xml", vouchers(camel("A", PaySummaryName="公用"), head=head), encoding)
    assert taken(home, file, "purpose", format="xml", records="Voucher") == [("公用",)]


@pytest.mark.parametrize(
    "text",
    [
        "<a><b></a>",
        "not xml",
        '<!DOCTYPE r [<!ENTITY x "y">]><r><v>&x;</v></r>',
        '<!DOCTYPE r SYSTEM "file:///etc/passwd"><r/>',
        "<r/>",
        "<r><v>",
    ],
)
def test_broken_or_dangerous_xml_is_refused_with_a_sentence(home: Home, tmp_path: Path, text: str) -> None:
    with pytest.raises(BadFile) as refused:
        intake.take_in(home, write(tmp_path / "f.xml", text), profile(home, format="xml"), actor="me")
    assert refused.value.fix


def test_a_heading_that_is_not_known_is_refused_in_json_too(home: Home, tmp_path: Path) -> None:
    file = write(tmp_path / "f.json", lines([record("A", puprose="x")]))
    with pytest.raises(BadFile) as refused:
        intake.take_in(home, file, profile(home, format="json"), actor="me")
    assert "purpose" in str(refused.value.fix)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(garbage=st.lists(st.binary(max_size=60).filter(lambda b: b"\n" not in b and b"\0" not in b), max_size=8))
def test_no_line_of_garbage_is_lost_or_breaks_the_reader(
    home: Home, tmp_path_factory: pytest.TempPathFactory, garbage: list[bytes]
) -> None:
    file = tmp_path_factory.mktemp("g") / "f.json"
    file.write_bytes(lines([record("A"), record("B")]).encode() + b"\n".join(garbage))
    try:
        receipt = intake.check(home, file, profile(home, format="json"))
    except BadFile:
        return  # not UTF-8, or a heading that is not known: refused as a whole, with a sentence
    assert receipt.rows_in == receipt.rows_accepted + receipt.rows_rejected + receipt.rows_repeated
    assert receipt.rows_accepted >= 1
