"""Addresses of what one line of words finds, and of one's own saved queries."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from budgetwatch import saved
from budgetwatch.api import examples
from budgetwatch.api.fields import Limit, Offset
from budgetwatch.api.language import answer
from budgetwatch.api.session import Here, Who
from budgetwatch.queries import search as queries

router = APIRouter(tags=["search"])


@router.get(
    "/search", summary="Units, places, projects, payees, cases, rules, guides by words", responses=examples.ok("search")
)
def search(
    request: Request,
    home: Here,
    viewer: Who,
    q: Annotated[str, Query(max_length=200, description="words, a code or a number; simplified or traditional")] = "",
    kind: Annotated[str, Query(max_length=16, description="one kind whole, page by page")] = "",
    limit: Limit = 30,
    offset: Offset = 0,
) -> Response:
    """The first five of every kind, best first; `counts` says how many there are. Asked for nothing, it makes itself
    ready for this person's next question."""
    if not q.strip():
        queries.prepare(home, viewer)
    also = request.app.state.named(viewer)
    found = queries.results(home, viewer, q, kind=kind, limit=limit, offset=offset, also=also)
    named = [
        {"kind": hit.kind, "kind_name": queries.KINDS[hit.kind], "title": hit.title, "below": hit.below, "address": hit.address}
        for hit in found.hits
    ]  # fmt: skip
    looked = [queries.KINDS[one] for one in queries.looked_at(viewer)]
    return answer({"hits": named, "total": found.total, "counts": found.counts, "looked_at": looked}, request)


@router.get("/saved", summary="One's own saved queries", responses=examples.ok("saved"))
def mine(request: Request, home: Here, viewer: Who) -> Response:
    """Those used last first; nobody else's."""
    found = [{"id": s.id, "name": s.name, "address": s.address, "used_at": s.used_at} for s in saved.mine(home, viewer)]
    return answer({"saved": found}, request)
