"""Rules: read from YAML, checked, compiled to SQL, and judged; what they find is 疑点, never more."""

from __future__ import annotations

from budgetwatch.rules.book import RuleBook
from budgetwatch.rules.rule import Basis, Law, Param, Rule

__all__ = ["Basis", "Law", "Param", "Rule", "RuleBook"]
