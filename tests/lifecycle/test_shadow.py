"""An edition on trial runs beside the real rules; what it would flag is kept apart, compared, and never a case."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from budgetwatch import exemptions, lifecycle, runs
from budgetwatch.access.viewer import SYSTEM
from budgetwatch.calendar import today
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


PACK = """
pack:
  place: "990102"
  name: {zh: 乙区, en: District B}
  settings:
    - {rule: PY-07, params: {floor: "30000.00"}}
"""


def test_an_edition_that_says_what_its_rule_says_finds_what_the_rule_finds(home: Home, person: People) -> None:
    """By the values of each place, without what is exempt."""
    (home.path / "packs").mkdir()
    (home.path / "packs" / "b.yml").write_text(PACK, encoding="utf-8")
    ruled(home)
    C = {**A, "agency_code": "C", "agency_name": "单位C"}
    facts(home, "payment", [
        {**A, "pay_date": "2025-03-03", "amount": "12000.00"},
        {**B, "pay_date": "2025-05-03", "amount": "20000.00"},
        {**B, "pay_date": "2025-06-03", "amount": "40000.00"},
        {**C, "pay_date": "2025-05-04", "amount": "20000.00"},
    ])  # fmt: skip
    reviewer, lead = person(home, "reviewer"), person(home, "lead")
    asked = exemptions.propose(
        home, reviewer, "PY-07", "C", "", "现金收购", "批复一号", dt.date(2025, 1, 1), today() + dt.timedelta(days=90)
    )
    exemptions.approve(home, lead, asked.id)
    made = on_trial(home, person, "10000.00")
    report = runs.run(home, actor="test")
    runs.shadow(home, run_id=report.run_id)
    row = trials.shadow_runs(home, SYSTEM, made.id).rows[0]
    assert [(one.flagged, one.exempted) for one in report.rules if one.rule_id == "PY-07"] == [(2, 1)]
    assert (row["flagged"], row["both"], row["only_shadow"], row["only_real"]) == (2, 2, 0, 0)


def test_an_edition_is_silent_where_its_rule_is(home: Home, person: People) -> None:
    ruled(home)
    for month in ("2025-01-31", "2025-02-28", "2025-03-31"):
        facts(home, "payment", [{**A, "pay_date": month, "amount": "12000.00"}])
    made = on_trial(home, person, "5000.00")
    report = runs.run(home, actor="test", as_of=dt.date(2025, 5, 20))
    runs.shadow(home, run_id=report.run_id)
    row = trials.shadow_runs(home, SYSTEM, made.id).rows[0]
    [told] = [one for one in report.rules if one.rule_id == "PY-07"]
    assert (row["flagged"], row["could_not_judge"]) == (told.flagged, told.could_not_judge) == (0, 3)
