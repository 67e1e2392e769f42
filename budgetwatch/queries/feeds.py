"""What was sent: batches with their rejects, how fresh each feed is, and the profiles that can read files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from budgetwatch.access.viewer import Viewer
from budgetwatch.queries.listing import Listing

if TYPE_CHECKING:
    from budgetwatch.home import Home


def batches(
    home: Home, viewer: Viewer, *, feed: str = "", profile: str = "", status: str = "", limit: int = 50, offset: int = 0
) -> Listing:
    """Newest first. Rows: batch feed feed_label(Text) profile sender file_name sha256 status rows_in rows_accepted
    rows_rejected rows_repeated facts_added amount_sum currency first_day last_day received_at received_by refusal(str|None)
    reasons(dict)."""
    raise NotImplementedError


def rejects(home: Home, viewer: Viewer, batch: int, *, reason: str = "", limit: int = 50, offset: int = 0) -> Listing:
    """The rejected rows of a batch. Rows: line column column_label(Text) value reason sentence(Text) raw."""
    raise NotImplementedError


def freshness(home: Home, viewer: Viewer) -> Listing:
    """One row a feed: feed feed_label(Text) batches rows facts rejected last_received last_day version days_silent."""
    raise NotImplementedError


def profiles(home: Home, viewer: Viewer) -> Listing:
    """Rows: profile title(Text) feed feed_label(Text) sender format."""
    raise NotImplementedError
