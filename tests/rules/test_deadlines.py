"""Deadlines: both clocks, both directions, and what happens when an end or a start is missing."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetwatch import calendar
from budgetwatch.rules import Rule
from budgetwatch.rules.book import from_text
from budgetwatch.rules.judge import Verdict
from tests.effort import examples
from tests.rules.samples import LATE_TRANSFER, judged, rule_file

SAME_ROW = LATE_TRANSFER[LATE_TRANSFER.index("    over:") : LATE_TRANSFER.index("    examples:")]


def rule(deadline: str, days: int = 20, over: str = "calendar_event", feeds: str = "") -> Rule:
    """A rule with that deadline over dated events."""
    body = f"""
    over: {over}
    needs: []
    feeds: [{feeds}]
    params:
      days: {{type: integer, value: {days}, name: {{zh: 天, en: Days}}}}
    deadline: {deadline}
    message: {{zh: "{{subject_name}} 应于 {{due_day}}，实际 {{end_day}}", en: "due {{due_day}}, {{end_day}}, {{days_late}} days late"}}
"""
    text = LATE_TRANSFER.replace(SAME_ROW, body)
    for name in ("flags", "clear", "cannot"):
        text = text.replace(f"expect: {name}, given: {{transfer: [{{", f"expect: {name}, given: {{calendar_event: [{{")
    head = text[: text.index("    examples:")]
    examples = "".join(
        f"      - {{name: {{zh: 例, en: e}}, as_of: 2025-06-30, expect: {name}, given: {{{over}: []}}}}\n"
        for name in ("flags", "clear", "cannot")
    )
    return from_text(rule_file(head + "    examples:\n" + examples))[0]


def event(kind: str, day: str | None, region: str = "990100", agency: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        "event_type": kind,
        "event_date": day,
        "adm_div_code": region,
        "budget_year": 2025,
        "agency_code": agency,
        **more,
    }


START = "start: {from: calendar_event, when: \"event_type = 'budget_approved'\", day: event_date}"
END = "end: {from: calendar_event, when: \"event_type = 'copied_to_congress'\", day: event_date}"
AFTER = f"{{{START}, {END}, join: [adm_div_code, budget_year], days: $days}}"
WORKING = AFTER.replace("days: $days", "days: $days, clock: working")
BEFORE = AFTER.replace("days: $days", "days: $days, direction: before")
BEFORE_WORKING = AFTER.replace("days: $days", "days: $days, direction: before, clock: working")
EACH_END = "end: {from: calendar_event, when: \"event_type = 'department_budget_approved'\", day: event_date}"
EACH = f"{{{START}, {EACH_END}, join: [adm_div_code, budget_year], each: [agency_code], days: $days}}"


def ask(one: Rule, *events: dict[str, Any], as_of: str = "2025-12-31", **others: list[dict[str, Any]]) -> Verdict:
    return judged(one, {"calendar_event": list(events), **others}, dt.date.fromisoformat(as_of))


def outcome(verdict: Verdict) -> str:
    return "flags" if verdict.findings else "cannot" if verdict.could_not_judge else "clear"


@pytest.mark.parametrize(
    ("deadline", "days", "start", "end", "as_of", "expected", "due"),
    [
        # within so many calendar days after: the last day is still good
        (AFTER, 20, "2025-01-10", "2025-01-30", "2025-12-31", "clear", ""),
        (AFTER, 20, "2025-01-10", "2025-01-31", "2025-12-31", "flags", "2025-01-30"),
        (AFTER, 20, "2025-01-10", None, "2025-01-30", "clear", ""),
        (AFTER, 20, "2025-01-10", None, "2025-01-31", "flags", "2025-01-30"),
        (AFTER, 0, "2025-01-10", "2025-01-10", "2025-12-31", "clear", ""),
        # working days step over the Spring Festival of 2025 (28 January to 4 February; 26 January and 8 February are worked)
        (WORKING, 5, "2025-01-24", "2025-02-07", "2025-12-31", "clear", ""),
        (WORKING, 5, "2025-01-24", "2025-02-08", "2025-12-31", "flags", "2025-02-07"),
        (WORKING, 1, "2025-02-07", "2025-02-08", "2025-12-31", "clear", ""),
        (WORKING, 1, "2025-02-08", "2025-02-10", "2025-12-31", "clear", ""),
        (WORKING, 5, "2025-01-24", None, "2025-02-08", "flags", "2025-02-07"),
        # at least so many days before
        (BEFORE, 30, "2025-01-20", "2024-12-21", "2025-12-31", "clear", ""),
        (BEFORE, 30, "2025-01-20", "2024-12-22", "2025-12-31", "flags", "2024-12-21"),
        (BEFORE, 30, "2025-01-20", None, "2024-12-21", "clear", ""),
        (BEFORE, 30, "2025-01-20", None, "2024-12-22", "flags", "2024-12-21"),
        (BEFORE_WORKING, 2, "2025-02-05", "2025-01-26", "2025-12-31", "clear", ""),
        (BEFORE_WORKING, 2, "2025-02-05", "2025-01-27", "2025-12-31", "flags", "2025-01-26"),
        # nothing to count from
        (AFTER, 20, None, "2025-01-31", "2025-12-31", "cannot", ""),
    ],
)
def test_who_is_late(
    deadline: str, days: int, start: str | None, end: str | None, as_of: str, expected: str, due: str
) -> None:
    events = [event("budget_approved", start)] if start else []
    events += [event("copied_to_congress", end)] if end else []
    verdict = ask(rule(deadline, days), *events, as_of=as_of)
    assert outcome(verdict) == expected
    if due:
        [finding] = verdict.findings
        assert finding.facts["due_day"] == due
        assert finding.period == "2025"
        assert finding.subject == "990100"
        assert finding.facts["days_late"] == str(
            (dt.date.fromisoformat(end or as_of) - dt.date.fromisoformat(due)).days
        )


def test_a_missing_end_may_be_ignored() -> None:
    one = rule(AFTER.replace("days: $days", "days: $days, missing: ignore"))
    assert outcome(ask(one, event("budget_approved", "2025-01-10"))) == "clear"


def test_an_end_without_a_start_cannot_be_judged_and_says_so() -> None:
    verdict = ask(
        rule(AFTER),
        event("copied_to_congress", "2025-01-31"),
        event("budget_approved", "2025-01-10", region="990101"),
        as_of="2025-01-20",
    )
    assert (verdict.looked_at, verdict.could_not_judge, dict(verdict.reasons)) == (2, 1, {"no_start": 1})


def test_each_unit_is_judged_and_its_own_end_counts() -> None:
    verdict = ask(
        rule(EACH), event("budget_approved", "2025-01-10"),
        event("department_budget_approved", "2025-01-30", agency="A", agency_name="甲局"),
        event("department_budget_approved", "2025-02-10", agency="B", agency_name="乙局"),
    )  # fmt: skip
    [finding] = verdict.findings
    assert (finding.subject, finding.subject_name, finding.agency_code, finding.facts["days_late"]) == (
        "990100|B",
        "乙局",
        "B",
        "11",
    )
    assert finding.row_count == 2
    assert verdict.looked_at == 2


def test_a_unit_of_whom_nothing_was_heard_is_known_only_when_units_are_expected() -> None:
    units = [
        {
            "agency_code": code,
            "agency_name": f"{code}局",
            "adm_div_code": "990100",
            "budget_year": 2025,
            "unit_type": "administrative",
        }
        for code in "AB"
    ] + [{"agency_code": "C", "adm_div_code": "990101", "budget_year": 2025}]
    events = [event("budget_approved", "2025-01-10"), event("department_budget_approved", "2025-01-30", agency="A")]
    assert outcome(ask(rule(EACH, feeds="org_unit"), *events, org_unit=units)) == "clear"
    expecting = EACH.replace(
        "days: $days", "days: $days, expected: {from: org_unit, when: \"unit_type = 'administrative'\"}"
    )
    [finding] = ask(rule(expecting, feeds="org_unit"), *events, org_unit=units).findings
    assert (finding.subject, finding.agency_code, finding.subject_name) == ("990100|B", "B", "B局")
    assert finding.facts["end_day"] == ""
    assert finding.row_count == 1


def test_the_first_or_the_last_of_several_days_counts() -> None:
    events = [
        event("budget_approved", "2025-01-10"),
        event("copied_to_congress", "2025-01-20"),
        event("copied_to_congress", "2025-03-20"),
    ]
    assert outcome(ask(rule(AFTER), *events)) == "clear"
    last = AFTER.replace("copied_to_congress'\", day: event_date", "copied_to_congress'\", day: event_date, pick: last")
    assert outcome(ask(rule(last), *events)) == "flags"


def test_columns_of_different_names_may_join() -> None:
    answered = (
        "{start: {from: calendar_event, when: \"event_type = 'suggestion_assigned'\", day: event_date}, "
        "end: {from: calendar_event, when: \"event_type = 'suggestion_answered'\", day: event_date}, "
        "join: [{start: event_id, end: refers_to}], days: $days}"
    )
    verdict = ask(
        rule(answered, 90), event("suggestion_assigned", "2025-01-10", event_id="S1", agency="A", agency_name="甲局"),
        event("suggestion_assigned", "2025-01-10", event_id="S2"),
        event("suggestion_answered", "2025-06-10", event_id="X", refers_to="S1"),
        event("suggestion_answered", "2025-02-10", event_id="Y", refers_to="S2"),
    )  # fmt: skip
    [finding] = verdict.findings
    assert (finding.subject, finding.agency_code, finding.subject_name) == ("S1", "A", "甲局")


def test_rows_without_what_the_rule_needs_are_counted() -> None:
    one = from_text(rule_file(LATE_TRANSFER))[0]
    row = {"adm_div_code": "990100", "direction": "received", "amount": "5.00", "budget_year": 2025}
    verdict = judged(
        one,
        {"transfer": [{**row, "doc_no": "1"}, {**row, "doc_no": "2", "received_date": "2025-01-01"}]},
        dt.date(2025, 6, 30),
    )
    assert (verdict.looked_at, len(verdict.findings), verdict.could_not_judge) == (2, 1, 1)
    assert dict(verdict.reasons) == {"missing:received_date": 1}


def test_being_late_for_longer_is_not_new_evidence() -> None:
    events = [event("budget_approved", "2025-01-10")]
    [one], [later] = (ask(rule(AFTER), *events, as_of=day).findings for day in ("2025-03-01", "2025-04-01"))
    assert one.digest == later.digest
    assert one.facts["days_late"] != later.facts["days_late"]
    [ended] = ask(rule(AFTER), *events, event("copied_to_congress", "2025-03-30")).findings
    assert ended.digest != one.digest


def test_a_year_without_a_holiday_table_is_said_not_guessed() -> None:
    day = next(year for year in range(2005, 2100) if not calendar.known(year))
    verdict = ask(rule(WORKING), event("budget_approved", f"{day}-01-10"), as_of=f"{day}-12-31")
    assert verdict.findings
    assert verdict.reasons[f"no_holidays:{day}"] == 1
    assert verdict.could_not_judge == 0
    assert not [
        code for code in ask(rule(AFTER), event("budget_approved", f"{day}-01-10")).reasons if "holidays" in code
    ]


DAYS = st.dates(dt.date(2015, 1, 1), dt.date(2025, 6, 30))


@settings(max_examples=examples(30), deadline=None)
@given(start=DAYS, end=DAYS, days=st.integers(0, 60))
def test_working_days_are_those_of_the_calendar(start: dt.date, end: dt.date, days: int) -> None:
    verdict = ask(rule(WORKING, days), event("budget_approved", str(start)), event("copied_to_congress", str(end)))
    due = calendar.add_workdays(start, days) if days else None
    if due:
        assert bool(verdict.findings) == (end > due)
