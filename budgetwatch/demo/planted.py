"""What was planted on purpose, and where: labels, the single payments behind them, and changes to other records.

The labels leave the house as the answers file, which nothing but tests may read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from budgetwatch.demo import days, spending
from budgetwatch.demo.budgets import Plan
from budgetwatch.demo.files import Writer
from budgetwatch.demo.payees import Payees
from budgetwatch.demo.treasury import Slip

Row = dict[str, Any]


@dataclass(slots=True)
class Label:
    """One planted thing. `catalogue_ids` it is an instance of; `also` may rightly be found as its consequence."""

    number: int
    label: str
    kind: str
    catalogue_ids: tuple[str, ...]
    budget_year: int
    agency_code: str | None
    adm_div_code: str
    also: tuple[str, ...] = ()
    keys: Row = field(default_factory=dict)
    vouchers: list[str] = field(default_factory=list)

    def answer(self) -> Row:
        """As a line of the answers file."""
        return {
            "label": self.label, "kind": self.kind, "catalogue_ids": list(self.catalogue_ids), "also": list(self.also),
            "budget_year": self.budget_year, "agency_code": self.agency_code, "adm_div_code": self.adm_div_code,
            "vouchers": self.vouchers, "keys": self.keys,
        }  # fmt: skip


@dataclass(slots=True)
class Single:
    """One payment made on purpose, out of a slot's money."""

    year: int
    slot: int
    day: dt.date
    cents: int
    payee: int
    purpose: str
    label: int
    settlement: str = "transfer"
    contract: bool = False
    changes: Row = field(default_factory=dict)


@dataclass(slots=True)
class Mark:
    """Ordinary payments of a slot that a label speaks of, all of them or those on certain days."""

    year: int
    slot: int
    label: int
    on: tuple[dt.date, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """One row entered wrongly into a sender's payments: which column, what stands there, and what that is an instance of."""

    profile: str
    place: str
    year: int  # 0: the first year's file, 1: the second's
    kind: str
    column: str
    value: str
    rule_id: str = ""
    repeats: bool = False  # under the number of the payment before it


_FAULTS = (
    Fault("demo_pay_city", "990100", 0, "amount", "amount", "壹万贰仟元整"),
    Fault("demo_pay_city", "990100", 0, "amount", "amount", "12,3O0.5O"),
    Fault("demo_pay_city", "990100", 0, "date_missing", "pay_date", "", "DQ-03"),
    Fault("demo_pay_city", "990100", 0, "date", "pay_date", "{year}-13-45"),
    Fault("demo_pay_city", "990100", 0, "amount_missing", "amount", "", "DQ-03"),
    Fault("demo_pay_city", "990100", 0, "unit_missing", "agency_code", "", "DQ-03"),
    Fault("demo_pay_d2", "990102", 1, "amount_missing", "amount", "", "DQ-03"),
    Fault("demo_pay_d2", "990102", 1, "date_missing", "pay_date", "", "DQ-03"),
    Fault("demo_pay_d1", "990101", 0, "number_used_twice", "amount", "8642.10", "DQ-01", True),
    Fault("demo_pay_d5", "990105", 1, "number_used_twice", "amount", "9,753.20", "DQ-01", True),
    Fault("demo_pay_d4", "990104", 0, "code_of_no_list", "fund_source", "off_budget", "DQ-02"),
    Fault("demo_pay_d3", "990103", 1, "code_of_no_list", "settlement", "barter", "DQ-02"),
)


@dataclass(slots=True)
class Concentration:
    """Most project payments of a unit's slots go to one payee."""

    year: int
    slots: tuple[int, ...]
    payee: int
    label: int


@dataclass(slots=True)
class Planted:
    """Everything planted, and the hooks by which it enters the records."""

    labels: list[Label] = field(default_factory=list)
    singles: list[Single] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    concentrations: list[Concentration] = field(default_factory=list)
    adjustments: list[Row] = field(default_factory=list)
    carryovers: list[Row] = field(default_factory=list)
    payees: Payees = field(default_factory=Payees)
    short: dict[tuple[str, int], float] = field(
        default_factory=dict
    )  # (place, year) -> share of its revenue budget that came in
    refunds: set[tuple[str, int]] = field(default_factory=set)  # (place, year) in which much tax was paid back at once
    unopposed: set[tuple[str, int]] = field(
        default_factory=set
    )  # (place, year) that voted on as many projects as places
    slips: list[Slip] = field(default_factory=list)
    _edits: dict[str, list[tuple[Callable[[Row], bool], Callable[[Row], None]]]] = field(default_factory=dict)
    _broken: list[Row] = field(default_factory=list)

    def edit(self, feed: str, which: Callable[[Row], bool], change: Callable[[Row], None]) -> None:
        """Change rows of a small feed just before it is written."""
        self._edits.setdefault(feed, []).append((which, change))

    def edited(self, feed: str, rows: list[Row]) -> list[Row]:
        """The rows of a feed with the planted changes made."""
        for which, change in self._edits.get(feed, []):
            for row in rows:
                if which(row):
                    change(row)
        return rows

    def in_year(self, year: int) -> int:
        """How many single payments the year has."""
        return sum(s.year == year for s in self.singles)

    def payments(self, plan: Plan, payees: Payees, year: int, chunk: range) -> pl.DataFrame:
        """The single payments of the slots in `chunk`, as `spending.spend` gives the ordinary ones."""
        mine = [s for s in self.singles if s.year == year and s.slot in chunk]
        if not mine:
            return pl.DataFrame()
        base = pl.DataFrame(
            {
                "slot": [s.slot for s in mine], "payee": [s.payee for s in mine], "cents": [s.cents for s in mine],
                "day": [days.number(s.day) for s in mine], "settlement": [s.settlement for s in mine],
                "variant": [0] * len(mine), "month": [s.day.month for s in mine], "refund": [False] * len(mine),
                "at": list(range(len(mine))),
            }
        )  # fmt: skip
        made = spending.describe(plan, plan.budgets[year], payees, year, base).sort("at").drop("at")
        rows = made.to_dicts()
        for row, single in zip(rows, mine, strict=True):
            row["purpose"], row["planted"] = single.purpose, single.label
            if not single.contract:
                row["contract_no"] = row["procurement_no"] = None
            elif row["contract_no"] is None:
                row["contract_no"] = f"HT{year}{row['agency_code'][4:]}{single.payee:07d}"
                row["procurement_no"] = f"ZFCG{year}{row['agency_code'][4:]}{single.payee:07d}"
            row["invoice_no"] = None
            row.update(single.changes)
        schema: dict[str, Any] = {**made.schema, "planted": pl.Int64, "invoice_no": pl.String}
        return pl.DataFrame(rows, schema=schema, orient="row")

    def retouch(self, frame: pl.DataFrame, year: int) -> pl.DataFrame:
        """Point labels at ordinary payments, and turn payees where spending is to be concentrated."""
        present = set(frame["slot"].unique().to_list())
        for dated in (False, True):
            marks = [m for m in self.marks if m.year == year and m.slot in present and bool(m.on) == dated]
            if not marks:
                continue
            label = pl.col("slot").replace_strict(
                [m.slot for m in marks], [m.label for m in marks], default=0, return_dtype=pl.Int64
            )
            here = (label > 0) & (pl.col("planted") == 0) & (pl.col("cents") > 0)
            if dated:  # a unit pays its salaries on one day a month, so the days of all marks together do for each
                here &= pl.col("pay_date").is_in(sorted({day for m in marks for day in m.on}))
            frame = frame.with_columns(planted=pl.when(here).then(label).otherwise("planted"))
        for c in self.concentrations:
            if c.year == year and present & set(c.slots):
                frame = self._concentrated(frame, c, year)
        return frame

    def _concentrated(self, frame: pl.DataFrame, c: Concentration, year: int) -> pl.DataFrame:
        mine = pl.col("slot").is_in(list(c.slots)) & (pl.col("payee_type") == "organisation") & (pl.col("planted") == 0)
        place = mine.cum_sum()
        turned = mine & ((place % 4 != 0) | (pl.col("cents") >= pl.col("cents").filter(mine).max()))
        tail = pl.col("agency_code").str.slice(4) + f"{c.payee:07d}"
        p = self.payees
        return frame.with_columns(
            payee=pl.when(turned).then(c.payee).otherwise("payee"),
            payee_name=pl.when(turned).then(pl.lit(p.names[c.payee])).otherwise("payee_name"),
            payee_account=pl.when(turned).then(pl.lit(p.accounts[c.payee])).otherwise("payee_account"),
            payee_bank=pl.when(turned).then(pl.lit(p.banks[c.payee])).otherwise("payee_bank"),
            contract_no=pl.when(turned).then(pl.lit(f"HT{year}") + tail).otherwise("contract_no"),
            procurement_no=pl.when(turned).then(pl.lit(f"ZFCG{year}") + tail).otherwise("procurement_no"),
            planted=pl.when(turned).then(c.label).otherwise("planted"),
        )

    def seen(self, written: pl.DataFrame) -> None:
        """Note the voucher numbers that labelled payments were given."""
        found = written.filter(pl.col("planted") > 0).select("planted", "voucher_no")
        for number, voucher in found.iter_rows():
            self.labels[number - 1].vouchers.append(voucher)

    def break_rows(self, writer: Writer, year: int, years: Sequence[int]) -> None:
        """A few rows as clumsy hands send them: an amount in words, a missing or impossible day, a number used twice, a code of no list."""
        profile, first = writer.sender.profile, years[0]
        second = years[min(1, len(years) - 1)]
        mine = [f for f in _FAULTS if f.profile == profile and year == (first if f.year == 0 else second)]
        for number, fault in enumerate(mine, start=1):
            fresh = {} if fault.repeats else {"voucher_no": f"{profile[9:].upper()}X{year}{number:04d}"}
            line = writer.again(**fresh, **{fault.column: fault.value.format(year=year)})
            self._broken.append(
                {"label": "broken_row", "kind": fault.kind, "catalogue_ids": [], "also": [], "budget_year": year,
                 "agency_code": None, "adm_div_code": fault.place, "vouchers": [],
                 "keys": {"file": writer.path.name, "line": line, "column": fault.column, "value": fault.value.format(year=year)}}
            )  # fmt: skip
        for rule_id, kind in (
            ("DQ-01", "number_used_twice"),
            ("DQ-02", "code_of_no_list"),
            ("DQ-03", "field_left_empty"),
        ):
            lines = (
                [
                    b["keys"]["line"]
                    for b, f in zip(self._broken[-len(mine) :], mine, strict=True)
                    if f.rule_id == rule_id
                ]
                if mine
                else []
            )
            if lines:
                self.labels.append(
                    Label(len(self.labels) + 1, "anomaly", kind, (rule_id,), year, None, mine[0].place, (),
                          {"file": writer.path.name, "lines": lines})
                )  # fmt: skip

    def answers(self) -> list[Row]:
        """The whole answers file."""
        return [label.answer() for label in self.labels] + self._broken
