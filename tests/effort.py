"""How hard the laws are tried: enough to catch a slip in the usual run, everything with BUDGETWATCH_THOROUGH set."""

from __future__ import annotations

import os

THOROUGH = bool(os.environ.get("BUDGETWATCH_THOROUGH"))


def examples(thorough: int) -> int:
    """How many examples of a law to try: that many where there is time, a third of it usually."""
    return thorough if THOROUGH else max(5, thorough // 3)
