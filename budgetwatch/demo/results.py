"""What came of the money: targets of projects and how they were met, what units own, what auditors found.

Amounts are integer 分.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from budgetwatch.demo.budgets import Plan

Row = dict[str, Any]
_WORTH_A_TARGET = 200_000_000  # 分: projects of less set their targets with their department
_MOST_PROJECTS = 240


def performance(plan: Plan, rng: np.random.Generator) -> list[Row]:
    """Targets of the larger projects, measured at midyear and evaluated after the year's end."""
    rows: list[Row] = []
    for year in plan.years:
        budget = plan.budgets[year]
        large = [
            i for i, s in enumerate(plan.slots) if s.line_type == "project" and s.book in ("1", "2") and budget.approved[i] > _WORTH_A_TARGET
        ]  # fmt: skip
        for i in sorted(large, key=lambda i: (-int(budget.approved[i]), i))[:_MOST_PROJECTS]:
            unit = plan.units[plan.slots[i].unit]
            done = float(rng.uniform(0.93, 1.0))
            shared = {
                "budget_year": year, "adm_div_code": unit.region.code, "agency_code": unit.code, "agency_name": unit.name,
                "pro_code": budget.codes[i], "pro_name": budget.names[i], "indicator": "年度任务完成率", "target": "≥95%",
                "amount": int(budget.approved[i]),
            }  # fmt: skip
            rows.append({**shared, "stage": "target", "actual": None, "completion": None, "score": None, "grade": None,
                         "due_date": dt.date(year, 1, 5), "done_date": dt.date(year - 1, 12, 20)})  # fmt: skip
            half = round(done * 0.52, 4)
            rows.append({**shared, "stage": "monitoring", "actual": f"{half * 100:.0f}%", "completion": half, "score": None, "grade": None,
                         "due_date": dt.date(year, 8, 15), "done_date": dt.date(year, 8, int(rng.integers(3, 14)))})  # fmt: skip
            if year == plan.years[-1]:
                continue
            score = round(70 + 30 * (done - 0.9) * 10 * float(rng.uniform(0.8, 1.0)), 1)
            rows.append({
                **shared, "stage": "self_evaluation", "actual": f"{done * 100:.0f}%", "completion": round(done, 4), "score": score,
                "grade": "excellent" if score >= 90 else "good" if score >= 80 else "fair", "due_date": dt.date(year + 1, 3, 31),
                "done_date": dt.date(year + 1, 3, int(rng.integers(2, 29))),
            })  # fmt: skip
    return rows


def assets(plan: Plan, rng: np.random.Generator) -> list[Row]:
    """Cars, equipment and rooms of every unit at each year's end, within what it may have."""
    rows: list[Row] = []
    for unit in plan.units:
        cars = max(1, unit.staff // 28)
        owned = (
            ("vehicle", "公务用车", cars, cars, 180_000_00, None), ("equipment", "办公电脑", unit.staff, unit.quota + 4, 5_200_00, None),
            ("building", "办公用房", 1, None, unit.staff * 42_000_00, unit.staff * 18),
        )  # fmt: skip
        for number, (category, name, quantity, quota, price, area) in enumerate(owned, start=1):
            bought = dt.date(
                plan.years[0] - int(rng.integers(1, 7)), int(rng.integers(1, 13)), int(rng.integers(1, 28))
            )
            for year in plan.years:
                value = price * quantity
                left = max(0.08, 1 - (year - bought.year) * (0.02 if category == "building" else 0.12))
                rows.append({
                    "asset_id": f"ZC{unit.code}{number:02d}", "budget_year": year, "adm_div_code": unit.region.code,
                    "agency_code": unit.code, "agency_name": unit.name, "as_of": dt.date(year, 12, 31), "category": category,
                    "asset_name": name, "quantity": quantity, "quota": quota, "original_value": value,
                    "net_value": int(value * left) // 100 * 100, "acquired_date": bought, "state": "in_use", "area": area,
                })  # fmt: skip
    return rows


_FOUND = (
    ("预算编制", "部分项目预算编制不够细化，年初未落实到具体单位", "细化项目预算，按时批复下达"),
    ("预算执行", "部分项目前期准备不足，资金支出进度偏慢", "加快前期工作，统筹使用资金"),
    ("政府采购", "采购合同备案不及时", "按规定期限备案并完善内控"),
    ("资产管理", "部分资产未及时登记入账", "清查盘点，补登资产卡片"),
    ("结转结余", "结余资金清理不彻底", "清理结余资金，按规定上缴"),
    ("绩效管理", "绩效目标设置不够量化", "完善绩效指标体系"),
)


def audit_issues(plan: Plan, rng: np.random.Generator) -> list[Row]:
    """What each year's audit found at the city and in the districts; all of it mended within the time set."""
    rows: list[Row] = []
    for year in plan.years[:-1]:
        for place in (p for p in plan.places if p.level in ("city", "district")):
            units = [u for u in plan.units if u.region.code == place.code and not u.is_finance]
            for number, at in enumerate(rng.permutation(len(units))[:4], start=1):
                unit = units[int(at)]
                category, finding, requirement = _FOUND[int(rng.integers(len(_FOUND)))]
                amount = int(rng.uniform(8, 260)) * 1_000_000
                told, due = dt.date(year + 1, 7, 28), dt.date(year + 1, 12, 20)
                shared = {
                    "issue_id": f"SJ{year}{place.code}{number:02d}", "budget_year": year, "adm_div_code": place.code,
                    "agency_code": unit.code, "agency_name": unit.name,
                    "report": f"{place.name}{year}年度预算执行和其他财政收支审计工作报告", "report_date": told, "category": category,
                    "finding": finding, "amount": amount, "requirement": requirement, "due_date": due,
                }  # fmt: skip
                mended = dt.date(year + 1, int(rng.integers(9, 12)), int(rng.integers(1, 28)))
                rows.append({**shared, "as_of": dt.date(year + 1, 8, 31), "state": "under_way", "mended_date": None,
                             "mended_amount": amount // 3, "measures": "已制定整改方案"})  # fmt: skip
                rows.append({**shared, "as_of": dt.date(year + 1, 12, 20), "state": "mended", "mended_date": mended,
                             "mended_amount": amount, "measures": "已整改到位并完善制度"})  # fmt: skip
    return rows
