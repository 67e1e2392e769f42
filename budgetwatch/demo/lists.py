"""The lists that other feeds refer to, as frames: regions, subjects, units; and records as rows."""

from __future__ import annotations

import polars as pl

from budgetwatch.demo import subjects
from budgetwatch.demo.budgets import Plan
from budgetwatch.demo.transfers import Transfer


def record(row: object) -> dict[str, object]:
    """A slotted record as a row."""
    return {name: getattr(row, name) for name in row.__slots__}  # type: ignore[attr-defined]


def transfer(row: Transfer) -> dict[str, object]:
    """A transfer as a row: what was allocated and issued of it is all or nothing; whether it told of the coming year."""
    return {
        **record(row), "allocated_amount": row.amount if row.allocated_date else 0, "issued_amount": row.amount if row.issued_date else 0,
        "advance": row.issued_date is not None and row.issued_date.year < row.budget_year,
    }  # fmt: skip


def regions(plan: Plan) -> pl.DataFrame:
    """Every place in every year."""
    return pl.DataFrame(
        [(p.code, y, p.name, p.level, p.population) for y in [*plan.years, plan.draft_year] for p in plan.places],
        schema=["adm_div_code", "budget_year", "adm_div_name", "level", "population"], orient="row",
    )  # fmt: skip


def subjects_(plan: Plan) -> pl.DataFrame:
    """Every subject in every year."""
    return pl.DataFrame(
        [(kind, y, code, name, parent or None) for y in [*plan.years, plan.draft_year] for kind, code, name, parent in subjects.dictionary()],
        schema=["type", "budget_year", "code", "name", "parent"], orient="row",
    )  # fmt: skip


def units(plan: Plan) -> pl.DataFrame:
    """Every unit in every year."""
    rows = []
    for year in [*plan.years, plan.draft_year]:
        for u in plan.units:
            above = plan.units[u.parent] if u.parent is not None else None
            rows.append({
                "agency_code": u.code, "budget_year": year, "agency_name": u.name, "parent_code": above.code if above else None,
                "parent_name": above.name if above else None, "adm_div_code": u.region.code, "level": u.region.level,
                "unit_type": u.unit_type, "staff_quota": u.quota, "staff_actual": u.staff, "uscc": u.uscc,
                "vehicle_quota": max(1, u.staff // 28), "vehicles": max(1, u.staff // 28), "floor_area": u.staff * 18,
            })  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None)
