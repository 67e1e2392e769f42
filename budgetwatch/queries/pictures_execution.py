"""Spending against time: this year's way through its budget beside those of earlier years, and place beside place.

A budget stands on what was adjusted where an adjustment was sent for that place and book, else on what was
approved. Payments outside their budget year (the settlement in January) count in its first or last month.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from budgetwatch.access.viewer import Viewer
from budgetwatch.queries import seen
from budgetwatch.queries.budget_base import Asked, choose
from budgetwatch.queries.budget_preview import DEPARTMENTS, narrowing, place_code
from budgetwatch.queries.listing import Heading, Listing, heading
from budgetwatch.queries.names import Names, code_name, names, remembered
from budgetwatch.queries.scope import demand, ratio
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

MONTHS = range(1, 13)


@dataclass(frozen=True, slots=True)
class YearLine:
    """One year's way: spent by the end of each month so far (12 places, None for months to come)."""

    year: int
    budget: Decimal | None
    stage: str
    spent: tuple[Decimal | None, ...]

    def share(self, month: int) -> Decimal | None:
        """Spent by the end of that month as a part of the year's budget."""
        return ratio(self.spent[month - 1], self.budget)


@dataclass(frozen=True, slots=True)
class Execution:
    """This year's line and those of earlier years, oldest first. In shares of the budget where every line drawn
    has one (`in_shares`), else in amounts. `until` is the last day paid in the year, anywhere in scope."""

    year: int
    region: str
    region_name: Text
    what: Text | None
    currency: str
    until: dt.date | None
    now: YearLine | None
    earlier: tuple[YearLine, ...]

    @property
    def in_shares(self) -> bool:
        return self.now is not None and bool(self.now.budget) and (self.now.budget or 0) > 0

    @property
    def compared(self) -> tuple[YearLine, ...]:
        """The earlier years that can stand beside this one."""
        return tuple(y for y in self.earlier if not self.in_shares or (y.budget or 0) > 0)

    @property
    def month(self) -> int:
        """The last month with something to say; 0 where nothing was spent yet."""
        return max((m for m in MONTHS if self.now and self.now.spent[m - 1] is not None), default=0)

    def at(self, line: YearLine, month: int) -> Decimal | None:
        """What is drawn for a month: a share or an amount."""
        return line.share(month) if self.in_shares else line.spent[month - 1]

    def band(self, month: int) -> tuple[Decimal, Decimal] | None:
        """The least and the greatest of the earlier years by the end of that month."""
        found = [v for y in self.compared if (v := self.at(y, month)) is not None]
        return (min(found), max(found)) if found else None

    @property
    def listing(self) -> Listing:
        kind: Any = "ratio" if self.in_shares else "money"
        headings = [
            heading("month", "月末", "By the end of", "text"),
            heading("spent", "累计支出", "Spent so far", "money"),
        ]
        if self.in_shares:
            headings += [
                heading("share", f"{self.year} 年占预算", f"{self.year}, of the budget", "ratio"),
                heading("even", "按时间均分", "If spent evenly", "ratio"),
            ]
        headings += [Heading(f"y{y.year}", Text(f"{y.year} 年", f"{y.year}"), kind) for y in self.compared]
        rows = []
        for month in MONTHS:
            row: dict[str, Any] = {"month": f"{self.year}-{month:02}", "currency": self.currency}
            row["spent"] = self.now.spent[month - 1] if self.now else None
            if self.in_shares and self.now:
                row |= {"share": self.now.share(month), "even": ratio(Decimal(month), Decimal(12))}
            row |= {f"y{y.year}": self.at(y, month) for y in self.compared}
            rows.append(row)
        return Listing(tuple(headings), rows if self.month else [], 12 if self.month else 0)


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """One place's way through its year: the budget, and what was spent by the end of each month."""

    code: str
    name: Text
    line: YearLine


@dataclass(frozen=True, slots=True)
class Places:
    """The places directly below a region, each with its way through the same year, by code."""

    year: int
    region: str
    region_name: Text
    currency: str
    until: dt.date | None
    places: tuple[PlaceLine, ...]

    @property
    def month(self) -> int:
        return max((m for p in self.places for m in MONTHS if p.line.spent[m - 1] is not None), default=0)

    @property
    def listing(self) -> Listing:
        months = [heading(f"m{m}", f"{m} 月", f"{dt.date(2000, m, 1):%b}", "ratio") for m in MONTHS[: self.month]]
        rows = [
            {
                "code": p.code, "name": p.name, "budget": p.line.budget, "currency": self.currency,
                "spent": p.line.spent[self.month - 1] if self.month else None,
                **{f"m{m}": p.line.share(m) for m in MONTHS[: self.month]},
            }
            for p in self.places
        ]  # fmt: skip
        columns = (
            heading("name", "地区", "Place"),
            heading("budget", "预算", "Budget", "money"),
            heading("spent", "累计支出", "Spent so far", "money"),
            *months,
        )
        return Listing(columns, rows if self.month else [], len(rows))


def execution(
    home: Home,
    viewer: Viewer,
    *,
    year: int | None = None,
    region: str | None = None,
    book: str | None = None,
    func: str = "",
    agency: str = "",
    eco: str = "",
    own: bool = False,
    currency: str | None = None,
) -> Execution:
    """Spending of `year`, or of the newest year up to it with payments, against the band of the earlier ones."""
    demand(viewer, "budgets")
    asked = _asked(home, viewer, region, book, own, currency)
    key = ("picture execution", asked.region, own, book, func, agency, eco, asked.currency)
    lines, ends = remembered(home, viewer, key, lambda: _lines(home, viewer, asked, func, agency, eco))
    paid = sorted(ends)
    chosen = max((y for y in paid if year is None or y <= year), default=year or asked.year)
    known = names(home, viewer)
    of_all = {line.year: line for line in lines.get("", ())}
    return Execution(
        year=chosen,
        region=asked.region,
        region_name=known.region(asked.region),
        what=_what(known, func, eco, agency),
        currency=asked.currency,
        until=ends.get(chosen),
        now=of_all.get(chosen),
        earlier=tuple(of_all[y] for y in sorted(of_all) if y < chosen and y in ends),
    )


def places(
    home: Home,
    viewer: Viewer,
    *,
    year: int | None = None,
    region: str | None = None,
    book: str | None = None,
    currency: str | None = None,
) -> Places:
    """The same for each place directly below the region (districts of a city, towns of a district), side by side."""
    demand(viewer, "budgets")
    asked = _asked(home, viewer, region, book, False, currency)
    key = ("picture places", asked.region, book, asked.currency)
    lines, ends = remembered(home, viewer, key, lambda: _lines(home, viewer, asked, "", "", "", apart=True))
    chosen = max((y for y in sorted(ends) if year is None or y <= year), default=year or asked.year)
    known = names(home, viewer)
    found = [
        PlaceLine(code, _place_name(known, asked.region, code), line)
        for code in sorted(lines)
        for line in lines[code]
        if line.year == chosen
    ]
    return Places(chosen, asked.region, known.region(asked.region), asked.currency, ends.get(chosen), tuple(found))


def _asked(home: Home, viewer: Viewer, region: str | None, book: str | None, own: bool, currency: str | None) -> Asked:
    """The budget meant, whichever year."""
    return choose(
        home, viewer, year=None, region=region or None, own=own, book=book, direction="expenditure", currency=currency
    )


def _lines(
    home: Home, viewer: Viewer, asked: Asked, func: str, agency: str, eco: str, *, apart: bool = False
) -> tuple[dict[str, list[YearLine]], dict[int, dt.date]]:
    """The lines of each place ("" where not `apart`) by year, and the last day paid of each year."""
    narrowed, params = narrowing(func, eco, agency)
    params |= asked.params | {"direction": asked.direction}
    place = place_code(asked.region) if apart else "''"
    # The list of units is only looked at where a department is asked for.
    joined = "LEFT JOIN departments USING (agency_code)" if "department" in narrowed else ""
    query = f"""
        WITH departments AS ({DEPARTMENTS}),
        -- What each place's book stands on: the adjusted budget before the approved one, the newest version of it.
        ranked AS (
            SELECT *, (CASE stage WHEN 'adjusted' THEN '2' ELSE '1' END) || coalesce(version, '') AS standing
            FROM budget_line WHERE {asked.condition} AND stage IN ('approved', 'adjusted')
        ),
        best AS (
            SELECT adm_div_code AS place, budget_year AS of_year, coalesce(book, '') AS of_book, max(standing) AS highest
            FROM ranked GROUP BY ALL
        ),
        lines AS (
            SELECT 'budget' AS role, budget_year, 0 AS month_no, func_code, eco_code, agency_code, adm_div_code, stage, amount,
                   NULL::DATE AS pay_date
            FROM ranked JOIN best ON adm_div_code = place AND budget_year = of_year AND coalesce(book, '') = of_book
            WHERE standing = highest
            UNION ALL
            SELECT 'paid', budget_year, CASE WHEN year(pay_date) < budget_year THEN 1 WHEN year(pay_date) > budget_year THEN 12
                   ELSE month(pay_date) END, func_code, coalesce(dep_eco_code, gov_eco_code), agency_code, adm_div_code,
                   NULL, amount, pay_date
            FROM payment WHERE {asked.paid}
        )
        SELECT role, budget_year, month_no, {place} AS code, min(stage) AS stage, sum(amount) AS amount
        FROM lines {joined} WHERE true {narrowed} GROUP BY ALL"""
    ends = f"SELECT budget_year, max(pay_date) FROM payment WHERE {asked.paid} GROUP BY 1"
    with home.facts(viewer) as facts:
        found = seen.dicts(facts.execute(query, params))
        last = dict(facts.execute(ends, asked.params).fetchall())
    kept: dict[tuple[str, int], tuple[Decimal | None, str, dict[int, Decimal]]] = {}
    for row in found:  # at most 13 rows a year and place
        budget, stage, months = kept.get((row["code"], row["budget_year"]), (None, "", {}))
        if row["role"] == "budget":
            budget, stage = row["amount"], row["stage"]
        else:
            months = {**months, row["month_no"]: row["amount"]}
        kept[row["code"], row["budget_year"]] = (budget, stage, months)
    lines: dict[str, list[YearLine]] = {}
    for (code, year), (budget, stage, months) in sorted(kept.items(), key=lambda item: item[0]):
        lines.setdefault(code or "", []).append(YearLine(year, budget, stage, _running(year, months, last.get(year))))
    return lines, {year: day for year, day in last.items() if day}


def _running(year: int, months: dict[int, Decimal], last: dt.date | None) -> tuple[Decimal | None, ...]:
    """Month by month added up, as far as the facts of that year reach."""
    reach = 0 if last is None else 12 if last.year > year else last.month
    spent, sums = Decimal(0), list[Decimal | None]()
    for month in MONTHS:
        spent += months.get(month, Decimal(0))
        sums.append(spent if month <= reach else None)
    return tuple(sums)


def _what(known: Names, func: str, eco: str, agency: str) -> Text | None:
    """What the picture is narrowed to, in words."""
    parts = [known.agency(agency)] if agency else []
    parts += [known.function(func)] if func else []
    parts += [known.economic(eco)] if eco else []
    return Text(" · ".join(p.zh for p in parts), " · ".join(p.en for p in parts)) if parts else None


def _place_name(known: Names, region: str, code: str) -> Text:
    """A region's own level among the places below it is called that."""
    name = known.region(code)
    if code.startswith(region) and code in (region, f"{region}00"):
        return Text(f"{name.zh}本级", f"{name.en} (own level)")
    return name


def stage_name(line: YearLine) -> Text:
    """调整, 批准: what a year's budget stands on."""
    return code_name("stage", line.stage)
