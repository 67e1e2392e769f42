"""Large feeds kept ready for the rules: what `coded` makes of the facts, in a file that later runs read as it is.

The file holds the coded tables of one set of facts files; beside it lies a note: whose rows these are, which engine made
them, what stands for parts of questions, and how each question that was known is put. It is derived and disposable: a
run over the same facts finds it and pays nothing for it, one over later facts lays over it what changed since (`overlay`),
another engine makes it worthless, and without it questions are asked of the feeds themselves. Rules may change: what the file has no answer to is asked of
its columns as it is written. The note is sealed with the deployment's secret, so that one written by somebody else is
worth nothing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import Any

import duckdb

from budgetwatch.errors import BudgetwatchError
from budgetwatch.facts.durable import only_one, sync
from budgetwatch.facts.engine import connect
from budgetwatch.facts.reading import rows
from budgetwatch.facts.store import Snapshot
from budgetwatch.records import ALL
from budgetwatch.rules import coded, memory, sql
from budgetwatch.rules.coded import Coded, show
from budgetwatch.rules.judge import install, years_of
from budgetwatch.rules.made import Made
from budgetwatch.rules.making import make_ready
from budgetwatch.rules.overlay import Came, lay_over
from budgetwatch.rules.reached import Part, Reach
from budgetwatch.rules.rule import Rule
from budgetwatch.rules.steps import Steps, laid
from budgetwatch.settings import Settings

_log = logging.getLogger(__name__)
#: What the file is attached as (`facts.engine.connect`).
NAME = "prepared"
_END, _NOTE = ".duckdb", ".note"
#: Puts our functions on a connection over the facts and gives the questions that will be asked, the rows of each feed, and the
#: day that they are asked on.
Ask = Callable[[duckdb.DuckDBPyConnection], tuple[Sequence[str], Mapping[str, int], dt.date]]


@dataclass(frozen=True, slots=True)
class Copy:
    """A file made ready, and what its note says; and of each feed that changed since what did."""

    path: Path
    told: Mapping[str, Any]
    changes: Mapping[str, Came] = field(default_factory=dict)

    @property
    def versions(self) -> dict[str, int]:
        """The versions of the feeds that it was made of."""
        return dict(self.told["versions"])

    def years(self, connection: duckdb.DuckDBPyConnection) -> dict[str, set[int]]:
        """The first and last years of its feeds, but for those of which rows were taken away since."""
        known = {}
        for feed, years in self.told["years"].items():
            change = self.changes.get(feed)
            if change is None or not change.many_removed:
                known[feed] = {*years} | (years_of(connection, feed, change.added) if change else set())
        return known

    def open(self, connection: duckdb.DuckDBPyConnection) -> Coded:
        """What was made ready, for questions on a connection to which the file is attached; raises `duckdb.Error` where what
        changed since cannot be laid over it."""
        made = Made.of(self.told)
        coded = Coded(connection, made)
        shown = made.names
        show(connection, shown, NAME)
        coded.parts = {table: (Part(f'"{NAME}".main.{table}'),) for table in shown}
        try:
            lay_over(connection, coded, self.changes, NAME)
        except duckdb.Error:
            for table in shown:
                connection.execute(f"DROP VIEW {table}")
            raise
        return coded


def opened(connection: duckdb.DuckDBPyConnection, copy: Copy, rules: Sequence[Rule], as_of: dt.date) -> Coded | None:
    """What was made ready, for asking these rules on that day; None where what changed since cannot be laid over it."""
    return laid_over(connection, copy, install(connection, rules, as_of, copy.years(connection)), as_of)


def laid_over(
    connection: duckdb.DuckDBPyConnection, copy: Copy, unknown: Sequence[int], as_of: dt.date
) -> Coded | None:
    """The same where our functions are on the connection: what came is made ready with them. `unknown` are the years whose days
    off are not known."""
    try:
        made = copy.open(connection)
        made.unknown, made.day = [*unknown], as_of
        return made
    except duckdb.Error as error:
        _log.warning("what was made ready does not fit what came since: %s", str(error).splitlines()[0])
        return None


class Prepared:
    """The files of one deployment. Many processes may read and make them."""

    def __init__(self, root: Path, secret: str) -> None:
        self.root = Path(root).resolve()
        self._key = hashlib.sha256(b"rules-prepared|" + secret.encode()).digest()

    def ready(self, snapshot: Snapshot) -> Copy | None:
        """The file that was made of just these facts, by this engine; None where there is none."""
        engine = _engine()
        for path in sorted(self.root.glob(f"*{_END}"), key=lambda path: path.name, reverse=True) if engine else ():
            told = self._noted(path)
            if told is not None and told["engine"] == engine and told["facts"] == _facts(snapshot, told["facts"]):
                return Copy(path, told)
        return None

    def near(self, snapshot: Snapshot, then: Callable[[Mapping[str, int]], Snapshot]) -> Copy | None:
        """The newest file that was made of earlier versions of just these facts; `then` gives the facts at versions."""
        engine = _engine()
        for path in sorted(self.root.glob(f"*{_END}"), key=lambda path: path.name, reverse=True) if engine else ():
            told = self._noted(path)
            if told is None or told["engine"] != engine:
                continue
            feeds = told["versions"]
            if any(snapshot.versions.get(feed, -1) < made for feed, made in feeds.items()) or any(
                snapshot.within.get(feed) for feed in feeds
            ):
                continue
            with suppress(BudgetwatchError):  # a version that is gone is no version of these facts
                if _facts(then(feeds), told["facts"]) == told["facts"]:
                    return Copy(path, told)
        return None

    def make(
        self, snapshot: Snapshot, settings: Settings, ask: Ask, feeds: Iterable[str], least: int | None = None
    ) -> Copy | None:
        """Make the file for questions over these feeds; None where no feed is large enough, the facts are of long ago, or
        another process is at it. It is made within the memory limit, and found by later runs only when it is whole.
        """
        feeds = [feed for feed in feeds if snapshot.files.get(feed) and not ALL[feed].own]
        least = coded.LEAST_ROWS if least is None else least
        if not (engine := _engine()) or any(snapshot.within.get(feed) for feed in feeds):
            return None
        if max((rows(snapshot.files[feed]) for feed in feeds), default=0) < least:
            return None
        with only_one(self.root / ".lock") as mine:
            if not mine or (found := self.ready(snapshot)) is not None:
                return found if mine else None
            facts = _facts(snapshot, feeds)
            name = hashlib.sha256(json.dumps([engine, facts], sort_keys=True).encode()).hexdigest()[:24]
            whole = self.root / f"{max(snapshot.versions.values(), default=0):08d}-{name}{_END}"
            half = self.root / f".{whole.name}.half"
            half.unlink(missing_ok=True)
            try:
                told = self._made(snapshot, settings, half, ask, feeds, least)
                if not told["tables"]:
                    return None
                told |= {"engine": engine, "facts": _facts(snapshot, told["tables"])}
                told["versions"] = {feed: snapshot.versions[feed] for feed in told["tables"]}
                sync(half)
                half.replace(whole)
                self._note(whole, told)
            finally:
                half.unlink(missing_ok=True)
                half.with_name(f"{half.name}.wal").unlink(missing_ok=True)
            for old in self.root.glob(f"*{_END}"):  # who has one open keeps it until they let go
                if old != whole:
                    self._remove(old)
        return Copy(whole, told)

    def forget(self, copy: Copy) -> None:
        """Remove the file; who has it open keeps it until they let go."""
        with only_one(self.root / ".lock") as mine:
            if mine:
                self._remove(copy.path)

    @staticmethod
    def _remove(path: Path) -> None:
        path.unlink(missing_ok=True)
        path.with_suffix(_NOTE).unlink(missing_ok=True)

    def _made(
        self, snapshot: Snapshot, settings: Settings, half: Path, ask: Ask, feeds: Collection[str], least: int
    ) -> dict[str, Any]:
        connection = connect(snapshot, settings, prepared=half, making=True)
        try:
            questions, counted, day = ask(connection)
            counted = {feed: many for feed, many in counted.items() if feed in feeds}
            ready = make_ready(connection, questions, counted, least, inside=NAME)
            said = asked_before(ready, questions, day)
            years = {
                feed: sorted(years_of(connection, feed, feed)) for feed in ready.made.large if feed in ready.made.tables
            }
            connection.execute(f"CHECKPOINT {NAME}")
        finally:
            connection.close()
        return ready.made.told(said) | {"years": years}

    def _noted(self, path: Path) -> dict[str, Any] | None:
        try:
            sealed = json.loads(path.with_suffix(_NOTE).read_bytes())
            body = sealed["told"]
            if not hmac.compare_digest(sealed["seal"], self._seal(body)):
                return None
            told: dict[str, Any] = json.loads(body)
            return told
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None

    def _note(self, path: Path, told: Mapping[str, Any]) -> None:
        body = json.dumps(told, separators=(",", ":"))
        half = path.with_name(f".{path.name}.note")
        half.write_text(json.dumps({"seal": self._seal(body), "told": body}), encoding="utf-8")
        sync(half)
        half.replace(path.with_suffix(_NOTE))

    def _seal(self, body: str) -> str:
        return hmac.new(self._key, body.encode(), hashlib.sha256).hexdigest()


def asked_before(made: Coded, questions: Iterable[str], day: dt.date) -> dict[str, Steps]:
    """How the questions are asked, on that day and on any; what they reach on that day is kept in the file."""
    said: dict[str, Steps] = {}
    for question in dict.fromkeys(questions):
        how, any_day = replace(made.ask(question), columns=sql.columns(question) or ()), coded.any_day(question, day)
        other = how if any_day == question else replace(made.ask(any_day), columns=how.columns)
        if how.reached:
            reached = _kept(made, how, how.reached, f"_reached_{len(said)}")
            how = replace(how, reached=reached)
            other = replace(other, reached=other.reached and replace(other.reached, kept=reached.kept))
        said |= {question: how, any_day: other}
    return said


def _kept(made: Coded, how: Steps, reached: Reach, name: str) -> Reach:
    with laid(made.connection, replace(how, reached=None)):
        try:
            return reached.keep(made.connection, Part(f'"{NAME}".main.{reached.table}'), NAME, name)
        finally:
            reached.forget(made.connection)


def _engine() -> str:
    """What a file rests on besides the facts: the code that makes and reads it, and the lists of working days."""
    made = memory.engine()
    return made and hashlib.sha256(f"{made}|{metadata.version('chinesecalendar')}".encode()).hexdigest()


def _facts(snapshot: Snapshot, feeds: Iterable[str]) -> dict[str, Any]:
    """Which rows these feeds have: their files by name (no two were ever given the same), and whether superseded rows are left
    out; none for facts of long ago."""
    return {
        feed: None
        if snapshot.within.get(feed)
        else [feed in snapshot.replaced, *(Path(path).name for path in snapshot.files.get(feed, ()))]
        for feed in sorted(feeds)
    }
