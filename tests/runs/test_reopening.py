"""When a run finds other evidence, the case hears of it: a closed one opens again, an open one carries a note."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from budgetwatch import cases, tables
from budgetwatch.calendar import today
from budgetwatch.cases import machine
from budgetwatch.home import Home
from budgetwatch.runs import recompute, recompute_many, run
from tests.builders import facts
from tests.rules.samples import CASH
from tests.runs.test_runs import AS_OF, flags, pay, with_rules


def _case(home: Home) -> tables.Case:
    with home.session() as session:
        return session.scalars(sa.select(tables.Case)).one()


def _steps(home: Home, case_id: int) -> list[tables.CaseStep]:
    with home.session() as session:
        return cases.steps_of(session, case_id)


def test_a_new_case_is_due_after_the_working_days_of_triage(home: Home) -> None:
    with_rules(home, CASH)
    facts(home, "payment", [pay("1", "A", "2025-03-03", "12000.00")])
    run(home, actor="tests", as_of=AS_OF)
    assert _case(home).due_on == machine.due("new", today())


def test_changed_evidence_opens_a_closed_case_again(any_home: Home, person: Callable[..., Any]) -> None:
    home = with_rules(any_home, CASH)
    facts(home, "payment", [pay("1", "A", "2025-03-03", "12000.00")])
    run(home, actor="tests", as_of=AS_OF)
    case_id = _case(home).id
    cases.act(home, person(home, "reviewer"), case_id, "take")
    cases.act(home, person(home, "reviewer"), case_id, "dismiss", reason="explained", note="已说明。")
    cases.act(home, person(home, "lead"), case_id, "close")
    facts(home, "payment", [pay("2", "A", "2025-03-20", "30000.00")])
    run(home, actor="tests", as_of=AS_OF)
    again = _case(home)
    assert (again.state, again.closed_at, again.assignee_id) == ("new", None, None)
    assert again.due_on is not None
    steps = _steps(home, case_id)
    assert [s.action for s in steps] == ["take", "dismiss", "close", "reopen"]
    assert machine.replay(steps) == "new"
    run(home, actor="tests", as_of=AS_OF)
    assert len(_steps(home, case_id)) == 4


def test_changed_evidence_leaves_an_open_case_where_it_is_with_a_note(home: Home, person: Callable[..., Any]) -> None:
    with_rules(home, CASH)
    facts(home, "payment", [pay("1", "A", "2025-03-03", "12000.00")])
    run(home, actor="tests", as_of=AS_OF)
    reviewer = person(home, "reviewer")
    cases.act(home, reviewer, _case(home).id, "take")
    facts(home, "payment", [pay("2", "A", "2025-03-20", "30000.00")])
    run(home, actor="tests", as_of=AS_OF)
    kept = _case(home)
    assert (kept.state, kept.assignee_id) == ("taken", reviewer.id)
    assert [s.action for s in _steps(home, kept.id)] == ["take", "evidence"]


def test_many_flags_are_recomputed_as_one_by_one(home: Home) -> None:
    with_rules(home, CASH)
    facts(home, "payment", [pay("1", "A", "2025-03-03", "12000.00"), pay("2", "B", "2025-03-03", "20000.00")])
    run(home, actor="tests", as_of=AS_OF)
    facts(home, "payment", [pay("3", "A", "2025-03-20", "30000.00")])
    ids = [flag.id for flag in flags(home)]
    assert recompute_many(home, ids) == [recompute(home, flag_id) for flag_id in ids]
    assert all(one.identical for one in recompute_many(home, ids))
