"""Rules asked of what was made ready say exactly what they say of the facts: on a city, and on small tables full of traps."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import pytest

from budgetwatch.access.viewer import SYSTEM
from budgetwatch.home import Home
from budgetwatch.records import ALL
from budgetwatch.rules import Rule
from budgetwatch.rules import compile as compiled
from budgetwatch.rules.book import RuleBook
from budgetwatch.rules.coded import Coded, show
from budgetwatch.rules.judge import Verdict, judge, questions
from budgetwatch.rules.made import Recipe
from budgetwatch.rules.making import _times, make_ready
from budgetwatch.rules.overlay import lay_over
from budgetwatch.rules.placed import judge_by_place
from budgetwatch.rules.prepared import NAME, Copy, Prepared, asked_before, opened
from budgetwatch.runs import run
from budgetwatch.runs.changes import Change
from budgetwatch.runs.own import OWN
from budgetwatch.runs.prepare import prepare
from tests.builders import facts
from tests.effort import THOROUGH

DAY = dt.date(2025, 12, 31)
EVE = dt.date(2025, 11, 28)


def whole(verdict: Verdict) -> tuple[Any, ...]:
    """All that a verdict says, but not how long it took."""
    found = sorted(verdict.findings, key=lambda one: (one.subject, one.period))
    return verdict.rule.id, verdict.looked_at, verdict.could_not_judge, dict(verdict.reasons), verdict.failure, found


def of_city(city: Home, copy: Copy | None, day: dt.date = DAY) -> list[tuple[Any, ...]]:
    with city.facts(SYSTEM, prepared=copy.path if copy else None) as connection:
        rules = [rule for rule in city.rules.values() if rule.form != "outlier"]
        have = {*city.store.current(), *OWN}
        made = opened(connection, copy, rules, day) if copy else None
        asked = judge_by_place(connection, rules, day, have, city.packs, prepared=made, others=rules)
        return [whole(verdict) for verdict in asked]


def test_every_rule_says_the_same_of_a_city_in_a_file(city: Home) -> None:
    copy = prepare(city, as_of=DAY, least=1)
    assert copy is not None
    assert copy.told["few"], "no selective question reads a smaller table"
    assert of_city(city, copy) == of_city(city, None)
    assert prepare(city, least=1) == copy, "what is there is found, not made again"


def test_on_a_later_day_every_rule_is_asked_as_it_was_found_for_any_day(
    city: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = DAY + dt.timedelta(3)
    copy = prepare(city, as_of=DAY, least=1)
    assert copy is not None
    plain, found = of_city(city, None, later), Coded._found
    anew: list[str] = []
    monkeypatch.setattr(Coded, "_found", lambda self, question: anew.append(question) or found(self, question))
    told = of_city(city, copy, later)
    assert told == plain
    on = [
        rule for rule in city.rules.values() if rule.enabled and rule.form != "outlier" and not city.packs.of(rule.id)
    ]
    assert on
    assert {*anew}.isdisjoint(compiled.asked(rule, later) for rule in on)
    assert told != of_city(city, copy), "some rule counts days"


def test_a_change_of_the_facts_or_of_the_note_makes_it_worthless(city: Home, tmp_path: Path) -> None:
    copy = prepare(city, as_of=DAY, least=1)
    assert copy is not None
    snapshot, folder = city.store.snapshot(), Prepared(city.path / "prepared", city.secret)
    assert folder.ready(snapshot) == copy
    feed = next(iter(copy.told["tables"]))
    fewer = snapshot.__class__(snapshot.versions, {**snapshot.files, feed: snapshot.files[feed][1:]})
    assert folder.ready(fewer) is None
    assert folder.ready(snapshot.with_history()) == (None if feed in snapshot.replaced else copy)
    assert Prepared(city.path / "prepared", "another secret").ready(snapshot) is None
    note = copy.path.with_suffix(".note")
    sealed = json.loads(note.read_text("utf-8"))
    note.write_text(json.dumps({**sealed, "told": sealed["told"].replace("_coded_", "_other_", 1)}), "utf-8")
    assert folder.ready(snapshot) is None


def test_a_run_reads_what_was_made_before_it_and_makes_nothing_itself(
    city: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("budgetwatch.rules.coded.LEAST_ROWS", 1)
    asked = ["PY-05", "PY-07", "PY-09", "PY-10", "EX-09"]

    def said() -> list[tuple[Any, ...]]:
        told = run(city, actor="t", rule_ids=asked)
        return [(one.rule_id, one.looked_at, one.flagged, one.could_not_judge, one.reasons) for one in told.rules]

    first = said()
    assert not list((city.path / "prepared").glob("*"))
    opened: list[Path] = []
    plain = Copy.open
    monkeypatch.setattr(Copy, "open", lambda self, connection: opened.append(self.path) or plain(self, connection))
    made = prepare(city, as_of=DAY)
    assert made is not None
    assert said() == first
    assert opened == [made.path]


def test_a_run_of_many_rules_makes_it_and_another_once_it_no_longer_fits(
    city: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("budgetwatch.rules.coded.LEAST_ROWS", 1)
    monkeypatch.setattr("budgetwatch.runs.prepare.FEW", 4)
    monkeypatch.setattr("budgetwatch.runs.prepare.MOST_CHANGED", 1)
    asked = ["PY-05", "PY-07", "PY-09", "PY-10", "EX-09"]

    def files() -> list[str]:
        return sorted(path.name for path in (city.path / "prepared").glob("*.duckdb"))

    run(city, actor="t", rule_ids=asked[:3])
    assert files() == [], "few rules are asked of the facts as they are"
    with monkeypatch.context() as full:
        full.setattr("budgetwatch.runs.prepare.shutil.disk_usage", lambda _: SimpleNamespace(free=1))
        run(city, actor="t", rule_ids=asked)
        assert files() == [], "the disk is too full"
    run(city, actor="t", rule_ids=asked)
    [made] = files()
    run(city, actor="t", rule_ids=asked, new=True)
    assert files() == [made], "nothing came, nothing is made"
    facts(city, "payment", [payment(random.Random(1), 1)])
    run(city, actor="t", rule_ids=asked)
    assert files() == [made], "what came is laid over it"
    monkeypatch.setattr("budgetwatch.runs.prepare.MOST_CHANGED", 0)
    run(city, actor="t", rule_ids=asked)
    assert files() == [], "it is let go where too much came"
    run(city, actor="t", rule_ids=asked)
    [other] = files()
    assert other != made


# ── small tables with absent values, empty texts, ties, repeats and refunds ──────────────────────────

UNITS = [
    ("101001", "甲局", "990101"),
    ("101002", "乙学校", "990101"),
    ("201001", "丙财政所", "990102001"),
    (None, None, "990101"),
    ("", "", "x9"),
]
PAYEES = [("丁公司", "6001", "organisation"), ("丁公司", "6002", "organisation"), ("戊 公司", "6001", "organisation"), ("张三丰", "7001", "person"),
          ("甲局", "8001", "own_unit"), ("某镇人民政府", "8002", "fiscal_account"), (None, None, None), ("", "", ""), ("己中心", None, None)]  # fmt: skip
AMOUNTS = [
    "99000",
    "100000",
    "95000.50",
    "50000",
    "30000",
    "20000.01",
    "1000000",
    "500000",
    "12000",
    "900",
    "0",
    "-50000",
    "-99000",
    "10000.00",
]
PURPOSES = [
    None,
    "",
    "接待费",
    "购物卡",
    "加油费",
    "第1期工程款",
    "第2期工程款",
    "3月租金",
    "4月租金",
    "年终结算",
    "社保",
    "设备",
]


def payment(chance: random.Random, number: int) -> dict[str, Any]:
    agency, name, place = chance.choice(UNITS)
    payee, account, kind = chance.choice(PAYEES)
    day = chance.choice([None, *(dt.date(2025, 1, 1) + dt.timedelta(days=chance.randrange(365)) for _ in range(9))])
    return {
        "voucher_no": chance.choice([f"V{number}", "V1", None]), "budget_year": chance.choice([2025, 2025, 2025, 2024, None]), "pay_date": day,
        "adm_div_code": chance.choice([place, place, None]), "agency_code": agency, "agency_name": name,
        "fund_source": chance.choice([None, "general", "direct", "special_bond", "carryover"]),
        "func_code": chance.choice([None, "", "2010101", "2240601", "2310101", "2080505", "9999999"]),
        "dep_eco_code": chance.choice([None, "", "30201", "30217", "30231", "30212", "30103", "39901", "31002", "30216"]),
        "pro_code": chance.choice([None, "P1", "P2", "P9"]), "line_type": chance.choice([None, "project", "basic"]),
        "indicator_no": chance.choice([None, "Z1", "Z2", "Z9"]),
        "amount": Decimal(chance.choice(AMOUNTS)), "currency": chance.choice([None, "CNY", "CNY", "USD"]),
        "purpose": chance.choice(PURPOSES), "payee_name": payee, "payee_account": account, "payee_type": chance.choice([kind, kind, None]),
        "payee_account_type": chance.choice([None, "fiscal", "zero_balance", "basic"]),
        "settlement": chance.choice([None, "cash", "transfer", "payroll", "card"]),
        "contract_no": chance.choice([None, None, "C1"]), "procurement_no": chance.choice([None, None, "G1"]), "invoice_no": chance.choice([None, "F1", "F2"]),
        "tracking_id": chance.choice([None, "T1"]),
    }  # fmt: skip


PLACE = {"adm_div_code": "990101", "budget_year": 2025}
INDICATOR = {**PLACE, "agency_code": "101001"}


def others() -> dict[str, list[dict[str, Any]]]:
    return {
        "indicator": [
            {**INDICATOR, "indicator_no": "Z1", "pro_code": "P1", "initial": 60000, "func_code": "2010101"},
            {**INDICATOR, "indicator_no": "Z1", "pro_code": "P1", "initial": 10000, "pro_name": "桥"},
            {**INDICATOR, "indicator_no": "Z2", "pro_code": "P2", "initial": 500000, "agency_code": "101002"},
            {**INDICATOR, "pro_code": "P2", "initial": 1000, "budget_year": 2024, "adm_div_code": None},
        ],
        "org_unit": [
            {"agency_code": "101001", "agency_name": "甲局", "budget_year": 2025, "adm_div_code": "990101"},
            {"agency_code": "301001", "agency_name": "某镇人民政府", "budget_year": 2025, "adm_div_code": "990101001"},
        ],
        "subject_dict": [
            {"type": "func", "budget_year": 2025, "code": "2010101", "name": "行政运行"},
            {"type": "dep_eco", "budget_year": 2025, "code": "30201", "name": "办公费"},
        ],
        "calendar_event": [{**PLACE, "event_type": "budget_approved", "event_date": dt.date(2025, 3, 1)}],
        "budget_line": [
            {
                **PLACE,
                "agency_code": "101001",
                "stage": "approved",
                "direction": "expenditure",
                "eco_code": "30217",
                "amount": 10,
            }
        ],
        "transfer": [
            {
                **PLACE,
                "tracking_id": "T1",
                "direction": "received",
                "amount": 200000,
                "issued_date": dt.date(2025, 1, 9),
            }
        ],
        "treasury_report": [{**PLACE, "month": 3, "amount": 5, "currency": "CNY"}],
    }


@pytest.fixture(scope="module")
def payment_rules() -> list[Rule]:
    book = RuleBook.load(Path(__file__).parents[2] / "rules")
    return [book[one] for one in book.active if "payment" in book[one].reads and book[one].form != "outlier"]


@pytest.fixture
def tables() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:", config={"threads": 1}) as made:
        for feed in ALL.values():
            columns = ", ".join(f'"{c.name}" {c.duckdb}' for c in feed.columns)
            made.execute(f"CREATE TABLE {feed.name} ({columns}, _row BIGINT)")
        yield made


def fill(connection: duckdb.DuckDBPyConnection, feed: str, rows: list[dict[str, Any]], first: int = 0) -> None:
    for number, row in enumerate(rows, first):
        told = {**row, "_row": number}
        connection.execute(
            f"INSERT INTO {feed} ({', '.join(told)}) VALUES ({', '.join('?' * len(told))})", [*told.values()]
        )


def test_every_rule_over_payments_says_the_same_of_tables_full_of_traps(
    tables: duckdb.DuckDBPyConnection, payment_rules: list[Rule], monkeypatch: pytest.MonkeyPatch
) -> None:
    for feed, rows in others().items():
        fill(tables, feed, rows)
    have = {"payment", *others()}
    hit: set[str] = set()
    for seed in range(12 if THOROUGH else 3):
        chance = random.Random(seed)
        tables.execute("DELETE FROM payment")
        fill(tables, "payment", [payment(chance, number) for number in range((400, 1, 90)[seed % 3])])
        monkeypatch.setattr("budgetwatch.rules.reached.MOST_SHARE", seed % 2)  # all rows are looked for first, or none
        plain = [whole(one) for one in judge(tables, payment_rules, DAY, have, least_rows=10**12)]
        ready = [whole(one) for one in judge(tables, payment_rules, DAY, have, least_rows=1)]
        for one, other in zip(plain, ready, strict=True):
            assert other == one, f"{one[0]}, seed {seed}"
        hit |= {told[0] for told in plain if told[-1]}
    assert len(hit) >= 15, f"these tables hardly try the rules: {sorted(hit)}"


@dataclass(frozen=True)
class Laid:
    """What was made ready of earlier rows, with what changed since laid over it."""

    coded: Coded
    change: Change

    def years(self, connection: duckdb.DuckDBPyConnection) -> dict[str, set[int]]:
        return {}

    def open(self, connection: duckdb.DuckDBPyConnection) -> Coded:
        show(connection, self.coded.made.names, NAME)
        lay_over(connection, self.coded, {"payment": self.change}, NAME)
        return self.coded


def test_every_rule_says_the_same_of_what_came_since_a_file_was_made(
    tables: duckdb.DuckDBPyConnection, payment_rules: list[Rule], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("budgetwatch.rules.making._MOST_GROUPS", 100)  # all sums, however many groups
    monkeypatch.setattr(
        "budgetwatch.rules.few.SUM_SHARES", ((1, 100),)
    )  # and a smaller table of each for all that select some
    for feed, rows in others().items():
        fill(tables, feed, rows)
    have = {"payment", *others()}
    for seed in range(12 if THOROUGH else 3):
        chance = random.Random(1_000 + seed)
        tables.execute("DELETE FROM payment")
        fill(tables, "payment", [payment(chance, number) for number in range(400)])
        tables.execute(f"ATTACH ':memory:' AS {NAME}")
        monkeypatch.setattr("budgetwatch.rules.reached.MOST_SHARE", 1 - seed % 2)
        asked, rows = questions(tables, payment_rules, EVE, have)
        coded = make_ready(tables, asked, rows, 1, inside=NAME)
        coded.made.said = asked_before(coded, asked, EVE)
        assert seed % 2 or any(how.reached and how.reached.kept for how in coded.made.said.values()), (
            "nothing reached is kept"
        )
        assert any(of == "payment" for of, _ in coded.made.few), "no selective question reads a smaller table"
        smaller = {table for (of, _), table in coded.made.few.items() if of in coded.made.sums}
        read = " ".join(
            text for how in coded.made.said.values() for text in (how.last, *(step for _, step in how.before))
        )
        assert any(table in read for table in smaller), "no question reads a smaller table of sums"
        assert len(coded.made.sums) >= 5, "hardly any question asks for sums"
        assert any(_times(coded, one) for one in coded.made.sums.values()), "no sums lie in the order of time"
        made = coded.made.names
        [(payments,)] = tables.execute("SELECT count(*) FROM payment").fetchall()
        gone = (
            " OR ".join(f"_row = {number}" for number in chance.sample(range(400), chance.choice((0, 30)))) or "false"
        )
        tables.execute(f"CREATE OR REPLACE TABLE gone AS FROM payment WHERE {gone}")
        tables.execute(f"DELETE FROM payment WHERE {gone}")
        came = [payment(chance, number) for number in range(1_000, 1_060)]
        for row in came[::5] if seed else ():  # codes that were never there before
            row |= {"agency_code": "909001", "agency_name": "新单位", "adm_div_code": "990109", "func_code": "2090101"}
            row |= {"payee_name": "新公司", "payee_account": "9009", "settlement": "barter", "purpose": "第3期新事"}
        fill(tables, "payment", came, 1_000)
        tables.execute("CREATE OR REPLACE TABLE came AS FROM payment WHERE _row >= 1000")
        [(left,)] = tables.execute("SELECT count(*) FROM gone").fetchall()
        laid = Laid(coded, Change("payment", "came", "gone", 60, left))
        ready = opened(tables, cast(Copy, laid), payment_rules, DAY)
        assert ready is not None, "its codes do not tell every row that came"
        [(shown,)] = tables.execute(f"SELECT count(*) FROM {coded.made.tables['payment']}").fetchall()
        assert shown == payments - left + 60
        plain = [whole(one) for one in judge(tables, payment_rules, DAY, have, least_rows=10**12)]
        laid_over = [whole(one) for one in judge(tables, payment_rules, DAY, have, prepared=ready)]
        for one, other in zip(plain, laid_over, strict=True):
            assert other == one, f"{one[0]}, seed {seed}"
        for table in made:
            tables.execute(f"DROP VIEW {table}")
        tables.execute(f"DETACH {NAME}")


def test_what_cannot_be_laid_over_a_file_makes_nobody_read_it(
    tables: duckdb.DuckDBPyConnection, payment_rules: list[Rule], caplog: pytest.LogCaptureFixture
) -> None:
    fill(tables, "payment", [payment(random.Random(7), number) for number in range(50)])
    rules = [rule for rule in payment_rules if set(rule.reads) == {"payment"}]
    tables.execute(f"ATTACH ':memory:' AS {NAME}")
    coded = make_ready(tables, *questions(tables, rules, DAY, {"payment"}), 1, inside=NAME)
    coded.made.recipes["payment"] = Recipe(("SELECT error('no answer')",), coded.made.recipes["payment"].rows)
    tables.execute("CREATE TABLE came AS FROM payment WHERE _row = 9")
    tables.execute("CREATE TABLE gone AS FROM payment LIMIT 0")
    assert opened(tables, cast(Copy, Laid(coded, Change("payment", "came", "gone", 1, 0))), rules, DAY) is None
    assert "does not fit" in caplog.text


def test_sums_to_which_what_came_cannot_be_added_are_asked_no_more(
    tables: duckdb.DuckDBPyConnection,
    payment_rules: list[Rule],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(_: duckdb.DuckDBPyConnection) -> None:
        raise duckdb.ConversionException("too much")

    monkeypatch.setattr("budgetwatch.rules.making._MOST_GROUPS", 100)
    chance = random.Random(8)
    fill(tables, "payment", [payment(chance, number) for number in range(300)])
    rules = [rule for rule in payment_rules if set(rule.reads) == {"payment"}]
    tables.execute(f"ATTACH ':memory:' AS {NAME}")
    coded = make_ready(tables, *questions(tables, rules, DAY, {"payment"}), 1, inside=NAME)
    fill(tables, "payment", [payment(chance, number) for number in range(1_000, 1_040)], 1_000)
    tables.execute("CREATE TABLE came AS FROM payment WHERE _row >= 1000")
    tables.execute("CREATE TABLE gone AS FROM payment LIMIT 0")
    ready = opened(tables, cast(Copy, Laid(coded, Change("payment", "came", "gone", 40, 0))), rules, DAY)
    assert ready is not None
    kept = set(ready.made.sums)
    assert set(ready.behind) == kept, "nothing is added before somebody asks"
    ready.behind = dict.fromkeys(ready.behind, broken)
    plain = [whole(one) for one in judge(tables, rules, DAY, {"payment"}, least_rows=10**12)]
    assert [whole(one) for one in judge(tables, rules, DAY, {"payment"}, prepared=ready)] == plain
    assert "cannot be added" in caplog.text
    assert len(ready.made.sums) < len(kept)
