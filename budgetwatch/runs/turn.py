"""One run at a time for a deployment, on whichever machine; a dead run lets go by itself.

On PostgreSQL the turn is an advisory lock of a session of its own, on SQLite a lock on a file in home:
both end with the process that holds them. A run found still `running` once the turn is ours has died.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from budgetwatch import tables
from budgetwatch.errors import Conflict
from budgetwatch.home import Home
from budgetwatch.text import Text

#: Any number, the same in every process: it names the turn among PostgreSQL's advisory locks.
_ADVISORY = 7_226_011
DIED = "the process ended before the run did"


@contextmanager
def turn(home: Home) -> Iterator[None]:
    """Hold the turn; `Conflict` when another run has it."""
    with _held(home) as got:
        if not got:
            raise _taken(home)
        _bury(home)
        yield


@contextmanager
def _held(home: Home) -> Iterator[bool]:
    if home.db.engine.dialect.name == "postgresql":
        with home.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            got = bool(connection.scalar(sa.text("SELECT pg_try_advisory_lock(:n)"), {"n": _ADVISORY}))
            try:
                yield got
            finally:
                if got:
                    connection.execute(sa.text("SELECT pg_advisory_unlock(:n)"), {"n": _ADVISORY})
        return
    with (home.path / "run.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True


def _bury(home: Home) -> None:
    """Mark runs that a dead process left behind as failed."""
    with home.session() as session:
        session.execute(
            sa.update(tables.Run)
            .where(tables.Run.status == "running")
            .values(status="failed", failure=DIED, finished_at=tables.now())
        )


def _taken(home: Home) -> Conflict:
    with home.session() as session:
        running = session.scalars(
            sa.select(tables.Run).where(tables.Run.status == "running").order_by(tables.Run.id.desc())
        ).first()
    by = f" {running.actor}, {running.started_at:%Y-%m-%d %H:%M} UTC" if running else ""
    return Conflict(
        Text(
            f"已有一次运行正在进行{f'（{by.strip()}）' if by else ''}。",
            f"another run is under way{f' ({by.strip()})' if by else ''}.",
        ),
        fix=Text("请等它结束后再试。", "Try again when it has ended."),
    )
