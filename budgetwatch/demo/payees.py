"""Who gets paid: invented companies, suppliers of energy and water, treasuries, batch accounts and persons.

A payee is a number; its name, account and bank follow from the number, so ten million payments need no table
of objects. One payee has one account and one name.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from budgetwatch.demo.budgets import Plan
from budgetwatch.demo.places import Region, Unit

_FIRST = "星云青澄松竹梅兰晨曦远景和风启航明德博雅致新恒泰安宁"
_SECOND = "河帆禾湖石泉岭川原野渡桥舟岸林峰海澜霖岚"
_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳"
_GIVEN = "安宁文博明远思齐清和嘉言若水知行雨辰子墨书瑶景行怀瑾承泽"
_BANKS = ("示例银行", "示例农商银行", "示例发展银行", "示例城市银行")

#: Economic subject → trade of its suppliers.
TRADES: dict[str, str] = {
    "30201": "办公用品", "30202": "印务", "30203": "咨询", "30209": "物业管理", "30211": "商旅服务", "30213": "工程维护",
    "30214": "置业租赁", "30215": "会议服务", "30216": "教育培训", "30217": "餐饮服务", "30218": "专用材料", "30226": "劳务服务",
    "30227": "技术服务", "30231": "汽车服务", "30212": "国际交流服务", "31001": "建筑工程", "31002": "办公设备", "31003": "仪器设备",
    "31005": "市政工程", "31006": "装饰修缮", "31007": "信息技术", "31009": "股份经济合作", "31013": "汽车销售",
    "31204": "科技实业", "30299": "综合服务",
}  # fmt: skip
_MONOPOLIES = {"30205": "自来水", "30206": "供电"}
_TELECOMS = ("示例通信", "示例联合网络")
POOL = 320  # suppliers of a trade in a region
PERSONS_A_UNIT = 40


@dataclass(slots=True)
class Payees:
    """All payees, filled as they are needed; index by number."""

    names: list[str] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)
    banks: list[str] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    account_types: list[str] = field(default_factory=list)
    _pools: dict[tuple[str, str], int] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)
    _companies: int = 0

    def add(self, name: str, kind: str = "organisation", account_type: str = "", account: str = "") -> int:
        """One more payee; returns its number."""
        number = len(self.names)
        if name in self._used:
            name = f"{name}{number}"
        self._used.add(name)
        self.names.append(name)
        self.accounts.append(account or f"6299{990_000_000_000 + number * 37 + 11:012d}")
        self.banks.append(f"{_BANKS[number % 4]}第{number // 4 % 90 + 1}支行")
        self.types.append(kind)
        self.account_types.append(account_type)
        return number

    def company(self, region: Region, trade: str) -> str:
        """A fresh company name of a region and trade."""
        n = self._companies
        self._companies += 1
        one, two = _FIRST[n % len(_FIRST)], _SECOND[n // len(_FIRST) % len(_SECOND)]
        more = n // (len(_FIRST) * len(_SECOND))
        third = (_FIRST + _SECOND)[more % len(_FIRST + _SECOND)] if more else ""
        place = region.name.rstrip("市区镇街道")
        return (
            f"{place}{one}{two}{third}示例{trade}有限公司"
            if trade != "股份经济合作"
            else f"{place}{one}{two}{third}示例股份经济合作社"
        )

    def pool(self, region: Region, trade: str, size: int = POOL) -> int:
        """The number of the first of `size` companies of that trade in the region's district (or the city)."""
        code = region.code[:6]
        key = (code, trade)
        if key not in self._pools:
            self._pools[key] = len(self.names)
            for _ in range(size):
                self.add(self.company(region, trade))
        return self._pools[key]

    def single(self, key: str, name: str, kind: str = "organisation", account_type: str = "") -> int:
        """The one payee of that key, made at first use."""
        if (key, "") not in self._pools:
            self._pools[key, ""] = self.add(name, kind, account_type)
        return self._pools[key, ""]

    def person(self) -> int:
        """A new invented person; the name says so."""
        n = len(self.names) * 7 + 3
        size = len(_GIVEN)
        given = _GIVEN[n % size] + _GIVEN[n // size % size]
        more = n // (size * size)
        third = f"{more // len(_SURNAMES)}" if more >= len(_SURNAMES) else ""
        return self.add(f"示例·{_SURNAMES[more % len(_SURNAMES)]}{given}{third}", "person", "personal")


@dataclass(slots=True)
class Choice:
    """For each slot: the first payee it uses, how many, and where its persons begin (−1: pays no persons)."""

    first: NDArray[np.int64]
    count: NDArray[np.int64]
    persons: NDArray[np.int64]


def choose(plan: Plan, payees: Payees, most: NDArray[np.int64]) -> Choice:
    """Give every slot its payees. `most` is the greatest number of payments of each slot in a year."""
    size = len(plan.slots)
    first, count, persons = np.zeros(size, np.int64), np.ones(size, np.int64), np.full(size, -1, np.int64)
    districts = {r.code: r for r in plan.places}
    offsets: dict[tuple[str, str], int] = {}
    batches: dict[str, int] = {}
    people: dict[int, int] = {}
    for i, slot in enumerate(plan.slots):
        unit = plan.units[slot.unit]
        home = districts.get(unit.region.code[:6], unit.region)
        if slot.line_type == "reserve":
            continue
        if slot.line_type == "transfer":
            below = districts[slot.recipient]
            first[i] = payees.single(f"treasury{below.code}", f"{below.name}国库存款户", "fiscal_account", "fiscal")
        elif slot.line_type == "debt":
            first[i] = payees.single("province", "示例省政府债券还本付息专户", "fiscal_account", "fiscal")
        elif slot.line_type == "personnel":
            first[i] = _personnel(payees, slot.eco, unit)
        elif slot.eco[:3] == "303":
            number = batches.get(home.code, 0)
            batches[home.code] = number + 1
            wanted = int(np.clip(most[i] // 5, 12, 60))
            first[i] = len(payees.names)
            for k in range(wanted):
                payees.add(f"{home.name}惠民补助代发{number + 1:03d}之{k + 1:02d}号户", "person", "personal")
            count[i] = wanted
            persons[i] = _persons(payees, people, unit)
        elif slot.eco in _MONOPOLIES:
            first[i] = payees.single(slot.eco, f"示范市示例{_MONOPOLIES[slot.eco]}有限公司")
        elif slot.eco == "30207":
            numbers = [payees.single(name, f"示范市{name}有限公司") for name in _TELECOMS]
            first[i], count[i] = min(numbers), 2
        else:
            trade = TRADES.get(slot.eco, TRADES["30299"])
            pool = payees.pool(home, trade)
            wanted = slot.payees if slot.payees < 8 else int(np.clip(most[i] // 6, 8, 60))
            at = offsets.get((home.code, trade), 0)
            if at % POOL + wanted > POOL:
                at += POOL - at % POOL
            offsets[home.code, trade] = at + wanted
            first[i], count[i] = pool + at % POOL, wanted
            if slot.eco in ("30211", "30226"):
                persons[i] = _persons(payees, people, unit)
    return Choice(first, count, persons)


def _personnel(payees: Payees, eco: str, unit: Unit) -> int:
    if eco == "30108":
        return payees.single("pension", "示范市社会保险费征缴专户", "organisation", "special")
    if eco == "30110":
        return payees.single("health", "示范市医疗保险费征缴专户", "organisation", "special")
    if eco == "30113":
        return payees.single("housing", "示范市住房公积金归集专户", "organisation", "special")
    return payees.single(
        f"pay{unit.code}", f"{unit.region.name}职工工资代发{unit.index + 1:04d}号户", "person", "personal"
    )


def _persons(payees: Payees, people: dict[int, int], unit: Unit) -> int:
    if unit.index not in people:
        people[unit.index] = len(payees.names)
        for _ in range(PERSONS_A_UNIT):
            payees.person()
    return people[unit.index]
