"""Measuring: a part of the bench in a process of its own, and one line of the table that comes of it."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Measured:
    """What a child process cost as a whole, and what it said of itself (one line of JSON)."""

    cpu: float
    wall: float
    peak_mb: float
    said: dict[str, Any]


@dataclass(frozen=True)
class Figure:
    """One line of the table. `goal` is the most (or with `least`, the least) that `ratio`, or else `ours`, may be."""

    name: str
    ours: float
    unit: str
    bare: float | None = None
    goal: float | None = None
    least: bool = False

    @property
    def ratio(self) -> float | None:
        return self.ours / self.bare if self.bare else None

    @property
    def met(self) -> bool | None:
        if self.goal is None:
            return None
        value = self.ours if self.ratio is None else self.ratio
        return value >= self.goal if self.least else value <= self.goal


def child(module: str, *arguments: str) -> Measured:
    """Run the part as `python -m module arguments` and measure it; CPU is user + system of that process alone."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments], stdout=subprocess.PIPE, text=True, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    with process:
        said = process.stdout.read() if process.stdout else ""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{module} {' '.join(arguments)} failed ({process.returncode})")
    return Measured(
        usage.ru_utime + usage.ru_stime,
        time.perf_counter() - started,
        usage.ru_maxrss / 1024,
        json.loads(said.splitlines()[-1]),
    )


def in_turns(times: int, *sides: Callable[[], Measured]) -> list[list[Measured]]:
    """Each side that many times, by turns, so that a busy minute of the machine falls on all of them."""
    rounds = [[side() for side in sides] for _ in range(times)]
    return [list(side) for side in zip(*rounds, strict=True)]


def remark(words: str) -> None:
    """Say on stderr what is going on."""
    print(f"[{time.strftime('%H:%M:%S')}] {words}", file=sys.stderr, flush=True)


def machine() -> str:
    """What the figures were measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    libraries = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "polars", "sqlalchemy"))
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GB; {platform.system()} {platform.release()}; "
        f"Python {platform.python_version()}, {libraries}; load {', '.join(f'{load:.1f}' for load in os.getloadavg())}"
    )


def table(figures: list[Figure]) -> str:
    """The figures as people read them."""
    heads = ["figure", "ours", "bare", "ratio", "goal", "met"]
    rows = [
        [
            figure.name,
            _number(figure.ours, figure.unit),
            "" if figure.bare is None else _number(figure.bare, figure.unit),
            "" if figure.ratio is None else f"{figure.ratio:.2f}",
            ""
            if figure.goal is None
            else f"{'≥' if figure.least else '≤'} {_number(figure.goal, '' if figure.ratio else figure.unit)}",
            {None: "", True: "yes", False: "NO"}[figure.met],
        ]
        for figure in figures
    ]
    widths = [max(len(row[at]) for row in [heads, *rows]) for at in range(len(heads))]
    lines = [
        "  ".join(
            cell.ljust(width) if at in (0, 5) else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in [heads, ["─" * width for width in widths], *rows]
    ]
    return "\n".join(line.rstrip() for line in lines)


def _number(value: float, unit: str) -> str:
    shown = (
        f"{value:,.0f}"
        if unit in ("MB", "kB", "ms", "") and value >= 100
        else f"{value:,.1f}"
        if unit == "s"
        else f"{value:.2f}"
    )
    return f"{shown} {unit}".rstrip()
