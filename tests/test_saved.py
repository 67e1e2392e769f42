"""Saved queries belong to one person: named, opened again, renamed, removed; never anybody else's."""

from __future__ import annotations

from typing import Any

import pytest

from budgetwatch import saved
from budgetwatch.access import people
from budgetwatch.access.viewer import SYSTEM, Viewer
from budgetwatch.errors import Conflict, Denied, Invalid, NotFound


@pytest.fixture
def pair(any_home: Any) -> tuple[Viewer, Viewer]:
    """Two people of one office."""
    made = [
        people.add_user(
            any_home, SYSTEM, login=login, name=login, role="reviewer", password="correct-horse-2026", region="9901"
        )
        for login in ("one", "two")
    ]
    return tuple(Viewer(user.id, user.login, user.name, user.role, user.region) for user in made)  # type: ignore[return-value]


def test_a_query_is_kept_as_it_was_asked_without_the_place_in_the_list(any_home: Any, pair: Any) -> None:
    kept = saved.save(any_home, pair[0], "  今年的  红色 ", "/committee", "?severity=red&page=3&text=&state=new")
    assert kept.name == "今年的 红色"
    assert kept.address == "/committee?severity=red&state=new"
    assert kept.asks("/committee", "state=new&severity=red&page=2")
    assert not kept.asks("/leads", "state=new&severity=red")


def test_nobody_sees_renames_or_removes_anothers(any_home: Any, pair: Any) -> None:
    mine, theirs = pair
    kept = saved.save(any_home, mine, "红", "/committee", "severity=red")
    assert saved.mine(any_home, theirs) == []
    for deed in (
        lambda: saved.rename(any_home, theirs, kept.id, "别的"),
        lambda: saved.remove(any_home, theirs, kept.id),
        lambda: saved.used(any_home, theirs, kept.id),
    ):
        with pytest.raises(NotFound):
            deed()
    assert [one.name for one in saved.mine(any_home, mine)] == ["红"]
    saved.save(any_home, theirs, "红", "/committee", "severity=red")  # names are taken by person


def test_what_was_used_last_stands_first(any_home: Any, pair: Any) -> None:
    first = saved.save(any_home, pair[0], "一", "/auditor", "year=2025")
    saved.save(any_home, pair[0], "二", "/auditor", "year=2024")
    saved.used(any_home, pair[0], first.id)
    assert [one.name for one in saved.mine(any_home, pair[0])] == ["一", "二"]


@pytest.mark.parametrize(
    ("name", "path", "query"),
    [
        ("", "/auditor", "year=2025"),
        ("长" * 61, "/auditor", "year=2025"),
        ("空", "/auditor", ""),
        ("空", "/auditor", "page=2"),
        ("远", "https://elsewhere.example", "year=2025"),
        ("长", "/auditor", "text=" + "x" * 5000),
    ],
)
def test_what_makes_no_sense_is_refused(any_home: Any, pair: Any, name: str, path: str, query: str) -> None:
    with pytest.raises(Invalid):
        saved.save(any_home, pair[0], name, path, query)
    assert saved.mine(any_home, pair[0]) == []


def test_a_name_is_given_once(any_home: Any, pair: Any) -> None:
    saved.save(any_home, pair[0], "红", "/committee", "severity=red")
    other = saved.save(any_home, pair[0], "橙", "/committee", "severity=orange")
    with pytest.raises(Conflict):
        saved.save(any_home, pair[0], "红", "/auditor", "year=2025")
    with pytest.raises(Conflict):
        saved.rename(any_home, pair[0], other.id, "红")
    assert saved.rename(any_home, pair[0], other.id, "橙").name == "橙"
    saved.remove(any_home, pair[0], other.id)
    assert [one.name for one in saved.mine(any_home, pair[0])] == ["红"]


def test_only_people_save(any_home: Any) -> None:
    with pytest.raises(Denied):
        saved.save(any_home, SYSTEM, "红", "/committee", "severity=red")
    assert saved.mine(any_home, SYSTEM) == []
