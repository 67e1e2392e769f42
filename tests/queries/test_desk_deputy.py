"""A deputy's desk and the senders' rhythm: the draft in five numbers, what moves most, whose answer waits; who is late."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal as D

import pytest

from budgetwatch import preferences, review, rhythm
from budgetwatch import tables as t
from budgetwatch.access.viewer import Viewer
from budgetwatch.calendar import FIXED_DAY
from budgetwatch.errors import Denied, Invalid
from budgetwatch.home import Home
from budgetwatch.queries import desk_deputy, desk_feeds
from budgetwatch.queries.desk_deputy import Interests

Person = Callable[..., Viewer]


def question(home: Home, deputy: Viewer, text: str) -> int:
    return review.ask(home, deputy, budget_year=2026, region="9901", line="教育", text=text, func_code="205").id


def test_the_draft_opens_in_five_numbers_with_what_moves_most(city: Home, person: Person) -> None:
    deputy = person(city, "deputy")
    draft = desk_deputy.draft(city, deputy, Interests())
    assert draft is not None
    assert (draft.year, draft.region, draft.stage) == (2026, "9901", "draft")
    assert [n.key for n in draft.numbers] == ["total", "execution", "per_head", "greatest", "growing"]
    moves = [(one.name.zh, one.change) for one in draft.fields]
    assert moves[0] == ("教育", D("120000.10"))
    assert [abs(c) for _, c in moves] == sorted((abs(c) for _, c in moves), reverse=True)
    assert draft.areas
    assert draft.areas[0].drill


def test_the_fields_and_the_area_a_deputy_follows_come_first(city: Home, person: Person) -> None:
    deputy = person(city, "deputy")
    assert preferences.follow_field(city, deputy, "214", most=4) is True
    preferences.follow_area(city, deputy, "990102")
    chosen = desk_deputy.interests(city, deputy)
    assert chosen == Interests(("214",), "990102")
    draft = desk_deputy.draft(city, deputy, chosen)
    assert draft is not None
    assert [one.name.zh for one in draft.fields] == ["交通运输"]
    assert draft.area_name is not None
    assert draft.area_name.zh == "青岚区"
    assert "白石" not in str(draft.areas)
    assert preferences.follow_field(city, deputy, "214", most=4) is False
    assert desk_deputy.interests(city, deputy).fields == ()


def test_nobody_follows_what_is_not_theirs_to_see(city: Home, person: Person) -> None:
    deputy = person(city, "deputy", region="990102")
    with pytest.raises(Denied):
        preferences.follow_area(city, deputy, "990103")
    with pytest.raises(Invalid):
        preferences.follow_field(city, deputy, "999", most=4)
    preferences.put(city, deputy, "interests", {"fields": ["205", "x"], "area": "990103"})
    assert desk_deputy.interests(city, deputy) == Interests(("205",), "")
    for code in ("201", "204", "214"):
        preferences.follow_field(city, deputy, code, most=4)
    with pytest.raises(Invalid, match="At most 4"):
        preferences.follow_field(city, deputy, "210", most=4)


def test_a_deputy_s_desk_holds_no_voucher_no_payee_and_no_other_district(city: Home, person: Person) -> None:
    draft = desk_deputy.draft(city, person(city, "deputy", region="990102"), Interests(("205",)))
    whole = str(draft)
    assert draft is not None
    for secret in ("张三丰", "622202", "V1", "V2", "白石", "990103", "新华文具"):
        assert secret not in whole, secret


def test_an_answer_not_yet_read_comes_first_then_what_waits_longest(city: Home, person: Person) -> None:
    deputy, finance = person(city, "deputy"), person(city, "finance")
    read, waiting, later, unread = (question(city, deputy, f"第{n}问，请说明？") for n in range(4))
    question(city, person(city, "deputy"), "别人的问题，请说明？")
    for one in (read, unread):
        review.answer(city, finance, one, "已说明。")
    preferences.saw_answers(city, deputy, read, 1)
    found, count = desk_deputy.my_questions(city, deputy)
    assert [(q.id, q.state) for q in found] == [
        (unread, "unseen"), (waiting, "waiting"), (later, "waiting"), (read, "answered"),
    ]  # fmt: skip
    assert count == 4
    review.answer(city, finance, read, "补充说明。")
    assert desk_deputy.my_questions(city, deputy)[0][0].state == "unseen"


def test_preferences_are_known_by_name_and_small(city: Home, person: Person) -> None:
    viewer = person(city, "deputy")
    with pytest.raises(Invalid, match="Known: interests"):
        preferences.get(city, viewer, "colour")
    with pytest.raises(Invalid, match="too long"):
        preferences.put(city, viewer, "filters", "x" * 20_000)
    with pytest.raises(Denied):
        preferences.put(city, Viewer(None, "nobody", "", "deputy"), "tours", {})


# ------------------------------------------------------------------ who is late


def sent(home: Home, sender: str, *until: str, profile: str = "monthly", region: str = "990102") -> None:
    with home.session() as session:
        for n, day in enumerate(until):
            last = dt.date.fromisoformat(day)
            session.add(
                t.Batch(
                    feed="payment", profile=profile, sender=sender, file_name=f"{sender}-{n}.csv", sha256=f"{sender}{n}", bytes=1,
                    status="accepted", rows_in=1, rows_accepted=1, last_day=last, regions=[region],
                    received_at=dt.datetime.combine(last, dt.time(9), dt.UTC) + dt.timedelta(2),
                )
            )  # fmt: skip


def test_a_sender_is_late_by_their_own_rhythm(city: Home, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FIXED_DAY, "2026-06-20")
    sent(city, "甲局", "2026-01-31", "2026-02-28", "2026-03-31")
    sent(city, "乙局", "2026-03-31", "2026-04-30", "2026-05-31")
    sent(city, "丙局", "2025-01-31")
    found = desk_feeds.intake(city, person(city, "auditor"), senders=20)
    by_name = {one.sender: one for one in found.senders}
    assert (by_name["甲局"].every, by_name["甲局"].late_since) == (30, dt.date(2026, 4, 30))
    assert (by_name["乙局"].every, by_name["乙局"].late_since) == (30, None)
    assert (by_name["丙局"].every, by_name["丙局"].late_since) == (None, None)  # one file is no rhythm
    assert found.senders[0].sender == "甲局"
    assert found.late == 1
    assert found.unknown >= 1


@pytest.mark.parametrize(
    ("every", "day", "late"),
    [
        (30, "2026-02-07", None),  # within the grace
        (30, "2026-02-09", "2026-01-31"),
        (365, "2027-02-05", None),  # a yearly file has a month
        (365, "2027-02-08", "2027-01-01"),
        (None, "2036-01-01", None),
    ],
)
def test_lateness_begins_where_the_usual_gap_ends_and_the_grace_is_past(
    every: int | None, day: str, late: str | None
) -> None:
    found = rhythm.late_since(dt.date(2026, 1, 1), every, dt.date.fromisoformat(day))
    assert found == (dt.date.fromisoformat(late) if late else None)


def test_a_district_is_told_of_no_other_district_s_senders(city: Home, person: Person) -> None:
    sent(city, "青岚局", "2026-01-31", region="990102")
    sent(city, "白石局", "2026-01-31", region="990103")
    found = desk_feeds.intake(city, person(city, "reviewer", region="990102"), senders=20)
    assert "青岚局" in str(found)
    assert "白石局" not in str(found)
