"""What it costs to ask the rules again after one day's payments came, against a full run; and that both say the same.

The payments of the last day but one's end are committed as one batch and asked in full; then the last day comes as
another. From there three ways part, each over the same facts with a database of its own: `run --new`, which asks only
what can have changed, a run of everything that finds what the first run made ready, and one that finds nothing made.
Their flags, evidence and counts are then held against each other. The ranking models are asked whole by all; they are
told apart, for nothing of them can be narrowed.

    python -m bench.narrowed HOME [--each]       over a deployment's facts, which are only read
"""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.measure import Figure, child, remark

if TYPE_CHECKING:
    from budgetwatch.home import Home

GOAL = 0.05
#: What is soon over is asked more often, each time anew; the middle one by CPU is told.
ROUNDS = {"rules": {"new": 5, "kept": 3}, "models": dict[str, int]()}


def figures(work: Path, rows: int, home: Path | None, each: bool = False) -> list[Figure]:
    """The rules over the city (built where none is given) before and after its last day of payments."""
    if home is None:
        remark(f"building a demo city with {rows:,} payments and taking in its files")
        home = work / "narrowed-city"
        child("bench.rules", "make", str(home), str(rows))
    remark("the city without its last day of payments, asked in full")
    ready = work / "narrowed"
    child("bench.narrowed", "before", str(home), str(ready))
    told: dict[str, dict[str, Any]] = {}
    for models, ways in (("rules", ("new", "kept", "full")), ("models", ("new", "full"))):
        for way in ways:
            rounds = [
                _round(ready, work / f"narrowed-{models}-{way}", way, models) for _ in range(ROUNDS[models].get(way, 1))
            ]
            told[f"{models}-{way}"] = sorted(rounds, key=lambda said: float(said["cpu"]))[len(rounds) // 2]
    narrow, kept, full = (told[f"rules-{way}"] for way in ("new", "kept", "full"))
    if each:
        for rule, (seconds, how) in sorted(narrow["rules"].items(), key=lambda one: -one[1][0]):
            print(f"{rule:8} {seconds:8.3f} {how}")
    name = f"{narrow['added']:,} payments onto {narrow['payments'] - narrow['added']:,}, rules without models"
    return [
        *against_full(name, narrow, kept, full),
        Figure("  … with the ranking models, which are asked whole: CPU", told["models-new"]["cpu"], "s", told["models-full"]["cpu"]),
    ]  # fmt: skip


def _round(ready: Path, folder: Path, way: str, models: str) -> dict[str, Any]:
    shutil.copytree(ready, folder, symlinks=True, copy_function=_linked)
    if way == "full":
        shutil.rmtree(folder / "prepared", ignore_errors=True)
    remark(f"one day of payments: {way}, {models}")
    said: dict[str, Any] = child("bench.narrowed", "after", str(folder), way, models).said
    shutil.rmtree(folder)
    return said


def _linked(file: str, there: str) -> str:
    """Files that are written once are the same ones in the copy: nothing waits to reach the disk while a round is timed."""
    if file.endswith((".parquet", ".duckdb")):
        os.link(file, there)
        return there
    return shutil.copy2(file, there)


class _Clock:
    def __init__(self) -> None:
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def read(self) -> dict[str, float]:
        return {"wall": time.perf_counter() - self.wall, "cpu": time.process_time() - self.cpu}


def _before(city: str, folder: str) -> dict[str, Any]:
    """A home with the city's facts but for its last day of payments, asked in full; and that day as a file beside it."""
    import pyarrow.parquet as pq

    from budgetwatch.access.viewer import SYSTEM
    from budgetwatch.facts.store import REPLACES
    from budgetwatch.home import Home
    from budgetwatch.records.rowid import BATCH_SHIFT, PART_BITS
    from budgetwatch.runs import run
    from budgetwatch.settings import Settings

    whole = Home(Settings(home=Path(city)))
    (Path(folder) / "facts").mkdir(parents=True)
    for feed in (Path(city) / "facts").resolve().iterdir():
        if feed.is_dir() and feed.name != "payment":
            (Path(folder) / "facts" / feed.name).symlink_to(feed)
    home = Home(Settings(home=Path(folder)))
    with whole.facts(SYSTEM) as connection:
        # Some weeks before the end, so that no year is just over.
        days = connection.execute("SELECT DISTINCT pay_date FROM payment ORDER BY 1 DESC LIMIT 32").fetchall()
        (day,), (eve,) = days[30], days[31]
        for batch, which in ((1, "<"), (2, "=")):
            row = f"({batch}::BIGINT << {BATCH_SHIFT}) + ((row_number() OVER () + 1) << {PART_BITS})"
            rows = connection.sql(
                f"SELECT * EXCLUDE (_row), {row} AS _row, NULL::BIGINT AS {REPLACES} FROM payment WHERE pay_date {which} '{day}'"
            ).to_arrow_table()
            pq.write_table(rows, Path(folder) / f"payments-{batch}.parquet", row_group_size=100_000)
    home.store.commit("payment", [Path(folder) / "payments-1.parquet"], batch=1, provenance={})
    run(home, actor="bench", rule_ids=ready_rules(home, models=True), as_of=eve)
    whole.close()
    home.close()
    return {}


def ready_rules(home: Home, *, models: bool) -> list[str]:
    """The rules that are on and whose feeds are there."""
    present = set(home.store.current())
    return [
        rule
        for rule in home.rules.active
        if present.issuperset(home.rules[rule].reads) and (models or home.rules[rule].form != "outlier")
    ]


def _after(folder: str, way: str, models: str) -> dict[str, Any]:
    from budgetwatch.access.viewer import SYSTEM
    from budgetwatch.home import Home
    from budgetwatch.settings import Settings

    home = Home(Settings(home=Path(folder)))
    # The feed's folder is copied, for this run's day of payments is its own.
    home.store.commit("payment", [Path(folder) / "payments-2.parquet"], batch=2, provenance={})
    with home.facts(SYSTEM) as connection:
        connection.execute("SELECT * FROM payment WHERE hash(payment) = 0").fetchall()
        [(payments, added)] = connection.execute(
            "SELECT count(*), count(*) FILTER (_row >> 43 = 2) FROM payment"
        ).fetchall()
        [(day,)] = connection.execute("SELECT max(pay_date) FROM payment").fetchall()
    told = asked_again(home, ready_rules(home, models=models == "models"), day, new=way == "new")
    home.close()
    return {**told, "payments": payments, "added": added}


def asked_again(home: Home, asked: list[str], day: dt.date, *, new: bool) -> dict[str, Any]:
    """What it costs to ask these rules on that day, and all that is then known of them."""
    import sqlalchemy as sa

    from budgetwatch.rules import partition, trees
    from budgetwatch.runs import run
    from budgetwatch.tables import Evidence, Flag, RunRule

    clock = _Clock()
    for rule in asked:  # like the loading of the rules, once for a server's life
        with suppress(trees.Whole):
            partition.plan(home.rules[rule])
    planned = clock.read()["cpu"]
    clock = _Clock()
    report = run(home, actor="bench", rule_ids=asked, new=new, as_of=day)
    took = clock.read()
    with home.session() as session:
        flags = session.execute(
            sa.select(Flag.key, Flag.evidence_digest, Flag.severity, sa.cast(Flag.amount, sa.String)).order_by(Flag.key)
        ).all()
        evidence = session.execute(sa.select(Evidence.digest, Evidence.row_count).order_by(Evidence.id)).all()
        latest = sa.select(RunRule.rule_id, sa.func.max(RunRule.run_id).label("r")).group_by(RunRule.rule_id).subquery()
        lines = session.execute(
            sa.select(RunRule.rule_id, RunRule.looked_at, RunRule.flagged, RunRule.could_not_judge, RunRule.reasons)
            .join(latest, sa.and_(latest.c.rule_id == RunRule.rule_id, latest.c.r == RunRule.run_id))
            .order_by(RunRule.rule_id)
        ).all()
    told = [[list(map(str, row)) for row in rows] for rows in (flags, sorted(evidence), lines)]
    return {
        **took, "planned": planned, "flags": told,
        "rules": {result.rule_id: (result.seconds, result.asked) for result in report.rules},
    }  # fmt: skip


def against_full(name: str, narrow: dict[str, Any], kept: dict[str, Any], full: dict[str, Any]) -> list[Figure]:
    """A narrowed run, and one of everything over what was made ready before, against one that finds nothing made."""
    if not narrow["flags"] == kept["flags"] == full["flags"]:
        raise SystemExit("a narrowed run does not say what a full run says")
    both = (("cpu", "CPU"), ("wall", "by the clock"))
    few = sum(how == "narrowed" for _, how in narrow["rules"].values())
    return [
        *(Figure(f"{name}: {words}", narrow[what], "s", full[what], GOAL) for what, words in both),
        *(
            Figure(f"  … everything asked, over what the run before made ready: {words}", kept[what], "s", full[what])
            for what, words in both
        ),
        Figure(f"  … of {len(full['rules'])} rules asked again {len(narrow['rules'])}, of these narrowed", few, ""),
    ]


if __name__ == "__main__":
    if sys.argv[1] in ("before", "after"):
        print(json.dumps((_before if sys.argv[1] == "before" else _after)(*sys.argv[2:])))
    else:
        from bench.measure import table

        with tempfile.TemporaryDirectory(prefix="bw-bench-") as temporary:
            print(table(figures(Path(temporary), 0, Path(sys.argv[1]), each="--each" in sys.argv)))
