"""Whoever asks, by whatever address: nothing of another district comes back, and no voucher goes to a deputy."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from budgetwatch import review
from budgetwatch import tables as t
from budgetwatch.access.viewer import SYSTEM
from budgetwatch.home import Home
from budgetwatch.queries import payments

Asker = Callable[..., TestClient]
FOREIGN = ("990103", "白石", "V3", "333333.33", "990100-A01", "云岭市教育局")


def everything(app_client: TestClient) -> list[str]:
    """Every GET address of the OpenAPI document."""
    document = app_client.get("/api/openapi.json").json()
    return [path for path, methods in document["paths"].items() if "get" in methods]


@pytest.fixture
def lived_in(city: Home, flagged: Callable[..., int], person: Callable[..., object]) -> dict[str, list[int]]:
    """Flags, cases, outliers and questions in both districts; the ids of what belongs to the other one."""
    theirs = payments.search(city, SYSTEM, payments.PaymentFilter(text="V3")).rows[0]["_row"]
    mine = payments.search(city, SYSTEM, payments.PaymentFilter(text="V2")).rows[0]["_row"]
    cases = {}
    for region, agency, row in (("990102", "990102-A02", mine), ("990103", "990103-A01", theirs)):
        for kind in ("rule", "outlier"):
            flagged(city, region=region, agency_code=agency, kind=kind)
        cases[region] = row
    with city.session() as session:
        for flag in session.scalars(sa.select(t.Flag)):
            flag.subject_name = flag.agency_code or ""
            old = session.scalars(sa.select(t.Evidence).where(t.Evidence.flag_id == flag.id)).one()
            session.get_one(t.Run, old.run_id).versions = city.store.current()
            session.add(
                t.Evidence(
                    flag_id=flag.id, run_id=old.run_id, rule_version_id=old.rule_version_id, severity="orange", row_feed="payment",
                    row_count=1, rows=struct.pack("<q", cases[flag.region]), digest=f"d{flag.id}",
                )
            )  # fmt: skip
        foreign_flags = list(session.scalars(sa.select(t.Flag.id).where(t.Flag.region == "990103")))
        foreign_cases = list(session.scalars(sa.select(t.Case.id).where(t.Case.region == "990103")))
    deputy = person(city, "deputy", region="990103")
    asked = review.ask(city, deputy, budget_year=2026, region="990103", line="白石大桥养护", text="为什么减少？")  # type: ignore[arg-type]
    with city.session() as session:
        batches = list(session.scalars(sa.select(t.Batch.id)))
    return {
        "case_id": foreign_cases,
        "flag_id": foreign_flags,
        "question_id": [asked.id],
        "row": [theirs],
        "batch": batches,
    }


@pytest.mark.parametrize("role", ["reviewer", "lead", "auditor", "deputy", "finance", "admin"])
def test_no_address_gives_a_district_anything_of_another(
    lived_in: dict[str, list[int]], asker: Asker, role: str
) -> None:
    client = asker(role, region="990102")
    asked = 0
    for path in everything(client):
        addresses = [path]
        for name, values in {
            **lived_in,
            "rule_id": ["PY-07"],
            "run_id": [1],
            "edition_id": [1],
            "back_test_id": [1],
            "incident_id": [1],
        }.items():
            if f"{{{name}}}" in path:
                addresses = [a.replace(f"{{{name}}}", str(v)) for a in addresses for v in values]
        for address in addresses:
            for query in (
                {},
                {"region": "990103"},
                {"text": "白石"},
                {"by": "region"},
                {"by": "payee"},
                {"agency": "990103-A01"},
            ):
                answer = client.get(address, params=query)
                asked += 1
                assert answer.status_code < 500, (address, query, answer.text)
                found = [word for word in FOREIGN if word in answer.text]
                assert not found, (address, query, found, answer.text[:500])
    assert asked > 100


def test_what_is_anothers_is_not_found_rather_than_forbidden(lived_in: dict[str, list[int]], asker: Asker) -> None:
    client = asker("reviewer", region="990102")
    for address in (
        f"/api/cases/{lived_in['case_id'][0]}",
        f"/api/flags/{lived_in['flag_id'][0]}/evidence",
        f"/api/questions/{lived_in['question_id'][0]}",
        f"/api/vouchers/{lived_in['row'][0]}",
    ):
        answer = client.get(address)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found"), address
    answer = client.post(f"/api/cases/{lived_in['case_id'][0]}/take", json={})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "/api/payments",
        "/api/payments/totals",
        "/api/payments/choices",
        "/api/payments/export",
        "/api/vouchers/1",
        "/api/queue",
        "/api/flags",
    ],
)
def test_a_deputy_is_refused_vouchers_payees_and_flags(asker: Asker, address: str) -> None:
    answer = asker("deputy").get(address)
    assert answer.status_code == 403
    assert "“Deputy” does not include" in answer.json()["error"]["what"]


def test_a_unit_reaches_only_its_own_cases(lived_in: dict[str, list[int]], asker: Asker) -> None:
    client = asker("unit", region="990102", agency_code="990102-A02")
    assert client.get("/api/own-cases").json()["total"] == 0
    for path in ("/api/queue", "/api/payments", "/api/budget/preview", "/api/batches", "/api/rules"):
        assert client.get(path).status_code == 403, path
    assert client.get("/api/questions").json()["total"] == 0


def test_every_address_asks_who_is_there(asker: Asker) -> None:
    stranger = asker(None)
    for path in everything(stranger):
        address = path.replace("{rule_id}", "X")
        for name in (
            "case_id",
            "flag_id",
            "question_id",
            "row",
            "batch",
            "run_id",
            "edition_id",
            "back_test_id",
            "incident_id",
        ):
            address = address.replace(f"{{{name}}}", "1")
        expected = 200 if path == "/api/health" else 401
        assert stranger.get(address).status_code == expected, path
