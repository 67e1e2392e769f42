"""Every page still looks as it did when its picture was kept: page × role × language × width.

`make looks` keeps the pictures anew after a change that is meant; the old and the new stand side by side in
tests/_artifacts/looks when a page differs.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from PIL import Image

from tests.browser import looks, pictures, walk
from tests.browser.conftest import DESKTOP, PHONE

pytestmark = pytest.mark.browser
WIDTHS = {"desktop": DESKTOP, "phone": PHONE}
KEEPING = os.environ.get("BUDGETWATCH_KEEP_LOOKS") == "1"
ARTIFACTS = Path(__file__).resolve().parents[1] / "_artifacts" / "looks"
#: How much of a page may differ where the same browser draws it with the same letters.
HERE = 0.01


def _comparable(browser) -> None:
    """Letters drawn by another browser or font move more than our own changes: there nothing can be said."""
    if not KEEPING and not looks.same_machine(browser):
        pytest.skip(f"the pictures were kept with another browser or font than {looks.machine(browser)}; make looks")


def _look(role: str, language: str, lived_in_person, browser, *, every: bool = True) -> None:
    if KEEPING and not every:
        return  # the long round keeps every picture
    someone = lived_in_person(walk.LOGINS[role], language=language)
    page = someone.page
    _comparable(browser)
    differing: list[str] = []
    stops = list(walk.stops(someone, role, every=every))
    seen: set[Path] = set()
    for stop in stops:
        someone.open(stop.address)
        page.add_style_tag(content=looks.BLANK)
        for width, viewport in WIDTHS.items():
            page.set_viewport_size(viewport)
            page.wait_for_timeout(250)
            # A dialog stands where the window is, not the page: there the window is what is looked at.
            now = looks.shrink(page.screenshot(full_page="ask=" not in stop.address))
            file = looks.KEPT / role / f"{stop.name}-{language}-{width}.webp"
            seen.add(file)
            if KEEPING:
                looks.keep(now, file)
                continue
            if not file.exists():
                differing.append(f"{file.name}: no picture was kept; make looks")
                continue
            with Image.open(file) as kept:
                share = looks.difference(kept.convert("L"), now)
            if share > HERE:
                ARTIFACTS.mkdir(parents=True, exist_ok=True)
                now.save(ARTIFACTS / f"{role}-{file.stem}-now.png")
                differing.append(f"{role}/{file.name}: {share:.1%} of it differs")
    if KEEPING:
        # By width: "*-zh-*" would also name the pictures of zh-Hant, and throw them away.
        for stale in {f for width in WIDTHS for f in (looks.KEPT / role).glob(f"*-{language}-{width}.webp")} - seen:
            stale.unlink()
        (looks.KEPT / "machine.json").write_text(json.dumps(looks.machine(browser), indent=1) + "\n")
    assert not differing, "\n".join(differing)


@pytest.mark.parametrize(("role", "every"), walk.ROUNDS)
def test_the_pages_look_as_kept_in_chinese_for(role: str, every: bool, lived_in_person, browser) -> None:
    _look(role, "zh", lived_in_person, browser, every=every)


@pytest.mark.soak
@pytest.mark.parametrize("language", ["zh-Hant", "en"])
@pytest.mark.parametrize("role", walk.LOGINS)
def test_the_pages_look_as_kept_in_another_language_for(role: str, language: str, lived_in_person, browser) -> None:
    _look(role, language, lived_in_person, browser)


def test_the_pictures_of_the_guides_show_the_product_as_it_is(lived_in_person, browser) -> None:
    _comparable(browser)
    stale = []
    for name, login, address, viewport, language in pictures.SHOTS:
        someone = lived_in_person(login, viewport=viewport, language=language)
        now, kept = looks.shrink(pictures.shot(someone, address)), pictures.FOLDER / f"{name}.png"
        share = looks.difference(looks.shrink(kept.read_bytes()), now) if kept.exists() else 1.0
        if share > HERE:
            stale.append(f"docs/pictures/{name}.png: {share:.1%} of it differs; make screenshots")
    assert not stale, "\n".join(stale)


def test_a_lost_column_is_noticed_and_the_same_page_is_not(lived_in_person) -> None:
    page = lived_in_person("reviewer").open("/committee")
    page.add_style_tag(content=looks.BLANK)
    before, again = (looks.shrink(page.screenshot(full_page=True)) for _ in range(2))
    assert looks.difference(before, again) <= HERE
    page.add_style_tag(content="#queue tr > :nth-child(3) { display: none; }")
    assert looks.difference(before, looks.shrink(page.screenshot(full_page=True))) > HERE
