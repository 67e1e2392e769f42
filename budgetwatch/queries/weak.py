"""Rules that people hardly ever confirm: proposed for retirement, never retired by themselves.

A rule is proposed when, of the verdicts of the last twelve months on its flags (at least twenty), fewer than one in
twenty confirmed. What nobody judged says nothing. Source: the yearly pruning of rules in working systems.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import sqlalchemy as sa

from budgetwatch import tables as t
from budgetwatch.access.viewer import Viewer
from budgetwatch.backtest.report import precision
from budgetwatch.calendar import now
from budgetwatch.queries.listing import Listing, heading
from budgetwatch.queries.scope import demand, within

if TYPE_CHECKING:
    from budgetwatch.home import Home

LEAST_VERDICTS, MOST_CONFIRMED, DAYS = 20, 0.05, 365
_COLUMNS = (
    heading("rule_id", "编号", "Rule", "code"), heading("name", "规则", "Name"),
    heading("confirmed", "已认定", "Confirmed", "integer"), heading("verdicts", "有结论", "Judged", "integer"),
    heading("precision", "认定率", "Precision"),
)  # fmt: skip


def weak(home: Home, viewer: Viewer, moment: dt.datetime | None = None) -> Listing:
    """The rules in force that the verdicts of the year before the moment (now) speak against, the least confirmed first.

    Rows: rule_id name(Text) confirmed verdicts precision(Precision). A case counts once, by the verdict that stands.
    """
    demand(viewer, "rules")
    demand(viewer, "flags")
    since = (moment or now()) - dt.timedelta(days=DAYS)
    step = t.CaseStep
    # The last verdict of each case; one that was sent back or reopened since is none.
    last = (
        sa.select(step.case_id, sa.func.max(step.seq).label("seq"))
        .where(step.action.in_(("confirm", "dismiss", "send_back", "reopen")))
        .group_by(step.case_id)
        .subquery()
    )
    query = (
        sa.select(t.Flag.rule_id, step.action, sa.func.count())
        .join(last, sa.and_(last.c.case_id == step.case_id, last.c.seq == step.seq))
        .join(t.Case, t.Case.id == step.case_id)
        .join(t.Flag, t.Flag.id == t.Case.flag_id)
        .where(
            step.action.in_(("confirm", "dismiss")), step.at >= since, within(viewer, t.Flag.region, t.Flag.agency_code)
        )
        .group_by(t.Flag.rule_id, step.action)
    )
    counted: dict[str, dict[str, int]] = {}
    with home.session() as session:
        for rule_id, action, many in session.execute(query):
            counted.setdefault(rule_id, {})[action] = many
    rows = []
    active = home.rules.active
    for rule_id, by in counted.items():
        confirmed = by.get("confirm", 0)
        verdicts = confirmed + by.get("dismiss", 0)
        if rule_id in active and verdicts >= LEAST_VERDICTS and confirmed < MOST_CONFIRMED * verdicts:
            told = precision(confirmed, verdicts, verdicts)
            name = home.rules[rule_id].name
            rows.append(
                {"rule_id": rule_id, "name": name, "confirmed": confirmed, "verdicts": verdicts, "precision": told}
            )
    rows.sort(key=lambda row: (row["precision"].share or 0, row["rule_id"]))  # type: ignore[attr-defined]
    return Listing(_COLUMNS, rows, len(rows))
