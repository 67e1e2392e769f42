"""Cases: a 疑点 under work, from warning to closure."""

from budgetwatch.cases.service import act, evidence_changed, promote, steps_of

__all__ = ["act", "evidence_changed", "promote", "steps_of"]
