"""Signing in and out, where strangers are sent, and what the first answer weighs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from budgetwatch.access import people
from budgetwatch.access.viewer import SYSTEM
from budgetwatch.home import Home
from dashboard import web
from tests.dashboard.conftest import Reader, words

Open = Callable[..., Reader]


def test_a_stranger_is_sent_to_the_sign_in_and_back_to_where_they_wanted(reader: Open) -> None:
    stranger = reader()
    away = stranger.client.get("/auditor?year=2025", follow_redirects=False)
    assert away.status_code == 303
    assert away.headers["location"] == "/login?next=%2Fauditor%3Fyear%3D2025"
    back = stranger.client.post(
        "/login",
        data={"login": "auditor", "password": "correct-horse-2026", "next": "/auditor?year=2025"},
        follow_redirects=False,
    )
    assert back.headers["location"] == "/auditor?year=2025"


def test_a_stranger_gets_no_page_from_the_callback_either(reader: Open) -> None:
    drawn = reader().open("/committee")
    assert drawn.page is None
    assert drawn.after["leave"] == "/login?next=%2Fcommittee"


def test_a_wrong_password_is_refused_in_a_sentence(reader: Open) -> None:
    stranger = reader()
    assert stranger.sign_in("auditor", "wrong").headers["location"] == "/login?refused=1"
    drawn = stranger.open("/login?refused=1")
    assert "密码" in words(drawn.by_id("login-error"))
    assert drawn.by_id("login")["props"]["value"] == "auditor"


def test_nobody_signed_out_sees_a_page(reader: Open) -> None:
    auditor = reader("auditor")
    assert auditor.open("/auditor").page is not None
    assert auditor.client.post("/logout", follow_redirects=False).headers["location"] == "/login"
    assert auditor.open("/auditor").page is None


def test_an_open_page_asks_for_a_sign_in_once_the_password_has_changed(reader: Open, city_home: Home) -> None:
    auditor = reader("auditor")
    assert auditor.open("/auditor").page is not None
    people.set_password(city_home, SYSTEM, "auditor", "another-horse-2026")
    drawn = auditor.open("/auditor")
    assert drawn.page is None
    assert drawn.after["leave"] == "/login?next=%2Fauditor"


def test_a_sign_in_never_leads_out_of_the_house(reader: Open) -> None:
    for address in (
        "https://elsewhere.example/",
        "//elsewhere.example/",
        "/\\elsewhere.example",
        "javascript:alert(1)",
        "/api/users",
    ):
        assert web.local(address) == ""
    assert web.local("/case/12?page=2") == "/case/12?page=2"


def test_a_home_without_demo_accounts_lists_none(reader: Open) -> None:
    assert not any(i.startswith("demo-") for i in reader().open("/login").ids())


@pytest.mark.parametrize(("cookie", "said"), [("zh", 'lang="zh-Hans"'), ("en", 'lang="en"'), ("xx", 'lang="zh-Hans"')])
def test_the_first_answer_is_in_the_readers_language_and_asks_nothing_of_other_hosts(
    reader: Open, cookie: str, said: str
) -> None:
    stranger = reader(language=cookie)
    page = stranger.client.get("/login").text
    assert said in page
    assert "http://" not in page
    assert "https://" not in page
    assert "dash_mantine" not in page
    assert "ag_grid" not in page


def test_bundles_come_compressed_and_may_be_kept(reader: Open) -> None:
    client = reader().client
    page = client.get("/login").text
    scripts = [part.split('"')[0] for part in page.split('src="')[1:]]
    assert scripts
    for script in scripts:
        answer = client.get(script, headers={"accept-encoding": "gzip"})
        assert answer.status_code == 200
        assert answer.headers["content-encoding"] == "gzip"
        assert "max-age" in answer.headers["cache-control"]


def seed_of(page: str) -> dict:
    found = re.search(r'<script id="seed" type="application/json">(.*?)</script>', page, re.S)
    assert found
    return json.loads(found.group(1))


def test_the_first_answer_is_the_page_itself_and_all_that_dash_asks_for(reader: Open) -> None:
    auditor = reader("auditor")
    page = auditor.client.get("/auditor?year=2025").text
    shown = page.split('<main id="page"')[1].split("</main>")[0]
    assert 'id="title"' in shown
    assert 'id="payments-filter"' in shown
    seed = seed_of(page)
    assert seed["layout"] == auditor.client.get("/_dash-layout").json()
    assert seed["dependencies"] == auditor.client.get("/_dash-dependencies").json()
    assert set(seed["answer"]["response"]) >= {"frame", "page", "after"}
    assert seed["answer"]["response"]["after"]["data"]["title"] in page.split("<title>")[1]


def test_no_script_stands_in_the_page_and_none_holds_up_the_first_paint(reader: Open) -> None:
    answer = reader("deputy").client.get("/deputy")
    scripts = re.findall(r"<script[^>]*>", answer.text)
    assert scripts
    assert all('type="application/json"' in s or " defer " in s for s in scripts)
    assert len(re.findall(r'rel="stylesheet"', answer.text)) == 1
    assert "'unsafe-inline'" not in answer.headers["content-security-policy"].split("script-src")[1].split(";")[0]
    assert "sha256-" not in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


def test_an_address_that_is_no_page_says_so_to_those_who_are_signed_in(reader: Open) -> None:
    assert reader().client.get("/no/such", follow_redirects=False).headers["location"].startswith("/login")
    assert 'data-code="not_found"' in reader("auditor").client.get("/no/such").text


def test_the_theme_is_in_the_first_answer(reader: Open) -> None:
    someone = reader()
    assert 'data-theme="auto"' in someone.client.get("/login").text
    someone.client.cookies.set("theme", "dark")
    assert 'data-theme="dark"' in someone.client.get("/login").text
    someone.client.cookies.set("theme", '"><script>')
    assert 'data-theme="auto"' in someone.client.get("/login").text


def test_what_a_page_may_leave_in_the_browser(reader: Open) -> None:
    deputy, auditor = reader("deputy"), reader("auditor")
    assert deputy.open("/home").after["keep"]
    assert deputy.open("/deputy").after["keep"]
    assert not auditor.open("/home").after["keep"]
    assert not auditor.open("/auditor").after["keep"]
    assert deputy.open("/deputy").after["person"] != auditor.open("/deputy").after["person"]
    assert reader().open("/login").after["person"] == ""


def test_the_worker_the_manifest_and_the_page_without_a_network_need_no_sign_in(reader: Open) -> None:
    client = reader().client
    worker = client.get("/sw.js")
    assert worker.headers["service-worker-allowed"] == "/"
    shell = json.loads(worker.text.split("const SHELL = ", 1)[1].split(";\n", 1)[0])
    for file in shell["files"]:
        assert client.get(file).status_code == 200, file
    manifest = client.get("/manifest.webmanifest").json()
    for icon in manifest["icons"]:
        assert client.get(icon["src"]).status_code == 200
    for language, said in (("zh", "现在没有网络"), ("en", "There is no network")):
        assert said in client.get(f"/offline/{language}").text


def test_what_dash_says_inside_is_not_to_be_had_from_outside(reader: Open) -> None:
    assert reader().client.get("/_dash-index").status_code == 404
