"""Small marks: severity by colour and shape and word, state, what is due."""

from __future__ import annotations

import datetime as dt
from typing import Any

from dash import html

from budgetwatch import calendar
from budgetwatch.records.codes import SEVERITIES
from budgetwatch.text import Text
from dashboard.i18n import say, t

#: A shape of its own for each severity, so that colour never stands alone.
SHAPES = {"red": "▲", "orange": "◆", "yellow": "●", "blue": "■"}

#: Fallback words for states; the queries' own labels come first.
_STATE_TONE = {
    "new": "todo",
    "taken": "work",
    "verified": "work",
    "asked": "wait",
    "replied": "todo",
    "confirmed": "found",
    "dismissed": "calm",
    "closed": "done",
}


def severity_badge(severity: str) -> Any:
    """▲ 红 — the word, the shape and the colour say the same."""
    word = say(SEVERITIES[severity]) if severity in SEVERITIES else severity
    return html.Span(
        [html.Span(SHAPES.get(severity, "○"), **{"aria-hidden": "true"}), html.Span(word)],
        className=f"badge severity severity-{severity}",
    )


def state_badge(state: str | None, label: Text | str | None = None) -> Any:
    """The state of a case in words; without a case, that it is a lead only."""
    if not state:
        return html.Span(t("线索"), className="badge state state-lead")
    return html.Span(say(label) or state, className=f"badge state state-{_STATE_TONE.get(state, 'calm')}")


def mark(word: str, tone: str = "calm") -> Any:
    """A plain small mark."""
    return html.Span(word, className=f"badge mark mark-{tone}")


def due_mark(due_on: dt.date | None, overdue: bool | None = None, today: dt.date | None = None) -> Any:
    """When it is due, and in words whether that day is past or near."""
    if due_on is None:
        return html.Span("—", className="quiet")
    left = (due_on - (today or calendar.today())).days
    late = left < 0 if overdue is None else overdue
    words: list[Any] = [html.Span(due_on.isoformat(), className="nowrap")]
    if late and left < 0:
        words.append(html.Span(t("已逾期 {n} 天", n=-left), className="due due-late"))
    elif late:
        words.append(html.Span(t("已逾期"), className="due due-late"))
    elif left == 0:
        words.append(html.Span(t("今天到期"), className="due due-near"))
    elif left <= 3:
        words.append(html.Span(t("还有 {n} 天", n=left), className="due due-near"))
    return html.Span(words, className="due-cell")
