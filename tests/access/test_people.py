"""Accounts: who may create them, how people prove who they are, and when they may no longer come in."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from budgetwatch.access import audit, passwords, people
from budgetwatch.access.viewer import ROLES, SYSTEM, Viewer
from budgetwatch.calendar import today
from budgetwatch.errors import BudgetwatchError, Conflict, Denied, Invalid, NotFound, NotSignedIn
from budgetwatch.tables import Audit, Token, User, now

SECRET = "a long sentence"


def add(home: Any, login: str = "li.si", role: str = "reviewer", by: Viewer = SYSTEM, **more: Any) -> Viewer:
    given = {"name": "李四", "password": SECRET, "region": "9901"} | more
    return people.add_user(home, by, login=login, role=role, **given)


def change(home: Any, login: str, **values: Any) -> None:
    with home.session() as session:
        session.execute(sa.update(User).where(User.login == login).values(**values))


def actions(home: Any) -> list[str]:
    with home.session() as session:
        return list(session.scalars(sa.select(Audit.action).order_by(Audit.id)))


# ------------------------------------------------------------------ accounts


def test_an_added_person_signs_in_with_role_and_scope(any_home: Any) -> None:
    add(any_home, region="990102")
    viewer = people.authenticate(any_home, " LI.SI ", SECRET)
    assert (viewer.login, viewer.name, viewer.role, viewer.region) == ("li.si", "李四", "reviewer", "990102")
    assert people.viewer_of(any_home, viewer.id or 0) == viewer
    assert actions(any_home) == ["add_user", "sign_in"]


@pytest.mark.usefixtures("costly_passwords")
def test_passwords_are_kept_only_as_argon2_hashes(home: Any) -> None:
    add(home)
    with home.session() as session:
        kept = session.scalars(sa.select(User)).one().password_hash
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert SECRET not in kept


@pytest.mark.parametrize("role", [role for role in ROLES if role != "admin"])
def test_nobody_but_an_administrator_grants_roles(home: Any, person: Callable[..., Viewer], role: str) -> None:
    with pytest.raises(Denied, match="administrator"):
        add(home, by=person(home, role))


def test_an_administrator_grants_roles_within_their_own_region_only(home: Any, person: Callable[..., Viewer]) -> None:
    admin = person(home, "admin", region="990102")
    assert add(home, by=admin, region="990102003").region == "990102003"
    for elsewhere in ("9901", "990103", ""):
        with pytest.raises(Denied, match="outside your scope"):
            add(home, login="other", by=admin, region=elsewhere)


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"login": "李四"}, "login"),
        ({"login": ""}, "login"),
        ({"login": "system"}, "login"),
        ({"role": "owner"}, "role"),
        ({"role": "system"}, "role"),
        ({"name": " "}, "name"),
        ({"region": "99;01"}, "region"),
        ({"role": "unit"}, "agency_code"),
        ({"password": "short"}, "password"),
        ({"password": "li.si-2026"}, "password"),
    ],
)
def test_what_cannot_be_an_account_is_refused_by_field(home: Any, given: dict[str, Any], where: str) -> None:
    with pytest.raises(Invalid) as refusal:
        add(home, **given)
    assert refusal.value.where == where


def test_a_login_is_given_once(any_home: Any) -> None:
    add(any_home)
    with pytest.raises(Conflict, match="taken"):
        add(any_home, login="LI.SI")


def test_administrators_list_the_accounts_of_their_scope_without_passwords(
    home: Any, person: Callable[..., Viewer]
) -> None:
    add(home, "city", region="9901")
    add(home, "district", region="990102")
    admin = person(home, "admin", region="990102", name="admin")
    assert [p.login for p in people.users(home, admin)] == [admin.login, "district"]
    assert "password" not in repr(people.users(home, SYSTEM))
    with pytest.raises(Denied):
        people.users(home, person(home, "lead"))
    with pytest.raises(NotFound):
        people.deactivate(home, admin, "city")


# ------------------------------------------------------------------ signing in


def test_an_unknown_login_and_a_wrong_password_are_told_in_the_same_words(any_home: Any) -> None:
    add(any_home)
    said = set()
    for login, password in (("li.si", "wrong"), ("nobody", SECRET), ("", ""), ("li.si", "x" * 100_000)):
        with pytest.raises(NotSignedIn) as refusal:
            people.authenticate(any_home, login, password)
        said.add((refusal.value.sentence("zh"), refusal.value.sentence("en"), refusal.value.where))
    assert len(said) == 1
    assert audit.verify(any_home) is None


@pytest.mark.usefixtures("costly_passwords")
def test_they_also_take_the_same_time(home: Any) -> None:
    add(home)

    def fastest(login: str) -> float:
        best = 9.0
        for _ in range(5):
            begun = time.process_time()  # of the processor: others may be at work on this machine
            with pytest.raises(NotSignedIn):
                people.authenticate(home, login, "wrong password")
            best = min(best, time.process_time() - begun)
        return best

    known, unknown = fastest("li.si"), fastest("nobody")
    assert 0.5 < known / unknown < 2


@pytest.mark.usefixtures("costly_passwords")
def test_the_hash_that_stands_in_for_unknown_logins_costs_what_a_real_one_costs() -> None:
    assert passwords.refreshed(passwords.NOBODY, "x") == passwords.NOBODY


def test_eight_wrong_passwords_lock_the_account_for_a_quarter_of_an_hour_even_for_the_right_one(any_home: Any) -> None:
    add(any_home)
    for _ in range(people.MAX_FAILURES):
        with pytest.raises(NotSignedIn):
            people.authenticate(any_home, "li.si", "wrong")
    with pytest.raises(NotSignedIn, match="locked for fifteen minutes"):
        people.authenticate(any_home, "li.si", SECRET)
    change(any_home, "li.si", locked_until=now() - dt.timedelta(seconds=1))
    assert people.authenticate(any_home, "li.si", SECRET).login == "li.si"


def test_the_right_password_forgets_earlier_slips(home: Any) -> None:
    add(home)
    for _ in range(2):
        for _ in range(people.MAX_FAILURES - 1):
            with pytest.raises(NotSignedIn):
                people.authenticate(home, "li.si", "wrong")
        people.authenticate(home, "li.si", SECRET)


def test_guesses_sent_all_at_once_meet_the_lock_too(any_home: Any) -> None:
    add(any_home)
    refused = []

    def guess() -> None:
        try:
            people.authenticate(any_home, "li.si", "wrong")
        except NotSignedIn as refusal:
            refused.append(refusal)

    threads = [threading.Thread(target=guess) for _ in range(people.MAX_FAILURES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == people.MAX_FAILURES
    with any_home.session() as session:
        assert session.scalars(sa.select(User.locked_until)).one() is not None
    assert audit.verify(any_home) is None


def test_an_account_ends_with_the_term(any_home: Any) -> None:
    last_day = add(any_home, "still", expires_on=today())
    assert people.authenticate(any_home, "still", SECRET) == last_day
    gone = add(any_home, "gone", expires_on=today() - dt.timedelta(1))
    with pytest.raises(Denied, match="term"):
        people.authenticate(any_home, "gone", SECRET)
    with pytest.raises(NotSignedIn):
        people.viewer_of(any_home, gone.id or 0)
    with pytest.raises(NotSignedIn, match="wrong"):
        people.authenticate(any_home, "gone", "a guess")


def test_a_switched_off_account_loses_its_sessions_and_tokens(home: Any, person: Callable[..., Viewer]) -> None:
    viewer = add(home)
    token = people.issue_token(home, viewer, "script")
    people.deactivate(home, person(home, "admin"), "li.si")
    for refused in (
        lambda: people.authenticate(home, "li.si", SECRET),
        lambda: people.viewer_of(home, viewer.id or 0),
        lambda: people.viewer_by_token(home, token),
    ):
        with pytest.raises((Denied, NotSignedIn)):
            refused()


def test_an_administrator_cannot_switch_off_themselves(home: Any, person: Callable[..., Viewer]) -> None:
    admin = person(home, "admin")
    with pytest.raises(Denied, match="their own account"):
        people.deactivate(home, admin, admin.login)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.8.8"])
def test_demo_accounts_work_on_this_machine(home: Any, host: str) -> None:
    home.settings.host = host
    add(home, demo=True)
    assert people.authenticate(home, "li.si", SECRET)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "budget.example"])  # noqa: S104
def test_demo_accounts_are_refused_where_a_network_can_reach_them(home: Any, host: str) -> None:
    viewer = add(home, demo=True)
    token = people.issue_token(home, viewer, "script")
    home.settings.host = host
    with pytest.raises(Denied, match="open to a network"):
        people.authenticate(home, "li.si", SECRET)
    with pytest.raises(NotSignedIn):
        people.viewer_of(home, viewer.id or 0)
    with pytest.raises(NotSignedIn):
        people.viewer_by_token(home, token)


def test_what_someone_typed_as_an_unknown_login_is_not_written_down(home: Any) -> None:
    with pytest.raises(NotSignedIn):
        people.authenticate(home, "my-password-by-mistake", "x")
    with home.session() as session:
        entry = session.scalars(sa.select(Audit)).one()
    assert "my-password" not in repr(vars(entry))


def test_a_changed_role_counts_at_once_for_an_open_session(home: Any) -> None:
    viewer = add(home)
    change(home, "li.si", role="lead")
    assert people.viewer_of(home, viewer.id or 0).role == "lead"


# ------------------------------------------------------------------ passwords and tokens


def test_a_person_changes_their_password_with_the_old_one(any_home: Any) -> None:
    viewer = add(any_home)
    with pytest.raises(Denied, match="old password"):
        people.set_password(any_home, viewer, "li.si", "another sentence", old="wrong")
    people.set_password(any_home, viewer, "li.si", "another sentence", old=SECRET)
    assert people.authenticate(any_home, "li.si", "another sentence")
    with pytest.raises(NotSignedIn):
        people.authenticate(any_home, "li.si", SECRET)


def test_an_administrator_sets_a_new_password_which_unlocks_and_ends_tokens(
    home: Any, person: Callable[..., Viewer]
) -> None:
    viewer = add(home)
    token = people.issue_token(home, viewer, "script")
    change(home, "li.si", locked_until=now() + dt.timedelta(minutes=10))
    people.set_password(home, person(home, "admin"), "li.si", "another sentence")
    assert people.authenticate(home, "li.si", "another sentence")
    with pytest.raises(NotSignedIn):
        people.viewer_by_token(home, token)
    with pytest.raises(Denied):
        people.set_password(home, person(home, "lead"), "li.si", "third sentence")


def test_a_token_acts_as_its_user_and_is_kept_only_as_a_hash(any_home: Any) -> None:
    viewer = add(any_home)
    token = people.issue_token(any_home, viewer, "script")
    assert token.startswith("bw_")
    assert people.viewer_by_token(any_home, token) == viewer
    with any_home.session() as session:
        kept = session.scalars(sa.select(Token)).one()
        assert token not in repr(vars(kept))
        assert token[3:] not in repr([vars(entry) for entry in session.scalars(sa.select(Audit))])


def test_a_strangers_an_ended_and_a_revoked_token_are_refused_in_the_same_words(home: Any) -> None:
    viewer = add(home)
    ended, revoked = (people.issue_token(home, viewer, label, days=1) for label in ("a", "b"))
    with home.session() as session:
        session.execute(sa.update(Token).where(Token.label == "a").values(expires_at=now()))
        session.execute(sa.update(Token).where(Token.label == "b").values(revoked_at=now()))
    said = set()
    for token in (ended, revoked, "bw_stranger", "", "中文", "\ud800"):
        with pytest.raises(NotSignedIn) as refusal:
            people.viewer_by_token(home, token)
        said.add(refusal.value.sentence("en"))
    assert len(said) == 1


def test_tokens_end_within_a_year_unless_said_otherwise_and_can_be_revoked(home: Any) -> None:
    viewer = add(home)
    token = people.issue_token(home, viewer, "script")
    with home.session() as session:
        assert session.scalars(sa.select(Token.expires_at)).one() <= now() + dt.timedelta(365)
    assert people.revoke_tokens(home, viewer, "li.si") == 1
    with pytest.raises(NotSignedIn):
        people.viewer_by_token(home, token)


def test_the_product_itself_has_no_token_and_a_token_lasts_a_sensible_time(home: Any) -> None:
    with pytest.raises(BudgetwatchError, match="belongs to an account"):
        people.issue_token(home, SYSTEM, "x")
    with pytest.raises(Invalid):
        people.issue_token(home, add(home), "x", days=0)


def test_the_command_line_finds_a_person_to_issue_a_token_for(home: Any) -> None:
    viewer = add(home)
    assert people.viewer_named(home, SYSTEM, "li.si") == viewer
    with pytest.raises(NotFound, match="no account"):
        people.viewer_named(home, SYSTEM, "nobody")
