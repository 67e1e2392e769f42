"""Years of spending to ask anything of: filters, sums any way, the payments behind them, and the whole result as a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from dash import html

from budgetwatch.queries import payments
from budgetwatch.queries.listing import Listing
from budgetwatch.queries.names import names
from dashboard.asking import Asking, href
from dashboard.components import (
    Column,
    amount,
    card,
    chooser,
    empty,
    field,
    filter_form,
    hidden,
    link_button,
    nothing_yet,
    page_head,
    pager,
    table,
    unit_label,
)
from dashboard.components.saved_box import saved_box
from dashboard.components.work import LARGE_EXPORT, export_buttons
from dashboard.filters import FIELDS, filter_of
from dashboard.i18n import say, t
from dashboard.pages.auditor_sums import sums_card

SIZE = 30


def view(asking: Asking) -> tuple[str, Any]:
    """The page in one piece: a total is one click from its rows, a row one click from its voucher."""
    wanted = filter_of(asking)
    by = asking.one("by", "month")
    by = by if by in get_args(payments.TotalsBy) else "month"
    order = asking.one("order", "-amount")
    page = asking.number("page", 1, least=1) or 1
    found = payments.search(asking.home, asking.viewer, wanted, order=order, limit=SIZE, offset=(page - 1) * SIZE)
    title = t("支出查询")
    return title, [
        page_head(title, lead=_lead(asking, found), actions=_exports(asking, found)),
        _form(asking),
        html.Div([_chosen(asking), saved_box(asking)], className="chosen-row"),
        sums_card(asking, wanted, by) if found.total else None,
        _rows(asking, found, order),
    ]


def _lead(asking: Asking, found: Listing) -> Any:
    if not found.total:
        return t("没有符合条件的支付。") if asking.home.store.current() else None
    sums: list[Any] = []
    for currency, whole in found.totals.items():
        sums += [" · " if sums else "", amount(whole, currency, with_unit=True)]
    return [t("共 {n} 笔支付，合计 ", n=f"{found.total:,}"), html.Strong(sums, id="whole-total")]


def _exports(asking: Asking, found: Listing) -> Any:
    if not asking.viewer.may("export") or not found.total:
        return None
    query = {name: asking.many(name) for name in FIELDS}
    if found.total > LARGE_EXPORT:
        return export_buttons(href("", **query))
    return [
        link_button(word, href("/api/payments/export", **query, format=kind), id=f"export-{kind}", download=True)
        for kind, word in (("xlsx", t("导出 Excel")), ("csv", t("导出 CSV")))
    ]


def _form(asking: Asking) -> Any:
    there = payments.choices(asking.home, asking.viewer)
    unit = unit_label(asking.one("currency") or names(asking.home, asking.viewer).currency_most, "yuan")
    first = [
        field(
            t("关键词"),
            "text",
            id="f-text",
            value=asking.one("text"),
            kind="search",
            placeholder=t("用途、收款人、项目、凭证号"),
        ),
        chooser(
            t("年度"),
            "year",
            [(str(y), str(y)) for y in there.years],
            id="f-year",
            value=asking.one("year"),
            every=t("全部年度"),
        ),
        chooser(
            t("地区"),
            "region",
            [(c, say(n)) for c, n in there.regions],
            id="f-region",
            value=asking.one("region"),
            every=t("全部地区"),
        ),
        chooser(
            t("单位"),
            "agency",
            [(c, n) for c, n in there.agencies],
            id="f-agency",
            value=asking.one("agency"),
            every=t("全部单位"),
        ),
    ]
    more = [
        chooser(
            t("功能科目"),
            "func",
            [(c, f"{c} {say(n)}") for c, n in there.functions],
            id="f-func",
            value=asking.one("func"),
            every=t("全部"),
        ),
        chooser(
            t("经济科目"),
            "eco",
            [(c, f"{c} {say(n)}") for c, n in there.economics],
            id="f-eco",
            value=asking.one("eco"),
            every=t("全部"),
        ),
        field(t("收款人（全名）"), "payee", id="f-payee", value=asking.one("payee")),
        field(t("项目"), "pro", id="f-pro", value=asking.one("pro"), hint=t("项目代码")),
        field(t("开始日期"), "first_day", id="f-first_day", value=asking.one("first_day"), kind="date"),
        field(t("结束日期"), "last_day", id="f-last_day", value=asking.one("last_day"), kind="date"),
        field(
            t("最低金额（{unit}）", unit=unit),
            "min_amount",
            id="f-min_amount",
            value=asking.one("min_amount"),
            mode="decimal",
        ),
        field(
            t("最高金额（{unit}）", unit=unit),
            "max_amount",
            id="f-max_amount",
            value=asking.one("max_amount"),
            mode="decimal",
        ),
    ]
    if len(there.books) > 1:
        more.append(
            chooser(
                t("账本"),
                "book",
                [(c, say(n)) for c, n in there.books],
                id="f-book",
                value=asking.one("book"),
                every=t("全部账本"),
            )
        )
    if len(there.currencies) > 1:
        more.append(
            chooser(
                t("币种"),
                "currency",
                [(c, c) for c in there.currencies],
                id="f-currency",
                value=asking.one("currency"),
                every=t("全部"),
            )
        )
    used = any(asking.one(k) for k in FIELDS if k not in ("text", "year", "region", "agency"))
    kept = [hidden(k, asking.one(k), id=f"keep-{k}") for k in ("by", "order", "item", "batch", "show") if asking.one(k)]
    return filter_form(
        "/auditor",
        [*first, *kept],
        id="payments-filter",
        more=html.Details(
            [html.Summary(t("更多条件")), html.Div(more, className="filter-fields")], className="more", open=used
        ),
    )


def _chosen(asking: Asking) -> Any:
    """What is being asked, each part a click from being dropped."""
    words = {
        "text": t("关键词"),
        "region": t("地区"),
        "agency": t("单位"),
        "year": t("年度"),
        "first_day": t("从"),
        "last_day": t("到"),
        "func": t("功能科目"),
        "eco": t("经济科目"),
        "pro": t("项目"),
        "payee": t("收款人"),
        "item": t("支出事项"),
        "min_amount": t("不低于"),
        "max_amount": t("不高于"),
        "book": t("账本"),
        "currency": t("币种"),
        "batch": t("批次"),
    }
    chips = [
        html.A(
            [t("{word}：{value}", word=words[name], value=asking.one(name)), html.Span("×", **{"aria-hidden": "true"})],
            href=asking.same(**{name: None}),
            className="chip",
            **{"aria-label": t("去掉条件 {word}", word=words[name])},
        )
        for name in FIELDS
        if asking.one(name)
    ]
    return html.Div(chips, className="chips", id="chosen") if chips else None


def _rows(asking: Asking, found: Listing, order: str) -> Any:
    if not asking.home.store.current():
        return nothing_yet(asking.viewer)
    if not found.rows:
        return empty(
            t("没有符合条件的支付。放宽条件再试。"),
            link_button(t("清除条件"), "/auditor", id="payments-clear"),
            id="payments-empty",
        )
    currencies = {str(r.get("currency") or "CNY") for r in found.rows}
    one = next(iter(currencies)) if len(currencies) == 1 else None
    columns = [
        Column("pay_date", t("日期"), "date", sort="pay_date"),
        Column("purpose", t("用途"), "text", cell=_purpose, main=True),
        Column("payee_name", t("收款人"), sort="payee"),
        Column("agency_name", t("单位"), cell=_unit, sort="agency"),
        Column("eco_name", t("科目"), cell=_subject),
        *([] if one else [Column("currency", t("币种"), "code")]),
        Column("amount", t("金额"), "money", sort="amount"),
        Column(
            "line",
            t("出处"),
            cell=lambda r: html.Span(
                t("批次 {batch} · 第 {line} 行", batch=r.get("batch"), line=r.get("line")), className="below nowrap"
            ),
        ),
    ]
    return card(
        table(columns, found.rows, caption=t("支付明细"), id="payments", asking=asking, order=order, currency=one),
        pager(asking, found.total, SIZE),
        title=t("支付明细"),
        id="payments-card",
    )


def _purpose(row: Mapping[str, Any]) -> Any:
    word = row.get("purpose") or row.get("item_name") or row.get("voucher_no") or t("（无用途）")
    return html.Div(
        [
            html.A(word, href=f"/voucher/{row['_row']}", id=f"voucher-link-{row['_row']}", className="row-link"),
            html.Span(row.get("voucher_no"), className="below code") if row.get("voucher_no") else None,
        ]
    )


def _unit(row: Mapping[str, Any]) -> Any:
    return html.Div(
        [
            html.Span(row.get("agency_name") or row.get("agency_code")),
            html.Span(say(row.get("region_name")), className="below"),
        ]
    )


def _subject(row: Mapping[str, Any]) -> Any:
    return html.Div(
        [
            html.Span(say(row.get("eco_name")) or say(row.get("func_name")) or "—"),
            html.Span(say(row.get("pro_name")), className="below"),
        ]
    )
