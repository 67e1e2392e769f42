"""What the house remembers, as facts: noted before a run, only what changed, readable by rules, exact in recompute."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from budgetwatch import cases, intake, review
from budgetwatch.access.viewer import SYSTEM, Viewer
from budgetwatch.calendar import add_workdays, today
from budgetwatch.errors import BadFile, BadProfile
from budgetwatch.feeds import profile as profiles
from budgetwatch.home import Home
from budgetwatch.queries import casefile, feeds
from budgetwatch.records import ALL, SENT
from budgetwatch.rules.book import RuleBook, from_text
from budgetwatch.runs import own, recompute, run
from budgetwatch.runs.care import check
from budgetwatch.runs.own import OWN, note_down
from tests.builders import facts
from tests.feeds.senders import csv, payment, profile

People = Callable[..., Viewer]
Flagged = Callable[..., int]

RETURNED = """
rules:
  - id: SL-93
    name: {zh: 反馈被退回, en: Reply returned}
    severity: yellow
    why: {zh: 原因, en: A reason}
    law: [{practice: {zh: 惯例, en: practice}}]
    check: {zh: [看], en: [look]}
    otherwise: {zh: [无], en: [none]}
    over: loop_case
    needs: [times_returned]
    params: {times: {type: integer, value: 2, min: 1, max: 9, unit: times, name: {zh: 次, en: times}}}
    when: times_returned >= $times
    subject: [case_id]
    period: year
    message: {zh: "{subject} {n}", en: "{subject} {n} {times}"}
    examples:
      - {name: {zh: 例, en: flags}, as_of: 2025-06-30, expect: flags, given: {loop_case: [{case_id: "1", opened_on: 2025-01-02, times_returned: 2}]}}
      - {name: {zh: 例, en: clear}, as_of: 2025-06-30, expect: clear, given: {loop_case: [{case_id: "1", opened_on: 2025-01-02, times_returned: 1}]}}
      - {name: {zh: 例, en: cannot}, as_of: 2025-06-30, expect: cannot, given: {loop_case: [{case_id: "1", opened_on: 2025-01-02}]}}
"""


def rows(home: Home, feed: str, viewer: Viewer = SYSTEM) -> list[dict[str, Any]]:
    with home.facts(viewer) as connection:
        table = connection.sql(f"SELECT * EXCLUDE (_row) FROM {feed} ORDER BY ALL").to_arrow_table()
    return [dict(row) for row in table.to_pylist()]


def the_case(home: Home) -> dict[str, Any]:
    note_down(home)
    [row] = rows(home, "loop_case")
    return row


def test_own_feeds_are_facts_that_nobody_sends(home: Home) -> None:
    assert OWN == ("batch", "loop_case", "loop_opinion", "unread")
    assert set(ALL) - set(SENT) == set(OWN)
    with pytest.raises(BadProfile):
        profiles.find(profile(home, feed="loop_case"), home.path / "profiles")
    assert not {row["feed"] for row in feeds.freshness(home, SYSTEM).rows} & set(OWN)


def test_a_case_is_noted_as_it_goes(any_home: Home, person: People, flagged: Flagged) -> None:
    home, reviewer = any_home, person(any_home, "reviewer")
    case_id = flagged(home, region="990102", agency_code="990102-A01")
    day, letter = today(), today() + dt.timedelta(30)
    assert (the_case(home)["state"], the_case(home)["times_returned"]) == ("new", 0)

    def act(action: str, **more: Any) -> dict[str, Any]:
        cases.act(home, reviewer, case_id, action, **more)
        return the_case(home)

    act("take")
    assert act("verify")["verified_on"] == day
    asked = act("ask", note="请说明。", due_on=letter)
    assert (asked["asked_on"], asked["reply_due_on"], asked["replied_on"]) == (day, letter, None)
    assert act("reply", note="已说明。")["replied_on"] == day
    returned = act("return_reply", note="不全。", due_on=letter + dt.timedelta(9))
    assert (returned["times_returned"], returned["replied_on"], returned["reply_due_on"]) == (1, None, letter + dt.timedelta(9))  # fmt: skip
    act("reply", note="补充。")
    confirmed = act("confirm", reason="scope_or_standard")
    assert (confirmed["confirmed_on"], confirmed["verdict"], confirmed["closed_on"]) == (day, "confirmed", None)
    assert confirmed["rectify_due_on"] == add_workdays(day, 5)
    lead = person(home, "lead")
    cases.act(home, lead, case_id, "send_back", note="再看。")
    assert (the_case(home)["verdict"], the_case(home)["confirmed_on"]) == (None, None)
    assert act("dismiss", reason="explained", note="说明成立。")["verdict"] == "dismissed"
    cases.act(home, lead, case_id, "close")
    assert the_case(home)["closed_on"] == day
    with home.session() as session:
        flag = session.get_one(cases.service.Case, case_id).flag_id
        cases.evidence_changed(session, [flag], 1)
    anew = the_case(home)
    assert (anew["state"], anew["asked_on"], anew["verdict"], anew["times_returned"], anew["closed_on"]) == ("new", None, None, 0, None)  # fmt: skip


def test_only_what_changed_is_appended(home: Home, person: People, flagged: Flagged) -> None:
    ids = [flagged(home) for _ in range(3)]
    assert note_down(home)["loop_case"] == 3
    before = home.store.current()
    assert note_down(home) == {}
    assert home.store.current() == before
    cases.act(home, person(home, "reviewer"), ids[1], "take")
    assert note_down(home) == {"loop_case": 1}
    assert sorted(row["state"] for row in rows(home, "loop_case")) == ["new", "new", "taken"]
    with home.facts(SYSTEM, before) as connection:
        assert connection.execute("SELECT count(*) FROM loop_case WHERE state = 'taken'").fetchall() == [(0,)]
    assert [finding for feed in OWN for finding in check(home, feeds=[feed], deep=True)] == []


def test_an_opinion_is_noted_with_its_first_answer(any_home: Home, person: People) -> None:
    home = any_home
    facts(home, "org_unit", [{"agency_code": "A01", "agency_name": "虚构局", "budget_year": 2026, "adm_div_code": "990102"}])  # fmt: skip
    made = review.ask(home, person(home, "deputy"), budget_year=2026, region="990102", agency_code="A01", line="教育", text="为什么增加？")  # fmt: skip
    note_down(home)
    [open_one] = rows(home, "loop_opinion")
    assert (open_one["opinion_id"], open_one["agency_name"]) == (str(made.id), "虚构局")
    assert (open_one["asked_on"], open_one["answered_on"]) == (today(), None)
    review.answer(home, person(home, "finance"), made.id, "因新校。")
    assert note_down(home)["loop_opinion"] == 1
    assert [row["answered_on"] for row in rows(home, "loop_opinion")] == [today()]


def test_files_are_noted_with_gaps_digests_and_repeats(any_home: Home, tmp_path: Path) -> None:
    home, name = any_home, profile(any_home)

    def sent(number: int, *lines: tuple[str, ...], **manifest: Any) -> None:
        file = csv(tmp_path / f"{number}.csv", lines or [payment(f"V{number}")])
        told = {key: value(file) if callable(value) else value for key, value in manifest.items()}
        file.with_name(file.name + ".manifest.json").write_text(json.dumps(told), "utf-8")
        intake.take_in(home, file, name, actor="me")

    sent(1, sequence=1, sha256=lambda file: hashlib.sha256(file.read_bytes()).hexdigest())
    sent(5, sequence=5)
    sent(6, payment("V6"), payment("V6", "9.00"), payment("V7"), payment("V8", "x"))
    with pytest.raises(BadFile):
        sent(9, sha256="0" * 64)
    with pytest.raises(BadFile):
        sent(10, rows=7)
    note_down(home)
    noted = {row["batch_id"]: row for row in rows(home, "batch")}
    told = [(r["status"], r["sequence"], r["sequence_gap"], r["digest_ok"], r["rows_in"], r["rows_rejected"], r["duplicate_keys"])
            for _, r in sorted(noted.items(), key=lambda pair: int(pair[0]))]  # fmt: skip
    assert told[:3] == [
        ("accepted", 1, 0, True, 1, 0, 0),
        ("accepted", 5, 3, None, 1, 0, 0),
        ("accepted", None, None, None, 4, 2, 1),
    ]
    assert [(status, digest) for status, _, _, digest, *_ in told[3:]] == [("refused", False), ("refused", False)]
    assert {row["adm_div_code"] for row in noted.values() if row["status"] == "accepted"} == {"990102"}
    sent(3, sequence=3)  # a file that comes late: the gap is as it looks now
    note_down(home)
    assert {r["sequence"]: r["sequence_gap"] for r in rows(home, "batch") if r["sequence"]} == {1: 0, 3: 1, 5: 1}


def test_unread_rows_are_counted_by_column_and_reason(home: Home, tmp_path: Path) -> None:
    lines = [payment("V1", "x"), payment("V2", "y"), payment("V3", day="soon"), payment("V4")]
    batch = intake.take_in(home, csv(tmp_path / "f.csv", lines), profile(home), actor="me").batch
    assert note_down(home)["unread"] == 2
    told = [(r["batch_id"], r["heading"], r["reason"], r["rows_rejected"], r["adm_div_code"]) for r in rows(home, "unread")]  # fmt: skip
    assert told == [(str(batch), "amount", "not_money", 2, "990102"), (str(batch), "pay_date", "not_date", 1, "990102")]
    assert note_down(home) == {}


def test_a_rule_over_cases_is_recomputed_exactly_after_the_case_moved_on(
    home: Home, person: People, flagged: Flagged
) -> None:
    home.__dict__["rules"] = RuleBook({rule.id: rule for rule in from_text(RETURNED)}, {})
    assert [(r.could_not_judge, r.flagged) for r in run(home, actor="t").rules] == [(0, 0)]  # no case: nothing to flag
    case_id, reviewer = flagged(home), person(home, "reviewer")
    acts: list[tuple[str, dict[str, Any]]] = [("take", {}), ("verify", {}), ("ask", {"note": "问"})]
    acts += [("reply", {"note": "答"}), ("return_reply", {"note": "退"})] * 2
    for action, more in acts:
        cases.act(home, reviewer, case_id, action, **more)
    report = run(home, actor="t")
    assert [(r.looked_at, r.flagged) for r in report.rules] == [(1, 1)]
    with home.session() as session:
        flag = session.scalars(cases.service.sa.select(cases.service.Flag.id).order_by(cases.service.Flag.id.desc())).first()  # fmt: skip
    assert flag is not None
    cases.act(home, reviewer, case_id, "reply", note="再答")
    run(home, actor="t")
    assert recompute(home, flag).identical
    shown = casefile.evidence(home, reviewer, flag)
    assert [row["times_returned"] for row in shown.rows] == [2]
    assert "batch" not in {heading.name for heading in shown.headings}


def test_a_unit_sees_nothing_of_what_the_house_notes(home: Home, person: People, flagged: Flagged) -> None:
    flagged(home, region="990102", agency_code="990102-A01")
    note_down(home)
    unit = person(home, "unit", region="990102", agency_code="990102-A01")
    assert rows(home, "loop_case", unit) == []
    assert len(rows(home, "loop_case", person(home, "reviewer", region="9901"))) == 1
    assert rows(home, "loop_case", person(home, "reviewer", region="9902")) == []


def test_where_nothing_changed_nothing_is_read(home: Home, flagged: Flagged, monkeypatch: pytest.MonkeyPatch) -> None:
    flagged(home)
    assert note_down(home)["loop_case"] == 1
    read: list[str] = []
    for name, make in own._MADE.items():
        monkeypatch.setitem(own._MADE, name, lambda h, s, name=name, make=make: read.append(name) or make(h, s))
    assert note_down(home) == {}
    assert read == []
    flagged(home)
    assert note_down(home)["loop_case"] == 1
    assert "loop_opinion" not in read


def test_a_lost_note_costs_only_a_look(home: Home, flagged: Flagged) -> None:
    flagged(home)
    note_down(home)
    (home.path / "tmp" / "own-noted.json").unlink()
    assert note_down(home) == {}
