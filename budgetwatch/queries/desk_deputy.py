"""A deputy's desk: the draft in five numbers, what changed most in my fields and my area, my questions.

Deputies see budgets only, so nothing here reads a payment's row, a payee or a case.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from budgetwatch import preferences
from budgetwatch import tables as t
from budgetwatch.access.viewer import Viewer
from budgetwatch.queries import budgets
from budgetwatch.queries.names import names
from budgetwatch.queries.scope import demand
from budgetwatch.records.codes import FUNCTIONS
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

#: The general public budget, from which daily life is paid, is what a draft opens with.
FIRST_BOOK = "1"
#: A screen holds so many fields of interest without losing its calm.
MOST_FIELDS = 4
ROWS = 4


@dataclass(frozen=True, slots=True)
class Interests:
    """What a deputy follows: function classes, and a region of theirs (empty: all of their region)."""

    fields: tuple[str, ...] = ()
    area: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """One line and how it moves; `drill` are the filters of the draft that open it, `largest` what moves most inside it."""

    name: Text
    draft: Decimal | None
    change: Decimal | None
    change_ratio: Decimal | None
    is_new: bool
    drill: Mapping[str, str]
    largest: Text | None = None
    largest_change: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """The draft a desk opens with. `numbers` are five; `stage` says whether it is still a draft."""

    year: int
    region: str
    region_name: Text
    currency: str
    book: str | None
    stage: str
    numbers: list[budgets.Headline]
    fields: list[Moved] = field(default_factory=list)
    area_name: Text | None = None
    areas: list[Moved] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Asked:
    """One of my questions: unseen (answered since I last looked), waiting, or answered."""

    id: int
    line: str
    text: str
    asked_at: dt.datetime
    state: str
    answered_at: dt.datetime | None
    answers: int


def interests(home: Home, viewer: Viewer) -> Interests:
    """What this deputy chose, as far as it still lies in their scope."""
    kept = preferences.get(home, viewer, "interests") or {}
    fields = [str(code) for code in kept.get("fields", ()) if code in FUNCTIONS]
    area = str(kept.get("area") or "")
    return Interests(tuple(dict.fromkeys(fields))[:MOST_FIELDS], area if area and viewer.sees(area) else "")


def fields_of(home: Home, viewer: Viewer) -> list[tuple[str, Text]]:
    """The function classes that this draft has lines in: what may be followed."""
    shown = budgets.preview(home, viewer, book=_book(home, viewer, None), by="function")
    return [
        (row["code"], row["name"]) for row in sorted(shown.rows, key=lambda r: r["code"]) if row["code"] in FUNCTIONS
    ]


def draft(home: Home, viewer: Viewer, chosen: Interests) -> Draft | None:
    """The newest draft in sight, in five numbers, with what moves most where this deputy looks; None where none was sent."""
    demand(viewer, "budgets")
    if not budgets.years(home, viewer):
        return None
    book = _book(home, viewer, None)
    whole = budgets.preview(home, viewer, book=book)
    area = chosen.area if chosen.area != whole.region else ""
    return Draft(
        year=whole.year,
        region=whole.region,
        region_name=whole.region_name,
        currency=whole.currency,
        book=whole.book,
        stage=whole.basis.get("draft", "draft"),
        numbers=budgets.headline(home, viewer, book=book),
        fields=_fields(home, viewer, whole, chosen.fields),
        area_name=names(home, viewer).region(area) if area else None,
        areas=_area(home, viewer, whole, area),
    )


def _book(home: Home, viewer: Viewer, region: str | None) -> str | None:
    return FIRST_BOOK if FIRST_BOOK in budgets.books(home, viewer, region=region) else None


def _fields(home: Home, viewer: Viewer, whole: budgets.BudgetPreview, chosen: tuple[str, ...]) -> list[Moved]:
    """The chosen fields, each with what moves most inside it; without a choice, the lines that move most of all."""
    if not chosen or whole.by != "function":
        return [_moved(row, row["drill"]) for row in _greatest(whole.rows)]
    found = []
    for row in (r for code in chosen for r in whole.rows if r["code"] == code):
        inside = budgets.preview(
            home, viewer, year=whole.year, region=whole.region, book=whole.book, by="function", func=row["code"]
        )
        most = _greatest(inside.rows)[:1]
        largest = (most[0]["name"], most[0]["change"]) if most and len(inside.rows) > 1 else (None, None)
        found.append(_moved(row, row["drill"], *largest))
    return found


def _area(home: Home, viewer: Viewer, whole: budgets.BudgetPreview, area: str) -> list[Moved]:
    """What moves most in the area; without one, which regions move most (none where there is one level only)."""
    if area:
        inside = budgets.preview(home, viewer, year=whole.year, region=area, book=_book(home, viewer, area), by=None)
        return [_moved(row, row["drill"] or {"region": area}) for row in _greatest(inside.rows)]
    if "region" not in whole.choices:
        return []
    places = budgets.preview(home, viewer, year=whole.year, region=whole.region, book=whole.book, by="region")
    return [_moved(row, row["drill"] or {"region": row["code"]}) for row in _greatest(places.rows)]


def _greatest(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    moved = [row for row in rows if row["change"]]
    return sorted(moved, key=lambda row: -abs(row["change"]))[:ROWS]


def _moved(
    row: dict[str, Any], drill: Mapping[str, Any] | None, largest: Text | None = None, by: Decimal | None = None
) -> Moved:
    filters = {k: "1" if v is True else str(v) for k, v in (drill or {}).items() if v}
    return Moved(
        row["name"], row["draft"], row["change"], row["change_ratio"], bool(row["is_new"]), filters, largest, by
    )


def my_questions(home: Home, viewer: Viewer, *, limit: int = ROWS) -> tuple[list[Asked], int]:
    """My questions: answers I have not read first, then those that wait, longest first, then the rest; and how many."""
    demand(viewer, "ask")
    if viewer.id is None:
        return [], 0
    read = preferences.get(home, viewer, "answers_seen") or {}
    answers = (
        sa.select(
            t.Answer.question_id,
            sa.func.count().label("count"),
            sa.func.max(t.Answer.answered_at).label("last"),
        )
        .group_by(t.Answer.question_id)
        .subquery()
    )
    query = (
        sa.select(t.Question, answers.c.count, answers.c.last)
        .outerjoin(answers, answers.c.question_id == t.Question.id)
        .where(t.Question.author_id == viewer.id)
    )
    with home.session() as session:
        found = [
            Asked(q.id, q.line, q.text, q.asked_at, _state(count or 0, read.get(str(q.id), 0)), last, count or 0)
            for q, count, last in session.execute(query)
        ]
    rank = {"unseen": 0, "waiting": 1, "answered": 2}
    found.sort(key=lambda q: (rank[q.state], _instant(q) if q.state == "waiting" else -_instant(q)))
    return found[:limit], len(found)


def _instant(question: Asked) -> float:
    return (question.answered_at or question.asked_at).timestamp()


def _state(answers: int, read: int) -> str:
    if not answers:
        return "waiting"
    return "unseen" if answers > read else "answered"
