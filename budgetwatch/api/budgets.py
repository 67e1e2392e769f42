"""Addresses of the draft preview and of deputies' questions."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from budgetwatch import review
from budgetwatch.api import examples
from budgetwatch.api.fields import Code, Currency, Func, Id, Limit, Offset, Region, Words, Year
from budgetwatch.api.language import answer
from budgetwatch.api.session import Here, Who
from budgetwatch.queries import budgets

router = APIRouter(tags=["budgets"])
Place = Annotated[str | None, Query(max_length=32, description="region; by default all that you see")]
Book = Annotated[str | None, Query(max_length=8, description="1 general, 2 funds, 3 state capital, 4 social insurance")]
Own = Annotated[bool, Query(description="the region's own level only (本级)")]


class Ask(BaseModel):
    """A question on one line of a draft, with the figures as you saw them (exact, as strings)."""

    budget_year: int = Field(ge=1900, le=2200, examples=[2026])
    region: str = Field(max_length=32, examples=["990102"])
    line: str = Field(max_length=512, examples=["教育"])
    text: str = Field(max_length=10_000, examples=["增加的部分用于哪些学校？"])
    agency_code: str | None = Field(None, max_length=64)
    func_code: str | None = Field(None, max_length=16, examples=["205"])
    pro_code: str | None = Field(None, max_length=64)
    figures: dict[str, str] | None = Field(None, max_length=20, examples=[{"draft": "420000.10"}])


class Reply(BaseModel):
    text: str = Field(max_length=40_000, examples=["用于三所小学的校舍修缮。"])


@router.get("/budget/preview", summary="The draft beside last budget and last actual", responses=examples.ok("preview"))
def preview(
    request: Request,
    home: Here,
    viewer: Who,
    year: Year = None,
    region: Place = None,
    book: Book = None,
    by: Annotated[
        str | None, Query(max_length=16, description="function, department, unit, economic, project or region")
    ] = None,
    function: Func = "",
    agency: Code = "",
    eco: Code = "",
    own: Own = False,
    direction: Annotated[str, Query(max_length=16)] = "expenditure",
    currency: Currency = None,
) -> Response:
    """One level of the drill; each row's `drill` holds the parameters of the next."""
    seen = budgets.preview(
        home, viewer, year=year, region=region, book=book, by=by, func=function, agency=agency, eco=eco, own=own,  # type: ignore[arg-type]
        direction=direction, currency=currency,
    )  # fmt: skip
    return answer(seen, request)


@router.get("/budget/headline", summary="The draft in five numbers", responses=examples.ok("headline"))
def headline(
    request: Request,
    home: Here,
    viewer: Who,
    year: Year = None,
    region: Place = None,
    book: Book = None,
    own: Own = False,
    currency: Currency = None,
) -> Response:
    """Each with one plain sentence."""
    return answer(
        budgets.headline(home, viewer, year=year, region=region, book=book, own=own, currency=currency), request
    )


@router.get("/budget/trend", summary="One line over the years", responses=examples.ok("trend"))
def trend(
    request: Request,
    home: Here,
    viewer: Who,
    region: Place = None,
    book: Book = None,
    function: Func = "",
    agency: Code = "",
    eco: Code = "",
    own: Own = False,
    direction: Annotated[str, Query(max_length=16)] = "expenditure",
    currency: Currency = None,
) -> Response:
    """Budget, actual and draft of every year, oldest first."""
    points = budgets.trend(
        home,
        viewer,
        region=region,
        book=book,
        func=function,
        agency=agency,
        eco=eco,
        own=own,
        direction=direction,
        currency=currency,
    )
    return answer(points, request)


@router.get("/budget/years", summary="Years with a budget")
def years(request: Request, home: Here, viewer: Who, region: Place = None) -> Response:
    """Newest first."""
    return answer(budgets.years(home, viewer, region), request)


@router.get("/budget/regions", summary="Regions with a budget", responses=examples.ok("regions"))
def regions(request: Request, home: Here, viewer: Who) -> Response:
    """The tree within your scope, parents before children."""
    return answer(budgets.regions(home, viewer), request)


@router.get("/questions", summary="Deputies' questions", responses=examples.ok("questions"))
def questions(
    request: Request,
    home: Here,
    viewer: Who,
    year: Year = None,
    region: Region = "",
    answered: bool | None = None,
    mine: bool = False,
    text: Words = "",
    limit: Limit = 50,
    offset: Offset = 0,
) -> Response:
    """Newest first."""
    found = budgets.questions(
        home,
        viewer,
        budget_year=year,
        region=region,
        answered=answered,
        mine=mine,
        text=text,
        limit=limit,
        offset=offset,
    )
    return answer(found, request)


@router.post(
    "/questions", summary="Ask about a line of the draft", status_code=201, responses=examples.ok("question", 201)
)
def ask(request: Request, home: Here, viewer: Who, given: Ask) -> Response:
    """For deputies; kept with the figures as they stood."""
    figures: dict[str, Any] = dict(given.figures or {})
    made = review.ask(
        home, viewer, budget_year=given.budget_year, region=given.region, line=given.line, text=given.text,
        agency_code=given.agency_code, func_code=given.func_code, pro_code=given.pro_code, figures=figures,
    )  # fmt: skip
    return answer(budgets.question(home, viewer, made.id), request, 201)


@router.get("/questions/{question_id}", summary="One question with its answers", responses=examples.ok("question"))
def question(request: Request, home: Here, viewer: Who, question_id: Id) -> Response:
    """With the figures as the deputy saw them."""
    return answer(budgets.question(home, viewer, question_id), request)


@router.post(
    "/questions/{question_id}/answer",
    summary="Answer a question",
    status_code=201,
    responses=examples.ok("question", 201),
)
def answer_question(request: Request, home: Here, viewer: Who, question_id: Id, given: Reply) -> Response:
    """For the unit concerned and the finance bureau; a second answer is added, none replaced."""
    review.answer(home, viewer, question_id, given.text)
    return answer(budgets.question(home, viewer, question_id), request, 201)
