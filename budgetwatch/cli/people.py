"""Verbs about accounts: who exists, new people, passwords, keys for programs, switching off."""

from __future__ import annotations

import sys

import typer

from budgetwatch.access import people
from budgetwatch.access.viewer import ROLES, SYSTEM
from budgetwatch.cli.app import HELP, acting, app, home, language
from budgetwatch.cli.out import AsCsv, AsJson, day, listed, printed_json, remark, rows
from budgetwatch.errors import Invalid
from budgetwatch.text import Text

user = typer.Typer(no_args_is_help=True, context_settings=HELP, help="Accounts and keys for programs.")
app.add_typer(user, name="user")


def _password(given: str | None) -> str:
    """The password given, typed twice at a terminal, or the first line of standard input."""
    if given is not None:
        return given
    if sys.stdin.isatty():
        return str(typer.prompt("password", hide_input=True, confirmation_prompt=True, err=True))
    line = sys.stdin.readline().rstrip("\n")
    if not line:
        raise Invalid(
            Text("没有给出密码。", "No password was given."),
            where="--password",
            fix=Text("从标准输入给出，或用 --password。", "Give it on standard input, or with --password."),
        )
    return line


@user.command("list")
def user_list(as_json: bool = AsJson, as_csv: bool = AsCsv) -> None:
    """Every account; never a password."""
    found = [
        {f: getattr(p, f) for f in ("login", "name", "role", "region", "agency_code", "active", "expires_on", "demo")}
        for p in people.users(home(), SYSTEM)
    ]
    headings = [
        ("login", Text("登录名", "Login")), ("name", Text("姓名", "Name")), ("role", Text("角色", "Role")), ("region", Text("范围", "Scope")),
        ("agency_code", Text("单位", "Unit")), ("active", Text("启用", "Active")), ("expires_on", Text("到期", "Expires")), ("demo", Text("演示", "Demo")),
    ]  # fmt: skip
    listed(rows(headings, found), language(), as_json=as_json, as_csv=as_csv)


@user.command("add")
def user_add(
    login: str,
    role: str = typer.Option(..., help=", ".join(ROLES)),
    name: str = typer.Option(..., help="as screens show it"),
    region: str = typer.Option("", help="prefix of region codes in scope; empty: everything"),
    agency: str | None = typer.Option(None, help="a unit's people: their unit's code"),
    expires: str | None = typer.Option(None, help="end of term, e.g. 2029-01-31"),
    password: str | None = typer.Option(None, help="better typed or piped than written here"),
    as_json: bool = AsJson,
) -> None:
    """A new account with one role and one scope."""
    ends = day(expires, "--expires")
    made = people.add_user(
        home(),
        SYSTEM,
        login=login,
        name=name,
        role=role,
        password=_password(password),
        region=region,
        agency_code=agency,
        expires_on=ends,
    )
    if as_json:
        printed_json(made, language())
    else:
        remark(f"{made.login}: {ROLES[made.role].of(language())} {made.region or '*'}")


@user.command("password")
def user_password(
    login: str,
    password: str | None = typer.Option(None, help="better typed or piped than written here"),
    as_json: bool = AsJson,
) -> None:
    """A new password for an account."""
    people.set_password(home(), SYSTEM, login, _password(password))
    _done(login, Text("{login}：密码已更新。", "{login}: password changed."), as_json)


@user.command("token")
def user_token(
    login: str, label: str = typer.Option("cli"), days: int = typer.Option(365, min=1), as_json: bool = AsJson
) -> None:
    """A key for a program that acts as this person; shown once."""
    token = people.issue_token(home(), acting(login), label, days)
    if as_json:
        printed_json({"login": login, "label": label, "days": days, "token": token}, language())
    else:
        print(token)  # noqa: T201


@user.command("deactivate")
def user_deactivate(login: str, as_json: bool = AsJson) -> None:
    """Switch an account off, with all its keys."""
    people.deactivate(home(), SYSTEM, login)
    _done(login, Text("{login}：已停用。", "{login}: switched off."), as_json)


def _done(login: str, told: Text, as_json: bool) -> None:
    if as_json:
        printed_json({"login": login, "done": True}, language())
    else:
        remark(told.fill(login=login).of(language()))
