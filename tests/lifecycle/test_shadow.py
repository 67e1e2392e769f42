"""An edition on trial runs beside the real rules; what it would flag is kept apart, compared, and never a case."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from budgetwatch import lifecycle, runs
from budgetwatch.access.viewer import SYSTEM
from budgetwatch.home import Home
from budgetwatch.queries import trials
from budgetwatch.tables import Case, Flag, ShadowFlag
from tests.builders import facts
from tests.lifecycle.builders import People, back_tested, ruled, with_floor

A = {"agency_code": "A", "agency_name": "单位A", "adm_div_code": "990101", "settlement": "cash"}
B = {"agency_code": "B", "agency_name": "单位B", "adm_div_code": "990102", "settlement": "cash"}


def on_trial(home: Home, person: People, floor: str) -> Any:
    reviewer = person(home, "reviewer")
    made = lifecycle.draft(home, reviewer, with_floor(home, floor))
    back_tested(home, reviewer, made)
    lifecycle.act(home, reviewer, made.id, "shadow")
    return made


def test_what_it_would_flag_is_kept_apart_and_told_beside_the_rule_in_force(any_home: Home, person: People) -> None:
    home = ruled(any_home)
    facts(home, "payment", [
        {**A, "pay_date": "2025-03-03", "amount": "12000.00"},
        {**A, "pay_date": "2025-04-03", "amount": "6000.00"},
        {**B, "pay_date": "2025-05-03", "amount": "20000.00"},
    ])  # fmt: skip
    made = on_trial(home, person, "5000.00")
    report = runs.run(home, actor="test")
    assert len(runs.shadow(home, run_id=report.run_id)) == 1
    row = trials.shadow_runs(home, SYSTEM, made.id).rows[0]
    assert (row["flagged"], row["both"], row["only_shadow"], row["only_real"]) == (3, 2, 1, 0)
    with home.session() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Flag)) == 2
        assert session.scalar(sa.select(sa.func.count()).select_from(Case)) == 2
        assert session.scalar(sa.select(sa.func.count()).select_from(ShadowFlag)) == 3
    assert [r["real"] for r in trials.would_be(home, SYSTEM, made.id).rows] == [False, True, True]
    assert trials.would_be(home, SYSTEM, made.id, only_new=True).total == 1
    assert trials.would_be(home, person(home, "reviewer", region="990102"), made.id).total == 1


def test_found_again_it_is_the_same_and_what_is_not_found_any_more_is_gone(home: Home, person: People) -> None:
    ruled(home)
    facts(home, "payment", [{**A, "pay_date": "2025-03-03", "amount": "12000.00"}])
    made = on_trial(home, person, "11000.00")
    runs.run(home, actor="test")
    runs.shadow(home)
    runs.shadow(home)
    assert trials.would_be(home, SYSTEM, made.id).total == 1
    assert trials.shadow_runs(home, SYSTEM, made.id).total == 2


def test_it_ends_when_somebody_ends_it_or_the_edition_comes_into_force(home: Home, person: People) -> None:
    ruled(home)
    facts(home, "payment", [{**A, "pay_date": "2025-03-03", "amount": "12000.00"}])
    runs.run(home, actor="test")
    first, second = on_trial(home, person, "5000.00"), on_trial(home, person, "6000.00")
    reviewer, lead = person(home, "reviewer"), person(home, "lead")
    assert len(runs.shadow(home)) == 2
    lifecycle.act(home, reviewer, first.id, "unshadow")
    lifecycle.act(home, reviewer, second.id, "propose", note="可行")
    lifecycle.act(home, lead, second.id, "approve")
    assert len(runs.shadow(home)) == 1
    lifecycle.activate(home, lead, second.id)
    assert runs.shadow(home) == []
