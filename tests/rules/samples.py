"""Small rules of every form for tests, and a way to judge one over a few facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from budgetwatch.rules.judge import Verdict, judge
from budgetwatch.rules.rule import Rule
from tests.builders import table

_HEAD = """
  - id: {id}
    name: {{zh: 名称, en: A name}}
    severity: orange
    why: {{zh: 原因, en: A reason}}
    law: [{{law: 预算法, article: "57", since: 2015-01-01}}]
    check: {{zh: [看凭证], en: [Look at the voucher]}}
    otherwise: {{zh: [另有缘由], en: [Something else]}}
"""


def _examples(feed: str, flags: str, clear: str, cannot: str) -> str:
    lines = ["    examples:"]
    for expect, rows in (("flags", flags), ("clear", clear), ("cannot", cannot)):
        lines.append(
            f"      - {{name: {{zh: 例, en: {expect}}}, as_of: 2025-06-30, expect: {expect}, given: {{{feed}: [{rows}]}}}}"
        )
    return "\n".join(lines) + "\n"


CASH = (
    _HEAD.format(id="PY-07")
    + """
    over: payment
    needs: [settlement]
    params:
      floor: {type: money, value: "10000.00", min: "0.00", max: "1000000.00", unit: yuan, name: {zh: 起点, en: Floor}}
    when: settlement = 'cash' and amount >= $floor
    subject: [agency_code]
    period: month
    message: {zh: "{subject_name} 现金支付 {amount} 元，{n} 笔", en: "{subject_name} paid {amount} in cash, {n} payments of at least {floor}"}
"""
    + _examples(
        "payment",
        '{agency_code: "1", pay_date: 2025-03-03, amount: "12000.00", settlement: cash}',
        '{agency_code: "1", pay_date: 2025-03-03, amount: "9999.99", settlement: cash}',
        '{agency_code: "1", pay_date: 2025-03-03, amount: "12000.00"}',
    )
)

#: Payments that are small each and much together.
OFTEN = (
    _HEAD.format(id="PY-11")
    + """
    over: payment
    needs: []
    params:
      limit: {type: money, value: "60000.00", min: "0.00", max: "1000000.00", unit: yuan, name: {zh: 单笔上限, en: Limit}}
      total: {type: money, value: "100000.00", min: "0.01", max: "1000000.00", unit: yuan, name: {zh: 合计, en: Total}}
      times: {type: integer, value: 2, min: 1, max: 100, name: {zh: 笔数, en: Times}}
    when: amount > 0 and amount < $limit
    subject: [agency_code]
    period: month
    least: {amount: $total, rows: $times}
    message: {zh: "{subject_name} {n} 笔，合计 {amount} 元", en: "{subject_name} paid {amount} in {n} small payments"}
"""
    + _examples(
        "payment",
        '{agency_code: "1", pay_date: 2025-03-03, amount: "50000.00", _times: 2}',
        '{agency_code: "1", pay_date: 2025-03-03, amount: "49999.99", _times: 2}',
        '{agency_code: "1", amount: "50000.00", _times: 2}',
    )
)

SPLIT = (
    _HEAD.format(id="PY-08")
    + """
    over: payment
    needs: [payee_name]
    params:
      limit: {type: money, value: "20000.00", unit: yuan, name: {zh: 限额, en: Limit}}
    select: |
      SELECT agency_code || '|' || payee_name AS subject, max(agency_name) AS subject_name, budget_year::VARCHAR AS period,
        agency_code, max(agency_name) AS agency_name, min(adm_div_code) AS adm_div_code, sum(amount) AS amount, list(_row) AS rows,
        max(amount) AS largest
      FROM payment WHERE amount < $limit GROUP BY agency_code, payee_name, budget_year HAVING sum(amount) >= $limit
    message: {zh: "{subject_name} 拆分 {amount}，最大 {largest}", en: "{subject_name} split {amount}, the largest {largest}"}
"""
    + _examples(
        "payment",
        '{agency_code: "1", payee_name: 甲, budget_year: 2025, amount: "12000.00"}, '
        '{agency_code: "1", payee_name: 甲, budget_year: 2025, amount: "9000.00"}',
        '{agency_code: "1", payee_name: 甲, budget_year: 2025, amount: "12000.00"}',
        '{agency_code: "1", budget_year: 2025, amount: "12000.00"}',
    )
)

LATE_TRANSFER = (
    _HEAD.format(id="TR-90")
    + """
    over: transfer
    needs: [received_date]
    params:
      days: {type: integer, value: 30, min: 1, max: 366, unit: day, name: {zh: 天, en: Days}}
    deadline:
      start: {from: transfer, when: "direction = 'received'", day: received_date}
      end: {from: transfer, when: "direction = 'received'", day: issued_date}
      join: [doc_no, adm_div_code]
      days: $days
    message: {zh: "应于 {due_day}，逾期 {days_late} 日", en: "due {due_day}, {days_late} days late"}
"""
    + _examples(
        "transfer",
        '{doc_no: a, adm_div_code: "990100", direction: received, received_date: 2025-01-01, issued_date: 2025-02-01}',
        '{doc_no: a, adm_div_code: "990100", direction: received, received_date: 2025-01-01, issued_date: 2025-01-31}',
        '{doc_no: a, adm_div_code: "990100", direction: received}',
    )
)

BOOKS = (
    _HEAD.format(id="DQ-94")
    + """
    over: payment
    needs: []
    feeds: [treasury_report]
    params:
      tolerance: {type: money, value: "100.00", min: "0.00", max: "1000000.00", unit: yuan, name: {zh: 容差, en: tolerance}}
      red_floor: {type: money, value: "50000.00", unit: yuan, name: {zh: 红色起点, en: red from}}
    balance:
      left: {from: payment, sum: amount, when: "coalesce(book, '1') = '1'"}
      right: {from: treasury_report, sum: amount}
      by: [adm_div_code, budget_year, {left: month(pay_date), right: month, as: month}]
      subject: [adm_div_code]
      period: [budget_year, month]
      tolerance: $tolerance
      missing: cannot
    bands:
      - {severity: red, when: "amount >= $red_floor"}
      - {severity: yellow, when: "difference > 0 AND n = 1"}
    message: {zh: "{subject} {period} 支付 {left}，国库 {right}，相差 {difference}", en: "{subject} {period}: paid {left}, treasury {right}, {difference}"}
    examples:
      - name: {zh: 不符, en: differs}
        given:
          payment: [{adm_div_code: "990101", budget_year: 2025, pay_date: 2025-03-03, amount: "900.00"}]
          treasury_report: [{adm_div_code: "990101", budget_year: 2025, month: 3, amount: "700.00"}]
        as_of: 2025-06-30
        expect: flags
      - name: {zh: 相符, en: agrees}
        given:
          payment: [{adm_div_code: "990101", budget_year: 2025, pay_date: 2025-03-03, amount: "800.00"}]
          treasury_report: [{adm_div_code: "990101", budget_year: 2025, month: 3, amount: "700.00"}]
        as_of: 2025-06-30
        expect: clear
      - name: {zh: 国库没有这个月, en: the treasury does not have the month}
        given:
          payment: [{adm_div_code: "990101", budget_year: 2025, pay_date: 2025-03-03, amount: "800.00"}]
          treasury_report: [{adm_div_code: "990101", budget_year: 2025, month: 4}]
        as_of: 2025-06-30
        expect: cannot
"""
)

RANKED = (
    _HEAD.format(id="OM-90")
    + """
    over: payment
    needs: []
    outlier: {model: pair_lift, columns: [agency_code, item_name], amount: amount, min_rows: 20, keep: 5}
    message: {zh: "{explanation}", en: "{explanation}"}
"""
    + _examples(
        "payment",
        '{agency_code: "1", item_name: a, amount: "1.00", _times: 30}, {agency_code: "2", item_name: b, amount: "1.00"}',
        '{agency_code: "1", item_name: a, amount: "1.00", _times: 30}',
        '{agency_code: "1", item_name: a, amount: "1.00"}',
    )
)


def rule_file(*rules: str) -> str:
    """A rule file holding those rules."""
    return "rules:" + "".join(rules)


def judged(rule: Rule, given: Mapping[str, Sequence[Mapping[str, Any]]], as_of: dt.date) -> Verdict:
    """The rule's verdict on a few facts in memory."""
    with duckdb.connect(":memory:", config={"threads": 2}) as connection:
        for feed in rule.reads:
            connection.register("rows_", table(feed, given.get(feed, [])))
            connection.execute(f"CREATE TABLE {feed} AS SELECT * FROM rows_")
            connection.unregister("rows_")
        return next(judge(connection, [rule], as_of, have=given))
