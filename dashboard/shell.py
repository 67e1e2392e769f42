"""The frame around every page: name, navigation by role, search, unit, language, and the account with its settings."""

from __future__ import annotations

from typing import Any

from dash import html

from budgetwatch import calendar
from budgetwatch.access.viewer import ROLES, Viewer
from budgetwatch.queries.names import names
from budgetwatch.text import Text
from dashboard.asking import Asking
from dashboard.components import helping, palette
from dashboard.components.money import unit_choices, unit_for
from dashboard.i18n import brand, say, spoken, t

#: How many pages stand in the bar of a wide screen, of a narrower one, and at the thumb; the rest is under 更多.
WIDE, NARROW, THUMB = 6, 4, 4

#: (code, how the switch writes it, its own name, its lang): each language is named in itself.
TONGUES = (
    ("zh", Text("简", "简"), Text("简体中文", "简体中文"), "zh-Hans"),
    ("zh-Hant", Text("繁", "繁"), Text("繁體中文", "繁體中文"), "zh-Hant"),
    ("en", Text("EN", "EN"), Text("English", "English"), "en"),
)

#: Which further addresses belong to a page of the navigation.
FAMILY = {
    "/committee": ("/committee", "/case"),
    "/auditor": ("/auditor", "/voucher"),
}

#: Pages whose amounts are single payments; elsewhere people think in 万元.
EXACT = ("/case", "/auditor", "/leads", "/voucher", "/committee", "/unit", "/feeds")


def habit(path: str) -> str:
    """The unit that a page shows amounts in until the reader chooses another."""
    return "yuan" if path.startswith(EXACT) else "wan"


def navigation(viewer: Viewer) -> list[tuple[str, str, str]]:
    """(address, word, icon) of what this person may open, their own work first."""
    items: list[tuple[str, str, str]] = [("/home", t("首页"), "home")]
    if viewer.may("own_cases"):
        items.append(("/unit", t("待答复"), "inbox"))
    if viewer.may("ask"):
        items += [("/deputy", t("预算草案"), "budget"), ("/questions", t("我的提问"), "ask")]
    if viewer.may("users"):
        items.append(("/users", t("用户"), "people"))
    cases, leads = ("/committee", t("疑点处理"), "inbox"), ("/leads", t("线索"), "spark")
    facts = ("/auditor", t("支出查询"), "coins")
    draft = ("/deputy", t("预算草案"), "budget")
    places = ("/places", t("各地"), "map")
    if viewer.may("export") and viewer.may("facts"):
        items += [facts, cases, leads, draft, places]
    elif viewer.may("facts"):
        items += [cases, leads, facts, draft, places]
    elif viewer.may("cases"):  # who reads but works no case looks at places before single leads
        items += [cases, places, draft, leads]
    elif viewer.may("budgets") and not viewer.may("ask"):
        items += [draft, places]
    elif viewer.may("budgets") or viewer.may("batches"):
        items.append(places)
    if viewer.may("batches"):
        items.append(("/feeds", t("数据"), "data"))
    if viewer.may("rules"):
        items.append(("/rules", t("规则"), "rule"))
    return items


def frame(asking: Asking | None, scope: str = "") -> Any:
    """The header of a signed-in page; without an asking, that of the sign-in page. On paper, one line instead."""
    viewer = asking.viewer if asking else None
    path = asking.path if asking else "/login"
    pages = navigation(viewer) if viewer else []
    return [
        html.Div([_brand(), _main_nav(pages, path), _tools(asking, scope)], className="top"),
        _on_paper(viewer, scope) if viewer else None,
        palette.ground(asking, pages) if asking else None,
    ]


def _brand() -> Any:
    return html.A(
        [
            html.Span(className="logo", **{"aria-hidden": "true"}),
            html.Span(
                [
                    html.Span(brand(), className="brand-zh", lang="zh-Hant" if spoken() == "zh-Hant" else "zh-Hans"),
                    html.Span("budgetwatch", className="brand-en"),
                    html.Span(t("回到首页"), className="visually-hidden"),
                ]
            ),
        ],
        href="/",
        className="brand",
        id="home-link",
    )


def _main_nav(items: list[tuple[str, str, str]], path: str) -> Any:
    """The bar of a desktop: the first pages by name, the rest under 更多; a narrower one shows fewer."""
    if not items:
        return html.Div(className="main-nav")
    # One that stands alone under 更多 might as well stand in the bar.
    wide = len(items) if len(items) == WIDE + 1 else WIDE
    narrow = len(items) if len(items) == NARROW + 1 else NARROW
    entries = [
        html.Li(_link(*item, path), className="wide-only" if n >= narrow else None)
        for n, item in enumerate(items[:wide])
    ]
    if len(items) > narrow:
        within = [
            html.Div(_link(*item, path), className="narrow-only" if n < wide else None)
            for n, item in enumerate(items)
            if n >= narrow
        ]
        entries.append(
            html.Li(
                _more(within, _where(items, path, wide, narrow), "more-open"),
                className="narrow-only" if len(items) <= wide else None,
            )
        )
    return html.Nav(html.Ul(entries), className="main-nav", id="main-nav", **{"aria-label": t("主导航")})


def bottom(asking: Asking | None) -> Any:
    """The same navigation at the thumb, on a phone: five at most, the fifth being 更多 where there are more."""
    if asking is None:
        return None
    items = navigation(asking.viewer)
    shown, rest = (items, []) if len(items) <= THUMB + 1 else (items[:THUMB], items[THUMB:])
    links = [_link(*item, asking.path) for item in shown]
    if rest:
        here = any(_here(item[0], asking.path) for item in rest)
        links.append(
            _more([_link(*item, asking.path) for item in rest], "is-current" if here else "", "more-open-below")
        )
    return html.Nav(html.Ul([html.Li(x) for x in links]), className="bottom-nav", **{"aria-label": t("底部导航")})


def _where(items: list[tuple[str, str, str]], path: str, wide: int, narrow: int) -> str:
    """How 更多 is marked: always where the page stands only under it, in a narrower bar where the wide one names it."""
    if any(_here(item[0], path) for item in items[wide:]):
        return "is-current"
    return "is-current-narrow" if any(_here(item[0], path) for item in items[narrow:wide]) else ""


def _more(links: list[Any], marked: str, name: str) -> Any:
    return html.Details(
        [
            html.Summary(
                [html.Span(className="icon icon-more", **{"aria-hidden": "true"}), html.Span(t("更多"))],
                className=f"nav-link {marked}".strip(),
                id=name,
            ),
            html.Div(links, className="more-links"),
        ],
        className="more-nav",
    )


def _here(address: str, path: str) -> bool:
    return any(path == root or path.startswith(f"{root}/") for root in FAMILY.get(address, (address,)))


def _link(address: str, word: str, icon: str, path: str) -> Any:
    here = _here(address, path)
    return html.A(
        [html.Span(className=f"icon icon-{icon}", **{"aria-hidden": "true"}), html.Span(word)],
        href=address,
        className="nav-link is-current" if here else "nav-link",
        **({"aria-current": "page"} if here else {}),
    )


def _tools(asking: Asking | None, scope: str) -> Any:
    """Search, unit, language and account; before the sign-in, the language only."""
    if asking is None:
        return html.Div(_tongues("lang"), className="tools")
    return html.Div(
        [_search(), _work(), _units(asking, "unit"), _tongues("lang"), _account(asking, scope)],
        className="tools is-signed-in",
    )


def _search() -> Any:
    """What Ctrl-K opens too; it leads to the search page where no script answers it."""
    return html.Button(
        [
            html.Span(className="icon icon-search", **{"aria-hidden": "true"}),
            html.Span(t("搜索"), className="search-word"),
            html.Kbd("Ctrl K", className="search-key", **{"aria-hidden": "true"}),
        ],
        type="button",
        id="search-open",
        className="search-open",
        title=t("搜索（Ctrl-K）"),
        **{"data-search-open": "", "aria-label": t("搜索（Ctrl-K）"), "aria-keyshortcuts": "Control+K"},
    )


def _work() -> Any:
    """How much long work of one's own runs or has ended unread; `work.js` shows it when there is some."""
    return html.A(href="/jobs", id="jobs-badge", className="jobs-badge", hidden=True, **{"aria-label": t("后台任务")})


def _units(asking: Asking, name: str) -> Any:
    """`name` keeps the ids of the two copies apart: in the bar of a desktop and in the account menu of a phone."""
    currency = names(asking.home, asking.viewer).currency_most
    unit = unit_for(currency)
    return _switch(t("金额单位"), "unit", [(c, w, w, None) for c, w in unit_choices(currency)], unit, name)


def _tongues(name: str) -> Any:
    return _switch(
        t("语言"), "lang", [(c, short.zh, own.zh, tongue) for c, short, own, tongue in TONGUES], spoken(), name
    )


def _switch(
    label: str, preference: str, choices: list[tuple[str, str, str, str | None]], chosen: str | None, name: str
) -> Any:
    """Buttons of which one is pressed: (value, word, its full name, its language)."""
    return html.Div(
        [
            html.Button(
                word,
                id=f"{name}-{value}",
                type="button",
                className="is-chosen" if value == chosen else None,
                title=full if full != word else None,
                **({"lang": tongue} if tongue else {}),
                **({"aria-label": full} if full != word else {}),
                **{
                    "data-preference": preference,
                    "data-value": value,
                    "aria-pressed": "true" if value == chosen else "false",
                },
            )
            for value, word, full, tongue in choices
        ],
        className=f"switch {name}-switch",
        role="group",
        **{"aria-label": label},
    )


def _account(asking: Asking, scope: str) -> Any:
    viewer = asking.viewer
    role = say(ROLES.get(viewer.role))
    standing = f"{scope} · {role}" if scope else role
    return html.Details(
        [
            html.Summary(
                [
                    html.Span(className="icon icon-person", **{"aria-hidden": "true"}),
                    html.Span(
                        [
                            html.Span(viewer.name, className="who-name"),
                            html.Span(standing, className="scope", id="scope"),
                        ],
                        className="who-words",
                    ),
                ],
                id="who",
                **{"aria-label": t("我的账号：{name}", name=viewer.name)},
            ),
            html.Div(
                [
                    html.P([html.Strong(viewer.name), html.Span(standing, className="below")], className="who-head"),
                    html.Div(
                        [
                            _link("/guide", t("使用指南"), "book", asking.path),
                            _link("/jobs", t("后台任务"), "clock", asking.path),
                        ],
                        className="who-links",
                    ),
                    helping.account_items(asking),
                    _setting(t("外观"), _themes(asking.theme)),
                    _setting(t("语言"), _tongues("menu-lang"), "phone-setting"),
                    _setting(t("金额单位"), _units(asking, "menu-unit"), "phone-setting"),
                    html.Form(
                        html.Button(t("退出登录"), type="submit", className="button", id="sign-out"),
                        action="/logout",
                        method="post",
                    ),
                ],
                className="who-box",
            ),
        ],
        className="who",
    )


def _setting(word: str, switch: Any, kind: str = "") -> Any:
    return html.Div(
        [html.Span(word, className="setting-word", **{"aria-hidden": "true"}), switch],
        className=f"setting {kind}".strip(),
    )


def _themes(chosen: str) -> Any:
    """As the reader's system has it, or as they choose it here."""
    choices = [("auto", t("自动")), ("light", t("浅色")), ("dark", t("深色"))]
    return _switch(t("外观"), "theme", [(value, word, word, None) for value, word in choices], chosen, "theme")


def _on_paper(viewer: Viewer, scope: str) -> Any:
    """What a printed page says first: whose data it shows and on which day it was printed."""
    role = say(ROLES.get(viewer.role))
    return html.Div(
        [
            html.Span([html.Strong(t("预算联网监督")), " ", f"{scope} · {role}" if scope else role]),
            html.Span(t("打印于 {day}", day=f"{calendar.now().astimezone():%Y-%m-%d %H:%M}")),
        ],
        className="print-head",
        **{"aria-hidden": "true"},
    )


def footer() -> Any:
    """What every page says last: a flag is a doubt, and nothing here stops a payment."""
    return html.P(t("本系统列出的是疑点，不是结论；认定之前请听取单位的说明。"), className="foot-note")
