"""`generate`: the invented city's years as files from its senders, with an answers file of what was planted.

Payments are made and written piece by piece. The same arguments give the same files, byte for byte.
"""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from budgetwatch.demo import files, ledgers, senders
from budgetwatch.demo.city import City, found
from budgetwatch.demo.city import payments as city_payments
from budgetwatch.demo.outgoing import Generated, Outgoing
from budgetwatch.demo.senders import Sender
from budgetwatch.progress import Progress
from budgetwatch.text import Text


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
        for piece in city_payments(city, year):
            writer.write(numbered(piece, sender, year, done))
            done += piece.height
        total += done
    writer.close()
    return total


def _write_payments(folder: Path, city: City, year: int, to: Outgoing) -> None:
    """One file a sender; each counts its vouchers on its own."""
    writers: dict[str, files.Writer] = {}
    done: dict[str, int] = {}
    for piece in city_payments(city, year):
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
