"""One's own saved queries beside the filters they keep: open one, name the present one, rename or remove."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from dash import dcc, html

from budgetwatch import saved
from budgetwatch.saved import Saved
from dashboard.asking import Asking
from dashboard.components.forms import button, hidden
from dashboard.i18n import t


def saved_box(asking: Asking) -> Any:
    """A fold with the list; it says in its own line when what is asked now is one of them."""
    query = urlencode([(name, value) for name, values in asking.query.items() for value in values])
    kept = saved.mine(asking.home, asking.viewer)
    here = [one for one in kept if one.path == asking.path]
    current = next((one for one in here if one.asks(asking.path, query)), None)
    asks = bool(saved.meant(query))
    if current is not None:
        saved.used(asking.home, asking.viewer, current.id)
    if not here and not asks:
        return None
    word = t("已保存：{name}", name=current.name) if current else t("保存的查询")
    return html.Details(
        [
            html.Summary(
                [html.Span(word), html.Span(f"{len(here)}", className="count") if here else None],
                id="saved-box-open",
                className="chip is-saved" if current else "chip",
            ),
            html.Div(
                [
                    _new(asking.path, query) if asks and current is None else None,
                    html.Ul([_one(one, one is current) for one in here], id="saved-queries", className="saved-list")
                    if here
                    else html.P(t("存下来的查询会列在这里和首页。只有您自己看得到。"), className="below"),
                ],
                className="saved-inside",
            ),
        ],
        id="saved-box",
        className="saved-box",
    )


def _new(path: str, query: str) -> Any:
    return html.Form(
        [
            html.Label(t("给现在的条件起个名字"), htmlFor="saved-name"),
            html.Div(
                [
                    dcc.Input(
                        id="saved-name",
                        name="name",
                        type="text",
                        required=True,
                        maxLength=saved.LONGEST_NAME,
                        autoComplete="off",
                        className="input",
                        placeholder=t("例如：今年的红色疑点"),
                    ),
                    button(t("保存这个查询"), id="save-query-go", kind="primary"),
                ],
                className="saved-line",
            ),
            hidden("path", path, id="saved-path"),
            hidden("query", query, id="saved-query"),
        ],
        id="save-query",
        className="saved-form",
        **{"data-deed": "saved.save"},
    )


def _one(one: Saved, current: bool) -> Any:
    return html.Li(
        [
            html.A(
                one.name,
                href=one.address,
                id=f"saved-{one.id}",
                className="saved-link",
                **({"aria-current": "true"} if current else {}),
            ),
            html.Details(
                [
                    html.Summary(t("改名"), id=f"saved-rename-{one.id}", className="button small quiet-button"),
                    html.Form(
                        [
                            html.Label(t("新名称"), htmlFor=f"saved-new-name-{one.id}", className="visually-hidden"),
                            dcc.Input(
                                id=f"saved-new-name-{one.id}",
                                name="name",
                                type="text",
                                value=one.name,
                                required=True,
                                maxLength=saved.LONGEST_NAME,
                                autoComplete="off",
                                className="input",
                            ),
                            hidden("saved_id", one.id, id=f"saved-rename-id-{one.id}"),
                            button(t("保存"), id=f"saved-rename-go-{one.id}", kind="small"),
                        ],
                        id=f"saved-rename-form-{one.id}",
                        className="saved-line",
                        **{"data-deed": "saved.rename"},
                    ),
                ],
                className="saved-rename",
            ),
            html.Form(
                [
                    hidden("saved_id", one.id, id=f"saved-remove-id-{one.id}"),
                    html.Button(
                        t("删除"),
                        type="submit",
                        id=f"saved-remove-{one.id}",
                        className="button small quiet-button",
                        **{"aria-label": t("删除保存的查询 {name}", name=one.name)},
                    ),
                ],
                id=f"saved-remove-form-{one.id}",
                **{"data-deed": "saved.remove"},
            ),
        ],
        className="saved-one",
    )
