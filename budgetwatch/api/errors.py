"""Every refusal leaves as the same JSON: ours, the framework's, and the unforeseen, which gets a reference."""

from __future__ import annotations

import logging
import secrets
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from budgetwatch.api.language import spoken
from budgetwatch.errors import BudgetwatchError, Fault, Invalid, NotFound
from budgetwatch.text import Text

log = logging.getLogger("budgetwatch.api")
_READ = Text("接口说明见 /api/docs。", "The API is described at /api/docs.")


class NotAllowed(BudgetwatchError):
    """The address exists, but not for this method."""

    code = "method_not_allowed"
    status = 405


class BadRequest(BudgetwatchError):
    """The framework refused the request before it reached us."""

    code = "bad_request"


def shaped(error: BudgetwatchError, request: Request, headers: dict[str, str] | None = None) -> JSONResponse:
    """The one JSON shape of an error, in the reader's language."""
    return JSONResponse(error.shape(spoken(request)), error.status, headers)


def install(app: FastAPI) -> None:
    """Answer every kind of error in the one shape."""

    @app.exception_handler(BudgetwatchError)
    async def _ours(request: Request, error: BudgetwatchError) -> JSONResponse:
        headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else None
        return shaped(error, request, headers)

    @app.exception_handler(RequestValidationError)
    async def _unread(request: Request, error: RequestValidationError) -> JSONResponse:
        return shaped(unreadable(list(error.errors())), request)

    @app.exception_handler(HTTPException)
    async def _framework(request: Request, error: HTTPException) -> JSONResponse:
        return shaped(translated(error, request), request, dict(error.headers or {}))

    @app.exception_handler(Exception)
    async def _unforeseen(request: Request, error: Exception) -> JSONResponse:
        reference = secrets.token_hex(4)
        log.error("fault %s at %s %s", reference, request.method, request.url.path, exc_info=error)
        return shaped(
            Fault(
                Text(f"系统出了差错，编号 {reference}。", f"The product itself failed; the reference is {reference}."),
                fix=Text(
                    "请稍后再试；仍不行时把编号告诉系统管理员。",
                    "Try again later; if it stays, give the reference to the administrator.",
                ),
                reference=reference,
            ),
            request,
        )


def unreadable(problems: list[dict[str, Any]]) -> Invalid:
    """What is wrong with the parameters or the body, and where."""
    where = ", ".join(
        ".".join(str(part) for part in p["loc"] if part not in ("query", "body", "path")) or "body" for p in problems
    )
    said = "; ".join(str(p["msg"]) for p in problems)
    return Invalid(Text(f"参数无法识别（{said}）。", f"This cannot be read: {said}."), where=where, fix=_READ)


def translated(error: HTTPException, request: Request) -> BudgetwatchError:
    """The framework's own refusal as one of ours."""
    where = f"{request.method} {request.url.path}"
    if error.status_code == 404:
        return NotFound(Text("没有这个地址。", "There is nothing at this address."), where=where, fix=_READ)
    if error.status_code == 405:
        return NotAllowed(
            Text("这个地址不接受该方法。", "This address does not take that method."), where=where, fix=_READ
        )
    refused = BadRequest(
        Text(f"请求无法处理（{error.detail}）。", f"The request cannot be handled: {error.detail}."),
        where=where,
        fix=_READ,
    )
    refused.status = error.status_code  # type: ignore[misc]
    return refused
