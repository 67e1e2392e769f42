"""The rules as anybody may read them: what each asks, why, by which law, and how it has fared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import html

from budgetwatch.queries import catalogue
from budgetwatch.queries.catalogue import RuleDetail
from dashboard.asking import Asking
from dashboard.components import (
    Column,
    breadcrumbs,
    card,
    definition_list,
    disclosure,
    empty,
    mark,
    page_head,
    search_box,
    severity_badge,
    table,
)
from dashboard.components.figure_words import with_names
from dashboard.components.table import shown_value
from dashboard.components.thresholds import with_unit
from dashboard.components.work import run_button
from dashboard.i18n import say, t


def view(asking: Asking) -> tuple[str, Any]:
    """The catalogue with what the latest run said of each rule."""
    found = catalogue.rules(
        asking.home, asking.viewer, text=asking.one("text"), severities=asking.many("severity") or None
    )
    title = t("规则")
    columns = [
        Column("severity", t("等级"), "severity"),
        Column("name", t("规则"), "sentence", cell=_name, main=True),
        Column("law", t("依据"), cell=lambda r: html.Span(say(r["law"]), className="small")),
        Column("looked_at", t("检查"), "integer"),
        Column("flagged", t("疑点"), "integer"),
        Column("could_not_judge", t("无法判断"), "integer"),
        Column("confirmed", t("认定"), "integer"),
        Column("dismissed", t("排除"), "integer"),
    ]
    return title, [
        page_head(
            title,
            lead=t("每条规则写明理由、依据和其他可能；“无法判断”单独计数，不当作没有问题。"),
            actions=run_button(asking, kind="primary"),
        ),
        search_box("/rules", t("搜索规则名称、编号、依据…"), id="rules-search", value=asking.one("text")),
        table(columns, found.rows, caption=t("规则清单"), id="rules")
        if found.rows
        else empty(t("没有符合条件的规则。")),
        html.P(t("数字为最近一次运行的结果。共 {n} 条规则。", n=found.total), className="below"),
    ]


def _name(row: Mapping[str, Any]) -> Any:
    return html.Div(
        [
            html.Div(
                [
                    html.A(
                        say(row["name"]),
                        href=f"/rules/{row['rule_id']}",
                        id=f"rule-{row['rule_id']}",
                        className="row-link",
                    ),
                    mark(t("模型")) if row.get("kind") == "outlier" else None,
                ],
                className="row-name",
            ),
            html.Span(f"{row['rule_id']} · {say(row['why'])}", className="below"),
        ]
    )


def view_one(asking: Asking) -> tuple[str, Any]:
    """One rule whole."""
    rule = catalogue.rule(asking.home, asking.viewer, asking.parts["rule_id"])
    name = say(rule.name)
    return name, [
        page_head(
            [name, " ", severity_badge(rule.severity)],
            above=breadcrumbs([(t("规则"), "/rules"), (rule.id, None)]),
            lead=say(rule.why),
            actions=run_button(asking, rule_id=rule.id),
        ),
        html.Div(
            [
                card(_list(rule.law), title=t("依据"), id="law"),
                card(_list(rule.check), title=t("核查要点"), id="check"),
                card(_list(rule.otherwise), title=t("也可能是因为"), id="otherwise"),
            ],
            className="reasons",
        ),
        card(_asks(rule), title=t("看哪些数据")),
        _results(rule),
        card(
            disclosure(t("显示规则文件"), html.Pre(html.Code(rule.body), className="yaml", tabIndex=0)),
            title=t("规则文件"),
        ),
    ]


def _list(items: Any) -> Any:
    return html.Ul([html.Li(say(x)) for x in items], className="bullets") if items else html.P("—", className="quiet")


def _asks(rule: RuleDetail) -> Any:
    pairs: list[tuple[Any, Any]] = [
        (t("数据"), say(rule.over_label)),
        (t("必须有的栏目"), " · ".join(say(label) for _, label in rule.needs) or "—"),
        (t("疑点说明"), with_names(say(rule.message))),
    ]
    for p in rule.params:
        bounds = (
            t("（可在 {a} 到 {b} 之间调整）", a=with_unit(p.minimum, p.unit), b=with_unit(p.maximum, p.unit))
            if p.minimum is not None and p.maximum is not None
            else ""
        )
        pairs.append((say(p.label), [with_unit(p.value, p.unit), html.Span(bounds, className="quiet")]))
    return definition_list(pairs, kind="rows")


def _results(rule: RuleDetail) -> Any:
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
    return card(
        table(columns, rule.results, caption=t("历次运行"), id="rule-results")
        if rule.results
        else empty(t("这条规则还没有运行过。")),
        title=t("历次运行"),
    )


def _why_not(row: Mapping[str, Any]) -> Any:
    reasons = row.get("reasons") or {}
    if not isinstance(reasons, Mapping) or not reasons:
        return shown_value(None, "text")
    return html.Ul(
        [
            html.Li(t("{word}：{value}", word=_reason(k), value=f"{v:,}" if isinstance(v, int) else v))
            for k, v in reasons.items()
        ]
    )


def _reason(key: Any) -> str:
    return say(key) if not isinstance(key, str) else key
