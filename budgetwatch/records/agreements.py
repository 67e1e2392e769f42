"""What must agree in what was sent: identities within a row, sums against parents, one feed against another.

Each agreement is one question over the feeds' views whose rows are the cases with what was stated and what was found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from budgetwatch.text import Text


@dataclass(frozen=True, slots=True)
class Check:
    """One agreement that must hold. `sql` gives region, subject, period, stated, found and `differs` of every case."""

    name: str
    label: Text
    feeds: tuple[str, ...]
    sql: str
    tolerance: Decimal = Decimal("0.00")


#: A town's code has the district's in front, so a sum by code keeps each level to itself.
CHECKS: Mapping[str, Check] = {
    c.name: c
    for c in (
        Check(
            "indicator",
            Text(
                "指标：年初+追加−调减−冻结 = 可用+已付",
                "Indicators: initial + added − reduced − frozen = available + paid",
            ),
            ("indicator",),
            """SELECT adm_div_code AS region, indicator_no AS subject, budget_year::VARCHAR AS period,
                      coalesce(available, 0) + coalesce(paid, 0) AS stated,
                      initial + coalesce(added, 0) - coalesce(reduced, 0) - coalesce(frozen, 0) AS found
               FROM indicator WHERE available IS NOT NULL AND paid IS NOT NULL""",
        ),
        Check(
            "indicator_paid",
            Text("指标已付 = 该指标的支付之和", "An indicator's paid amount = the sum of its payments"),
            ("indicator", "payment"),
            """SELECT i.adm_div_code AS region, i.indicator_no AS subject, i.budget_year::VARCHAR AS period,
                      i.paid AS stated, coalesce(p.amount, 0) AS found
               FROM indicator i LEFT JOIN (SELECT indicator_no, sum(amount) AS amount FROM payment
                    WHERE indicator_no IS NOT NULL GROUP BY ALL) p USING (indicator_no)
               WHERE i.paid IS NOT NULL""",
        ),
        Check(
            "treasury",
            Text("支付合计 = 国库月报", "Payments = the treasury's monthly report"),
            ("treasury_report", "payment"),
            # A report that gives a month's total (a row without a subject) is held to it, else to the sum of its subjects;
            # of several reports on one month the last one counts.
            """WITH last AS (SELECT * FROM treasury_report
                             QUALIFY coalesce(report, '') = max(coalesce(report, '')) OVER (PARTITION BY adm_div_code, budget_year, month)),
                    stated AS (SELECT adm_div_code, budget_year, month,
                                      coalesce(sum(amount) FILTER (func_code IS NULL), sum(amount)) AS amount FROM last GROUP BY ALL),
                    paid AS (SELECT adm_div_code, budget_year, month(pay_date) AS month, sum(amount) AS amount
                             FROM payment GROUP BY ALL)
               SELECT s.adm_div_code AS region, s.adm_div_code AS subject, printf('%d-%02d', s.budget_year, s.month) AS period,
                      s.amount AS stated, coalesce(p.amount, 0) AS found
               FROM stated s LEFT JOIN paid p USING (adm_div_code, budget_year, month)""",
        ),
        Check(
            "children",
            Text("科目：下级之和 = 上级", "Subjects: the parts add up to the whole"),
            ("budget_line",),
            """WITH lines AS (
                   SELECT adm_div_code, budget_year, book, stage, version, direction, agency_code, func_code, sum(amount) AS amount
                   FROM budget_line WHERE func_code IS NOT NULL GROUP BY ALL),
               parts AS (
                   SELECT * EXCLUDE (func_code, amount), left(func_code, CASE length(func_code) WHEN 7 THEN 5 ELSE 3 END) AS func_code,
                          sum(amount) AS amount
                   FROM lines WHERE length(func_code) IN (5, 7) GROUP BY ALL)
               SELECT w.adm_div_code AS region, w.agency_code || ' ' || w.func_code AS subject,
                      w.budget_year || ' ' || w.stage AS period, w.amount AS stated, p.amount AS found
               FROM lines w JOIN parts p ON w.adm_div_code = p.adm_div_code AND w.budget_year = p.budget_year
                    AND w.book IS NOT DISTINCT FROM p.book AND w.stage = p.stage AND w.version IS NOT DISTINCT FROM p.version
                    AND w.direction = p.direction AND w.agency_code = p.agency_code AND w.func_code = p.func_code""",
            Decimal("5000.00"),  # half a 万元 and its rounding: BP-06 allows as much
        ),
        Check(
            "transfers",
            Text("对下下达 = 下级收到", "Transfers sent below = transfers received there"),
            ("transfer",),
            """WITH sent AS (SELECT recipient_div, doc_no, budget_year, sum(amount) AS amount FROM transfer
                             WHERE direction = 'sent' AND recipient_div IS NOT NULL GROUP BY ALL),
                    got AS (SELECT adm_div_code, coalesce(upper_doc, doc_no) AS doc_no, sum(amount) AS amount FROM transfer
                            WHERE direction = 'received' GROUP BY ALL)
               SELECT s.recipient_div AS region, s.doc_no AS subject, s.budget_year::VARCHAR AS period,
                      s.amount AS stated, coalesce(g.amount, 0) AS found
               FROM sent s LEFT JOIN got g ON g.adm_div_code = s.recipient_div AND g.doc_no = s.doc_no
               WHERE s.recipient_div IN (SELECT adm_div_code FROM transfer WHERE direction = 'received')""",
        ),
        Check(
            "revenue",
            Text("收入：各月之和 = 累计数", "Revenue: the months add up to the year to date"),
            ("revenue",),
            """SELECT adm_div_code AS region, code AS subject, printf('%d-%02d', budget_year, month) AS period, ytd AS stated,
                      sum(amount) OVER (PARTITION BY adm_div_code, book, code, report, budget_year ORDER BY month) AS found
               FROM revenue
               QUALIFY ytd IS NOT NULL
                   AND count(amount) OVER (PARTITION BY adm_div_code, book, code, report, budget_year ORDER BY month) = month""",
        ),
        Check(
            "carryover",
            Text("结转：形成−使用−收回 = 余额", "Carry-over: formed − used − recovered = balance"),
            ("carryover",),
            """SELECT adm_div_code AS region, agency_code || ' ' || coalesce(pro_code, '') AS subject,
                      budget_year || ' / ' || form_year AS period, balance AS stated,
                      formed - coalesce(used, 0) - coalesce(recovered, 0) AS found
               FROM carryover""",
        ),
        Check(
            "insurance",
            Text("社保基金：期初+收入−支出 = 期末", "Insurance funds: opening + income − expenditure = closing"),
            ("insurance_fund",),
            """SELECT adm_div_code AS region, scheme AS subject, printf('%d-%02d', budget_year, month) AS period,
                      closing AS stated, opening + income - expenditure AS found
               FROM insurance_fund WHERE opening IS NOT NULL AND closing IS NOT NULL""",
        ),
    )
}
