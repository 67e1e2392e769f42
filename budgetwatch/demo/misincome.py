"""Plants what goes wrong with income, transfers and debt: shortfalls, thin advances, borrowing nobody approved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from budgetwatch.demo import days
from budgetwatch.demo.events import home
from budgetwatch.demo.places import Region
from budgetwatch.demo.planting import WAN, Planting
from budgetwatch.demo.treasury import Slip

Row = dict[str, Any]


def plant(p: Planting) -> None:
    """All of them."""
    _shortfall(p)
    _thin_advance(p)
    _general_cut(p)
    _late_special(p)
    _kept_back(p)
    _unapproved_borrowing(p)
    _heavy_debt(p)
    _reports(p)


def _pairs(p: Planting, levels: tuple[str, ...], years: list[int], avoid: str = "-") -> Iterator[tuple[int, Region]]:
    """`many` (year, place) pairs of those levels, each place once."""
    fits = [r for r in p.plan.places if r.level in levels and not r.code.startswith(avoid)]
    for n, i in enumerate(p.rng.permutation(len(fits))[: p.many]):
        yield years[n % len(years)], fits[int(i)]


def _shortfall(p: Planting) -> None:
    """A place whose own revenue of the year ends a fifth below its budget; and, lawful, one that paid much tax back in May."""
    last = p.plan.years[-1]
    for year, place in _pairs(p, ("district", "town"), [last, *p.plan.years[:-1][::-1]], avoid="990102"):
        p.out.short[place.code, year] = float(p.rng.uniform(0.74, 0.82))
        p.label("revenue_shortfall", ("EX-18",), year, place=place.code, pace=f"{p.out.short[place.code, year]:.2f}")
    short = {place for place, _ in p.out.short}
    fits = [r for r in p.plan.places if r.level == "town" and r.code not in short and not r.code.startswith("990102")]
    for n, i in enumerate(p.rng.permutation(len(fits))[: p.many]):
        year, place = p.plan.years[n % len(p.plan.years)], fits[int(i)]
        p.out.refunds.add((place.code, year))
        p.label("tax_refunds_in_may", ("EX-18",), year, place=place.code, hard=True)


def _senders(p: Planting, years: list[int]) -> Iterator[tuple[int, Region]]:
    """Districts, each once and none that sends too little else: whose transfers to their towns go wrong."""
    fits = [r for r in p.plan.places if r.level == "district" and r.code not in p.used_senders]
    for n, i in enumerate(p.rng.permutation(len(fits))[: p.many]):
        p.used_senders.add(fits[int(i)].code)
        yield years[n % len(years)], fits[int(i)]


def _thin_advance(p: Planting) -> None:
    """A district that tells its towns in advance of no more than half of next year's money."""
    if len(p.plan.years) < 2:
        return
    for year, place in _senders(p, p.plan.years[1:]):
        rows = p.transfers.rows
        sent = [t for t in rows if t.adm_div_code == place.code and t.direction == "sent" and t.budget_year == year]
        for late in (t for t in sent if t.issued_date and t.issued_date.year == year):
            early = next(
                (t for t in sent if t is not late and t.issued_date and t.issued_date.year < year
                 and (t.recipient_div, t.type, t.tracking_id) == (late.recipient_div, late.type, late.tracking_id)), None,
            )  # fmt: skip
            if early is None:
                continue
            whole = early.amount + late.amount
            part = whole * (45 if late.type == "general" else 30) // 100 // 10_000 * 10_000
            for document, amount in ((early.doc_no, part), (late.doc_no, whole - part)):
                for twin in rows:
                    if twin.doc_no == document and twin.recipient_div == late.recipient_div:
                        twin.amount = amount
        p.label("thin_advance", ("BP-12",), year, place=place.code)


def _general_cut(p: Planting) -> None:
    """A district that gives its towns far less for general purposes than the year before, and pays more interest instead."""
    if len(p.plan.years) < 2:
        return
    year = p.plan.years[-1]
    for _, place in _senders(p, [year]):
        budget, saved = p.plan.budgets[year], 0
        for i, slot in enumerate(p.plan.slots):
            if slot.func != "2300202" or p.plan.region_of(i).code != place.code:
                continue
            cut = int(budget.approved[i]) * 35 // 100 // 10_000 * 10_000
            rows = [
                t for t in p.transfers.rows
                if t.budget_year == year and t.type == "general" and t.recipient_div == slot.recipient
                and (t.adm_div_code == place.code or t.direction == "received")
            ]  # fmt: skip
            early = cut * 93 // 100 // 10_000 * 10_000
            for t in rows:
                t.amount = early if f"〔{year - 1}〕" in t.doc_no else cut - early
            saved += int(budget.approved[i]) - cut
            budget.approved[i] = budget.paid[i] = cut
        interest = next(
            i for i, s in enumerate(p.plan.slots) if s.line_type == "debt" and p.plan.region_of(i).code == place.code
        )
        budget.approved[interest] += saved
        budget.paid[interest] += saved
        p.label("general_transfers_cut", ("TR-08",), year, place=place.code, also=("BP-12",))


def _late_special(p: Planting) -> None:
    """A district's own special money passed on 78 days after the approval (60 allowed); and, lawful, some by day 60."""
    sent = [t for t in p.transfers.rows if t.direction == "sent" and t.type == "special" and t.upper_doc is None]
    order = [sent[int(i)] for i in p.rng.permutation(len(sent))]
    seen: set[tuple[str, int]] = set()
    for row in order:
        if (row.adm_div_code, row.budget_year) in seen or len(seen) >= 2 * p.many:
            continue
        hard = len(seen) >= p.many
        seen.add((row.adm_div_code, row.budget_year))
        approved = p.procedure.approved[row.adm_div_code, row.budget_year]
        day = (
            days.workday_before(approved + dt.timedelta(60)) if hard else days.workday_near(approved + dt.timedelta(78))
        )
        by = day - (row.issued_date or day)
        for twin in p.transfers.rows:
            if twin.doc_no == row.doc_no:
                for name in ("received_date", "registered_date", "allocated_date", "issued_date"):
                    if getattr(twin, name) is not None:
                        setattr(twin, name, getattr(twin, name) + by)
        for event in p.procedure.events:
            if event.doc_no == row.doc_no:
                event.event_date += by
        p.label("special_transfer_by_day_60" if hard else "late_special_transfer", ("TL-07",), row.budget_year, place=row.adm_div_code,
                hard=hard, doc_no=row.doc_no, recipient_div=row.recipient_div)  # fmt: skip


def _kept_back(p: Planting) -> None:
    """Special money from above that a district keeps for six weeks before it passes it to a town."""
    sent = [
        t for t in p.transfers.rows
        if t.direction == "sent" and t.type == "special" and t.upper_doc and t.received_date and t.issued_date
        and t.issued_date.year == t.budget_year and len(t.recipient_div) > 6 and t.adm_div_code not in p.used_senders
    ]  # fmt: skip
    seen: set[str] = set()
    for row in (sent[int(i)] for i in p.rng.permutation(len(sent))):
        if row.recipient_div in seen or len(seen) >= p.many or row.received_date is None or row.issued_date is None:
            continue
        seen.add(row.recipient_div)
        day = days.workday_near(row.received_date + dt.timedelta(44))
        by = day - row.issued_date
        row.allocated_date = row.issued_date = day
        for twin in p.transfers.rows:
            if twin is not row and twin.doc_no == row.doc_no and twin.recipient_div == row.recipient_div:
                for name in ("received_date", "registered_date", "allocated_date", "issued_date"):
                    if getattr(twin, name) is not None:
                        setattr(twin, name, days.workday_near(getattr(twin, name) + by))
        budget = p.plan.budgets[row.budget_year]
        for k in range(len(p.plan.slots)):
            if budget.tracking[k] == row.tracking_id and p.plan.region_of(k).code == row.recipient_div:
                budget.issued[k] = max(budget.issued[k], days.workday_near(day + dt.timedelta(12)))
        p.label("special_money_kept_back", ("TL-08",), row.budget_year, place=row.adm_div_code, also=("TR-02", "TR-03", "TR-09", "TL-07"),
                doc_no=row.doc_no, recipient_div=row.recipient_div)  # fmt: skip


def _unapproved_borrowing(p: Planting) -> None:
    """Bonds of a place and year that no standing committee approved."""
    found = sorted(
        {
            (year, home(p.plan, p.plan.region_of(i)).code)
            for year in p.plan.years
            for i, s in enumerate(p.plan.slots)
            if s.source.endswith("_bond")
            and p.plan.region_of(i).level == "district"
            and p.plan.budgets[year].executable[i] > 0
        }
    )
    taken: set[str] = set()
    for n in p.rng.permutation(len(found)):
        year, place = found[int(n)]
        if place in taken or len(taken) >= p.many:
            continue
        taken.add(place)
        p.procedure.events[:] = [
            e for e in p.procedure.events
            if not (e.event_type == "borrowing_approved" and e.budget_year == year and e.adm_div_code == place)
        ]  # fmt: skip

        def mine(row: Row, year: int = year, place: str = place) -> bool:
            return row["budget_year"] == year and row["adm_div_code"] == place

        p.out.edit("debt_bond", mine, lambda row: row.update(approval_doc=None))
        p.label("unapproved_borrowing", ("DB-02",), year, place=place)


def _heavy_debt(p: Planting) -> None:
    """Debt of well over twice what a place has to live on."""
    for year, place in _pairs(p, ("district",), p.plan.years):

        def mine(row: Row, year: int = year, code: str = place.code) -> bool:
            return row["budget_year"] == year and row["adm_div_code"] == code

        p.out.edit("debt_limit", mine, lambda row: row.update(fiscal_capacity=row["fiscal_capacity"] * 26 // 100))
        p.label("heavy_debt", ("DB-03",), year, place=place.code)


def _reports(p: Planting) -> None:
    """Monthly reports that do not add up, or that do not agree with what was paid; a place carries one of the two."""
    fits = [r for r in p.plan.places if r.level != "street"]
    order = [fits[int(i)] for i in p.rng.permutation(len(fits))]
    for n, place in enumerate(order[: 2 * p.many]):
        year, month = p.plan.years[n // 2 % len(p.plan.years)], int(p.rng.integers(4, 10))
        if n % 2:
            p.out.slips.append(Slip(year, place.code, month, -int(p.rng.integers(30, 90)) * WAN - 11, "amount"))
            p.label("payments_differ_from_report", ("DQ-07",), year, place=place.code, also=("DQ-04",), month=month)
        else:
            p.out.slips.append(Slip(year, place.code, month, int(p.rng.integers(60, 240)) * WAN + 37, "ytd"))
            p.label("report_does_not_add_up", ("DQ-04",), year, place=place.code, also=("DQ-07",), month=month)
