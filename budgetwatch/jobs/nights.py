"""What nightly runs are called in the list of runs."""

from __future__ import annotations

#: The actor of nightly runs.
NIGHTLY = "T+1"
