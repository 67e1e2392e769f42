"""Who is asking: a signed-in browser (session cookie) or a program (Bearer token)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field
from starlette.types import ASGIApp, Receive, Scope, Send

from budgetwatch.access import people, sessions
from budgetwatch.access.viewer import POWERS, ROLES, Viewer
from budgetwatch.api import examples
from budgetwatch.api.errors import shaped
from budgetwatch.api.language import answer
from budgetwatch.errors import Denied, Invalid, NotSignedIn
from budgetwatch.queries.names import names
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

KEY = "user"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def home_of(request: Request) -> Home:
    """The deployment that this app serves."""
    return request.app.state.home


def current_viewer(request: Request) -> Viewer:
    """The person behind the request; NotSignedIn where there is none, or an account that may not be used any more."""
    home: Home = request.app.state.home
    given = request.headers.get("authorization")
    if given is not None:
        scheme, _, token = given.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise NotSignedIn(
                Text("只接受 Bearer 密钥。", "Only Bearer tokens are understood."),
                where="Authorization",
                fix=Text("请写成 Authorization: Bearer <密钥>。", "Write it as Authorization: Bearer <token>."),
            )
        return people.viewer_by_token(home, token.strip())
    user = request.session.get(KEY)
    if user is None:
        raise NotSignedIn(
            Text("请先登录。", "Please sign in first."),
            fix=Text(
                "请 POST /api/session，或带上 Authorization: Bearer <密钥>。",
                "POST /api/session, or send Authorization: Bearer <token>.",
            ),
        )
    return sessions.viewer_of(home, user)


def readable(request: Request) -> None:
    """No parameter holds a NUL, which no database keeps."""
    for name, value in request.query_params.multi_items():
        if "\0" in value:
            raise Invalid(Text("参数含有空字符。", "The parameter holds a NUL character."), where=name)


Here = Annotated[Any, Depends(home_of)]
Who = Annotated[Viewer, Depends(current_viewer)]

router = APIRouter(tags=["session"])


class SignIn(BaseModel):
    """Login and password."""

    login: str = Field(max_length=128, examples=["reviewer"])
    password: str = Field(max_length=1024, examples=["demo-2026"])


@router.post("/session", summary="Sign in", responses=examples.ok("me"))
def sign_in(request: Request, home: Here, given: SignIn) -> Response:
    """Sets the session cookie. The sentence is the same for a wrong login, a wrong password and a locked account."""
    viewer, kept = sessions.sign_in(home, given.login, given.password)
    request.session.clear()
    request.session[KEY] = kept
    return answer(me(home, viewer), request)


@router.delete("/session", summary="Sign out", status_code=204)
def sign_out(request: Request, home: Here) -> Response:
    """Ends the session of this browser; a copy of its cookie is worth nothing any more."""
    sessions.sign_out(home, request.session.get(KEY))
    request.session.clear()
    return Response(status_code=204)


@router.get("/me", summary="Who am I", responses=examples.ok("me"))
def who_am_i(request: Request, home: Here, viewer: Who) -> Response:
    """The person, their role, scope and powers."""
    return answer(me(home, viewer), request)


def me(home: Home, viewer: Viewer) -> dict[str, Any]:
    return {
        "login": viewer.login,
        "name": viewer.name,
        "role": viewer.role,
        "role_name": ROLES.get(viewer.role, Text(viewer.role, viewer.role)),
        "region": viewer.region,
        "region_name": names(home, viewer).region(viewer.region),
        "agency_code": viewer.agency_code,
        "powers": POWERS.get(viewer.role, frozenset()),
    }


class SameOrigin:
    """Refuses what another site makes a signed-in browser send: browsers name their origin on every such request."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in _SAFE:
            request = Request(scope)
            if "authorization" not in request.headers and not ours(request):
                refusal = Denied(
                    Text("请求来自其他网站，已拒绝。", "This request comes from another site and was refused."),
                    where=request.headers.get("origin", "")[:200],
                    fix=Text("请在本系统的页面上操作。", "Work on this product's own pages."),
                )
                await shaped(refusal, request)(scope, receive, send)
                return
        await self.app(scope, receive, send)


def ours(request: Request) -> bool:
    """Whether the browser says that the request comes from our own pages (programs say nothing)."""
    origin = request.headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc == request.headers.get("host")
    return request.headers.get("sec-fetch-site", "none") in ("same-origin", "none")
