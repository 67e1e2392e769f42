"""The colour tokens of `assets/theme.css` as data: their values in each theme, which stands on which, how they contrast.

The kit page shows the pairs and a test holds each to WCAG 2.2: 4.5:1 for what is read, 3:1 for what is only seen
(borders of fields, focus rings, bars).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

THEME = Path(__file__).parent / "assets" / "theme.css"
THEMES = ("light", "dark")
#: The rule of theme.css that declares each theme; the second dark one is for readers whose system is dark.
SELECTORS = {"light": ':root, [data-theme="light"]', "dark": '[data-theme="dark"]'}
BY_SYSTEM = 'html:not([data-theme="light"])'

GROUNDS = ("ground", "surface", "raised", "sunken", "hover")
TONES = ("red", "orange", "yellow", "blue", "green", "violet")
READ, SEEN = 4.5, 3.0

#: (what is written, what it stands on, least contrast).
PAIRS: tuple[tuple[str, str, float], ...] = (
    *((ink, ground, READ) for ink in ("ink", "ink-2", "ink-3", "accent") for ground in GROUNDS),
    *(("ink-off", ground, READ) for ground in ("surface", "ground")),
    *((tone, f"{tone}-soft", READ) for tone in TONES),
    *((tone, "surface", READ) for tone in TONES),
    *(("ink", f"{tone}-soft", READ) for tone in TONES),
    *((word, ground, READ) for word in ("up", "down") for ground in ("surface", "hover", "sunken")),
    ("red", "hover", READ),
    ("ink-2", "grey-soft", READ),
    ("ink-2", "accent-soft", READ),
    ("accent-strong", "accent-soft", READ),
    ("accent-strong", "surface", READ),
    ("on-accent", "accent", READ),
    ("on-accent", "accent-strong", READ),
    ("tip-ink", "tip", READ),
    ("brand-ink", "brand", READ),
    ("brand-ink", "brand-hover", READ),
    ("brand-ink-2", "brand", READ),
    ("brand-chosen-ink", "brand-chosen", READ),
    *(("line-strong", ground, SEEN) for ground in ("surface", "ground")),
    *(("focus", ground, SEEN) for ground in GROUNDS),
    ("brand-focus", "brand", SEEN),
    ("bar", "sunken", SEEN),
    *((line, "surface", SEEN) for line in ("up-line", "down-line", "bar")),
)


@cache
def colours(theme: str, selector: str | None = None) -> dict[str, str]:
    """Token → value as theme.css declares it for that theme."""
    wanted = selector or SELECTORS[theme]
    css = re.sub(r"/\*.*?\*/", "", THEME.read_text(encoding="utf-8"), flags=re.DOTALL)
    at = css.index(wanted + " {")
    block = css[at : css.index("}", at)]
    return {name: value.strip() for name, value in re.findall(r"--([\w-]+):\s*([^;]+);", block)}


def contrast(one: str, other: str) -> float:
    """The contrast of two colours (#rrggbb) by WCAG: 1 for the same, 21 for black on white."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def pairs(theme: str) -> Iterator[tuple[str, str, float, float]]:
    """(written, ground, contrast, least) of every pair in that theme."""
    known = colours(theme)
    for written, ground, least in PAIRS:
        yield written, ground, contrast(known[written], known[ground]), least


def _luminance(colour: str) -> float:
    channels = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
