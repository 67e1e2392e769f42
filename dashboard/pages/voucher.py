"""One payment whole: every field that was sent, the file and line it came from, and the flags that rest on it."""

from __future__ import annotations

from typing import Any

from dash import html

from budgetwatch.cases.machine import STATES
from budgetwatch.errors import NotFound
from budgetwatch.queries import payments
from budgetwatch.text import Text
from dashboard.asking import Asking
from dashboard.components import amount, breadcrumbs, card, definition_list, page_head, severity_badge, state_badge
from dashboard.components.coded import coded
from dashboard.components.prose import whole
from dashboard.components.table import kind_of, shown_value
from dashboard.i18n import say, t


def view(asking: Asking) -> tuple[str, Any]:
    """The voucher at /voucher/<row>; amounts are always in yuan here, to the cent."""
    if not asking.parts["row"].isdigit():
        raise NotFound(Text("没有这张凭证。", "There is no such voucher."), where=asking.path)
    voucher = payments.voucher(asking.home, asking.viewer, int(asking.parts["row"]))
    values = {h.name: v for h, v in voucher.fields}
    currency = str(values.get("currency") or "CNY")
    title = t("凭证 {n}", n=values.get("voucher_no") or voucher.row)
    fields = [
        (
            say(h.label),
            amount(v, currency, unit="yuan", with_unit=True)
            if h.kind == "money"
            else coded("payment", h.name, v) or shown_value(v, kind_of(h)),
        )
        for h, v in voucher.fields
        if v not in (None, "") and not h.name.startswith("_")
    ]
    batch: Any = t("批次 {n}", n=voucher.batch)
    if asking.viewer.may("batches"):
        batch = html.A(batch, href=f"/feeds/{voucher.batch}")
    return title, [
        page_head(
            [t("一笔支付"), " ", amount(values.get("amount"), currency, unit="yuan", with_unit=True)],
            above=breadcrumbs([(t("支出查询"), "/auditor"), (title, None)]),
            lead=values.get("purpose"),
        ),
        html.Div(
            [
                card(definition_list(fields, kind="rows"), title=t("凭证内容"), id="voucher"),
                html.Div(
                    [
                        card(
                            definition_list(
                                [
                                    (t("文件"), html.Span(voucher.file_name, className="code")),
                                    (t("行号"), str(voucher.line)),
                                    (t("报送方"), voucher.sender or "—"),
                                    (t("接收时间"), shown_value(voucher.received_at, "moment")),
                                    (t("批次"), batch),
                                    (
                                        t("文件指纹"),
                                        html.Span(f"{voucher.sha256[:16]}…", className="code", title=voucher.sha256),
                                    ),
                                ],
                                kind="rows",
                            ),
                            title=t("出处"),
                            id="voucher-source",
                        ),
                        card(_flags(voucher), title=t("涉及的疑点"), id="voucher-flags"),
                    ],
                    className="stack",
                ),
            ],
            className="two",
        ),
    ]


def _flags(voucher: payments.Voucher) -> Any:
    if not voucher.flags:
        return html.P(t("没有疑点涉及这张凭证。"), className="quiet")
    return html.Ul(
        [
            html.Li(
                [
                    html.Div(
                        [severity_badge(f.severity), state_badge(f.state, STATES.get(f.state or ""))],
                        className="found-marks",
                    ),
                    html.A(whole(say(f.sentence)), href=f"/case/{f.case_id}", id=f"case-link-{f.case_id}")
                    if f.case_id
                    else html.Span(whole(say(f.sentence))),
                    html.Span(f"{f.rule_id} · {say(f.rule_name)}", className="below"),
                ]
            )
            for f in voucher.flags
        ],
        className="flag-list",
    )
