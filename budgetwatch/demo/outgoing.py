"""What the city's bureaus send, and when it arrives: everything known by January of the last year first, the rest after it.

Most senders are orderly. One district's bureau stops reporting its revenue at midyear, another its fees in spring;
some files come with a manifest, and of these one sequence has a gap and two first tries arrive cut short.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from budgetwatch.demo import (
    assets,
    files,
    income,
    ledgers,
    lists,
    mispurchases,
    places,
    promises,
    results,
    senders,
)
from budgetwatch.demo.city import City
from budgetwatch.demo.planted import Label
from budgetwatch.demo.purchases import Contracts
from budgetwatch.demo.senders import Sender
from budgetwatch.demo.treasury import Treasury

Row = dict[str, Any]
#: The day of each feed by which it is divided between what was known before the last year and what came after.
_DAY = {"calendar_event": "event_date", "disclosure": "publish_date", "performance": "done_date"}
_ACCOUNTS = {
    "adjustment": ("amount",), "transfer": ("amount", "allocated_amount", "issued_amount"), "carryover": ("formed", "used", "recovered", "balance"),
    "debt_limit": ("ceiling", "balance", "fiscal_capacity"), "debt_bond": ("proceeds", "spent"),
    "project_invest": ("feasibility_estimate", "approved_estimate", "contract_amount", "annual_plan", "paid_total"),
    "calendar_event": (), "disclosure": ("amount",), "livelihood_item": ("investment", "funded", "paid"),
    "performance": ("amount",), "asset": ("original_value", "net_value"), "soe_dividend": ("profit", "due", "paid"),
    "audit_issue": ("amount", "mended_amount"),
}  # fmt: skip
_AFTER = {
    "procurement": ("budget", "award", "contract_amount", "supplements", "performance_deposit"),
    "insurance_fund": ("opening", "contributions", "subsidy_due", "subsidy", "other_income", "income", "benefits", "expenditure", "closing"),
}  # fmt: skip
_REVENUE = ("budget", "amount", "ytd", "last_ytd", "refund")
_FEES = ("collected", "remitted", "last_year")
#: (sender, last month reported in the last year): who falls silent.
_SILENT = {"demo_revenue_d2": 6, "demo_nontax_d5": 3}
#: Senders whose files carry a manifest: the numbers of their sequence, one of which skips.
_NUMBERED = {"demo_pay_d3": (1, 2, 3), "demo_pay_d4": (1, 2, 4), "demo_revenue_d5": (1, 2, 3, 5, 6, 7)}
#: Feeds of which a first try arrived cut short.
_CUT = ("audit_issue", "insurance_fund")


@dataclass(slots=True)
class Generated:
    """The written files with the profile that reads each, in the order of their arrival; `payments` counts good payment rows.

    `arrived` says on which day each file came. `refused` are tries that came cut short: their manifest speaks of other bytes.
    """

    files: list[tuple[Path, str]] = field(default_factory=list)
    answers: Path = Path()
    last_year: int = 0
    payments: int = 0
    arrived: dict[Path, dt.date] = field(default_factory=dict)
    refused: list[tuple[Path, str]] = field(default_factory=list)


class Outgoing:
    """Writes the city's files into a folder, sender by sender."""

    def __init__(self, folder: Path, city: City) -> None:
        self.folder, self.city, self.out = folder, city, Generated(last_year=city.plan.years[-1])
        self.treasury, self.contracts = Treasury(), Contracts()
        self.rng = np.random.default_rng([city.seed, 4])
        self.last = city.plan.years[-1]
        self.feeds = {s.feed: s for s in senders.OTHERS}
        self._count: dict[str, int] = {}

    def ledgers(self) -> None:
        """Every feed that does not wait for the payments."""
        plan, procedure, planted = self.city.plan, self.city.procedure, self.city.planted
        start = self._new_year(self.last)
        self._put(lists.regions(plan), self.feeds["region"], start)
        self._put(lists.subjects_(plan), self.feeds["subject_dict"], start)
        self._put(lists.units(plan), senders.ORG_UNITS, start)
        budget = planted.edited("budget_line", ledgers.budget_lines(plan, procedure, self.rng))
        income.settle(budget, planted.short)
        self._budgets(ledgers.frame(budget, ("amount",)))
        indicators = ledgers.frame(
            planted.edited("indicator", ledgers.indicators(plan)), ("initial", "added", "reduced", "frozen", "available", "paid")
        )  # fmt: skip
        place = pl.col("adm_div_code")
        self._twice(indicators.filter(place == places.CITY), senders.INDICATOR_CITY)
        self._twice(indicators.filter(place != places.CITY), senders.INDICATOR_DISTRICTS)
        made: Mapping[str, list[Row]] = {
            "adjustment": ledgers.adjustments(plan, procedure), "transfer": [lists.transfer(t) for t in self.city.transfers.rows],
            "carryover": _over(ledgers.carryovers(plan), planted.carryovers), "debt_limit": assets.debt_limits(plan),
            "debt_bond": assets.bonds(plan, procedure, self.rng), "project_invest": assets.projects(plan, self.rng),
            "calendar_event": [lists.record(e) for e in procedure.events], "disclosure": ledgers.disclosures(plan, procedure),
            "livelihood_item": promises.livelihood(plan, procedure, planted.unopposed, self.rng),
            "performance": results.performance(plan, self.rng), "asset": results.assets(plan, self.rng),
            "soe_dividend": income.dividends(plan, self.rng), "audit_issue": results.audit_issues(plan, self.rng),
        }  # fmt: skip
        for feed, amounts in _ACCOUNTS.items():
            rows = planted.edited(feed, made[feed]) + (planted.adjustments if feed == "adjustment" else [])
            self._twice(_frame(rows, amounts), self.feeds[feed])
        revenue = income.revenue(plan, budget, planted.short, planted.refunds, self.rng)
        self._monthly(_frame(revenue, _REVENUE), senders.REVENUES)
        self._monthly(_frame(income.fees(plan, self.rng), _FEES), senders.FEES)

    def seen(self, paid: pl.DataFrame) -> None:
        """Payments go by: the treasury and the trading centre count them."""
        self.treasury.see(paid)
        self.contracts.see(paid)

    def paid(self, path: Path, profile: str, year: int) -> None:
        """A finished payment file of a year, as it arrives after the year's end."""
        self._sent(path, profile, self._new_year(year + 1))

    def followers(self) -> None:
        """The feeds that follow from the payments."""
        plan, planted = self.city.plan, self.city.planted
        report = self.treasury.report(plan.years, planted.slips).with_columns(
            ledgers.exact("amount"), ledgers.exact("ytd")
        )
        self._twice(report, self.feeds["treasury_report"])
        bought = self.contracts.rows(self.city.seed)
        mispurchases.plant(bought, planted, self.city.many, self.city.seed)
        made = {"procurement": bought, "insurance_fund": income.insurance(plan, self.treasury.paid(), self.rng)}
        for feed, amounts in _AFTER.items():
            self._twice(_frame(made[feed], amounts), self.feeds[feed])
        self.out.files.sort(key=lambda sent: self.out.arrived[sent[0]])  # stable: as written within a day

    def _budgets(self, lines: pl.DataFrame) -> None:
        place = pl.col("adm_div_code")
        of_towns = (place.str.len_chars() > 6) & place.str.slice(4, 2).is_in(["01"])
        self._twice(lines.filter(place == places.CITY), senders.BUDGET_CITY)
        self._twice(lines.filter(~place.is_in([places.CITY, "990103"]) & ~of_towns), senders.BUDGET_DISTRICTS)
        self._twice(lines.filter(place == "990103"), senders.BUDGET_QINGHE)
        self._twice(lines.filter(of_towns), senders.BUDGET_TOWNS)

    def _twice(self, frame: pl.DataFrame, sender: Sender) -> None:
        """What was known when the last year began, and the rest a year later."""
        if not frame.height:
            return
        day = _DAY.get(sender.feed) or ("as_of" if "as_of" in frame.columns else "")
        known = pl.col(day) <= dt.date(self.last, 1, 4) if day else pl.col("budget_year") < self.last
        if sender.feed == "budget_line":  # a year's accounts are closed half a year after its end
            known &= ~((pl.col("stage") == "final") & (pl.col("budget_year") == self.last - 1))
        self._put(frame.filter(known), sender, self._new_year(self.last), f"_{self.last - 1}")
        self._put(frame.filter(~known), sender, self._new_year(self.last + 1), cut=sender.feed in _CUT)

    def _monthly(self, frame: pl.DataFrame, by_place: Mapping[str, Sender]) -> None:
        """Whole years at first, the last year quarter by quarter, by whoever reports for a place; two fall silent."""
        district = pl.col("adm_div_code").str.slice(4, 2)
        for code, sender in by_place.items():
            others = [c for c in by_place if c]
            mine = frame.filter(district == code if code else ~district.is_in(others))
            for year in self.city.plan.years[:-1]:
                self._put(mine.filter(pl.col("budget_year") == year), sender, self._new_year(year + 1), f"_{year}")
            for quarter in range(1, 5):
                if quarter * 3 > _SILENT.get(sender.profile, 12):
                    continue
                part = mine.filter((pl.col("budget_year") == self.last) & ((pl.col("month") + 2) // 3 == quarter))
                after = dt.date(self.last + quarter // 4, quarter % 4 * 3 + 1, 5)
                self._put(part, sender, after, f"_{self.last}Q{quarter}")
            if sender.profile in _SILENT:
                label = Label(len(self.city.planted.labels) + 1, "anomaly", "sender_fell_silent", ("TL-22",), self.last, None,
                              f"{places.CITY_PREFIX}{code}", (), {"profile": sender.profile})  # fmt: skip
                self.city.planted.labels.append(label)

    def _put(self, frame: pl.DataFrame, sender: Sender, day: dt.date, mark: str = "", *, cut: bool = False) -> None:
        if not frame.height:
            return
        stem, dot, ending = sender.file.partition(".")
        name = f"{stem}{mark}{dot}{ending}"
        path = files.write(self.folder, frame, sender, name)
        if cut:
            self._cut_short(path, sender)
        self._sent(path, sender.profile, day)

    def _sent(self, path: Path, profile: str, day: dt.date) -> None:
        self.out.files.append((path, profile))
        self.out.arrived[path] = day
        numbers = _NUMBERED.get(profile)
        if numbers is None:
            return
        n = self._count.get(profile, 0)
        self._count[profile] = n + 1
        number = numbers[n] if n < len(numbers) else numbers[-1] + n - len(numbers) + 1
        _manifest(path, hashlib.sha256(path.read_bytes()).hexdigest(), number)
        if n and number > (numbers[n - 1] if n <= len(numbers) else number - 1) + 1:
            place = f"{places.CITY_PREFIX}{profile[-1]:0>2}"
            label = Label(len(self.city.planted.labels) + 1, "anomaly", "sequence_gap", ("DQ-08",), day.year - 1, None, place, (),
                          {"file": path.name, "profile": profile})  # fmt: skip
            self.city.planted.labels.append(label)

    def _cut_short(self, path: Path, sender: Sender) -> None:
        """A first try whose end was lost on the way, with the manifest of the whole."""
        whole = path.read_bytes()
        first = path.with_name(f"{path.stem}（首次报送）{path.suffix}")
        first.write_bytes(whole[: len(whole) * 2 // 3])
        _manifest(first, hashlib.sha256(whole).hexdigest(), None)
        self.out.refused.append((first, sender.profile))
        self.out.arrived[first] = self._new_year(self.last + 1) - dt.timedelta(1)
        label = Label(len(self.city.planted.labels) + 1, "anomaly", "file_cut_short", ("DQ-08",), self.last, None, places.CITY, (),
                      {"file": first.name, "profile": sender.profile})  # fmt: skip
        self.city.planted.labels.append(label)

    def _new_year(self, year: int) -> dt.date:
        return dt.date(year, 1, 5)


def _manifest(path: Path, digest: str, sequence: int | None) -> None:
    said = {"sha256": digest, **({"sequence": sequence} if sequence else {})}
    path.with_name(path.name + ".manifest.json").write_text(json.dumps(said), "utf-8")


def _frame(rows: list[Row], amounts: tuple[str, ...]) -> pl.DataFrame:
    return ledgers.frame(rows, amounts) if rows else pl.DataFrame()


def _over(ordinary: list[Row], planted: list[Row]) -> list[Row]:
    """The ordinary ledger with the planted entries in place of those of the same project, year and origin."""
    named = {
        tuple(row[k] for k in ("budget_year", "agency_code", "pro_code", "form_year")): row
        for row in (*ordinary, *planted)
    }
    return list(named.values())
