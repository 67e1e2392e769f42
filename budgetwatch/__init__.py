"""budgetwatch: supervision of government budgets and spending for people's congresses (预算联网监督)."""

__version__ = "0.1.0"
