"""How a figure is kept: as text that is exact and the same every time."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any


def told(value: Any) -> Any:
    """A figure as kept: exact text; a float with ten digits, which no order of summing changes."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    if isinstance(value, list):
        return [told(part) for part in value]
    return str(value)
