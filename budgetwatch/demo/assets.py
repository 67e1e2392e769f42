"""Debt and public investment: ceilings and balances, bonds and their use, projects and their progress."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from budgetwatch.demo.budgets import Plan
from budgetwatch.demo.events import Procedure, borrowing, home

Row = dict[str, Any]
_WORTH_FOLLOWING = 400_000_000  # 分: projects of less are not followed one by one


def debt_limits(plan: Plan) -> list[Row]:
    """Balance below the ceiling and well within means, for the city and its districts; amounts in 分."""
    rows: list[Row] = []
    for offset, year in enumerate(plan.years):
        approved = plan.budgets[year].approved
        for place in plan.places:
            if place.level not in ("city", "district"):
                continue
            means = sum(int(approved[i]) for i in range(len(plan.slots)) if plan.region_of(i).code == place.code)
            for kind, share in (("general", 0.28), ("special", 0.36)):
                balance = int(means * share * (1 + 0.02 * offset)) // 10_000 * 10_000
                rows.append({
                    "budget_year": year, "adm_div_code": place.code, "kind": kind, "ceiling": int(balance * 1.08) // 10_000 * 10_000,
                    "balance": balance, "fiscal_capacity": means,
                })  # fmt: skip
    return rows


def bonds(plan: Plan, procedure: Procedure, rng: np.random.Generator) -> list[Row]:
    """Every bond's proceeds and what was spent of them by each year's end; amounts in 分."""
    rows: list[Row] = []
    approved = {
        (e.adm_div_code, e.budget_year): e.event_date for e in procedure.events if e.event_type == "borrowing_approved"
    }
    for i, slot in enumerate(plan.slots):
        if slot.source not in ("general_bond", "special_bond"):
            continue
        unit = plan.units[slot.unit]
        for year in plan.years:
            budget = plan.budgets[year]
            arrived = dt.date(year, 3, 2) + dt.timedelta(int(rng.integers(0, 14)))
            for seen in (y for y in plan.years if y >= year):
                rows.append({
                    "bond_id": f"ZQ{year}{i:06d}", "budget_year": year, "adm_div_code": unit.region.code,
                    "kind": slot.source.removesuffix("_bond"), "agency_code": unit.code, "agency_name": unit.name,
                    "pro_code": budget.codes[i], "pro_name": budget.names[i], "proceeds": int(budget.executable[i]),
                    "arrival_date": arrived, "spent": int(budget.paid[i]), "as_of": dt.date(seen, 12, 31),
                    "due_date": dt.date(year + 10, arrived.month, arrived.day), "rate": round(float(rng.uniform(0.022, 0.032)), 4),
                    "use": "new", "approval_doc": borrowing(home(plan, unit.region).code, year),
                    "approval_date": approved.get((home(plan, unit.region).code, year)),
                })  # fmt: skip
    return rows


def followed(plan: Plan) -> list[int]:
    """The slots whose project is followed one by one."""
    return [
        i for i, s in enumerate(plan.slots)
        if s.eco in ("31001", "31005") and not s.renews and sum(int(plan.budgets[y].paid[i]) for y in plan.years) >= _WORTH_FOLLOWING
    ]  # fmt: skip


def projects(plan: Plan, rng: np.random.Generator) -> list[Row]:
    """Investment projects at each year's end: paid no more than built, built no more than approved; amounts in 分."""
    rows: list[Row] = []
    for i in followed(plan):
        slot = plan.slots[i]
        whole = sum(int(plan.budgets[y].paid[i]) for y in plan.years)
        unit = plan.units[slot.unit]
        estimate = int(whole * rng.uniform(1.22, 1.4)) // 1_000_000 * 1_000_000
        contract = int(estimate * rng.uniform(0.94, 0.97)) // 10_000 * 10_000
        first = plan.years[0]
        permitted = dt.date(first - 1, 10, 8) + dt.timedelta(int(rng.integers(0, 60)))
        started = dt.date(first, 2, 20) + dt.timedelta(int(rng.integers(0, 20)))
        due = dt.date(plan.draft_year, 9, 1) + dt.timedelta(int(rng.integers(0, 90)))
        paid = 0
        for year in plan.years:
            budget = plan.budgets[year]
            paid += int(budget.paid[i])
            progress = min(0.99, paid / contract + float(rng.uniform(0.005, 0.04)))
            rows.append({
                "pro_code": budget.codes[i], "pro_name": budget.names[i], "budget_year": year, "adm_div_code": unit.region.code,
                "agency_code": unit.code, "agency_name": unit.name, "as_of": dt.date(year, 12, 31),
                "feasibility_estimate": int(estimate * 1.02) // 10_000 * 10_000, "approved_estimate": estimate,
                "contract_amount": contract, "annual_plan": int(budget.executable[i]), "paid_total": paid,
                "physical_progress": round(progress, 4), "estimate_approved_date": permitted, "start_date": started,
                "planned_completion": due, "completed_date": None,
            })  # fmt: skip
    return rows
