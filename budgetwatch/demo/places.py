"""The invented city's map: districts, towns and streets with residents, and the units that spend in each.

Every name says that it is invented: the city is 示范市 (9901, a code no real place has), its towns and
streets are named by the sexagenary cycle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from budgetwatch.demo.kinds import CITY_ORDER, DEPARTMENTS, DISTRICT_ORDER, INSTITUTIONS, TOWN_ORDER, Kind

CITY_PREFIX = "9901"
CITY = "990100"
CITY_NAME = "示范市"
DISTRICTS = ("启明区", "云帆区", "青禾区", "星桥区", "澄湖区")
_TOWNS_PER_DISTRICT = (9, 9, 9, 9, 8)
_STEMS, _BRANCHES = "甲乙丙丁戊己庚辛壬癸", "子丑寅卯辰巳午未申酉戌亥"


@dataclass(frozen=True, slots=True)
class Region:
    """One level of government (or a street office inside a district)."""

    code: str
    name: str
    level: str
    population: int
    parent: str

    @property
    def has_congress(self) -> bool:
        """A street has none: its budget is part of the district's."""
        return self.level != "street"


@dataclass(frozen=True, slots=True)
class Unit:
    """One spending unit; `parent` is the index of its department, or None for a department."""

    index: int
    code: str
    name: str
    region: Region
    kind: Kind
    unit_type: str
    parent: int | None
    staff: int
    quota: int
    uscc: str

    @property
    def is_town(self) -> bool:
        """Whether it belongs to a town or street, whose budgets are small."""
        return self.region.level in ("town", "street")

    @property
    def is_finance(self) -> bool:
        return self.kind.key == "finance" or (self.region.level in ("town", "street") and self.kind.key == "town")


def regions(rng: np.random.Generator) -> list[Region]:
    """The city, its five districts and 44 towns and streets; a level's residents are those of the places below it."""
    towns: list[Region] = []
    sums: dict[str, int] = {}
    cycle = 0
    for number, how_many in enumerate(_TOWNS_PER_DISTRICT, start=1):
        district = f"{CITY_PREFIX}{number:02d}"
        for place in range(1, how_many + 1):
            level = "street" if place <= 3 else "town"
            name = _STEMS[cycle % 10] + _BRANCHES[cycle % 12] + ("街道" if level == "street" else "镇")
            people = int(rng.lognormal(10.9 if level == "street" else 10.4, 0.35))
            towns.append(Region(f"{district}{place:03d}", name, level, people, district))
            sums[district] = sums.get(district, 0) + people
            cycle += 1
    districts = [
        Region(f"{CITY_PREFIX}{i:02d}", name, "district", sums[f"{CITY_PREFIX}{i:02d}"], CITY)
        for i, name in enumerate(DISTRICTS, start=1)
    ]
    city = Region(CITY, CITY_NAME, "city", sum(sums.values()), "")
    return [city, *districts, *towns]


def _uscc(number: int) -> str:
    return f"ZZ9901{number:012d}"


def _full_name(region: Region, kind: Kind, ordinal: int) -> str:
    place = {"town": region.name, "street": region.name}.get(region.level, region.name)
    return kind.name.format(place=place, n="一二三四五六七八九十"[ordinal % 10] if ordinal < 10 else str(ordinal + 1))


def units(rng: np.random.Generator, places: list[Region], how_many: int) -> list[Unit]:
    """About `how_many` units over the three levels: every place has at least the units its government cannot lack."""
    towns = [p for p in places if p.level in ("town", "street")]
    districts = [p for p in places if p.level == "district"]
    spare = how_many - len(towns)
    per_district = max(5, int(spare * 0.62 / len(districts)))
    in_city = max(10, spare - per_district * len(districts) - (len(towns) * 2 if how_many >= 300 else 0))
    per_town = 1
    if how_many >= 300:
        per_town = 3
        per_district = max(5, int((how_many - 3 * len(towns)) * 0.7 / len(districts)))
        in_city = how_many - 3 * len(towns) - per_district * len(districts)
    made: list[Unit] = []

    def fill(region: Region, order: tuple[str, ...], size: int) -> None:
        departments: dict[str, int] = {}
        ordinals: dict[str, int] = {}
        serial = 0
        while serial < size:
            numbered = [k for k, kind in INSTITUTIONS.items() if "{n}" in kind.name]
            key = order[serial] if serial < len(order) else numbered[int(rng.integers(len(numbered)))]
            kind = DEPARTMENTS.get(key) or INSTITUTIONS[key]
            if region.level in ("town", "street") and serial >= len(order):
                kind = INSTITUTIONS[("town_school", "town_clinic", "town_centre")[serial % 3]]
            ordinal = ordinals.get(kind.key, 0)
            ordinals[kind.key] = ordinal + 1
            parent = None if kind.parent is None else departments.get(kind.parent, departments.get("office"))
            if kind.parent is not None and parent is None:
                parent = departments.get("town")
            scale = {"city": 1.6, "district": 1.0}.get(region.level, 0.5)
            staff = max(6, int(rng.uniform(*kind.staff) * scale))
            index = len(made)
            name = _full_name(region, kind, ordinal)
            made.append(
                Unit(
                    index, f"{region.code}{serial + 1:03d}", name, region, kind, kind.unit_type, parent, staff,
                    staff + int(rng.integers(0, max(2, staff // 8))), _uscc(index + 1),
                )
            )  # fmt: skip
            if kind.parent is None:
                departments[kind.key] = index
            serial += 1

    fill(places[0], CITY_ORDER, in_city)
    for district in districts:
        fill(district, DISTRICT_ORDER, per_district)
    for town in towns:
        fill(town, TOWN_ORDER, per_town)
    return made
