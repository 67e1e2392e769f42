"""A browser's session is its person's as of now, and is over for every copy of its cookie once it is over."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from budgetwatch.access import people, sessions
from budgetwatch.access.viewer import Viewer
from budgetwatch.errors import NotSignedIn
from budgetwatch.tables import BrowserSession, User, now
from tests.access.test_people import SECRET, actions, add, change


def ended(home: Any, kept: object) -> bool:
    try:
        sessions.viewer_of(home, kept)
    except NotSignedIn:
        return True
    return False


def test_a_session_is_the_persons_as_of_now(any_home: Any) -> None:
    viewer = add(any_home)
    signed_in, kept = sessions.sign_in(any_home, "li.si", SECRET)
    assert signed_in == viewer == sessions.viewer_of(any_home, json.loads(json.dumps(kept)))
    change(any_home, "li.si", role="lead")
    assert sessions.viewer_of(any_home, kept).role == "lead"


def test_signing_out_ends_every_copy_of_the_session_and_no_other(any_home: Any) -> None:
    add(any_home)
    _, here = sessions.sign_in(any_home, "li.si", SECRET)
    _, elsewhere = sessions.sign_in(any_home, "li.si", SECRET)
    copied = json.loads(json.dumps(here))
    sessions.sign_out(any_home, here)
    assert ended(any_home, copied)
    assert not ended(any_home, elsewhere)
    assert actions(any_home) == ["add_user", "sign_in", "sign_in", "sign_out"]
    for nobodys in (copied, None, {}, {"key": "x"}):
        sessions.sign_out(any_home, nobodys)
    assert actions(any_home).count("sign_out") == 1


def test_a_session_ends_with_the_password_that_opened_it(home: Any, person: Callable[..., Viewer]) -> None:
    viewer = add(home)
    _, kept = sessions.sign_in(home, "li.si", SECRET)
    people.set_password(home, viewer, "li.si", "another sentence", old=SECRET)
    assert ended(home, kept)
    _, anew = sessions.sign_in(home, "li.si", "another sentence")
    assert not ended(home, anew)
    people.set_password(home, person(home, "admin"), "li.si", "a third sentence")
    assert ended(home, anew)


def test_a_session_ends_with_the_account(home: Any, person: Callable[..., Viewer]) -> None:
    add(home)
    _, kept = sessions.sign_in(home, "li.si", SECRET)
    people.deactivate(home, person(home, "admin"), "li.si")
    assert ended(home, kept)


def test_a_session_ends_some_hours_after_signing_in_however_busy_it_is(
    home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(home)
    _, kept = sessions.sign_in(home, "li.si", SECRET)
    begun, hours = now(), home.settings.session_hours
    for later, gone in ((dt.timedelta(hours=hours, minutes=-1), False), (dt.timedelta(hours=hours, seconds=1), True)):
        monkeypatch.setattr(sessions, "now", lambda at=begun + later: at)
        assert ended(home, kept) is gone
    monkeypatch.setattr(sessions, "now", lambda: begun - dt.timedelta(hours=1))
    assert ended(home, kept), "one that will be opened in an hour is none"


def test_what_is_over_is_not_kept_for_ever(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    add(home)
    sessions.sign_in(home, "li.si", SECRET)
    later = now() + dt.timedelta(hours=home.settings.session_hours + 1)
    monkeypatch.setattr(sessions, "now", lambda: later)
    sessions.sign_in(home, "li.si", SECRET)
    with home.session() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(BrowserSession)) == 1


def test_what_is_no_session_of_ours_is_refused(home: Any) -> None:
    viewer = add(home)
    _, kept = sessions.sign_in(home, "li.si", SECRET)
    add(home, "wang.wu")
    _, other = sessions.sign_in(home, "wang.wu", SECRET)
    strange = [None, viewer.id, str(viewer.id), {}, [], {**kept, "stamp": ""}, {**kept, "stamp": None}]
    strange += [{**kept, "key": other["key"]}, {**kept, "key": 1}, {**kept, "key": "é"}, {**kept, "stamp": "é"}]
    assert all(ended(home, one) for one in strange)


def test_neither_the_cookie_nor_the_database_gives_the_other_away(home: Any) -> None:
    add(home)
    _, kept = sessions.sign_in(home, "li.si", SECRET)
    with home.session() as session:
        digest = session.scalars(sa.select(User.password_hash)).one()
        row = session.scalars(sa.select(BrowserSession)).one()
    assert set(kept) == {"key", "stamp"}
    assert hashlib.sha256(digest.encode()).hexdigest()[:32] != kept["stamp"]
    assert kept["key"] not in repr(vars(row))
    del home.__dict__["secret"]
    home.settings.secret = "another deployment's"
    assert sessions.sign_in(home, "li.si", SECRET)[1]["stamp"] != kept["stamp"]
