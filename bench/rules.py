"""How much a run of the rules adds to the bare SQL of their questions, over the same facts of a demo city.

Bare: every rule's question, one after another on one connection over the same views with the same memory and
threads, its answer fetched to Arrow. Ours: `runs.run` over the same rules into a fresh database: counting what
cannot be judged, findings, evidence, flags and cases written. Opening the deployment and loading the rule book
come before the clock starts on both sides and are told apart; so is the outlier models' time, which no bare SQL
stands beside. Both sides begin with the files in the page cache.

    python -m bench.rules HOME [--each]           over a deployment's facts; its database is left alone
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.measure import Figure, Measured, child, in_turns, remark

if TYPE_CHECKING:
    from budgetwatch.home import Home

#: The rules that read payments together, against one scan of payments in which the largest value of each of fifteen columns
#: is found.
SCANNED = (
    "voucher_no", "budget_year", "pay_date", "adm_div_code", "agency_code", "agency_name", "fund_source", "func_code",
    "dep_eco_code", "pro_code", "indicator_no", "amount", "purpose", "payee_name", "payee_account",
)  # fmt: skip
SCAN_GOAL, SCAN_GOAL_LARGE, LARGE = 7.0, 8.0, 50_000_000
GOAL, PEAK_GOAL = 1.3, 2.5 * 1024
MEMORY = "2GB"


def figures(work: Path, rows: int, times: int, home: Path | None, each: bool = False) -> list[Figure]:
    """The rules over the city (built where none is given); the best of each side counts."""
    built: list[Figure] = []
    if home is None:
        remark(f"building a demo city with {rows:,} payments and taking in its files")
        home = work / "city"
        made = child("bench.rules", "make", str(home), str(rows))
        built = [
            Figure("building the demo city, without accounts and run: peak memory", made.peak_mb, "MB", goal=PEAK_GOAL)
        ]
    remark(f"the rules, and their bare SQL, {times} × by turns")

    def side(name: str) -> Measured:
        with tempfile.TemporaryDirectory(dir=work) as folder:
            (Path(folder) / "facts").symlink_to((home / "facts").resolve())
            return child("bench.rules", name, folder)

    bares, runs, scans, alone = in_turns(
        times, lambda: side("bare"), lambda: side("run"), lambda: side("payments"), lambda: side("alone")
    )
    remark("the outlier models")
    models = side("models")
    if each:
        _print_each(bares[-1].said["rules"], runs[-1].said["rules"])
    said = runs[0].said
    if said["failed"]:
        raise SystemExit(f"rules failed: {', '.join(said['failed'])}")
    name = f"{len(said['rules'])} rules over {said['payments']:,} payments, {said['flags']:,} flags"
    return [
        *built,
        *(
            Figure(
                f"{name}: {words}" if at == 0 else f"  … {words}", _least(runs, what), "s", _least(bares, what), GOAL
            )
            for at, (what, words) in enumerate((("cpu", "CPU"), ("wall", "by the clock")))
        ),
        Figure(
            "  … before it, once for these facts: making large feeds ready, CPU",
            min(r.said["made"]["cpu"] for r in runs),
            "s",
        ),
        *against_scan(scans),
        *_alone(alone),
        Figure("  … the same run again, nothing new: by the clock", min(r.said["again"] for r in runs), "s"),
        Figure("  … peak memory", max(r.peak_mb for r in runs), "MB", goal=PEAK_GOAL),
        Figure("  … before the clock: opening, loading the rules", min(r.said["before"] for r in runs), "s"),
        Figure(f"outlier models {', '.join(models.said['rules'])}: by the clock", models.said["wall"], "s"),
        Figure("  … peak memory", models.peak_mb, "MB", goal=PEAK_GOAL),
    ]


def against_scan(sides: list[Measured], peak_goal: float = PEAK_GOAL) -> list[Figure]:
    """The rules that read payments, made ready before, against a scan of the payments in the same process."""
    said = min((side.said for side in sides), key=lambda told: float(told["cpu"]) / told["scan"]["cpu"])
    goal = SCAN_GOAL_LARGE if said["payments"] >= LARGE else SCAN_GOAL
    name = f"the {len(said['rules'])} rules that read payments, against a scan of {len(SCANNED)} columns"
    made = said["made"]
    return [
        *(
            Figure(f"{name}: {words}", said[what], "s", said["scan"][what], goal)
            for what, words in (("cpu", "CPU"), ("wall", "by the clock"))
        ),
        Figure(
            "  … once for these facts: making large feeds ready for all rules, CPU",
            made["cpu"],
            "s",
            said["scan"]["cpu"],
        ),
        Figure("  … both together: CPU", said["cpu"] + made["cpu"], "s", said["scan"]["cpu"]),
        Figure("  … room of what was made ready", said["room"], "MB"),
        Figure("  … peak memory", max(side.peak_mb for side in sides), "MB", goal=peak_goal),
    ]


def _alone(sides: list[Measured]) -> list[Figure]:
    said = min((side.said for side in sides), key=lambda told: float(told["cpu"]) / told["scan"]["cpu"])
    return [
        Figure("  … in one run with nothing made before it: CPU", said["cpu"], "s", said["scan"]["cpu"]),
        Figure("  … peak memory of that run", max(side.peak_mb for side in sides), "MB", goal=PEAK_GOAL),
    ]


def _least(runs: list[Measured], what: str) -> float:
    return float(min(run.said[what] for run in runs))


def _print_each(bare: dict[str, float], run: dict[str, float]) -> None:
    print(f"{'rule':8} {'bare s':>8} {'run s':>8}")
    for rule in sorted(run, key=lambda rule: bare[rule] - run[rule]):
        print(f"{rule:8} {bare[rule]:8.2f} {run[rule]:8.2f}")


# ── the sides, each in a process of its own ──────────────────────────────────────────────────────────


class _Clock:
    """Seconds by the clock and of CPU since it was made."""

    def __init__(self) -> None:
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def read(self) -> dict[str, float]:
        return {"wall": time.perf_counter() - self.wall, "cpu": time.process_time() - self.cpu}


def _opened(folder: str, memory: str = MEMORY) -> tuple[Home, list[str], list[str], int]:
    """The deployment, the rules whose facts are there, the models among them apart, and its number of payments."""
    from budgetwatch.access.viewer import SYSTEM
    from budgetwatch.home import Home
    from budgetwatch.settings import Settings

    home = Home(Settings(home=Path(folder), memory=memory))
    present = set(home.store.current())
    asked = [rule for rule in map(home.rules.__getitem__, home.rules.active) if present.issuperset(rule.reads)]
    with home.facts(SYSTEM) as connection:
        for feed in present:  # every column once: the files come into the page cache
            connection.execute(f"SELECT * FROM {feed} WHERE hash({feed}) = 0").fetchall()
        [(payments,)] = connection.execute("SELECT count(*) FROM payment").fetchall()
    plain = [rule.id for rule in asked if rule.form != "outlier"]
    return home, plain, [rule.id for rule in asked if rule.form == "outlier"], payments


def _bare(folder: str) -> dict[str, Any]:
    from budgetwatch.access.viewer import SYSTEM
    from budgetwatch.rules import functions
    from budgetwatch.rules.compile import question
    from budgetwatch.runs.day import last_day

    home, rules, _, _ = _opened(folder)
    seconds = {}
    with home.facts(SYSTEM) as connection:
        day = last_day(connection)
        functions.install(connection, (day.year - 6, day.year + 1))
        clock = _Clock()
        for rule in rules:
            started = time.perf_counter()
            connection.sql(question(home.rules[rule], day)).to_arrow_table()
            seconds[rule] = time.perf_counter() - started
        took = clock.read()
    home.close()
    return {**took, "rules": seconds}


def _run(folder: str) -> dict[str, Any]:
    started = time.perf_counter()
    home, rules, _, payments = _opened(folder)
    before = time.perf_counter() - started
    made = _made_ready(home)
    told = _timed(home, rules) | made
    clock = _Clock()
    from budgetwatch.runs import run

    again = run(home, actor="bench", rule_ids=rules)
    assert again.new_flags == again.changed_flags == 0, "a second run over the same facts found something new"  # noqa: S101
    told |= {"again": clock.read()["wall"], "before": before, "payments": payments}
    home.close()
    return told


def _payments(folder: str, memory: str = MEMORY, *, before: bool = True) -> dict[str, Any]:
    """The rules that read payments, flags written, and the scan that they are held against; made ready `before` or not."""
    from budgetwatch.access.viewer import SYSTEM

    home, rules, _, payments = _opened(folder, memory)
    scans = []
    with home.facts(SYSTEM) as connection:
        for _ in range(3):
            clock = _Clock()
            connection.execute(f"SELECT {', '.join(f'max({name})' for name in SCANNED)} FROM payment").fetchall()
            scans.append(clock.read())
    made = _made_ready(home) if before else {}
    told = _timed(home, [rule for rule in rules if "payment" in home.rules[rule].reads]) | made
    home.close()
    return {**told, "payments": payments, "scan": {what: min(scan[what] for scan in scans) for what in ("cpu", "wall")}}


def _made_ready(home: Home) -> dict[str, Any]:
    """Make the large feeds ready for all rules; what that took, and the room in MB."""
    from budgetwatch.runs.own import note_down
    from budgetwatch.runs.prepare import prepare

    note_down(home)
    clock = _Clock()
    copy = prepare(home)
    return {"made": clock.read(), "room": copy.path.stat().st_size / 2**20 if copy else 0.0}


def _models(folder: str) -> dict[str, Any]:
    home, _, models, _ = _opened(folder)
    told = _timed(home, models)
    home.close()
    return told


def _timed(home: Home, rules: list[str]) -> dict[str, Any]:
    from budgetwatch.runs import run

    clock = _Clock()
    report = run(home, actor="bench", rule_ids=rules)
    took = clock.read()
    return {
        **took,
        "rules": {result.rule_id: result.seconds for result in report.rules},
        "flags": report.new_flags,
        "failed": [result.rule_id for result in report.rules if result.failure],
    }


def _make(folder: str, rows: str) -> dict[str, Any]:
    from budgetwatch import intake
    from budgetwatch.demo import generate
    from budgetwatch.home import Home
    from budgetwatch.settings import Settings

    home = Home(Settings(home=Path(folder)))
    made = generate(home.path / "demo", payments=int(rows), seed=3)
    for path, profile in made.files:
        intake.take_in(home, path, profile, actor="bench")
        path.unlink()
        for kept in (home.path / "sent").iterdir():
            kept.unlink()
    home.close()
    return {"payments": made.payments}


if __name__ == "__main__":
    sides: dict[str, Callable[..., Any]] = {
        "bare": _bare,
        "run": _run,
        "payments": _payments,
        "alone": lambda folder: _payments(folder, before=False),
        "models": _models,
        "make": _make,
    }
    if sys.argv[1] in sides:
        print(json.dumps(sides[sys.argv[1]](*sys.argv[2:])))
    else:
        from bench.measure import table

        with tempfile.TemporaryDirectory(prefix="bw-bench-") as temporary:
            print(table(figures(Path(temporary), 0, 1, Path(sys.argv[1]), each="--each" in sys.argv)))
