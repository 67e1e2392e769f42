"""The larger pieces of a page: its head, cards, tiles, tabs, a timeline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html

from dashboard.components.glossary import GLOSSARY
from dashboard.i18n import say, t


def page_head(title: Any, *, lead: Any = None, actions: Any = None, above: Any = None) -> Any:
    """The first heading of a page; it takes the focus when the page opens, so that screen readers say it."""
    return html.Header(
        [
            above,
            html.Div(
                [
                    html.Div(
                        [html.H1(title, id="title", tabIndex=-1), html.P(lead, className="lead") if lead else None]
                    ),
                    html.Div(actions, className="head-actions") if actions else None,
                ],
                className="head-row",
            ),
        ],
        className="page-head",
    )


def card(
    *children: Any, title: Any = None, id: str | None = None, kind: str = "", level: int = 2, side: Any = None
) -> Any:
    """A box with one subject."""
    heading = (html.H2 if level == 2 else html.H3)(title, className="card-title") if title else None
    head = html.Div([heading, side], className="card-head") if side is not None else heading
    inside = [piece for child in children for piece in (child if isinstance(child, list) else [child])]
    return html.Section([head, *inside], className=f"card {kind}".strip(), **({"id": id} if id else {}))


def tiles(items: Sequence[Any]) -> Any:
    """Numbers that matter, side by side. Each item is (figure, label, sentence, tone, address or None)."""
    drawn = []
    for figure, label, sentence, tone, address in items:
        inside = [
            html.Span(label, className="tile-label"),
            html.Span(figure, className="tile-figure"),
            html.Span(sentence, className="tile-sentence") if sentence else None,
        ]
        classes = f"tile tile-{tone or 'none'}"
        drawn.append(
            html.A(inside, href=address, className=classes) if address else html.Div(inside, className=classes)
        )
    return html.Div(drawn, className="tiles")


def tabs(items: Sequence[tuple[str, str, str]], current: str, *, label: str, id: str) -> Any:
    """Ways of looking at the same thing: (key, word, address). Links, so that each has an address."""
    return html.Nav(
        html.Ul(
            [
                html.Li(
                    html.A(
                        word,
                        href=address,
                        id=f"{id}-{key}",
                        className="tab is-current" if key == current else "tab",
                        **({"aria-current": "true"} if key == current else {}),
                    )
                )
                for key, word, address in items
            ]
        ),
        className="tabs",
        id=id,
        **{"aria-label": label},
    )


def breadcrumbs(items: Sequence[tuple[str, str | None]]) -> Any:
    """The way down, each step a way back; the last one is where one stands."""
    last = len(items) - 1
    return html.Nav(
        html.Ol(
            [
                html.Li(
                    html.Span(word, **{"aria-current": "page"})
                    if n == last or not address
                    else html.A(word, href=address)
                )
                for n, (word, address) in enumerate(items)
            ]
        ),
        className="breadcrumbs",
        **{"aria-label": t("所在位置")},
    )


def definition_list(items: Sequence[tuple[Any, Any]], *, kind: str = "") -> Any:
    """Names and their values."""
    return html.Dl(
        [html.Div([html.Dt(name), html.Dd(value)]) for name, value in items], className=f"pairs {kind}".strip()
    )


def stats(items: Sequence[tuple[Any, ...]], *, id: str | None = None) -> Any:
    """Small figures in a row: (label, figure) or (label, figure, remark)."""
    return html.Dl(
        [
            html.Div(
                [
                    html.Dt(item[0]),
                    html.Dd(item[1], className="stat-figure"),
                    html.Dd(item[2], className="stat-remark") if len(item) > 2 and item[2] else None,
                ]
            )
            for item in items
        ],
        className="stats",
        **({"id": id} if id else {}),
    )


def split(main: Any, side: Any, *, kind: str = "", id: str | None = None) -> Any:
    """Two columns, one under the other where the screen is narrow: what is worked on, and what helps beside it.

    `kind="even"` gives both the same width. A list stands stacked.
    """
    columns = [html.Div(part if isinstance(part, list) else [part], className="stack") for part in (main, side)]
    return html.Div(columns, className=f"split {kind}".strip(), **({"id": id} if id else {}))


def disclosure(summary: Any, *children: Any, id: str | None = None, open: bool = False) -> Any:
    """What only some need to read, folded under its own heading."""
    return html.Details(
        [
            html.Summary(summary, **({"id": f"{id}-open"} if id else {})),
            html.Div(list(children), className="disclosed"),
        ],
        className="disclosure",
        open=open,
        **({"id": id} if id else {}),
    )


def chips(items: Sequence[tuple[str, Any, str, int | None, bool]], *, label: str, id: str) -> Any:
    """Filters to switch on and off, each a link: (key, word, address, how many, whether it is on)."""
    return html.Div(
        [
            html.Span(label, className="chip-label", **{"aria-hidden": "true"}),
            *[
                html.A(
                    [word, html.Span(f"{count:,}", className="count") if count is not None else None],
                    href=address,
                    id=f"{id}-{key}",
                    className="chip is-current" if on else "chip",
                    **({"aria-current": "true"} if on else {}),
                )
                for key, word, address, count, on in items
            ],
        ],
        className="chips",
        role="group",
        id=id,
        **{"aria-label": label},
    )


def timeline(steps: Sequence[Any], *, label: str) -> Any:
    """What happened, in order."""
    return html.Ol([html.Li(step, className="step") for step in steps], className="timeline", **{"aria-label": label})


def help_word(sentence: str) -> Any:
    """A small ? that opens one plain sentence; works by tap, by keyboard and for screen readers."""
    return html.Details(
        [html.Summary("?", **{"aria-label": t("这是什么意思")}), html.Div(sentence, className="help-text")],
        className="help",
    )


def term(name: str) -> Any:
    """The plain-language explanation of a word of the trade, where there is one."""
    meaning = GLOSSARY.get(name)
    return help_word(say(meaning)) if meaning else None
