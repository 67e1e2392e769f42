"""When a sender is late: by their own rhythm, the usual gap between the days that their files reach up to.

Nobody has told the product by when a file is owed. What a sender has done is known. Past the usual gap, and some days
of grace, they are late since the day it ended.
"""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Iterable
from itertools import pairwise

#: Files arrive some days after the period that they hold: a tenth of the rhythm, but at least a working week.
GRACE_SHARE, GRACE_LEAST = 0.1, 7
#: Two gaps at least make a rhythm; one may be anything.
RHYTHM = 2


def reach(last_day: dt.date | None, received_at: dt.datetime) -> dt.date:
    """The day a file reaches: of its last row where rows have days (never later than its receipt), else of its receipt."""
    received = received_at.astimezone().date()
    return min(last_day, received) if last_day else received


def usual_gap(days: Iterable[dt.date]) -> int | None:
    """The usual gap in days between the days that files reach; None while there is no rhythm."""
    gaps = [(b - a).days for a, b in pairwise(sorted(set(days)))]
    return round(statistics.median(gaps)) if len(gaps) >= RHYTHM else None


def late_since(upto: dt.date, every: int | None, day: dt.date) -> dt.date | None:
    """The day on which the next file was owed, where that day and the grace are past; None while there is no rhythm."""
    if every is None:
        return None
    owed = upto + dt.timedelta(every)
    grace = max(GRACE_LEAST, round(every * GRACE_SHARE))
    return owed if day > owed + dt.timedelta(grace) else None
