"""Where one stands in a long list: first to last, how many, and the way on. Links, so that each page has an address."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.asking import Asking
from dashboard.i18n import t


def pager(asking: Asking, total: int, size: int) -> Any:
    """Nothing when all rows are on the page; else previous and next with what is shown."""
    page = asking.number("page", 1, least=1) or 1
    last = max(1, -(-total // size))
    if total <= size and page == 1:
        return html.P(t("共 {n} 条", n=f"{total:,}"), className="pager-count quiet")
    first_row = min((page - 1) * size + 1, total)
    last_row = min(page * size, total)
    return html.Nav(
        [
            _step(asking, page - 1, t("上一页"), page > 1, "pager-previous"),
            html.Span(
                t("第 {a}–{b} 条，共 {n} 条", a=f"{first_row:,}", b=f"{last_row:,}", n=f"{total:,}"),
                className="pager-count",
            ),
            _step(asking, page + 1, t("下一页"), page < last, "pager-next"),
        ],
        className="pager",
        **{"aria-label": t("翻页")},
    )


def _step(asking: Asking, page: int, word: str, possible: bool, name: str) -> Any:
    if not possible:
        return html.Span(word, className="button quiet-button is-off", **{"aria-disabled": "true"})
    return html.A(word, href=asking.same(page=page if page > 1 else None), id=name, className="button quiet-button")
