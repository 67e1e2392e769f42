"""What a condition's hits must come to before they are a finding: in money, in number, or both."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from budgetwatch.rules.book import from_text
from budgetwatch.rules.rule import Rule
from tests.rules.samples import OFTEN, judged, rule_file

DAY = dt.date(2025, 6, 30)


@pytest.fixture(scope="module")
def often() -> Rule:
    [rule] = from_text(rule_file(OFTEN))
    return rule


def paid(*amounts: str, **more: Any) -> list[dict[str, Any]]:
    return [{"agency_code": "1", "pay_date": dt.date(2025, 3, 3), "amount": amount, **more} for amount in amounts]


def found(rule: Rule, *rows: dict[str, Any]) -> list[tuple[str, str, Decimal | None, int]]:
    verdict = judged(rule, {"payment": rows}, DAY)
    return sorted((f.subject, f.period, f.amount, f.row_count) for f in verdict.findings)


def test_a_finding_comes_to_both_the_amount_and_the_number(often: Rule) -> None:
    assert found(often, *paid("50000", "50000")) == [("1", "2025-03", Decimal("100000.00"), 2)]
    assert found(often, *paid("50000", "49999.99")) == []
    assert found(often.with_params({"total": "50000.00"}), *paid("59999")) == [], "one payment is not two"
    assert found(often.with_params({"times": 3}), *paid("50000", "50000")) == []


def test_each_subject_and_period_is_counted_by_itself(often: Rule) -> None:
    april = {"pay_date": dt.date(2025, 4, 1)}
    assert found(often, *paid("50000"), *paid("50000", **april), *paid("50000", agency_code="2")) == []
    assert [period for _, period, *_ in found(often, *paid("50000", "50000"), *paid("55000", "55000", **april))] == [
        "2025-03", "2025-04",
    ]  # fmt: skip


def test_what_the_condition_does_not_hit_adds_nothing(often: Rule) -> None:
    assert found(often, *paid("50000", "60000", "-20000")) == []


def test_currencies_are_not_added_together(often: Rule) -> None:
    mixed = [*paid("50000", currency="CNY"), *paid("50000", currency="USD")]
    assert found(often, *mixed) == []
    assert found(often, *mixed, *paid("50000", currency="USD")) == [("1", "2025-03", Decimal("100000.00"), 2)]


def test_a_row_that_cannot_be_summed_cannot_be_judged(often: Rule) -> None:
    assert "amount" in often.needs
    verdict = judged(often, {"payment": [*paid("50000", "50000"), {"agency_code": "1", "pay_date": DAY}]}, DAY)
    assert (len(verdict.findings), verdict.could_not_judge) == (1, 1)


def test_it_is_part_of_what_the_rule_is(often: Rule) -> None:
    [any_] = from_text(rule_file(OFTEN.replace("least: {amount: $total, rows: $times}", "least: {rows: $times}").replace(
        '      total: {type: money, value: "100000.00", min: "0.01", max: "1000000.00", unit: yuan, name: {zh: 合计, en: Total}}\n', "")))  # fmt: skip
    assert any_.digest != often.digest
    assert found(any_, *paid("1", "1")) == [("1", "2025-03", Decimal("2.00"), 2)]
