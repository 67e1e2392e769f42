"""Compaction and vacuum: not an answer changes, at any version, though the old files are gone."""

from __future__ import annotations

import datetime as dt
import random
import shutil
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from budgetwatch.errors import Conflict, Fault
from budgetwatch.facts import compact as compacting
from budgetwatch.facts.check import check
from budgetwatch.facts.compact import compact
from budgetwatch.facts.engine import connect
from budgetwatch.facts.store import FactStore, known_then
from budgetwatch.facts.vacuum import vacuum
from budgetwatch.home import Home
from budgetwatch.records.rowid import BATCH_SHIFT, Address, pack
from budgetwatch.runs import care, recompute_many, run
from budgetwatch.settings import Settings
from tests.builders import facts
from tests.effort import examples
from tests.facts.test_store import staged
from tests.rules.samples import CASH
from tests.runs.test_runs import flags, pay, with_rules

NOW = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
def store(settings: Settings) -> FactStore:
    return FactStore(settings.home / "facts")


def answers(store: FactStore, settings: Settings, versions: dict[str, int] | None = None) -> list[tuple[Any, ...]]:
    """Every column of every row, by address."""
    connection = connect(store.snapshot(versions), settings)
    try:
        return connection.execute("SELECT * FROM payment ORDER BY _row").fetchall()
    finally:
        connection.close()


def filled(store: FactStore, folder: Path, batches: range, rows: int = 3) -> None:
    for batch in batches:
        amounts = [f"{batch}.{line:02}" for line in range(rows)]
        store.commit("payment", [staged(folder, batch, amounts, div=f"99010{batch % 7}")], batch=batch, provenance={})


@given(
    slice=st.sampled_from([1, 3, 500_000]),
    acts=st.lists(
        st.one_of(
            st.tuples(st.just("take"), st.integers(1, 4)),
            st.tuples(st.just("correct"), st.integers(0, 40)),
            st.tuples(st.just("compact"), st.sampled_from([1, 2_000, 20_000, 1 << 28])),
        ),
        min_size=2,
        max_size=12,
    ),
)
@hypothesis_settings(
    max_examples=examples(15), deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
def test_whatever_was_taken_in_corrected_and_compacted_every_version_answers_as_it_did(
    settings: Settings, slice: int, acts: list[tuple[str, int]]
) -> None:
    folder = Path(tempfile.mkdtemp(dir=settings.home.parent))
    before, compacting._SLICE = compacting._SLICE, slice
    try:
        store, then, current = FactStore(folder / "facts"), {}, list[int]()
        for batch, (act, n) in enumerate(acts, start=1):
            if act == "compact":
                compact(store, settings, "payment", target=n)
            elif act == "correct" and current:
                replaced = current.pop(n % len(current))
                store.commit(
                    "payment", [staged(folder, batch, ["7.00"], replaces=replaced)], batch=batch, provenance={}
                )
                current.append(pack(Address(batch, 2)))
            else:
                store.commit("payment", [staged(folder, batch, ["1.00"] * n)], batch=batch, provenance={})
                current += [pack(Address(batch, 2 + line)) for line in range(n)]
            if store.current():
                newest = store.current()["payment"]
                then.setdefault(newest, answers(store, settings))
                assert [row[-1] for row in then[newest]] == sorted(current)
        fresh = FactStore(folder / "facts")
        for version, rows in then.items():
            assert answers(fresh, settings, {"payment": version}) == rows
        assert check(fresh, "payment", needed=list(then), deep=True) == []
    finally:
        compacting._SLICE = before
        shutil.rmtree(folder)


@pytest.mark.parametrize(("slice", "most"), [(7, 200), (7, 2), (500_000, 200)])
def test_many_small_files_become_few_in_order_of_day_and_place(
    store: FactStore, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slice: int, most: int
) -> None:
    """Rows are ordered a slice at a time; their order does not show it."""
    monkeypatch.setattr(compacting, "_SLICE", slice)
    monkeypatch.setattr(compacting, "_MOST_SLICES", most)
    filled(store, tmp_path, range(1, 31))
    before = answers(store, settings)
    done = compact(store, settings, "payment")
    assert (done.files_before, done.files_after, done.rows, done.version) == (30, 1, 90, 30)
    assert answers(store, settings) == before
    [file] = store.snapshot().files["payment"]
    assert not list(store.root.glob("**/*_slice*"))
    lying = pl.read_parquet(file, columns=["pay_date", "adm_div_code", "agency_code", "_row"])
    assert lying.equals(lying.sort("pay_date", "adm_div_code", "agency_code", "_row"))


def test_the_ranges_of_the_new_files_follow_each_other_so_that_a_month_reads_few(
    store: FactStore, settings: Settings, tmp_path: Path
) -> None:
    filled(store, tmp_path, range(1, 29), rows=40)
    size = sum(one.size for one in store.state("payment").files.values())
    compact(store, settings, "payment", target=size // 4)
    ranges = []
    for file in store.snapshot().files["payment"]:
        said = pq.read_metadata(file)
        column = said.schema.names.index("pay_date")
        stats = [said.row_group(g).column(column).statistics for g in range(said.num_row_groups)]
        ranges.append((min(s.min for s in stats), max(s.max for s in stats)))
    ranges.sort()
    assert len(ranges) == 4
    assert all(high <= low for (_, high), (low, _) in pairwise(ranges))


def test_compacting_again_changes_nothing_and_large_files_are_left_alone(
    store: FactStore, settings: Settings, tmp_path: Path
) -> None:
    filled(store, tmp_path, range(1, 5))
    first = compact(store, settings, "payment")
    assert compact(store, settings, "payment").version is None
    assert store.current() == {"payment": first.version}
    filled(store, tmp_path, range(5, 7))
    assert compact(store, settings, "payment", target=1).version is None


def test_a_feed_without_facts_is_compacted_into_nothing(store: FactStore, settings: Settings) -> None:
    assert compact(store, settings, "payment").version is None
    assert store.current() == {}


class Crash(BaseException):
    """Stands for the process dying."""


def test_an_interrupted_compaction_leaves_nothing_half_done(
    store: FactStore, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(store, tmp_path, range(1, 5))
    before, versions = answers(store, settings), store.current()
    with monkeypatch.context() as patch:
        patch.setattr(FactStore, "exchange", lambda *a, **k: (_ for _ in ()).throw(Crash))
        with pytest.raises(Crash):
            compact(store, settings, "payment")
    assert (answers(store, settings), store.current()) == (before, versions)
    assert check(store, "payment", deep=True) == []
    assert compact(store, settings, "payment").files_after == 1


def test_rows_that_would_differ_are_never_exchanged(
    store: FactStore, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(store, tmp_path, range(1, 5))
    seals = iter([(1,), (2,)])
    monkeypatch.setattr(compacting, "_seal", lambda *a: next(seals))
    with pytest.raises(Exception, match="nothing was exchanged"):
        compact(store, settings, "payment")
    assert store.current() == {"payment": 3}


def test_intake_goes_on_while_a_compaction_writes_and_two_compactions_do_not_meet(
    store: FactStore, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(store, tmp_path, range(1, 5))
    rewritten = compacting._rewritten

    def meanwhile(*given: Any) -> list[Path]:
        made = rewritten(*given)
        filled(store, tmp_path, range(5, 6))
        with pytest.raises(Conflict, match="under way"):
            compact(store, settings, "payment")
        return made

    monkeypatch.setattr(compacting, "_rewritten", meanwhile)
    done = compact(store, settings, "payment")
    assert (done.version, done.files_after) == (5, 2)
    assert len(answers(store, settings)) == 15


def test_a_reader_of_an_older_version_keeps_its_files_until_they_are_vacuumed(
    store: FactStore, settings: Settings, tmp_path: Path
) -> None:
    filled(store, tmp_path, range(1, 5))
    reader = connect(store.snapshot(), settings)
    compact(store, settings, "payment")
    assert reader.execute("SELECT count(*) FROM payment").fetchone() == (12,)
    assert vacuum(store, "payment", since=dt.datetime.now(dt.UTC) - dt.timedelta(days=1)) == []


# ------------------------------------------------------------------ vacuum


def test_vacuum_lists_first_and_removes_only_when_told(store: FactStore, settings: Settings, tmp_path: Path) -> None:
    filled(store, tmp_path, range(1, 5))
    compact(store, settings, "payment")
    before = answers(store, settings)
    listed = vacuum(store, "payment", since=NOW)
    assert [(one.first, one.last) for one in sorted(listed, key=lambda one: one.path)] == [(n, 3) for n in range(4)]
    assert len(list((store.root / "payment").glob("*.parquet"))) == 5
    assert vacuum(store, "payment", since=NOW, remove=True) == listed
    assert len(list((store.root / "payment").glob("*.parquet"))) == 1
    assert answers(store, settings) == before
    assert vacuum(store, "payment", since=NOW) == []
    assert check(store, "payment", deep=True) == []


@pytest.mark.parametrize("seed", range(4))
def test_every_version_answers_alike_after_its_files_were_vacuumed(
    store: FactStore, settings: Settings, tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    numbers = dice.sample(range(1, 40), 9)  # batches are committed in another order than they were numbered
    reader = FactStore(store.root)
    for at, batch in enumerate(numbers):
        corrected = known_rows(store, settings)
        old = dice.choice(corrected) if corrected and dice.random() < 0.6 else None
        made = staged(tmp_path, batch, ["1.00"] if old else ["2.00", "3.00"], replaces=old)
        store.commit("payment", [made], batch=batch, provenance={})
        if dice.random() < 0.3 and at > 1:
            compact(store, settings, "payment")
    compact(store, settings, "payment")
    then = {
        version: answers(store, settings, {"payment": version}) for version in range(store.current()["payment"] + 1)
    }
    reader.snapshot({"payment": 2})
    assert vacuum(store, "payment", since=NOW, remove=True)
    assert len(list((store.root / "payment").glob("*.parquet"))) == len(store.state("payment").files)
    for asked in (store, reader, FactStore(store.root)):
        for version, said in then.items():
            assert answers(asked, settings, {"payment": version}) == said
    assert check(store, "payment", needed=range(len(then)), deep=True) == []
    # …and still does when more has come in and was compacted and vacuumed again.
    filled(store, tmp_path, range(50, 54))
    compact(store, settings, "payment")
    vacuum(store, "payment", since=NOW, remove=True)
    for version, said in then.items():
        assert answers(store, settings, {"payment": version}) == said


def known_rows(store: FactStore, settings: Settings) -> list[int]:
    return [
        row[0] for row in connect(store.snapshot(), settings).execute("SELECT _row FROM payment ORDER BY 1").fetchall()
    ]


def test_what_was_known_then_is_few_ranges_of_addresses() -> None:
    brought = {1: 0, 2: 1, 3: 5, 4: 2, 6: 3}
    low, high = (lambda batch: batch << BATCH_SHIFT), (lambda batch: (batch + 1 << BATCH_SHIFT) - 1)
    assert known_then(brought, 3) == ((low(1), high(2)), (low(4), high(6)))
    assert known_then(brought, 5) == ((low(1), high(6)),)
    assert known_then(brought, 0) == ((low(1), high(1)),)
    assert known_then({5: 3, 9: 1}, 2) == ((low(9), high(9)),)


def test_a_file_that_was_lost_and_not_vacuumed_is_no_old_version_but_a_fault(
    store: FactStore, settings: Settings, tmp_path: Path
) -> None:
    filled(store, tmp_path, range(1, 5))
    [file] = [one.path for one in store.logs["payment"].entry(0).added]
    compact(store, settings, "payment")
    (store.root / "payment" / file).unlink()
    with pytest.raises(Fault, match=f"lacks its file {file}"):
        FactStore(store.root).snapshot({"payment": 2})
    assert [one.code for one in check(store, "payment")] == ["file_lost"]


def test_files_of_the_last_days_and_of_versions_being_read_stay(
    store: FactStore, settings: Settings, tmp_path: Path
) -> None:
    filled(store, tmp_path, range(1, 5))
    at = [known.at for known in store.versions("payment")]
    compact(store, settings, "payment")
    reading = connect(store.snapshot({"payment": 1}), settings)
    names = {one.path for one in vacuum(store, "payment", since=NOW, needed=[1])}
    assert len(names) == 2  # the files of versions 0 and 1 stay
    # Version 2 was the newest until version 3 came, so it was known within the time that begins before that.
    assert len(vacuum(store, "payment", since=at[3])) == 0
    assert len(vacuum(store, "payment", since=NOW)) == 4
    vacuum(store, "payment", since=NOW, needed=[1], remove=True)
    assert reading.execute("SELECT count(*) FROM payment").fetchone() == (6,)


def test_a_batch_of_which_rows_are_gone_is_found(store: FactStore, tmp_path: Path) -> None:
    filled(store, tmp_path, range(1, 3))
    there = list(store.state("payment").files.values())
    fewer = tmp_path / "fewer.parquet"
    pl.concat(pl.read_parquet(store.root / "payment" / one.path) for one in there).head(5).write_parquet(fewer)
    store.exchange("payment", there, [fewer], told={})
    [found] = check(store, "payment", deep=True)
    assert (found.code, found.what.en) == ("batch_rows", "1 batches do not have the rows that they brought.")


def test_files_that_a_crash_left_are_removed_too(store: FactStore, tmp_path: Path) -> None:
    filled(store, tmp_path, range(1, 3))
    stray = staged(tmp_path, 9, ["1.00"]).rename(store.root / "payment" / "b0000009-000000000000.parquet")
    half = store.root / "payment" / "_delta_log" / ".00000000000000000002.json.deadbeef.half"
    half.write_text("{")
    assert {Path(one.path).name for one in vacuum(store, "payment", since=NOW)} == {stray.name, half.name}
    vacuum(store, "payment", since=NOW, remove=True)
    assert not stray.exists()
    assert not half.exists()


def test_every_flag_is_recomputed_alike_after_compaction_and_vacuum(home: Home) -> None:
    with_rules(home, CASH)
    for month in range(1, 7):
        facts(home, "payment", [pay(f"{month}-{n}", "A", f"2025-{month:02}-03", "12000.00") for n in range(3)])
        run(home, actor="tests", as_of=dt.date(2025, 6, 30))
    for batch in range(5):
        facts(home, "payment", [pay(f"x{batch}", "B", "2025-06-20", "10.00")])
    compact(home.store, home.settings, "payment")
    ids = [flag.id for flag in flags(home)]
    then = recompute_many(home, ids)
    assert care.pinned(home)["payment"]
    gone = care.clear(home, keep_days=0, remove=True)
    assert (
        len({one.path for one in gone}) == 11
    )  # all that was compacted, though flags rest on versions that it was part of
    assert len(list((home.store.root / "payment").glob("*.parquet"))) == 1
    assert recompute_many(home, ids) == then
    assert all(one.identical for one in then)
    assert care.check(home, deep=True) == []
