"""A back-test says what rules would have found in all stored facts; its table is held against figures worked out by hand.

The facts (yuan; every payment in cash; unit A lies in a district, B in a town):

    unit  day         amount   A is flagged by unit and month from the floor on
    A     2023-01-05   12,000
    A     2023-01-20   11,000  same unit, same month: one finding of 23,000
    A     2023-02-03    9,000  below 10,000
    A     2024-03-01   30,000
    B     2023-01-09   10,000
    B     2024-12-31    4,000
    B     2024-12-30        –  no amount: cannot be judged, never clear
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from budgetwatch import backtest, cases, lifecycle, runs
from budgetwatch.access.viewer import SYSTEM
from budgetwatch.backtest import Asked, Report, RuleReport, wilson
from budgetwatch.errors import Denied, Invalid
from budgetwatch.home import Home
from budgetwatch.rules.judge import judge
from budgetwatch.tables import BackTest, Case, Evidence, Flag, RuleStep, Run
from tests.builders import facts
from tests.lifecycle.builders import People, ruled, with_floor
from tests.rules.samples import CASH, LATE_TRANSFER, OFTEN, SPLIT

A = {"agency_code": "A", "agency_name": "单位A", "adm_div_code": "990101", "settlement": "cash"}
B = {"agency_code": "B", "agency_name": "单位B", "adm_div_code": "990102001", "settlement": "cash"}
PAYMENTS = [
    {**A, "pay_date": "2023-01-05", "budget_year": 2023, "amount": "12000.00", "payee_name": "甲"},
    {**A, "pay_date": "2023-01-20", "budget_year": 2023, "amount": "11000.00", "payee_name": "甲"},
    {**A, "pay_date": "2023-02-03", "budget_year": 2023, "amount": "9000.00", "payee_name": "乙"},
    {**A, "pay_date": "2024-03-01", "budget_year": 2024, "amount": "30000.00", "payee_name": "乙"},
    {**B, "pay_date": "2023-01-09", "budget_year": 2023, "amount": "10000.00", "payee_name": "丙"},
    {**B, "pay_date": "2024-12-31", "budget_year": 2024, "amount": "4000.00", "payee_name": "丙"},
    {**B, "pay_date": "2024-12-30", "budget_year": 2024},
]
PACK = """pack:
  place: "990102"
  name: {zh: 某区, en: A district}
  settings:
    - {rule: PY-07, params: {floor: "4000.00"}, basis: {law: 某办法, article: "1", says: {zh: 四千元起, en: from 4000 on}}}
"""
REGIONS = [{"adm_div_code": "990101", "level": "district"}, {"adm_div_code": "990102001", "level": "town"}]


@pytest.fixture
def told(home: Home) -> Home:
    ruled(home, CASH, SPLIT, LATE_TRANSFER)
    facts(home, "payment", PAYMENTS)
    facts(home, "region", REGIONS)
    return home


def reported(home: Home, *asked: Asked, viewer: Any = SYSTEM) -> Report:
    number = backtest.run(home, viewer, asked)
    with home.session() as session:
        kept = session.get_one(BackTest, number)
        return Report.read(kept.result)


def one(home: Home, rule_id: str = "PY-07", **more: Any) -> RuleReport:
    return reported(home, Asked(rule_id, **more)).rules[0]


def test_the_table_equals_what_was_worked_out_by_hand(told: Home) -> None:
    report = reported(told, Asked("PY-07"))
    assert (report.first_year, report.last_year, report.minutes, report.measured) == (2023, 2024, 30.0, 0)
    rule = report.rules[0]
    assert (rule.hits, rule.rows, rule.amount, rule.units) == (3, 4, "63000.00", 2)
    assert rule.by_month == (("2023-01", 2), ("2024-03", 1))
    assert rule.by_unit == (("A", "单位A", 2, "53000.00"), ("B", "单位B", 1, "10000.00"))
    assert rule.by_level == (("district", 2), ("town", 1))
    assert rule.by_severity == (("orange", 3),)
    assert (rule.precision.n, rule.precision.unknown, rule.precision.share, rule.precision.low) == (0, 3, None, None)
    assert rule.hours == 0.75  # three findings in two years, half an hour each


def test_each_threshold_is_tried_and_what_it_costs_is_told(told: Home) -> None:
    (sweep,) = one(told, sweep={"floor": ["4000.00", "9000.00", "12000.00", "30000.01"]}).sweeps
    table = [(t.value, t.current, t.hits, t.rows, t.amount, t.hours) for t in sweep.tried]
    assert table == [
        ("4000.00", False, 5, 6, "76000.00", 1.25),
        ("9000.00", False, 4, 5, "72000.00", 1.0),
        ("10000.00", True, 3, 4, "63000.00", 0.75),
        ("12000.00", False, 2, 2, "42000.00", 0.5),
        ("30000.01", False, 0, 0, None, 0.0),
    ]


def test_a_condition_tried_together_gives_what_each_gives_alone(told: Home) -> None:
    (sweep,) = one(told, sweep={"floor": ["4000.00", "12000.00"]}).sweeps
    for tried in sweep.tried:
        alone = ruled(told, CASH.replace('value: "10000.00"', f'value: "{tried.value}"'))
        assert (one(alone, sweep={}).hits, one(alone, sweep={}).amount) == (tried.hits, tried.amount)


def test_what_hits_must_come_to_is_tried_like_any_threshold(told: Home) -> None:
    ruled(told, OFTEN.replace('value: "100000.00"', 'value: "20000.00"'))
    (total, times) = one(told, "PY-11", sweep={"total": ["50000.00"], "times": [1, 3]}).sweeps
    for sweep, name in ((total, "total"), (times, "times")):
        for tried in sweep.tried:
            rule = told.rules["PY-11"].with_params({name: int(tried.value) if name == "times" else tried.value})
            with told.facts(SYSTEM) as connection:
                [verdict] = judge(connection, [rule], dt.date(2024, 12, 31), {"payment"})
            assert (len(verdict.findings), sum(f.row_count for f in verdict.findings)) == (tried.hits, tried.rows)
    assert len({tried.hits for tried in (*total.tried, *times.tried)}) > 1


def test_feeds_made_ready_for_many_questions_give_the_same_answers(told: Home) -> None:
    plans = backtest.resolve(told, SYSTEM, [Asked("PY-07"), Asked("PY-08")])
    (plain, _), (ready, _) = (backtest.measure(told, SYSTEM, plans, least_rows=least) for least in (None, 1))
    assert [dataclasses.replace(r, seconds=0) for r in ready.rules] == [
        dataclasses.replace(r, seconds=0) for r in plain.rules
    ]


def test_of_a_select_too(told: Home) -> None:
    rule = one(told, "PY-08", sweep={"limit": ["15000.00"]})
    # below 20,000 each, together 20,000 or more: A's two of January 2023 to 甲
    assert (rule.hits, rule.by_month, rule.amount) == (1, (("2023", 1),), "23000.00")
    assert [(t.value, t.hits) for t in rule.sweeps[0].tried] == [("15000.00", 1), ("20000.00", 1)]


def test_nothing_touches_real_flags_and_nothing_is_a_case(told: Home) -> None:
    reported(told, Asked("PY-07"), Asked("PY-08"))
    with told.session() as session:
        for table in (Flag, Case, Evidence, Run):
            assert session.scalar(sa.select(sa.func.count()).select_from(table)) == 0


def test_what_reviewers_said_makes_the_precision_and_what_nobody_judged_stays_unknown(
    told: Home, person: People
) -> None:
    runs.run(told, actor="test")
    reviewer = person(told, "reviewer")
    with told.session() as session:
        query = sa.select(Case.id, Flag.agency_code).join(Flag, Flag.id == Case.flag_id).where(Flag.rule_id == "PY-07")
        by_unit: dict[str, list[int]] = {}
        for case, unit in session.execute(query.order_by(Flag.period)):
            by_unit.setdefault(unit, []).append(case)
    for case in by_unit["A"]:
        cases.act(told, reviewer, case, "take")
        cases.act(told, reviewer, case, "verify")
    cases.act(told, reviewer, by_unit["A"][0], "confirm", reason=next(iter(cases.machine.CONFIRM_KINDS)), note="属实")
    cases.act(
        told, reviewer, by_unit["A"][1], "dismiss", reason=next(iter(cases.machine.DISMISS_REASONS)), note="有依据"
    )
    rule = one(told, sweep={"floor": ["25000.00"]})
    assert (rule.precision.confirmed, rule.precision.n, rule.precision.unknown) == (1, 2, 1)
    assert (rule.precision.low, rule.precision.high) == wilson(1, 2)
    assert (rule.known, rule.gone) == (3, 0)
    higher = rule.sweeps[0].tried[-1]
    assert (higher.hits, higher.precision.confirmed, higher.precision.n) == (1, 0, 1)


def test_it_tells_what_other_rules_flag_already_and_what_only_this_one_adds(told: Home, person: People) -> None:
    runs.run(told, actor="test", rule_ids=["PY-08"])
    rule = one(told)
    assert (rule.shared, rule.marginal, rule.shared_with) == (1, 2, (("PY-08", 1),))
    assert one(told, "PY-08").shared == 0  # its own flags are no overlap


def test_an_edition_is_tested_and_is_a_draft_no_more(told: Home, person: People) -> None:
    reviewer = person(told, "reviewer", region="")
    made = lifecycle.draft(told, reviewer, with_floor(told, "4000.00"))
    report = reported(told, Asked(edition_id=made.id), viewer=reviewer)
    assert (report.rules[0].edition_id, report.rules[0].hits, report.rules[0].gone) == (made.id, 5, 0)
    with told.session() as session:
        last = session.scalars(sa.select(RuleStep).order_by(RuleStep.id.desc())).first()
        assert last is not None
        assert (last.action, last.to_state, last.back_test_id is not None) == ("backtest", "tested", True)


def test_it_looks_no_further_than_its_person_may(told: Home, person: People) -> None:
    district = person(told, "reviewer", region="990101")
    report = reported(told, Asked("PY-07"), viewer=district)
    assert report.rules[0].by_unit == (("A", "单位A", 2, "53000.00"),)
    for role in ("deputy", "admin", "finance", "leader"):
        with pytest.raises(Denied):
            backtest.run(told, person(told, role), [Asked("PY-07")])


def test_a_rule_without_its_facts_says_so_and_the_others_go_on(told: Home) -> None:
    late, cash = reported(told, Asked("TR-90"), Asked("PY-07")).rules
    assert (late.missing, late.failure) == (("transfer",), "")
    assert cash.hits == 3


def test_a_rule_that_speaks_of_the_runs_day_is_asked_for_every_year(told: Home) -> None:
    now = SPLIT.replace("WHERE amount < $limit", "WHERE amount < $limit AND budget_year = year($as_of)")
    ruled(told, now)
    assert one(told, "PY-08", sweep={}).by_month == (("2023", 1),)
    facts(told, "payment", [{**A, "pay_date": "2026-05-05", "budget_year": 2026, "amount": "1.00", "payee_name": "丁"}])
    assert one(told, "PY-08", sweep={}).by_month == (("2023", 1),)


def test_each_place_is_judged_by_the_values_in_force_there(told: Home) -> None:
    packs = told.path / "packs"
    packs.mkdir()
    (packs / "990102.yml").write_text(PACK, encoding="utf-8")
    rule = one(told, sweep={"floor": ["12000.00"]})
    # B's place looks from 4,000 on: its payment of 4,000 in December 2024 is one more; A's place goes by the rule itself
    assert rule.by_unit == (("A", "单位A", 2, "53000.00"), ("B", "单位B", 2, "14000.00"))
    assert [(t.value, t.hits) for t in rule.sweeps[0].tried] == [("10000.00", 4), ("12000.00", 2)]


def test_values_outside_the_bounds_are_refused(told: Home) -> None:
    with pytest.raises(Invalid, match="above the most"):
        backtest.run(told, SYSTEM, [Asked("PY-07", sweep={"floor": ["2000000.00"]})])
    with pytest.raises(Invalid, match="1 to"):
        backtest.run(told, SYSTEM, [])


def test_unasked_it_tries_halves_and_doubles_within_the_bounds(told: Home) -> None:
    (sweep,) = one(told).sweeps
    assert [t.value for t in sweep.tried] == ["5000.00", "7500.00", "10000.00", "15000.00", "20000.00"]


@pytest.mark.parametrize(
    ("confirmed", "n", "low", "high"),
    [
        (0, 0, None, None),
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (5, 10, 0.2366, 0.7634),
        (81, 263, 0.2553, 0.3662),
    ],
)  # the last: the example of Newcombe, Statistics in Medicine 17 (1998), table I
def test_wilsons_interval(confirmed: int, n: int, low: float | None, high: float | None) -> None:
    found = wilson(confirmed, n)
    assert found == (None if low is None else pytest.approx((low, high), abs=5e-5))


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share_and_narrows_with_n(pair: tuple[int, int]) -> None:
    confirmed, n = pair
    low, high = wilson(confirmed, n) or (1.0, 0.0)
    assert 0.0 <= low <= confirmed / n + 1e-6
    assert confirmed / n - 1e-6 <= high <= 1.0
    wide_low, wide_high = wilson(confirmed * 4, n * 4) or (0.0, 1.0)
    assert wide_high - wide_low <= high - low + 1e-6


def test_minutes_are_measured_once_there_are_enough_cases(told: Home, person: People) -> None:
    from budgetwatch.backtest import verdicts
    from budgetwatch.tables import CaseStep

    rows = [{**A, "agency_code": f"U{n}", "pay_date": "2024-05-05", "amount": "20000.00"} for n in range(31)]
    facts(told, "payment", rows)
    runs.run(told, actor="test", rule_ids=["PY-07"])
    reviewer = person(told, "reviewer")
    assert verdicts.minutes(told, reviewer) == (30.0, 0)
    start = dt.datetime(2026, 1, 5, 9, 0, tzinfo=dt.UTC)
    with told.session() as session:
        for n, case in enumerate(session.scalars(sa.select(Case.id)).all()):
            for seq, (action, at) in enumerate((("take", start), ("dismiss", start + dt.timedelta(minutes=n + 1))), 1):
                session.add(
                    CaseStep(case_id=case, seq=seq, action=action, from_state="new", to_state="dismissed", actor_id=reviewer.id,
                             actor_name="x", actor_role="reviewer", at=at)
                )  # fmt: skip
    assert verdicts.minutes(told, SYSTEM) == (17.5, 34)
