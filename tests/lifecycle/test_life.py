"""A rule's life: draft, back-tested, proposed, approved by a second person, active from a day, retired; all of it kept."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa

from budgetwatch import lifecycle, runs
from budgetwatch.access import audit
from budgetwatch.calendar import today
from budgetwatch.errors import BadRule, BudgetwatchError, Conflict, Denied, Invalid
from budgetwatch.home import Home
from budgetwatch.lifecycle import writing
from budgetwatch.queries import editions
from budgetwatch.tables import Flag, RuleEdition, RuleStep
from tests.builders import facts
from tests.lifecycle.builders import People, active, approved, back_tested, ruled, with_floor

LATER = today() + dt.timedelta(10)


def floor(home: Any) -> str:
    return str(home.rules["PY-07"].params["floor"].value)


def actions(home: Any, edition: RuleEdition) -> list[str]:
    with home.session() as session:
        query = sa.select(RuleStep.action).where(RuleStep.edition_id == edition.id).order_by(RuleStep.seq)
        return list(session.scalars(query))


def test_from_draft_to_active_every_step_is_kept_and_the_rule_holds_from_its_day(
    any_home: Home, person: People
) -> None:
    ruled(any_home)
    made = active(any_home, person, with_floor(any_home, "5000.00"))
    assert actions(any_home, made) == ["draft", "backtest", "propose", "approve", "activate"]
    assert floor(any_home) == "5000.00"
    assert any_home.files["PY-07"].params["floor"].plain == "10000.00"
    assert audit.verify(any_home) is None


def test_it_holds_from_its_day_and_not_before(home: Home, person: People) -> None:
    ruled(home)
    active(home, person, with_floor(home, "5000.00"), LATER)
    assert floor(home) == "10000.00"
    assert home.rules_on(LATER - dt.timedelta(1))["PY-07"].params["floor"].plain == "10000.00"
    assert home.rules_on(LATER)["PY-07"].params["floor"].plain == "5000.00"


def test_nobody_approves_what_they_drafted_or_proposed(home: Home, person: People) -> None:
    ruled(home)
    first, second, third = (person(home, "lead", name=name) for name in ("甲", "乙", "丙"))
    made = lifecycle.draft(home, first, with_floor(home, "5000.00"))
    back_tested(home, first, made)
    lifecycle.act(home, second, made.id, "propose", note="可行")
    for person_ in (first, second):
        with pytest.raises(Conflict, match=r"may not approve it themselves.*not 甲、乙"):
            lifecycle.act(home, person_, made.id, "approve")
    lifecycle.act(home, third, made.id, "approve")


@pytest.mark.parametrize(
    ("role", "power", "may"),
    [
        ("reviewer", "draft", True), ("auditor", "draft", True), ("lead", "draft", True), ("admin", "draft", False),
        ("deputy", "draft", False), ("finance", "draft", False), ("reviewer", "approve", False), ("auditor", "approve", False),
        ("admin", "approve", False), ("lead", "approve", True), ("admin", "activate", True), ("lead", "activate", True),
        ("reviewer", "activate", False), ("reviewer", "retire", False),
    ],
)  # fmt: skip
def test_who_may_do_what(home: Home, person: People, role: str, power: str, may: bool) -> None:
    ruled(home)
    body = with_floor(home, "5000.00")
    someone = person(home, role)

    def do() -> None:
        if power == "draft":
            lifecycle.draft(home, someone, body)
        elif power == "approve":
            made = lifecycle.draft(home, drafter := person(home, "reviewer"), body)
            back_tested(home, drafter, made)
            lifecycle.act(home, drafter, made.id, "propose", note="可行")
            lifecycle.act(home, someone, made.id, "approve")
        elif power == "activate":
            lifecycle.activate(home, someone, approved(home, person, body).id)
        else:
            lifecycle.act(home, someone, active(home, person, body).id, "retire", note="误报太多")

    if may:
        do()
    else:
        with pytest.raises(Denied):
            do()


def test_a_lead_of_one_district_does_not_decide_for_the_city(home: Home, person: People) -> None:
    ruled(home)
    drafter, district = person(home, "reviewer"), person(home, "lead", region="990101")
    person(home, "lead")
    made = lifecycle.draft(home, drafter, with_floor(home, "5000.00"))
    back_tested(home, drafter, made)
    lifecycle.act(home, drafter, made.id, "propose", note="可行")
    with pytest.raises(Denied, match="your scope is a part"):
        lifecycle.act(home, district, made.id, "approve")


def test_what_was_not_back_tested_cannot_be_proposed_and_nothing_skips_a_step(home: Home, person: People) -> None:
    ruled(home)
    lead = person(home, "lead")
    made = lifecycle.draft(home, person(home, "reviewer"), with_floor(home, "5000.00"))
    for action in ("propose", "approve", "activate", "retire"):
        with pytest.raises(Conflict, match="Possible now"):
            lifecycle.act(home, lead, made.id, action, note="x")
    with pytest.raises(Invalid, match="recorded by the back-test itself"):
        lifecycle.act(home, lead, made.id, "backtest")
    assert actions(home, made) == ["draft"]


def test_a_retired_rule_stays_in_the_book_but_off_and_the_file_does_not_come_back(home: Home, person: People) -> None:
    ruled(home)
    made = active(home, person, with_floor(home, "5000.00"))
    lifecycle.act(home, person(home, "admin"), made.id, "retire", note="误报太多")
    assert "PY-07" in home.rules
    assert "PY-07" not in home.rules.active
    assert floor(home) == "5000.00"


def test_the_last_to_become_active_holds_and_a_roll_back_is_a_new_edition_with_the_old_text(
    home: Home, person: People
) -> None:
    ruled(home)
    old = active(home, person, with_floor(home, "5000.00"))
    active(home, person, with_floor(home, "7000.00"))
    assert floor(home) == "7000.00"
    drafter = person(home, "reviewer")
    back = lifecycle.roll_back(home, drafter, old.id)
    assert (back.no, back.body, back.base_no) == (3, old.body, 2)
    assert floor(home) == "7000.00"
    back_tested(home, drafter, back)
    lifecycle.act(home, drafter, back.id, "propose", note="回退")
    lifecycle.act(home, lead := person(home, "lead"), back.id, "approve")
    lifecycle.activate(home, lead, back.id)
    assert floor(home) == "5000.00"
    standing = {row["no"]: row["standing"].en for row in editions.editions(home, lead).rows}
    assert standing == {1: "superseded", 2: "superseded", 3: "active"}


def test_switching_a_rule_off_is_an_edition_and_no_edit_of_a_file(home: Home, person: People) -> None:
    ruled(home)
    drafter = person(home, "reviewer")
    made = lifecycle.set_enabled(home, drafter, "PY-07", False)
    assert home.rules.active == ("PY-07",)
    back_tested(home, drafter, made)
    lifecycle.act(home, drafter, made.id, "propose", note="停用")
    lead = person(home, "lead")
    lifecycle.act(home, lead, made.id, "approve")
    lifecycle.activate(home, lead, made.id)
    assert home.rules.active == ()
    assert home.files.active == ("PY-07",)


def test_a_new_rule_stands_after_those_of_the_files_and_is_found_by_a_run(home: Home, person: People) -> None:
    ruled(home)
    body = with_floor(home, "5000.00").replace("PY-07", "PY-77")
    active(home, person, body)
    assert home.rules.order == ("PY-07", "PY-77")
    cash = {"agency_code": "A1", "adm_div_code": "990101", "pay_date": "2025-03-03", "settlement": "cash"}
    facts(home, "payment", [{**cash, "amount": "6000.00"}])
    report = runs.run(home, actor="test")
    assert report.new_flags == 1
    with home.session() as session:
        assert session.scalars(sa.select(Flag.rule_id)).all() == ["PY-77"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda b: b.replace("'cash'", "'cash"), "draft:14 PY-07"),
        (lambda b: b.replace("$floor", "$flor"), "floor"),
        (lambda b: b.replace("预算法", "没有的法"), "not in laws.yml"),
        (lambda b: b.replace("severity: orange", "severity: purple"), "severity"),
        (lambda b: b + "extra: 1\n", "extra"),
        (lambda b: "", "missing|not a rule"),
    ],
)
def test_a_text_that_is_no_rule_is_refused_with_its_line(home: Home, person: People, change: Any, said: str) -> None:
    ruled(home)
    with pytest.raises(BadRule, match=said):
        lifecycle.draft(home, person(home, "reviewer"), change(home.rules["PY-07"].body))


def test_an_edition_whose_examples_say_otherwise_cannot_be_proposed(home: Home, person: People) -> None:
    ruled(home)
    drafter = person(home, "reviewer")
    body = home.rules["PY-07"].body.replace("amount >= $floor", "amount > $floor * 2")
    made = lifecycle.draft(home, drafter, body)
    back_tested(home, drafter, made)
    with pytest.raises(BadRule, match="expects flags and gets clear"):
        lifecycle.act(home, drafter, made.id, "propose", note="可行")


def test_another_threshold_leaves_the_examples_saying_what_they_said(home: Home, person: People) -> None:
    ruled(home)
    drafter = person(home, "reviewer")
    made = lifecycle.set_params(home, drafter, "PY-07", {"floor": "20000.00"})
    back_tested(home, drafter, made)
    lifecycle.act(home, drafter, made.id, "propose", note="可行")
    named = [example["params"] for example in writing.parts(made.body)["examples"]]
    assert named == [{"floor": "10000.00"}] * 3


def test_a_threshold_outside_its_bounds_is_refused(home: Home, person: People) -> None:
    ruled(home)
    with pytest.raises(BadRule, match="above the most"):
        lifecycle.set_params(home, person(home, "reviewer"), "PY-07", {"floor": "1000000.01"})


def test_the_same_text_twice_is_refused(home: Home, person: People) -> None:
    ruled(home)
    drafter = person(home, "reviewer")
    with pytest.raises(Conflict, match="unchanged"):
        lifecycle.draft(home, drafter, home.rules["PY-07"].body)
    lifecycle.draft(home, drafter, with_floor(home, "5000.00"))
    with pytest.raises(Conflict, match="Edition 1"):
        lifecycle.draft(home, drafter, with_floor(home, "5000.00"))


def test_the_difference_names_the_parts_and_shows_sql_line_by_line(home: Home, person: People) -> None:
    ruled(home)
    body = with_floor(home, "5000.00").replace(
        "when: settlement = 'cash' and amount >= $floor",
        "when: |-\n  settlement = 'cash'\n  AND amount > $floor",
    )
    made = lifecycle.draft(home, person(home, "reviewer"), body)
    found = {change.path: change for change in editions.edition(home, person(home, "lead"), made.id).changes}
    assert (found["params.floor.value"].before, found["params.floor.value"].after) == ("10000.00", "5000.00")
    assert [line.kind for line in found["when"].lines] == ["removed", "added", "added"]
    assert found["when"].decides
    assert not any(change.decides for path, change in found.items() if path == "examples")


def test_an_edition_in_force_that_the_language_no_longer_takes_leaves_the_file_alone(
    home: Home, person: People
) -> None:
    ruled(home)
    active(home, person, with_floor(home, "5000.00"))
    home.__dict__["files"].laws = {}  # the law it cites was taken out of laws.yml
    home.look_again()
    assert floor(home) == "10000.00"
    assert list(home.effective.unread) == ["PY-07"]


def test_what_another_process_decides_is_seen_at_the_next_look(home: Home, person: People) -> None:
    ruled(home)
    other = ruled(Home(home.settings))
    try:
        assert floor(other) == "10000.00"
        active(home, person, with_floor(home, "5000.00"))
        other.look_again()
        assert floor(other) == "5000.00"
    finally:
        other.close()


def test_every_refusal_says_what_to_do(home: Home, person: People) -> None:
    ruled(home)
    made = lifecycle.draft(home, person(home, "reviewer"), with_floor(home, "5000.00"))
    for action, more in (("fly", {}), ("comment", {}), ("withdraw", {"day": today()})):
        with pytest.raises(BudgetwatchError) as refused:
            lifecycle.act(home, person(home, "lead"), made.id, action, **more)
        assert refused.value.what.zh
        assert refused.value.what.en


def test_an_edition_that_lacks_what_a_places_pack_sets_is_refused_before_it_could_stop_a_run(
    home: Home, person: People
) -> None:
    ruled(home)
    packs = home.path / "packs"
    packs.mkdir()
    (packs / "990102.yml").write_text(
        'pack:\n  place: "990102"\n  name: {zh: 某区, en: A district}\n  settings:\n    - {rule: PY-07, params: {floor: "5000.00"}}\n',
        "utf-8",
    )
    drafter = person(home, "reviewer")
    body = home.rules["PY-07"].body.replace("floor", "least")
    made = lifecycle.draft(home, drafter, body)
    back_tested(home, drafter, made)
    with pytest.raises(BadRule, match=r"990102\.yml"):
        lifecycle.act(home, drafter, made.id, "propose", note="改名")
