"""An invented city with invented money: feed files as senders would send them, for trying the product and testing it."""

from __future__ import annotations

from budgetwatch.demo.city import Generated, generate, generate_payments_csv

__all__ = ["Generated", "generate", "generate_payments_csv"]
