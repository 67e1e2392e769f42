"""Running the rules: pin the facts, ask every rule, keep what they found. A second run adds nothing."""

from __future__ import annotations

import datetime as dt
import itertools
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import duckdb
import sqlalchemy as sa
from sqlalchemy.orm import Session

from budgetwatch import tables
from budgetwatch.access.viewer import SYSTEM
from budgetwatch.home import Home
from budgetwatch.lifecycle.service import current_body
from budgetwatch.progress import Progress
from budgetwatch.rules import Rule
from budgetwatch.rules.judge import Verdict, install
from budgetwatch.rules.placed import judge_by_place
from budgetwatch.rules.prepared import Copy, laid_over
from budgetwatch.runs.ahead import ahead, sure
from budgetwatch.runs.changes import Changes
from budgetwatch.runs.day import last_day
from budgetwatch.runs.echo import in_turn
from budgetwatch.runs.fresh import touched
from budgetwatch.runs.hold import Limits
from budgetwatch.runs.keep import Kept, Standing, keep, versions_of
from budgetwatch.runs.mute import Mute, mute, muted
from budgetwatch.runs.narrow import NARROWED, Narrowed, Narrowing, bases, reads_large
from budgetwatch.runs.own import OWN, note_down
from budgetwatch.runs.prepare import FEW, forget, hold_small, over_earlier, ready_or_made
from budgetwatch.runs.turn import turn

_log = logging.getLogger(__name__)
_UNREADY = 2**62


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What one rule said: looked at · flagged · could not judge (and why, by `rules.reasons` code).

    `asked` is empty where it was asked of everything as ever, `narrowed` of what changed, else says why not of less.
    """

    rule_id: str
    looked_at: int
    flagged: int
    could_not_judge: int
    reasons: dict[str, int]
    exempted: int
    seconds: float
    failure: str = ""
    held: int = 0
    asked: str = ""


@dataclass(frozen=True, slots=True)
class RunReport:
    """One run: over which facts, as of which day, and what each rule said."""

    run_id: int
    as_of: dt.date
    versions: dict[str, int]
    rules: list[RuleResult] = field(default_factory=list)
    new_flags: int = 0
    changed_flags: int = 0


def run(
    home: Home,
    *,
    actor: str,
    rule_ids: Iterable[str] | None = None,
    versions: Mapping[str, int] | None = None,
    as_of: dt.date | None = None,
    at: dt.datetime | None = None,
    new: bool = False,
    models: bool = True,
    progress: Progress | None = None,
) -> RunReport:
    """Ask the rules (all that are on, or those named, on or off) over the facts as they stand, or as of `versions`; keep what they find.

    With `new` only the rules are asked that facts newer than their last run can change (`fresh`), and of these only what
    can have changed, where that is known for sure (`narrow`); each line says why where it was asked of everything.
    Without `models` the ranking models are not asked: nothing of them can be narrowed.

    `as_of` is the day the rules take for today: by default the last payment, else the last event, else
    today. `at` is when the flags and cases that it opens began, for a history entered afterwards (default: now). Raises
    `Conflict` when another run is under way, `NotFound` for an unknown rule.
    """
    rules = [home.rules[rule_id] for rule_id in (home.rules.active if rule_ids is None else dict.fromkeys(rule_ids))]
    rules = [rule for rule in rules if models or rule.form != "outlier"]
    with turn(home):
        if versions is None:
            note_down(home)
        pinned = dict(home.store.current() if versions is None else versions)

        def asked() -> list[Rule]:
            if not new:
                return rules
            with home.facts(SYSTEM, pinned) as connection:
                return touched(home, rules, pinned, as_of or last_day(connection))

        copy = ready_or_made(home, pinned, asked, as_of) if versions is None else None
        with home.facts(SYSTEM, pinned, prepared=copy.path if copy else None) as connection:
            day = as_of or last_day(connection)
            changes = Changes(home, connection, pinned)
            laid = over_earlier(copy, changes) if copy else None
            if copy and laid is None:
                forget(home, copy)
            if new:
                rules = touched(home, rules, pinned, day)
            hold_small(home, connection, pinned, rules)
            run_id = _begin(home, actor, day, pinned)
            try:
                # Of its own affairs the house knows that there are none.
                have = {*pinned, *(OWN if versions is None else ())}
                keeping = _Keeping(home, rules, day, run_id, at)
                _ask(home, connection, rules, day, changes, have, keeping, progress, laid, new=new)
            except BaseException as error:
                _end(home, run_id, failure=f"{type(error).__name__}: {error}"[:2000])
                raise
        report = RunReport(
            run_id, day, pinned, sorted(keeping.results, key=lambda r: _place(rules, r.rule_id)),
            sum(k.new for k in keeping.kept), sum(k.changed for k in keeping.kept),
        )  # fmt: skip
        _end(home, run_id, new=report.new_flags, changed=report.changed_flags)
    return report


class _Keeping:
    """What a run keeps of each verdict, in the order in which they come."""

    def __init__(self, home: Home, rules: Sequence[Rule], day: dt.date, run_id: int, at: dt.datetime | None) -> None:
        self.home, self.day, self.run_id, self.at = home, day, run_id, at
        self.limits = Limits(
            home.settings.hold_factor, home.settings.hold_least, lambda rule: current_body(home, rule.id) or rule.body
        )
        with home.session() as session:
            self.versions = versions_of(session, rules)
        self.results: list[RuleResult] = []
        self.kept: list[Kept] = []

    def keep(self, session: Session, verdict: Verdict, asked: str, standing: Standing | None = None) -> None:
        done = keep(
            session, self.run_id, verdict, self.day, self.at, self.limits,
            standing=standing, asked=asked, versions=self.versions,
        )  # fmt: skip
        self.kept.append(done)
        self.results.append(_result(verdict, done, asked))


def _ask(
    home: Home,
    connection: duckdb.DuckDBPyConnection,
    rules: list[Rule],
    day: dt.date,
    changes: Changes,
    have: Collection[str],
    keeping: _Keeping,
    progress: Progress | None,
    prepared: Copy | None = None,
    *,
    new: bool = False,
) -> None:
    rules = in_turn(rules)
    silent = mute(home, connection, changes.versions, day)
    why = {rule.id: told for rule in rules if (told := silent.of(rule))}
    asked = [rule for rule in rules if rule.id not in why]
    ready = [rule for rule in asked if {*have}.issuperset(rule.relies_on)]
    unknown = install(connection, ready, day, prepared.years(connection)) if prepared else []
    narrowing = Narrowing(home, connection, day, changes) if new and asked else None
    begun = sure(ready, narrowing) if prepared and narrowing else []
    with ahead(connection, begun, day, have, home.packs, unknown) as begun_with:
        made = laid_over(connection, prepared, unknown, day) if prepared else None
        if prepared and made is None:
            forget(home, prepared)
        if narrowing and made:
            narrowing.beside(made)
        whole: dict[str, str] = {}
        few = False
        if narrowing:
            whole = _narrowed(narrowing, asked, keeping, silent, begun_with.rules)
            asked = [rule for rule in asked if rule.id in whole]
            few = sum(reads_large(rule, changes) for rule in asked) <= FEW
        asked = [rule for rule in asked if rule.id not in begun_with.rules]
        # Large feeds first: the others are asked beside them.
        asked.sort(key=lambda rule: (bool(rule.echo_of), not reads_large(rule, changes)))
        others = [home.rules[one] for one in home.rules.active]
        judged = judge_by_place(
            connection, asked, day, have, home.packs, progress, made,
            least_rows=_UNREADY if few else None, others=others, two=True,
            took={rule: base.seconds for rule, base in (narrowing.bases if narrowing else bases(home)).items()},
        )  # fmt: skip
        # A rule that is muted says so before its echoes are asked: what it found before goes on standing.
        mutes = (muted(rule, why[rule.id], connection, have) for rule in rules if rule.id in why)
        for verdict in itertools.chain(mutes, map(silent.settle, itertools.chain(judged, begun_with.verdicts()))):
            with home.session() as session:
                keeping.keep(session, verdict, whole.get(verdict.rule.id, ""))


def _narrowed(
    narrowing: Narrowing, asked: list[Rule], keeping: _Keeping, silent: Mute, begun: Collection[str]
) -> dict[str, str]:
    """Keep what the rules say of which only what changed need be asked; gives the others, those begun with among them, each with
    the code why."""
    whole: dict[str, str] = {}
    narrowed: list[Narrowed] = []
    for rule, less, code in narrowing.all(asked, silent.places):
        if less is None or rule.id in begun:
            whole[rule.id] = code
        else:
            narrowed.append(less)
    with keeping.home.session() as session:
        for less in narrowed:
            keeping.keep(session, silent.settle(less.verdict), NARROWED, less.standing)
    return whole


def _result(verdict: Verdict, kept: Kept, asked: str = "") -> RuleResult:
    return RuleResult(
        verdict.rule.id, verdict.looked_at, kept.flagged, verdict.could_not_judge, dict(verdict.reasons), kept.exempted,
        verdict.seconds, verdict.failure, kept.held, asked,
    )  # fmt: skip


def _place(rules: list[Rule], rule_id: str) -> int:
    return next(at for at, rule in enumerate(rules) if rule.id == rule_id)


def _begin(home: Home, actor: str, day: dt.date, versions: Mapping[str, int]) -> int:
    with home.session() as session:
        made = session.execute(
            sa.insert(tables.Run).returning(tables.Run.id), {"as_of": day, "versions": dict(versions), "actor": actor}
        )
        return int(made.scalar_one())


def _end(home: Home, run_id: int, *, new: int = 0, changed: int = 0, failure: str | None = None) -> None:
    with home.session() as session:
        session.execute(
            sa.update(tables.Run)
            .where(tables.Run.id == run_id)
            .values(
                status="failed" if failure else "done",
                finished_at=tables.now(),
                new_flags=new,
                changed_flags=changed,
                failure=failure,
            )
        )
