"""The pages without a network: the manifest by which the product installs, the service worker, and the page that it shows.

The worker keeps the scripts and styles of this version; copies of pages that a person opened are made by the page
itself (assets/offline.js) in a cache of that person alone, and wiped when they sign out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from budgetwatch.text import LANGUAGES
from dashboard import first
from dashboard.i18n import COOKIE, HTML_LANG, brand, speak, t

if TYPE_CHECKING:
    from fastapi import FastAPI

#: Loaded by Dash itself, and only where a chart is.
PLOTLY = "/assets/vendor/plotly-basic.v4.1.1.min.js"
ICONS = (("icon-192.png", "192x192", "any"), ("icon-512.png", "512x512", "any"), ("icon-maskable-512.png", "512x512", "maskable"))  # fmt: skip
SCRIPT = "offline-page.js"
#: Copies are as old as a week at most.
DAYS = 7


def add_routes(api: FastAPI, shell_files: Callable[[], Awaitable[Sequence[str]]], styles: str) -> None:
    """Addresses that need no sign-in: they say nothing of anyone."""

    async def manifest(request: Request) -> Response:
        language = speak(request.cookies.get(COOKIE))
        return JSONResponse(
            {
                "id": "/",
                "name": t("预算联网监督"),
                "short_name": t("预算监督"),
                "description": t("人大代表、预算工委和审计机关的预算联网监督。"),
                "lang": HTML_LANG[language],
                "start_url": "/home",
                "scope": "/",
                "display": "standalone",
                "background_color": "#f5f7fa",
                "theme_color": "#17395c",
                "icons": [
                    {"src": first.asset(name), "sizes": sizes, "type": "image/png", "purpose": purpose}
                    for name, sizes, purpose in ICONS
                ]
                + [{"src": first.asset("logo.svg"), "sizes": "any", "type": "image/svg+xml"}],
            },
            media_type="application/manifest+json",
            headers={"Cache-Control": "no-cache"},
        )

    async def worker() -> Response:
        files = [
            *await shell_files(),
            first.asset("logo.svg"),
            first.asset(SCRIPT),
            *(page_of(each) for each in LANGUAGES),
        ]
        source = first.joined("sw.js").decode()
        version = hashlib.sha256("\n".join((*files, source)).encode()).hexdigest()[:12]
        shell = {"version": version, "files": files, "pages": {each: page_of(each) for each in LANGUAGES}, "days": DAYS}
        return Response(
            f"const SHELL = {json.dumps(shell)};\n{source}",
            media_type="text/javascript",
            headers={"Cache-Control": "no-cache", "Service-Worker-Allowed": "/"},
        )

    async def page(language: str) -> Response:
        speak(language)
        return HTMLResponse(no_network(styles, HTML_LANG[speak(language)]), headers={"Cache-Control": "no-cache"})

    async def icon() -> Response:
        return RedirectResponse(first.asset("icon-192.png"), 301)

    for path, handler in (
        ("/manifest.webmanifest", manifest),
        ("/sw.js", worker),
        ("/offline/{language}", page),
        ("/favicon.ico", icon),
    ):
        api.add_api_route(path, handler, methods=["GET"], include_in_schema=False)


def page_of(language: str) -> str:
    """Where the page stands that says, in this language, that there is no network."""
    return f"/offline/{language}"


def no_network(styles: str, language: str) -> str:
    """What is said when there is neither network nor copy: what happened, what can be read, what to do."""
    said: dict[str, Any] = {
        "opened": t("打开于 {time}"),
        "none": t("还没有可以离线阅读的页面。联网时打开过的预算、提问和指南会留在这里，保存 7 天。"),
    }
    return f"""<!DOCTYPE html>
<html lang="{language}" data-theme="auto" data-offline-page="">
<head>
{first.head(f"{t('现在没有网络')} · {t('预算联网监督')}", styles)}
<script defer src="{first.asset(SCRIPT)}"></script>
</head>
<body>
<div class="shell"><header id="frame"><div class="top"><a class="brand" href="/home"><span class="logo" aria-hidden="true"></span>
<span><span class="brand-zh">{escape(brand())}</span><span class="brand-en">budgetwatch</span></span></a></div></header>
<main id="page" tabindex="-1">
<header class="page-head"><h1 id="title" tabindex="-1">{escape(t("现在没有网络"))}</h1>
<p class="lead">{escape(t("这一页没有留下副本，要等网络恢复才能打开。"))}</p></header>
<section class="card"><p><button type="button" class="button primary" id="retry">{escape(t("重试"))}</button></p></section>
<section class="card"><h2 class="card-title">{escape(t("现在可以读的"))}</h2><ul id="copies" class="copies"></ul></section>
</main></div>
<script id="said" type="application/json">{first.script_json(said)}</script>
</body>
</html>"""
