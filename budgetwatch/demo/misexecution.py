"""Plants budgets executed slowly or grown against the rules, and payments entered with faults."""

from __future__ import annotations

from budgetwatch.demo import days
from budgetwatch.demo.budgets import Budget
from budgetwatch.demo.misconduct import due
from budgetwatch.demo.planting import WAN, Planting
from budgetwatch.demo.slots import THREE_PUBLIC, Slot


def plant(p: Planting) -> None:
    """All but the slow units, which are planted first."""
    _three_public_growth(p)
    _outlier(p)
    _round(p)
    _out_of_year(p)
    _without_payee(p)
    _unknown_subject(p)


def slow(p: Planting) -> None:
    """A unit that spends little more than half of its projects' money and keeps the rest, to be carried over."""

    def mostly_projects(i: int, s: Slot, b: Budget) -> bool:
        if (
            s.unit in p.used_units
            or p.plan.units[s.unit].is_finance
            or not _plain(s)
            or b.paid[i] < 60 * WAN
            or b.year == p.plan.years[-1]
        ):
            return False
        mine = [k for k in p.plan.of_unit(s.unit) if p.plan.slots[k].rhythm != "none"]
        own = [k for k in mine if _plain(p.plan.slots[k])]
        free = all((b.year, k) not in p.used_slots and not b.taken.get(k) for k in own)
        return free and sum(int(b.executable[k]) for k in own) * 10 > 7 * sum(int(b.executable[k]) for k in mine)

    for year, slot in p.spots(mostly_projects):
        budget = p.plan.budgets[year]
        unit = p.plan.units[p.plan.slots[slot].unit]
        for k in p.plan.of_unit(unit.index):
            if not _plain(p.plan.slots[k]):
                continue
            p.take(year, k)
            budget.paid[k] = int(budget.executable[k]) * 46 // 100
            p.forget_carry(year, k)
            left = int(budget.executable[k] - budget.paid[k])
            p.out.carryovers.append({
                "budget_year": year + 1, "adm_div_code": unit.region.code, "agency_code": unit.code, "agency_name": unit.name,
                "pro_code": budget.codes[k], "pro_name": budget.names[k], "form_year": year, "formed": left, "used": left - left // 3,
                "recovered": left // 3, "balance": 0,
            })  # fmt: skip
        p.label("slow_execution", ("EX-01", "CF-02"), year, slot)


def _plain(s: Slot) -> bool:
    return s.line_type == "project" and s.source == "own" and s.book == "1" and s.rhythm == "regular"


def _three_public_growth(p: Planting) -> None:
    """Three public expenses far above the year before, though within a budget that was raised for them."""
    years = p.plan.years[1:]
    if not years:
        return

    def most_of_it(i: int, s: Slot, b: Budget) -> bool:
        if s.eco not in ("30217", "30231"):
            return False
        mine = [k for k in p.plan.of_unit(s.unit) if p.plan.slots[k].eco in THREE_PUBLIC]
        return int(b.paid[i]) > 6 * WAN and int(b.paid[i]) * 10 > 6 * sum(int(b.paid[k]) for k in mine)

    for year, slot in p.spots(most_of_it, years=years):
        percent = max(165, _to_rise(p, year, slot))
        for later in (y for y in (*p.plan.years, p.plan.draft_year) if y >= year):
            budget = p.plan.budgets[later]
            budget.approved[slot] = int(budget.approved[slot]) * percent // 100 // 10_000 * 10_000
            budget.paid[slot] = int(budget.paid[slot]) * percent // 100 // 10_000 * 10_000
        p.label("three_public_growth", ("SG-02",), year, slot)


def _to_rise(p: Planting, year: int, slot: int) -> int:
    """Of what is paid there, the percent with which the unit's three public expenses are above the year before also where
    they would have fallen by themselves."""
    mine = [k for k in p.plan.of_unit(p.plan.slots[slot].unit) if p.plan.slots[k].eco in THREE_PUBLIC]
    before, now = (sum(int(p.plan.budgets[y].paid[k]) for k in mine) for y in (year - 1, year))
    paid = int(p.plan.budgets[year].paid[slot])
    wanted = max(before + 24 * WAN // 10, before * 115 // 100) - (now - paid)
    return -(-wanted * 100 // paid) + 1


def _outlier(p: Planting) -> None:
    """One electricity bill of five years' consumption."""
    for year, slot in p.spots(
        lambda i, s, b: s.eco == "30206" and b.paid[i] > 3 * WAN and not p.plan.units[s.unit].is_town
    ):
        budget = p.plan.budgets[year]
        cents = int(budget.paid[slot]) * 5 // 10 * 10 + 7
        budget.approved[slot] += cents // 10_000 * 10_000 + 10_000
        budget.paid[slot] += cents
        label = p.label("outlying_payment", ("PY-30",), year, slot, also=("OM-01", "OM-03", "PY-13"))
        payee = p.payees.single("30206", "示范市示例供电有限公司")
        p.add(label, year, slot, p.workday(year, slot), cents, payee, "补缴电费", contract=True)


def _round(p: Planting) -> None:
    """One large payment of so many hundred thousand yuan exactly, without a contract that would say why."""
    for year, slot in p.spots(
        lambda i, s, b: _plain(s) and s.eco in ("30227", "30213", "31003", "31007") and b.paid[i] > 260 * WAN
    ):
        label = p.label("round_large_payment", ("PY-10",), year, slot, also=("PY-13", "PY-30", "PY-08"))
        cents = int(p.rng.integers(6, 9)) * 10 * WAN
        p.pay(label, year, slot, p.workday(year, slot), cents, p.company(slot, "技术服务"),
              f"{p.plan.budgets[year].names[slot]}{due(p.plan.slots[slot])}")  # fmt: skip


def _out_of_year(p: Planting) -> None:
    """A payment made in November and entered in the books of the year after."""
    years = p.plan.years[1:]
    if not years:
        return
    for year, slot in p.spots(lambda i, s, b: _plain(s) and b.paid[i] > 40 * WAN, years=years):
        day = days.day(int(days.of(year - 1).work[int(p.rng.integers(208, 226))]))
        label = p.label("paid_out_of_year", ("DQ-06",), year, slot, also=("DQ-07", "BP-29", "PY-24"))
        p.pay(
            label,
            year,
            slot,
            day,
            p.cents(6, 8.8),
            p.company(slot, "技术服务"),
            f"{p.plan.budgets[year].names[slot]}{due(p.plan.slots[slot])}",
        )


def _without_payee(p: Planting) -> None:
    """Payments that do not say whom they were paid to."""
    for year, slot in p.spots(lambda i, s, b: _plain(s) and b.paid[i] > 40 * WAN):
        label = p.label("payment_without_payee", ("DQ-03",), year, slot)
        nobody = {"payee_name": None, "payee_account": None, "payee_bank": None, "payee_type": None}
        for month in (5, 9):
            p.pay(label, year, slot, p.workday(year, slot, month, month), p.cents(2, 4), p.company(slot, "技术服务"),
                  f"{p.plan.budgets[year].names[slot]}{due(p.plan.slots[slot])}", changes=nobody)  # fmt: skip


def _unknown_subject(p: Planting) -> None:
    """Payments under a subject that no dictionary knows."""
    for year, slot in p.spots(lambda i, s, b: _plain(s) and b.paid[i] > 40 * WAN):
        label = p.label("unknown_subject", ("DQ-02",), year, slot, also=("EX-08", "EX-09"), func_code="2109998")
        p.pay(label, year, slot, p.workday(year, slot), p.cents(3, 7), p.company(slot, "技术服务"),
              f"{p.plan.budgets[year].names[slot]}{due(p.plan.slots[slot])}", changes={"func_code": "2109998"})  # fmt: skip
