"""Checks that every form of question shares: columns that exist, money that is money, SQL placed in its key."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TypeVar

from budgetwatch.records import ALL, Column
from budgetwatch.rules.refusal import Refusal, nearest
from budgetwatch.text import Text

Place = tuple[str | int, ...]
_T = TypeVar("_T")
#: A day for questions that are proved and not asked.
DAY = dt.date(2024, 6, 28)


def column(feed: str, name: str, at: Place) -> Column:
    """The feed's column of that name; refused with the nearest where there is none."""
    columns = ALL[feed].by_name
    if name not in columns:
        raise Refusal(Text(f"{feed} 没有列 {name}。", f"{feed} has no column {name}."), nearest(name, columns), at)
    return columns[name]


def money(feed: str, name: str, at: Place) -> None:
    """Refuse a column that holds no money."""
    if column(feed, name, at).kind != "money":
        raise Refusal(
            Text(f"{name} 不是金额列。", f"{name} is not a column of money."),
            Text("请改用金额列。", "Name a column of money."),
            at,
        )


def readable(feed: str, reads: tuple[str, ...], at: Place) -> None:
    """Refuse facts that the rule does not say it reads."""
    if feed not in reads:
        raise Refusal(
            Text(f"{feed} 未在 over 或 feeds 中写明。", f"{feed} is not named under over or feeds."),
            nearest(feed, reads),
            at,
        )


def placed(check: Callable[[], _T], *at: str | int) -> _T:
    """What the check gives; what it refuses is said to stand there."""
    try:
        return check()
    except Refusal as refusal:
        raise Refusal(refusal.what, refusal.fix, refusal.at or at) from None
