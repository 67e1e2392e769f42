"""One line of words finds what lies within scope, in either script, best first, and never a person who is masked."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from budgetwatch.access.viewer import Viewer
from budgetwatch.home import Home
from budgetwatch.queries import search
from budgetwatch.queries.search_index import CONTAINS, EXACT, PREFIX, WORD, Entry, Shelf, fold


def viewer(role: str, region: str = "9901", agency: str | None = None) -> Viewer:
    return Viewer(None, role, role, role, region, agency)


def titles(home: Home, who: Viewer, text: str) -> list[str]:
    return [str(hit.title) for hit in search.search(home, who, text)]


def test_simplified_traditional_wide_and_small_letters_find_the_same(city: Home) -> None:
    auditor = viewer("auditor")
    found = titles(city, auditor, "青岚区教育局")
    assert "青岚区教育局" in found
    assert titles(city, auditor, "青嵐區教育局") == found
    assert titles(city, auditor, "９９０１０２－ａ０１") == titles(city, auditor, "990102-A01") != []
    rule = next(iter(city.rules))
    assert titles(city, auditor, rule.lower()) == titles(city, auditor, rule.replace("-", "")) != []


def test_a_code_comes_before_what_only_holds_it() -> None:
    shelf = Shelf(
        [
            Entry("900", "甲 205 号", count=9),
            Entry("20501", "丙"),
            Entry("205", "乙"),
            Entry("901", "第205中学", count=1),
        ]
    )
    assert [(level, e.code) for level, e in shelf.find("205")] == [
        (EXACT, "205"), (PREFIX, "20501"), (WORD, "900"), (CONTAINS, "901")
    ]  # fmt: skip


def test_every_word_must_be_there(city: Home) -> None:
    auditor = viewer("auditor")
    assert "青岚区教育局" in titles(city, auditor, "教育 青岚")
    assert "云岭市教育局" not in titles(city, auditor, "教育 青岚")


@pytest.mark.parametrize("role", ["reviewer", "deputy", "auditor", "leader"])
def test_nothing_of_another_district_is_found(city: Home, role: str) -> None:
    theirs = viewer(role, "990102")
    for text in ("白石", "990103", "路桥", "P3"):
        # Rules and guides are the same for everybody; everything else is of some place.
        found = [hit for hit in search.search(city, theirs, text) if hit.kind not in ("rule", "guide")]
        assert found == [], text
    assert "青岚区" in titles(city, theirs, "青岚")


def test_a_masked_person_is_not_found_by_name(city: Home) -> None:
    assert [hit.kind for hit in search.search(city, viewer("auditor"), "张三丰")] == ["payee"]
    assert search.search(city, viewer("reviewer"), "张三丰") == []
    assert search.search(city, viewer("reviewer"), "三丰") == []
    assert [str(hit.title) for hit in search.search(city, viewer("reviewer"), "张") if hit.kind == "payee"] == ["张*"]
    assert search.search(city, viewer("deputy"), "新华文具") == []


def test_what_a_masked_reader_asked_first_is_not_what_an_auditor_gets(city: Home) -> None:
    search.prepare(city, viewer("reviewer"))
    assert search.search(city, viewer("auditor"), "张三丰")


def test_a_case_is_found_by_its_number_and_its_unit(city: Home, flagged: Callable[..., int]) -> None:
    flagged(city, region="990102", agency_code="990102-A01")
    reviewer = viewer("reviewer")
    found = [hit for hit in search.search(city, reviewer, "990102-A01") if hit.kind == "case"]
    assert found
    number = found[0].address.removeprefix("/case/")
    for text in (number, f"#{number}", f"疑点 {number}", f"case {number}"):
        assert search.search(city, reviewer, text)[0].address == found[0].address
    assert not [hit for hit in search.search(city, viewer("reviewer", "990103"), number) if hit.kind == "case"]
    assert not [hit for hit in search.search(city, viewer("unit", "990102", "990102-A01"), "A01") if hit.kind == "case"]


def test_one_kind_is_paged_through(city: Home) -> None:
    auditor = viewer("auditor")
    whole = search.results(city, auditor, "990", kind="unit", limit=100)
    assert whole.total == len(whole.hits) == whole.counts["unit"] > 2
    pages = [
        search.results(city, auditor, "990", kind="unit", limit=2, offset=n).hits for n in range(0, whole.total, 2)
    ]
    assert [hit for page in pages for hit in page] == whole.hits


def test_what_is_brought_along_is_found_too(city: Home) -> None:
    guide = search.Named("guide", "人大代表怎么看草案", "", "/guide/deputy", also="预算 提问")
    assert search.search(city, viewer("deputy"), "提問 預算", also=[guide])[0].address == "/guide/deputy"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=40), role=st.sampled_from(["auditor", "deputy", "unit", "admin"]))
def test_any_words_are_answered_and_nothing_is_found_twice(city: Home, text: str, role: str) -> None:
    hits = search.search(city, viewer(role, "9901", "990102-A01" if role == "unit" else None), text)
    assert len({(hit.kind, hit.address, str(hit.title)) for hit in hits}) == len(hits)
    if not fold(text).split():
        assert hits == []
