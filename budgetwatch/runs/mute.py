"""Feeds that are late, or do not agree with what they must agree with: the rules that need them say so and find nothing.

Late is by the senders' own rhythm (`budgetwatch.rhythm`) on the run's day: where payments reach December and the indicators
stop in March, a rule over both would compare a year with a quarter. A feed is late when all its senders are; one late
sender among several is a remark on the rule's line, or mutes the places concerned, as `settings.mute_late` says.
A check (`records.agreements`) mutes the rules of its feeds past the share of differing cases that
`settings.mute_unreconciled` gives it; rules that balance sums are asked all the same, for they are who says it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import duckdb
import sqlalchemy as sa

from budgetwatch.home import Home
from budgetwatch.records import ALL
from budgetwatch.records.agreements import CHECKS
from budgetwatch.rhythm import late_since, reach, usual_gap
from budgetwatch.rules import reasons
from budgetwatch.rules.judge import Verdict
from budgetwatch.rules.places import common
from budgetwatch.rules.rule import Rule
from budgetwatch.tables import Batch


@dataclass(frozen=True, slots=True)
class Late:
    """A sender who owes a file of the feed since a day; `region` is what all of their files have in common."""

    feed: str
    sender: str
    region: str
    since: dt.date


@dataclass(frozen=True, slots=True)
class Mute:
    """What a run may not rest on. `whole`: feed -> why; `parts`: late senders of feeds that others deliver on time."""

    whole: Mapping[str, str] = field(default_factory=dict)
    torn: Mapping[str, str] = field(default_factory=dict)
    parts: Sequence[Late] = ()
    by_place: bool = False

    def places(self, rule: Rule) -> bool:
        """Whether findings of some places are left out of the rule's."""
        return self.by_place and any(late.feed in rule.relies_on for late in self.parts)

    def of(self, rule: Rule) -> list[str]:
        """Why the rule cannot be asked; empty: it can."""
        unsound = {} if rule.form == "balance" else self.torn
        return [mute[feed] for mute in (self.whole, unsound) for feed in rule.relies_on if feed in mute]

    def settle(self, verdict: Verdict) -> Verdict:
        """The verdict with what late senders mean for it: a remark, or findings at their places not made."""
        for late in (one for one in self.parts if one.feed in verdict.rule.relies_on):
            there = [f for f in verdict.findings if late.region and f.region.startswith(late.region)]
            if self.by_place and there:
                verdict.findings = [f for f in verdict.findings if f not in there]
                verdict.cannot(reasons.late(late.feed, late.since, late.sender), len(there))
            else:
                verdict.reasons[reasons.late(late.feed, late.since, late.sender)] += 1
        return verdict


def muted(rule: Rule, why: Sequence[str], connection: duckdb.DuckDBPyConnection, have: Iterable[str]) -> Verdict:
    """The verdict of a rule that is not asked: all that it would have looked at could not be judged."""
    verdict = Verdict(rule)
    if rule.over in set(have):
        [(verdict.looked_at,)] = connection.execute(f"SELECT count(*) FROM {rule.over}").fetchall()
    for reason in why:
        verdict.reasons[reason] = max(verdict.looked_at, 1)
    verdict.could_not_judge = max(verdict.looked_at, 1)
    return verdict


def mute(home: Home, connection: duckdb.DuckDBPyConnection, pinned: Mapping[str, int], day: dt.date) -> Mute:
    """What the run of that day over those versions may not rest on, as the settings say."""
    how = home.settings.mute_late
    whole: dict[str, str] = {}
    parts: list[Late] = []
    if how != "never":
        for feed, (late, senders) in lateness(home, pinned, day).items():
            if len(late) == senders:
                whole[feed] = reasons.late(feed, min(one.since for one in late))
            else:
                parts += late
    return Mute(whole, _torn(home, connection, pinned), parts, how == "places")


def lateness(home: Home, pinned: Mapping[str, int], day: dt.date) -> dict[str, tuple[list[Late], int]]:
    """Feed -> its senders who are late on the day, and how many send it at all. Feeds on time are left out."""
    b = Batch
    with home.session() as session:
        rows = session.execute(
            sa.select(b.feed, b.sender, b.profile, b.last_day, b.received_at, b.regions, b.fact_version)
            .where(b.status == "accepted")
            .order_by(b.id)
        ).all()
    series: dict[tuple[str, str], dict[str, list[dt.date]]] = {}
    regions: dict[tuple[str, str], set[str]] = {}
    for feed, sender, profile, last_day, received_at, found, version in rows:
        if feed not in pinned or (version is not None and version > pinned[feed]):
            continue
        who = feed, sender or profile
        # Each profile is a series of its own: the city's file and the districts' file do not make a rhythm.
        series.setdefault(who, {}).setdefault(profile, []).append(reach(last_day, received_at))
        regions.setdefault(who, set()).update(found or ())
    told: dict[str, tuple[list[Late], int]] = {}
    for (feed, sender), files in series.items():
        late, count = told.get(feed, ([], 0))
        since = [owed for days in files.values() if (owed := late_since(max(days), usual_gap(days), day))]
        # All of a sender's series must be late: a file that was replaced by another is no debt.
        if len(since) == len(files):
            late = [*late, Late(feed, sender, common(sorted(regions[feed, sender])), min(since))]
        told[feed] = late, count + 1
    return {feed: (late, count) for feed, (late, count) in told.items() if late and feed in ALL and not ALL[feed].own}


def _torn(home: Home, connection: duckdb.DuckDBPyConnection, pinned: Mapping[str, int]) -> dict[str, str]:
    torn: dict[str, str] = {}
    for name, share in home.settings.mute_unreconciled.items():
        check = CHECKS.get(name)
        if check is None or not pinned.keys() >= set(check.feeds):
            continue
        allowed = Decimal(home.settings.tolerances.get(name, check.tolerance))
        [(cases, differing)] = connection.execute(
            f"SELECT count(*), count(*) FILTER (abs(stated - found) > $allowed) FROM ({check.sql})",
            {"allowed": allowed},
        ).fetchall()
        if cases and Decimal(differing) > share * cases:
            torn.update({feed: reasons.torn(feed, name, differing, cases) for feed in check.feeds if feed not in torn})
    return torn
