"""Amounts on screens: exact in the title, in a large unit to the eye, right-aligned in tabular figures.

元, 万元 and 亿元 are how people count in 中文; in English, and in other currencies, they count in thousands and millions.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from dash import html

from budgetwatch.money import UNITS
from budgetwatch.queries.wording import UNIT_NAMES
from budgetwatch.text import Text
from dashboard.asking import unit_chosen, unit_in_force
from dashboard.i18n import say, spoken, t

#: How many of a currency each choice of unit stands for, where not counted in 万 and 亿.
_WESTERN = {"yuan": Decimal(1), "wan": Decimal(1_000), "yi": Decimal(1_000_000)}
#: Counted in 万 and 亿, or in thousands → unit → its word before (中文) or after (English) the currency.
_WORDS: dict[bool, dict[str, Text | str]] = {
    True: {"yuan": "", "wan": Text("万", ""), "yi": Text("亿", "")},
    False: {"yuan": Text("", ""), "wan": Text("千", " thousand"), "yi": Text("百万", " million")},
}
#: The switch of units; in English 元 are 1, 1k and 1m of whatever currency stands beside.
_SWITCH: dict[bool, tuple[Text | str, ...]] = {
    True: (Text("元", "¥"), Text("万元", ""), Text("亿元", "")),
    False: (Text("×1", "1"), Text("千", "1k"), Text("百万", "1m")),
}


def _chinese(currency: str | None) -> bool:
    """Whether the reader counts it in 万 and 亿: 元 in 中文."""
    return (currency or "CNY") == "CNY" and spoken() != "en"


def unit_for(currency: str = "CNY") -> str:
    """The unit in force; what opens in 万元 opens in millions where the currency is another."""
    unit = unit_in_force()
    return "yi" if unit == "wan" and not _chinese(currency) and not unit_chosen() else unit


def in_one(unit: str, currency: str = "CNY") -> Decimal:
    """How many of the currency one of that unit is."""
    return UNITS[unit] if _chinese(currency) else _WESTERN[unit]


def unit_label(currency: str = "CNY", unit: str | None = None) -> str:
    """万元, 百万英镑; in English CNY thousand, GBP million: what the figures of a column are in."""
    word = say(_WORDS[_chinese(currency)][unit or unit_for(currency)])
    name = currency or "CNY"
    return f"{name}{word}" if spoken() == "en" else f"{word}{say(Text(UNIT_NAMES.get(name, name), name))}"


def easy_unit(least: Decimal, currency: str = "CNY") -> str:
    """The unit in which an amount is easily said: 亿元, 万元 or 元; in English millions or the plain sum."""
    units = ("yi", "wan") if _chinese(currency) else ("yi",)
    return next((unit for unit in units if least >= in_one(unit, currency)), "yuan")


def spelled(value: Decimal | None, currency: str = "CNY", unit: str | None = None) -> str:
    """An amount within a sentence, in the unit in force: 12.35 亿元; in English CNY 1,234.57 million."""
    if value is None:
        return figure(value)
    before, after = around(currency, unit)
    return f"{before}{figure(value, unit, currency)}{after}"


def around(currency: str = "CNY", unit: str | None = None) -> tuple[str, str]:
    """What stands before and after a figure within a sentence: "" and " 万元"; in English "CNY " and " million"."""
    label = unit_label(currency, unit)
    if spoken() != "en":
        return "", f" {label}"
    name, _, scale = label.partition(" ")
    return f"{name} ", f" {scale}" if scale else ""


def unit_choices(currency: str = "CNY") -> list[tuple[str, str]]:
    """The units that a reader may choose, as the switch shows them."""
    return list(zip(UNITS, map(say, _SWITCH[_chinese(currency)]), strict=True))


def figure(value: Decimal | None, unit: str | None = None, currency: str = "CNY") -> str:
    """The bare figure with its thousands grouped; a dash where nothing was sent."""
    if value is None:
        return "—"
    scaled = Decimal(value) / in_one(unit or unit_for(currency), currency)
    return f"{scaled:,.2f}".replace("-", "−")


def amount(value: Decimal | None, currency: str = "CNY", *, unit: str | None = None, with_unit: bool = False) -> Any:
    """One amount; its exact value stands in the title whatever the unit."""
    if value is None:
        return html.Span("—", className="figure quiet", title=t("没有数据"))
    words: list[Any] = [figure(value, unit, currency)]
    if with_unit:
        before, after = around(currency, unit)
        words = [
            *([html.Span(before, className="figure-unit is-before")] if before else []),
            *words,
            *([html.Span(after if before else after.lstrip(), className="figure-unit")] if after else []),
        ]
    tone = " negative" if value < 0 else ""
    return html.Span(words, className=f"figure{tone}", title=spelled(value, currency, "yuan"))


def ratio(value: Decimal | None, places: int = 1) -> Any:
    """A share or a rate in per cent."""
    if value is None:
        return html.Span("—", className="figure quiet")
    return html.Span(percent(value, places), className="figure")


def percent(value: Decimal, places: int = 1) -> str:
    """0.123 → 12.3%."""
    return f"{Decimal(value) * 100:,.{places}f}%".replace("-", "−")


def delta(value: Decimal | None, share: Decimal | None, currency: str = "CNY", *, is_new: bool = False) -> Any:
    """A change: sign and arrow and figure, with the per cent under it; never by colour alone."""
    if value is None:
        return html.Span("—", className="figure quiet")
    tone = "up" if value > 0 else "down" if value < 0 else "flat"
    arrow = {"up": "▲", "down": "▼", "flat": "＝"}[tone]
    sign = "+" if value > 0 else ""
    below = t("新增") if is_new else (f"{sign}{percent(share)}" if share is not None else "")
    return html.Span(
        [
            html.Span(
                [
                    html.Span(arrow, className="arrow", **{"aria-hidden": "true"}),
                    f"{sign}{figure(value, None, currency)}",
                ],
                className="figure",
                title=f"{sign}{spelled(value, currency, 'yuan')}",
            ),
            html.Span(below, className="figure-below") if below else None,
        ],
        className=f"change change-{tone}",
    )


change = delta
