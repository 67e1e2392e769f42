"""/data/{picture}: what a picture is drawn from, as a file; the same query, scope and parameters as on the page."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from budgetwatch.calendar import today
from budgetwatch.errors import NotSignedIn
from budgetwatch.queries.pictures_file import picture_file
from budgetwatch.queries.scope import one_of
from dashboard import drawn, web
from dashboard.asking import Asking, begin, href, read_query
from dashboard.i18n import say, spoken

if TYPE_CHECKING:
    from fastapi import FastAPI

    from budgetwatch.home import Home

MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


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
    kind = drawn.named(name)
    query = read_query(request.url.query)
    format = one_of((query.pop("format", None) or ["csv"])[-1], MEDIA, "format")
    asking = begin(Asking(home, viewer, request.url.path, query, unit="yuan"))
    shown = kind.ask(asking)
    content = picture_file(
        home,
        viewer,
        name,
        say(kind.title),
        kind.says(shown),
        shown.listing,
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
