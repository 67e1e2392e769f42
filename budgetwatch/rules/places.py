"""Places by their GB/T 2260 codes: which lie within which, and of what level each is.

Two digits a province, four a city, six a county or district, nine a town or street (GB/T 10114: 001 to 099 streets,
100 to 399 towns and townships); codes are filled up with zeros: 310000 is a province, 370200 a city.
"""

from __future__ import annotations

from collections.abc import Iterable

LEVELS = ("province", "city", "district", "town", "street")


def trimmed(code: str) -> str:
    """The code without the zeros that stand for nothing: 310000 → 31, 370200 → 3702, 990101000 → 990101."""
    code = code.strip()
    if len(code) == 9 and code.endswith("000"):
        code = code[:6]
    while len(code) in (4, 6) and code.endswith("00"):
        code = code[:-2]
    return code


def within(code: str, place: str) -> bool:
    """Whether the place holds that code; the empty place, the country, holds all."""
    return code.startswith(trimmed(place))


def level_of(code: str) -> str:
    """The level of the place with that code; empty where the code is not of this kind."""
    code = trimmed(code)
    if not code.isdigit():
        return ""
    if len(code) >= 9:
        return "street" if code[6:9] < "100" else "town"
    return {2: "province", 4: "city", 6: "district"}.get(len(code), "")


def common(codes: Iterable[str]) -> str:
    """The place that holds them all: the longest prefix that is a place; empty for none in common."""
    listed = [trimmed(code) for code in codes if code]
    if not listed:
        return ""
    first, last = min(listed), max(listed)
    shared = next(
        (n for n, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), min(len(first), len(last))
    )
    return first[: max(n for n in (0, 2, 4, 6, 9, len(first)) if n <= shared)]
