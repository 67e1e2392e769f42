"""Flags resting on corrected rows say so, with what was and what is; their rules are asked again, and only they."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
import sqlalchemy as sa

from budgetwatch import tables
from budgetwatch.access import people
from budgetwatch.access.viewer import SYSTEM, Viewer
from budgetwatch.api.app import create_app
from budgetwatch.facts.compact import compact
from budgetwatch.facts.superseded import successors
from budgetwatch.home import Home
from budgetwatch.queries.casefile import evidence
from budgetwatch.queries.payments import PaymentFilter, search
from budgetwatch.queries.voucher import voucher
from budgetwatch.records.rowid import Address, pack
from budgetwatch.runs import run, stale_flags, stale_rules
from budgetwatch.text import Text
from tests.builders import facts
from tests.rules.samples import CASH, SPLIT
from tests.runs.test_runs import flags, pay, with_rules

AS_OF = dt.date(2025, 6, 30)


@pytest.fixture
def judged(home: Home) -> Home:
    """Two rules asked; the cash rule flags units A and B."""
    with_rules(home, CASH, SPLIT)
    facts(home, "payment", [pay("1", "A", "2025-03-03", "12000.00"), pay("2", "B", "2025-03-03", "50000.00"),
                            pay("3", "B", "2025-03-04", "1.00")])  # fmt: skip
    run(home, actor="tests", as_of=AS_OF)
    return home


def correct(home: Home, old: int, amount: str, line: int = 0) -> int:
    """Send the first payment again with another amount; returns the new row."""
    batch = facts(home, "payment", [pay("1", "A", "2025-03-03", amount)], replaces={line: old})
    return pack(Address(batch, 2))


FIRST = pack(Address(1, 2))


def test_only_rules_whose_flags_rest_on_corrected_rows_are_stale(judged: Home) -> None:
    assert stale_rules(judged) == []
    correct(judged, FIRST, "11000.00")
    [flag] = [flag for flag in flags(judged) if flag.agency_code == "A"]
    assert stale_flags(judged) == {flag.rule_id: [flag.id]}
    assert stale_rules(judged) == [flag.rule_id]


def test_rows_that_no_flag_rests_on_make_nothing_stale(judged: Home) -> None:
    correct(judged, pack(Address(1, 4)), "2.00")
    assert stale_rules(judged) == []


def test_asked_again_a_rule_is_no_longer_stale_whatever_it_finds(judged: Home) -> None:
    correct(judged, FIRST, "1.00")
    stale = stale_rules(judged)
    report = run(judged, actor="tests", rule_ids=stale, as_of=AS_OF)
    assert [one.rule_id for one in report.rules] == stale
    assert stale_rules(judged) == []


def test_a_closed_case_is_not_asked_again(judged: Home) -> None:
    correct(judged, FIRST, "11000.00")
    with judged.session() as session:
        session.execute(sa.update(tables.Case).values(closed_at=tables.now()))
    assert stale_rules(judged) == []


def test_compaction_corrects_nothing(judged: Home) -> None:
    correct(judged, FIRST, "11000.00")
    run(judged, actor="tests", as_of=AS_OF)
    facts(judged, "payment", [pay("9", "C", "2025-03-03", "1.00")])
    compact(judged.store, judged.settings, "payment")
    assert stale_rules(judged) == []


def test_of_a_chain_of_corrections_the_last_stands(judged: Home) -> None:
    second = correct(judged, FIRST, "11000.00")
    third = correct(judged, second, "13000.00")
    assert successors(judged.store, "payment", judged.settings, [FIRST, second, third]) == {FIRST: third, second: third}
    compact(judged.store, judged.settings, "payment")
    assert successors(judged.store, "payment", judged.settings, [FIRST]) == {FIRST: third}


def test_the_evidence_marks_corrected_rows_with_the_old_and_the_new_value(judged: Home) -> None:
    [flag] = [flag for flag in flags(judged) if flag.agency_code == "A"]
    assert "corrected" not in [h.name for h in evidence(judged, SYSTEM, flag.id).headings]
    newer = correct(judged, FIRST, "11000.00")
    shown = evidence(judged, SYSTEM, flag.id)
    assert shown.heading("corrected").label == Text("数据已更正（1）", "Corrected since (1)")
    [row] = shown.rows
    assert (row["amount"], row["corrected_by"]) == (Decimal("12000.00"), newer)
    assert row["corrected"].en.endswith("12,000.00 → 11,000.00")
    [other] = [one for one in flags(judged) if one.agency_code == "B"]
    assert "corrected" not in [h.name for h in evidence(judged, SYSTEM, other.id).headings]


def test_a_corrected_voucher_opens_as_it_was_sent_and_says_what_stands_now(
    judged: Home, person: Callable[..., Viewer]
) -> None:
    newer = correct(judged, FIRST, "11000.00")
    old = voucher(judged, person(judged, "auditor"), FIRST)
    said = {h.name: value for h, value in old.fields}
    assert (said["amount"], old.corrected_by, old.line) == (Decimal("12000.00"), newer, 2)
    assert "12,000.00 → 11,000.00" in said["corrected"].zh
    assert voucher(judged, SYSTEM, newer).corrected_by is None


def test_payments_can_be_asked_as_they_were_known_on_a_day(judged: Home) -> None:
    before = judged.store.current()
    at = judged.store.versions("payment")[-1].at
    correct(judged, FIRST, "11000.00")
    assert judged.store.as_of(at) == {"payment": before["payment"]}  # what the run noted of itself came later
    everything = PaymentFilter()
    assert search(judged, SYSTEM, everything, versions=before).totals == {"CNY": Decimal("62001.00")}
    assert search(judged, SYSTEM, everything).totals == {"CNY": Decimal("61001.00")}
    assert search(judged, SYSTEM, everything, versions=judged.store.as_of(dt.date(2001, 1, 1))).total == 0


def test_the_api_answers_as_known_on_a_day(judged: Home) -> None:
    from starlette.testclient import TestClient

    auditor = people.add_user(
        judged, SYSTEM, login="auditor", name="auditor", role="auditor", password="a-long-enough-word", region="9901"
    )
    token = people.issue_token(judged, auditor, "test")
    correct(judged, FIRST, "11000.00")
    today = judged.store.versions("payment")[-1].at.astimezone().date()
    with TestClient(create_app(judged, dashboard=False), headers={"Authorization": f"Bearer {token}"}) as client:
        asked = {day: client.get(f"/api/payments?known_on={day}").json() for day in (today, dt.date(2001, 1, 1))}
        assert client.get("/api/payments?known_on=yesterday").status_code == 422
    assert [one["total"] for one in asked.values()] == [3, 0]
    assert asked[today]["totals"] == {"CNY": "61001.00"}
