"""Questions on a draft: deputies ask within their scope, the unit or the finance bureau answers, nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from budgetwatch import review
from budgetwatch.access import audit
from budgetwatch.access.viewer import ROLES, SYSTEM, Viewer
from budgetwatch.errors import Denied, Invalid, NotFound
from budgetwatch.tables import Answer, Audit, Question

People = Callable[..., Viewer]


def ask(home: Any, viewer: Viewer, **more: Any) -> Question:
    given = {"budget_year": 2026, "region": "990102", "line": "教育支出", "text": "为什么增加两成？"} | more
    return review.ask(home, viewer, **given)


def test_a_question_keeps_the_figures_exactly_as_the_deputy_saw_them(any_home: Any, person: People) -> None:
    figures = {"draft": Decimal("120000000.10"), "last_budget": Decimal("100000000.00"), "last_actual": None}
    asked = ask(any_home, person(any_home, "deputy", name="代表甲"), figures=figures, func_code="205")
    with any_home.session() as session:
        kept = session.get_one(Question, asked.id)
    assert kept.figures == {"draft": "120000000.10", "last_budget": "100000000.00"}
    assert (kept.author_name, kept.func_code, kept.region) == ("代表甲", "205", "990102")


def test_figures_are_never_floats(home: Any, person: People) -> None:
    with pytest.raises(TypeError, match="float"):
        ask(home, person(home, "deputy"), figures={"draft": 0.1})


@pytest.mark.parametrize("role", [role for role in ROLES if role != "deputy"])
def test_only_deputies_ask(home: Any, person: People, role: str) -> None:
    with pytest.raises(Denied, match="Only deputies"):
        ask(home, person(home, role))


def test_the_product_itself_asks_nothing(home: Any) -> None:
    with pytest.raises(Denied):
        ask(home, SYSTEM)


def test_a_deputy_asks_within_their_own_congress_only(home: Any, person: People) -> None:
    deputy = person(home, "deputy", region="990102")
    assert ask(home, deputy, region="990102003").id
    for elsewhere in ("990103", "990100", ""):
        with pytest.raises(Denied, match="outside your scope"):
            ask(home, deputy, region=elsewhere)


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"text": "？"}, "text"),
        ({"text": "x" * 2001}, "text"),
        ({"line": " "}, "line"),
        ({"budget_year": 26}, "budget_year"),
    ],
)
def test_what_is_no_question_is_refused_by_field(home: Any, person: People, given: dict[str, Any], where: str) -> None:
    with pytest.raises(Invalid) as refusal:
        ask(home, person(home, "deputy"), **given)
    assert refusal.value.where == where


def test_the_unit_and_the_finance_bureau_answer_and_both_answers_stay(any_home: Any, person: People) -> None:
    asked = ask(any_home, person(any_home, "deputy"), agency_code="A01")
    review.answer(any_home, person(any_home, "unit", region="990102", agency_code="A01"), asked.id, "新建两所学校。")
    review.answer(any_home, person(any_home, "finance"), asked.id, "另有学生人数增长。")
    with any_home.session() as session:
        assert list(session.scalars(sa.select(Answer.text).order_by(Answer.id))) == [
            "新建两所学校。",
            "另有学生人数增长。",
        ]
        said = list(session.scalars(sa.select(Audit.action).order_by(Audit.id)))
    assert said == ["ask_question", "answer_question", "answer_question"]
    assert audit.verify(any_home) is None


def test_nobody_answers_what_they_cannot_see(home: Any, person: People) -> None:
    asked = ask(home, person(home, "deputy"), agency_code="A01")
    for other in (
        person(home, "unit", region="990102", agency_code="A02"),
        person(home, "finance", region="990103"),
        person(home, "unit", region="990103", agency_code="A01"),
    ):
        with pytest.raises(NotFound):
            review.answer(home, other, asked.id, "不是我们的。")


def test_a_question_without_a_unit_is_the_finance_bureaus_to_answer(home: Any, person: People) -> None:
    asked = ask(home, person(home, "deputy"))
    with pytest.raises(NotFound):
        review.answer(home, person(home, "unit", region="990102", agency_code="A01"), asked.id, "我们答复。")
    assert review.answer(home, person(home, "finance"), asked.id, "财政局答复。").id


@pytest.mark.parametrize("role", ["reviewer", "lead", "deputy", "auditor", "admin"])
def test_others_do_not_answer(home: Any, person: People, role: str) -> None:
    asked = ask(home, person(home, "deputy"))
    with pytest.raises(Denied, match="Only units"):
        review.answer(home, person(home, role), asked.id, "我来答复。")


def test_an_empty_answer_is_none(home: Any, person: People) -> None:
    asked = ask(home, person(home, "deputy"))
    with pytest.raises(Invalid):
        review.answer(home, person(home, "finance"), asked.id, "  ")
