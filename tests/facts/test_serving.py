"""The serving copy and the open connections change nothing but the time: same rows, same scope, doors as shut."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal as D
from typing import get_args

import duckdb
import pytest

from budgetwatch.access.viewer import Viewer
from budgetwatch.facts import serving
from budgetwatch.facts.engine import connect
from budgetwatch.facts.pool import Pool
from budgetwatch.facts.serving import ORDERED, Serving
from budgetwatch.facts.store import Snapshot
from budgetwatch.home import Home
from budgetwatch.queries import budgets, names, payment_text, payments
from budgetwatch.queries.budget_preview import BYS
from budgetwatch.queries.payment_text import Found
from budgetwatch.queries.payments import PaymentFilter
from budgetwatch.records.rowid import Address, pack
from tests.builders import facts
from tests.queries.city import payment

AUDITOR = Viewer(None, "auditor", "审计", "auditor", "9901")
REVIEWER = Viewer(None, "reviewer", "经办", "reviewer", "9901")
DISTRICT = Viewer(None, "d", "区", "reviewer", "990102")
UNIT = Viewer(None, "u", "单位", "unit", "990102", "990102-A01")


def forget() -> None:
    names._cache.clear()
    payment_text.found.clear()


def served(home: Home) -> Home:
    for feed in ORDERED:
        assert home.serving.make(feed, home.store.snapshot()) is not None
    return home


def answers(home: Home, viewer: Viewer, f: PaymentFilter) -> list[object]:
    found = payments.search(home, viewer, f, order="pay_date")
    sums = [payments.totals(home, viewer, f, by) for by in get_args(payments.TotalsBy)]
    by_payee = payments.search(home, viewer, f, order="-payee", limit=3, offset=1)
    return [found, sums, by_payee, payments.choices(home, viewer)]


def filters(seed: int) -> PaymentFilter:
    choose = random.Random(seed).choice
    return PaymentFilter(
        text=choose(["", "", "办公", "圖書", "白石 办公", "张*", "张三丰", "V5", "100%_", "没有"]),
        region=choose(["", "", "9901", "990102", "990103"]),
        agency=choose(["", "", "990102-A01"]),
        year=choose([None, None, 2025, 2026]),
        func=choose(["", "", "205", "2050101"]),
        min_amount=choose([None, None, D("100")]),
    )


@pytest.mark.parametrize("viewer", [AUDITOR, REVIEWER, DISTRICT], ids=lambda viewer: viewer.login)
def test_with_and_without_the_copy_remembered_or_asked_anew_every_answer_is_the_same(
    city: Home, viewer: Viewer
) -> None:
    asked = [filters(seed) for seed in range(25)]
    plain = []
    for f in asked:
        forget()
        plain.append(answers(city, viewer, f))
    served(city)
    forget()
    assert [answers(city, viewer, f) for f in asked] == plain
    assert [answers(city, viewer, f) for f in asked] == plain


@pytest.mark.parametrize("by", BYS)
def test_a_draft_reads_the_same_from_the_copy(city: Home, by: budgets.By) -> None:
    deputy = replace(AUDITOR, login="deputy", role="deputy")
    places = (None, "9901", "990102", "990103")
    plain = [budgets.preview(city, deputy, by=by, region=region) for region in places]
    lines = [budgets.trend(city, deputy, region=region) for region in places]
    served(city)
    forget()
    assert [budgets.preview(city, deputy, by=by, region=region) for region in places] == plain
    assert [budgets.trend(city, deputy, region=region) for region in places] == lines


def test_what_was_taken_in_and_corrected_since_is_seen_at_once(city: Home) -> None:
    f = PaymentFilter(text="办公")
    served(city)
    before = payments.search(city, AUDITOR, f)
    old = before.rows[0]
    facts(city, "payment", [payment("V9", "2025-07-01", "990102-A01", "5.00")])
    more = payments.search(city, AUDITOR, f)
    assert (more.total, more.totals["CNY"]) == (before.total + 1, before.totals["CNY"] + 5)
    facts(city, "payment", [payment("V1", "2025-03-03", "990102-A01", "1.00")], replaces={0: old["_row"]})
    corrected = payments.search(city, AUDITOR, f)
    assert (corrected.total, corrected.totals["CNY"]) == (more.total, more.totals["CNY"] - old["amount"] + 1)
    served(city)
    forget()
    assert payments.search(city, AUDITOR, f) == corrected


@pytest.mark.parametrize(("each", "whole"), [(1, False), (10**9, True)])
def test_a_copy_made_slice_by_slice_holds_every_row_once(
    city: Home, monkeypatch: pytest.MonkeyPatch, each: int, whole: bool
) -> None:
    monkeypatch.setattr(serving, "SLICE", each)
    batch = facts(city, "payment", [payment(f"S{i}", "2026-03-02", "990102-A01", f"{i + 1}.00") for i in range(5)])
    corrected = payment("S1", "2026-03-02", "990102-A01", "9.00")
    facts(city, "payment", [corrected], replaces={0: pack(Address(batch, 3))})
    snapshot = city.store.snapshot()
    served(city)
    assert len(serving._slices(snapshot.files["payment"])) == (1 if whole else len(snapshot.files["payment"])) != 2
    assert rows(city, snapshot) == rows(city, snapshot, copied=False)


def test_scope_holds_in_the_copy_and_its_doors_are_shut(city: Home) -> None:
    served(city)
    for viewer, seen in ((DISTRICT, 4), (UNIT, 1), (AUDITOR, 6)):
        with city.facts(viewer) as cursor:
            assert cursor.execute("SELECT count(*) FROM payment").fetchone() == (seen,)
            for attempt in (
                "DROP TABLE served_payment.payment",
                "INSERT INTO served_payment.payment SELECT * FROM served_payment.payment",
                "ATTACH '/tmp/other.duckdb'",
                "SELECT * FROM read_csv('/etc/passwd')",
                "SET memory_limit = '1TB'",
            ):
                with pytest.raises(duckdb.Error):
                    cursor.execute(attempt)


def test_a_connection_is_made_once_and_what_one_reader_leaves_the_next_does_not_find(city: Home) -> None:
    with city.facts(AUDITOR) as first:
        first.execute("CREATE TEMP TABLE mine AS SELECT 1")
    with city.facts(AUDITOR) as second, pytest.raises(duckdb.CatalogException):
        second.execute("FROM mine")
    pool, snapshot = Pool(city.settings, kept=1), city.store.snapshot()
    with pool.lend(snapshot, AUDITOR) as held, pool.lend(snapshot, DISTRICT) as other:
        assert len(pool) == 1  # the auditor's was let go, and still answers the one who holds it
        assert held.execute("SELECT count(*) FROM payment").fetchone() == (6,)
        assert other.execute("SELECT count(*) FROM payment").fetchone() == (4,)
    pool.close()


def test_many_at_once_are_answered_alike(city: Home) -> None:
    served(city)
    f = PaymentFilter(text="办公")
    alone = payments.totals(city, AUDITOR, f)
    forget()
    with ThreadPoolExecutor(8) as many:
        assert all(got == alone for got in many.map(lambda _: payments.totals(city, AUDITOR, f), range(40)))


def test_a_copy_that_cannot_be_read_is_done_without(city: Home) -> None:
    snapshot = city.store.snapshot()
    path = city.serving.make("payment", snapshot)
    assert path is not None
    path.write_bytes(b"torn")
    with city.facts(AUDITOR) as facts_:
        assert facts_.execute("SELECT count(*) FROM payment").fetchone() == (6,)


def test_only_the_newest_copies_stay_and_a_short_command_makes_none(city: Home) -> None:
    for n in range(3):
        facts(city, "payment", [payment(f"W{n}", "2025-07-01", "990102-A01", "5.00")])
        served(city)
    assert len(list((city.path / "serving").glob("payment-*.duckdb"))) == 2
    idle = Serving(city.path / "other")
    idle.wanted(city.store.snapshot())
    assert not idle.root.exists()


def test_rows_found_by_words_are_kept_within_bounds() -> None:
    import numpy as np

    kept = Found(kept=1000)
    for n in range(10):
        kept.put((n,), np.arange(200))
    assert kept.get((0,)) == (False, None)
    assert kept.get((9,))[0]
    assert sum(kept.get((n,))[0] for n in range(10)) == 3


def test_a_copy_serves_later_versions_with_what_came_in_since_beside_it(city: Home) -> None:
    f = PaymentFilter()
    served(city)
    first = city.store.snapshot()
    [copy] = (city.path / "serving").glob("payment-*.duckdb")
    old = payments.search(city, AUDITOR, f).rows[0]
    facts(city, "payment", [payment("V9", "2025-07-01", "990102-A01", "5.00")])
    facts(city, "payment", [payment("V1", "2025-03-03", "990102-A01", "1.00")], replaces={0: old["_row"]})
    facts(city, "payment", [payment("V11", "2025-07-01", "990102-A01", "6.00")])
    now = city.store.snapshot()
    assert city.serving.ready(now)["payment"].path == copy
    assert rows(city, now) == rows(city, now, copied=False)
    # Nor does it stand in where it does not belong: for the history, for what was known before, under another kind.
    assert "payment" in city.serving.ready(now.with_history())  # nothing was superseded when it was made
    assert rows(city, now.with_history()) == rows(city, now.with_history(), copied=False)
    served(city)
    assert city.serving.ready(now)["payment"].path != copy
    assert city.serving.ready(now.with_history())["payment"].path == copy
    assert city.serving.ready(first)["payment"].path == copy
    copy.with_suffix(".files").unlink()
    again = Serving(city.serving.root)
    assert "payment" not in again.ready(now.with_history())


def test_a_copy_is_made_anew_only_when_much_has_come_in(city: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    monkeypatch.setattr(serving, "SMALL", 2)
    monkeypatch.setattr(Serving, "_make_all", lambda _self, feeds, _snapshot: made.extend(feeds))
    served(city)
    city.serving.on = True
    monkeypatch.setattr(serving, "TAIL", 0.2)
    facts(city, "payment", [payment("V9", "2025-07-01", "990102-A01", "5.00")])
    city.serving.wanted(city.store.snapshot())
    assert made == []
    facts(city, "payment", [payment("V10", "2025-07-01", "990102-A01", "5.00")])
    city.serving.wanted(city.store.snapshot())
    for thread in threading.enumerate():
        if thread.name == "serving copy":
            thread.join()
    assert made == ["payment"]


def rows(city: Home, snapshot: Snapshot, *, copied: bool = True) -> list[tuple[object, ...]]:
    copies = city.serving.ready(snapshot) if copied else None
    with connect(snapshot, city.settings, viewer=AUDITOR, served=copies) as connection:
        return connection.execute("SELECT * FROM payment ORDER BY _row").fetchall()
