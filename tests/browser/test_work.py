"""Long work goes on when its page, and even the browser, is left; whoever comes back is told, until they have read it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import PHONE, Served, serve

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, demo_city: Path) -> Iterator[Served]:
    """A city of our own: runs and files would change what the other journeys see."""
    home = tmp_path_factory.mktemp("work") / "home"
    shutil.copytree(demo_city, home)
    yield from serve(home)


def test_a_run_goes_on_when_the_browser_is_closed_and_its_end_is_told_until_read(person) -> None:
    lead = person("lead")
    lead.open("/rules")
    lead.see("#run-rules").click()
    lead.page.wait_for_url("**/jobs/*")
    address = lead.page.url.removeprefix(lead.url)
    lead.page.locator("[data-part=bar]").wait_for()
    lead.page.locator("#main-nav a[href='/home']").click()
    lead.page.wait_for_url("**/home")
    lead.page.locator("#jobs-badge").wait_for(state="visible")
    lead.close()

    again = person("lead")
    page = again.open("/committee")
    notice = page.locator(".job-notice")
    notice.wait_for(timeout=120_000)
    assert "已完成 · 运行全部规则" in notice.inner_text()
    page.locator("#main-nav a[href='/home']").click()
    page.wait_for_url("**/home")
    again.settle()
    assert notice.is_visible(), "it stays on the next page"
    notice.locator("button").click()
    notice.wait_for(state="detached")
    with page.expect_response("**/api/jobs?lately=*"):  # the page asks what has ended, and shows what it is told
        page.reload()
    again.settle()
    assert page.locator(".job-notice").count() == 0, "read is read"
    again.open(address)
    assert "条规则运行完毕" in again.see("#job-said").inner_text()


def test_the_page_of_a_job_moves_by_itself_to_its_result_and_can_stop_it(person) -> None:
    reviewer = person("reviewer", viewport=PHONE)
    page = reviewer.open("/rules")
    page.locator("#run-rules").click()
    page.wait_for_url("**/jobs/*")
    page.locator("button[id^=stop-]").first.click()
    said = page.locator("#job-said")
    said.wait_for(timeout=60_000)
    assert "由您停止" in said.inner_text()
    page.locator("button[id^=again-]").first.click()
    page.locator("[data-part=bar]").wait_for()
    said.wait_for(timeout=120_000)
    assert "条规则运行完毕" in said.inner_text()
    assert page.locator(".job-notice").count() == 0, "whoever watched it end need not be told"


def test_a_file_is_sent_with_the_keyboard_its_profile_found_checked_and_taken_in(
    person, served: Served, tmp_path: Path
) -> None:
    finance = person("finance")
    page = finance.open("/feeds")
    sent = next((served.home / "demo" / "sent").glob("*支付_2023.csv"))
    file = tmp_path / sent.name
    file.write_bytes(b"\n".join(sent.read_bytes().splitlines()[:2]) + b"\n")  # one line, known already
    page.locator("#send-file-input").wait_for()
    page.locator("#send-file-input").set_input_files(str(file))
    page.locator("#send-guess", has_text="请核对").wait_for()
    assert page.input_value("#send-profile").startswith("demo_pay_")
    page.locator("#send-check").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/jobs/*")
    said = page.locator("#job-said")
    said.wait_for(timeout=60_000)
    assert "以前都接收过" in said.inner_text()
    page.locator("button[id^=take-in-]").first.focus()
    page.keyboard.press("Enter")
    page.locator("#title", has_text="接收").wait_for()
    said.wait_for(timeout=60_000)
    page.locator("a[href^='/feeds/']").first.click()
    finance.see("#title")
    assert sent.name in page.inner_text("#title")


def test_a_file_that_nobody_can_read_says_why(person, tmp_path: Path) -> None:
    finance = person("finance")
    page = finance.open("/feeds")
    (tmp_path / "odd.csv").write_text("a,b\n1,2\n")
    page.locator("#send-file-input").set_input_files(str(tmp_path / "odd.csv"))
    page.locator("#send-guess", has_text="没有格式符合").wait_for()
    page.locator("#send-profile").select_option(index=1)
    page.locator("#send-check").click()
    page.locator("#job-said").wait_for(timeout=60_000)
    assert "会被整份退回" in page.inner_text("#job-said")


def test_a_refusal_stands_beside_the_form_and_a_password_is_shown_once(person) -> None:
    admin = person("admin")
    page = admin.open("/users?new=1")
    page.fill("#add-login", "lead")
    page.fill("#add-name", "某人")
    page.select_option("#add-role", "deputy")
    page.locator("#add-user").click()
    slot = page.locator("#add-user-form [data-refusal]")
    slot.wait_for(state="visible")
    assert "已有人使用" in slot.inner_text()
    assert page.input_value("#add-name") == "某人"
    page.fill("#add-login", "deputy-new")
    page.locator("#add-user").click()
    page.wait_for_url("**/users/deputy-new")
    password = page.inner_text("#notice .one-time")
    assert len(password) == 19
    page.reload()
    admin.settle()
    assert password not in page.content()
