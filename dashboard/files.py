"""/data/{picture}: what a picture is drawn from, as a file; the same query, scope and parameters as on the page.

A few lists that no picture shows are taken away at the same address, whole (`LISTS`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from budgetwatch.calendar import today
from budgetwatch.errors import NotSignedIn
from budgetwatch.queries import incidents
from budgetwatch.queries.listing import Listing
from budgetwatch.queries.pictures_file import picture_file
from budgetwatch.queries.scope import one_of
from budgetwatch.text import Text
from dashboard import drawn, web
from dashboard.asking import Asking, begin, href, read_query
from dashboard.figures.incident import how_far
from dashboard.i18n import say, spoken

if TYPE_CHECKING:
    from fastapi import FastAPI

    from budgetwatch.home import Home

MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, slots=True)
class Listed:
    """A list as a file: what it is, in a sentence, and its rows."""

    title: Text
    sentence: str
    listing: Listing


def _incident(asking: Asking) -> Listed:
    number = asking.number("incident") or 0
    told = incidents.incident(asking.home, asking.viewer, number, limit=1)
    title = Text(f"事件 {number} 暂存的结果", f"What is held as incident {number}")
    return Listed(title, how_far(told), incidents.findings(asking.home, asking.viewer, number))


LISTS: dict[str, Callable[[Asking], Listed]] = {"incident-findings": _incident}


def add_routes(api: FastAPI, home: Home) -> None:
    """The one address; errors are answered in the API's shape."""

    async def data(request: Request) -> Response:
        try:
            return await asyncio.to_thread(file_of, home, request)
        except NotSignedIn:
            return RedirectResponse(href("/login", next="/"), 303)

    api.add_api_route("/data/{picture}", data, methods=["GET"], include_in_schema=False)


def file_of(home: Home, request: Request) -> Response:
    """The file that the address asks for, made anew from the facts as they stand."""
    web.speak_as(request)
    viewer = web.viewer_of(home, request)
    name = str(request.path_params["picture"])
    query = read_query(request.url.query)
    format = one_of((query.pop("format", None) or ["csv"])[-1], MEDIA, "format")
    asking = begin(Asking(home, viewer, request.url.path, query, unit="yuan"))
    listed = LISTS[name](asking) if name in LISTS else _drawn(asking, name)
    content = picture_file(
        home,
        viewer,
        name,
        say(listed.title),
        listed.sentence,
        listed.listing,
        format,  # type: ignore[arg-type]
        asked={key: values[-1] for key, values in query.items()},
        language=spoken(),
    )
    return Response(
        content,
        media_type=MEDIA[format],
        headers={
            "Content-Disposition": f'attachment; filename="{name}-{today():%Y%m%d}.{format}"',
            "Cache-Control": "no-store",
        },
    )


def _drawn(asking: Asking, name: str) -> Listed:
    kind = drawn.named(name)
    shown = kind.ask(asking)
    return Listed(kind.title, kind.says(shown), shown.listing)
