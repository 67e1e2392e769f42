"""Incidents: rules that fired far beyond what was expected, what is held of each, and how it was decided.

Everybody who works cases or runs rules sees that there is one and how far beyond it went; what was found, and the rows
it rests on, only who may see flags. None of it is a flag before it is released.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from budgetwatch import tables as t
from budgetwatch.access.viewer import Viewer
from budgetwatch.backtest.report import Report, RuleReport
from budgetwatch.queries import casefile, seen, wording
from budgetwatch.queries.listing import Heading, Listing, heading
from budgetwatch.queries.names import names
from budgetwatch.queries.scope import begins, demand, missing, paged
from budgetwatch.queries.wording import rule_name
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

STATES = {
    "open": Text("待处置", "Open"),
    "release": Text("已立疑点", "Released"),
    "discard": Text("已撤销", "Discarded"),
}
_BASES = {
    "back_test": Text("回测", "Back-test"),
    "runs": Text("以往运行", "Earlier runs"),
}
_INCIDENTS = (
    heading("incident_id", "事件", "Incident", "integer"),
    heading("at", "时间", "At", "moment"),
    heading("run_id", "运行", "Run", "integer"),
    heading("rule_id", "规则编号", "Rule", "code"),
    heading("rule_name", "规则", "Rule name"),
    heading("found", "新查出", "Found", "integer"),
    heading("expected", "预期至多", "Expected at most", "integer"),
    heading("times", "倍数", "Times", "ratio"),
    heading("basis_label", "预期依据", "Expected by"),
    heading("state_label", "状态", "State"),
    heading("decided_by", "处置人", "Decided by"),
    heading("note", "说明", "Note"),
)
_FINDINGS = (
    heading("severity", "级别", "Severity", "severity"),
    heading("sentence", "内容", "What"),
    heading("subject_name", "对象", "Subject"),
    heading("period", "期间", "Period", "code"),
    heading("agency_name", "单位", "Unit"),
    heading("amount", "金额", "Amount", "money"),
    heading("row_count", "行数", "Rows", "integer"),
)
_UNITS = (
    heading("agency_name", "单位", "Unit"),
    heading("region_name", "地区", "Place"),
    heading("found", "新查出", "Found", "integer"),
    heading("amount", "金额", "Amount", "money"),
)
_POWERS = ("flags", "run", "switch_rules")
_WORDS = Text("这个事件", "incident of that number")


@dataclass(frozen=True, slots=True)
class Beyond:
    """What is held month by month beside what was to be expected (a back-test's hits, else the rule's flags).

    Rows: month held usual; a whole year where a finding has no month. `told` is the incident as `incident` tells it.
    """

    told: dict[str, Any]
    listing: Listing


def incidents(
    home: Home, viewer: Viewer, *, open_only: bool = False, rule_id: str = "", limit: int = 50, offset: int = 0
) -> Listing:
    """Newest first, those whose findings lie wholly in scope. Rows: incident_id at run_id rule_id rule_name(Text) severity
    region found expected times(Decimal, None where nothing was expected) basis basis_label(Text) most state state_label(Text)
    decided_by decided_at note. Totals: open."""
    demand(viewer, *_POWERS)
    limit, offset = paged(limit, offset)
    query = (
        sa.select(t.Incident, t.IncidentStep)
        .outerjoin(t.IncidentStep, t.IncidentStep.incident_id == t.Incident.id)
        .where(begins(t.Incident.region, viewer.region))
        .order_by(t.Incident.id.desc())
    )
    if rule_id:
        query = query.where(t.Incident.rule_id == rule_id)
    with home.session() as session:
        found = session.execute(query).all()
    waiting = sum(step is None for _, step in found)
    told = [_told(home, one, step) for one, step in found if step is None or not open_only]
    return Listing(_INCIDENTS, told[offset : offset + limit], len(told), {"open": waiting})


def waiting(home: Home, viewer: Viewer, rule_id: str = "") -> list[dict[str, Any]]:
    """The incidents that wait for a decision, as a home and a rule's page name them; none for who may not see incidents."""
    if not may_see(viewer):
        return []
    return incidents(home, viewer, open_only=True, rule_id=rule_id).rows


def may_see(viewer: Viewer) -> bool:
    """Whether this person's role includes incidents."""
    return any(viewer.may(power) for power in _POWERS)


def may_decide(viewer: Viewer) -> bool:
    """Whether this person's role decides on incidents."""
    return viewer.may("switch_rules") or viewer.may("work_cases")


def incident(home: Home, viewer: Viewer, incident_id: int, *, limit: int = 50, offset: int = 0) -> dict[str, Any]:
    """One incident as the list has it, and as_of, back_test_id (the one that says what was expected, or None), units, amount
    (by currency), by_unit (the twenty with most) and `findings`: the held ones, the largest first. Rows of findings:
    finding_id severity sentence(Text) subject_name period region agency_code agency_name amount currency row_count.
    Without the power to see flags the last three are empty."""
    limit, offset = paged(limit, offset)
    with home.session() as session:
        one, step = _one(session, viewer, incident_id)
        run = session.get_one(t.Run, one.run_id)
        test = _test(session, viewer, one)
        told = {
            **_told(home, one, step), "as_of": run.as_of, "back_test_id": test[0] if test else None,
            "units": 0, "amount": {}, "by_unit": Listing(_UNITS, [], 0), "findings": Listing(_FINDINGS, [], one.found),
        }  # fmt: skip
        if viewer.may("flags"):
            told |= _whole(home, session, viewer, one)
            rows = list(_findings(home, session, viewer, one, limit, offset))
            told["findings"] = Listing(_FINDINGS, rows, one.found, told["amount"])
    return told


def findings(home: Home, viewer: Viewer, incident_id: int) -> Listing:
    """All that is held of an incident, for a file."""
    demand(viewer, "flags")
    with home.session() as session:
        one, _ = _one(session, viewer, incident_id)
        rows = list(_findings(home, session, viewer, one, None, 0))
    return Listing(_FINDINGS, rows, len(rows))


def rows_of(
    home: Home, viewer: Viewer, incident_id: int, finding_id: int, *, limit: int = 50, offset: int = 0
) -> tuple[str, dict[str, Any], Listing]:
    """The rows that one held finding rests on, as `casefile.evidence`: their feed, the finding, the rows."""
    demand(viewer, "flags")
    limit, offset = paged(limit, offset)
    with home.session() as session:
        one, _ = _one(session, viewer, incident_id)
        held = session.get(t.IncidentFinding, finding_id)
        if held is None or held.incident_id != incident_id:
            raise missing(Text("这一条", "finding of that number in this incident"))
        rule = wording.rules_of(home, session, [one.rule_version_id]).get(one.rule_version_id)
        versions = dict(session.get_one(t.Run, one.run_id).versions)
        told = _finding(home, viewer, one, held, {one.rule_version_id: rule} if rule else {})
    feed = rule.over if rule else ""
    found = casefile.rows_held(
        home, viewer, feed, held.rows, held.row_count, versions, limit=limit, offset=offset
    )  # fmt: skip
    if feed == "payment":
        seen.audit(home, viewer, "view_evidence", "incident", incident_id, finding=finding_id, rows=len(found.rows))
    return feed, told, found


def beyond(home: Home, viewer: Viewer, incident_id: int) -> Beyond:
    """How far beyond what was expected the findings of an incident go, month by month."""
    demand(viewer, *_POWERS)
    f = t.IncidentFinding
    with home.session() as session:
        one, step = _one(session, viewer, incident_id)
        held = Counter(_month(p) for p in session.scalars(sa.select(f.period).where(f.incident_id == incident_id)))
        test = _test(session, viewer, one)
        if test is not None:
            usual = Counter(dict(test[1].by_month))
        else:
            flags = sa.select(t.Flag.period).where(t.Flag.rule_id == one.rule_id, t.Flag.first_run_id < one.run_id)
            usual = Counter(_month(period) for period in session.scalars(flags))
    rows = [{"month": month, "held": held[month], "usual": usual[month]} for month in sorted({*held, *usual})]
    headings: tuple[Heading, ...] = (
        heading("month", "月份", "Month"),
        heading("held", "新查出", "Found", "integer"),
        heading("usual", "回测命中", "Hits of the back-test", "integer") if test is not None
        else heading("usual", "原有疑点", "Flags before", "integer"),
    )  # fmt: skip
    return Beyond(
        {**_told(home, one, step), "back_test_id": test[0] if test else None}, Listing(headings, rows, len(rows))
    )


def _one(session: Session, viewer: Viewer, incident_id: int) -> tuple[t.Incident, t.IncidentStep | None]:
    demand(viewer, *_POWERS)
    one = session.get(t.Incident, incident_id) if 0 < incident_id < 2**31 else None
    if one is None or not viewer.sees(one.region):
        raise missing(_WORDS)
    return one, session.get(t.IncidentStep, incident_id)


def _told(home: Home, one: t.Incident, step: t.IncidentStep | None) -> dict[str, Any]:
    state = step.action if step else "open"
    rule = home.rules.get(one.rule_id)
    return {
        "incident_id": one.id, "at": one.at, "run_id": one.run_id, "rule_id": one.rule_id, "rule_name": rule_name(home, one.rule_id),
        "severity": rule.severity if rule else "", "region": one.region, "found": one.found, "expected": one.expected,
        "times": (Decimal(one.found) / one.expected).quantize(Decimal("0.1")) if one.expected else None,
        "basis": one.basis, "basis_label": _BASES[one.basis], "most": one.most, "state": state, "state_label": STATES[state],
        "decided_by": step.actor_name if step else None, "decided_role": step.actor_role if step else None,
        "decided_at": step.at if step else None, "note": step.note if step else "",
    }  # fmt: skip


def _test(session: Session, viewer: Viewer, one: t.Incident) -> tuple[int, RuleReport] | None:
    """The back-test by which the most was expected of the rule before the run, where it lies within the viewer's scope."""
    if one.basis != "back_test":
        return None
    kept = session.execute(
        sa.select(t.BackTest.id, t.BackTest.result)
        .join(t.BackTestRule, t.BackTestRule.back_test_id == t.BackTest.id)
        .where(
            t.BackTestRule.rule_id == one.rule_id, t.BackTest.created_at <= one.at, begins(t.BackTest.region, viewer.region)
        )
        .order_by(t.BackTest.id)
    ).all()  # fmt: skip
    told = [
        (number, report)
        for number, result in kept
        if result
        for report in Report.read(result).rules
        if report.rule_id == one.rule_id and not report.failure and not report.missing
    ]
    return max(told, key=lambda pair: (pair[1].hits == one.expected, pair[0]), default=None)


def _whole(home: Home, session: Session, viewer: Viewer, one: t.Incident) -> dict[str, Any]:
    """How many units all that is held concerns, its amounts by currency, and the units with most of it."""
    f, known = t.IncidentFinding, names(home, viewer)
    amounts: dict[str, Decimal] = {}
    units: dict[tuple[str, str], dict[str, Any]] = {}
    counted = session.execute(
        sa.select(f.agency_code, f.agency_name, f.region, sa.func.count(), sa.func.sum(f.amount))
        .where(f.incident_id == one.id)
        .group_by(f.agency_code, f.agency_name, f.region)
    )
    for code, name, region, count, amount in counted:
        currency = known.currency(region)
        shown = name or known.agencies.get(code or "", code or "")
        row = units.setdefault(
            (code or "", region),
            {"agency_code": code, "agency_name": shown, "region": region, "region_name": known.region(region), "found": 0,
             "amount": None, "currency": currency},
        )  # fmt: skip
        row["found"] += count
        if amount is not None:
            row["amount"] = (row["amount"] or Decimal(0)) + amount
            amounts[currency] = amounts.get(currency, Decimal(0)) + amount
    ranked = sorted(units.values(), key=lambda row: (-row["found"], str(row["agency_code"])))
    return {
        "units": len({row["agency_code"] for row in ranked if row["agency_code"]}), "amount": amounts,
        "by_unit": Listing(_UNITS, ranked[:20], len(ranked)),
    }  # fmt: skip


def _findings(
    home: Home, session: Session, viewer: Viewer, one: t.Incident, limit: int | None, offset: int
) -> Iterator[dict[str, Any]]:
    f = t.IncidentFinding
    query = sa.select(f).where(f.incident_id == one.id).order_by(f.amount.desc().nulls_last(), f.id).offset(offset)
    said = wording.rules_of(home, session, [one.rule_version_id])
    for held in session.scalars(query.limit(limit) if limit is not None else query):
        yield _finding(home, viewer, one, held, said)


def _finding(
    home: Home, viewer: Viewer, one: t.Incident, held: t.IncidentFinding, said: dict[int, Any]
) -> dict[str, Any]:
    """A held finding as its flag would read, masked as the flag would be."""
    known = names(home, viewer)
    flag = t.Flag(
        rule_id=one.rule_id, subject=held.subject, subject_name=held.subject_name, agency_name=held.agency_name,
        agency_code=held.agency_code, period=held.period, region=held.region,
    )  # fmt: skip
    proof = t.Evidence(
        rule_version_id=one.rule_version_id, amount=held.amount, row_count=held.row_count, params=held.params, facts=held.facts
    )  # fmt: skip
    return {
        "finding_id": held.id, "severity": held.severity, "sentence": wording.sentence(home, flag, proof, said, known, viewer),
        "subject_name": known.called(wording.name_of(flag, viewer)), "period": held.period, "region": held.region,
        "agency_code": held.agency_code,
        "agency_name": held.agency_name or known.agencies.get(held.agency_code or "", held.agency_code or ""),
        "amount": held.amount, "currency": known.currency(held.region), "row_count": held.row_count,
    }  # fmt: skip


def _month(period: str) -> str:
    return period[:7] if len(period) >= 7 and period[4] == "-" else period[:4]
