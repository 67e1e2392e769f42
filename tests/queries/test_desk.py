"""What each desk lists: the right cases in the right order, the numbers that its links lead to, and never another's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal as D

import pytest
import sqlalchemy as sa

from budgetwatch import cases, exemptions, preferences
from budgetwatch import tables as t
from budgetwatch.access.viewer import Viewer
from budgetwatch.calendar import FIXED_DAY, today
from budgetwatch.errors import Denied
from budgetwatch.home import Home
from budgetwatch.queries import desk, desk_admin, desk_answers, desk_leader, desk_rules, work
from budgetwatch.rules import reasons
from tests.builders import changed

Person = Callable[..., Viewer]
Flagged = Callable[..., int]


def days(n: int) -> dt.date:
    return today() + dt.timedelta(n)


def asked(home: Home, reviewer: Viewer, case_id: int, note: str = "请说明。") -> int:
    for action in ("take", "verify"):
        cases.act(home, reviewer, case_id, action)
    cases.act(home, reviewer, case_id, "ask", note=note)
    return case_id


# ------------------------------------------------------------------ the committee


def test_the_next_case_comes_with_its_sentence_amount_and_day(city: Home, person: Person, flagged: Flagged) -> None:
    reviewer = person(city, "reviewer")
    assert desk.next_up(city, reviewer) is None
    flagged(city)
    urgent = changed(city, flagged(city), due_on=days(-3), severity="red")
    found = desk.next_up(city, reviewer)
    assert found is not None
    assert (found.case_id, found.severity, found.amount, found.due_on) == (urgent, "red", D("20000.05"), days(-3))
    assert found.sentence.zh
    assert found.sentence.en
    assert found.case_id == work.next_case(city, reviewer)


def test_what_is_due_is_counted_as_the_queue_lists_it(city: Home, person: Person, flagged: Flagged) -> None:
    reviewer = person(city, "reviewer")
    for n in (-400, -1, 0, 1, 7, 8):
        changed(city, flagged(city), due_on=days(n))
    mine = changed(city, flagged(city), due_on=days(-1), assignee_id=reviewer.id)
    changed(city, flagged(city), due_on=days(-1), state="closed")
    due = desk.due(city, reviewer)
    assert (due.late, due.today, due.week, due.open) == (3, 1, 2, 7)
    assert (due.mine_late, due.mine_today, due.mine_week, due.mine) == (1, 0, 0, 1)
    for which, number in (("late", due.late), ("today", due.today), ("week", due.week)):
        assert work.queue(city, reviewer, due=which).total == number
    assert [line.case_id for line in desk.my_due(city, reviewer)] == [mine]


def test_what_came_in_is_counted_since_the_last_visit_or_the_latest_run(
    city: Home, person: Person, flagged: Flagged
) -> None:
    reviewer = person(city, "reviewer")
    assert desk.came_in(city, reviewer, None).since is None
    old = changed(city, flagged(city), opened_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    new = changed(city, flagged(city), severity="red")
    flagged(city, kind="outlier")
    first = desk.came_in(city, reviewer, None)
    assert first.since == today()  # of the run that found them
    assert (first.by_severity, first.leads) == ({"red": 1}, 1)
    assert first.batches == 5  # regions, units, subjects, budget lines and payments of the small city
    everything = desk.came_in(city, reviewer, dt.date(2019, 12, 31))
    assert everything.cases == 2
    assert [line.case_id for line in desk.newest(city, reviewer, today())] == [new]
    assert {r["case_id"] for r in work.queue(city, reviewer, since=today()).rows} == {new}
    assert {r["case_id"] for r in work.queue(city, reviewer, since=dt.date(2019, 12, 31)).rows} == {old, new}


def test_a_lead_closes_what_others_decided_and_sees_proposed_exemptions(
    city: Home, person: Person, flagged: Flagged
) -> None:
    reviewer, lead, other = person(city, "reviewer"), person(city, "lead"), person(city, "lead")
    case_id, own = flagged(city), flagged(city)
    cases.act(city, reviewer, case_id, "take")
    cases.act(city, reviewer, case_id, "dismiss", reason="explained", note="说明成立。")
    cases.act(city, lead, own, "take")
    cases.act(city, lead, own, "dismiss", reason="explained", note="说明成立。")
    found, count = desk.to_close(city, lead)
    assert ([line.case_id for line in found], count) == ([case_id], 1)
    assert desk.to_close(city, other)[1] == 2
    assert desk.to_close(city, reviewer) == ([], 0)
    exemptions.propose(city, reviewer, "PY-07", "990102-A01", "", "值班", "办法第九条", today(), days(90))
    done = exemptions.propose(city, reviewer, "PY-07", "990102-A02", "", "值班", "办法第九条", today(), days(90))
    exemptions.approve(city, lead, done.id)
    [waiting] = desk.proposed(city, lead)
    assert (waiting.rule_id, waiting.agency_name, waiting.own) == ("PY-07", "青岚区教育局", False)
    assert desk.proposed(city, reviewer) == []


def said(home: Home, **rules: tuple[int, int, int, dict[str, int]]) -> None:
    """One finished run in which each rule (its id with _ for -) looked at, flagged, could not judge, and why."""
    with home.session() as session:
        run = t.Run(as_of=today(), versions={}, status="done")
        session.add(run)
        session.flush()
        for name, (looked_at, flagged, unclear, why) in rules.items():
            rule = name.replace("_", "-")
            version = session.scalar(sa.select(t.RuleVersion).where(t.RuleVersion.rule_id == rule)) or t.RuleVersion(
                rule_id=rule, digest=rule, body=""
            )
            session.add(version)
            session.flush()
            session.add(
                t.RunRule(
                    run_id=run.id, rule_id=rule, rule_version_id=version.id, looked_at=looked_at, flagged=flagged,
                    could_not_judge=unclear, reasons=why,
                )
            )  # fmt: skip


def test_a_rule_misbehaves_when_it_breaks_is_blind_or_flags_far_more(city: Home, person: Person) -> None:
    reviewer = person(city, "reviewer")
    assert desk_rules.misbehaving(city, reviewer) == ([], 0)
    said(city, PY_07=(100, 5, 0, {}), PY_12=(100, 1, 0, {}), EX_01=(100, 3, 0, {}), DB_01=(10, 0, 0, {}))
    said(
        city,
        PY_07=(100, 15, 0, {}),  # three times as many, and ten more
        PY_12=(100, 9, 0, {}),  # nine times as many, but few
        EX_01=(100, 3, 50, {"missing:pay_date": 50}),
        DB_01=(10, 0, 10, {reasons.FAILED: 10}),
    )
    found, count = desk_rules.misbehaving(city, reviewer)
    assert count == 3
    assert [(one.rule_id, one.kind) for one in found] == [("DB-01", "failed"), ("PY-07", "more"), ("EX-01", "blind")]
    assert "5" in found[1].sentence.en
    assert "15" in found[1].sentence.en
    assert found[2].sentence.en.startswith("cannot judge 50%")
    assert desk_rules.failed_run(city, reviewer) is None
    with city.session() as session:
        session.add(t.Run(as_of=today(), versions={}, status="failed", failure="disk full"))
    assert desk_rules.failed_run(city, reviewer) is not None
    with pytest.raises(Denied):
        desk_rules.misbehaving(city, person(city, "deputy"))


# ------------------------------------------------------------------ scope


def test_a_district_s_desk_knows_nothing_of_another_district(city: Home, person: Person, flagged: Flagged) -> None:
    theirs = changed(
        city,
        flagged(city, region="990103", agency_code="990103-A01"),
        severity="red",
        subject_name="白石大桥",
        due_on=days(-9),
    )
    mine = changed(city, flagged(city, region="990102001", agency_code="990102001-A01"), due_on=days(0))
    viewer, city_wide = person(city, "reviewer", region="990102"), person(city, "reviewer")
    for case_id in (theirs, mine):
        cases.act(city, city_wide, case_id, "take")
        cases.act(city, city_wide, case_id, "dismiss", reason="other", note="略")
        changed(city, case_id, assignee_id=viewer.id, due_on=days(-9) if case_id == theirs else days(0))
    lead, leader = person(city, "lead", region="990102"), person(city, "leader", region="990102")
    shown = (
        desk.next_up(city, lead),
        desk.my_due(city, viewer),
        desk.newest(city, viewer, today()),
        desk.to_close(city, lead),
        desk_leader.red(city, leader),
        desk_leader.confirmed(city, leader),
    )
    assert "990103" not in str(shown)
    assert "白石" not in str(shown)
    due = desk.due(city, viewer)
    assert (due.open, due.late, due.today) == (1, 0, 1)
    assert desk.came_in(city, viewer, None).cases == 1
    assert desk_leader.red(city, leader).open == 0


def test_no_desk_opens_for_who_has_no_part_in_it(city: Home, person: Person) -> None:
    deputy, unit = person(city, "deputy"), person(city, "unit", region="990102", agency_code="990102-A01")
    for ask in (desk.due, desk.my_due, desk.next_up, desk_leader.red, desk_leader.confirmed, desk_leader.loop):
        for viewer in (deputy, unit):
            with pytest.raises(Denied):
                ask(city, viewer)
    with pytest.raises(Denied):
        desk_answers.owed(city, deputy)
    with pytest.raises(Denied):
        desk_admin.accounts(city, person(city, "lead"))


# ------------------------------------------------------------------ unit, finance bureau


def test_a_unit_owes_only_its_own_answers_and_sees_what_was_decided_without_the_reasoning(
    city: Home, person: Person, flagged: Flagged
) -> None:
    reviewer = person(city, "reviewer")
    unit = person(city, "unit", region="990102", agency_code="990102-A01")
    finance = person(city, "finance", region="990102")
    mine = asked(city, reviewer, flagged(city))
    others = asked(city, reviewer, flagged(city, agency_code="990102-A02"))
    away = asked(city, reviewer, flagged(city, region="990103", agency_code="990103-A01"))
    changed(city, mine, due_on=days(-2))
    owed = desk_answers.owed(city, unit)
    assert ([r["case_id"] for r in owed.inquiries], owed.waiting, owed.late, owed.soon) == ([mine], 1, 1, 0)
    bureau = desk_answers.owed(city, finance)
    assert [r["case_id"] for r in bureau.inquiries] == [mine, others]  # the late one first, another district's never
    assert away not in [r["case_id"] for r in bureau.inquiries]
    cases.act(city, unit, mine, "reply", note="附合同。")
    assert desk_answers.owed(city, unit).waiting == 0
    assert desk_answers.decided(city, unit) == []
    cases.act(city, reviewer, mine, "dismiss", reason="explained", note="内部口径")
    [decision] = desk_answers.decided(city, unit)
    assert (decision.case_id, decision.state, decision.on) == (mine, "dismissed", today())
    assert "内部" not in str(decision)
    assert desk_answers.decided(city, person(city, "unit", region="990102", agency_code="990102-A02")) == []


# ------------------------------------------------------------------ leader


def test_red_cases_stand_oldest_first_with_their_days(city: Home, person: Person, flagged: Flagged) -> None:
    leader = person(city, "leader")
    changed(city, flagged(city))
    new = changed(city, flagged(city), severity="red")
    old = changed(city, flagged(city), severity="red", opened_at=dt.datetime.now(dt.UTC) - dt.timedelta(30))
    changed(city, flagged(city), severity="red", state="closed")
    red = desk_leader.red(city, leader)
    assert [(line.case_id, line.days) for line in red.lines] == [(old, 30), (new, 0)]
    assert (red.open, red.late) == (2, 0)


def test_the_loop_is_measured_in_working_days_of_the_month_in_which_a_leg_ends(
    city: Home, person: Person, flagged: Flagged, monkeypatch: pytest.MonkeyPatch
) -> None:
    reviewer, lead = person(city, "reviewer"), person(city, "lead")
    leader, unit = person(city, "leader"), person(city, "unit", region="990102", agency_code="990102-A01")
    monkeypatch.setenv(FIXED_DAY, "2026-03-02")  # a Monday
    case_id = changed(city, flagged(city), opened_at=dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC))
    monkeypatch.setenv(FIXED_DAY, "2026-03-06")
    asked(city, reviewer, case_id)  # four working days later
    monkeypatch.setenv(FIXED_DAY, "2026-03-16")
    cases.act(city, unit, case_id, "reply", note="附合同。")  # six, over two weekends
    cases.act(city, reviewer, case_id, "confirm", reason="other_problem")
    monkeypatch.setenv(FIXED_DAY, "2026-04-01")
    cases.act(city, lead, case_id, "close")
    april, march, *rest = desk_leader.loop(city, leader)
    assert (april.month, march.month) == (dt.date(2026, 4, 1), dt.date(2026, 3, 1))
    assert (march.asked.days, march.replied.days, march.closed.days) == (4.0, 6.0, None)
    assert (april.closed.days, april.closed.cases, april.asked.cases) == (22.0, 1, 0)
    assert all(month.asked.cases == 0 for month in rest)
    confirmed = desk_leader.confirmed(city, leader)
    assert (confirmed.year, confirmed.cases, confirmed.closed) == (2026, 1, 1)
    assert confirmed.amounts == {"CNY": D("20000.05")}
    assert [r["case_id"] for r in work.queue(city, leader, confirmed=2026).rows] == [case_id]
    assert work.queue(city, leader, confirmed=2025).total == 0


def test_what_was_sent_back_or_dismissed_is_not_counted_as_confirmed(
    city: Home, person: Person, flagged: Flagged
) -> None:
    reviewer, lead, leader = person(city, "reviewer"), person(city, "lead"), person(city, "leader")
    case_id = asked(city, reviewer, flagged(city))
    cases.act(city, reviewer, case_id, "reply", note="书面回复。")
    cases.act(city, reviewer, case_id, "confirm", reason="other_problem")
    assert desk_leader.confirmed(city, leader).cases == 1
    cases.act(city, lead, case_id, "send_back", note="再核。")
    assert desk_leader.confirmed(city, leader).cases == 0
    cases.act(city, reviewer, case_id, "dismiss", reason="explained", note="说明成立。")
    cases.act(city, lead, case_id, "close")
    assert desk_leader.confirmed(city, leader).cases == 0


# ------------------------------------------------------------------ administrator


def test_an_administrator_s_desk_names_the_accounts_that_want_attention(city: Home, person: Person) -> None:
    admin = person(city, "admin")
    ends, locked = person(city, "deputy"), person(city, "reviewer")
    away = person(city, "deputy", region="8801")
    with city.session() as session:
        session.get_one(t.User, ends.id).expires_on = days(10)
        session.get_one(t.User, away.id).expires_on = days(10)
        session.get_one(t.User, locked.id).locked_until = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
        title = {"zh": "接收", "en": "Take in"}
        session.add(t.Job(user_id=locked.id, kind="run", title=title, state="running", share=0.5))
        session.add(t.Job(user_id=locked.id, kind="run", title=title, state="done"))
        session.add(t.Job(user_id=away.id, kind="run", title=title, state="running"))
    found = desk_admin.accounts(city, admin)
    assert [p.login for p in found.ending] == [ends.login]
    assert [p.login for p in found.locked] == [locked.login]
    assert found.active == 3
    [job] = desk_admin.under_way(city, admin)
    assert (job.state, job.share, job.owner) == ("running", 0.5, locked.name)
    assert desk_admin.under_way(city, ends) == []


# ------------------------------------------------------------------ preferences


def test_all_of_one_day_is_one_visit(city: Home, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    viewer = person(city, "reviewer")
    monkeypatch.setenv(FIXED_DAY, "2026-03-02")
    assert preferences.visit(city, viewer) is None
    assert preferences.visit(city, viewer) is None
    monkeypatch.setenv(FIXED_DAY, "2026-03-09")
    assert preferences.visit(city, viewer) == dt.date(2026, 3, 2)
    assert preferences.visit(city, viewer) == dt.date(2026, 3, 2)


@pytest.mark.postgres
def test_desks_and_preferences_are_the_same_on_both_databases(any_home: Home, person: Person, flagged: Flagged) -> None:
    reviewer, leader = person(any_home, "reviewer"), person(any_home, "leader")
    case_id = asked(any_home, reviewer, changed(any_home, flagged(any_home), severity="red"))
    preferences.put(any_home, reviewer, "filters", {"/committee": "state=new"})
    preferences.put(any_home, reviewer, "filters", {"/committee": "state=asked"})
    assert preferences.get(any_home, reviewer, "filters") == {"/committee": "state=asked"}
    assert preferences.get(any_home, leader, "filters", "none") == "none"
    assert [line.case_id for line in desk.my_due(any_home, reviewer)] == [case_id]
    assert desk.due(any_home, reviewer).open == 1
    assert desk.came_in(any_home, reviewer, None).by_severity == {"red": 1}
    assert desk_leader.red(any_home, leader).open == 1
    assert desk_leader.loop(any_home, leader)[0].asked.cases == 1
    assert desk_leader.confirmed(any_home, leader).cases == 0
    said(any_home, PY_07=(10, 1, 9, {"no_subject": 9}))
    assert [one.kind for one in desk_rules.misbehaving(any_home, reviewer)[0]] == ["blind"]
    assert desk_answers.owed(any_home, person(any_home, "finance")).waiting == 1
