"""`store check`: each damage is found and named with where it is and what to do; a sound store has no findings."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from budgetwatch.cli import main
from budgetwatch.facts.check import Finding
from budgetwatch.facts.compact import compact
from budgetwatch.home import Home
from budgetwatch.records.rowid import Address, pack
from budgetwatch.runs import care
from budgetwatch.tables import Batch, Evidence
from tests.builders import facts
from tests.facts.test_store import staged
from tests.runs.test_runs import pay


@pytest.fixture
def sound(home: Home) -> Home:
    for day in range(1, 6):
        facts(home, "payment", [pay(f"{day}-{n}", "A", f"2025-03-0{day}", "10.00") for n in range(3)])
    facts(
        home, "region", [{"adm_div_code": "990101", "budget_year": 2025, "adm_div_name": "甲区", "level": "district"}]
    )
    return home


def found(home: Home, deep: bool = False) -> list[str]:
    return [one.code for one in care.check(home, deep=deep)]


def a_file(home: Home) -> Path:
    return sorted((home.store.root / "payment").glob("*.parquet"))[0]


def entry(home: Home, version: int) -> Path:
    return home.store.logs["payment"].file(version)


def test_a_sound_store_has_no_findings_also_after_compaction(sound: Home) -> None:
    assert found(sound, deep=True) == []
    compact(sound.store, sound.settings, "payment")
    assert found(sound, deep=True) == []


def test_an_empty_store_has_no_findings(home: Home) -> None:
    assert found(home, deep=True) == []


def gone(home: Home) -> None:
    a_file(home).unlink()


def shorter(home: Home) -> None:
    file = a_file(home)
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:-1])


def stray(home: Home) -> None:
    (home.store.root / "payment" / "b0000099-cafe.parquet").write_bytes(b"PAR1")


def torn(home: Home) -> None:
    entry(home, 5).write_text('{"commitInfo": {"time')


def missing_entry(home: Home) -> None:
    entry(home, 2).unlink()


def damaged_entry(home: Home) -> None:
    entry(home, 2).write_text("{")


def unknown_to_the_database(home: Home) -> None:
    with home.session() as session:
        session.execute(sa.delete(Batch).where(Batch.id == 3))


def unknown_to_the_store(home: Home) -> None:
    with home.session() as session:
        session.add(
            Batch(
                feed="payment",
                profile="p",
                file_name="f.csv",
                sha256="0" * 64,
                bytes=1,
                status="accepted",
                facts_added=7,
            )
        )


def of_another_moment(home: Home) -> None:
    with home.session() as session:
        session.execute(sa.update(Batch).where(Batch.id == 3).values(fact_version=4))


def refused_yet_in(home: Home) -> None:
    with home.session() as session:
        session.execute(sa.update(Batch).where(Batch.id == 3).values(status="refused"))


def never_settled(home: Home) -> None:
    with home.session() as session:
        session.add(Batch(feed="payment", profile="p", file_name="f.csv", sha256="", bytes=1, status="receiving"))


def wrong_checkpoint(home: Home) -> None:
    (home.store.logs["payment"].folder / f"{3:020d}.checkpoint.parquet").write_bytes(b"PAR1")


@pytest.mark.parametrize(
    ("damage", "code", "words"),
    [
        (gone, "file_lost", "is gone (3 rows)"),
        (shorter, "file_size", "bytes and has"),
        (stray, "stray_file", "belongs to no version"),
        (torn, "torn_commit", "never acknowledged"),
        (missing_entry, "log_gap", "Log entry 2 is missing"),
        (damaged_entry, "log_broken", "Log entry 2 is damaged"),
        (wrong_checkpoint, "checkpoint", "cannot be read"),
        (unknown_to_the_database, "commit_unknown", "the database does not know it"),
        (unknown_to_the_store, "batch_lost", "7 facts"),
        (of_another_moment, "batch_version", "the log says 2"),
        (refused_yet_in, "commit_unknown", "the database says refused"),
        (never_settled, "unfinished_batch", "not settled"),
    ],
)
def test_each_damage_is_found_and_named(sound: Home, damage: Callable[[Home], None], code: str, words: str) -> None:
    damage(sound)
    fresh = Home(sound.settings)
    [one] = care.check(fresh)
    fresh.close()
    assert isinstance(one, Finding)
    assert (one.code, one.feed) == (code, "payment")
    assert words in one.what.en
    assert all((one.what.zh, one.fix.zh, one.fix.en, one.where))


def test_a_file_whose_bytes_changed_is_found_by_looking_deep(sound: Home) -> None:
    file = a_file(sound)
    file.chmod(0o644)
    content = bytearray(file.read_bytes())
    content[20] ^= 1
    file.write_bytes(content)
    assert found(sound) == []
    assert found(sound, deep=True) == ["file_hash"]


def test_rows_that_stand_twice_or_belong_nowhere_are_found_by_looking_deep(home: Home, tmp_path: Path) -> None:
    known = pack(Address(1, 2))
    for batch, replaces in ((1, None), (2, known), (3, known), (4, pack(Address(77, 7)))):
        home.store.commit("payment", [staged(tmp_path, batch, ["1.00"], replaces=replaces)], batch=batch, provenance={})
    home.store.commit("payment", [staged(tmp_path, 1, ["1.00"])], batch=5, provenance={})
    codes = {one.code for one in care.check(home, feeds=["payment"], deep=True)}
    assert codes == {"row_twice", "replaced_twice", "replaces_nothing", "commit_unknown", "batch_rows"}


def test_a_version_that_flags_rest_on_and_that_is_not_there_is_found(sound: Home, flagged: Callable[..., int]) -> None:
    flagged(sound)
    with sound.session() as session:
        run_id = session.scalar(sa.select(Evidence.run_id))
        session.execute(sa.text("UPDATE runs SET versions = :v WHERE id = :n"), {"v": '{"payment": 99}', "n": run_id})
    [one] = care.check(sound)
    assert (one.code, "version 99" in one.what.en) == ("version_lost", True)


def test_the_command_exits_with_1_on_findings_and_says_them_in_json(
    sound: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cli = sys.modules["budgetwatch.cli.app"]
    monkeypatch.setenv("BUDGETWATCH_HOME", str(sound.path))
    monkeypatch.setenv("BUDGETWATCH_LANGUAGE", "en")

    def code_of(*words: str) -> int:
        for kept in (cli.settings, cli.home):
            kept.cache_clear()
        with pytest.raises(SystemExit) as ended:
            main(["store", *words])
        return int(str(ended.value.code))

    try:
        assert code_of("check", "--deep") == 0
        assert code_of("compact", "--feed", "payment", "--json") == 0
        assert code_of("versions", "--feed", "payment") == 0
        assert "compaction" in capsys.readouterr().out
        assert code_of("vacuum", "--keep-days", "0", "--json") == 0
        assert '"total": 5' in capsys.readouterr().out
        assert code_of("vacuum", "--keep-days", "0", "--remove") == 0
        stray(sound)
        assert code_of("check", "--json") == 1
        assert '"code": "stray_file"' in capsys.readouterr().out
        assert code_of("check", "--feed", "paiment") == 2
    finally:
        for kept in (cli.settings, cli.home):
            kept.cache_clear()
