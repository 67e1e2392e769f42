"""Back-tests: what a set of rules would have found in all stored facts, and what it would cost. No flag comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from budgetwatch.backtest.report import Precision, Report, RuleReport, Sweep, Tried, wilson

if TYPE_CHECKING:
    from budgetwatch.backtest.service import LONGEST, Asked, keep, measure, resolve, run

_SERVICE = ("LONGEST", "Asked", "keep", "measure", "resolve", "run")

__all__ = [
    "LONGEST", "Asked", "Precision", "Report", "RuleReport", "Sweep", "Tried", "keep", "measure", "resolve", "run", "wilson",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """The service, loaded when it is asked for: it brings a second's worth of libraries."""
    if name in _SERVICE:
        from budgetwatch.backtest import service

        return getattr(service, name)
    raise AttributeError(name)
