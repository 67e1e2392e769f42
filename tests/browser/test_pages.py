"""Every page once, with the first role that opens it: read by axe-core, measured by the house, narrowed, and compared with its picture.

A page is opened once and looked at in all four ways, since opening it costs more than a look. The long rounds (`-m soak`)
open every page of every role, each way in its own file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest

from tests.browser import house, looks, test_axe, test_house, test_look, test_reflow, walk
from tests.browser.conftest import DESKTOP, Person, Served

pytestmark = pytest.mark.browser
LOOK, HOUSE, REFLOW, AXE, CALM = (
    "as kept",
    "in order, walkable, with room for a finger",
    "whole at 320 px and in spaced text",
    "without a finding of axe",
    "without a word on the console or a request elsewhere",
)


@dataclass
class Found:
    """What a role's round found, by way of looking; why its pages could not be held against kept pictures, if so."""

    by_way: dict[str, list[str]] = field(default_factory=lambda: {LOOK: [], HOUSE: [], REFLOW: [], AXE: [], CALM: []})
    not_compared: str = ""


@pytest.fixture(scope="module")
def walked(browser: Any, lived_in: Served) -> Callable[[str], Found]:
    """walked(role): what was found on that role's round, which is made once."""
    return cache(lambda role: _round(browser, lived_in, role))


def _round(browser: Any, lived_in: Served, role: str) -> Found:
    someone = Person(browser, lived_in)
    someone.sign_in(walk.LOGINS[role])
    round = Found(not_compared=looks.unlike(someone.page, "zh"))
    found = round.by_way
    titles: dict[str, str] = {}
    for stop in list(walk.stops(someone, role, every=False)):
        someone.page.set_viewport_size(DESKTOP)
        someone.open(stop.address)
        titles[stop.address] = someone.page.title()
        if not round.not_compared:  # first, before a key shows where the focus is
            found[LOOK] += test_look.examined(someone, role, stop, "zh")
        found[REFLOW] += test_reflow.examined(someone, stop)
        found[HOUSE] += test_house.examined(someone, stop)
        house.rest(someone.page)  # targets half under the frame would count as small
        found[AXE] += test_axe.quickly(someone.page, stop.name)
    found[HOUSE] += test_house.same_titles(titles)
    found[CALM] += [*someone.complaints, *someone.strangers]
    someone.close()
    return round


@pytest.mark.parametrize("way", [LOOK, HOUSE, REFLOW, AXE, CALM])
@pytest.mark.parametrize("role", walk.LOGINS)
def test_the_pages_of_a_role_are(role: str, way: str, walked: Callable[[str], Found]) -> None:
    round = walked(role)
    if way == LOOK and round.not_compared:
        pytest.skip(round.not_compared)
    assert not round.by_way[way], "\n".join(round.by_way[way])
