"""Rules that misbehave: broken, blind for most of what they look at, or suddenly flagging far more than before.

Read from what each rule said in its two latest finished runs. The counts are the whole deployment's, as on the
rules' own pages.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from budgetwatch import tables as t
from budgetwatch.access.viewer import Viewer
from budgetwatch.queries.desk import SHORT
from budgetwatch.queries.scope import demand
from budgetwatch.queries.wording import rule_name
from budgetwatch.rules import reasons
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

#: A rule that flags three times as much as in the run before, and at least ten more, has met something new: a changed
#: feed, or itself. Below ten it is the ordinary to and fro of a few findings.
MORE_TIMES, MORE_LEAST = 3, 10
#: A rule that cannot judge half of what it looks at says little about the other half.
BLIND_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Misbehaving:
    """One rule and what is wrong with it: `kind` is failed, blind or more."""

    rule_id: str
    name: Text
    kind: str
    sentence: Text


@dataclass(frozen=True, slots=True)
class FailedRun:
    """The latest run, where it failed."""

    run_id: int
    started_at: dt.datetime


def misbehaving(home: Home, viewer: Viewer, *, limit: int = SHORT) -> tuple[list[Misbehaving], int]:
    """The worst of them (broken, then flagging far more, then blind), and how many there are."""
    demand(viewer, "flags", "run")
    found: list[tuple[tuple[int, float], Misbehaving]] = []
    for now, before in _latest_two(home):
        if now.rule_id not in home.rules:
            continue  # no longer in the book: nothing to mend
        rule = home.rules[now.rule_id]
        share = now.could_not_judge / now.looked_at if now.looked_at else 0.0
        if reasons.FAILED in now.reasons:
            order, kind = (0, 0.0), "failed"
            said = Text("上次运行时出错，没有得出结果", "broke in the latest run and gave no result")
        elif before is not None and now.flagged >= max(before.flagged * MORE_TIMES, before.flagged + MORE_LEAST):
            order, kind = (1, -float(now.flagged - before.flagged)), "more"
            said = Text(
                f"疑点由 {before.flagged:,} 条增至 {now.flagged:,} 条",
                f"flags rose from {before.flagged:,} to {now.flagged:,}",
            )
        elif share >= BLIND_SHARE:
            order, kind = (2, -share), "blind"
            why = max(now.reasons, key=lambda code: _number(now.reasons[code]), default="")
            told = reasons.sentence(why, rule.over) if why else Text("", "")
            blind = f"{share:.0%}"
            said = Text(
                f"{blind} 无法判断" + (f"：{told.zh}" if told.zh else ""),
                f"cannot judge {blind}" + (f": {told.en}" if told.en else ""),
            )
        else:
            continue
        found.append((order, Misbehaving(now.rule_id, rule_name(home, now.rule_id), kind, said)))
    found.sort(key=lambda pair: (pair[0], pair[1].rule_id))
    return [one for _, one in found[:limit]], len(found)


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _latest_two(home: Home) -> list[tuple[t.RunRule, t.RunRule | None]]:
    """What each rule said in the latest finished run that asked it, and in the one before."""
    place = sa.func.row_number().over(partition_by=t.RunRule.rule_id, order_by=t.RunRule.run_id.desc()).label("place")
    recent = sa.select(t.Run.id).where(t.Run.status == "done").order_by(t.Run.id.desc()).limit(20)
    ranked = sa.select(t.RunRule.run_id, t.RunRule.rule_id, place).where(t.RunRule.run_id.in_(recent)).subquery()
    query = (
        sa.select(t.RunRule, ranked.c.place)
        .join(ranked, sa.and_(ranked.c.run_id == t.RunRule.run_id, ranked.c.rule_id == t.RunRule.rule_id))
        .where(ranked.c.place <= 2)
    )
    said: dict[str, dict[int, t.RunRule]] = {}
    with home.session() as session:
        for one, at in session.execute(query):
            said.setdefault(one.rule_id, {})[at] = one
    return [(both[1], both.get(2)) for both in said.values()]


def failed_run(home: Home, viewer: Viewer) -> FailedRun | None:
    """The latest run where it failed; None where it went well or goes on."""
    demand(viewer, "flags", "run", "batches")
    with home.session() as session:
        last = session.scalars(sa.select(t.Run).order_by(t.Run.id.desc()).limit(1)).one_or_none()
    return FailedRun(last.id, last.started_at) if last is not None and last.status == "failed" else None
