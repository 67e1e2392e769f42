"""What the house asks of every page beyond axe-core, asked in the browser by `house.js`: order, names, targets, room, focus."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).with_name("house.js")
#: The narrowest screen of WCAG 1.4.10: a page 1280 px wide at 400 %.
NARROW = {"width": 320, "height": 640}
#: The text spacing of WCAG 1.4.12, as a reader's own style sheet sets it.
SPACED = """* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }
p { margin-bottom: 2em !important; }"""


def ask(page: Any, what: str, *args: object) -> list[str]:
    """The answers of one function of house.js, none when all is well."""
    if not page.evaluate("Boolean(window.house)"):
        page.evaluate(SCRIPT.read_text())
    return list(page.evaluate("([what, args]) => house[what](...args)", [what, list(args)]))


def wear(page: Any, css: str) -> None:
    """Lay a style sheet over the page's own, in the place of the one laid over it before; "" takes it away."""
    page.evaluate(
        "css => { const sheet = new CSSStyleSheet(); sheet.replaceSync(css); document.adoptedStyleSheets = [sheet]; }",
        css,
    )


def space_out(page: Any, on: bool = True) -> None:
    """Lay the reader's text spacing over the page, or take it away."""
    wear(page, SPACED if on else "")


def until(page: Any, true: str, arg: object = None, patience: float = 15.0) -> None:
    """Wait until an expression of `arg` is true; by asking, as the page's policy lets nobody evaluate inside it."""
    ends = time.monotonic() + patience
    while not page.evaluate(f"arg => Boolean({true})", arg):
        if time.monotonic() > ends:
            here = page.evaluate("document.activeElement ? document.activeElement.outerHTML.slice(0, 150) : ''")
            raise AssertionError(f"never: {true}, with {arg}; the focus is on {here}")
        page.wait_for_timeout(50)


def settled(page: Any) -> None:
    """Two frames later: what depends on the size of the screen has been laid out."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))")


def rest(page: Any) -> None:
    """As the page was opened: nothing has the focus, nothing is scrolled."""
    page.evaluate(
        """() => {
        if (document.activeElement) document.activeElement.blur();
        document.querySelectorAll("body *").forEach(e => { if (e.scrollTop || e.scrollLeft) e.scrollTo(0, 0) });
        window.scrollTo(0, 0);
    }"""
    )
    settled(page)


def dress(page: Any, theme: str) -> None:
    """Light or dark, without asking the server; what fades has faded."""
    page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
    settled(page)
