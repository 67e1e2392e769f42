"""Codes as words: what a canonical column holds in codes (cash, 205, 30201) is shown by its name, the code kept in the title."""

from __future__ import annotations

from typing import Any

from dash import html

from budgetwatch.records.codes import ECONOMIC, FUNCTIONS, LISTS
from budgetwatch.records.feeds import ALL
from budgetwatch.text import Text
from dashboard.i18n import say

SUBJECTS = {"func_code": FUNCTIONS, "dep_eco_code": ECONOMIC, "eco_code": ECONOMIC}


def word_of(feed: str, column: str, value: Any) -> Text | None:
    """The name behind a code of that column, where a list or a subject table has one."""
    if isinstance(value, Text):
        return None  # it has its name already
    declared = ALL[feed].by_name.get(column) if feed in ALL else None
    if declared is not None and declared.values:
        return LISTS[declared.values].get(str(value))
    subjects = SUBJECTS.get(column)
    code = str(value)
    return next((subjects[code[:n]] for n in (len(code), 5, 3) if code[:n] in subjects), None) if subjects else None


def coded(feed: str, column: str, value: Any) -> Any:
    """现金, or 205 教育: the word, with the code where people know it by its code."""
    word = word_of(feed, column, value)
    if word is None:
        return None
    if column in SUBJECTS:
        return html.Span([html.Span(str(value), className="code"), " ", say(word)])
    return html.Span(say(word), title=str(value))
