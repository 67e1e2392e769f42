"""Open Contracting releases and records become rows of the procurement feed, one an award."""

from __future__ import annotations

import copy
import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from budgetwatch import intake
from budgetwatch.access.viewer import SYSTEM
from budgetwatch.errors import BadFile
from budgetwatch.home import Home
from tests.feeds.senders import gz, profile

OCDS: dict[str, Any] = {
    "name": "ocds",
    "feed": "procurement",
    "format": "ocds",
    "constants": {"adm_div_code": "990102"},
}

RELEASE: dict[str, Any] = {
    "ocid": "ocds-demo-0001",
    "id": "r3",
    "date": "2024-06-01T00:00:00Z",
    "tag": ["contract"],
    "language": "zh",
    "parties": [
        {
            "id": "S1",
            "name": "虚构甲公司",
            "identifier": {"scheme": "CN-USCC", "id": "91990000MA00000001"},
            "roles": ["supplier"],
        }
    ],
    "buyer": {"id": "U1", "name": "虚构市教育局"},
    "planning": {"budget": {"id": "b1", "projectID": "P-7", "amount": {"amount": 120000.5, "currency": "CNY"}}},
    "tender": {
        "id": "t1",
        "title": "课桌椅",
        "procurementMethod": "open",
        "mainProcurementCategory": "goods",
        "value": {"amount": 119000, "currency": "CNY"},
        "tenderPeriod": {"startDate": "2024-03-01T00:00:00+08:00"},
        "numberOfTenderers": 3,
        "tenderers": [{"id": "S1", "name": "虚构甲公司"}, {"id": "S2", "name": "虚构乙公司"}],
        "items": [
            {
                "id": "1",
                "description": "课桌",
                "quantity": 100,
                "classification": {"scheme": "X", "id": "A05010201"},
                "unit": {"name": "套", "value": {"amount": 400}},
            }
        ],
    },
    "awards": [
        {
            "id": "a1",
            "date": "2024-04-02T09:00:00+08:00",
            "value": {"amount": 60000, "currency": "CNY"},
            "suppliers": [{"id": "S1", "name": "虚构甲公司"}],
            "documents": [{"id": "d", "documentType": "awardNotice", "datePublished": "2024-04-05T00:00:00Z"}],
        },
        {
            "id": "a2",
            "date": "2024-04-03",
            "value": {"amount": 0.1, "currency": "CNY"},
            "suppliers": [{"id": "S2", "name": "虚构乙公司"}, {"id": "S3", "name": "虚构丙公司"}],
        },
    ],
    "contracts": [
        {
            "id": "c1",
            "awardID": "a1",
            "dateSigned": "2024-05-10T00:00:00Z",
            "value": {"amount": 50000, "currency": "CNY"},
        },
        {
            "id": "c2",
            "awardID": "a1",
            "dateSigned": "2024-05-08T00:00:00Z",
            "value": {"amount": 10000, "currency": "CNY"},
        },
    ],
}


def package(*releases: Any) -> dict[str, Any]:
    return {
        "uri": "urn:x",
        "version": "1.1",
        "publisher": {"name": "虚构"},
        "publishedDate": "2024-06-02T00:00:00Z",
        "releases": list(releases),
    }


def sent(path: Path, said: Any) -> Path:
    path.write_text(json.dumps(said, ensure_ascii=False, indent=1), "utf-8")
    return path


def taken(home: Home, file: Path, columns: str) -> list[tuple[Any, ...]]:
    receipt = intake.take_in(home, file, profile(home, **OCDS), actor="me")
    assert receipt.rows_rejected == 0, intake.rejects(home, receipt.batch).rows()
    with home.facts(SYSTEM) as connection:
        return connection.execute(f"SELECT {columns} FROM procurement ORDER BY _row").fetchall()


def test_an_award_is_a_row_with_its_tender_its_contracts_and_its_suppliers(home: Home, tmp_path: Path) -> None:
    columns = "lot, budget_year, agency_code, pro_code, method, category, budget, award, contract_amount, award_date, contract_date, contract_no"
    more = "supplier, supplier_code, bidders, bidder_names, award_notice_date, notice_date, item_code, quantity, unit_price, currency"
    first, second = taken(home, sent(tmp_path / "f.json", package(RELEASE)), f"{columns}, {more}")
    assert first == (
        "a1",
        2024,
        "U1",
        "P-7",
        "open",
        "goods",
        Decimal("120000.50"),
        Decimal("60000.00"),
        Decimal("60000.00"),
        dt.date(2024, 4, 2),
        dt.date(2024, 5, 8),
        "c1；c2",
        "虚构甲公司",
        "91990000MA00000001",
        3,
        "虚构甲公司；虚构乙公司",
        dt.date(2024, 4, 5),
        dt.date(2024, 3, 1),
        "A05010201",
        100,
        Decimal("400.00"),
        "CNY",
    )
    assert (second[0], second[7], second[8], second[12], second[13]) == (
        "a2",
        Decimal("0.10"),
        None,
        "虚构乙公司；虚构丙公司",
        "S2；S3",
    )


@pytest.mark.parametrize(
    "said",
    [
        package(RELEASE), RELEASE, [RELEASE], {"version": "1.1", "records": [{"ocid": RELEASE["ocid"], "compiledRelease": RELEASE}]},
        {"records": [{"ocid": RELEASE["ocid"], "releases": [RELEASE]}]}, [package(RELEASE)],
    ],
)  # fmt: skip
def test_packages_records_and_lines_of_them_give_the_same_rows(home: Home, tmp_path: Path, said: Any) -> None:
    wanted = [("ocds-demo-0001", "a1", Decimal("60000.00")), ("ocds-demo-0001", "a2", Decimal("0.10"))]
    assert taken(home, sent(tmp_path / "f.json", said), "proc_id, lot, award") == wanted
    if isinstance(said, dict):
        lines = gz(
            tmp_path / "g.jsonl.gz",
            (json.dumps(said) + "\n" + json.dumps({**RELEASE, "ocid": "ocds-demo-0002"}) + "\n").encode(),
        )
        receipt = intake.take_in(home, lines, "ocds", actor="me")
        assert (receipt.rows_in, receipt.rows_accepted, receipt.rows_repeated) == (4, 2, 2)


def test_later_releases_of_a_process_complete_and_correct_earlier_ones_in_whatever_order_they_stand(
    home: Home, tmp_path: Path
) -> None:
    later = {
        "ocid": RELEASE["ocid"],
        "id": "r4",
        "date": "2024-07-01T00:00:00Z",
        "tag": ["awardUpdate"],
        "awards": [{"id": "a1", "value": {"amount": 61000}}],
    }
    tender = {k: RELEASE[k] for k in ("ocid", "date", "buyer", "tender")} | {"id": "r1", "date": "2024-03-01T00:00:00Z"}
    for at, order in enumerate(([tender, RELEASE, later], [later, RELEASE, tender])):
        found = taken(
            home, sent(tmp_path / f"{at}.json", package(*copy.deepcopy(order))), "lot, award, method, award_date"
        )
        assert found == [
            ("a1", Decimal("61000.00"), "open", dt.date(2024, 4, 2)),
            ("a2", Decimal("0.10"), "open", dt.date(2024, 4, 3)),
        ]


def test_a_process_without_an_award_is_one_row(home: Home, tmp_path: Path) -> None:
    planned = {k: RELEASE[k] for k in ("ocid", "date", "buyer", "planning", "tender")}
    found = taken(home, sent(tmp_path / "f.json", package(planned)), "lot, award, budget, budget_year")
    assert found == [(None, None, Decimal("120000.50"), 2024)]


def test_what_is_no_release_is_rejected_and_the_others_are_taken(home: Home, tmp_path: Path) -> None:
    strange = {**RELEASE, "ocid": "ocds-demo-0003", "tender": {"procurementMethod": "by lot"}}
    receipt = intake.take_in(
        home,
        sent(tmp_path / "f.json", package(RELEASE, "x", {"no": "ocid"}, strange)),
        profile(home, **OCDS),
        actor="me",
    )
    assert (receipt.rows_in, receipt.rows_accepted, receipt.reasons) == (6, 2, {"not_a_record": 2, "unknown_code": 2})


@pytest.mark.parametrize(
    "text", ["[", "{}", "[]", '{"releases": 5}', '{"releases": [{"ocid": "x"', '{"releases": []}', "null", "7",
     '{"releases": [{"ocid": ' + "9" * 5_000 + "}]}"],
)  # fmt: skip
def test_what_holds_no_release_is_refused_with_a_sentence(home: Home, tmp_path: Path, text: str) -> None:
    (tmp_path / "f.json").write_text(text)
    with pytest.raises(BadFile) as refused:
        intake.take_in(home, tmp_path / "f.json", profile(home, **OCDS), actor="me")
    assert refused.value.fix
