"""The page of the kit: nothing of it is missing, and both themes can be read by everybody."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest

import dashboard
from budgetwatch.access.viewer import ROLES, Viewer
from dashboard import components, shell, tokens
from dashboard.asking import Asking, begin
from dashboard.i18n import speak
from dashboard.pages import kit

ASSETS = Path(dashboard.__file__).parent / "assets"


def asking() -> Asking:
    return begin(Asking(None, Viewer(1, "a", "a", "admin", "9901"), "/kit", {}))  # type: ignore[arg-type]


def test_every_public_component_is_shown() -> None:
    tree = ast.parse(inspect.getsource(kit))
    shown = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "c"
    }
    elsewhere = {"columns_of"}  # turns a query's headings into columns; draws nothing itself
    assert set(components.__all__) - elsewhere <= shown


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_is_drawn_in_both_themes_with_one_first_heading_and_no_id_twice(language: str) -> None:
    speak(language)
    _, body = kit.view(asking())
    found: list[dict] = []

    def walk(node: object) -> None:
        if isinstance(node, list | tuple):
            for inner in node:
                walk(inner)
        elif hasattr(node, "to_plotly_json"):
            found.append(drawn := node.to_plotly_json())
            walk(drawn["props"].get("children"))

    walk(body)
    speak("zh")
    assert {n["props"].get("data-theme") for n in found} >= {"light", "dark"}
    assert sum(n["type"] == "H1" for n in found) == 1
    ids = [n["props"]["id"] for n in found if n["props"].get("id")]
    assert (
        sorted({i for i in ids if ids.count(i) > 1 and not i.startswith("sort-") and not i.startswith("pager-")}) == []
    )


@pytest.mark.parametrize("theme", tokens.THEMES)
def test_every_word_can_be_read_on_what_it_stands_on(theme: str) -> None:
    assert [f"{w} on {g}: {found:.2f}" for w, g, found, least in tokens.pairs(theme) if found < least] == []


def test_the_dark_of_the_system_is_the_dark_that_one_chooses() -> None:
    assert tokens.colours("dark", tokens.BY_SYSTEM) == tokens.colours("dark")
    assert set(tokens.colours("dark")) == set(tokens.colours("light"))


def test_no_colour_stands_outside_the_tokens() -> None:
    """A page may declare a scale of its own as tokens. Icons are masks: what stands in their url() is shape."""
    literal = re.compile(r"(?<![&\w-])#[0-9a-fA-F]{3,8}\b(?=[^{}]*[;}])|\b(?:rgba?|hsla?)\(")
    for file in sorted(ASSETS.glob("*.css")):
        if file.name == "theme.css":
            continue
        css = re.sub(r"/\*.*?\*/|url\(\"[^\"]*\"\)", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
        declared = [value for name, value in re.findall(r"([\w-]+)\s*:([^;{}]+)[;}]", css) if not name.startswith("--")]
        assert [value for value in declared if literal.search(value + ";")] == [], file.name


def test_every_token_that_is_used_is_declared() -> None:
    known = set(re.findall(r"--([\w-]+)\s*:", tokens.THEME.read_text(encoding="utf-8")))
    for file in sorted(ASSETS.glob("*.css")):
        css = file.read_text(encoding="utf-8")
        local = set(re.findall(r"--([\w-]+)\s*:", css))
        assert set(re.findall(r"var\(--([\w-]+)", css)) - known - local == set(), file.name


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_thumb_reaches_every_page_in_five_places_at_most(role: str) -> None:
    speak("zh")
    viewer = Viewer(1, "a", "a", role, "9901")
    items = shell.navigation(viewer)
    assert items[0][0] == "/home"
    assert len({address for address, *_ in items}) == len(items)
    below = shell.bottom(Asking(None, viewer, "/home", {}))  # type: ignore[arg-type]
    assert len(below.children.children) <= 5
    icons = (ASSETS / "base.css").read_text(encoding="utf-8")
    assert all(f".icon-{icon} " in icons for *_, icon in items)
