"""The question box of one line of the draft: what a deputy asks, with the figures as they stood."""

from __future__ import annotations

from typing import Any

from dash import html

from budgetwatch.queries.budgets import BudgetPreview
from dashboard.asking import Asking
from dashboard.components import amount, area, button, definition_list, delta, hidden, unit_label
from dashboard.i18n import say, t


def question_box(asking: Asking, shown: BudgetPreview) -> Any:
    """The question box of one line, opened by ?ask=<code> in the address."""
    code = asking.one("ask")
    row = next((r for r in shown.rows if str(r["code"]) == code), None)
    if not code or row is None or not asking.viewer.may("ask"):
        return None
    back = asking.same(ask=None, page=asking.one("page"))
    line = say(row["name"]) or code
    where = " / ".join([*(say(c.label) for c in shown.crumbs[1:]), line])
    figures_of = {k: row.get(k) for k in ("draft", "last_budget", "last_actual", "change", "per_head")}
    func = code if shown.by == "function" else asking.one("func")
    agency = code if shown.by in ("department", "unit") else asking.one("agency")
    change_word = t("变化") + t("（{unit}）", unit=unit_label(shown.currency))
    return html.Dialog(
        [
            html.Div(
                [
                    html.H2(t("对“{line}”提问", line=line), id="ask-title"),
                    html.A(
                        "×",
                        href=back,
                        id="ask-close",
                        className="close",
                        **{"aria-label": t("关闭"), "data-close": "1"},
                    ),
                ],
                className="dialog-head",
            ),
            definition_list(
                [
                    (t("本年草案"), amount(row.get("draft"), shown.currency, with_unit=True)),
                    (t("上年预算"), amount(row.get("last_budget"), shown.currency, with_unit=True)),
                    (t("上年实际"), amount(row.get("last_actual"), shown.currency, with_unit=True)),
                    (change_word, delta(row.get("change"), row.get("change_ratio"), shown.currency)),
                ]
            ),
            html.Form(
                [
                    area(
                        t("您想问什么"),
                        "text",
                        id="ask-text",
                        required=True,
                        rows=4,
                        placeholder=t("例如：为什么比去年增加这么多？花在哪里？"),
                    ),
                    hidden("budget_year", shown.year, id="ask-year"),
                    hidden("region", shown.region, id="ask-region"),
                    hidden("line", where, id="ask-line"),
                    hidden("func_code", func, id="ask-func"),
                    hidden("agency_code", agency, id="ask-agency"),
                    hidden("pro_code", code if shown.by == "project" else "", id="ask-pro"),
                    hidden("back", back, id="ask-back"),
                    *[hidden(f"figure_{k}", v, id=f"ask-figure-{k}") for k, v in figures_of.items() if v is not None],
                    html.P(t("提交后由财政部门或相关单位答复，您会在“我的提问”里看到。"), className="below"),
                    button(t("提交问题"), id="ask-submit", kind="primary"),
                ],
                id="ask-form",
                **{"data-deed": "question.ask"},
            ),
        ],
        id="ask-dialog",
        className="dialog",
        **{"data-modal": "1", "aria-labelledby": "ask-title"},
    )
