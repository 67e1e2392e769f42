"""One rule whole: what it asks and why, its thresholds and where each comes from, its editions, its runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import html

from budgetwatch.queries import catalogue
from budgetwatch.queries.catalogue import RuleDetail
from dashboard.asking import Asking
from dashboard.components import (
    Column,
    area,
    breadcrumbs,
    button,
    card,
    definition_list,
    disclosure,
    empty,
    field,
    hidden,
    link_button,
    mark,
    note,
    page_head,
    severity_badge,
    table,
)
from dashboard.components.figure_words import with_names
from dashboard.components.laws import law_list
from dashboard.components.table import shown_value
from dashboard.components.thresholds import with_unit
from dashboard.components.work import deed_button, run_button
from dashboard.i18n import say, t
from dashboard.pages.rules import held_note, open_editions, precision_words
from dashboard.ruling import shown_param


def view(asking: Asking) -> tuple[str, Any]:
    """The rule at the address."""
    rule = catalogue.rule(asking.home, asking.viewer, asking.parts["rule_id"])
    name, drafts = say(rule.name), asking.viewer.may("draft_rules")
    actions = [
        link_button(t("修改这条规则"), f"/rules/new?change={rule.id}", id="rule-change") if drafts else None,
        deed_button(t("回测"), "rule.backtest", id="rule-backtest", rules=rule.id)
        if drafts and asking.viewer.may("facts") else None,
        run_button(asking, rule_id=rule.id),
    ]  # fmt: skip
    return name, [
        page_head(
            [name, " ", severity_badge(rule.severity), " ", None if rule.enabled else mark(t("未启用"))],
            above=breadcrumbs([(t("规则"), "/rules"), (rule.id, None)]),
            lead=say(rule.why),
            actions=[a for a in actions if a is not None],
        ),
        held_note(asking, rule.id),
        note(t("启用的版本无法读取，暂按规则文件执行："), " ", say(rule.unread), tone="warn") if rule.unread else None,
        html.Div(
            [
                card(law_list(asking, rule.id, rule.law, id="law-text", kind="bullets"), title=t("依据"), id="law"),
                card(_list(rule.check), title=t("核查要点"), id="check"),
                card(_list(rule.otherwise), title=t("也可能是因为"), id="otherwise"),
            ],
            className="reasons",
        ),
        card(_asks(rule), title=t("看哪些数据")),
        _thresholds(asking, rule, drafts),
        card(open_editions(asking, rule.id), title=t("版本"), id="rule-editions"),
        _switch(asking, rule) if drafts else None,
        _results(asking, rule),
        card(_examples(rule), title=t("例子")),
        card(
            disclosure(t("显示规则文件"), html.Pre(html.Code(rule.body), className="yaml", tabIndex=0)),
            title=t("规则文件"),
        ),
    ]


def _list(items: Any) -> Any:
    return html.Ul([html.Li(say(x)) for x in items], className="bullets") if items else html.P("—", className="quiet")


def _source(rule: RuleDetail) -> str:
    """Where what is in force comes from."""
    if rule.edition is None:
        return t("规则文件")
    return t("第 {n} 版，自 {day}", n=rule.edition, day=rule.since)


def _asks(rule: RuleDetail) -> Any:
    pairs: list[tuple[Any, Any]] = [
        (t("数据"), say(rule.over_label)),
        (t("必须有的栏目"), " · ".join(say(label) for _, label in rule.needs) or "—"),
        (t("疑点说明"), with_names(say(rule.message))),
        (t("现行文字"), _source(rule)),
        (t("认定率"), precision_words(rule.precision)),
    ]
    return definition_list(pairs, kind="rows")


def _bounds(p: Any) -> str:
    if p.minimum is not None and p.maximum is not None:
        return t("可在 {a} 到 {b} 之间调整", a=with_unit(p.minimum, p.unit), b=with_unit(p.maximum, p.unit))
    if p.minimum is not None:
        return t("不低于 {a}", a=with_unit(p.minimum, p.unit))
    return t("不高于 {a}", a=with_unit(p.maximum, p.unit)) if p.maximum is not None else ""


def _thresholds(asking: Asking, rule: RuleDetail, drafts: bool) -> Any:
    """Each threshold with its value, its bounds and where it comes from; whoever drafts may propose others."""
    if not rule.params:
        return None
    file = asking.home.files.get(rule.id)
    rows = [
        {
            "label": say(p.label),
            "value": with_unit(p.value, p.unit),
            "bounds": _bounds(p),
            "source": _from(rule, p, file),
        }
        for p in rule.params
    ]
    columns = [
        Column("label", t("参数"), main=True),
        Column("value", t("取值"), cell=lambda r: r["value"]),
        Column("bounds", t("范围")),
        Column("source", t("来自")),
    ]
    shown = table(columns, rows, caption=t("参数"), id="rule-params")
    if not drafts:
        return card(shown, title=t("参数"))
    fields = [
        field(say(p.label), f"p_{p.name}", id=f"param-{p.name}", value=shown_param(p.value), hint=_bounds(p))
        for p in rule.params
    ]
    form = html.Form(
        [
            hidden("rule_id", rule.id, id="params-rule"),
            html.Div(fields, className="fields"),
            area(t("为什么改"), "note", id="params-note", rows=2),
            html.P(t("改动先成为一个新版本：经回测、提请和另一人批准后才会启用。"), className="below"),
            html.Div([button(t("起草新参数"), id="params-save", kind="primary")], className="job-actions"),
        ],
        id="params-form",
        className="stack",
        **{"data-deed": "rule.params"},
    )
    return card(shown, disclosure(t("改参数"), form, id="params-box"), title=t("参数"))


def _from(rule: RuleDetail, p: Any, file: Any) -> str:
    """Whether a value is the file's, or was changed by an edition."""
    if rule.edition is None or (file is not None and p.name in file.params and file.params[p.name].plain == p.value):
        return t("规则文件")
    return t("第 {n} 版", n=rule.edition)


def _switch(asking: Asking, rule: RuleDetail) -> Any:
    words = t("停用也是一个新版本，经同样的步骤生效。") if rule.enabled else t("启用也是一个新版本，经同样的步骤生效。")
    word = t("起草停用") if rule.enabled else t("起草启用")
    do = deed_button(word, "rule.switch", id="rule-switch", rule_id=rule.id, on="" if rule.enabled else "1")
    back = (
        deed_button(t("起草回到规则文件"), "rule.rollback", id="rule-to-file", rule_id=rule.id, edition="file")
        if rule.edition and rule.id in asking.home.files
        else None
    )
    title = t("停用规则") if rule.enabled else t("启用规则")
    return card(html.P(words), html.Div([do, back], className="job-actions"), title=title, id="rule-switch-box")


def _examples(rule: RuleDetail) -> Any:
    words = {"flags": t("应列为疑点"), "clear": t("不应列为疑点"), "cannot": t("无法判断")}
    return html.Ul(
        [html.Li([say(e.name), " — ", words.get(e.expect, e.expect)]) for e in rule.examples], className="bullets"
    )


def _results(asking: Asking, rule: RuleDetail) -> Any:
    columns = [
        Column("run_id", t("运行"), "integer"),
        Column("as_of", t("截至"), "date"),
        Column("looked_at", t("检查"), "integer"),
        Column("flagged", t("疑点"), "integer"),
        Column("could_not_judge", t("无法判断"), "integer"),
        Column("reasons", t("为什么无法判断"), cell=_why_not),
        Column("exempted", t("例外"), "integer"),
        Column("seconds", t("用时（秒）"), "ratio", cell=lambda r: f"{float(r.get('seconds') or 0):.2f}"),
    ]
    link = (
        link_button(t("看这条规则的疑点"), f"/committee?rule={rule.id}", id="rule-flags")
        if asking.viewer.may("cases")
        else None
    )
    return card(
        table(columns, rule.results, caption=t("历次运行"), id="rule-results")
        if rule.results
        else empty(t("这条规则还没有运行过。")),
        title=t("历次运行"),
        side=link,
    )


def _why_not(row: Mapping[str, Any]) -> Any:
    reasons = row.get("reasons") or []
    if not reasons:
        return shown_value(None, "text")
    return html.Ul(
        [
            html.Li(
                _to_incident(
                    one["code"],
                    t(
                        "{word}：{value}",
                        word=say(one["sentence"]),
                        value=f"{one['count']:,}" if isinstance(one["count"], int) else one["count"],
                    ),
                )
            )
            for one in reasons
        ]
    )


def _to_incident(code: str, words: str) -> Any:
    """What is held leads to the incident that it is held as."""
    kind, _, number = code.partition(":")
    return html.A(words, href=f"/rules/incidents/{number}") if kind == "held" and number.isdigit() else words
