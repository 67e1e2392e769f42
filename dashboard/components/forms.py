"""Forms of two kinds, both real HTML: those that ask (their fields become the address) and those that do (a deed).

`assets/shell.js` sends them without reloading the page; names of fields are the names in the address.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from dash import dcc, html

from dashboard.i18n import t

Options = Sequence[tuple[str, str]]


def field(
    label: str,
    name: str,
    *,
    id: str,
    value: str = "",
    kind: str = "text",
    placeholder: str = "",
    hint: str = "",
    required: bool = False,
    complete: str = "off",
    mode: str = "",
    options: Options = (),
) -> Any:
    """One labelled line to type in; with `options`, some to choose from while typing."""
    extra: dict[str, Any] = {}
    if mode:
        extra["inputMode"] = mode
    if options:
        extra["list"] = f"{id}-list"
    return html.Div(
        [
            html.Label([label, *_must(required)], htmlFor=id),
            dcc.Input(
                id=id,
                name=name,
                type=kind,
                value=value,
                placeholder=placeholder,
                required=required,
                autoComplete=complete,
                className="input",
                **extra,
            ),
            html.Datalist([html.Option(word, value=code) for code, word in options], id=f"{id}-list")
            if options
            else None,
            html.Span(hint, className="hint") if hint else None,
        ],
        className="field",
    )


def area(
    label: str,
    name: str,
    *,
    id: str,
    required: bool = False,
    hint: str = "",
    rows: int = 4,
    placeholder: str = "",
    value: str = "",
    lang: str = "",
) -> Any:
    """A labelled box for a longer text; `lang` where what stands in it is of another language than the page."""
    return html.Div(
        [
            html.Label([label, *_must(required)], htmlFor=id),
            html.Textarea(
                value or None,
                id=id,
                name=name,
                rows=str(rows),
                required=required,
                placeholder=placeholder,
                className="input",
                maxLength="4000",
                **({"lang": lang} if lang else {}),
            ),
            html.Span(hint, className="hint") if hint else None,
        ],
        className="field field-wide",
    )


@lru_cache(maxsize=4096)
def _option(word: str, code: str, chosen: bool) -> Any:
    """A choice as it stands in every list that offers it; lists of hundreds come back with each answer."""
    return html.Option(word, value=code, selected=chosen)


def chooser(
    label: str,
    name: str,
    options: Options,
    *,
    id: str,
    value: str = "",
    every: str | None = None,
    required: bool = False,
    quiet: bool = False,
) -> Any:
    """A labelled list to choose from; `every` is the word of the empty choice."""
    choices = [*([("", every)] if every is not None else []), *options]
    return html.Div(
        [
            html.Label([label, *_must(required)], htmlFor=id, className="visually-hidden" if quiet else None),
            html.Select(
                [_option(word, code, code == value) for code, word in choices],
                id=id,
                name=name,
                required=required,
                className="input select",
                **{"data-value": value},
            ),
        ],
        className="field",
    )


def live_select(label: str, name: str, options: Options, *, id: str, value: str = "", every: str | None = None) -> Any:
    """As `chooser`, for a form that answers at once."""
    return chooser(label, name, options, id=id, value=value, every=every)


def hidden(name: str, value: Any, *, id: str) -> Any:
    """A value that goes along unseen."""
    return dcc.Input(type="hidden", name=name, value=str(value), id=id, className="hidden-input")


def filter_form(
    path: str, fields: Sequence[Any], *, id: str, live: bool = True, more: Any = None, reset: bool = True
) -> Any:
    """Fields that become the address of `path`. With `live`, a changed choice answers at once."""
    return html.Form(
        [
            html.Div(list(fields), className="filter-fields"),
            more,
            html.Div(
                [
                    html.Button(t("查询"), type="submit", className="button primary", id=f"{id}-go"),
                    html.A(t("清除条件"), href=path, className="button quiet-button", id=f"{id}-clear")
                    if reset
                    else None,
                ],
                className="filter-buttons",
            ),
        ],
        id=id,
        action=path,
        method="get",
        role="search",
        className="filter-form card",
        **{"data-route": "live" if live else "submit", "aria-label": t("筛选")},
    )


def search_box(path: str, label: str, *, id: str, value: str, keep: Sequence[tuple[str, str]] = ()) -> Any:
    """One line to search with; `keep` are filters that stay as they are."""
    return html.Form(
        [
            html.Label(label, htmlFor=id, className="visually-hidden"),
            dcc.Input(
                id=id, name="text", type="search", value=value, placeholder=label, className="input", autoComplete="off"
            ),
            *[hidden(name, v, id=f"{id}-keep-{n}") for n, (name, v) in enumerate(keep)],
            html.Button(t("搜索"), type="submit", className="button", id=f"{id}-go"),
        ],
        action=path,
        method="get",
        role="search",
        className="search-box",
        **{"data-route": "submit", "aria-label": label},
    )


def button(word: str, *, id: str, kind: str = "", submit: bool = True) -> Any:
    """A button that says what it does."""
    return html.Button(word, id=id, type="submit" if submit else "button", className=f"button {kind}".strip())


def link_button(word: str, address: str, *, id: str, kind: str = "", download: bool = False) -> Any:
    """A link that looks like a button because it is the next thing to do."""
    extra: dict[str, Any] = {"download": ""} if download else {}
    return html.A(word, href=address, id=id, className=f"button {kind}".strip(), **extra)


def _must(required: bool) -> list[Any]:
    return [" ", html.Span(t("必填"), className="must")] if required else []
