"""The frame around every page: name, navigation by role, scope, language and unit, and the way out."""

from __future__ import annotations

from typing import Any

from dash import html

from budgetwatch.access.viewer import ROLES, Viewer
from budgetwatch.queries.names import names
from dashboard.asking import Asking
from dashboard.components.money import unit_choices, unit_for
from dashboard.i18n import say, spoken, t

#: Pages whose amounts are single payments; elsewhere people think in 万元.
EXACT = ("/case", "/auditor", "/leads", "/voucher", "/committee", "/unit", "/feeds")


def habit(path: str) -> str:
    """The unit that a page shows amounts in until the reader chooses another."""
    return "yuan" if path.startswith(EXACT) else "wan"


def navigation(viewer: Viewer) -> list[tuple[str, str, str]]:
    """(address, word, icon) of what this person may open, their own work first."""
    items: list[tuple[str, str, str]] = []
    if viewer.may("own_cases"):
        items.append(("/unit", t("待答复"), "inbox"))
    if viewer.may("ask"):
        items += [("/deputy", t("预算草案"), "budget"), ("/questions", t("我的提问"), "ask")]
    facts = ("/auditor", t("支出查询"), "search")
    work = [("/committee", t("疑点处理"), "inbox"), ("/leads", t("线索"), "spark")]
    if viewer.may("export") and viewer.may("facts"):
        items += [facts, *work]
    elif viewer.may("cases"):
        items += [*work, facts]
    if viewer.may("budgets") and not viewer.may("ask"):
        items.append(("/deputy", t("预算草案"), "budget"))
    if viewer.may("batches"):
        items.append(("/feeds", t("数据"), "data"))
    if viewer.may("rules"):
        items.append(("/rules", t("规则"), "rule"))
    return items


def frame(asking: Asking | None, scope: str = "") -> Any:
    """The header of a signed-in page; without an asking, that of the sign-in page."""
    viewer = asking.viewer if asking else None
    path = asking.path if asking else "/login"
    items = navigation(viewer) if viewer else []
    links = [_link(address, word, icon, path) for address, word, icon in items]
    return [
        html.Div(
            [
                html.A(
                    [
                        html.Span(className="logo", **{"aria-hidden": "true"}),
                        html.Span(
                            [
                                html.Span("预算联网监督", className="brand-zh", lang="zh-Hans"),
                                html.Span("budgetwatch", className="brand-en"),
                                html.Span(t("回到首页"), className="visually-hidden"),
                            ]
                        ),
                    ],
                    href="/",
                    className="brand",
                    id="home-link",
                ),
                html.Nav(
                    html.Ul([html.Li(x) for x in links]),
                    className="main-nav",
                    id="main-nav",
                    **{"aria-label": t("主导航")},
                )
                if links
                else html.Div(className="main-nav"),
                html.Div(_tools(viewer, path, asking, scope), className="tools"),
            ],
            className="top",
        )
    ]


def bottom(asking: Asking | None) -> Any:
    """The same navigation at the thumb, on a phone."""
    if asking is None:
        return None
    items = navigation(asking.viewer)
    shown, rest = (items, []) if len(items) <= 5 else (items[:4], items[4:])
    links = [_link(address, word, icon, asking.path) for address, word, icon in shown]
    if rest:
        links.append(
            html.Details(
                [
                    html.Summary(
                        [html.Span(className="icon icon-more", **{"aria-hidden": "true"}), t("更多")],
                        className="nav-link",
                    ),
                    html.Div(
                        [_link(address, word, icon, asking.path) for address, word, icon in rest],
                        className="more-links",
                    ),
                ],
                className="more-nav",
            )
        )
    return html.Nav(html.Ul([html.Li(x) for x in links]), className="bottom-nav", **{"aria-label": t("底部导航")})


def _link(address: str, word: str, icon: str, path: str) -> Any:
    belongs = {"/committee": ("/committee", "/case"), "/auditor": ("/auditor", "/voucher")}.get(address, (address,))
    here = path.startswith(belongs)
    return html.A(
        [html.Span(className=f"icon icon-{icon}", **{"aria-hidden": "true"}), html.Span(word)],
        href=address,
        className="nav-link is-current" if here else "nav-link",
        **({"aria-current": "page"} if here else {}),
    )


def _tools(viewer: Viewer | None, path: str, asking: Asking | None, scope: str) -> list[Any]:
    tools: list[Any] = []
    if viewer is not None and asking is not None:
        currency = names(asking.home, viewer).currency_most
        unit = unit_for(currency)
        tools.append(
            html.Div(
                [_preference("unit", code, word, unit == code) for code, word in unit_choices(currency)],
                className="switch unit-switch",
                role="group",
                **{"aria-label": t("金额单位")},
            )
        )
    other, word = ("en", "English") if spoken() == "zh" else ("zh", "中文")
    tools.append(
        html.Button(
            word,
            id=f"lang-{other}",
            type="button",
            className="button quiet-button",
            lang="en" if other == "en" else "zh-Hans",
            **{"data-preference": "lang", "data-value": other},
        )
    )
    if viewer is not None:
        tools.append(
            html.Details(
                [
                    html.Summary(
                        [
                            html.Span(className="icon icon-person", **{"aria-hidden": "true"}),
                            html.Span(viewer.name, className="who-name"),
                        ],
                        id="who",
                        **{"aria-label": t("我的账号：{name}", name=viewer.name)},
                    ),
                    html.Div(
                        [
                            html.P(
                                [html.Strong(viewer.name), html.Br(), say(ROLES.get(viewer.role)), html.Br(), scope]
                            ),
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
        )
        role = say(ROLES.get(viewer.role))
        tools.insert(0, html.Span(f"{scope} · {role}" if scope else role, className="scope", id="scope"))
    return tools


def _preference(name: str, value: str, word: str, chosen: bool) -> Any:
    return html.Button(
        word,
        id=f"{name}-{value}",
        type="button",
        className="is-chosen" if chosen else None,
        **{"data-preference": name, "data-value": value, "aria-pressed": "true" if chosen else "false"},
    )


def footer() -> Any:
    """What every page says last: a flag is a doubt, and nothing here stops a payment."""
    return html.P(t("本系统列出的是疑点，不是结论；认定之前请听取单位的说明。"), className="foot-note")
