"""Takes the pictures that README shows, from the running product; `make screenshots`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

from playwright.sync_api import sync_playwright

from tests.browser.conftest import CALM, DESKTOP, PHONE, Person, build, chromium, serve
from tests.browser.prepared import live_in

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
SHOTS = (
    ("committee", "reviewer", "/committee", DESKTOP, "zh"),
    ("case", "reviewer", "@next-case", DESKTOP, "zh"),
    ("deputy", "deputy", "/deputy", DESKTOP, "zh"),
    ("auditor", "auditor", "/auditor", DESKTOP, "zh"),
    ("deputy-phone", "deputy", "/deputy", PHONE, "zh"),
    ("committee-en", "reviewer", "/committee", DESKTOP, "en"),
    ("home-committee", "reviewer", "/home", DESKTOP, "zh"),
    ("home-leader", "leader", "/home", DESKTOP, "zh"),
    ("home-deputy-phone", "deputy", "/home", PHONE, "zh"),
    ("places", "leader", "/places", DESKTOP, "zh"),
    ("case-phone", "reviewer", "@next-case", PHONE, "zh"),
    ("guide-hant", "deputy", "/guide/deputy", DESKTOP, "zh-Hant"),
)


def take(served: SimpleNamespace | object, folder: Path, shots: tuple = SHOTS, *, whole: bool = False) -> None:
    """Sign in, open each page, and keep what it looks like."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=chromium(), args=CALM)
        for name, login, path, viewport, language in shots:
            someone = Person(browser, served, viewport=viewport, language=language)
            page = someone.open("/login")
            if login:
                page.fill("#login", login)
                page.fill("#password", "demo-2026")
                page.click("#sign-in")
                page.wait_for_url(lambda url: "/login" not in url)
                someone.settle()
            if path.startswith("@"):
                page.locator(f"#{path[1:]}").first.click()
                page.wait_for_timeout(500)
                someone.settle()
            else:
                someone.open(path)
            page.wait_for_timeout(400)
            page.screenshot(path=folder / f"{name}.png", full_page=whole)
            for complaint in [*someone.complaints, *someone.strangers]:
                sys.stderr.write(f"{name}: {complaint}\n")
            someone.close()
        browser.close()


if __name__ == "__main__":
    if chromium() is None:
        sys.exit("No Chromium on this machine: apt-get install chromium fonts-noto-cjk, or set BUDGETWATCH_CHROMIUM.")
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        build(home, payments=200_000, seed=7)
        live_in(home)
        for running in serve(home):
            take(running, FOLDER)
