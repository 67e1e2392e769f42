"""Running the rules: pin the facts, ask every rule, keep what they found. A second run adds nothing."""

from __future__ import annotations

import datetime as dt
import itertools
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import duckdb
import sqlalchemy as sa

from budgetwatch import tables
from budgetwatch.access.viewer import SYSTEM
from budgetwatch.home import Home
from budgetwatch.lifecycle.service import current_body
from budgetwatch.progress import Progress
from budgetwatch.rules import Rule
from budgetwatch.rules.judge import Verdict
from budgetwatch.rules.placed import judge_by_place
from budgetwatch.rules.prepared import Copy, opened
from budgetwatch.runs.changes import Changes
from budgetwatch.runs.day import last_day
from budgetwatch.runs.echo import in_turn
from budgetwatch.runs.fresh import touched
from budgetwatch.runs.hold import Limits
from budgetwatch.runs.keep import Kept, keep, versions_of
from budgetwatch.runs.mute import mute, muted
from budgetwatch.runs.narrow import NARROWED, Narrowed, Narrowing, reads_large
from budgetwatch.runs.own import OWN, note_down
from budgetwatch.runs.prepare import FEW, forget, over_earlier, ready_or_made
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
            run_id = _begin(home, actor, day, pinned)
            try:
                have = {
                    *pinned,
                    *(OWN if versions is None else ()),
                }  # of its own affairs the house knows that there are none
                results, kept = _ask(home, connection, rules, day, changes, have, run_id, at, progress, laid, new=new)
            except BaseException as error:
                _end(home, run_id, failure=f"{type(error).__name__}: {error}"[:2000])
                raise
        report = RunReport(
            run_id, day, pinned, sorted(results, key=lambda r: _place(rules, r.rule_id)),
            sum(k.new for k in kept), sum(k.changed for k in kept),
        )  # fmt: skip
        _end(home, run_id, new=report.new_flags, changed=report.changed_flags)
    return report


def _ask(
    home: Home,
    connection: duckdb.DuckDBPyConnection,
    rules: list[Rule],
    day: dt.date,
    changes: Changes,
    have: Iterable[str],
    run_id: int,
    at: dt.datetime | None,
    progress: Progress | None,
    prepared: Copy | None = None,
    *,
    new: bool = False,
) -> tuple[list[RuleResult], list[Kept]]:
    results, kept = [], []
    rules = in_turn(rules)
    limits = Limits(
        home.settings.hold_factor, home.settings.hold_least, lambda rule: current_body(home, rule.id) or rule.body
    )
    silent = mute(home, connection, changes.versions, day)
    why = {rule.id: told for rule in rules if (told := silent.of(rule))}
    asked = [rule for rule in rules if rule.id not in why]
    made = (
        opened(connection, prepared, [rule for rule in asked if set(rule.relies_on) <= {*have}], day)
        if prepared
        else None
    )
    if prepared and made is None:
        forget(home, prepared)
    with home.session() as session:
        known = versions_of(session, rules)
    whole: dict[str, str] = {}
    few = False
    if new and asked:
        narrowing = Narrowing(home, connection, day, changes, ready=made)
        narrowed: list[Narrowed] = []
        for rule, less, code in narrowing.all(asked, silent.places):
            if less is None:
                whole[rule.id] = code
            else:
                narrowed.append(less)
        with home.session() as session:
            for less in narrowed:
                verdict = silent.settle(less.verdict)
                done = keep(
                    session, run_id, verdict, day, at, limits, standing=less.standing, asked=NARROWED, versions=known
                )
                kept.append(done)
                results.append(_result(verdict, done, NARROWED))
        asked = [rule for rule in asked if rule.id in whole]
        few = sum(reads_large(rule, changes) for rule in asked) <= FEW
    # Large feeds first: the others are asked beside them.
    asked.sort(key=lambda rule: (bool(rule.echo_of), not reads_large(rule, changes)))
    verdicts = itertools.chain(
        # A rule that is muted says so before its echoes are asked: what it found before goes on standing.
        (muted(rule, why[rule.id], connection, have) for rule in rules if rule.id in why),
        map(
            silent.settle,
            judge_by_place(
                connection,
                asked,
                day,
                have,
                home.packs,
                progress,
                made,
                least_rows=_UNREADY if few else None,
                others=[home.rules[one] for one in home.rules.active],
                two=True,
            ),
        ),
    )
    for verdict in verdicts:
        code = whole.get(verdict.rule.id, "")
        with home.session() as session:
            done = keep(session, run_id, verdict, day, at, limits, asked=code, versions=known)
        kept.append(done)
        results.append(_result(verdict, done, code))
    return results, kept


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
