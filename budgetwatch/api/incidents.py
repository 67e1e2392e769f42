"""Addresses of incidents: rules held because they fired far beyond what was expected."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from budgetwatch.api import examples
from budgetwatch.api.fields import Id, Limit, Offset
from budgetwatch.api.language import answer
from budgetwatch.api.session import Here, Who
from budgetwatch.queries import incidents as read

router = APIRouter(tags=["rules"])


class Decision(BaseModel):
    """Why; needed where the incident is discarded."""

    note: str = Field("", max_length=20_000)


@router.get("/incidents", summary="Rules that are held", responses=examples.ok("incidents"))
def incidents(
    request: Request, home: Here, viewer: Who, open_only: bool = False, limit: Limit = 50, offset: Offset = 0
) -> Response:
    """Newest first: what was found, what was expected, and how it was decided."""
    return answer(read.incidents(home, viewer, open_only=open_only, limit=limit, offset=offset), request)


@router.get("/incidents/{incident_id}", summary="One incident", responses=examples.ok("incident"))
def incident(
    request: Request, home: Here, viewer: Who, incident_id: Id, limit: Limit = 50, offset: Offset = 0
) -> Response:
    """With what is held of it; none of it is a flag before it is released."""
    return answer(read.incident(home, viewer, incident_id, limit=limit, offset=offset), request)


@router.post("/incidents/{incident_id}/{action}", summary="Decide on an incident", responses=examples.ok("incident"))
def decide(
    request: Request, home: Here, viewer: Who, incident_id: Id, action: Literal["release", "discard"], given: Decision
) -> Response:
    """Release makes the flags and cases that were held; discard makes none. Once."""
    from budgetwatch.runs import incidents as service  # the engines that judge are loaded by whoever judges

    (service.release if action == "release" else service.discard)(home, viewer, incident_id, given.note)
    return answer(read.incident(home, viewer, incident_id), request)
