"""The pages of incidents: who sees how much of what is held, where they are met, and what a decision leaves."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from budgetwatch.access import people
from budgetwatch.access.viewer import Viewer
from budgetwatch.home import Home
from budgetwatch.queries.search import search
from budgetwatch.runs import run
from budgetwatch.tables import Flag, User
from tests.builders import facts
from tests.dashboard.conftest import Reader, words
from tests.lifecycle.builders import ruled
from tests.queries.city import payment
from tests.rules.samples import CASH
from tests.runs.test_mute import set_to
from tests.runs.test_runs import count

Open = Callable[..., Reader]
BY_PAYEE = CASH.replace("subject: [agency_code]", "subject: [agency_code, payee_name]").replace("名称", "现金支付")


def cash(numbers: range, amount: str = "12000.00", units: tuple[str, ...] = ("990102-A01",)) -> list[dict[str, object]]:
    return [
        payment(
            f"c{n}", "2025-03-03", units[n % len(units)], amount, settlement="cash", payee_name=f"王小{n}", payee_type="person"
        )
        for n in numbers
    ]  # fmt: skip


def held_in(home: Home, units: tuple[str, ...]) -> Home:
    """The cash rule finds two, then sixty more in these units: held."""
    set_to(ruled(home, BY_PAYEE), hold_least=10)
    facts(home, "payment", [*cash(range(2)), *cash(range(1000, 1098), "1.00")])
    run(home, actor="tests")
    facts(home, "payment", cash(range(2, 62), units=units))
    run(home, actor="tests")
    return home


@pytest.fixture
def held(city_home: Home) -> Home:
    return held_in(city_home, ("990102-A01",))


def person(home: Home, login: str) -> Viewer:
    with home.session() as session:
        return people.viewer_of(home, session.scalars(sa.select(User.id).where(User.login == login)).one())


@pytest.mark.parametrize(
    ("role", "sees", "decides"),
    [
        ("reviewer", True, True),
        ("lead", True, True),
        ("auditor", True, False),
        ("leader", True, False),
        ("admin", False, True),
    ],
)
def test_who_sees_what_was_found_and_who_decides(
    held: Home, reader: Open, role: str, sees: bool, decides: bool
) -> None:
    drawn = reader(role).open("/rules/incidents/1")
    assert drawn.error is None
    assert "新查出 60 条" in drawn.text
    assert ("findings" in drawn.ids(), "do-release" in drawn.ids()) == (sees, decides)
    assert ("/data/incident-findings?incident=1&format=csv" in drawn.links) == sees


@pytest.mark.parametrize("role", ["deputy", "finance", "unit"])
def test_others_are_refused(held: Home, reader: Open, role: str) -> None:
    someone = reader(role)
    assert someone.open("/rules/incidents").error == "denied"
    assert someone.open("/rules/incidents/1").error == "denied"


def test_a_district_sees_what_lies_in_it_whole(held: Home, reader: Open) -> None:
    assert reader("district").open("/rules/incidents/1").error is None


def test_a_district_does_not_know_of_what_reaches_beyond_it(city_home: Home, reader: Open) -> None:
    held_in(city_home, ("990102-A01", "990103-A01"))
    district = reader("district")
    assert district.open("/rules/incidents/1").error == "not_found"
    assert "/rules/incidents/1" not in district.open("/home").links
    assert district.client.get("/data/incident-findings?incident=1&format=csv").status_code == 404
    assert reader("reviewer").open("/rules/incidents/1").error is None


@pytest.mark.parametrize(
    ("role", "at"),
    [("reviewer", "/home"), ("lead", "/home"), ("admin", "/home"), ("auditor", "/rules"), ("reviewer", "/rules/PY-07")],
)
def test_it_is_met_where_one_works(held: Home, reader: Open, role: str, at: str) -> None:
    assert "/rules/incidents/1" in reader(role).open(at).links


def test_the_search_finds_it_by_number_and_by_rule_only_for_who_may_see_it(held: Home) -> None:
    for said in ("事件 1", "incident 1", "PY-07", "現金"):
        assert "/rules/incidents/1" in {hit.address for hit in search(held, person(held, "reviewer"), said)}, said
        assert "incident" not in {hit.kind for hit in search(held, person(held, "deputy"), said)}


def test_names_of_persons_are_masked_as_in_flags(held: Home, reader: Open) -> None:
    for address in ("/rules/incidents/1", "/rules/incidents/1?finding=1"):
        assert "王小" not in str(reader("reviewer").open(address).page)
    assert "王小" in str(reader("auditor").open("/rules/incidents/1?finding=1").page)
    told = reader("reviewer").client.get("/api/incidents/1").text
    assert "findings" in told
    assert "王小" not in told
    assert "王小" not in reader("reviewer").client.get("/data/incident-findings?incident=1&format=csv").text
    assert reader("admin").client.get("/data/incident-findings?incident=1&format=csv").status_code == 403


def test_the_file_holds_all_of_it(held: Home, reader: Open) -> None:
    got = reader("auditor").client.get("/data/incident-findings?incident=1&format=csv")
    rows = list(csv.DictReader(io.StringIO(got.content.decode("utf-8-sig"))))
    assert (len(rows), {row["行数"] for row in rows}) == (60, {"1"})


def test_a_finding_opens_the_rows_it_rests_on(held: Home, reader: Open) -> None:
    drawn = reader("reviewer").open("/rules/incidents/1?finding=1")
    assert "finding-evidence" in drawn.ids()
    assert any(link.startswith("/voucher/") for link in drawn.links)
    assert reader("reviewer").open("/rules/incidents/1?finding=999").error == "not_found"


def test_a_release_makes_cases_and_a_second_decision_is_refused(held: Home, reader: Open) -> None:
    before, reviewer = count(held, Flag), reader("reviewer")
    drawn = reviewer.do("/rules/incidents/1", "incident.release", incident="1", note="逐笔看过")
    assert drawn.after["done"]
    assert "60" in words(drawn.notice)
    assert count(held, Flag) == before + 60
    assert "逐笔看过" in drawn.text
    assert "do-release" not in drawn.ids()
    refused = reader("lead").do("/rules/incidents/1", "incident.discard", incident="1", note="再想想")
    assert not refused.after.get("done")
    assert count(held, Flag) == before + 60


def test_leaving_it_needs_a_reason(held: Home, reader: Open) -> None:
    lead = reader("lead")
    assert not lead.do("/rules/incidents/1", "incident.discard", incident="1", note=" ").after.get("done")
    assert lead.do("/rules/incidents/1", "incident.discard", incident="1", note="文件送重了").after["done"]
    assert "no-incidents" in lead.open("/rules/incidents").ids()
    assert "文件送重了" in lead.open("/rules/incidents/1").text


def test_a_home_without_incidents_says_so(city_home: Home, reader: Open) -> None:
    lead = reader("lead")
    assert "no-incidents" in lead.open("/rules/incidents").ids()
    assert "no-incidents" in lead.open("/rules/incidents?all=1").ids()
    assert "held" not in lead.open("/home").ids()
