"""Scripts and styles compressed once and kept: the largest (plotly) costs half a second to squeeze, once a process."""

from __future__ import annotations

import asyncio
import gzip
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

KEPT = ("/_dash-component-suites/", "/assets/")
FOR_GOOD = b"public, max-age=31536000, immutable"
#: Bundles whose address carries no version: kept for a day, then asked for again.
FOR_A_DAY = b"public, max-age=86400"


class Bundles:
    """ASGI middleware: answers of the bundles are gzipped once, remembered by address, and may be cached by browsers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._kept: dict[str, tuple[list[tuple[bytes, bytes]], bytes]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if (
            scope["type"] != "http"
            or not path.startswith(KEPT)
            or "gzip" not in Headers(scope=scope).get("accept-encoding", "")
        ):
            await self.app(scope, receive, send)
            return
        if path not in self._kept:
            answer = await self._fetch(scope, receive)
            if answer is None:
                await self.app(scope, receive, send)
                return
            headers, body = answer
            kept = [(k, v) for k, v in headers if k in (b"content-type", b"etag")]
            kept += [(b"content-encoding", b"gzip"), (b"vary", b"Accept-Encoding")]
            self._kept[path] = (kept, await asyncio.to_thread(gzip.compress, body, 6))
        headers, packed = self._kept[path]
        versioned = scope.get("query_string", b"").startswith(b"v=") or ".v" in path
        headers = [
            *headers,
            (b"cache-control", FOR_GOOD if versioned else FOR_A_DAY),
            (b"content-length", str(len(packed)).encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else packed})

    async def _fetch(self, scope: Scope, receive: Receive) -> tuple[list[tuple[bytes, bytes]], bytes] | None:
        """The answer as it is, uncompressed and unconditional; None unless it is a plain 200."""
        plain = [
            (k, v)
            for k, v in scope["headers"]
            if k not in (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")
        ]
        start: Message = {}
        parts: list[bytes] = []

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            elif message["type"] == "http.response.body":
                parts.append(message.get("body", b""))

        await self.app({**scope, "method": "GET", "headers": plain}, receive, collect)
        return (list(start["headers"]), b"".join(parts)) if start.get("status") == 200 else None
