"""A rule that fires far beyond what was expected is held as one incident; a person releases or discards it, once."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from budgetwatch import backtest, tables
from budgetwatch.access.viewer import SYSTEM, Viewer
from budgetwatch.backtest import Asked
from budgetwatch.errors import Conflict, Denied, Invalid, NotFound
from budgetwatch.home import Home
from budgetwatch.queries import incidents as read
from budgetwatch.rules import reasons
from budgetwatch.runs import RuleResult, recompute_many, run
from budgetwatch.runs.incidents import discard, release
from tests.builders import facts
from tests.rules.samples import CASH
from tests.runs.test_mute import set_to
from tests.runs.test_runs import AS_OF, count, evidence, flags, pay, with_rules

Person = Callable[..., Viewer]


def units(numbers: range, region: str = "990101") -> list[dict[str, Any]]:
    return [pay(f"{n}", f"U{n:05d}", "2025-03-03", "12000.00", adm_div_code=region) for n in numbers]


def asked(home: Home) -> RuleResult:
    [result] = run(home, actor="tests", as_of=AS_OF).rules
    return result


@pytest.fixture
def calm(any_home: Home) -> Home:
    """A rule that found three in its first run."""
    home = set_to(with_rules(any_home, CASH), hold_least=10)
    facts(home, "payment", units(range(3)))
    assert asked(home).flagged == 3
    return home


def test_the_first_run_is_never_held(home: Home) -> None:
    set_to(with_rules(home, CASH), hold_least=1)
    facts(home, "payment", units(range(40)))
    assert (asked(home).flagged, read.incidents(home, SYSTEM).total) == (40, 0)


@pytest.mark.parametrize(("more", "factor"), [(10, 1), (100, 1), (100, 0)])
def test_more_facts_may_give_more_flags(calm: Home, more: int, factor: int) -> None:
    """Three of three rows were flagged; of a hundred rows a hundred are no surprise."""
    set_to(calm, hold_factor=Decimal(factor))
    facts(calm, "payment", units(range(3, 3 + more)))
    result = asked(calm)
    assert (result.held, result.flagged) == (0, 3 + more)


def quiet_then(home: Home, many: int) -> RuleResult:
    """A rule that found two among a hundred rows, then `many` more among as many rows again."""
    set_to(with_rules(home, CASH), hold_least=10)
    small = [{**row, "amount": "1.00"} for row in units(range(1000, 1098))]
    facts(home, "payment", [*units(range(2)), *small])
    assert asked(home).flagged == 2
    facts(home, "payment", units(range(2, 2 + many)))
    return asked(home)


def test_far_more_than_ever_before_is_one_incident_and_no_case(any_home: Home) -> None:
    result = quiet_then(any_home, 60)
    assert (result.flagged, result.held, result.reasons) == (2, 60, {"held:1": 60})
    assert "incident 1" in reasons.sentence("held:1").en
    assert (len(flags(any_home)), count(any_home, tables.Case)) == (2, 2)
    [told] = read.incidents(any_home, SYSTEM).rows
    assert (told["found"], told["expected"], told["basis"], told["state"], told["most"]) == (60, 4, "runs", "open", 40)
    assert len(read.incident(any_home, SYSTEM, 1)["findings"].rows) == 50
    assert asked(any_home).reasons == {"held:1": 60}  # the same again makes no second incident
    assert (read.incidents(any_home, SYSTEM).total, len(flags(any_home))) == (1, 2)
    facts(any_home, "payment", units(range(500, 501)))
    assert asked(any_home).flagged == 3  # what else it finds goes on


def test_up_to_the_factor_nothing_is_held(home: Home) -> None:
    assert quiet_then(home, 30).held == 0


def test_released_flags_and_cases_are_made_as_the_run_found_them(any_home: Home, person: Person) -> None:
    quiet_then(any_home, 60)
    reviewer = person(any_home, "reviewer")
    facts(any_home, "payment", units(range(900, 902)))
    assert release(any_home, reviewer, 1, "核实无误") == 60
    made = flags(any_home)
    assert (len(made), count(any_home, tables.Case)) == (62, 62)
    assert {flag.first_run_id for flag in made} == {1, 2}
    assert evidence(any_home, made[-1].id)[0].params == {"floor": "10000.00"}
    assert all(one.identical for one in recompute_many(any_home, [flag.id for flag in made]))
    [told] = read.incidents(any_home, reviewer).rows
    assert (told["state"], told["decided_by"], told["note"]) == ("release", reviewer.name, "核实无误")
    with pytest.raises(Conflict, match="was decided by"):
        discard(any_home, reviewer, 1, "again")
    assert (asked(any_home).flagged, len(flags(any_home))) == (64, 64)


def test_what_was_discarded_does_not_come_back_until_the_rule_or_the_facts_change(home: Home, person: Person) -> None:
    quiet_then(home, 60)
    lead = person(home, "lead")
    with pytest.raises(Invalid, match="reason"):
        discard(home, lead, 1, " ")
    assert discard(home, lead, 1, "支付方式代码错了") == 60
    again = asked(home)
    assert (again.flagged, again.held, again.reasons, len(flags(home))) == (2, 0, {}, 2)
    facts(home, "payment", [pay("more", "U00005", "2025-03-05", "13000.00")])
    assert (asked(home).flagged, len(flags(home))) == (3, 3)
    with_rules(home, CASH.replace('value: "10000.00"', 'value: "10001.00"'))
    assert asked(home).held == 59


def test_only_who_may_decide_and_sees_all_of_it_decides(home: Home, person: Person) -> None:
    quiet_then(home, 60)
    with pytest.raises(Denied):
        release(home, person(home, "leader"), 1)
    with pytest.raises(Denied):
        release(home, SYSTEM, 1)
    stranger = person(home, "lead", region="990102")
    with pytest.raises(NotFound):
        release(home, stranger, 1)
    assert read.incidents(home, stranger).total == 0
    with pytest.raises(Denied):
        read.incidents(home, person(home, "unit", region="990101", agency_code="U00001"))
    assert len(flags(home)) == 2


def test_a_back_test_says_what_is_expected_before_the_first_run(home: Home) -> None:
    set_to(with_rules(home, CASH), hold_least=10)
    home.__dict__["files"] = home.rules
    facts(home, "payment", units(range(2)))
    backtest.run(home, SYSTEM, [Asked(rule_id="PY-07")])
    facts(home, "payment", units(range(2, 60)))
    assert asked(home).held == 60
    [told] = read.incidents(home, SYSTEM).rows
    assert (told["expected"], told["basis"]) == (2, "back_test")


def test_decisions_and_what_was_held_are_only_added(any_home: Home, person: Person) -> None:
    quiet_then(any_home, 60)
    release(any_home, person(any_home, "reviewer"), 1)
    for table in (tables.Incident, tables.IncidentFinding, tables.IncidentStep):
        with pytest.raises(sa.exc.DBAPIError, match="only ever added"), any_home.session() as session:
            session.execute(sa.delete(table))
