"""What comes in: revenue month by month, fees, dividends of state companies, the social insurance funds.

A year's revenue is what the budget says was to come and what the final accounts say came; the months split it by season.
Amounts are integer 分.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from budgetwatch.demo import days
from budgetwatch.demo.budgets import Plan
from budgetwatch.demo.places import CITY, CITY_PREFIX, DISTRICTS
from budgetwatch.demo.subjects import REVENUE

Row = dict[str, Any]
#: How a year's taxes come in: quarters' first months are strong, every month stands a little ahead of the calendar.
_SEASON = np.array([0.120, 0.065, 0.075, 0.095, 0.085, 0.090, 0.100, 0.070, 0.075, 0.085, 0.065, 0.075])
#: Land is sold in lots: much in spring, at midyear, in autumn and at the end.
_LAND = np.array([0.055, 0.055, 0.190, 0.050, 0.045, 0.150, 0.030, 0.050, 0.175, 0.060, 0.050, 0.090])


def revenue(
    plan: Plan, lines: list[Row], short: Mapping[tuple[str, int], float], refunds: set[tuple[str, int]], rng: np.random.Generator
) -> list[Row]:  # fmt: skip
    """Every place's own revenue by subject and month. `lines` are the budget lines; `short` gives the share of the budget
    that came in, for places that fell short; in `refunds` one month's tax went back to those who had paid it.
    """
    wanted: dict[tuple[int, str, str, str], dict[str, int]] = {}
    for line in lines:
        if line["direction"] == "revenue" and line["fund_source"] == "own" and line["stage"] in ("approved", "final"):
            key = (line["budget_year"], line["adm_div_code"], line["book"], line["func_code"])
            wanted.setdefault(key, {})[line["stage"]] = line["amount"]
    rows: list[Row] = []
    before: dict[tuple[str, str, str], list[int]] = {}
    for (year, place, book, code), sums in sorted(wanted.items()):
        if year not in plan.years or code == "11008":
            continue
        budget = sums.get("approved", 0)
        pace = short.get((place, year)) if book == "1" else None
        whole = int(budget * pace) if pace else sums.get("final", int(budget * rng.uniform(0.995, 1.03)))
        months = _months(whole, _LAND if code == "1030148" else _SEASON, rng)
        back = [0] * 12
        if (place, year) in refunds and code == "10101":
            back[4] = months[4] * 3 // 2
            months[4] -= back[4]
            months[6] += back[4]
        ytd = np.cumsum(months).tolist()
        last = before.get((place, book, code)) or [int(x / 1.034) for x in ytd]
        before[place, book, code] = ytd
        rows += [
            {
                "budget_year": year, "month": m + 1, "adm_div_code": place, "book": book, "code": code, "name": REVENUE[code],
                "budget": budget, "amount": months[m], "ytd": ytd[m], "last_ytd": last[m], "refund": back[m],
            }
            for m in range(12)
        ]  # fmt: skip
    return sorted(rows, key=lambda r: (r["budget_year"], r["month"], r["adm_div_code"], r["book"], r["code"]))


def settle(lines: list[Row], short: Mapping[tuple[str, int], float]) -> None:
    """Let the final accounts of places that fell short say so, and meet the gap from what was left of earlier years."""
    gaps: dict[tuple[str, int], int] = {}
    budget = {
        (r["adm_div_code"], r["budget_year"], r["func_code"]): r["amount"] for r in lines
        if r["stage"] == "approved" and r["direction"] == "revenue" and r["book"] == "1" and r["fund_source"] == "own"
    }  # fmt: skip
    like: dict[tuple[str, int], Row] = {}
    for row in lines:
        key = (row["adm_div_code"], row["budget_year"])
        if (
            key in short
            and row["stage"] == "final"
            and row["book"] == "1"
            and row["direction"] == "revenue"
            and row["fund_source"] == "own"
        ):
            came = int(budget.get((*key, row["func_code"]), 0) * short[key])
            gaps[key] = gaps.get(key, 0) + row["amount"] - came
            row["amount"] = came
            like[key] = row
    lines += [
        {**like[key], "func_code": "11008", "fund_source": "carryover", "amount": gap}
        for key, gap in gaps.items()
        if gap > 0
    ]


def _months(whole: int, season: np.ndarray[Any, np.dtype[np.float64]], rng: np.random.Generator) -> list[int]:
    share = season * rng.uniform(0.985, 1.015, 12)
    parts = [int(whole * s) for s in share / share.sum()]
    parts[-1] += whole - sum(parts)
    return parts


_FEES = {
    "urban": ("103044401", "城市道路占用挖掘修复费"), "land": ("103043201", "不动产登记费"), "police": ("103040101", "证照费"),
    "education": ("103042701", "考试考务费"), "water": ("103044601", "水土保持补偿费"), "transport": ("103044201", "道路停车占用费"),
    "culture": ("103042901", "场馆服务费"), "market": ("103043301", "检验检测费"),
}  # fmt: skip


def fees(plan: Plan, rng: np.random.Generator) -> list[Row]:
    """What collecting units charged in each month: all of it in the treasury within days, receipts counted."""
    rows: list[Row] = []
    for unit in plan.units:
        item = _FEES.get(unit.kind.key)
        if item is None or unit.region.level not in ("city", "district"):
            continue
        base = int(unit.staff * rng.uniform(0.6, 1.4) * 100_000)
        last = [int(base * rng.uniform(0.85, 1.1)) for _ in range(12)]
        for year in plan.years:
            now = [int(x * rng.uniform(1.0, 1.05)) for x in last]
            for month in range(1, 13):
                drawn = int(rng.integers(60, 400))
                end = dt.date(year + month // 12, month % 12 + 1, 1) - dt.timedelta(1)
                came = days.workday_before(end - dt.timedelta(int(rng.integers(4, 12))))
                rows.append({
                    "budget_year": year, "month": month, "adm_div_code": unit.region.code, "agency_code": unit.code,
                    "agency_name": unit.name, "item_code": item[0], "item_name": item[1], "valid_from": dt.date(2016, 1, 1),
                    "valid_to": None, "receipts_drawn": drawn, "receipts_used": drawn - int(rng.integers(0, 12)),
                    "collected": now[month - 1], "remitted": now[month - 1], "collected_date": came,
                    "remitted_date": days.next_workday(came), "last_year": last[month - 1],
                })  # fmt: skip
            last = now
    return rows


def dividends(plan: Plan, rng: np.random.Generator) -> list[Row]:
    """What the city's and the districts' companies owe of their profit, and paid by the end of September."""
    rows: list[Row] = []
    names = ("城市建设", "公共交通", "水务环境", "文化旅游", "产业投资", "粮食储备")
    owners = [(CITY, "示范市", names)] + [
        (f"{CITY_PREFIX}{n:02d}", name, names[:2]) for n, name in enumerate(DISTRICTS, 1)
    ]
    for place, name, kinds in owners:
        for number, kind in enumerate(kinds):
            profit = int(rng.uniform(300, 9000)) * 1_000_000
            for year in plan.years:
                profit = int(profit * rng.uniform(0.94, 1.1)) // 10_000 * 10_000
                due = profit * 30 // 100
                day = dt.date(year, 9, 30)
                rows.append({
                    "budget_year": year, "adm_div_code": place, "company_code": f"ZZ{place}C{number + 1:05d}",
                    "company_name": f"{name}示例{kind}集团有限公司", "owner": f"{name}国有资产监督管理机构", "profit": profit,
                    "rate": 0.3, "due": due, "paid": due, "due_date": day, "paid_date": day - dt.timedelta(int(rng.integers(2, 60))),
                })  # fmt: skip
    return rows


_SCHEMES = {"2090101": ("pension_employees", 0.98), "2091101": ("pension_residents", 0.32)}


def insurance(plan: Plan, paid: pl.DataFrame, rng: np.random.Generator) -> list[Row]:
    """The funds month by month (month 0: the year's budget): what was paid out is what the payments say."""
    rows: list[Row] = []
    out = {
        (func, year, month): cents
        for year, month, func, cents in paid.filter(pl.col("book") == "4")
        .group_by("budget_year", "month", "func_code").agg(pl.col("cents").sum()).iter_rows()
    }  # fmt: skip
    for func, (scheme, by_contributions) in _SCHEMES.items():
        slots = [i for i, s in enumerate(plan.slots) if s.func == func]
        if not slots:
            continue
        people = int(rng.integers(180, 420)) * 1000
        opening = sum(int(plan.budgets[plan.years[0]].approved[i]) for i in slots) * 14 // 12
        for year in plan.years:
            planned = sum(int(plan.budgets[year].approved[i]) for i in slots)
            months = [out.get((func, year, m), 0) for m in range(1, 13)]
            for month, spent in enumerate([planned, *months]):
                income = int(spent * (1.03 if month == 0 else rng.uniform(1.01, 1.05)))
                fees_ = int(income * by_contributions)
                subsidy = int(income * (0.99 - by_contributions))
                rows.append({
                    "budget_year": year, "month": month, "adm_div_code": CITY, "scheme": scheme, "pooling": "city", "opening": opening,
                    "contributions": fees_, "subsidy_due": subsidy, "subsidy": subsidy, "other_income": income - fees_ - subsidy,
                    "income": income, "benefits": spent, "expenditure": spent, "closing": opening + income - spent,
                    "insured": people, "beneficiaries": people // 4, "account_type": "fiscal",
                })  # fmt: skip
                opening = opening + income - spent if month else opening
            people += int(rng.integers(500, 3000))
    return rows
