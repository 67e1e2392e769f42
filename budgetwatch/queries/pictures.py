"""What pictures are drawn from: frozen results that carry their own table (`listing`), which is also what is downloaded."""

from budgetwatch.queries.pictures_budget import Part, Parts, Step, Waterfall, parts, waterfall, way
from budgetwatch.queries.pictures_case import Life, Span, life
from budgetwatch.queries.pictures_execution import Execution, PlaceLine, Places, YearLine, execution, places
from budgetwatch.queries.pictures_flow import Calendar, Day, Flow, Kind, Transfers, calendar, share_off, transfers

__all__ = [
    "Calendar", "Day", "Execution", "Flow", "Kind", "Life", "Part", "Parts", "PlaceLine", "Places", "Span", "Step",
    "Transfers", "Waterfall", "YearLine", "calendar", "execution", "life", "parts", "places", "share_off", "transfers",
    "waterfall", "way",
]  # fmt: skip
