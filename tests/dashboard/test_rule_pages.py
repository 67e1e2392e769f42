"""The pages of a rule's life: who may open which, what they say, and that each deed leads on to the next step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from budgetwatch import backtest
from budgetwatch.access import people
from budgetwatch.backtest import Asked
from budgetwatch.home import Home
from budgetwatch.tables import User
from tests.dashboard.conftest import Reader, words
from tests.lifecycle.builders import ruled

Open = Callable[..., Reader]
CONDITION = {
    "over": "payment", "subject": "unit", "period": "month", "severity": "yellow", "j0": "all", "c0_0": "amount", "r0_0": "ge",
    "v0_0": "1000", "rule_id": "PY-90", "name": "大额支付", "why": "逐笔核对", "practice": "大额支付逐笔核对",
}  # fmt: skip


@pytest.fixture
def short(city_home: Home) -> Home:
    """The city with the cash rule alone."""
    return ruled(city_home)


def edition(drawn: Any) -> str:
    """Where a deed led: the edition's address."""
    assert drawn.after.get("done"), words(drawn.notice)
    return str(drawn.after["go"])


@pytest.mark.parametrize(
    ("role", "path", "may"),
    [
        ("reviewer", "/rules/new", True), ("auditor", "/rules/new", True), ("deputy", "/rules/new", False), ("admin", "/rules/new", False),
        ("lead", "/rules/tests", True), ("deputy", "/rules/tests", False), ("deputy", "/rules/editions", True),
        ("auditor", "/rules/exemptions", True), ("finance", "/rules/exemptions", False),
    ],
)  # fmt: skip
def test_who_may_open_which(short: Home, reader: Open, role: str, path: str, may: bool) -> None:
    drawn = reader(role).open(path)
    assert (drawn.error is None) == may, drawn.error


def test_the_form_shows_what_it_hits_and_saves_an_edition(short: Home, reader: Open) -> None:
    reviewer = reader("reviewer")
    looked = reviewer.do("/rules/new", "rule.draft", do="preview", **CONDITION)
    shown = reviewer.open(edition(looked))
    assert "preview-stats" in shown.ids()
    made = reviewer.open(edition(reviewer.do("/rules/new", "rule.draft", do="save", **CONDITION)))
    assert made.error is None
    assert "edition-backtest" in made.ids()
    assert "do-propose" not in made.ids(), "what was not back-tested cannot be proposed"


def test_an_edition_goes_on_to_a_second_person(short: Home, reader: Open) -> None:
    reviewer, lead = reader("reviewer"), reader("lead")
    address = edition(reviewer.do("/rules/PY-07", "rule.params", rule_id="PY-07", p_floor="8000"))
    number = int(address.rpartition("/")[2])
    with short.session() as session:
        viewer = people.viewer_of(short, session.scalars(sa.select(User.id).where(User.login == "reviewer")).one())
    test = backtest.run(short, viewer, [Asked(edition_id=number)])
    page = reviewer.open(f"/rules/tests/{test}")
    assert "准确程度未知" in page.text
    assert "尚无认定" in page.text
    reviewer.do(address, "rule.act", edition=str(number), action="propose", note="可行")
    assert "do-approve" not in reviewer.open(address).ids()
    assert "do-approve" in lead.open(address).ids()
    lead.do(address, "rule.act", edition=str(number), action="approve")
    lead.do(address, "rule.act", edition=str(number), action="activate")
    assert str(short.rules["PY-07"].params["floor"].value) == "8000.00"
    assert "第 1 版" in lead.open("/rules/PY-07").text
