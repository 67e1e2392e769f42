"""Draft review: deputies' questions on lines of a draft budget, and the answers to them."""

from budgetwatch.review.questions import answer, ask

__all__ = ["answer", "ask"]
