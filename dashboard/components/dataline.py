"""The line under every page that shows data: up to which day it goes, who is late with it, how many towns are linked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html

from budgetwatch.queries import timeliness
from budgetwatch.text import Text
from dashboard.asking import Asking, href
from dashboard.i18n import say, t

#: So many late senders are named; the rest are counted.
NAMED = 2


def data_line(asking: Asking, touches: Sequence[str]) -> Any:
    """What the page stands on; nothing where no data has come or the viewer sees none of it."""
    if not touches or not asking.home.store.current():
        return None
    found = timeliness.data_line(asking.home, asking.viewer, touches)
    said: list[Any] = []
    if found.upto:
        said.append(html.Span(t("支付数据到 {day}", day=found.upto.isoformat()), id="data-upto"))
    if found.late:
        named = say(Text("、", ", ")).join(
            say(Text("{a}（{b}）", "{a} ({b})").fill(a=one.sender, b=say(one.feed_label))) for one in found.late[:NAMED]
        )
        words = (
            t("{names}迟报", names=named)
            if len(found.late) <= NAMED
            else t("{names}等 {n} 项数据迟报", names=named, n=len(found.late))
        )
        said.append(html.A(words, href=href("/feeds", late="1"), className="data-late", id="data-late"))
    elif found.late is not None:
        said.append(html.Span(t("没有迟报"), id="data-late"))
    if found.towns:
        words = t("镇街已联网 {linked}/{of}", linked=found.towns.linked, of=found.towns.of)
        said.append(html.A(words, href="/places", id="data-linked"))
    if not said:
        return None
    return html.Div(
        [html.Span(t("数据"), className="data-line-name"), *said],
        className="data-line",
        id="data-line",
        role="note",
        **{"aria-label": t("数据的新鲜程度")},
    )
