"""Runs that are due by themselves: of what changed some time after files, of everything once a night; each once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from budgetwatch import jobs, runs
from budgetwatch import tables as t
from budgetwatch.access.viewer import Viewer
from budgetwatch.home import Home
from budgetwatch.jobs import schedule
from tests.builders import facts
from tests.rules.samples import CASH, RANKED
from tests.runs.test_runs import pay, with_rules

People = Callable[..., Viewer]
NOON = dt.datetime.now().astimezone().replace(hour=12, minute=0)


@pytest.fixture
def town(home: Home, person: People) -> Home:
    """A town with an administrator, two rules, and a first run over its payments."""
    with_rules(home, CASH, RANKED)
    person(home, "admin")
    received(home, "V1", NOON - dt.timedelta(days=2))
    runs.run(home, actor="t")
    ended(home, 1, NOON - dt.timedelta(days=1, hours=12))
    return home


def received(home: Home, voucher: str, at: dt.datetime) -> None:
    batch = facts(home, "payment", [pay(voucher, f"20{voucher[1:]}", "2025-05-06", "60000")])
    with home.session() as session:
        session.execute(sa.update(t.Batch).where(t.Batch.id == batch).values(received_at=at))


def ended(home: Home, run_id: int, at: dt.datetime) -> None:
    with home.session() as session:
        session.execute(sa.update(t.Run).where(t.Run.id == run_id).values(started_at=at, finished_at=at))


def test_nothing_is_due_where_the_last_run_saw_all_facts(town: Home) -> None:
    assert schedule.due(town, NOON) is None


def test_a_run_of_what_changed_is_due_some_time_after_the_last_file(town: Home) -> None:
    received(town, "V2", NOON)
    assert schedule.due(town, NOON + dt.timedelta(seconds=30)) is None
    wanted = schedule.due(town, NOON + dt.timedelta(seconds=61))
    assert wanted is not None
    assert wanted.kind == "new"


def test_it_is_put_into_the_ledger_once_and_does_what_it_says(town: Home) -> None:
    received(town, "V2", NOON)
    later = NOON + dt.timedelta(minutes=5)
    number = schedule.put(town, later)
    assert number is not None
    assert schedule.put(town, later) is None
    assert jobs.work_off(town) == [number]
    with town.session() as session:
        job = session.get_one(t.Job, number)
        assert (job.state, job.result["new_flags"], job.seen) == ("done", 1, True), "nobody waits for it"
        asked = session.scalars(sa.select(t.RunRule.rule_id).where(t.RunRule.run_id == job.result["run"])).all()
    assert len(asked) == 1, "the ranking model waits for the night"
    assert schedule.due(town, later) is None


def test_what_failed_is_not_tried_again_over_the_same_facts(town: Home) -> None:
    received(town, "V2", NOON)
    number = schedule.put(town, NOON + dt.timedelta(minutes=5))
    with town.session() as session:
        session.execute(sa.update(t.Job).where(t.Job.id == number).values(state="failed"))
    assert schedule.put(town, NOON + dt.timedelta(minutes=6)) is None
    received(town, "V3", NOON)
    assert schedule.put(town, NOON + dt.timedelta(minutes=7)) is not None


def test_at_night_everything_is_asked_that_came_since(town: Home) -> None:
    town.settings.run_after_take_in = False
    received(town, "V2", NOON)
    assert schedule.due(town, NOON + dt.timedelta(hours=3)) is None
    night = NOON.replace(hour=3) + dt.timedelta(days=1)
    wanted = schedule.due(town, night)
    assert wanted is not None
    assert wanted.kind == "nightly"
    number = schedule.put(town, night)
    jobs.work_off(town)
    with town.session() as session:
        run = session.get_one(t.Run, session.get_one(t.Job, number).result["run"])
        assert run.actor == schedule.NIGHTLY
    ended(town, run.id, night)
    assert schedule.due(town, night + dt.timedelta(hours=1)) is None
    assert schedule.due(town, night + dt.timedelta(days=1)) is None, "nothing came since"


def test_both_can_be_switched_off(town: Home) -> None:
    town.settings.run_after_take_in, town.settings.run_nightly_at = False, ""
    received(town, "V2", NOON - dt.timedelta(days=1))
    assert schedule.due(town, NOON) is None
    assert schedule.next_night(town, NOON) is None


def test_without_anybody_who_may_run_rules_nothing_is_put(home: Home) -> None:
    with_rules(home, CASH)
    received(home, "V1", NOON - dt.timedelta(hours=20))
    assert schedule.due(home, NOON) is not None
    assert schedule.put(home, NOON) is None
