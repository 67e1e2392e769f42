"""Every page reads in order, names its parts, has room for a finger, and shows where the focus is: what axe-core cannot see."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser import house, walk
from tests.browser.conftest import DESKTOP, PHONE

pytestmark = pytest.mark.browser


def examined(someone: Any, stop: walk.Stop) -> list[str]:
    """What the page at hand does not keep of the house's rules, wide and narrow."""
    page = someone.page
    found: list[str] = []
    for width, viewport, least in (("narrow", PHONE, 44), ("wide", DESKTOP, 24)):
        page.set_viewport_size(viewport)
        house.settled(page)
        page.keyboard.press("Tab")  # from here on the focus is shown, as to somebody who uses the keyboard
        asked: list[tuple[str, tuple[object, ...]]] = [("targets", (least,)), ("focus", ())]
        if width == "wide":
            asked += [("sense", ()), ("tongues", ())]
        found += [f"{stop.name}, {width}: {what}" for name, args in asked for what in house.ask(page, name, *args)]
    return found


def same_titles(titles: dict[str, str]) -> list[str]:
    """Pages whose window has the title of another, of {address: title}; cases and jobs of one kind may."""
    first: dict[str, str] = {}
    found = []
    for address, title in titles.items():
        path = address.split("?")[0]
        if first.setdefault(title, path) != path and not path.startswith(("/jobs/", "/case/")):
            found.append(f"{path}: the window's title “{title}” is also that of {first[title]}")
    return found


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("role", walk.EVERY)
def test_every_page_reads_in_order_and_can_be_walked_and_pressed(role: str, lived_in_person) -> None:
    someone = lived_in_person(walk.LOGINS[role])
    found: list[str] = []
    titles: dict[str, str] = {}
    for stop in list(walk.stops(someone, role)):
        someone.open(stop.address)
        titles[stop.address] = someone.page.title()
        found += examined(someone, stop)
    assert not found + same_titles(titles), "\n".join(found + same_titles(titles))


def test_an_english_page_says_which_of_its_words_are_chinese(lived_in_person) -> None:
    someone = lived_in_person("lead", language="en")
    found: list[str] = []
    for address in ("/home", "/committee", "/deputy", "/places", "/auditor", "/feeds"):
        page = someone.open(address)
        found += [f"{address}: {what}" for what in house.ask(page, "tongues")]
    assert not found, "\n".join(found)


def test_what_a_filter_brings_is_announced(lived_in_person) -> None:
    reviewer = lived_in_person("reviewer")
    page = reviewer.open("/committee")
    assert page.inner_text("#voice") == ""
    page.fill("#queue-search", "重复")
    page.keyboard.press("Enter")
    page.wait_for_url("**/committee?*text=*")
    house.until(page, "document.getElementById('voice').textContent !== ''")
    assert "条" in page.inner_text("#voice")
    page.fill("#queue-search", "zzzz")
    page.keyboard.press("Enter")
    house.until(page, "document.getElementById('voice').textContent.includes('没有')")


def test_the_systems_own_colours_and_a_calm_screen_are_respected(lived_in_person) -> None:
    someone = lived_in_person("deputy")
    page = someone.page
    page.emulate_media(forced_colors="active", reduced_motion="reduce")
    someone.open("/deputy")
    page.keyboard.press("Tab")
    assert house.ask(page, "focus") == []
    moving = page.evaluate(
        "document.getAnimations().filter(a => a.playState === 'running' && a.effect.getTiming().iterations === Infinity).length"
    )
    assert moving == 0
    shown = page.evaluate(
        """() => [...document.querySelectorAll('.is-current, .is-chosen, [aria-pressed=true]')].filter(e => e.checkVisibility())
            .map(e => { const s = getComputedStyle(e); return s.color !== s.backgroundColor })"""
    )
    assert shown
    assert all(shown)
