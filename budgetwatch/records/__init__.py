"""The facts: what government sends and what the house notes down, declared once (columns, types, units, keys, code lists)."""

from budgetwatch.records.feeds import ALL, SENT
from budgetwatch.records.types import Column, Feed

__all__ = ["ALL", "SENT", "Column", "Feed"]
