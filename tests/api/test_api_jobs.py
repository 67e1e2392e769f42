"""Long work over HTTP: 202 at once, progress at the job's own address, the file for its owner alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from budgetwatch import jobs
from budgetwatch.home import Home
from budgetwatch.rules.book import RuleBook, from_text
from tests.feeds.senders import profile
from tests.rules.samples import CASH, rule_file

Asker = Callable[..., TestClient]
CSV = b"voucher_no,budget_year,pay_date,adm_div_code,agency_code,amount\nN1,2025,2025-03-05,990102,U1,1.00\n"


@pytest.fixture
def ruled(city: Home) -> Home:
    city.__dict__["rules"] = RuleBook({rule.id: rule for rule in from_text(rule_file(CASH))}, {})
    return city


def send(client: TestClient, how: str, query: str = "") -> dict[str, object]:
    sent = client.post(f"/api/batches{query}", files={"file": ("march.csv", CSV)}, data={"profile": how})
    return {**sent.json(), "http": sent.status_code, "location": sent.headers.get("location")}


def test_a_file_is_taken_in_behind_the_reader_s_back(city: Home, asker: Asker) -> None:
    finance = asker("finance")
    made = send(finance, profile(city), "?wait=false")
    assert (made["http"], made["state"], made["title"]) == (202, "waiting", "Take in march.csv")
    jobs.work_off(city)
    done = finance.get(str(made["location"])).json()
    assert (done["state"], done["share"], done["result"]["rows_accepted"]) == ("done", 1.0, 1)
    assert done["said"].startswith("1 rows: 1 accepted")
    assert send(finance, profile(city))["http"] == 200, "waiting for it works as ever; it was known already"


def test_a_file_can_be_judged_only_at_once_or_in_the_background(city: Home, asker: Asker) -> None:
    finance, how = asker("finance"), profile(city)
    before = city.store.current()
    assert send(finance, how, "?check=true")["rows_accepted"] == 1
    made = send(finance, how, "?check=true&wait=false")
    jobs.work_off(city)
    assert finance.get(str(made["location"])).json()["result"]["rows_accepted"] == 1
    assert city.store.current() == before


def test_a_run_and_an_export_are_started_and_listed(ruled: Home, asker: Asker) -> None:
    lead, auditor = asker("lead"), asker("auditor")
    assert lead.post("/api/runs?wait=false", json={}).status_code == 202
    made = auditor.post("/api/jobs", json={"kind": "export", "filter": {"year": "2025", "min_amount": "1.50"}})
    assert made.status_code == 202
    listed = auditor.get("/api/jobs").json()
    assert (listed["running"], listed["unread"], [job["kind"] for job in listed["jobs"]]) == (1, 0, ["export"])
    jobs.work_off(ruled)
    assert auditor.get("/api/jobs?lately=true").json()["unread"] == 1
    file = auditor.get(f"/api/jobs/{made.json()['id']}/file")
    assert file.status_code == 200
    assert "attachment" in file.headers["content-disposition"]
    assert file.content.decode("utf-8-sig").count("\n") == 5, "the heading and four payments of 2025"
    assert auditor.get("/api/jobs?lately=true").json()["jobs"] == [], "fetched is read"
    said = lead.get("/api/jobs").json()["jobs"][0]
    assert said["said"].startswith("1 rule run")
    assert lead.post(f"/api/jobs/{said['id']}/seen").status_code == 204
    assert lead.get("/api/jobs").json()["unread"] == 0


def test_the_jobs_of_another_do_not_exist(ruled: Home, asker: Asker) -> None:
    owner, other = asker("auditor"), asker("auditor")
    number = owner.post("/api/jobs", json={"kind": "export"}).json()["id"]
    jobs.work_off(ruled)
    for way, address in (("get", ""), ("post", "/stop"), ("post", "/again"), ("post", "/seen"), ("get", "/file")):
        assert getattr(other, way)(f"/api/jobs/{number}{address}").status_code == 404, address
    assert asker(None).get("/api/jobs").status_code == 401


def test_one_that_waits_is_stopped_and_started_again(ruled: Home, asker: Asker) -> None:
    lead = asker("lead")
    number = lead.post("/api/jobs", json={"kind": "run", "rule_ids": ["PY-07"]}).json()["id"]
    assert lead.post(f"/api/jobs/{number}/stop").json()["state"] == "stopped"
    again = lead.post(f"/api/jobs/{number}/again")
    assert (again.status_code, again.json()["title"]) == (202, "Run PY-07")
    assert lead.post(f"/api/jobs/{again.json()['id']}/again").status_code == 409


@pytest.mark.parametrize(
    ("role", "order", "status"),
    [
        ("deputy", {"kind": "run"}, 403),
        ("lead", {"kind": "export"}, 403),
        ("lead", {"kind": "run", "rule_ids": ["XX-1"]}, 404),
        ("auditor", {"kind": "export", "filter": {"min_amount": "much"}}, 422),
        ("auditor", {"kind": "export", "filter": {"colour": "red"}}, 422),
        ("auditor", {"kind": "dig"}, 422),
    ],
)
def test_what_cannot_be_done_is_refused_at_once(
    ruled: Home, asker: Asker, role: str, order: object, status: int
) -> None:
    assert asker(role).post("/api/jobs", json=order).status_code == status
