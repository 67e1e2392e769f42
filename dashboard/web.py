"""The plain HTTP around the pages: the first answer, sign-in and sign-out by POST, who is signed in, and how they like it.

Sign-in is an ordinary form, so that password managers work and the session cookie is set by an ordinary answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from budgetwatch.access import sessions
from budgetwatch.access.viewer import Viewer
from budgetwatch.errors import BudgetwatchError, NotSignedIn
from budgetwatch.queries import budgets
from budgetwatch.queries.names import names as known
from budgetwatch.text import LANGUAGES, Text
from dashboard import first, guides, offline, router
from dashboard.asking import Asking, href
from dashboard.bundles import Bundles
from dashboard.i18n import COOKIE, say, speak

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp, Receive, Scope, Send

    from budgetwatch.home import Home

STYLES = (
    "theme.css", "base.css", "kit.css", "pages.css", "home.css", "pictures.css", "habits.css", "places.css",
    "guide.css", "work.css", "offline.css", "rules.css",
)  # fmt: skip
#: After Dash's own; shell.js goes before them (first.EARLY).
SCRIPTS = ("trees.js", "habits.js", "pictures.js", "work.js", "voice.js", "offline.js", "start.js")
ALL_STYLES, ALL_SCRIPTS = "/assets/all.css", "/assets/all.js"
UNITS = ("yuan", "wan", "yi")
THEMES = ("auto", "light", "dark")
SESSION_KEY = "user"
REFUSED_KEY = "refused"


Draw = Callable[..., Sequence[Any]]


def add_routes(api: FastAPI, home: Home, draw: Draw) -> None:
    """The addresses of the pages and of signing in and out; pages ask for a sign-in before they are sent."""
    opened = _opened(api, home, draw)

    async def sign_in(request: Request) -> Response:
        speak_as(request)
        form = await request.form()
        login, wanted = str(form.get("login", "")), local(str(form.get("next", "")))
        try:
            # Checking a password is slow on purpose: not on the event loop.
            viewer, kept = await asyncio.to_thread(sessions.sign_in, home, login, str(form.get("password", "")))
        except BudgetwatchError as error:
            request.session[REFUSED_KEY] = {"login": login, **{each: error.sentence(each) for each in LANGUAGES}}
            return RedirectResponse(href("/login", refused=1, next=wanted), 303)
        request.session.clear()
        request.session[SESSION_KEY] = kept
        return RedirectResponse(wanted or router.home_of(viewer), 303)

    async def sign_out(request: Request) -> Response:
        await asyncio.to_thread(sessions.sign_out, home, request.session.get(SESSION_KEY))
        request.session.clear()
        return RedirectResponse("/login", 303)

    guides.add_routes(api)
    for path in ("/", "/login", *(route.path for route in router.ROUTES)):
        api.add_api_route(path, opened, methods=["GET"], include_in_schema=False)
    api.add_api_route("/login", sign_in, methods=["POST"], include_in_schema=False)
    api.add_api_route("/logout", sign_out, methods=["POST"], include_in_schema=False)
    api.add_api_route(ALL_STYLES, _joined(STYLES, "text/css"), methods=["GET", "HEAD"], include_in_schema=False)
    api.add_api_route(
        ALL_SCRIPTS, _joined(SCRIPTS, "text/javascript"), methods=["GET", "HEAD"], include_in_schema=False
    )
    offline.add_routes(api, shell_files=lambda: bundles(api), styles=styles_address())

    async def ready() -> Sequence[str]:
        return [*await bundles(api), first.asset("logo.svg"), offline.PLOTLY]

    if not any(m.cls is GZipMiddleware for m in api.user_middleware):
        api.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    api.add_middleware(Bundles, addresses=ready)
    api.add_middleware(AtHand)


def add_the_rest(api: FastAPI, home: Home, draw: Draw) -> None:
    """Every other address: a page that says so, behind the sign-in like all others. Added after all routes."""
    api.add_api_route("/{rest:path}", _opened(api, home, draw), methods=["GET"], include_in_schema=False)


def _opened(api: FastAPI, home: Home, draw: Draw) -> Callable[..., Any]:
    """The handler that answers with the whole page, drawn."""

    async def opened(request: Request) -> Response:
        speak_as(request)
        path, query = request.url.path, request.url.query
        if path == "/login":
            try:
                return RedirectResponse(router.home_of(viewer_of(home, request)), 303)
            except NotSignedIn:
                pass
        ground = await ground_of(api)

        def whole() -> str | dict[str, Any]:
            drawn = first.answer(draw(home, request, path, f"?{query}" if query else "", None))
            after = drawn[-1]
            if "leave" in after or "go" in after:
                return dict(after)
            return first.compose(
                ground, drawn, styles=styles_address(), scripts=(scripts_address(),), theme=theme_of(request)
            )

        # Queries take their time, and so does writing a long page: the event loop must stay free for the others.
        page = await asyncio.to_thread(whole)
        if isinstance(page, dict):
            return RedirectResponse(page.get("leave") or page["go"], 303)
        return HTMLResponse(page, headers={"Cache-Control": "no-store", "Vary": "Cookie"})

    return opened


async def ground_of(api: FastAPI) -> first.Ground:
    """What Dash tells every browser, asked once a process."""
    if getattr(api.state, "ground", None) is None:
        api.state.ground = await first.ground(api)
    return api.state.ground


async def bundles(api: FastAPI) -> list[str]:
    """The addresses of all scripts and styles that every page shares."""
    ground = await ground_of(api)
    return [styles_address(), first.asset(first.EARLY), *ground.needed, scripts_address()]


def styles_address() -> str:
    return first.joined_address(ALL_STYLES, STYLES)


def scripts_address() -> str:
    return first.joined_address(ALL_SCRIPTS, SCRIPTS)


def _joined(names: Sequence[str], kind: str) -> Callable[..., Any]:
    async def joined() -> Response:
        return Response(first.joined(*names), media_type=kind)

    return joined


_request: ContextVar[Request] = ContextVar("request")


class AtHand:
    """ASGI middleware: the request that is being answered, for code that is called without it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = _request.set(Request(scope)) if scope["type"] == "http" else None
        try:
            await self.app(scope, receive, send)
        finally:
            if token is not None:
                _request.reset(token)


def request_at_hand() -> Request:
    """The request that is being answered."""
    return _request.get()


def local(address: str) -> str:
    """`address` if it leads to one of our own pages, else nothing: a sign-in must not send people elsewhere."""
    parts = urlsplit(address)
    ours = address.startswith("/") and not address.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme
    return address if ours and any(r.pattern.match(parts.path) for r in router.ROUTES) else ""


def viewer_of(home: Home, request: Request) -> Viewer:
    """Who is signed in; NotSignedIn where nobody is."""
    user = request.scope.get("session", {}).get(SESSION_KEY)
    if user is None:
        raise NotSignedIn(Text("请先登录。", "Please sign in first."))
    return sessions.viewer_of(home, user)


def refusal(request: Request) -> dict[str, str]:
    """Why the last attempt to sign in was refused: a sentence in each language, and the name that was tried."""
    return dict(request.scope.get("session", {}).get(REFUSED_KEY) or {})


def speak_as(request: Request) -> str:
    """The language that the reader chose; 中文 until they do."""
    return speak(request.cookies.get(COOKIE))


def theme_of(request: Request) -> str:
    """Light, dark, or as the device has it."""
    theme = request.cookies.get("theme")
    return theme if theme in THEMES else "auto"


def unit_of(request: Request) -> str | None:
    """The unit of amounts that the reader chose, if any."""
    unit = request.cookies.get("unit")
    return unit if unit in UNITS else None


def scope_of(asking: Asking) -> str:
    """The name of the region this person sees; nothing for those whose work is not by region."""
    viewer = asking.viewer
    if not viewer.may("budgets"):
        return ""
    try:
        names = {code: name for code, name, *_ in budgets.regions(asking.home, viewer)}
    except BudgetwatchError:
        return viewer.region
    return say(names.get(viewer.region) or known(asking.home, viewer).region(viewer.region)) if viewer.region else ""
