"""A feed that is late, or does not agree with another, mutes the rules that need it, by name; others are asked as ever."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from budgetwatch.home import Home
from budgetwatch.rules import reasons
from budgetwatch.runs import RuleResult, recompute_many, run
from tests.builders import facts
from tests.rules.samples import BOOKS, CASH, LATE_TRANSFER
from tests.runs.test_runs import flags, pay, with_rules

MONTHS = ("2025-01-31", "2025-02-28", "2025-03-31")


def set_to(home: Home, **values: Any) -> Home:
    home.__dict__["settings"] = home.settings.model_copy(update=values)
    return home


def monthly(home: Home, sender: str, region: str, months: tuple[str, ...] = MONTHS) -> None:
    for month in months:
        facts(
            home,
            "payment",
            [pay(f"{sender}{month}", f"{sender}局", month, "12000.00", adm_div_code=region)],
            sender=sender,
        )


def asked(home: Home, day: str) -> dict[str, RuleResult]:
    return {one.rule_id: one for one in run(home, actor="tests", as_of=dt.date.fromisoformat(day)).rules}


@pytest.fixture
def sent(home: Home) -> Home:
    with_rules(home, CASH, LATE_TRANSFER)
    facts(home, "transfer", [{"doc_no": "1", "adm_div_code": "990100", "budget_year": 2025, "direction": "received",
                              "received_date": "2025-01-01", "amount": "5.00"}])  # fmt: skip
    return home


@pytest.mark.parametrize(("day", "late"), [("2025-04-30", False), ("2025-05-06", False), ("2025-05-20", True)])
def test_a_late_feed_mutes_the_rules_that_need_it(sent: Home, day: str, late: bool) -> None:
    monthly(sent, "甲", "990101")
    told = asked(sent, day)
    assert told["TR-90"].flagged == 1
    if not late:
        assert (told["PY-07"].flagged, told["PY-07"].reasons) == (3, {})
        return
    owed = max(map(dt.date.fromisoformat, MONTHS)) + dt.timedelta(30)
    assert (told["PY-07"].looked_at, told["PY-07"].flagged, told["PY-07"].could_not_judge) == (3, 0, 3)
    assert told["PY-07"].reasons == {f"late:payment:{owed}": 3}
    [code] = told["PY-07"].reasons
    assert "late since" in reasons.sentence(code).en
    assert str(owed) in reasons.sentence(code).zh


def test_flags_that_a_late_feed_held_back_are_made_once_it_has_come(sent: Home) -> None:
    monthly(sent, "甲", "990101")
    assert asked(sent, "2025-05-20")["PY-07"].flagged == 0
    monthly(sent, "甲", "990101", ("2025-04-30",))
    assert asked(sent, "2025-05-20")["PY-07"].flagged == 4
    assert all(one.identical for one in recompute_many(sent, [flag.id for flag in flags(sent)]))


def test_one_late_sender_among_several_is_a_remark_or_mutes_its_places(sent: Home) -> None:
    monthly(sent, "甲", "990101")
    monthly(sent, "乙", "990102", (*MONTHS, "2025-04-30"))
    remarked = asked(sent, "2025-05-20")["PY-07"]
    [code] = remarked.reasons
    assert (remarked.flagged, remarked.could_not_judge) == (7, 0)
    assert code.endswith(":甲")
    assert "甲" in reasons.sentence(code).en
    there = asked(set_to(sent, mute_late="places"), "2025-05-20")["PY-07"]
    assert (there.flagged, there.could_not_judge, there.reasons) == (4, 3, {code: 3})


def test_nobody_s_rhythm_is_looked_at_where_the_settings_say_so(sent: Home) -> None:
    monthly(set_to(sent, mute_late="never"), "甲", "990101")
    assert asked(sent, "2025-12-20")["PY-07"].flagged == 3


def test_a_feed_that_does_not_reconcile_mutes_its_rules_but_not_those_that_say_so(home: Home) -> None:
    with_rules(home, CASH, BOOKS)
    monthly(home, "甲", "990101")
    facts(home, "treasury_report", [
        {"adm_div_code": "990101", "budget_year": 2025, "month": month, "func_code": "2010301", "amount": amount}
        for month, amount in ((1, "12000.00"), (2, "99000.00"), (3, "99000.00"))
    ])  # fmt: skip
    as_ever = asked(home, "2025-04-01")
    assert (as_ever["PY-07"].flagged, as_ever["DQ-94"].flagged) == (3, 2)
    told = asked(set_to(home, mute_unreconciled={"treasury": Decimal("0.5")}), "2025-04-01")
    assert (told["PY-07"].flagged, told["DQ-94"].flagged) == (0, 2)
    assert told["PY-07"].reasons == {"torn:payment:treasury:2:3": 3}
    assert "2 of 3 differ" in reasons.sentence("torn:payment:treasury:2:3").en
    assert len(flags(home)) == 5  # what was found before stays
    assert asked(set_to(home, mute_unreconciled={"treasury": Decimal("0.7")}), "2025-04-01")["PY-07"].flagged == 3
