"""Days and moments: written the same everywhere, and for machines in `<time datetime>`."""

from __future__ import annotations

import datetime as dt
from typing import Any

from dash import html


def day(value: dt.date | None) -> Any:
    """2026-01-10; a dash where there is none."""
    if value is None:
        return html.Span("—", className="quiet")
    return html.Time(f"{value:%Y-%m-%d}", dateTime=f"{value:%Y-%m-%d}", className="date")


def moment(value: dt.datetime | None) -> Any:
    """2026-01-10 09:30 in the time of the place; a dash where there is none."""
    if value is None:
        return html.Span("—", className="quiet")
    return html.Time(f"{value.astimezone():%Y-%m-%d %H:%M}", dateTime=value.isoformat(), className="date")
