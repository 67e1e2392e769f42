"""The door: name and password by an ordinary form; where the home is a demonstration, its accounts a click away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import dcc, html

from budgetwatch.access import people
from budgetwatch.access.viewer import ROLES, SYSTEM
from dashboard.components import hidden
from dashboard.i18n import spoken, t

if TYPE_CHECKING:
    from budgetwatch.home import Home

#: Every account of the demonstration has it, and says so here; such accounts work on this machine only.
DEMO_PASSWORD = "demo-2026"  # noqa: S105
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def view(home: Home, query: dict[str, list[str]], refusal: dict[str, str]) -> Any:
    """The sign-in form, with the reason when the last attempt was refused."""
    refused = refusal.get(spoken(), "") if "refused" in query else ""
    accounts = _demo_accounts(home)
    nobody = not people.users(home, SYSTEM)
    return html.Div(
        [
            html.Div(
                [
                    html.H1(t("把每一笔财政资金看清楚"), id="title", tabIndex=-1),
                    html.P(t("各级人大预算联网监督：从政府报送的数据里找出疑点，一件一件办到销号。")),
                    html.Ul(
                        [
                            html.Li([html.Strong(t("人大预算工委")), t("下一件疑点，依据、凭证、单位说明都在一页。")]),
                            html.Li([html.Strong(t("人大代表")), t("五分钟看懂预算草案，随手提问。")]),
                            html.Li([html.Strong(t("审计机关")), t("从总数到一张凭证，三次点击。")]),
                        ],
                        className="promises",
                    ),
                ],
                className="login-words",
            ),
            html.Div(
                [
                    html.Form(
                        [
                            html.H2(t("登录")),
                            html.P(refused, id="login-error", className="note note-bad", role="alert")
                            if refused
                            else None,
                            _line(
                                t("用户名"), "login", "text", "username", refusal.get("login", "") if refused else ""
                            ),
                            _line(t("密码"), "password", "password", "current-password", ""),
                            hidden("next", (query.get("next") or [""])[-1], id="next"),
                            html.Button(t("登录"), type="submit", className="button primary", id="sign-in"),
                        ],
                        action="/login",
                        method="post",
                        className="card login-form",
                    ),
                    _demo(accounts) if accounts else None,
                    _first_account() if nobody else None,
                ],
                className="login-side",
            ),
        ],
        className="login",
    )


def _line(word: str, name: str, kind: str, complete: str, value: str) -> Any:
    return html.Div(
        [
            html.Label(word, htmlFor=name),
            dcc.Input(
                id=name, name=name, type=kind, autoComplete=complete, required=True, value=value, className="input"
            ),
        ],
        className="field",
    )


def _demo_accounts(home: Home) -> list[people.Person]:
    if home.settings.host not in LOOPBACK:
        return []
    order = {role: n for n, role in enumerate(ROLES)}
    found = [p for p in people.users(home, SYSTEM) if p.demo and p.active]
    return sorted(found, key=lambda p: (order.get(p.role, 99), len(p.region), p.login))


def _first_account() -> Any:
    """A home that nobody can enter yet: how to make the first account, on the machine itself."""
    return html.Section(
        [
            html.H2(t("还没有账号")),
            html.P(t("在服务器上建立第一个账号，或者先建一个演示市："), className="quiet"),
            html.Ul(
                [
                    html.Li(html.Code("budgetwatch user add LOGIN --role admin --name NAME")),
                    html.Li(html.Code("budgetwatch demo")),
                ]
            ),
        ],
        className="card demo",
        id="no-accounts",
    )


def _demo(accounts: list[people.Person]) -> Any:
    return html.Section(
        [
            html.H2(t("演示账号")),
            html.P(t("点一下填入，密码都是 {word}。数据为虚构。", word=DEMO_PASSWORD), className="quiet"),
            html.Ul(
                [
                    html.Li(
                        html.Button(
                            [html.Strong(p.login), html.Span(p.name)],
                            type="button",
                            id=f"demo-{p.login}",
                            className="demo-account",
                            **{"data-fill-login": p.login, "data-fill-password": DEMO_PASSWORD},
                        )
                    )
                    for p in accounts
                ],
                className="demo-accounts",
            ),
        ],
        className="card demo",
    )
