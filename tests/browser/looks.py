"""Pictures of pages small enough to keep, and how far two of them lie apart.

A kept picture is the page at a third of its size in grey: a person still recognises it, and the whole set stays
small. Two pictures are compared in cells of a few pixels after smoothing, so that the edges of letters, which
differ from one machine to the next, do not count, while a moved box, a lost column or a changed colour does.
"""

from __future__ import annotations

import io
import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

KEPT = Path(__file__).parent / "looks"
SCALE = 3
TALLEST = 2400
#: A cell differs when its grey moved by more than this (of 255).
NOTICEABLE = 24
#: Moments of the day, durations and sizes differ from run to run: they are blanked on both pictures. So are the pictures
#: that a guide shows: they have a test of their own, and new ones would make every guide look changed.
BLANK = """
time, .kind-moment, [data-varies] { color: transparent !important; }
.prose img { visibility: hidden !important; }
*, *::before, *::after { animation: none !important; transition: none !important; caret-color: transparent !important; }
"""


def shrink(png: bytes) -> Image.Image:
    """The page as it is kept."""
    with Image.open(io.BytesIO(png)) as page:
        grey = page.convert("L").crop((0, 0, page.width, min(page.height, TALLEST)))
        return grey.resize((max(1, grey.width // SCALE), max(1, grey.height // SCALE)), Image.Resampling.BOX)


def keep(picture: Image.Image, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    picture.save(file, "WEBP", quality=45, method=6)


def difference(one: Image.Image, other: Image.Image) -> float:
    """The share of the page that differs, 0 to 1; what one page has beyond the other's end differs as a whole."""
    width, height = max(one.width, other.width), max(one.height, other.height)
    if abs(one.width - other.width) > 2:
        return 1.0
    cells = [_cells(image, width, height) for image in (one, other)]
    shape = cells[0].shape
    return float((np.abs(cells[0] - cells[1]) > NOTICEABLE).sum() / (shape[0] * shape[1]))


def _cells(image: Image.Image, width: int, height: int) -> np.ndarray:
    ground = Image.new("L", (width, height), 0)
    ground.paste(image, (0, 0))
    return np.asarray(ground.reduce(4), dtype=np.int16)


def machine(browser: Any) -> dict[str, str]:
    """What makes letters look as they do here."""
    fonts = subprocess.run(
        ["fc-match", "-f", "%{family} %{fontversion}", "sans:lang=zh-cn"], capture_output=True, text=True, check=False
    )
    return {"chromium": browser.version.split(".")[0], "font": fonts.stdout.strip()}


def same_machine(browser: Any) -> bool:
    """Whether the kept pictures were taken with the same browser and the same letters."""
    note = KEPT / "machine.json"
    return note.exists() and json.loads(note.read_text()) == machine(browser)
