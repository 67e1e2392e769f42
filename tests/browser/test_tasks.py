"""What newcomers come to do, ten tasks a role, each done in the clicks (or taps) that the task names.

A task is a few lines in tasks/<role>.yml: what a newcomer would say, from the home page, on which screen, and the
steps. What counts as a click: `click` one; `choose` (from a list) two; `type` one, unless the field has the focus
already; `press` none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.browser.conftest import DESKTOP, PHONE, Person, Served

pytestmark = pytest.mark.browser
FOLDER = Path(__file__).parent / "tasks"
SCREENS = {"desktop": DESKTOP, "phone": PHONE}
KEYS = {"task", "clicks", "steps", "screen", "sees", "as"}


def tasks() -> list[tuple[str, dict[str, Any]]]:
    return [
        (file.stem, task)
        for file in sorted(FOLDER.glob("*.yml"))
        for task in yaml.safe_load(file.read_text(encoding="utf-8"))
    ]


class Doing:
    """A newcomer at one task: takes the steps and counts what the hand does."""

    def __init__(self, someone: Any) -> None:
        self.someone, self.page, self.clicks = someone, someone.page, 0

    def step(self, step: dict[str, Any]) -> None:
        (verb, what), *more = step.items()
        options = dict(more)
        getattr(self, f"_{verb}")(what, **options)
        self.someone.settle()

    def _click(self, selector: str) -> None:
        self.clicks += 1
        self.page.locator(f"{selector} >> visible=true").first.click()

    def _choose(self, selector: str, value: str) -> None:
        self.clicks += 2
        self.page.locator(selector).select_option(value)

    def _type(self, selector: str, text: str) -> None:
        field = self.page.locator(f"{selector} >> visible=true").first
        field.wait_for()
        if not field.evaluate("e => document.activeElement === e"):
            self.clicks += 1
            field.click()
        self.page.keyboard.type(text)

    def _wait(self, selector: str) -> None:
        self.page.locator(f"{selector} >> visible=true").first.wait_for()

    def _press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def _download(self, selector: str, named: str) -> None:
        self.clicks += 1
        with self.page.expect_download() as taken:
            self.page.locator(f"{selector} >> visible=true").first.click()
        assert re.search(named, taken.value.suggested_filename), taken.value.suggested_filename

    def sees(self, what: str) -> None:
        """A selector when it starts with one of . # [ or a tag and a sign; else words, as a pattern."""
        if what.startswith(("#", ".", "[")):
            self.page.locator(f"{what} >> visible=true").first.wait_for()
        else:
            self.page.wait_for_function(
                "pattern => new RegExp(pattern).test(document.getElementById('page').innerText)", arg=what
            )


def test_every_role_has_ten_tasks_in_the_words_of_a_newcomer() -> None:
    roles: dict[str, int] = {}
    for role, task in tasks():
        assert set(task) <= KEYS, (role, task)
        assert set(task["task"]) == {"zh", "en"}, (role, task)
        assert task["steps"], (role, task)
        assert task["sees"], (role, task)
        roles[role] = roles.get(role, 0) + 1
    assert roles == dict.fromkeys(("admin", "auditor", "committee", "deputy", "finance", "lead", "leader", "unit"), 10)


@pytest.fixture(scope="module")
def newcomer(browser: Any, busy: Served) -> Iterator[Callable[[str, str], Person]]:
    """newcomer(login, screen): one window for each, which forgets what was done in it before each task."""
    people: dict[tuple[str, str], Person] = {}

    def enter(login: str, screen: str) -> Person:
        if (login, screen) not in people:
            people[login, screen] = Person(browser, busy, viewport=SCREENS[screen])
            people[login, screen].sign_in(login)
        someone = people[login, screen]
        if "/login" in someone.begin_anew().url:  # the task before was to sign out
            someone.sign_in(login)
        return someone

    yield enter
    for someone in people.values():
        someone.close()


@pytest.mark.parametrize(
    ("role", "task"), [pytest.param(role, task, id=f"{role}-{task['task']['en']}") for role, task in tasks()]
)
def test_a_newcomer_gets_it_done(role: str, task: dict[str, Any], newcomer: Callable[[str, str], Person]) -> None:
    someone = newcomer(task.get("as", role), task.get("screen", "desktop"))
    doing = Doing(someone)
    for step in task["steps"]:
        doing.step(step)
    for what in [task["sees"]] if isinstance(task["sees"], str) else task["sees"]:
        doing.sees(what)
    assert doing.clicks == task["clicks"]
    someone.must_be_calm()
