"""A deputy asks about one line of a draft; the department or the finance bureau answers. Nothing is edited later."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from budgetwatch.access import audit
from budgetwatch.access.viewer import Viewer
from budgetwatch.errors import Denied, Invalid, NotFound
from budgetwatch.tables import Answer, Question, now
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

SHORTEST, LONGEST = 4, 2_000
LONGEST_ANSWER = 20_000


def ask(
    home: Home,
    viewer: Viewer,
    *,
    budget_year: int,
    region: str,
    line: str,
    text: str,
    agency_code: str | None = None,
    func_code: str | None = None,
    pro_code: str | None = None,
    figures: Mapping[str, Decimal | int | str | None] | None = None,
    at: dt.datetime | None = None,
) -> Question:
    """A question on one line of a draft budget, kept with the figures as the deputy saw them (exact, as strings).

    `at` is when it was asked, for one that was asked on paper and is entered afterwards (default: now).
    """
    if not viewer.may("ask") or viewer.id is None:
        raise Denied(
            Text("只有人大代表可以就草案提问。", "Only deputies ask questions on a draft."),
            fix=Text("请用代表账号登录。", "Sign in with a deputy's account."),
        )
    if not region or not viewer.sees(region, agency_code):
        raise Denied(
            Text(f"区划“{region}”的预算不在您的范围内。", f"The budget of region “{region}” is outside your scope."),
            where="region",
        )
    if not 1990 <= budget_year <= 2100:
        raise Invalid(
            Text(f"没有 {budget_year} 预算年度。", f"There is no budget year {budget_year}."), where="budget_year"
        )
    if not line.strip() or len(line) > 512:
        raise Invalid(Text("请指明所问的预算科目。", "Say which line of the budget you ask about."), where="line")
    question = Question(
        budget_year=budget_year,
        region=region,
        agency_code=agency_code or None,
        func_code=func_code or None,
        pro_code=pro_code or None,
        line=line.strip(),
        figures=_exact(figures or {}),
        text=_worded(text, SHORTEST, LONGEST),
        author_id=viewer.id,
        author_name=viewer.name,
        asked_at=at or now(),
    )
    with home.session() as session:
        session.add(question)
        session.flush()
        detail = {"year": budget_year, "region": region, "line": question.line}
        audit.record(session, viewer, "ask_question", "question", question.id, detail)
    return question


def answer(home: Home, viewer: Viewer, question_id: int, text: str, *, at: dt.datetime | None = None) -> Answer:
    """An answer by the unit that the line belongs to or by the finance bureau; a second one is added, none replaced.

    `at` is when it was given, for one that is entered afterwards (default: now).
    """
    worded = _worded(text, 1, LONGEST_ANSWER)
    with home.session() as session:
        question = session.get(Question, question_id)
        if question is None or not viewer.sees(question.region, question.agency_code):
            raise NotFound(
                Text(f"没有问题 {question_id}，或不在您的范围内。", f"No question {question_id} within your scope.")
            )
        if not viewer.may("answer") or viewer.id is None:
            raise Denied(
                Text("只有预算单位和财政局可以答复。", "Only units and the finance bureau answer questions."),
                fix=Text("请转请有关单位答复。", "Ask the unit concerned to answer."),
            )
        given = Answer(
            question_id=question_id, text=worded, author_id=viewer.id, author_name=viewer.name, answered_at=at or now()
        )
        session.add(given)
        session.flush()
        audit.record(session, viewer, "answer_question", "question", question_id, {"answer": given.id})
    return given


def _worded(text: str, shortest: int, longest: int) -> str:
    """The text as people meant it: without surrounding blanks and neither empty nor endless."""
    meant = text.replace("\0", "").strip()
    if not shortest <= len(meant) <= longest:
        raise Invalid(
            Text(f"内容须为 {shortest} 至 {longest} 字。", f"The text needs {shortest} to {longest} characters."),
            where="text",
        )
    return meant


def _exact(figures: Mapping[str, Decimal | int | str | None]) -> dict[str, str]:
    """The figures as exact strings; a float is refused, for it is not what the deputy saw."""
    for name, value in figures.items():
        if isinstance(value, float):
            raise TypeError(f"figure {name!r} is a float: money is Decimal")
    return {name: str(value) for name, value in figures.items() if value is not None}
