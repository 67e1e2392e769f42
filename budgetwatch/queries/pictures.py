"""What pictures are drawn from: frozen results that carry their own table (`listing`), which is also what is downloaded."""

from budgetwatch.queries.pictures_budget import Part, Parts, Step, Trend, Waterfall, parts, trend, waterfall, way
from budgetwatch.queries.pictures_case import Life, Span, life
from budgetwatch.queries.pictures_execution import Execution, PlaceLine, Places, YearLine, execution, places
from budgetwatch.queries.pictures_flow import (
    Calendar,
    Day,
    Flow,
    Kind,
    Sums,
    Transfers,
    calendar,
    share_off,
    sums,
    transfers,
)

__all__ = [
    "Calendar", "Day", "Execution", "Flow", "Kind", "Life", "Part", "Parts", "PlaceLine", "Places", "Span", "Step", "Sums",
    "Transfers", "Trend", "Waterfall", "YearLine", "calendar", "execution", "life", "parts", "places", "share_off", "sums",
    "transfers", "trend", "waterfall", "way",
]  # fmt: skip
