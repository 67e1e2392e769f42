"""`build` makes a whole deployment of the city: facts, people, an exemption and a first run; once."""

from __future__ import annotations

import datetime as dt
import json

import pytest
import sqlalchemy as sa

from budgetwatch import cases
from budgetwatch.access import people
from budgetwatch.cases import machine
from budgetwatch.demo.build import PASSWORD, build, users
from budgetwatch.demo.casework import moment
from budgetwatch.errors import Conflict, Invalid
from budgetwatch.home import Home
from budgetwatch.settings import Settings
from budgetwatch.tables import Batch, Case, CaseStep, Exemption, User


def test_a_home_gets_the_city_once(settings: Settings) -> None:
    home = Home(settings)
    told = build(home, years=2, payments=12_000, seed=3)
    assert told["flags"] > 0
    assert told["rejected"] == 12
    assert (home.path / "demo" / "answers.jsonl").is_file()
    assert not list((home.path / "demo" / "sent").glob("*.jsonl"))
    for login, _, _ in users():
        viewer = people.authenticate(home, login, PASSWORD)
        assert viewer.region.startswith("9901")
    with home.session() as session:
        assert all(session.scalars(sa.select(User.demo)))
        exemption = session.scalars(sa.select(Exemption)).one()
        assert exemption.approved_by_id not in (None, exemption.proposed_by_id)
    _a_year_of_casework(home)
    with pytest.raises(Conflict):
        build(home, payments=12_000)
    home.close()


def _a_year_of_casework(home: Home) -> None:
    """Cases were opened when the last year began and worked in order; what was left undone is labelled."""
    with home.session() as session:
        opened = [c for c in session.scalars(sa.select(Case)) if c.opened_at.year == 2025]
        assert {"new", "asked", "closed"} <= {c.state for c in opened}
        for case in opened:
            steps = list(session.scalars(sa.select(CaseStep).where(CaseStep.case_id == case.id).order_by(CaseStep.seq)))
            moments = [case.opened_at, *(s.at for s in steps)]
            assert moments == sorted(moments)
            assert machine.replay(steps) == case.state
        arrived = {b.received_at.year for b in session.scalars(sa.select(Batch))}
        assert arrived == {2025, 2026}
        late = next(c for c in opened if c.state == "asked")
    labels = [json.loads(line) for line in (home.path / "demo" / "answers.jsonl").read_text("utf-8").splitlines()]
    assert {i for a in labels for i in a["catalogue_ids"] if i.startswith("SL-")} >= {"SL-01", "SL-02", "SL-06"}
    reviewer = people.authenticate(home, "reviewer", PASSWORD)
    with pytest.raises(Invalid):  # an act entered afterwards cannot come before the step before it
        cases.act(home, reviewer, late.id, "reply", note="补录", at=moment(dt.date(2024, 12, 1)))
