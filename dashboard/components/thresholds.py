"""A rule's threshold in words: shares in per cent, amounts in their unit, lists as lists; never as the file writes it."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from budgetwatch.money import UNITS
from budgetwatch.text import Text
from dashboard.components.money import percent
from dashboard.i18n import say, t

#: unit in a rule's file → its word after a figure, for one and for more.
_WORDS = {
    "day": (Text(" 天", " day"), Text(" 天", " days")),
    "month": (Text(" 个月", " month"), Text(" 个月", " months")),
    "year": (Text(" 年", " year"), Text(" 年", " years")),
    "payment": (Text(" 笔", " payment"), Text(" 笔", " payments")),
    "times": (Text(" 倍", " times"), Text(" 倍", " times")),
}


def with_unit(value: Any, unit: str) -> str:
    """The value as people say it: 0.10 of a share is 10%, 1000000.00 yuan 1,000,000 元."""
    if isinstance(value, list | tuple):
        return t("、").join(str(one) for one in value)
    number = _number(value)
    if number is None:
        return str(value)
    if unit == "share":
        return percent(number, _places(number * 100))
    if unit == "yuan":
        return say(Text(_large(number), f"{number:,.{_places(number)}f} CNY"))
    words = _WORDS.get(unit)
    return f"{number:,.{_places(number)}f}{say(words[0 if number == 1 else 1]) if words else ''}"


def _large(yuan: Decimal) -> str:
    """A round amount in 亿元 or 万元, as people count; any other in 元."""
    for unit, word in (("yi", Text("亿元", "")), ("wan", Text("万元", ""))):
        if yuan and not yuan % UNITS[unit]:
            return f"{yuan / UNITS[unit]:,.0f} {word.zh}"
    return f"{yuan:,.{_places(yuan)}f} {Text('元', '').zh}"


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
