"""One case whole, and the rows its flag rests on, as the viewer may see them."""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from budgetwatch import tables as t
from budgetwatch.access import masking
from budgetwatch.access.viewer import Viewer
from budgetwatch.calendar import today
from budgetwatch.cases import machine
from budgetwatch.queries import revised, seen, wording
from budgetwatch.queries.listing import Heading, Listing, heading
from budgetwatch.queries.names import Names, names
from budgetwatch.queries.scope import demand, missing, paged, within
from budgetwatch.records import ALL, Feed
from budgetwatch.records.rowid import unpack
from budgetwatch.rules.rule import Rule
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

#: What the other side reads of a case: letters, replies and decisions, not the committee's own notes.
OUTWARD = frozenset({"ask", "reply", "return_reply", "confirm", "close"})
#: …and the reasoning of a dismissal stays inside, its fact does not.
OUTWARD_WITHOUT_NOTE = frozenset({"dismiss"})
#: What a person judges each kind of row by, in reading order: names, days and amounts before anything in code.
#: The other columns follow, codes last; empty ones are left out.
_FIRST: dict[str, tuple[str, ...]] = {
    "payment": ("pay_date", "purpose", "item_name", "payee_name", "amount", "currency", "agency_name", "pro_name", "func_code",
                "dep_eco_code", "settlement", "line_type", "payee_type"),
    "budget_line": ("agency_name", "pro_name", "direction", "amount", "currency", "func_code", "eco_code", "stage", "line_type",
                    "book", "budget_year"),
    "indicator": ("agency_name", "pro_name", "initial", "added", "reduced", "frozen", "available", "paid", "issue_date", "func_code"),
    "adjustment": ("adj_date", "type", "agency_name", "pro_name", "amount", "purpose", "approval_doc", "approval_body"),
    "transfer": ("pro_name", "type", "amount", "adm_div_code", "direction", "recipient_div", "received_date", "registered_date",
                 "allocated_date", "issued_date", "doc_no"),
    "carryover": ("agency_name", "pro_name", "form_year", "formed", "used", "recovered", "balance", "budget_year"),
    "debt_limit": ("adm_div_code", "kind", "budget_year", "ceiling", "balance", "fiscal_capacity"),
    "debt_bond": ("pro_name", "agency_name", "kind", "arrival_date", "proceeds", "spent", "as_of", "due_date", "rate"),
    "project_invest": ("pro_name", "agency_name", "approved_estimate", "contract_amount", "paid_total", "physical_progress",
                       "as_of", "start_date", "estimate_approved_date", "planned_completion", "completed_date"),
    "calendar_event": ("event_date", "event_type", "subject", "agency_name", "adm_div_code", "doc_no", "note"),
    "disclosure": ("agency_name", "item", "amount", "stage", "budget_year", "publish_date"),
}  # fmt: skip
#: Columns of a payment that no evidence shows: the bank details of people who were paid stay with the voucher.
_NOT_SHOWN = frozenset({"payee_bank", "payer_account", "gov_eco_code", "book", "fund_source", "tracking_id"})
#: Figures that no rule puts a person into.
_PLAIN = ("agency_name", "period", "amount", "n", "as_of")
_CASE = Text("这条疑点", "case of that number")
_FLAG = Text("这条疑点", "flag of that number")


@dataclass(frozen=True, slots=True)
class RuleView:
    """What a person reads of the rule behind a flag; `law` are sentences such as 《预算法》第十三条."""

    id: str
    name: Text
    why: Text
    law: tuple[Text, ...]
    check: tuple[Text, ...]
    otherwise: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class StepView:
    """One step of a case as its reader may see it."""

    seq: int
    action: str
    label: Text
    from_state: str
    to_state: str
    actor_name: str
    actor_role: str
    at: dt.datetime
    reason: str
    reason_label: Text | None
    note: str
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class EchoView:
    """What another rule found that this case's flag says already: no flag of its own."""

    rule_id: str
    rule_name: Text
    severity: str
    sentence: Text
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class MoveView:
    """Something the viewer may do now. `needs` must be given, `takes` (which includes them)
    may be, of {note, reason, due_on, letter_no}; `suggested` fills the form."""

    action: str
    label: Text
    needs: frozenset[str]
    takes: frozenset[str] = frozenset()
    reasons: tuple[tuple[str, Text], ...] = ()
    suggested: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CaseView:
    """One case whole: what was found, its rows, the law, what else could explain it, the unit's reply, what can be done."""

    case_id: int
    flag_id: int
    version: int
    state: str
    state_label: Text
    severity: str
    due_on: dt.date | None
    overdue: bool
    assignee: str
    opened_at: dt.datetime
    closed_at: dt.datetime | None
    rule: RuleView
    sentence: Text
    subject: str
    subject_name: str
    agency_code: str | None
    agency_name: str
    region: str
    region_name: Text
    period: str
    amount: Decimal | None
    currency: str
    figures: dict[str, Any]
    evidence: Listing
    row_feed: str
    row_count: int
    steps: list[StepView]
    replies: list[StepView]
    moves: list[MoveView]
    history: int
    echoes: list[EchoView]


def was_asked() -> sa.ColumnElement[bool]:
    """Cases on which the unit was asked at some time."""
    return t.Case.id.in_(sa.select(t.CaseStep.case_id).where(t.CaseStep.action == "ask"))


def in_sight(viewer: Viewer) -> sa.ColumnElement[bool]:
    """The cases that the viewer may see at all."""
    demand(viewer, "cases", "own_cases")
    limits = within(viewer, t.Case.region, t.Case.agency_code)
    return limits if viewer.may("cases") else sa.and_(limits, was_asked())


def case(home: Home, viewer: Viewer, case_id: int) -> CaseView:
    """One case; NotFound outside scope. Units and the finance bureau see it from the day they were asked,
    without the committee's own notes."""
    seeing = in_sight(viewer)
    known = names(home, viewer)
    with home.session() as session:
        found = session.execute(
            sa.select(t.Case, t.Flag, t.User.name)
            .join(t.Flag, t.Flag.id == t.Case.flag_id)
            .outerjoin(t.User, t.User.id == t.Case.assignee_id)
            .where(t.Case.id == case_id, seeing)
        ).one_or_none()
        if found is None:
            raise missing(_CASE)
        one, flag, assignee = found
        kept = list(
            session.scalars(sa.select(t.CaseStep).where(t.CaseStep.case_id == case_id).order_by(t.CaseStep.seq))
        )
        steps = [view for step in kept if (view := _step(viewer, step))]
        proof = wording.latest_evidence(session, [flag.id]).get(flag.id)
        said = wording.rules_of(home, session, [proof.rule_version_id] if proof else [])
        history = session.scalar(
            sa.select(sa.func.count())
            .select_from(t.Case)
            .where(t.Case.agency_code == one.agency_code, t.Case.id != case_id, t.Case.state != "new", seeing)
        )
        sentence = wording.sentence(home, flag, proof, said, known, viewer)
        moves = _moves(viewer, one, kept)
        echoes = _echoes(home, session, flag.id, known, viewer) if viewer.may("cases") else []
    return CaseView(
        case_id=one.id,
        flag_id=flag.id,
        version=one.version,
        state=one.state,
        state_label=machine.STATES[one.state],
        severity=one.severity,
        due_on=one.due_on,
        overdue=one.due_on is not None and one.closed_at is None and one.due_on < today(),
        assignee=assignee or "",
        opened_at=one.opened_at,
        closed_at=one.closed_at,
        rule=rule_view(home, flag.rule_id),
        sentence=sentence,
        subject=flag.subject if masking.unmasked(viewer) else known.called(wording.name_of(flag, viewer)),
        subject_name=known.called(wording.name_of(flag, viewer)),
        agency_code=flag.agency_code,
        agency_name=flag.agency_name or known.agencies.get(flag.agency_code or "", flag.agency_code or ""),
        region=flag.region,
        region_name=known.region(flag.region),
        period=flag.period,
        amount=proof.amount if proof else flag.amount,
        currency=known.currency(flag.region),
        figures=_figures(proof, said, known, viewer) if proof else {},
        evidence=evidence(home, viewer, flag.id),
        row_feed=proof.row_feed if proof else "",
        row_count=proof.row_count if proof else 0,
        steps=steps,
        replies=[s for s in steps if s.action == "reply"],
        moves=moves,
        history=history or 0,
        echoes=echoes,
    )


def _echoes(home: Home, session: Session, flag_id: int, known: Names, viewer: Viewer) -> list[EchoView]:
    """The echoes of a flag that the newest run of their rules found so: what is gone, or a flag by now, is told no more."""
    newest = (
        sa.select(sa.func.max(t.RunRule.run_id))
        .where(t.RunRule.rule_id == t.Echo.rule_id, t.RunRule.looked_at > t.RunRule.could_not_judge)
        .correlate(t.Echo)
        .scalar_subquery()
    )
    query = sa.select(t.Echo).where(t.Echo.flag_id == flag_id, t.Echo.last_run_id == newest)
    found = list(session.scalars(query.order_by(t.Echo.rule_id, t.Echo.id)))
    said = wording.rules_of(home, session, (echo.rule_version_id for echo in found))
    return [
        EchoView(
            echo.rule_id,
            wording.rule_name(home, echo.rule_id),
            echo.severity,
            wording.sentence(home, echo, echo, said, known, viewer),
            echo.amount,
        )
        for echo in found
    ]


def _figures(proof: t.Evidence, said: Mapping[int, Rule], known: Names, viewer: Viewer) -> dict[str, Any]:
    """What the flag rests on, in exact text; figures that exist in both languages as one `Text`."""
    facts = dict(proof.facts)
    rule = said.get(proof.rule_version_id)
    if rule is None:  # nobody can say what its figures hold
        facts = facts if masking.unmasked(viewer) else {k: facts[k] for k in _PLAIN if k in facts}
    else:
        facts = {
            k: v
            for k, v in wording.spelt_out(facts, rule, known, viewer).items()
            if k in facts or k.endswith(("_zh", "_en"))
        }
    figures: dict[str, Any] = {}
    for name, value in facts.items():
        base = name.removesuffix("_zh")
        if name.endswith("_zh") and f"{base}_en" in facts:
            figures[base] = Text(value, facts[f"{base}_en"])
        elif not name.endswith("_en"):
            figures.setdefault(name, value)
    return figures


def _step(viewer: Viewer, step: t.CaseStep) -> StepView | None:
    inside = viewer.may("cases")
    if not inside and step.action not in OUTWARD | OUTWARD_WITHOUT_NOTE:
        return None
    silent = not inside and step.action in OUTWARD_WITHOUT_NOTE
    action = machine.ACTIONS.get(step.action)
    return StepView(
        seq=step.seq,
        action=step.action,
        label=action.label if action else Text(step.action, step.action),
        from_state=step.from_state,
        to_state=step.to_state,
        actor_name=step.actor_name,
        actor_role=step.actor_role,
        at=step.at,
        reason=step.reason,
        reason_label=machine.REASONS.get(step.reason) if step.reason else None,
        note="" if silent else step.note,
        fields=dict(step.fields),
    )


def _moves(viewer: Viewer, one: t.Case, steps: Sequence[t.CaseStep]) -> list[MoveView]:
    return [
        MoveView(m.action, m.label, m.needs, m.takes, m.reasons, _suggested(m))
        for m in machine.moves(one.state, viewer, steps)
    ]


def _suggested(move: machine.Move) -> dict[str, Any]:
    """What the form of a move starts with: the usual due date."""
    target = machine.ACTIONS[move.action].target
    if "due_on" not in move.takes or target is None:
        return {}
    return {"due_on": machine.due(target, today())}


def rule_view(home: Home, rule_id: str) -> RuleView:
    """The rule as the case page shows it; an empty one where it is no longer in the book."""
    rule = home.rules.get(rule_id)
    if rule is None:
        name = Text(rule_id, rule_id)
        return RuleView(
            rule_id, name, Text("该规则已不在规则库中。", "This rule is no longer in the book."), (), (), ()
        )
    return RuleView(
        id=rule.id,
        name=rule.name,
        why=rule.why,
        law=tuple(basis.text for basis in rule.law),
        check=both(rule.check),
        otherwise=both(rule.otherwise),
    )


def both(lists: Mapping[str, Sequence[str]]) -> tuple[Text, ...]:
    """Two lists of the same sentences as one list of `Text`."""
    return tuple(Text(zh, en) for zh, en in zip(lists["zh"], lists["en"], strict=True))


def evidence(home: Home, viewer: Viewer, flag_id: int, limit: int = 50, offset: int = 0) -> Listing:
    """The rows a flag rests on, as the facts stood when it was found; payees masked unless the viewer may see them.

    Every row has `_row` (opens the voucher), `batch` and `line`; one that was corrected since has `corrected` (what
    changed, old and new) and `corrected_by` (the row that stands in its place now). The heading of `corrected` counts
    those of all kept rows. `total` counts all of them; the first 1,000 are kept.
    """
    limit, offset = paged(limit, offset)
    with home.session() as session:
        proof, versions = _proof(session, viewer, flag_id)
    if proof is None:
        return Listing((), [], 0)
    held = rows_held(home, viewer, proof.row_feed, proof.rows, proof.row_count, versions, limit=limit, offset=offset)
    if proof.row_feed == "payment":
        seen.audit(home, viewer, "view_evidence", "flag", flag_id, rows=len(held.rows))
    return held


def rows_held(
    home: Home, viewer: Viewer, feed_name: str, packed: bytes, count: int, versions: Mapping[str, int], *, limit: int, offset: int
) -> Listing:  # fmt: skip
    """Rows of a feed by their kept numbers, of the version in which they were found; as `evidence`, which counts the look."""
    if feed_name not in ALL:
        return Listing((), [], 0)
    kept = struct.unpack(f"<{len(packed) // 8}q", packed)
    wanted = kept[offset : offset + limit]
    feed = ALL[feed_name]
    columns = reading_order(feed)
    picked = ", ".join(seen.column(viewer, c) for c in columns)
    rows = []
    if wanted:
        then = {feed.name: versions[feed.name]} if feed.name in versions else None
        query = f'SELECT {picked}, _row FROM "{feed.name}" WHERE _row IN (SELECT unnest($rows::BIGINT[]))'
        with home.facts(viewer, then) as facts:
            rows = seen.dicts(facts.execute(query, {"rows": list(wanted)}))
    by_row = {row["_row"]: row for row in rows}
    shown = [by_row[row] for row in wanted if row in by_row]
    for row in shown:
        row["batch"], row["line"], _ = (None, None, 0) if feed.own else unpack(row["_row"])
    newer = revised.successors_of(home, feed.name, kept)
    said = revised.said(home, viewer, feed, shown, newer)
    for row in shown:
        if row["_row"] in newer:
            row["corrected"], row["corrected_by"] = said[row["_row"]], newer[row["_row"]]
    present = [c for c in columns if any(row[c] is not None for row in shown)]
    headings = tuple(Heading(c, feed.by_name[c].label, feed.by_name[c].kind) for c in present)
    address = (
        () if feed.own else (heading("batch", "批次", "Batch", "integer"), heading("line", "文件行", "Line", "integer"))
    )
    mark = (revised.heading_of(len(newer)),) if newer else ()
    whole = _sums(shown) if offset == 0 and len(shown) == count else {}
    return Listing((*headings, *mark, *address), shown, count, whole)


def reading_order(feed: Feed) -> list[str]:
    """The columns of a kind of row as a person reads them: what one judges by, then the rest, codes at the end."""
    first = [c for c in _FIRST.get(feed.name, ()) if c in feed.by_name]
    rest = [c for c in feed.columns if c.name not in first and not (feed.name == "payment" and c.name in _NOT_SHOWN)]
    return [*first, *(c.name for c in sorted(rest, key=lambda c: c.kind == "code"))]


def _sums(rows: list[dict[str, Any]]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for row in rows:
        if row.get("amount") is not None:
            currency = row.get("currency") or "CNY"
            sums[currency] = sums.get(currency, Decimal(0)) + row["amount"]
    return sums


def _proof(session: Session, viewer: Viewer, flag_id: int) -> tuple[t.Evidence | None, dict[str, int]]:
    """The newest evidence of a flag in sight, with the fact versions it was found in."""
    demand(viewer, "flags", "cases", "own_cases")
    query = sa.select(t.Flag).where(t.Flag.id == flag_id, within(viewer, t.Flag.region, t.Flag.agency_code))
    if not viewer.may("flags"):
        query = query.join(t.Case, t.Case.flag_id == t.Flag.id).where(in_sight(viewer))
    if session.scalars(query).one_or_none() is None:
        raise missing(_FLAG)
    proof = session.scalars(
        sa.select(t.Evidence).where(t.Evidence.flag_id == flag_id).order_by(t.Evidence.id.desc()).limit(1)
    ).one_or_none()
    if proof is None:
        return None, {}
    return proof, dict(session.get_one(t.Run, proof.run_id).versions)
