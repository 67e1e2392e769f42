"""How much the product adds to its rules' SQL: a whole run against the same questions asked one by one.

    python bench/rules.py --payments 10000000

Makes payments with SQL (or takes an existing deployment: --home), times `runs.run` over all rules (counting,
evidence, flags and cases written) and then each rule's bare SELECT on a fresh connection of the same
settings, fetched to Arrow. The goal is a ratio of at most 1.3; shared passes should bring it below 1.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

from budgetwatch.access.viewer import SYSTEM
from budgetwatch.home import Home
from budgetwatch.records import ALL, Feed
from budgetwatch.records.codes import ECONOMIC, FUNCTIONS, LISTS
from budgetwatch.rules import functions
from budgetwatch.rules.compile import question
from budgetwatch.runs import RunReport, run
from budgetwatch.runs.run import last_day
from budgetwatch.settings import Settings

#: Rows of each feed besides payments. They are random, so that most rules over them flag far more than real facts do.
OTHERS = 5_000


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--payments", type=int, default=10_000_000)
    arguments.add_argument("--home", type=Path, help="an existing deployment; it is run, so use a copy")
    arguments.add_argument("--each", action="store_true", help="print every rule")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="bw-bench-") as folder:
        home = Home(Settings(home=given.home or Path(folder)))
        if not given.home:
            make(home, given.payments)
        measure(home, each=given.each)
        home.close()


def measure(home: Home, each: bool = False) -> float:
    """Print both times and their ratio; returns the ratio."""
    home.rules  # noqa: B018  (read and checked once, outside the clock)
    started = Clock.now()
    bare = asked_bare(home)
    asked = Clock.now() - started
    started = Clock.now()
    report = run(home, actor="bench", rule_ids=[*bare])
    whole = Clock.now() - started
    started = Clock.now()
    again = run(home, actor="bench", rule_ids=[*bare])
    second = Clock.now() - started
    if each:
        _print_each(report, bare)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    looked = max((result.looked_at for result in report.rules), default=0)
    print(f"{len(bare)} rules over {looked:,} payments, {report.new_flags:,} flags, peak memory {memory:.1f} GB")
    print(f"bare SQL, one by one   {asked}")
    print(f"run, flags written     {whole}   ratio {whole.wall / asked.wall:.2f} by the clock, {whole.cpu / asked.cpu:.2f} in CPU (goal ≤ 1.3)")
    print(f"the same run again     {second}   {again.new_flags} new flags")
    return whole.wall / asked.wall


@dataclass(frozen=True)
class Clock:
    """Seconds on the wall and in the processor."""

    wall: float
    cpu: float

    @classmethod
    def now(cls) -> Clock:
        return cls(time.perf_counter(), time.process_time())

    def __sub__(self, other: Clock) -> Clock:
        return Clock(self.wall - other.wall, self.cpu - other.cpu)

    def __str__(self) -> str:
        return f"{self.wall:8.2f} s, CPU {self.cpu:8.2f} s"


def asked_bare(home: Home) -> dict[str, float]:
    """Seconds of each rule's SELECT, one by one; models and rules without facts are left out."""
    seconds: dict[str, float] = {}
    with home.facts(SYSTEM) as connection:
        day = last_day(connection)
        functions.install(connection, (day.year - 6, day.year + 1))
        present = set(home.store.current())
        connection.execute("SELECT count(*), sum(amount) FROM payment").fetchall()  # files into the page cache
        for rule in home.rules.values():
            if rule.form == "outlier" or not present.issuperset(rule.reads):
                continue
            started = time.perf_counter()
            connection.sql(question(rule, day)).to_arrow_table()
            seconds[rule.id] = time.perf_counter() - started
    return seconds


def _print_each(report: RunReport, bare: dict[str, float]) -> None:
    print(f"{'rule':8} {'bare s':>8} {'run s':>8} {'looked at':>12} {'flagged':>9} {'cannot':>12}")
    for result in report.rules:
        print(
            f"{result.rule_id:8} {bare[result.rule_id]:8.2f} {result.seconds:8.2f} {result.looked_at:12,} "
            f"{result.flagged:9,} {result.could_not_judge:12,} {result.failure}"
        )


# ── facts for the bench ──────────────────────────────────────────────────────────────────────────────


def make(home: Home, payments: int) -> None:
    """Fill the deployment with payments and a little of every other feed; plausible in shape only."""
    for number, feed in enumerate(ALL.values(), 1):
        rows = payments if feed.name == "payment" else OTHERS
        staged = home.path / "tmp" / f"{feed.name}.parquet"
        with duckdb.connect(config={"memory_limit": home.settings.memory, "temp_directory": str(home.path / "tmp")}) as connection:
            connection.execute("SET preserve_insertion_order = false")
            connection.execute(f"COPY ({_rows(feed, rows, number)}) TO '{staged}' (FORMAT parquet, COMPRESSION zstd)")
        home.store.commit(feed.name, [staged], batch=number, provenance={"bench": rows})


def _rows(feed: Feed, rows: int, batch: int) -> str:
    columns = ", ".join(f"({_value(feed, column.name)})::{column.duckdb} AS {column.name}" for column in feed.columns)
    row = f"({batch}::BIGINT << 43) | ((i + 2)::BIGINT << 7)"
    return f"SELECT {columns}, {row} AS _row, NULL::BIGINT AS _replaces FROM range({rows}) AS t(i)"


def _pick(choices: list[str], salt: int) -> str:
    listed = ", ".join(f"'{choice}'" for choice in choices)
    return f"[{listed}][1 + (hash(i, {salt}) % {len(choices)})::INTEGER]"


def _value(feed: Feed, name: str) -> str:
    """An expression over the row number `i`: skewed units and payees, a heavy tail of amounts, some absent."""
    column, salt = feed.by_name[name], sum(map(ord, name))
    share = f"((hash(i, {salt}) % 1000003) / 1000003.0)"
    unit = "floor(pow((hash(i, 1) % 1000003) / 1000003.0, 2) * 400)::INTEGER"
    usual = {
        "payee_type": "organisation", "settlement": "transfer", "payee_account_type": "basic", "payer_account_type": "zero_balance",
        "book": "1", "fund_source": "own",
    }  # fmt: skip
    if column.values and name in usual:
        return f"CASE WHEN hash(i, {salt + 1}) % 1000 >= 4 THEN '{usual[name]}' ELSE {_pick([*LISTS[column.values]], salt)} END"
    if column.values:
        return _pick([*LISTS[column.values]], salt)
    special = {
        "budget_year": f"year(DATE '2022-01-01' + (i * 1096 // {10**7} + hash(i, 2) % 1096)::INTEGER % 1096)",
        "pay_date": "DATE '2022-01-01' + (hash(i, 2) % 1096)::INTEGER",
        "adm_div_code": f"'9901' || lpad((({unit}) % 5)::VARCHAR, 2, '0')",
        "agency_code": f"lpad(({unit})::VARCHAR, 6, '1')",
        "agency_name": f"'单位' || ({unit})",
        "voucher_no": "'V' || i",
        "indicator_no": "'I' || (hash(i, 3) % 20000)",
        "pro_code": "'P' || (hash(i, 4) % 5000)",
        "func_code": _pick([*FUNCTIONS], 5),
        "dep_eco_code": _pick([code for code in ECONOMIC if len(code) == 5], 6),
        "eco_code": _pick([code for code in ECONOMIC if len(code) == 5], 6),
        "gov_eco_code": _pick([code for code in ECONOMIC if len(code) == 5], 6),
        "purpose": _pick(["办公费", "购置设备", "差旅费报销", "工资发放", "印刷费", "物业管理费", "会议费", "慰问品", "维修工程款", "培训费"], 7)
        + " || (hash(i, 8) % 300)",
        "payee_name": "'收款人' || floor(pow((hash(i, 9) % 1000003) / 1000003.0, 3) * 60000)::INTEGER",
        "payee_account": "'62' || lpad((floor(pow((hash(i, 9) % 1000003) / 1000003.0, 3) * 60000)::INTEGER)::VARCHAR, 14, '0')",
        "currency": "'CNY'",
        "item_name": _pick([f"事项{n}" for n in range(40)], 10),
        "procurement_no": "CASE WHEN hash(i, 11) % 10 = 0 THEN 'C' || i END",
        "contract_no": "CASE WHEN hash(i, 12) % 4 = 0 THEN 'H' || i END",
    }
    if name in special:
        return special[name]
    return {
        "money": f"round(exp({6 if feed.name == 'payment' else 16} + 6 * {share}), 2)",
        "ratio": f"round({share}, 6)",
        "integer": f"hash(i, {salt}) % 100",
        "date": f"DATE '2022-01-01' + (hash(i, {salt}) % 1096)::INTEGER",
        "flag": f"hash(i, {salt}) % 2 = 0",
    }.get(column.kind, f"'{name[:3]}' || (hash(i, {salt}) % 5000)")


if __name__ == "__main__":
    main()
