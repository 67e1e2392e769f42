"""Months as pictures say them, in both languages."""

from __future__ import annotations

from budgetwatch.text import Text
from dashboard.i18n import say

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def month(n: int) -> str:
    """3 月, Mar."""
    return say(Text(f"{n} 月", _MONTHS[n - 1][:3]))


def month_end(n: int, year: int | None = None) -> str:
    """3 月底, the end of March; with the year where it is told."""
    if year is None:
        return say(Text(f"{n} 月底", f"end of {_MONTHS[n - 1][:3]}"))
    return say(Text(f"{year} 年 {n} 月底", f"the end of {_MONTHS[n - 1]} {year}"))


def when_said(when: str) -> str:
    """Set off by a space where 中文 meets a figure."""
    return f" {when}" if when[:1].isdigit() else when


def month_short(n: int) -> str:
    """3月, Mar: under a column."""
    return say(Text(f"{n}月", _MONTHS[n - 1][:3]))
