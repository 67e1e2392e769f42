"""The real app over the small city, and people who can sign in to it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from budgetwatch.access import people
from budgetwatch.access.viewer import SYSTEM
from budgetwatch.api.app import create_app
from budgetwatch.home import Home
from budgetwatch.settings import Settings
from dashboard.markup import HTML
from dashboard.trees import NAMESPACE
from tests.queries import city as small_city

PASSWORD = "correct-horse-2026"
PEOPLE = {
    "reviewer": ("reviewer", "9901", None),
    "lead": ("lead", "9901", None),
    "deputy": ("deputy", "9901", None),
    "auditor": ("auditor", "9901", None),
    "leader": ("leader", "9901", None),
    "finance": ("finance", "9901", None),
    "admin": ("admin", "9901", None),
    "district": ("reviewer", "990102", None),
    "unit": ("unit", "990102", "990102-A01"),
}


@pytest.fixture(scope="session")
def peopled_city(made_once: Callable[..., Path]) -> Path:
    """A deployment at rest: the small city, and one person of each role."""

    def make(folder: Path) -> None:
        small_city.template(folder)
        home = Home(Settings(home=folder, language="en", _env_file=None))  # type: ignore[call-arg]
        for login, (role, region, agency) in PEOPLE.items():
            people.add_user(
                home,
                SYSTEM,
                login=login,
                name=f"{login} 某",
                role=role,
                password=PASSWORD,
                region=region,
                agency_code=agency,
            )
        home.close()

    return made_once("peopled-city", make)


@pytest.fixture
def city_home(settings: Settings, peopled_city: Path) -> Iterator[Home]:
    shutil.copytree(peopled_city, settings.home)
    home = Home(settings)
    yield home
    home.close()


def unfolded(node: Any) -> Any:
    """What Dash is handed (dashboard/trees.py), as components again, for those who look for one."""
    if isinstance(node, list):
        return [unfolded(child) for child in node]
    if not isinstance(node, dict):
        return node
    props = node["props"]
    if node["namespace"] == NAMESPACE:
        return _component(props["tree"])
    return {**node, "props": {**props, "children": unfolded(props.get("children"))}}


def _component(tree: Any) -> Any:
    if not isinstance(tree, list):
        return tree
    tag, attributes, *children = tree
    inside = [_component(child) for child in children]
    if not tag:
        return inside
    given = {} if not inside else {"children": inside[0] if len(inside) == 1 else inside}
    return {"type": tag.capitalize(), "namespace": HTML, "props": {**attributes, **given}}


def find(node: Any, test: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    """Every component of a drawn page (as JSON) that passes the test."""
    if isinstance(node, list):
        return [hit for child in node for hit in find(child, test)]
    if not isinstance(node, dict):
        return []
    props = node.get("props")
    if props is None:
        return []
    return ([node] if test(node) else []) + find(props.get("children"), test)


def words(node: Any) -> str:
    """All that a drawn page says, in order."""
    if isinstance(node, list):
        said, before = "", False
        for child in node:  # an amount that is kept whole stands in its sentence as it was written
            inside = isinstance(child, dict) and (child.get("props") or {}).get("className") == "nowrap"
            said += ("" if inside or before or not said else " ") + words(child)
            before = inside
        return said
    if isinstance(node, dict):
        return words((node.get("props") or {}).get("children"))
    return "" if node is None else str(node)


@dataclass
class Drawn:
    """What one answer of the callback puts on the screen; None where it leaves things as they are."""

    frame: Any
    page: Any
    notice: Any
    after: dict[str, Any]

    @property
    def text(self) -> str:
        return " ".join(words(self.page).split())

    def ids(self) -> set[str]:
        return {
            n["props"]["id"] for n in find([self.frame, self.page], lambda n: isinstance(n["props"].get("id"), str))
        }

    def by_id(self, name: str) -> dict[str, Any]:
        return find([self.frame, self.page], lambda n: n["props"].get("id") == name)[0]

    @property
    def links(self) -> set[str]:
        return {n["props"]["href"] for n in find([self.frame, self.page], lambda n: "href" in n["props"])}

    @property
    def error(self) -> str | None:
        boxes = find(self.page, lambda n: n["props"].get("id") == "error")
        return boxes[0]["props"]["data-code"] if boxes else None


class Reader:
    """Someone at a browser, without the browser: signs in, opens addresses, sends forms."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self._callback = next(d for d in client.get("/_dash-dependencies").json() if "page.children" in d["output"])

    def sign_in(self, login: str, password: str = PASSWORD) -> Any:
        return self.client.post("/login", data={"login": login, "password": password}, follow_redirects=False)

    def open(self, address: str, deed: dict[str, Any] | None = None) -> Drawn:
        path, _, search = address.partition("#")[0].partition("?")
        changed = ["deed.data"] if deed else ["url.pathname", "url.search"]
        values = {
            "url.pathname": path,
            "url.search": f"?{search}" if search else "",
            "deed.data": deed,
            "again.data": None,
        }
        body = {
            "output": self._callback["output"],
            "outputs": [
                dict(zip(("id", "property"), part.rsplit(".", 1), strict=True))
                for part in self._callback["output"].strip(".").split("...")
            ],
            "inputs": [{**i, "value": values[f"{i['id']}.{i['property']}"]} for i in self._callback["inputs"]],
            "changedPropIds": changed,
            "state": [],
        }
        answer = self.client.post("/_dash-update-component", json=body)
        assert answer.status_code == 200, answer.text
        response = json.loads(answer.text)["response"]

        def part(name: str, prop: str) -> Any:
            found = response.get(name, {}).get(prop)
            return unfolded(found) if prop == "children" else found

        return Drawn(
            part("frame", "children"), part("page", "children"), part("notice", "children"), part("after", "data")
        )

    def do(self, address: str, name: str, /, **fields: Any) -> Drawn:
        deed = {"name": name, "form": "form", "fields": {k: str(v) for k, v in fields.items()}, "at": 1}
        return self.open(address, deed)


@pytest.fixture
def reader(city_home: Home) -> Iterator[Callable[..., Reader]]:
    """reader("auditor") → that person, signed in; reader() → nobody."""
    api = create_app(city_home)
    with ExitStack() as stack:

        def make(login: str | None = None, language: str = "zh") -> Reader:
            client = stack.enter_context(TestClient(api))
            client.cookies.set("lang", language)
            made = Reader(client)
            if login:
                assert made.sign_in(login).status_code == 303
            return made

        yield make
