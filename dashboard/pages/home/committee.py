"""The committee's home: the next case, what is due, what came in, which rules misbehave; a lead also sees what waits for them."""

from __future__ import annotations

from typing import Any

from dash import html

from budgetwatch import preferences
from budgetwatch.queries import desk, desk_rules
from budgetwatch.queries.desk import Due, Proposed
from budgetwatch.queries.desk_rules import Misbehaving
from dashboard.asking import Asking, href
from dashboard.components import mark, page_head
from dashboard.i18n import say, t
from dashboard.pages.home.pieces import arrived, block, calm, case_row, counts, held, next_card, row, rows

QUEUE = "/committee"


def body(asking: Asking) -> list[Any]:
    """One screen: what to do at once on the left, what changed beside it, what to look after below."""
    home, viewer = asking.home, asking.viewer
    before = preferences.visit(home, viewer)
    due = desk.due(home, viewer)
    came = desk.came_in(home, viewer, before)
    leads = viewer.may("approve")
    return [
        page_head(
            t("现在要办的"),
            lead=t("待办 {open} 件，由我办理 {mine} 件，逾期 {late} 件。", open=due.open, mine=due.mine, late=due.late),
        ),
        html.Div(
            [
                html.Div(next_card(desk.next_up(home, viewer), works=viewer.may("work_cases")), className="desk-wide"),
                _due(due),
            ],
            className="desk desk-top",
        ),
        html.Div(
            [
                html.Div([_to_close(asking) if leads else None, _mine(asking, due)], className="stack"),
                html.Div(
                    [_came(came, before is not None)],
                    className="stack",
                ),
                html.Div(
                    [held(asking), _rules(asking), _exempt(desk.proposed(home, viewer)) if leads else None],
                    className="stack",
                ),
            ],
            className="desk desk-three",
        ),
    ]


def _due(due: Due) -> Any:
    every = [
        ("late", due.late, t("已逾期"), href(QUEUE, due="late"), "late"),
        ("today", due.today, t("今天到期"), href(QUEUE, due="today"), "near"),
        ("week", due.week, t("7 天内到期"), href(QUEUE, due="week", order="due"), "plain"),
    ]
    own = [
        ("late", due.mine_late, t("已逾期"), href(QUEUE, due="late", mine=1), "late"),
        ("today", due.mine_today, t("今天到期"), href(QUEUE, due="today", mine=1), "near"),
        ("week", due.mine_week, t("7 天内到期"), href(QUEUE, due="week", mine=1, order="due"), "plain"),
    ]
    return block(
        t("期限"),
        html.H3(t("全部待办"), className="block-part"),
        counts(every, label=t("全部待办的期限"), id="due"),
        html.H3(t("其中由我办理"), className="block-part"),
        counts(own, label=t("由我办理的期限"), id="due-mine"),
        id="due-card",
        more=(t("全部待办"), href(QUEUE, order="due")),
    )


def _mine(asking: Asking, due: Due) -> Any:
    found = desk.my_due(asking.home, asking.viewer)
    return block(
        t("由我办理"),
        rows([case_row(line) for line in found], label=t("由我办理"))
        if found
        else calm(t("您手上没有在办的事项。受理一件后，它会出现在这里。")),
        id="mine",
        count=due.mine,
        more=(t("全部"), href(QUEUE, mine=1, order="due")) if due.mine else None,
    )


def _came(came: desk.CameIn, returning: bool) -> Any:
    day = came.since.isoformat() if came.since else ""
    since = t("自您 {day} 上次来之后", day=day) if returning else t("最近一次运行（{day}）", day=day)
    return block(
        t("新来的"),
        html.P(since, className="block-note") if day else None,
        *arrived(came),
        id="came-in",
        count=came.cases,
        more=(t("全部"), href(QUEUE, since=day, order="newest")) if came.cases else None,
    )


def _rules(asking: Asking) -> Any:
    found, count = desk_rules.misbehaving(asking.home, asking.viewer)
    failed = desk_rules.failed_run(asking.home, asking.viewer)
    broken = (
        html.P(
            t("最近一次运行（{day}）没有完成。", day=f"{failed.started_at.astimezone():%Y-%m-%d %H:%M}"),
            className="note note-warn",
            id="run-failed",
        )
        if failed
        else None
    )
    return block(
        t("反常的规则"),
        broken,
        rows([_rule(one) for one in found], label=t("反常的规则")) if found else calm(t("规则都运行正常。")),
        id="odd-rules",
        count=count,
        more=(t("全部规则"), "/rules"),
    )


def _rule(one: Misbehaving) -> Any:
    words, tone = {
        "failed": (t("出错"), "bad"),
        "more": (t("突增"), "warn"),
        "blind": (t("无法判断"), "calm"),
    }[one.kind]
    return row(
        f"{one.rule_id} {say(one.name)}",
        f"/rules/{one.rule_id}",
        say(one.sentence),
        mark(words, tone),
        id=f"odd-{one.rule_id}",
    )


def _to_close(asking: Asking) -> Any:
    found, count = desk.to_close(asking.home, asking.viewer)
    return block(
        t("等我复核销号"),
        rows([case_row(line) for line in found], label=t("等我复核销号")) if found else calm(t("没有等您复核的事项。")),
        id="to-close",
        count=count,
        more=(t("全部"), href(QUEUE, state=["confirmed", "dismissed"])) if count else None,
    )


def _exempt(found: list[Proposed]) -> Any:
    return block(
        t("提请的例外"),
        rows([_proposed(one) for one in found[:3]], label=t("提请的例外"))
        if found
        else calm(t("没有等待批准的例外。")),
        id="exemptions",
        count=len(found),
    )


def _proposed(one: Proposed) -> Any:
    by = t("由您提出，须另一位负责人批准") if one.own else t("{name} 提出", name=one.by)
    return row(
        f"{one.agency_name} · {say(one.rule_name)}",
        f"/rules/{one.rule_id}",
        f"{one.reason} · {by}",
        html.Span(t("到 {day}", day=one.valid_to.isoformat()), className="quiet nowrap"),
    )
