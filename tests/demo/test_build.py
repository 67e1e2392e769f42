"""`build` makes a whole deployment of the city: facts, people, an exemption and a first run; once."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from budgetwatch.access import people
from budgetwatch.demo.build import PASSWORD, build, users
from budgetwatch.errors import Conflict
from budgetwatch.home import Home
from budgetwatch.settings import Settings
from budgetwatch.tables import Exemption, User


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
    with pytest.raises(Conflict):
        build(home, payments=12_000)
    home.close()
