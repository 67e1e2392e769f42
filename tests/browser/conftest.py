"""The product as a person meets it: a real server on loopback, a demo city, a real headless Chromium."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.browser import prepared

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CALM = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


def chromium() -> str | None:
    """The browser on this machine, if there is one."""
    names = (os.environ.get("BUDGETWATCH_CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if name and (found := shutil.which(name))), None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Served:
    """A running product: its address and the home it serves."""

    url: str
    home: Path


def environment(home: Path) -> dict[str, str]:
    """Of a product that serves `home` on the day that is always the same."""
    return {**os.environ, "BUDGETWATCH_HOME": str(home), "BUDGETWATCH_TODAY": prepared.DAY, "LANG": "C.UTF-8"}


COMMAND = [sys.executable, "-m", "budgetwatch"]


def build(home: Path, *, payments: int, seed: int) -> None:
    """A demo city under `home`; BUDGETWATCH_TEST_CITY names one made before, which is copied and never touched."""
    if kept := os.environ.get("BUDGETWATCH_TEST_CITY"):
        shutil.copytree(kept, home, dirs_exist_ok=True)
        return
    subprocess.run(
        [*COMMAND, "demo", "--payments", str(payments), "--seed", str(seed)], env=environment(home), check=True,
        timeout=600, capture_output=True,
    )  # fmt: skip


def serve(home: Path) -> Iterator[Served]:
    """Serve `home` on loopback until the caller is done."""
    port = free_port()
    log = (home / "serve.log").open("wb")
    process = subprocess.Popen([*COMMAND, "serve", "--port", str(port)], env=environment(home), stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            if process.poll() is not None:
                raise RuntimeError((home / "serve.log").read_text(errors="replace")[-3000:])
            try:
                with urllib.request.urlopen(f"{url}/api/health", timeout=2):  # noqa: S310
                    break
            except OSError:
                time.sleep(0.1)
        yield Served(url, home)
    finally:
        process.terminate()
        process.wait(20)
        log.close()


@pytest.fixture(scope="session")
def demo_city(made_once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """A demo city at rest, made once a run; copies of it are served."""
    if chromium() is None:
        pytest.skip(
            "no Chromium on this machine (apt-get install chromium fonts-noto-cjk, or set BUDGETWATCH_CHROMIUM)"
        )
    return made_once("demo-city", lambda folder: build(folder, payments=30_000, seed=11))


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, demo_city: Path) -> Iterator[Served]:
    """One demo city for the journeys."""
    home = tmp_path_factory.mktemp("browser") / "home"
    shutil.copytree(demo_city, home)
    yield from serve(home)


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    where = chromium()
    if where is None:
        pytest.skip(
            "no Chromium on this machine (apt-get install chromium fonts-noto-cjk, or set BUDGETWATCH_CHROMIUM)"
        )
    with playwright.sync_playwright() as engine:
        opened = engine.chromium.launch(executable_path=where, args=CALM)
        yield opened
        opened.close()


_SESSIONS: dict[tuple[str, str], list[Any]] = {}


class Person:
    """Someone at a screen: a page, what its console said, and every address it asked for."""

    def __init__(self, browser, served: Served, *, viewport=DESKTOP, language: str = "zh") -> None:
        self.context = browser.new_context(
            viewport=viewport, locale="zh-CN" if language == "zh" else "en-GB", reduced_motion="reduce"
        )
        self.context.add_cookies([{"name": "lang", "value": language, "url": served.url}])
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.url = served.url
        self.complaints: list[str] = []
        self.strangers: list[str] = []
        self.page.on(
            "console", lambda m: m.type in ("error", "warning") and self.complaints.append(f"{m.type}: {m.text}")
        )
        self.page.on("pageerror", lambda e: self.complaints.append(f"pageerror: {e}"))
        self.page.on("request", lambda r: self.note(r.url))

    def note(self, url: str) -> None:
        if not url.startswith((self.url, "data:", "blob:")):
            self.strangers.append(url)

    def open(self, path: str):
        self.page.goto(self.url + path)
        self.settle()
        return self.page

    def sign_in(self, login: str) -> None:
        """By the form the first time; later ones of the same person bring the session along, as a second tab does."""
        if kept := _SESSIONS.get((self.url, login)):
            self.context.add_cookies(kept)
            self.open("/home")
            return
        page = self.open("/login")
        page.fill("#login", login)
        page.fill("#password", "demo-2026")
        page.click("#sign-in")
        page.wait_for_url(lambda url: "/login" not in url)
        self.settle()
        _SESSIONS[self.url, login] = [c for c in self.context.cookies() if c["name"] == "budgetwatch"]

    def settle(self) -> None:
        """Wait until no request is under way and the page says that it waits for nothing.

        The network is idle once a document; what is asked for later shows in `aria-busy`.
        """
        self.page.wait_for_load_state("networkidle")
        self.page.locator("#page[aria-busy=true]").wait_for(state="detached")

    def see(self, selector: str):
        """Wait until it can be seen, and hand it over."""
        found = self.page.locator(selector).first
        found.wait_for(state="visible")
        self.settle()
        return found

    def close(self) -> None:
        self.context.close()


@pytest.fixture(scope="session")
def lived_in(tmp_path_factory: pytest.TempPathFactory, demo_city: Path) -> Iterator[Served]:
    """A demo city in which people have worked for a while; walks look at it and change nothing."""
    home = tmp_path_factory.mktemp("lived-in") / "home"
    shutil.copytree(demo_city, home)
    prepared.live_in(home)
    yield from serve(home)


@pytest.fixture(scope="session")
def busy(tmp_path_factory: pytest.TempPathFactory, demo_city: Path) -> Iterator[Served]:
    """As `lived_in`, but for those who change things."""
    home = tmp_path_factory.mktemp("busy") / "home"
    shutil.copytree(demo_city, home)
    prepared.live_in(home)
    yield from serve(home)


@pytest.fixture
def busy_person(browser, busy: Served) -> Iterator[Callable[..., Person]]:
    """As `person`, in the city that is lived in and goes on living."""
    yield from _people(browser, busy)


@pytest.fixture
def person(browser, served: Served) -> Iterator[Callable[..., Person]]:
    """`person(login)` signs someone in and gives their screen; at the end nothing may have complained."""
    yield from _people(browser, served)


@pytest.fixture
def lived_in_person(browser, lived_in: Served) -> Iterator[Callable[..., Person]]:
    """As `person`, in the city that is lived in."""
    yield from _people(browser, lived_in)


def _people(browser: object, served: Served) -> Iterator[Callable[..., Person]]:
    people: list[Person] = []

    def enter(login: str, **screen) -> Person:
        someone = Person(browser, served, **screen)
        people.append(someone)
        someone.sign_in(login)
        return someone

    yield enter
    for someone in people:
        someone.close()
    assert [c for p in people for c in p.complaints] == [], "the browser's console complained"
    assert [s for p in people for s in p.strangers] == [], "a request left the host"
