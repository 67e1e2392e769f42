"""On real public data each of the three people can do their main job: work a case, read a budget, find a voucher.

Manchester and the Greater London Authority sent payments in pounds, Philadelphia budgets in dollars; nobody sent
calendars, indicators or populations, so what cannot be known must say so instead of showing zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from budgetwatch import intake, runs
from budgetwatch.access import people
from budgetwatch.access.viewer import SYSTEM
from budgetwatch.api.app import create_app
from budgetwatch.home import Home
from budgetwatch.queries import budgets, payments, work
from budgetwatch.queries.payments import PaymentFilter
from budgetwatch.settings import Settings
from dashboard.components.money import figure
from tests.dashboard.conftest import Drawn, Reader

pytestmark = pytest.mark.shared

PASSWORD = "correct-horse-2026"
PEOPLE = {
    "manchester": ("reviewer", "GB-MAN"),
    "lead": ("lead", "GB-MAN"),
    "philadelphia": ("deputy", "US-PHL"),
    "auditor": ("auditor", ""),
}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Iterator[Home]:
    """A deployment with everything the two councils and the city sent, judged once, and the people who look at it."""
    home = Home(Settings(home=tmp_path_factory.mktemp("real") / "home", language="en", _env_file=None))  # type: ignore[call-arg]
    sent = [(f, "manchester") for f in sorted((shared_data / "uk_manchester_payments").glob("*.parquet"))]
    sent += [(f, "gla") for f in sorted((shared_data / "uk_gla_messy").glob("2016-P0[1-3].csv"))]
    philadelphia = shared_data / "philadelphia"
    sent += [
        (philadelphia / "budgeted-department-spending-adopted.csv", "philadelphia-adopted"),
        (philadelphia / "actual-department-spending.csv", "philadelphia-actual"),
    ]
    for file, profile in sent:
        intake.take_in(home, file, profile, actor="test")
    runs.run(home, actor="test")
    for login, (role, region) in PEOPLE.items():
        people.add_user(home, SYSTEM, login=login, name=login, role=role, password=PASSWORD, region=region)
    yield home
    home.close()


@pytest.fixture(scope="module")
def enter(real: Home) -> Iterator[Callable[..., Reader]]:
    """enter("auditor") → that person, signed in to the dashboard."""
    with ExitStack() as stack:
        api = create_app(real)

        def made(login: str, language: str = "en") -> Reader:
            client = stack.enter_context(TestClient(api))
            client.cookies.set("lang", language)
            reader = Reader(client)
            assert reader.sign_in(login, PASSWORD).status_code == 303
            return reader

        yield made


def viewer(home: Home, login: str) -> Any:
    return people.authenticate(home, login, PASSWORD)


def open_page(reader: Reader, address: str) -> Drawn:
    drawn = reader.open(address)
    assert drawn.error is None, drawn.text
    return drawn


# ------------------------------------------------------------------ the committee


def test_a_reviewer_finds_manchesters_flags_named_and_in_pounds(real: Home, enter: Callable[..., Reader]) -> None:
    queue = work.queue(real, viewer(real, "manchester"), limit=25)
    assert queue.total > 1000
    assert {row["currency"] for row in queue.rows} == {"GBP"}
    assert {row["region_name"].en for row in queue.rows} == {"Manchester City Council"}
    shown = open_page(enter("manchester", "zh"), "/committee")
    assert "英镑" in shown.text
    assert "GB-MAN" not in shown.text


def test_a_reviewer_works_a_case_from_the_next_one_to_verified(real: Home, enter: Callable[..., Reader]) -> None:
    reader, person = enter("manchester"), viewer(real, "manchester")
    case_id = work.next_case(real, person)
    case = work.case(real, person, case_id)
    page = open_page(reader, f"/case/{case_id}")
    assert case.sentence.en in page.text
    assert figure(case.amount, currency="GBP") in page.text
    row = case.evidence.rows[0]
    assert f"/voucher/{row['_row']}" in page.links
    assert row["payee_name"] in open_page(reader, f"/voucher/{row['_row']}").text
    taken = reader.do(
        f"/case/{case_id}", "case.act", case_id=case_id, action="take", version=case.version, label="Take"
    )
    assert taken.error is None
    case = work.case(real, person, case_id)
    assert case.state == "taken"
    reader.do(
        f"/case/{case_id}",
        "case.act",
        case_id=case_id,
        action="verify",
        version=case.version,
        label="Verify",
        note="Both lines stand in the ledger.",
    )
    assert work.case(real, person, case_id).state == "verified"


def test_evidence_opens_with_what_one_judges_by(real: Home) -> None:
    person = viewer(real, "manchester")
    case = work.case(real, person, work.next_case(real, person))
    assert [h.name for h in case.evidence.headings][:4] == ["pay_date", "item_name", "payee_name", "amount"]


# ------------------------------------------------------------------ the deputies


def test_a_deputy_reads_philadelphias_budget_of_2019_in_millions_of_dollars(
    real: Home, enter: Callable[..., Reader]
) -> None:
    shown = budgets.preview(real, viewer(real, "philadelphia"), year=2019)
    assert round(shown.total["draft"] / 1_000_000, 1) == Decimal("4725.5")
    assert (shown.currency, shown.by, shown.population) == ("USD", "department", None)
    page = open_page(enter("philadelphia"), "/deputy?year=2019")
    assert "USD million" in page.text
    assert "CNY" not in page.text
    assert "4,725." in page.text
    assert "City of Philadelphia" in page.text
    assert "no figure per head" in page.text
    assert "This draft" not in page.text  # what was sent is the adopted budget


def test_what_rose_most_in_2015_is_what_is_known_to_have_risen(real: Home) -> None:
    """+640 million in one department: the natural outlier that the data's README names."""
    shown = budgets.preview(real, viewer(real, "philadelphia"), year=2015)
    greatest = max((r for r in shown.rows if r["change"] is not None), key=lambda r: r["change"])
    assert greatest["name"].en == "Finance: Employee Benefits"
    assert greatest["change"] > Decimal("600000000")


def test_a_deputy_walks_down_to_a_department_and_asks(real: Home, enter: Callable[..., Reader]) -> None:
    reader = enter("philadelphia")
    top = open_page(reader, "/deputy?year=2019")
    police = next(link for link in top.links if "agency=" in link and "ask=" not in link)
    below = open_page(reader, police)
    assert "USD million" in below.text
    done = reader.do(
        "/deputy?year=2019", "question.ask",
        budget_year=2019, region="US-PHL", line="Police Department", text="Why more than last year?", back="/deputy?year=2019",
    )  # fmt: skip
    assert done.error is None
    assert "Why more than last year?" in open_page(reader, "/questions").text


# ------------------------------------------------------------------ the auditors


def test_an_auditor_gets_from_the_total_to_one_voucher_in_three_steps(real: Home, enter: Callable[..., Reader]) -> None:
    reader = enter("auditor")
    years = open_page(reader, "/auditor?by=year")
    one_year = next(link for link in years.links if "year=2019" in link)
    year = open_page(reader, one_year)
    voucher = next(link for link in year.links if link.startswith("/voucher/"))
    page = open_page(reader, voucher)
    assert "GBP" in page.text
    assert "payments_2010_2022.parquet" in page.text


def test_an_auditors_totals_are_those_of_the_files(real: Home) -> None:
    person = viewer(real, "auditor")
    whole = payments.search(real, person, PaymentFilter(region="GB-MAN"), limit=1)
    assert (whole.total, whole.totals) == (465_282, {"GBP": Decimal("9233566085.14")})
    by_region = payments.totals(real, person, PaymentFilter(), by="region")
    assert {row["name"].en for row in by_region.rows} == {"Manchester City Council", "Greater London Authority"}


def test_an_auditor_takes_the_whole_result_away(real: Home, tmp_path: Path) -> None:
    person = viewer(real, "auditor")
    wanted = PaymentFilter(region="GB-MAN", payee="GMCA")
    file = payments.export(real, person, wanted, "csv", tmp_path / "gmca.csv")
    lines = file.read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) >= payments.search(real, person, wanted, limit=1).total + 1
