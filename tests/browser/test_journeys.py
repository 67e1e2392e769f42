"""Each of the three people does what they came for, in a real browser on the demo city."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest

from tests.browser.conftest import PHONE

pytestmark = pytest.mark.browser


def act(someone, action: str, **fields: str) -> None:
    """Open the move (the likeliest stands open already) and submit it, as a person with a mouse does."""
    page = someone.page
    steps = page.locator("#steps li").count()
    if not page.locator(f"#do-{action}").is_visible():
        page.locator(f"#move-{action}").click()
    for name, value in fields.items():
        field = page.locator(f"#{action}-{name}")
        if field.evaluate("e => e.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    page.locator(f"#do-{action}").click()
    page.locator("#steps li").nth(steps).wait_for()
    assert page.inner_text("#notice")
    someone.settle()


def test_the_committee_takes_a_flag_from_the_queue_to_a_closed_case(person) -> None:
    reviewer = person("reviewer")
    page = reviewer.page
    assert page.url.endswith("/home")
    reviewer.open("/committee")
    page.locator("#next-case").click()
    page.wait_for_url("**/case/*")
    reviewer.see("#found")
    address = page.url.removeprefix(reviewer.url)
    for part in ("found", "evidence", "law", "check", "otherwise", "steps", "moves"):
        assert page.locator(f"#{part}").is_visible(), part
    assert "疑点" in page.inner_text("#page")
    act(reviewer, "take")
    act(reviewer, "verify", note="凭证与指标已核对。")
    act(reviewer, "ask", note="请于期限内说明该笔支出的依据。")
    act(reviewer, "reply", note="单位书面回复：系手续不全，已补办。")
    assert "系手续不全" in page.inner_text("#reply")
    act(reviewer, "confirm", reason="other_problem", note="依据不足，认定为问题。")
    assert page.locator("#do-close").count() == 0, "who confirmed may not close"

    lead = person("lead")
    lead.open(address)
    lead.see("#moves")
    act(lead, "close")
    assert "已销号" in lead.page.inner_text("#page")
    steps = lead.page.locator("#steps li")
    assert steps.count() >= 6
    reviewer.open("/committee?state=closed")
    assert page.locator(f"#case-link-{address.rsplit('/', 1)[1]}").count() == 1


def test_a_deputy_previews_the_draft_drills_down_and_asks_on_a_phone(person) -> None:
    deputy = person("deputy", viewport=PHONE)
    page = deputy.page
    assert page.url.endswith("/home")
    deputy.open("/deputy")
    deputy.see("#headline")
    deputy.see("#preview")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "the page scrolls sideways"
    page.locator("[id^=drill-]").first.click()
    deputy.settle()
    assert "?" in page.url
    page.locator("[id^=ask-]:not(#ask-dialog)").first.click()
    page.wait_for_selector("#ask-text")
    page.fill("#ask-text", "这一项为什么增加这么多？请说明测算依据。")
    page.click("#ask-submit")
    page.wait_for_selector("#notice:not(:empty)")
    deputy.open("/questions")
    assert "请说明测算依据" in page.inner_text("#questions")

    finance = person("finance")
    finance.open("/unit")
    finance.page.locator("[id^=answer-]").first.click()
    finance.page.wait_for_selector("#answer-text")
    finance.page.fill("#answer-text", "按新增学位测算。")
    finance.page.click("#answer-submit")
    finance.page.wait_for_selector("#notice:not(:empty)")
    deputy.open("/questions")
    page.locator("#questions a").first.click()
    deputy.settle()
    assert "按新增学位测算" in page.inner_text("#page")


def test_an_auditor_goes_from_a_total_to_one_voucher_in_three_clicks_and_takes_the_whole_result_home(
    person, tmp_path: Path
) -> None:
    auditor = person("auditor")
    page = auditor.page
    assert page.url.endswith("/home")
    auditor.open("/auditor")
    clicks = 0
    page.locator("#total-agency").click()
    clicks += 1
    auditor.settle()
    page.locator("#total-row-0").click()
    clicks += 1
    auditor.settle()
    rows = page.inner_text("#payments")
    assert re.search(r"\d{4}-\d{2}-\d{2}", rows)
    with page.expect_download() as taken:
        page.click("#export-xlsx")
    book = tmp_path / "all.xlsx"
    taken.value.save_as(book)
    assert zipfile.is_zipfile(book)
    with page.expect_download() as taken:
        page.click("#export-csv")
    table = tmp_path / "all.csv"
    taken.value.save_as(table)
    text = table.read_bytes()
    assert text.startswith(b"\xef\xbb\xbf"), "spreadsheets need the mark to read 中文"
    page.locator("#payments [id^=voucher-link-]").first.click()
    clicks += 1
    page.wait_for_url("**/voucher/*")
    auditor.see("#voucher-source")
    assert clicks <= 3
    source = page.inner_text("#voucher-source")
    assert re.search(r"\.(csv|xlsx)", source), source
    assert "行号" in source


def test_a_district_never_sees_another_district(person) -> None:
    district = person("district")
    page = district.page
    district.open("/committee")
    assert "启明区" in page.inner_text("#scope") or "990101" in page.inner_text("#scope")
    shown = page.inner_text("#page")
    for other in ("云帆区", "青禾区", "星桥区", "澄湖区"):
        assert other not in shown


def test_english_is_one_click_away(person) -> None:
    reviewer = person("reviewer")
    reviewer.page.locator("#lang-en").first.click()
    reviewer.page.wait_for_selector("html[lang^=en]")
    assert "next case" in reviewer.see("#next-case").inner_text().lower()


def test_a_wrong_password_gets_a_sentence_and_a_stranger_gets_the_sign_in(browser, served) -> None:
    from tests.browser.conftest import Person

    stranger = Person(browser, served)
    page = stranger.open("/case/1")
    assert "/login" in page.url
    page.fill("#login", "reviewer")
    page.fill("#password", "not-the-password")
    page.click("#sign-in")
    page.wait_for_selector("#login-error")
    assert "不正确" in page.inner_text("#login-error")
    stranger.close()
