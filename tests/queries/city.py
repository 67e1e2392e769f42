"""A small invented city for tests of queries and of the API: two districts, a town, two years of budgets, payments.

City 9901 (own level 990100), districts 990102 青岚区 and 990103 白石区, town 990102001 溪口镇.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from budgetwatch.home import Home
from budgetwatch.settings import Settings
from tests.builders import facts

REGIONS = {
    "990100": ("云岭市", "city", 3_000_000),
    "990102": ("青岚区", "district", 800_000),
    "990103": ("白石区", "district", 500_000),
    "990102001": ("溪口镇", "town", 40_000),
}
UNITS = {
    "990100-A01": ("云岭市教育局", "990100"),
    "990102-A01": ("青岚区教育局", "990102"),
    "990102-A02": ("青岚区第一小学", "990102"),
    "990103-A01": ("白石区交通局", "990103"),
    "990102001-A01": ("溪口镇人民政府", "990102001"),
}


def line(year: int, stage: str, agency: str, func: str, amount: str, **more: Any) -> dict[str, Any]:
    name, region = UNITS[agency]
    return {
        "budget_year": year, "book": "1", "stage": stage, "version": "", "direction": "expenditure", "adm_div_code": region,
        "agency_code": agency, "agency_name": name, "func_code": func, "eco_code": "30201", "fund_source": "own",
        "line_type": "project", "amount": amount, "currency": "CNY", **more,
    }  # fmt: skip


def payment(no: str, day: str, agency: str, amount: str, **more: Any) -> dict[str, Any]:
    name, region = UNITS[agency]
    return {
        "voucher_no": no, "budget_year": int(day[:4]), "pay_date": day, "adm_div_code": region, "agency_code": agency,
        "agency_name": name, "book": "1", "func_code": "2050202", "dep_eco_code": "30201", "amount": amount, "currency": "CNY",
        "purpose": "办公用品", "payee_name": "云岭市新华文具有限公司", "payee_type": "organisation",
        "payee_account": "6222020200012345678", **more,
    }  # fmt: skip


def build(home: Home) -> dict[str, int]:
    """Take the city in; returns the batch of each feed."""
    return {
        "region": facts(
            home,
            "region",
            [
                {"adm_div_code": code, "budget_year": 2026, "adm_div_name": name, "level": level, "population": people}
                for code, (name, level, people) in REGIONS.items()
            ],
        ),
        "org_unit": facts(
            home,
            "org_unit",
            [
                {
                    "agency_code": code, "budget_year": 2026, "agency_name": name, "adm_div_code": region,
                    "parent_code": "990102-A01" if code == "990102-A02" else None,
                }
                for code, (name, region) in UNITS.items()
            ],
        ),
        "subject_dict": facts(
            home,
            "subject_dict",
            [{"type": "func", "budget_year": 2026, "code": "2050202", "name": "小学教育", "parent": "20502"}],
        ),
        "budget_line": facts(
            home,
            "budget_line",
            [
                line(2026, "draft", "990100-A01", "2050101", "900000.00", version="1"),
                line(2026, "draft", "990100-A01", "2050101", "1000000.00", version="2"),
                line(2026, "draft", "990102-A01", "2050101", "300000.00", pro_code="P1", pro_name="校舍修缮"),
                line(2026, "draft", "990102-A02", "2050202", "120000.10", pro_code="P2", pro_name="图书购置"),
                line(2026, "draft", "990103-A01", "2140104", "500000.00", pro_code="P3", pro_name="白石大桥养护"),
                line(2026, "draft", "990102001-A01", "2010301", "80000.00"),
                line(2026, "draft", "990100-A01", "2300299", "700000.00", line_type="transfer", version="2"),
                line(2025, "approved", "990100-A01", "2050101", "950000.00"),
                line(2025, "approved", "990102-A01", "2050101", "250000.00", pro_code="P1", pro_name="校舍修缮"),
                line(2025, "approved", "990102-A02", "2050202", "100000.00", pro_code="P2", pro_name="图书购置"),
                line(2025, "approved", "990103-A01", "2140104", "520000.00", pro_code="P3", pro_name="白石大桥养护"),
                line(2026, "draft", "990102-A01", "1010101", "400000.00", direction="revenue"),
            ],
        ),
        "payment": facts(
            home,
            "payment",
            [
                payment("V1", "2025-03-03", "990102-A01", "100000.01", func_code="2050101", pro_code="P1", pro_name="校舍修缮"),
                payment("V2", "2025-04-04", "990102-A02", "20000.10", purpose="圖書採購", payee_name="张三丰", payee_type="person"),
                payment("V3", "2025-05-05", "990103-A01", "333333.33", func_code="2140104", payee_name="白石路桥公司"),
                payment("V4", "2025-05-06", "990102001-A01", "-50.00", func_code="2010301", purpose="退款 13812345678"),
                payment("V5", "2025-06-30", "990100-A01", "900000.00", func_code="2050101"),
                payment("V6", "2026-01-05", "990102-A02", "77.00", voucher_no="V6", purpose="=1+1 100%_办公"),
            ],
        ),
    }  # fmt: skip


def template(folder: Path) -> Path:
    """A deployment with the city in it, at rest: to be copied."""
    home = Home(Settings(home=folder, language="en", _env_file=None))  # type: ignore[call-arg]
    build(home)
    home.close()
    return folder


@contextmanager
def copied(settings: Settings, template: Path) -> Iterator[Home]:
    """A deployment of one's own with the city in it."""
    shutil.copytree(template, settings.home)
    home = Home(settings)
    try:
        yield home
    finally:
        home.close()
