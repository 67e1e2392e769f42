"""Deputies' questions on lines of the draft, and the answers to them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from dash import html

from budgetwatch import preferences
from budgetwatch.access.viewer import ROLES
from budgetwatch.errors import NotFound
from budgetwatch.queries import budgets
from budgetwatch.queries.budgets import QuestionView
from budgetwatch.text import Text
from dashboard.asking import Asking
from dashboard.components import (
    Column,
    amount,
    area,
    breadcrumbs,
    button,
    card,
    definition_list,
    empty,
    hidden,
    link_button,
    mark,
    page_head,
    pager,
    table,
)
from dashboard.i18n import say, t

SIZE = 25


def view(asking: Asking) -> tuple[str, Any]:
    """A deputy's own questions; for those who answer or oversee, all in scope."""
    mine = asking.viewer.may("ask") and asking.one("all") != "1"
    page = asking.number("page", 1, least=1) or 1
    found = budgets.questions(
        asking.home, asking.viewer, mine=mine, text=asking.one("text"), limit=SIZE, offset=(page - 1) * SIZE
    )
    title = t("我的提问") if mine else t("代表提问")
    columns = [
        Column("text", t("提问内容"), "sentence", cell=_text, main=True),
        Column("line", t("预算项")),
        *([] if mine else [Column("author_name", t("提问代表"))]),
        Column("asked_at", t("提问时间"), "moment"),
        Column("answers", t("答复"), cell=_answered),
    ]
    ask = asking.viewer.may("ask")
    return title, [
        page_head(
            title,
            lead=t("每个提问都会得到财政部门或单位的答复。"),
            actions=link_button(t("去看草案"), "/deputy", id="to-draft", kind="primary") if ask else None,
        ),
        html.Div(
            html.A(
                t("看全部代表的提问") if mine else t("只看我的"),
                href=asking.same(all=1 if mine else None),
                className="chip",
                id="questions-all",
            ),
            className="chips",
        )
        if ask
        else None,
        table(columns, found.rows, caption=title, id="questions")
        if found.rows
        else empty(t("还没有提问。在预算草案的任何一行点“提问”即可。") if ask else t("还没有代表提问。")),
        pager(asking, found.total, SIZE) if found.rows else None,
    ]


def _text(row: Mapping[str, Any]) -> Any:
    return html.Div(
        [
            html.A(row["text"], href=f"/questions/{row['id']}", className="row-link", id=f"question-{row['id']}"),
            html.Span(t("答复：{text}", text=row["last_answer"]), className="below answer-line")
            if row.get("last_answer")
            else None,
        ]
    )


def _answered(row: Mapping[str, Any]) -> Any:
    return mark(t("已答复"), "good") if row.get("answers") else mark(t("待答复"), "warn")


def view_one(asking: Asking) -> tuple[str, Any]:
    """One question with the figures as they stood then, its answers, and the box to answer in."""
    if not asking.parts["question_id"].isdigit():
        raise NotFound(Text("没有这个提问。", "There is no such question."), where=asking.path)
    question = budgets.question(asking.home, asking.viewer, int(asking.parts["question_id"]))
    if question.mine:
        preferences.saw_answers(asking.home, asking.viewer, question.id, len(question.answers))
    title = t("提问 {n}", n=question.id)
    parent = (t("待答复"), "/unit") if asking.viewer.may("answer") else (t("我的提问"), "/questions")
    return title, [
        page_head(
            question.line,
            above=breadcrumbs([parent, (title, None)]),
            lead=t("{year} 年 {place}", year=question.budget_year, place=say(question.region_name)),
        ),
        card(
            html.P(question.text, className="found-sentence", id="question-text"),
            html.P(f"{question.author_name} · {question.asked_at.astimezone():%Y-%m-%d %H:%M}", className="below"),
            _figures(question),
            title=t("提问内容"),
        ),
        card(
            _answers(question), title=t("答复"), id="answers", kind="reply has-reply" if question.answers else "reply"
        ),
        _form(question) if question.can_answer else None,
    ]


def _figures(question: QuestionView) -> Any:
    words = {
        "draft": t("本年草案"),
        "last_budget": t("上年预算"),
        "last_actual": t("上年实际"),
        "change": t("变化"),
        "per_head": t("人均"),
    }
    pairs = []
    for name, value in question.figures.items():
        try:
            shown: Any = amount(Decimal(value), unit="yuan" if name == "per_head" else None, with_unit=True)
        except InvalidOperation:
            shown = value
        pairs.append((words.get(name, name), shown))
    return definition_list(pairs) if pairs else None


def _answers(question: QuestionView) -> Any:
    if not question.answers:
        return html.P(t("还没有答复。"), className="quiet")
    return [
        html.Blockquote(
            [
                html.P(a.text, className="reply-text"),
                html.Footer(
                    f"{a.author_name} · {say(ROLES.get(a.author_role))} · {a.answered_at.astimezone():%Y-%m-%d %H:%M}"
                ),
            ]
        )
        for a in question.answers
    ]


def _form(question: QuestionView) -> Any:
    return card(
        html.Form(
            [
                area(t("答复内容"), "text", id="answer-text", required=True, hint=t("提问的代表和预算工委都会看到。")),
                hidden("question_id", question.id, id="answer-question"),
                button(t("发出答复"), id="answer-submit", kind="primary"),
            ],
            id="answer-form",
            className="move-form",
            **{"data-deed": "question.answer"},
        ),
        title=t("我来答复"),
    )
