"""What rules on trial would find: kept back-tests, and shadow runs beside the real ones; within the viewer's scope."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from budgetwatch import tables as t
from budgetwatch.access.viewer import Viewer
from budgetwatch.backtest.report import Report
from budgetwatch.errors import BadRule
from budgetwatch.lifecycle.service import one as edition_of
from budgetwatch.lifecycle.service import rule_in
from budgetwatch.queries.listing import Listing, heading
from budgetwatch.queries.scope import begins, demand, missing, paged, within
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

_TESTS = (
    heading("back_test_id", "编号", "No", "integer"),
    heading("created_at", "时间", "When", "moment"),
    heading("who", "回测人", "By"),
    heading("rules", "规则", "Rules"),
    heading("as_of", "截至", "As of", "date"),
    heading("hits", "命中", "Hits", "integer"),
    heading("hours", "每年核查小时", "Hours a year", "ratio"),
    heading("seconds", "秒", "Seconds", "ratio"),
)
_MONTHS = (heading("month", "月份", "Month"), heading("hits", "命中", "Hits", "integer"))
_SHADOWS = (
    heading("shadow_id", "编号", "No", "integer"),
    heading("run_id", "同批运行", "Beside run", "integer"),
    heading("as_of", "截至", "As of", "date"),
    heading("looked_at", "已检查", "Looked at", "integer"),
    heading("flagged", "试运行命中", "Would flag", "integer"),
    heading("both", "两者都有", "Both", "integer"),
    heading("only_shadow", "仅试运行", "Only on trial", "integer"),
    heading("only_real", "仅现行规则", "Only in force", "integer"),
    heading("could_not_judge", "无法判断", "Could not judge", "integer"),
    heading("failure", "失败原因", "Failure"),
)
_WOULD_BE = (
    heading("severity", "级别", "Severity", "severity"),
    heading("sentence", "内容", "What"),
    heading("agency_name", "单位", "Unit"),
    heading("period", "期间", "Period"),
    heading("amount", "金额", "Amount", "money"),
    heading("real", "现行规则也有", "In force too", "flag"),
)


@dataclass(frozen=True, slots=True)
class BackTestView:
    """One kept back-test."""

    back_test_id: int
    created_at: dt.datetime
    who: str
    region: str
    as_of: dt.date
    seconds: float
    report: Report


def back_tests(home: Home, viewer: Viewer, *, rule_id: str = "", limit: int = 20, offset: int = 0) -> Listing:
    """Newest first, those whose scope lies within the viewer's. Rows as headings; `rules` a list of ids."""
    demand(viewer, "draft_rules", "approve_rules", "run")
    limit, offset = paged(limit, offset)
    limits: list[Any] = [begins(t.BackTest.region, viewer.region)]
    if rule_id:
        limits.append(
            t.BackTest.id.in_(sa.select(t.BackTestRule.back_test_id).where(t.BackTestRule.rule_id == rule_id))
        )
    with home.session() as session:
        total = session.scalar(sa.select(sa.func.count()).select_from(t.BackTest).where(*limits)) or 0
        found = session.execute(
            sa.select(t.BackTest, t.User.name).outerjoin(t.User, t.User.id == t.BackTest.user_id)
            .where(*limits).order_by(t.BackTest.id.desc()).limit(limit).offset(offset)
        ).all()  # fmt: skip
    rows = []
    for test, who in found:
        report = Report.read(test.result) if test.result else None
        rows.append(
            {
                "back_test_id": test.id,
                "created_at": test.created_at,
                "who": who or "—",
                "rules": [r.rule_id for r in report.rules] if report else [],
                "as_of": test.as_of,
                "hits": sum(r.hits for r in report.rules) if report else 0,
                "hours": round(sum(r.hours for r in report.rules), 1) if report else 0.0,
                "seconds": round(test.seconds, 1),
            }
        )
    return Listing(_TESTS, rows, total)


def back_test(home: Home, viewer: Viewer, back_test_id: int) -> BackTestView:
    """One back-test whole; one of a wider scope than the viewer's does not exist for them."""
    demand(viewer, "draft_rules", "approve_rules", "run")
    with home.session() as session:
        test = session.get(t.BackTest, back_test_id) if 0 < back_test_id < 2**31 else None
        if test is None or not test.region.startswith(viewer.region) or not test.result:
            raise missing(Text("这次回测", "back-test of that number"))
        user = session.get(t.User, test.user_id) if test.user_id else None
    return BackTestView(
        test.id,
        test.created_at,
        user.name if user else "—",
        test.region,
        test.as_of,
        test.seconds,
        Report.read(test.result),
    )


@dataclass(frozen=True, slots=True)
class Months:
    """One rule's hits by month, a whole year where a finding has no month. Rows: month hits."""

    rule_id: str
    listing: Listing


def by_month(home: Home, viewer: Viewer, back_test_id: int, rule_id: str) -> Months:
    """The hits of one rule of a back-test, in order of time."""
    view = back_test(home, viewer, back_test_id)
    one = next((r for r in view.report.rules if r.rule_id == rule_id), None)
    if one is None:
        raise missing(Text("这次回测中的这条规则", "rule of that id in this back-test"))
    rows = [{"month": month, "hits": hits} for month, hits in one.by_month]
    return Months(rule_id, Listing(_MONTHS, rows, len(rows)))


def shadow_runs(home: Home, viewer: Viewer, edition_id: int, *, limit: int = 20) -> Listing:
    """What an edition on trial said beside each real run, newest first. The counts are the whole deployment's."""
    demand(viewer, "flags", "run")
    limit, _ = paged(limit, 0)
    with home.session() as session:
        edition_of(session, edition_id)
        query = sa.select(t.ShadowRun).where(t.ShadowRun.edition_id == edition_id)
        found: Sequence[t.ShadowRun] = session.scalars(query.order_by(t.ShadowRun.id.desc()).limit(limit)).all()
    names = [h.name for h in _SHADOWS if h.name != "shadow_id"]
    rows = [{"shadow_id": s.id, **{name: getattr(s, name) for name in names}} for s in found]
    return Listing(_SHADOWS, rows, len(rows))


def would_be(
    home: Home, viewer: Viewer, edition_id: int, *, only_new: bool = False, limit: int = 50, offset: int = 0
) -> Listing:
    """What the latest shadow run would flag within scope, and whether the rule in force flags it too; no case of any."""
    demand(viewer, "flags")
    limit, offset = paged(limit, offset)
    with home.session() as session:
        edition = edition_of(session, edition_id)
        latest = sa.select(sa.func.max(t.ShadowRun.id)).where(t.ShadowRun.edition_id == edition_id).scalar_subquery()
        limits = [
            t.ShadowFlag.edition_id == edition_id, t.ShadowFlag.last_shadow_id == latest,
            within(viewer, t.ShadowFlag.region, t.ShadowFlag.agency_code),
        ]  # fmt: skip
        if only_new:
            limits.append(t.Flag.id.is_(None))
        joined = sa.select(t.ShadowFlag, t.Flag.id).outerjoin(t.Flag, t.Flag.key == t.ShadowFlag.key).where(*limits)
        total = session.scalar(sa.select(sa.func.count()).select_from(joined.subquery())) or 0
        order = (t.Flag.id.is_not(None), t.ShadowFlag.amount.desc(), t.ShadowFlag.id)
        found = session.execute(joined.order_by(*order).limit(limit).offset(offset)).all()
    try:
        rule = rule_in(home, edition)
    except BadRule:
        rule = None
    rows = [
        {
            "severity": one.severity,
            "sentence": rule.sentence(one.facts) if rule else Text(one.subject_name, one.subject_name),
            "agency_name": one.agency_name,
            "period": one.period,
            "amount": one.amount,
            "real": real is not None,
        }
        for one, real in found
    ]
    return Listing(_WOULD_BE, rows, total)
