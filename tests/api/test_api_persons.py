"""Nobody without the power to see payees learns who was paid: not from any answer, not by searching for them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from budgetwatch import cases, runs
from budgetwatch import tables as t
from budgetwatch.access.viewer import SYSTEM
from budgetwatch.calendar import today
from budgetwatch.home import Home
from budgetwatch.settings import Settings
from tests.builders import facts
from tests.queries import city as small_city

Asker = Callable[..., TestClient]

#: Persons, with and without the kind of payee said, and what must never be seen of them.
CLEAR, UNSAID, LONG = "欧阳示例", "司马某某", "阿依古丽·示例"
ACCOUNTS = ("6222020200099999001", "6222020200099999002", "6222020200099999003")
PHONE = "13900001111"
SECRETS = (CLEAR, UNSAID, LONG, *ACCOUNTS, PHONE)


@pytest.fixture(scope="module")
def paid_persons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small city, in which three persons were paid in ways that rules and the ranking notice."""
    home = Home(Settings(home=tmp_path_factory.mktemp("persons") / "home", language="en", _env_file=None))  # type: ignore[call-arg]
    small_city.build(home)
    rows = []
    for at, (name, kind) in enumerate(((CLEAR, "person"), (UNSAID, None), (LONG, "person"))):
        paid = {
            "payee_name": name,
            "payee_type": kind,
            "payee_account": ACCOUNTS[at],
            "purpose": f"购物卡 {PHONE}",
            "line_type": "project",
        }
        for n, day in enumerate(("2025-05-06", "2025-05-07", "2025-05-08", "2025-05-09")):
            rows.append(small_city.payment(f"P{at}{n}", day, "990102-A01", "98000.00", dep_eco_code="31002", **paid))
            rows.append(small_city.payment(f"Q{at}{n}", day, "990102-A02", f"{20000 + 111 * n}.00", **paid))
            rows.append(
                small_city.payment(
                    f"R{at}{n}", day, "990103-A01", "150000.00", **paid | {"payee_account": ACCOUNTS[at - n % 2]}
                )
            )
            nameless = small_city.payment(f"S{at}{n}", day, "990103-A01", "150000.00", **paid)
            rows.append(nameless | {"agency_name": None})
    ordinary = [
        small_city.payment(f"O{n}", "2025-02-03", "990102-A01", "10.00", line_type="project") for n in range(600)
    ]
    facts(home, "payment", [*rows, *ordinary])
    runs.run(home, actor="test")
    home.close()
    return home.path


@pytest.fixture
def city(settings: Settings, paid_persons: Path) -> Iterator[Home]:
    with small_city.copied(settings, paid_persons) as home:
        yield home


def addresses(home: Home) -> list[str]:
    """Every address of the API that answers with what was found or paid."""
    with home.session() as session:
        found, ranked = (
            list(session.scalars(sa.select(t.Flag.id).where(t.Flag.kind == kind))) for kind in ("rule", "outlier")
        )
        cases = list(session.scalars(sa.select(t.Case.id)))
        batches = list(session.scalars(sa.select(t.Batch.id)))
    with home.facts(SYSTEM) as connection:
        vouchers = [
            row
            for (row,) in connection.execute(
                "SELECT _row FROM payment WHERE voucher_no SIMILAR TO '[PQRS].*'"
            ).fetchall()
        ]
    return [
        "/api/queue?limit=200", "/api/queue/counts", "/api/flags?limit=200", "/api/flags?limit=200&kind=outlier", "/api/leads?limit=200",
        "/api/payments?limit=200", "/api/payments?limit=200&offset=200", "/api/payments/totals?by=payee", "/api/payments/choices",
        "/api/runs", "/api/rules", "/api/feeds", "/api/batches",
        *(f"/api/cases/{n}" for n in cases), *(f"/api/flags/{n}/evidence?limit=200" for n in [*found, *ranked[:10]]),
        *(f"/api/vouchers/{n}" for n in vouchers), *(f"/api/batches/{n}/rejects" for n in batches),
    ]  # fmt: skip


def test_the_persons_are_flagged_so_that_there_is_something_to_hide(city: Home) -> None:
    with city.session() as session:
        flags = session.scalars(sa.select(t.Flag)).all()
        kept = json.dumps([e.facts for e in session.scalars(sa.select(t.Evidence))], ensure_ascii=False)
    assert {"PY-01", "PY-07", "PY-08"} <= {flag.rule_id for flag in flags}
    assert any(flag.kind == "outlier" for flag in flags)
    assert CLEAR in kept
    assert UNSAID in kept
    assert ACCOUNTS[0] in kept


@pytest.mark.parametrize(("role", "language"), [("reviewer", "zh"), ("lead", "en")])
def test_no_answer_names_a_person_to_somebody_who_may_not_see_payees(
    city: Home, asker: Asker, role: str, language: str
) -> None:
    client, told = asker(role, language=language), 0
    for address in addresses(city):
        answer = client.get(address)
        assert answer.status_code == 200, (address, answer.text)
        told += len(answer.text)
        for secret in SECRETS:
            assert secret not in answer.text, (address, secret)
    assert told > 100_000


def test_an_auditor_sees_them(asker: Asker) -> None:
    auditor = asker("auditor")
    assert CLEAR in auditor.get("/api/payments", params={"limit": 200, "text": CLEAR}).text
    flagged = auditor.get("/api/flags", params={"text": CLEAR}).json()
    assert flagged["total"] > 0


@pytest.mark.parametrize("secret", SECRETS)
def test_searching_does_not_tell_either(asker: Asker, secret: str) -> None:
    reviewer = asker("reviewer")
    for address in ("/api/flags", "/api/queue", "/api/leads"):
        assert reviewer.get(address, params={"text": secret}).json()["total"] == 0, address


def test_a_unit_that_is_asked_is_not_told_either(city: Home, asker: Asker) -> None:
    reviewer, unit = asker("reviewer"), asker("unit", region="990102", agency_code="990102-A01")
    with city.session() as session:
        wanted = (
            sa.select(t.Case.id).join(t.Flag, t.Flag.id == t.Case.flag_id).where(t.Case.agency_code == "990102-A01")
        )
        numbers = list(session.scalars(wanted))
    for number in numbers:
        asked = {"note": "why", "letter_no": f"L{number}", "due_on": today() + dt.timedelta(30)}
        for action, more in (("take", {}), ("verify", {"note": "seen"}), ("ask", asked)):
            cases.act(city, reviewer.viewer, number, action, **more)  # type: ignore[attr-defined]
        told = unit.get(f"/api/cases/{number}").text + unit.get("/api/own-cases").text
        assert not [secret for secret in SECRETS if secret in told], number
