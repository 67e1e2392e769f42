"""What became of a file: the receipt that its sender gets, and the figures of what was stored."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from budgetwatch.errors import Fault
from budgetwatch.facts.engine import literal
from budgetwatch.feeds.keys import helper
from budgetwatch.feeds.profile import Profile
from budgetwatch.feeds.staging import Staged
from budgetwatch.records.rowid import PART_BITS
from budgetwatch.text import Text


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a file. Always rows_in = rows_accepted + rows_rejected + rows_repeated (lines of the file)."""

    batch: int
    status: str
    feed: str
    rows_in: int = 0
    rows_accepted: int = 0
    rows_rejected: int = 0
    rows_repeated: int = 0
    facts_added: int = 0
    amount_sum: Decimal | None = None
    currency: str = "CNY"
    reasons: dict[str, int] = field(default_factory=dict)
    sha256: str = ""
    version: int | None = None
    file_name: str = ""
    refusal: dict[str, Any] | None = None
    profile: str = ""
    remarks: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Figures:
    """What the staged facts add up to."""

    facts: int = 0
    lines: int = 0
    amount_sum: Decimal | None = None
    currency: str = ""
    first_day: dt.date | None = None
    last_day: dt.date | None = None
    regions: tuple[str, ...] = ()


def add_up(staged: Staged, how: Profile) -> Figures:
    if not staged.files:
        return Figures()
    columns = how.feed.by_name
    day = how.feed.day or "NULL::DATE"
    with helper() as connection:
        row = connection.execute(
            f"""SELECT count(*), {f"count(DISTINCT _row >> {PART_BITS})" if how.melt else "count(*)"},
                       {"sum(amount)" if "amount" in columns else "NULL"}, min({day}), max({day}),
                       {"list(DISTINCT currency)" if "currency" in columns else "NULL"},
                       {"list(DISTINCT adm_div_code)" if "adm_div_code" in columns else "NULL"}
                FROM read_parquet([{", ".join(literal(p) for p in staged.files)}])"""
        ).fetchall()[0]
    facts, lines, total, first, last, currencies, regions = row
    currency = min((c for c in currencies or () if c), default="")
    return Figures(facts, lines, total, currency, first, last, tuple(sorted(r for r in regions or () if r)))


def receipt_of(
    batch: int,
    status: str,
    how: Profile,
    path: Path,
    staged: Staged,
    figures: Figures,
    version: int | None,
    remarks: list[dict[str, str]] | None = None,
) -> Receipt:
    repeated = staged.rows_in - staged.rows_rejected - figures.lines
    if repeated < 0:
        raise Fault(Text("行数对不上。", "The rows do not add up."), where=path.name)
    return Receipt(
        batch, status, how.feed.name, staged.rows_in, figures.lines, staged.rows_rejected, repeated, figures.facts,
        figures.amount_sum, figures.currency or how.currency, staged.reasons, staged.sha256, version, path.name, None,
        how.name, remarks or [],
    )  # fmt: skip


def noticed(staged: Staged) -> list[dict[str, str]]:
    """What people should know of the file besides its figures: rows that are no data by the profile, files of an archive."""
    found = []
    if staged.aside:
        lines = ", ".join(map(str, staged.aside[:20])) + (" …" if len(staged.aside) > 20 else "")
        found.append(
            Text(f"{len(staged.aside):,} 行合计或附注未作数据：第 {lines} 行。",
                 f"{len(staged.aside):,} rows are totals or notes and no data: lines {lines}.")
        )  # fmt: skip
    if staged.parts:
        begins = "；".join(f"{name} {line:,}" for name, line in staged.parts[:50])
        found.append(
            Text(f"包内 {len(staged.parts)} 个文件，行号连续，起始行：{begins}。",
                 f"{len(staged.parts)} files in the archive, whose lines run on; each begins with line: {begins}.")
        )  # fmt: skip
    return [{"zh": text.zh, "en": text.en} for text in found]
