"""Models that rank what is unusual and say why; a score never accuses, a person decides what becomes a case."""

from __future__ import annotations

from budgetwatch.outliers.pair_lift import PairLift
from budgetwatch.outliers.scores import Scored, Scores, explain

#: The models that a rule may name under `outlier: {model: …}`.
MODELS = {"pair_lift": PairLift}

__all__ = ["MODELS", "PairLift", "Scored", "Scores", "explain"]
