"""Every page that a role may open, and how a person gets there: what the walks of the browser suite visit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from budgetwatch.access.viewer import Viewer
from dashboard import router

#: The demo accounts that stand for the roles, those with most pages first; a district's people see the same pages
#: with less in them.
LOGINS = {
    "auditor": "auditor",
    "reviewer": "reviewer",
    "deputy": "deputy",
    "admin": "admin",
    "unit": "unit",
    "finance": "finance",
    "lead": "lead",
    "leader": "leader",
}
#: Where the first link to a page of one thing stands.
FOUND_ON = {
    "/case/{case_id}": ("/committee", "/unit"),
    "/questions/{question_id}": ("/questions", "/unit"),
    "/voucher/{row}": ("/auditor",),
    "/rules/{rule_id}": ("/rules",),
    "/rules/editions/{edition}": ("/rules/editions",),
    "/rules/tests/{test}": ("/rules/tests",),
    "/rules/shadow/{edition}": ("/rules/editions",),
    "/rules/incidents/{incident}": ("/rules/incidents",),
    "/feeds/{batch}": ("/feeds",),
    "/guide/{name}": ("/guide",),
    "/jobs/{job_id}": ("/jobs",),
    "/users/{login}": ("/users",),
}
#: Further pages of one thing that look different: (name, where its link stands, the link).
ALSO_ONE = (
    ("job-failed", "/jobs", "#page .is-failed a[href^='/jobs/']"),
    ("case-closed", "/committee", "#page a[href^='/case/']:last-of-type"),
    ("rules-incident-decided", "/rules/incidents?all=1", "#page .table a[href^='/rules/incidents/']"),
    ("rules-edition-active", "/rules/editions?all=1", "#page .table tr:last-child a[href^='/rules/editions/']"),
)
#: Pages in a state that has an address of its own and looks different.
STATES = {
    "/deputy": {"deputy-asking": "?ask={ask}", "deputy-departments": "?by=department"},
    "/auditor": {"auditor-agency": "?by=agency", "auditor-nothing": "?text=zzzz"},
    "/committee": {"committee-nothing": "?text=zzzz"},
    "/search": {"search-found": "?q=%E6%95%99%E8%82%B2", "search-nothing": "?q=zzzz"},
    "/rules": {"rules-nothing": "?text=zzzz"},
    "/rules/new": {
        "rules-new-shown": "?over=payment&c0_0=amount&r0_0=ge&v0_0=200000&shown=1",
        "rules-new-change": "?change=DB-05",
        "rules-new-refused": "?c0_0=amount&r0_0=ge&shown=1",
    },
}


#: The long rounds: every page of every role. The usual one (test_pages.py) sees each page once, with the first role
#: that opens it.
EVERY = [pytest.param(role, id=role, marks=pytest.mark.soak) for role in LOGINS]


@dataclass(frozen=True, slots=True)
class Stop:
    """One page to look at: its name in file names, its address, and the route that it belongs to."""

    name: str
    address: str
    route: str = ""


def may_open(role: str) -> list[str]:
    """The addresses of the routes that the role includes, as the router itself decides."""
    viewer = Viewer(1, role, role, role)
    return [r.path for r in router.ROUTES if not r.powers or any(viewer.may(p) for p in r.powers)]


def first_opened_by(role: str) -> set[str]:
    """The routes that no role before this one opens, and the home, which is another for each."""
    before: set[str] = {""} if role != next(iter(LOGINS)) else set()
    for earlier in LOGINS:
        if earlier == role:
            break
        before |= set(may_open(earlier))
    return ({*may_open(role), ""} - before) | {"/home"}


def stops(someone: Any, role: str, *, every: bool = True) -> Iterator[Stop]:
    """Every page of the role in the running product, those of one thing by the first link to one.

    Not `every`: only those that no role before it opens, so that all roles together see each page once.
    """
    wanted = None if every else first_opened_by(role)
    yield from (stop for stop in _stops(someone, role, wanted) if wanted is None or stop.route in wanted)


def _stops(someone: Any, role: str, wanted: set[str] | None) -> Iterator[Stop]:
    paths = [p for p in may_open(role) if wanted is None or p in wanted]
    for path in paths:
        if "{" not in path:
            yield Stop(path.strip("/").replace("/", "-"), path, path)
            for name, query in STATES.get(path, {}).items():
                if "{ask}" not in query:
                    yield Stop(name, path + query, path)
    for path, places in FOUND_ON.items():
        if path not in paths:
            continue
        for place in places:
            if place in may_open(role) and (address := _first_link(someone, place, path)):
                yield Stop(re.sub(r"/{.*", "", path).strip("/").replace("/", "-") + "-one", address, path)
                break
    for name, place, link in ALSO_ONE:
        if place.partition("?")[0] in paths and (address := _first(someone, place, link)):
            yield Stop(name, address, place.partition("?")[0])
    if role == "deputy" and (address := _first(someone, "/deputy", "a[href*='ask=']")):
        yield Stop("deputy-asking", address, "/home")
    yield Stop("not-found", "/nowhere")
    shut = (r.path for r in router.ROUTES if "{" not in r.path and r.path not in may_open(role))
    if forbidden := next(shut, None):
        yield Stop("denied", forbidden)


def open_folds(page: Any) -> None:
    """Open everything that is folded up on the page, save what lies over other things."""
    page.evaluate(
        "document.querySelectorAll('#page details:not(.help, .saved-box)').forEach(fold => { fold.open = true })"
    )


def opened(someone: Any, role: str) -> Iterator[str]:
    """Everything that opens over a page of the role and has no address, one after the other; its name, while it is open."""
    page = someone.page
    someone.open("/home")
    page.keyboard.press("?")
    someone.see("#keys")
    yield "shortcuts"
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    someone.see("#palette")
    yield "search"
    page.keyboard.type("教育")
    page.wait_for_selector(".palette-option[aria-selected=true], .palette-told.is-empty")  # a unit sees itself only
    someone.settle()
    yield "search found"
    page.fill("#palette-input", "qqzz")
    page.wait_for_selector(".palette-told.is-empty")
    yield "search found nothing"
    page.keyboard.press("Escape")
    for menu in ("#who", "#more-open"):
        if page.locator(menu).count() and page.locator(menu).is_visible():
            page.click(menu)
            yield f"menu {menu}"
            page.keyboard.press("Escape")
    if page.locator("#page details.help").count():
        page.locator("#page details.help > summary").first.click()
        yield "help"
        page.keyboard.press("Escape")
    if role == "deputy":
        yield from _refused(someone)
    someone.open("/home")
    if page.locator("#tour-start").count():
        page.click("#tour-start")
        someone.see("#tour")
        yield "tour"
        page.click("#tour-next")
        page.wait_for_url(lambda address: not address.endswith("/home"))
        someone.see("#tour")
        yield "tour elsewhere"


def _refused(someone: Any) -> Iterator[str]:
    """The question box, and what it says when nothing was asked."""
    if address := _first(someone, "/deputy", "a[href*='ask=']"):
        page = someone.open(address)
        someone.see("#ask-dialog")
        page.fill("#ask-text", "  ")
        page.click("#ask-submit")
        page.wait_for_selector("#notice.is-refused:not(:empty)")
        yield "refused"


def _first_link(someone: Any, place: str, path: str) -> str | None:
    inside = ".table " if path.startswith("/rules/") else ""  # not the tabs between the pages about rules
    return _first(someone, place, f"#page {inside}a[href^='{re.sub('{.*', '', path)}']")


def _first(someone: Any, place: str, selector: str) -> str | None:
    page = someone.open(place)
    found = page.locator(selector)
    return found.first.get_attribute("href") if found.count() else None
