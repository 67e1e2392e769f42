"""Accounts: who exists, how they prove it, and when they may no longer come in.

A wrong password, an unknown login and a locked account are told in the same sentence after the same time, so
that nobody can find out which logins exist. Only the right password learns of an expired or switched-off account.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import re
import secrets
from dataclasses import dataclass
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from budgetwatch.access import audit, passwords
from budgetwatch.access.viewer import ROLES, SYSTEM, Viewer
from budgetwatch.calendar import today
from budgetwatch.db import Sessions, serialise
from budgetwatch.errors import Conflict, Denied, Invalid, NotFound, NotSignedIn
from budgetwatch.settings import Settings
from budgetwatch.tables import Audit, Token, User, now
from budgetwatch.text import Text

MAX_FAILURES = 8
LOCKED_FOR = dt.timedelta(minutes=15)

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
_REGION = re.compile(r"[0-9A-Z-]{0,32}")
_TOKEN_DAYS = 365

_WRONG = Text(
    "登录名或密码不正确。连续输错八次，账号锁定十五分钟。",
    "The login or the password is wrong. After eight wrong passwords an account is locked for fifteen minutes.",
)
ENDED = Text("登录已失效，请重新登录。", "You are no longer signed in; please sign in again.")


class Deployment(Sessions, Protocol):
    """What accounts need of a `Home`."""

    @property
    def settings(self) -> Settings: ...
    @property
    def secret(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Person:
    """An account as an administrator sees it; never with its password."""

    id: int
    login: str
    name: str
    role: str
    region: str
    agency_code: str | None
    active: bool
    expires_on: dt.date | None
    demo: bool
    locked_until: dt.datetime | None
    created_at: dt.datetime


def add_user(
    home: Deployment,
    viewer: Viewer,
    *,
    login: str,
    name: str,
    role: str,
    password: str,
    region: str = "",
    agency_code: str | None = None,
    demo: bool = False,
    expires_on: dt.date | None = None,
) -> Viewer:
    """A new account; only an administrator grants roles, and only within their own scope."""
    login = login.strip().lower()
    _may_manage(viewer, region)
    _check_account(login, name, role, region, agency_code)
    user = User(
        login=login,
        name=name.strip(),
        password_hash=passwords.hashed(password, login),
        role=role,
        region=region,
        agency_code=agency_code or None,
        demo=demo,
        expires_on=expires_on,
    )
    with home.session() as session:
        serialise(session)
        if session.scalar(sa.select(User.id).where(User.login == login)):
            raise Conflict(
                Text(f"登录名“{login}”已有人使用。", f"The login “{login}” is taken."),
                where="login",
                fix=Text("请换一个登录名。", "Choose another one."),
            )
        session.add(user)
        session.flush()
        detail = {"role": role, "region": region, "agency_code": agency_code, "expires_on": expires_on, "demo": demo}
        audit.record(session, viewer, "add_user", "user", login, detail)
    return viewer_from(user)


def authenticate(home: Deployment, login: str, password: str) -> Viewer:
    """The person of that login, if the password is theirs and the account may be used; NotSignedIn otherwise."""
    return viewer_from(proven(home, login, password))


def proven(home: Deployment, login: str, password: str) -> User:
    """The account behind a login and its password; refusals are counted and said as `authenticate` says them."""
    login = login.strip().lower()
    with home.session() as session:
        user = session.scalar(sa.select(User).where(User.login == login))
    fits = passwords.fits(user.password_hash if user else passwords.NOBODY, password)
    with home.session() as session:
        # Counting is serialised: a burst of guesses sent together still meets the lock after eight.
        serialise(session)
        user = session.scalar(sa.select(User).where(User.login == login))
        if user is None or not fits or _locked(user):
            _count_failure(session, user)
            refused = True
        else:
            refused = False
            user.failures, user.locked_until = 0, None
            user.password_hash = passwords.refreshed(user.password_hash, password)
            why = barred(home, user)
            audit.record(session, viewer_from(user), "sign_in_refused" if why else "sign_in", "user", login)
    if refused or user is None:
        raise NotSignedIn(_WRONG)
    if why:
        raise Denied(why)
    return user


def viewer_of(home: Deployment, user_id: int) -> Viewer:
    """The person of that number, as of now."""
    with home.session() as session:
        user = session.get(User, user_id)
    if user is None or barred(home, user):
        raise NotSignedIn(ENDED)
    return viewer_from(user)


def viewer_named(home: Deployment, viewer: Viewer, login: str) -> Viewer:
    """The person of that login, for an administrator or the command line to act for (e.g. to issue a token)."""
    with home.session() as session:
        return viewer_from(_managed(session, viewer, login))


def users(home: Sessions, viewer: Viewer) -> list[Person]:
    """All accounts within an administrator's scope, by login."""
    _may_manage(viewer, viewer.region)
    with home.session() as session:
        found = session.scalars(sa.select(User).order_by(User.login)).all()
    fields = Person.__dataclass_fields__
    return [Person(**{f: getattr(user, f) for f in fields}) for user in found if user.region.startswith(viewer.region)]


def set_password(home: Deployment, viewer: Viewer, login: str, password: str, *, old: str | None = None) -> None:
    """A new password: by an administrator, or by the person themselves who gives the old one. Ends all sessions and tokens."""
    login = login.strip().lower()
    own = viewer.login == login and viewer.id is not None
    if own:
        try:
            authenticate(home, login, old or "")
        except NotSignedIn:
            raise Denied(Text("原密码不正确。", "The old password is wrong."), where="old") from None
    hashed = passwords.hashed(password, login)
    with home.session() as session:
        serialise(session)
        user = session.get_one(User, viewer.id) if own else _managed(session, viewer, login)
        user.password_hash, user.failures, user.locked_until = hashed, 0, None
        _end_tokens(session, user)
        audit.record(session, viewer, "set_password", "user", login)


def deactivate(home: Deployment, viewer: Viewer, login: str) -> None:
    """The account can no longer be used, nor its sessions and tokens; what it did stays."""
    with home.session() as session:
        serialise(session)
        user = _managed(session, viewer, login.strip().lower())
        if user.id == viewer.id:
            raise Denied(
                Text("不能停用自己的账号。", "Nobody switches off their own account."),
                fix=Text("请另一位管理员操作。", "Ask another administrator."),
            )
        user.active = False
        audit.record(session, viewer, "deactivate", "user", user.login)


def activate(home: Deployment, viewer: Viewer, login: str) -> None:
    """The account may be used again, with its password as it was but no key for programs; a lock ends too."""
    with home.session() as session:
        serialise(session)
        user = _managed(session, viewer, login)
        user.active, user.failures, user.locked_until = True, 0, None
        _end_tokens(session, user)
        audit.record(session, viewer, "activate", "user", user.login)


def set_term(home: Deployment, viewer: Viewer, login: str, expires_on: dt.date | None) -> None:
    """The last day on which the account may be used; None: no end. A day that is past ends it now."""
    with home.session() as session:
        serialise(session)
        user = _managed(session, viewer, login)
        if user.id == viewer.id and expires_on and expires_on < today():
            raise Denied(
                Text("不能让自己的账号失效。", "Nobody ends their own account."),
                where="expires_on",
                fix=Text(
                    "请选择以后的日期，或请另一位管理员操作。", "Choose a later day, or ask another administrator."
                ),
            )
        before, user.expires_on = user.expires_on, expires_on
        audit.record(session, viewer, "set_term", "user", user.login, {"from": before, "to": expires_on})


def reset_password(home: Deployment, viewer: Viewer, login: str) -> str:
    """A new password that nobody chose, handed out this once for the person; ends the lock, all sessions and tokens."""
    password = one_time_password()
    _may_manage(viewer, viewer.region)
    if viewer.login == login.strip().lower():
        raise Denied(
            Text("不能在这里重置自己的密码。", "Nobody resets their own password here."),
            fix=Text("请另一位管理员操作。", "Ask another administrator."),
        )
    set_password(home, viewer, login, password)
    return password


def one_time_password() -> str:
    """Sixteen letters and digits in fours that nobody confuses when reading them out (80 random bits)."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


def last_sign_ins(home: Sessions, viewer: Viewer) -> dict[str, dt.datetime]:
    """When each person within an administrator's scope last signed in, by login; who never did is not in it."""
    logins = [person.login for person in users(home, viewer)]
    with home.session() as session:
        rows = session.execute(
            sa.select(Audit.object_id, sa.func.max(Audit.at))
            .where(Audit.action == "sign_in", Audit.object_type == "user")
            .group_by(Audit.object_id)
        ).all()
    return {login: at for login, at in rows if login in set(logins)}


def issue_token(home: Deployment, viewer: Viewer, label: str, days: int | None = None) -> str:
    """A new key for programs that act as this person, shown only now; it ends after `days` (a year, unless said).

    Only its hash is kept. It carries 256 random bits, so one fast hash is enough.
    """
    if viewer.id is None:
        raise Invalid(
            Text("令牌必须属于某个账号。", "A token belongs to an account."),
            fix=Text("请指明登录名。", "Say whose it shall be."),
        )
    if days is not None and not 1 <= days <= 3650:
        raise Invalid(Text("有效天数须在 1 至 3650 之间。", "A token lasts 1 to 3650 days."), where="days")
    token = "bw_" + secrets.token_urlsafe(32)
    ends = now() + dt.timedelta(days=days or _TOKEN_DAYS)
    with home.session() as session:
        session.add(Token(user_id=viewer.id, digest=_token_digest(token), label=label[:128], expires_at=ends))
        audit.record(session, viewer, "issue_token", "user", viewer.login, {"label": label, "expires_at": ends})
    return token


def viewer_by_token(home: Deployment, token: str) -> Viewer:
    """The person a program acts for; a stranger's, an ended and a revoked token are refused in the same sentence."""
    with home.session() as session:
        found = session.execute(
            sa.select(Token, User).join(User, User.id == Token.user_id).where(Token.digest == _token_digest(token))
        ).one_or_none()
    if found:
        kept, user = found
        ended = kept.revoked_at is not None or (kept.expires_at is not None and kept.expires_at <= now())
        if not ended and not barred(home, user):
            return viewer_from(user)
    raise NotSignedIn(
        Text("令牌无效或已失效。", "The token is unknown or has ended."),
        fix=Text("请用 budgetwatch user token 申请新的令牌。", "Get a new one with `budgetwatch user token`."),
    )


def revoke_tokens(home: Deployment, viewer: Viewer, login: str) -> int:
    """End every token of an account, one's own or, for an administrator, another's; how many there were."""
    with home.session() as session:
        own = viewer.id is not None and viewer.login == login
        user = session.get_one(User, viewer.id) if own else _managed(session, viewer, login)
        ended = _end_tokens(session, user)
        audit.record(session, viewer, "revoke_tokens", "user", user.login, {"tokens": ended})
    return ended


def _may_manage(viewer: Viewer, region: str) -> None:
    if not viewer.may("users"):
        raise Denied(
            Text("只有系统管理员可以管理账号和授予角色。", "Only an administrator manages accounts and grants roles.")
        )
    if not region.startswith(viewer.region):
        raise Denied(
            Text(f"区划“{region}”不在您的管理范围内。", f"The region “{region}” is outside your scope."), where="region"
        )


def _managed(session: Session, viewer: Viewer, login: str) -> User:
    """An account that this administrator may change."""
    _may_manage(viewer, viewer.region)
    user = session.scalar(sa.select(User).where(User.login == login.strip().lower()))
    if user is None or not user.region.startswith(viewer.region):
        raise NotFound(Text(f"没有登录名为“{login}”的账号。", f"There is no account with the login “{login}”."))
    return user


def _check_account(login: str, name: str, role: str, region: str, agency_code: str | None) -> None:
    if not _LOGIN.fullmatch(login) or login == SYSTEM.login:
        raise Invalid(
            Text(f"登录名“{login}”不可用。", f"“{login}” cannot be a login."),
            where="login",
            fix=Text(
                "请用小写字母、数字、点、横线，以字母或数字开头。",
                "Use small letters, digits, dots and hyphens, a letter or digit first.",
            ),
        )
    if not name.strip():
        raise Invalid(Text("缺少姓名。", "The name is missing."), where="name")
    if role not in ROLES:
        known = "、".join(ROLES)
        raise Invalid(
            Text(f"没有角色“{role}”。", f"There is no role “{role}”."),
            where="role",
            fix=Text(f"可选：{known}。", f"Choose one of {', '.join(ROLES)}."),
        )
    if not _REGION.fullmatch(region):
        raise Invalid(Text(f"区划代码“{region}”无法识别。", f"“{region}” is not a region code."), where="region")
    if role == "unit" and not agency_code:
        raise Invalid(
            Text("预算单位的账号必须写明单位代码。", "An account of a unit needs the unit's code."), where="agency_code"
        )


def _locked(user: User) -> bool:
    return user.locked_until is not None and user.locked_until > now()


def _count_failure(session: Session, user: User | None) -> None:
    """One more wrong try; a login that nobody has is not written down, for people type passwords there by mistake."""
    if user is None:
        audit.record(session, Viewer(None, "", "", ""), "sign_in_failed", "user", "?")
        return
    if not _locked(user):
        user.failures += 1
        if user.failures >= MAX_FAILURES:
            user.failures, user.locked_until = 0, now() + LOCKED_FOR
    locked = "until " + user.locked_until.isoformat() if user.locked_until else ""
    audit.record(
        session, Viewer(None, user.login, user.name, ""), "sign_in_failed", "user", user.login, {"locked": locked}
    )


def barred(home: Deployment, user: User) -> Text | None:
    """Why an account that exists may not be used just now."""
    if not user.active:
        return Text("该账号已停用。", "This account has been switched off.")
    if user.expires_on and user.expires_on < today():
        return Text(
            f"该账号已于 {user.expires_on} 任期届满失效。", f"This account ended with the term on {user.expires_on}."
        )
    if user.demo and not _loopback(home.settings.host):
        return Text(
            "演示账号只能在本机使用；本服务已向网络开放，请用正式账号登录。",
            "Demo accounts work on this machine only; this service is open to a network: use your own account.",
        )
    return None


def _end_tokens(session: Session, user: User) -> int:
    alive = (Token.user_id == user.id, Token.revoked_at.is_(None))
    ended = session.scalar(sa.select(sa.func.count()).where(*alive)) or 0
    session.execute(sa.update(Token).where(*alive).values(revoked_at=now()))
    return ended


def _token_digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def viewer_from(user: User) -> Viewer:
    """The person of an account, with their role and scope as they are now."""
    return Viewer(user.id, user.login, user.name, user.role, user.region, user.agency_code)
