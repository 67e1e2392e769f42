"""A run: pinned facts, three-valued results, stable flags, evidence that is only added, one at a time."""

from __future__ import annotations

import datetime as dt
import hashlib
import subprocess
import sys
import textwrap
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from budgetwatch import tables
from budgetwatch.access.viewer import SYSTEM
from budgetwatch.errors import Conflict, NotFound
from budgetwatch.home import Home
from budgetwatch.queries import catalogue
from budgetwatch.records.rowid import Address, pack
from budgetwatch.rules.book import RuleBook, from_text
from budgetwatch.rules.finding import row_numbers
from budgetwatch.runs import recompute, run
from budgetwatch.text import Text
from tests.builders import facts
from tests.effort import examples
from tests.rules.samples import CASH, LATE_TRANSFER, RANKED, SPLIT, rule_file

AS_OF = dt.date(2025, 6, 30)


def with_rules(home: Home, *rules: str) -> Home:
    home.__dict__["rules"] = RuleBook({rule.id: rule for rule in from_text(rule_file(*rules))}, {})
    return home


def pay(voucher: str, agency: str, day: str, amount: str, **more: Any) -> dict[str, Any]:
    return {
        "voucher_no": voucher, "budget_year": int(day[:4]), "pay_date": day, "adm_div_code": "990101", "agency_code": agency,
        "agency_name": f"单位{agency}", "amount": amount, "currency": "CNY", "settlement": "cash", "payee_name": "甲", **more,
    }  # fmt: skip


def flags(home: Home) -> list[tables.Flag]:
    with home.session() as session:
        return list(
            session.scalars(
                sa.select(tables.Flag).order_by(tables.Flag.rule_id, tables.Flag.subject, tables.Flag.period)
            )
        )


def count(home: Home, table: Any) -> int:
    with home.session() as session:
        return int(session.scalar(sa.select(sa.func.count()).select_from(table)) or 0)


def evidence(home: Home, flag_id: int) -> list[tables.Evidence]:
    with home.session() as session:
        return list(
            session.scalars(
                sa.select(tables.Evidence).where(tables.Evidence.flag_id == flag_id).order_by(tables.Evidence.id)
            )
        )


def test_a_rule_that_is_off_is_asked_only_when_it_is_named(home: Home) -> None:
    with_rules(home, CASH.replace("severity: orange", "severity: orange\n    enabled: false"), SPLIT)
    facts(home, "payment", [pay("1", "A", "2025-03-03", "12000.00")])
    assert [result.rule_id for result in run(home, actor="tests", as_of=AS_OF).rules] == ["PY-08"]
    assert [result.rule_id for result in run(home, actor="tests", rule_ids=["PY-07"], as_of=AS_OF).rules] == ["PY-07"]
    assert [(row["rule_id"], row["enabled"]) for row in catalogue.rules(home, SYSTEM).rows] == [
        ("PY-07", False),
        ("PY-08", True),
    ]
    [flag] = flags(home)
    assert recompute(home, flag.id).identical


def test_a_run_reports_looked_at_flagged_and_could_not_judge(any_home: Home) -> None:
    home = with_rules(any_home, CASH)
    batch = facts(home, "payment", [
        pay("1", "A", "2025-03-03", "12000.00"), pay("2", "A", "2025-03-20", "10000.00"), pay("3", "A", "2025-04-01", "30000.00"),
        pay("4", "B", "2025-03-03", "9999.99"), pay("5", "B", "2025-03-03", "50000.00", settlement=None),
    ])  # fmt: skip
    report = run(home, actor="tests", as_of=AS_OF)
    [result] = report.rules
    assert (result.looked_at, result.flagged, result.could_not_judge) == (5, 2, 1)
    assert result.reasons == {"missing:settlement": 1}
    march, april = flags(home)
    assert (march.period, march.amount, march.subject_name, march.region) == (
        "2025-03",
        Decimal("22000.00"),
        "单位A",
        "990101",
    )
    assert (april.period, april.amount) == ("2025-04", Decimal("30000.00"))
    [shown] = evidence(home, march.id)
    assert shown.facts["amount"] == "22000.00"
    assert shown.facts["n"] == "2"
    assert (shown.facts["first_day"], shown.facts["last_day"]) == ("2025-03-03", "2025-03-20")
    assert row_numbers(shown.rows) == [pack(Address(batch, 2)), pack(Address(batch, 3))]
    assert shown.params == {"floor": "10000.00"}
    assert (
        home.rules["PY-07"].sentence(shown.facts).en == "单位A paid 22,000.00 in cash, 2 payments of at least 10,000.00"
    )


def test_a_second_run_over_the_same_facts_adds_nothing(any_home: Home) -> None:
    home = with_rules(any_home, CASH, SPLIT)
    facts(home, "payment", [pay(str(n), "A", "2025-03-03", "12000.00") for n in range(5)])
    first = run(home, actor="tests", as_of=AS_OF)
    before = [(f.id, f.key, f.evidence_digest, f.amount) for f in flags(home)]
    kept = count(home, tables.Evidence), count(home, tables.Case)
    second = run(home, actor="tests", as_of=AS_OF)
    assert first.new_flags == len(before) > 0
    assert (second.new_flags, second.changed_flags) == (0, 0)
    assert [(f.id, f.key, f.evidence_digest, f.amount) for f in flags(home)] == before
    assert (count(home, tables.Evidence), count(home, tables.Case)) == kept
    assert {f.last_run_id for f in flags(home)} == {second.run_id}
    assert {f.first_run_id for f in flags(home)} == {first.run_id}


def test_changed_evidence_is_appended_and_the_flag_stays_the_same(any_home: Home) -> None:
    home = with_rules(any_home, CASH)
    facts(home, "payment", [pay("1", "A", "2025-03-03", "12000.00")])
    run(home, actor="tests", as_of=AS_OF)
    [before] = flags(home)
    facts(home, "payment", [pay("2", "A", "2025-03-04", "15000.00")])
    report = run(home, actor="tests", as_of=AS_OF)
    [after] = flags(home)
    assert (report.new_flags, report.changed_flags) == (0, 1)
    assert (after.id, after.key, after.amount) == (before.id, before.key, Decimal("27000.00"))
    assert [e.amount for e in evidence(home, after.id)] == [Decimal("12000.00"), Decimal("27000.00")]
    assert after.evidence_digest == evidence(home, after.id)[-1].digest
    assert count(home, tables.Case) == 1


def test_a_flag_has_the_same_key_in_every_deployment(home: Home) -> None:
    with_rules(home, CASH)
    facts(home, "payment", [pay("1", "A", "2025-03-03", "12000.00")])
    run(home, actor="tests", as_of=AS_OF)
    [flag] = flags(home)
    assert flag.key == hashlib.sha256(b"PY-07|A|2025-03").hexdigest()


def test_a_new_flag_of_a_rule_opens_a_case_and_an_outlier_does_not(home: Home) -> None:
    with_rules(home, CASH, RANKED)
    facts(home, "payment", [
        *(pay(str(n), f"U{n % 3}", "2025-03-03", "12000.00", item_name=f"item{n % 3}") for n in range(60)),
        pay("odd", "U0", "2025-03-05", "12000.00", item_name="item2"),
    ])  # fmt: skip
    run(home, actor="tests", as_of=AS_OF)
    kinds = {f.kind for f in flags(home)}
    ranked = [f for f in flags(home) if f.kind == "outlier"]
    assert kinds == {"rule", "outlier"}
    assert count(home, tables.Case) == len(flags(home)) - len(ranked)
    top = max(ranked, key=lambda f: f.score or 0)
    assert top.subject == "odd"
    assert 0 <= (top.score or 0) <= 1
    told = home.rules["OM-90"].sentence(evidence(home, top.id)[0].facts)
    assert "meet in only 1 of 61 rows" in told.en
    assert "item2" in told.zh
    assert run(home, actor="tests", as_of=AS_OF).new_flags == 0


def test_a_rule_whose_feed_has_no_facts_could_not_judge_and_says_which(home: Home) -> None:
    with_rules(home, CASH, LATE_TRANSFER)
    facts(home, "payment", [pay("1", "A", "2025-03-03", "12000.00")])
    results = {r.rule_id: r for r in run(home, actor="tests", as_of=AS_OF).rules}
    assert results["TR-90"].could_not_judge == 1
    assert results["TR-90"].reasons == {"no_facts:transfer": 1}
    assert results["PY-07"].flagged == 1


def test_one_failing_rule_does_not_stop_the_run(home: Home) -> None:
    impossible = "amount >= $floor and make_date(2025, 12 + length(agency_code), 1) > pay_date"
    broken = CASH.replace("PY-07", "PY-91").replace("amount >= $floor", impossible)
    with_rules(home, broken, CASH)
    facts(home, "payment", [pay("1", "A", "2025-03-03", "12000.00")])
    results = {r.rule_id: r for r in run(home, actor="tests", as_of=AS_OF).rules}
    assert results["PY-07"].flagged == 1
    assert results["PY-91"].failure
    assert results["PY-91"].could_not_judge == 1
    assert "failed" in results["PY-91"].reasons


def test_an_approved_exemption_keeps_its_findings_out_and_counts_them(home: Home, person: Callable[..., Any]) -> None:
    with_rules(home, CASH)
    facts(home, "payment", [pay("1", "A", "2025-03-03", "12000.00"), pay("2", "B", "2025-03-03", "12000.00")])
    lead = person(home, "lead", region="99")
    with home.session() as session:
        session.add(tables.Exemption(
            rule_id="PY-07", region="", agency_code="A", subject="", reason="r", basis="b", valid_from=dt.date(2025, 1, 1),
            valid_to=dt.date(2025, 12, 31), proposed_by_id=lead.id, approved_by_id=lead.id, approved_at=tables.now(),
        ))  # fmt: skip
    [result] = run(home, actor="tests", as_of=AS_OF).rules
    assert (result.flagged, result.exempted) == (1, 1)
    assert [f.agency_code for f in flags(home)] == ["B"]
    assert run(home, actor="tests", as_of=dt.date(2026, 1, 1)).new_flags == 1


def test_the_run_takes_the_last_payment_for_today(home: Home) -> None:
    with_rules(home, CASH)
    facts(home, "payment", [pay("1", "A", "2025-03-03", "12000.00"), pay("2", "A", "2024-03-03", "1.00")])
    assert run(home, actor="tests").as_of == dt.date(2025, 3, 3)


def test_only_the_named_rules_are_run_and_an_unknown_one_is_refused(home: Home) -> None:
    with_rules(home, CASH, SPLIT)
    facts(home, "payment", [pay("1", "A", "2025-03-03", "12000.00")])
    assert [r.rule_id for r in run(home, actor="tests", rule_ids=["PY-08"], as_of=AS_OF).rules] == ["PY-08"]
    with pytest.raises(NotFound, match="PY-08"):
        run(home, actor="tests", rule_ids=["PY-80"])


def test_money_is_exact_where_floats_are_not(home: Home) -> None:
    with_rules(home, CASH)
    facts(home, "payment", [pay(str(n), "A", "2025-03-03", "10000000000000.07") for n in range(101)])
    run(home, actor="tests", as_of=AS_OF)
    [flag] = flags(home)
    assert flag.amount == Decimal("1010000000000007.07")
    assert evidence(home, flag.id)[0].facts["amount"] == "1010000000000007.07"


def test_evidence_keeps_the_first_thousand_rows_and_counts_all(home: Home) -> None:
    with_rules(home, CASH)
    facts(home, "payment", [pay(str(n), "A", "2025-03-03", "10000.01") for n in range(1500)])
    run(home, actor="tests", as_of=AS_OF)
    [shown] = evidence(home, flags(home)[0].id)
    rows = row_numbers(shown.rows)
    assert (shown.row_count, len(rows), shown.amount) == (1500, 1000, Decimal("15000015.00"))
    assert rows == sorted(rows)
    facts(home, "payment", [pay("late", "A", "2025-03-04", "10000.00")])
    assert run(home, actor="tests", as_of=AS_OF).changed_flags == 1


def test_recompute_is_identical_after_later_batches_and_corrections(any_home: Home) -> None:
    home = with_rules(any_home, CASH, SPLIT, LATE_TRANSFER)
    batch = facts(home, "payment", [pay(str(n), "A", "2025-03-03", "12000.00") for n in range(4)])
    facts(home, "transfer", [{"doc_no": "1", "adm_div_code": "990100", "budget_year": 2025, "direction": "received",
                              "received_date": "2025-01-01", "amount": "5.00"}])  # fmt: skip
    run(home, actor="tests", as_of=AS_OF)
    facts(home, "payment", [pay("9", "A", "2025-03-09", "99000.00"), pay("0", "A", "2025-03-03", "1.00")],
          replaces={1: pack(Address(batch, 2))})  # fmt: skip
    facts(home, "transfer", [{"doc_no": "1", "adm_div_code": "990100", "budget_year": 2025, "direction": "received",
                              "received_date": "2025-01-01", "issued_date": "2025-05-01", "amount": "5.00"}])  # fmt: skip
    found = flags(home)
    assert {f.rule_id for f in found} == {"PY-07", "PY-08", "TR-90"}
    for flag in found:
        assert recompute(home, flag.id).differences == {}
    run(home, actor="tests", as_of=dt.date(2025, 7, 31))
    for flag in flags(home):
        assert recompute(home, flag.id).identical


def test_recompute_shows_what_differs(home: Home) -> None:
    with_rules(home, CASH)
    facts(home, "payment", [pay("1", "A", "2025-03-03", "12000.00")])
    run(home, actor="tests", as_of=AS_OF)
    [flag] = flags(home)
    with home.session() as session:
        [kept] = session.execute(sa.select(*tables.Evidence.__table__.columns)).mappings()
        session.execute(sa.insert(tables.Evidence), [{**kept, "id": None, "amount": Decimal("13000.00")}])
    told = recompute(home, flag.id)
    assert not told.identical
    assert told.differences["amount"] == (Decimal("13000.00"), Decimal("12000.00"))
    with pytest.raises(NotFound):
        recompute(home, flag.id + 1)


def test_a_second_run_at_the_same_time_is_refused_and_a_dead_one_does_not_block(any_home: Home) -> None:
    home = with_rules(any_home, CASH)
    facts(home, "payment", [pay("1", "A", "2025-03-03", "12000.00")])
    seen: list[tuple[float, str]] = []

    def meanwhile(share: float, doing: Text) -> None:
        with pytest.raises(Conflict, match="another run is under way"):
            run(home, actor="someone else", as_of=AS_OF)
        seen.append((share, doing.en))

    run(home, actor="tests", as_of=AS_OF, progress=meanwhile)
    assert seen == [(1.0, home.rules["PY-07"].name.en)]
    with home.session() as session:
        session.add(tables.Run(as_of=AS_OF, versions={}, actor="a process that was killed", status="running"))
    report = run(home, actor="tests", as_of=AS_OF)
    with home.session() as session:
        states = {r.actor: r.status for r in session.scalars(sa.select(tables.Run))}
    assert states["a process that was killed"] == "failed"
    assert report.new_flags == 0


def test_a_killed_process_lets_go_of_its_turn(home: Home, tmp_path: Path) -> None:
    with_rules(home, CASH)
    facts(home, "payment", [pay("1", "A", "2025-03-03", "12000.00")])
    script = f"""
        import fcntl, os, signal, sys
        file = open({str(home.path / "run.lock")!r}, "w")
        fcntl.flock(file, fcntl.LOCK_EX)
        print("held", flush=True)
        signal.pause()
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline().strip() == "held"
    with pytest.raises(Conflict):
        run(home, actor="tests", as_of=AS_OF)
    process.kill()
    process.wait()
    assert run(home, actor="tests", as_of=AS_OF).new_flags == 1


def test_a_run_that_breaks_is_marked_failed(home: Home) -> None:
    with_rules(home, CASH)
    facts(home, "payment", [pay("1", "A", "2025-03-03", "12000.00")])

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(home, actor="tests", as_of=AS_OF, progress=stop)
    with home.session() as session:
        assert [(r.status, r.failure) for r in session.scalars(sa.select(tables.Run))] == [
            ("failed", "KeyboardInterrupt: ")
        ]
    assert run(home, actor="tests", as_of=AS_OF).new_flags == 1


PAYMENTS = st.lists(
    st.builds(
        pay, st.uuids().map(str), st.sampled_from("ABC"), st.dates(dt.date(2025, 1, 1), dt.date(2025, 4, 30)).map(str),
        st.decimals("0.01", "20000.00", places=2).map(str), settlement=st.sampled_from(["cash", "transfer", None]),
        payee_name=st.sampled_from(["甲", "乙", None]),
    ),
    min_size=1, max_size=25, unique_by=lambda row: row["voucher_no"],
)  # fmt: skip


@hypothesis_settings(
    max_examples=examples(20), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=PAYMENTS, data=st.data())
def test_the_order_of_the_rows_does_not_change_the_flags(rows: list[dict[str, Any]], data: st.DataObject) -> None:
    from tests.rules.samples import judged

    numbered = [{**row, "_row": n + 1} for n, row in enumerate(rows)]
    shuffled = data.draw(st.permutations(numbered))
    for rule in from_text(rule_file(CASH, SPLIT)):
        one, other = judged(rule, {"payment": numbered}, AS_OF), judged(rule, {"payment": shuffled}, AS_OF)
        assert one.findings == other.findings
        assert (one.looked_at, one.could_not_judge, one.reasons) == (
            other.looked_at,
            other.could_not_judge,
            other.reasons,
        )
        for finding in one.findings:
            assert finding.row_count == len(row_numbers(finding.rows))
