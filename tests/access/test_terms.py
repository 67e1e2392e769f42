"""What an administrator changes about an account: on and off, its term, its password; each recorded, none undone silently."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from budgetwatch.access import people
from budgetwatch.access.viewer import SYSTEM, Viewer
from budgetwatch.calendar import today
from budgetwatch.errors import Denied, NotFound, NotSignedIn
from budgetwatch.home import Home
from budgetwatch.tables import Audit

SECRET = "a long sentence"
Person = Callable[..., Viewer]


@pytest.fixture
def li(home: Home) -> str:
    people.add_user(home, SYSTEM, login="li.si", name="李四", role="deputy", password=SECRET, region="990102")
    return "li.si"


def actions(home: Home) -> list[str]:
    with home.session() as session:
        return list(session.scalars(sa.select(Audit.action).order_by(Audit.id)))


def test_an_account_is_switched_on_again_without_its_old_keys(home: Home, li: str, person: Person) -> None:
    admin = person(home, "admin")
    key = people.issue_token(home, people.viewer_named(home, SYSTEM, li), "cli")
    people.deactivate(home, admin, li)
    with pytest.raises(Denied):
        people.authenticate(home, li, SECRET)
    people.activate(home, admin, li)
    assert people.authenticate(home, li, SECRET).login == li
    with pytest.raises(NotSignedIn):
        people.viewer_by_token(home, key)
    assert "activate" in actions(home)


def test_switching_on_ends_a_lock(home: Home, li: str, person: Person) -> None:
    for _ in range(people.MAX_FAILURES):
        with pytest.raises(NotSignedIn):
            people.authenticate(home, li, "wrong")
    people.activate(home, person(home, "admin"), li)
    assert people.authenticate(home, li, SECRET)


def test_a_term_is_set_moved_and_lifted(home: Home, li: str, person: Person) -> None:
    admin = person(home, "admin")
    people.set_term(home, admin, li, today() - dt.timedelta(1))
    with pytest.raises(Denied):
        people.authenticate(home, li, SECRET)
    people.set_term(home, admin, li, today())
    assert people.authenticate(home, li, SECRET)
    people.set_term(home, admin, li, None)
    assert next(p for p in people.users(home, admin) if p.login == li).expires_on is None
    assert actions(home).count("set_term") == 3


def test_nobody_ends_their_own_account_or_resets_their_own_password(home: Home, person: Person) -> None:
    admin = person(home, "admin")
    with pytest.raises(Denied):
        people.set_term(home, admin, admin.login, today() - dt.timedelta(1))
    with pytest.raises(Denied):
        people.reset_password(home, admin, admin.login)


def test_a_reset_password_works_the_old_one_does_not(home: Home, li: str, person: Person) -> None:
    fresh = people.reset_password(home, person(home, "admin"), li)
    assert people.authenticate(home, li, fresh)
    with pytest.raises(NotSignedIn):
        people.authenticate(home, li, SECRET)
    assert len({people.one_time_password() for _ in range(100)}) == 100


def test_all_of_this_takes_an_administrator_of_that_region(home: Home, li: str, person: Person) -> None:
    for stranger, refusal in ((person(home, "lead"), Denied), (person(home, "admin", region="990103"), NotFound)):
        for act in (people.activate, people.deactivate, people.reset_password):
            with pytest.raises(refusal):
                act(home, stranger, li)
        with pytest.raises(refusal):
            people.set_term(home, stranger, li, None)


def test_the_last_sign_in_is_told_for_those_in_scope(home: Home, li: str, person: Person) -> None:
    admin = person(home, "admin")
    assert people.last_sign_ins(home, admin) == {}
    people.authenticate(home, li, SECRET)
    assert set(people.last_sign_ins(home, admin)) == {li}
    assert people.last_sign_ins(home, person(home, "admin", region="990103")) == {}
