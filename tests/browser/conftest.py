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
from functools import cache
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


@cache
def lacking() -> str:
    """Why no test can have a browser on this machine; empty where one can."""
    if chromium() is None:
        return "no Chromium on this machine (apt-get install chromium fonts-noto-cjk, or set BUDGETWATCH_CHROMIUM)"
    driver = [sys.executable, "-m", "playwright", "--version"]
    if subprocess.run(driver, capture_output=True, check=False).returncode:
        return "Playwright's driver does not start on this machine (apt-get install libatomic1)"
    return ""


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
    """Of a product that serves `home` on the day that is always the same, and runs the rules only when told to."""
    fixed = {
        "BUDGETWATCH_TODAY": prepared.DAY,
        "BUDGETWATCH_RUN_AFTER_TAKE_IN": "false",
        "BUDGETWATCH_RUN_NIGHTLY_AT": "",
    }
    return {**os.environ, "BUDGETWATCH_HOME": str(home), "LANG": "C.UTF-8", **fixed}


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
    if why := lacking():
        pytest.skip(why)
    return made_once("demo-city", lambda folder: build(folder, payments=30_000, seed=11))


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, demo_city: Path) -> Iterator[Served]:
    """One demo city for the journeys."""
    home = tmp_path_factory.mktemp("browser") / "home"
    shutil.copytree(demo_city, home)
    yield from serve(home)


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    if why := lacking():
        pytest.skip(why)
    with playwright.sync_playwright() as engine:
        opened = engine.chromium.launch(executable_path=chromium(), args=CALM)
        yield opened
        opened.close()


#: What Playwright itself writes to the console of someone without a service worker.
BLOCKED = "Service Worker registration blocked by Playwright"
_SESSIONS: dict[tuple[str, str], list[Any]] = {}
#: Resolves when the page stands still: Dash has taken over, nothing is being asked for, every chart that is seen is drawn
#: as wide as its place, and two frames have passed since, in which what depends on them was laid out.
STILL = """() => new Promise(done => {
  const root = document.documentElement, ends = performance.now() + 20000;
  const fits = chart => !chart._fullLayout || chart.layout.width || Math.abs(chart._fullLayout.width - chart.clientWidth) < 2;
  const drawn = graph => !graph.checkVisibility()
    || (graph.querySelector("[data-fitted]") && [...graph.querySelectorAll("[data-fitted]")].every(fits));
  const rests = () => document.readyState === "complete"
    && (root.dataset.ready || !document.getElementById("react-entry-point"))
    && !document.querySelector("#page[aria-busy=true]")
    && [...document.querySelectorAll("#page .graph")].every(drawn);
  let frames = 0;
  (function look() {
    frames = rests() ? frames + 1 : 0;
    if (frames > 2) done(true);
    else if (performance.now() > ends) done(false);
    else requestAnimationFrame(look);
  })();
})"""


class Person:
    """Someone at a screen: a page, what its console said, and every address it asked for.

    Only who is to read `offline` has a service worker: it fetches the whole product again for each new person.
    """

    def __init__(
        self, browser, served: Served, *, viewport=DESKTOP, language: str = "zh", offline: bool = False
    ) -> None:
        self.context = browser.new_context(
            viewport=viewport,
            locale="zh-CN" if language == "zh" else "en-GB",
            reduced_motion="reduce",
            service_workers="allow" if offline else "block",
        )
        self.context.add_cookies([{"name": "lang", "value": language, "url": served.url}])
        self.page = self.context.new_page()
        self.viewport, self.language = viewport, language
        self.page.set_default_timeout(20_000)
        self.url = served.url
        self.complaints: list[str] = []
        self.strangers: list[str] = []
        self.page.on("console", lambda m: self._hears(m.type, m.text))
        self.page.on("pageerror", lambda e: self.complaints.append(f"pageerror: {e}"))
        self.asked: set[Any] = set()
        self.page.on("request", self._asks)
        self.page.on("response", lambda r: self._answered(r.request))
        self.page.on("requestfinished", lambda r: self.asked.discard(r))
        self.page.on("requestfailed", lambda r: self.asked.discard(r))

    def _hears(self, kind: str, said: str) -> None:
        if kind in ("error", "warning") and said != BLOCKED:
            self.complaints.append(f"{kind}: {said}")

    def _asks(self, request: Any) -> None:
        self.asked.add(request)
        self.note(request.url)

    def _answered(self, request: Any) -> None:
        # What nobody reads to its end is never finished; what a script asked for shows on the page, or in aria-busy.
        if request.resource_type in ("fetch", "xhr"):
            self.asked.discard(request)

    def note(self, url: str) -> None:
        if not url.startswith((self.url, "data:", "blob:")):
            self.strangers.append(url)

    def open(self, path: str):
        self.page.goto(self.url + path)
        self.settle()
        return self.page

    def sign_in(self, login: str, at: str = "/home") -> None:
        """By the form the first time; later ones of the same person bring the session along, as a second tab does."""
        if kept := _SESSIONS.get((self.url, login)):
            self.context.add_cookies(kept)
            self.open(at)
            if "/login" not in self.page.url:
                return  # else somebody has signed out of it
        page = self.open("/login")
        page.fill("#login", login)
        page.fill("#password", "demo-2026")
        page.click("#sign-in")
        page.wait_for_url(lambda url: "/login" not in url)
        self.settle()
        _SESSIONS[self.url, login] = [c for c in self.context.cookies() if c["name"] == "budgetwatch"]

    def settle(self) -> None:
        """Wait until the page stands still and no request is under way."""
        ends = time.monotonic() + 30
        while True:
            try:
                still = self.page.evaluate(STILL)
            except playwright.Error as gone:  # the page was left for another while we looked at it
                if "context was destroyed" not in str(gone) and "navigati" not in str(gone):
                    raise
                still = False
            if still and not self.asked:
                return
            if time.monotonic() > ends:
                raise AssertionError(f"{self.page.url} does not come to rest: {[r.url for r in self.asked]}")
            self.page.wait_for_timeout(10)

    def see(self, selector: str):
        """Wait until it can be seen, and hand it over."""
        found = self.page.locator(selector).first
        found.wait_for(state="visible")
        self.settle()
        return found

    def begin_anew(self) -> Any:
        """As one who comes for the first time, but for what a browser keeps of the product itself: at home, nothing remembered."""
        self.page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
        for name in ("unit", "theme", "lang"):
            self.context.clear_cookies(name=name)
        self.context.add_cookies([{"name": "lang", "value": self.language, "url": self.url}])
        self.page.set_viewport_size(self.viewport)
        self.complaints.clear()
        self.strangers.clear()
        return self.open("/home")

    def close(self) -> None:
        self.context.close()

    def must_be_calm(self) -> None:
        """Nothing complained on the console, and no request left the host."""
        assert not self.complaints, "the browser's console complained"
        assert not self.strangers, "a request left the host"


@pytest.fixture(scope="session")
def lived_in_city(made_once: Callable[[str, Callable[[Path], None]], Path], demo_city: Path) -> Path:
    """The same, after a few weeks of work; made once a run."""

    def make(folder: Path) -> None:
        shutil.copytree(demo_city, folder, dirs_exist_ok=True)
        prepared.live_in(folder)

    return made_once("lived-in-city", make)


@pytest.fixture(scope="session")
def lived_in(tmp_path_factory: pytest.TempPathFactory, lived_in_city: Path) -> Iterator[Served]:
    """A demo city in which people have worked for a while; walks look at it and change nothing."""
    home = tmp_path_factory.mktemp("lived-in") / "home"
    shutil.copytree(lived_in_city, home)
    yield from serve(home)


@pytest.fixture(scope="session")
def busy(tmp_path_factory: pytest.TempPathFactory, lived_in_city: Path) -> Iterator[Served]:
    """As `lived_in`, but for those who change things."""
    home = tmp_path_factory.mktemp("busy") / "home"
    shutil.copytree(lived_in_city, home)
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
    for someone in people:
        someone.must_be_calm()
