"""The pictures of README and the guides, taken from the running product; `make screenshots` keeps them anew.

`test_look.py` takes them again in every run and fails where one no longer shows the product as it is.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.browser.conftest import CALM, DESKTOP, PHONE, Person, build, chromium, serve
from tests.browser.prepared import live_in

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
#: name, login, address (or @ and what is clicked on the committee's page), screen, language
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


def shot(someone: Person, address: str) -> bytes:
    """What the page shows without scrolling, once its charts are drawn."""
    page: Any = someone.page
    if address.startswith("@"):
        someone.open("/committee")
        page.locator(address.replace("@", "#", 1)).first.click()
        page.wait_for_url("**/case/*")
        someone.settle()
    else:
        someone.open(address)
    return bytes(page.screenshot())


def take(folder: Path) -> None:
    """Build the city in which the browser tests work, and keep every picture of it."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as engine:
        home = Path(place)
        build(home, payments=30_000, seed=11)
        live_in(home)
        browser = engine.chromium.launch(executable_path=chromium(), args=CALM)
        for served in serve(home):
            for name, login, address, viewport, language in SHOTS:
                someone = Person(browser, served, viewport=viewport, language=language)
                someone.sign_in(login)
                (folder / f"{name}.png").write_bytes(shot(someone, address))
                for complaint in [*someone.complaints, *someone.strangers]:
                    sys.stderr.write(f"{name}: {complaint}\n")
                someone.close()
        browser.close()


if __name__ == "__main__":
    if chromium() is None:
        sys.exit("No Chromium on this machine: apt-get install chromium fonts-noto-cjk, or set BUDGETWATCH_CHROMIUM.")
    take(FOLDER)
