"""What each unit spends money on, year after year: its slots, one for each item of its budget.

A slot is a recurring place in a unit's budget (its basic pay, its electricity, its second project); the
budget of a year is every slot's amount in that year. Sizes follow staff numbers and the kind of unit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from budgetwatch.demo.places import Region, Unit

#: Where relief is paid from when disaster strikes; nothing is budgeted for it.
RELIEF = "抢险救灾应急"
THREE_PUBLIC = ("30212", "30217", "30231", "31013")
_WAN = 1_000_000  # 分

#: Operating items: (economic subject, yuan a head and year, chance that a unit has it).
_OPERATING: tuple[tuple[str, int, float], ...] = (
    ("30201", 4200, 1.0), ("30206", 2400, 1.0), ("30211", 2800, 1.0), ("30231", 900, 0.55), ("30209", 2600, 0.7),
    ("30215", 900, 0.6), ("30226", 1100, 0.6), ("30217", 420, 0.6), ("30213", 1900, 0.6), ("30207", 1300, 0.6),
    ("30214", 2600, 0.3), ("30216", 1000, 0.6), ("30202", 800, 0.5), ("30205", 700, 0.5), ("31002", 1500, 0.5),
    ("30227", 2200, 0.4), ("30212", 600, 0.06), ("31013", 1500, 0.08),
)  # fmt: skip
#: Items that come once a month or once a quarter, under one contract.
_STEADY = {"30206": 12, "30205": 12, "30209": 12, "30214": 4}
#: How many payees a slot's payments go round.
_PAYEES = {"30206": 1, "30205": 1, "30209": 1, "30214": 1, "30207": 2, "30231": 3, "30701": 1}


@dataclass(slots=True)
class Slot:
    """One recurring item of one unit's budget; `base` is the first year's amount in 分."""

    unit: int
    line_type: str
    book: str
    source: str
    func: str
    eco: str
    base: int
    name: str
    pro_code: str
    rhythm: str  # monthly, quarterly, regular, none
    payees: int
    growth: tuple[float, float]
    minimum: int  # payments a year at least
    extra: float  # how readily it takes further payments
    recipient: str = ""  # region code, of transfers to below
    renews: bool = False  # the project behind it changes each year


def detail(payments_per_unit: float) -> tuple[int, int, int]:
    """How many personnel, operating and project items a unit has, so that its payments suffice for them."""
    if payments_per_unit < 112:
        return 2, 5, 2
    if payments_per_unit < 170:
        return 3, 6, 3
    return 5, 9, 3


def _personnel(unit: Unit, how_many: int, rng: np.random.Generator) -> list[Slot]:
    yearly = unit.staff * float(rng.uniform(14.0, 17.5)) * _WAN
    admin = unit.kind.unit_type == "administrative"
    shares = [
        ("30101", unit.kind.func, 0.44), ("30108", "2080505", 0.16),
        ("30102" if admin else "30107", unit.kind.func, 0.24), ("30113", "2210201", 0.10),
        ("30110", "2101101" if admin else "2101102", 0.06),
    ][:how_many]  # fmt: skip
    whole = sum(share for *_, share in shares)
    while any(_WAN * 7.4 < yearly * share / whole / 12 < _WAN * 10.8 for *_, share in shares):
        yearly *= 1.07  # monthly sums stay away from the purchase limit, over the years too
    return [
        Slot(unit.index, "personnel", "1", "own", func, eco, int(yearly * share / whole), "人员经费",
             f"{unit.code}R{i:03d}", "monthly", 1, (1.02, 1.045), 12, 0.0)
        for i, (eco, func, share) in enumerate(shares, start=1)
    ]  # fmt: skip


def _operating(unit: Unit, how_many: int, rng: np.random.Generator) -> list[Slot]:
    optional = [item for item in _OPERATING if item[2] < 1.0 and rng.random() < item[2] * 1.6]
    if unit.kind.key not in ("police", "urban"):
        optional = [item for item in optional if item[0] != "31013"]
    if unit.region.level != "city":
        optional = [item for item in optional if item[0] != "30212"]
    rng.shuffle(optional)
    chosen = [item for item in _OPERATING if item[2] == 1.0] + optional[: how_many - 3]
    made = []
    for i, (eco, a_head, _) in enumerate(chosen, start=1):
        base = int(min(unit.staff, 160) * a_head * float(rng.lognormal(0, 0.2)) * 100)
        if eco == "30209":
            base = min(base, 50 * _WAN)
        if eco == "30214":
            base = max(base, 12 * _WAN)
            base = (
                45 * _WAN if 31 * _WAN < base < 45 * _WAN else base
            )  # a quarter's rent stays away from the purchase limit
        base = max(base, 24_000_00)
        rhythm = {12: "monthly", 4: "quarterly"}.get(_STEADY.get(eco, 0), "regular")
        if how_many < 7 and rhythm == "monthly" and eco != "30209":
            rhythm = "regular"
        public = eco in THREE_PUBLIC
        made.append(
            Slot(unit.index, "operating", "1", "own", unit.kind.func, eco, base, "公用经费", f"{unit.code}Y{i:03d}", rhythm,
                 _PAYEES.get(eco, 8), (0.945, 0.98) if public else (1.005, 1.03),
                 {"monthly": 12, "quarterly": 4}.get(rhythm, 6), 0.0 if eco in _STEADY or public else _appetite(eco))
        )  # fmt: skip
    return made


def _appetite(eco: str) -> float:
    return {"30201": 3.0, "30211": 4.0, "30226": 1.5, "30213": 1.5, "30207": 1.0, "30216": 1.0, "30215": 1.0}.get(
        eco, 1.0
    )


def _projects(unit: Unit, how_many: int, rng: np.random.Generator) -> list[Slot]:
    offered = list(unit.kind.projects)
    scale = {"city": 2.4, "district": 1.0, "town": 0.8, "street": 0.8}[unit.region.level]
    sourced = [p for p in offered if p[4] != "own"]
    own = [p for p in offered if p[4] == "own"]
    must = sourced[:2] if unit.kind.key in ("housing", "land", "civil", "agriculture", "labour") else sourced[:1]
    chosen = (must + own)[: max(how_many, len(must) + 1)]
    made = []
    for i, (name, func, eco, wan, source) in enumerate(chosen, start=1):
        if unit.region.level in ("town", "street") and source in ("general_bond", "special_bond", "fund", "direct"):
            source = "own"
        if unit.region.level in ("town", "street") and source == "upper_special":
            wan *= 0.35  # so that general transfers, a multiple of it, leave room for own revenue
        base = int(wan * scale * float(np.clip(rng.lognormal(0, 0.3), 0.5, 2.2)) * _WAN)
        book = "2" if source in ("special_bond", "fund") else "1"
        growth = {
            "own": (1.0, 1.08),
            "fund": (1.0, 1.05),
            "general_bond": (0.97, 1.08),
            "special_bond": (0.97, 1.1),
        }.get(source, (1.02, 1.03))
        capital = eco in ("31001", "31005")
        made.append(
            Slot(unit.index, "project", book, "own" if source == "fund" else source, func, eco, base, unit.region.name + name,
                 f"{unit.code}P{i:03d}", "regular", 8, growth, 6, 2.5 if not capital else 1.5,
                 renews=source == "own" and not capital and bool(rng.random() < 0.35))
        )  # fmt: skip
    return made


def _of_finance(unit: Unit, below: list[Region], people: int) -> list[Slot]:
    """Debt interest, the contingency reserve and transfers to the places below; amounts of the last two are set later."""
    slots = [
        Slot(unit.index, "project", "1", "own", "2240703", "30218", 0, unit.region.name + RELIEF, f"{unit.code}J001", "none", 8,
             (1, 1), 0, 0.0),
        Slot(unit.index, "reserve", "1", "own", "227", "39999", 0, "预备费", f"{unit.code}B001", "none", 0, (1, 1), 0, 0.0),
    ]  # fmt: skip
    if unit.region.level in ("city", "district"):
        slots.append(
            Slot(unit.index, "debt", "1", "own", "2320301", "30701", people * 90_00, "政府一般债券付息", f"{unit.code}D001",
                 "regular", 1, (1.0, 1.02), 6, 0.0)
        )  # fmt: skip
    for i, place in enumerate(below, start=1):
        for kind, func, source, word in (
            ("G", "2300202", "own", "一般性转移支付"), ("S", "2300399", "upper_special", "专项转移支付"),
        ):  # fmt: skip
            slots.append(
                Slot(unit.index, "transfer", "1", source, func, "39999", 0, f"对{place.name}{word}",
                     f"{unit.code}{kind}{i:03d}", "regular", 1, (1, 1), 6, 0.0, recipient=place.code)
            )  # fmt: skip
    return slots


def _of_city_only(unit: Unit, people: int) -> list[Slot]:
    """The state-capital and social-insurance books, which the city keeps."""
    if unit.kind.key == "reform":
        return [
            Slot(unit.index, "project", "3", "own", "2230208", "31204", 3000 * _WAN, "国有企业科技创新注资", f"{unit.code}K001",
                 "regular", 8, (1.0, 1.05), 6, 0.5),
            Slot(unit.index, "project", "3", "own", "2230105", "31204", 900 * _WAN, "退休人员社会化管理补助", f"{unit.code}K002",
                 "regular", 8, (1.0, 1.05), 6, 0.5),
        ]  # fmt: skip
    if unit.kind.key == "social":
        return [
            Slot(unit.index, "project", "4", "own", "2090101", "30302", people * 900_00, "企业职工基本养老金", f"{unit.code}S001",
                 "monthly", 8, (1.03, 1.05), 12, 0.0),
            Slot(unit.index, "project", "4", "own", "2091101", "30305", people * 160_00, "城乡居民基础养老金", f"{unit.code}S002",
                 "monthly", 8, (1.03, 1.05), 12, 0.0),
        ]  # fmt: skip
    return []


def slots(units: list[Unit], places: list[Region], payments_per_unit: float, rng: np.random.Generator) -> list[Slot]:
    """Every item of every unit's budget."""
    personnel, operating, projects = detail(payments_per_unit)
    made: list[Slot] = []
    for unit in units:
        made += _personnel(unit, personnel, rng)
        made += _operating(unit, operating, rng)
        made += _projects(unit, projects, rng)
        if unit.is_finance:
            made += _of_finance(unit, [p for p in places if p.parent == unit.region.code], unit.region.population)
        if unit.region.level == "city":
            made += _of_city_only(unit, unit.region.population)
    return made
