"""What is mine to do now: one address, and the home page of whoever opens it."""

from __future__ import annotations

from typing import Any

from dashboard.asking import Asking
from dashboard.components import nothing_yet, page_head, tour
from dashboard.i18n import t
from dashboard.pages.home import admin, answers, auditor, committee, deputy, leader


def view(asking: Asking) -> tuple[str, Any]:
    """The home of this person's role; where nothing was sent yet, what comes next."""
    title = t("首页")
    viewer = asking.viewer
    if not asking.home.store.current() and not viewer.may("own_cases"):
        return title, [page_head(t("欢迎")), nothing_yet(viewer)]
    first, *rest = _body(asking)
    return title, [first, tour.offer(asking), *rest]


def _body(asking: Asking) -> list[Any]:
    """By what a person may do, so that a role made of other powers still finds its desk."""
    viewer = asking.viewer
    if viewer.may("own_cases"):
        return answers.body(asking)
    if viewer.may("ask"):
        return deputy.body(asking)
    if viewer.may("users"):
        return admin.body(asking)
    if viewer.may("work_cases"):
        return committee.body(asking)
    if viewer.may("facts"):
        return auditor.body(asking)
    return leader.body(asking)
