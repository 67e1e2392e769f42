"""Plants irregular spending: payments that should not have been made so, and budgets executed badly."""

from __future__ import annotations

import datetime as dt

from budgetwatch.demo import days
from budgetwatch.demo.budgets import Budget, move
from budgetwatch.demo.events import home
from budgetwatch.demo.lawful import reserve_of
from budgetwatch.demo.planted import Concentration
from budgetwatch.demo.planting import WAN, Planting
from budgetwatch.demo.slots import THREE_PUBLIC, Slot


def plant(p: Planting) -> None:
    """All of them; what needs a rare kind of place comes first."""
    _december_rush(p)
    _before_approval(p)
    _concentration(p)
    _direct_to_own_account(p)
    _bond_on_office(p)
    _idle_bond(p)
    _stuck_special(p)
    _zero_execution(p)
    _over_budget(p)
    _three_public(p)
    _large_virement(p)
    _reserve_misused(p)
    _split_purchase(p)
    _just_below(p)
    _duplicate(p)
    _two_accounts(p)
    _own_account(p)
    _to_treasury_below(p)
    _to_persons(p)
    _cash(p)
    _weekend(p)
    _words(p)
    _again(p)
    _round_month(p)
    _no_indicator(p)


def _own_project(s: Slot, b: Budget, i: int, least_wan: float) -> bool:
    return (
        s.line_type == "project"
        and s.source == "own"
        and s.book == "1"
        and s.rhythm == "regular"
        and b.paid[i] >= least_wan * WAN
    )


def _office(s: Slot) -> bool:
    return s.eco == "30201" and s.rhythm == "regular"


def _december_rush(p: Planting) -> None:
    """A unit that spends 55 % of its year in December."""
    plan = p.plan
    for year, slot in p.spots(lambda i, s, b: _own_project(s, b, i, 30) and 0 < _rush_share(p, b, s.unit) <= 0.9):
        budget = plan.budgets[year]
        unit = plan.slots[slot].unit
        share = _rush_share(p, budget, unit)
        for i in plan.of_unit(unit):
            p.take(year, i)
            if plan.slots[i].rhythm == "regular":
                budget.december[i] = share
        p.label("december_rush", ("EX-04", "EX-05"), year, slot, also=("EX-01", "EX-06"), share="0.55")


def _rush_share(p: Planting, budget: Budget, unit: int) -> float:
    """What share of its movable spending must fall in December to make 55 % of all; 0 if that is not possible."""
    if p.plan.units[unit].is_finance:
        return 0.0
    mine = [i for i in p.plan.of_unit(unit) if p.plan.slots[i].rhythm != "none"]
    whole = sum(int(budget.paid[i]) for i in mine)
    movable = sum(int(budget.paid[i]) for i in mine if p.plan.slots[i].rhythm == "regular")
    steady = sum(int(budget.paid[i]) for i in mine if p.plan.slots[i].rhythm == "monthly") / 11.9
    return (0.55 * whole - steady) / movable if movable > 0.6 * whole else 0.0


def _before_approval(p: Planting) -> None:
    """Large project payments in the first days of January, before the congress has approved the budget."""
    for year, slot in p.spots(lambda i, s, b: _own_project(s, b, i, 300), years=p.plan.years[1:] or p.plan.years):
        unit = p.plan.slots[slot].unit
        wages = sum(
            int(p.plan.budgets[year].paid[i]) for i in p.plan.of_unit(unit) if p.plan.slots[i].line_type == "personnel"
        )
        approved = p.procedure.approved[home(p.plan, p.plan.region_of(slot)).code, year]
        label = p.label("spending_before_approval", ("BP-29",), year, slot, also=("PY-24",), approved=str(approved))
        early = [d for n in days.of(year).work[:12] if (d := days.day(int(n))) < approved and d.day >= 3]
        for n in range(3):
            amount = int(wages / 12 * (0.7 + 0.15 * n)) // 100 * 100 + 31 + n
            p.pay(label, year, slot, early[min(n * 2, len(early) - 1)], amount, p.company(slot, "建筑工程"),
                  f"{p.plan.budgets[year].names[slot]}预付款", contract=True)  # fmt: skip


def _concentration(p: Planting) -> None:
    """Most of a unit's project spending goes to one company."""

    def wanted(i: int, s: Slot, b: Budget) -> bool:
        return (
            _own_project(s, b, i, 20)
            and s.eco[:3] in ("302", "310")
            and len(_projects(p, s.unit)) >= 2
            and not any(_for_people(p.plan.slots[k]) for k in p.plan.of_unit(s.unit))
        )

    for year, slot in p.spots(wanted):
        payee = p.company(slot, "综合实业")
        for k in _projects(p, p.plan.slots[slot].unit):
            p.take(year, k)
        label = p.label("payee_concentration", ("PY-13",), year, slot, also=("PC-14",), payee=p.payees.names[payee])
        p.out.concentrations.append(Concentration(year, tuple(_projects(p, p.plan.slots[slot].unit)), payee, label))


def _for_people(s: Slot) -> bool:
    return s.line_type == "project" and (s.eco[:3] == "303" or s.book != "1")


def _projects(p: Planting, unit: int) -> list[int]:
    return [
        i
        for i in p.plan.of_unit(unit)
        if p.plan.slots[i].line_type == "project" and p.plan.slots[i].rhythm == "regular"
    ]


def _direct_to_own_account(p: Planting) -> None:
    """Direct funds moved to a fiscal special account or the unit's own basic account."""
    for n, (year, slot) in enumerate(
        p.spots(lambda i, s, b: s.source == "direct" and s.line_type == "project" and b.paid[i] > 60 * WAN)
    ):
        unit = p.plan.units[p.plan.slots[slot].unit]
        own = (unit.name, "own_unit", "basic")
        payee = p.payees.add(*own if n % 2 else (f"{unit.region.name}财政专户", "fiscal_account", "fiscal"))
        label = p.label("direct_funds_to_account", ("TR-10",), year, slot, also=("PY-02", "PY-03") if n % 2 else ())
        budget = p.plan.budgets[year]
        amount = int(budget.paid[slot]) // 4 // 100 * 100
        p.add(label, year, slot, p.workday(year, slot, 5, 9), amount, payee, "直达资金归集划转")


def _bond_on_office(p: Planting) -> None:
    """Bond money that pays for office goods."""
    for year, slot in p.spots(lambda i, s, b: s.source.endswith("_bond")):
        amount = p.cents(2.2, 4.8)
        label = p.label("bond_on_office", ("DB-05",), year, slot, also=("EX-08", "EX-09"), eco_code="30201")
        p.add(label, year, slot, p.workday(year, slot), amount, p.company(slot, "办公用品"), "购办公用品及耗材",
              changes={"dep_eco_code": "30201", "gov_eco_code": "50201"})  # fmt: skip


def _idle_bond(p: Planting) -> None:
    """Bond proceeds that lie unspent for more than a year."""
    for year, slot in p.spots(lambda i, s, b: s.source.endswith("_bond"), years=p.plan.years[:-1]):
        budget = p.plan.budgets[year]
        budget.paid[slot] = 0
        p.label("idle_bond", ("DB-06",), year, slot, also=("EX-03", "EX-01", "IV-10", "CF-02", "IV-04", "IV-05"))


def _stuck_special(p: Planting) -> None:
    """A special transfer passed to a unit that spends nothing of it."""

    def alone(i: int, s: Slot, b: Budget) -> bool:
        return s.source in ("upper_special", "direct") and s.line_type == "project" and p.alone(b, i)

    for year, slot in p.spots(alone, years=p.plan.years[:-1]):
        budget = p.plan.budgets[year]
        budget.paid[slot] = 0
        p.label(
            "funds_stuck", ("TR-04",), year, slot, also=("EX-03", "EX-01", "CF-02"), tracking_id=budget.tracking[slot]
        )


def _small_in_unit(p: Planting, i: int, s: Slot, b: Budget) -> bool:
    return b.paid[i] * 12 < p.unit_total(b, s.unit)


def _zero_execution(p: Planting) -> None:
    """A project with money and no payment all year."""

    def wanted(i: int, s: Slot, b: Budget) -> bool:
        return _own_project(s, b, i, 20) and s.eco not in ("31001", "31005") and _small_in_unit(p, i, s, b)

    for year, slot in p.spots(wanted):
        p.plan.budgets[year].paid[slot] = 0
        p.forget_carry(year, slot)
        p.label("zero_execution", ("EX-03",), year, slot, also=("EX-01", "CF-02"))


def _over_budget(p: Planting) -> None:
    """An item paid twelve per cent beyond its indicator."""

    def wanted(i: int, s: Slot, b: Budget) -> bool:
        return (s.line_type in ("operating", "project") and s.source == "own" and s.rhythm == "regular" and s.book == "1"
                and s.eco not in (*THREE_PUBLIC, "30215", "30216", "31001", "31005") and _small_in_unit(p, i, s, b))  # fmt: skip

    for year, slot in p.spots(wanted):
        budget = p.plan.budgets[year]
        budget.paid[slot] = int(budget.executable[slot]) * 112 // 100
        p.forget_carry(year, slot)
        p.label("over_budget", ("EX-09",), year, slot, also=("EX-26",))


def _three_public(p: Planting) -> None:
    """Hospitality or vehicle costs above their budget, and above the year before."""
    years = p.plan.years[1:] or p.plan.years
    for year, slot in p.spots(lambda i, s, b: s.eco in ("30217", "30231"), years=years):
        budget = p.plan.budgets[year]
        budget.paid[slot] = int(budget.executable[slot]) * 124 // 100
        p.label("three_public_over_budget", ("SG-01",), year, slot, also=("SG-02", "EX-09", "EX-26"))


def _large_virement(p: Planting) -> None:
    """More than a fifth of a project's budget moved to another, and more than 10 万元: less is customarily let pass."""

    def wanted(i: int, s: Slot, b: Budget) -> bool:
        if not _own_project(s, b, i, 30) or b.added[i] or b.reduced[i]:
            return False
        partner = _partner(p, i, s, b)
        return partner is not None and min(b.approved[i], b.approved[partner]) * 36 // 100 >= 12 * WAN

    for year, slot in p.spots(wanted):
        budget = p.plan.budgets[year]
        target = _partner(p, slot, p.plan.slots[slot], budget)
        if target is None:
            continue
        amount = int(min(budget.approved[slot], budget.approved[target]) * 0.36) // 10_000 * 10_000
        p.take(year, target)
        move(p.plan, budget, slot, target, amount)
        budget.paid[slot] -= amount * 96 // 100
        budget.paid[target] += amount * 96 // 100
        for i in (slot, target):
            p.forget_carry(year, i)
        p.label(
            "large_virement",
            ("EX-12",),
            year,
            slot,
            also=("EX-15",),
            to_project=budget.codes[target],
            amount=str(amount),
        )


def _partner(p: Planting, i: int, s: Slot, b: Budget) -> int | None:
    for k in p.plan.of_unit(s.unit):
        other = p.plan.slots[k]
        like = (
            other.line_type == "project" and other.source == "own" and other.book == "1" and other.rhythm == "regular"
        )
        if k != i and like and not b.added[k] and not b.reduced[k] and b.approved[k] * 3 > b.approved[i]:
            return k
    return None


def _reserve_misused(p: Planting) -> None:
    """The contingency reserve used for redecoration, without a decision's number."""

    def wanted(i: int, s: Slot, b: Budget) -> bool:
        region = p.plan.region_of(i)
        return _own_project(s, b, i, 60) and s.eco == "31006" and region.has_congress and not b.added[i]

    for year, slot in p.spots(wanted):
        budget = p.plan.budgets[year]
        unit = p.plan.units[p.plan.slots[slot].unit]
        reserve = reserve_of(p, slot)
        amount = int(min(budget.approved[slot] * 0.12, budget.approved[reserve] * 0.3)) // 10_000 * 10_000
        budget.added[slot] += amount
        budget.paid[slot] += amount
        budget.reduced[reserve] += amount
        number = f"YBF{year}{slot:05d}"
        p.label("reserve_misused", ("EX-16",), year, slot, adj_no=number, amount=str(amount))
        p.out.adjustments.append({
            "adj_no": number, "budget_year": year, "adm_div_code": unit.region.code, "agency_code": unit.code,
            "agency_name": unit.name, "type": "reserve", "adj_date": p.workday(year, slot, 5, 9), "func_code": p.plan.slots[slot].func,
            "pro_code": budget.codes[slot], "pro_name": budget.names[slot], "from_line": budget.codes[reserve],
            "to_line": budget.codes[slot], "amount": amount, "approval_doc": None, "approval_body": None, "purpose": "办公楼装修改造",
        })  # fmt: skip


def _split_purchase(p: Planting) -> None:
    """Three purchases of about 98,000 from one company within twenty days, none of them tendered."""

    def wanted(i: int, s: Slot, b: Budget) -> bool:
        return (s.source == "own" and s.rhythm == "regular" and s.eco in ("30201", "30213", "30227", "31002", "31003", "31007", "30202")
                and s.book == "1" and b.paid[i] > 40 * WAN)  # fmt: skip

    for year, slot in p.spots(wanted):
        label = p.label("split_purchase", ("PY-08", "PY-11"), year, slot)
        start = p.workday(year, slot, 4, 10)
        payee = p.company(slot, "办公设备")
        for part, (amount, later) in enumerate(((9_800_000, 0), (9_785_000, 8), (9_820_000, 17)), start=1):
            p.pay(label, year, slot, days.workday_near(start + dt.timedelta(later)) if later < 17 else _before(start, 19), amount, payee,
                  f"设备采购（第{'一二三'[part - 1]}批）")  # fmt: skip


def _before(start: dt.date, later: int) -> dt.date:
    day = start + dt.timedelta(later)
    while not days.is_workday(day):
        day -= dt.timedelta(1)
    return day


def _just_below(p: Planting) -> None:
    """Four purchases in a year just below the limit, each from another company."""
    for year, slot in p.spots(
        lambda i, s, b: _own_project(s, b, i, 80) and s.eco in ("30227", "31003", "31006", "31007", "30213")
    ):
        label = p.label("just_below_limit", ("PY-11",), year, slot)
        for month, amount in zip((4, 6, 8, 10), (9_460_000, 9_735_050, 9_289_900, 9_690_000), strict=True):
            p.pay(
                label,
                year,
                slot,
                p.workday(year, slot, month, month),
                amount,
                p.company(slot, "技术服务"),
                "零星设备及服务采购",
            )


def _duplicate(p: Planting) -> None:
    """The same bill paid twice, six days apart; half of them show the same invoice."""

    def wanted(i: int, s: Slot, b: Budget) -> bool:
        return s.source == "own" and s.rhythm == "regular" and s.eco in ("30213", "30227", "30202", "31003", "31007")

    for n, (year, slot) in enumerate(p.spots(wanted)):
        label = p.label("duplicate_payment", ("PY-07",), year, slot)
        payee, amount = p.company(slot, "设备维护"), p.cents(2.1, 4.7)
        for _ in range(60):
            first = p.workday(year, slot, 4, 10)
            if days.is_workday(first + dt.timedelta(6)):
                break
        number = f"77{year % 100:02d}{slot:08d}"
        for day in (first, first + dt.timedelta(6)):
            p.pay(
                label,
                year,
                slot,
                day,
                amount,
                payee,
                f"设备维护费（{first.month}月）",
                changes={"invoice_no": number} if n % 2 == 0 else {},
            )


def _two_accounts(p: Planting) -> None:
    """One company's name, two accounts within a month."""
    for year, slot in p.spots(lambda i, s, b: _own_project(s, b, i, 60) and s.eco[:3] in ("302", "310")):
        label = p.label("payee_two_accounts", ("PY-19",), year, slot)
        first = p.company(slot, "工程技术")
        second = p.payees.add(p.payees.names[first] + "#")
        p.payees.names[second] = p.payees.names[first]
        start = p.workday(year, slot, 4, 9)
        p.pay(label, year, slot, start, p.cents(14, 24), first, "项目服务费", contract=True)
        p.pay(
            label,
            year,
            slot,
            days.workday_near(start + dt.timedelta(20)),
            p.cents(26, 38),
            second,
            "项目服务费尾款",
            contract=True,
        )


def _own_account(p: Planting) -> None:
    """Project money moved from the zero-balance account to the unit's own basic account."""
    for year, slot in p.spots(lambda i, s, b: _own_project(s, b, i, 60)):
        unit = p.plan.units[p.plan.slots[slot].unit]
        label = p.label("to_own_basic_account", ("PY-02",), year, slot, also=("PY-03", "EX-23"))
        payee = (
            p.payees.add(unit.name, "own_unit", "basic")
            if unit.name not in p.payees.names
            else p.payees.names.index(unit.name)
        )
        p.pay(label, year, slot, p.workday(year, slot, 5, 11), p.cents(18, 46), payee, "划转项目周转资金")


def _to_treasury_below(p: Planting) -> None:
    """A department that is not the finance bureau pays a finance bureau below it."""

    def wanted(i: int, s: Slot, b: Budget) -> bool:
        unit = p.plan.units[s.unit]
        return _own_project(s, b, i, 60) and unit.region.level in ("city", "district") and not unit.is_finance

    for year, slot in p.spots(wanted):
        region = p.plan.region_of(slot)
        below = [r for r in p.plan.places if r.parent == region.code]
        lower = below[int(p.rng.integers(len(below)))]
        name = f"{lower.name}{'财政局' if lower.level == 'district' else '财政所'}"
        payee = p.payees.single(f"bureau{lower.code}", name, "fiscal_account", "fiscal")
        label = p.label("department_pays_lower_finance", ("TR-07",), year, slot, recipient_div=lower.code)
        p.pay(label, year, slot, p.workday(year, slot), p.cents(20, 60), payee, "拨付项目补助经费")


def _to_persons(p: Planting) -> None:
    """120,000 yuan of labour fees to one person."""
    for year, slot in p.spots(
        lambda i, s, b: s.eco in ("30226", "30227") and s.source == "own" and s.book == "1" and s.rhythm == "regular"
    ):
        label = p.label("large_personal_payment", ("PY-01",), year, slot, eco_code="30226")
        changes = {} if p.plan.slots[slot].eco == "30226" else {"dep_eco_code": "30226"}
        if changes:
            p.out.labels[label - 1].also = ("EX-08", "EX-09")
        p.pay(
            label, year, slot, p.workday(year, slot), 12_000_000, p.payees.person(), "专家咨询劳务费", changes=changes
        )


def _cash(p: Planting) -> None:
    """A large withdrawal in cash."""
    for year, slot in p.spots(lambda i, s, b: _office(s)):
        label = p.label("cash_withdrawal", ("PY-05",), year, slot, also=("PY-01",))
        p.pay(
            label,
            year,
            slot,
            p.workday(year, slot),
            p.cents(5.6, 8.4),
            p.payees.person(),
            "提取备用金",
            settlement="cash",
        )


def due(s: Slot) -> str:
    """What a project's money is paid for, by its subject."""
    return "工程进度款" if s.eco in ("31001", "31005", "31006") else "采购款" if s.eco.startswith("310") else "服务费"


def _weekend(p: Planting) -> None:
    """A large payment on a day when offices are closed."""
    for year, slot in p.spots(lambda i, s, b: _own_project(s, b, i, 100) and s.eco[:3] in ("302", "310")):
        label = p.label("weekend_payment", ("PY-12",), year, slot)
        p.pay(
            label,
            year,
            slot,
            p.day_off(year),
            p.cents(31, 78),
            p.company(slot, "技术服务"),
            f"{p.plan.budgets[year].names[slot]}{due(p.plan.slots[slot])}",
            contract=True,
        )


def _words(p: Planting) -> None:
    """Purposes that give themselves away: gift cards, meals as meetings, fuel as travel, wages costs as office goods."""
    for kind, ids, eco, trade, words, low, high in (
        ("gift_keyword", ("PY-15",), "30201", "百货", "购买购物卡", 0.8, 3.4),
        ("hospitality_as_meeting", ("SG-05",), "30215", "餐饮服务", "接待餐费", 0.6, 1.8),
        ("vehicle_as_travel", ("SG-06",), "30211", "汽车服务", "车辆加油及过路费", 0.3, 0.9),
        ("purpose_mismatch", ("PY-17",), "30201", "社会服务", "补缴基本养老保险缴费", 1.1, 2.6),
    ):
        for year, slot in p.spots(lambda i, s, b, eco=eco: s.eco == eco and s.rhythm == "regular"):  # type: ignore[misc]
            label = p.label(kind, ids, year, slot)
            p.pay(label, year, slot, p.workday(year, slot), p.cents(low, high), p.company(slot, trade), words)


def _again(p: Planting) -> None:
    """Gifts bought by a unit in one year, and again by the same unit in the next."""
    for _first, slot in p.spots(lambda i, s, b: _office(s), years=p.plan.years[:1]):
        for n, words in enumerate(("购买购物卡慰问", "采购节日礼品")):
            one = p.plan.years[min(n, len(p.plan.years) - 1)]
            p.take(one, slot)
            label = p.label("gifts_again", ("PY-15",), one, slot)
            p.pay(
                label,
                one,
                slot,
                p.workday(one, slot, 3 + 4 * n, 5 + 4 * n),
                p.cents(0.9, 2.6),
                p.company(slot, "百货"),
                words,
            )


def _round_month(p: Planting) -> None:
    """Two crooked payments to one company in one month that add up to 80,000 exactly."""
    for year, slot in p.spots(lambda i, s, b: s.line_type == "operating" and s.eco == "30201"):
        label = p.label("round_monthly_total", ("PY-09",), year, slot)
        part, payee = p.cents(3.1, 4.4), p.company(slot, "办公用品")
        month = int(p.rng.integers(4, 10))
        calendar = days.of(year)
        first = int(calendar.begin[month - 1])
        for place, amount in ((2, part), (13, 8_000_000 - part)):
            p.pay(label, year, slot, days.day(int(calendar.work[first + place])), amount, payee, "购办公用品")


def _no_indicator(p: Planting) -> None:
    """Payments that name no indicator, or no project either."""
    for n, (year, slot) in enumerate(p.spots(lambda i, s, b: _own_project(s, b, i, 40))):
        label = p.label("no_indicator", ("EX-08",), year, slot, also=("EX-09",))
        changes = {"indicator_no": None} if n % 2 else {"indicator_no": None, "pro_code": None, "pro_name": None}
        p.pay(
            label,
            year,
            slot,
            p.workday(year, slot),
            p.cents(11, 32),
            p.company(slot, "技术服务"),
            "追加业务支出",
            contract=True,
            changes=changes,
        )
