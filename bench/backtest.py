"""How long a back-test of 50 rules takes over five years of a million payments each, beside one bare scan of them.

Bare: one pass over 15 columns of the payments, as DuckDB reads them. Ours: `backtest.measure` of 50 rules that are
not models, every figure of the report among it. Both in a process of its own, over the same files in the page cache.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from bench.measure import Figure, child, remark

GOAL = 60.0
RULES, YEARS = 50, 5
_COLUMNS = (
    "agency_code", "agency_name", "adm_div_code", "budget_year", "pay_date", "amount", "payee_name", "payee_account",
    "func_code", "dep_eco_code", "settlement", "use_des", "pro_code", "fund_source", "voucher_no",
)  # fmt: skip


def figures(work: Path, rows: int, home: Path | None) -> list[Figure]:
    """The back-test over a city of so many payments in all (built where none is given)."""
    if home is None:
        remark(f"building a demo city of {YEARS} years with {rows:,} payments")
        home = work / "five-years"
        child("bench.backtest", "make", str(home), str(rows))
    remark(f"a back-test of {RULES} rules")
    told = child("bench.backtest", "test", str(home))
    said = told.said
    name = (
        f"back-test: {said['rules']} rules, {said['years']} years, {said['payments']:,} payments, {said['hits']:,} hits"
    )
    return [
        Figure(f"{name}: by the clock", said["wall"], "s", goal=GOAL),
        Figure("  … CPU of all threads", said["cpu"], "s"),
        Figure("  … against one bare scan of 15 columns", said["wall"], "s", said["scan"]),
        Figure("  … peak memory", told.peak_mb, "MB"),
    ]


def _make(folder: str, rows: str) -> dict[str, Any]:
    from budgetwatch import intake
    from budgetwatch.demo import generate
    from budgetwatch.home import Home
    from budgetwatch.settings import Settings

    home = Home(Settings(home=Path(folder)))
    made = generate(home.path / "demo", payments=int(rows), years=YEARS, seed=5)
    for path, profile in made.files:
        intake.take_in(home, path, profile, actor="bench")
        path.unlink()
        for kept in (home.path / "sent").iterdir():
            kept.unlink()
    home.close()
    return {"payments": made.payments}


def _test(folder: str) -> dict[str, Any]:
    from budgetwatch import backtest
    from budgetwatch.access.viewer import SYSTEM
    from budgetwatch.backtest import Asked
    from budgetwatch.home import Home
    from budgetwatch.settings import Settings

    home = Home(Settings(home=Path(folder)))
    present = set(home.store.current())
    asked = [rule for rule in home.rules.values() if rule.kind == "rule" and present.issuperset(rule.relies_on)]
    # Those over payments first: what a back-test costs, it costs there.
    asked.sort(key=lambda rule: "payment" not in rule.reads)
    plans = backtest.resolve(home, SYSTEM, [Asked(rule.id, sweep={}) for rule in asked[:RULES]])
    with home.facts(SYSTEM) as connection:
        columns = ", ".join(
            c for c in _COLUMNS if c in {row[0] for row in connection.execute("DESCRIBE payment").fetchall()}
        )
        scan = f"SELECT count(*), max(hash({columns})) FROM payment"
        connection.execute(scan).fetchall()
        started = time.perf_counter()
        [(payments, _)] = connection.execute(scan).fetchall()
        bare = time.perf_counter() - started
    started, spent = time.perf_counter(), time.process_time()
    report, _ = backtest.measure(home, SYSTEM, plans)
    wall, cpu = time.perf_counter() - started, time.process_time() - spent
    failed = [r.rule_id for r in report.rules if r.failure]
    home.close()
    if failed:
        raise SystemExit(f"rules failed: {', '.join(failed)}")
    slowest = sorted(((r.seconds, r.rule_id) for r in report.rules), reverse=True)[:8]
    remark("slowest: " + ", ".join(f"{name} {seconds:.1f}" for seconds, name in slowest))
    return {
        "wall": wall, "cpu": cpu, "scan": bare, "payments": payments, "years": report.years, "rules": len(report.rules),
        "hits": sum(r.hits for r in report.rules),
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps({"make": _make, "test": _test}[sys.argv[1]](*sys.argv[2:])))  # type: ignore[operator]
