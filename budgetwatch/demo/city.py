"""`generate`: the invented city's years as files from its senders, with an answers file of what was planted.

Payments are made and written piece by piece, so ten million need no more memory than a few hundred thousand.
The same arguments give the same files, byte for byte.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from budgetwatch.demo import (
    anomalies,
    budgets,
    events,
    files,
    lawful,
    ledgers,
    payees,
    places,
    promises,
    senders,
    slots,
    spending,
)
from budgetwatch.demo import transfers as moves
from budgetwatch.demo.anomalies import Planted
from budgetwatch.demo.budgets import Ints, Plan
from budgetwatch.demo.outgoing import Generated, Outgoing
from budgetwatch.demo.payees import Choice, Payees
from budgetwatch.demo.senders import Sender
from budgetwatch.progress import Progress
from budgetwatch.text import Text

_CHUNK = 250_000  # payments made at a time


@dataclass(slots=True)
class City:
    """Everything decided before the first payment is made."""

    plan: Plan
    procedure: events.Procedure
    transfers: moves.Transfers
    choice: Choice
    payees: Payees
    counts: dict[int, Ints]
    salary_day: Ints
    planted: Planted
    seed: int
    many: int  # how many of each kind were planted


def units_for(payments_a_year: float) -> int:
    """How many units a city with that many payments has: 79 at least, 342 as soon as they can be kept busy, then slowly more."""
    if payments_a_year <= 400_000:
        return int(min(max(payments_a_year / 85, 79), 342))
    return int(342 * (payments_a_year / 400_000) ** 0.5)


def found(*, years: int, payments: int, seed: int, last_year: int) -> City:
    """Plan the city: map, units, budgets, procedure, anomalies; no payment yet."""
    rng = np.random.default_rng([seed, 990100])
    span = list(range(last_year - years + 1, last_year + 1))
    a_year = payments / years
    map_ = places.regions(rng)
    units = places.units(rng, map_, units_for(a_year))
    items = slots.slots(units, map_, a_year / len(units), rng)
    plan = budgets.plan(map_, units, items, span, rng)
    procedure = events.procedure(plan, rng)
    documents = moves.transfers(plan, procedure, rng)
    promises.follow(plan, procedure, rng)
    who = Payees()
    many = 3 if payments >= 150_000 else 2
    planted = anomalies.plant(plan, procedure, documents, who, many=many, seed=seed, rng=rng)
    counts = {year: spending.counts(plan, year, int(a_year) - planted.in_year(year), rng) for year in span}
    choice = payees.choose(plan, who, np.maximum.reduce(list(counts.values())))
    salary_day = np.array([lawful.salary_day(u.index, seed) for u in units])
    return City(plan, procedure, documents, choice, who, counts, salary_day, planted, seed, many)


def payments(city: City, year: int) -> Iterator[pl.DataFrame]:
    """The year's payments, a piece at a time, planted ones among them (`planted` > 0), each piece in order of days."""
    counts = city.counts[year]
    start = 0
    for number, stop in enumerate(_pieces(city.plan, counts)):
        chunk = range(start, stop)
        rng = np.random.default_rng([city.seed, year, number])
        made = spending.spend(city.plan, city.payees, city.choice, year, chunk, counts, city.salary_day, rng)
        extra = city.planted.payments(city.plan, city.payees, year, chunk)
        frames = [f.with_columns(planted=pl.lit(0, pl.Int64)) for f in (made,) if f.height]
        frames += [f for f in (extra,) if f.height]
        start = stop
        if frames:
            whole = pl.concat(frames, how="diagonal_relaxed").sort(
                "pay_date", "agency_code", "slot", "cents", maintain_order=True
            )
            yield city.planted.retouch(whole, year)


def _pieces(plan: Plan, counts: Ints) -> list[int]:
    """Where to cut the slots so that no unit is cut and no piece is much larger than `_CHUNK` payments."""
    unit = np.array([s.unit for s in plan.slots])
    ends = np.flatnonzero(np.append(unit[1:] != unit[:-1], True)) + 1
    total = np.cumsum(counts)
    cuts: list[int] = []
    done = 0
    for end in ends:
        if total[end - 1] - done >= _CHUNK or end == len(unit):
            cuts.append(int(end))
            done = int(total[end - 1])
    return cuts


def numbered(frame: pl.DataFrame, sender: Sender, year: int, done: int) -> pl.DataFrame:
    """The piece with its voucher and invoice numbers, counted on from `done`."""
    mark = sender.profile.removeprefix("demo_pay_").upper()
    serial = pl.int_range(done + 1, done + 1 + pl.len(), dtype=pl.Int64)
    which = senders.PAYMENT_SENDERS.index(sender)
    invoice = (serial * 7919 + which * 1_000_003) % 10**9
    fresh = pl.lit(f"{year % 100:02d}{which}") + invoice.cast(pl.String).str.zfill(9)
    given = pl.col("invoice_no") if "invoice_no" in frame.columns else pl.lit(None, pl.String)
    return frame.with_columns(
        voucher_no=pl.lit(f"{mark}{year}") + serial.cast(pl.String).str.zfill(8),
        budget_year=pl.lit(year, pl.Int64),
        invoice_no=pl.when(given.is_not_null()).then(given).when(pl.col("has_invoice")).then(fresh),
        amount=ledgers.exact("cents"),
    )


def generate(
    folder: Path, *, years: int = 3, payments: int = 200_000, seed: int = 7, last_year: int = 2025, answers: Path | None = None,
    progress: Progress | None = None,
) -> Generated:  # fmt: skip
    """Write the city's files into `folder`, and what was planted into `answers` (default: a file beside them).

    `payments` is met within a percent, but never undercuts what the units need (about 17,000 in three years).
    """
    report: Progress = progress or (lambda share, words: None)
    folder.mkdir(parents=True, exist_ok=True)
    report(0.0, Text("编制预算", "making budgets"))
    city = found(years=years, payments=payments, seed=seed, last_year=last_year)
    to = Outgoing(folder, city)
    to.ledgers()
    for at, year in enumerate(city.plan.years):
        report(0.2 + 0.75 * at / years, Text(f"{year} 年支付", f"payments of {year}"))
        _write_payments(folder, city, year, to)
    report(0.95, Text("月报与合同", "reports and contracts"))
    to.followers()
    out = to.out
    out.answers = answers or folder / "answers.jsonl"
    lines = [json.dumps(answer, ensure_ascii=False) for answer in city.planted.answers()]
    out.answers.write_text("\n".join(lines) + "\n", "utf-8")
    return out


def generate_payments_csv(path: Path, rows: int, seed: int, *, years: int = 3, last_year: int = 2025) -> int:
    """About `rows` payments of the whole city in one large CSV as the city's bureau writes it; returns how many."""
    city = found(years=years, payments=rows, seed=seed, last_year=last_year)
    sender = senders.PAYMENT_SENDERS[0]
    writer = files.Writer(path, sender)
    total = 0
    for year in city.plan.years:
        done = 0
        for piece in payments_of(city, year):
            writer.write(numbered(piece, sender, year, done))
            done += piece.height
        total += done
    writer.close()
    return total


payments_of = payments


def _write_payments(folder: Path, city: City, year: int, to: Outgoing) -> None:
    """One file a sender; each counts its vouchers on its own."""
    writers: dict[str, files.Writer] = {}
    done: dict[str, int] = {}
    for piece in payments_of(city, year):
        for (place,), part in piece.group_by(pl.col("adm_div_code").str.slice(4, 2), maintain_order=True):
            sender = senders.PAYMENT_SENDERS[int(str(place))]
            name = sender.profile
            if name not in writers:
                writers[name] = files.Writer(folder / sender.file.format(year=year), sender)
            ready = numbered(part, sender, year, done.get(name, 0))
            city.planted.seen(ready)
            to.seen(ready)
            writers[name].write(ready)
            done[name] = done.get(name, 0) + part.height
    for name, writer in writers.items():
        city.planted.break_rows(writer, year, city.plan.years)
        writer.close()
        to.paid(writer.path, name, year)
        to.out.payments += done[name]
