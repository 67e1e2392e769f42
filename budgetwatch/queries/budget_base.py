"""What a budget is looked at by: years, regions, and on which stage each column of a preview stands.

Adding up several levels counts a transfer between them twice: once where it is given, once where it is
spent. Lines of transfers (function 230, or so marked) are therefore left out as soon as more than one
level is added together, as the published 全市 totals leave them out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from budgetwatch.access.viewer import Viewer
from budgetwatch.calendar import today
from budgetwatch.queries.names import Names, names, remembered
from budgetwatch.queries.scope import demand, digits, missing, one_of
from budgetwatch.records.codes import LISTS
from budgetwatch.text import Text

if TYPE_CHECKING:
    import duckdb

    from budgetwatch.home import Home

#: Which stages may stand for a column, the best first.
THIS, LAST_BUDGET = ("draft", "proposal", "approved", "adjusted"), ("approved", "adjusted")
TRANSFER = "(coalesce(starts_with(func_code, '230'), false) OR coalesce(line_type = 'transfer', false))"
_REGION = Text("这个地区", "region of that code")


@dataclass(frozen=True, slots=True)
class RegionChoice:
    """A region whose budget can be looked at. `code` is a prefix: "9901" is the city with all below, "990100"
    the city's own level, "990102" a district with its towns. Unpacks as (code, name, level, depth)."""

    code: str
    name: Text
    level: str
    depth: int

    def __iter__(self) -> Iterator[Any]:
        return iter((self.code, self.name, self.level, self.depth))


@dataclass(frozen=True, slots=True)
class Asked:
    """One budget to look at: whose, of which year, in which currency, and on which stage each column stands."""

    year: int
    region: str
    own: bool
    book: str | None
    direction: str
    currency: str
    currencies: list[str]
    books: list[str]
    this: str | None
    last_budget: str | None
    last_actual: str | None
    until: dt.date | None
    levels: int
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def condition(self) -> str:
        """What narrows `budget_line` to this budget, whichever year and stage."""
        tests = ["direction = $direction", "coalesce(currency, 'CNY') = $currency", *self._common()]
        return " AND ".join(tests)

    @property
    def paid(self) -> str:
        """What narrows `payment` to the same."""
        return " AND ".join(["coalesce(currency, 'CNY') = $currency", *self._common()])

    def _common(self) -> list[str]:
        tests = [place(self.region, self.own)]
        if self.book:
            tests.append("book = $book")
        if self.levels > 1:
            tests.append(f"NOT {TRANSFER}")
        return tests


def place(region: str, own: bool) -> str:
    """The rows of a region, with all below it unless only its own level is meant; `$region` and `$own_code` are its parameters."""
    if not region:
        return "true"
    return "adm_div_code IN ($region, $own_code)" if own else "starts_with(adm_div_code, $region)"


def place_params(region: str, own: bool) -> dict[str, str]:
    if not region:
        return {}
    return {"region": region, "own_code": f"{region}00"} if own else {"region": region}


def years(home: Home, viewer: Viewer, region: str | None = None) -> list[int]:
    """Budget years with a budget in scope, newest first."""
    demand(viewer, "budgets")

    def ask() -> list[int]:
        query = f"""SELECT DISTINCT budget_year FROM budget_line
                    WHERE stage IN {THIS} AND {place(region or "", False)} ORDER BY 1 DESC"""
        with home.facts(viewer) as facts:
            return [year for (year,) in facts.execute(query, place_params(region or "", False)).fetchall()]

    return list(remembered(home, viewer, ("years", region), ask))


def books(
    home: Home,
    viewer: Viewer,
    *,
    year: int | None = None,
    region: str | None = None,
    own: bool = False,
    currency: str | None = None,
) -> list[str]:
    """The books that this place has a budget in, in their order."""
    return choose(
        home, viewer, year=year, region=region, own=own, book=None, direction="expenditure", currency=currency
    ).books


def regions(home: Home, viewer: Viewer) -> list[RegionChoice]:
    """The tree of regions in scope that have a budget, parents before children."""
    demand(viewer, "budgets", "facts")
    return list(remembered(home, viewer, "regions", lambda: _regions(home, viewer)))


def _regions(home: Home, viewer: Viewer) -> list[RegionChoice]:
    with home.facts(viewer) as facts:
        query = "SELECT DISTINCT adm_div_code FROM budget_line UNION SELECT adm_div_code FROM region"
        codes = {code for (code,) in facts.execute(query).fetchall() if code}
    known = names(home, viewer)
    # A city with anything below it is a place of its own ("9901"), besides its own level ("990100").
    cities = {code[:4] for code in codes if len(code) == 6 and digits(code) and code.endswith("00")}
    codes |= {
        city
        for city in cities
        if city.startswith(viewer.region) and any(len(c) > 4 and c != f"{city}00" for c in codes if c.startswith(city))
    }
    found = []
    for code in sorted(codes):
        depth = sum(1 for other in codes if other != code and code.startswith(other))
        own = code[:-2] in codes and code.endswith("00")
        name = known.region(code)
        if own:
            name = Text(f"{name.zh}本级", f"{name.en} (own level)")
        level = known.regions[code].level if code in known.regions else "city" if code in cities else ""
        found.append(RegionChoice(code, name, level, depth))
    return found


def choose(
    home: Home,
    viewer: Viewer,
    *,
    year: int | None,
    region: str | None,
    own: bool,
    book: str | None,
    direction: str,
    currency: str | None,
) -> Asked:
    """What is being asked for, with everything left open filled in from the facts."""
    demand(viewer, "budgets")
    one_of(direction, LISTS["direction"], "direction")
    if book:
        one_of(book, LISTS["book"], "book")
    key = ("asked", year, region, own, book, direction, currency)
    return remembered(home, viewer, key, lambda: _choose(home, viewer, year, region, own, book, direction, currency))


def _choose(
    home: Home,
    viewer: Viewer,
    year: int | None,
    region: str | None,
    own: bool,
    book: str | None,
    direction: str,
    currency: str | None,
) -> Asked:
    with home.facts(viewer) as facts:
        region = _region(facts, viewer, region)
        where, params = place(region, own), place_params(region, own)
        narrowed = f"{where} AND direction = $direction" + (" AND book = $book" if book else "")
        params |= {"direction": direction} | ({"book": book} if book else {})
        sent = facts.execute(
            f"SELECT coalesce(currency, 'CNY'), budget_year, stage, count(*) FROM budget_line WHERE {narrowed} GROUP BY ALL",
            params,
        ).fetchall()
        sums: dict[str, int] = {}
        for code, _, _, n in sent:
            sums[code] = sums.get(code, 0) + n
        currencies = sorted(sums, key=lambda c: -sums[c])
        chosen = (
            one_of(currency, currencies, "currency")
            if currency and currencies
            else (currency or (currencies or ["CNY"])[0])
        )
        stages = {(y, stage) for code, y, stage, _ in sent if code == chosen}
        if year is None:
            year = _newest(stages)
        levels = facts.execute(
            f"SELECT count(DISTINCT adm_div_code) FROM budget_line WHERE {narrowed}", params
        ).fetchone()
        query = f"SELECT DISTINCT book FROM budget_line WHERE {where} AND book IS NOT NULL ORDER BY 1"
        books = [code for (code,) in facts.execute(query, place_params(region, own)).fetchall()]
        this = next((s for s in THIS if (year, s) in stages), None)
        last = next((s for s in LAST_BUDGET if (year - 1, s) in stages), None)
        actual, until = ("final" if (year - 1, "final") in stages else None), None
        if actual is None and direction == "expenditure":
            query = f"SELECT max(pay_date) FROM payment WHERE {where} AND budget_year = $year AND coalesce(currency, 'CNY') = $currency"
            row = facts.execute(query, place_params(region, own) | {"year": year - 1, "currency": chosen}).fetchone()
            until = row[0] if row else None
            actual = "payment" if until else None
    return Asked(
        year=year,
        region=region,
        own=own,
        book=book,
        direction=direction,
        currency=chosen,
        currencies=currencies,
        books=books,
        this=this,
        last_budget=last,
        last_actual=actual,
        until=until,
        levels=int(levels[0]) if levels else 0,
        params=place_params(region, own) | {"currency": chosen} | ({"book": book} if book else {}),
    )


def _region(facts: duckdb.DuckDBPyConnection, viewer: Viewer, region: str | None) -> str:
    """The region asked for; by default all that the viewer sees, or the country's first city where that is everything."""
    if region is None:
        if viewer.region:
            return viewer.region
        query = """SELECT CASE WHEN regexp_matches(adm_div_code, '^[0-9]+$') THEN left(adm_div_code, 4) ELSE adm_div_code END AS root
                   FROM budget_line GROUP BY 1 ORDER BY count(*) DESC, root LIMIT 1"""
        row = facts.execute(query).fetchone()
        return str(row[0]) if row and row[0] else ""
    if not region.startswith(viewer.region):
        raise missing(_REGION)
    if region:
        query = "SELECT 1 FROM (SELECT adm_div_code FROM budget_line UNION ALL SELECT adm_div_code FROM region) WHERE starts_with(adm_div_code, $r) LIMIT 1"
        if facts.execute(query, {"r": region}).fetchone() is None:
            raise missing(_REGION)
    return region


def _newest(stages: set[tuple[int, str]]) -> int:
    """The year to open with: the newest draft, else the newest budget, else this year."""
    for wanted in (("draft", "proposal"), LAST_BUDGET, ("final",)):
        if found := [year for year, stage in stages if stage in wanted]:
            return max(found)
    return today().year


def population(known: Names, region: str, year: int) -> int | None:
    """Residents of the region in that year, or in the newest year before it (or, failing that, after)."""
    found = known.regions.get(region) or known.regions.get(f"{region}00")
    if found is None or not found.population:
        return None
    before = [y for y in found.population if y <= year]
    return found.population[max(before) if before else min(found.population)]
