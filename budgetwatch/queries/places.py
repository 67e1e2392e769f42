"""Districts and towns: which there are, what of each has arrived, and how much of the whole is linked up.

A place is known because the list of regions names it or because somebody sent facts for it. A town that the
list names and that sent nothing is shown as such: silence is never taken for a clean bill.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from budgetwatch.access.viewer import Viewer
from budgetwatch.calendar import today
from budgetwatch.queries.names import Names, names, remembered
from budgetwatch.queries.scope import demand, digits, missing, ratio
from budgetwatch.records import ALL
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

#: What every level of government is expected to send; a place is linked when all of it has arrived at least once.
EXPECTED = ("payment", "budget_line", "indicator")
TOWN = ("town", "street")
_PLACE = Text("这个地区", "region of that code")


@dataclass(frozen=True, slots=True)
class Place:
    """One district, town or street, or a city's own level. `parent` is the district of a town, else empty."""

    code: str
    name: Text
    level: str
    parent: str = ""

    @property
    def is_town(self) -> bool:
        return self.level in TOWN


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a place sent of one feed: how many facts, up to which day (None where the feed knows no day) and year."""

    facts: int
    newest: dt.date | None
    year: int | None


@dataclass(frozen=True, slots=True)
class Covered:
    """One place and what of the expected feeds has arrived from its own level; a feed not in `arrivals` never came."""

    place: Place
    arrivals: Mapping[str, Arrival]
    missing: tuple[str, ...]
    newest: dt.date | None
    days_silent: int | None

    @property
    def linked(self) -> bool:
        return not self.missing


@dataclass(frozen=True, slots=True)
class Share:
    """How many of some places are linked (everything expected came) and partly linked (some of it came)."""

    linked: int
    partly: int
    of: int

    @property
    def ratio(self) -> Decimal | None:
        """Linked ÷ all, between 0 and 1; None where there is no place to count."""
        return ratio(Decimal(self.linked), Decimal(self.of))


@dataclass(frozen=True, slots=True)
class Coverage:
    """What arrived from where. `towns` counts the towns and streets (all places, where there is no town at all);
    `of_district` the same under each district's code."""

    expected: tuple[str, ...]
    places: list[Covered]
    towns: Share
    of_district: Mapping[str, Share]
    newest: dt.date | None

    def of(self, code: str) -> Covered | None:
        return next((one for one in self.places if one.place.code == code), None)


def places(home: Home, viewer: Viewer) -> list[Place]:
    """Every place within the viewer's scope, a district before its towns."""
    demand(viewer, "budgets", "batches")
    return list(remembered(home, viewer, "places", lambda: _places(home, viewer)))


def place(home: Home, viewer: Viewer, code: str) -> Place:
    """One place; NotFound where there is none within scope."""
    found = next((one for one in places(home, viewer) if one.code == code), None)
    if found is None:
        raise missing(_PLACE)
    return found


def under(known: Iterable[Place], code: str) -> list[Place]:
    """The towns of a district."""
    return [one for one in known if one.parent == code]


def _places(home: Home, viewer: Viewer) -> list[Place]:
    feeds = " UNION ".join(f'SELECT adm_div_code FROM "{feed}"' for feed in ("region", *EXPECTED))
    with home.facts(viewer) as facts:
        codes = {code for (code,) in facts.execute(f"SELECT DISTINCT adm_div_code FROM ({feeds})").fetchall() if code}
    known = names(home, viewer)
    return [_known(known, code, codes) for code in sorted(codes)]


def _known(known: Names, code: str, codes: set[str]) -> Place:
    numbered = digits(code)
    own = numbered and len(code) == 6 and code.endswith("00")
    level = known.regions[code].level if code in known.regions else ""
    level = level or ("" if not numbered else "city" if own else {6: "district", 9: "town"}.get(len(code), ""))
    name = known.region(code)
    if own and any(other != code and other.startswith(code[:4]) for other in codes):
        name = Text(f"{name.zh}本级", f"{name.en} (own level)")
    parent = code[:6] if numbered and len(code) == 9 and code[:6] in codes else ""
    return Place(code, name, level, parent)


def coverage(home: Home, viewer: Viewer, *, feeds: Sequence[str] = EXPECTED) -> Coverage:
    """Which of the expected feeds arrived from every place in scope, up to which day, and how long it has been silent."""
    known = places(home, viewer)
    expected = tuple(feeds)
    arrived = remembered(home, viewer, ("arrived", expected), lambda: _arrived(home, viewer, expected))
    day = today()
    rows = []
    for one in known:
        came = arrived.get(one.code, {})
        newest = max((a.newest for a in came.values() if a.newest), default=None)
        silent = max(0, (day - newest).days) if newest else None
        rows.append(Covered(one, came, tuple(f for f in expected if f not in came), newest, silent))
    towns = [row for row in rows if row.place.is_town]
    return Coverage(
        expected=expected,
        places=rows,
        towns=_share(towns or rows),
        of_district={
            row.place.code: _share([t for t in towns if t.place.parent == row.place.code])
            for row in rows
            if row.place.level == "district"
        },
        newest=max((row.newest for row in rows if row.newest), default=None),
    )


def _share(rows: Sequence[Covered]) -> Share:
    linked = sum(row.linked for row in rows)
    return Share(linked, sum(bool(row.arrivals) for row in rows) - linked, len(rows))


def _arrived(home: Home, viewer: Viewer, feeds: tuple[str, ...]) -> dict[str, dict[str, Arrival]]:
    """place → feed → what came; one scan a feed."""
    asked = " UNION ALL ".join(
        f"""SELECT adm_div_code AS place, '{feed}' AS feed, count(*) AS facts,
                   max({ALL[feed].day or "NULL::DATE"}) AS newest, max(budget_year) AS year
            FROM "{feed}" GROUP BY 1"""
        for feed in feeds
    )
    found: dict[str, dict[str, Arrival]] = {}
    with home.facts(viewer) as facts:
        for code, feed, count, newest, year in facts.execute(asked).fetchall():
            found.setdefault(code, {})[feed] = Arrival(count, newest, year)
    return found
