"""What a page says when there is nothing, while it is on its way, when something was refused, and when it failed."""

from __future__ import annotations

from typing import Any

from dash import html

from budgetwatch.access.viewer import Viewer
from budgetwatch.errors import BudgetwatchError
from dashboard.i18n import say, spoken, t

#: A sign of its own for each tone, so that colour never stands alone.
NOTICE_SIGNS = {"success": "✓", "warn": "!", "refused": "✕"}


def empty(what: str, way_on: Any = None, *, id: str | None = None) -> Any:
    """Nothing here, said kindly, with the way on."""
    children = [html.P(what, className="empty-what"), html.Div(way_on, className="empty-way") if way_on else None]
    return html.Div(children, className="empty", **({"id": id} if id else {}))


def nothing_yet(viewer: Viewer, *, id: str = "nothing-yet") -> Any:
    """A home to which nothing was sent: what comes next, as far as this person can do it."""
    takes_in = viewer.may("take_in")
    steps = [
        (t("接收数据文件"), "budgetwatch take-in FILE --profile PROFILE") if takes_in else None,
        (t("运行规则"), "budgetwatch run") if viewer.may("run") else None,
        (t("想先看看样子，可以建一个演示市"), "budgetwatch demo") if takes_in else None,
    ]
    told = [step for step in steps if step]
    way_on = html.Ol([html.Li([word, " ", html.Code(command)]) for word, command in told]) if told else None
    asks = None if takes_in else html.P(t("数据由财政局或系统管理员接收；需要时请与他们联系。"), className="below")
    return html.Div(
        [
            html.P(t("这里还没有收到任何数据。"), className="empty-what"),
            html.P(t("接下来，在服务器上：")) if told else None,
            html.Div(way_on, className="empty-steps") if way_on else None,
            asks,
        ],
        className="empty",
        id=id,
    )


def note(*words: Any, tone: str = "info") -> Any:
    """A remark inside the page."""
    return html.Div(list(words), className=f"note note-{tone}")


def notice(*words: Any, tone: str = "success", id: str | None = None) -> Any:
    """A message that stays until it is closed: tone "success", "warn" or "refused" (said at once to screen readers)."""
    heading = {"success": t("已完成"), "warn": t("请留意"), "refused": t("没有做成")}[tone]
    return html.Div(
        [
            html.Span(NOTICE_SIGNS[tone], className="notice-sign", **{"aria-hidden": "true"}),
            html.Div([html.Span(heading, className="visually-hidden"), *words], className="notice-words"),
            html.Button("×", type="button", className="close", **{"aria-label": t("关闭这条消息")}),
        ],
        className=f"notice is-{tone}",
        role="alert" if tone == "refused" else "status",
        **({"id": id} if id else {}),
    )


def skeleton(kind: str = "page", *, rows: int = 5) -> Any:
    """The outline of what is to come: "page", "tiles", "table" or "chart". Nothing to screen readers: see `loading`."""
    bone = html.I
    inside = {
        "page": [bone(className="bone bone-title"), *(bone(className="bone bone-line") for _ in range(rows))],
        "tiles": [html.Div([bone(className="bone bone-tile") for _ in range(4)], className="bone-tiles")],
        "table": [bone(className="bone bone-head"), *(bone(className="bone bone-row") for _ in range(rows))],
        "chart": [
            html.Div(
                [bone(className=f"bone bone-bar bone-bar-{n}") for n in range(1, 8)],
                className="bone-chart",
            )
        ],
    }[kind]
    return html.Div(inside, className=f"bones bones-{kind}", **{"aria-hidden": "true"})


def loading(words: str = "", *, kind: str = "page", rows: int = 5) -> Any:
    """Something is on its way: its outline to the eye, a sentence to screen readers."""
    return html.Div(
        [html.P(words or t("正在读取…"), className="loading-words"), skeleton(kind, rows=rows)],
        className="loading",
        role="status",
    )


def progress(share: float | None, words: str, left: str = "", *, id: str | None = None) -> Any:
    """How far long work is: `share` from 0 to 1 (None while nobody can tell), what is done now, and the time left."""
    done = None if share is None else min(max(share, 0.0), 1.0)
    figure = "" if done is None else f"{done:.0%}"
    bar = html.Progress(
        max="1", **({} if done is None else {"value": f"{done:.4f}"}), **{"aria-label": words}, className="progress-bar"
    )
    return html.Div(
        [
            html.Div(
                [
                    html.Span(words, className="progress-words"),
                    html.Span(
                        [figure, html.Span(left, className="progress-left") if left else None], className="figure"
                    ),
                ],
                className="progress-head",
            ),
            bar,
        ],
        className="progress",
        **({"id": id} if id else {}),
    )


def error_box(error: BudgetwatchError) -> Any:
    """What is wrong, where, and what to do; in the reader's language, with no trace of the machine."""
    shape = error.shape(spoken())["error"]
    return html.Div(
        [
            html.H1(error_heading(error), className="error-title"),
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


def error_heading(error: BudgetwatchError) -> str:
    """What happened, in a few words: also the title of the window."""
    return {
        "not_found": t("没有找到"),
        "denied": t("这里不在您的权限内"),
        "fault": t("系统出了差错"),
    }.get(error.code, t("这样做不到"))
