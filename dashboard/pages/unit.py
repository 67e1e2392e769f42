"""What a unit or the finance bureau owes an answer: inquiries with their due dates, and deputies' questions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import html

from budgetwatch.cases.machine import STATES
from budgetwatch.queries import budgets, work
from dashboard.asking import Asking
from dashboard.components import Column, card, due_mark, empty, link_button, page_head, pager, state_badge, table
from dashboard.components.prose import whole
from dashboard.i18n import say, t

SIZE = 25


def view(asking: Asking) -> tuple[str, Any]:
    """Waiting inquiries first, then questions without an answer."""
    page = asking.number("page", 1, least=1) or 1
    own = work.own_cases(asking.home, asking.viewer, limit=SIZE, offset=(page - 1) * SIZE)
    waiting = [r for r in own.rows if r.get("waiting")]
    title = t("待答复")
    columns = [
        Column("sentence", t("问的是什么"), "sentence", cell=_sentence, main=True),
        Column("letter_no", t("文号"), "code"),
        Column("asked_on", t("发函日期"), "date"),
        Column("amount", t("金额"), "money"),
        Column("state", t("状态"), cell=lambda r: state_badge(r["state"], STATES.get(r["state"]))),
        Column(
            "due_on", t("期限"), cell=lambda r: due_mark(r["due_on"], r.get("overdue")) if r.get("waiting") else "—"
        ),
        Column("reply", t("处理"), "action", cell=_reply),
    ]
    lead = (
        t("有 {n} 件函询等您说明。您的说明会与疑点并列显示。", n=len(waiting)) if waiting else t("没有等您说明的函询。")
    )
    return title, [
        page_head(title, lead=lead),
        card(
            table(columns, own.rows, caption=t("人大函询"), id="own-cases")
            if own.rows
            else empty(t("没有发给您的函询。")),
            pager(asking, own.total, SIZE) if own.total > SIZE else None,
            title=t("人大函询"),
            kind="flat",
        ),
        _questions(asking) if asking.viewer.may("answer") else None,
    ]


def _questions(asking: Asking) -> Any:
    found = budgets.questions(asking.home, asking.viewer, answered=False, limit=SIZE)
    columns = [
        Column("text", t("提问内容"), "sentence", cell=_question, main=True),
        Column("line", t("预算项")),
        Column("author_name", t("提问代表")),
        Column("asked_at", t("提问时间"), "moment"),
        Column(
            "answer",
            t("处理"),
            "action",
            cell=lambda r: link_button(t("去答复"), f"/questions/{r['id']}", id=f"answer-{r['id']}", kind="small"),
        ),
    ]
    return card(
        table(columns, found.rows, caption=t("代表提问"), id="own-questions")
        if found.rows
        else empty(t("没有等您答复的代表提问。")),
        title=t("代表提问"),
        kind="flat",
    )


def _sentence(row: Mapping[str, Any]) -> Any:
    return html.Div(
        [
            html.A(
                whole(say(row["sentence"])),
                href=f"/case/{row['case_id']}",
                id=f"case-link-{row['case_id']}",
                className="row-link",
            ),
            html.Span([row.get("agency_name") or "", " · ", say(row["rule_name"])], className="below"),
        ]
    )


def _reply(row: Mapping[str, Any]) -> Any:
    if row.get("waiting"):
        return link_button(t("去说明"), f"/case/{row['case_id']}", id=f"reply-{row['case_id']}", kind="primary small")
    return link_button(t("查看"), f"/case/{row['case_id']}", id=f"reply-{row['case_id']}", kind="small")


def _question(row: Mapping[str, Any]) -> Any:
    return html.A(row["text"], href=f"/questions/{row['id']}", className="row-link")
