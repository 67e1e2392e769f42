"""No page of any role breaks a rule of axe-core (WCAG 2.2 AA and best practice), light or dark, wide or narrow, or on paper."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
import sqlalchemy as sa

from budgetwatch import tables as t
from budgetwatch.home import Home
from budgetwatch.settings import Settings
from tests.browser import house, walk
from tests.browser.conftest import DESKTOP, PHONE, Person, Served

pytestmark = pytest.mark.browser
#: axe leaves out by default what WCAG 2.2 added.
ALL = {"rules": {"target-size": {"enabled": True}}, "resultTypes": ["violations"]}
#: What a theme or a medium can change: the structure is the same and was looked at already.
COLOURS = {
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}, "resultTypes": ["violations"],
    "preload": False,
}  # fmt: skip

#: Without the rows after the eighth of a table, and the lines after the twelfth of a list, which are drawn alike.
FIRST = {"include": [["html"]], "exclude": [["#page tbody tr:nth-child(n+9)"], ["#page li:nth-child(n+13)"]]}


@cache
def script() -> str:
    return next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js")).read_text()


def violations(
    page: Any, where: str, options: dict[str, Any] = ALL, context: dict[str, Any] | None = None
) -> list[str]:
    """What axe finds, one line a place."""
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(script())
    found = page.evaluate("([context, options]) => axe.run(context || document, options)", [context, options])
    return [
        f"{where}: {v['id']} ({v['help']}) {n['target']} {n.get('failureSummary', '')[:200]}"
        for v in found["violations"]
        for n in v["nodes"][:3]
    ]


def quickly(page: Any, where: str) -> list[str]:
    """Wide and light, then narrow and dark with all folds open; of what repeats, the first of its kind."""
    page.set_viewport_size(DESKTOP)
    house.dress(page, "light")
    found = violations(page, f"{where}, wide", context=FIRST)
    walk.open_folds(page)
    page.set_viewport_size(PHONE)
    house.dress(page, "dark")
    return found + violations(page, f"{where}, narrow, dark", context=FIRST)


def everywhere(page: Any, where: str) -> list[str]:
    """As it stands, then with all folds open: wide and narrow, light and dark, and on paper."""
    page.set_viewport_size(DESKTOP)
    house.dress(page, "light")
    found = violations(page, f"{where}, wide")
    walk.open_folds(page)
    house.dress(page, "dark")
    found += violations(page, f"{where}, wide, dark", COLOURS)
    page.set_viewport_size(PHONE)
    house.dress(page, "dark")
    found += violations(page, f"{where}, narrow, dark", COLOURS)
    house.dress(page, "light")
    found += violations(page, f"{where}, narrow")
    page.emulate_media(media="print")
    found += violations(page, f"{where}, on paper", COLOURS)
    page.emulate_media(media="screen")
    page.set_viewport_size(DESKTOP)
    return found


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("role", walk.EVERY)
def test_axe_finds_nothing_on_any_page_of(role: str, lived_in_person) -> None:
    someone = lived_in_person(walk.LOGINS[role])
    found: list[str] = []
    for stop in list(walk.stops(someone, role)):
        someone.open(stop.address)
        found += everywhere(someone.page, stop.name)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("role", ["auditor", "deputy"])
def test_axe_finds_nothing_in_what_opens_over_a_page_of(role: str, lived_in_person) -> None:
    someone = lived_in_person(walk.LOGINS[role])
    page = someone.page
    found: list[str] = []
    for name in walk.opened(someone, role):
        for theme, options in (("light", ALL), ("dark", COLOURS)):
            house.dress(page, theme)
            found += violations(page, f"{name}, {theme}", options)
    assert not found, "\n".join(found)


def test_axe_finds_nothing_on_a_case_with_echoes(lived_in: Served, lived_in_person) -> None:
    """Walks seldom meet one: it is looked for in the records."""
    home = Home(Settings(home=lived_in.home))
    with home.session() as session:
        case = session.scalars(sa.select(t.Case.id).join(t.Echo, t.Echo.flag_id == t.Case.flag_id).limit(1)).one()
    home.close()
    page = lived_in_person("reviewer").open(f"/case/{case}")
    assert page.locator("#echoes li").count() > 0
    assert not everywhere(page, "a case with echoes")


#: Where everything that answers to a pointer, and every kind of field, can be met.
POINTED = {
    "lead": ("/kit", "/home", "/committee", "/places", "/rules", "/guide/committee"),
    "auditor": ("/auditor?by=agency", "/search?q=%E6%95%99%E8%82%B2", "/leads"),
    "deputy": ("/home", "/deputy"),
    "admin": ("/users?new=1", "/jobs", "/feeds"),
}


@pytest.mark.parametrize("role", POINTED)
def test_what_the_pointer_is_on_and_what_waits_in_a_field_can_be_read(role: str, lived_in_person) -> None:
    someone = lived_in_person(role)
    page = someone.page
    found: list[str] = []
    for address in POINTED[role]:
        someone.open(address)
        walk.open_folds(page)
        for theme in ("light", "dark"):
            house.dress(page, theme)
            found += [f"{address}, {theme}: {what}" for what in house.ask(page, "placeholders")]
        house.ask(page, "hover")
        for theme in ("light", "dark"):
            house.dress(page, theme)
            found += violations(page, f"{address}, pointed at, {theme}", COLOURS, FIRST)
    assert not found, "\n".join(found)


def test_a_pale_placeholder_and_a_pale_hover_are_found(lived_in_person) -> None:
    page = lived_in_person("auditor").open("/auditor")
    house.wear(page, "::placeholder { color: #bbb !important }")
    assert house.ask(page, "placeholders")
    assert not violations(page, "", COLOURS, FIRST)
    page.evaluate(
        "() => document.head.append(Object.assign(document.createElement('style'), "
        "{ textContent: '.button:hover { color: #bbb !important; background: #fff !important }' }))"
    )
    house.ask(page, "hover")
    assert violations(page, "", COLOURS, FIRST)


def test_axe_finds_nothing_in_the_menus_of_a_phone(lived_in_person) -> None:
    someone = lived_in_person("lead", viewport=PHONE)
    page = someone.page
    found: list[str] = []
    for menu in ("#who", "#more-open-below"):
        page.click(menu)
        for theme, options in (("light", ALL), ("dark", COLOURS)):
            house.dress(page, theme)
            found += violations(page, f"{menu} {theme}", options)
        page.keyboard.press("Escape")
    assert not found, "\n".join(found)


def test_axe_finds_nothing_on_the_sign_in(browser, lived_in) -> None:
    stranger = Person(browser, lived_in)
    page = stranger.open("/login")
    found = everywhere(page, "sign-in")
    page.fill("#login", "reviewer")
    page.fill("#password", "not-the-password")
    page.click("#sign-in")
    page.wait_for_selector("#login-error")
    stranger.settle()
    found += everywhere(page, "sign-in refused")
    stranger.close()
    assert not found, "\n".join(found)
