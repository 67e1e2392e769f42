"""Signing in, one shape for every refusal, exact money, the journeys by API, uploads and exports."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from budgetwatch.access import people
from budgetwatch.access.viewer import SYSTEM
from budgetwatch.api.app import create_app
from budgetwatch.home import Home
from tests.api.conftest import PASSWORD

Asker = Callable[..., TestClient]


def refusal(answer) -> dict[str, str]:  # type: ignore[no-untyped-def]
    """The error of an answer, which has the one shape."""
    body = answer.json()
    assert set(body) == {"error"}
    assert {"code", "what", "where", "fix"} <= set(body["error"])
    assert "Traceback" not in answer.text
    return body["error"]  # type: ignore[no-any-return]


def test_a_session_lasts_from_signing_in_to_signing_out(asker: Asker) -> None:
    person = asker("reviewer")
    login = person.viewer.login  # type: ignore[attr-defined]
    browser = asker(None)
    assert (
        refusal(browser.post("/api/session", json={"login": login, "password": "wrong-word-here"}))["code"]
        == "not_signed_in"
    )
    answer = browser.post("/api/session", json={"login": login, "password": PASSWORD})
    assert answer.json()["role_name"] == "Committee reviewer"
    cookie = answer.headers["set-cookie"].lower()
    assert "samesite=strict" in cookie
    assert "httponly" in cookie
    assert browser.get("/api/me").json()["login"] == login
    copied = dict(browser.cookies)
    assert browser.delete("/api/session").status_code == 204
    assert browser.get("/api/me").status_code == 401
    browser.cookies.update(copied)
    assert browser.get("/api/me").status_code == 401, "a cookie copied before signing out is over too"


@pytest.mark.parametrize(
    ("tls", "base", "secure"),
    [(False, "http://here", False), (False, "https://here", True), (True, "http://here", True)],
    ids=["in the open", "the proxy says https", "TLS is demanded"],
)
def test_over_tls_the_session_never_travels_without_it(
    asker: Asker, city: Home, tls: bool, base: str, secure: bool
) -> None:
    login = asker("reviewer").viewer.login  # type: ignore[attr-defined]
    city.settings.tls = tls
    browser = TestClient(create_app(city, dashboard=False), base_url=base)
    answer = browser.post("/api/session", json={"login": login, "password": PASSWORD})
    assert answer.status_code == 200
    assert ("secure" in [part.strip().lower() for part in answer.headers["set-cookie"].split(";")]) is secure


@pytest.mark.parametrize(("proxies", "believed"), [("127.0.0.1,::1", False), ("127.0.0.1,10.0.0.0/8", True)])
def test_only_a_proxy_that_is_named_is_believed(asker: Asker, city: Home, proxies: str, believed: bool) -> None:
    login = asker("reviewer").viewer.login  # type: ignore[attr-defined]
    app = ProxyHeadersMiddleware(create_app(city, dashboard=False), trusted_hosts=proxies)  # as `serve` has it
    browser = TestClient(app, base_url="http://here", client=("10.0.0.5", 4000))
    said = {"X-Forwarded-Proto": "https"}
    answer = browser.post("/api/session", json={"login": login, "password": PASSWORD}, headers=said)
    assert ("; secure" in answer.headers["set-cookie"]) is believed


def test_a_browser_is_signed_out_when_its_password_changes_or_its_hours_are_over(asker: Asker, city: Home) -> None:
    person = asker("reviewer")
    viewer = person.viewer  # type: ignore[attr-defined]
    browser = asker(None)
    assert browser.post("/api/session", json={"login": viewer.login, "password": PASSWORD}).status_code == 200
    assert browser.get("/api/me").status_code == 200
    people.set_password(city, SYSTEM, viewer.login, "quite-another-word")
    assert refusal(browser.get("/api/me"))["code"] == "not_signed_in"
    browser.post("/api/session", json={"login": viewer.login, "password": "quite-another-word"})
    assert browser.get("/api/me").status_code == 200
    city.settings.session_hours = 0
    assert refusal(browser.get("/api/me"))["code"] == "not_signed_in"


def test_a_strangers_token_gets_a_sentence(asker: Asker) -> None:
    stranger = asker(None)
    for header in ("Bearer nonsense", "Bearer ", "Basic eDp5"):
        answer = stranger.get("/api/queue", headers={"Authorization": header})
        assert answer.status_code == 401
        assert refusal(answer)["what"].endswith(".")
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("method", "address", "sent", "status", "code"),
    [
        ("GET", "/api/nowhere", None, 404, "not_found"),
        ("PUT", "/api/queue", None, 405, "method_not_allowed"),
        ("GET", "/api/session", None, 405, "method_not_allowed"),
        ("GET", "/api/queue?limit=many", None, 422, "invalid"),
        ("GET", "/api/queue?limit=100000", None, 422, "invalid"),
        ("GET", "/api/queue?order=colour", None, 422, "invalid"),
        ("GET", "/api/queue?text=%00", None, 422, "invalid"),
        ("GET", "/api/cases/99999999999999999999999", None, 422, "invalid"),
        ("GET", "/api/cases/0", None, 422, "invalid"),
        ("GET", "/api/cases/77", None, 404, "not_found"),
        ("GET", "/api/payments?min_amount=1e400", None, 422, "invalid"),
        ("GET", "/api/payments?min_amount=NaN", None, 422, "invalid"),
        ("GET", "/api/payments?first_day=yesterday", None, 422, "invalid"),
        ("GET", "/api/payments?year=99999999999999999999", None, 422, "invalid"),
        ("GET", "/api/rules/PY-99", None, 404, "not_found"),
        ("GET", "/api/batches/12345/rejects", None, 404, "not_found"),
        ("POST", "/api/runs", {"as_of": "soon"}, 422, "invalid"),
        ("POST", "/api/cases/1/take", {"version": "x"}, 422, "invalid"),
        ("GET", "/api/payments/export", None, 403, "denied"),
        ("POST", "/api/batches", None, 422, "invalid"),
    ],
)
def test_every_refusal_has_the_one_shape(
    asker: Asker, method: str, address: str, sent: object, status: int, code: str
) -> None:
    answer = (
        asker("reviewer").request(method, address, json=sent) if sent else asker("reviewer").request(method, address)
    )
    assert (answer.status_code, refusal(answer)["code"]) == (status, code), answer.text


def test_a_body_that_is_no_json_is_refused_in_the_same_shape(asker: Asker) -> None:
    answer = asker("reviewer").post("/api/runs", content=b"{", headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert refusal(answer)["code"] == "invalid"


def test_the_unforeseen_gets_a_reference_that_stands_in_the_log(
    asker: Asker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_given: object, **_named: object) -> None:
        raise RuntimeError("the secret details")

    monkeypatch.setattr("budgetwatch.queries.work.queue", broken)
    with caplog.at_level(logging.ERROR):
        answer = asker("reviewer").get("/api/queue")
    assert answer.status_code == 500
    error = refusal(answer)
    assert error["code"] == "fault"
    assert "secret" not in answer.text
    assert error["facts"]["reference"] in caplog.text  # type: ignore[index]


def test_the_reader_chooses_the_language(asker: Asker) -> None:
    zh, en = asker("reviewer", language="zh-CN,zh;q=0.9,en;q=0.5"), asker("reviewer", language="en-GB,en;q=0.9")
    assert "找不到" in refusal(zh.get("/api/cases/77"))["what"]
    assert "There is no" in refusal(en.get("/api/cases/77"))["what"]
    en.cookies.set("lang", "zh")
    assert "找不到" in refusal(en.get("/api/cases/77"))["what"]


def test_money_is_exact_and_a_string(asker: Asker) -> None:
    page = asker("auditor").get("/api/payments", params={"text": "V1"}).json()
    assert page["rows"][0]["amount"] == "100000.01"
    assert page["totals"] == {"CNY": "100000.01"}
    seen = asker("deputy", region="990102").get("/api/budget/preview").json()
    assert seen["total"]["draft"] == "500000.10"
    assert seen["rows"][0]["name"] == "Education"


def test_a_case_goes_from_the_queue_to_closed(city: Home, asker: Asker, flagged: Callable[..., int]) -> None:
    case_id = flagged(city, region="990102", agency_code="990102-A01")
    reviewer, lead = asker("reviewer"), asker("lead")
    unit = asker("unit", region="990102", agency_code="990102-A01")
    assert reviewer.get("/api/queue").json()["rows"][0]["case_id"] == case_id

    def act(who: TestClient, action: str, **given: object):  # type: ignore[no-untyped-def]
        return who.post(f"/api/cases/{case_id}/{action}", json=given)

    assert refusal(act(reviewer, "close"))["code"] in ("conflict", "denied")
    assert act(reviewer, "take", version=0).json()["state"] == "taken"
    assert refusal(act(reviewer, "verify", version=0))["code"] == "conflict"
    assert act(reviewer, "verify").json()["state"] == "verified"
    assert act(reviewer, "ask", note="请说明依据").json()["state"] == "asked"
    assert unit.get("/api/own-cases").json()["rows"][0]["waiting"] is True
    assert act(unit, "reply", note="见附件合同").json()["state"] == "replied"
    assert act(reviewer, "confirm", reason="idle_funds").json()["state"] == "confirmed"
    assert refusal(act(reviewer, "close"))["code"] == "denied"
    closed = act(lead, "close").json()
    assert (closed["state"], [s["action"] for s in closed["steps"]][-1]) == ("closed", "close")
    assert refusal(act(lead, "fly"))["fix"]


def test_a_deputys_question_is_answered(asker: Asker) -> None:
    deputy, finance = asker("deputy", region="990102"), asker("finance", region="990102")
    body = {
        "budget_year": 2026,
        "region": "990102",
        "line": "教育",
        "text": "增加的部分用于哪些学校？",
        "figures": {"draft": "420000.10"},
    }
    made = deputy.post("/api/questions", json=body)
    assert made.status_code == 201
    number = made.json()["id"]
    assert refusal(deputy.post(f"/api/questions/{number}/answer", json={"text": "我自己答"}))["code"] == "denied"
    assert finance.post(f"/api/questions/{number}/answer", json={"text": "用于三所小学。"}).status_code == 201
    seen = deputy.get("/api/questions", params={"mine": True}).json()
    assert (seen["total"], seen["rows"][0]["answers"], seen["rows"][0]["last_answer"]) == (1, 1, "用于三所小学。")


def test_an_export_is_the_whole_result_and_leaves_nothing_behind(city: Home, asker: Asker) -> None:
    answer = asker("auditor").get("/api/payments/export", params={"region": "990102", "format": "csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    assert len(list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))) == 4
    assert asker("auditor").get("/api/payments/export", params={"format": "xlsx"}).content[:2] == b"PK"
    assert not list((city.path / "tmp").glob("export-*"))


PROFILE = """
name: towns
feed: payment
sender: 青岚区财政局
title: {zh: 青岚区支付, en: Payments of the district}
format: csv
encoding: utf-8
columns: {voucher_no: 凭证号, pay_date: 日期, agency_code: 单位, amount: 金额, budget_year: 年度}
constants: {adm_div_code: "990102"}
"""


def test_an_uploaded_file_is_taken_in_once_with_its_rejects(city: Home, asker: Asker) -> None:
    (city.path / "profiles" / "towns.yml").write_text(PROFILE, encoding="utf-8")
    finance = asker("finance", region="990102")
    sent = (
        "凭证号,日期,单位,金额,年度\nU1,2026-02-01,990102-A01,10.50,2026\nU2,2026-02-30,990102-A01,1.00,2026\n".encode()
    )

    def upload(content: bytes, name: str = "../../二月.csv", profile: str = "towns"):  # type: ignore[no-untyped-def]
        return finance.post("/api/batches", files={"file": (name, content)}, data={"profile": profile})

    first = upload(sent)
    assert first.status_code == 201, first.text
    told = first.json()
    assert (told["rows_in"], told["rows_accepted"], told["rows_rejected"], told["amount_sum"]) == (2, 1, 1, "10.50")
    again = upload(sent)
    assert (again.status_code, again.json()["status"]) == (200, "already")
    listed = finance.get("/api/batches", params={"profile": "towns"}).json()["rows"][0]
    assert (listed["batch"], listed["file_name"], listed["received_by"]) == (
        told["batch"],
        "二月.csv",
        finance.viewer.login,
    )  # type: ignore[attr-defined]
    rejected = finance.get(f"/api/batches/{told['batch']}/rejects").json()["rows"][0]
    assert (rejected["line"], rejected["value"], rejected["reason"]) == (3, "2026-02-30", "not_date")
    assert refusal(upload(b"a,b\n1,2\n"))["code"] == "bad_file"
    assert refusal(upload(b""))["code"] == "bad_file"
    assert refusal(upload(sent, profile="town"))["code"] == "not_found"
    refused = finance.get("/api/batches", params={"status": "refused"}).json()["rows"]
    assert all(row["refusal"] for row in refused)
    assert len(refused) == 2
    assert (
        refusal(asker("reviewer").post("/api/batches", files={"file": ("x", sent)}, data={"profile": "towns"}))["code"]
        == "denied"
    )
    assert not list((city.path / "tmp").glob("upload-*"))


def test_a_district_sends_its_own_rows_only(city: Home, asker: Asker) -> None:
    own_column = PROFILE.replace('constants: {adm_div_code: "990102"}', "refuse_above: 0.9")
    assert own_column != PROFILE
    (city.path / "profiles" / "towns.yml").write_text(
        own_column.replace("amount: 金额", "amount: 金额, adm_div_code: 区划"), encoding="utf-8"
    )
    sent = (
        "凭证号,日期,单位,金额,年度,区划\nU1,2026-02-01,990102-A01,10.50,2026,990102\nU2,2026-02-01,990103-A01,1.00,2026,990103\n"
    ).encode()
    answer = asker("finance", region="990102").post(
        "/api/batches", files={"file": ("f.csv", sent)}, data={"profile": "towns"}
    )
    assert answer.status_code == 201, answer.text
    assert (answer.json()["rows_accepted"], answer.json()["reasons"]) == (1, {"outside_scope": 1})


def test_another_site_cannot_make_a_browser_act(asker: Asker) -> None:
    person = asker("reviewer")
    browser = asker(None)
    given = {"login": person.viewer.login, "password": PASSWORD}  # type: ignore[attr-defined]
    for headers in ({"Origin": "https://elsewhere.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = browser.post("/api/session", json=given, headers=headers)
        assert (answer.status_code, refusal(answer)["code"]) == (403, "denied"), headers
    assert browser.post("/api/session", json=given, headers={"Origin": "http://testserver"}).status_code == 200


def test_every_answer_carries_the_security_headers(asker: Asker) -> None:
    for address in ("/api/health", "/api/nowhere", "/api/docs"):
        headers = asker(None).get(address).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe-eval" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


def test_the_reference_needs_nothing_from_elsewhere_and_names_every_address(asker: Asker) -> None:
    stranger = asker(None)
    document = stranger.get("/api/openapi.json").json()
    page = stranger.get("/api/docs").text
    assert "http://" not in page
    assert "https://" not in page
    assert "<script" not in page
    for path, methods in document["paths"].items():
        assert path in page
        for method, operation in methods.items():
            assert operation["summary"], path
            assert operation["tags"], path
            if method == "get" and path not in (
                "/api/payments/export",
                "/api/jobs/{job_id}/file",
                "/api/batches/{batch}/rejects/file",
                "/api/rules/document",
                "/api/rules/{rule_id}/text",
                "/api/budget/years",
            ):
                assert operation["responses"]["200"]["content"]["application/json"]["example"], path
            if path != "/api/health":
                assert "401" in operation["responses"], path


def test_the_rules_and_runs_can_be_read(asker: Asker, city: Home) -> None:
    client = asker("reviewer")
    listed = client.get("/api/rules").json()
    assert listed["total"] == len(city.rules)
    some = listed["rows"][0]["rule_id"]
    assert client.get(f"/api/rules/{some}").json()["id"] == some
    assert client.get("/api/runs").json()["total"] == 0
