"""How long work will still take, told so that a person can rely on it: it falls steadily and never jumps."""

from __future__ import annotations

import math

#: Before so much is done, or so many seconds have passed, any guess would be worth nothing.
LEAST_SHARE = 0.02
LEAST_SECONDS = 2.0
#: A guess that was too low grows by at most this many seconds a second, however badly the work has slowed down.
RISE = 0.5


class Remaining:
    """Seconds left of one piece of work, from the share done and the seconds passed so far.

    Each moment's plain estimate (passed x left / done) is blended with what was told before, less the time that has
    passed since: one slow step moves it little, a lasting change of pace moves it within a quarter of the time passed.
    """

    def __init__(self) -> None:
        self._left: float | None = None
        self._at = 0.0

    def told(self, passed: float, share: float) -> float | None:
        """Seconds left after `passed` seconds with `share` done (0 to 1); None while nobody can tell."""
        if share >= 1:
            return 0.0
        if share < LEAST_SHARE or passed < LEAST_SECONDS:
            return None
        plain = passed * (1 - share) / share
        if self._left is None:
            self._left, self._at = plain, passed
            return plain
        since = max(0.0, passed - self._at)
        expected = max(0.0, self._left - since)
        weight = 1 - math.exp(-since / max(5.0, passed / 4))
        self._left = min(expected + weight * (plain - expected), self._left + RISE * since)
        self._at = passed
        return self._left
