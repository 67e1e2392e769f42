"""Sessions of browsers: what a cookie must hold for its bearer to be somebody, and when it ends.

A session ends when its person signs out, with the password that opened it, with the account, and `session_hours` after
it was opened, however busy it is. Each is a row of ours, so that a cookie that was copied before signing out is worth
nothing after it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from typing import Any

import sqlalchemy as sa

from budgetwatch.access import audit
from budgetwatch.access.people import ENDED, Deployment, barred, proven, viewer_from
from budgetwatch.access.viewer import Viewer
from budgetwatch.errors import NotSignedIn
from budgetwatch.tables import BrowserSession, User, now


def sign_in(home: Deployment, login: str, password: str) -> tuple[Viewer, dict[str, Any]]:
    """The person of that login and password, and what their browser keeps of it (see `viewer_of`)."""
    user = proven(home, login, password)
    key = secrets.token_urlsafe(32)
    with home.session() as session:
        over = BrowserSession.opened_at < now() - dt.timedelta(hours=home.settings.session_hours)
        session.execute(sa.delete(BrowserSession).where(BrowserSession.user_id == user.id, over))
        session.add(BrowserSession(digest=_digest(key), user_id=user.id))
    return viewer_from(user), {"key": key, "stamp": _stamp(home, user)}


def viewer_of(home: Deployment, kept: object) -> Viewer:
    """The person behind what `sign_in` gave, as of now: their role and scope may have changed since."""
    if isinstance(kept, dict) and isinstance(key := kept.get("key"), str):
        with home.session() as session:
            found = session.execute(
                sa.select(User, BrowserSession.opened_at)
                .join(BrowserSession, BrowserSession.user_id == User.id)
                .where(BrowserSession.digest == _digest(key), BrowserSession.ended_at.is_(None))
            ).one_or_none()
        if found:
            user, opened_at = found
            age = now() - opened_at
            in_time = dt.timedelta(minutes=-1) <= age < dt.timedelta(hours=home.settings.session_hours)
            same = hmac.compare_digest(str(kept.get("stamp")).encode(), _stamp(home, user).encode())
            if in_time and same and not barred(home, user):
                return viewer_from(user)
    raise NotSignedIn(ENDED)


def sign_out(home: Deployment, kept: object) -> None:
    """End the session, for every copy of its cookie; nothing happens to what is none, or is over."""
    try:
        viewer = viewer_of(home, kept)
    except NotSignedIn:
        return
    if not isinstance(kept, dict):
        return
    with home.session() as session:
        mine = sa.update(BrowserSession).where(BrowserSession.digest == _digest(kept["key"]))
        session.execute(mine.values(ended_at=now()))
        audit.record(session, viewer, "sign_out", "user", viewer.login)


def _digest(key: str) -> str:
    """What we keep of a key of 256 random bits: whoever reads the database cannot sign in with it."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def _stamp(home: Deployment, user: User) -> str:
    """Another word for the account's present password, of use to nobody but this deployment."""
    said = f"session|{user.id}|{user.password_hash}".encode()
    return hmac.new(home.secret.encode(), said, hashlib.sha256).hexdigest()[:32]
