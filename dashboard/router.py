"""Which address is which page, who may open it, and where each role begins."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from budgetwatch.access.viewer import Viewer
from budgetwatch.errors import Denied, NotFound
from budgetwatch.records import SENT
from budgetwatch.text import Text
from dashboard.asking import Asking
from dashboard.components.dataline import data_line
from dashboard.pages import (
    auditor,
    batch,
    case,
    committee,
    deputy,
    feeds,
    guide,
    home,
    incidents,
    jobs,
    kit,
    leads,
    places,
    questions,
    rule,
    rule_editions,
    rule_exemptions,
    rule_form,
    rule_shadow,
    rule_tests,
    rules,
    search,
    transfers,
    unit,
    users,
    voucher,
)


@dataclass(frozen=True, slots=True)
class Page:
    """What a page hands back: the title of the window and what stands in `main`."""

    title: str
    body: Any


@dataclass(frozen=True, slots=True)
class Route:
    """One kind of page. `powers` are what a viewer must be able to do to open it: any one is enough, none is for all.
    `touches` are the kinds of data it shows: their freshness stands under it."""

    path: str
    view: Callable[[Asking], tuple[str, Any]]
    powers: tuple[str, ...]
    touches: tuple[str, ...] = ()

    @property
    def pattern(self) -> re.Pattern[str]:
        return re.compile("^" + re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", self.path) + "/?$")


#: What most pages rest on.
SPENDING = ("payment", "budget_line", "indicator")

ROUTES: tuple[Route, ...] = (
    Route("/home", home.view, (), SPENDING),
    Route("/search", search.view, ()),
    Route("/jobs", jobs.view, ()),
    Route("/jobs/{job_id}", jobs.view_one, ()),
    Route("/places", places.view, ("budgets", "batches"), SPENDING),
    Route("/guide", guide.view, ()),
    Route("/guide/{name}", guide.view_one, ()),
    Route("/kit", kit.view, ()),
    Route("/committee", committee.view, ("cases",), SPENDING),
    Route("/case/{case_id}", case.view, ("cases", "own_cases"), SPENDING),
    Route("/leads", leads.view, ("flags",), ("payment",)),
    Route("/deputy", deputy.view, ("budgets",), ("budget_line", "payment")),
    Route("/questions", questions.view, ("ask", "answer", "work_cases")),
    Route("/questions/{question_id}", questions.view_one, ("ask", "answer", "budgets")),
    Route("/auditor", auditor.view, ("facts",), ("payment",)),
    Route("/transfers", transfers.view, ("budgets", "facts"), ("transfer",)),
    Route("/voucher/{row}", voucher.view, ("vouchers",), ("payment",)),
    Route("/unit", unit.view, ("own_cases",), SPENDING),
    Route("/rules", rules.view, ("rules",)),
    Route("/rules/new", rule_form.view, ("draft_rules",), ("payment",)),
    Route("/rules/editions", rule_editions.view, ("rules",)),
    Route("/rules/editions/{edition}", rule_editions.view_one, ("rules",)),
    Route("/rules/tests", rule_tests.view, ("draft_rules", "approve_rules", "run")),
    Route("/rules/tests/{test}", rule_tests.view_one, ("draft_rules", "approve_rules", "run")),
    Route("/rules/shadow/{edition}", rule_shadow.view, ("flags",)),
    Route("/rules/exemptions", rule_exemptions.view, ("flags",)),
    Route("/rules/incidents", incidents.view, ("flags", "run", "switch_rules")),
    Route("/rules/incidents/{incident}", incidents.view_one, ("flags", "run", "switch_rules")),
    Route("/rules/{rule_id}", rule.view, ("rules",)),
    Route("/feeds", feeds.view, ("batches",), tuple(SENT)),
    Route("/feeds/{batch}", batch.view, ("batches",)),
    Route("/users", users.view, ("users",)),
    Route("/users/{login}", users.view_one, ("users",)),
)


#: Pages of which a browser may keep a copy to read without a network: budgets, questions, guides; no voucher, payee, evidence.
KEPT = ("/deputy", "/questions", "/guide", "/places")


def may_be_kept(asking: Asking) -> bool:
    """Whether this page may stay in the browser for reading offline; a home only where no case or voucher stands on it."""
    viewer = asking.viewer
    if asking.path == "/home":
        return not (viewer.may("vouchers") or viewer.may("own_cases"))
    return asking.path.startswith(KEPT)


def _touched(asking: Asking, route: Route) -> tuple[str, ...]:
    """The feeds that the page rests on: a home tells of every feed to those who see what is sent."""
    return tuple(SENT) if route.path == "/home" and asking.viewer.may("batches") else route.touches


def home_of(viewer: Viewer) -> str:
    """Where this person's work begins: one address, another page for each role."""
    return "/home"


def page(asking: Asking) -> Page:
    """The page at the address; NotFound where there is none, Denied where the role does not include it."""
    for route in ROUTES:
        found = route.pattern.match(asking.path)
        if found is None:
            continue
        if route.powers and not any(asking.viewer.may(power) for power in route.powers):
            raise Denied(
                Text("这个页面不属于您的角色。", "This page is not part of your role."),
                fix=Text("需要时请联系系统管理员。", "Ask the administrator if you need it."),
            )
        asking.parts.update(found.groupdict())
        title, body = route.view(asking)
        line = data_line(asking, _touched(asking, route))
        if line is not None:
            body = [*body, line] if isinstance(body, list) else [body, line]
        return Page(title, body)
    raise NotFound(
        Text("没有这个页面：{path}", "There is no such page: {path}").fill(path=asking.path),
        fix=Text(
            "请从导航进入，或检查地址是否抄写完整。", "Use the navigation, or check that the address is complete."
        ),
    )
