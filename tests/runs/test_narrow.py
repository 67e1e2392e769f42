"""A narrowed run says what a full run says: the same flags, evidence, counts and cases, whatever came and was corrected."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa

from budgetwatch import tables as t
from budgetwatch.home import Home
from budgetwatch.records.rowid import Address, pack
from budgetwatch.rules.coded import Coded
from budgetwatch.rules.prepared import Copy
from budgetwatch.runs import narrow, run
from budgetwatch.runs.prepare import prepare
from budgetwatch.settings import Settings
from tests.builders import facts
from tests.conftest import opened
from tests.effort import THOROUGH
from tests.rules.samples import CASH, OFTEN, RANKED, SPLIT
from tests.runs.test_runs import with_rules

_FEEDS = {
    "payment",
    "indicator",
    "org_unit",
    "treasury_report",
    "calendar_event",
    "budget_line",
    "subject_dict",
    "transfer",
}
_PURPOSES = (None, "办公用品", "购物卡", "公务接待用餐费", "公车加油费", "5月租金", "6月租金", "第一批设备", "培训费")
_ECONOMIC = ("30201", "30217", "30231", "31003", "30226", "30101", None)


@pytest.fixture
def make_home(settings: Settings, migrated_sqlite: Path) -> Iterator[Callable[[str], Home]]:
    """make_home(name): one more fresh deployment."""
    with ExitStack() as stack:
        yield lambda name: stack.enter_context(
            opened(settings.model_copy(update={"home": settings.home / name}), migrated_sqlite)
        )


@pytest.fixture
def narrowing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that can be narrowed is, however few rows there are."""
    monkeypatch.setattr(narrow, "LEAST_ROWS", 0)
    monkeypatch.setattr(narrow, "MOST_SHARE", 2.0)


class City:
    """Random payments and budgets of a small town, batch by batch, some of them correcting earlier ones."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.known: dict[str, list[tuple[int, dict[str, Any]]]] = {"payment": [], "indicator": []}
        self.number = 0

    def payment(self, day: dt.date) -> dict[str, Any]:
        dice, self.number = self.dice, self.number + 1
        agency, payee = dice.choice("1234"), dice.choice(["甲公司", "乙公司", "丙中心", "张三", None])
        return {
            "voucher_no": f"V{self.number}", "budget_year": day.year - (dice.random() < 0.1), "pay_date": day, "adm_div_code": "990101",
            "agency_code": f"20{agency}", "agency_name": f"单位{agency}", "currency": dice.choice(["CNY", "CNY", None]),
            "amount": dice.choice(["98000", "99000", "50000", "200000", "12000", "600000", "1000000", "-50000", "0.01", "9800"]),
            "settlement": dice.choice(["cash", "transfer", "transfer", "payroll", None]), "payee_name": payee,
            "payee_account": payee and f"62{ord(payee[0])}{dice.choice(['', '9'])}", "purpose": dice.choice(_PURPOSES),
            "payee_type": dice.choice(["organisation", "person", "own_unit", "fiscal_account", None]),
            "func_code": dice.choice(["2010101", "2050201", "2300101", None]), "dep_eco_code": dice.choice(_ECONOMIC),
            "indicator_no": dice.choice([None, "I1", "I2", "I9"]), "pro_code": dice.choice([None, "P1", "P2"]),
            "fund_source": dice.choice(["general", "special_bond", "carryover", "direct", None]),
            "contract_no": dice.choice([None, None, "C1"]), "tracking_id": dice.choice([None, None, "T1"]),
        }  # fmt: skip

    def indicator(self, day: dt.date) -> dict[str, Any]:
        dice = self.dice
        return {
            "indicator_no": dice.choice(["I1", "I2", "I3"]), "budget_year": day.year, "adm_div_code": "990101", "agency_code": f"20{dice.choice('1234')}",
            "agency_name": "单位", "pro_code": dice.choice(["P1", "P2", None]), "pro_name": "项目", "initial": dice.choice(["100000", "3000000"]),
            "added": None, "reduced": None, "frozen": None, "issue_date": dt.date(day.year, dice.randint(1, 12), 3), "func_code": "2010101",
            "line_type": dice.choice(["project", "operating", None]), "currency": dice.choice(["CNY", None]),
        }  # fmt: skip

    def batch(self, feed: str, days: Sequence[dt.date], many: int) -> tuple[str, list[dict[str, Any]], dict[int, int]]:
        """Rows of one batch, with what some of them supersede."""
        made = [getattr(self, feed)(self.dice.choice(days)) for _ in range(many)]
        old = self.dice.sample(self.known[feed], min(len(self.known[feed]), many // 4))
        replaces = {}
        for at, one in enumerate(old):
            self.known[feed].remove(one)
            replaces[at] = one[0]
        return feed, made, replaces

    def put(self, homes: Sequence[Home], told: tuple[str, list[dict[str, Any]], dict[int, int]]) -> None:
        feed, rows, replaces = told
        for home in homes:
            batch = facts(home, feed, rows, replaces=replaces)
        self.known[feed] += [(pack(Address(batch, n + 2)), row) for n, row in enumerate(rows)]


def said(home: Home) -> dict[str, Any]:
    """All that a run leaves, but for its own numbers and times."""
    with home.session() as session:
        flags = session.execute(
            sa.select(t.Flag.key, t.Flag.subject_name, t.Flag.severity, t.Flag.amount, t.Flag.agency_name, t.Flag.evidence_digest, t.Flag.first_run_id)
            .order_by(t.Flag.key)
        ).all()  # fmt: skip
        last = sa.select(sa.func.max(t.RunRule.run_id)).where(t.RunRule.rule_id == t.Flag.rule_id).scalar_subquery()
        stands = session.scalars(sa.select(t.Flag.key).where(t.Flag.last_run_id >= last).order_by(t.Flag.key)).all()
        evidence = session.execute(
            sa.select(t.Flag.key, t.Evidence.run_id, t.Evidence.digest, t.Evidence.rows, t.Evidence.row_count, t.Evidence.facts, t.Evidence.params)
            .join(t.Flag, t.Flag.id == t.Evidence.flag_id).order_by(t.Flag.key, t.Evidence.run_id)
        ).all()  # fmt: skip
        cases = session.execute(
            sa.select(t.Flag.key, t.Case.state, t.Case.severity)
            .join(t.Flag, t.Flag.id == t.Case.flag_id)
            .order_by(t.Flag.key)
        ).all()
        newest = (
            sa.select(t.RunRule.rule_id, sa.func.max(t.RunRule.run_id).label("run"))
            .group_by(t.RunRule.rule_id)
            .subquery()
        )
        lines = session.execute(
            sa.select(t.RunRule.rule_id, t.RunRule.looked_at, t.RunRule.flagged, t.RunRule.could_not_judge, t.RunRule.reasons, t.RunRule.exempted)
            .join(newest, sa.and_(newest.c.rule_id == t.RunRule.rule_id, newest.c.run == t.RunRule.run_id)).order_by(t.RunRule.rule_id)
        ).all()  # fmt: skip
    told = {"flags": flags, "stands": stands, "evidence": evidence, "cases": cases, "lines": lines}
    return {name: list(map(str, rows)) for name, rows in told.items()}


#: The days of what was there before.
PAST = [dt.date(2023, 2, 1) + dt.timedelta(n) for n in range(0, 1040, 3)]


def chosen(home: Home, city: City) -> list[str]:
    """Rules over what the city sends; some of them, but for a thorough run."""
    ids = [
        rule.id
        for rule in home.rules.values()
        if {"payment", "indicator"} & set(rule.reads) and {*rule.reads} <= _FEEDS and rule.form != "outlier"
    ]
    return ids if THOROUGH else city.dice.sample(ids, 20)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.usefixtures("narrowing")
def test_after_each_batch_a_narrowed_run_says_what_a_full_run_says(make_home: Callable[..., Home], seed: int) -> None:
    narrowed, full = make_home("narrowed"), make_home("full")
    city, day = City(seed), dt.date(2025, 12, 20)
    ids = chosen(narrowed, city)
    city.put((narrowed, full), city.batch("indicator", PAST, 12))
    city.put((narrowed, full), city.batch("payment", PAST, 260))
    ways: list[str] = []
    for step in range(4 if THOROUGH else 3):
        report = run(narrowed, actor="t", rule_ids=ids, as_of=day, new=True)
        run(full, actor="t", rule_ids=ids, as_of=day)
        ways += [result.asked for result in report.rules if step]
        told, wanted = said(narrowed), said(full)
        for name in wanted:
            assert told[name] == wanted[name], f"{name} after batch {step}"
        day += dt.timedelta(city.dice.choice([0, 1, 15]))
        city.put((narrowed, full), city.batch("payment", [day, day - dt.timedelta(1)], 9))
        if step == 1:
            city.put((narrowed, full), city.batch("indicator", [day], 3))
    assert ways.count(narrow.NARROWED) > len(ways) / 3, "of those asked again; what nothing touched is not among them"
    assert not {"failed", "differs"} & set(ways)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.usefixtures("narrowing")
def test_what_hits_must_come_to_is_narrowed_as_well(make_home: Callable[..., Home], seed: int) -> None:
    narrowed, full = make_home("narrowed"), make_home("full")
    for home in (narrowed, full):
        with_rules(home, CASH, OFTEN)
    city, day = City(seed), dt.date(2025, 12, 20)
    city.put((narrowed, full), city.batch("payment", PAST, 120))
    ways: list[str] = []
    for step in range(4):
        report = run(narrowed, actor="t", as_of=day, new=True)
        run(full, actor="t", as_of=day)
        ways += [result.asked for result in report.rules if step]
        assert said(narrowed) == said(full), f"after batch {step}"
        city.put((narrowed, full), city.batch("payment", PAST[-40:], 15))
    assert set(ways) == {narrow.NARROWED}


@pytest.mark.parametrize("seed", [4, 5] if THOROUGH else [4])
def test_what_was_made_ready_long_before_serves_full_and_narrowed_runs(
    make_home: Callable[..., Home], monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr("budgetwatch.rules.coded.LEAST_ROWS", 1)
    monkeypatch.setattr("budgetwatch.runs.narrow.LEAST_ROWS", 0)
    monkeypatch.setattr("budgetwatch.runs.prepare.MOST_CHANGED", 1.0)
    fits: list[bool] = []
    plain = Copy.open

    def open_(copy: Copy, connection: duckdb.DuckDBPyConnection) -> Coded:
        fits.append(False)
        made = plain(copy, connection)
        fits[-1] = True
        return made

    monkeypatch.setattr(Copy, "open", open_)
    narrowed, ready, full = make_home("narrowed"), make_home("ready"), make_home("full")
    homes = narrowed, ready, full
    city, day = City(seed), dt.date(2025, 12, 20)
    ids = chosen(full, city)
    city.put(homes, city.batch("indicator", PAST, 12))
    city.put(homes, city.batch("payment", PAST, 400))
    for home in (narrowed, ready):
        assert prepare(home, as_of=day) is not None
    ways: list[str] = []
    for step in range(4):
        ways += [result.asked for result in run(narrowed, actor="t", rule_ids=ids, as_of=day, new=True).rules]
        for home in (ready, full):
            run(home, actor="t", rule_ids=ids, as_of=day)
        wanted = said(full)
        for name in wanted:
            for home, how in ((narrowed, "narrowed"), (ready, "ready")):
                assert said(home)[name] == wanted[name], f"{name}, {how}, after batch {step}"
        day += dt.timedelta(city.dice.choice([0, 1, 15]))
        city.put(homes, city.batch("payment", [day, day - dt.timedelta(1)], 9))
        if step == 1:
            city.put(homes, city.batch("indicator", [day], 3))
    assert fits.count(True) >= 6, "what was made ready hardly serves what comes later"
    assert "ready" in ways
    assert not {"failed", "differs"} & set(ways)


@pytest.mark.usefixtures("narrowing")
def test_a_run_says_why_a_rule_was_asked_of_everything(home: Home) -> None:
    with_rules(home, CASH, SPLIT, RANKED)
    city = City(7)
    city.put((home,), city.batch("payment", [dt.date(2025, 3, 3)], 30))
    first = run(home, actor="t", as_of=dt.date(2025, 3, 4), new=True)
    assert {result.asked for result in first.rules} == {"first"}
    city.put((home,), city.batch("payment", [dt.date(2025, 3, 3)], 3))
    again = {result.rule_id: result.asked for result in run(home, actor="t", as_of=dt.date(2025, 3, 4), new=True).rules}
    assert "model" in again.values()
    assert narrow.NARROWED in again.values()
    with home.session() as session:
        kept = dict(session.execute(sa.select(t.RunRule.rule_id, t.RunRule.asked).where(t.RunRule.run_id == 2)).all())
    assert kept == again


@pytest.mark.usefixtures("narrowing")
def test_a_flag_that_is_not_as_the_last_run_left_it_makes_the_rule_be_asked_whole(home: Home) -> None:
    with_rules(home, CASH)
    city = City(11)
    city.put((home,), city.batch("payment", [dt.date(2025, 3, 3)], 60))
    run(home, actor="t", as_of=dt.date(2025, 3, 4))
    with home.session() as session:
        session.execute(sa.update(t.Flag).values(evidence_digest="another"))
    city.put((home,), city.batch("payment", [dt.date(2025, 3, 3)], 40))
    assert [result.asked for result in run(home, actor="t", as_of=dt.date(2025, 3, 4), new=True).rules] == ["differs"]


def test_few_rows_are_asked_whole(home: Home) -> None:
    with_rules(home, CASH)
    city = City(5)
    city.put((home,), city.batch("payment", [dt.date(2025, 3, 3)], 10))
    run(home, actor="t", as_of=dt.date(2025, 3, 4))
    city.put((home,), city.batch("payment", [dt.date(2025, 3, 3)], 10))
    assert [result.asked for result in run(home, actor="t", as_of=dt.date(2025, 3, 4), new=True).rules] == ["small"]
