"""The preview as a table: one row a line of the draft, each a way down and a question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import html

from budgetwatch.queries.budgets import BudgetPreview
from budgetwatch.records.codes import LISTS
from dashboard.asking import Asking, href
from dashboard.components import (
    Column,
    amount,
    breadcrumbs,
    card,
    delta,
    empty,
    pager,
    ratio,
    table,
    tabs,
    term,
    unit_label,
)
from dashboard.i18n import say, t

SCOPE = ("year", "region", "book", "currency", "own")
NARROW = ("func", "agency", "eco")
SIZE = 25


def narrowed(asking: Asking) -> dict[str, str]:
    """How far down one has walked."""
    return {name: asking.one(name) for name in NARROW}


def preview_card(asking: Asking, shown: BudgetPreview) -> Any:
    words = {
        "function": t("按功能（花在哪里）"),
        "department": t("按部门（谁来花）"),
        "unit": t("按单位"),
        "economic": t("按用途（怎么花）"),
        "project": t("按项目"),
        "region": t("按地区"),
    }
    choices = [(by, words.get(by, by), asking.same(by=by, ask=None)) for by in shown.choices]
    way = [
        (say(c.label), drill_address(asking, {f: getattr(c, f) for f in ("by", *NARROW, "region", "own")}))
        for c in shown.crumbs
    ]
    heading = t("逐项对比")
    page = asking.number("page", 1, least=1) or 1
    return card(
        breadcrumbs(way) if len(way) > 1 else None,
        tabs(choices, shown.by, label=t("分类方式"), id="by") if len(choices) > 1 else None,
        table(
            _columns(asking, shown),
            shown.rows[(page - 1) * SIZE : page * SIZE],
            caption=t("{title}：本年草案、上年预算、上年实际、变化和人均", title=heading),
            id="preview",
            foot={**shown.total, "name": t("合计"), "is_total": True} if shown.rows else None,
            currency=shown.currency,
        )
        if shown.rows
        else empty(t("这里没有报送预算草案。换一个年度或地区看看。")),
        pager(asking, len(shown.rows), SIZE) if len(shown.rows) > SIZE else None,
        _basis(shown),
        title=heading,
        id="preview-card",
    )


def _basis(shown: BudgetPreview) -> Any:
    if not shown.rows:
        return None
    until = t("，截至 {day}", day=shown.until.isoformat()) if shown.until else ""
    stage = {**{k: say(v) for k, v in LISTS["stage"].items()}, "payment": t("支付数")}
    return html.P(
        t(
            "口径：本年取“{draft}”，上年预算取“{budget}”，上年实际取“{actual}”。",
            draft=stage.get(shown.basis.get("draft", ""), "—"),
            budget=stage.get(shown.basis.get("last_budget", ""), "—"),
            actual=stage.get(shown.basis.get("last_actual", ""), "—") + until,
        ),
        className="below",
    )


def drill_address(asking: Asking, drill: Mapping[str, Any]) -> str:
    """Where a crumb or a row leads: the same year and book, with the drill's own arguments."""
    query = {k: asking.one(k) for k in (*SCOPE, "show")} | {
        k: v for k, v in drill.items() if k not in ("region", "own")
    }
    if drill.get("region"):
        query["region"] = drill["region"]
    if "own" in drill:
        query["own"] = "1" if drill["own"] else ""
    return href(asking.path, **query)


def _columns(asking: Asking, shown: BudgetPreview) -> list[Column]:
    currency = shown.currency

    is_draft = shown.basis.get("draft", "draft") == "draft"
    this_year = t("本年草案") if is_draft else t("本年预算")

    def money(name: str) -> Any:
        return lambda row: amount(row.get(name), currency)

    def name(row: Mapping[str, Any]) -> Any:
        if row.get("is_total"):
            return t("合计")
        word = say(row["name"]) or str(row["code"])
        parts: list[Any] = []
        if row.get("drill"):
            parts.append(
                html.A(word, href=drill_address(asking, row["drill"]), id=f"drill-{row['code']}", className="row-link")
            )
        else:
            parts.append(html.Span(word))
        if row.get("is_new"):
            parts.append(html.Span(t("新增"), className="badge mark"))
        if row.get("attention"):
            parts.append(html.Span(t("请关注 {n}", n=row["attention"]), className="badge mark mark-warn"))
        return html.Div([html.Div(parts, className="row-name"), _share(row)])

    columns = [
        Column("name", _dimension(shown.by), "text", cell=name, main=True),
        Column("draft", this_year, "money", cell=money("draft"), help=term("draft" if is_draft else "approved")),
        Column("last_budget", t("上年预算"), "money", cell=money("last_budget"), help=term("last_budget")),
        Column("last_actual", t("上年实际"), "money", cell=money("last_actual"), help=term("last_actual")),
        Column(
            "execution_ratio",
            t("执行率"),
            "ratio",
            cell=lambda r: ratio(r.get("execution_ratio")),
            help=term("execution_ratio"),
        ),
        Column(
            "change",
            t("变化"),
            "money",
            cell=lambda r: delta(r.get("change"), r.get("change_ratio"), currency, is_new=bool(r.get("is_new"))),
            help=term("change"),
        ),
    ]
    if shown.population:
        columns.append(
            Column(
                "per_head",
                t("人均（{unit}）", unit=unit_label(currency, "yuan")),
                "integer",
                cell=lambda r: amount(r.get("per_head"), currency, unit="yuan"),
                help=term("per_head"),
            )
        )
    if asking.viewer.may("ask"):
        columns.append(Column("ask", t("提问"), "action", cell=lambda r: _ask_link(asking, r)))
    return columns


def _dimension(by: str) -> str:
    """What the rows of this way of looking are."""
    return {
        "function": t("功能科目"),
        "department": t("部门"),
        "unit": t("单位"),
        "economic": t("用途"),
        "region": t("地区"),
    }.get(by, t("项目"))


def _share(row: Mapping[str, Any]) -> Any:
    share = row.get("share")
    if share is None or share <= 0:
        return None
    width = f"{min(float(share), 1.0) * 100:.1f}%"
    return html.Span(
        [
            html.Span(html.Span(style={"width": width}), className="share-bar", **{"aria-hidden": "true"}),
            html.Span(t("占 {n}", n=f"{float(share) * 100:.1f}%"), className="share-word"),
        ],
        className="share",
    )


def _ask_link(asking: Asking, row: Mapping[str, Any]) -> Any:
    if row.get("is_total") or not row.get("code"):
        return None
    return html.A(
        t("提问"),
        href=asking.same(ask=row["code"], page=asking.one("page")),
        id=f"ask-{row['code']}",
        className="button small",
    )
