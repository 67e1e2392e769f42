"""The first answer: a whole HTML page with its content drawn, and beside it, as data, all that Dash would ask for next.

The browser shows the page before any script has run, and its links and forms work. Dash then makes the same page
from the data (`seed`) without asking the server again, and takes the place of what stands there (assets/shell.js,
assets/start.js). So each page is drawn once.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dash import html, no_update

from dashboard.bundles import inside
from dashboard.i18n import HTML_LANG, spoken, t
from dashboard.markup import markup, plain, script_json
from dashboard.tongues import marked
from dashboard.trees import folded

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from budgetwatch.home import Home

ASSETS = Path(__file__).parent / "assets"
#: The outputs of the one callback, in the order in which `app.draw` hands them over.
OUTPUTS = (
    ("frame", "children"),
    ("bottom", "children"),
    ("page", "children"),
    ("foot", "children"),
    ("notice", "children"),
    ("after", "data"),
)
#: In both languages, as the skeleton is made before anyone has chosen one.
SKIP = (("跳到正文", "zh-Hans"), ("Skip to content", "en"))
#: Asked for before the rest, so that links, forms and deeds are heard while the larger scripts still come.
EARLY = "shell.js"
#: The addresses inside, at which Dash says what it would tell a browser.
INDEX, LAYOUT, DEPENDENCIES = "/_dash-index", "/_dash-layout", "/_dash-dependencies"


@dataclass(frozen=True, slots=True)
class Ground:
    """What Dash tells every browser alike: its settings, its scripts, the skeleton and the callbacks."""

    config: str
    scripts: tuple[str, ...]
    layout: Any
    dependencies: Any

    @property
    def needed(self) -> tuple[str, ...]:
        """The scripts without the tables, which no page uses."""
        return tuple(s for s in self.scripts if "/dash_table/" not in s)


async def ground(app: ASGIApp) -> Ground:
    """Asked of Dash once, through its own addresses."""
    index = (await inside(app, INDEX)).decode()
    found = re.search(r'<script id="_dash-config".*?</script>', index, re.S)
    if found is None:
        raise RuntimeError("Dash's first page holds no settings: this version of Dash is not understood")
    return Ground(
        found.group(),
        tuple(re.findall(r'<script src="([^"]+)"', index)),
        json.loads(await inside(app, LAYOUT)),
        json.loads(await inside(app, DEPENDENCIES)),
    )


@cache
def asset(name: str) -> str:
    """The address of an asset with its hash, so that it may be kept for good."""
    return f"/assets/{name}?v={hashlib.sha256((ASSETS / name).read_bytes()).hexdigest()[:12]}"


@cache
def joined(*names: str) -> bytes:
    """Several assets as one file, in this order."""
    return b"\n".join((ASSETS / name).read_bytes() for name in names)


def joined_address(path: str, names: Sequence[str]) -> str:
    """The address of assets that go out as one file, with the hash of what is in it."""
    return f"{path}?v={hashlib.sha256(joined(*names)).hexdigest()[:12]}"


def answer(drawn: Sequence[Any]) -> list[Any]:
    """What `app.draw` hands over, as plain values; what is to stay as it is stays no_update."""
    told = [part if part is no_update else plain(part) for part in drawn]
    return [marked(part) for part in told[:-1]] + told[-1:] if spoken() == "en" else told


def for_dash(answered: Sequence[Any]) -> list[Any]:
    """The same as Dash is handed it in the browser."""
    return [*(part if part is no_update else folded(part) for part in answered[:-1]), answered[-1]]


def skip_words() -> list[Any]:
    """What the link that leads past the frame says."""
    first, second = (html.Span(word, lang=tongue) for word, tongue in SKIP)
    return [first, " · ", second]


def person_mark(home: Home, login: str) -> str:
    """Tells one person's kept pages from another's in the same browser, and nothing else about them."""
    return hmac.new(home.secret.encode(), f"kept pages of {login}".encode(), "sha256").hexdigest()[:16]


def words() -> dict[str, str]:
    """What the scripts say by themselves, in the language at hand."""
    return {
        "network": t("现在连不上服务器。网络恢复后请点“重试”；已填写的内容都还在。"),
        "server": t("服务器没有答复这一次请求。请点“重试”；仍不行时请告诉系统管理员。"),
        "retry": t("重试"),
        "copy": t("离线 · 打开于 {time}"),
        "again": t("重新连接"),
        "off": t("离线时不能提交"),
        "draft": t("这是上次没有发出的草稿。"),
    }


def compose(
    ground: Ground,
    drawn: Sequence[Any],
    *,
    styles: str,
    scripts: Sequence[str],
    theme: str,
    home_screen: str = "/manifest.webmanifest",
) -> str:
    """The whole first answer. `drawn` is plain (see `answer`), `styles` the address of the style sheet."""
    parts = dict(zip((name for name, _ in OUTPUTS), drawn, strict=True))
    after = parts["after"]
    response = {
        name: {what: value}
        for (name, what), value in zip(OUTPUTS, for_dash(drawn), strict=True)
        if value is not no_update
    }  # fmt: skip
    seed = {
        "layout": ground.layout,
        "dependencies": ground.dependencies,
        "answer": {"multi": True, "response": response},
    }
    shown = {name: "" if value is no_update else markup(value) for name, value in parts.items() if name != "after"}
    # At the end, so that on a slow line they do not share it with the page and its styles.
    later = "".join(f'<script defer src="{escape(address)}"></script>' for address in (*ground.needed, *scripts))
    return f"""<!DOCTYPE html>
<html lang="{HTML_LANG[spoken()]}" data-theme="{escape(theme)}" data-person="{escape(after.get("person", ""))}">
<head>
{head(str(after.get("title", "")), styles, home_screen)}
</head>
<body>
<div id="drawn"><div class="shell">
<a class="skip-link" href="#page">{markup(plain(skip_words()))}</a>
<header id="frame">{shown["frame"]}</header>
<div id="notice" role="status" aria-live="polite" hidden="">{shown["notice"]}</div>
<main id="page" tabindex="-1">{shown["page"]}</main>
<footer id="foot">{shown["foot"]}</footer>
<div id="bottom">{shown["bottom"]}</div>
</div></div>
<div id="react-entry-point"></div>
<noscript><p class="note">{escape(t("没有 JavaScript 时可以看、可以查，但不能提交。"))}</p></noscript>
{ground.config}
<script id="seed" type="application/json">{script_json(seed)}</script>
<script defer src="{asset(EARLY)}"></script>{later}
</body>
</html>"""


def head(title: str, styles: str, home_screen: str = "/manifest.webmanifest") -> str:
    """What every page of ours, also one without a network, has in its head."""
    return f"""<meta charset="UTF-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="theme-color" content="#17395c">
<title>{escape(title)}</title>
<link rel="icon" type="image/svg+xml" href="{asset("logo.svg")}">
<link rel="apple-touch-icon" href="{asset("icon-180.png")}">
<link rel="manifest" href="{home_screen}" crossorigin="use-credentials">
<link rel="stylesheet" href="{escape(styles)}">"""
