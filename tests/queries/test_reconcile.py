"""What was sent is held against itself: each check finds a planted difference to the cent, and nothing else."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from budgetwatch.access.viewer import SYSTEM, Viewer
from budgetwatch.errors import Denied, Invalid
from budgetwatch.home import Home
from budgetwatch.queries import reconcile
from tests.builders import facts

CITY, DISTRICT = {"adm_div_code": "990100"}, {"adm_div_code": "990102"}


def indicator(no: str, **more: Any) -> dict[str, Any]:
    return {"indicator_no": no, "budget_year": 2025, **CITY, "agency_code": "A", "initial": "100.00", "available": "60.00",
            "paid": "40.00", **more}  # fmt: skip


def paid(no: str, amount: str, **more: Any) -> dict[str, Any]:
    return {
        "voucher_no": no,
        "budget_year": 2025,
        "pay_date": "2025-03-05",
        **CITY,
        "agency_code": "A",
        "amount": amount,
        **more,
    }


def line(func: str, amount: str, **more: Any) -> dict[str, Any]:
    return {"budget_year": 2025, "stage": "draft", "direction": "expenditure", **CITY, "agency_code": "A", "func_code": func,
            "amount": amount, **more}  # fmt: skip


def transfer(doc: str, direction: str, amount: str, **more: Any) -> dict[str, Any]:
    return {"doc_no": doc, "budget_year": 2025, "direction": direction, "type": "general", "amount": amount, **more}


def fund(month: int, **more: Any) -> dict[str, Any]:
    return {"budget_year": 2025, "month": month, **CITY, "scheme": "unemployment", "income": "5.00", "expenditure": "2.00",
            **more}  # fmt: skip


#: check → facts that agree, and what spoils them by one cent or more
CASES: dict[str, tuple[dict[str, list[dict[str, Any]]], tuple[str, dict[str, Any], str]]] = {
    "indicator": ({"indicator": [indicator("1")]}, ("indicator", indicator("2", frozen="0.01"), "-0.01")),
    "indicator_paid": (
        {"indicator": [indicator("1")], "payment": [paid("V1", "30.00", indicator_no="1"), paid("V2", "10.00", indicator_no="1")]},
        ("payment", paid("V3", "0.01", indicator_no="1"), "0.01"),
    ),
    "treasury": (
        {"treasury_report": [{"budget_year": 2025, "month": 3, **CITY, "amount": "40.00"}], "payment": [paid("V1", "40.00")]},
        ("payment", paid("V2", "-1.00"), "-1.00"),
    ),
    "children": (
        {"budget_line": [line("205", "30000.00"), line("20502", "20000.00"), line("20503", "10000.00")]},
        ("budget_line", line("20504", "5000.01"), "5000.01"),
    ),
    "transfers": (
        {"transfer": [transfer("D1", "sent", "7.00", **CITY, recipient_div="990102"),
                      transfer("R1", "received", "7.00", **DISTRICT, upper_doc="D1")]},
        ("transfer", transfer("D2", "sent", "3.00", **CITY, recipient_div="990102"), "-3.00"),
    ),
    "revenue": (
        {"revenue": [{"budget_year": 2025, "month": m, **CITY, "code": "101", "amount": "5.00", "ytd": f"{5 * m}.00"} for m in (1, 2)]},
        ("revenue", {"budget_year": 2025, "month": 3, **CITY, "code": "101", "amount": "5.00", "ytd": "15.02"}, "-0.02"),
    ),
    "carryover": (
        {"carryover": [{"budget_year": 2025, **CITY, "agency_code": "A", "form_year": 2024, "formed": "9.00", "used": "4.00", "balance": "5.00"}]},
        ("carryover", {"budget_year": 2025, **CITY, "agency_code": "B", "form_year": 2024, "formed": "9.00", "recovered": "1.00", "balance": "9.00"}, "-1.00"),
    ),
    "insurance": (
        {"insurance_fund": [fund(1, opening="1.00", closing="4.00")]},
        ("insurance_fund", fund(2, opening="4.00", closing="7.50"), "-0.50"),
    ),
}  # fmt: skip


def test_every_check_has_a_case() -> None:
    assert set(CASES) == set(reconcile.CHECKS)


@pytest.mark.parametrize("name", CASES)
def test_what_agrees_is_left_alone_and_a_difference_is_found_to_the_cent(home: Home, name: str) -> None:
    sound, (feed, spoilt, difference) = CASES[name]
    for each, rows in sound.items():
        facts(home, each, rows)
    found = {o.name: o for o in reconcile.outcomes(home, SYSTEM)}[name]
    assert found.looked_at > 0
    assert (found.differing, found.greatest, found.missing) == (0, None, ())
    facts(home, feed, [spoilt])
    found = {o.name: o for o in reconcile.outcomes(home, SYSTEM)}[name]
    assert (found.differing, found.greatest) == (1, abs(Decimal(difference)))
    (row,) = reconcile.differences(home, SYSTEM, name).rows
    assert row["difference"] == Decimal(difference)


def test_a_check_without_its_feeds_says_which_are_missing(home: Home) -> None:
    facts(home, "indicator", [indicator("1")])
    found = {o.name: o for o in reconcile.outcomes(home, SYSTEM)}
    assert found["indicator_paid"].missing == ("payment",)
    assert found["indicator_paid"].looked_at == 0
    assert reconcile.differences(home, SYSTEM, "indicator_paid").total == 0


def test_a_tolerance_of_the_deployment_is_respected(home: Home) -> None:
    facts(home, "indicator", [indicator("1", frozen="0.50")])
    home.settings.tolerances = {"indicator": Decimal("0.50")}
    assert {o.name: o.differing for o in reconcile.outcomes(home, SYSTEM)}["indicator"] == 0


def test_a_district_sees_only_its_own_differences(home: Home) -> None:
    facts(home, "indicator", [indicator("1", frozen="1.00"), indicator("2", frozen="2.00", **DISTRICT)])
    viewer = Viewer(1, "d", "d", "reviewer", "990102")
    assert [r["subject"] for r in reconcile.differences(home, viewer, "indicator").rows] == ["2"]


def test_deputies_and_unknown_names_are_refused(home: Home) -> None:
    with pytest.raises(Denied):
        reconcile.outcomes(home, Viewer(1, "d", "d", "deputy", "9901"))
    with pytest.raises(Invalid, match="indicator"):
        reconcile.differences(home, SYSTEM, "indicators")
