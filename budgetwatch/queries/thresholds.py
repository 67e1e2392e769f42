"""A rule's threshold in words: shares in per cent, amounts as people count them, lists as lists; never as the file writes it."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from budgetwatch.money import UNITS
from budgetwatch.text import Text

#: unit in a rule's file → its word after a figure, for one and for more.
_WORDS = {
    "day": (Text(" 天", " day"), Text(" 天", " days")),
    "month": (Text(" 个月", " month"), Text(" 个月", " months")),
    "year": (Text(" 年", " year"), Text(" 年", " years")),
    "payment": (Text(" 笔", " payment"), Text(" 笔", " payments")),
    "times": (Text(" 倍", " times"), Text(" 倍", " times")),
}
_NONE = Text("", "")


def in_words(value: Any, unit: str) -> Text:
    """The value as people say it: 0.10 of a share is 10%, 1000000.00 yuan 100 万元 and 1,000,000 CNY."""
    if isinstance(value, list | tuple):
        return Text("、".join(map(str, value)), ", ".join(map(str, value)))
    number = _number(value)
    if number is None:
        return Text(str(value), str(value))
    if unit == "share":
        share = f"{number * 100:,.{_places(number * 100)}f}%"
        return Text(share, share)
    if unit == "yuan":
        return Text(_large(number), f"{number:,.{_places(number)}f} CNY")
    word = _WORDS[unit][0 if number == 1 else 1] if unit in _WORDS else _NONE
    figure = f"{number:,.{_places(number)}f}"
    return Text(figure + word.zh, figure + word.en)


def _large(yuan: Decimal) -> str:
    """A round amount in 亿元 or 万元, as people count; any other in 元."""
    for unit, word in (("yi", "亿元"), ("wan", "万元")):
        if yuan and not yuan % UNITS[unit]:
            return f"{yuan / UNITS[unit]:,.0f} {word}"
    return f"{yuan:,.{_places(yuan)}f} 元"


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _places(value: Decimal) -> int:
    """As many decimals as say something."""
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
