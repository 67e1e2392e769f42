"""The schema: migrations lead to what the models say, on both databases, whoever starts at the same time."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from budgetwatch import db
from budgetwatch.tables import Base


def differences(engine: sa.Engine) -> list[Any]:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))


def test_the_migrated_schema_is_what_the_models_say(any_home: Any) -> None:
    assert differences(any_home.db.engine) == []


def test_upgrading_twice_changes_nothing(any_home: Any) -> None:
    db.upgrade(any_home.db.engine)
    assert differences(any_home.db.engine) == []


def upgrade_together(urls: list[str]) -> list[Exception]:
    failures: list[Exception] = []

    def one(url: str) -> None:
        database = db.Database(url)
        try:
            db.upgrade(database.engine)
        except Exception as failure:
            failures.append(failure)
        finally:
            database.engine.dispose()

    threads = [threading.Thread(target=one, args=(url,)) for url in urls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_two_processes_starting_together_on_sqlite_wait_for_each_other(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    assert upgrade_together([url, url]) == []
    assert differences(db.open_engine(url)) == []


def test_an_interrupted_upgrade_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(_table: str) -> None:
        raise RuntimeError("power cut")

    engine = db.open_engine(f"sqlite:///{tmp_path / 'new.db'}")
    monkeypatch.setattr("budgetwatch.migrations.append_only.protect", stumble)
    with pytest.raises(RuntimeError, match="power cut"):
        db.upgrade(engine)
    assert sa.inspect(engine).get_table_names() == []
    monkeypatch.undo()
    db.upgrade(engine)
    assert differences(engine) == []


def test_every_key_and_constraint_has_a_name_of_ours(any_home: Any) -> None:
    inspector = sa.inspect(any_home.db.engine)
    for table in Base.metadata.tables:
        assert inspector.get_pk_constraint(table)["name"] == f"pk_{table}"
        assert all((key["name"] or "").startswith(f"fk_{table}_") for key in inspector.get_foreign_keys(table))
        assert all((key["name"] or "").startswith(f"uq_{table}_") for key in inspector.get_unique_constraints(table))
