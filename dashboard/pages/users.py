"""Accounts, for administrators: who may come in, adding people, terms and passwords. Nothing is ever deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from budgetwatch.access import people
from budgetwatch.access.people import Person
from budgetwatch.access.viewer import ROLES
from budgetwatch.calendar import now, today
from budgetwatch.errors import NotFound
from budgetwatch.queries.names import names
from budgetwatch.text import Text
from dashboard.asking import Asking
from dashboard.components import (
    Column,
    breadcrumbs,
    button,
    card,
    chooser,
    day,
    definition_list,
    empty,
    field,
    hidden,
    link_button,
    mark,
    moment,
    page_head,
    search_box,
    table,
)
from dashboard.components.work import deed_button
from dashboard.i18n import say, t


def view(asking: Asking) -> tuple[str, Any]:
    """Everybody within one's scope: those in use first, then those that are not."""
    found = people.users(asking.home, asking.viewer)
    last = people.last_sign_ins(asking.home, asking.viewer)
    sought, role = asking.one("text").casefold(), asking.one("role")
    shown = [
        person
        for person in found
        if (not sought or sought in f"{person.login} {person.name}".casefold()) and (not role or person.role == role)
    ]
    rows = [_row(person, last.get(person.login)) for person in sorted(shown, key=lambda p: (not _usable(p), p.login))]
    title = t("用户")
    usable = sum(_usable(person) for person in found)
    return title, [
        page_head(
            title,
            lead=t("{n} 个账号，其中 {m} 个可用。账号只停用，不删除，所做的记录都保留。", n=len(found), m=usable),
            actions=None
            if asking.one("new")
            else link_button(t("添加用户"), "/users?new=1", id="user-new", kind="primary"),
        ),
        _add(asking) if asking.one("new") else None,
        html.Div(
            [
                search_box(
                    "/users",
                    t("搜索登录名、姓名…"),
                    id="users-search",
                    value=asking.one("text"),
                    keep=[("role", role)] if role else (),
                ),
                _roles(asking, found, role),
            ],
            className="stack",
        ),
        table(
            _columns(asking),
            rows,
            caption=t("账号清单"),
            id="users",
            row_class=lambda r: "" if r["usable"] else "is-away",
        )
        if rows
        else empty(t("没有符合条件的账号。"), link_button(t("清除条件"), "/users", id="users-clear")),
    ]


def _usable(person: Person) -> bool:
    return person.active and not (person.expires_on and person.expires_on < today())


def _row(person: Person, last: Any) -> dict[str, Any]:
    fields = ("login", "name", "role", "region", "agency_code", "expires_on")
    return {name: getattr(person, name) for name in fields} | {
        "person": person, "last": last, "usable": _usable(person),
    }  # fmt: skip


def _columns(asking: Asking) -> list[Column]:
    return [
        Column("name", t("姓名"), cell=_name, main=True),
        Column("role", t("角色"), cell=lambda r: say(ROLES.get(r["role"], r["role"]))),
        Column("region", t("范围"), cell=lambda r: _scope(asking, r)),
        Column("standing", t("状态"), cell=lambda r: _standing(r["person"])),
        Column("last", t("上次登录"), "moment"),
        Column("expires_on", t("任期到"), "date"),
    ]


def _name(row: Mapping[str, Any]) -> Any:
    return html.Div(
        [
            html.A(row["name"], href=f"/users/{row['login']}", className="row-link", id=f"user-{row['login']}"),
            html.Span([row["login"], " · " + t("演示") if row["person"].demo else ""], className="below code"),
        ]
    )


def _scope(asking: Asking, row: Mapping[str, Any]) -> Any:
    region = row["region"]
    word = say(names(asking.home, asking.viewer).region(region)) if region else t("全部")
    below = " · ".join(x for x in (region, row["agency_code"]) if x)
    return html.Div([html.Span(word), html.Span(below, className="below code") if below else None])


def _standing(person: Person) -> Any:
    if not person.active:
        return mark(t("已停用"), "calm")
    if person.expires_on and person.expires_on < today():
        return mark(t("任期已满"), "calm")
    if person.locked_until and person.locked_until > now():
        return mark(t("已锁定"), "warn")
    return mark(t("可用"), "good")


def _roles(asking: Asking, found: Sequence[Person], chosen: str) -> Any:
    counts = {role: sum(person.role == role for person in found) for role in ROLES}
    chips = [(None, t("全部"), len(found)), *((role, say(ROLES[role]), n) for role, n in counts.items() if n)]
    return html.Div(
        [
            html.A(
                [word, html.Span(str(n), className="count")],
                href=asking.same(role=role),
                className="chip is-current" if (role or "") == chosen else "chip",
                **({"aria-current": "true"} if (role or "") == chosen else {}),
            )
            for role, word, n in chips
        ],
        className="chips is-roles",
        role="group",
        **{"aria-label": t("按角色筛选")},
    )


def _add(asking: Asking) -> Any:
    regions = sorted(names(asking.home, asking.viewer).regions.items())
    mine = asking.viewer.region
    options = [(code, found.name) for code, found in regions if code.startswith(mine)]
    fields = [
        field(t("登录名"), "login", id="add-login", required=True, hint=t("小写字母、数字、点、横线")),
        field(t("姓名"), "name", id="add-name", required=True),
        chooser(t("角色"), "role", [(r, say(w)) for r, w in ROLES.items()], id="add-role", every=t("请选择"), required=True),
        field(
            t("范围（区划代码的开头）"), "region", id="add-region", value=mine, options=options,
            hint=t("4 位为全市，6 位为一个区；须以 {mine} 开头", mine=mine) if mine else t("4 位为全市，6 位为一个区；空为全部"),
        ),
        field(t("单位代码"), "agency_code", id="add-agency", hint=t("只有预算单位的账号需要")),
        field(t("任期到"), "expires_on", id="add-expires", kind="date", hint=t("人大代表填届满日；可以不填")),
    ]  # fmt: skip
    return card(
        html.Form(
            [
                html.Div(fields, className="fields"),
                html.P(className="refusal", hidden=True, role="alert", **{"data-refusal": ""}),
                html.Div(
                    [
                        button(t("添加"), id="add-user", kind="primary"),
                        link_button(t("取消"), "/users", id="add-cancel", kind="quiet-button"),
                        html.Span(t("初始密码由系统生成，添加后显示一次。"), className="below"),
                    ],
                    className="job-actions",
                ),
            ],
            id="add-user-form",
            **{"data-deed": "user.add"},
        ),
        title=t("添加用户"),
        kind="user-add",
    )


def view_one(asking: Asking) -> tuple[str, Any]:
    """One account: what it may see, and what an administrator may change about it."""
    login = asking.parts["login"]
    person = next((p for p in people.users(asking.home, asking.viewer) if p.login == login), None)
    if person is None:
        raise NotFound(
            Text("没有这个账号。", "There is no such account."),
            where=login,
            fix=Text("请从用户清单进入。", "Choose one from the list of users."),
        )
    last = people.last_sign_ins(asking.home, asking.viewer).get(login)
    own = person.id == asking.viewer.id
    row = _row(person, last)
    pairs = [
        (t("登录名"), html.Span(login, className="code")),
        (t("角色"), say(ROLES.get(person.role, person.role))),
        (t("范围"), _scope(asking, row)),
        (t("上次登录"), moment(last)),
        (t("建立时间"), moment(person.created_at)),
        (t("任期到"), day(person.expires_on)),
    ]
    return person.name, [
        page_head(
            [person.name, " ", _standing(person)], above=breadcrumbs([(t("用户"), "/users"), (person.name, None)])
        ),
        card(definition_list(pairs)),
        html.Div(
            [_term(person), None if own else _password(person), None if own else _switch(person)],
            className="user-forms",
        ),
    ]


def _refusal() -> Any:
    return html.P(className="refusal", hidden=True, role="alert", **{"data-refusal": ""})


def _term(person: Person) -> Any:
    value = person.expires_on.isoformat() if person.expires_on else ""
    return card(
        html.Form(
            [
                hidden("login", person.login, id="term-login"),
                field(
                    t("最后可用的一天"), "expires_on", id="term-day", kind="date", value=value, hint=t("清空则不设期限")
                ),
                _refusal(),
                button(t("保存"), id="term-save"),
            ],
            id="term-form",
            **{"data-deed": "user.term"},
        ),
        title=t("任期"),
    )


def _password(person: Person) -> Any:
    return card(
        html.Form(
            [
                hidden("login", person.login, id="password-login"),
                html.P(t("生成一个新密码，只显示一次；原密码、已登录的会话和程序密钥随即失效，锁定也会解除。")),
                _refusal(),
                button(t("重置密码"), id="password-reset"),
            ],
            id="password-form",
            **{"data-deed": "user.password"},
        ),
        title=t("密码"),
    )


def _switch(person: Person) -> Any:
    if person.active:
        words = t("停用后立即不能登录；所做的记录都保留，可以再启用。")
        do = deed_button(t("停用账号"), "user.switch", id="user-off", login=person.login)
    else:
        words = t("启用后可用原密码登录。")
        do = deed_button(t("启用账号"), "user.switch", id="user-on", kind="primary", login=person.login, on="1")
    return card(html.Div([html.P(words), do], className="user-switch"), title=t("停用与启用"))
