"""Cases in motion on both databases: the whole way to closure, scope, races, letters, due dates, the log."""

from __future__ import annotations

import datetime as dt
import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from budgetwatch import cases
from budgetwatch.access import audit
from budgetwatch.access.viewer import SYSTEM, Viewer
from budgetwatch.calendar import add_workdays, today
from budgetwatch.cases import machine
from budgetwatch.errors import Conflict, Denied, Invalid, NotFound
from budgetwatch.tables import Audit, Case

People = Callable[..., Viewer]
Flagged = Callable[..., int]


def steps(home: Any, case_id: int) -> list[Any]:
    with home.session() as session:
        return cases.steps_of(session, case_id)


def asked(home: Any, person: People, flagged: Flagged, **where: Any) -> int:
    """A case that the unit has been asked about."""
    case_id, reviewer = flagged(home, **where), person(home, "reviewer")
    cases.act(home, reviewer, case_id, "take")
    cases.act(home, reviewer, case_id, "verify")
    cases.act(home, reviewer, case_id, "ask", note="请说明现金支付的依据。")
    return case_id


def test_the_whole_way_from_warning_to_closure(any_home: Any, person: People, flagged: Flagged) -> None:
    reviewer = person(any_home, "reviewer", name="王经办")
    lead = person(any_home, "lead")
    unit = person(any_home, "unit", region="990102", agency_code="990102-A01")
    case_id = flagged(any_home)
    taken = cases.act(any_home, reviewer, case_id, "take", version=0)
    assert (taken.state, taken.version, taken.assignee_id) == ("taken", 1, reviewer.id)
    assert taken.due_on == add_workdays(today(), 5)
    cases.act(any_home, reviewer, case_id, "verify", version=1)
    due = today() + dt.timedelta(30)
    letter = cases.act(any_home, reviewer, case_id, "ask", note="请说明。", due_on=due, version=2)
    assert (letter.state, letter.due_on) == ("asked", due)
    cases.act(any_home, unit, case_id, "reply", note="系应急采购，附件已报。", version=3)
    cases.act(any_home, reviewer, case_id, "confirm", reason="scope_or_standard", version=4)
    closed = cases.act(any_home, lead, case_id, "close", note="已补办手续。", version=5)
    assert (closed.state, closed.due_on, closed.version) == ("closed", None, 6)
    assert closed.closed_at is not None
    done = steps(any_home, case_id)
    assert [s.action for s in done] == ["take", "verify", "ask", "reply", "confirm", "close"]
    assert [s.seq for s in done] == [1, 2, 3, 4, 5, 6]
    assert done[2].fields == {"letter_no": f"预联函〔{today().year}〕1号", "due_on": due.isoformat()}
    assert (done[0].actor_name, done[3].actor_role, done[4].reason) == ("王经办", "unit", "scope_or_standard")
    assert machine.replay(done) == "closed"
    with any_home.session() as session:
        said = list(session.scalars(sa.select(Audit.action).order_by(Audit.id)))
    assert said == [f"case_{s.action}" for s in done]
    assert audit.verify(any_home) is None


def test_a_refused_act_changes_nothing_and_leaves_no_trace(any_home: Any, person: People, flagged: Flagged) -> None:
    case_id, reviewer = flagged(any_home), person(any_home, "reviewer")
    with pytest.raises(Conflict, match="Possible now: Take"):
        cases.act(any_home, reviewer, case_id, "verify")
    cases.act(any_home, reviewer, case_id, "take")
    with pytest.raises(Invalid):
        cases.act(any_home, reviewer, case_id, "dismiss", note="重复")
    assert [s.action for s in steps(any_home, case_id)] == ["take"]
    assert audit.last(any_home)[0] == 1


def test_somebody_who_looked_at_an_older_version_is_told_who_moved_it(
    any_home: Any, person: People, flagged: Flagged
) -> None:
    case_id = flagged(any_home)
    cases.act(any_home, person(any_home, "reviewer", name="王经办"), case_id, "take", version=0)
    with pytest.raises(Conflict) as refusal:
        cases.act(any_home, person(any_home, "reviewer"), case_id, "comment", note="我来", version=0)
    assert "王经办（受理初核）已处理了该事项，现在是“初核中”" in refusal.value.sentence("zh")
    assert "Possible now: Verify" in refusal.value.sentence("en")


@pytest.mark.parametrize("told_version", [True, False], ids=["with the version seen", "without"])
def test_of_people_who_race_for_one_case_exactly_one_wins(
    any_home: Any, person: People, flagged: Flagged, told_version: bool
) -> None:
    case_id, racers = flagged(any_home), [person(any_home, "reviewer") for _ in range(4)]
    won, lost, other = [], [], []
    start = threading.Barrier(len(racers))

    def race(viewer: Viewer) -> None:
        start.wait()
        try:
            won.append(cases.act(any_home, viewer, case_id, "take", version=0 if told_version else None))
        except Conflict as refusal:
            lost.append(refusal)
        except Exception as failure:
            other.append(failure)

    threads = [threading.Thread(target=race, args=(viewer,)) for viewer in racers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost), other) == (1, 3, [])
    kept = steps(any_home, case_id)
    assert [s.actor_id for s in kept] == [won[0].assignee_id]
    assert audit.verify(any_home) is None


def test_the_database_itself_lets_only_one_of_two_through(
    any_home: Any, person: People, flagged: Flagged, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other's act falls exactly between our reading and our writing."""
    case_id, other = flagged(any_home), person(any_home, "reviewer", name="李经办")
    decide = machine.decide

    def while_we_think(*args: Any, **given: Any) -> machine.Decision:
        monkeypatch.setattr(machine, "decide", decide)
        cases.act(any_home, other, case_id, "take")
        return decide(*args, **given)

    monkeypatch.setattr(machine, "decide", while_we_think)
    with pytest.raises(Conflict, match="李经办"):
        cases.act(any_home, person(any_home, "reviewer"), case_id, "take")
    assert [s.actor_name for s in steps(any_home, case_id)] == ["李经办"]


def test_letters_are_numbered_without_gaps_even_when_many_write_at_once(
    any_home: Any, person: People, flagged: Flagged
) -> None:
    reviewer = person(any_home, "reviewer")
    ready = [flagged(any_home) for _ in range(8)]
    for case_id in ready:
        cases.act(any_home, reviewer, case_id, "take")
        cases.act(any_home, reviewer, case_id, "verify")
    with pytest.raises(Invalid):
        cases.act(any_home, reviewer, ready[0], "ask", note="")
    threads = [
        threading.Thread(target=cases.act, args=(any_home, reviewer, case_id, "ask"), kwargs={"note": "请说明。"})
        for case_id in ready
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = [steps(any_home, case_id)[-1].fields["letter_no"] for case_id in ready]
    assert sorted(int(re.search(r"〕(\d+)号", n)[1]) for n in numbers) == [1, 2, 3, 4, 5, 6, 7, 8]  # type: ignore[index]


def test_a_letter_failing_at_the_last_moment_gives_its_number_back(
    any_home: Any, person: People, flagged: Flagged, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id, reviewer = flagged(any_home), person(any_home, "reviewer")
    cases.act(any_home, reviewer, case_id, "take")
    cases.act(any_home, reviewer, case_id, "verify")
    with monkeypatch.context() as broken:
        broken.setattr(audit, "record", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            cases.act(any_home, reviewer, case_id, "ask", note="请说明。")
    cases.act(any_home, reviewer, case_id, "ask", note="请说明。")
    assert steps(any_home, case_id)[-1].fields["letter_no"].endswith("〕1号")


def test_an_office_may_give_its_own_letter_number(home: Any, person: People, flagged: Flagged) -> None:
    case_id, reviewer = flagged(home), person(home, "reviewer")
    cases.act(home, reviewer, case_id, "take")
    cases.act(home, reviewer, case_id, "verify")
    cases.act(home, reviewer, case_id, "ask", note="请说明。", letter_no=" 财工函〔2026〕3号 ")
    assert steps(home, case_id)[-1].fields["letter_no"] == "财工函〔2026〕3号"
    with pytest.raises(Invalid, match="Only a letter"):
        cases.act(home, reviewer, case_id, "comment", note="x", letter_no="1号")


# ------------------------------------------------------------------ scope


@pytest.mark.parametrize("action", ["take", "comment", "close", "nonsense"])
def test_a_case_of_another_region_does_not_exist_for_a_reviewer(
    home: Any, person: People, flagged: Flagged, action: str
) -> None:
    case_id = flagged(home, region="990103")
    with pytest.raises(NotFound) as refusal:
        cases.act(home, person(home, "reviewer", region="990102"), case_id, action, note="x")
    with pytest.raises(NotFound) as missing:
        cases.act(home, person(home, "reviewer", region="990102"), 99_999, action, note="x")
    assert refusal.value.sentence("en").replace(str(case_id), "#") == missing.value.sentence("en").replace("99999", "#")
    assert steps(home, case_id) == []


def test_a_city_reviewer_works_district_and_town_cases(home: Any, person: People, flagged: Flagged) -> None:
    for region in ("990100", "990102", "990102003"):
        assert cases.act(home, person(home, "reviewer"), flagged(home, region=region), "take").state == "taken"


def test_a_unit_sees_its_own_case_only_from_the_day_it_was_asked(home: Any, person: People, flagged: Flagged) -> None:
    unit = person(home, "unit", region="990102", agency_code="990102-A01")
    with pytest.raises(NotFound):
        cases.act(home, unit, flagged(home), "reply", note="说明")
    case_id = asked(home, person, flagged)
    for stranger in (
        person(home, "unit", region="990102", agency_code="990102-A02"),
        person(home, "unit", region="990103", agency_code="990102-A01"),
        person(home, "finance", region="990103"),
        person(home, "deputy"),
        person(home, "admin"),
    ):
        with pytest.raises(NotFound):
            cases.act(home, stranger, case_id, "reply", note="说明")
    assert cases.act(home, unit, case_id, "reply", note="说明").state == "replied"
    with pytest.raises(Conflict, match="“Replied”"):
        cases.act(home, unit, case_id, "reply", note="再说明")


def test_the_finance_bureau_replies_for_units_of_its_region(home: Any, person: People, flagged: Flagged) -> None:
    assert (
        cases.act(home, person(home, "finance"), asked(home, person, flagged), "reply", note="说明").state == "replied"
    )


def test_a_reply_on_paper_is_recorded_as_written_down_on_the_units_behalf(
    home: Any, person: People, flagged: Flagged
) -> None:
    case_id = asked(home, person, flagged)
    cases.act(home, person(home, "reviewer"), case_id, "reply", note="收到纸质复函。")
    assert steps(home, case_id)[-1].fields == {"on_behalf": True}


def test_auditors_see_cases_and_change_none(home: Any, person: People, flagged: Flagged) -> None:
    with pytest.raises(Denied, match="Auditor"):
        cases.act(home, person(home, "auditor"), flagged(home), "take")


def test_a_returned_reply_has_a_new_due_date(home: Any, person: People, flagged: Flagged) -> None:
    case_id, reviewer = asked(home, person, flagged), person(home, "reviewer")
    cases.act(home, reviewer, case_id, "reply", note="见附件。")
    assert cases.act(home, reviewer, case_id, "return_reply", note="附件缺失。").due_on == add_workdays(today(), 10)
    assert steps(home, case_id)[-1].fields == {"due_on": add_workdays(today(), 10).isoformat()}


def test_releasing_gives_the_case_back_to_everybody(home: Any, person: People, flagged: Flagged) -> None:
    case_id, reviewer = flagged(home), person(home, "reviewer")
    cases.act(home, reviewer, case_id, "take")
    assert cases.act(home, reviewer, case_id, "release").assignee_id is None


# ------------------------------------------------------------------ outliers


def test_an_outlier_becomes_a_case_only_when_a_person_says_so(any_home: Any, person: People, flagged: Flagged) -> None:
    flag_id, reviewer = flagged(any_home, kind="outlier"), person(any_home, "reviewer")
    case = cases.promote(any_home, reviewer, flag_id, "收款人从未出现过。")
    assert (case.state, case.version, case.region) == ("new", 1, "990102")
    assert case.due_on == add_workdays(today(), 5)
    cases.act(any_home, reviewer, case.id, "take", version=1)
    done = steps(any_home, case.id)
    assert [s.action for s in done] == ["promote", "take"]
    assert machine.replay(done) == "taken"
    with pytest.raises(Conflict, match="has a case already"):
        cases.promote(any_home, reviewer, flag_id, "再来一次。")


def test_two_who_promote_the_same_outlier_at_once_make_one_case(
    any_home: Any, person: People, flagged: Flagged
) -> None:
    flag_id, made, refused = flagged(any_home, kind="outlier"), [], []

    def promote(viewer: Viewer) -> None:
        try:
            made.append(cases.promote(any_home, viewer, flag_id, "值得核实。"))
        except Conflict as refusal:
            refused.append(refusal)

    threads = [threading.Thread(target=promote, args=(person(any_home, "reviewer"),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), len(refused)) == (1, 3)
    with any_home.session() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Case)) == 1


def test_who_may_promote_and_what_it_needs(home: Any, person: People, flagged: Flagged) -> None:
    flag_id = flagged(home, kind="outlier")
    with pytest.raises(Invalid):
        cases.promote(home, person(home, "reviewer"), flag_id, " ")
    for stranger in (person(home, "reviewer", region="990103"), person(home, "deputy"), person(home, "unit")):
        with pytest.raises(NotFound):
            cases.promote(home, stranger, flag_id, "x")
    for onlooker in (person(home, "auditor"), SYSTEM):
        with pytest.raises(Denied):
            cases.promote(home, onlooker, flag_id, "x")
    case_id = flagged(home)
    with home.session() as session:
        ordinary = session.get_one(Case, case_id).flag_id
    with pytest.raises(Conflict):
        cases.promote(home, person(home, "reviewer"), ordinary, "x")
