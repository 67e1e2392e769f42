"""What was bought: the contracts behind the payments, each with the way it was bought and the dates of its making.

Built from the payments that name a contract, so that what was paid stays within what was signed. Amounts are integer 分.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from budgetwatch.demo import days

Row = dict[str, Any]
MOST = 40_000  # contracts of a year that are listed, the largest first
_SURELY_OPEN = 150_000_000  # 分: what a project buys of one kind beyond this goes to open tender
_ITEMS: Mapping[str, tuple[str, str, str]] = {
    "30201": ("A05040101", "办公用品", "goods"), "30202": ("C08140100", "印刷服务", "services"), "30203": ("C20030000", "咨询服务", "services"),
    "30209": ("C21040000", "物业管理服务", "services"), "30211": ("C22050000", "差旅服务", "services"),
    "30213": ("C23120000", "维修保养服务", "services"), "30214": ("C23110000", "租赁服务", "services"),
    "30215": ("C22010000", "会议服务", "services"), "30216": ("C02000000", "培训服务", "services"),
    "30218": ("A07100000", "专用材料", "goods"), "30226": ("C23160000", "劳务服务", "services"),
    "30227": ("C99000000", "委托服务", "services"), "30231": ("C23120301", "车辆维修和保养服务", "services"),
    "31001": ("B01000000", "房屋施工", "works"), "31002": ("A02020000", "办公设备", "goods"), "31003": ("A02100000", "仪器设备", "goods"),
    "31005": ("B02000000", "构筑物施工", "works"), "31006": ("B07000000", "装修修缮工程", "works"),
    "31007": ("A02010000", "信息化设备及软件", "goods"), "31013": ("A02030500", "乘用车", "goods"),
}  # fmt: skip
_OTHER = ("C99990000", "其他服务", "services")
_SMALL = ("quotation", "negotiation", "consultation", "framework")
_CODE = "ZZ9901{:012d}"


@dataclass(slots=True)
class Contracts:
    """The contracts seen among the payments, added up as these are written."""

    parts: list[pl.DataFrame] = field(default_factory=list)

    def see(self, paid: pl.DataFrame) -> None:
        """Count the payments that name a contract."""
        self.parts.append(
            paid.filter(pl.col("procurement_no").is_not_null())
            .group_by("procurement_no", "contract_no", "budget_year", "adm_div_code", "agency_code", "agency_name")
            .agg(
                pl.col("cents").sum(), pl.col("pay_date").min(), pl.col("pro_code").drop_nulls().first(), pl.col("dep_eco_code").first(),
                pl.col("payee_name").first(),
            )
        )  # fmt: skip

    def rows(self, seed: int) -> list[Row]:
        """The purchases behind them: tendered where much was bought, signed and published in time."""
        if not self.parts:
            return []
        whole = (
            pl.concat(self.parts)
            .group_by("procurement_no", "contract_no", "budget_year", "adm_div_code", "agency_code", "agency_name")
            .agg(
                pl.col("cents").sum(), pl.col("pay_date").min(), pl.col("pro_code").first(), pl.col("dep_eco_code").first(),
                pl.col("payee_name").first(),
            )
            .filter((pl.col("cents") > 0) & pl.col("pro_code").is_not_null())
            .sort("budget_year", "cents", "procurement_no", descending=[False, True, False])
            .group_by("budget_year", maintain_order=True)
            .head(MOST)
            .sort("procurement_no")
        )  # fmt: skip
        rng = np.random.default_rng([seed, 77])
        return _open_where_much(_signed(row, rng) for row in whole.iter_rows(named=True))


def _signed(row: Row, rng: np.random.Generator) -> Row:
    code, item, category = _ITEMS.get(row["dep_eco_code"], _OTHER)
    signed = days.workday_before(row["pay_date"] - dt.timedelta(int(rng.integers(3, 15))))
    letter = days.workday_before(signed - dt.timedelta(int(rng.integers(4, 16))))
    worth = (row["cents"] + int(row["cents"] * rng.uniform(0.0, 0.04))) // 10_000 * 10_000 + 10_000
    more = int(worth * rng.uniform(0.01, 0.07)) // 10_000 * 10_000 if rng.random() < 0.05 else 0
    return {
        "proc_id": row["procurement_no"], "lot": "1", "budget_year": row["budget_year"], "adm_div_code": row["adm_div_code"],
        "agency_code": row["agency_code"], "agency_name": row["agency_name"], "pro_code": row["pro_code"], "item": item, "item_code": code,
        "category": category, "method": _SMALL[int(rng.integers(len(_SMALL)))], "budget": worth * 104 // 100 // 10_000 * 10_000,
        "award": worth, "contract_amount": worth, "supplements": more, "publicity_date": None,
        "notice_date": letter - dt.timedelta(int(rng.integers(24, 34))), "award_date": letter, "award_notice_date": letter,
        "award_letter_date": letter, "contract_date": signed, "contract_notice_date": days.next_workday(signed),
        "filing_date": days.next_workday(days.next_workday(signed)), "contract_no": row["contract_no"], "supplier": row["payee_name"],
        "supplier_code": _CODE.format(int(row["contract_no"][-7:])), "bidders": int(rng.integers(3, 8)),
        "performance_deposit": worth * 3 // 100, "small_business": bool(rng.random() < 0.45),
    }  # fmt: skip


def _open_where_much(rows: Any) -> list[Row]:
    """The same purchases, by open tender where a project buys more of one kind than small ways of buying allow."""
    made = list(rows)
    sums: dict[tuple[Any, ...], int] = {}
    for row in made:
        sums[kind_of(row)] = sums.get(kind_of(row), 0) + row["award"] + row["supplements"]
    for row in made:
        if sums[kind_of(row)] > _SURELY_OPEN or row["category"] == "works":
            row["method"] = "open"
    return made


def kind_of(row: Row) -> tuple[Any, ...]:
    """What the law adds up: the year's purchases of one kind for one budgeted project."""
    return row["budget_year"], row["agency_code"], row["pro_code"], row["category"]
