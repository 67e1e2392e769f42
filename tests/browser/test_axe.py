"""No page of any role breaks a rule of axe-core (WCAG 2.2 AA and best practice), light or dark, wide or narrow."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser import walk
from tests.browser.conftest import DESKTOP, PHONE

pytestmark = pytest.mark.browser
#: axe leaves out by default what WCAG 2.2 added.
ALL = {"rules": {"target-size": {"enabled": True}}}


def violations(page: Any, where: str) -> list[str]:
    """What axe finds, one line a place."""
    found = Axe().run(page, options=ALL).response["violations"]
    return [
        f"{where}: {v['id']} ({v['help']}) {n['target']} {n.get('failureSummary', '')[:200]}"
        for v in found
        for n in v["nodes"][:3]
    ]


@pytest.mark.parametrize("role", walk.LOGINS)
def test_axe_finds_nothing_on_any_page_of(role: str, lived_in_person) -> None:
    someone = lived_in_person(walk.LOGINS[role])
    page = someone.page
    found: list[str] = []
    for stop in list(walk.stops(someone, role)):
        someone.open(stop.address)
        for theme in ("light", "dark"):
            page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
            for width, viewport in (("desktop", DESKTOP), ("phone", PHONE)):
                page.set_viewport_size(viewport)
                page.wait_for_timeout(60)
                found += violations(page, f"{stop.name} {theme} {width}")
    assert not found, "\n".join(found)


def test_axe_finds_nothing_on_the_sign_in(browser, lived_in) -> None:
    from tests.browser.conftest import Person

    stranger = Person(browser, lived_in)
    page = stranger.open("/login")
    found: list[str] = []
    for theme in ("light", "dark"):
        page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
        for viewport in (DESKTOP, PHONE):
            page.set_viewport_size(viewport)
            found += violations(page, f"login {theme}")
    stranger.close()
    assert not found, "\n".join(found)
