"""Amounts on screens: exact in the title, in 元/万元/亿元 to the eye, right-aligned in tabular figures."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from dash import html

from budgetwatch.money import shown
from dashboard.asking import unit_in_force
from dashboard.i18n import spoken, t

_NAMES_ZH = {"CNY": "元", "GBP": "英镑", "USD": "美元", "EUR": "欧元"}
_STEPS_ZH = {"yuan": "", "wan": "万", "yi": "亿"}
_STEPS_EN = {"yuan": "", "wan": " ×10k", "yi": " ×100m"}


def unit_label(currency: str = "CNY", unit: str | None = None) -> str:
    """万元, 亿英镑; in English CNY ×10k, GBP ×100m: what the figures of a column are in."""
    unit = unit or unit_in_force()
    if spoken() == "en":
        return f"{currency or 'CNY'}{_STEPS_EN[unit]}"
    return f"{_STEPS_ZH[unit]}{_NAMES_ZH.get(currency or 'CNY', currency)}"


def figure(value: Decimal | None, unit: str | None = None) -> str:
    """The bare figure with its thousands grouped; a dash where nothing was sent."""
    if value is None:
        return "—"
    unit = unit or unit_in_force()
    places = {"yuan": 2, "wan": 2, "yi": 2}[unit]
    text = shown(Decimal(value), unit, places)
    return text.replace("-", "−")


def amount(value: Decimal | None, currency: str = "CNY", *, unit: str | None = None, with_unit: bool = False) -> Any:
    """One amount; its exact value stands in the title whatever the unit."""
    if value is None:
        return html.Span("—", className="figure quiet", title=t("没有数据"))
    exact = f"{Decimal(value):,.2f} {unit_label(currency, 'yuan')}"
    words: list[Any] = [figure(value, unit)]
    if with_unit:
        words.append(html.Span(unit_label(currency, unit or unit_in_force()), className="figure-unit"))
    tone = " negative" if value < 0 else ""
    return html.Span(words, className=f"figure{tone}", title=exact)


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
                [html.Span(arrow, className="arrow", **{"aria-hidden": "true"}), f"{sign}{figure(value)}"],
                className="figure",
                title=f"{sign}{Decimal(value):,.2f} {unit_label(currency, 'yuan')}",
            ),
            html.Span(below, className="figure-below") if below else None,
        ],
        className=f"change change-{tone}",
    )


change = delta
