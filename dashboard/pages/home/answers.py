"""The home of a unit and of the finance bureau: what I owe an answer, and what was decided lately on what I was asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import html

from budgetwatch.queries import desk_answers, desk_feeds
from budgetwatch.queries.desk_answers import Decided, Owed
from dashboard.asking import Asking, href
from dashboard.components import due_mark, link_button, page_head, severity_badge, state_badge
from dashboard.components.prose import whole
from dashboard.i18n import say, t
from dashboard.pages.home.pieces import batches, block, calm, counts, money, row, rows


def body(asking: Asking) -> list[Any]:
    """Inquiries first, then deputies' questions, then what became of earlier ones."""
    home, viewer = asking.home, asking.viewer
    owed = desk_answers.owed(home, viewer)
    sends = viewer.may("take_in")
    decided = _decided(desk_answers.decided(home, viewer))
    return [
        page_head(t("等您答复的"), lead=_lead(owed)),
        html.Div(
            [
                html.Div(_first(owed), className="desk-wide"),
                html.Div([_due(owed), None if sends else _questions(owed)], className="stack"),
            ],
            className="desk desk-top",
        ),
        html.Div(
            [
                _inquiries(owed),
                *([html.Div([_questions(owed), decided], className="stack"), _sent(asking)] if sends else [decided]),
            ],
            className="desk desk-three" if sends else "desk desk-even",
        ),
    ]


def _lead(owed: Owed) -> str:
    if not (owed.waiting or owed.unanswered):
        return t("没有欠下的答复。")
    if not owed.unanswered:
        return t("函询 {n} 件等您说明；您的说明会与疑点并列显示。", n=owed.waiting)
    if not owed.waiting:
        return t("代表提问 {m} 个等您答复。", m=owed.unanswered)
    return t(
        "函询 {n} 件等您说明，代表提问 {m} 个等您答复。您的说明会与疑点并列显示。", n=owed.waiting, m=owed.unanswered
    )


def _first(owed: Owed) -> Any:
    """The inquiry that is due first, large, with the way to answer it."""
    if not owed.inquiries:
        return block(t("先办这件"), calm(t("没有等您说明的函询。")), id="next", kind="next is-calm")
    one = owed.inquiries[0]
    facts = [
        (t("金额"), money(one["amount"], one["currency"])),
        (t("期限"), due_mark(one["due_on"], one["overdue"])),
        (t("文号"), one["letter_no"] or "—"),
    ]
    return block(
        t("先办这件"),
        html.Div(
            [
                severity_badge(one["severity"]),
                html.Span(
                    f"{one['agency_name'] or say(one['region_name'])} · {say(one['rule_name'])}", className="next-rule"
                ),
            ],
            className="next-marks",
        ),
        html.P(whole(say(one["sentence"])), className="next-sentence"),
        html.Div(
            [
                html.Div(
                    [html.Span([html.Span(w, className="fact-word"), v], className="fact") for w, v in facts],
                    className="facts",
                ),
                link_button(t("去说明"), f"/case/{one['case_id']}", id="next-case", kind="primary"),
            ],
            className="next-foot",
        ),
        id="next",
        kind="next",
    )


def _inquiries(owed: Owed) -> Any:
    rest = owed.inquiries[1:]
    return block(
        t("其余函询"),
        rows([_inquiry(one) for one in rest], label=t("其余函询")) if rest else calm(t("没有其他等您说明的函询。")),
        id="inquiries",
        count=owed.waiting - 1,
        more=(t("全部函询"), "/unit") if rest else None,
    )


def _inquiry(one: Mapping[str, Any]) -> Any:
    below = " · ".join(x for x in (one["letter_no"], one["agency_name"] or say(one["region_name"])) if x)
    return row(
        say(one["sentence"]),
        f"/case/{one['case_id']}",
        below,
        due_mark(one["due_on"], one["overdue"]),
        lead=severity_badge(one["severity"]),
        id=f"reply-{one['case_id']}",
    )


def _due(owed: Owed) -> Any:
    items = [
        ("late", owed.late, t("已逾期"), "/unit", "late"),
        ("week", owed.soon, t("7 天内到期"), "/unit", "near"),
        ("all", owed.waiting, t("全部函询"), "/unit", "plain"),
    ]
    return block(t("期限"), counts(items, label=t("函询的期限"), id="due"), id="due-card")


def _questions(owed: Owed) -> Any:
    found = owed.questions[:4]
    return block(
        t("代表提问"),
        rows([_question(one) for one in found], label=t("等您答复的代表提问"))
        if found
        else calm(t("没有等您答复的代表提问。")),
        id="own-questions",
        count=owed.unanswered,
        more=(t("全部提问"), "/questions"),
    )


def _question(one: Mapping[str, Any]) -> Any:
    asked = one["asked_at"].astimezone()
    return row(
        one["text"],
        f"/questions/{one['id']}",
        f"{one['line']} · {one['author_name']}",
        html.Span(f"{asked:%m-%d}", className="quiet nowrap"),
        id=f"answer-{one['id']}",
    )


def _decided(found: list[Decided]) -> Any:
    return block(
        t("最近的处理结果"),
        rows([_decision(one) for one in found], label=t("最近的处理结果"))
        if found
        else calm(t("还没有处理完的函询。认定、排除或销号之后，结果会出现在这里。")),
        id="decided",
        more=(t("全部函询"), "/unit") if found else None,
    )


def _decision(one: Decided) -> Any:
    return row(
        say(one.sentence),
        f"/case/{one.case_id}",
        f"{say(one.whose)} · {one.on.isoformat()}",
        state_badge(one.state, one.decision),
    )


def _sent(asking: Asking) -> Any:
    """What the finance bureau sent itself, and what of it went back."""
    found = desk_feeds.intake(asking.home, asking.viewer, batches=4)
    return block(t("报送的数据"), batches(found), id="sent", more=(t("全部批次"), href("/feeds")))
