"""The names of regions, units and subjects, as the newest facts within scope give them.

Read once for each version of the facts and scope, then kept in memory.
"""

from __future__ import annotations

import re
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from budgetwatch.access.viewer import Viewer
from budgetwatch.errors import BudgetwatchError
from budgetwatch.feeds.profile import load_all
from budgetwatch.records.codes import ECONOMIC, FUNCTIONS, LISTS
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

T = TypeVar("T")
_KEPT = 256
#: What stands between the parts of a subject's name.
_JOINTS = re.compile(r"( · | → |\|)")
_cache: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
_lock = Lock()


def remembered(home: Home, viewer: Viewer, key: Any, make: Callable[[], T]) -> T:
    """What `make` gave for this version of the facts and this scope; made anew when either changes."""
    versions = tuple(sorted(home.store.current().items()))
    whole = (str(home.path), versions, viewer.region, viewer.agency_code, key)
    with _lock:
        if whole in _cache:
            _cache.move_to_end(whole)
            return _cache[whole]
    made = make()
    with _lock:
        _cache[whole] = made
        while len(_cache) > _KEPT:
            _cache.popitem(last=False)
    return made


@dataclass(frozen=True, slots=True)
class RegionName:
    """A region as the region feed knows it; population by year."""

    code: str
    name: str
    level: str
    population: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Names:
    """Code to name, for everything that a row names by code."""

    regions: dict[str, RegionName]
    subjects: dict[tuple[str, str], str]
    agencies: dict[str, str]
    parents: dict[str, tuple[str, str]]
    currencies: dict[str, str]

    def region(self, code: str | None) -> Text:
        """The region's name; "9901" is called by its own level's name, and the code stands where none is known."""
        if not code:
            return Text("全部地区", "All regions")
        if found := self.regions.get(code):
            return Text(found.name, found.name)
        if own := self.regions.get(f"{code}00"):
            return Text(f"{own.name}（全市）", f"{own.name} (with all below)")
        return Text(code, code)

    def called(self, subject: str) -> str:
        """A subject as people call it: a code of a region that stands in it becomes the region's name."""
        parts = _JOINTS.split(subject)
        named = [self.regions[part].name if part in self.regions else part for part in parts]
        return "".join(" · " if part == "|" else part for part in named)

    def function(self, code: str | None) -> Text:
        if not code:
            return Text("未列功能科目", "No functional subject")
        return FUNCTIONS.get(code) or self._subject("func", code)

    def economic(self, code: str | None) -> Text:
        if not code:
            return Text("未列经济科目", "No economic subject")
        return ECONOMIC.get(code) or self._subject("dep_eco", code, "gov_eco")

    def agency(self, code: str | None) -> Text:
        name = self.agencies.get(code or "") or code or ""
        return Text(name, name) if name else Text("未列单位", "No unit")

    def currency(self, region: str | None) -> str:
        """The currency in which the region's amounts were sent."""
        return self.currencies.get(region or "", "CNY")

    @property
    def currency_most(self) -> str:
        """The currency that most regions in scope are reported in."""
        counted = Counter(self.currencies.values()).most_common(1)
        return counted[0][0] if counted else "CNY"

    def _subject(self, kind: str, code: str, other: str = "") -> Text:
        name = self.subjects.get((kind, code)) or self.subjects.get((other, code)) or code
        return Text(name, name)


def code_name(values: str, code: str | None) -> Text:
    """The name of a code of `records.codes.LISTS`; the code itself where it is none of them."""
    if not code:
        return Text("", "")
    return LISTS[values].get(code, Text(code, code))


def names(home: Home, viewer: Viewer) -> Names:
    """The names within the viewer's scope."""
    return remembered(home, viewer, "names", lambda: _read(home, viewer))


def _senders(home: Home) -> dict[str, str]:
    """Who sends for a region, where a profile says so: what a region is called that no list of regions names."""
    try:
        profiles = load_all(home.path / "profiles").values()
    except BudgetwatchError:  # an operator's profile that cannot be read is refused where files are taken in
        profiles = load_all().values()
    return {str(p.constants["adm_div_code"]): p.sender for p in profiles if p.sender and "adm_div_code" in p.constants}


def _read(home: Home, viewer: Viewer) -> Names:
    with home.facts(viewer) as facts:
        regions = facts.execute(
            """SELECT adm_div_code, arg_max(adm_div_name, budget_year), arg_max(level, budget_year),
                      list(budget_year ORDER BY budget_year) FILTER (population IS NOT NULL),
                      list(population ORDER BY budget_year) FILTER (population IS NOT NULL)
               FROM region GROUP BY 1"""
        ).fetchall()
        subjects = facts.execute(
            'SELECT "type", code, arg_max(name, budget_year) FROM subject_dict GROUP BY ALL'
        ).fetchall()
        units = facts.execute(
            """SELECT agency_code, arg_max(agency_name, budget_year), arg_max(parent_code, budget_year),
                      arg_max(parent_name, budget_year) FROM org_unit GROUP BY 1"""
        ).fetchall()
        lines = facts.execute(
            "SELECT agency_code, arg_max(agency_name, budget_year) FROM budget_line WHERE agency_name IS NOT NULL GROUP BY 1"
        ).fetchall()
        used = facts.execute(
            """SELECT adm_div_code, mode(currency) FROM (
                 SELECT adm_div_code, currency FROM payment UNION ALL SELECT adm_div_code, currency FROM budget_line
               ) GROUP BY 1"""
        ).fetchall()
    senders = _senders(home) if {region for region, _ in used} - {code for code, *_ in regions} else {}
    agencies = {code: name for code, name in lines if name}
    agencies |= {code: name for code, name, _, _ in units if name}
    return Names(
        regions={code: RegionName(code, name, "") for code, name in senders.items()}
        | {
            code: RegionName(code, name or code, level or "", dict(zip(years or [], people or [], strict=True)))
            for code, name, level, years, people in regions
        },
        subjects={(kind, code): name for kind, code, name in subjects},
        agencies=agencies,
        parents={code: (parent, name or agencies.get(parent, parent)) for code, _, parent, name in units if parent},
        currencies={region: currency for region, currency in used if currency},
    )
