"""The canonical feeds: every kind of fact that government sends, by name, in reading order."""

from __future__ import annotations

from collections.abc import Mapping

from budgetwatch.records import delivery, income, levels, reference, spending
from budgetwatch.records.types import Feed

ALL: Mapping[str, Feed] = {
    f.name: f
    for f in (
        spending.PAYMENT, spending.BUDGET_LINE, spending.INDICATOR, spending.ADJUSTMENT, levels.TRANSFER,
        spending.CARRYOVER, spending.TREASURY_REPORT, levels.DEBT_LIMIT, levels.DEBT_BOND, levels.DEBT_PROJECT, delivery.PROJECT_INVEST,
        delivery.PROCUREMENT, delivery.ASSET, delivery.PERFORMANCE, delivery.LIVELIHOOD_ITEM, income.REVENUE,
        income.NONTAX_ITEM, income.SOE_DIVIDEND, income.INSURANCE_FUND, reference.AUDIT_ISSUE, reference.ORG_UNIT,
        reference.REGION, reference.SUBJECT_DICT, reference.CALENDAR_EVENT, reference.DISCLOSURE,
    )
}  # fmt: skip
