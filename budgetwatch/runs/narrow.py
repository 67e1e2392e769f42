"""Asking a rule only of what can have changed since its last run: the same answers as a full run, from few rows.

Of each rule it is known by what keys its question falls apart (`rules.partition`). The keys of the rows that came, went
or look different on another day are the only ones whose answers can differ; the question is put twice to the rows of
these keys, as they were and as they are. What the second gives replaces what the first gave, all other flags stand, and
the counts move by the difference. The first answer is held against the flags in the database: where they are not the
same, or anything else is not sure, the rule is asked whole, and the run says why.
"""

from __future__ import annotations

import datetime as dt
import itertools
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb
import sqlalchemy as sa

from budgetwatch import exemptions
from budgetwatch.records import ALL
from budgetwatch.records.rowid import PART_BITS
from budgetwatch.rules import coded, partition, reasons
from budgetwatch.rules import compile as compiled
from budgetwatch.rules.coded import Coded
from budgetwatch.rules.finding import Finding
from budgetwatch.rules.judge import Verdict, collect, install
from budgetwatch.rules.partition import Plan
from budgetwatch.rules.rule import Rule
from budgetwatch.rules.steady import steady
from budgetwatch.rules.trees import WHOLE, Whole
from budgetwatch.runs.basis import basis
from budgetwatch.runs.changes import Change, Changes
from budgetwatch.runs.keep import Standing, key_of
from budgetwatch.tables import Flag, Incident, RuleVersion, Run, RunRule

if TYPE_CHECKING:
    from budgetwatch.home import Home

#: How a run's line says that the rule was asked of what changed only.
NARROWED = "narrowed"
_log = logging.getLogger(__name__)
#: A rule whose feeds hold fewer rows together is asked whole: that is soon done.
LEAST_ROWS = 50_000
#: Where more than this share of a feed's rows belongs to touched keys, laying them apart and asking twice costs more than
#: asking whole (measured at 2 million payments: level at about a tenth).
MOST_SHARE = 0.08
#: One row in so many is looked at to see how many there are.
_SAMPLE = 64
#: Keys used together; more make no fewer rows.
_MOST_KEYS = 4


@dataclass(frozen=True, slots=True)
class Base:
    """What a rule said when it was last asked, and over what."""

    run_id: int
    digest: str
    as_of: dt.date
    versions: Mapping[str, int]
    looked_at: int
    could_not_judge: int
    reasons: Mapping[str, int]
    exempted: int
    basis: str
    seconds: float


@dataclass(slots=True)
class Narrowed:
    """A rule's verdict put together of what stood and what changed; `standing` says which flags hold besides its findings."""

    verdict: Verdict
    standing: Standing
    keys: int = 0
    rows: int = 0


@dataclass(slots=True)
class _Said:
    """The answers of one question over the rows of the touched keys."""

    findings: dict[str, Finding]
    could_not_judge: int
    reasons: Counter[str]


class Narrowing:
    """Narrowed asking over one connection to the facts as they are now."""

    def __init__(
        self, home: Home, connection: duckdb.DuckDBPyConnection, day: dt.date, changes: Changes,
        *, least_rows: int | None = None, most_share: float | None = None,
    ) -> None:  # fmt: skip
        self.home, self.connection, self.day = home, connection, day
        self.changes, self.versions = changes, changes.versions
        self.made_ready: dict[str, str] = {}
        self._unknown: list[int] | None = None
        self.least = LEAST_ROWS if least_rows is None else least_rows
        self.most = MOST_SHARE if most_share is None else most_share
        self.basis = basis()
        self._moved: dict[tuple[str, str, dt.date], bool] = {}
        self._found: dict[tuple[str, str], bool] = {}
        self._needs: dict[str, set[tuple[str, ...]]] = {}
        self._lack: dict[str, dict[tuple[str, ...], int]] = {}
        self.bases = bases(home)
        with home.session() as session:
            self._incidents = frozenset(session.scalars(sa.select(Incident.rule_id).distinct()))
            self._exempted = exemptions.exempted(session, day)
        self._packs = home.packs
        self._with_null: frozenset[int] = frozenset()
        self._on: dict[str, tuple[str, ...]] = {}
        self.parted = home.settings.mute_late == "places"

    def beside(self, ready: Coded) -> None:
        """Know the feeds that were made ready: to ask a rule of all their rows costs less than to look for some."""
        self.made_ready, self._unknown = dict(ready.made.tables), ready.unknown

    def ready(self, rules: Sequence[Rule]) -> None:
        """Our functions on the connection, for the rules that may be narrowed."""
        if self._unknown is None:
            self._unknown = install(self.connection, [rule for rule in rules if not rule.baselines], self.day)

    def all(self, rules: Sequence[Rule], parted: Callable[[Rule], bool]) -> Iterator[tuple[Rule, Narrowed | None, str]]:
        """Each rule with what it says, or with the code why it must be asked whole; `parted` rules are."""
        ready = False
        for rule in rules:
            try:
                self._base(rule)
                if rule.echo_of:  # what is no echo any more is a flag, whether or not its own rows changed
                    raise Whole("echo")
                if parted(rule) or (
                    self.parted and any(code.startswith("late:") for code in self.bases[rule.id].reasons)
                ):
                    raise Whole("late")
                if not ready:
                    ready = True
                    self.ready([one for one in rules if one.uses_workdays])
                    self._look(one for one in rules if not one.echo_of)
                yield rule, self.ask(rule), ""
            except Whole as whole:
                yield rule, None, whole.code
            except (duckdb.Error, ValueError):
                _log.exception("rule %s could not be narrowed; it is asked whole", rule.id)
                yield rule, None, "failed"

    def ask(self, rule: Rule) -> Narrowed:
        """The rule's verdict from what changed; raises `Whole` where it must be asked of everything."""
        started = time.perf_counter()
        base = self._base(rule)
        plan = self._planned(rule)
        places = self._changed(rule, plan, base, self._not_narrowed(rule, plan))
        verdict = Verdict(rule, looked_at=base.looked_at, could_not_judge=base.could_not_judge)
        verdict.reasons = Counter({code: n for code, n in base.reasons.items() if not _remark(code)})
        self._counted(rule, base, verdict)
        standing = Standing(base.run_id)
        made = Narrowed(verdict, standing)
        if places:
            then, now, made.keys, made.rows = self._both(rule, plan, base, places)
            self._checked(rule, base, then, now)
            verdict.findings = list(now.findings.values())
            verdict.could_not_judge += now.could_not_judge - then.could_not_judge
            verdict.reasons.update(now.reasons)
            verdict.reasons.subtract(then.reasons)
            standing.gone = frozenset(then.findings) - frozenset(now.findings)
        if verdict.could_not_judge < 0 or any(n < 0 for n in verdict.reasons.values()):
            raise Whole("differs")
        verdict.reasons = Counter({code: n for code, n in verdict.reasons.items() if n})
        if rule.uses_workdays:
            verdict.reasons.update({reasons.no_holidays(year): 1 for year in self._unknown or ()})
        verdict.seconds = time.perf_counter() - started
        return made

    # ---- whether at all

    def surely_whole(self, rule: Rule) -> bool:
        """Whether the rule must be asked of everything whatever changed: told without looking at any row, with our functions on
        the connection."""
        try:
            base, plan = self._base(rule), self._planned(rule)
            return self._day_matters(plan, base)
        except (Whole, duckdb.Error, ValueError):
            return True

    def _base(self, rule: Rule) -> Base:
        base = self.bases.get(rule.id)
        if base is None:
            raise Whole("first")
        if base.digest != rule.digest:
            raise Whole("changed")
        if base.basis != self.basis or any(_unsound(code) for code in base.reasons):
            raise Whole("before")
        if any(self.versions.get(feed, -1) < base.versions.get(feed, -1) for feed in rule.reads):
            raise Whole("before")
        if rule.id in self._incidents:
            raise Whole("incident")
        if self._packs.of(rule.id):
            raise Whole("pack")
        if base.exempted or rule.id in self._exempted:
            raise Whole("exempt")
        return base

    def _planned(self, rule: Rule) -> Plan:
        if rule.form == "deadline":
            raise Whole("form")
        return partition.plan(rule)

    def _not_narrowed(self, rule: Rule, plan: Plan) -> str:
        """Why the rule is asked of everything once anything changed that matters to it; empty where it can be asked of less."""
        if plan.why:
            return plan.why
        if sum(self.changes.rows(feed) for feed in rule.reads) < self.least:
            return "small"
        ready = any(feed in self.made_ready and self.changes.rows(feed) >= coded.LEAST_ROWS for feed in rule.reads)
        return "ready" if ready else ""

    # ---- what changed

    def _change(self, feed: str, base: Base) -> Change:
        return self.changes.of(feed, base.versions.get(feed))

    def _counted(self, rule: Rule, base: Base, verdict: Verdict) -> None:
        """Bring up to date how many rows there are, and how many lack what the rule needs."""
        change = self._change(rule.over, base)
        if not change:
            return
        verdict.looked_at += change.many_added - change.many_removed
        for table, many, sign in ((change.added, change.many_added, 1), (change.removed, change.many_removed, -1)):
            if many and rule.needs:
                verdict.could_not_judge += sign * self._lacking(rule.over, table, rule.needs)
                for column in rule.needs:
                    verdict.reasons[reasons.missing(column)] += sign * self._lacking(rule.over, table, (column,))

    def _lacking(self, feed: str, table: str, needs: tuple[str, ...]) -> int:
        """How many rows of a change lack one of the columns; counted for all rules over the feed at once."""
        if table not in self._lack:
            asked = {needs, *self._needs.get(feed, ())}
            asked |= {(column,) for needed in asked for column in needed}
            told = ", ".join(f"count(*) FILTER ({' OR '.join(f'{c} IS NULL' for c in one)})" for one in asked)
            [found] = self.connection.execute(f"SELECT {told} FROM {table}").fetchall()
            self._lack[table] = dict(zip(asked, found, strict=True))
        if needs not in self._lack[table]:
            self._needs.setdefault(feed, set()).add(needs)
            del self._lack[table]
            return self._lacking(feed, table, needs)
        return self._lack[table][needs]

    def _changed(self, rule: Rule, plan: Plan, base: Base, whole: str) -> dict[int, list[str]]:
        """Of each place where rows that matter came, went or look different now: the queries of those rows. Where the rule is
        then asked `whole` anyhow, the first is enough: it is raised."""
        moving = sorted(set(plan.moving)) if base.as_of != self.day else []
        if self._day_matters(plan, base):
            raise Whole("day")
        found: dict[int, list[str]] = {}
        for place, query in itertools.chain(self._came_or_went(plan, base), self._look_different(plan, base, moving)):
            if whole:
                raise Whole(whole)
            found.setdefault(place, []).append(query)
        return found

    def _day_matters(self, plan: Plan, base: Base) -> bool:
        """Whether something that rests on no row is another on this day."""
        return base.as_of != self.day and any(
            self._has_moved(feed, expression, base.as_of) for feed, expression in sorted(set(plan.moving)) if not feed
        )

    def _came_or_went(self, plan: Plan, base: Base) -> Iterator[tuple[int, str]]:
        for place, feed in enumerate(plan.places):
            change = self._change(feed, base)
            for table, day in self._tables_of(change, base):
                condition = self._matters(plan, place, day)
                if self._there(table, condition):
                    yield place, f"SELECT * FROM {table} AS f WHERE {condition}"

    def _tables_of(self, change: Change, base: Base) -> Iterator[tuple[str, dt.date]]:
        """The tables of a change that hold rows, each with the day on which these were looked at."""
        if change.many_added:
            yield change.added, self.day
        if change.many_removed:
            yield change.removed, base.as_of

    def _look(self, rules: Iterable[Rule]) -> None:
        """Find out of all the rules at once which of them have rows that matter among those that came or went; and note what
        columns they need."""
        asked: dict[str, dict[str, None]] = {}
        for rule in rules:
            if rule.needs:
                self._needs.setdefault(rule.over, set()).add(rule.needs)
            with suppress(Whole):
                base, plan = self._base(rule), self._planned(rule)
                for place, feed in enumerate(plan.places):
                    for table, day in self._tables_of(self._change(feed, base), base):
                        asked.setdefault(table, {})[self._matters(plan, place, day)] = None
        for table, conditions in asked.items():
            told = ", ".join(f"bool_or({condition})" for condition in conditions)
            with suppress(duckdb.Error):  # whichever it is will say so itself
                [found] = self.connection.execute(f"SELECT {told} FROM {table} AS f").fetchall()
                self._found.update({(table, one): bool(hit) for one, hit in zip(conditions, found, strict=True)})

    def _there(self, table: str, condition: str) -> bool:
        """Whether the table has such a row."""
        if (table, condition) not in self._found:
            rows = self.connection.execute(f"SELECT 1 FROM {table} AS f WHERE {condition} LIMIT 1").fetchall()
            self._found[table, condition] = bool(rows)
        return self._found[table, condition]

    def _look_different(self, plan: Plan, base: Base, moving: Sequence[tuple[str, str]]) -> Iterator[tuple[int, str]]:
        for place, feed in enumerate(plan.places):
            for of, expression in moving:
                if of == feed and self._has_moved(feed, expression, base.as_of):
                    condition = f"{self._either(plan, place, base)} AND {self._differs(expression, base.as_of)}"
                    if self._any(feed, condition):
                        yield place, f"SELECT * FROM main.{feed} AS f WHERE {condition}"

    def _has_moved(self, feed: str, expression: str, then: dt.date) -> bool:
        key = feed, expression, then
        if key not in self._moved:
            differs = self._differs(expression, then)
            self._moved[key] = (
                self._any(feed, differs)
                if feed
                else bool(self.connection.execute(f"SELECT 1 WHERE {differs}").fetchall())
            )
        return self._moved[key]

    def _any(self, feed: str, condition: str) -> bool:
        """Whether the feed has a row of which that is true; what was made ready is read faster."""
        for table in filter(None, (self.made_ready.get(feed), f"main.{feed}")):
            with suppress(duckdb.BinderException):  # it was not made ready with all its columns
                return bool(self.connection.execute(f"SELECT 1 FROM {table} AS f WHERE {condition} LIMIT 1").fetchall())
        return True

    def _differs(self, expression: str, then: dt.date) -> str:
        return f"({partition.render(expression, then)}) IS DISTINCT FROM ({partition.render(expression, self.day)})"

    def _matters(self, plan: Plan, place: int, day: dt.date) -> str:
        return " AND ".join(f"({partition.render(one, day)})" for one in plan.matters[place]) or "true"

    def _either(self, plan: Plan, place: int, base: Base) -> str:
        then, now = self._matters(plan, place, base.as_of), self._matters(plan, place, self.day)
        return f"({now})" if then == now else f"(({now}) OR ({then}))"

    # ---- asking twice

    def _both(
        self, rule: Rule, plan: Plan, base: Base, changed: Mapping[int, Sequence[str]]
    ) -> tuple[_Said, _Said, int, int]:
        chosen = _chosen(plan, changed)
        if not chosen:
            raise Whole("key")
        keys = self._touched(plan, chosen, changed)
        tables, held, rows = self._tables(rule, plan, base, chosen)
        try:
            now = self._said(rule, plan, tables, self.day)
            for place, feed in enumerate(plan.places):
                self._back(tables[place], feed, self._change(feed, base), held)
            then = self._said(rule, plan, tables, base.as_of)
        finally:
            self._drop(held)
        return then, now, keys, rows

    def _touched(self, plan: Plan, chosen: Sequence[Mapping[int, str]], changed: Mapping[int, Sequence[str]]) -> int:
        parts = [
            f"SELECT {', '.join(f'{partition.render(key[place])} AS k{n}' for n, key in enumerate(chosen))} FROM ({query}) AS f"
            for place, queries in changed.items() for query in queries
        ]  # fmt: skip
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE _touched AS {' UNION '.join([*parts, parts[0]])}")
        absent = ", ".join(f"count(*) FILTER (k{n} IS NULL)" for n in range(len(chosen)))
        [(many, *nulls)] = self.connection.execute(f"SELECT count(*), {absent} FROM _touched").fetchall()
        self._with_null = frozenset(n for n, found in enumerate(nulls) if found)
        return int(many)

    def _tables(
        self, rule: Rule, plan: Plan, base: Base, chosen: Sequence[Mapping[int, str]]
    ) -> tuple[dict[int, str], set[str], int]:
        """A table of the touched keys' rows for each place; those that are read whole are the feeds themselves."""
        tables: dict[int, str] = {}
        held: set[str] = set()
        made: dict[tuple[str, ...], str] = {}
        rows = 0
        for place, feed in enumerate(plan.places):
            on = [(n, key[place]) for n, key in enumerate(chosen) if key[place] != WHOLE]
            if not on:
                tables[place] = feed
                continue
            kept = self._either(plan, place, base)
            shape = (feed, kept, *(f"{n}:{expression}" for n, expression in on))
            if shape not in made:
                name = f"_narrow_{place}"
                columns = ", ".join(f'f."{column}"' for column in (*_needed(rule, plan, feed), "_row"))
                if self._share(feed, kept, on) > self.most:
                    self._drop(held)
                    raise Whole("much")
                self.connection.execute(
                    f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {columns} FROM {self._of_touched(f'main.{feed}', kept, on)}"
                )
                [(many,)] = self.connection.execute(f"SELECT count(*) FROM {name}").fetchall()
                made[shape] = name
                held.add(name)
                rows += many
            tables[place] = made[shape]
        self._on = {made[shape]: shape for shape in made}
        return tables, held, rows

    def _share(self, feed: str, kept: str, on: Sequence[tuple[int, str]]) -> float:
        """About what share of the feed's rows belongs to touched keys."""
        many = self.changes.rows(feed)
        if many < max(self.least, 100 * _SAMPLE):
            return 0.0
        some = f"(SELECT * FROM main.{feed} WHERE (_row >> {PART_BITS}) % {_SAMPLE} = 0)"
        [(found,)] = self.connection.execute(f"SELECT count(*) FROM {self._of_touched(some, kept, on)}").fetchall()
        return float(found) * _SAMPLE / many

    def _of_touched(self, source: str, kept: str, on: Sequence[tuple[int, str]]) -> str:
        """The rows of a source that matter and belong to touched keys, as what follows a FROM; each as `f`."""
        asked = ", ".join(f"k{n}" for n, _ in on)
        same = " AND ".join(
            f"t.k{n} {'IS NOT DISTINCT FROM' if n in self._with_null else '='} ({partition.render(one)})"
            for n, one in on
        )
        return f"(SELECT * FROM {source} AS f WHERE {kept}) AS f SEMI JOIN (SELECT DISTINCT {asked} FROM _touched) AS t ON {same}"

    def _drop(self, held: Iterable[str]) -> None:
        for name in {*held, "_touched"}:
            self.connection.execute(f"DROP TABLE IF EXISTS {name}")

    def _back(self, table: str, feed: str, change: Change, held: set[str]) -> None:
        """Make of a table of rows as they are one of the rows as they were."""
        if table not in held or not change or table not in self._on:
            return
        _, kept, *on = self._on.pop(table)
        columns = ", ".join(
            f'f."{c[0]}"' for c in self.connection.execute(f"SELECT * FROM {table} LIMIT 0").description or ()
        )
        self.connection.execute(f"DELETE FROM {table} WHERE _row IN (SELECT _row FROM {change.added})")
        if change.many_removed:
            pairs = [(int(n), one) for n, one in (told.split(":", 1) for told in on)]
            self.connection.execute(
                f"INSERT INTO {table} SELECT {columns} FROM {self._of_touched(change.removed, kept, pairs)}"
            )

    def _said(self, rule: Rule, plan: Plan, tables: Mapping[int, str], day: dt.date) -> _Said:
        verdict = Verdict(rule)
        if rule.form == "when":
            self.connection.execute(
                f"CREATE OR REPLACE TEMP TABLE hits AS WITH {rule.over} AS NOT MATERIALIZED (FROM {tables[0]}) {compiled.hits(rule, day)}"
            )
            [(undecided,)] = self.connection.execute("SELECT count(*) FROM hits WHERE hit IS NULL").fetchall()
            verdict.cannot(reasons.UNDECIDED, undecided)
            collect(self.connection, compiled.grouped(rule, "hits", "hit", day), rule, day, verdict)
            self.connection.execute("DROP TABLE hits")
        else:
            text = plan.asked_of(tables, day)
            if text is None:
                raise Whole("unclear")
            collect(self.connection, steady(text), rule, day, verdict)
        return _Said(
            {key_of(rule.id, f.subject, f.period): f for f in verdict.findings},
            verdict.could_not_judge,
            verdict.reasons,
        )

    def _checked(self, rule: Rule, base: Base, then: _Said, now: _Said) -> None:
        """What is found again of the last run must be the flags that it left, to the digest; and nobody else's."""
        if not then.findings and not now.findings:
            return
        with self.home.session() as session:
            stood = {
                key: (digest, last)
                for key, digest, last in session.execute(
                    sa.select(Flag.key, Flag.evidence_digest, Flag.last_run_id).where(Flag.rule_id == rule.id)
                )
            }
        for key, finding in then.findings.items():
            if stood.get(key) != (finding.digest, base.run_id):
                raise Whole("differs")
        for key in now.findings.keys() - then.findings.keys():
            if key in stood and stood[key][1] == base.run_id:
                raise Whole("differs")


def reads_large(rule: Rule, changes: Changes) -> bool:
    """Whether the rule reads a feed that would be made ready for a full run."""
    return any(changes.rows(feed) >= coded.LEAST_ROWS for feed in rule.reads)


def bases(home: Home) -> dict[str, Base]:
    """What each rule said in its newest run."""
    newest = (
        sa.select(RunRule.rule_id, sa.func.max(RunRule.run_id).label("run_id")).group_by(RunRule.rule_id).subquery()
    )
    query = (
        sa.select(
            RunRule.rule_id, RunRule.run_id, RuleVersion.digest, Run.as_of, Run.versions, RunRule.looked_at,
            RunRule.could_not_judge, RunRule.reasons, RunRule.exempted, RunRule.basis, RunRule.seconds,
        )
        .join(newest, sa.and_(newest.c.rule_id == RunRule.rule_id, newest.c.run_id == RunRule.run_id))
        .join(Run, Run.id == RunRule.run_id)
        .join(RuleVersion, RuleVersion.id == RunRule.rule_version_id)
    )  # fmt: skip
    with home.session() as session:
        return {rule_id: Base(*rest) for rule_id, *rest in session.execute(query)}


def _chosen(plan: Plan, changed: Iterable[int]) -> list[dict[int, str]]:
    """The keys that every changed place has, of alike ones that which leaves least whole."""
    places = sorted(changed)
    best: dict[tuple[str, ...], dict[int, str]] = {}
    for key in plan.keys:
        told = tuple(key[place] for place in places)
        if WHOLE in told:
            continue
        if told not in best or _wholes(key) < _wholes(best[told]):
            best[told] = key
    return [best[told] for told in sorted(best, key=lambda told: (_wholes(best[told]), told))][:_MOST_KEYS]


def _wholes(key: Mapping[int, str]) -> int:
    return sum(expression == WHOLE for expression in key.values())


def _needed(rule: Rule, plan: Plan, feed: str) -> list[str]:
    """The feed's columns that the question can speak of."""
    has = ALL[feed].by_name
    if plan.starred:
        return list(has)
    wanted = compiled.hit_columns(rule) if rule.form == "when" else set()
    return [name for name in has if name in plan.named or name in wanted]


def _remark(code: str) -> bool:
    """Whether a reason is said of the whole run and not counted by rows."""
    return code.startswith(("no_holidays:", "late:"))


def _unsound(code: str) -> bool:
    """Whether a run that said so asked less than everything."""
    late = code.startswith("late:") and code.count(":") < 3
    return late or code.split(":")[0] in (reasons.FAILED, "torn", "no_facts", "held", reasons.TOO_FEW)
