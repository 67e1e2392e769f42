"""The life of the rules: all editions, and one with its steps, what differs, what it would cost, and what may be done now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html

from budgetwatch.calendar import today
from budgetwatch.errors import NotFound
from budgetwatch.lifecycle.diff import Change
from budgetwatch.lifecycle.table import Act
from budgetwatch.queries import editions, trials
from budgetwatch.queries.editions import EditionView
from budgetwatch.text import Text
from dashboard.asking import Asking
from dashboard.components import (
    area,
    breadcrumbs,
    button,
    card,
    chips,
    day,
    definition_list,
    disclosure,
    empty,
    field,
    hidden,
    link_button,
    moment,
    note,
    page_head,
    timeline,
)
from dashboard.components.work import deed_button
from dashboard.figures.backtest import said_of
from dashboard.i18n import say, t
from dashboard.pages.rules import editions_table, rule_tabs, standing_mark

#: Acts that do not carry the edition forward.
ASIDE = ("comment", "withdraw", "return", "shadow", "unshadow")


def view(asking: Asking) -> tuple[str, Any]:
    """All editions, those with something still to do first."""
    everything = asking.one("all") == "1"
    found = editions.editions(asking.home, asking.viewer, open_only=not everything)
    title = t("规则版本")
    choices = [
        ("open", t("待办"), asking.same(all=None), None, not everything),
        ("all", t("全部"), asking.same(all="1"), None, everything),
    ]
    return title, [
        page_head(
            title,
            lead=t("规则改一个字也是一个新版本：起草、回测、提请、由另一人批准，从某天起启用；每一步都记下。"),
            actions=link_button(t("起草规则"), "/rules/new", id="rule-new", kind="primary")
            if asking.viewer.may("draft_rules")
            else None,
        ),
        rule_tabs(asking, "editions"),
        chips(choices, label=t("范围"), id="editions-which"),
        editions_table(found.rows) if found.rows else empty(t("没有待办的版本。")),
    ]


def view_one(asking: Asking) -> tuple[str, Any]:
    """One edition."""
    number = asking.parts["edition"]
    if not number.isdigit():
        raise NotFound(Text("没有这个版本。", "There is no such edition."), where=asking.path)
    one = editions.edition(asking.home, asking.viewer, int(number))
    title = t("{rule} 第 {n} 版", rule=one.rule_id, n=one.no)
    return title, [
        page_head(
            [title, " ", standing_mark(one.state, say(one.label), one.shadow)],
            above=breadcrumbs([(t("规则"), "/rules"), (one.rule_id, _rule_address(asking, one)), (title, None)]),
            lead=say(one.name),
            actions=_tests_button(asking, one),
        ),
        note(say(one.unreadable), tone="warn") if one.unreadable else None,
        _acts(one),
        card(changes_list(one.changes), title=t("与现行文字的差别"), id="changes"),
        _tested(asking, one),
        _shadow(asking, one),
        card(_steps(one), title=t("经过"), id="steps-box"),
        card(
            _facts(asking, one),
            disclosure(t("显示规则文件"), html.Pre(html.Code(one.body), className="yaml", tabIndex=0)),
            title=t("这个版本"),
        ),
    ]


def _rule_address(asking: Asking, one: EditionView) -> str | None:
    return f"/rules/{one.rule_id}" if one.rule_id in asking.home.rules else None


def _tests_button(asking: Asking, one: EditionView) -> Any:
    viewer = asking.viewer
    if not (viewer.may("draft_rules") and viewer.may("facts")) or one.state in ("withdrawn", "retired"):
        return None
    kind = "primary" if one.state == "draft" else ""
    return deed_button(t("回测这个版本"), "rule.backtest", id="edition-backtest", kind=kind, edition=one.edition_id)


def _acts(one: EditionView) -> Any:
    """What this person may do now; the one way forward stands open."""
    acts = list(one.acts)
    forward = [act.name for act in acts if act.name not in ASIDE]
    if not acts:
        return card(note(t("现在没有轮到您做的事。"), tone="calm"), title=t("可以做什么"), id="moves", kind="moves")
    told: list[Any] = [note(t("先回测，才能提请批准。"), tone="calm")] if one.state == "draft" else []
    return card(
        *told,
        *[_act(one, act, opened=forward == [act.name]) for act in acts],
        title=t("可以做什么"),
        id="moves",
        kind="moves",
    )


def _act(one: EditionView, act: Act, *, opened: bool) -> Any:
    key, label = act.name, say(act.label)
    fields = [
        field(t("从哪天起"), "day", id=f"{key}-day", kind="date", value=today().isoformat(), required=True)
        if act.takes_day
        else None,
        area(t("理由"), "note", id=f"{key}-note", required=act.needs_note, rows=3),
    ]
    form = html.Form(
        [
            *[f for f in fields if f is not None],
            hidden("edition", one.edition_id, id=f"{key}-edition"),
            hidden("action", key, id=f"{key}-action"),
            button(label, id=f"do-{key}", kind="" if key in ASIDE else "primary"),
        ],
        id=f"form-{key}",
        className="move-form",
        **{"data-deed": "rule.act"},
    )
    seq = len(one.steps)
    return html.Details(
        [html.Summary(label, id=f"move-{key}"), form], open=opened, className="move", id=f"move-box-{key}-{seq}"
    )


def changes_list(changes: Sequence[Change]) -> Any:
    """Each part that differs: what it was and what it is; SQL line by line, with signs besides colours."""
    if not changes:
        return empty(t("与现行文字没有差别。"))
    return html.Dl(
        [html.Div([html.Dt(say(c.label)), html.Dd(_change(c))]) for c in changes], className="pairs rows changes"
    )


def _change(one: Change) -> Any:
    if one.lines:
        signs = {"same": " ", "added": "+", "removed": "−"}
        words = {"same": "", "added": t("新增："), "removed": t("删去：")}
        return html.Pre(
            [
                html.Span(
                    [html.Span(words[line.kind], className="visually-hidden"), f"{signs[line.kind]} {line.text}\n"],
                    className=f"diff-line is-{line.kind}",
                )
                for line in one.lines
            ],
            className="diff",
            tabIndex=0,
        )
    parts = []
    if one.before is not None:
        parts.append(html.Del([html.Span(t("原为："), className="visually-hidden"), one.before], className="diff-old"))
    if one.after is not None:
        parts.append(html.Ins([html.Span(t("现为："), className="visually-hidden"), one.after], className="diff-new"))
    return html.Div(parts, className="diff-pair")


def _tested(asking: Asking, one: EditionView) -> Any:
    """The latest back-test of exactly this text, in a sentence, and the way to its figures."""
    if not (asking.viewer.may("draft_rules") or asking.viewer.may("approve_rules") or asking.viewer.may("run")):
        return None
    if not one.tests:
        return card(empty(t("这个版本还没有回测。")), title=t("回测"), id="tested")
    test = trials.back_test(asking.home, asking.viewer, one.tests[0])
    mine = next((r for r in test.report.rules if r.rule_id == one.rule_id and r.digest == one.digest), None)
    return card(
        html.P(said_of(mine, test.report)) if mine else None,
        link_button(t("看回测结果"), f"/rules/tests/{test.back_test_id}", id="edition-test"),
        title=t("回测"),
        id="tested",
    )


def _shadow(asking: Asking, one: EditionView) -> Any:
    began = any(s.action == "shadow" for s in one.steps)
    if not began or not asking.viewer.may("flags"):
        return None
    return card(
        html.P(t("试运行的结果单独存放，不生成疑点，也不进入处理流程。")),
        link_button(t("看试运行"), f"/rules/shadow/{one.edition_id}", id="edition-shadow"),
        title=t("试运行"),
    )


def _steps(one: EditionView) -> Any:
    return html.Div(
        timeline(
            [
                html.Div(
                    [
                        html.Div(
                            [
                                html.Strong(say(s.label)),
                                " ",
                                s.actor_name,
                                " · ",
                                moment(s.at),
                                *([" · ", day(s.day)] if s.day else []),
                            ]
                        ),
                        html.P(s.note) if s.note else None,
                    ]
                )
                for s in one.steps
            ],
            label=t("经过"),
        ),
        id="steps",
    )


def _facts(asking: Asking, one: EditionView) -> Any:
    base = (
        t("第 {n} 版", n=one.base_no)
        if one.base_no
        else t("规则文件")
        if one.rule_id in asking.home.files
        else t("新规则")
    )
    back = (
        deed_button(t("回到这一版"), "rule.rollback", id="rollback", edition=one.edition_id)
        if asking.viewer.may("draft_rules") and one.standing in ("superseded", "retired")
        else "—"
    )
    return definition_list(
        [
            (t("改自"), base),
            (t("起草人"), one.author),
            (t("起草时间"), moment(one.created_at)),
            (t("说明"), one.note or "—"),
            (t("哈希"), html.Span(one.digest, className="code")),
            (t("回退"), back),
        ],
        kind="rows",
    )
