"""An edition on trial: what it said beside each real run, and what it would flag; none of it is a flag."""

from __future__ import annotations

from typing import Any

from dash import html

from budgetwatch.errors import NotFound
from budgetwatch.queries import editions, trials
from budgetwatch.text import Text
from dashboard.asking import Asking
from dashboard.components import (
    Column,
    breadcrumbs,
    card,
    chips,
    columns_of,
    empty,
    mark,
    note,
    page_head,
    pager,
    stats,
    table,
)
from dashboard.i18n import say, t

_PAGE = 50


def view(asking: Asking) -> tuple[str, Any]:
    """The shadow runs of the edition at the address, and its would-be flags."""
    number = asking.parts["edition"]
    if not number.isdigit():
        raise NotFound(Text("没有这个版本。", "There is no such edition."), where=asking.path)
    one = editions.edition(asking.home, asking.viewer, int(number))
    only_new = asking.one("new") == "1"
    page = asking.number("page", 1, least=1) or 1
    past = trials.shadow_runs(asking.home, asking.viewer, one.edition_id)
    found = trials.would_be(
        asking.home, asking.viewer, one.edition_id, only_new=only_new, limit=_PAGE, offset=(page - 1) * _PAGE
    )
    title = t("试运行：{rule} 第 {n} 版", rule=one.rule_id, n=one.no)
    latest = past.rows[0] if past.rows else None
    choices = [
        ("all", t("全部"), asking.same(new=None), None, not only_new),
        ("new", t("现行规则没有的"), asking.same(new="1"), None, only_new),
    ]
    return title, [
        page_head(
            title,
            lead=say(one.name),
            above=breadcrumbs(
                [
                    (t("规则"), "/rules"),
                    (t("{rule} 第 {n} 版", rule=one.rule_id, n=one.no), f"/rules/editions/{one.edition_id}"),
                    (t("试运行"), None),
                ]
            ),
        ),
        note(t("这里列的不是疑点：试运行的结果单独存放，没有人因此被问到。"), tone="calm"),
        _latest(latest) if latest else empty(t("还没有试运行的结果：下一次运行规则时会一起算。")),
        chips(choices, label=t("范围"), id="shadow-which") if latest else None,
        card(_would_be(found), title=t("会列出的"), id="would-be") if latest else None,
        pager(asking, found.total, _PAGE) if found.total > _PAGE else None,
        card(
            table(
                columns_of(past.headings, leave_out=("failure",)), past.rows, caption=t("历次试运行"), id="shadow-runs"
            ),
            title=t("历次试运行"),
        )
        if latest
        else None,
    ]


def _latest(row: dict[str, Any]) -> Any:
    return card(
        stats(
            [
                (t("会列出"), f"{row['flagged']:,}", None),
                (t("两者都有"), f"{row['both']:,}", None),
                (t("仅试运行"), f"{row['only_shadow']:,}", t("启用后会多出的")),
                (t("仅现行规则"), f"{row['only_real']:,}", t("启用后会少掉的")),
                (t("无法判断"), f"{row['could_not_judge']:,}", None),
            ],
            id="shadow-stats",
        ),
        note(row["failure"], tone="warn") if row["failure"] else None,
        title=t("最近一次，截至 {day}", day=row["as_of"]),
    )


def _would_be(found: Any) -> Any:
    if not found.rows:
        return empty(t("没有。"))
    columns = list(columns_of(found.headings, leave_out=("sentence", "real")))
    columns.insert(
        1,
        Column(
            "sentence",
            t("内容"),
            main=True,
            cell=lambda r: html.Div([say(r["sentence"]), " ", None if r["real"] else mark(t("新"), "info")]),
        ),
    )
    return table(columns, found.rows, caption=t("会列出的"), id="would-be-rows")
