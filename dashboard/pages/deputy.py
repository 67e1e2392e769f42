"""The draft budget for people who read one once a year: five numbers, a table to walk down, and a question on any line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import html

from budgetwatch.queries import budgets
from budgetwatch.queries.budgets import BudgetPreview
from budgetwatch.records.codes import LISTS
from dashboard.asking import Asking, href
from dashboard.components import (
    Column,
    amount,
    breadcrumbs,
    card,
    delta,
    empty,
    hidden,
    live_select,
    note,
    nothing_yet,
    page_head,
    pager,
    picture,
    ratio,
    table,
    tabs,
    term,
    tiles,
    unit_label,
)
from dashboard.components.glossary import GLOSSARY
from dashboard.components.money import in_one
from dashboard.figures import budget as figures
from dashboard.i18n import say, t
from dashboard.pages.question_box import question_box

EVERY_BOOK = "all"
SCOPE = ("year", "region", "book", "currency", "own")
SIZE = 40
NARROW = ("func", "agency", "eco")


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
        **_narrowed(asking),
        own=asking.one("own") == "1",
        currency=asking.one("currency") or None,
    )
    title = _title(shown, len(books) > 1)
    top = not any(_narrowed(asking).values())
    body = [
        page_head(
            [title, html.Span(say(shown.region_name), className="title-place")],
            lead=t("点任何一行往下看；对哪一行有疑问，点“提问”。") if viewer.may("ask") else t("点任何一行往下看。"),
        ),
        _choose(asking, shown),
        _book_switch(asking, shown, books),
        note(say(shown.note), tone="calm") if shown.note else None,
        _headline(asking, shown) if top else None,
        _table(asking, shown),
        _pictures(asking, shown),
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
    return {k: asking.one(k) for k in (*SCOPE, "by")} | changes


def _narrowed(asking: Asking) -> dict[str, str]:
    """How far down one has walked."""
    return {name: asking.one(name) for name in NARROW}


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
            *[hidden(k, asking.one(k), id=f"keep-{k}") for k in ("by", "book") if asking.one(k)],
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


def _table(asking: Asking, shown: BudgetPreview) -> Any:
    words = {
        "function": t("按功能（花在哪里）"),
        "department": t("按部门（谁来花）"),
        "unit": t("按单位"),
        "economic": t("按用途（怎么花）"),
        "project": t("按项目"),
        "region": t("按地区"),
    }
    choices = [(by, words.get(by, by), asking.same(by=by, ask=None)) for by in shown.choices]
    way = [
        (say(c.label), _address(asking, {f: getattr(c, f) for f in ("by", *NARROW, "region", "own")}))
        for c in shown.crumbs
    ]
    heading = t("逐项对比")
    page = asking.number("page", 1, least=1) or 1
    return card(
        breadcrumbs(way) if len(way) > 1 else None,
        tabs(choices, shown.by, label=t("分类方式"), id="by") if len(choices) > 1 else None,
        table(
            _columns(asking, shown),
            shown.rows[(page - 1) * SIZE : page * SIZE],
            caption=t("{title}：本年草案、上年预算、上年实际、变化和人均", title=heading),
            id="preview",
            foot={**shown.total, "name": t("合计"), "is_total": True} if shown.rows else None,
            currency=shown.currency,
        )
        if shown.rows
        else empty(t("这里没有报送预算草案。换一个年度或地区看看。")),
        pager(asking, len(shown.rows), SIZE) if len(shown.rows) > SIZE else None,
        _basis(shown),
        title=heading,
        id="preview-card",
    )


def _basis(shown: BudgetPreview) -> Any:
    if not shown.rows:
        return None
    until = t("，截至 {day}", day=shown.until.isoformat()) if shown.until else ""
    stage = {**{k: say(v) for k, v in LISTS["stage"].items()}, "payment": t("支付数")}
    return html.P(
        t(
            "口径：本年取“{draft}”，上年预算取“{budget}”，上年实际取“{actual}”。",
            draft=stage.get(shown.basis.get("draft", ""), "—"),
            budget=stage.get(shown.basis.get("last_budget", ""), "—"),
            actual=stage.get(shown.basis.get("last_actual", ""), "—") + until,
        ),
        className="below",
    )


def _address(asking: Asking, drill: Mapping[str, Any]) -> str:
    """Where a crumb or a row leads: the same year and book, with the drill's own arguments."""
    query = {k: asking.one(k) for k in SCOPE} | {k: v for k, v in drill.items() if k not in ("region", "own")}
    if drill.get("region"):
        query["region"] = drill["region"]
    if "own" in drill:
        query["own"] = "1" if drill["own"] else ""
    return href(asking.path, **query)


def _columns(asking: Asking, shown: BudgetPreview) -> list[Column]:
    currency = shown.currency

    is_draft = shown.basis.get("draft", "draft") == "draft"
    this_year = t("本年草案") if is_draft else t("本年预算")

    def money(name: str) -> Any:
        return lambda row: amount(row.get(name), currency)

    def name(row: Mapping[str, Any]) -> Any:
        if row.get("is_total"):
            return t("合计")
        word = say(row["name"]) or str(row["code"])
        parts: list[Any] = []
        if row.get("drill"):
            parts.append(
                html.A(word, href=_address(asking, row["drill"]), id=f"drill-{row['code']}", className="row-link")
            )
        else:
            parts.append(html.Span(word))
        if row.get("is_new"):
            parts.append(html.Span(t("新增"), className="badge mark"))
        if row.get("attention"):
            parts.append(html.Span(t("请关注 {n}", n=row["attention"]), className="badge mark mark-warn"))
        return html.Div([html.Div(parts, className="row-name"), _share(row)])

    columns = [
        Column("name", _dimension(shown.by), "text", cell=name, main=True),
        Column("draft", this_year, "money", cell=money("draft"), help=term("draft" if is_draft else "approved")),
        Column("last_budget", t("上年预算"), "money", cell=money("last_budget"), help=term("last_budget")),
        Column("last_actual", t("上年实际"), "money", cell=money("last_actual"), help=term("last_actual")),
        Column(
            "execution_ratio",
            t("执行率"),
            "ratio",
            cell=lambda r: ratio(r.get("execution_ratio")),
            help=term("execution_ratio"),
        ),
        Column(
            "change",
            t("变化"),
            "money",
            cell=lambda r: delta(r.get("change"), r.get("change_ratio"), currency, is_new=bool(r.get("is_new"))),
            help=term("change"),
        ),
    ]
    if shown.population:
        columns.append(
            Column(
                "per_head",
                t("人均（{unit}）", unit=unit_label(currency, "yuan")),
                "integer",
                cell=lambda r: amount(r.get("per_head"), currency, unit="yuan"),
                help=term("per_head"),
            )
        )
    if asking.viewer.may("ask"):
        columns.append(Column("ask", t("提问"), "action", cell=lambda r: _ask_link(asking, r)))
    return columns


def _dimension(by: str) -> str:
    """What the rows of this way of looking are."""
    return {
        "function": t("功能科目"),
        "department": t("部门"),
        "unit": t("单位"),
        "economic": t("用途"),
        "region": t("地区"),
    }.get(by, t("项目"))


def _share(row: Mapping[str, Any]) -> Any:
    share = row.get("share")
    if share is None or share <= 0:
        return None
    width = f"{min(float(share), 1.0) * 100:.1f}%"
    return html.Span(
        [
            html.Span(html.Span(style={"width": width}), className="share-bar", **{"aria-hidden": "true"}),
            html.Span(t("占 {n}", n=f"{float(share) * 100:.1f}%"), className="share-word"),
        ],
        className="share",
    )


def _ask_link(asking: Asking, row: Mapping[str, Any]) -> Any:
    if row.get("is_total") or not row.get("code"):
        return None
    return html.A(
        t("提问"),
        href=asking.same(ask=row["code"], page=asking.one("page")),
        id=f"ask-{row['code']}",
        className="button small",
    )


def _pictures(asking: Asking, shown: BudgetPreview) -> Any:
    if not shown.rows:
        return None
    points = budgets.trend(
        asking.home,
        asking.viewer,
        region=shown.region,
        book=shown.book,
        **_narrowed(asking),
        own=shown.own,
        currency=shown.currency,
    )
    drawn = figures.moved(shown.rows)
    pictures = []
    if drawn:
        pictures.append(
            card(
                picture(
                    figures.changes(shown.rows, shown.currency),
                    figures.changes_sentence(shown.rows, shown.currency),
                    id="preview-chart",
                    height=70 + 30 * len(drawn),
                ),
                title=t("哪些变化最大"),
            )
        )
    if len(points) > 1:
        pictures.append(
            card(
                picture(
                    figures.trend(points, shown.currency),
                    figures.trend_sentence(points, shown.currency),
                    id="trend-chart",
                    height=300,
                ),
                title=t("历年走向"),
            )
        )
    return html.Div(pictures, className="two even") if pictures else None
