"""Batches, rejects, freshness, rules and runs: who sees which, and that nothing of another district is among them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from budgetwatch import intake
from budgetwatch.access.viewer import SYSTEM, Viewer
from budgetwatch.errors import BadFile, Denied, NotFound
from budgetwatch.home import Home
from budgetwatch.queries import catalogue, feeds, runs

ADMIN = Viewer(None, "admin", "", "admin", "9901")
DISTRICT = Viewer(None, "d", "", "finance", "990102")
REVIEWER = Viewer(None, "r", "", "reviewer", "9901")
PROFILE = """
name: plain
feed: payment
sender: 云岭市财政局
title: {zh: 支付, en: Payments}
format: csv
encoding: utf-8
columns: {voucher_no: 凭证号, pay_date: 日期, agency_code: 单位, amount: 金额, budget_year: 年度, adm_div_code: 区划}
"""


def sent(home: Home, tmp_path: Path, *lines: str, actor: str = "cli", name: str = "a.csv") -> int:
    (home.path / "profiles" / "plain.yml").write_text(PROFILE, encoding="utf-8")
    path = tmp_path / name
    path.write_text("\n".join(("凭证号,日期,单位,金额,年度,区划", *lines)) + "\n", encoding="utf-8")
    return intake.take_in(home, path, "plain", actor=actor).batch


def test_a_batch_is_shown_when_all_of_it_lies_in_scope(home: Home, tmp_path: Path) -> None:
    mine = sent(
        home, tmp_path, "A1,2026-01-01,U1,1.00,2026,990102", "A2,2026-01-02,U1,2.00,2026,990102001", name="mine.csv"
    )
    mixed = sent(
        home,
        tmp_path,
        "B1,2026-01-01,U1,1.00,2026,990102",
        "B2,bad,U2,2.00,2026,990103",
        "B3,2026-01-01,U2,2.00,2026,990103",
    )
    assert [r["batch"] for r in feeds.batches(home, ADMIN).rows] == [mixed, mine]
    assert [r["batch"] for r in feeds.batches(home, DISTRICT).rows] == [mine]
    assert feeds.rejects(home, ADMIN, mixed).total == 1
    with pytest.raises(NotFound):
        feeds.rejects(home, DISTRICT, mixed)
    payment = next(r for r in feeds.freshness(home, DISTRICT).rows if r["feed"] == "payment")
    assert (payment["facts"], payment["batches"]) == (3, 2)


def test_a_refused_file_is_its_senders_business(home: Home, tmp_path: Path, person: Callable[..., Viewer]) -> None:
    mine, theirs = person(home, "finance", region="990102"), person(home, "finance", region="990103")
    with pytest.raises(BadFile):
        sent(home, tmp_path, actor=theirs.login)
    assert feeds.batches(home, mine).total == 0
    row = feeds.batches(home, theirs, status="refused").rows[0]
    assert row["refusal"].zh
    assert row["refusal"].en
    assert feeds.batches(home, person(home, "admin")).total == 1


def test_the_row_as_sent_goes_to_senders_and_to_who_may_see_payees(home: Home, tmp_path: Path) -> None:
    batch = sent(home, tmp_path, "A1,2026-01-01,U1,1.00,2026,990102", "A2,never,U1,2.00,2026,990102")
    assert feeds.rejects(home, DISTRICT, batch).rows[0]["raw"]
    told = feeds.rejects(home, REVIEWER, batch).rows[0]
    assert (told["line"], told["value"], told["raw"]) == (3, "never", None)
    assert told["sentence"].en == "'never' in '日期' is not a date"
    assert feeds.rejects(home, DISTRICT, batch, reason="not_money").total == 0


def test_deputies_read_rules_without_what_they_found(home: Home, person: Callable[..., Viewer]) -> None:
    listing = catalogue.rules(home, person(home, "deputy"))
    assert listing.total == len(home.rules) > 0
    assert {(r["flags"], r["flagged"]) for r in listing.rows} == {(None, None)}
    assert all(r["name"].zh and r["name"].en and r["law"].zh for r in listing.rows)
    detail = catalogue.rule(home, person(home, "deputy"), listing.rows[0]["rule_id"])
    assert (detail.results, detail.states) == ([], {})
    assert detail.check
    assert detail.otherwise


def test_a_rule_counts_what_became_of_its_flags_in_scope(
    home: Home, person: Callable[..., Viewer], flagged: Callable[..., int]
) -> None:
    flagged(home, region="990102")
    flagged(home, region="990103")
    row = next(
        r for r in catalogue.rules(home, person(home, "reviewer", region="990102")).rows if r["rule_id"] == "PY-07"
    )
    assert (row["flags"], row["confirmed"]) == (1, 0)
    assert catalogue.rules(home, SYSTEM, text="現金").total == catalogue.rules(home, SYSTEM, text="现金").total > 0


def test_an_unknown_rule_or_run_is_not_found(home: Home) -> None:
    with pytest.raises(NotFound, match="no rule PY-99"):
        catalogue.rule(home, SYSTEM, "PY-99")
    with pytest.raises(NotFound):
        runs.results(home, SYSTEM, 7)
    assert runs.results(home, SYSTEM).rows == []
    with pytest.raises(Denied):
        runs.runs(home, Viewer(None, "x", "", "deputy", "9901"))
