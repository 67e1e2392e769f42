"""What the runs of the rules did: when, over which facts, and what each rule said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from budgetwatch.access.viewer import Viewer
from budgetwatch.queries.listing import Listing

if TYPE_CHECKING:
    from budgetwatch.home import Home


def runs(home: Home, viewer: Viewer, *, limit: int = 20, offset: int = 0) -> Listing:
    """Newest first. Rows: run_id started_at finished_at status as_of actor new_flags changed_flags looked_at flagged
    could_not_judge versions(dict) failure."""
    raise NotImplementedError


def results(home: Home, viewer: Viewer, run_id: int | None = None) -> Listing:
    """What each rule said in one run (None: the latest). Rows: rule_id rule_name(Text) severity looked_at flagged
    could_not_judge reasons(dict) exempted seconds."""
    raise NotImplementedError
