"""Search, the tour and messages by keyboard only; remembered filters are offered, never applied by themselves."""

from __future__ import annotations

from tests.browser import house
from tests.browser.conftest import PHONE


def active(page) -> str:  # type: ignore[no-untyped-def]
    return str(page.evaluate("document.activeElement.id"))


def test_search_by_keyboard_only(person) -> None:  # type: ignore[no-untyped-def]
    someone = person("reviewer")
    page = someone.page
    page.keyboard.press("Control+k")
    someone.see("#palette")
    assert active(page) == "palette-input"
    page.keyboard.type("教育局")
    page.wait_for_selector(".palette-option[aria-selected=true]")
    chosen = page.get_attribute("#palette-input", "aria-activedescendant")
    assert page.get_attribute(f"#{chosen}", "aria-selected") == "true"
    page.keyboard.press("ArrowDown")
    assert page.get_attribute("#palette-input", "aria-activedescendant") != chosen
    page.keyboard.press("Escape")
    assert page.locator("#palette").count() == 0
    page.keyboard.press("/")
    someone.see("#palette")
    page.keyboard.type("教育局")
    page.wait_for_selector(".palette-group-all")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=*")
    someone.see("#search-results")
    page.keyboard.press("j")
    assert active(page).startswith("hit-")
    page.keyboard.press("Control+k")
    page.wait_for_selector(".palette-group-recent")
    page.keyboard.press("Escape")
    page.click("#who")
    page.click("#sign-out")
    page.wait_for_url("**/login")
    assert page.evaluate("Object.keys(localStorage).filter(k => k.includes('recent') || k.includes('filters'))") == []


def test_nothing_found_says_what_was_looked_through(person) -> None:  # type: ignore[no-untyped-def]
    someone = person("deputy", viewport=PHONE)
    someone.page.click("[data-search-open]")
    someone.page.keyboard.type("qqzzqq")
    someone.page.wait_for_selector(".palette-told.is-empty")
    assert "查过" in someone.page.inner_text("#palette-told")


def test_the_tour_by_keyboard_only(person) -> None:  # type: ignore[no-untyped-def]
    someone = person("auditor")
    page = someone.page
    page.focus("#tour-start")
    page.keyboard.press("Enter")
    someone.see("#tour")
    assert active(page) == "tour-title"
    steps = 1
    while "完成" not in page.inner_text("#tour-next"):
        before = page.inner_text("#tour-title")
        page.focus("#tour-next")
        page.keyboard.press("Enter")
        page.wait_for_selector(f"#tour-title:not(:text-is('{before}'))")
        steps += 1
    assert 4 <= steps <= 7
    page.focus("#tour-next")
    page.keyboard.press("Enter")
    someone.see("#notice")
    assert page.locator("#tour").count() == 0
    someone.open("/home")
    someone.see("#title")
    assert page.locator("#tour-offer").count() == 0


def test_a_message_stays_until_it_is_closed(person) -> None:  # type: ignore[no-untyped-def]
    someone = person("lead")
    page = someone.page
    someone.see("#tour-offer")
    page.click("#tour-dismiss")
    said = someone.see("#notice").inner_text()
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/committee")
    someone.see("#queue")
    assert someone.see("#notice").inner_text() == said
    page.click("#notice .close")
    page.wait_for_selector("#notice", state="hidden")
    assert active(page) == "title"


def test_last_filters_are_offered_and_not_applied(person) -> None:  # type: ignore[no-untyped-def]
    someone = person("reviewer")
    page = someone.page
    someone.open("/committee?severity=red")
    someone.see("#chosen")
    page.keyboard.press("g")
    page.keyboard.press("h")
    page.wait_for_url("**/home")
    someone.see("#title")
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/committee")
    assert "红" in someone.see("#restore-link").inner_text()
    assert page.locator("#chosen").count() == 0
    page.click("#restore-link")
    page.wait_for_url("**/committee?severity=red")


def test_single_keys_can_be_switched_off(person) -> None:  # type: ignore[no-untyped-def]
    someone = person("reviewer")
    page = someone.page
    page.keyboard.press("?")
    someone.see("#keys")
    page.keyboard.press("Escape")
    page.click("#who")
    page.click("#keys-switch")
    assert page.get_attribute("#keys-switch", "aria-checked") == "false"
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    house.settled(page)
    assert page.locator("#keys").count() == 0
    page.keyboard.press("Control+k")
    someone.see("#palette")
