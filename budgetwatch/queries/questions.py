"""Deputies' questions on the draft budget, and what was answered."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.sql import ColumnElement

from budgetwatch import tables as t
from budgetwatch.access.viewer import Viewer
from budgetwatch.queries.listing import Listing, heading
from budgetwatch.queries.names import names
from budgetwatch.queries.scope import begins, demand, mentions, missing, paged, within
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

_COLUMNS = (
    heading("id", "编号", "No.", "integer"),
    heading("budget_year", "预算年度", "Budget year", "integer"),
    heading("region_name", "地区", "Region"),
    heading("line", "预算条目", "Line"),
    heading("text", "问题", "Question"),
    heading("author_name", "提问人", "Asked by"),
    heading("asked_at", "提问时间", "Asked", "moment"),
    heading("answers", "答复数", "Answers", "integer"),
    heading("last_answer", "最近答复", "Latest answer"),
    heading("answered_at", "答复时间", "Answered", "moment"),
)


_KEPT = (
    "id",
    "budget_year",
    "region",
    "agency_code",
    "func_code",
    "pro_code",
    "line",
    "text",
    "author_name",
    "asked_at",
)


@dataclass(frozen=True, slots=True)
class AnswerView:
    """One answer, and by whom."""

    text: str
    author_name: str
    author_role: str
    answered_at: dt.datetime


@dataclass(frozen=True, slots=True)
class QuestionView:
    """A deputy's question on one line, the figures as they stood then, and the answers."""

    id: int
    budget_year: int
    region: str
    region_name: Text
    agency_code: str | None
    func_code: str | None
    pro_code: str | None
    line: str
    figures: dict[str, str]
    text: str
    author_name: str
    asked_at: dt.datetime
    answers: list[AnswerView]
    can_answer: bool
    mine: bool = False


def _in_sight(viewer: Viewer) -> ColumnElement[bool]:
    """Whoever looks at budgets sees all questions of their region; a unit those put to itself."""
    demand(viewer, "budgets", "answer")
    return within(viewer, t.Question.region, t.Question.agency_code)


def questions(
    home: Home,
    viewer: Viewer,
    *,
    budget_year: int | None = None,
    region: str = "",
    answered: bool | None = None,
    mine: bool = False,
    text: str = "",
    limit: int = 50,
    offset: int = 0,
) -> Listing:
    """Questions in scope, newest first. Rows: id budget_year region region_name line text author_name asked_at
    agency_code func_code pro_code answers(int) last_answer answered_at."""
    limit, offset = paged(limit, offset)
    count = sa.select(sa.func.count()).where(t.Answer.question_id == t.Question.id).scalar_subquery()
    limits = [_in_sight(viewer), begins(t.Question.region, region)]
    if budget_year is not None:
        limits.append(t.Question.budget_year == budget_year)
    if answered is not None:
        limits.append(count > 0 if answered else count == 0)
    if mine:
        limits.append(t.Question.author_id == viewer.id if viewer.id is not None else sa.false())
    if text.strip():
        limits.append(mentions((t.Question.text, t.Question.line, t.Question.author_name), text))
    known = names(home, viewer)
    with home.session() as session:
        total = session.scalar(sa.select(sa.func.count()).select_from(t.Question).where(*limits)) or 0
        query = sa.select(t.Question, count).where(*limits).order_by(t.Question.asked_at.desc(), t.Question.id.desc())
        page = session.execute(query.limit(limit).offset(offset)).all()
        ids = [asked.id for asked, _ in page]
        latest = {
            answer.question_id: answer
            for answer in session.scalars(
                sa.select(t.Answer).where(t.Answer.question_id.in_(ids)).order_by(t.Answer.id)
            )
        }
        rows: list[dict[str, Any]] = [
            {
                **{k: getattr(q, k) for k in _KEPT},
                "region_name": known.region(q.region),
                "answers": n,
                "last_answer": latest[q.id].text if q.id in latest else None,
                "answered_at": latest[q.id].answered_at if q.id in latest else None,
            }
            for q, n in page
        ]
    return Listing(_COLUMNS, rows, total)


def question(home: Home, viewer: Viewer, question_id: int) -> QuestionView:
    """One question with its answers; NotFound outside scope."""
    seeing = _in_sight(viewer)
    known = names(home, viewer)
    with home.session() as session:
        q = session.scalars(sa.select(t.Question).where(t.Question.id == question_id, seeing)).one_or_none()
        if q is None:
            raise missing(Text("这个提问", "question of that number"))
        answers = session.execute(
            sa.select(t.Answer, t.User.role)
            .outerjoin(t.User, t.User.id == t.Answer.author_id)
            .where(t.Answer.question_id == question_id)
            .order_by(t.Answer.id)
        ).all()
        return QuestionView(
            id=q.id,
            budget_year=q.budget_year,
            region=q.region,
            region_name=known.region(q.region),
            agency_code=q.agency_code,
            func_code=q.func_code,
            pro_code=q.pro_code,
            line=q.line,
            figures=dict(q.figures),
            text=q.text,
            author_name=q.author_name,
            asked_at=q.asked_at,
            answers=[AnswerView(a.text, a.author_name, role or "", a.answered_at) for a, role in answers],
            can_answer=viewer.may("answer"),
            mine=viewer.id is not None and q.author_id == viewer.id,
        )
