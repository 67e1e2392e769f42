"""What a list is narrowed by, in words: each filter a click from being dropped, and all of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html

from dashboard.asking import Asking
from dashboard.i18n import t

#: (name of the filter, its value, what it is called, the value in words)
Chosen = Sequence[tuple[str, str, str, str]]


def chosen_chips(asking: Asking, chosen: Chosen, *, id: str = "chosen") -> Any:
    """A row of chips; nothing where nothing is chosen. `data-asked` is how the filters are called when they are offered again."""
    if not chosen:
        return None
    chips = [
        html.A(
            [t("{word}：{value}", word=word, value=said), html.Span("×", className="drop", **{"aria-hidden": "true"})],
            href=asking.same(**{name: [v for v in asking.many(name) if v != value]}),
            id=f"drop-{name}-{n}",
            className="chip is-chosen",
            **{"aria-label": t("去掉条件 {word}：{value}", word=word, value=said)},
        )
        for n, (name, value, word, said) in enumerate(chosen)
    ]
    chips.append(html.A(t("清除条件"), href=asking.path, id=f"{id}-clear", className="chip-clear"))
    return html.Div(
        [html.Span(t("已选"), className="chip-label"), *chips],
        id=id,
        className="chips chosen",
        role="group",
        **{"aria-label": t("已选的条件"), "data-asked": t("、").join(said for *_, said in chosen)},
    )
