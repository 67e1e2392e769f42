"""The plain HTTP around the pages: first page, sign-in and sign-out by POST, who is signed in, bundles compressed once.

Sign-in is an ordinary form, so that password managers work and the session cookie is set by an ordinary answer.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from budgetwatch.access import people
from budgetwatch.access.viewer import Viewer
from budgetwatch.errors import BudgetwatchError, NotSignedIn
from budgetwatch.queries import budgets
from budgetwatch.queries.names import names as known
from budgetwatch.text import LANGUAGES, Text
from dashboard import router
from dashboard.asking import Asking, href
from dashboard.bundles import Bundles
from dashboard.i18n import COOKIE, HTML_LANG, brand, say, speak, spoken

if TYPE_CHECKING:
    from fastapi import FastAPI

    from budgetwatch.home import Home

ASSETS = Path(__file__).parent / "assets"
STYLES = ("theme.css", "base.css", "kit.css", "pages.css", "home.css", "pictures.css", "habits.css", "guide.css")
SCRIPTS = ("shell.js", "habits.js", "offline.js")
UNITS = ("yuan", "wan", "yi")
SESSION_KEY = "user"
REFUSED_KEY = "refused"


def add_routes(api: FastAPI, home: Home, index: Callable[[Request], str]) -> None:
    """The addresses of the pages and of signing in and out; pages ask for a sign-in before they are sent."""

    async def first(request: Request) -> Response:
        speak_as(request)
        try:
            viewer = viewer_of(home, request)
        except NotSignedIn:
            wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return RedirectResponse(href("/login", next="" if request.url.path == "/" else wanted), 303)
        if request.url.path == "/":
            return RedirectResponse(router.home_of(viewer), 303)
        return _html(index(request))

    async def sign_in_page(request: Request) -> Response:
        speak_as(request)
        try:
            return RedirectResponse(router.home_of(viewer_of(home, request)), 303)
        except NotSignedIn:
            return _html(index(request))

    async def sign_in(request: Request) -> Response:
        speak_as(request)
        form = await request.form()
        login, wanted = str(form.get("login", "")), local(str(form.get("next", "")))
        try:
            # Checking a password is slow on purpose: not on the event loop.
            viewer, kept = await asyncio.to_thread(people.sign_in, home, login, str(form.get("password", "")))
        except BudgetwatchError as error:
            request.session[REFUSED_KEY] = {"login": login, **{each: error.sentence(each) for each in LANGUAGES}}
            return RedirectResponse(href("/login", refused=1, next=wanted), 303)
        request.session.clear()
        request.session[SESSION_KEY] = kept
        return RedirectResponse(wanted or router.home_of(viewer), 303)

    async def sign_out(request: Request) -> Response:
        request.session.clear()
        return RedirectResponse("/login", 303)

    for path in ("/", *(route.path for route in router.ROUTES)):
        api.add_api_route(path, first, methods=["GET"], include_in_schema=False)
    api.add_api_route("/login", sign_in_page, methods=["GET"], include_in_schema=False)
    api.add_api_route("/login", sign_in, methods=["POST"], include_in_schema=False)
    api.add_api_route("/logout", sign_out, methods=["POST"], include_in_schema=False)
    if not any(m.cls is GZipMiddleware for m in api.user_middleware):
        api.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    api.add_middleware(Bundles)


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
    return people.viewer_of_session(home, user)


def refusal(request: Request) -> dict[str, str]:
    """Why the last attempt to sign in was refused: a sentence in each language, and the name that was tried."""
    return dict(request.scope.get("session", {}).get(REFUSED_KEY) or {})


def speak_as(request: Request) -> str:
    """The language that the reader chose; 中文 until they do."""
    return speak(request.cookies.get(COOKIE))


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


@cache
def asset(name: str) -> str:
    """The address of an asset with its hash, so that it may be kept for good."""
    digest = hashlib.sha256((ASSETS / name).read_bytes()).hexdigest()[:12]
    return f"/assets/{name}?v={digest}"


def first_page(*, metas: str, css: str, config: str, scripts: str, renderer: str, **_rest: Any) -> str:
    """The first answer: our styles and a skeleton that paint before any script has run."""
    opening = say(Text("正在打开…", "Opening…"))
    script_wanted = say(Text("请启用 JavaScript。", "Please enable JavaScript."))
    name = brand()
    styles = "".join(f'<link rel="stylesheet" href="{asset(name)}">' for name in STYLES)
    ours = "".join(f'<script src="{asset(name)}"></script>' for name in SCRIPTS)
    return f"""<!DOCTYPE html>
<html lang="{HTML_LANG[spoken()]}">
<head>
{metas}
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="theme-color" content="#17395c">
<title>{name} · budgetwatch</title>
<link rel="icon" type="image/svg+xml" href="{asset("logo.svg")}">
{styles}{css}
</head>
<body>
<div id="react-entry-point"><div class="_dash-loading skeleton" role="status" aria-label="{opening}">
<div class="top"><span class="brand"><span class="logo"></span><span>
<span class="brand-zh">{name}</span><span class="brand-en">budgetwatch</span></span></span></div>
<div class="bones"><i></i><i></i><i></i><i></i></div></div></div>
<noscript>{script_wanted}</noscript>
<div>{config}{scripts}{ours}{renderer}</div>
</body>
</html>"""


def _html(page: str) -> HTMLResponse:
    return HTMLResponse(page, headers={"Cache-Control": "no-store", "Vary": "Cookie"})
