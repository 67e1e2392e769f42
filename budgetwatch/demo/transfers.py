"""Transfers between levels as documents: what each place got from above and passed on, and when.

Amounts follow the plan: what a sender sends is what its recipient receives, and special money carries a
tracking id from the province to the unit that spends it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import numpy as np

from budgetwatch.demo import days
from budgetwatch.demo.budgets import Plan
from budgetwatch.demo.events import Procedure
from budgetwatch.demo.places import CITY, Region

_PROVINCE_TO_CITY = 2.0  # the city's general transfers are twice its special ones


@dataclass(slots=True)
class Transfer:
    """One row of the feed; `amount` in 分."""

    doc_no: str
    budget_year: int
    adm_div_code: str
    direction: str
    upper_doc: str | None
    type: str
    recipient_div: str
    received_date: dt.date | None
    registered_date: dt.date | None
    allocated_date: dt.date | None
    issued_date: dt.date | None
    func_code: str
    pro_name: str
    amount: int
    tracking_id: str | None


@dataclass(slots=True)
class Transfers:
    """All rows."""

    rows: list[Transfer] = field(default_factory=list)
    _serial: int = 0

    def number(self, year: int, word: str) -> str:
        """A fresh document number."""
        self._serial += 1
        return f"{word}〔{year}〕{self._serial}号"


def general_to_city(plan: Plan, special: int, offset: int) -> int:
    """What the province gives the city for general purposes, in 分."""
    return round(special * _PROVINCE_TO_CITY * 1.004**offset / 10_000) * 10_000


def transfers(plan: Plan, procedure: Procedure, rng: np.random.Generator) -> Transfers:
    """The documents of every year."""
    made = Transfers()
    for offset, year in enumerate(plan.years):
        _special(made, plan, procedure, year, rng)
        _general(made, plan, procedure, year, offset, rng)
        _granted(made, plan, procedure, year, rng)
    return made


def _received(made: Transfers, row: Transfer, at: dt.date, rng: np.random.Generator) -> None:
    """Fill in a recipient's dates: registered in days, allocated and issued within the month."""
    row.received_date = at
    row.registered_date = days.workday_near(at + dt.timedelta(int(rng.integers(0, 3))))
    row.allocated_date = days.workday_near(row.registered_date + dt.timedelta(int(rng.integers(2, 7))))
    row.issued_date = days.workday_near(row.allocated_date + dt.timedelta(int(rng.integers(1, 4))))
    made.rows.append(row)


def _parts(amount: int, advance: float) -> tuple[int, int]:
    early = int(amount * advance) // 10_000 * 10_000
    return early, amount - early


def _general(
    made: Transfers, plan: Plan, procedure: Procedure, year: int, offset: int, rng: np.random.Generator
) -> None:
    """General transfers: nine tenths announced the autumn before, the rest within 30 days of the approval."""
    budget = plan.budgets[year]
    sends: list[tuple[str, str, str, int]] = []
    city_special = 0
    for i, slot in enumerate(plan.slots):
        sender = plan.region_of(i)
        if slot.line_type == "transfer" and slot.func == "2300202":
            sends.append((sender.code, slot.recipient, slot.name, int(budget.approved[i])))
        if sender.code == CITY and slot.source in ("upper_special", "direct"):
            city_special += int(budget.approved[i])
    sends.append(("", CITY, "对示范市一般性转移支付", general_to_city(plan, city_special, offset)))
    places = {p.code: p for p in plan.places}
    for sent_by, recipient, name, amount in sends:
        for early, part in zip((True, False), _parts(amount, float(rng.uniform(0.915, 0.95))), strict=True):
            word = "示省财预" if not sent_by else ("示财预" if sent_by == CITY else f"示{places[sent_by].name[0]}财预")
            doc = made.number(year - 1 if early else year, word)
            if early:
                issued = days.workday_near(
                    dt.date(year - 1, 11, 5 if not sent_by else 16) + dt.timedelta(int(rng.integers(0, 10)))
                )
            elif not sent_by:
                issued = days.workday_near(dt.date(year, 1, 10) + dt.timedelta(int(rng.integers(0, 5))))
            else:
                approved = procedure.approved[sent_by, year]
                issued = days.workday_near(approved + dt.timedelta(int(rng.integers(5, 20))))
            if sent_by:
                made.rows.append(
                    Transfer(doc, year, sent_by, "sent", None, "general", recipient, None, None, issued, issued, "2300202", name,
                             part, None)
                )  # fmt: skip
                if not early:
                    _notice(procedure, plan, places[sent_by], year, doc, name, issued, rng)
            row = Transfer(doc, year, recipient, "received", doc, "general", recipient, None, None, None, None, "2300202", name,
                           part, None)  # fmt: skip
            _received(made, row, days.workday_near(issued + dt.timedelta(1)), rng)


def _granted(made: Transfers, plan: Plan, procedure: Procedure, year: int, rng: np.random.Generator) -> None:
    """What districts give their towns for a purpose out of their own means, within 60 days of the approval."""
    places = {p.code: p for p in plan.places}
    for (granted_in, i), amount in plan.granted.items():
        if granted_in != year or not amount:
            continue
        sender, recipient = plan.region_of(i), plan.slots[i].recipient
        issued = days.workday_near(procedure.approved[sender.code, year] + dt.timedelta(int(rng.integers(20, 45))))
        doc = made.number(year, f"示{places[sender.code].name[0]}财专")
        name = f"{year}年区级专项补助（21305）"
        made.rows.append(
            Transfer(
                doc,
                year,
                sender.code,
                "sent",
                None,
                "special",
                recipient,
                None,
                None,
                issued,
                issued,
                "21305",
                name,
                amount,
                None,
            )
        )
        _notice(procedure, plan, sender, year, doc, name, issued, rng)
        row = Transfer(
            doc,
            year,
            recipient,
            "received",
            doc,
            "special",
            recipient,
            None,
            None,
            None,
            None,
            "21305",
            name,
            amount,
            None,
        )
        _received(made, row, days.workday_near(issued + dt.timedelta(1)), rng)


def _notice(
    procedure: Procedure,
    plan: Plan,
    sender: Region,
    year: int,
    doc: str,
    name: str,
    issued: dt.date,
    rng: np.random.Generator,
) -> None:
    event = procedure.add(year, sender.code, "transfer_notice", issued, f"下达{year}年{name}", doc_no=doc)
    procedure.add(year, sender.code, "copied_to_congress", days.workday_near(issued + dt.timedelta(int(rng.integers(1, 5)))),
                  f"{year}年{name}下达文件抄送", refers_to=event.event_id, doc_no=doc)  # fmt: skip


def _special(made: Transfers, plan: Plan, procedure: Procedure, year: int, rng: np.random.Generator) -> None:
    """Special and direct money by function and district, from the province down, with one tracking id each."""
    budget = plan.budgets[year]
    funds: dict[tuple[str, str, str], dict[str, int]] = {}
    for i, slot in enumerate(plan.slots):
        if slot.source in ("upper_special", "direct") and slot.line_type == "project":
            region = plan.region_of(i)
            district = region.code[:6] if region.code != CITY else CITY
            kind = "direct" if slot.source == "direct" else "special"
            below = funds.setdefault((district, kind, slot.func[:5]), {})
            below[region.code] = below.get(region.code, 0) + int(budget.approved[i])
            budget.tracking[i] = f"ZZ{year}{district[2:]}{kind[0].upper()}{slot.func[:5]}"
    final: dict[tuple[str, str], dt.date] = {}
    for (district, kind, func), below in funds.items():
        tracking = f"ZZ{year}{district[2:]}{kind[0].upper()}{func}"
        for early, share in ((True, 0.74 + 0.06 * rng.random()), (False, 0.0)):
            parts = (
                {code: _parts(amount, share if share else 0)[0] for code, amount in below.items()} if early else below
            )
            if early:
                advance = parts
            else:
                parts = {code: amount - advance[code] for code, amount in below.items()}
            if not sum(parts.values()):
                continue
            chain = _chain(made, plan, year, early, kind, func, tracking, district, parts, rng)
            for code, day in chain.items():
                if not early:
                    final[code, tracking] = max(day, final.get((code, tracking), day))
    for i, slot in enumerate(plan.slots):
        if budget.tracking[i] and slot.line_type == "project":
            seen = final.get((plan.region_of(i).code, budget.tracking[i]))
            budget.issued[i] = max(budget.issued[i], seen) if seen else budget.issued[i]


def _chain(
    made: Transfers, plan: Plan, year: int, early: bool, kind: str, func: str, tracking: str, district: str,
    parts: dict[str, int], rng: np.random.Generator,
) -> dict[str, dt.date]:  # fmt: skip
    """One document's way down: province, city, district, towns; returns when each place passed it to its units."""
    names = {p.code: p for p in plan.places}
    label = {"direct": "直达资金", "special": "专项转移支付"}[kind]
    name = f"{year}年{label}（{func}）"
    amount = sum(parts.values())
    start = dt.date(year - 1, 11, 4) if early else dt.date(year, 1, 8)
    issued = days.workday_near(start + dt.timedelta(int(rng.integers(0, 8))))
    doc = made.number(issued.year, "示省财专")
    reached: dict[str, dt.date] = {}

    def receive(code: str, upper: str, sum_: int, sent: dt.date) -> Transfer:
        row = Transfer(
            upper, year, code, "received", upper, kind, code, None, None, None, None, func, name, sum_, tracking
        )
        _received(made, row, days.workday_near(sent + dt.timedelta(1)), rng)
        reached[code] = row.issued_date or sent
        return row

    def send(code: str, recipient: str, upper: Transfer, sum_: int) -> tuple[str, dt.date]:
        number = made.number(year - 1 if early else year, "示财专" if code == CITY else f"示{names[code].name[0]}财专")
        day = upper.issued_date or issued
        made.rows.append(
            Transfer(number, year, code, "sent", upper.doc_no, kind, recipient, upper.received_date, upper.registered_date,
                     upper.allocated_date, day, func, name, sum_, tracking)
        )  # fmt: skip
        return number, day

    city = receive(CITY, doc, amount, issued)
    if district == CITY:
        return reached
    number, day = send(CITY, district, city, amount)
    middle = receive(district, number, amount, day)
    for code, part in parts.items():
        if code != district and part:
            number, day = send(district, code, middle, part)
            receive(code, number, part, day)
    return reached
