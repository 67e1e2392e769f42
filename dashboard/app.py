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
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dash import ClientsideFunction, Dash, Input, Output, ctx, dcc, html, no_update
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from budgetwatch.errors import BudgetwatchError, Fault, NotSignedIn
from budgetwatch.facts.store import at_one_moment
from budgetwatch.text import Text
from dashboard import deeds, files, first, guides, router, shell, web
from dashboard.asking import Asking, begin, href, read_query
from dashboard.bundles import INSIDE
from dashboard.components import error_box
from dashboard.components.states import error_heading
from dashboard.i18n import HTML_LANG, spoken, t
from dashboard.pages import login

if TYPE_CHECKING:
    from fastapi import FastAPI

    from budgetwatch.access.viewer import Viewer
    from budgetwatch.home import Home

log = logging.getLogger("budgetwatch.dashboard")
ASSETS = Path(__file__).parent / "assets"


class Dashboard(Dash):
    """Dash whose first page is ours (first.py): no inline script is left that a policy would have to allow."""

    def csp_hashes(self, hash_algorithm: str = "sha256") -> Sequence[str]:
        return []


def mount(api: FastAPI, home: Home) -> Dash:
    """Put the pages, the sign-in and the compressed bundles on `api`; call it after the API's own routes."""
    web.add_routes(api, home, draw)
    api.state.named = guides.named  # the search of the API finds the guides too
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
        *(Output(*output) for output in first.OUTPUTS),
        Input("url", "pathname"),
        Input("url", "search"),
        Input("deed", "data"),
        Input("again", "data"),
    )(_show(home))
    app.clientside_callback(
        ClientsideFunction("budgetwatch", "after"),
        Output("settled", "data"),
        Input("after", "data"),
        prevent_initial_call=True,
    )
    api.add_api_route(first.INDEX, _index(app), methods=["GET"], include_in_schema=False)
    files.add_routes(api, home)
    web.add_the_rest(api, home, draw)
    return app


def _index(app: Dash) -> Any:
    async def index(request: Request) -> Response:
        """Dash's own first page, for `first.ground` alone, which reads from it what Dash tells browsers."""
        return HTMLResponse(app.index()) if request.scope.get(INSIDE) else Response(status_code=404)

    return index


def layout() -> Any:
    """The unchanging skeleton that pages are put into."""
    return html.Div(
        [
            dcc.Location(id="url", refresh="callback-nav"),
            *[dcc.Store(id=name) for name in ("deed", "again", "after", "settled")],
            html.A(first.skip_words(), href="#page", className="skip-link"),
            html.Header(id="frame"),
            html.Div(id="notice", role="status", hidden=True, **{"aria-live": "polite"}),
            html.Main(id="page", tabIndex=-1),
            html.Footer(id="foot"),
            html.Div(id="bottom"),
        ],
        className="shell",
    )


def _show(home: Home) -> Any:
    async def show(
        pathname: str | None, search: str | None, deed: dict[str, Any] | None, _again: Any
    ) -> tuple[Any, ...]:
        did = deed if ctx.triggered_id == "deed" else None
        # Queries are synchronous and may take a while: the event loop must stay free for the others.
        return await asyncio.to_thread(drawn, web.request_at_hand(), pathname or "/", search or "", did)

    def drawn(request: Request, path: str, search: str, did: dict[str, Any] | None) -> tuple[Any, ...]:
        # Plain values go to JSON several times faster than components do.
        return tuple(first.for_dash(first.answer(draw(home, request, path, search, did))))

    return show


def draw(home: Home, request: Request, path: str, search: str, deed: dict[str, Any] | None) -> tuple[Any, ...]:
    """All that the callback puts on the screen: frame, bottom, page, foot, notice and what the browser does after."""
    web.speak_as(request)
    after: dict[str, Any] = {
        "lang": HTML_LANG[spoken()], "theme": web.theme_of(request), "path": path, "turn": secrets.token_hex(4),
        "words": first.words(), "person": "",
    }  # fmt: skip
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
    after |= {"person": first.person_mark(home, viewer.login), "keep": router.may_be_kept(asking)}
    if deed:
        return _do(asking, deed, after)
    return _framed(asking, None, after)


def _asking(home: Home, viewer: Viewer, request: Request, path: str, search: str) -> Asking:
    unit = web.unit_of(request)
    return Asking(
        home,
        viewer,
        path,
        read_query(search),
        unit=unit or shell.habit(path),
        chosen=unit is not None,
        theme=web.theme_of(request),
    )


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
        return *(no_update,) * 4, _notice(done.sentence), {**after, "done": True, "go": done.go}
    return _framed(asking, _notice(done.sentence), {**after, "done": True})


def _page(asking: Asking) -> tuple[str, Any]:
    try:
        page = router.page(asking)
        return page.title, page.body
    except BudgetwatchError as error:
        return error_heading(error), error_box(error)
    except Exception as error:
        return t("系统出了差错"), error_box(_fault(error))


def _framed(asking: Asking, notice: Any, after: dict[str, Any]) -> tuple[Any, ...]:
    """The page in its frame, all of it from one state of the facts."""
    with at_one_moment():
        title, page = _page(asking)
        frame, bottom = shell.frame(asking, web.scope_of(asking)), shell.bottom(asking)
    notice = no_update if notice is None else notice
    return frame, bottom, page, shell.footer(), notice, {**after, "title": _window(title)}


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
    return _notice(html.Span(error.sentence(spoken()), className="refused", **{"data-code": error.code}))


def _notice(words: Any) -> Any:
    """What was done or refused; it stands until the reader closes it or does something else."""
    return [
        html.Div(words, className="notice-words"),
        html.Button(
            html.Span("×", **{"aria-hidden": "true"}),
            type="button",
            className="close",
            **{"aria-label": t("关闭这条消息")},
        ),
    ]


def _window(title: str) -> str:
    return f"{title} · {t('预算联网监督')}"
