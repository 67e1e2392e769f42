"""One deployment in hand: its settings, database, fact store and rules, opened together.

Everything a deployment keeps lies under `settings.home`:

    budgetwatch.db   what we remember (unless a PostgreSQL URL is set)
    facts/           the fact store: Parquet under Delta logs, one folder a feed
    rejects/         rejected rows, one Parquet a batch
    sent/            the sent files as they came, by hash
    laws/            statutes' texts, by law and day, for screens to quote
    packs/           what places of this deployment set differently from the rules
    profiles/        the operator's own feed profiles
    serving/         copies of facts for the screens; may be deleted at any time
    prepared/        large feeds as the rules read them; may be deleted at any time
    tmp/             work in progress; may be emptied when nothing runs
    secret           signs sessions
"""

from __future__ import annotations

import datetime as dt
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, overload

import sqlalchemy as sa
from sqlalchemy.orm import Session

from budgetwatch import db, rulebooks
from budgetwatch.access.viewer import SYSTEM, Viewer
from budgetwatch.calendar import today
from budgetwatch.facts.engine import connect
from budgetwatch.facts.pool import Pool
from budgetwatch.facts.serving import Serving
from budgetwatch.facts.store import FactStore
from budgetwatch.rulebooks import Effective
from budgetwatch.rules.book import RuleBook
from budgetwatch.rules.memory import Verdicts
from budgetwatch.rules.packs import Packs
from budgetwatch.settings import Settings
from budgetwatch.tables import RuleStep

if TYPE_CHECKING:
    import duckdb

#: Seconds for which the rules in force are taken as known; asking the database for each name would cost more than it.
_FRESH = 1.0


class _RulesInForce:
    """`home.rules`, asked anew at each look. Without `__set__`, so that a home may be given a book of its own instead."""

    @overload
    def __get__(self, home: None, owner: type[Home]) -> _RulesInForce: ...
    @overload
    def __get__(self, home: Home, owner: type[Home]) -> RuleBook: ...
    def __get__(self, home: Home | None, owner: type[Home]) -> _RulesInForce | RuleBook:
        return self if home is None else home.effective.book


class Home:
    """A deployment: `session()` for what we remember, `facts(viewer)` for what was sent."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.path = self.settings.home.resolve()
        for part in ("facts", "rejects", "sent", "profiles", "tmp"):
            (self.path / part).mkdir(parents=True, exist_ok=True)
        self.db = db.Database(self.settings.database)
        db.upgrade(self.db.engine)
        self.store = FactStore(self.path / "facts")
        self.serving = Serving(self.path / "serving")
        self._pool = Pool(self.settings, self.serving)
        self._effective: tuple[dt.date, int, float, Effective] | None = None

    #: The rules in force today: those of the files, overlaid by the approved editions that are active.
    rules = _RulesInForce()

    @property
    def effective(self) -> Effective:
        """The same, with which editions stand in it. What another process decided is seen within a second."""
        day, at = today(), time.monotonic()
        kept = self._effective
        if kept is not None and kept[0] == day and at - kept[2] < _FRESH:
            return kept[3]
        with self.session() as session:
            last = session.scalar(sa.select(sa.func.max(RuleStep.id))) or 0
            known = kept[3] if kept is not None and kept[:2] == (day, last) else None
            made = known or rulebooks.overlaid(self.files, rulebooks.in_force(session, day))
        self._effective = day, last, at, made
        return made

    def rules_on(self, day: dt.date) -> RuleBook:
        """The rules that were, or will be, in force on that day, over the files as they are now."""
        with self.session() as session:
            return rulebooks.overlaid(self.files, rulebooks.in_force(session, day)).book

    def look_again(self) -> None:
        """The rules' life has gone on: ask the database at the next look."""
        self._effective = None

    @cached_property
    def files(self) -> RuleBook:
        """The rules of the files, read and checked once."""
        return RuleBook.load(self.settings.rules, Verdicts(self.path / "tmp" / "rules-verified.json", self.secret))

    @property
    def packs(self) -> Packs:
        """What places set differently: the packs beside the rules, and the deployment's own; `BadRule` says what is wrong with one."""
        shipped = self.settings.rules / "packs"
        return Packs.load([shipped, self.path / "packs"], self.rules, forgiving=[shipped])

    @cached_property
    def secret(self) -> str:
        """What signs sessions: set by the operator, or made once and kept readable by the owner only."""
        if self.settings.secret:
            return self.settings.secret
        file: Path = self.path / "secret"
        if not file.exists():
            half = self.path / f".secret.{os.getpid()}.{secrets.token_hex(4)}"
            handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as out:
                out.write(secrets.token_urlsafe(48))
            # Of several processes that start together, one makes it, and nobody ever reads half of it.
            try:
                os.link(half, file)
            except FileExistsError:
                pass
            except OSError:  # a file system without links
                half.replace(file)
            half.unlink(missing_ok=True)
        return file.read_text()

    @contextmanager
    def session(self) -> Iterator[Session]:
        """One transaction on what we remember."""
        with self.db.session() as session:
            yield session

    @contextmanager
    def facts(
        self, viewer: Viewer, versions: Mapping[str, int] | None = None, *, prepared: Path | None = None
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """A read-only connection with one view a feed, holding only what lies in the viewer's scope.

        `versions` asks for the facts as they were known at those versions; without it, as known now. `prepared` is a
        file of `prepared/` that a run reads beside the views.
        """
        snapshot = self.store.snapshot(versions)
        if viewer is not SYSTEM:
            if versions is None or dict(versions) == self.store.current():
                self.serving.wanted(snapshot)
            with self._pool.lend(snapshot, viewer) as cursor:
                yield cursor
            return
        # The product's own work (runs, take-in) is long and rare: an instance of its own, gone with all it made.
        connection = connect(snapshot, self.settings, viewer=viewer, prepared=prepared)
        try:
            yield connection
        finally:
            connection.close()

    def close(self) -> None:
        """Let go of the database and of the open facts."""
        self._pool.close()
        self.db.engine.dispose()
