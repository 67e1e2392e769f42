"""Runs of the rules over a pinned version of the facts, and recomputing what a run once found."""

from __future__ import annotations

from budgetwatch.runs.recompute import Recomputation, recompute, recompute_many
from budgetwatch.runs.run import RuleResult, RunReport, run
from budgetwatch.runs.shadow import shadow
from budgetwatch.runs.stale import stale_flags, stale_rules

__all__ = [
    "Recomputation",
    "RuleResult",
    "RunReport",
    "recompute",
    "recompute_many",
    "run",
    "shadow",
    "stale_flags",
    "stale_rules",
]
