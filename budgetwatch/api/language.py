"""Which language the reader wants: the `lang` cookie of the screens, else Accept-Language, else 中文."""

from __future__ import annotations

from typing import Any, Literal, cast

from fastapi.responses import JSONResponse
from starlette.requests import HTTPConnection

from budgetwatch.queries.listing import plain
from budgetwatch.text import LANGUAGES

Language = Literal["zh", "zh-Hant", "en"]
#: Where 繁體 is read, and the script's own tag.
_HANT = ("zh-hant", "zh-tw", "zh-hk", "zh-mo")


def spoken(request: HTTPConnection) -> Language:
    """zh, zh-Hant or en."""
    chosen = request.cookies.get("lang")
    if chosen in LANGUAGES:
        return cast(Language, chosen)
    best: Language = "zh"
    weight = 0.0
    for part in request.headers.get("accept-language", "").split(","):
        tag, _, quality = part.strip().lower().partition(";q=")
        try:
            q = float(quality or 1)
        except ValueError:
            continue
        if q > weight and (known := _known(tag)):
            best, weight = known, q
    return best


def _known(tag: str) -> Language | None:
    """The one of our languages that a tag such as zh-TW or en-GB asks for."""
    if tag.startswith(_HANT):
        return "zh-Hant"
    plain_tags: dict[str, Language] = {"zh": "zh", "en": "en"}
    return plain_tags.get(tag.partition("-")[0])


def answer(value: Any, request: HTTPConnection, status: int = 200) -> JSONResponse:
    """The value as JSON: exact numbers as strings, words in the reader's language."""
    return JSONResponse(plain(value, spoken(request)), status)
