"""A home to which nothing was sent yet: every page opens, and says what comes next instead of failing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from starlette.testclient import TestClient

from budgetwatch.access import people
from budgetwatch.access.viewer import SYSTEM
from budgetwatch.api.app import create_app
from budgetwatch.home import Home
from dashboard.components.figure_words import with_names
from dashboard.i18n import speak
from tests.dashboard.conftest import PASSWORD, Reader


@pytest.fixture
def newcomer(home: Home) -> Iterator[Callable[..., Reader]]:
    """newcomer("deputy") → someone of that role in a home without facts; newcomer(None) → a stranger in one without people."""
    with ExitStack() as stack:
        api = create_app(home)

        def made(role: str | None) -> Reader:
            client = stack.enter_context(TestClient(api))
            client.cookies.set("lang", "en")
            reader = Reader(client)
            if role:
                unit = "990102-A01" if role == "unit" else None
                people.add_user(
                    home, SYSTEM, login=role, name=role, role=role, password=PASSWORD, region="9901", agency_code=unit
                )
                assert reader.sign_in(role).status_code == 303
            return reader

        yield made


@pytest.mark.parametrize(
    ("role", "address"),
    [
        ("reviewer", "/committee"),
        ("deputy", "/deputy"),
        ("auditor", "/auditor"),
        ("admin", "/feeds"),
    ],
)
def test_where_nothing_was_sent_the_page_says_what_comes_next(
    newcomer: Callable[..., Reader], role: str, address: str
) -> None:
    page = newcomer(role).open(address)
    assert page.error is None
    assert "nothing-yet" in page.ids()
    assert "Nothing has been sent here yet." in page.text


def test_only_who_may_do_it_is_told_how(newcomer: Callable[..., Reader]) -> None:
    assert "budgetwatch take-in" in newcomer("admin").open("/feeds").text
    deputy = newcomer("deputy").open("/deputy").text
    assert "budgetwatch" not in deputy
    assert "administrator" in deputy


@pytest.mark.parametrize(
    ("role", "address"),
    [("reviewer", "/leads"), ("reviewer", "/rules"), ("finance", "/unit"), ("unit", "/unit"), ("deputy", "/questions")],
)
def test_every_other_page_opens_too(newcomer: Callable[..., Reader], role: str, address: str) -> None:
    assert newcomer(role).open(address).error is None


def test_the_door_of_a_home_without_people_says_how_to_make_the_first(newcomer: Callable[..., Reader]) -> None:
    assert "budgetwatch user add" in newcomer(None).open("/login").text
    newcomer("admin")
    assert "no-accounts" not in newcomer(None).open("/login").ids()


def test_a_rules_message_shows_the_names_of_its_figures() -> None:
    speak("zh")
    assert with_names("「{payee}」{payments} 笔共 {amount} 元") == "「〔收款人〕」〔支付笔数〕 笔共 〔涉及金额〕 元"
    speak("en")
    assert with_names("{n} rows") == "[number of rows] rows"
    speak("zh")
