"""Taking sent files in: once, whole or not at all, with every row accounted for."""

from budgetwatch.intake.batch import recover
from budgetwatch.intake.keeping import rejects
from budgetwatch.intake.receipt import Receipt
from budgetwatch.intake.returning import give_back
from budgetwatch.intake.take import check, take_in

__all__ = ["Receipt", "check", "give_back", "recover", "rejects", "take_in"]
