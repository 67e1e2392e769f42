"""Plants what supervision should find, and what looks like it but is lawful, each with its label.

Everything is chosen by the seed: each kind falls on several units, levels and years, a unit carries one thing
only as long as there are units enough. What is planted is irregular in law or practice, not in any rule's words.
"""

from __future__ import annotations

import numpy as np

from budgetwatch.demo import lawful, misconduct, misexecution, misincome, misprocedure, mispromises
from budgetwatch.demo.budgets import Plan
from budgetwatch.demo.events import Procedure
from budgetwatch.demo.payees import Payees
from budgetwatch.demo.planted import Planted
from budgetwatch.demo.planting import Planting
from budgetwatch.demo.transfers import Transfers

__all__ = ["Planted", "plant"]


def plant(
    plan: Plan,
    procedure: Procedure,
    transfers: Transfers,
    payees: Payees,
    *,
    many: int,
    seed: int,
    rng: np.random.Generator,
) -> Planted:
    """Plant `many` of each kind, changing the plan where the irregularity lies in the plan."""
    planting = Planting(plan, procedure, transfers, payees, rng, many, Planted(payees=payees), seed)
    lawful.plant(planting)
    misexecution.slow(planting)
    misconduct.plant(planting)
    misexecution.plant(planting)
    misincome.plant(planting)
    misprocedure.plant(planting)
    mispromises.plant(planting)
    return planting.out
