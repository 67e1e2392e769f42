"""What people see is in their language: 繁體 pages hold no simplified-only character, English pages no 中文, names apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
import sqlalchemy as sa

from budgetwatch.access.viewer import SYSTEM
from budgetwatch.home import Home
from budgetwatch.tables import Answer, Batch, CaseStep, Exemption, Question, SavedQuery, User
from dashboard import router
from tests.dashboard.conftest import PEOPLE, Reader
from tests.dashboard.test_words import CJK, simplified_only

Open = Callable[..., Reader]
SPOKEN = ("children", "title", "aria-label", "aria-description", "aria-roledescription", "placeholder", "alt", "label")
#: Written in another language on purpose: the language switch, and what stands before a language is known.
AS_IS = {
    "中文",
    "简体",
    "繁體",
    "简体中文",
    "繁體中文",
    "简",
    "繁",
    "跳到正文",
    "预算联网监督",
    "預算聯網監督",
}


def spoken_in(node: Any) -> Iterator[str]:
    """Every string that a drawn page shows or has read out, the words of its pictures too."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, list):
        for child in node:
            yield from spoken_in(child)
    elif isinstance(node, dict):
        props = node.get("props")
        if isinstance(props, dict) and node.get("type") not in ("Pre", "Code"):  # written as somebody wrote it
            if str(props.get("lang", "")).startswith("zh") and isinstance(props.get("children"), str):
                return  # marked as 中文 for whoever reads it out
            for name in SPOKEN:
                yield from spoken_in(props.get(name))
            yield from _picture_words(props.get("figure"))


def _picture_words(figure: Any) -> Iterator[str]:
    if isinstance(figure, str):
        yield figure
    elif isinstance(figure, list):
        for part in figure:
            yield from _picture_words(part)
    elif isinstance(figure, dict):
        for name, part in figure.items():
            if name not in ("font", "template", "customdata", "ids"):
                yield from _picture_words(part)


def sent_words(home: Home) -> list[str]:
    """Every text that somebody sent or typed (names, purposes, notes), the longest first."""
    found: set[str] = set()
    versions = home.store.current()
    with home.facts(SYSTEM, versions) as facts:
        for feed in versions:
            described = facts.execute(f"DESCRIBE SELECT * FROM {feed}").fetchall()
            for name in [row[0] for row in described if row[1] == "VARCHAR"]:
                found |= {str(v) for (v,) in facts.execute(f'SELECT DISTINCT "{name}" FROM {feed}').fetchall()}
    with home.db.session() as db:
        for table in (User, Batch, CaseStep, Exemption, Question, Answer, SavedQuery):
            for column in [c for c in table.__table__.columns if isinstance(c.type, sa.String)]:
                found |= {str(v) for (v,) in db.execute(sa.select(column).distinct())}
    for name in home.rules:
        for param in home.rules[name].params.values():  # words that a rule looks for
            found |= {str(v) for v in param.value} if isinstance(param.value, (list, tuple)) else set()
    return sorted((word for word in found if CJK.search(word)), key=len, reverse=True)


def addresses(someone: Reader, login: str) -> Iterator[str]:
    """Every page that this person may open: the plain ones, and one of each that they lead to."""
    from budgetwatch.access.viewer import POWERS

    opened: set[str] = set()
    led: dict[str, str] = {}
    for route in router.ROUTES:
        if "{" in route.path or (route.powers and not set(route.powers) & set(POWERS[PEOPLE[login][0]])):
            continue
        yield route.path
        opened.add(route.path)
        for link in someone.open(route.path).links:
            for other in router.ROUTES:
                if "{" in other.path and other.pattern.match(link.partition("?")[0]):
                    led.setdefault(other.path, link)
    yield from led.values()


@pytest.mark.parametrize("login", sorted(PEOPLE))
@pytest.mark.parametrize("language", ["zh-Hant", "en"])
def test_a_page_speaks_the_readers_language(reader: Open, city_home: Home, login: str, language: str) -> None:
    someone, sent = reader(login, language), sent_words(city_home)

    @cache
    def strange(said: str) -> bool:
        if said in AS_IS or "*" in said:  # a masked name
            return False
        for word in sent:
            said = said.replace(word, "")
        return bool(CJK.search(said)) if language == "en" else any(map(simplified_only, said))

    found = []
    for address in addresses(someone, login):
        drawn = someone.open(address)
        assert drawn.after["lang"] == language
        said = [*spoken_in([drawn.frame, drawn.page, drawn.notice]), drawn.after["title"]]
        found += [f"{address}: {' '.join(each.split())[:90]}" for each in said if strange(each)]
    assert not found, "\n".join(sorted(set(found)))
