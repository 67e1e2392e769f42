"""Every page that a role may open, and how a person gets there: what the walks of the browser suite visit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from budgetwatch.access.viewer import Viewer
from dashboard import router

#: The demo accounts that stand for the roles; a district's people see the same pages with less in them.
LOGINS = {
    "reviewer": "reviewer",
    "lead": "lead",
    "leader": "leader",
    "deputy": "deputy",
    "auditor": "auditor",
    "unit": "unit",
    "finance": "finance",
    "admin": "admin",
}
#: Where the first link to a page of one thing stands.
FOUND_ON = {
    "/case/{case_id}": ("/committee", "/unit"),
    "/questions/{question_id}": ("/questions", "/unit"),
    "/voucher/{row}": ("/auditor",),
    "/rules/{rule_id}": ("/rules",),
    "/feeds/{batch}": ("/feeds",),
    "/guide/{name}": ("/guide",),
    "/work/{job_id}": ("/work",),
}
#: Pages in a state that has an address of its own and looks different.
STATES = {
    "/deputy": {"deputy-asking": "?ask={ask}", "deputy-departments": "?by=department"},
    "/auditor": {"auditor-agency": "?by=agency", "auditor-nothing": "?text=zzzz"},
    "/committee": {"committee-nothing": "?text=zzzz"},
}


@dataclass(frozen=True, slots=True)
class Stop:
    """One page to look at: its name in file names, and its address."""

    name: str
    address: str


def may_open(role: str) -> list[str]:
    """The addresses of the routes that the role includes, as the router itself decides."""
    viewer = Viewer(1, role, role, role)
    return [r.path for r in router.ROUTES if not r.powers or any(viewer.may(p) for p in r.powers)]


def stops(someone: Any, role: str) -> Iterator[Stop]:
    """Every page of the role in the running product, those of one thing by the first link to one."""
    paths = may_open(role)
    for path in paths:
        if "{" not in path:
            yield Stop(path.strip("/").replace("/", "-"), path)
            for name, query in STATES.get(path, {}).items():
                if "{ask}" not in query:
                    yield Stop(name, path + query)
    for path, places in FOUND_ON.items():
        if path not in paths:
            continue
        for place in places:
            if place in paths and (address := _first_link(someone, place, path)):
                yield Stop(path.split("/")[1] + "-one", address)
                break
    if "/deputy" in paths and role == "deputy" and (address := _first(someone, "/deputy", "a[href*='ask=']")):
        yield Stop("deputy-asking", address)
    yield Stop("not-found", "/nowhere")


def _first_link(someone: Any, place: str, path: str) -> str | None:
    return _first(someone, place, f"#page a[href^='{re.sub('{.*', '', path)}']")


def _first(someone: Any, place: str, selector: str) -> str | None:
    page = someone.open(place)
    found = page.locator(selector)
    return found.first.get_attribute("href") if found.count() else None
