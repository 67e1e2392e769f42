"""Exemptions (白名单): what a rule shall not flag, with reason, legal basis and end date, approved by a second person.

An exemption holds for one rule and one unit within its proposer's region, for one subject or for all of the unit's.
It never hides anything in silence: a run counts what exemptions cover.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from budgetwatch.access import audit
from budgetwatch.access.viewer import Viewer
from budgetwatch.calendar import today
from budgetwatch.db import serialise
from budgetwatch.errors import Conflict, Denied, Invalid, NotFound
from budgetwatch.tables import Exemption, now
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

#: So many days before its end an exemption is shown as about to lapse: time enough to ask for its basis again.
LAPSING = 30


def propose(
    home: Home,
    viewer: Viewer,
    rule_id: str,
    agency_code: str,
    subject: str,
    reason: str,
    basis: str,
    valid_from: dt.date,
    valid_to: dt.date,
) -> Exemption:
    """A proposal, without effect until another person approves it; `subject` empty: everything of the unit."""
    if not (viewer.may("work_cases") or viewer.may("exempt")) or viewer.id is None:
        raise Denied(Text("您的角色不能提出例外。", "Your role may not propose exemptions."))
    if rule_id not in home.rules:
        raise NotFound(
            Text(f"没有规则“{rule_id}”。", f"There is no rule “{rule_id}”."),
            where="rule_id",
            fix=Text("请从规则目录中选择。", "Choose one from the catalogue."),
        )
    given = {"agency_code": agency_code, "reason": reason, "basis": basis}
    for name, value in given.items():
        if not value.strip():
            raise Invalid(
                Text("例外必须写明单位、理由和依据。", "An exemption names its unit, its reason and its basis."),
                where=name,
            )
    if valid_to < valid_from:
        raise Invalid(
            Text(
                f"终止日 {valid_to} 早于起始日 {valid_from}。",
                f"It ends on {valid_to}, before it begins on {valid_from}.",
            ),
            where="valid_to",
        )
    if valid_to < today():
        raise Invalid(Text(f"终止日 {valid_to} 已过。", f"Its end, {valid_to}, is past."), where="valid_to")
    exemption = Exemption(
        rule_id=rule_id,
        region=viewer.region,
        agency_code=agency_code.strip(),
        subject=subject.strip(),
        reason=reason.strip(),
        basis=basis.strip(),
        valid_from=valid_from,
        valid_to=valid_to,
        proposed_by_id=viewer.id,
    )
    with home.session() as session:
        session.add(exemption)
        session.flush()
        audit.record(session, viewer, "propose_exemption", "exemption", exemption.id, _detail(exemption))
    return exemption


def approve(home: Home, viewer: Viewer, exemption_id: int) -> Exemption:
    """Put a proposal into effect: by a lead whose scope covers it and who did not propose it."""
    with home.session() as session:
        serialise(session)  # of two leads who approve at once, one is told that it is done
        exemption = session.get(Exemption, exemption_id)
        if exemption is None or not viewer.sees(exemption.region):
            raise NotFound(
                Text(f"没有例外 {exemption_id}，或不在您的范围内。", f"No exemption {exemption_id} within your scope.")
            )
        if not viewer.may("exempt") or viewer.id is None:
            raise Denied(
                Text("只有预算工委负责人可以批准例外。", "Only a committee lead approves exemptions."),
                fix=Text("请提请负责人批准。", "Ask a lead."),
            )
        if exemption.proposed_by_id == viewer.id:
            raise Conflict(
                Text("提出例外的人不能自己批准。", "Whoever proposed an exemption may not approve it."),
                fix=Text("请另一位负责人批准。", "Ask another lead."),
            )
        if exemption.ended_on is not None:
            raise Conflict(Text(f"例外 {exemption_id} 已经终止。", f"Exemption {exemption_id} has ended already."))
        if exemption.approved_at is not None:
            raise Conflict(
                Text(f"例外 {exemption_id} 已经批准。", f"Exemption {exemption_id} has been approved already.")
            )
        exemption.approved_by_id, exemption.approved_at = viewer.id, now()
        audit.record(session, viewer, "approve_exemption", "exemption", exemption_id, _detail(exemption))
    return exemption


def end(home: Home, viewer: Viewer, exemption_id: int, note: str, on: dt.date | None = None) -> Exemption:
    """End one early: from that day (today) it holds no longer; a proposal is withdrawn by the same act.

    By a lead, or by who proposed it; who, when and why are kept, and what it covered until then stays covered.
    """
    day = on or today()
    with home.session() as session:
        serialise(session)
        exemption = session.get(Exemption, exemption_id)
        if exemption is None or not viewer.sees(exemption.region):
            raise NotFound(
                Text(f"没有例外 {exemption_id}，或不在您的范围内。", f"No exemption {exemption_id} within your scope.")
            )
        if viewer.id is None or not (viewer.may("exempt") or exemption.proposed_by_id == viewer.id):
            raise Denied(
                Text(
                    "只有负责人或提出人可以提前终止例外。", "Only a lead, or who proposed it, ends an exemption early."
                ),
                fix=Text("请提请负责人终止。", "Ask a lead."),
            )
        if exemption.ended_on is not None or exemption.valid_to < today():
            raise Conflict(
                Text(f"例外 {exemption_id} 已经终止。", f"Exemption {exemption_id} has ended already."),
                fix=Text("需要时请另提一条。", "Propose another one when it is needed."),
            )
        if not note.strip():
            raise Invalid(
                Text("终止须写明理由。", "Say why it is ended."),
                where="note",
                fix=Text("请写一句话。", "Write a sentence."),
            )
        if not today() <= day <= exemption.valid_to:
            raise Invalid(
                Text(
                    f"终止日 {day} 须在今天和 {exemption.valid_to} 之间。",
                    f"It ends between today and {exemption.valid_to}, not on {day}.",
                ),
                where="on",
            )
        exemption.ended_on, exemption.ended_by_id, exemption.ended_at = day, viewer.id, now()
        exemption.end_note = note.strip()
        audit.record(
            session,
            viewer,
            "end_exemption",
            "exemption",
            exemption_id,
            {**_detail(exemption), "ended_on": day.isoformat()},
        )
    return exemption


def lapsing(found: Iterable[Exemption], within_days: int = LAPSING) -> list[Exemption]:
    """Those in force that end within so many days, the soonest first: to be renewed, or let go knowingly."""
    last = today() + dt.timedelta(within_days)
    soon = [e for e in found if standing(e) == "active" and e.valid_to <= last]
    return sorted(soon, key=lambda e: (e.valid_to, e.id))


def standing(exemption: Exemption, on: dt.date | None = None) -> str:
    """Where it stands on a day: proposed, to_begin, active, ended (early) or lapsed."""
    day = on or today()
    if exemption.ended_on is not None and exemption.ended_on <= day:
        return "ended"
    if exemption.valid_to < day:
        return "lapsed"
    if exemption.approved_at is None:
        return "proposed"
    return "active" if exemption.valid_from <= day else "to_begin"


def listing(home: Home, viewer: Viewer) -> list[Exemption]:
    """All exemptions within sight, approved or not, newest first."""
    if not viewer.may("flags"):
        raise Denied(Text("您的角色不能查看例外。", "Your role may not see exemptions."))
    with home.session() as session:
        found = session.scalars(sa.select(Exemption).order_by(Exemption.id.desc())).all()
    return [e for e in found if e.region.startswith(viewer.region) or viewer.region.startswith(e.region)]


def active(session: Session, rule_id: str, on: dt.date) -> list[Exemption]:
    """The approved exemptions from a rule that are in force on that day; `covers` says what each of them covers."""
    return list(
        session.scalars(sa.select(Exemption).where(Exemption.rule_id == rule_id, *_in_force(on)).order_by(Exemption.id))
    )


def exempted(session: Session, on: dt.date) -> frozenset[str]:
    """The rules from which there are exemptions in force on that day."""
    return frozenset(session.scalars(sa.select(Exemption.rule_id).where(*_in_force(on)).distinct()))


def _in_force(on: dt.date) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        Exemption.approved_at.is_not(None),
        Exemption.valid_from <= on,
        Exemption.valid_to >= on,
        sa.or_(Exemption.ended_on.is_(None), Exemption.ended_on > on),
    )


def covers(exemption: Exemption, region: str, agency_code: str | None, subject: str) -> bool:
    """Whether a finding of that region, unit and subject is covered: a district cannot exempt another's units."""
    return (
        region.startswith(exemption.region)
        and agency_code == exemption.agency_code
        and exemption.subject in ("", subject)
    )


def _detail(exemption: Exemption) -> dict[str, str]:
    return {
        "rule": exemption.rule_id,
        "agency_code": exemption.agency_code,
        "subject": exemption.subject,
        "until": exemption.valid_to.isoformat(),
    }
