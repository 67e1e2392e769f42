"""Every page opens for those whose work it is, in both languages, and for nobody else."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from budgetwatch.home import Home
from dashboard import router
from tests.dashboard.conftest import PEOPLE, Reader, find

Open = Callable[..., Reader]
PAGES = ["/committee", "/leads", "/deputy", "/questions", "/auditor", "/unit", "/rules", "/feeds"]


def allowed(login: str, path: str) -> bool:
    from budgetwatch.access.viewer import POWERS

    route = next(r for r in router.ROUTES if r.path == path)
    return any(p in POWERS[PEOPLE[login][0]] for p in route.powers)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("login", sorted(PEOPLE))
def test_each_role_sees_its_pages_and_is_refused_the_others(reader: Open, login: str, language: str) -> None:
    someone = reader(login, language)
    for path in PAGES:
        drawn = someone.open(path)
        assert drawn.error == (None if allowed(login, path) else "denied"), (path, drawn.text)
        assert drawn.after["lang"] == ("en" if language == "en" else "zh-Hans")


@pytest.mark.parametrize("login", sorted(PEOPLE))
def test_the_home_of_a_role_is_a_page_it_may_open_and_its_navigation_leads_only_there(reader: Open, login: str) -> None:
    someone = reader(login)
    home = someone.open("/").after["go"]
    drawn = someone.open(home)
    assert drawn.error is None
    navigation = find(drawn.frame, lambda n: n["props"].get("id") == "main-nav")[0]
    for link in find(navigation, lambda n: "href" in n["props"]):
        assert someone.open(link["props"]["href"]).error is None


def test_pages_in_english_hold_no_sentence_left_in_chinese(reader: Open) -> None:
    ours = re.compile("[一-鿿]{2,}")
    for login in ("reviewer", "deputy", "auditor", "finance", "admin"):
        someone = reader(login, "en")
        for path in PAGES:
            if not allowed(login, path):
                continue
            headings = find(
                someone.open(path).page,
                lambda n: n["type"] in ("H1", "H2", "Label", "Button") or n["props"].get("scope") == "col",
            )
            data = {"云岭", "青岚", "白石", "溪口"}
            for heading in headings:
                said = str(heading["props"].get("children"))
                assert not ours.search(said) or any(name in said for name in data), (path, said)


def test_a_page_has_one_first_heading_and_its_fields_have_labels(reader: Open) -> None:
    for login in sorted(PEOPLE):
        someone = reader(login)
        for path in PAGES:
            page = someone.open(path).page
            assert len(find(page, lambda n: n["type"] == "H1")) == 1, (login, path)
            labelled = {n["props"].get("htmlFor") for n in find(page, lambda n: n["type"] == "Label")}
            for field in find(page, lambda n: n["type"] in ("Input", "Select", "Textarea")):
                if field["props"].get("type") != "hidden":
                    assert field["props"]["id"] in labelled, (path, field["props"])


def test_no_id_stands_twice_on_a_page(reader: Open) -> None:
    for login in ("reviewer", "deputy", "auditor", "unit"):
        someone = reader(login)
        for path in [*PAGES, "/deputy?ask=205"]:
            drawn = someone.open(path)
            ids = [n["props"]["id"] for n in find([drawn.frame, drawn.page], lambda n: "id" in n["props"])]
            assert len(ids) == len(set(ids)), (path, sorted(i for i in ids if ids.count(i) > 1))


def test_an_unknown_address_and_a_mistyped_filter_get_a_sentence(reader: Open) -> None:
    auditor = reader("auditor")
    assert auditor.open("/nowhere").error == "not_found"
    assert auditor.open("/voucher/12345").error == "not_found"
    assert auditor.open("/voucher/abc").error == "not_found"
    assert auditor.open("/feeds/999").error == "not_found"
    drawn = auditor.open("/auditor?first_day=yesterday")
    assert drawn.error == "invalid"
    assert "2025-06-30" in drawn.text  # how to write it
    assert auditor.open("/auditor?min_amount=many").error == "invalid"
    assert auditor.open("/auditor?page=x&by=nonsense").error is None


def test_an_unforeseen_failure_shows_a_reference_and_no_trace(
    reader: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from budgetwatch.queries import work

    def breaks(*_a: object, **_k: object) -> None:
        raise ZeroDivisionError("secret detail")

    reviewer = reader("reviewer")
    monkeypatch.setattr(work, "counts", breaks)
    drawn = reviewer.open("/committee")
    assert drawn.error == "fault"
    assert "secret detail" not in drawn.text
    reference = re.search(r"[0-9a-f]{8}", drawn.text)
    assert reference
    assert reference.group() in caplog.text
    assert "secret detail" in caplog.text


def test_a_district_never_sees_another_districts_rows(reader: Open, city_home: Home) -> None:
    district = reader("district")
    for path in ("/deputy", "/deputy?by=department", "/auditor", "/auditor?by=agency", "/committee"):
        assert "白石" not in str(district.open(path).page), path
    city = reader("auditor")
    links = [link for link in city.open("/auditor?text=白石路桥").links if link.startswith("/voucher/")]
    assert links
    assert city.open(links[0]).error is None
    assert reader("district").open(links[0]).error == "not_found"
