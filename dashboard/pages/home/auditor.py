"""The auditors' home: a line to search with, the queries they keep, what is new, and how fresh the data is."""

from __future__ import annotations

import datetime as dt
from typing import Any

from dash import html

from budgetwatch import preferences, saved
from budgetwatch.queries import desk, desk_feeds
from budgetwatch.queries.desk import CameIn
from budgetwatch.queries.desk_feeds import Intake
from budgetwatch.saved import Saved
from dashboard.asking import Asking, href
from dashboard.components import page_head, search_box
from dashboard.i18n import t
from dashboard.pages.home.pieces import batches, block, calm, case_row, money, rhythm, row, rows, senders

KEPT = 6


def body(asking: Asking) -> list[Any]:
    """The search first; everything else is one press away."""
    home, viewer = asking.home, asking.viewer
    before = preferences.visit(home, viewer)
    came = desk.came_in(home, viewer, before)
    found = desk_feeds.intake(home, viewer, senders=5, batches=4)
    return [
        page_head(t("查一笔支出"), lead=t("从总数一路查到凭证：输入单位、收款人、用途、项目或凭证号。")),
        html.Div(
            [
                search_box("/auditor", t("搜索支付：单位、收款人、用途、凭证号…"), id="home-search", value=""),
                html.Div(
                    [
                        html.A(word, href=to, className="chip", id=f"start-{key}")
                        for key, word, to in (
                            ("agency", t("按单位汇总"), href("/auditor", by="agency")),
                            ("month", t("按月汇总"), href("/auditor", by="month")),
                            ("payee", t("按收款人汇总"), href("/auditor", by="payee")),
                        )
                    ],
                    className="chips",
                ),
            ],
            className="card block search-block",
        ),
        html.Div(
            [
                html.Div([_saved(saved.mine(home, viewer)), _batches(found)], className="stack"),
                html.Div([_new(asking, came)], className="stack"),
                html.Div([_fresh(found)], className="stack"),
            ],
            className="desk desk-three",
        ),
    ]


def _saved(kept: list[Saved]) -> Any:
    return block(
        t("保存的查询"),
        rows([_query(one) for one in kept[:KEPT]], label=t("保存的查询"))
        if kept
        else calm(t("还没有保存的查询。在支出查询里选好条件，点“保存查询”并起个名字，下次从这里一点就开。")),
        id="saved",
        count=len(kept),
    )


def _query(one: Saved) -> Any:
    used = html.Span(_when(one.used_at), className="quiet nowrap") if one.used_at else None
    return row(one.name, one.address, None, used, id=f"saved-{one.id}")


def _when(moment: dt.datetime) -> str:
    return f"{moment.astimezone():%m-%d}"


def _new(asking: Asking, came: CameIn) -> Any:
    since = came.since
    found = desk.newest(asking.home, asking.viewer, since) if since else []
    day = since.isoformat() if since else ""
    return block(
        t("新疑点"),
        html.P(t("自 {day} 起", day=day), className="block-note") if found else None,
        rows([case_row(line, side=money(line.amount, line.currency)) for line in found], label=t("新疑点"))
        if found
        else calm(t("没有新来的。")),
        id="new-flags",
        count=came.cases,
        more=(t("全部"), href("/committee", since=day, order="newest")) if came.cases else None,
    )


def _fresh(found: Intake) -> Any:
    return block(
        t("数据到哪一天"),
        rhythm(found),
        senders(found),
        id="freshness",
        more=(t("全部数据"), "/feeds"),
    )


def _batches(found: Intake) -> Any:
    return block(t("最新批次"), batches(found), id="batches", more=(t("全部批次"), "/feeds"))
