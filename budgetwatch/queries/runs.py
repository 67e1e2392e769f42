"""What the runs of the rules did: when, over which facts, and what each rule said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from budgetwatch import tables as t
from budgetwatch.access.viewer import Viewer
from budgetwatch.queries.asked import asked
from budgetwatch.queries.catalogue import reasons
from budgetwatch.queries.listing import Listing, heading
from budgetwatch.queries.scope import demand, missing, paged
from budgetwatch.queries.wording import rule_name
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

_RUNS = (
    heading("run_id", "编号", "Run", "integer"),
    heading("started_at", "开始", "Started", "moment"),
    heading("finished_at", "结束", "Finished", "moment"),
    heading("status", "状态", "Status", "code"),
    heading("as_of", "基准日", "As of", "date"),
    heading("actor", "运行人", "By"),
    heading("looked_at", "已检查", "Looked at", "integer"),
    heading("flagged", "疑点", "Flagged", "integer"),
    heading("could_not_judge", "无法判断", "Could not judge", "integer"),
    heading("new_flags", "新疑点", "New flags", "integer"),
    heading("changed_flags", "证据变化", "Changed flags", "integer"),
    heading("failure", "失败原因", "Failure"),
)
_RESULTS = (
    heading("rule_id", "规则编号", "Rule", "code"),
    heading("rule_name", "规则", "Rule name"),
    heading("severity", "级别", "Severity", "severity"),
    heading("looked_at", "已检查", "Looked at", "integer"),
    heading("flagged", "疑点", "Flagged", "integer"),
    heading("could_not_judge", "无法判断", "Could not judge", "integer"),
    heading("exempted", "豁免", "Exempted", "integer"),
    heading("asked", "所问范围", "Asked of"),
    heading("seconds", "秒", "Seconds", "ratio"),
)
_POWERS = ("run", "flags", "batches")


def runs(home: Home, viewer: Viewer, *, limit: int = 20, offset: int = 0) -> Listing:
    """Newest first. Rows: run_id started_at finished_at status as_of actor new_flags changed_flags looked_at flagged
    could_not_judge versions(dict) failure. The counts are the whole deployment's."""
    demand(viewer, *_POWERS)
    limit, offset = paged(limit, offset)
    sums = [
        sa.select(sa.func.sum(column)).where(t.RunRule.run_id == t.Run.id).scalar_subquery()
        for column in (t.RunRule.looked_at, t.RunRule.flagged, t.RunRule.could_not_judge)
    ]
    with home.session() as session:
        total = session.scalar(sa.select(sa.func.count()).select_from(t.Run)) or 0
        page = session.execute(sa.select(t.Run, *sums).order_by(t.Run.id.desc()).limit(limit).offset(offset)).all()
    rows = [
        {
            "run_id": run.id,
            **{
                k: getattr(run, k)
                for k in ("started_at", "finished_at", "status", "as_of", "actor", "new_flags", "changed_flags")
            },
            "looked_at": int(looked_at or 0),
            "flagged": int(flagged or 0),
            "could_not_judge": int(unclear or 0),
            "versions": dict(run.versions),
            "failure": run.failure if viewer.may("run") else None,
        }
        for run, looked_at, flagged, unclear in page
    ]
    return Listing(_RUNS, rows, total)


def results(home: Home, viewer: Viewer, run_id: int | None = None) -> Listing:
    """What each rule said in one run (None: the latest). Rows: rule_id rule_name(Text) severity looked_at flagged
    could_not_judge reasons([{code, sentence, count}]) exempted asked(Text) seconds."""
    demand(viewer, *_POWERS)
    with home.session() as session:
        newest = sa.select(sa.func.max(t.Run.id)).where(t.Run.status == "done").scalar_subquery()
        run = session.scalars(
            sa.select(t.Run).where(t.Run.id == (run_id if run_id is not None else newest))
        ).one_or_none()
        if run is None:
            if run_id is None:
                return Listing(_RESULTS, [], 0)
            raise missing(Text("这次运行", "run of that number"))
        said = session.scalars(sa.select(t.RunRule).where(t.RunRule.run_id == run.id).order_by(t.RunRule.rule_id)).all()
    rows = []
    for one in said:
        rule = home.rules.get(one.rule_id)
        rows.append(
            {
                "rule_id": one.rule_id,
                "rule_name": rule_name(home, one.rule_id),
                "severity": rule.severity if rule else None,
                "looked_at": one.looked_at,
                "flagged": one.flagged,
                "could_not_judge": one.could_not_judge,
                "reasons": reasons(one.reasons, rule.over if rule else ""),
                "exempted": one.exempted,
                "asked": asked(one.asked),
                "seconds": one.seconds,
            }
        )
    return Listing(_RESULTS, rows, len(rows))
