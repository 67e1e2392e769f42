"""The filter of payments as it stands in an address: the same for the page, its pictures and their files."""

from __future__ import annotations

from budgetwatch.queries.payments import PaymentFilter
from budgetwatch.text import Text
from dashboard.asking import Asking

FIELDS = (
    "text", "region", "agency", "year", "first_day", "last_day", "func", "eco", "pro", "payee", "item", "min_amount",
    "max_amount", "book", "currency", "batch",
)  # fmt: skip


def filter_of(asking: Asking) -> PaymentFilter:
    """The filter that the address asks for; refuses what cannot be read."""
    return PaymentFilter(
        region=asking.one("region"),
        agency=asking.one("agency"),
        year=asking.number("year"),
        first_day=asking.day("first_day", Text("开始日期", "First day")),
        last_day=asking.day("last_day", Text("结束日期", "Last day")),
        func=asking.one("func"),
        eco=asking.one("eco"),
        pro=asking.one("pro"),
        payee=asking.one("payee"),
        item=asking.one("item"),
        text=asking.one("text"),
        min_amount=asking.amount("min_amount", Text("最低金额", "Least amount")),
        max_amount=asking.amount("max_amount", Text("最高金额", "Greatest amount")),
        book=asking.one("book"),
        currency=asking.one("currency"),
        batch=asking.number("batch"),
    )
