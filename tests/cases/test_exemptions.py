"""Exemptions: two people, a basis and an end date; in force on their days, for their unit and region only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from budgetwatch import exemptions
from budgetwatch.access import audit
from budgetwatch.access.viewer import ROLES, SYSTEM, Viewer
from budgetwatch.calendar import today
from budgetwatch.errors import Conflict, Denied, Invalid, NotFound
from budgetwatch.tables import Audit, Exemption

People = Callable[..., Viewer]
RULE = "PY-07"
NEXT_YEAR = today() + dt.timedelta(365)


def propose(home: Any, viewer: Viewer, **more: Any) -> Exemption:
    home.__dict__["rules"] = {RULE: "a rule"}  # which rules there are is not the subject here
    given = {
        "rule_id": RULE, "agency_code": "A01", "subject": "", "reason": "应急物资", "basis": "市政府令第3号第五条",
        "valid_from": today(), "valid_to": NEXT_YEAR,
    } | more  # fmt: skip
    return exemptions.propose(home, viewer, **given)


def active(home: Any, on: dt.date, rule: str = RULE) -> list[int]:
    with home.session() as session:
        return [e.id for e in exemptions.active(session, rule, on)]


def test_a_proposal_has_no_effect_until_another_person_approves_it(any_home: Any, person: People) -> None:
    made = propose(any_home, person(any_home, "reviewer"))
    assert active(any_home, today()) == []
    exemptions.approve(any_home, person(any_home, "lead"), made.id)
    assert active(any_home, today()) == [made.id]
    with any_home.session() as session:
        assert list(session.scalars(sa.select(Audit.action))) == ["propose_exemption", "approve_exemption"]
    assert audit.verify(any_home) is None


def test_whoever_proposed_may_not_approve_and_nobody_approves_twice(any_home: Any, person: People) -> None:
    lead = person(any_home, "lead")
    made = propose(any_home, lead)
    with pytest.raises(Conflict, match="another lead"):
        exemptions.approve(any_home, lead, made.id)
    exemptions.approve(any_home, person(any_home, "lead"), made.id)
    with pytest.raises(Conflict, match="already"):
        exemptions.approve(any_home, person(any_home, "lead"), made.id)


def test_it_is_in_force_from_its_first_to_its_last_day(home: Any, person: People) -> None:
    made = propose(
        home, person(home, "reviewer"), valid_from=today() + dt.timedelta(5), valid_to=today() + dt.timedelta(9)
    )
    exemptions.approve(home, person(home, "lead"), made.id)
    in_force = [day for day in range(15) if active(home, today() + dt.timedelta(day))]
    assert in_force == [5, 6, 7, 8, 9]
    assert active(home, today() + dt.timedelta(6), "PY-08") == []


@pytest.mark.parametrize(
    ("region", "agency", "subject", "covered"),
    [
        ("990102", "A01", "A01", True),
        ("990102003", "A01", "anything", True),
        ("990103", "A01", "A01", False),
        ("990100", "A01", "A01", False),
        ("990102", "A02", "A02", False),
        ("990102", None, "A01", False),
    ],
)
def test_a_district_exempts_its_own_units_only(
    home: Any, person: People, region: str, agency: str | None, subject: str, covered: bool
) -> None:
    made = propose(home, person(home, "reviewer", region="990102"))
    assert exemptions.covers(made, region, agency, subject) is covered


def test_an_exemption_for_one_subject_leaves_the_others(home: Any, person: People) -> None:
    made = propose(home, person(home, "reviewer"), subject="A01|2025-06")
    assert exemptions.covers(made, "990102", "A01", "A01|2025-06")
    assert not exemptions.covers(made, "990102", "A01", "A01|2025-07")


@pytest.mark.parametrize("role", [role for role in ROLES if role not in ("reviewer", "lead")])
def test_only_the_committee_proposes_and_only_a_lead_approves(home: Any, person: People, role: str) -> None:
    with pytest.raises(Denied):
        propose(home, person(home, role))
    made = propose(home, person(home, "reviewer"))
    for other in (role, "reviewer"):
        with pytest.raises(Denied):
            exemptions.approve(home, person(home, other), made.id)


def test_the_product_itself_neither_proposes_nor_approves(home: Any, person: People) -> None:
    with pytest.raises(Denied):
        propose(home, SYSTEM)
    with pytest.raises(Denied):
        exemptions.approve(home, SYSTEM, propose(home, person(home, "reviewer")).id)


def test_a_lead_of_a_district_does_not_approve_for_the_city_or_another_district(home: Any, person: People) -> None:
    city, other = propose(home, person(home, "reviewer")), propose(home, person(home, "reviewer", region="990103"))
    for made in (city, other):
        with pytest.raises(NotFound):
            exemptions.approve(home, person(home, "lead", region="990102"), made.id)


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"reason": " "}, "reason"),
        ({"basis": ""}, "basis"),
        ({"agency_code": ""}, "agency_code"),
        ({"valid_to": today() - dt.timedelta(1), "valid_from": today() - dt.timedelta(9)}, "valid_to"),
        ({"valid_from": NEXT_YEAR + dt.timedelta(1)}, "valid_to"),
    ],
)
def test_it_names_unit_reason_basis_and_a_sensible_span(
    home: Any, person: People, given: dict[str, Any], where: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        propose(home, person(home, "reviewer"), **given)
    assert refusal.value.where == where


def test_a_rule_that_does_not_exist_cannot_be_exempted_from(home: Any, person: People) -> None:
    with pytest.raises(NotFound, match="no rule"):
        propose(home, person(home, "reviewer"), rule_id="PY-7")


def test_the_list_shows_what_touches_ones_region(home: Any, person: People) -> None:
    city, own, other = (propose(home, person(home, "reviewer", region=r)) for r in ("9901", "990102", "990103"))
    seen = [e.id for e in exemptions.listing(home, person(home, "auditor", region="990102"))]
    assert seen == [own.id, city.id]
    assert other.id not in seen
    with pytest.raises(Denied):
        exemptions.listing(home, person(home, "deputy"))


def test_one_can_be_ended_early_by_a_lead_or_its_proposer_and_says_why(any_home: Any, person: People) -> None:
    proposer, lead = person(any_home, "reviewer"), person(any_home, "lead")
    made = propose(any_home, proposer)
    exemptions.approve(any_home, lead, made.id)
    with pytest.raises(Invalid, match="Say why"):
        exemptions.end(any_home, lead, made.id, " ")
    with pytest.raises(Denied):
        exemptions.end(any_home, person(any_home, "reviewer"), made.id, "依据失效")
    ended = exemptions.end(any_home, lead, made.id, "依据失效", on=today() + dt.timedelta(2))
    assert (active(any_home, today()), active(any_home, today() + dt.timedelta(2))) == ([made.id], [])
    assert (ended.ended_by_id, ended.end_note, exemptions.standing(ended)) == (lead.id, "依据失效", "active")
    with pytest.raises(Conflict, match="already"):
        exemptions.end(any_home, proposer, made.id, "又一次")


def test_a_proposal_is_withdrawn_by_the_same_act_and_cannot_be_approved_then(home: Any, person: People) -> None:
    proposer = person(home, "reviewer")
    made = propose(home, proposer)
    assert exemptions.standing(exemptions.end(home, proposer, made.id, "写错了")) == "ended"
    with pytest.raises(Conflict, match="ended"):
        exemptions.approve(home, person(home, "lead"), made.id)


def test_those_about_to_lapse_are_told_the_soonest_first(home: Any, person: People) -> None:
    reviewer, lead = person(home, "reviewer"), person(home, "lead")
    ends = [today() + dt.timedelta(days) for days in (31, 20, 5)]
    for end in ends:
        exemptions.approve(home, lead, propose(home, reviewer, valid_to=end).id)
    propose(home, reviewer, valid_to=today() + dt.timedelta(3))  # a proposal only
    assert [e.valid_to for e in exemptions.lapsing(exemptions.listing(home, lead))] == [ends[2], ends[1]]
