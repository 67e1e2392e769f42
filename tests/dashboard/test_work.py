"""Long work on the screens: started with one press, followed with time left, left alone, found again; and the accounts."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from budgetwatch import jobs
from budgetwatch.home import Home
from budgetwatch.jobs import kinds, ledger
from budgetwatch.rules.book import RuleBook, from_text
from budgetwatch.text import Text
from dashboard.pages import auditor
from tests.dashboard.conftest import Drawn, Reader, find, words
from tests.feeds.senders import profile
from tests.rules.samples import CASH, rule_file

Open = Callable[..., Reader]
CSV = b"voucher_no,budget_year,pay_date,adm_div_code,agency_code,amount\nN1,2025,2025-03-05,990102,U1,1.00\n"


@pytest.fixture(autouse=True)
def one_rule(city_home: Home) -> None:
    city_home.__dict__["rules"] = RuleBook({rule.id: rule for rule in from_text(rule_file(CASH))}, {})


def boxes(drawn: Drawn) -> dict[str, dict[str, Any]]:
    """The jobs that the script keeps current on a page, by number."""
    return {n["props"]["data-job"]: n["props"] for n in find(drawn.page, lambda n: "data-job" in n["props"])}


def started(drawn: Drawn) -> str:
    assert drawn.after.get("done"), words(drawn.notice)
    return str(drawn.after["go"])


def test_a_run_is_started_followed_and_found_done(reader: Open, city_home: Home) -> None:
    lead = reader("lead")
    assert "run-rules" in lead.open("/rules").ids()
    address = started(lead.do("/rules", "job.run"))
    number = address.rpartition("/")[2]
    waiting = lead.open(address)
    assert boxes(waiting)[number]["data-state"] == "waiting"
    assert "可以离开此页" in waiting.text
    assert "run-rules-open" in lead.open("/rules").ids(), "while one runs, the way to it instead of another"
    jobs.work_off(city_home)
    told = lead.client.get("/api/jobs?lately=true").json()
    assert (told["running"], told["unread"]) == (0, 1)
    done = lead.open(address)
    assert not boxes(done)
    assert "1 条规则运行完毕" in done.text
    assert "/rules" in done.links
    assert lead.client.get("/api/jobs?lately=true").json()["unread"] == 0, "who sees the page has read it"


def test_a_running_job_shows_what_it_does_how_far_it_is_and_the_time_left(reader: Open, city_home: Home) -> None:
    lead = reader("lead")
    address = started(lead.do("/rules", "job.run"))
    claim = ledger.claim(city_home, kinds.ALONE)
    assert claim is not None
    words_now = ledger.stored(Text("大额现金支付", "Large cash payments"))
    ledger.beat(city_home, claim.id, share=0.42, words=words_now, result={"left": 170.0})
    for page in (address, "/jobs"):
        drawn = lead.open(page)
        for said in ("大额现金支付", "42%", "还需约 3 分钟"):
            assert said in drawn.text
        [bar] = find(drawn.page, lambda n: n["type"] == "Progress")
        assert (bar["props"]["value"], bar["props"]["aria-label"]) == ("0.4200", "运行全部规则")
    claim.release(city_home)


def test_work_is_stopped_and_started_again_from_its_page(reader: Open, city_home: Home) -> None:
    lead = reader("lead")
    address = started(lead.do("/rules", "job.run"))
    number = int(address.rpartition("/")[2])
    assert f"stop-{number}" in lead.open(address).ids()
    stopped = lead.do(address, "job.stop", job=number)
    assert "由您停止" in stopped.text
    assert f"again-{number}" in stopped.ids()
    assert started(lead.do(address, "job.again", job=number)) == f"/jobs/{number + 1}"


def test_the_work_of_another_is_not_found(reader: Open) -> None:
    address = started(reader("lead").do("/rules", "job.run"))
    other = reader("reviewer")
    assert other.open(address).error == "not_found"
    assert other.do("/jobs", "job.stop", job=address.rpartition("/")[2]).after["refused"]
    assert "还没有后台任务" in other.open("/jobs").text
    assert other.open("/jobs/x").error == "not_found"


@pytest.mark.parametrize(
    ("login", "ways"),
    [("admin", {"go-feeds", "run-rules"}), ("auditor", {"go-auditor"}), ("lead", {"run-rules"}), ("deputy", set())],
)
def test_an_empty_list_names_what_one_may_start(reader: Open, login: str, ways: set[str]) -> None:
    ids = reader(login).open("/jobs").ids()
    assert {"go-feeds", "run-rules", "go-auditor"} & ids == ways


def test_only_who_may_run_rules_is_offered_to(reader: Open) -> None:
    assert "run-rules" not in reader("auditor").open("/rules").ids()
    assert "run-rules" in reader("reviewer").open("/rules/PY-07").ids()


def test_a_file_is_sent_checked_and_taken_in(reader: Open, city_home: Home) -> None:
    how = profile(city_home)
    finance = reader("finance")
    form = finance.open("/feeds")
    assert {"send-form", "send-profile", "send-check", "send-now"} <= form.ids()
    options = find(form.by_id("send-profile"), lambda n: n["type"] == "Option")
    assert how in {o["props"]["value"] for o in options}
    sent = finance.client.post(
        "/api/batches?wait=false&check=true", files={"file": ("三月.csv", CSV)}, data={"profile": how}
    ).json()
    jobs.work_off(city_home)
    checked = finance.open(sent["page"])
    assert "可以接收。收到 1 行" in checked.text
    address = started(finance.do(sent["page"], "job.take_in", job=sent["id"]))
    jobs.work_off(city_home)
    taken = finance.open(address)
    [batch] = [link for link in taken.links if re.fullmatch(r"/feeds/\d+", link)]
    assert "三月.csv" in finance.open(batch).text
    assert f"take-in-{sent['id']}" not in finance.open(sent["page"]).ids(), "once in, it is not offered again"


def test_a_file_that_would_be_refused_says_why_and_is_not_offered_to_be_taken_in(reader: Open, city_home: Home) -> None:
    finance = reader("finance")
    files = {"file": ("odd.csv", b"a,b\n1,2\n")}
    sent = finance.client.post(
        "/api/batches?wait=false&check=true", files=files, data={"profile": profile(city_home)}
    ).json()
    jobs.work_off(city_home)
    drawn = finance.open(sent["page"])
    assert "这个文件会被整份退回：" in drawn.text
    assert f"take-in-{sent['id']}" not in drawn.ids()


def test_only_who_sends_files_sees_the_form(reader: Open) -> None:
    assert "send-form" not in reader("auditor").open("/feeds").ids()


def test_a_large_export_is_made_in_the_background_and_fetched(
    reader: Open, city_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditor, "LARGE_EXPORT", 3)
    someone = reader("auditor")
    assert "/api/payments/export?year=2026&format=csv" in someone.open("/auditor?year=2026").links, "few rows: at once"
    drawn = someone.open("/auditor?year=2025")
    assert "在后台导出 CSV" in drawn.text
    query = drawn.by_id("export-csv-query")["props"]["value"]
    address = started(someone.do("/auditor?year=2025", "job.export", format="csv", query=query))
    jobs.work_off(city_home)
    done = someone.open(address)
    [link] = [x for x in done.links if x.endswith("/file")]
    assert len(someone.client.get(link).content.decode("utf-8-sig").splitlines()) == 6
    assert reader("lead").client.get(link).status_code == 404


# ------------------------------------------------------------------ accounts


def test_an_administrator_adds_a_person_whose_password_is_shown_once(reader: Open) -> None:
    admin = reader("admin")
    assert "user-new" in admin.open("/users").ids()
    assert "add-user" in admin.open("/users?new=1").ids()
    done = admin.do(
        "/users?new=1",
        "user.add",
        login="wang.wu",
        name="王五",
        role="deputy",
        region="990102",
        expires_on="2031-01-31",
    )
    assert started(done) == "/users/wang.wu"
    [password] = [words(n) for n in find(done.notice, lambda n: n["type"] == "Code")]
    assert reader().sign_in("wang.wu", password).status_code == 303
    page = admin.open("/users/wang.wu")
    assert password not in page.text
    assert "2031-01-31" in page.text
    assert "王五" in admin.open("/users?text=WANG").text


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"login": "admin"}, "已有人使用"),
        ({"login": "Ä"}, "不可用"),
        ({"name": ""}, "缺少姓名"),
        ({"region": "9902"}, "不在您的管理范围"),
        ({"role": "unit"}, "单位代码"),
        ({"expires_on": "tomorrow"}, "这不是一个日期"),
    ],
)
def test_what_cannot_be_an_account_is_refused_and_the_form_stays(reader: Open, given: dict[str, str], why: str) -> None:
    fields = {"login": "wang.wu", "name": "王五", "role": "deputy", "region": "990102"} | given
    refused = reader("admin").do("/users?new=1", "user.add", **fields)
    assert refused.page is None
    assert why in words(refused.notice)


def test_an_account_is_switched_off_and_on_its_password_reset_its_term_set(reader: Open) -> None:
    admin, address = reader("admin"), "/users/auditor"
    assert "已停用" in admin.do(address, "user.switch", login="auditor").text
    assert reader().sign_in("auditor").headers["location"].startswith("/login?refused")
    assert "is-away" in str(admin.open("/users").page)
    assert "user-off" in admin.do(address, "user.switch", login="auditor", on="1").ids()
    reset = admin.do(address, "user.password", login="auditor")
    [password] = [words(n) for n in find(reset.notice, lambda n: n["type"] == "Code")]
    assert reader().sign_in("auditor", password).headers["location"] == "/home"
    assert "任期已满" in admin.do(address, "user.term", login="auditor", expires_on="2020-01-31").text


def test_one_s_own_account_offers_neither_reset_nor_switch(reader: Open) -> None:
    admin = reader("admin")
    assert not {"password-reset", "user-off"} & admin.open("/users/admin").ids()
    assert admin.do("/users/admin", "user.switch", login="admin").after["refused"]


@pytest.mark.parametrize("login", ["lead", "finance", "deputy"])
def test_accounts_are_for_administrators(reader: Open, login: str) -> None:
    someone = reader(login)
    assert someone.open("/users").error == "denied"
    assert someone.do("/home", "user.password", login="admin").after["refused"]


def test_an_unknown_account_is_not_found(reader: Open) -> None:
    assert reader("admin").open("/users/nobody").error == "not_found"
