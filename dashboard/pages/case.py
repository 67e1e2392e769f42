"""One case: what was found, the unit's reply beside it, the rows, the law, what else could explain it, what can be done."""

from __future__ import annotations

from typing import Any

from dash import html

from budgetwatch.access.viewer import ROLES
from budgetwatch.calendar import today
from budgetwatch.cases.machine import STATES
from budgetwatch.errors import NotFound
from budgetwatch.queries import pictures, work
from budgetwatch.queries.work import CaseView, StepView
from budgetwatch.text import Text
from dashboard import drawn
from dashboard.asking import Asking
from dashboard.components import (
    amount,
    breadcrumbs,
    card,
    definition_list,
    due_mark,
    link_button,
    page_head,
    severity_badge,
    state_badge,
    timeline,
)
from dashboard.components.figure_words import figure_pairs
from dashboard.components.laws import law_list
from dashboard.components.prose import whole
from dashboard.i18n import say, t
from dashboard.pages.case_evidence import evidence_card
from dashboard.pages.case_moves import moves_card


def view(asking: Asking) -> tuple[str, Any]:
    """The case at /case/<id>."""
    if not asking.parts["case_id"].isdigit():
        raise NotFound(Text("没有这件疑点。", "There is no such case."), where=asking.path)
    case = work.case(asking.home, asking.viewer, int(asking.parts["case_id"]))
    works = asking.viewer.may("work_cases")
    title = t("疑点 {n}", n=case.case_id)
    back = ("/committee", t("疑点处理")) if asking.viewer.may("cases") else ("/unit", t("待答复"))
    body = [
        page_head(
            say(case.rule.name),
            above=breadcrumbs([(back[1], back[0]), (title, None)]),
            actions=_next(asking, case) if works else None,
        ),
        html.Div(
            [
                html.Div(
                    [_found(case), _reply(case), _echoes(case), evidence_card(asking, case), _reasons(asking, case)],
                    className="case-main",
                ),
                html.Div(
                    [moves_card(case), _standing(case), _course(asking, case), _steps(case)], className="case-side"
                ),
            ],
            className="case",
        ),
    ]
    return f"{title} · {say(case.rule.name)}", body


def _next(asking: Asking, case: CaseView) -> Any:
    following = work.next_case(asking.home, asking.viewer, after=case.case_id)
    return link_button(t("下一件"), f"/case/{following}", id="next-case") if following else None


def _found(case: CaseView) -> Any:
    return card(
        html.Div([severity_badge(case.severity), state_badge(case.state, case.state_label)], className="found-marks"),
        html.P(whole(say(case.sentence)), className="found-sentence", id="found"),
        html.P(html.A(t("去办理"), href="#moves", id="to-moves", className="button"), className="phone-only")
        if case.moves
        else None,
        definition_list(
            [
                (t("涉及金额"), amount(case.amount, case.currency, with_unit=True)),
                *([(t("单位"), case.agency_name)] if case.agency_name else []),
                (t("地区"), say(case.region_name) or case.region or "—"),
                (t("期间"), case.period or "—"),
                *figure_pairs(case.figures, case.currency),
            ]
        ),
        kind="found",
    )


def _echoes(case: CaseView) -> Any:
    """What other rules found of the same: told here, no cases of their own."""
    if not case.echoes:
        return None
    lines = [
        html.Li(
            [
                severity_badge(echo.severity),
                f" {say(echo.sentence)} ",
                html.A(
                    t("规则 {id}", id=echo.rule_id), href=f"/rules/{echo.rule_id}", id=f"echo-{n}", className="finger"
                ),
            ]
        )
        for n, echo in enumerate(case.echoes, 1)
    ]
    return card(
        html.P(t("其他规则也查出了这件事，不另立疑点。"), className="quiet"),
        html.Ul(lines, className="echoes"),
        title=t("连带发现"),
        id="echoes",
    )


def _reply(case: CaseView) -> Any:
    if not case.replies:
        words = (
            t("已函询，单位尚未答复。认定之前应当听取说明。")
            if case.state == "asked"
            else t("单位尚未被问到，还没有说明。这是疑点，不是结论。")
        )
        return card(html.P(words, className="quiet"), title=t("单位的说明"), id="reply", kind="reply")
    return card(
        *[
            html.Blockquote(
                [
                    html.P(step.note, className="reply-text"),
                    html.Footer(
                        t("{name} · {when}", name=step.actor_name, when=f"{step.at.astimezone():%Y-%m-%d %H:%M}")
                        + (t("（由工委代为录入）") if step.fields.get("on_behalf") else "")
                    ),
                ]
            )
            for step in reversed(case.replies)
        ],
        title=t("单位的说明"),
        id="reply",
        kind="reply has-reply",
    )


def _reasons(asking: Asking, case: CaseView) -> Any:
    rule = case.rule
    return html.Div(
        [
            card(
                html.P(say(rule.why)),
                law_list(asking, rule.id, rule.law, id="law-text", fold=True) if rule.law else None,
                html.P(html.A(t("规则全文 {id}", id=rule.id), href=f"/rules/{rule.id}"), className="below"),
                title=t("依据"),
                id="law",
            ),
            card(_bullets(rule.check), title=t("核查要点"), id="check"),
            card(_bullets(rule.otherwise), title=t("也可能是因为"), id="otherwise"),
        ],
        className="reasons",
    )


def _bullets(texts: tuple[Text, ...]) -> Any:
    return html.Ul([html.Li(say(x)) for x in texts], className="bullets") if texts else html.P("—", className="quiet")


def _standing(case: CaseView) -> Any:
    pairs = [
        (t("状态"), state_badge(case.state, case.state_label)),
        (t("经办"), case.assignee or t("还没有人受理")),
        (t("期限"), due_mark(case.due_on, case.overdue) if not case.closed_at else "—"),
    ]
    if case.history:
        pairs.append((t("该单位同一规则的其他疑点"), t("{n} 件", n=case.history)))
    return card(definition_list(pairs), title=t("办理情况"))


def _course(asking: Asking, case: CaseView) -> Any:
    """States, days and due dates as a picture, once there is a way to look back on."""
    course = pictures.life(asking.viewer, case, today())
    if len(course.spans) < 2:
        return None
    return card(
        drawn.showing(asking, "life", course, id="life-chart", case_id=case.case_id), title=t("办理进程"), id="course"
    )


def _steps(case: CaseView) -> Any:
    return card(
        timeline([_step(s) for s in reversed(case.steps)], label=t("办理经过"))
        if case.steps
        else html.P(t("还没有人办理。"), className="quiet"),
        title=t("办理经过"),
        id="steps",
    )


def _step(step: StepView) -> Any:
    role = ROLES.get(step.actor_role)
    extra = [
        (t("文号"), step.fields.get("letter_no")),
        (t("答复期限"), step.fields.get("due_on")),
        (t("理由"), say(step.reason_label) if step.reason_label else step.reason),
    ]
    return [
        html.Div(
            [
                html.Span(say(step.label), className="step-label"),
                html.Span(f"→ {say(STATES[step.to_state])}", className="step-meta")
                if step.to_state != step.from_state and step.to_state in STATES
                else None,
            ],
            className="step-head",
        ),
        html.P(
            whole(f"{step.actor_name}{' · ' + say(role) if role else ''} · {step.at.astimezone():%Y-%m-%d %H:%M}"),
            className="step-meta",
        ),
        *[
            html.P(t("{word}：{value}", word=word, value=value), className="step-meta")
            for word, value in extra
            if value
        ],
        html.P(step.note, className="step-note") if step.note else None,
    ]
