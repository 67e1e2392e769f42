"""Flags that rest on rows corrected since: which rules must be asked again, and for how many flags.

A row that was superseded stays where it is, so a flag's evidence stays true of its day; but the flag may no longer
hold. Only rows corrected after the rule's last run count: what was corrected before, that run has seen.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import sqlalchemy as sa

from budgetwatch.facts.superseded import corrections
from budgetwatch.home import Home
from budgetwatch.records import ALL
from budgetwatch.tables import Case, Evidence, Flag, Run, RunRule


def stale_rules(home: Home) -> list[str]:
    """The rules that are on, with an open flag whose rows were corrected since the rule's last run; see `stale_flags`."""
    found = stale_flags(home)
    return [rule_id for rule_id in home.rules.active if rule_id in found]


def stale_flags(home: Home) -> dict[str, list[int]]:
    """For each such rule, its flags. Evidence keeps its first 1,000 rows: one with more is taken for stale by any
    correction of its feed, for nobody can say whose rows they were."""
    last = _last_versions(home)
    open_evidence = _open_evidence(home)
    feeds = {feed for feed, _ in open_evidence}
    corrected = {feed: corrections(home.store, feed, home.settings) for feed in feeds}
    found: dict[str, list[int]] = {}
    for (feed, rule_id), members in open_evidence.items():
        since = last.get(rule_id, {}).get(feed, -1)
        old = np.sort(corrected[feed].old[corrected[feed].versions > since])
        if not old.size:
            continue
        sizes = [len(rows) // 8 for _, rows, _ in members]
        hit = np.isin(np.frombuffer(b"".join(rows for _, rows, _ in members), dtype="<i8"), old)
        owner = np.repeat(np.arange(len(members)), sizes)
        touched = np.bincount(owner[hit], minlength=len(members)) > 0
        beyond = np.array([count > size for (_, _, count), size in zip(members, sizes, strict=True)])
        flags = [members[at][0] for at in np.flatnonzero(touched | beyond)]
        if flags:
            found.setdefault(rule_id, []).extend(flags)
    return found


def _last_versions(home: Home) -> dict[str, dict[str, int]]:
    """The fact versions that each rule was last asked over."""
    with home.session() as session:
        newest = (
            sa.select(RunRule.rule_id, sa.func.max(RunRule.run_id).label("run_id"))
            .join(Run, Run.id == RunRule.run_id)
            .group_by(RunRule.rule_id)
            .subquery()
        )
        rows = session.execute(sa.select(newest.c.rule_id, Run.versions).join(Run, Run.id == newest.c.run_id))
        return {rule_id: {feed: int(v) for feed, v in versions.items()} for rule_id, versions in rows}


def _open_evidence(home: Home) -> dict[tuple[str, str], list[tuple[int, bytes, int]]]:
    """Of every flag that is not closed, its newest evidence: (feed, rule) -> (flag, packed rows, how many in all)."""
    newest = sa.select(sa.func.max(Evidence.id)).group_by(Evidence.flag_id)
    query = (
        sa.select(Evidence.row_feed, Flag.rule_id, Flag.id, Evidence.rows, Evidence.row_count)
        .join(Flag, Flag.id == Evidence.flag_id)
        .outerjoin(Case, Case.flag_id == Flag.id)
        .where(Evidence.id.in_(newest), Case.closed_at.is_(None), Evidence.row_feed.in_(list(ALL)))
        .order_by(Flag.id)
    )
    grouped: dict[tuple[str, str], list[tuple[int, bytes, int]]] = defaultdict(list)
    with home.session() as session:
        for feed, rule_id, flag_id, rows, count in session.execute(query):
            grouped[feed, rule_id].append((flag_id, rows or b"", count))
    return grouped
