"""The draft as pictures: what changed, what it consists of, how far the money was spent; one or two at a time."""

from __future__ import annotations

from typing import Any

from dash import html

from budgetwatch.queries.budgets import BudgetPreview
from dashboard import drawn
from dashboard.asking import Asking, href
from dashboard.components import card, tabs
from dashboard.i18n import t
from dashboard.pages.deputy_table import drill_address, narrowed

SHOWS = ("changes", "parts", "spent")


def pictures_card(asking: Asking, shown: BudgetPreview) -> Any:
    """The way of looking stands in the address (`show`); nothing where there is no draft."""
    if not shown.rows:
        return None
    words = {"changes": t("增减"), "parts": t("构成"), "spent": t("进度")}
    # Without a last year there is no change to show: one begins with what the budget consists of.
    usual = "changes" if shown.total["last_budget"] is not None else "parts"
    show = asking.one("show") if asking.one("show") in SHOWS else usual
    ways = [(key, words[key], asking.same(show=key, ask=None, page=asking.one("page"))) for key in SHOWS]
    place = {
        "region": shown.region, "book": shown.book, "own": "1" if shown.own else None, "currency": shown.currency,
        **narrowed(asking),
    }  # fmt: skip
    return card(
        tabs(ways, show, label=t("看哪一种图"), id="show"),
        {"changes": _changes, "parts": _parts, "spent": _spent}[show](asking, shown, place),
        title=t("看图"),
        side=html.A(
            t("转移支付去向"),
            href=href("/transfers", region=shown.region, year=asking.one("year"), currency=asking.one("currency")),
            className="button small",
            id="to-transfers",
        ),
        id="pictures-card",
        kind="show-tabs",
    )


def _changes(asking: Asking, shown: BudgetPreview, place: dict[str, Any]) -> Any:
    ways = {row["code"]: row["drill"] for row in shown.rows if row["drill"]}

    def link(code: str) -> str:
        return drill_address(asking, ways[code]) if code in ways else ""

    return html.Div(
        [
            drawn.show(asking, "waterfall", id="preview-chart", link=link, year=shown.year, by=shown.by, **place),
            drawn.show(asking, "trend", **place),
        ],
        className="two even",
    )


def _parts(asking: Asking, shown: BudgetPreview, place: dict[str, Any]) -> Any:
    return drawn.show(
        asking,
        "parts",
        id="preview-chart",
        link=lambda drill: drill_address(asking, drill),
        remark=t("点一块往下看；表格里的字也可以点。"),
        year=shown.year,
        by=shown.by,
        **place,
    )


def _spent(asking: Asking, shown: BudgetPreview, place: dict[str, Any]) -> Any:
    line = drawn.show(asking, "execution", id="preview-chart", year=shown.year, **place)
    if "region" not in shown.choices or any(narrowed(asking).values()):
        return line

    def link(code: str) -> str:
        return href(asking.path, year=asking.one("year"), region=code, book=asking.one("book"), show="spent")

    apart = {k: place[k] for k in ("region", "book", "currency")}
    return html.Div([line, drawn.show(asking, "places", link=link, year=shown.year, **apart)], className="two even")
