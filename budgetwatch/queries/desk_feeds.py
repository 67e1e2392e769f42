"""The desk of whoever minds the data: who is late, and the latest files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from budgetwatch.access.viewer import Viewer
from budgetwatch.queries import feeds, timeliness
from budgetwatch.queries.scope import demand
from budgetwatch.queries.timeliness import Sender

if TYPE_CHECKING:
    from budgetwatch.home import Home


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
    found = timeliness.senders(home, viewer)
    return Intake(
        senders=found[:senders],
        late=sum(s.late_since is not None for s in found),
        unknown=sum(s.every is None for s in found),
        batches=rows[:batches],
        rejected=sum(row["rows_rejected"] or 0 for row in rows),
    )
