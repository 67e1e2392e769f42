"""What a page says when there is nothing, when something was refused, and when it failed."""

from __future__ import annotations

from typing import Any

from dash import html

from budgetwatch.errors import BudgetwatchError
from dashboard.i18n import say, spoken, t


def empty(what: str, way_on: Any = None, *, id: str | None = None) -> Any:
    """Nothing here, said kindly, with the way on."""
    children = [html.P(what, className="empty-what"), html.Div(way_on, className="empty-way") if way_on else None]
    return html.Div(children, className="empty", **({"id": id} if id else {}))


def note(*words: Any, tone: str = "info") -> Any:
    """A remark inside the page."""
    return html.Div(list(words), className=f"note note-{tone}")


def error_box(error: BudgetwatchError) -> Any:
    """What is wrong, where, and what to do; in the reader's language, with no trace of the machine."""
    shape = error.shape(spoken())["error"]
    return html.Div(
        [
            html.H1(_heading(error), className="error-title"),
            html.P(say(error.what), className="error-what"),
            html.Dl(
                [
                    part
                    for word, value in ((t("在哪里"), shape["where"]), (t("怎么办"), shape["fix"]))
                    if value
                    for part in (html.Dt(word), html.Dd(value))
                ]
            ),
            html.P(html.A(t("回到我的首页"), href="/", className="button")),
        ],
        className="error-box",
        role="alert",
        id="error",
        **{"data-code": error.code},
    )


def _heading(error: BudgetwatchError) -> str:
    return {
        "not_found": t("没有找到"),
        "denied": t("这里不在您的权限内"),
        "fault": t("系统出了差错"),
    }.get(error.code, t("这样做不到"))
