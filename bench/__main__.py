"""All measured figures from one run, part by part: see each part's module. Exit code 1 when a goal is missed.

python -m bench                       10 million payments: some minutes, and 8 GB of temporary disk
python -m bench --rows 1000000        a quick look
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from bench import backtest, commits, growth, increments, ingest, narrowed, outliers, postgres, province, rules, screens
from bench.measure import Figure, machine, table

PARTS = ("ingest", "increments", "commits", "rules", "narrowed", "postgres", "backtest", "outliers", "screens")
#: Only when named: long at their full size.
ASKED = ("growth", "province")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "parts",
        nargs="*",
        metavar="PART",
        help=f"only these of {', '.join((*PARTS, *ASKED))} (default: all but the last two)",
    )
    parser.add_argument("--rows", type=int, default=10_000_000, help="payments (default: 10,000,000)")
    parser.add_argument(
        "--times", type=int, default=2, help="how often each side runs, by turns; the best counts (default: 2)"
    )
    parser.add_argument("--file", type=Path, help="take in this CSV instead of making one")
    parser.add_argument("--profile", default=ingest.PROFILE, help="its profile: a name, or a .yml file")
    parser.add_argument("--home", type=Path, help="put the rules to this deployment's facts instead of building a city")
    parser.add_argument(
        "--payments", type=int, nargs="+", default=[200_000, 1_000_000], metavar="N",
        help="the cities that the screens are measured on (default: 200000 1000000)",
    )  # fmt: skip
    parser.add_argument("--folder", type=Path, help="where to work (default: the system's temporary folder)")
    parser.add_argument("--each", action="store_true", help="print every rule's seconds too")
    given = parser.parse_args()
    if unknown := set(given.parts) - {*PARTS, *ASKED}:
        parser.error(f"unknown part: {', '.join(sorted(unknown))}")
    for path in (given.file, given.home and given.home / "facts" / "payment"):
        if path and not path.exists():
            parser.error(f"there is no {path}")
    wanted = given.parts or PARTS
    before = machine()
    made: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="bw-bench-", dir=given.folder) as folder:
        work = Path(folder)
        if "ingest" in wanted:
            made += ingest.figures(work, given.rows, given.times, given.file, given.profile)
        if "increments" in wanted:
            made += increments.figures(work, given.rows, given.times, given.file, given.profile)
        if "growth" in wanted:
            made += growth.figures(work, given.rows, given.profile)
        if "commits" in wanted:
            made += commits.figures(work)
        if "rules" in wanted:
            made += rules.figures(work, given.rows, given.times, given.home, given.each)
        if "province" in wanted:
            made += province.figures(work, given.rows)
        if "narrowed" in wanted:
            made += narrowed.figures(work, given.rows, given.home, given.each)
        if "postgres" in wanted:
            made += postgres.figures(work, given.rows, given.home)
        if "backtest" in wanted:
            made += backtest.figures(work, given.rows // 2, given.home)
        if "outliers" in wanted:
            made += outliers.figures()
        if "screens" in wanted:
            made += screens.figures(work, given.payments, max(given.times, 2), given.home)
    print(before)
    print(table(made))
    missed = [figure.name.strip(" …") for figure in made if figure.met is False]
    print(f"goals missed: {'; '.join(missed)}" if missed else "every goal is met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
