"""Plants the hard negatives: lawful things that resemble irregular ones and must not be flagged."""

from __future__ import annotations

import datetime as dt

from budgetwatch.demo import days
from budgetwatch.demo.budgets import Budget
from budgetwatch.demo.planted import Mark
from budgetwatch.demo.planting import WAN, Planting
from budgetwatch.demo.slots import RELIEF, Slot

#: What the unit with an approved exemption pays for at weekends.
OPEN_AT_WEEKENDS = "周末开放日活动保障服务费"


def plant(p: Planting) -> None:
    """All of them."""
    _equal_property_fee(p)
    _relief_from_reserve(p)
    _december_settlement(p)
    _exempted_weekends(p)
    _quarterly_rent(p)
    _bond_on_capital(p)
    _salaries_on_working_weekends(p)


def _equal_property_fee(p: Planting) -> None:
    """The same property fee in each of twelve months, under one contract, an invoice and a month each."""
    for year, slot in p.spots(lambda i, s, b: s.eco == "30209" and s.rhythm == "monthly"):
        budget = p.plan.budgets[year]
        budget.paid[slot] = budget.paid[slot] // 120_000 * 120_000
        budget.equal.add(slot)
        p.out.marks.append(Mark(year, slot, p.label("equal_property_fee", ("PY-07",), year, slot, hard=True)))


def _quarterly_rent(p: Planting) -> None:
    """The same rent each quarter."""
    for year, slot in p.spots(lambda i, s, b: s.rhythm == "quarterly"):
        p.out.marks.append(Mark(year, slot, p.label("quarterly_rent", ("PY-07",), year, slot, hard=True)))


def _bond_on_capital(p: Planting) -> None:
    """Bond money spent on public works, as bonds are for."""
    for year, slot in p.spots(lambda i, s, b: s.source.endswith("_bond") and s.eco.startswith("310")):
        p.out.marks.append(Mark(year, slot, p.label("bond_on_capital", ("DB-05",), year, slot, hard=True)))


def _salaries_on_working_weekends(p: Planting) -> None:
    """Salaries paid on a Saturday or Sunday that the holiday swaps made a working day (what falls so by itself)."""
    for year in p.plan.years:
        work = [days.day(int(n)) for n in days.of(year).work]
        swapped = tuple(day for day in work if day.weekday() >= 5)
        for unit in p.plan.units:
            slots = [i for i in p.plan.of_unit(unit.index) if p.plan.slots[i].line_type == "personnel"]
            due = salary_days(unit.index, p.salary_seed, year)
            hits = tuple(day for day in swapped if day in due)
            if hits and slots:
                label = p.label(
                    "salary_on_working_weekend", ("PY-12",), year, slots[0], hard=True, days=[str(d) for d in hits]
                )
                p.out.marks += [Mark(year, slot, label, hits) for slot in slots]


def salary_day(unit: int, seed: int) -> int:
    """The day of the month on which a unit's salaries are due."""
    return 7 + (unit * 5 + seed) % 9


def salary_days(unit: int, seed: int, year: int) -> set[dt.date]:
    """The days of a year on which a unit's salaries are paid; in January before any congress can have met."""
    on = salary_day(unit, seed)
    return {days.pay_day(year, month, min(on, 9) if month == 1 else on) for month in range(1, 13)}


def _relief_from_reserve(p: Planting) -> None:
    """The contingency reserve used for flood relief, by the government's decision with its number."""
    for year, slot in p.spots(lambda i, s, b: s.name.endswith(RELIEF)):
        budget = p.plan.budgets[year]
        unit = p.plan.units[p.plan.slots[slot].unit]
        reserve = reserve_of(p, slot)
        amount = int(min(budget.approved[reserve] * 0.2, 260 * WAN)) // 10_000 * 10_000
        budget.added[slot] += amount
        budget.reduced[reserve] += amount
        budget.paid[slot] = amount
        on = p.workday(year, slot, 6, 8)
        budget.issued[slot] = on
        label = p.label("relief_from_reserve", ("EX-16",), year, slot, hard=True, amount=str(amount))
        p.out.adjustments.append({
            "adj_no": f"YBF{year}{slot:05d}", "budget_year": year, "adm_div_code": unit.region.code, "agency_code": unit.code,
            "agency_name": unit.name, "type": "reserve", "adj_date": on, "func_code": "2240703", "pro_code": budget.codes[slot],
            "pro_name": budget.names[slot], "from_line": budget.codes[reserve], "to_line": budget.codes[slot], "amount": amount,
            "approval_doc": f"示府办〔{year}〕{slot % 90 + 1}号", "approval_body": f"{unit.region.name}人民政府",
            "purpose": "洪涝灾害抢险救灾",
        })  # fmt: skip
        first = amount * 61 // 100 + 13
        for part, day, what in ((first, 3, "抢险救灾物资采购"), (amount - first, 12, "受灾群众转移安置物资采购")):
            payee = p.company(slot, "应急物资")
            p.add(label, year, slot, days.workday_near(on + dt.timedelta(day)), part, payee, what, contract=True)


def reserve_of(p: Planting, slot: int) -> int:
    """The reserve of the place that a slot belongs to."""
    place = p.plan.region_of(slot).code
    return next(i for i, s in enumerate(p.plan.slots) if s.line_type == "reserve" and p.plan.region_of(i).code == place)


def _december_settlement(p: Planting) -> None:
    """One large final payment in December, due by contract after the year's acceptance."""

    def wanted(i: int, s: Slot, b: Budget) -> bool:
        return (
            s.line_type == "project"
            and s.source == "own"
            and s.eco in ("30227", "30213", "31006")
            and b.paid[i] > 150 * WAN
        )

    for year, slot in p.spots(wanted):
        budget = p.plan.budgets[year]
        amount = (
            int(min(p.unit_total(budget, p.plan.slots[slot].unit) * 0.05, budget.paid[slot] * 0.3)) // 100 * 100 + 42
        )
        label = p.label("december_settlement", ("EX-04", "EX-07"), year, slot, hard=True)
        p.pay(label, year, slot, p.workday(year, slot, 12, 12), amount, p.company(slot, "技术服务"),
              f"{year}年度{budget.names[slot]}年终结算款", contract=True)  # fmt: skip


def _exempted_weekends(p: Planting) -> None:
    """A unit that works at weekends by its nature and pays then; an approved exemption says so."""
    for _, slot in p.spots(
        lambda i, s, b: s.line_type == "project" and s.source == "own" and s.eco == "30227", count=1
    ):
        for one in p.plan.years:
            p.take(one, slot)
            label = p.label("exempted_weekend_payment", ("PY-12",), one, slot, hard=True, exemption="PY-12")
            for _ in range(3):
                p.pay(
                    label,
                    one,
                    slot,
                    p.day_off(one),
                    p.cents(2.1, 4.4),
                    p.company(slot, "活动保障"),
                    OPEN_AT_WEEKENDS,
                    contract=True,
                )
