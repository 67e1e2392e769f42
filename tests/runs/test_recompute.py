"""Recomputing: the same after corrections, compaction and vacuum, whichever of equal rows comes first; else what differs."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from budgetwatch import tables
from budgetwatch.facts.compact import compact
from budgetwatch.home import Home
from budgetwatch.records.rowid import Address, pack
from budgetwatch.rules.book import from_text
from budgetwatch.rules.steady import steady
from budgetwatch.runs import care, recompute, recompute_many, run
from tests.builders import facts
from tests.rules.samples import CASH, LATE_TRANSFER, SPLIT, judged, rule_file
from tests.runs.test_runs import AS_OF, flags, pay, with_rules

#: Every figure of it has ties: which of equal rows is named must not hang on where the rows lie.
TIES = SPLIT.replace("PY-08", "PY-88").replace(
    "max(amount) AS largest\n",
    "max(amount) AS largest, arg_max(voucher_no, amount) AS example, arg_min(purpose, pay_date) FILTER (amount > 0) AS purpose,\n"
    "        any_value(purpose) AS any_purpose, string_agg(purpose, '、') AS purposes, list(voucher_no) AS vouchers\n",
)


def tied(voucher: str, purpose: str | None, agency: str = "A") -> dict[str, Any]:
    return pay(voucher, agency, "2025-03-03", "12000.00", purpose=purpose)


def test_of_equal_rows_the_same_is_named_however_they_lie() -> None:
    [rule] = from_text(rule_file(TIES))
    rows = [
        {**tied(str(n), purpose), "_row": n} for n, purpose in enumerate([None, "纸张", "培训", "印刷"], 1)
    ]  # fmt: skip
    [first] = judged(rule, {"payment": rows}, AS_OF).findings
    assert (first.facts["example"], first.facts["purposes"]) == ("4", "、".join(sorted(["纸张", "培训", "印刷"])))
    for order in itertools.permutations(rows):
        [other] = judged(rule, {"payment": list(order)}, AS_OF).findings
        assert other.digest == first.digest
        assert {k: v for k, v in other.facts.items() if k != "vouchers"} == {
            k: v for k, v in first.facts.items() if k != "vouchers"
        }


def test_breaking_ties_leaves_other_questions_alone() -> None:
    for said in (
        "SELECT max(amount) AS x FROM payment",
        "SELECT first(payee_name ORDER BY pay_date) AS x FROM payment",
        "this is no SQL: any_value(",
    ):
        assert steady(said) == said


def test_every_flag_is_identical_after_corrections_compaction_and_vacuum(home: Home) -> None:
    with_rules(home, CASH, TIES, LATE_TRANSFER)
    batches = [
        facts(home, "payment", [tied(f"{n}{purpose}", purpose, agency) for agency in "CAB"])
        for n, purpose in enumerate(["纸张", "培训", "印刷", "差旅"])
    ]
    facts(home, "transfer", [{"doc_no": "1", "adm_div_code": "990100", "budget_year": 2025, "direction": "received",
                              "received_date": "2025-01-01", "amount": "5.00"}])  # fmt: skip
    run(home, actor="tests", as_of=AS_OF)
    then = {flag.id for flag in flags(home)}
    for batch in batches[:2]:
        facts(home, "payment", [tied("new", "更正", "C")], replaces={0: pack(Address(batch, 2))})
    first = compact(home.store, home.settings, "payment")
    assert first.version is not None
    run(home, actor="tests", as_of=dt.date(2025, 7, 31))
    facts(home, "payment", [pay("9", "A", "2025-06-09", "1.00")], replaces={0: pack(Address(batches[3], 3))})
    compact(home.store, home.settings, "payment")
    assert [one for one in care.clear(home, keep_days=-1, remove=True) if one.feed == "payment"]
    found = flags(home)
    assert then <= {flag.id for flag in found}
    assert {flag.rule_id for flag in found} == {"PY-07", "PY-88", "TR-90"}
    told = recompute_many(home, [flag.id for flag in found])
    assert [one.differences for one in told] == [{} for _ in found]
    assert {one.told().en for one in told} == {""}


def test_what_differs_is_said_by_voucher_and_figure(home: Home) -> None:
    with_rules(home, CASH)
    batch = facts(
        home, "payment", [pay("V-1", "A", "2025-03-03", "12000.00"), pay("V-2", "A", "2025-03-04", "15000.00")]
    )
    run(home, actor="tests", as_of=AS_OF)
    facts(home, "payment", [pay("V-3", "B", "2025-03-05", "1.00")])
    [flag] = flags(home)
    with home.session() as session:
        kept = dict(session.execute(sa.select(*tables.Evidence.__table__.columns)).mappings().one())
        # Evidence that says another row than the facts give: V-3 in place of V-1.
        other = [pack(Address(batch, 3)), pack(Address(batch + 1, 2))]
        kept |= {
            "id": None, "digest": "0" * 64, "amount": Decimal("15001.00"),
            "rows": b"".join(row.to_bytes(8, "little") for row in other),
        }  # fmt: skip
        session.execute(sa.insert(tables.Evidence), [kept])
    told = recompute(home, flag.id)
    assert not told.identical
    assert ([name.split(" ")[0] for name in told.added], [name.split(" ")[0] for name in told.gone]) == (
        ["V-1"],
        ["V-3"],
    )
    assert told.figures == {"amount": (Decimal("15001.00"), Decimal("27000.00"))}
    assert "amount: 15001.00 → 27000.00" in told.told().en
    assert "增加 1 行：V-1" in told.told().zh


def test_a_flag_that_other_thresholds_do_not_give_is_no_longer_found(home: Home) -> None:
    with_rules(home, CASH)
    facts(home, "payment", [pay("V-1", "A", "2025-03-03", "12000.00")])
    run(home, actor="tests", as_of=AS_OF)
    [flag] = flags(home)
    with home.session() as session:
        kept = dict(session.execute(sa.select(*tables.Evidence.__table__.columns)).mappings().one())
        session.execute(sa.insert(tables.Evidence), [{**kept, "id": None, "params": {"floor": "13000.00"}}])
    told = recompute(home, flag.id)
    assert told.differences == {"found": ("yes", "no")}
    assert told.told().en == "no longer found"
