"""The canonical feeds by name, in reading order: every kind of fact that is sent, and what the house itself remembers."""

from __future__ import annotations

from collections.abc import Mapping

from budgetwatch.records import delivery, income, levels, own, reference, spending
from budgetwatch.records.types import Feed

ALL: Mapping[str, Feed] = {
    f.name: f
    for f in (
        spending.PAYMENT, spending.BUDGET_LINE, spending.INDICATOR, spending.CASH_PLAN, spending.ADJUSTMENT, levels.TRANSFER,
        spending.CARRYOVER, spending.TREASURY_REPORT, levels.DEBT_LIMIT, levels.DEBT_BOND, levels.DEBT_PROJECT, delivery.PROJECT_INVEST,
        delivery.PROCUREMENT, delivery.ASSET, delivery.PERFORMANCE, delivery.LIVELIHOOD_ITEM, income.REVENUE,
        income.NONTAX_ITEM, income.SOE_DIVIDEND, income.INSURANCE_FUND, reference.AUDIT_ISSUE, reference.ORG_UNIT,
        reference.REGION, reference.SUBJECT_DICT, reference.CALENDAR_EVENT, reference.DISCLOSURE,
        own.BATCH, own.LOOP_CASE, own.LOOP_OPINION, own.UNREAD,
    )
}  # fmt: skip
#: What government sends: the feeds that profiles and intake know.
SENT: Mapping[str, Feed] = {name: feed for name, feed in ALL.items() if not feed.own}
