"""What the kill test starts as processes: one that takes in, corrects and compacts until it is killed, one that reads.

Every sent file is one group of ROWS payments of one unit; a correction sends the whole group again with a higher
amount. So whatever a reader sees at any moment, each group must be whole and of one amount.
"""

from __future__ import annotations

import os
import random
import time
from decimal import Decimal
from pathlib import Path

from budgetwatch import intake
from budgetwatch.access.viewer import SYSTEM
from budgetwatch.facts.compact import compact
from budgetwatch.home import Home
from budgetwatch.settings import Settings
from tests.feeds.senders import csv, payment

ROWS = 40


def opened(home: Path) -> Home:
    return Home(Settings(home=home, language="en", _env_file=None))  # type: ignore[call-arg]


def groups(home: Home) -> dict[int, tuple[int, int, Decimal, Decimal]]:
    """For each group: its rows, how many different ones, the least and the greatest amount."""
    query = """SELECT agency_code, count(*), count(DISTINCT voucher_no), min(amount), max(amount)
               FROM payment GROUP BY ALL"""
    with home.facts(SYSTEM) as facts:
        return {int(row[0][1:]): row[1:] for row in facts.execute(query).fetchall()}


def broken(seen: dict[int, tuple[int, int, Decimal, Decimal]]) -> list[str]:
    """What is not whole in an answer."""
    return [f"group {group}: {said}" for group, said in seen.items() if said[:2] != (ROWS, ROWS) or said[2] != said[3]]


def work(path: Path, profile: str, seed: int, told: Path) -> None:
    """Take in, correct and compact at random, and say after each what is in; never ends by itself."""
    home, dice = opened(path), random.Random(seed)
    with told.open("a") as out:

        def say(line: str) -> None:
            out.write(line + "\n")
            out.flush()

        trial = csv(path / "tmp" / f"trial-{os.getpid()}.csv", [payment("trial")])
        intake.check(home, trial, profile)  # the engines are loaded: what is killed from here on is their work
        began = time.monotonic()
        intake.check(home, trial, profile)
        trial.unlink()
        say(f"ready {time.monotonic() - began:.3f}")
        while True:
            known = groups(home)
            act = dice.random()
            if act < 0.2 and len(known) > 1:
                compact(home.store, home.settings, "payment")
                continue
            group = dice.choice(sorted(known)) if act < 0.55 and known else max(known, default=0) + 1
            amount = int(known[group][3]) + 1 if group in known else 1
            rows = [payment(f"V{group}-{n}", f"{amount}.00", unit=f"U{group}") for n in range(ROWS)]
            file = csv(path / "tmp" / f"{group}-{amount}-{os.getpid()}.csv", rows)
            intake.take_in(home, file, profile, actor="worker")
            say(f"{group} {amount}")
            file.unlink()


def read(path: Path, stop: Path, told: Path) -> None:
    """Ask again and again, until told to stop; whatever is wrong is written down, also what was there and is no more."""
    home, asked = opened(path), 0
    before: dict[int, tuple[int, int, Decimal, Decimal]] = {}
    try:
        while not stop.exists():
            seen = groups(home)
            gone = [f"group {group} is gone" for group in before if group not in seen]
            back = [f"group {group} went back" for group in before.keys() & seen if seen[group][3] < before[group][3]]
            if wrong := [*broken(seen), *gone, *back]:
                told.write_text("\n".join(wrong))
                return
            before = seen
            asked += 1
            time.sleep(0.01)
    except BaseException as failure:
        told.write_text(f"{type(failure).__name__}: {failure}")
        return
    told.write_text(f"asked {asked}")
