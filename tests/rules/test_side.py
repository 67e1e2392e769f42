"""Two rules at a time say what one at a time says: each place is asked once, failures stay where they belong."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable

import duckdb
import pytest

from budgetwatch.access.viewer import SYSTEM
from budgetwatch.home import Home
from budgetwatch.rules import side
from budgetwatch.rules.coded import Coded
from budgetwatch.rules.judge import Verdict, judge
from budgetwatch.rules.prepared import opened
from budgetwatch.rules.side import LEAST, Side, beside
from budgetwatch.rules.steps import Steps
from budgetwatch.runs.changes import Changes
from budgetwatch.runs.own import OWN
from budgetwatch.runs.prepare import over_earlier, prepare
from tests.effort import THOROUGH
from tests.rules.test_prepared import whole
from tests.runs.test_narrow import PAST, City

DAY = dt.date(2025, 12, 31)
PLACES = range(40)


@pytest.mark.parametrize("large", [400, 10**9], ids=["some large", "none large"])
def test_every_rule_says_the_same_whether_it_is_asked_beside_others_or_alone(
    city: Home, large: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("budgetwatch.rules.coded.LEAST_ROWS", large)
    aside: list[int] = []
    work = Side.work

    def watched(self: Side[Verdict], ask: Callable[[int], Verdict]) -> None:
        work(self, lambda place: aside.append(place) or ask(place))  # type: ignore[func-returns-value]

    monkeypatch.setattr(Side, "work", watched)
    rules = [rule for rule in city.rules.values() if rule.form != "outlier"]
    with city.facts(SYSTEM) as connection:
        have = {*city.store.current(), *OWN}
        alone = [whole(one) for one in judge(connection, rules, DAY, have)]
        assert not aside
        assert [whole(one) for one in judge(connection, rules, DAY, have, two=True)] == alone
        asked = [place for place, rule in enumerate(rules) if {*have}.issuperset(rule.relies_on)]
        assert {*aside} <= {*asked}
        assert aside, "nothing was asked beside the others"


@pytest.mark.parametrize("seed", range(8 if THOROUGH else 3))
def test_rules_over_sums_and_rows_that_a_file_keeps_are_asked_beside_each_other_too(
    city: Home, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("budgetwatch.rules.coded.LEAST_ROWS", 400)
    monkeypatch.setattr("budgetwatch.rules.reached.MOST_SHARE", 1)
    monkeypatch.setattr("budgetwatch.rules.making._MOST_GROUPS", 100)
    town = City(seed)
    town.put((city,), town.batch("payment", PAST, 400))
    rules = [rule for rule in city.rules.values() if rule.form != "outlier" and "payment" in rule.reads]
    copy = prepare(city, rules=rules, as_of=DAY)
    assert copy is not None
    town.put((city,), (*town.batch("payment", PAST, 10)[:2], {}))
    pinned = city.store.current()
    aside: list[Steps] = []
    light = Coded.light

    def watched(self: Coded, question: str) -> bool:
        found = light(self, question)
        aside.extend([self.made.said[question]] * found)
        return found

    monkeypatch.setattr(Coded, "light", watched)
    with city.facts(SYSTEM, pinned, prepared=copy.path) as connection:
        have = {*pinned, *OWN}
        laid = over_earlier(copy, Changes(city, connection, pinned))
        assert laid is not None
        made = opened(connection, laid, rules, DAY)
        assert made is not None
        assert made.behind, "no sums are to be brought up to date by whoever comes first"
        together = [whole(one) for one in judge(connection, rules, DAY, have, prepared=made, two=True)]
        assert together == [whole(one) for one in judge(connection, rules, DAY, have, least_rows=10**12)]
    assert any(how.reached for how in aside), "no rule over rows that are kept was asked beside others"
    assert any(how.before or not how.reached for how in aside)


def test_each_place_is_asked_once_by_one_of_the_two() -> None:
    asked: list[tuple[int, str]] = []

    def ask(place: int) -> int:
        asked.append((place, threading.current_thread().name))
        return place * place

    with duckdb.connect(config={"threads": 2}) as connection, beside(connection, PLACES[::-1], lambda _: ask) as aside:
        told = [ask(place) if (later := aside.elsewhere(place)) is None else later.result() for place in PLACES]
    assert told == [place * place for place in PLACES]
    assert sorted(place for place, _ in asked) == [*PLACES]


def test_while_the_side_is_at_what_comes_next_the_first_goes_on_with_what_is_left() -> None:
    begun, done = threading.Event(), threading.Event()

    def on_the_side(place: int) -> tuple[int, bool]:
        begun.set()
        return place, done.wait(10)

    def on_the_first(place: int) -> tuple[int, bool]:
        if place == PLACES[-1]:
            done.set()
        return place, True

    with (
        duckdb.connect(config={"threads": 2}) as connection,
        beside(connection, PLACES, lambda _: on_the_side) as aside,
    ):
        assert begun.wait(10)
        told = list(aside.shared(len(PLACES), on_the_first))
    assert told == [(place, True) for place in PLACES], "the first waited, or they came out of order"


def test_the_second_connection_reads_the_same_database() -> None:
    def begin(second: duckdb.DuckDBPyConnection) -> Callable[[int], object]:
        return lambda place: second.execute(f"SELECT n * n FROM facts WHERE n = {place}").fetchall()

    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute("CREATE TABLE facts AS SELECT range AS n FROM range(40)")
        with beside(connection, PLACES[::-1], begin) as aside:
            told = [(place, later.result()) for place in reversed(PLACES) if (later := aside.elsewhere(place))]
    assert told == [(place, [(place * place,)]) for place, _ in told]


def test_what_fails_on_the_side_is_raised_where_it_is_asked_for() -> None:
    reached = threading.Event()

    def ask(place: int) -> int:
        if place == PLACES[-1]:
            reached.set()
            raise ValueError("no")
        return place

    with duckdb.connect(config={"threads": 2}) as connection, beside(connection, PLACES[::-1], lambda _: ask) as aside:
        assert reached.wait(10)
        told = aside.elsewhere(PLACES[-1])
        assert told is not None
        with pytest.raises(ValueError, match="no"):
            told.result()


def test_a_side_that_cannot_begin_leaves_all_to_the_caller_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    def begin(second: duckdb.DuckDBPyConnection) -> Callable[[int], int]:
        second.execute("SELECT nothing")
        return int

    with duckdb.connect(config={"threads": 2}) as connection, beside(connection, PLACES[::-1], begin) as aside:
        assert [place for place in PLACES if aside.elsewhere(place) is None] == [*PLACES]
    assert "all is asked on the first" in caplog.text


def test_whoever_stops_early_waits_for_one_place_at_most() -> None:
    begun, go_on = threading.Event(), threading.Event()
    asked: list[int] = []

    def ask(place: int) -> int:
        asked.append(place)
        begun.set()
        assert go_on.wait(10)
        return place

    def stops() -> None:
        with duckdb.connect(config={"threads": 2}) as connection, beside(connection, PLACES[::-1], lambda _: ask):
            assert begun.wait(10)
            threading.Timer(0.1, go_on.set).start()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stops()
    assert len(asked) <= 2


@pytest.mark.parametrize(("threads", "places"), [(1, 40), (2, LEAST - 1)])
def test_with_one_thread_or_few_places_all_is_the_callers(
    threads: int, places: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(side, "ThreadPoolExecutor", None)
    with (
        duckdb.connect(config={"threads": threads}) as connection,
        beside(connection, range(places), lambda _: int) as aside,
    ):
        assert [aside.elsewhere(place) for place in range(places)] == [None] * places
