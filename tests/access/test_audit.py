"""The audit log: one unbroken chain, however many write at once, and any tampering is found."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from budgetwatch.access import audit
from budgetwatch.access.viewer import SYSTEM
from budgetwatch.tables import Audit
from tests.effort import examples

PROTECTION = {
    "sqlite": ["DROP TRIGGER audit_log_no_update", "DROP TRIGGER audit_log_no_delete"],
    "postgresql": ["DROP TRIGGER audit_log_only_added ON audit_log"],
}


def write(home: Any, count: int) -> None:
    for number in range(count):
        with home.session() as session:
            audit.record(session, SYSTEM, "try", "thing", number, {"n": number})


def tamper(home: Any, statement: str) -> None:
    """What somebody with the keys of the database could do: lift the protection and change a row."""
    with home.db.engine.begin() as connection:
        for line in PROTECTION[connection.dialect.name]:
            connection.exec_driver_sql(line)
        connection.exec_driver_sql(statement)


def test_an_empty_and_a_fresh_log_are_whole(any_home: Any) -> None:
    assert audit.verify(any_home) is None
    write(any_home, 3)
    assert audit.verify(any_home) is None
    number, digest = audit.last(any_home)
    assert number == 3
    assert len(digest) == 64


def test_whatever_is_recorded_reads_back_the_same_from_both_databases(any_home: Any) -> None:
    said = {
        "amount": Decimal("0.10"), "ratio": 1e5, "day": dt.date(2025, 6, 30), "many": (1, 2.50, "三"),
        "deep": {"b": 1, "a": None}, "big": 2**70, "odd": "a\0b\ud800", "flag": True, "中文": "键",
    }  # fmt: skip
    with any_home.session() as session:
        audit.record(session, SYSTEM, "try", "thing", "x" * 500, said)
    assert audit.verify(any_home) is None
    with any_home.session() as session:
        kept = session.scalars(sa.select(Audit)).one().detail
    assert kept["amount"] == "0.10"
    assert kept["many"] == [1, "2.5", "三"]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(detail=st.dictionaries(st.text(), anything, max_size=4))
def test_no_detail_whatever_breaks_the_chain(any_home: Any, detail: dict[str, Any]) -> None:
    with any_home.session() as session:
        audit.record(session, SYSTEM, "try", detail=detail)
    assert audit.verify(any_home) is None


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE audit_log SET actor = 'somebody else' WHERE id = 3", 3),
        ("UPDATE audit_log SET detail = '{}' WHERE id = 2", 2),
        ("DELETE FROM audit_log WHERE id = 3", 4),
        ("DELETE FROM audit_log WHERE id = 1", 2),
    ],
    ids=["another actor", "another detail", "one removed", "the first removed"],
)
def test_tampering_is_found_at_the_entry_where_it_happened(any_home: Any, statement: str, broken: int) -> None:
    write(any_home, 5)
    tamper(any_home, statement)
    entry = audit.verify(any_home)
    assert entry is not None
    assert entry.id == broken


def test_entries_cut_off_the_end_are_noticed_by_the_newest_hash_written_down_elsewhere(any_home: Any) -> None:
    write(any_home, 5)
    anchor = audit.last(any_home)
    tamper(any_home, "DELETE FROM audit_log WHERE id > 3")
    assert audit.verify(any_home) is None
    assert audit.last(any_home) != anchor


def test_an_act_that_failed_leaves_no_entry(any_home: Any) -> None:
    def stumble() -> None:
        with any_home.session() as session:
            audit.record(session, SYSTEM, "try")
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        stumble()
    assert audit.last(any_home) == (0, "")


def test_many_writers_at_once_make_one_chain(any_home: Any) -> None:
    threads = [threading.Thread(target=write, args=(any_home, 12)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with any_home.session() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Audit)) == 60
    assert audit.verify(any_home) is None


def test_a_long_log_is_verified_page_by_page(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "_PAGE", 4)
    write(home, 11)
    assert audit.verify(home) is None


def test_people_are_recorded_with_their_role(any_home: Any, person: Callable[..., Any]) -> None:
    lead = person(any_home, "lead")
    with any_home.session() as session:
        entry = audit.record(session, lead, "look", "case", 7)
    assert (entry.actor, entry.role, entry.object_id) == (lead.login, "lead", "7")
