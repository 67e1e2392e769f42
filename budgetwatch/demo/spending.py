"""A year's payments: every slot's planned spending split into vouchers with days, amounts, payees and purposes.

Columnar throughout: one row of arrays a payment, no loop over payments. Sums stay exact: the payments of a
slot add up to what the budget says was paid.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
from numpy.typing import NDArray

from budgetwatch.demo import days, purposes, tidy
from budgetwatch.demo.budgets import Budget, Plan
from budgetwatch.demo.payees import PERSONS_A_UNIT, Choice, Payees
from budgetwatch.demo.subjects import government_economic

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

#: Share of a regular item's spending by period: two full quarters after the approval, the third, then month by month.
_SHARES = np.array([0.215, 0.26, 0.25, 0.085, 0.09, 0.10])
_PERIOD_OF_MONTH = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 4, 5])
#: How often further payments fall in each month (none before the approval in January).
_MONTHS = np.array([0.0, 0.04, 0.115, 0.09, 0.10, 0.115, 0.085, 0.085, 0.105, 0.08, 0.09, 0.095])
_JANUARY_FALLS = 0.985  # spending before the approval stays below that of the year before
_PERSON_BELOW = 900_000  # 分: greater amounts of labour and travel go to companies
_BATCH_ABOVE = 2_000_000  # 分: greater amounts of support go through a batch account
_LEAST_MEAN = 40_000  # 分: no slot is split into payments smaller than this on average


def counts(plan: Plan, year: int, payments: int, rng: np.random.Generator) -> Ints:
    """How many payments each slot gets in the year, about `payments` in all and never fewer than it needs."""
    budget = plan.budgets[year]
    spent_singly = np.array([budget.taken.get(i, 0) for i in range(len(plan.slots))])
    active = (budget.paid - spent_singly > 0) & np.array([s.rhythm != "none" for s in plan.slots])
    least = np.where(active, [s.minimum for s in plan.slots], 0).astype(np.int64)
    appetite = np.where(active, [s.extra for s in plan.slots], 0.0) * np.maximum(budget.paid, 1) ** 0.35
    cap = np.maximum(least, budget.paid // _LEAST_MEAN)
    made = least.copy()
    for _ in range(6):
        missing = payments - int(made.sum())
        open_ = np.where(made < cap, appetite, 0.0)
        if missing <= 0 or open_.sum() <= 0:
            break
        made = np.minimum(cap, made + rng.multinomial(missing, open_ / open_.sum()))
    return made


def spend(
    plan: Plan,
    payees: Payees,
    choice: Choice,
    year: int,
    chunk: range,
    how_many: Ints,
    salary_day: Ints,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """The payments of the slots in `chunk`: every column of the feed but the voucher and invoice numbers, and `slot`."""
    budget = plan.budgets[year]
    first, last = chunk.start, chunk.stop
    n = how_many[first:last]
    slot = np.repeat(np.arange(first, last), n)
    if not len(slot):
        return pl.DataFrame()
    place = np.arange(len(slot)) - np.repeat(np.cumsum(n) - n, n)
    rhythm = np.array([{"monthly": 0, "quarterly": 1, "regular": 2}.get(s.rhythm, 2) for s in plan.slots])
    month = _months(rhythm[slot], place, rng)
    amount = _amounts(plan, budget, year, slot, month, rhythm, chunk, rng)
    when = _days(plan, budget, year, slot, month, rhythm, salary_day, rng)
    order = np.lexsort((rng.random(len(slot)), when, slot))
    slot, month, amount, when = slot[order], month[order], amount[order], when[order]
    payee, individual = _payees(plan, choice, slot, place, amount, rng)
    period = np.where(rhythm[slot] == 2, _PERIOD_OF_MONTH[month], month)
    fixed = rhythm[slot] != 2
    unit = np.array([s.unit for s in plan.slots])[slot]
    organisation = np.array([kind == "organisation" for kind in payees.types])[payee]
    amount = tidy.keep_clear(amount, slot, period, unit, payee, when, fixed, organisation, rng)
    refunded = _refunds(amount, slot, when, organisation & ~fixed, year, rng)
    return _frame(plan, budget, payees, year, slot, month, amount, when, payee, individual, refunded, rng)


def _months(rhythm: Ints, place: Ints, rng: np.random.Generator) -> Ints:
    """The month of each payment: all twelve, four quarters, or six sure ones and the rest by season."""
    draw = rng.integers(0, 3, len(place))
    sure = np.array([2, 3, 6, 9, 10, 11])[np.minimum(place, 5)] + np.where((place == 1) | (place == 2), draw, 0)
    season = rng.choice(12, len(place), p=_MONTHS / _MONTHS.sum())
    regular = np.where(place < 6, sure, season)
    quarterly = np.array([2, 3, 6, 9])[np.minimum(place, 3)]
    return np.where(rhythm == 0, np.minimum(place, 11), np.where(rhythm == 1, quarterly, regular))


def _amounts(
    plan: Plan, budget: Budget, year: int, slot: Ints, month: Ints, rhythm: Ints, chunk: range, rng: np.random.Generator
) -> Ints:
    """Amounts in 分 that add up to each slot's spending, heavy-tailed within each period of the year."""
    size = len(chunk)
    at = slot - chunk.start
    period = np.where(rhythm[slot] == 2, _PERIOD_OF_MONTH[month], month)
    totals = np.zeros((size, 12), np.int64)
    present = np.zeros((size, 12), bool)
    present[at, period] = True
    shares = _shares(plan, budget, year, chunk, rhythm, rng) * present
    paid = budget.paid[chunk.start : chunk.stop] - np.array([budget.taken.get(i, 0) for i in chunk])
    whole = shares.sum(axis=1)
    live = whole > 0
    totals[live] = np.floor(shares[live] / whole[live, None] * paid[live, None]).astype(np.int64)
    biggest = np.argmax(totals, axis=1)
    totals[np.arange(size), biggest] += np.where(live, paid - totals.sum(axis=1), 0)
    weight = np.exp(rng.normal(0, 0.85, len(slot))) + (rng.random(len(slot)) < 0.03) * rng.pareto(2.2, len(slot)) * 3
    group = at * 12 + period
    sums = np.bincount(group, weight, size * 12)
    target = totals.ravel()[group]
    amount = np.floor(target * (weight / sums[group])).astype(np.int64)
    step = np.array([1, 1, 100, 100, 1000, 10_000])[np.arange(chunk.start, chunk.stop) * 7919 % 6][at]
    many = np.bincount(group, minlength=size * 12)[group] > 1
    amount = np.where(many, np.maximum(amount // step * step, 100), amount)
    largest = tidy.largest_of(group, amount, size * 12)
    rest = totals.ravel() - np.bincount(group, amount, size * 12).astype(np.int64)
    has = largest >= 0
    amount[largest[has]] += rest[has]
    return amount


def _shares(plan: Plan, budget: Budget, year: int, chunk: range, rhythm: Ints, rng: np.random.Generator) -> Floats:
    size = len(chunk)
    shares = np.zeros((size, 12))
    kind = rhythm[chunk.start : chunk.stop]
    noise = np.exp(rng.normal(0, 0.035, (size, 6)))
    shares[:, :6] = _SHARES * noise
    monthly = kind == 0
    shares[monthly] = 1 + rng.uniform(-0.015, 0.015, (int(monthly.sum()), 12))
    first = plan.budgets[plan.years[0]].paid[chunk.start : chunk.stop]
    now = np.maximum(budget.paid[chunk.start : chunk.stop], 1)
    reference = np.where(first > 0, np.minimum(first, now * 1.05), now) / 12.3
    january = reference * _JANUARY_FALLS ** (year - plan.years[0]) * (1 - 0.004 * rng.random(size)) / now
    january = np.clip(january, 0.02, 0.1)
    others = shares[:, 1:].sum(axis=1)
    shares[:, 0] = np.where(monthly, january / (1 - january) * others, shares[:, 0])
    quarterly = kind == 1
    shares[quarterly] = 0.0
    shares[np.ix_(np.flatnonzero(quarterly), np.array([2, 3, 6, 9]))] = 1.0
    for i in chunk:
        if i in budget.december and kind[i - chunk.start] == 2:
            row = shares[i - chunk.start]
            share = budget.december[i]
            row[:5] *= (1 - share) / row[:5].sum()
            row[5] = share
        if i in budget.equal:
            shares[i - chunk.start] = 1.0
    return shares


def _days(
    plan: Plan,
    budget: Budget,
    year: int,
    slot: Ints,
    month: Ints,
    rhythm: Ints,
    salary_day: Ints,
    rng: np.random.Generator,
) -> Ints:
    """The day of each payment: salaries on the unit's pay day, contracts on their own, the rest on any working day."""
    calendar = days.of(year)
    issued = np.array([calendar.first_from(d) for d in budget.issued])
    low = np.maximum(calendar.begin[month], issued[slot])
    high = calendar.begin[month + 1]
    late = low >= high
    low = np.where(late, issued[slot], low)
    high = np.where(late, np.minimum(issued[slot] + 8, len(calendar.work)), high)
    regular = calendar.work[low + (rng.random(len(slot)) * (high - low)).astype(np.int64)]
    unit = np.array([s.unit for s in plan.slots])[slot]
    personnel = np.array([s.line_type == "personnel" for s in plan.slots])
    table = np.array(
        [[days.number(days.pay_day(year, m, 9 if m == 1 and d > 9 else d)) for m in range(1, 13)] for d in range(7, 17)]
    )
    salaries = table[salary_day[unit] - 7, month]
    width = np.maximum(calendar.begin[month + 1] - calendar.begin[month] - 1, 1)
    steady = calendar.work[calendar.begin[month] + np.minimum(5 + slot % 8, width)]
    steady = np.where(month == 0, salaries, steady)
    middle = np.where(month == 2, 5, 11)
    quarter = calendar.work[
        np.maximum(calendar.begin[month] + middle + slot % 3, np.where(month == 2, issued[slot], 0))
    ]
    monthly = np.where(personnel[slot], salaries, steady)
    return np.where(rhythm[slot] == 0, monthly, np.where(rhythm[slot] == 1, quarter, regular))


def _payees(
    plan: Plan, choice: Choice, slot: Ints, place: Ints, amount: Ints, rng: np.random.Generator
) -> tuple[Ints, NDArray[np.bool_]]:
    """Who is paid: a slot's suppliers in turn, so that one comes again only after all others; small sums go to persons."""
    payee = choice.first[slot] + place % choice.count[slot]
    support = np.array([s.eco[:3] == "303" for s in plan.slots])[slot]
    has_persons = choice.persons[slot] >= 0
    individual = has_persons & (amount < np.where(support, _BATCH_ABOVE, _PERSON_BELOW))
    person = choice.persons[slot] + rng.integers(0, PERSONS_A_UNIT, len(slot))
    return np.where(individual, person, payee), individual


def _refunds(
    amount: Ints, slot: Ints, when: Ints, eligible: NDArray[np.bool_], year: int, rng: np.random.Generator
) -> tuple[Ints, Ints, Ints]:
    """Some payments were too high and part of them comes back a week or two later: (row, 分 returned, day)."""
    november = days.number(dt.date(year, 11, 30))
    clear = (amount > 200_000) & (amount < 7_000_000) & (when <= november)
    rows = np.flatnonzero(eligible & clear & (rng.random(len(slot)) < 0.006))
    back = (amount[rows] * rng.uniform(0.03, 0.2, len(rows)) / 1000).astype(np.int64) * 1000 + 730
    amount[rows] += back
    work = days.of(year).work
    later = work[np.minimum(np.searchsorted(work, when[rows] + rng.integers(6, 18, len(rows))), len(work) - 1)]
    return rows, back, later


def _frame(
    plan: Plan, budget: Budget, payees: Payees, year: int, slot: Ints, month: Ints, amount: Ints, when: Ints, payee: Ints,
    individual: NDArray[np.bool_], refunded: tuple[Ints, Ints, Ints], rng: np.random.Generator,
) -> pl.DataFrame:  # fmt: skip
    """Everything that can be read from slot, payee and amount, as columns; refunds appended."""
    rows, back, later = refunded
    eco_small = np.array([s.eco in ("30211", "30201", "30215", "30216") for s in plan.slots])[slot]
    card = eco_small & (amount < 450_000) & (rng.random(len(slot)) < 0.8)
    petty = eco_small & ~card & (amount < 80_000) & (rng.random(len(slot)) < 0.3)
    cheque = ~individual & (amount < 5_000_000) & (rng.random(len(slot)) < 0.01)
    payroll = np.array([s.line_type == "personnel" or s.eco[:3] == "303" for s in plan.slots])[slot]
    settlement = np.full(len(slot), "transfer", dtype="<U8")
    for chosen, way in ((cheque, "cheque"), (petty, "cash"), (card, "card"), (payroll, "payroll")):
        settlement[chosen] = way
    calendar = days.of(year)
    off_first, off_last = calendar.off_begin[month], calendar.off_begin[month + 1]
    strays = card & (amount < 300_000) & (when > days.number(dt.date(year, 3, 15))) & (rng.random(len(slot)) < 0.04)
    stray_day = calendar.off[off_first + (rng.random(len(slot)) * (off_last - off_first)).astype(np.int64)]
    when = np.where(strays, stray_day, when)
    variant = rng.integers(0, purposes.VARIANTS, len(slot))
    base = pl.DataFrame(
        {
            "slot": np.concatenate([slot, slot[rows]]), "payee": np.concatenate([payee, payee[rows]]),
            "cents": np.concatenate([amount, -back]), "day": np.concatenate([when, later]),
            "settlement": np.concatenate([settlement, np.full(len(rows), "transfer")]),
            "variant": np.concatenate([variant, variant[rows]]), "month": np.concatenate([month, month[rows]]) + 1,
            "refund": np.concatenate([np.zeros(len(slot), bool), np.ones(len(rows), bool)]),
        }
    )  # fmt: skip
    return describe(plan, budget, payees, year, base)


def describe(plan: Plan, budget: Budget, payees: Payees, year: int, base: pl.DataFrame) -> pl.DataFrame:
    """The feed's columns of payments given as slot, payee, cents, day, settlement, variant, month and refund."""
    needed = base["slot"].unique().sort()
    slots = slot_table(plan, budget, year, needed.to_list())
    templates = pl.DataFrame(
        [(eco, v, purposes.template(eco, v)) for eco in slots["dep_eco_code"].unique() for v in range(purposes.VARIANTS)],
        schema={"dep_eco_code": pl.String, "variant": pl.Int64, "template": pl.String}, orient="row",
    )  # fmt: skip
    who = base["payee"]
    frame = (
        base.with_columns(
            payee_name=pl.Series(payees.names).gather(who), payee_account=pl.Series(payees.accounts).gather(who),
            payee_bank=pl.Series(payees.banks).gather(who), payee_type=pl.Series(payees.types).gather(who),
            payee_account_type=pl.Series(payees.account_types).gather(who), pay_date=pl.col("day").cast(pl.Int32).cast(pl.Date),
        )
        .join(slots, on="slot", how="left")
        .join(templates, on=["dep_eco_code", "variant"], how="left")
    )  # fmt: skip
    text = purposes.filled(
        pl.col("template"), year=year, month=pl.col("month"), topic=pl.col("topic"), project=pl.col("pro_name")
    )
    bought = (pl.col("payee_type") == "organisation") & pl.col("dep_eco_code").str.contains("^(302|309|310)")
    bought &= ~pl.col("dep_eco_code").is_in(["31009"])
    contract = bought & (pl.col("cents").sum().over("agency_code", "payee") >= 9_000_000)
    tail = pl.col("agency_code").str.slice(4) + pl.col("payee").cast(pl.String).str.zfill(7)
    return frame.with_columns(
        purpose=pl.when("refund").then(pl.lit("退回：") + text).otherwise(text),
        procurement_no=pl.when(contract).then(pl.lit(f"ZFCG{year}") + tail),
        contract_no=pl.when(contract).then(pl.lit(f"HT{year}") + tail),
        payee_account_type=pl.when(pl.col("payee_account_type") != "").then("payee_account_type"),
        has_invoice=(pl.col("payee_type") == "organisation") & ~pl.col("refund") & ~pl.col("dep_eco_code").is_in(["31204", "39999"])
        & ~pl.col("dep_eco_code").str.starts_with("301"),
    ).drop("template", "topic", "variant", "refund")  # fmt: skip


def slot_table(plan: Plan, budget: Budget, year: int, needed: list[int]) -> pl.DataFrame:
    """What a payment takes over from its slot."""
    rows = []
    for i in needed:
        s = plan.slots[i]
        unit = plan.units[s.unit]
        rows.append(
            (
                i, unit.region.code, unit.code, unit.name, s.book, s.source, s.func,
                government_economic(s.eco, unit.unit_type == "administrative", s.line_type), s.eco, budget.codes[i],
                budget.names[i], s.line_type, indicator_no(plan, year, i), budget.tracking[i] or None,
                f"0199{unit.code:0>14}", "zero_balance", unit.kind.topic,
            )
        )  # fmt: skip
    return pl.DataFrame(
        rows, orient="row",
        schema=dict.fromkeys(
            ("slot", "adm_div_code", "agency_code", "agency_name", "book", "fund_source", "func_code", "gov_eco_code",
             "dep_eco_code", "pro_code", "pro_name", "line_type", "indicator_no", "tracking_id", "payer_account",
             "payer_account_type", "topic"), pl.String) | {"slot": pl.Int64},
    )  # fmt: skip


def indicator_no(plan: Plan, year: int, slot: int) -> str:
    """The number of a slot's indicator in that year."""
    return f"ZB{year}{plan.region_of(slot).code[2:]}{slot:06d}"
