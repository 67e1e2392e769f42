"""Pictures on their pages: a sentence, a table and files with each; the files are the table; none where nothing is."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest

from budgetwatch.home import Home
from tests.builders import facts
from tests.dashboard.conftest import Drawn, Reader, find, words

Open = Callable[..., Reader]


def figures(page: Drawn) -> list[str]:
    """The ids of the charts that a page shows."""
    return [n["props"]["id"] for n in find(page.page, lambda n: n.get("type") == "Graph")]


PAGES = (
    ("deputy", "/deputy", ["preview-chart", "trend-chart"]),
    ("deputy", "/deputy?show=parts", ["preview-chart"]),
    ("deputy", "/deputy?show=spent", ["preview-chart", "places-chart"]),
    ("auditor", "/auditor", ["totals-chart"]),
    ("auditor", "/auditor?show=spent&agency=990102-A01", ["execution-chart"]),
    ("auditor", "/auditor?show=calendar", ["calendar-chart"]),
)


@pytest.mark.parametrize(("login", "address", "charts"), PAGES)
def test_each_picture_has_its_sentence_its_table_and_its_files(
    reader: Open, login: str, address: str, charts: list[str]
) -> None:
    page = reader(login).open(address)
    assert page.error is None
    assert figures(page) == charts
    for chart in charts:
        assert words(page.by_id(f"{chart}-says")).endswith("。")
        box = find(page.page, lambda n: n["props"].get("aria-labelledby") == f"{chart}-says")[0]  # noqa: B023
        assert box["props"]["role"] == "img"
        ids = page.ids()
        assert {f"{chart}-png", f"{chart}-svg", f"{chart}-csv", f"{chart}-xlsx"} <= ids
        assert f"{chart}-rows" in ids or "totals" in ids


@pytest.mark.parametrize(("login", "address", "charts"), PAGES)
def test_what_is_downloaded_is_the_table(reader: Open, login: str, address: str, charts: list[str]) -> None:
    person = reader(login)
    page = person.open(address)
    for chart in charts:
        answer = person.client.get(page.by_id(f"{chart}-csv")["props"]["href"])
        assert answer.status_code == 200, answer.text
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        shown = find(
            page.by_id("totals" if chart == "totals-chart" else f"{chart}-rows"), lambda n: n["type"] == "Tbody"
        )[0]
        assert len(rows) - 1 == len(find(shown, lambda n: n["type"] == "Tr"))
        book = person.client.get(page.by_id(f"{chart}-xlsx")["props"]["href"])
        assert book.content.startswith(b"PK")
        assert "attachment" in book.headers["content-disposition"]


def test_a_block_of_the_budget_leads_where_its_word_in_the_table_leads(reader: Open) -> None:
    page = reader("deputy").open("/deputy?show=parts")
    chart = find(page.page, lambda n: n.get("type") == "Graph")[0]["props"]["figure"]
    pressed = {where for t in chart["data"] for _, where in t.get("customdata", ())} - {""}
    table = {n["props"]["href"] for n in find(page.by_id("preview-chart-rows"), lambda n: "href" in n["props"])}
    assert pressed
    assert pressed <= table
    assert all("show=parts" in address for address in pressed)


def test_the_way_of_looking_stays_while_one_walks_down(reader: Open) -> None:
    deputy = reader("deputy")
    page = deputy.open("/deputy?show=spent")
    drill = next(i for i in sorted(page.ids()) if i.startswith("drill-"))
    assert "show=spent" in page.by_id(drill)["props"]["href"]


def test_transfers_have_a_page_of_their_own(reader: Open, city_home: Home) -> None:
    assert "no-transfers" in reader("deputy").open("/transfers").ids()
    row = {"budget_year": 2025, "type": "general", "currency": "CNY"}
    facts(
        city_home,
        "transfer",
        [
            row
            | {
                "doc_no": "a",
                "adm_div_code": "990100",
                "direction": "received",
                "recipient_div": "990100",
                "amount": "9",
            },
            row
            | {"doc_no": "b", "adm_div_code": "990100", "direction": "sent", "recipient_div": "990102", "amount": "5"},
        ],
    )
    page = reader("deputy").open("/transfers")
    assert figures(page) == ["transfers-chart"]
    assert "青岚区" in words(page.by_id("transfers-chart-rows"))
    assert figures(reader("auditor").open("/auditor?show=transfers")) == ["transfers-chart"]


def test_nothing_to_draw_is_said_and_not_drawn(reader: Open) -> None:
    auditor = reader("auditor")
    page = auditor.open("/auditor?show=transfers")
    assert figures(page) == []
    assert "transfers-chart-empty" in page.ids()
    assert "没有转移支付的记录" in page.text


def test_a_case_shows_its_course_once_it_has_one(reader: Open, city_home: Home, flagged: Callable[..., int]) -> None:
    case_id = flagged(city_home)
    reviewer = reader("reviewer")
    assert "life-chart" not in reviewer.open(f"/case/{case_id}").ids()
    version = reviewer.open(f"/case/{case_id}").by_id("take-version")["props"]["value"]
    reviewer.do(f"/case/{case_id}", "case.act", case_id=case_id, action="take", version=version, label="take")
    page = reviewer.open(f"/case/{case_id}")
    assert "life-chart" in page.ids()
    answer = reviewer.client.get(page.by_id("life-chart-csv")["props"]["href"])
    assert "初核中" in answer.text


def test_files_are_for_whom_the_picture_is(reader: Open) -> None:
    def asks(who: Reader, address: str) -> int:
        return int(who.client.get(address, follow_redirects=False).status_code)

    assert asks(reader(), "/data/execution?format=csv") == 303
    assert asks(reader("unit"), "/data/execution?format=csv") == 403
    assert asks(reader("deputy"), "/data/calendar?format=csv") == 403
    assert asks(reader("deputy"), "/data/nothing?format=csv") == 404
    assert asks(reader("deputy"), "/data/execution?format=pdf") in (400, 422)
    assert asks(reader("district"), "/data/execution?region=990103&format=csv") == 404
    assert asks(reader("deputy"), "/data/execution?region=990103&year=2025&format=csv") == 200
