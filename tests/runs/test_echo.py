"""What a flag of another rule says already is that flag's echo: told with its case, no flag of its own."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from budgetwatch import tables
from budgetwatch.access.viewer import SYSTEM
from budgetwatch.home import Home
from budgetwatch.queries import work
from budgetwatch.records.rowid import Address, pack
from budgetwatch.rules.book import read_folder
from budgetwatch.runs import run
from tests.builders import facts
from tests.rules.samples import CASH, SPLIT, rule_file
from tests.runs.test_runs import AS_OF, count, flags, pay, with_rules


def echoing(rule: str, other: str, same: str, **changed: str) -> str:
    """A rule that may be an echo of another."""
    for old, new in changed.items():
        rule = rule.replace(old, new)
    return rule.replace("    message:", f"    echo_of: [{{rule: {other}, same: {same}}}]\n    message:", 1)


#: Everything paid in cash by a unit in a month: by its rows, part of what the split rule may have found.
BY_ROWS = echoing(CASH, "PY-08", "rows")
SAME_UNIT = echoing(CASH, "PY-08", "unit").replace("period: month", "period: year")
#: The same question twice, the second with a higher floor: the first is only its echo where both find something.
HIGH = CASH.replace("PY-07", "PY-91").replace('"10000.00"', '"20000.00"')
SAME_SUBJECT = echoing(CASH, "PY-91", "subject")


def echoes(home: Home) -> list[tuple[str, str, str]]:
    with home.session() as session:
        return [
            (rule, name, flag)
            for rule, name, flag in session.execute(
                sa.select(tables.Echo.rule_id, tables.Echo.subject_name, tables.Flag.rule_id)
                .join(tables.Flag, tables.Flag.id == tables.Echo.flag_id)
                .order_by(tables.Echo.id)
            )
        ]


def asked(home: Home, **how: Any) -> dict[str, tuple[int, dict[str, int]]]:
    return {r.rule_id: (r.flagged, r.reasons) for r in run(home, actor="tests", as_of=AS_OF, **how).rules}


SPLIT_PAIR = [pay("1", "A", "2025-03-03", "12000.00"), pay("2", "A", "2025-03-04", "12000.00")]


def test_the_echo_of_a_subject_makes_no_flag_and_no_case(any_home: Home) -> None:
    home = with_rules(any_home, SAME_SUBJECT, HIGH)  # written before the rule that it echoes: still asked after it
    facts(home, "payment", [pay("1", "A", "2025-03-03", "50000.00"), pay("2", "B", "2025-03-03", "12000.00")])
    assert asked(home) == {"PY-07": (1, {"echo:PY-91": 1}), "PY-91": (1, {})}
    assert [(flag.rule_id, flag.subject) for flag in flags(home)] == [("PY-07", "B"), ("PY-91", "A")]
    assert echoes(home) == [("PY-07", "单位A", "PY-91")]
    assert count(home, tables.Case) == 2


def test_a_second_run_adds_nothing(any_home: Home) -> None:
    home = with_rules(any_home, HIGH, SAME_SUBJECT)
    facts(home, "payment", [pay("1", "A", "2025-03-03", "50000.00")])
    assert asked(home) == asked(home)
    assert (len(flags(home)), len(echoes(home))) == (1, 1)
    with home.session() as session:
        [(first, last)] = session.execute(sa.select(tables.Echo.first_run_id, tables.Echo.last_run_id)).all()
    assert (first, last) == (1, 2)


def test_another_period_is_another_matter(home: Home) -> None:
    with_rules(home, HIGH, SAME_SUBJECT)
    facts(home, "payment", [pay("1", "A", "2025-03-03", "50000.00"), pay("2", "A", "2025-04-03", "12000.00")])
    asked(home)
    assert [(flag.rule_id, flag.period) for flag in flags(home)] == [("PY-07", "2025-04"), ("PY-91", "2025-03")]


def test_by_rows_all_of_them_must_be_among_the_other_flags(home: Home) -> None:
    with_rules(home, SPLIT, BY_ROWS)
    april = [pay("3", "A", "2025-04-03", "12000.00"), pay("4", "A", "2025-04-04", "30000.00")]
    facts(home, "payment", [*SPLIT_PAIR, *april])
    asked(home)
    # March rests on rows of the split alone; April on one that is above its limit too.
    assert [(flag.rule_id, flag.period) for flag in flags(home)] == [("PY-07", "2025-04"), ("PY-08", "2025")]
    assert echoes(home) == [("PY-07", "单位A", "PY-08")]


def test_by_unit_another_unit_is_none(home: Home) -> None:
    with_rules(home, SPLIT, SAME_UNIT)
    facts(home, "payment", [*SPLIT_PAIR, pay("3", "B", "2025-03-03", "30000.00")])
    asked(home)
    assert [(flag.rule_id, flag.subject) for flag in flags(home)] == [("PY-07", "B"), ("PY-08", "A|甲")]


def test_what_is_a_flag_already_stays_one(any_home: Home) -> None:
    home = with_rules(any_home, CASH)
    facts(home, "payment", [pay("1", "A", "2025-03-03", "50000.00")])
    asked(home)
    with_rules(home, HIGH, SAME_SUBJECT)
    assert asked(home) == {"PY-07": (1, {}), "PY-91": (1, {})}
    assert (len(flags(home)), echoes(home)) == (2, [])


@pytest.mark.parametrize("new", [False, True], ids=["whole", "what changed"])
def test_once_the_other_flag_no_longer_stands_the_echo_is_a_flag(any_home: Home, new: bool) -> None:
    home = with_rules(any_home, HIGH, SAME_SUBJECT)
    batch = facts(home, "payment", [pay("1", "A", "2025-03-03", "50000.00")])
    asked(home)
    corrected = pay("1", "A", "2025-03-03", "15000.00")  # below the higher floor
    facts(home, "payment", [corrected], replaces={0: pack(Address(batch, 2))})
    asked(home, new=new)
    assert [(f.rule_id, f.amount, f.first_run_id) for f in flags(home) if f.last_run_id == 2] == [
        ("PY-07", Decimal("15000.00"), 2)
    ]
    assert work.case(home, SYSTEM, 1).echoes == []  # what is a flag by now is no echo any more


def test_a_rule_that_could_not_judge_leaves_its_flags_standing(home: Home) -> None:
    with_rules(home, HIGH, SAME_SUBJECT)
    facts(home, "payment", [pay("1", "A", "2025-03-03", "50000.00")])
    asked(home)
    with home.session() as session:
        other = session.execute(
            sa.insert(tables.Run).returning(tables.Run.id), {"as_of": AS_OF, "versions": {}, "actor": "t"}
        ).scalar_one()
        version = session.scalar(sa.select(tables.RuleVersion.id).where(tables.RuleVersion.rule_id == "PY-91"))
        session.execute(
            sa.insert(tables.RunRule),
            {
                "run_id": other, "rule_id": "PY-91", "rule_version_id": version, "looked_at": 1, "flagged": 0, "could_not_judge": 1,
                "reasons": {"late": 1}, "exempted": 0, "seconds": 0.0, "basis": "", "asked": "",
            },
        )  # fmt: skip
    assert asked(home, rule_ids=["PY-07"]) == {"PY-07": (0, {"echo:PY-91": 1})}


def test_the_case_tells_its_echoes(home: Home) -> None:
    with_rules(home, HIGH, SAME_SUBJECT)
    facts(home, "payment", [pay("1", "A", "2025-03-03", "50000.00")])
    asked(home)
    [told] = work.case(home, SYSTEM, 1).echoes
    assert (told.rule_id, told.severity, str(told.amount)) == ("PY-07", "orange", "50000.00")
    assert told.sentence.zh.startswith("单位A 现金支付")


@pytest.mark.parametrize(
    ("rules", "what"),
    [
        ([SAME_SUBJECT], "there is no rule PY-91"),
        ([SPLIT, BY_ROWS, echoing(CASH, "PY-07", "subject").replace("id: PY-07", "id: PY-92")], "is an echo itself"),
        ([echoing(CASH, "PY-07", "subject")], "no echo of itself"),
        ([echoing(CASH, "PY-08", "name"), SPLIT], "same"),
    ],
)
def test_an_echo_of_nothing_is_refused(tmp_path: Path, rules: list[str], what: str) -> None:
    (tmp_path / "some.yml").write_text(rule_file(*rules), encoding="utf-8")
    (tmp_path / "laws.yml").write_text(
        f"laws:\n  - name: {{zh: 预算法, en: Budget Law}}\n    since: {dt.date(2015, 1, 1)}\n", encoding="utf-8"
    )
    _, problems = read_folder(tmp_path)
    assert any(what in problem.what.en for problem in problems), [problem.what.en for problem in problems]
    assert all(problem.facts["file"] == "some.yml" and problem.facts["line"] for problem in problems)
