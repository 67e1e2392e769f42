"""The dashboard on the product's one ASGI app: `mount(api, home)` puts it there.

One callback draws every page: the address says which page and which filters, `Asking` says who asks, the
router's page function returns what stands in `main`. One store carries deeds (forms that change something).
No other state exists in the browser, so links and the back button work everywhere.

Ids that tests and helpers may rely on (stable; a name after … is data):

- everywhere: `main-nav`, `lang-en`/`lang-zh`, `unit-yuan`/`unit-wan`/`unit-yi`, `scope`, `who`, `sign-out`, `title` (the h1),
  `page`, `notice` (role=status/alert), `error` (with `data-code`), `pager-next`, `pager-previous`, `sort-…column`
- /login: `login`, `password`, `sign-in`, `demo-…login`, `login-error`
- /committee: `next-case`, `state-…state`, `severity-…severity`, `queue-search`, `queue` (table; rows link `case-link-…id`)
- /case/…: `found`, `evidence` (rows link `voucher-link-…row`), `law`, `check`, `otherwise`, `reply`, `steps`, `moves`,
  `move-…action` (summary that opens it), `do-…action` (submits), `…action-note`, `…action-reason`, `…action-due_on`, `…action-letter_no`
- /leads: `leads`, `promote-…flag`
- /deputy: `headline`, `by-…by`, `preview` (table; `drill-…code`, `ask-…code`), `preview-chart`, `ask-dialog`, `ask-text`, `ask-submit`, `ask-close`
- /questions: `questions`, `answer-text`, `answer-submit`
- /auditor: `payments-filter` (fields `f-…name`), `total-…by`, `totals` (rows link `total-row-…n`),
  `payments` (rows link `voucher-link-…row`), `export-xlsx`, `export-csv`
- /voucher/…: `voucher`, `voucher-source`, `voucher-flags`
- /unit: `own-cases`, `reply-…case`, `own-questions`
- /rules: `rules`; /feeds: `freshness`, `batches`, `rejects`
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dash import ClientsideFunction, Dash, Input, Output, ctx, dcc, html, no_update
from dash.backends._fastapi import reset_current_request, set_current_request

from budgetwatch.errors import BudgetwatchError, Fault, NotSignedIn
from budgetwatch.text import Text
from dashboard import deeds, router, shell, web
from dashboard.asking import Asking, begin, href, read_query
from dashboard.components import error_box
from dashboard.i18n import HTML_LANG, spoken, t
from dashboard.pages import login

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request

    from budgetwatch.access.viewer import Viewer
    from budgetwatch.home import Home

log = logging.getLogger("budgetwatch.dashboard")
ASSETS = Path(__file__).parent / "assets"


class Dashboard(Dash):
    """Dash with our own first page: `<html lang>`, a skeleton that paints at once, our assets by their hash."""

    def interpolate_index(self, **parts: str) -> str:
        return web.first_page(**parts)


def mount(api: FastAPI, home: Home) -> Dash:
    """Put the pages, the sign-in and the compressed bundles on `api`; call it after the API's own routes."""
    web.add_routes(api, home, index=lambda request: _index(app, request))
    app = Dashboard(
        "dashboard",
        server=api,
        assets_folder=str(ASSETS),
        assets_ignore=".*",
        title="预算联网监督 · budgetwatch",
        update_title=None,
        suppress_callback_exceptions=True,
        serve_locally=True,
    )
    app.backend.websocket_capability = False  # no callback needs one; browsers would only knock in vain
    app.layout = layout()
    app.callback(
        Output("frame", "children"),
        Output("bottom", "children"),
        Output("page", "children"),
        Output("foot", "children"),
        Output("notice", "children"),
        Output("after", "data"),
        Input("url", "pathname"),
        Input("url", "search"),
        Input("deed", "data"),
        Input("again", "data"),
    )(_show(home, app))
    app.clientside_callback(
        ClientsideFunction("budgetwatch", "after"),
        Output("settled", "data"),
        Input("after", "data"),
        prevent_initial_call=True,
    )
    app._setup_server()
    return app


def _index(app: Dash, request: Request) -> str:
    """Dash's first page, made outside the one route for which Dash itself sets the request."""
    token = set_current_request(request)
    try:
        return str(app.index())
    finally:
        reset_current_request(token)


def layout() -> Any:
    """The unchanging skeleton that pages are put into."""
    return html.Div(
        [
            dcc.Location(id="url", refresh="callback-nav"),
            *[dcc.Store(id=name) for name in ("deed", "again", "after", "settled")],
            html.A("跳到正文 · Skip to content", href="#page", className="skip-link"),
            html.Header(id="frame"),
            html.Div(id="notice", role="status", hidden=True, **{"aria-live": "polite"}),
            html.Main(id="page", tabIndex=-1),
            html.Footer(id="foot"),
            html.Div(id="bottom"),
        ],
        className="shell",
    )


def _show(home: Home, app: Dash) -> Any:
    async def show(
        pathname: str | None, search: str | None, deed: dict[str, Any] | None, _again: Any
    ) -> tuple[Any, ...]:
        request = app.backend.request_adapter()._request
        did = deed if ctx.triggered_id == "deed" else None
        # Queries are synchronous and may take a while: the event loop must stay free for the others.
        return await asyncio.to_thread(draw, home, request, pathname or "/", search or "", did)

    return show


def draw(home: Home, request: Request, path: str, search: str, deed: dict[str, Any] | None) -> tuple[Any, ...]:
    """All that the callback puts on the screen: frame, bottom, page, foot, notice and what the browser does after."""
    web.speak_as(request)
    after: dict[str, Any] = {"lang": HTML_LANG[spoken()], "path": path, "turn": secrets.token_hex(4)}
    if path == "/login":
        page = login.view(home, read_query(search), web.refusal(request))
        return shell.frame(None), None, page, None, None, {**after, "title": _window(t("登录"))}
    try:
        viewer = web.viewer_of(home, request)
    except NotSignedIn:
        back = None if path == "/" else href(path, **read_query(search))
        return *(no_update,) * 5, {**after, "leave": href("/login", next=back)}
    if path == "/":
        return *(no_update,) * 5, {**after, "go": router.home_of(viewer), "replace": True}
    asking = begin(_asking(home, viewer, request, path.rstrip("/"), search))
    if deed:
        return _do(asking, deed, after)
    title, page = _page(asking)
    return _framed(asking, page, None, {**after, "title": _window(title)})


def _asking(home: Home, viewer: Viewer, request: Request, path: str, search: str) -> Asking:
    unit = web.unit_of(request)
    return Asking(home, viewer, path, read_query(search), unit=unit or shell.habit(path), chosen=unit is not None)


def _do(asking: Asking, deed: dict[str, Any], after: dict[str, Any]) -> tuple[Any, ...]:
    """Carry out a deed; refused, the page stays as it is, with all that was typed."""
    after = {**after, "form": deed.get("form")}
    try:
        done = deeds.do(asking, str(deed.get("name")), {str(k): str(v) for k, v in (deed.get("fields") or {}).items()})
    except BudgetwatchError as error:
        return *(no_update,) * 4, _refused(error), {**after, "refused": True}
    except Exception as error:
        return *(no_update,) * 4, _refused(_fault(error)), {**after, "refused": True}
    if done.go:
        return *(no_update,) * 4, done.sentence, {**after, "done": True, "go": done.go}
    title, page = _page(asking)
    return _framed(asking, page, done.sentence, {**after, "done": True, "title": _window(title)})


def _page(asking: Asking) -> tuple[str, Any]:
    try:
        page = router.page(asking)
        return page.title, page.body
    except BudgetwatchError as error:
        return t("这样做不到"), error_box(error)
    except Exception as error:
        return t("系统出了差错"), error_box(_fault(error))


def _framed(asking: Asking, page: Any, notice: Any, after: dict[str, Any]) -> tuple[Any, ...]:
    notice = no_update if notice is None else notice
    return shell.frame(asking, web.scope_of(asking)), shell.bottom(asking), page, shell.footer(), notice, after


def _fault(error: Exception) -> Fault:
    """A reference for the reader; the details stay in the log."""
    reference = secrets.token_hex(4)
    log.error("fault %s", reference, exc_info=error)
    return Fault(
        Text("页面没有生成出来，编号 {n}。", "This page could not be made; its reference is {n}.").fill(n=reference),
        fix=Text(
            "请稍后再试；仍不行时把编号告诉系统管理员。",
            "Try again later; if it stays, give the reference to the administrator.",
        ),
        reference=reference,
    )


def _refused(error: BudgetwatchError) -> Any:
    return html.Span(error.sentence(spoken()), className="refused", **{"data-code": error.code})


def _window(title: str) -> str:
    return f"{title} · {t('预算联网监督')}"
