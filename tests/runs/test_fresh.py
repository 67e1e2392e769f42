"""A run after new facts asks only the rules that these can change."""

from __future__ import annotations

import datetime as dt

from budgetwatch.home import Home
from budgetwatch.runs import run
from tests.builders import facts
from tests.rules.samples import CASH, LATE_TRANSFER
from tests.runs.test_runs import AS_OF, flags, pay, with_rules


def test_only_rules_that_read_what_is_new_are_asked(home: Home) -> None:
    with_rules(home, CASH, LATE_TRANSFER)
    facts(home, "payment", [pay("V1", "201", "2025-05-06", "60000")])
    run(home, actor="t", as_of=AS_OF)
    assert [r.rule_id for r in run(home, actor="t", as_of=AS_OF, new=True).rules] == []
    facts(home, "payment", [pay("V2", "202", "2025-05-06", "60000")])
    again = run(home, actor="t", as_of=AS_OF, new=True)
    assert len(again.rules) == 1
    assert again.new_flags == 1
    assert run(home, actor="t", as_of=AS_OF).new_flags == 0
    assert len(flags(home)) == 2


def test_rules_that_count_days_are_asked_on_another_day(home: Home) -> None:
    with_rules(home, CASH, LATE_TRANSFER)
    facts(home, "payment", [pay("V1", "201", "2025-05-06", "60000")])
    run(home, actor="t", as_of=AS_OF)
    assert len(run(home, actor="t", as_of=AS_OF + dt.timedelta(days=1), new=True).rules) == 1
