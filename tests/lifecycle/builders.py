"""A home with a small rule folder, and editions taken through their life."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from budgetwatch import lifecycle
from budgetwatch.access.viewer import Viewer
from budgetwatch.calendar import today
from budgetwatch.lifecycle import writing
from budgetwatch.lifecycle.service import tested
from budgetwatch.rulebooks import body_digest
from budgetwatch.rules.book import RuleBook, from_text
from budgetwatch.rules.rule import Law
from budgetwatch.tables import BackTest, BackTestRule, RuleEdition
from budgetwatch.text import Text
from tests.rules.samples import CASH, rule_file

LAWS = {"预算法": Law(Text("预算法", "Budget Law"), Text("预算法", "Budget Law"), dt.date(2015, 1, 1))}
People = Callable[..., Viewer]


def ruled(home: Any, *rules: str) -> Any:
    """The home with those rules for its files (the cash rule without any)."""
    found = from_text(rule_file(*(rules or (CASH,))), laws=LAWS)
    home.__dict__["files"] = RuleBook({rule.id: rule for rule in found}, LAWS)
    home.look_again()
    return home


def with_floor(home: Any, floor: str) -> str:
    """The cash rule's text in force with another floor."""
    return writing.with_params(lifecycle.service.body_in_force(home, "PY-07"), {"floor": floor})


def back_tested(home: Any, viewer: Viewer, edition: RuleEdition) -> int:
    """A kept back-test of the edition, as the back-test itself would keep it."""
    with home.session() as session:
        number = session.execute(
            sa.insert(BackTest).returning(BackTest.id),
            {
                "user_id": viewer.id,
                "region": viewer.region,
                "asked": {},
                "as_of": today(),
                "versions": {},
                "result": {},
            },
        ).scalar_one()
        session.execute(
            sa.insert(BackTestRule),
            {"back_test_id": number, "rule_id": edition.rule_id, "edition_id": edition.id, "digest": body_digest(edition.body)},
        )  # fmt: skip
    tested(home, viewer, edition.id, number)
    return int(number)


def approved(home: Any, person: People, body: str) -> RuleEdition:
    """An edition that one person drafted and proposed and another approved."""
    reviewer, lead = person(home, "reviewer"), person(home, "lead")
    made = lifecycle.draft(home, reviewer, body, note="试一试")
    back_tested(home, reviewer, made)
    lifecycle.act(home, reviewer, made.id, "propose", note="回测可行")
    lifecycle.act(home, lead, made.id, "approve")
    return made


def active(home: Any, person: People, body: str, day: dt.date | None = None) -> RuleEdition:
    """The same, in force from that day (today)."""
    made = approved(home, person, body)
    lifecycle.activate(home, person(home, "lead"), made.id, day)
    return made
