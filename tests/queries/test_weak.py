"""Rules that a year's verdicts speak against are named; nothing is said of few verdicts, of old ones, or of open cases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from budgetwatch import tables as t
from budgetwatch.access.viewer import SYSTEM, Viewer
from budgetwatch.calendar import now
from budgetwatch.home import Home
from budgetwatch.queries.weak import weak

Judge = Callable[..., None]


@pytest.fixture
def judge(home: Home, flagged: Callable[..., int], person: Callable[..., Viewer]) -> Judge:
    """judge(rule, confirm=n, dismiss=n, days_ago=1): so many cases of the rule with that verdict."""
    viewer = person(home, "reviewer", region="99")

    def made(rule: str, *, confirm: int = 0, dismiss: int = 0, days_ago: int = 1, then: str = "") -> None:
        at = now() - dt.timedelta(days=days_ago)
        for action in ["confirm"] * confirm + ["dismiss"] * dismiss:
            case = flagged(home, rule=rule)
            steps = [action, *([then] if then else [])]
            with home.session() as session:
                session.execute(sa.insert(t.CaseStep), [
                    {"case_id": case, "seq": n, "action": what, "from_state": "new", "to_state": "closed", "actor_id": viewer.id,
                     "actor_name": viewer.name, "actor_role": viewer.role, "at": at, "note": "", "fields": {}}
                    for n, what in enumerate(steps, 1)
                ])  # fmt: skip

    return made


def named(home: Home, viewer: Viewer = SYSTEM) -> list[tuple[str, int, int]]:
    return [(row["rule_id"], row["confirmed"], row["verdicts"]) for row in weak(home, viewer).rows]


def test_a_rule_confirmed_in_fewer_than_one_of_twenty_is_proposed(home: Home, judge: Judge) -> None:
    judge("PY-07", dismiss=20)
    judge("PY-09", confirm=1, dismiss=19)
    judge("PY-08", confirm=1, dismiss=20)
    assert named(home) == [("PY-07", 0, 20), ("PY-08", 1, 21)]


def test_few_old_or_withdrawn_verdicts_say_nothing(home: Home, judge: Judge) -> None:
    judge("PY-07", dismiss=19)
    judge("PY-07", dismiss=5, days_ago=400)
    judge("PY-08", dismiss=25, then="reopen")
    assert named(home) == []


def test_only_verdicts_in_scope_are_counted(home: Home, judge: Judge, person: Callable[..., Viewer]) -> None:
    judge("PY-07", dismiss=20)
    assert named(home, person(home, "lead", region="990103")) == []
    assert len(named(home, person(home, "lead", region="990102"))) == 1


def test_it_is_never_switched_off_by_itself(home: Home, judge: Judge) -> None:
    judge("PY-07", dismiss=30)
    weak(home, SYSTEM)
    assert "PY-07" in home.rules.active
