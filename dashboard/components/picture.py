"""A picture: its sentence first, the chart, and under it the same as a table and as files.

The sentence, the table and the files are there before the chart is, and without it: the chart is an image with the
sentence as its name. Its place is kept at its full height, so that nothing moves when it is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import dcc, html

from dashboard.components.prose import whole
from dashboard.i18n import t

#: Formats that the browser makes of the chart, and those that the server makes of the data.
IMAGES, FILES = ("png", "svg"), ("csv", "xlsx")


def picture(
    figure: Any,
    sentence: str,
    *,
    id: str,
    height: int = 360,
    table: Any = None,
    files: Mapping[str, str] | None = None,
    title: str = "",
    remark: Any = None,
    kind: str = "",
) -> Any:
    """A chart with the sentence that says what it shows. `table` is drawn in a fold, `files` are addresses by format;
    `title` heads the picture when it is taken away; `remark` stands under the chart."""
    return html.Figure(
        [
            html.Figcaption(whole(sentence), id=f"{id}-says"),
            html.Div(
                dcc.Graph(
                    id=id,
                    figure=figure,
                    config={"displayModeBar": False, "responsive": True, "staticPlot": False, "scrollZoom": False},
                    style={"height": f"{height}px"},
                ),
                role="img",
                className="graph",
                style={"minHeight": f"{height}px"},
                **{"aria-labelledby": f"{id}-says"},
            ),
            html.P(remark, className="below picture-remark") if remark else None,
            _tools(id, table, files or {}, title),
        ],
        className=f"picture {kind}".strip(),
        id=f"{id}-picture",
    )


def no_picture(sentence: str, *, id: str) -> Any:
    """What stands where there is nothing to draw: the sentence that says so, never a blank chart."""
    return html.Div(html.P(sentence, className="empty-what"), className="empty picture-empty", id=f"{id}-empty")


def _tools(id: str, table: Any, files: Mapping[str, str], title: str) -> Any:
    saves: list[Any] = [
        html.Button(
            t("图片 {format}", format=format.upper()),
            type="button",
            className="button small",
            id=f"{id}-{format}",
            **{"data-save": format, "data-graph": id, "data-title": title},
        )
        for format in IMAGES
    ]
    saves += [
        html.A(
            t("数据 {format}", format="Excel" if format == "xlsx" else "CSV"),
            href=files[format],
            download="",
            className="button small",
            id=f"{id}-{format}",
        )
        for format in FILES
        if format in files
    ]
    return html.Div(
        [
            html.Details(
                [html.Summary(t("表格"), id=f"{id}-open-table"), html.Div(table, className="picture-rows")],
                className="picture-fold picture-table",
            )
            if table is not None
            else None,
            html.Details(
                [html.Summary(t("下载"), id=f"{id}-open-save"), html.Div(saves, className="picture-saves")],
                className="picture-fold picture-save",
            ),
        ],
        className="picture-tools",
    )
