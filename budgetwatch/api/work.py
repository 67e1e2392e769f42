"""Addresses of the committee's work: queue, cases, flags and leads, and a unit's own cases."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from budgetwatch import cases as service
from budgetwatch.api import examples
from budgetwatch.api.fields import Id, Limit, Offset, Region, Words
from budgetwatch.api.language import answer
from budgetwatch.api.session import Here, Who
from budgetwatch.queries import work

router = APIRouter(tags=["work"])
Several = Annotated[list[str] | None, Query(description="may be given several times")]


class Act(BaseModel):
    """What an act takes; see the case's `moves` for what each needs."""

    note: str = Field("", max_length=20_000, examples=["请说明该笔支付的依据"])
    reason: str = Field("", max_length=32, description="a code of the move's `reasons`")
    due_on: dt.date | None = None
    letter_no: str = Field("", max_length=64)
    version: int | None = Field(
        None, ge=0, le=2**31, description="of the case as you saw it; refused when it has moved since"
    )


class Promotion(BaseModel):
    note: str = Field(max_length=20_000, examples=["值得一看"])


@router.get("/queue", summary="Cases to work on", responses=examples.ok("queue"))
def queue(
    request: Request,
    home: Here,
    viewer: Who,
    state: Several = None,
    severity: Several = None,
    rule: Several = None,
    text: Words = "",
    mine: bool = False,
    overdue: bool = False,
    region: Region = "",
    order: Annotated[
        str, Query(description="urgency, -amount, amount, due, newest or oldest", max_length=16)
    ] = "urgency",
    limit: Limit = 50,
    offset: Offset = 0,
) -> Response:
    """Most urgent first: late, then severe, then great. Without `state`: all that are open."""
    found = work.queue(
        home, viewer, states=state, severities=severity, rule_ids=rule, text=text, mine=mine, overdue=overdue, region=region,
        order=order, limit=limit, offset=offset,
    )  # fmt: skip
    return answer(found, request)


@router.get("/queue/counts", summary="How many cases there are", responses=examples.ok("counts"))
def counts(request: Request, home: Here, viewer: Who) -> Response:
    """By state, severity and rule, and how many are overdue or one's own."""
    return answer(work.counts(home, viewer), request)


@router.get("/own-cases", summary="Cases on which one's unit was asked", responses=examples.ok("queue"))
def own_cases(
    request: Request, home: Here, viewer: Who, open_only: bool = False, limit: Limit = 50, offset: Offset = 0
) -> Response:
    """For units and the finance bureau; what waits for a reply comes first."""
    return answer(work.own_cases(home, viewer, open_only=open_only, limit=limit, offset=offset), request)


@router.get("/cases/{case_id}", summary="One case whole", responses=examples.ok("case"))
def case(request: Request, home: Here, viewer: Who, case_id: Id) -> Response:
    """What was found, its rows, the law, what else could explain it, the unit's reply, and what may be done now."""
    return answer(work.case(home, viewer, case_id), request)


@router.post("/cases/{case_id}/{action}", summary="Act on a case", responses=examples.ok("case"))
def act(
    request: Request,
    home: Here,
    viewer: Who,
    case_id: Id,
    action: Annotated[
        str,
        Path(
            description="take, verify, ask, reply, return_reply, confirm, dismiss, close, send_back, release, comment",
            max_length=24,
        ),
    ],
    given: Act,
) -> Response:
    """A move that is not possible is refused with those that are."""
    service.act(
        home, viewer, case_id, action, note=given.note, reason=given.reason, due_on=given.due_on, letter_no=given.letter_no,
        version=given.version,
    )  # fmt: skip
    return answer(work.case(home, viewer, case_id), request)


@router.get("/flags", summary="All flags (疑点)", responses=examples.ok("flags"))
def flags(
    request: Request,
    home: Here,
    viewer: Who,
    rule: Several = None,
    severity: Several = None,
    state: Several = None,
    kind: Annotated[str, Query(description="rule or outlier", max_length=8)] = "rule",
    text: Words = "",
    region: Region = "",
    limit: Limit = 50,
    offset: Offset = 0,
) -> Response:
    """What was found, most severe first; never more than a suspicion until a person has confirmed it."""
    found = work.flags(
        home,
        viewer,
        rule_ids=rule,
        severities=severity,
        states=state,
        kind=kind,
        text=text,
        region=region,
        limit=limit,
        offset=offset,
    )
    return answer(found, request)


@router.get("/flags/{flag_id}/evidence", summary="The rows a flag rests on", responses=examples.ok("payments"))
def evidence(request: Request, home: Here, viewer: Who, flag_id: Id, limit: Limit = 50, offset: Offset = 0) -> Response:
    """As the facts stood when it was found; the first 1,000 rows are kept, `total` counts all."""
    return answer(work.evidence(home, viewer, flag_id, limit, offset), request)


@router.post(
    "/flags/{flag_id}/promote", summary="Make an outlier a case", status_code=201, responses=examples.ok("case", 201)
)
def promote(request: Request, home: Here, viewer: Who, flag_id: Id, given: Promotion) -> Response:
    """An outlier only ranks; it becomes a case when a person says so, and why."""
    made = service.promote(home, viewer, flag_id, given.note)
    return answer(work.case(home, viewer, made.id), request, 201)


@router.get("/leads", summary="Outliers, rarest first", responses=examples.ok("leads"))
def leads(
    request: Request,
    home: Here,
    viewer: Who,
    text: Words = "",
    region: Region = "",
    open_only: bool = True,
    limit: Limit = 50,
    offset: Offset = 0,
) -> Response:
    """Ranked and explained; no accusation."""
    found = work.leads(home, viewer, text=text, region=region, open_only=open_only, limit=limit, offset=offset)
    return answer(found, request)
