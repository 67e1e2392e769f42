"""How the command line speaks: results on stdout (table, --json, --csv), remarks and progress on stderr."""

from __future__ import annotations

import csv
import datetime as dt
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from itertools import accumulate
from typing import Any

import typer
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from budgetwatch.errors import Invalid
from budgetwatch.progress import Progress as Report
from budgetwatch.queries.listing import Heading, Listing, plain
from budgetwatch.text import Text

DONE, FOUND, FAILED = 0, 1, 2

AsJson = typer.Option(False, "--json", help="print JSON, for pipes")
AsCsv = typer.Option(False, "--csv", help="print CSV, for spreadsheets")
_PAGE = 500
#: At a terminal no column is wider than this many cells; --csv and --json hold the whole.
_WIDEST, _GAP = 60, 2
_RIGHT = {"money", "integer", "ratio"}


def remark(text: str) -> None:
    """A remark for the person, not for the pipe."""
    sys.stdout.flush()
    Console(stderr=True, soft_wrap=True, highlight=False).print(text, markup=False)


def printed_json(value: Any, language: str) -> None:
    """The value as JSON on stdout: exact numbers as strings."""
    sys.stdout.write(json.dumps(plain(value, language), ensure_ascii=False, indent=2) + "\n")


def listed(listing: Listing, language: str, *, as_json: bool = False, as_csv: bool = False) -> None:
    """A listing the way it was asked for; the table says how much of the whole it shows."""
    if as_json:
        printed_json({"total": listing.total, "totals": listing.totals, "rows": listing.rows}, language)
    elif as_csv:
        _csv(listing.headings, listing.rows, language)
    else:
        _table(listing, language)


def rows(headings: Sequence[tuple[str, Text]], values: Sequence[Mapping[str, Any]]) -> Listing:
    """A small listing made on the spot."""
    return Listing(tuple(Heading(name, label) for name, label in headings), [dict(v) for v in values], len(values))


def gathered(fetch: Callable[[int, int], Listing], limit: int) -> Listing:
    """The first `limit` rows of a query that pages (0: all of them)."""
    first = fetch(min(limit or _PAGE, _PAGE), 0)
    found = list(first.rows)
    while len(found) < min(limit or first.total, first.total):
        page = fetch(min(_PAGE, (limit or first.total) - len(found)), len(found)).rows
        if not page:
            break
        found += page
    return Listing(first.headings, found, first.total, first.totals)


def _csv(headings: Sequence[Heading], values: Sequence[Mapping[str, Any]], language: str) -> None:
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow([h.name for h in headings])
    for row in values:
        out.writerow([_cell(row.get(h.name), language) for h in headings])


def _table(listing: Listing, language: str) -> None:
    """At a terminal, the columns that fit its width and a word about the others; into a pipe, all of them whole."""
    console = Console()
    widest = _WIDEST if console.is_terminal else None
    cells = [[_shown(row.get(h.name), h.kind, language) for h in listing.headings] for row in listing.rows]
    titles = [h.label.of(language) for h in listing.headings]
    widths = [max(cell_len(title), *(cell_len(row[at]) for row in cells), 0) for at, title in enumerate(titles)]
    widths = [min(width, widest or width) for width in widths]
    fitting = len(titles)
    if console.is_terminal:
        fitting = max(3, sum(total - _GAP <= console.width for total in accumulate(width + _GAP for width in widths)))
    if listing.rows:
        for row in (titles, *cells):
            told = [
                _padded(cell, width, h.kind in _RIGHT)
                for cell, width, h in zip(row[:fitting], widths, listing.headings, strict=False)
            ]
            sys.stdout.write((" " * _GAP).join(told).rstrip() + "\n")
    if fitting < len(titles):
        hidden = ", ".join(titles[fitting:])
        remark(
            {"zh": f"未显示的列（--csv、--json）：{hidden}", "en": f"More columns with --csv or --json: {hidden}"}[
                language
            ]
        )
    _counted(listing, language)


def _padded(cell: str, width: int, right: bool) -> str:
    if cell_len(cell) > width:
        return set_cell_size(cell, width - 1) + "…"
    gap = " " * (width - cell_len(cell))
    return gap + cell if right else cell + gap


def _counted(listing: Listing, language: str) -> None:
    total = {"zh": f"共 {listing.total:,} 条", "en": f"{listing.total:,} in all"}[language]
    if listing.total > len(listing.rows):
        shown = f"{len(listing.rows):,}"
        total += {"zh": f"，此处 {shown} 条（--limit 可增）", "en": f", {shown} shown (--limit for more)"}[language]
    sums = "  ".join(f"{amount:,.2f} {currency}" for currency, amount in listing.totals.items())
    remark(f"{total}  {sums}".rstrip())


def _shown(value: Any, kind: str, language: str) -> str:
    if isinstance(value, Decimal) and kind == "money":
        return f"{value:,.2f}"
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool) and kind == "integer":
        return f"{value:,}"
    if isinstance(value, dt.datetime):
        return f"{value.astimezone():%Y-%m-%d %H:%M}"
    return _cell(value, language).replace("\n", " ")


def _cell(value: Any, language: str) -> str:
    told = plain(value, language)
    if told is None:
        return ""
    return told if isinstance(told, str) else json.dumps(told, ensure_ascii=False)


@contextmanager
def progress(label: str, language: str) -> Iterator[Report]:
    """A progress bar on stderr with the time left; silent where stderr is not a terminal."""
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeRemainingColumn(),
        console=console, transient=True, disable=not console.is_terminal,
    ) as bar:  # fmt: skip
        task = bar.add_task(label, total=1.0)

        def report(fraction: float, message: Text | None = None) -> None:
            said = f"{label}: {message.of(language)}" if message else label
            bar.update(task, completed=fraction, description=said)

        yield report


def day(value: str | None, name: str) -> dt.date | None:
    """A day as written on the command line."""
    if value is None:
        return None
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        raise Invalid(
            Text(f"「{value}」不是日期。", f"'{value}' is not a date."),
            where=name,
            fix=Text("写成 2025-12-31 的样子。", "Write it like 2025-12-31."),
        ) from None
