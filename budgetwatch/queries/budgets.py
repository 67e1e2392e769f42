"""The draft budget as deputies look at it: draft · last budget · last actual · change · per head, at every drill."""

from budgetwatch.queries.budget_base import RegionChoice, books, regions, years
from budgetwatch.queries.budget_preview import BudgetPreview, By, Crumb, preview
from budgetwatch.queries.outlook import Headline, TrendPoint, headline, trend
from budgetwatch.queries.questions import AnswerView, QuestionView, question, questions

__all__ = [
    "AnswerView", "BudgetPreview", "By", "Crumb", "Headline", "QuestionView", "RegionChoice", "TrendPoint",
    "books", "headline", "preview", "question", "questions", "regions", "trend", "years",
]  # fmt: skip
