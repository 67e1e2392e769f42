"""The life of one case as spans: which state it stood in from when to when, and by when it should have left it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from budgetwatch.access.viewer import Viewer
from budgetwatch.cases import machine
from budgetwatch.queries.casefile import CaseView
from budgetwatch.queries.listing import Listing, heading
from budgetwatch.text import Text


@dataclass(frozen=True, slots=True)
class Span:
    """One state: the day it began and (unless it lasts) ended, the day it was due to end, and who brought it about."""

    state: str
    label: Text
    since: dt.date
    until: dt.date | None
    due: dt.date | None
    actor: str

    def late(self, day: dt.date) -> int:
        """Days past its due day, seen from `day`; 0 in time."""
        if self.due is None:
            return 0
        return max(((self.until or day) - self.due).days, 0)


@dataclass(frozen=True, slots=True)
class Life:
    """A case from the day it was opened; `ended` cases stand in their last state for good."""

    spans: tuple[Span, ...]
    day: dt.date
    ended: bool

    @property
    def listing(self) -> Listing:
        rows = [
            {
                "state": s.label, "since": s.since, "until": s.until, "due": s.due,
                "days": ((s.until or self.day) - s.since).days if s.until or not self.ended else None,
                "late": s.late(self.day) or None, "actor": s.actor,
            }
            for s in self.spans
        ]  # fmt: skip
        columns = (
            heading("state", "状态", "State"),
            heading("since", "开始", "From", "date"),
            heading("until", "结束", "To", "date"),
            heading("due", "期限", "Due", "date"),
            heading("days", "天数", "Days", "integer"),
            heading("late", "逾期天数", "Days late", "integer"),
            heading("actor", "经办", "By"),
        )
        return Listing(columns, rows, len(rows))


def life(viewer: Viewer, case: CaseView, day: dt.date) -> Life:
    """The spans that the reader's steps tell; steps that do not change the state belong to the span they fall in.

    Units and the finance bureau see it from the day they were asked, as they see the steps.
    """
    spans: list[Span] = []
    if viewer.may("cases"):
        opened = case.opened_at.astimezone().date()
        spans.append(
            Span(machine.FIRST, machine.STATES[machine.FIRST], opened, None, machine.due(machine.FIRST, opened), "")
        )
    for step in case.steps:
        if spans and step.to_state == spans[-1].state:
            continue
        at = step.at.astimezone().date()
        if spans:
            spans[-1] = _closed(spans[-1], at)
        due = _day(step.fields.get("due_on")) or machine.due(step.to_state, at)
        label = machine.STATES.get(step.to_state, Text(step.to_state, step.to_state))
        spans.append(Span(step.to_state, label, at, None, due, step.actor_name))
    ended = case.closed_at is not None or (bool(spans) and spans[-1].state in machine.ENDED)
    if spans and not ended and case.due_on is not None and spans[-1].state == case.state:
        # The due day that the case itself keeps is the one in force.
        last = spans[-1]
        spans[-1] = Span(last.state, last.label, last.since, None, case.due_on, last.actor)
    return Life(tuple(spans), day, ended)


def _closed(span: Span, at: dt.date) -> Span:
    return Span(span.state, span.label, span.since, at, span.due, span.actor)


def _day(value: Any) -> dt.date | None:
    try:
        return dt.date.fromisoformat(str(value)[:10]) if value else None
    except ValueError:
        return None
