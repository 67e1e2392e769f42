"""Cases in motion: each act is one transaction that moves the case, keeps the step and records it.

Two people who act on the same case at the same moment: one succeeds, the other is told that it has moved.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from budgetwatch.access import audit
from budgetwatch.access.viewer import SYSTEM, Viewer
from budgetwatch.calendar import today
from budgetwatch.cases import machine
from budgetwatch.errors import Conflict, Denied, Invalid, NotFound
from budgetwatch.tables import Case, CaseStep, Counter, Flag, now
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

#: Parameters of one statement stay below SQLite's limit.
_CHUNK = 1_000
LETTER = "预联函〔{year}〕{number}号"


def act(
    home: Home,
    viewer: Viewer,
    case_id: int,
    action: str,
    *,
    note: str = "",
    reason: str = "",
    due_on: dt.date | None = None,
    letter_no: str = "",
    version: int | None = None,
    at: dt.datetime | None = None,
) -> Case:
    """Do one act on a case and return the case as it then stands.

    `version` is the one the person was looking at: if the case has moved since, nothing happens and Conflict says so.
    `at` is when it was done, for work that is entered afterwards (default: now); never before the step before it. The
    audit log keeps the moment of entry.
    """
    day = at.date() if at else today()
    with home.session() as session:
        case = _seen(session, viewer, case_id)
        steps = steps_of(session, case_id)
        if version is not None and version != case.version:
            raise _moved(case, steps, viewer)
        if at is not None and at < (steps[-1].at if steps else case.opened_at):
            raise Invalid(
                Text("办理时间早于上一步。", "It cannot have been done before the step before it."), where="at"
            )
        decision = machine.decide(
            action, case.state, viewer, steps,
            today=day, due_on=due_on, current_due=case.due_on, reason=reason, note=note,
        )  # fmt: skip
        number = _given_number(action, letter_no)
        if not _advance(session, case, decision, viewer, at):
            session.expire_all()
            raise _moved(_seen(session, viewer, case_id), steps_of(session, case_id), viewer)
        fields: dict[str, Any] = {}
        if action == "ask":
            fields["letter_no"] = number or next_letter(session, day)
        if decision.target == "asked" and action != "comment" and decision.due_on:
            fields["due_on"] = decision.due_on.isoformat()
        if action == "reply" and not viewer.may("reply"):
            fields["on_behalf"] = True  # the committee wrote down what the unit answered on paper
        _keep(session, case, case.version + 1, case.state, decision, viewer, fields, at)
        audit.record(
            session, viewer, f"case_{action}", "case", case_id,
            {"flag": case.flag_id, "from": case.state, "to": decision.target, "reason": decision.reason, **fields},
        )  # fmt: skip
        session.refresh(case)
        return case


def promote(home: Home, viewer: Viewer, flag_id: int, note: str) -> Case:
    """Make a case of what an outlier model found (转为疑点): only a person's judgement does that, with a note why."""
    opening = machine.ACTIONS["promote"]
    with home.session() as session:
        flag = session.get(Flag, flag_id)
        if flag is None or not viewer.may("flags") or not viewer.sees(flag.region, flag.agency_code):
            raise NotFound(Text(f"没有疑点 {flag_id}，或不在您的范围内。", f"No flag {flag_id} within your scope."))
        if not any(viewer.may(power) for power in opening.powers):
            raise Denied(
                Text("您的角色不能把线索转为疑点。", "Your role may not make a case of a lead."),
                fix=Text("请联系预算工委经办。", "Ask a committee reviewer."),
            )
        if not note.strip():
            raise Invalid(Text("请写明为什么值得核实。", "Say why it deserves a look."), where="note")
        if flag.kind != "outlier" or session.scalar(sa.select(Case.id).where(Case.flag_id == flag_id)):
            raise _has_case(flag_id)
        case = Case(
            flag_id=flag.id,
            state=machine.FIRST,
            region=flag.region,
            agency_code=flag.agency_code,
            severity=flag.severity,
            due_on=machine.due(machine.FIRST, today()),
            version=1,
        )
        session.add(case)
        try:
            session.flush()
        except IntegrityError:
            raise _has_case(flag_id) from None
        decision = machine.Decision("promote", machine.FIRST, case.due_on, "", note.strip())
        _keep(session, case, 1, "", decision, viewer, {})
        audit.record(session, viewer, "case_promote", "case", case.id, {"flag": flag_id})
        return case


def evidence_changed(session: Session, flag_ids: Iterable[int], run_id: int) -> None:
    """Tell the cases of these flags that a run found other evidence: a closed one opens again, others carry a note."""
    note = Text(f"第 {run_id} 次运行后证据有变化。", f"Run {run_id} found other evidence.")
    for chunk in _chunks(flag_ids):
        for case in session.scalars(sa.select(Case).where(Case.flag_id.in_(chunk))):
            ended = case.state in machine.ENDED
            target = machine.FIRST if ended else case.state
            due_on = machine.due(target, today()) if ended else case.due_on
            decision = machine.Decision("reopen" if ended else "evidence", target, due_on, "", f"{note.zh} {note.en}")
            before = case.state
            if not _advance(session, case, decision, SYSTEM):
                continue  # somebody moved it in this very moment: they will see the new evidence
            _keep(session, case, case.version + 1, before, decision, SYSTEM, {"run": run_id})
            if ended:
                session.execute(
                    sa.update(Case).where(Case.id == case.id).values(closed_at=None, assignee_id=None),
                    execution_options={"synchronize_session": False},
                )
            session.expire(case)


def steps_of(session: Session, case_id: int) -> list[CaseStep]:
    """What was done on a case, first to last."""
    return list(session.scalars(sa.select(CaseStep).where(CaseStep.case_id == case_id).order_by(CaseStep.seq)))


def next_letter(session: Session, day: dt.date) -> str:
    """The next letter number of the year, e.g. 预联函〔2026〕12号; without gaps: a failed transaction gives it back."""
    name = f"letter:{day.year}"
    postgres = session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert if postgres else sqlite.insert
    grown = insert(Counter).values(name=name, last=1)
    number = session.scalar(
        grown.on_conflict_do_update(index_elements=["name"], set_={"last": Counter.last + 1}).returning(Counter.last)
    )
    return LETTER.format(year=day.year, number=number)


def _seen(session: Session, viewer: Viewer, case_id: int) -> Case:
    """The case, if it lies within the viewer's sight; a unit sees its own from the day it was asked."""
    case = session.get(Case, case_id)
    if case is not None and viewer.sees(case.region, case.agency_code):
        if viewer.may("cases"):
            return case
        if viewer.may("own_cases"):
            asked = sa.select(CaseStep.id).where(CaseStep.case_id == case_id, CaseStep.action == "ask").limit(1)
            if session.scalar(asked) is not None:
                return case
    raise NotFound(Text(f"没有事项 {case_id}，或不在您的范围内。", f"No case {case_id} within your scope."))


def _advance(
    session: Session, case: Case, decision: machine.Decision, viewer: Viewer, at: dt.datetime | None = None
) -> bool:
    """Move the case, if it still stands where it was read; of two who try, the database lets one through."""
    values: dict[str, Any] = {"state": decision.target, "due_on": decision.due_on, "version": case.version + 1}
    if decision.action == "take":
        values["assignee_id"] = viewer.id
    elif decision.action == "release":
        values["assignee_id"] = None
    if decision.target in machine.ENDED and case.closed_at is None:
        values["closed_at"] = at or now()
    done = session.execute(
        sa.update(Case)
        .where(Case.id == case.id, Case.version == case.version)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return cast("sa.CursorResult[Any]", done).rowcount == 1


def _keep(
    session: Session,
    case: Case,
    seq: int,
    from_state: str,
    decision: machine.Decision,
    viewer: Viewer,
    fields: dict[str, Any],
    at: dt.datetime | None = None,
) -> None:
    session.add(
        CaseStep(
            at=at or now(),
            case_id=case.id,
            seq=seq,
            action=decision.action,
            from_state=from_state,
            to_state=decision.target,
            actor_id=viewer.id,
            actor_name=viewer.name,
            actor_role=viewer.role,
            reason=decision.reason,
            note=decision.note,
            fields=fields,
        )
    )
    session.flush()


def _given_number(action: str, letter_no: str) -> str:
    number = letter_no.strip()
    if number and action != "ask":
        raise Invalid(Text("只有发函时才填文号。", "Only a letter carries a letter number."), where="letter_no")
    if len(number) > 64:
        raise Invalid(Text("文号太长。", "The letter number is too long."), where="letter_no")
    return number


def _moved(case: Case, steps: list[CaseStep], viewer: Viewer) -> Conflict:
    last = steps[-1] if steps else None
    who_zh = f"{last.actor_name}（{machine.ACTIONS[last.action].label.zh}）" if last else "有人"
    who_en = f"{last.actor_name} ({machine.ACTIONS[last.action].label.en})" if last else "Somebody"
    possible = machine.possible(case.state, steps)
    return Conflict(
        Text(
            f"您打开之后，{who_zh}已处理了该事项，现在是“{machine.STATES[case.state].zh}”。",
            f"{who_en} has moved this case meanwhile; it is now “{machine.STATES[case.state].en}”.",
        ),
        fix=Text(f"请重新打开后再决定。{possible.zh}", f"Look at it again before you decide. {possible.en}"),
        state=case.state,
        version=case.version,
        your_moves=",".join(move.action for move in machine.moves(case.state, viewer, steps)),
    )


def _has_case(flag_id: int) -> Conflict:
    return Conflict(
        Text(f"疑点 {flag_id} 已有处理事项。", f"Flag {flag_id} has a case already."),
        fix=Text("请在待办中查找。", "Find it in the queue."),
    )


def _chunks(items: Iterable[int]) -> Iterator[list[int]]:
    left = iter(items)
    while chunk := list(islice(left, _CHUNK)):
        yield chunk
