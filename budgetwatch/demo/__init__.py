"""An invented city with invented money: feed files as senders would send them, for trying the product and testing it."""

from __future__ import annotations

from budgetwatch.demo.generator import generate, generate_payments_csv
from budgetwatch.demo.outgoing import Generated

__all__ = ["Generated", "generate", "generate_payments_csv"]
