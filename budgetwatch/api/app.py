"""The one ASGI app: the API at /api, the dashboard on the same server when it is there."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.exceptions import HTTPException
from starlette.middleware.sessions import SessionMiddleware
from starlette.routing import Match

import budgetwatch
from budgetwatch.api import (
    budgets,
    data,
    errors,
    examples,
    guard,
    incidents,
    jobs,
    payments,
    reference,
    rules,
    search,
    session,
    uploads,
    work,
)

if TYPE_CHECKING:
    from budgetwatch.home import Home

_ABOUT = (
    "预算联网监督 · supervision of government budgets and spending. Sign in with POST /api/session, or send "
    "Authorization: Bearer <token>. Money is an exact decimal in a string. Every refusal has the one shape "
    '{"error": {code, what, where, fix}}, in 中文 or English by the `lang` cookie or Accept-Language.'
)
_EVERY = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def create_app(home: Home, *, dashboard: bool = True) -> FastAPI:
    """The app for one deployment. Without the dashboard's package it is the API alone."""
    app = FastAPI(
        title="budgetwatch",
        version=budgetwatch.__version__,
        description=_ABOUT,
        openapi_url="/api/openapi.json",
        docs_url=None,  # the usual pages fetch their scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.home = home
    app.state.named = lambda viewer: ()  # what the search finds beside the facts: the dashboard brings its guides
    _ = (
        home.rules
    )  # read and checked before the first request, which would wait seconds for it; a bad rule stops the start
    errors.install(app)
    for part in (session, work, search, budgets, payments, rules, incidents, data, jobs, uploads):
        app.include_router(
            part.router, prefix="/api", responses=examples.ERRORS, dependencies=[Depends(session.readable)]
        )
    _add_own(app)
    # Added last stands outermost: headers on everything, then the origin, then the session.
    app.add_middleware(
        SessionMiddleware,
        secret_key=home.secret,
        session_cookie="budgetwatch",
        max_age=home.settings.session_hours * 3600,
        same_site="strict",
    )
    app.add_middleware(session.SameOrigin)
    hashes = _mount(app, home) if dashboard else []
    app.add_middleware(guard.Guard, headers=guard.headers(hashes), tls=home.settings.tls)
    return app


def _add_own(app: FastAPI) -> None:
    """Health, the reference, and an answer in the one shape for every other address under /api."""

    @app.get("/api/health", tags=["service"], summary="Is it up", responses=examples.ok("health"))
    def health(request: Request) -> Response:
        """Answers when the database does."""
        with request.app.state.home.session() as database:
            database.execute(sa.text("SELECT 1"))
        return JSONResponse({"status": "ok", "version": budgetwatch.__version__})

    @app.get("/api/docs", include_in_schema=False)
    def docs() -> Response:
        return HTMLResponse(reference.page(app.openapi()))

    @app.api_route("/api/{rest:path}", methods=_EVERY, include_in_schema=False)
    def nothing(request: Request, rest: str) -> Response:
        for route in app.routes:
            if getattr(route, "path", "") != "/api/{rest:path}" and route.matches(request.scope)[0] is Match.PARTIAL:
                raise HTTPException(405, headers={"Allow": ", ".join(sorted(getattr(route, "methods", None) or ()))})
        raise HTTPException(404)


def _mount(app: FastAPI, home: Home) -> list[str]:
    """Put the dashboard on the app; returns the hashes of the inline scripts that it needs."""
    try:
        # By name: the API does not depend on the dashboard, which depends on it.
        module: Any = importlib.import_module("dashboard.app")
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] != "dashboard":
            raise
        return []
    dash = module.mount(app, home)
    return [f"'{value.strip(chr(39))}'" for value in dash.csp_hashes()]
