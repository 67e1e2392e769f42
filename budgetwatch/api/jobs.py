"""Addresses of long work: what of mine runs, how far it is, how it ended; stopping it, and fetching what it made."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field, TypeAdapter

from budgetwatch import jobs
from budgetwatch.api import examples
from budgetwatch.api.fields import Id, Limit, Offset
from budgetwatch.api.language import answer, spoken
from budgetwatch.api.payments import MEDIA
from budgetwatch.api.session import Here, Who
from budgetwatch.errors import Invalid
from budgetwatch.jobs.wording import STATES, took
from budgetwatch.queries.payments import PaymentFilter
from budgetwatch.queries.scope import one_of
from budgetwatch.text import Text

router = APIRouter(tags=["jobs"])

_FILTER = TypeAdapter(PaymentFilter)


class Order(BaseModel):
    """What to do: a run of the rules, or an export of the payments of a filter. A file goes to POST /api/batches."""

    kind: Literal["run", "export"]
    rule_ids: list[str] | None = Field(None, max_length=1000, description="of a run; none: all")
    as_of: dt.date | None = Field(None, description="of a run: the day the rules take for today")
    filter: dict[str, Any] = Field({}, description="of an export: as the parameters of /api/payments", max_length=32)
    format: Literal["csv", "xlsx"] = Field("csv", description="of an export")


def shown(job: jobs.Job) -> dict[str, Any]:
    """A job as every address hands it out."""
    return {
        "id": job.id,
        "kind": job.kind,
        "title": job.title,
        "state": job.state,
        "state_name": STATES[job.state],
        "share": round(job.share, 4),
        "doing": None if job.over else jobs.standing(job),
        "left_seconds": None if job.left is None else round(job.left),
        "left": jobs.left_words(job.left) if job.state == "running" else None,
        "took": took(job.seconds) if job.over and job.started_at else None,
        "said": jobs.ended(job) if job.over else None,
        "result": {k: v for k, v in job.result.items() if k not in ("refusal", "file")},
        "seen": job.seen,
        "page": f"/jobs/{job.id}",
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
    }


@router.get("/jobs", summary="My long work", responses=examples.ok("jobs"))
def mine(
    request: Request,
    home: Here,
    viewer: Who,
    limit: Limit = 20,
    offset: Offset = 0,
    lately: Annotated[bool, Query(description="only what runs or ended unread")] = False,
) -> Response:
    """Under way first, then what ended, newest first; with how many run and how many ended unread."""
    count = jobs.tally(home, viewer)
    wanted = count.running or count.unread or not lately
    found = jobs.mine(home, viewer, limit=limit, offset=offset) if wanted else []
    if lately:
        found = [job for job in found if not (job.over and job.seen)]
    words = {"open": Text("查看", "Open"), "read": Text("知道了", "Got it"), "badge": _badge(count)}
    return answer(
        {"jobs": [shown(job) for job in found], "running": count.running, "unread": count.unread, "words": words},
        request,
    )


def _badge(count: jobs.Tally) -> Text:
    """What the mark in the header says to a screen reader."""
    if not count.running and not count.unread:
        return Text("后台任务", "Background work")
    return Text(
        f"后台任务：{count.running} 项进行中，{count.unread} 项结果未读",
        f"Background work: {count.running} running, {count.unread} ended unread",
    )


@router.post(
    "/jobs", summary="Have something done in the background", status_code=202, responses=examples.ok("job", 202)
)
def start(request: Request, home: Here, viewer: Who, given: Order) -> Response:
    """Answers at once; look at the job's own address for how far it is."""
    if given.kind == "run":
        job = jobs.run(home, viewer, given.rule_ids, given.as_of)
    else:
        job = jobs.export(home, viewer, _filter(given.filter), given.format, language=spoken(request))
    return accepted(job, request)


def accepted(job: jobs.Job, request: Request) -> Response:
    """202 with the job and its address."""
    response = answer(shown(job), request, 202)
    response.headers["Location"] = f"/api/jobs/{job.id}"
    return response


def _filter(given: dict[str, Any]) -> PaymentFilter:
    for name in given:
        one_of(name, PaymentFilter.__dataclass_fields__, "filter")
    try:
        return _FILTER.validate_python(given)
    except ValueError as error:
        raise Invalid(
            Text("筛选条件无法识别。", f"The filter cannot be read: {str(error).splitlines()[0]}."),
            where="filter",
            fix=Text("写法同 /api/payments 的参数。", "Write it like the parameters of /api/payments."),
        ) from None


@router.get("/jobs/{job_id}", summary="One job", responses=examples.ok("job"))
def one(request: Request, home: Here, viewer: Who, job_id: Id) -> Response:
    """Nobody sees the jobs of another."""
    return answer(shown(jobs.one(home, viewer, job_id)), request)


@router.post("/jobs/{job_id}/stop", summary="Stop a job", responses=examples.ok("job"))
def stop(request: Request, home: Here, viewer: Who, job_id: Id) -> Response:
    """At once when it still waits, else after the step at hand; nothing is left half done."""
    return answer(shown(jobs.stop(home, viewer, job_id)), request)


@router.post("/jobs/{job_id}/again", summary="Start a job again", status_code=202, responses=examples.ok("job", 202))
def again(request: Request, home: Here, viewer: Who, job_id: Id) -> Response:
    """After it was stopped or failed; nothing is done twice."""
    return accepted(jobs.again(home, viewer, job_id), request)


@router.post("/jobs/{job_id}/seen", summary="Its end was read", status_code=204)
def seen(home: Here, viewer: Who, job_id: Id) -> Response:
    """The notice of its end goes away, on every screen of yours."""
    jobs.one(home, viewer, job_id)
    jobs.seen(home, viewer, job_id)
    return Response(status_code=204)


@router.get("/jobs/{job_id}/file", summary="The file that an export made", response_class=FileResponse)
def file(home: Here, viewer: Who, job_id: Id) -> Response:
    """For its owner only, and for some days; each fetching is recorded."""
    path, name = jobs.file(home, viewer, job_id)
    jobs.seen(home, viewer, job_id)
    return FileResponse(path, media_type=MEDIA[path.suffix[1:]], filename=name)
