"""Addresses of what was sent and what was asked of it: feeds, batches, rules and runs."""

from __future__ import annotations

import datetime as dt
import secrets
import shutil
from pathlib import Path as File
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Header, Path, Query, Request, Response, UploadFile
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool

from budgetwatch import intake, jobs
from budgetwatch import runs as service
from budgetwatch.api import examples
from budgetwatch.api.fields import Code, Id, Limit, Offset, Words
from budgetwatch.api.jobs import accepted
from budgetwatch.api.language import answer, spoken
from budgetwatch.api.payments import MEDIA
from budgetwatch.api.session import Here, Who
from budgetwatch.intake import once
from budgetwatch.queries import catalogue, feeds, profile_guess, reconcile, runs, timeliness
from budgetwatch.queries.scope import demand

router = APIRouter()
Wait = Annotated[bool, Query(description="false: answer 202 with a job at once, and do it in the background")]
Several = Annotated[list[str] | None, Query(description="may be given several times")]


class Run(BaseModel):
    """Which rules to run (none: all), and the day they take for today."""

    rule_ids: list[str] | None = Field(None, max_length=1000, examples=[["PY-07"]])
    as_of: dt.date | None = Field(None, examples=["2025-12-31"])


@router.get(
    "/reconciliation",
    tags=["data"],
    summary="What was sent, held against itself",
    responses=examples.ok("reconciliation"),
)
def reconciliation(request: Request, home: Here, viewer: Who) -> Response:
    """Each check with how many cases agree and differ; a check whose feeds have no facts says which."""
    return answer(reconcile.outcomes(home, viewer), request)


@router.get(
    "/reconciliation/{name}",
    tags=["data"],
    summary="The differences of one check",
    responses=examples.ok("differences"),
)
def differences(
    request: Request,
    home: Here,
    viewer: Who,
    name: Annotated[str, Path(max_length=64)],
    limit: Limit = 50,
    offset: Offset = 0,
) -> Response:
    """The greatest first."""
    return answer(reconcile.differences(home, viewer, name, limit=limit, offset=offset), request)


@router.get("/rules", tags=["rules"], summary="The rules", responses=examples.ok("rules"))
def rules(request: Request, home: Here, viewer: Who, text: Words = "", severity: Several = None) -> Response:
    """What each asks, why and by which law, and what it said in the latest run."""
    return answer(catalogue.rules(home, viewer, text=text, severities=severity), request)


@router.get("/rules/{rule_id}", tags=["rules"], summary="One rule", responses=examples.ok("rule"))
def rule(request: Request, home: Here, viewer: Who, rule_id: Annotated[str, Path(max_length=64)]) -> Response:
    """Whole, with its thresholds, its examples and its text."""
    return answer(catalogue.rule(home, viewer, rule_id), request)


@router.get("/feeds", tags=["data"], summary="How fresh each feed is, and the profiles", responses=examples.ok("feeds"))
def all_feeds(request: Request, home: Here, viewer: Who) -> Response:
    """Counts are those within your scope."""
    return answer({"feeds": feeds.freshness(home, viewer), "profiles": feeds.profiles(home, viewer)}, request)


@router.get(
    "/freshness", tags=["data"], summary="Who is late, and which places are linked", responses=examples.ok("freshness")
)
def freshness(request: Request, home: Here, viewer: Who) -> Response:
    """By sender, kind of data, level and place, within your scope; senders only for those who see files."""
    senders = timeliness.timeliness(home, viewer) if viewer.may("batches") else None
    return answer({"senders": senders, "places": timeliness.linked(home, viewer)}, request)


@router.get("/batches", tags=["data"], summary="The files that were sent", responses=examples.ok("batches"))
def batches(
    request: Request,
    home: Here,
    viewer: Who,
    feed: Code = "",
    profile: Code = "",
    status: Code = "",
    limit: Limit = 50,
    offset: Offset = 0,
) -> Response:
    """Newest first; those of which every row lies within your scope."""
    return answer(
        feeds.batches(home, viewer, feed=feed, profile=profile, status=status, limit=limit, offset=offset), request
    )


@router.get(
    "/batches/{batch}/rejects", tags=["data"], summary="The rejected rows of a file", responses=examples.ok("rejects")
)
def rejects(
    request: Request, home: Here, viewer: Who, batch: Id, reason: Code = "", limit: Limit = 50, offset: Offset = 0
) -> Response:
    """Line, column, value and reason of each."""
    return answer(feeds.rejects(home, viewer, batch, reason=reason, limit=limit, offset=offset), request)


@router.get(
    "/batches/{batch}/rejects/file",
    tags=["data"],
    summary="The rejected rows as a file to be mended",
    response_class=FileResponse,
)
def rejects_file(
    request: Request, home: Here, viewer: Who, batch: Id, format: Literal["csv", "xlsx"] = "xlsx"
) -> Response:
    """All of them in the sender's own columns, with batch, line and reasons beside; mended, it can be sent as it is."""
    path = home.path / "tmp" / f"rejects-{secrets.token_hex(8)}.{format}"
    feeds.rejects_file(home, viewer, batch, path, language=spoken(request))
    return FileResponse(
        path, media_type=MEDIA[format], filename=f"rejects-{batch}.{format}",
        background=BackgroundTask(path.unlink, missing_ok=True),
    )  # fmt: skip


@router.post(
    "/batches", tags=["data"], summary="Take a file in", status_code=201, responses=examples.ok("receipt", 201)
)
def take_in(
    request: Request,
    home: Here,
    viewer: Who,
    file: UploadFile,
    profile: Annotated[str, Form(max_length=64, description="a profile of /api/feeds")],
    wait: Wait = True,
    check: Annotated[bool, Query(description="judge the file only, and keep nothing of it")] = False,
    idempotency_key: Annotated[str | None, Header(description="the sender's own key of this delivery")] = None,
) -> Response:
    """Twice the same file changes nothing. A file that cannot be taken in is refused with the reason.

    Rows of regions outside your scope are rejected, each with that reason. Other bytes under an `Idempotency-Key` that
    was used before are refused.
    """
    demand(viewer, "take_in")
    if not wait:
        do = jobs.check if check else jobs.take_in
        return accepted(do(home, viewer, safe_name(file.filename or "") or "upload", file.file, profile), request)
    folder: File = home.path / "tmp" / f"upload-{secrets.token_hex(8)}"
    folder.mkdir()
    try:
        path = folder / (safe_name(file.filename or "") or "upload")
        with path.open("wb") as out:
            shutil.copyfileobj(file.file, out, 2**20)
        if check:
            return answer(intake.check(home, path, profile, allowed_region=viewer.region), request)
        receipt = intake.take_in(
            home, path, profile, actor=viewer.login, allowed_region=viewer.region,
            origin=once.origin(home, viewer.login, idempotency_key, path),
        )  # fmt: skip
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return answer(receipt, request, 200 if receipt.status == "already" else 201)


@router.post("/profiles/guess", tags=["data"], summary="Which profile reads a file", responses=examples.ok("guess"))
async def guess_profile(
    request: Request, home: Here, viewer: Who, name: Annotated[str, Query(max_length=255)] = ""
) -> Response:
    """The body is the beginning of the file (a workbook whole, up to 2 MB). The likeliest first; empty: none knows its headings."""
    head = bytearray()
    async for piece in request.stream():
        head += piece
        if len(head) > profile_guess.MOST_BYTES:
            break
    names = await run_in_threadpool(profile_guess.guess, home, viewer, bytes(head), name)
    return answer({"profiles": names}, request)


def safe_name(name: str) -> str:
    """The file's own name without any folder, and without what a file system or a log would stumble over."""
    bare = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(c for c in bare if c.isprintable() and c not in '<>:"|?*').strip(". ")
    stem, dot, ending = kept.rpartition(".")
    # 255 bytes is what most file systems take; Chinese characters have three.
    while len(kept.encode()) > 200:
        stem = stem[:-1] if dot else ""
        kept = f"{stem}{dot}{ending}" if stem else kept.encode()[:200].decode(errors="ignore")
    return kept


@router.get("/runs", tags=["rules"], summary="Runs of the rules", responses=examples.ok("runs"))
def all_runs(request: Request, home: Here, viewer: Who, limit: Limit = 20, offset: Offset = 0) -> Response:
    """Newest first: looked at · flagged · could not judge."""
    return answer(runs.runs(home, viewer, limit=limit, offset=offset), request)


@router.get("/runs/{run_id}", tags=["rules"], summary="What each rule said in a run", responses=examples.ok("results"))
def results(request: Request, home: Here, viewer: Who, run_id: Id) -> Response:
    """With the reasons for what could not be judged."""
    return answer(runs.results(home, viewer, run_id), request)


@router.post("/runs", tags=["rules"], summary="Run the rules", status_code=201, responses=examples.ok("report", 201))
def run(request: Request, home: Here, viewer: Who, given: Run, wait: Wait = True) -> Response:
    """Over the facts as known now. Running again adds nothing."""
    demand(viewer, "run")
    if not wait:
        return accepted(jobs.run(home, viewer, given.rule_ids, given.as_of), request)
    return answer(service.run(home, actor=viewer.login, rule_ids=given.rule_ids, as_of=given.as_of), request, 201)
