"""Transfers from level to level: what a place got from above, what it kept, and whom it passed the rest on to."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard import drawn
from dashboard.asking import Asking, href
from dashboard.components import card, empty, live_select, nothing_yet, page_head
from dashboard.i18n import say, t


def view(asking: Asking) -> tuple[str, Any]:
    """One place and year; a recipient that itself passes money on leads to its own picture."""
    title = t("转移支付去向")
    if not asking.home.store.current():
        return title, [page_head(title), nothing_yet(asking.viewer)]
    query = {k: asking.one(k) for k in ("region", "year", "currency")}
    shown = drawn.asked(asking, "transfers", **query)
    if not shown.years:
        return title, [page_head(title), empty(t("您的范围内还没有转移支付的数据。"), id="no-transfers")]
    return f"{title} {say(shown.region_name)}", [
        page_head(
            [title, html.Span(say(shown.region_name), className="title-place")],
            lead=t("上级给了多少，本级留了多少，又给了谁。点一个地区往下看。"),
        ),
        _choose(asking, shown),
        card(
            drawn.showing(
                asking,
                "transfers",
                shown,
                link=lambda code: href(asking.path, region=code, year=shown.year, currency=asking.one("currency")),
                region=shown.region,
                year=shown.year,
                currency=shown.currency,
            ),
            title=t("{year} 年", year=shown.year),
            id="transfers-card",
        ),
    ]


def _choose(asking: Asking, shown: Any) -> Any:
    places = [*shown.senders]
    if shown.region not in {code for code, _ in places}:
        places.append((shown.region, shown.region_name))
    return html.Form(
        [
            live_select(t("年度"), "year", [(str(y), str(y)) for y in shown.years], id="f-year", value=str(shown.year)),
            live_select(t("地区"), "region", [(c, say(n)) for c, n in places], id="f-region", value=shown.region),
            html.Button(t("查看"), type="submit", className="visually-hidden"),
        ],
        action="/transfers",
        method="get",
        id="transfers-filter",
        className="preview-filter",
        **{"data-route": "live"},
    )
