"""At 400 % (320 px wide), and with a reader's own text spacing, every page keeps all its words and scrolls one way only."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser import house, walk
from tests.browser.conftest import DESKTOP

pytestmark = pytest.mark.browser


def examined(someone: Any, stop: walk.Stop) -> list[str]:
    """What is lost, or scrolls sideways, on the page at hand: at 320 px, there with spaced text, and spaced on a desk."""
    page = someone.page
    found: list[str] = []

    def look(where: str) -> None:
        house.settled(page)
        found.extend(f"{where}: {what}" for question in ("sideways", "clipped") for what in house.ask(page, question))

    page.set_viewport_size(house.NARROW)
    someone.settle()  # charts are drawn anew in the new width
    look(f"{stop.name} at 320 px")
    house.space_out(page)
    look(f"{stop.name} at 320 px, spaced")
    page.set_viewport_size(DESKTOP)
    someone.settle()
    look(f"{stop.name} spaced")
    house.space_out(page, False)
    return found


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("role", walk.EVERY)
def test_every_page_fits_a_narrow_screen_and_spaced_text(role: str, lived_in_person) -> None:
    someone = lived_in_person(walk.LOGINS[role])
    found: list[str] = []
    for stop in list(walk.stops(someone, role)):
        someone.open(stop.address)
        found += examined(someone, stop)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("address", ["/home", "/deputy"])
def test_english_fits_a_narrow_screen_too(address: str, lived_in_person) -> None:
    deputy = lived_in_person("deputy", language="en", viewport=house.NARROW)
    page = deputy.open(address)
    for spaced in (False, True):
        house.space_out(page, spaced)
        house.settled(page)
        assert not house.ask(page, "sideways") + house.ask(page, "clipped")


def test_at_200_percent_the_frame_still_leaves_room_for_the_page(lived_in_person) -> None:
    reviewer = lived_in_person("reviewer", viewport={"width": 720, "height": 450})
    page = reviewer.open("/committee")
    bars = page.evaluate(
        "['#frame', '.bottom-nav'].reduce((sum, s) => sum + document.querySelector(s).getBoundingClientRect().height, 0)"
    )
    assert bars <= 450 / 3
    assert not house.ask(page, "sideways")
