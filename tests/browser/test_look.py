"""Every page still looks as it did when its picture was kept: page × role × language × width.

The usual run compares 中文, each page once (test_pages.py); the long one every page of every role in all three
languages. `make looks` keeps the pictures anew after a change that is meant; what differs stands in
tests/_artifacts/looks. Where the browser or its letters are not those the pictures were kept with, nothing can be
said: that is skipped, in one loud line.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.browser import house, looks, pictures, walk
from tests.browser.conftest import DESKTOP, PHONE

pytestmark = pytest.mark.browser
LANGUAGES = ("zh", "zh-Hant", "en")
WIDTHS = {"desktop": DESKTOP, "phone": PHONE}
KEEPING = os.environ.get("BUDGETWATCH_KEEP_LOOKS") == "1"
ARTIFACTS = Path(__file__).resolve().parents[1] / "_artifacts" / "looks"
#: How much of a page may differ where the same browser draws it with the same letters.
HERE = 0.01
#: How often a page that differs is looked at again, half a second later, before it counts as changed.
AGAIN = 3
#: A picture that differs by less is not kept anew: what nobody changed stays the same file.
SAME = 0.001


def seen(someone: Any, stop: walk.Stop, width: str) -> Image.Image:
    """The page at hand as it would be kept."""
    page = someone.page
    page.set_viewport_size(WIDTHS[width])
    someone.settle()
    # A dialog stands where the window is, not the page: there the window is what is looked at.
    return looks.shrink(page.screenshot(full_page="ask=" not in stop.address, type="jpeg", quality=90))


def file_of(role: str, stop: walk.Stop, language: str, width: str) -> Path:
    return looks.KEPT / role / f"{stop.name}-{language}-{width}.webp"


def examined(someone: Any, role: str, stop: walk.Stop, language: str) -> list[str]:
    """How the page at hand differs from the kept pictures, wide and narrow."""
    differing: list[str] = []
    house.wear(someone.page, looks.BLANK)
    for width in WIDTHS:
        now, file = seen(someone, stop, width), file_of(role, stop, language, width)
        if not file.exists():
            differing.append(f"{role}/{file.name}: no picture was kept; make looks")
            continue
        share = looks.apart(file, now)
        for _ in range(AGAIN):
            if share <= HERE:
                break
            someone.page.wait_for_timeout(500)  # a busy machine may not have painted what is already laid out
            now = seen(someone, stop, width)
            share = looks.apart(file, now)
        if share > HERE:
            ARTIFACTS.mkdir(parents=True, exist_ok=True)
            now.save(ARTIFACTS / f"{role}-{file.stem}-now.png")
            differing.append(f"{role}/{file.name}: {share:.1%} of it differs")
    house.wear(someone.page, "")
    return differing


def keep(someone: Any, role: str, language: str) -> None:
    """Keep the picture of every page of the role; those of pages that are gone, go."""
    kept: set[Path] = set()
    for stop in list(walk.stops(someone, role)):
        someone.open(stop.address)
        house.wear(someone.page, looks.BLANK)
        for width in WIDTHS:
            now, file = seen(someone, stop, width), file_of(role, stop, language, width)
            kept.add(file)
            if not file.exists() or looks.apart(file, now) > SAME:
                looks.keep(now, file)
    # By width: "*-zh-*" would also name the pictures of zh-Hant, and throw them away.
    for stale in {f for width in WIDTHS for f in (looks.KEPT / role).glob(f"*-{language}-{width}.webp")} - kept:
        stale.unlink()
    looks.note(someone.page, language)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", walk.LOGINS)
def test_every_page_looks_as_kept_for(role: str, language: str, lived_in_person) -> None:
    someone = lived_in_person(walk.LOGINS[role], language=language)
    if KEEPING:
        keep(someone, role, language)
        return
    if why := looks.unlike(someone.page, language):
        pytest.skip(why)
    differing: list[str] = []
    for stop in list(walk.stops(someone, role)):
        someone.open(stop.address)
        differing += examined(someone, role, stop, language)
    assert not differing, "\n".join(differing)


def test_the_pictures_of_the_guides_show_the_product_as_it_is(lived_in_person) -> None:
    stale = []
    for name, login, address, viewport, language in pictures.SHOTS:
        someone = lived_in_person(login, viewport=viewport, language=language)
        if why := looks.unlike(someone.page, language):
            pytest.skip(why)
        now, kept = looks.shrink(pictures.shot(someone, address)), pictures.FOLDER / f"{name}.png"
        share = looks.difference(looks.shrink(kept.read_bytes()), now) if kept.exists() else 1.0
        if share > HERE:
            stale.append(f"docs/pictures/{name}.png: {share:.1%} of it differs; make screenshots")
    assert not stale, "\n".join(stale)


def test_a_lost_column_is_noticed_and_the_same_page_is_not(lived_in_person) -> None:
    page = lived_in_person("reviewer").open("/committee")
    house.wear(page, looks.BLANK)
    before, again = (looks.shrink(page.screenshot(full_page=True)) for _ in range(2))
    assert looks.difference(before, again) <= HERE
    house.wear(page, looks.BLANK + "#queue tr > :nth-child(3) { display: none; }")
    assert looks.difference(before, looks.shrink(page.screenshot(full_page=True))) > HERE


def test_other_letters_are_told_from_the_same_ones(lived_in_person) -> None:
    page = lived_in_person("reviewer").open("/guide")
    same, again = looks.machine(page), looks.machine(page)
    assert same == again
    house.wear(page, "body { font-family: monospace !important; }")
    assert looks.machine(page) != same
