"""What is begun ahead of the rest says what it would say in its turn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from budgetwatch.access.viewer import SYSTEM
from budgetwatch.home import Home
from budgetwatch.rules import side
from budgetwatch.rules.judge import install
from budgetwatch.rules.model import EchoSpec
from budgetwatch.rules.placed import judge_by_place
from budgetwatch.runs import run
from budgetwatch.runs.ahead import Ahead, ahead, sure
from budgetwatch.runs.changes import Changes
from budgetwatch.runs.narrow import Narrowing
from budgetwatch.runs.own import OWN
from budgetwatch.runs.prepare import prepare
from budgetwatch.settings import Settings
from tests.builders import facts
from tests.queries import city as small_city
from tests.rules.test_prepared import whole
from tests.runs.test_narrow import PAST, City, said

DAY = dt.date(2025, 12, 31)


def with_deadlines(home: Home) -> Home:
    """The city with what the examples of its deadlines bring."""
    for feed in ("calendar_event", "transfer"):
        facts(
            home, feed,
            [
                {name: value for name, value in row.items() if name != "_times"}
                for rule in home.rules.values() if rule.form == "deadline"
                for row in rule.examples[0].given.get(feed, ())
            ],
        )  # fmt: skip
    return home


@pytest.fixture
def homes(settings: Settings, city_template: Path) -> Iterator[list[Home]]:
    """The small city, twice."""
    with ExitStack() as stack:
        yield [
            with_deadlines(
                stack.enter_context(
                    small_city.copied(settings.model_copy(update={"home": settings.home / name}), city_template)
                )
            )
            for name in ("ahead", "plain")
        ]


@pytest.fixture
def large_payments(homes: list[Home], monkeypatch: pytest.MonkeyPatch) -> None:
    """Payments are the one large feed."""
    monkeypatch.setattr("budgetwatch.rules.coded.LEAST_ROWS", 300)
    town = City(3)
    town.put(homes, town.batch("payment", PAST, 300))


def narrowing(home: Home, connection: duckdb.DuckDBPyConnection) -> Narrowing:
    return Narrowing(home, connection, DAY, Changes(home, connection, home.store.current()))


def test_rules_begun_ahead_say_what_they_say_in_their_turn(city: Home) -> None:
    with_deadlines(city)
    with city.facts(SYSTEM) as connection:
        have = {*city.store.current(), *OWN}
        rules = [rule for rule in city.rules.values() if have.issuperset(rule.relies_on)]
        begun = sure(rules, narrowing(city, connection))
        assert len(begun) >= side.LEAST
        assert {"deadline", "select"} <= {rule.form for rule in begun}
        assert not any(rule.baselines or rule.form == "outlier" for rule in begun)
        unknown = install(connection, rules, DAY)
        with ahead(connection, begun, DAY, have, city.packs, unknown) as told:
            assert told.rules == {rule.id for rule in begun}
            said_ahead = [whole(one) for one in told.verdicts()]
        assert said_ahead == [whole(one) for one in judge_by_place(connection, begun, DAY, have, city.packs)]
        assert any(findings for *_, findings in said_ahead), "none of them found anything"


def test_nothing_is_begun_ahead_that_others_wait_for_or_that_reads_a_large_feed(
    city: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with city.facts(SYSTEM) as connection:
        asking = narrowing(city, connection)
        first, second, *_ = begun = sure([*city.rules.values()], asking)
        echo = replace(
            second, spec=second.spec.model_copy(update={"echo_of": [EchoSpec(rule=first.id, same="subject")]})
        )
        assert [rule.id for rule in sure([*begun[:1], echo, *begun[2:]], asking)] == [rule.id for rule in begun[2:]]
        monkeypatch.setattr("budgetwatch.rules.coded.LEAST_ROWS", 0)
        assert not sure(begun, asking)


def test_few_rules_are_left_to_their_turn(city: Home) -> None:
    with city.facts(SYSTEM) as connection:
        few = sure([*city.rules.values()], narrowing(city, connection))[: side.LEAST - 1]
        with ahead(connection, few, DAY, {*city.store.current()}, city.packs, []) as told:
            assert (told, [*told.verdicts()]) == (Ahead(), [])


def test_on_another_day_what_rests_on_the_day_is_begun_ahead_and_what_does_not_is_not(city: Home) -> None:
    with_deadlines(city)
    run(city, actor="t", as_of=DAY, models=False)
    with city.facts(SYSTEM) as connection:
        rules = [city.rules[one] for one in city.rules.active]
        same = {rule.id for rule in sure(rules, narrowing(city, connection))}
        later = narrowing(city, connection)
        later.day = DAY + dt.timedelta(1)
        install(connection, rules, later.day)
        begun = {rule.id for rule in sure(rules, later)}
        reads_no_day = {rule.id for rule in rules if isinstance(rule.question, str) and "as_of" not in rule.question}
    assert same < begun
    assert not (begun - same) & reads_no_day


@pytest.mark.usefixtures("large_payments")
def test_a_run_that_begins_ahead_leaves_what_a_run_without_leaves(
    homes: list[Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[int] = []
    verdicts = Ahead.verdicts
    monkeypatch.setattr(Ahead, "verdicts", lambda self: waited.append(len(self.rules)) or verdicts(self))
    begins, plain = homes
    assert prepare(begins, as_of=DAY) is not None
    for day in (DAY, DAY + dt.timedelta(40)):
        run(begins, actor="t", as_of=day, new=True, models=False)
        run(plain, actor="t", as_of=day, models=False)
        told, wanted = said(begins), said(plain)
        for name in wanted:
            assert told[name] == wanted[name], f"{name} on {day}"
    assert waited[0] >= side.LEAST, "nothing was begun ahead"
    assert waited[1] == 0, "a full run asks all in turn"
