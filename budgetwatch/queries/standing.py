"""How places stand beside each other: execution, change, spending per head, open 疑点, overdue ones, days of silence.

The definitions are those of the budget preview (`budget_preview`): the newest version of a draft, transfers left
out as soon as several levels are added together. A district's figures include its towns; a town's are its own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from budgetwatch import tables as t
from budgetwatch.access.viewer import Viewer
from budgetwatch.calendar import today
from budgetwatch.queries.budget_base import LAST_BUDGET, THIS, TRANSFER, population, years
from budgetwatch.queries.names import names, remembered
from budgetwatch.queries.places import Place, coverage, places
from budgetwatch.queries.scope import demand, one_of, ratio, within
from budgetwatch.records.codes import SEVERITIES
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

_CENT = Decimal("0.01")
#: The whole of what the viewer sees, among codes of places.
WHOLE = ""


@dataclass(frozen=True, slots=True)
class Measure:
    """One way of comparing places: its name, what kind of figure it is, and who may see it (any power is enough)."""

    key: str
    label: Text
    kind: str
    powers: tuple[str, ...]


MEASURES: Mapping[str, Measure] = {
    m.key: m
    for m in (
        Measure("execution", Text("预算执行率", "Budget spent"), "ratio", ("budgets",)),
        Measure("change", Text("预算比上年增减", "Change on last year"), "change", ("budgets",)),
        Measure("per_head", Text("人均支出", "Spending per resident"), "money", ("budgets",)),
        Measure("open", Text("未办结疑点", "Open flags"), "integer", ("cases", "budgets")),
        Measure("overdue", Text("逾期疑点", "Overdue flags"), "integer", ("cases",)),
        Measure("silent", Text("未更新天数", "Days without data"), "integer", ("budgets", "batches")),
    )
}


@dataclass(frozen=True, slots=True)
class Standing:
    """One place under every measure; None where nothing was sent, or where the viewer's role does not include it.

    `budget` and `spent` are of the year of execution, `draft` and `last_budget` of the year looked at and the one
    before; `severities` counts open 疑点 by severity for those who may see cases (a deputy sees the bare number).
    """

    place: Place
    budget: Decimal | None = None
    spent: Decimal | None = None
    draft: Decimal | None = None
    last_budget: Decimal | None = None
    population: int | None = None
    open: int | None = None
    overdue: int | None = None
    severities: Mapping[str, int] | None = None
    days_silent: int | None = None

    @property
    def execution(self) -> Decimal | None:
        return ratio(self.spent, self.budget)

    @property
    def change(self) -> Decimal | None:
        """(draft − last year's budget) ÷ last year's budget."""
        if self.draft is None or self.last_budget is None:
            return None
        return ratio(self.draft - self.last_budget, self.last_budget)

    @property
    def per_head(self) -> Decimal | None:
        if self.draft is None or not self.population:
            return None
        return (self.draft / self.population).quantize(_CENT)

    def value(self, measure: str) -> Decimal | int | None:
        """The place's figure under that measure."""
        found: Decimal | int | None = self.days_silent if measure == "silent" else getattr(self, measure)
        return found


@dataclass(frozen=True, slots=True)
class Standings:
    """All places in scope under one measure (and the others beside it). `whole` is everything in scope together.

    `spent_year` is the year whose execution is shown: the year looked at once payments of it have come, else the one
    before; `until` is the last day paid where execution stands on payments and not on final accounts.
    """

    measure: str
    measures: tuple[str, ...]
    year: int
    years: list[int]
    spent_year: int
    until: dt.date | None
    currency: str
    rows: list[Standing]
    whole: Standing = field(default_factory=lambda: Standing(Place(WHOLE, Text("", ""), "")))

    def of(self, code: str) -> Standing | None:
        return next((row for row in self.rows if row.place.code == code), None)


def possible(viewer: Viewer) -> tuple[str, ...]:
    """The measures that this person may compare places by."""
    return tuple(key for key, measure in MEASURES.items() if any(viewer.may(power) for power in measure.powers))


def standing(home: Home, viewer: Viewer, measure: str = "", year: int | None = None) -> Standings:
    """Every place in scope under every measure the viewer may see. `measure` "" is the first of them; `year` None the
    newest with a budget."""
    demand(viewer, "budgets", "batches")
    allowed = possible(viewer)
    measure = one_of(measure, allowed, "measure") if measure else allowed[0]
    known, covered, called = places(home, viewer), coverage(home, viewer), names(home, viewer)
    there = years(home, viewer) if viewer.may("budgets") else []
    year = year or (there[0] if there else today().year)
    currency = called.currency_most
    sums, spent_year, until = _NOTHING
    if viewer.may("budgets"):
        key = ("standing", year, currency)
        sums, spent_year, until = remembered(home, viewer, key, lambda: _sums(home, viewer, known, year, currency))
    open_cases = _cases(home, viewer, known) if set(allowed) & {"open", "overdue"} else None
    silent = {row.place.code: row.days_silent for row in covered.places}

    def one(place: Place) -> Standing:
        code = place.code
        figures, counted = sums.get(code, {}), (open_cases or {}).get(code, {})
        severities = {s: counted.get(s, 0) for s in SEVERITIES}
        return Standing(
            place=place,
            budget=figures.get("budget"),
            spent=figures.get("spent"),
            draft=figures.get("draft"),
            last_budget=figures.get("last_budget"),
            population=population(called, code or viewer.region, year),
            open=None if open_cases is None else sum(severities.values()),
            overdue=counted.get("overdue", 0) if "overdue" in allowed else None,
            severities=severities if viewer.may("cases") else None,
            days_silent=silent.get(code),
        )

    whole = one(Place(WHOLE, called.region(viewer.region), ""))
    return Standings(
        measure, allowed, year, there or [year], spent_year or year, until, currency, [one(p) for p in known], whole
    )


_NOTHING: tuple[dict[str, dict[str, Decimal]], int, dt.date | None] = ({}, 0, None)


def _memberships(known: list[Place], codes: set[str]) -> tuple[list[str], list[str]]:
    """(code, place it counts for): itself, its district, and the whole."""
    pairs = [(code, target) for code in sorted(codes) for target in (code, WHOLE)]
    pairs += [(one.code, one.parent) for one in known if one.parent]
    return [code for code, _ in pairs], [target for _, target in pairs]


def _sums(
    home: Home, viewer: Viewer, known: list[Place], year: int, currency: str
) -> tuple[dict[str, dict[str, Decimal]], int, dt.date | None]:
    """place → {draft, last_budget, budget, spent}, the year of execution, and the last day paid in it."""
    members, targets = _memberships(known, {one.code for one in known})
    query = f"""
        WITH membership AS (SELECT unnest($members::VARCHAR[]) AS code, unnest($targets::VARCHAR[]) AS place),
        lines AS (
            SELECT adm_div_code AS code, budget_year, stage, amount, {TRANSFER} AS is_transfer,
                   coalesce(version, '') = max(coalesce(version, '')) OVER (PARTITION BY adm_div_code, budget_year, stage) AS is_newest
            FROM budget_line
            WHERE direction = 'expenditure' AND budget_year BETWEEN $year - 1 AND $year AND coalesce(currency, 'CNY') = $currency
        ),
        sums AS (
            SELECT code, budget_year, stage, is_transfer, sum(amount) AS amount, NULL::DATE AS until
            FROM lines WHERE is_newest GROUP BY ALL
            UNION ALL
            SELECT adm_div_code, budget_year, 'payment', {TRANSFER}, sum(amount), max(pay_date)
            FROM payment WHERE budget_year BETWEEN $year - 1 AND $year AND coalesce(currency, 'CNY') = $currency GROUP BY ALL
        ),
        levels AS (
            SELECT place, count(DISTINCT adm_div_code) AS n FROM membership
            JOIN (SELECT DISTINCT adm_div_code FROM budget_line WHERE direction = 'expenditure') ON adm_div_code = code GROUP BY 1
        )
        SELECT place, budget_year, stage, sum(amount) FILTER (NOT is_transfer OR coalesce(n, 0) <= 1), max(until)
        FROM sums JOIN membership USING (code) LEFT JOIN levels USING (place) GROUP BY ALL"""
    params = {"members": members, "targets": targets, "year": year, "currency": currency}
    with home.facts(viewer) as facts:
        rows = facts.execute(query, params).fetchall()
    amounts: dict[str, dict[tuple[int, str], Decimal]] = {}
    for place, of_year, stage, amount, _ in rows:
        if amount is not None:
            amounts.setdefault(place, {})[of_year, stage] = amount
    whole = amounts.get(WHOLE, {})
    spending = (year, "payment") in whole and any((year, stage) in whole for stage in LAST_BUDGET)
    spent_year = year if spending else year - 1
    closed = (spent_year, "final") in whole
    until = (
        None if closed else next((day for p, y, s, _, day in rows if (p, y, s) == (WHOLE, spent_year, "payment")), None)
    )
    return {place: _figures(found, year, spent_year) for place, found in amounts.items()}, spent_year, until


def _figures(found: Mapping[tuple[int, str], Decimal], year: int, spent_year: int) -> dict[str, Decimal]:
    """The four sums of a place, each on the best stage that it has."""
    wanted: dict[str, tuple[int, tuple[str, ...]]] = {
        "draft": (year, THIS),
        "last_budget": (year - 1, LAST_BUDGET),
        "budget": (spent_year, LAST_BUDGET),
        "spent": (spent_year, ("final", "payment")),
    }
    figures: dict[str, Decimal] = {}
    for name, (of_year, stages) in wanted.items():
        stage = next((s for s in stages if (of_year, s) in found), None)
        if stage is not None:
            figures[name] = found[of_year, stage]
    return figures


def _cases(home: Home, viewer: Viewer, known: list[Place]) -> dict[str, dict[str, int]]:
    """place → {severity: open, "overdue": n}, counted by the database; what was dismissed is no longer counted for
    those who do not see cases, as beside the lines of a budget."""
    ended = ("closed",) if viewer.may("cases") else ("closed", "dismissed")
    late = sa.func.sum(sa.case((t.Case.due_on < today(), 1), else_=0))
    query = (
        sa.select(t.Case.region, t.Case.severity, sa.func.count(), late)
        .where(within(viewer, t.Case.region, t.Case.agency_code), t.Case.state.not_in(ended))
        .group_by(t.Case.region, t.Case.severity)
    )
    with home.session() as session:
        counted: list[Any] = list(session.execute(query))
    targets: dict[str, list[str]] = {}
    codes = {one.code for one in known} | {region for region, *_ in counted}
    for code, target in zip(*_memberships(known, codes), strict=True):
        targets.setdefault(code, []).append(target)
    found: dict[str, dict[str, int]] = {}
    for region, severity, n, overdue in counted:
        for target in targets[region]:
            sums = found.setdefault(target, {})
            sums[severity] = sums.get(severity, 0) + n
            sums["overdue"] = sums.get("overdue", 0) + int(overdue or 0)
    return found
