"""The facts: what government sends, declared once (columns, types, units, keys, code lists)."""

from budgetwatch.records.feeds import ALL
from budgetwatch.records.types import Column, Feed

__all__ = ["ALL", "Column", "Feed"]
