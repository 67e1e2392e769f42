"""Cases: a 疑点 under work, from warning to closure."""

from budgetwatch.cases.service import act, promote, steps_of

__all__ = ["act", "promote", "steps_of"]
