"""Leads: what the outlier models found rare. They rank and explain; only a person makes a case of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import html

from budgetwatch.queries import budgets, work
from dashboard.asking import Asking
from dashboard.components import (
    Column,
    area,
    button,
    card,
    empty,
    hidden,
    link_button,
    live_select,
    note,
    page_head,
    pager,
    search_box,
    table,
)
from dashboard.components.chosen import chosen_chips
from dashboard.components.helping import page_help
from dashboard.components.prose import whole
from dashboard.components.saved_box import saved_box
from dashboard.i18n import say, t
from dashboard.pages.case_evidence import evidence_columns

SIZE = 20


def view(asking: Asking) -> tuple[str, Any]:
    """The list, rarest first."""
    page = asking.number("page", 1, least=1) or 1
    everything = asking.one("all") == "1"
    listing = work.leads(
        asking.home,
        asking.viewer,
        text=asking.one("text"),
        region=asking.one("region"),
        open_only=not everything,
        limit=SIZE,
        offset=(page - 1) * SIZE,
    )
    rows = [{**row, "rank": (page - 1) * SIZE + n} for n, row in enumerate(listing.rows, 1)]
    works = asking.viewer.may("work_cases")
    columns = [
        Column("rank", t("名次"), "year"),
        Column("sentence", t("少见在哪里"), "sentence", cell=lambda row: _sentence(asking, row), main=True),
        Column("agency_name", t("单位"), cell=_unit),
        Column("amount", t("金额"), "money"),
        Column("promote", t("处理"), "action", cell=lambda row: _promote(row, works)),
    ]
    regions = (
        [(r.code, "　" * r.depth + say(r.name)) for r in budgets.regions(asking.home, asking.viewer)]
        if (asking.viewer.may("budgets"))
        else []
    )
    title = t("线索")
    return title, [
        page_head(
            title,
            lead=t("模型按“少见”排序并说明原因，不下结论。值得核实的，由您转为疑点。"),
            actions=page_help(asking),
        ),
        html.Div(
            [
                search_box(
                    "/leads",
                    t("搜索单位、收款人、用途…"),
                    id="leads-search",
                    value=asking.one("text"),
                    keep=[(k, asking.one(k)) for k in ("all", "region") if asking.one(k)],
                ),
                html.Form(
                    [
                        live_select(
                            t("地区"),
                            "region",
                            regions,
                            id="f-region",
                            value=asking.one("region"),
                            every=t("全部地区"),
                        ),
                        *[hidden(k, asking.one(k), id=f"keep-{k}") for k in ("all", "text") if asking.one(k)],
                    ],
                    action="/leads",
                    method="get",
                    className="queue-selects",
                    id="leads-selects",
                    **{"data-route": "live"},
                ),
                html.A(
                    t("只看未处理的") if everything else t("连同已转为疑点的"),
                    href=asking.same(all=None if everything else 1),
                    className="chip",
                    id="leads-all",
                ),
            ],
            className="queue-tools leads-tools",
        ),
        html.Div([chosen_chips(asking, _chosen(asking, dict(regions))), saved_box(asking)], className="chosen-row"),
        _rows(asking),
        html.Div(
            table(columns, rows, caption=t("线索清单"), id="leads"),
            className="dense",
        )
        if listing.rows
        else empty(t("没有符合条件的线索。"), link_button(t("清除条件"), "/leads", id="leads-clear"), id="leads-empty")
        if asking.one("text") or asking.one("region")
        else empty(t("没有线索。模型需要足够多的支付记录才会运行。")),
        pager(asking, listing.total, SIZE) if listing.rows else None,
        note(t("少见不等于有问题：新设机构、一次性采购都会显得少见。"), tone="calm"),
    ]


def _sentence(asking: Asking, row: Mapping[str, Any]) -> Any:
    return html.Div(
        [
            html.A(
                whole(say(row["sentence"])),
                href=asking.same(open=row["flag_id"], page=asking.one("page")),
                id=f"lead-rows-{row['flag_id']}",
                className="row-link",
            ),
            html.Span(f"{row['rule_id']} · {say(row['rule_name'])}", className="below"),
        ]
    )


def _rows(asking: Asking) -> Any:
    """The rows behind the lead that was opened, each a click from its voucher."""
    flag = asking.number("open")
    if flag is None:
        return None
    listing = work.evidence(asking.home, asking.viewer, flag, limit=SIZE)
    return card(
        table(
            evidence_columns(asking, listing, "payment"),
            listing.rows,
            caption=t("这条线索的记录"),
            id="evidence",
            cards=False,
        ),
        title=t("这条线索的记录"),
        side=html.A(
            t("收起"), href=asking.same(open=None, page=asking.one("page")), className="button small", id="lead-close"
        ),
        id="evidence-card",
    )


def _chosen(asking: Asking, regions: Mapping[str, str]) -> list[tuple[str, str, str, str]]:
    region, text = asking.one("region"), asking.one("text")
    found = [("region", region, t("地区"), regions.get(region, region).strip())] if region else []
    return [*found, *([("text", text, t("关键词"), text)] if text else [])]


def _unit(row: Mapping[str, Any]) -> Any:
    return html.Div(
        [
            html.Span(row.get("agency_name") or row.get("subject_name")),
            html.Span(say(row.get("region_name")), className="below"),
        ]
    )


def _promote(row: Mapping[str, Any], works: bool) -> Any:
    if row.get("case_id"):
        return link_button(
            t("看疑点 {n}", n=row["case_id"]), f"/case/{row['case_id']}", id=f"case-link-{row['case_id']}", kind="small"
        )
    if not works:
        return "—"
    flag = row["flag_id"]
    return html.Details(
        [
            html.Summary(t("转为疑点…"), id=f"lead-{flag}", className="button small"),
            html.Form(
                [
                    area(t("为什么值得核实"), "note", id=f"note-{flag}", required=True, rows=2),
                    hidden("flag_id", flag, id=f"flag-{flag}"),
                    button(t("转为疑点"), id=f"promote-{flag}", kind="primary"),
                ],
                id=f"promote-form-{flag}",
                className="move-form",
                **{"data-deed": "lead.promote"},
            ),
        ],
        className="inline-form",
    )
