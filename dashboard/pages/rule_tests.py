"""Back-tests: what rules would have found in all stored facts, by month, unit and level, and what review of it costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import html

from budgetwatch.backtest.report import Report, RuleReport, Sweep
from budgetwatch.errors import NotFound
from budgetwatch.queries import trials
from budgetwatch.records import ALL
from budgetwatch.records.codes import LISTS
from budgetwatch.text import Text
from dashboard import drawn
from dashboard.asking import Asking
from dashboard.components import (
    Column,
    breadcrumbs,
    card,
    disclosure,
    empty,
    note,
    page_head,
    pager,
    severity_badge,
    stats,
    table,
)
from dashboard.components.thresholds import with_unit
from dashboard.figures.backtest import said_of
from dashboard.i18n import say, t
from dashboard.pages.rules import precision_words, rule_tabs

_PAGE = 20


def view(asking: Asking) -> tuple[str, Any]:
    """The kept back-tests, newest first."""
    page = asking.number("page", 1, least=1) or 1
    found = trials.back_tests(asking.home, asking.viewer, limit=_PAGE, offset=(page - 1) * _PAGE)
    title = t("回测")
    columns = [
        Column("rules", t("规则"), cell=_rules, main=True),
        Column("created_at", t("时间"), "moment"),
        Column("who", t("回测人")),
        Column("hits", t("命中"), "integer"),
        Column("hours", t("每年核查小时"), "ratio", cell=lambda r: html.Span(f"{r['hours']:,.1f}", className="figure")),
    ]
    return title, [
        page_head(
            title, lead=t("在全部已存数据上试算规则会列出多少、值不值得查；不生成疑点。在规则或版本的页面上开始。")
        ),
        rule_tabs(asking, "tests"),
        table(columns, found.rows, caption=t("回测清单"), id="back-tests") if found.rows else empty(t("还没有回测。")),
        pager(asking, found.total, _PAGE) if found.total > _PAGE else None,
    ]


def _rules(row: Mapping[str, Any]) -> Any:
    rules = row["rules"]
    word = t("、").join(rules[:3]) + (t(" 等 {n} 条", n=len(rules)) if len(rules) > 3 else "")
    return html.A(
        word, href=f"/rules/tests/{row['back_test_id']}", className="row-link", id=f"test-{row['back_test_id']}"
    )


def view_one(asking: Asking) -> tuple[str, Any]:
    """One back-test: a rule whole, or several as a table that leads to each."""
    number = asking.parts["test"]
    if not number.isdigit():
        raise NotFound(Text("没有这次回测。", "There is no such back-test."), where=asking.path)
    test = trials.back_test(asking.home, asking.viewer, int(number))
    report = test.report
    title = t("回测 {n}", n=test.back_test_id)
    wanted = asking.one("rule") or (report.rules[0].rule_id if len(report.rules) == 1 else "")
    one = next((r for r in report.rules if r.rule_id == wanted), None)
    lead = t(
        "{first} 至 {last} 年的全部数据，截至 {day}；每条核查 {minutes} 分钟（{basis}）。",
        first=report.first_year, last=report.last_year, day=test.as_of, minutes=f"{report.minutes:g}",
        basis=t("按 {n} 件已办事项实测", n=report.measured) if report.measured else t("设定值，办结满 30 件后改为实测"),
    )  # fmt: skip
    return title, [
        page_head(
            title, lead=lead, above=breadcrumbs([(t("规则"), "/rules"), (t("回测"), "/rules/tests"), (title, None)])
        ),
        _several(asking, report) if len(report.rules) > 1 else None,
        *(_one(asking, test.back_test_id, report, one) if one else []),
    ]


def _several(asking: Asking, report: Report) -> Any:
    columns = [
        Column("rule_id", t("规则"), cell=lambda r: _named(asking, r["one"]), main=True),
        Column("hits", t("命中"), "integer", cell=lambda r: "—" if r["one"].missing else f"{r['one'].hits:,}"),
        Column(
            "marginal", t("仅此规则"), "integer", cell=lambda r: "—" if r["one"].missing else f"{r['one'].marginal:,}"
        ),
        Column("precision", t("认定率"), cell=lambda r: precision_words(r["one"].precision)),
        Column("hours", t("每年核查小时"), "ratio", cell=lambda r: f"{r['one'].hours:,.1f}"),
        Column("remark", t("备注"), cell=lambda r: _remark(r["one"])),
    ]
    return table(columns, [{"one": r} for r in report.rules], caption=t("各规则"), id="tested-rules")


def _named(asking: Asking, one: RuleReport) -> Any:
    return html.Div(
        [
            html.A(say(one.name), href=asking.same(rule=one.rule_id), className="row-link", id=f"tested-{one.rule_id}"),
            html.Span(one.rule_id, className="below code"),
        ]
    )


def _remark(one: RuleReport) -> str:
    if one.missing:
        return t("没有数据：{feeds}", feeds=t("、").join(say(ALL[f].label) if f in ALL else f for f in one.missing))
    return one.failure


def _one(asking: Asking, number: int, report: Report, one: RuleReport) -> list[Any]:
    if one.missing or one.failure:
        return [card(note(_remark(one), tone="warn"), title=say(one.name))]
    head = t("{rule} {name}", rule=one.rule_id, name=say(one.name))
    return [
        card(
            html.Div([severity_badge(one.severity), " ", html.Span(said_of(one, report), id="tested-said")]),
            stats(
                [
                    (t("命中"), f"{one.hits:,}", t("{n} 个单位", n=f"{one.units:,}")),
                    (t("已是疑点"), f"{one.known:,}", t("不再命中 {n}", n=f"{one.gone:,}") if one.gone else None),
                    (t("仅此规则"), f"{one.marginal:,}", t("与其他规则重合 {n}", n=f"{one.shared:,}")),
                    (t("认定率"), precision_words(one.precision), t("尚未认定 {n}", n=f"{one.precision.unknown:,}")),
                    (t("每年核查小时"), f"{one.hours:,.1f}", None),
                ],
                id="tested-stats",
            ),
            title=head,
            id="tested",
        ),
        card(
            drawn.show(asking, "backtest", test=number, rule=one.rule_id), title=t("命中，按月")
        ) if one.hits else None,
        *[_sweep(sweep) for sweep in one.sweeps],
        card(_units(one), title=t("按单位"), id="tested-units") if one.by_unit else None,
        card(_levels(one), _shared(one), title=t("按层级；与其他规则重合"), id="tested-levels") if one.hits else None,
    ]  # fmt: skip


def _sweep(sweep: Sweep) -> Any:
    """One threshold with several values: hits, precision, hours; the value in force is marked."""
    rows = [{"one": tried} for tried in sweep.tried]
    columns = [
        Column("value", t("取值"), main=True, cell=lambda r: [with_unit(r["one"].value, sweep.unit), html.Strong(t("（现值）")) if r["one"].current else None]),
        Column("hits", t("命中"), "integer", cell=lambda r: f"{r['one'].hits:,}"),
        Column("precision", t("认定率"), cell=lambda r: precision_words(r["one"].precision)),
        Column("hours", t("每年核查小时"), "ratio", cell=lambda r: f"{r['one'].hours:,.1f}"),
    ]  # fmt: skip
    name = say(sweep.label)
    return card(
        table(columns, rows, caption=t("参数“{name}”取不同值时", name=name), id=f"sweep-{sweep.param}"),
        title=t("参数“{name}”取不同值时", name=name),
    )


def _units(one: RuleReport) -> Any:
    rows = [
        {"code": code, "name": name or code or t("（无单位）"), "hits": hits, "amount": amount}
        for code, name, hits, amount in one.by_unit
    ]
    columns = [
        Column("name", t("单位"), main=True),
        Column("hits", t("命中"), "integer"),
        Column("amount", t("金额"), "money"),
    ]
    shown = table(columns, rows[:10], caption=t("命中最多的单位"), id="units")
    more = (
        disclosure(
            t("其余 {n} 个", n=len(rows) - 10), table(columns, rows[10:], caption=t("其余单位"), id="units-more")
        )
        if len(rows) > 10
        else None
    )
    return html.Div([shown, more])


def _levels(one: RuleReport) -> Any:
    labels = LISTS.get("level", {})
    rows = [
        {"level": say(labels[level]) if level in labels else t("未知"), "hits": hits} for level, hits in one.by_level
    ]
    return table(
        [Column("level", t("层级"), main=True), Column("hits", t("命中"), "integer")],
        rows,
        caption=t("按层级"),
        id="levels",
    )


def _shared(one: RuleReport) -> Any:
    if not one.shared_with:
        return html.P(t("没有与其他规则的疑点重合。"), className="below")
    rows = [{"rule": rule, "hits": hits} for rule, hits in one.shared_with]
    columns = [
        Column("rule", t("规则"), main=True, cell=lambda r: html.A(r["rule"], href=f"/rules/{r['rule']}")),
        Column("hits", t("重合"), "integer"),
    ]
    return table(columns, rows, caption=t("与其他规则重合"), id="shared")
