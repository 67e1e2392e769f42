"""Evidence, steps, answers and the log are only ever added to: refused in the program and by the database itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from budgetwatch import cases, lifecycle, review
from budgetwatch.calendar import today
from budgetwatch.db import APPENDED, AppendOnly
from budgetwatch.tables import (
    Answer,
    Audit,
    BackTest,
    BackTestRule,
    Case,
    CaseStep,
    Evidence,
    RuleEdition,
    RuleStep,
    ShadowRun,
)
from tests.lifecycle.builders import back_tested, ruled, with_floor


@pytest.fixture
def lived_in(any_home: Any, person: Callable[..., Any], flagged: Callable[..., int]) -> Any:
    """A deployment with at least one row in every table that is only added to."""
    cases.act(any_home, person(any_home, "reviewer"), flagged(any_home), "take")
    question = review.ask(
        any_home, person(any_home, "deputy"), budget_year=2026, region="990102", line="教育支出", text="为什么增加？"
    )
    review.answer(any_home, person(any_home, "finance"), question.id, "因为新建学校。")
    ruled(any_home)
    edition = lifecycle.draft(any_home, drafter := person(any_home, "reviewer"), with_floor(any_home, "5000.00"))
    back_tested(any_home, drafter, edition)
    with any_home.session() as session:
        session.add(ShadowRun(edition_id=edition.id, as_of=today()))
    return any_home


@pytest.mark.parametrize("table", APPENDED, ids=lambda t: t.__tablename__)
def test_the_program_refuses_to_change_or_remove_such_a_row(lived_in: Any, table: Any) -> None:
    changed = {
        Evidence: "severity", CaseStep: "note", Answer: "text", Audit: "actor", RuleEdition: "note", RuleStep: "note",
        BackTest: "region", BackTestRule: "digest", ShadowRun: "failure",
    }[table]  # fmt: skip
    with pytest.raises(AppendOnly, match="only ever added"), lived_in.session() as session:
        setattr(session.scalars(sa.select(table)).first(), changed, "changed")
    with pytest.raises(AppendOnly, match="only ever added"), lived_in.session() as session:
        session.delete(session.scalars(sa.select(table)).first())


@pytest.mark.parametrize("table", [t.__tablename__ for t in APPENDED])
@pytest.mark.parametrize(
    "statement",
    ["UPDATE {t} SET id = id", "DELETE FROM {t}", "DELETE FROM {t} WHERE id = 1"],
    ids=["update", "delete all", "delete one"],
)
def test_the_database_refuses_it_too(lived_in: Any, table: str, statement: str) -> None:
    before = rows(lived_in, table)
    assert before
    with pytest.raises(DBAPIError, match="only ever added"), lived_in.db.engine.begin() as connection:
        connection.exec_driver_sql(statement.format(t=table))
    assert rows(lived_in, table) == before


def test_no_back_door_of_either_database_works(lived_in: Any) -> None:
    doors = {
        "sqlite": "INSERT OR REPLACE INTO audit_log SELECT * FROM audit_log WHERE id = 1",
        "postgresql": "TRUNCATE audit_log",
    }
    before = rows(lived_in, "audit_log")
    with pytest.raises(DBAPIError, match="only ever added"), lived_in.db.engine.begin() as connection:
        connection.exec_driver_sql(doors[connection.dialect.name])
    assert rows(lived_in, "audit_log") == before


def test_a_flag_or_case_that_has_such_rows_cannot_be_removed_either(lived_in: Any) -> None:
    with pytest.raises(DBAPIError), lived_in.session() as session:
        session.execute(sa.delete(Case))


def rows(home: Any, table: str) -> list[Any]:
    with home.db.engine.connect() as connection:
        return list(connection.exec_driver_sql(f"SELECT * FROM {table} ORDER BY id").fetchall())
