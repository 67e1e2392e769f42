"""The draft budget for people who read one once a year: five numbers, a table to walk down, and a question on any line."""

from __future__ import annotations

from typing import Any

from dash import html

from budgetwatch.queries import budgets
from budgetwatch.queries.budgets import BudgetPreview
from budgetwatch.records.codes import LISTS
from dashboard.asking import Asking, href
from dashboard.components import (
    amount,
    empty,
    hidden,
    live_select,
    note,
    nothing_yet,
    page_head,
    ratio,
    tabs,
    tiles,
)
from dashboard.components.glossary import GLOSSARY
from dashboard.components.money import in_one
from dashboard.i18n import say, t
from dashboard.pages.deputy_pictures import pictures_card
from dashboard.pages.deputy_table import SCOPE, narrowed, preview_card
from dashboard.pages.question_box import question_box

EVERY_BOOK = "all"


def view(asking: Asking) -> tuple[str, Any]:
    """The preview at one level of the drill; where one stands is in the address."""
    home, viewer = asking.home, asking.viewer
    if not budgets.years(home, viewer):
        title = t("预算草案")
        nothing = (
            nothing_yet(viewer) if not home.store.current() else empty(t("您的范围内还没有报送预算。"), id="no-budget")
        )
        return title, [page_head(title), nothing]
    books = _books(asking)
    book = _book(asking, books)
    shown = budgets.preview(
        home,
        viewer,
        year=asking.number("year"),
        region=asking.one("region") or None,
        book=book,
        by=asking.one("by") or None,  # type: ignore[arg-type]
        **narrowed(asking),
        own=asking.one("own") == "1",
        currency=asking.one("currency") or None,
    )
    title = _title(shown, len(books) > 1)
    top = not any(narrowed(asking).values())
    body = [
        page_head(
            [title, html.Span(say(shown.region_name), className="title-place")],
            lead=t("点任何一行往下看；对哪一行有疑问，点“提问”。") if viewer.may("ask") else t("点任何一行往下看。"),
        ),
        _choose(asking, shown),
        _book_switch(asking, shown, books),
        note(say(shown.note), tone="calm") if shown.note else None,
        _headline(asking, shown) if top else None,
        pictures_card(asking, shown),
        preview_card(asking, shown),
        question_box(asking, shown),
    ]
    return f"{title} {say(shown.region_name)}", body


#: Which book one begins with: the general public budget, from which daily life is paid.
FIRST_BOOK = "1"


def _books(asking: Asking) -> list[str]:
    """The books that this place has a budget in."""
    return budgets.books(
        asking.home,
        asking.viewer,
        year=asking.number("year"),
        region=asking.one("region") or None,
        own=asking.one("own") == "1",
        currency=asking.one("currency") or None,
    )


def _book(asking: Asking, books: list[str]) -> str | None:
    """The book asked for; None adds all of them up."""
    wanted = asking.one("book")
    if wanted == EVERY_BOOK:
        return None
    return wanted or (FIRST_BOOK if FIRST_BOOK in books else None)


def _title(shown: BudgetPreview, several: bool) -> str:
    draft = shown.basis.get("draft", "draft") == "draft"
    if shown.book and several:
        book = say(LISTS["book"][shown.book])
        words = (
            t("{year} 年{book}草案", year=shown.year, book=book)
            if draft
            else t("{year} 年{book}", year=shown.year, book=book)
        )
        return words[:1].upper() + words[1:]
    return t("{year} 年预算草案", year=shown.year) if draft else t("{year} 年预算", year=shown.year)


def _book_switch(asking: Asking, shown: BudgetPreview, books: list[str]) -> Any:
    """The books side by side, each with what it is for; nothing where there is one."""
    if len(books) < 2:
        return None
    choices = [*((code, say(LISTS["book"][code])) for code in books), (EVERY_BOOK, t("各本合计"))]
    current = shown.book or EVERY_BOOK
    meaning = GLOSSARY.get(f"book_{shown.book}", GLOSSARY["book_all"])
    return html.Div(
        [
            tabs(
                [(code, word, href(asking.path, **_kept(asking, book=code))) for code, word in choices],
                current,
                label=t("账本"),
                id="book",
            ),
            html.P(say(meaning), className="below"),
        ],
        className="book-switch",
    )


def _kept(asking: Asking, **changes: str) -> dict[str, str]:
    """Year, place and way of looking stay when the book changes; how far down one had walked does not."""
    return {k: asking.one(k) for k in (*SCOPE, "by", "show")} | changes


def _choose(asking: Asking, shown: BudgetPreview) -> Any:
    years = budgets.years(asking.home, asking.viewer)
    regions = budgets.regions(asking.home, asking.viewer)
    selects = [
        live_select(t("年度"), "year", [(str(y), str(y)) for y in years], id="f-year", value=str(shown.year)),
        live_select(
            t("地区"),
            "region",
            [(r.code, "　" * r.depth + say(r.name)) for r in regions],
            id="f-region",
            value=shown.region,
        ),
    ]
    if len(shown.currencies) > 1:
        selects.append(
            live_select(
                t("币种"), "currency", [(c, c) for c in shown.currencies], id="f-currency", value=shown.currency
            )
        )
    return html.Form(
        [
            *selects,
            *[hidden(k, asking.one(k), id=f"keep-{k}") for k in ("by", "book", "show") if asking.one(k)],
            html.Button(t("查看"), type="submit", className="visually-hidden"),
        ],
        action="/deputy",
        method="get",
        id="preview-filter",
        className="preview-filter",
        **{"data-route": "live"},
    )


def _headline(asking: Asking, shown: BudgetPreview) -> Any:
    numbers = budgets.headline(
        asking.home,
        asking.viewer,
        year=shown.year,
        region=shown.region,
        book=shown.book,
        own=shown.own,
        currency=shown.currency,
    )
    items = []
    for number in numbers:
        if number.kind == "money":
            figure: Any = amount(number.value, number.currency, unit=_unit_of(asking, number), with_unit=True)
        elif number.kind == "ratio":
            figure = ratio(number.value)
        else:
            figure = "—" if number.value is None else f"{int(number.value):,}"
        items.append((figure, say(number.label), say(number.sentence), number.tone, None))
    return html.Section(tiles(items), id="headline", className="headline", **{"aria-label": t("五个数看懂草案")})


def _unit_of(asking: Asking, number: budgets.Headline) -> str | None:
    """Per head in yuan; a large sum in 亿元, which is how people say it, unless the reader chose otherwise."""
    if number.key.startswith("per_head"):
        return "yuan"
    large = number.value is not None and abs(number.value) >= in_one("yi", number.currency)
    return "yi" if large and not asking.chosen else None
