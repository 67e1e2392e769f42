"""Who is late with their data: each sender measured by the rhythm in which they themselves have sent so far.

Nobody has told the product by when a file is owed. What a sender has done is known: the usual gap between the days
their files reach up to. Past that gap, and some days of grace, they are late since the day it ended.
"""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from budgetwatch.access.viewer import Viewer
from budgetwatch.calendar import today
from budgetwatch.queries import feeds
from budgetwatch.queries.scope import demand
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

#: Files arrive some days after the period that they hold: a tenth of the rhythm, but at least a working week.
GRACE_SHARE, GRACE_LEAST = 0.1, 7
#: Two gaps at least make a rhythm; one may be anything.
RHYTHM = 2


@dataclass(frozen=True, slots=True)
class Sender:
    """One series of files by one sender. `upto` is the day their data reaches (for data without days, when it was received);
    `every` the usual gap in days, None before three files; `late_since` the day the next was owed, if that is past."""

    sender: str
    feed: str
    feed_label: Text
    upto: dt.date
    received_at: dt.datetime
    every: int | None
    late_since: dt.date | None

    @property
    def days(self) -> int:
        """Days without anything newer."""
        return (today() - self.upto).days


@dataclass(frozen=True, slots=True)
class Intake:
    """What was sent, as one desk shows it: senders (late first, then the longest silent), how many are late and of how
    many no rhythm is known, and the latest files."""

    senders: list[Sender]
    late: int
    unknown: int
    batches: list[dict[str, Any]]
    rejected: int


def intake(home: Home, viewer: Viewer, *, senders: int = 5, batches: int = 5) -> Intake:
    """Senders and files whose whole content lies in sight."""
    demand(viewer, "batches")
    rows = feeds.batches(home, viewer, limit=1000).rows
    found = _senders(rows)
    return Intake(
        senders=found[:senders],
        late=sum(s.late_since is not None for s in found),
        unknown=sum(s.every is None for s in found),
        batches=rows[:batches],
        rejected=sum(row["rows_rejected"] or 0 for row in rows),
    )


def _senders(rows: Iterable[dict[str, Any]]) -> list[Sender]:
    """One line a sender and kind of data: of several series the one that is late, else the newest."""
    sent: dict[tuple[str, str], dict[str, list[dict[str, Any]]]] = {}
    for row in rows:
        if row["status"] == "accepted":
            # Each profile is a series of its own: the city's file and the districts' file do not make a rhythm.
            series = sent.setdefault((row["sender"] or row["profile"], row["feed"]), {})
            series.setdefault(row["profile"], []).append(row)
    found = []
    for (sender, _), series in sent.items():
        each = [_sender(sender, files) for files in series.values()]
        late = [one for one in each if one.late_since]
        found.append(min(late, key=_urgency) if late else max(each, key=lambda one: one.upto))
    return sorted(found, key=_urgency)


def _urgency(one: Sender) -> tuple[bool, dt.date, str, str]:
    return (one.late_since is None, one.late_since or one.upto, one.sender, one.feed)


def _sender(sender: str, files: list[dict[str, Any]]) -> Sender:
    last = max(files, key=lambda row: row["received_at"])
    days = sorted({_upto(row) for row in files})
    gaps = [(b - a).days for a, b in pairwise(days)]
    every = round(statistics.median(gaps)) if len(gaps) >= RHYTHM else None
    return Sender(
        sender=sender,
        feed=last["feed"],
        feed_label=last["feed_label"],
        upto=days[-1],
        received_at=last["received_at"],
        every=every,
        late_since=late_since(days[-1], every, today()),
    )


def _upto(row: dict[str, Any]) -> dt.date:
    """The day a file reaches: of its last row where rows have days (never later than its receipt), else of its receipt."""
    received: dt.date = row["received_at"].astimezone().date()
    return min(row["last_day"], received) if row["last_day"] else received


def late_since(upto: dt.date, every: int | None, day: dt.date) -> dt.date | None:
    """The day on which the next file was owed, where that day and the grace are past; None while there is no rhythm."""
    if every is None:
        return None
    owed = upto + dt.timedelta(every)
    grace = max(GRACE_LEAST, round(every * GRACE_SHARE))
    return owed if day > owed + dt.timedelta(grace) else None
