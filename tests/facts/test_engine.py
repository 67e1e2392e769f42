"""The engine: scope is built into the views, and the connection can reach nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from budgetwatch.facts.engine import connect
from budgetwatch.facts.store import FactStore
from budgetwatch.settings import Settings
from tests.facts.test_store import staged


@dataclass(frozen=True)
class Someone:
    region: str = ""
    agency_code: str | None = None


@pytest.fixture
def store(settings: Settings, tmp_path: Path) -> FactStore:
    store = FactStore(settings.home / "facts")
    for batch, div in enumerate(("990100", "990101", "990102", "990102003", "990201", "GB-MAN"), start=1):
        store.commit("payment", [staged(tmp_path, batch, ["1.00"], div=div)], batch=batch, provenance={})
    return store


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        (None, ["990100", "990101", "990102", "990102003", "990201", "GB-MAN"]),
        (Someone(), ["990100", "990101", "990102", "990102003", "990201", "GB-MAN"]),
        (Someone("9901"), ["990100", "990101", "990102", "990102003"]),
        (Someone("990102"), ["990102", "990102003"]),
        (Someone("990102003"), ["990102003"]),
        (Someone("GB-MAN"), ["GB-MAN"]),
        (Someone("9909"), []),
        (Someone("9901", "U3"), ["990102"]),
        (Someone("9902", "U3"), []),
        (Someone("x' OR '1'='1"), []),
    ],
)
def test_a_viewer_sees_the_rows_below_their_region_and_of_their_unit_only(
    store: FactStore, settings: Settings, who: Someone | None, seen: list[str]
) -> None:
    rows = (
        connect(store.snapshot(), settings, viewer=who)
        .execute("SELECT adm_div_code FROM payment ORDER BY 1")
        .fetchall()
    )
    assert [row[0] for row in rows] == seen


@pytest.mark.parametrize(
    "attempt",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_blob('/etc/passwd')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_parquet('{other}')",
        "COPY (SELECT 1) TO '{home}/out.csv'",
        "COPY (SELECT 1) TO '{facts}/payment/new.parquet'",
        "COPY payment FROM '/etc/passwd'",
        "ATTACH '{home}/budgetwatch.db' (TYPE sqlite)",
        "ATTACH '{home}/other.duckdb'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET memory_limit = '100GB'",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
        "RESET lock_configuration",
        "EXPORT DATABASE '{home}/dump'",
    ],
)
def test_the_connection_reaches_no_other_file_and_no_setting(
    store: FactStore, settings: Settings, tmp_path: Path, attempt: str
) -> None:
    other = staged(tmp_path, 99, ["1.00"])
    connection = connect(store.snapshot(), settings)
    with pytest.raises(duckdb.Error):
        connection.execute(attempt.format(home=settings.home, facts=store.root, other=other))
    assert connection.execute("SELECT count(*) FROM payment").fetchone() == (6,)
    assert connect(store.snapshot(), settings).execute("SELECT count(*) FROM payment").fetchone() == (6,)


def test_a_question_larger_than_its_memory_spills_and_still_answers(settings: Settings) -> None:
    small = settings.model_copy(update={"memory": "60MB", "threads": 1})
    connection = connect(FactStore(settings.home / "facts").snapshot(), small)
    query = (
        "SELECT count(*) FROM (SELECT i::VARCHAR || 'x' AS k, count(*) FROM range(1500000) t(i) GROUP BY k ORDER BY k)"
    )
    assert connection.execute(query).fetchone() == (1_500_000,)
