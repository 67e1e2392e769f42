"""Search, saved queries, the first tour, chosen filters and messages, as the pages draw them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from budgetwatch.queries import search
from tests.dashboard.conftest import Reader, find, words

Readers = Callable[..., Reader]


@pytest.mark.parametrize("login", ["reviewer", "deputy", "auditor", "finance", "admin", "unit", "district"])
def test_every_hit_opens_for_whoever_found_it(reader: Readers, login: str) -> None:
    person = reader(login)
    found: set[str] = set()
    for text in ("教育", "990", "青岚", "公司", "大额", "校舍", "小学"):
        found |= {hit["address"] for hit in person.client.get("/api/search", params={"q": text}).json()["hits"]}
    for address in sorted(found)[:40]:
        assert person.open(address).error is None, address


def test_the_page_of_results_groups_and_goes_on(reader: Readers) -> None:
    person = reader("auditor")
    drawn = person.open("/search?q=教育")
    assert {"search-results", "search-form", "kind"} <= drawn.ids()
    assert "青岚区教育局" in drawn.text
    assert "/search?q=%E6%95%99%E8%82%B2&kind=unit" in drawn.links
    assert person.open("/search?q=教育&kind=unit").error is None
    nothing = person.open("/search?q=不存在的东西")
    assert "search-empty" in nothing.ids()
    assert "查过" in nothing.text
    assert person.open("/search").error is None


def test_a_query_is_saved_found_again_renamed_and_removed(reader: Readers) -> None:
    person = reader("auditor")
    address = "/auditor?year=2025"
    assert "save-query" in person.open(address).ids()
    done = person.do(address, "saved.save", name="去年", path="/auditor", query="year=2025&page=2")
    assert done.after.get("done")
    assert "去年" in words(done.notice)
    assert "save-query" not in person.open(address).ids()
    assert "/auditor?year=2025" in person.open("/auditor").links
    kept = person.client.get("/api/saved").json()["saved"]
    assert [(one["name"], one["address"]) for one in kept] == [("去年", "/auditor?year=2025")]
    assert reader("reviewer").client.get("/api/saved").json() == {"saved": []}
    assert person.do(address, "saved.rename", saved_id=kept[0]["id"], name="2025").after.get("done")
    assert person.do(address, "saved.remove", saved_id=kept[0]["id"]).after.get("done")
    assert person.client.get("/api/saved").json() == {"saved": []}


def test_the_tour_is_offered_until_it_was_taken_or_put_off(reader: Readers) -> None:
    person = reader("reviewer")
    assert {"tour-offer", "tour-start", "tour-dismiss"} <= person.open("/home").ids()
    assert person.do("/home", "tour.done").after.get("done")
    assert "tour-offer" not in person.open("/home").ids()
    assert "tour-again" in person.open("/home").ids()
    assert "tour-offer" in reader("auditor").open("/home").ids()


@pytest.mark.parametrize("login", ["reviewer", "lead", "deputy", "auditor", "finance", "admin", "unit"])
@pytest.mark.parametrize("language", ["zh", "zh-Hant", "en"])
def test_each_tour_leads_over_pages_that_open(reader: Readers, login: str, language: str) -> None:
    person = reader(login, language)
    data = json.loads(person.open("/home").by_id("habits")["props"]["data-habits"])
    assert 4 <= len(data["tour"]) <= 7
    for page in {step["at"] for step in data["tour"] if step["at"]} | {one["address"] for one in data["pages"]}:
        assert person.open(page).error is None, page


def test_chosen_filters_are_said_in_words_and_dropped_one_by_one(reader: Readers) -> None:
    drawn = reader("reviewer").open("/committee?severity=red&severity=orange&text=教育&order=due")
    assert drawn.by_id("chosen")["props"]["data-asked"] == "红、橙、教育"
    drop = drawn.by_id("drop-severity-0")["props"]["href"]
    assert "severity=orange" in drop
    assert "severity=red" not in drop
    assert "order=due" in drop


def test_a_message_can_be_closed(reader: Readers) -> None:
    refused = reader("reviewer").do("/home", "saved.save", name="", path="/committee", query="severity=red")
    assert refused.after.get("refused")
    assert find(refused.notice, lambda n: n["props"].get("className") == "close")


def test_search_needs_a_sign_in_and_says_what_it_looked_at(reader: Readers) -> None:
    assert reader().client.get("/api/search", params={"q": "教育"}).status_code == 401
    assert reader("deputy").client.get("/api/search", params={"q": ""}).json()["hits"] == []
    looked = reader("deputy", "en").client.get("/api/search", params={"q": "x"}).json()["looked_at"]
    assert "Payees" not in looked
    assert search.KINDS["unit"].en in looked


@pytest.mark.parametrize(
    ("login", "asked", "section"),
    [
        ("auditor", "怎样保存一个查询", "/guide/auditor#"),
        ("auditor", "怎樣導出", "/guide/auditor#"),
        ("deputy", "Ask a question", "/guide/deputy#"),
        ("unit", "忘了密码", "/guide/basics#sign-in"),
    ],
)
def test_the_search_finds_the_section_of_a_guide(reader: Readers, login: str, asked: str, section: str) -> None:
    person = reader(login)
    found = person.client.get("/api/search", params={"q": asked}).json()["hits"]
    guides = [hit["address"] for hit in found if hit["kind"] == "guide"]
    assert guides
    assert guides[0].startswith(section)
    assert guides[0] in person.open(f"/search?q={asked}").links
