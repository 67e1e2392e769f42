"""A rule's threshold as screens say it."""

from __future__ import annotations

from typing import Any

from budgetwatch.queries.thresholds import in_words
from dashboard.i18n import say


def with_unit(value: Any, unit: str) -> str:
    """The value as people say it, in the reader's language."""
    return say(in_words(value, unit))
