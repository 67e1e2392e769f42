"""What the rules of payments find of 220 irregular payments injected into two years of a real council's 74,431.

The catalogue's thresholds are in yuan. A place that pays in pounds sets its own, as any place does, in a pack of its
deployment; beside the rules that are on, the two templates that look for keying errors are asked. The labels are only
looked at to measure. Of a duplicate the later payment is labelled; it counts as found when a flag holds its row.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import sqlalchemy as sa

from budgetwatch import intake, runs
from budgetwatch.access.viewer import SYSTEM
from budgetwatch.home import Home
from budgetwatch.settings import Settings
from budgetwatch.tables import Evidence, Flag

pytestmark = pytest.mark.shared

#: About nine yuan to the pound; what the council publishes begins at 500. Bills there fall due after thirty days, so a copy may be
#: paid a month after the bill itself: both kinds of repeats are looked for within sixty (within thirty: 23 of 24 exact ones).
IN_POUNDS = """
pack:
  place: ""
  name: {zh: 以英镑计的一地, en: A place that pays in pounds}
  settings:
    - {rule: PY-07, params: {floor: "500.00", small: "5000.00", days: 60}}
    - {rule: PY-07b, params: {floor: "500.00"}}
    - {rule: PY-30c, params: {floor: "500.00"}}
    - {rule: PY-08, params: {limit: "10000.00"}}
    - {rule: PY-10, params: {unit: "5000.00", floor: "20000.00"}}
    - {rule: PY-11, params: {limit: "10000.00"}}
    - {rule: PY-12, params: {floor: "500.00", large: "50000.00"}}
"""
TEMPLATES = ("PY-07b", "PY-30c")
#: Kind of label -> the rules that answer it, and the share that they must find.
ANSWERED = {
    "duplicate_exact": (("PY-07",), 1.0),
    "duplicate_fuzzy": (("PY-07", "PY-07b"), 0.8),
    "split_below_threshold": (("PY-08",), 1.0),
    "non_working_day": (("PY-12",), 1.0),
    "round_large_out_of_pattern": (("PY-10",), 1.0),
    "decimal_shift": (("PY-30c",), 0.8),
}


@dataclass(frozen=True)
class Audited:
    """The labels by kind, the rules that flagged each row, and how many flags each rule made."""

    labels: dict[str, list[str]]
    by_row: dict[str, set[str]]
    flags: Counter[str]


@pytest.fixture(scope="module")
def audited(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Audited:
    data = shared_data / "labelled_manchester_audit"
    home = Home(Settings(home=tmp_path_factory.mktemp("audit") / "home", language="en", _env_file=None))  # type: ignore[call-arg]
    try:
        (home.path / "packs").mkdir(parents=True, exist_ok=True)
        (home.path / "packs" / "pounds.yml").write_text(IN_POUNDS, encoding="utf-8")
        intake.take_in(home, data / "payments.parquet", "manchester-numbered", actor="test")
        runs.run(home, actor="test", rule_ids=[*home.rules.active, *TEMPLATES])
        newest = sa.select(sa.func.max(Evidence.id)).group_by(Evidence.flag_id)
        query = sa.select(Flag.rule_id, Evidence.rows).join(Evidence, Evidence.flag_id == Flag.id)
        with home.session() as session:
            kept = session.execute(query.where(Evidence.id.in_(newest), Flag.kind == "rule")).all()
        with home.facts(SYSTEM) as facts:
            number = dict(facts.execute("SELECT _row, voucher_no FROM payment").fetchall())
    finally:
        home.close()
    by_row: dict[str, set[str]] = defaultdict(set)
    for rule_id, rows in kept:
        for row in np.frombuffer(rows, dtype="<i8").tolist():
            by_row[number[row]].add(rule_id)
    labels: dict[str, list[str]] = defaultdict(list)
    for row_id, kind in pl.read_csv(data / "labels.csv", infer_schema_length=0).select("row_id", "anomaly_type").rows():
        labels[kind].append(row_id)
    return Audited(labels, by_row, Counter(rule_id for rule_id, _ in kept))


def share(audited: Audited, kind: str, rules: tuple[str, ...] = ()) -> float:
    """Of the labels of that kind those that such a rule (any, where none is named) flagged."""
    found = [row for row in audited.labels[kind] if (audited.by_row[row] & {*rules} if rules else audited.by_row[row])]
    return len(found) / len(audited.labels[kind])


def test_the_table_of_what_was_found(audited: Audited, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\n{'kind of label':28} {'labels':>6} {'its rules':>16} {'found':>6} {'by any rule':>12}")  # noqa: T201
        for kind, rows in sorted(audited.labels.items()):
            rules, _ = ANSWERED.get(kind, ((), 0.0))
            told = f"{share(audited, kind, rules):6.0%}" if rules else "     —"
            print(f"{kind:28} {len(rows):6} {', '.join(rules) or '—':>16} {told} {share(audited, kind):12.0%}")  # noqa: T201
        print(f"flags: {audited.flags.total():,} in all; {dict(audited.flags.most_common())}")  # noqa: T201
    assert sum(map(len, audited.labels.values())) == 220


@pytest.mark.parametrize("kind", ANSWERED)
def test_each_kind_is_found_as_far_as_promised(audited: Audited, kind: str) -> None:
    rules, least = ANSWERED[kind]
    assert share(audited, kind, rules) >= least


def test_few_payments_are_flagged_at_all(audited: Audited) -> None:
    """Every flag costs a look: those of the rules named come to no more than one for twenty payments."""
    asked = {rule_id for rules, _ in ANSWERED.values() for rule_id in rules}
    assert sum(many for rule_id, many in audited.flags.items() if rule_id in asked) <= 74_651 / 20
