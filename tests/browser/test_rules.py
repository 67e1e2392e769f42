"""A rule's life by clicks: drafted in the form, back-tested, proposed, approved by a second person, in force, found by a run.

And by keyboard alone: the approval.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.browser.test_keyboard import Keys

pytestmark = pytest.mark.browser


def draft(someone: Any, rule_id: str, floor: str) -> str:
    """Put a rule together without typing any SQL, look at what it hits, and save it; the edition's address."""
    page = someone.page
    someone.open("/rules")
    page.click("#rule-new")
    page.wait_for_url("**/rules/new")
    someone.settle()
    page.select_option("#c0_0", "amount")
    page.select_option("#r0_0", "ge")
    page.fill("#v0_0", floor)
    page.select_option("#c0_1", "pay_date")
    page.select_option("#r0_1", "workday")
    page.click("#preview")
    page.wait_for_selector("#preview-box")
    someone.settle()
    assert "不小于" in page.inner_text("#preview-said")
    assert page.locator("#r0_0 option").count() < 18  # only the relations that go with an amount
    for name, words in (
        ("id", rule_id),
        ("name", "大额支付试一试"),
        ("practice", "大额支付逐笔核对"),
        ("why", "大额支付要逐笔核对"),
    ):
        page.fill(f"#draft-{name}", words)
    page.click("#save-draft")
    page.wait_for_url(re.compile(r"/rules/editions/\d+$"))
    someone.settle()
    return str(page.url).partition("://")[2].partition("/")[2]


def back_tested_and_proposed(someone: Any, address: str) -> None:
    """Back-test it in the background, read what it would cost, and propose it."""
    page = someone.page
    page.click("#edition-backtest")
    page.wait_for_url(re.compile(r"/jobs/\d+$"))
    page.wait_for_selector("#job-said", timeout=120_000)
    page.click("a[id^='test-of-']")
    page.wait_for_selector("#tested-said")
    assert "准确程度未知" in page.inner_text("#tested-said")
    assert "尚无认定" in page.inner_text("#tested-stats")
    someone.open(f"/{address}")
    someone.settle()
    page.fill("#propose-note", "回测可行，工作量可以承受")
    page.click("#do-propose")
    page.wait_for_selector("#steps li:nth-child(3)")
    someone.settle()


def test_a_rule_from_the_form_to_what_a_run_finds(person: Any) -> None:
    reviewer = person("reviewer")
    address = draft(reviewer, "PY-90", "200,000")
    back_tested_and_proposed(reviewer, address)
    assert reviewer.page.locator("#do-approve").count() == 0, "nobody approves their own"
    lead = person("lead")
    page = lead.page
    lead.open("/rules/editions")
    page.click(f"a[href='/{address}']")
    lead.settle()
    assert page.locator("#changes .diff-line.is-added").count() >= 1
    page.click("#do-approve")
    page.wait_for_selector("#do-activate")
    lead.settle()
    page.click("#do-activate")
    page.wait_for_selector("#steps li:nth-child(5)")
    lead.open("/rules/PY-90")
    lead.settle()
    page.click("#run-rules")
    page.wait_for_url(re.compile(r"/jobs/\d+$"))
    page.wait_for_selector("#job-said", timeout=120_000)
    found = re.search(r"新疑点 ([\d,]+) 条", page.inner_text("#job-said"))
    assert found
    assert int(found[1].replace(",", "")) > 0
    lead.open("/committee?rule=PY-90")
    assert page.locator("#queue tbody tr").count() > 0


def test_a_rule_in_force_is_changed_through_the_form(busy_person: Any) -> None:
    reviewer = busy_person("reviewer")
    page = reviewer.page
    reviewer.open("/rules/PY-95")
    page.click("#rule-change")
    page.wait_for_url("**/rules/new?change=PY-95")
    reviewer.settle()
    assert page.input_value("#v0_0") == "800000"
    page.fill("#v0_0", "900000")
    page.click("#preview")
    told = reviewer.see("#differs")
    assert "900000" in told.inner_text()
    page.click("#save-draft")
    page.wait_for_url(re.compile(r"/rules/editions/\d+$"))
    reviewer.settle()
    assert "900000" in page.inner_text("#changes")
    reviewer.open("/rules/PY-95")
    assert "80 万元" in page.inner_text("#rule-params"), "the text in force stays"


def test_the_second_person_approves_by_keyboard_alone(person: Any) -> None:
    reviewer = person("reviewer")
    address = draft(reviewer, "PY-91", "300,000")
    back_tested_and_proposed(reviewer, address)
    lead = person("lead")
    lead.open("/rules/editions")
    keys, page = Keys(lead), lead.page
    keys.skip()
    keys.tab_to(f"a[href='/{address}']", 40)
    keys.press("Enter")
    keys.arrive(f"**/{address}")
    keys.tab_to("#approve-note", 40)
    keys.type("同意")
    keys.tab_to("#do-approve", 3)
    keys.press("Enter")
    page.wait_for_selector("#do-activate")
    lead.settle()
    keys.tab_to("#do-activate", 40)
    keys.press("Enter")
    page.wait_for_selector("#steps li:nth-child(5)")
    assert keys.pressed < 60
