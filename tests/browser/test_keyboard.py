"""The three journeys by keyboard alone, each in a number of key presses that a person would put up with."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.browser import house
from tests.browser.conftest import Person

pytestmark = pytest.mark.browser


class Keys:
    """Someone who has no mouse; counts what they press. Typing a text counts as one."""

    def __init__(self, someone: Any) -> None:
        self.someone = someone
        self.page = someone.page
        self.pressed = 0
        house.until(self.page, "document.documentElement.dataset.ready || document.getElementById('login')")

    def press(self, key: str, times: int = 1) -> None:
        for _ in range(times):
            self.page.keyboard.press(key)
        self.pressed += times

    def type(self, words: str) -> None:
        self.page.keyboard.type(words)
        self.pressed += 1

    def at(self, selector: str) -> bool:
        return bool(self.page.evaluate("s => Boolean(document.activeElement?.matches(s))", selector))

    def tab_to(self, selector: str, most: int = 60) -> None:
        """Tab until there; every stop on the way is seen and not covered."""
        for n in range(most + 1):
            if self.at(selector):
                return
            if n < most:
                self.press("Tab")
        here = self.page.evaluate("document.activeElement.outerHTML.slice(0, 120)")
        raise AssertionError(f"{selector} is not reached within {most} Tabs; the focus is on {here}")

    def skip(self) -> None:
        """Past the frame, by the link that every page begins with."""
        self.tab_to(".skip-link", 1)
        self.press("Enter")
        house.until(self.page, "document.activeElement.id === 'page' || document.activeElement === document.body")

    def arrive(self, address: str) -> None:
        """A new page has come, and the focus stands on its title."""
        self.page.wait_for_url(address)
        house.until(self.page, "document.activeElement.id === 'title'")
        self.someone.settle()

    def move(self, action: str, note: str = "", reason: str = "") -> None:
        """Take the case one step on; the focus stays where the moves are."""
        page = self.page
        steps = page.locator("#steps li").count()
        if not page.locator(f"#do-{action}").is_visible():
            self.tab_to(f"#move-{action}", 90)
            self.press("Enter")
        if reason:
            self.tab_to(f"#{action}-reason", 90)
            for _ in range(20):
                if page.locator(f"#{action}-reason").input_value() == reason:
                    break
                self.press("ArrowDown")
            assert page.locator(f"#{action}-reason").input_value() == reason
        if note:
            self.tab_to(f"#{action}-note", 90)
            self.type(note)
        self.tab_to(f"#do-{action}", 90)
        self.press("Enter")
        page.locator("#steps li").nth(steps).wait_for()
        self.someone.settle()
        where = page.evaluate(
            "document.activeElement.closest('#moves, #page > *, main')?.id || document.activeElement.tagName"
        )
        assert where != "BODY", f"after {action} the focus is lost"


def test_the_committee_from_home_to_a_closed_case(person) -> None:
    reviewer = person("reviewer")
    keys, page = Keys(reviewer), reviewer.page
    keys.skip()
    keys.tab_to("#next-case", 20)
    keys.press("Enter")
    keys.arrive("**/case/*")
    address = page.url.removeprefix(reviewer.url)
    keys.move("take")
    assert "初核中" in page.inner_text("#page")
    keys.move("verify", note="凭证与指标已核对。")
    keys.move("ask", note="请于期限内说明该笔支出的依据。")
    keys.move("reply", note="单位书面回复：系手续不全，已补办。")
    keys.move("confirm", reason="other_problem", note="依据不足，认定为问题。")
    assert keys.pressed <= 260, keys.pressed

    lead = person("lead")
    keys, page = Keys(lead), lead.open(address)
    lead.see("#moves")
    keys.skip()
    keys.move("close")
    assert "已销号" in page.inner_text("#page")
    assert keys.pressed <= 90, keys.pressed


def test_a_deputy_from_home_to_a_sent_question(person) -> None:
    deputy = person("deputy")
    keys, page = Keys(deputy), deputy.page
    keys.press("g")  # as the list of shortcuts says
    keys.press("d")
    keys.arrive("**/deputy*")
    keys.tab_to("[id^=ask-]:not(#ask-dialog)", 40)
    opener = page.evaluate("document.activeElement.id")
    keys.press("Enter")
    deputy.see("#ask-dialog")
    house.until(page, "document.activeElement.id === 'ask-text'")
    for _ in range(6):  # the box keeps the focus
        keys.press("Tab")
        assert page.evaluate(
            "document.activeElement === document.body || Boolean(document.activeElement.closest('dialog'))"
        )
    keys.press("Escape")
    page.wait_for_selector("#ask-dialog", state="detached")
    house.until(page, "document.activeElement.id === arg", opener)
    keys.press("Enter")
    house.until(page, "document.activeElement.id === 'ask-text'")
    keys.type("   ")
    keys.tab_to("#ask-submit", 4)
    keys.press("Enter")
    page.wait_for_selector("#ask-dialog .refused-why:not(:empty)")
    assert keys.at("#ask-text"), "refused, the focus goes to the field that is wrong"
    keys.type("这一项为什么增加这么多？请说明测算依据。")
    keys.tab_to("#ask-submit", 4)
    keys.press("Enter")
    page.wait_for_selector("#notice:not(:empty):not(.is-refused)")
    page.wait_for_selector("#ask-dialog", state="detached")
    house.until(page, "document.activeElement.id === arg", opener)
    assert keys.pressed <= 80, keys.pressed
    deputy.open("/questions")
    assert "请说明测算依据" in page.inner_text("#questions")


def test_an_auditor_from_home_to_a_voucher_and_an_export(person, tmp_path: Path) -> None:
    auditor = person("auditor")
    keys, page = Keys(auditor), auditor.page
    keys.press("g")
    keys.press("a")
    keys.arrive("**/auditor*")
    keys.tab_to("#total-agency", 40)
    keys.press("Enter")
    page.wait_for_url("**by=agency*")
    auditor.settle()
    keys.tab_to("#total-row-0", 40)
    keys.press("Enter")
    page.wait_for_url("**agency=*")
    auditor.settle()
    assert re.search(r"\d{4}-\d{2}-\d{2}", page.inner_text("#payments"))
    keys.tab_to("#export-csv", 90)
    with page.expect_download() as taken:
        keys.press("Enter")
    table = tmp_path / "all.csv"
    taken.value.save_as(table)
    assert table.read_bytes().startswith(b"\xef\xbb\xbf")
    keys.tab_to("#payments [id^=voucher-link-]", 90)
    keys.press("Enter")
    keys.arrive("**/voucher/*")
    assert "行号" in page.inner_text("#voucher-source")
    assert keys.pressed <= 160, keys.pressed


def test_menus_open_close_and_give_the_focus_back(person) -> None:
    lead = person("lead")
    keys, page = Keys(lead), lead.page
    for menu, within in (("#who", ".who-box"), ("#more-open", ".more-links")):
        lead.open("/home")
        keys.tab_to(menu, 20)
        keys.press("Enter")
        lead.see(within)
        keys.press("Tab")
        assert page.evaluate("s => Boolean(document.activeElement.closest(s))", within)
        keys.press("Escape")
        assert keys.at(menu)
    for key, box in (("Control+k", "#palette"), ("?", "#keys")):
        lead.open("/home")
        keys.tab_to("#home-link", 3)
        keys.press(key)
        lead.see(box)
        keys.press("Escape")
        page.wait_for_selector(box, state="detached")
        assert keys.at("#home-link"), f"{box} does not give the focus back"


def test_a_wrong_password_leads_back_to_the_password(browser, served) -> None:
    stranger = Person(browser, served)
    page = stranger.open("/login")
    keys = Keys(stranger)
    keys.tab_to("#login", 8)
    keys.type("reviewer")
    keys.tab_to("#password", 2)
    keys.type("not-the-password")
    keys.press("Enter")
    page.wait_for_selector("#login-error")
    stranger.settle()
    assert page.evaluate("document.activeElement.id") == "password"
    assert page.evaluate(
        "document.getElementById(document.getElementById('password').getAttribute('aria-describedby')).textContent"
    )
    stranger.close()
