"""Two sums that must agree: to the cent, by the same things, and never silent about what only one side knows."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetwatch.rules.book import from_text
from budgetwatch.rules.examples import check_examples
from budgetwatch.rules.finding import row_numbers
from budgetwatch.rules.judge import Verdict
from budgetwatch.rules.rule import Rule
from tests.effort import examples
from tests.rules.samples import BOOKS, judged, rule_file

DAY = dt.date(2025, 6, 30)


def changed(*pairs: tuple[str, str]) -> Rule:
    text = BOOKS
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return from_text(rule_file(text))[0]


def pay(amount: str | None, region: str | None = "990101", day: str = "2025-03-03", **more: Any) -> dict[str, Any]:
    return {"adm_div_code": region, "budget_year": 2025, "pay_date": day, "amount": amount, "agency_code": "A", "agency_name": "甲局", **more}  # fmt: skip


def month(amount: str | None, region: str = "990101", number: int = 3, **more: Any) -> dict[str, Any]:
    return {"adm_div_code": region, "budget_year": 2025, "month": number, "amount": amount, **more}


def told(verdict: Verdict) -> list[tuple[str, str, str, Decimal | None]]:
    assert verdict.failure == ""
    return sorted((f.subject, f.period, f.severity, f.amount) for f in verdict.findings)


def asked(one: Rule, payments: list[dict[str, Any]], months: list[dict[str, Any]]) -> Verdict:
    return judged(one, {"payment": payments, "treasury_report": months}, DAY)


def test_it_says_of_its_examples_what_they_expect() -> None:
    assert check_examples(changed()) == []


def test_a_difference_beyond_the_tolerance_is_a_finding_with_both_sums_and_its_rows() -> None:
    verdict = asked(changed(), [pay("100.01"), pay("0.10"), pay("5.00", day="2025-04-01")], [month("0.10"), month("5.00", number=4)])  # fmt: skip
    [finding] = verdict.findings
    assert (finding.subject, finding.period, finding.amount, finding.row_count) == ("990101", "2025-03", Decimal("100.01"), 2)  # fmt: skip
    assert (finding.facts["left"], finding.facts["right"], finding.facts["difference"]) == ("100.11", "0.10", "100.01")
    assert (finding.agency_code, finding.agency_name, finding.region) == ("A", "甲局", "990101")
    assert len(row_numbers(finding.rows)) == 2
    assert (verdict.looked_at, verdict.could_not_judge) == (3, 0)


def test_the_tolerance_itself_is_no_difference() -> None:
    assert told(asked(changed(), [pay("100.10")], [month("0.10")])) == []


def test_a_condition_chooses_rows_of_its_side() -> None:
    assert told(asked(changed(), [pay("0.10"), pay("900.00", book="2")], [month("0.10")])) == []


@pytest.mark.parametrize(
    ("missing", "flagged", "cannot"),
    [
        ("flag", [("990101", "2025-03", "yellow", Decimal("900.00")), ("990102", "2025-03", "orange", Decimal("800.00"))], {}),
        ("cannot", [], {"one_sided": 2}),
        ("ignore", [], {}),
    ],
)  # fmt: skip
def test_a_group_that_only_one_side_knows(missing: str, flagged: list[Any], cannot: dict[str, int]) -> None:
    verdict = asked(changed(("missing: cannot", f"missing: {missing}")), [pay("900.00")], [month("800.00", "990102")])
    assert (told(verdict), dict(verdict.reasons)) == (flagged, cannot)


def test_a_flag_of_the_other_side_alone_has_no_rows_of_what_is_looked_at() -> None:
    verdict = asked(changed(("missing: cannot", "missing: flag")), [pay("1.00")], [month("1.00"), month("900.00", "990102")])  # fmt: skip
    [finding] = verdict.findings
    assert (finding.row_count, finding.facts["left"], finding.facts["right"]) == (0, "", "900.00")


def test_rows_that_belong_to_no_group_are_told_of_once_a_side() -> None:
    verdict = asked(changed(), [pay("1.00"), pay("9999.00", None), pay(None)], [month("1.00"), month(None), month(None, number=4)])  # fmt: skip
    assert told(verdict) == []
    assert dict(verdict.reasons) == {"missing:adm_div_code": 1, "missing:amount": 1, "right_incomplete": 1}


def test_a_condition_that_cannot_be_decided_leaves_the_row_out_and_says_so() -> None:
    one = changed(("coalesce(book, '1') = '1'", "book = '1'"))
    verdict = asked(one, [pay("1.00", book="1"), pay("9999.00")], [month("1.00")])
    assert (told(verdict), dict(verdict.reasons)) == ([], {"left_incomplete": 1})


def test_currencies_are_never_added_together() -> None:
    pounds = {"currency": "GBP"}
    assert told(asked(changed(), [pay("900.00"), pay("900.00", **pounds)], [month("900.00"), month("900.00", **pounds)])) == []  # fmt: skip
    verdict = asked(changed(), [pay("900.00"), pay("100.00", **pounds)], [month("1000.00")])
    assert (told(verdict), dict(verdict.reasons)) == ([], {"one_sided": 1})


def test_bands_give_the_severity_of_the_first_that_holds() -> None:
    verdict = asked(
        changed(),
        [pay("60000.00"), pay("900.00", "990102"), pay("900.00", "990103"), pay("1.00", "990103"), pay("1.00", "990104")],
        [month("1.00"), month("1.00", "990102"), month("1.00", "990103"), month("900.00", "990104")],
    )  # fmt: skip
    assert [(subject, severity) for subject, _, severity, _ in told(verdict)] == [
        ("990101", "red"), ("990102", "yellow"), ("990103", "orange"), ("990104", "orange"),
    ]  # fmt: skip


def test_an_identity_within_one_row_holds_both_sides_over_the_same_facts() -> None:
    [one] = from_text(rule_file(IDENTITY))
    assert check_examples(one) == []
    rows = [
        {"indicator_no": "Z1", "budget_year": 2025, "initial": "100.00", "added": "5.00", "available": "105.00", "paid": "0.00"},
        {"indicator_no": "Z2", "budget_year": 2025, "initial": "100.00", "available": "60.00", "paid": "30.00", "agency_code": "B"},
    ]  # fmt: skip
    verdict = judged(one, {"indicator": rows}, DAY)
    [finding] = verdict.findings
    assert (finding.subject, finding.period, finding.amount, finding.row_count) == ("Z2", "2025", Decimal("10.00"), 1)


@given(
    st.lists(st.tuples(st.sampled_from(["990101", "990102"]), st.integers(-(10**9), 10**9), st.booleans()), max_size=12)
)
@settings(max_examples=examples(25))
def test_what_it_finds_is_what_adding_by_hand_finds(lines: list[tuple[str, int, bool]]) -> None:
    one = changed(("missing: cannot", "missing: flag"))
    sides: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    sums: dict[str, int] = {}
    for region, cents, left in lines:
        amount = str(Decimal(cents) / 100)
        sides[left].append(pay(amount, region) if left else month(amount, region))
        sums[region] = sums.get(region, 0) + (cents if left else -cents)
    by_hand = sorted((region, abs(Decimal(cents) / 100)) for region, cents in sums.items() if abs(cents) > 10_000)
    assert [(subject, amount) for subject, _, _, amount in told(asked(one, sides[True], sides[False]))] == by_hand


IDENTITY = """
  - id: DQ-95
    name: {zh: 名称, en: A name}
    severity: red
    why: {zh: 原因, en: A reason}
    law: [{law: 预算法, article: "57", since: 2015-01-01}]
    check: {zh: [看凭证], en: [Look at the voucher]}
    otherwise: {zh: [另有缘由], en: [Something else]}
    over: indicator
    needs: [available, paid]
    balance:
      left: {from: indicator, sum: "initial + coalesce(added, 0) - coalesce(reduced, 0) - coalesce(frozen, 0)"}
      right: {from: indicator, sum: available + paid}
      by: [indicator_no, budget_year]
      subject: [indicator_no]
      period: budget_year
    message: {zh: "{subject} {left} {right}", en: "{subject} {left} {right}"}
    examples:
      - name: {zh: 例, en: flags}
        given: {indicator: [{indicator_no: Z, budget_year: 2025, initial: "1.00", available: "0.00", paid: "0.99"}]}
        as_of: 2025-06-30
        expect: flags
      - name: {zh: 例, en: clear}
        given: {indicator: [{indicator_no: Z, budget_year: 2025, initial: "1.00", available: "0.01", paid: "0.99"}]}
        as_of: 2025-06-30
        expect: clear
      - name: {zh: 例, en: cannot}
        given: {indicator: [{indicator_no: Z, budget_year: 2025, initial: "1.00", paid: "0.99"}]}
        as_of: 2025-06-30
        expect: cannot
"""
