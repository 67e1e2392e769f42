"""A rule that was held, by clicks from the home to the voucher and the file; and its decision by keyboard alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.browser.test_keyboard import Keys

pytestmark = pytest.mark.browser


def test_from_the_home_to_the_voucher_and_the_whole_as_a_file(lived_in_person: Any) -> None:
    someone = lived_in_person("auditor")
    someone.open("/search?q=PY-95")
    page = someone.page
    page.click("#search-results a[href^='/rules/incidents/']")
    page.wait_for_url(re.compile(r"/rules/incidents/\d+$"))
    someone.settle()
    said = page.inner_text("#incident-said")
    assert re.search(r"新查出 [\d,]+ 条，预期至多 [\d,]+ 条，是预期的 [\d.]+ 倍", said)
    assert page.locator("#do-release").count() == 0, "an auditor decides nothing"
    with page.expect_download() as taken:
        page.click("#incident-csv")
    lines = Path(taken.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) - 1 == int(re.search(r"新查出 ([\d,]+)", said)[1].replace(",", ""))
    page.locator("#findings tbody a").first.click()
    someone.see("#finding-evidence")
    page.locator("#finding-evidence a[href^='/voucher/']").first.click()
    page.wait_for_url(re.compile(r"/voucher/\d+$"))
    page.go_back()
    someone.see("#finding-evidence")


def test_a_lead_releases_it_by_keyboard_alone(busy_person: Any) -> None:
    someone = busy_person("lead")
    keys, page = Keys(someone), someone.page
    keys.skip()
    keys.tab_to("#held a.desk-link", 60)
    keys.press("Enter")
    keys.arrive(re.compile(r"/rules/incidents/\d+$"))
    keys.tab_to("#move-discard", 60)
    keys.press("Enter")
    keys.tab_to("#do-discard", 3)
    keys.press("Enter")
    assert page.evaluate("document.querySelector('#discard-note').matches(':invalid')"), "a reason is asked for"
    page.focus("#move-release")
    keys.press("Enter")
    keys.tab_to("#release-note", 2)
    keys.type("逐笔看过，可以立为疑点")
    keys.tab_to("#do-release", 2)
    keys.press("Enter")
    page.wait_for_selector("#steps li:nth-child(2)")
    someone.settle()
    assert "逐笔看过" in page.inner_text("#steps")
    assert "已立疑点" in page.inner_text(".page-head")
    keys.tab_to("#incident-flags", 60)
    keys.press("Enter")
    page.wait_for_url("**/committee?rule=PY-95")
    someone.see("#queue tbody tr")
    assert keys.pressed < 150
    someone.open("/rules/incidents")
    assert page.locator("#no-incidents").is_visible()
