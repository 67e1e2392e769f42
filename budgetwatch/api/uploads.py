"""Addresses for senders' programs: a file in parts over a line that breaks, and records streamed as they come."""

from __future__ import annotations

import secrets
import shutil
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from budgetwatch import intake
from budgetwatch.api import examples
from budgetwatch.api.data import safe_name
from budgetwatch.api.language import answer
from budgetwatch.api.session import Here, Who
from budgetwatch.errors import Invalid
from budgetwatch.intake import once, parts
from budgetwatch.queries.scope import demand
from budgetwatch.text import Text

router = APIRouter(tags=["data"])
Key = Annotated[str, Path(max_length=80, description="the sender's own name for this upload, 8 to 64 characters")]
Profile = Annotated[str, Query(max_length=64, description="a profile of /api/feeds")]


@router.get("/uploads/{key}", summary="How much of an upload has arrived", responses=examples.ok("upload"))
def arrived(request: Request, home: Here, viewer: Who, key: Key) -> Response:
    """Go on from `bytes`."""
    demand(viewer, "take_in")
    return answer({"key": key, "bytes": parts.size(home, viewer, key)}, request)


@router.patch("/uploads/{key}", summary="Send the next part of a file", responses=examples.ok("upload"))
async def send(
    request: Request, home: Here, viewer: Who, key: Key, upload_offset: Annotated[int, Header(ge=0)] = 0
) -> Response:
    """The body is the bytes from `Upload-Offset` on. A part cut short stays as far as it came."""
    demand(viewer, "take_in")
    file = await run_in_threadpool(parts.opened, home, viewer, key, upload_offset)
    with file:
        async for piece in request.stream():
            await run_in_threadpool(file.write, piece)
    return answer({"key": key, "bytes": parts.size(home, viewer, key)}, request)


@router.post(
    "/uploads/{key}", summary="Take a finished upload in", status_code=201, responses=examples.ok("receipt", 201)
)
def finish(
    request: Request, home: Here, viewer: Who, key: Key, profile: Profile,
    name: Annotated[str, Query(max_length=255, description="the file's own name")],
    sha256: Annotated[str | None, Query(max_length=64)] = None,
) -> Response:  # fmt: skip
    """As POST /api/batches. The upload is forgotten once it is in."""
    demand(viewer, "take_in")
    path = parts.whole(home, viewer, key, safe_name(name) or "upload", sha256)
    receipt = intake.take_in(home, path, profile, actor=viewer.login, allowed_region=viewer.region)
    parts.drop(home, viewer, key)
    return answer(receipt, request, 200 if receipt.status == "already" else 201)


@router.delete("/uploads/{key}", summary="Forget an upload", status_code=204)
def forget(home: Here, viewer: Who, key: Key) -> Response:
    """Whatever arrived of it is removed."""
    demand(viewer, "take_in")
    parts.drop(home, viewer, key)
    return Response(status_code=204)


@router.post(
    "/records", summary="Take records in as they stream", status_code=201, responses=examples.ok("receipt", 201)
)
async def stream(
    request: Request, home: Here, viewer: Who, profile: Profile, idempotency_key: Annotated[str | None, Header()] = None
) -> Response:
    """The body is NDJSON (one record a line), by a profile of format `json`. Sent again whole, it changes nothing."""
    demand(viewer, "take_in")
    folder = home.path / "tmp" / f"upload-{secrets.token_hex(8)}"
    folder.mkdir()
    try:
        path, size = folder / "records.ndjson", 0
        with path.open("wb") as out:
            async for piece in request.stream():
                size += len(piece)
                await run_in_threadpool(out.write, piece)
        if not size:
            raise Invalid(
                Text("没有收到任何记录。", "No record arrived."), where="body",
                fix=Text("每行发送一条 JSON 记录。", "Send one JSON record a line."),
            )  # fmt: skip
        receipt = await run_in_threadpool(
            lambda: intake.take_in(
                home,
                path,
                profile,
                actor=viewer.login,
                allowed_region=viewer.region,
                origin=once.origin(home, viewer.login, idempotency_key, path),
            )
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return answer(receipt, request, 200 if receipt.status == "already" else 201)
