"""How far spending should have got: by elapsed time, by the cash plan, by the unit's own last three years."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from budgetwatch.errors import BadRule
from budgetwatch.rules import baselines, functions
from budgetwatch.rules.book import from_text
from budgetwatch.rules.examples import check_examples
from tests.builders import table
from tests.rules.samples import SPLIT, judged, rule_file

UNIT = {"adm_div_code": "990101", "agency_code": "A", "agency_name": "甲局", "line_type": "project"}


def paid(year: int, month: int, amount: str, **more: Any) -> dict[str, Any]:
    return {**UNIT, "budget_year": year, "pay_date": dt.date(year, month, 15), "amount": amount, **more}


def evenly(year: int, first: str, others: str, **more: Any) -> list[dict[str, Any]]:
    """One payment a month, January's of its own size."""
    return [paid(year, month, first if month == 1 else others, **more) for month in range(1, 13)]


def pace(
    given: Mapping[str, Sequence[Mapping[str, Any]]], what: str, where: str = "true", name: str = "pace"
) -> list[Any]:
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        for feed, rows in given.items():
            connection.register("rows_", table(feed, rows))
            connection.execute(f"CREATE TABLE {feed} AS SELECT * FROM rows_")
        functions.install(connection, (2020, 2026))
        baselines.install(connection, (name,))
        return connection.execute(f"SELECT {what} FROM {name} WHERE {where} ORDER BY ALL").fetchall()


def test_elapsed_time_in_days_and_in_working_days() -> None:
    told = pace({"payment": [paid(2025, 5, "1.00")]}, "month, elapsed, worked", "month IN (2, 6, 12)")
    assert [(month, round(elapsed, 4)) for month, elapsed, _ in told] == [(2, Decimal("0.1616")), (6, Decimal("0.4959")), (12, 1)]  # fmt: skip
    assert told[0][2] < told[0][1]  # the spring festival lies in it
    assert told[2][2] == 1


def test_what_was_paid_adds_up_by_month_and_late_payments_belong_to_december() -> None:
    rows = [paid(2025, 2, "0.10"), paid(2025, 2, "0.20"), paid(2025, 12, "1.00", pay_date=dt.date(2026, 1, 9))]
    told = pace({"payment": rows}, "month, paid", "month IN (1, 2, 11, 12)")
    assert told == [(1, Decimal("0.00")), (2, Decimal("0.30")), (11, Decimal("0.30")), (12, Decimal("1.30"))]


def test_the_usual_course_is_the_median_of_the_last_three_years() -> None:
    rows = [*evenly(2021, "99.00", "1.00"), *evenly(2022, "1.00", "1.00"), *evenly(2023, "9.00", "1.00"), *evenly(2024, "89.00", "1.00")]  # fmt: skip
    rows.append(paid(2025, 1, "5.00"))
    [(usual, years)] = pace({"payment": rows}, "usual, usual_years", "budget_year = 2025 AND month = 1")
    assert (usual, years) == (Decimal("0.450000"), 3)  # of 1/12, 9/20 and 89/100; 2021 is too long ago


def test_one_year_alone_or_half_a_year_makes_no_course() -> None:
    half = [paid(2023, month, "1.00") for month in range(7, 13)]
    rows = [*half, *evenly(2024, "1.00", "1.00"), paid(2025, 1, "5.00")]
    assert pace({"payment": rows}, "usual, usual_years", "budget_year = 2025 AND month = 1") == [(None, None)]


def test_the_plan_is_its_share_of_december_and_carries_on_where_a_month_is_left_out() -> None:
    plan = [{**UNIT, "budget_year": 2025, "month": month, "planned": amount} for month, amount in ((3, "10.00"), (12, "40.00"))]  # fmt: skip
    told = pace({"payment": [paid(2025, 1, "1.00")], "cash_plan": plan}, "month, plan, planned", "month IN (2, 3, 7, 12)")  # fmt: skip
    assert told == [
        (2, None, 0), (3, Decimal("10.00"), Decimal("0.25")), (7, Decimal("10.00"), Decimal("0.25")), (12, Decimal("40.00"), 1),
    ]  # fmt: skip
    assert pace({"payment": [paid(2025, 1, "1.00")], "cash_plan": plan[:1]}, "DISTINCT planned") == [(None,)]


def test_kinds_currencies_and_lines_are_kept_apart() -> None:
    rows = [
        paid(2025, 1, "1.00"), paid(2025, 1, "2.00", dep_eco_code="30905"), paid(2025, 1, "4.00", currency="GBP"),
        paid(2025, 1, "8.00", line_type=None), paid(2025, 1, "16.00", pro_code="P1", gov_eco_code="50401"),
    ]  # fmt: skip
    assert pace({"payment": rows}, "kind, currency, paid", "month = 1") == [
        ("other", "CNY", Decimal("8.00")), ("project", "CNY", Decimal("1.00")), ("project", "GBP", Decimal("4.00")),
        ("works", "CNY", Decimal("18.00")),
    ]  # fmt: skip
    lines = pace({"payment": rows}, "pro_code, paid", "month = 1 AND kind = 'works'", "pace_line")
    assert lines == [("", Decimal("2.00")), ("P1", Decimal("16.00"))]


BEHIND = SPLIT[: SPLIT.index("    over:")].replace("PY-08", "EX-95") + """
    over: payment
    needs: []
    feeds: [cash_plan]
    optional: [cash_plan]
    params:
      plan_kinds: {type: words, value: [project, works], name: {zh: 按用款计划, en: by the plan}}
      usual_kinds: {type: words, value: [operating], name: {zh: 按往年, en: by own years}}
      behind: {type: ratio, value: "0.20", unit: share, name: {zh: 落后, en: behind}}
    select: |
      SELECT agency_code AS subject, budget_year::VARCHAR AS period, agency_code, adm_div_code, paid AS amount, NULL::BIGINT[] AS rows,
             expected_pace(kind, elapsed, planned, usual, $plan_kinds, $usual_kinds) AS expected
      FROM pace WHERE month = month($as_of) AND budget_year = year($as_of) AND share(paid, 100) < expected - $behind
    message: {zh: "{subject} {expected}", en: "{subject} {expected} {behind} {plan_kinds} {usual_kinds}"}
    examples:
      - name: {zh: 落后, en: behind elapsed time}
        given: {payment: [{agency_code: "A", budget_year: 2025, pay_date: 2025-01-05, amount: "5.00", line_type: project}]}
        as_of: 2025-06-30
        expect: flags
      - name: {zh: 计划在年底, en: "planned for the year's end"}
        given:
          payment: [{agency_code: "A", budget_year: 2025, pay_date: 2025-01-05, amount: "5.00", line_type: project}]
          cash_plan: [{agency_code: "A", budget_year: 2025, month: 12, planned: "100.00", line_type: project}]
        as_of: 2025-06-30
        expect: clear
      - name: {zh: 没有支付, en: no payments}
        given: {cash_plan: []}
        as_of: 2025-06-30
        expect: cannot
"""  # fmt: skip


def test_a_rule_chooses_the_baseline_by_kind_of_spending() -> None:
    [rule] = from_text(rule_file(BEHIND))
    assert check_examples(rule) == []
    assert rule.relies_on == ("payment",)
    verdict = judged(rule, {"payment": [paid(2025, 1, "5.00", line_type="personnel")]}, dt.date(2025, 6, 30))
    assert [finding.facts["expected"] for finding in verdict.findings] == ["0.495890"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("    feeds: [cash_plan]\n    optional: [cash_plan]\n", "", "cash_plan"),
        ("optional: [cash_plan]", "optional: [transfer]", "transfer"),
        ("FROM pace WHERE", "FROM paces WHERE", "paces"),
        ("paid AS amount", "payd AS amount", "paid"),
    ],
)
def test_what_does_not_hold_is_refused(old: str, new: str, words: str) -> None:
    assert old in BEHIND
    with pytest.raises(BadRule, match=words):
        from_text(rule_file(BEHIND.replace(old, new, 1)))
