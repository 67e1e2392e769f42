"""The database of what we remember: engine, sessions, schema upgrade, and rows that are only added."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from budgetwatch import tables
from budgetwatch.errors import BudgetwatchError
from budgetwatch.text import Text

APPENDED = (
    tables.Evidence,
    tables.CaseStep,
    tables.Answer,
    tables.Audit,
    tables.RuleEdition,
    tables.RuleStep,
    tables.BackTest,
    tables.BackTestRule,
    tables.ShadowRun,
)

_MIGRATIONS = Path(__file__).parent / "migrations"

#: PostgreSQL advisory locks, by what they serialise (any fixed numbers will do).
_SCHEMA_LOCK = 7_310_001
_WRITE_LOCK = 7_310_002


class AppendOnly(BudgetwatchError):
    """Someone tried to change or remove a row that is only ever added."""

    code = "append_only"
    status = 409


class Sessions(Protocol):
    """Whatever opens transactions on what we remember: a `Home`, or a bare `Database`."""

    def session(self) -> AbstractContextManager[Session]: ...


def _refuse(_mapper: Any, _connection: Any, target: Any) -> None:
    name = type(target).__tablename__
    raise AppendOnly(
        Text(
            f"{name} 的记录只能追加，不能修改或删除。",
            f"Rows of {name} are only ever added, never changed or removed.",
        )
    )


def guard_appended() -> None:
    """Refuse, in this process, every update or removal of an appended row.

    The database refuses them too (`migrations/append_only.py`); here the refusal comes earlier and as a sentence.
    """
    for table in APPENDED:
        for moment in ("before_update", "before_delete"):
            if not sa.event.contains(table, moment, _refuse):
                sa.event.listen(table, moment, _refuse)


def open_engine(url: str) -> sa.Engine:
    """An engine for the URL; SQLite gets foreign keys, WAL, a patient lock and triggers that see a REPLACE."""
    if url.startswith("sqlite"):
        engine = sa.create_engine(url, connect_args={"timeout": 30})

        @sa.event.listens_for(engine, "connect")
        def _pragmas(connection: Any, _record: Any) -> None:
            cursor = connection.cursor()
            for line in (
                "busy_timeout=30000",
                "foreign_keys=ON",
                "journal_mode=WAL",
                "synchronous=FULL",
                "recursive_triggers=ON",
            ):
                cursor.execute(f"PRAGMA {line}")
            cursor.close()

        return engine
    return sa.create_engine(url, pool_pre_ping=True)


def _begin_writing(connection: sa.Connection, lock: int) -> None:
    """Hold the lock until the transaction ends; SQLite has only one for the whole file."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(lock)))
        return
    raw = connection.connection.driver_connection
    # Python's sqlite3 opens its transaction at the first INSERT, UPDATE or DELETE. When that has happened
    # the write lock is ours already; before it, reads are not yet part of a transaction.
    if raw is not None and not raw.in_transaction:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def serialise(session: Session) -> None:
    """From here to the end of the transaction nobody else who asked for the same runs beside us.

    What is read afterwards is current until we commit. Ask late in a transaction: others wait.
    """
    session.flush()
    _begin_writing(session.connection(), _WRITE_LOCK)


def upgrade(engine: sa.Engine) -> None:
    """Bring the schema to the newest version (Alembic), wholly or not at all; harmless when it is there already.

    Two processes that start together wait for each other.
    """
    if _version(engine) == _newest():
        return  # as at nearly every start, which then need not load Alembic
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with engine.begin() as connection:
        _begin_writing(connection, _SCHEMA_LOCK)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _version(engine: sa.Engine) -> str | None:
    """The revision the database says it has; it is written in the transaction that makes the schema."""
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        return connection.scalar(sa.text("SELECT version_num FROM alembic_version"))


def _newest() -> str:
    """The last of our revisions; empty where the files do not lead to exactly one (Alembic then says what is wrong)."""
    files = [file.read_text("utf-8") for file in (_MIGRATIONS / "versions").glob("[!_]*.py")]
    told = [dict(re.findall(r"^(revision|down_revision) *= *[\"']([^\"']+)[\"']", text, re.M)) for text in files]
    last = {one.get("revision", "") for one in told} - {one.get("down_revision", "") for one in told}
    return last.pop() if len(last) == 1 else ""


class Database:
    """Sessions over one engine."""

    def __init__(self, url: str) -> None:
        self.engine = open_engine(url)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        guard_appended()

    @contextmanager
    def session(self) -> Iterator[Session]:
        """One transaction: committed at the end, rolled back on any error."""
        with self._sessions.begin() as session:
            yield session
