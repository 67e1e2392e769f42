"""One case: what was found, the unit's reply beside it, the rows, the law, what else could explain it, what can be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dash import html

from budgetwatch.access.viewer import ROLES
from budgetwatch.calendar import today
from budgetwatch.cases.machine import STATES
from budgetwatch.errors import NotFound
from budgetwatch.queries import pictures, work
from budgetwatch.queries.listing import Listing
from budgetwatch.queries.names import Names, names
from budgetwatch.queries.work import CaseView, MoveView, StepView
from budgetwatch.records.feeds import ALL
from budgetwatch.text import Text
from dashboard import drawn
from dashboard.asking import Asking
from dashboard.components import (
    Column,
    amount,
    area,
    breadcrumbs,
    button,
    card,
    chooser,
    columns_of,
    definition_list,
    due_mark,
    empty,
    field,
    hidden,
    link_button,
    note,
    page_head,
    pager,
    severity_badge,
    state_badge,
    table,
    timeline,
)
from dashboard.components.coded import coded
from dashboard.components.figure_words import figure_pairs
from dashboard.components.table import shown_value
from dashboard.i18n import say, t

SIZE = 20
#: Moves that do not carry the case forward.
ASIDE = ("comment", "release", "send_back", "return_reply")
HIDDEN = ("_row", "batch", "line", "currency")


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
                html.Div([_found(case), _reply(case), _evidence(asking, case), _reasons(case)], className="case-main"),
                html.Div([_moves(case), _standing(case), _course(asking, case), _steps(case)], className="case-side"),
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
        html.P(say(case.sentence), className="found-sentence", id="found"),
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


def _evidence(asking: Asking, case: CaseView) -> Any:
    page = asking.number("page", 1, least=1) or 1
    listing = case.evidence
    if page > 1:
        listing = work.evidence(asking.home, asking.viewer, case.flag_id, limit=SIZE, offset=(page - 1) * SIZE)
    feed = ALL.get(case.row_feed)
    heading = t(
        "依据的记录（{feed}，共 {n} 条）", feed=say(feed.label) if feed else case.row_feed, n=f"{case.row_count:,}"
    )
    if not listing.rows:
        return card(
            empty(t("这条规则依据的是缺失的记录，没有可列的行；请看上面的数字和日期。")),
            title=heading,
            id="evidence-card",
        )
    columns = evidence_columns(asking, listing, case.row_feed)
    return card(
        table(columns, listing.rows[:SIZE], caption=heading, id="evidence", cards=False, currency=case.currency),
        pager(asking, min(case.row_count, 1000), SIZE),
        title=heading,
        id="evidence-card",
    )


def evidence_columns(asking: Asking, listing: Listing, feed: str) -> list[Column]:
    """What one judges by first, as the query orders it, codes as words; where the row came from at the end."""
    opens = feed == "payment" and asking.viewer.may("vouchers")
    known = names(asking.home, asking.viewer)
    telling = [h for h in listing.headings if any(row.get(h.name) not in (None, "") for row in listing.rows)]
    several = len({row.get("currency") for row in listing.rows}) > 1
    columns = [_worded(feed, c, known) for c in columns_of(telling, leave_out=HIDDEN)]
    if several:
        columns.append(Column("currency", t("币种"), "code"))
    main = (
        next((c for c in columns if c.kind in ("text", "source") and c.name != "agency_name"), None) if opens else None
    )

    def source(row: Mapping[str, Any]) -> Any:
        where = t("批次 {batch} · 第 {line} 行", batch=row.get("batch", "—"), line=row.get("line", "—"))
        if opens and (main is None or not row.get(main.name)):
            return html.A(where, href=f"/voucher/{row['_row']}", id=f"voucher-link-{row['_row']}", className="nowrap")
        return html.Span(where, className="nowrap quiet")

    def opening(row: Mapping[str, Any]) -> Any:
        if main is None or not row.get(main.name):
            return shown_value(None, "text")
        return html.A(str(row[main.name]), href=f"/voucher/{row['_row']}", id=f"voucher-link-{row['_row']}")

    return [
        *[replace(c, cell=opening, main=True) if c is main else c for c in columns],
        Column("_row", t("出处"), "source", cell=source),
    ]


def _worded(feed: str, column: Column, known: Names) -> Column:
    """The column with its codes as words; a code that nothing names stands back."""
    if column.kind != "code":
        return column
    name = column.name

    def cell(row: Mapping[str, Any]) -> Any:
        value = row.get(name)
        if not value:
            return shown_value(None, "code")
        if name in ("adm_div_code", "recipient_div"):
            return html.Span(say(known.region(value)), title=str(value))
        named = {"func_code": known.function, "dep_eco_code": known.economic, "eco_code": known.economic}.get(name)
        word = say(named(value)) if named else ""
        if word and word != value:
            return html.Span([word, " ", html.Span(str(value), className="code quiet")])
        return coded(feed, name, value) or html.Span(str(value), className="code quiet")

    return replace(column, cell=cell)


def _reasons(case: CaseView) -> Any:
    rule = case.rule
    return html.Div(
        [
            card(
                html.P(say(rule.why)),
                html.Ul([html.Li(say(law)) for law in rule.law], className="laws") if rule.law else None,
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
            f"{step.actor_name}{' · ' + say(role) if role else ''} · {step.at.astimezone():%Y-%m-%d %H:%M}",
            className="step-meta",
        ),
        *[
            html.P(t("{word}：{value}", word=word, value=value), className="step-meta")
            for word, value in extra
            if value
        ],
        html.P(step.note, className="step-note") if step.note else None,
    ]


def _moves(case: CaseView) -> Any:
    if not case.moves:
        return card(note(t("现在没有轮到您做的事。"), tone="calm"), title=t("可以做什么"), id="moves", kind="moves")
    forward = [m.action for m in case.moves if m.action not in ASIDE]
    return card(
        # The one way forward stands open; where there are several, nobody is nudged.
        *[_move(case, move, opened=forward == [move.action]) for move in case.moves],
        title=t("可以做什么"),
        id="moves",
        kind="moves",
    )


def _move(case: CaseView, move: MoveView, *, opened: bool) -> Any:
    """One possible move: a button at once where nothing need be said, else a form that opens."""
    key, label = move.action, say(move.label)
    fields = [
        f
        for f in (
            _field(key, name, move)
            for name in ("reason", "letter_no", "due_on", "note")
            if name in move.takes | move.needs
        )
        if f
    ]
    form = html.Form(
        [
            *fields,
            hidden("case_id", case.case_id, id=f"{key}-case"),
            hidden("version", case.version, id=f"{key}-version"),
            hidden("action", key, id=f"{key}-action"),
            hidden("label", label, id=f"{key}-label"),
            button(label, id=f"do-{key}", kind="" if key in (*ASIDE, "dismiss") else "primary"),
        ],
        id=f"form-{key}",
        className="move-form",
        **{"data-deed": "case.act"},
    )
    return html.Details(
        [html.Summary(label, id=f"move-{key}"), form],
        open=opened,
        className="move",
        id=f"move-box-{key}-{case.version}",
    )


def _field(action: str, name: str, move: MoveView) -> Any:
    must = name in move.needs
    suggested = move.suggested.get(name)
    value = "" if suggested is None else str(suggested)
    id_ = f"{action}-{name}"
    if name == "reason":
        options = [(code, say(word)) for code, word in move.reasons]
        return chooser(t("理由"), name, options, id=id_, every=t("请选择"), required=must)
    if name == "due_on":
        return field(
            t("答复期限"),
            name,
            id=id_,
            kind="date",
            value=value,
            required=must,
            hint="" if value else t("不填则为十个工作日"),
        )
    if name == "letter_no":
        return field(t("函询文号"), name, id=id_, value=value, required=must, hint=t("不填则自动编号"))
    words = {"ask": t("要问单位什么"), "reply": t("说明内容")}.get(action, t("说明"))
    return area(words, name, id=id_, required=must)
