"""What was opened can be read without a network, by the same person only; what was typed is not lost; nothing ends in a dead page."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from playwright.sync_api import TimeoutError

from tests.browser import house
from tests.browser.conftest import DESKTOP, PHONE, Person
from tests.browser.line import Line

pytestmark = pytest.mark.browser

COPIES = """async () => {
  const found = [];
  for (const name of await caches.keys()) if (name.startsWith("copies-"))
    for (const request of await (await caches.open(name)).keys()) found.push(new URL(request.url).pathname);
  return found.sort();
}"""


class Traveller(Person):
    """Someone whose line to the product can be cut. The browser is told as well, but it does not hold its service worker to
    that at once: a worker that has just begun would still get through."""

    def __init__(self, browser, served, viewport) -> None:
        self.line = Line(served.url)
        super().__init__(browser, replace(served, url=self.line.url), viewport=viewport, offline=True)

    def leaves(self) -> None:
        self.line.cut()
        self.context.set_offline(True)

    def returns(self) -> None:
        self.line.mend()
        self.context.set_offline(False)

    def close(self) -> None:
        super().close()
        self.line.close()


def enter(browser, served, login: str, viewport=PHONE) -> Traveller:
    """Someone signed in, whose service worker is at work; console lines that the browser writes offline do not count."""
    someone = Traveller(browser, served, viewport)
    page = someone.open("/login")
    page.fill("#login", login)
    page.fill("#password", "demo-2026")
    page.click("#sign-in")
    page.wait_for_url(lambda url: "/login" not in url)
    page.wait_for_selector("html[data-ready]")
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    return someone


def stands(page, selector: str) -> None:
    """Wait for it; where it does not come, say what stands there instead."""
    try:
        page.wait_for_selector(selector)
    except TimeoutError:
        there = page.evaluate(
            "() => [location.href, navigator.onLine, document.readyState, document.body.innerText.slice(0, 500)]"
        )
        raise AssertionError(f"no {selector}: {there}, {page.evaluate(COPIES)}") from None


def kept(someone: Person, path: str) -> None:
    for _ in range(240):
        if path in someone.page.evaluate(COPIES):
            return
        someone.page.wait_for_timeout(50)
    raise AssertionError(f"{path} left no copy: {someone.page.evaluate(COPIES)}")


def test_a_deputy_reads_offline_what_was_opened_and_is_told_kindly_about_the_rest(browser, served) -> None:
    deputy = enter(browser, served, "deputy")
    page = deputy.page
    deputy.open("/deputy")
    kept(deputy, "/deputy")
    deputy.leaves()
    page.goto(deputy.url + "/deputy")
    assert re.search("离线 · 打开于", page.inner_text("#offline"))
    assert page.locator("#preview tbody tr").count() > 3
    assert page.locator("form[data-deed] button:not([disabled])").count() == 0
    page.goto(deputy.url + "/questions?state=answered")
    assert "没有网络" in page.inner_text("h1")
    page.wait_for_selector("#copies a")
    assert "/deputy" in [a.get_attribute("href") for a in page.query_selector_all("#copies a")]
    page.locator("#copies a[href='/deputy']").click()
    stands(page, "#offline")
    deputy.returns()
    page.locator("#offline a").click()
    page.wait_for_selector("html[data-ready]")
    assert page.locator("#offline").count() == 0
    deputy.close()


def test_a_kept_copy_stands_in_for_a_page_that_does_not_come(browser, served) -> None:
    deputy = enter(browser, served, "deputy")
    page = deputy.page
    deputy.open("/deputy")
    kept(deputy, "/deputy")
    deputy.line.hold()
    page.goto(deputy.url + "/deputy")
    assert re.search("离线 · 打开于", page.inner_text("#offline"))
    deputy.line.mend()
    page.locator("#offline a").click()
    page.wait_for_selector("html[data-ready]")
    assert page.locator("#offline").count() == 0
    deputy.close()


def test_copies_go_when_their_reader_signs_out_and_evidence_never_leaves_any(browser, served) -> None:
    reviewer = enter(browser, served, "reviewer", viewport=DESKTOP)
    page = reviewer.page
    reviewer.open("/committee")
    reviewer.open("/deputy")
    kept(reviewer, "/deputy")
    assert page.evaluate(COPIES) == ["/deputy"], "neither a home with cases nor the queue may be kept"
    page.locator("#who").click()
    page.locator("#sign-out").click()
    page.wait_for_url("**/login")
    page.wait_for_selector("html[data-ready]")
    for _ in range(100):
        if not page.evaluate(COPIES):
            break
        page.wait_for_timeout(50)
    assert page.evaluate(COPIES) == []
    reviewer.close()


def test_a_request_that_fails_is_told_and_tried_again_and_a_draft_stays(browser, served) -> None:
    deputy = enter(browser, served, "deputy", viewport=DESKTOP)
    page = deputy.page
    deputy.open("/deputy")
    deputy.leaves()
    page.locator("[id^=ask-]:not(#ask-dialog)").first.click()
    page.wait_for_selector("#notice:not([hidden]) #retry")
    assert "连不上服务器" in page.inner_text("#notice")
    deputy.returns()
    page.wait_for_selector("#ask-text")
    page.fill("#ask-text", "这一项的测算依据是什么？")
    deputy.leaves()
    page.click("#ask-submit")
    page.wait_for_selector("#notice:not([hidden]) #retry")
    assert page.input_value("#ask-text") == "这一项的测算依据是什么？"
    deputy.returns()
    page.reload()
    page.wait_for_selector("#ask-text")
    page.wait_for_selector("html[data-ready]")
    assert page.input_value("#ask-text") == "这一项的测算依据是什么？", "the draft is gone"
    page.click("#ask-submit")
    page.wait_for_url("**/deputy*")
    page.wait_for_selector("#notice:not(:empty)")
    assert page.evaluate("() => Object.keys(sessionStorage).filter(k => k.startsWith('draft:'))") == []
    deputy.close()


def test_the_product_can_be_installed(browser, served) -> None:
    deputy = enter(browser, served, "deputy")
    session = deputy.context.new_cdp_session(deputy.page)
    manifest = session.send("Page.getAppManifest")
    assert manifest["errors"] == []
    told = json.loads(manifest["data"])
    assert told["display"] == "standalone"
    assert {icon["sizes"] for icon in told["icons"]} >= {"192x192", "512x512"}
    wrong = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [e["errorId"] for e in wrong if e["errorId"] != "in-incognito"] == []
    deputy.close()


def test_the_first_answer_is_the_page_itself_and_taking_over_loses_nothing(browser, served) -> None:
    """Scripts are held back: the page can be read and typed into before; then what was typed and the focus stay."""
    someone = Person(browser, served, viewport=DESKTOP)
    page = someone.page
    held: list = []
    page.route("**/dash_renderer*", lambda route: held.append(route))
    page.goto(someone.url + "/login", wait_until="commit")
    page.wait_for_selector("#login")
    page.fill("#login", "deputy")
    page.focus("#password")
    assert page.locator("html[data-ready]").count() == 0
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url))
    for route in held:
        route.continue_()
    page.wait_for_selector("html[data-ready]")
    assert page.input_value("#login") == "deputy"
    assert page.evaluate("() => document.activeElement.id") == "password"
    assert page.locator("#login").count() == page.locator("#page").count() == 1
    assert not any("_dash-update" in url or "_dash-layout" in url for url in asked), "the page was asked for again"
    assert someone.complaints == []
    someone.close()


def test_going_back_returns_to_where_one_was(browser, served) -> None:
    someone = enter(browser, served, "deputy", viewport=PHONE)
    page = someone.page
    someone.open("/deputy")
    page.evaluate("() => window.scrollTo(0, 500)")
    house.until(page, "history.state && history.state.place === 500")
    page.evaluate("() => document.querySelector('[id^=drill-]').click()")
    page.wait_for_url("**/deputy?*")
    someone.settle()
    page.go_back()
    someone.settle()
    house.until(page, "Math.abs(window.scrollY - 500) < 60")
    someone.close()
