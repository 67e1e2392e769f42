"""What answers rest on besides facts, rule and day: the product's own functions and the calendar that it knows."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from budgetwatch.rules import functions


@lru_cache(maxsize=1)
def basis() -> str:
    """A name of it all: where it is another than in the last run, that run's answers are none to build on."""
    said = hashlib.sha256()
    rules = Path(functions.__file__).parent
    for name in ("functions", "balance", "bands", "compile", "finding", "steady"):
        said.update((rules / f"{name}.py").read_bytes())
    said.update(metadata.version("chinesecalendar").encode())
    return said.hexdigest()[:32]


@lru_cache(maxsize=1)
def house() -> str:
    """A name of how the house notes what it remembers: with another one everything is noted anew."""
    said = hashlib.sha256((Path(__file__).parent / "own.py").read_bytes())
    said.update(metadata.version("chinesecalendar").encode())
    return said.hexdigest()[:32]
