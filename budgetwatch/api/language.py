"""Which language the reader wants: the `lang` cookie of the screens, else Accept-Language, else 中文."""

from __future__ import annotations

from typing import Any, Literal

from fastapi.responses import JSONResponse
from starlette.requests import HTTPConnection

from budgetwatch.queries.listing import plain
from budgetwatch.text import LANGUAGES


def spoken(request: HTTPConnection) -> Literal["zh", "en"]:
    """zh or en."""
    chosen = request.cookies.get("lang")
    if chosen in LANGUAGES:
        return "en" if chosen == "en" else "zh"
    best, weight = "zh", 0.0
    for part in request.headers.get("accept-language", "").split(","):
        tag, _, quality = part.strip().lower().partition(";q=")
        try:
            q = float(quality or 1)
        except ValueError:
            continue
        if tag[:2] in LANGUAGES and q > weight:
            best, weight = tag[:2], q
    return "en" if best == "en" else "zh"


def answer(value: Any, request: HTTPConnection, status: int = 200) -> JSONResponse:
    """The value as JSON: exact numbers as strings, words in the reader's language."""
    return JSONResponse(plain(value, spoken(request)), status)
