"""Scripts and styles compressed once and kept: as small as gzip can, in the background, before anyone asks.

The largest (plotly) costs a second to squeeze; until it is done, it goes out squeezed less.
"""

from __future__ import annotations

import asyncio
import gzip
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("budgetwatch.dashboard")

KEPT = ("/_dash-component-suites/", "/assets/")
FOR_GOOD = b"public, max-age=31536000, immutable"
#: Bundles whose address carries no version: kept for a day, then asked for again.
FOR_A_DAY = b"public, max-age=86400"
#: In the scope of a question that the server puts to itself.
INSIDE = "budgetwatch.inside"
#: Already as small as they get.
PACKED = (b"image/png", b"image/jpeg", b"font/woff2")
FAST, BEST = 4, 9

Kept = tuple[list[tuple[bytes, bytes]], bytes]


class Bundles:
    """ASGI middleware: answers of the bundles are gzipped once, remembered by address, and may be cached by browsers.

    `addresses` names those to be made ready as soon as the server has started.
    """

    def __init__(self, app: ASGIApp, addresses: Callable[[], Awaitable[Sequence[str]]] | None = None) -> None:
        self.app = app
        self.addresses = addresses
        self._kept: dict[str, Kept] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" and self.addresses is not None:
            self._later(self._make_ready())
        path = scope.get("path", "")
        if (
            scope["type"] != "http"
            or scope.get(INSIDE)
            or not path.startswith(KEPT)
            or "gzip" not in Headers(scope=scope).get("accept-encoding", "")
        ):
            await self.app(scope, receive, send)
            return
        kept = self._kept.get(path)
        if kept is None:
            answer = await _ask(self.app, scope)
            if answer is None:
                await self.app(scope, receive, send)
                return
            kept = await self._keep(path, answer, FAST)
            self._later(self._improve(path, answer))
        headers, packed = kept
        versioned = scope.get("query_string", b"").startswith(b"v=") or ".v" in path
        headers = [
            *headers,
            (b"cache-control", FOR_GOOD if versioned else FOR_A_DAY),
            (b"content-length", str(len(packed)).encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else packed})

    async def _keep(self, path: str, answer: Kept, level: int) -> Kept:
        headers, body = answer
        kept = [(k, v) for k, v in headers if k in (b"content-type", b"etag")]
        if not dict(headers).get(b"content-type", b"").startswith(PACKED):
            kept += [(b"content-encoding", b"gzip"), (b"vary", b"Accept-Encoding")]
            body = await asyncio.to_thread(gzip.compress, body, level, mtime=0)
        self._kept[path] = (kept, body)
        return self._kept[path]

    async def _improve(self, path: str, answer: Kept) -> None:
        await self._keep(path, answer, BEST)

    async def _make_ready(self) -> None:
        try:
            for address in await self.addresses() if self.addresses else ():
                path, _, query = address.partition("?")
                answer = await _ask(self.app, _scope(path, query))
                if answer is not None:
                    await self._keep(path, answer, BEST)
        except Exception:  # the first who asks has it made then
            log.warning("the bundles could not be made ready", exc_info=True)

    def _later(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)  # a task that nobody holds may be collected before it has run
        task.add_done_callback(self._tasks.discard)


async def inside(app: ASGIApp, path: str) -> bytes:
    """What the app answers to its own question at this address."""
    answer = await _ask(app, _scope(path))
    if answer is None:
        raise RuntimeError(f"the app does not answer at {path}")
    return answer[1]


def _scope(path: str, query: str = "") -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"localhost")],
        "client": None,
        "server": ("localhost", 80),
        INSIDE: True,
    }


async def _ask(app: ASGIApp, scope: Scope) -> Kept | None:
    """The answer as it is, uncompressed and unconditional; None unless it is a plain 200."""
    plain = [
        (k, v)
        for k, v in scope["headers"]
        if k not in (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")
    ]
    start: Message = {}
    parts: list[bytes] = []

    asked = False

    async def receive() -> Message:
        nonlocal asked
        if asked:  # nobody hangs up on us; an answer that listens for that is to wait, not to spin
            await asyncio.Event().wait()
        asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def collect(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    await app({**scope, "method": "GET", "headers": plain}, receive, collect)
    return (list(start["headers"]), b"".join(parts)) if start.get("status") == 200 else None
