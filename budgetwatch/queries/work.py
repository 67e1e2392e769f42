"""The committee's work: the queue of cases, all flags, leads of the outlier models, a unit's own cases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnElement

from budgetwatch import tables as t
from budgetwatch.access import masking
from budgetwatch.access.viewer import Viewer
from budgetwatch.calendar import today
from budgetwatch.cases import machine
from budgetwatch.queries import wording
from budgetwatch.queries.casefile import (
    CaseView,
    MoveView,
    RuleView,
    StepView,
    case,
    evidence,
    in_sight,
    was_asked,
)
from budgetwatch.queries.listing import Listing, heading
from budgetwatch.queries.names import Names, names
from budgetwatch.queries.scope import begins, demand, mentions, one_of, paged, spellings, within
from budgetwatch.records.codes import SEVERITIES

if TYPE_CHECKING:
    from budgetwatch.home import Home

__all__ = [
    "CaseView", "MoveView", "RuleView", "StepView", "case", "counts", "evidence", "flags", "leads", "next_case",
    "own_cases", "queue",
]  # fmt: skip

_COLUMNS = (
    heading("case_id", "编号", "Case", "integer"),
    heading("severity", "级别", "Severity", "severity"),
    heading("state", "状态", "State", "state"),
    heading("rule_id", "规则编号", "Rule", "code"),
    heading("rule_name", "规则", "Rule name"),
    heading("subject_name", "对象", "Subject"),
    heading("agency_name", "单位", "Unit"),
    heading("region_name", "地区", "Region"),
    heading("period", "期间", "Period", "code"),
    heading("amount", "涉及金额", "Amount", "money"),
    heading("due_on", "期限", "Due", "date"),
    heading("assignee", "经办人", "Assignee"),
    heading("opened_at", "生成时间", "Opened", "moment"),
    heading("sentence", "说明", "What was found"),
)
_FLAG_COLUMNS = (
    heading("flag_id", "疑点编号", "Flag", "integer"),
    *(c for c in _COLUMNS if c.name not in ("due_on", "assignee")),
)
_LEAD_COLUMNS = (
    heading("flag_id", "疑点编号", "Flag", "integer"),
    heading("score", "罕见度", "Rarity", "ratio"),
    *(
        c
        for c in _COLUMNS
        if c.name
        in ("rule_id", "rule_name", "subject_name", "agency_name", "region_name", "period", "amount", "sentence")
    ),
    heading("case_id", "已立疑点", "Case", "integer"),
)
_OWN_COLUMNS = (
    *_COLUMNS[:-1],
    heading("asked_on", "发函日期", "Asked", "date"),
    heading("letter_no", "函号", "Letter no.", "code"),
    heading("waiting", "待回复", "Reply due", "flag"),
    _COLUMNS[-1],
)
_RANK = sa.case({code: rank for rank, code in enumerate(SEVERITIES)}, value=t.Flag.severity, else_=len(SEVERITIES))
_ENDED = ("closed",)
_SEARCHED = (t.Flag.subject_name, t.Flag.agency_name, t.Flag.agency_code, t.Flag.rule_id)


def _is_open() -> ColumnElement[bool]:
    return t.Case.state.not_in(_ENDED)


def _late() -> ColumnElement[bool]:
    return sa.and_(t.Case.due_on < today(), _is_open())


#: What may be due: what is late, what is due today, what is due within the seven days after today.
DUE = ("late", "today", "week")


def due_in(which: str) -> ColumnElement[bool]:
    """The open cases that are due then; `which` is one of `DUE`."""
    one_of(which, DUE, "due")
    if which == "late":
        return _late()
    day = today()
    if which == "today":
        return sa.and_(t.Case.due_on == day, _is_open())
    return sa.and_(t.Case.due_on > day, t.Case.due_on <= day + dt.timedelta(7), _is_open())


def opened_since(day: dt.date) -> ColumnElement[bool]:
    """The cases opened on that day or later, as days go where the service stands."""
    return t.Case.opened_at >= dt.datetime.combine(day, dt.time()).astimezone()


def confirmed_in(year: int) -> ColumnElement[bool]:
    """The cases that people confirmed in that year and that still stand confirmed, or were closed as such."""
    begins_on, ends_on = (dt.datetime(y, 1, 1).astimezone() for y in (year, year + 1))  # as days go here
    latest = sa.select(sa.func.max(t.CaseStep.id)).where(t.CaseStep.action.in_(machine.DECISIONS))
    confirmed = sa.select(t.CaseStep.case_id).where(
        t.CaseStep.id.in_(latest.group_by(t.CaseStep.case_id)),
        t.CaseStep.action == "confirm",
        t.CaseStep.at >= begins_on,
        t.CaseStep.at < ends_on,
    )
    return sa.and_(t.Case.id.in_(confirmed), t.Case.state.in_(("confirmed", "closed")))


def _orders() -> dict[str, tuple[Any, ...]]:
    return {
        "urgency": (
            sa.case((_late(), 0), else_=1), _RANK, t.Case.due_on.is_(None), t.Case.due_on, t.Flag.amount.desc(), t.Case.id,
        ),
        "-amount": (t.Flag.amount.is_(None), t.Flag.amount.desc(), t.Case.id),
        "amount": (t.Flag.amount.is_(None), t.Flag.amount, t.Case.id),
        "due": (t.Case.due_on.is_(None), t.Case.due_on, t.Case.id),
        "newest": (t.Case.opened_at.desc(), t.Case.id.desc()),
        "oldest": (t.Case.opened_at, t.Case.id),
    }  # fmt: skip


def mentioning(home: Home, viewer: Viewer, text: str) -> ColumnElement[bool]:
    """Whether a flag mentions the text: its subject, its unit, its rule by id or by name.

    Subjects of payments hold names and accounts: who may not see those cannot find out by searching either.
    """
    if not text.strip():
        return sa.true()
    forms = spellings(text)
    named = [r.id for r in home.rules.values() if any(f in r.name.zh.lower() or f in r.name.en.lower() for f in forms)]
    coded = mentions((t.Flag.subject,), text)
    if not masking.unmasked(viewer):
        silent = [r.id for r in home.rules.values() if "payment" not in r.reads]
        coded = sa.and_(coded, t.Flag.rule_id.in_(silent))
    return sa.or_(mentions(_SEARCHED, text), coded, t.Flag.rule_id.in_(named))


def queue(
    home: Home,
    viewer: Viewer,
    *,
    states: Sequence[str] | None = None,
    severities: Sequence[str] | None = None,
    rule_ids: Sequence[str] | None = None,
    text: str = "",
    mine: bool = False,
    overdue: bool = False,
    due: str = "",
    since: dt.date | None = None,
    confirmed: int | None = None,
    region: str = "",
    order: str = "urgency",
    limit: int = 50,
    offset: int = 0,
) -> Listing:
    """Cases within scope. Rows: case_id flag_id rule_id rule_name(Text) severity state subject_name agency_name
    region region_name(Text) period amount due_on overdue assignee opened_at sentence(Text).

    order: urgency | -amount | amount | due | newest | oldest. `states` None: all that are open. `due`: late | today | week;
    `since`: those opened on that day or later; `confirmed`: those confirmed in that year, closed ones too.
    """
    demand(viewer, "cases")
    limit, offset = paged(limit, offset)
    orders = _orders()
    one_of(order, orders, "order")
    limits = [
        in_sight(viewer),
        begins(t.Case.region, region),
        mentioning(home, viewer, text),
        *_picked(severities, rule_ids),
    ]
    limits.append(
        t.Case.state.in_([one_of(s, machine.STATES, "state") for s in states])
        if states is not None
        else _is_open()
        if confirmed is None
        else sa.true()
    )
    if mine:
        limits.append(t.Case.assignee_id == viewer.id if viewer.id is not None else sa.false())
    if overdue:
        limits.append(_late())
    if due:
        limits.append(due_in(due))
    if since is not None:
        limits.append(opened_since(since))
    if confirmed is not None:
        limits.append(confirmed_in(min(max(confirmed, 1990), 2100)))
    return _cases(home, viewer, limits, orders[order], limit, offset, _COLUMNS)


def _picked(severities: Sequence[str] | None, rule_ids: Sequence[str] | None) -> list[ColumnElement[bool]]:
    limits: list[ColumnElement[bool]] = []
    if severities:
        limits.append(t.Flag.severity.in_([one_of(s, SEVERITIES, "severity") for s in severities]))
    if rule_ids:
        limits.append(t.Flag.rule_id.in_(list(rule_ids)))
    return limits


def _cases(
    home: Home,
    viewer: Viewer,
    limits: Iterable[ColumnElement[bool]],
    order: tuple[Any, ...],
    limit: int,
    offset: int,
    columns: tuple[Any, ...],
) -> Listing:
    known = names(home, viewer)
    joined = sa.select(t.Case, t.Flag, t.User.name).join(t.Flag, t.Flag.id == t.Case.flag_id)
    joined = joined.outerjoin(t.User, t.User.id == t.Case.assignee_id).where(*limits)
    with home.session() as session:
        total, totals = _whole(session, known, joined)
        page = session.execute(joined.order_by(*order).limit(limit).offset(offset)).all()
        said = wording.sentences(home, session, (flag for _, flag, _ in page), known, viewer)
        rows = [
            {
                **_flag_row(home, viewer, known, flag),
                "case_id": one.id,
                "state": one.state,
                "due_on": one.due_on,
                "overdue": one.due_on is not None and one.state not in _ENDED and one.due_on < today(),
                "assignee": assignee or "",
                "opened_at": one.opened_at,
                "sentence": said[flag.id],
            }
            for one, flag, assignee in page
        ]
    return Listing(columns, rows, total, totals)


def _flag_row(home: Home, viewer: Viewer, known: Names, flag: t.Flag) -> dict[str, Any]:
    return {
        "flag_id": flag.id,
        "rule_id": flag.rule_id,
        "rule_name": wording.rule_name(home, flag.rule_id),
        "severity": flag.severity,
        "subject_name": known.called(wording.name_of(flag, viewer)),
        "agency_code": flag.agency_code,
        "agency_name": flag.agency_name or known.agencies.get(flag.agency_code or "", flag.agency_code or ""),
        "region": flag.region,
        "region_name": known.region(flag.region),
        "period": flag.period,
        "amount": flag.amount,
        "currency": known.currency(flag.region),
    }


def _whole(session: Session, known: Names, joined: Any) -> tuple[int, dict[str, Decimal]]:
    """How many the whole result holds, and its amounts by currency."""
    by_region = joined.with_only_columns(t.Flag.region, sa.func.count(), sa.func.sum(t.Flag.amount)).group_by(
        t.Flag.region
    )
    total, totals = 0, dict[str, Decimal]()
    for region, count, amount in session.execute(by_region):
        total += count
        if amount is not None:
            currency = known.currency(region)
            totals[currency] = totals.get(currency, Decimal(0)) + amount
    return total, totals


def counts(home: Home, viewer: Viewer) -> dict[str, Any]:
    """{by_state: {state: n}, by_severity (open only), by_rule (open only), open, overdue, mine, leads}."""
    limits = in_sight(viewer)
    mine = t.Case.assignee_id == viewer.id if viewer.id is not None else sa.false()
    with home.session() as session:

        def by(column: Any, *more: ColumnElement[bool]) -> dict[str, int]:
            query = sa.select(column, sa.func.count()).select_from(t.Case).join(t.Flag, t.Flag.id == t.Case.flag_id)
            return dict(session.execute(query.where(limits, *more).group_by(column)).all())

        by_state = by(t.Case.state)
        return {
            "by_state": {state: by_state.get(state, 0) for state in machine.STATES},
            "by_severity": dict.fromkeys(SEVERITIES, 0) | by(t.Case.severity, _is_open()),
            "by_rule": by(t.Flag.rule_id, _is_open()),
            "open": sum(n for state, n in by_state.items() if state not in _ENDED),
            "overdue": sum(by(t.Case.state, _late()).values()),
            "mine": sum(by(t.Case.state, mine, _is_open()).values()),
            "leads": session.scalar(
                sa.select(sa.func.count())
                .select_from(t.Flag)
                .where(t.Flag.kind == "outlier", within(viewer, t.Flag.region, t.Flag.agency_code), ~_has_case())
            )
            if viewer.may("flags")
            else 0,
        }


def _has_case() -> ColumnElement[bool]:
    return t.Flag.id.in_(sa.select(t.Case.flag_id))


def next_case(home: Home, viewer: Viewer, after: int | None = None) -> int | None:
    """The case to take up next: of those that wait for this viewer the most urgent, or the one behind `after` in that order."""
    demand(viewer, "cases")
    decided = (
        sa.select(t.CaseStep.actor_id)
        .where(t.CaseStep.case_id == t.Case.id, t.CaseStep.action.in_(("confirm", "dismiss")))
        .order_by(t.CaseStep.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
    waits = [t.Case.state == "new"]
    if viewer.id is not None:
        waits.append(sa.and_(t.Case.state.in_(("taken", "verified", "replied")), t.Case.assignee_id == viewer.id))
        if viewer.may("approve"):
            waits.append(sa.and_(t.Case.state.in_(("confirmed", "dismissed")), decided != viewer.id))
    with home.session() as session:
        query = sa.select(t.Case.id).join(t.Flag, t.Flag.id == t.Case.flag_id).where(in_sight(viewer), sa.or_(*waits))
        waiting = list(session.scalars(query.order_by(*_orders()["urgency"])))
    if after in waiting:
        place = waiting.index(after)
        waiting = waiting[place + 1 :] + waiting[:place]
    return waiting[0] if waiting else None


def flags(
    home: Home,
    viewer: Viewer,
    *,
    rule_ids: Sequence[str] | None = None,
    severities: Sequence[str] | None = None,
    states: Sequence[str] | None = None,
    kind: str = "rule",
    text: str = "",
    region: str = "",
    limit: int = 50,
    offset: int = 0,
) -> Listing:
    """Flags within scope, most severe first. Rows as in `queue`, and kind, score, state and case_id (None where no case was opened)."""
    limits = _picked(severities, rule_ids)
    if kind:
        limits.append(t.Flag.kind == one_of(kind, ("rule", "outlier"), "kind"))
    if states:
        limits.append(t.Case.state.in_([one_of(s, machine.STATES, "state") for s in states]))
    order = (_RANK, t.Flag.amount.is_(None), t.Flag.amount.desc(), t.Flag.id)
    return _flags(
        home,
        viewer,
        [*limits, mentioning(home, viewer, text), begins(t.Flag.region, region)],
        order,
        limit,
        offset,
        _FLAG_COLUMNS,
    )


def leads(
    home: Home,
    viewer: Viewer,
    *,
    text: str = "",
    region: str = "",
    open_only: bool = True,
    limit: int = 50,
    offset: int = 0,
) -> Listing:
    """Outlier flags, rarest first. Rows: flag_id rule_id rule_name subject_name agency_name region region_name period
    amount score sentence(Text) case_id (None until somebody promotes it)."""
    limits = [t.Flag.kind == "outlier", mentioning(home, viewer, text), begins(t.Flag.region, region)]
    if open_only:
        limits.append(~_has_case())
    return _flags(home, viewer, limits, (t.Flag.score.desc(), t.Flag.id), limit, offset, _LEAD_COLUMNS)


def _flags(
    home: Home,
    viewer: Viewer,
    limits: Iterable[ColumnElement[bool]],
    order: tuple[Any, ...],
    limit: int,
    offset: int,
    columns: tuple[Any, ...],
) -> Listing:
    demand(viewer, "flags")
    limit, offset = paged(limit, offset)
    known = names(home, viewer)
    joined = sa.select(t.Flag, t.Case.id, t.Case.state).outerjoin(t.Case, t.Case.flag_id == t.Flag.id)
    joined = joined.where(within(viewer, t.Flag.region, t.Flag.agency_code), *limits)
    with home.session() as session:
        total, totals = _whole(session, known, joined)
        page = session.execute(joined.order_by(*order).limit(limit).offset(offset)).all()
        said = wording.sentences(home, session, (flag for flag, _, _ in page), known, viewer)
        rows = [
            {
                **_flag_row(home, viewer, known, flag),
                "kind": flag.kind,
                "score": flag.score,
                "case_id": case_id,
                "state": state,
                "opened_at": flag.created_at,
                "sentence": said[flag.id],
            }
            for flag, case_id, state in page
        ]
    return Listing(columns, rows, total, totals)


def own_cases(home: Home, viewer: Viewer, *, open_only: bool = False, limit: int = 50, offset: int = 0) -> Listing:
    """Cases on which the viewer's unit (or, for finance, a unit of its region) was asked. Rows as in `queue`,
    and asked_on, letter_no, waiting (bool: a reply is due)."""
    demand(viewer, "own_cases")
    limit, offset = paged(limit, offset)
    limits = [in_sight(viewer), was_asked()]
    if open_only:
        limits.append(_is_open())
    order = (t.Case.state != "asked", *_orders()["urgency"])
    found = _cases(home, viewer, limits, order, limit, offset, _OWN_COLUMNS)
    with home.session() as session:
        asked = {
            step.case_id: step
            for step in session.scalars(
                sa.select(t.CaseStep)
                .where(t.CaseStep.case_id.in_([r["case_id"] for r in found.rows]), t.CaseStep.action == "ask")
                .order_by(t.CaseStep.seq)
            )
        }
    for row in found.rows:
        step = asked[row["case_id"]]
        row["asked_on"] = step.at.date()
        row["letter_no"] = step.fields.get("letter_no", "")
        row["waiting"] = row["state"] == "asked"
    return found
