"""Pictures of pages small enough to keep, and how far two of them lie apart.

A kept picture is the page at a third of its size in grey: a person still recognises it, and the whole set stays
small. Two pictures are compared in cells of a few pixels after smoothing, so that the edges of letters, which
differ from one machine to the next, do not count, while a moved box, a lost column or a changed colour does.
"""

from __future__ import annotations

import io
import json
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


def apart(file: Path, now: Image.Image) -> float:
    """The same, of the picture kept in a file."""
    with Image.open(file) as kept:
        return difference(kept.convert("L"), now)


def _cells(image: Image.Image, width: int, height: int) -> np.ndarray:
    ground = Image.new("L", (width, height), 0)
    ground.paste(image, (0, 0))
    return np.asarray(ground.reduce(4), dtype=np.int16)


#: How wide and how high a browser sets a few signs in the letters of the page at hand, to a tenth of a pixel at 100 px:
#: other fonts give other measures, while smoothing and colour, which differ from one machine to the next, leave them be.
MEASURES = """() => {
  const pen = document.createElement("canvas").getContext("2d");
  const tenth = n => Math.round(n * 10) / 10;
  const own = getComputedStyle(document.body).fontFamily;
  return [400, 700].flatMap(weight => {
    pen.font = `${weight} 100px ${own}`;
    const set = ["预算执行與決算", "Budget, 0123456789 %"].map(words => pen.measureText(words));
    return [...set.map(one => tenth(one.width)), tenth(set[0].fontBoundingBoxAscent + set[0].fontBoundingBoxDescent)];
  });
}"""


def machine(page: Any) -> dict[str, Any]:
    """What makes a page look as it does here: the browser's version, and the measures of its letters in this language."""
    browser = page.context.browser
    return {"chromium": browser.version.split(".")[0], "letters": page.evaluate(MEASURES)}


def note(page: Any, language: str) -> None:
    """Write down with what the pictures of a language are kept; a file for each, as several may be kept at once."""
    _note(language).write_text(json.dumps(machine(page), indent=1) + "\n")


def _note(language: str) -> Path:
    return KEPT / f"machine-{language}.json"


def unlike(page: Any, language: str) -> str:
    """Why pictures taken here cannot be held against the kept ones; "" where they can."""
    if not _note(language).exists():
        return f"no picture of {language} was kept (make looks)"
    kept, here = json.loads(_note(language).read_text()), machine(page)
    if kept["chromium"] != here["chromium"]:
        return f"the pictures were kept with Chromium {kept['chromium']}, this is {here['chromium']} (make looks)"
    if kept["letters"] != here["letters"]:
        return f"the pictures of {language} were kept with other fonts (install fonts-noto-cjk, or make looks)"
    return ""
