"""Back-tests: what a set of rules would have found in all stored facts, and what it would cost. No flag comes of it."""

from budgetwatch.backtest.report import Precision, Report, RuleReport, Sweep, Tried, wilson
from budgetwatch.backtest.service import LONGEST, Asked, keep, measure, resolve, run

__all__ = [
    "LONGEST", "Asked", "Precision", "Report", "RuleReport", "Sweep", "Tried", "keep", "measure", "resolve", "run", "wilson",
]  # fmt: skip
