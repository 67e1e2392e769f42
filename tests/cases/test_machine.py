"""The machine as a table: every state × act × role, and what is said when it cannot be."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import product

import pytest

from budgetwatch.access.viewer import ROLES, SYSTEM, Viewer
from budgetwatch.cases import machine
from budgetwatch.errors import BudgetwatchError, Conflict, Denied, Invalid

MONDAY = dt.date(2025, 6, 16)


@dataclass(frozen=True)
class Step:
    action: str
    from_state: str
    to_state: str
    actor_id: int | None = 1
    actor_name: str = "甲"


#: What is legal, written out by hand: from a state, by an act, to a state, by these roles.
COMMITTEE = {"reviewer", "lead"}
LEGAL: dict[tuple[str, str], tuple[str, set[str]]] = {
    ("new", "take"): ("taken", COMMITTEE),
    ("taken", "release"): ("new", COMMITTEE),
    ("taken", "verify"): ("verified", COMMITTEE),
    ("taken", "dismiss"): ("dismissed", COMMITTEE),
    ("verified", "ask"): ("asked", COMMITTEE),
    ("verified", "confirm"): ("confirmed", COMMITTEE),
    ("verified", "dismiss"): ("dismissed", COMMITTEE),
    ("asked", "reply"): ("replied", {"unit", "finance", *COMMITTEE}),
    ("replied", "return_reply"): ("asked", COMMITTEE),
    ("replied", "confirm"): ("confirmed", COMMITTEE),
    ("replied", "dismiss"): ("dismissed", COMMITTEE),
    ("confirmed", "close"): ("closed", {"lead"}),
    ("dismissed", "close"): ("closed", {"lead"}),
    ("confirmed", "send_back"): ("taken", {"lead"}),
    ("dismissed", "send_back"): ("taken", {"lead"}),
} | {(state, "comment"): (state, COMMITTEE) for state in machine.STATES}

#: A history that ends in each state, in which person 1 decided.
HISTORIES: dict[str, list[Step]] = {state: [] for state in machine.STATES} | {
    "confirmed": [Step("confirm", "replied", "confirmed")],
    "dismissed": [Step("dismiss", "taken", "dismissed")],
    "closed": [Step("dismiss", "taken", "dismissed"), Step("close", "dismissed", "closed", 2, "乙")],
}


def someone(role: str, number: int = 2) -> Viewer:
    return Viewer(number, f"{role}{number}", f"{role} {number}", role, "9901")


def do(action: str, state: str, viewer: Viewer, **given: object) -> machine.Decision:
    reasons = {"confirm": "diverted", "dismiss": "explained"}
    filled = {"note": "说明", "reason": reasons.get(action, ""), "today": MONDAY} | given
    return machine.decide(action, state, viewer, HISTORIES[state], **filled)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "action", "role"), list(product(machine.STATES, machine.ACTIONS, ROLES)), ids=lambda v: str(v)
)
def test_exactly_the_legal_moves_succeed(state: str, action: str, role: str) -> None:
    target, roles = LEGAL.get((state, action), ("", set()))
    viewer = someone(role)
    offered = {move.action for move in machine.moves(state, viewer, HISTORIES[state])}
    assert (action in offered) == (role in roles)
    if role in roles:
        assert do(action, state, viewer).target == target
        return
    with pytest.raises(Denied if roles else Conflict) as refusal:
        do(action, state, viewer)
    for language in ("zh", "en"):
        sentence = refusal.value.sentence(language)
        for (start, possible), (_, by) in LEGAL.items():
            if start == state:  # every possible move is named, and who may do it
                assert machine.ACTIONS[possible].label.of(language) in sentence
                assert all(ROLES[r].of(language) in sentence for r in by)
    assert set(filter(None, refusal.value.facts["your_moves"].split(","))) == offered


@pytest.mark.parametrize("state", machine.STATES)
def test_the_product_itself_moves_no_case(state: str) -> None:
    assert machine.moves(state, SYSTEM, HISTORIES[state]) == []


@pytest.mark.parametrize("state", ["confirmed", "dismissed"])
def test_whoever_decided_may_not_close_but_may_take_it_back(state: str) -> None:
    decider = someone("lead", 1)
    with pytest.raises(Conflict, match="may not close it themselves") as refusal:
        do("close", state, decider)
    assert "但不能是甲" in refusal.value.sentence("zh")
    assert {m.action for m in machine.moves(state, decider, HISTORIES[state])} == {"send_back", "comment"}
    assert do("send_back", state, decider).target == "taken"


def test_only_the_latest_decision_counts_for_who_may_close() -> None:
    steps = [
        Step("dismiss", "taken", "dismissed", 1, "甲"),
        Step("send_back", "dismissed", "taken", 2, "乙"),
        Step("dismiss", "taken", "dismissed", 3, "丙"),
    ]
    assert machine.decide("close", "dismissed", someone("lead", 1), steps, today=MONDAY).target == "closed"
    with pytest.raises(Conflict):
        machine.decide("close", "dismissed", someone("lead", 3), steps, today=MONDAY)


@pytest.mark.parametrize(
    ("state", "action", "given", "where"),
    [
        ("verified", "ask", {"note": " "}, "note"),
        ("asked", "reply", {"note": ""}, "note"),
        ("replied", "return_reply", {"note": ""}, "note"),
        ("taken", "dismiss", {"note": ""}, "note"),
        ("taken", "dismiss", {"reason": ""}, "reason"),
        ("taken", "dismiss", {"reason": "diverted"}, "reason"),
        ("replied", "confirm", {"reason": ""}, "reason"),
        ("replied", "confirm", {"reason": "explained"}, "reason"),
        ("verified", "confirm", {"note": ""}, "note"),
        ("new", "take", {"reason": "explained"}, "reason"),
        ("new", "take", {"due_on": MONDAY + dt.timedelta(9)}, "due_on"),
        ("verified", "ask", {"due_on": MONDAY}, "due_on"),
        ("new", "comment", {"note": ""}, "note"),
        ("new", "comment", {"note": "长" * 20_001}, "note"),
    ],
)
def test_an_incomplete_act_says_which_field_is_missing_or_wrong(
    state: str, action: str, given: dict[str, object], where: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        do(action, state, someone("lead"), **given)
    assert refusal.value.where == where
    if where == "reason":
        assert machine.ACTIONS[action].label.zh in refusal.value.sentence("zh")


def test_a_missing_reason_lists_the_reasons_there_are() -> None:
    with pytest.raises(Invalid) as refusal:
        do("dismiss", "taken", someone("reviewer"), reason="")
    assert "explained（说明成立）" in refusal.value.sentence("zh")


def test_who_confirms_without_a_reply_says_why_and_who_has_one_need_not() -> None:
    lead = someone("lead")
    assert do("confirm", "replied", lead, note="").target == "confirmed"
    by_state = {
        s: m.needs for s in ("verified", "replied") for m in machine.moves(s, lead, []) if m.action == "confirm"
    }
    assert by_state == {"verified": {"reason", "note"}, "replied": {"reason"}}


def test_an_unknown_act_is_told_the_nearest_one() -> None:
    with pytest.raises(Invalid, match="dismiss"):
        do("dissmiss", "taken", someone("lead"))


def test_due_dates_are_working_days_and_a_letter_may_set_its_own() -> None:
    before_spring_festival = dt.date(2025, 1, 24)  # 28 January to 4 February off; 26 January and 8 February worked
    asked = do("ask", "verified", someone("reviewer"), today=before_spring_festival)
    assert asked.due_on == dt.date(2025, 2, 13)
    assert do("ask", "verified", someone("reviewer"), due_on=dt.date(2025, 7, 31)).due_on == dt.date(2025, 7, 31)
    assert do("close", "confirmed", someone("lead")).due_on is None


def test_a_comment_leaves_state_and_due_date_alone() -> None:
    decision = do("comment", "asked", someone("reviewer"), current_due=MONDAY)
    assert (decision.target, decision.due_on) == ("asked", MONDAY)


def test_steps_replay_to_the_state_and_a_gap_is_noticed() -> None:
    taken, verified = Step("take", "new", "taken"), Step("verify", "taken", "verified")
    assert machine.replay([]) == "new"
    assert machine.replay([taken, verified]) == "verified"
    assert machine.replay([Step("promote", "", "new"), taken]) == "taken"
    with pytest.raises(ValueError, match="step 2"):
        machine.replay([taken, taken])


def test_every_act_and_state_and_reason_is_said_in_both_languages_and_nothing_is_blocked() -> None:
    texts = [*machine.STATES.values(), *machine.REASONS.values(), *(a.label for a in machine.ACTIONS.values())]
    for text in texts:
        assert text.zh
        assert text.en
        assert "拦截" not in text.zh
    assert len(machine.REASONS) == len(machine.DISMISS_REASONS) + len(machine.CONFIRM_KINDS)


def test_nothing_is_called_a_problem_before_a_person_confirmed_it() -> None:
    for name, text in machine.STATES.items():
        assert ("问题" in text.zh) == (name == "confirmed")


def test_every_open_state_has_a_way_on_and_the_end_has_none() -> None:
    for state in machine.STATES:
        ways = [a for a in machine.ACTIONS.values() if state in a.sources and a.target not in (None, state)]
        assert bool(ways) == (state not in machine.ENDED)


def test_refusals_have_the_one_shape_of_errors() -> None:
    with pytest.raises(BudgetwatchError) as refusal:
        do("close", "new", someone("lead"))
    shape = refusal.value.shape("zh")["error"]
    assert shape["code"] == "conflict"
    assert shape["facts"]["your_moves"] == "take,comment"
