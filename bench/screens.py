"""How fast the screens open and answer, in a cold browser on the demo city, and how much they weigh.

Every page of every role is opened in a context of its own (nothing cached, the server warm): first contentful paint,
usable (the page drawn, its scripts at work: `data-ready`), and the bytes beyond the bundle that all pages share.
A filter's answer is the time from the change of the address to the redrawn page. The best of the rounds counts for
opening, as other work on the machine only ever adds: a page that missed a goal is opened again, some times, before it
is said to. All cities are served at once and opened in turn, page by page, so that what the machine does in one
minute meets the small city and the large one alike. Filters tell median and 95th percentile. Every request that the
browser makes must go to the server itself: one that does not ends the bench. About two minutes a city on two idle
cores.

    python -m bench screens [--payments 200000 1000000] [--home DIR]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.measure import ROOT, Figure, remark

PASSWORD = "demo-2026"  # noqa: S105 (what every demo account has)
PAINT, USABLE, ANSWER, WEIGHT, GROWTH = 1000.0, 2000.0, 300.0, 1500.0, 1.2
#: Differences below this many milliseconds are noise of a browser, not growth of the data.
NOISE = 100.0
PAGES: tuple[tuple[str, str], ...] = (
    *((role, "/home") for role in ("reviewer", "deputy", "auditor", "leader", "unit", "finance", "admin")),
    ("reviewer", "/committee"),
    ("reviewer", "/case/1"),
    ("auditor", "/leads"),
    ("auditor", "/auditor"),
    ("deputy", "/deputy"),
    ("deputy", "/questions"),
    ("leader", "/places"),
    ("unit", "/unit"),
    ("admin", "/feeds"),
    ("reviewer", "/rules"),
)
FILTERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "auditor": ("/auditor", ("?by=agency", "?by=function", "?year=2025", "?year=2024", "?text=采购", "?order=-amount")),
    "reviewer": ("/committee", ("?severity=red", "?severity=yellow", "?state=new", "?text=采购", "?state=closed", "?page=2")),
    "deputy": ("/deputy", ("?by=function", "?by=department", "?by=economic", "?by=region", "?book=all", "?year=2025")),
}  # fmt: skip
ASKED = 20
#: How often a page is opened at most, where it misses a goal.
MOST = 5
#: A page has loaded what it needs when nothing was under way for this long, milliseconds.
QUIET = 150
WATCH = """
window.__paint = 0; window.__ready = 0;
new PerformanceObserver(l => { for (const e of l.getEntries()) if (e.name === "first-contentful-paint") window.__paint = e.startTime; })
  .observe({ type: "paint", buffered: true });
new MutationObserver(() => { if (!window.__ready && document.documentElement?.dataset.ready) window.__ready = performance.now(); })
  .observe(document, { subtree: true, attributes: true, childList: true });
"""
GO = """address => new Promise(done => {
  const root = document.documentElement, before = root.dataset.ready, from = performance.now();
  const watch = new MutationObserver(() => { if (root.dataset.ready !== before) { watch.disconnect(); done(performance.now() - from); } });
  watch.observe(root, { attributes: true, attributeFilter: ["data-ready"] });
  history.pushState({}, "", address);
  window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
})"""


@dataclass
class Opened:
    """One page of one role: milliseconds of each round, kilobytes over the wire."""

    role: str
    path: str
    paint: list[float] = field(default_factory=list)
    usable: list[float] = field(default_factory=list)
    weight: float = 0.0

    def late(self, first: Opened) -> bool:
        """Whether its best round misses a goal, or what the first city allows a larger one."""
        return any(
            min(now) > goal or (self is not first and min(now) > max(min(then) * GROWTH, min(then) + NOISE))
            for now, then, goal in ((self.paint, first.paint, PAINT), (self.usable, first.usable, USABLE))
        )


@dataclass
class City:
    """What was measured on one city that is being served."""

    payments: int
    url: str
    process: Any
    roles: dict[str, list[Any]]
    shared: dict[str, int]
    opened: list[Opened] = field(default_factory=list)
    answers: dict[str, list[float]] = field(default_factory=dict)

    @property
    def memory(self) -> float:
        """What its server holds now, megabytes."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def figures(work: Path, payments: list[int], rounds: int, home: Path | None) -> list[Figure]:
    """The table: each city against the goals, and a larger city against the first."""
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        remark("playwright is not installed: the screens are left out")
        return []
    from tests.browser.conftest import CALM, chromium

    where = chromium()
    if where is None:
        remark("no Chromium on this machine: the screens are left out (BUDGETWATCH_CHROMIUM names one)")
        return []
    homes = [(0, home)] if home is not None else [(count, built(work, count)) for count in payments]
    with sync_playwright() as engine, ExitStack() as served_:
        browser = engine.chromium.launch(executable_path=where, args=CALM)
        cities = [entered(browser, *served_.enter_context(served(place)), count) for count, place in homes]
        remark(f"opening {len(PAGES)} pages, {rounds} × each")
        measure(browser, cities, rounds)
        made = [line for city in cities for line in lines(city, cities[0])]
        browser.close()
    return made


def built(work: Path, payments: int) -> Path:
    """A demo city of that size: reused where an earlier bench has left it."""
    kept = Path(os.environ.get("BUDGETWATCH_BENCH_CITIES", work)) / f"screens-{payments}"
    if not (kept / "budgetwatch.db").exists():
        remark(f"building a demo city with {payments:,} payments")
        command = [sys.executable, "-m", "budgetwatch", "demo", "--payments", str(payments), "--seed", "7"]
        subprocess.run(
            command, env={**os.environ, "BUDGETWATCH_HOME": str(kept)}, check=True, stdout=subprocess.DEVNULL
        )
    return kept


@contextmanager
def served(home: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The product over that home, on a free port, until the caller is done."""
    from tests.browser.conftest import free_port

    port = free_port()
    log = (home / "bench.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "budgetwatch", "serve", "--port", str(port)],
        env={**os.environ, "BUDGETWATCH_HOME": str(home)}, stdout=log, stderr=log, cwd=ROOT,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"{url}/api/health", timeout=2):  # noqa: S310
                    break
            except OSError:
                time.sleep(0.1)
        yield url, process
    finally:
        process.terminate()
        process.wait(30)
        log.close()


def entered(browser: Any, url: str, process: Any, payments: int) -> City:
    """A city with everybody signed in."""
    roles = {role: signed_in(browser, url, role) for role in {role for role, _ in PAGES} | set(FILTERS)}
    shared = weighed(browser, url, roles["deputy"], "/guide")  # a page of words: all it loads, every page does
    return City(payments, url, process, roles, shared)


def measure(browser: Any, cities: list[City], rounds: int) -> None:
    """Every page and every filter, of one city after the other before the next page is looked at."""
    for role, path in PAGES:
        pages = [Opened(role, path) for _ in cities]
        for city in cities:
            _warm(city.url, city.roles[role], path)
        while len(pages[0].usable) < rounds or (
            len(pages[0].usable) < MOST and any(page.late(pages[0]) for page in pages)
        ):
            for city, page in zip(cities, pages, strict=True):
                paint, usable, loaded = _cold(browser, city.url, city.roles[role], path)
                page.paint.append(paint)
                page.usable.append(usable)
                page.weight = sum(size for address, size in loaded.items() if address not in city.shared) / 1000
        for city, page in zip(cities, pages, strict=True):
            city.opened.append(page)
    for role in FILTERS:
        for city in cities:
            city.answers[role] = answered(browser, city.url, city.roles[role], *FILTERS[role])


def signed_in(browser: Any, url: str, role: str) -> list[Any]:
    """The cookies of that person."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{url}/login")
    page.wait_for_selector("html[data-ready]")
    page.fill("#login", role)
    page.fill("#password", PASSWORD)
    page.click("#sign-in")
    page.wait_for_url(lambda address: "/login" not in address)
    cookies = context.cookies()
    context.close()
    return list(cookies)


def weighed(browser: Any, url: str, cookies: list[Any], path: str) -> dict[str, int]:
    """The scripts, styles and icons that this page loads, by address, with their bytes over the wire."""
    _, _, loaded = _cold(browser, url, cookies, path)
    return {address: size for address, size in loaded.items() if "/assets/" in address or "/_dash-component" in address}


def _warm(url: str, cookies: list[Any], path: str) -> None:
    """Have the server draw the page, so that what it remembers between requests is there."""
    said = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in cookies)
    with urllib.request.urlopen(urllib.request.Request(url + path, headers={"Cookie": said}), timeout=120) as answer:  # noqa: S310
        answer.read()


def _cold(browser: Any, url: str, cookies: list[Any], path: str) -> tuple[float, float, dict[str, int]]:
    """Paint, usable, and the bytes of each address, in a browser that has seen nothing."""
    context = browser.new_context(service_workers="block")
    context.add_cookies(cookies)
    page = context.new_page()
    page.add_init_script(WATCH)
    loaded, asked = _listen(context, page, url)
    page.goto(url + path, wait_until="commit")
    page.wait_for_selector("html[data-ready]")
    _all_here(page, loaded, asked)
    paint, usable = page.evaluate("() => [window.__paint, window.__ready]")
    context.close()
    return paint, usable, {asked[number]: size for number, size in loaded.items() if number in asked}


def _all_here(page: Any, loaded: dict[str, int], asked: dict[str, str]) -> None:
    """Wait until all that was asked for has come: scripts of charts, say, are asked for after the page is usable."""
    ends, rests = time.monotonic() + 20, time.monotonic()
    while time.monotonic() < ends and time.monotonic() - rests < QUIET / 1000:
        page.wait_for_timeout(20)
        if asked.keys() - loaded.keys():
            rests = time.monotonic()


def _listen(context: Any, page: Any, url: str) -> tuple[dict[str, int], dict[str, str]]:
    loaded: dict[str, int] = {}
    asked: dict[str, str] = {}

    def sent(event: dict[str, Any]) -> None:
        address = event["request"]["url"]
        if not address.startswith((url, "data:", "blob:")):
            raise SystemExit(f"a request left the host: {address}")
        asked[event["requestId"]] = address

    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.requestWillBeSent", sent)
    session.on("Network.loadingFinished", lambda e: loaded.__setitem__(e["requestId"], int(e["encodedDataLength"])))
    session.on("Network.loadingFailed", lambda e: loaded.setdefault(e["requestId"], 0))
    return loaded, asked


def answered(browser: Any, url: str, cookies: list[Any], path: str, searches: tuple[str, ...]) -> list[float]:
    """Milliseconds until the page shows the answer, over the filters in turn: each is new to the server the first time."""
    context = browser.new_context(service_workers="block")
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto(url + path)
    page.wait_for_selector("html[data-ready]")
    page.wait_for_load_state("networkidle")
    took = []
    for n in range(ASKED):
        took.append(float(page.evaluate(GO, path + searches[n % len(searches)])))
        page.wait_for_timeout(QUIET)
    context.close()
    return took


def lines(city: City, first: City) -> list[Figure]:
    """One city's lines; those of a larger city stand beside the first one's, with the growth that is allowed."""
    size = f"{city.payments / 1e6:g} M" if city.payments >= 10**6 else f"{city.payments // 1000} k"
    made = []
    for page, before in zip(city.opened, first.opened, strict=True):
        name = f"{size} · {page.role} {page.path}"
        for word, now, then, goal in (
            ("first paint", min(page.paint), min(before.paint), PAINT),
            ("usable", min(page.usable), min(before.usable), USABLE),
        ):
            made.append(_line(f"{name}: {word}", now, then, goal, city is first))
        made.append(Figure(f"{name}: weight after the shared bundle", page.weight, "kB", goal=WEIGHT))
    for role, took in city.answers.items():
        fresh = took[: len(FILTERS[role][1])]
        middle, late = statistics.median(took), sorted(took)[int(len(took) * 0.95) - 1]
        name = f"{size} · {role} filters, {len(took)} ×"
        made.append(_line(f"{name}: median", middle, statistics.median(first.answers[role]), ANSWER, city is first))
        made.append(Figure(f"{name}: 95th percentile", late, "ms", goal=ANSWER))
        made.append(
            Figure(f"{name}: median of those asked for the first time", statistics.median(fresh), "ms", goal=ANSWER)
        )
    made.append(Figure(f"{size} · memory of the server", city.memory, "MB"))
    made.append(Figure(f"{size} · the shared bundle", sum(city.shared.values()) / 1000, "kB"))
    return made


def _line(name: str, now: float, then: float, goal: float, alone: bool) -> Figure:
    """Against the goal; of a larger city also against the first city, where the difference is more than noise."""
    if alone or now - then <= NOISE:
        return Figure(name, now, "ms", goal=goal)
    return Figure(name, now, "ms", then, GROWTH)
