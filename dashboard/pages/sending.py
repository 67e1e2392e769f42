"""Sending a file from the browser: choose it, see which profile reads it, have it judged first, then taken in.

`assets/work.js` sends it with its progress and asks which profile fits; the work itself is a job.
"""

from __future__ import annotations

from typing import Any

from dash import html

from budgetwatch.queries import feeds
from dashboard.asking import Asking
from dashboard.components import card, chooser
from dashboard.i18n import say, t

ACCEPT = ".csv,.txt,.tsv,.xlsx,.parquet,.gz,.zip"


def send_card(asking: Asking) -> Any:
    """The form, for who may send; a file named in the address's `profile` comes with its profile chosen."""
    if not asking.viewer.may("take_in"):
        return None
    known = feeds.profiles(asking.home, asking.viewer).rows
    options = sorted(
        ((r["profile"], f"{say(r['feed_label'])} · {say(r['title'])}（{r['profile']}）") for r in known),
        key=lambda o: o[1],
    )
    form = html.Form(
        [
            html.Div(
                [
                    html.Div(
                        [
                            html.Label(t("文件"), htmlFor="send-file-input"),
                            html.Div(
                                className="file-place",
                                **{
                                    "data-file-input": "send-file-input",
                                    "data-accept": ACCEPT,
                                    "data-describedby": "send-hint",
                                },
                            ),
                            html.Span(
                                t("CSV、Excel、Parquet，可压缩；可直接拖到框里。"), className="hint", id="send-hint"
                            ),
                        ],
                        className="field",
                    ),
                    html.Div(
                        [
                            chooser(
                                t("格式说明"),
                                "profile",
                                options,
                                id="send-profile",
                                value=asking.one("profile"),
                                every=t("请选择"),
                                required=True,
                            ),
                            html.P(id="send-guess", className="hint", hidden=True, role="status"),
                        ]
                    ),
                ],
                className="send-fields",
            ),
            html.Div(
                [
                    html.Div(
                        [
                            html.Span(t("正在上传"), className="progress-words"),
                            html.Span(html.Span("0%", **{"data-part": "share"}), className="figure"),
                        ],
                        className="progress-head",
                    ),
                    html.Progress(max="1", value="0", className="progress-bar", **{"aria-label": t("正在上传")}),
                ],
                className="progress",
                id="send-progress",
                hidden=True,
            ),
            html.P(id="send-error", className="refusal", role="alert", hidden=True),
            html.Div(
                [
                    html.Button(
                        t("上传并试判"),
                        type="submit",
                        name="how",
                        value="check",
                        id="send-check",
                        className="button primary",
                    ),
                    html.Button(
                        t("直接接收"), type="submit", name="how", value="take_in", id="send-now", className="button"
                    ),
                    html.Span(t("试判只检查，不入库；看过结果再决定是否接收。"), className="below"),
                ],
                className="job-actions",
            ),
        ],
        id="send-form",
        className="send-form",
        **{
            "data-upload": "/api/batches?wait=false",
            "data-failed": t("文件没有送到。请检查网络后重试。"),
            "data-guessing": t("正在比对表头…"),
            "data-guess-one": t("已按表头选定，请核对。"),
            "data-guess-some": t("表头符合 0 种格式，已选最可能的一种，请核对。"),
            "data-guess-none": t("没有格式符合它的表头，请自行选择。"),
        },
    )
    return card(form, title=t("报送文件"), id="send")
