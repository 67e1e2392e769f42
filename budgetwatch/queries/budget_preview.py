"""One level of the draft budget: rows by function, department, unit, economic subject, project or region."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from budgetwatch.access.viewer import Viewer
from budgetwatch.queries import seen
from budgetwatch.queries.attention import attention
from budgetwatch.queries.budget_base import Asked, choose, population
from budgetwatch.queries.names import Names, code_name, names, remembered
from budgetwatch.queries.scope import demand, digits, missing, one_of, ratio
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

By = Literal["function", "department", "unit", "economic", "project", "region"]
BYS = ("function", "department", "unit", "economic", "project", "region")
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the way down; the fields are arguments of `preview`."""

    label: Text
    by: str
    func: str = ""
    agency: str = ""
    eco: str = ""
    region: str = ""
    own: bool = False


@dataclass(frozen=True, slots=True)
class BudgetPreview:
    """One level of the drill. Every row: code, name(Text), draft, last_budget, last_actual, change (draft −
    last_budget), change_ratio, execution_ratio (last_actual ÷ last_budget), share (of the total draft), per_head,
    per_head_last, is_new (bool), has_children, drill (arguments of the next `preview`, or None), attention (int).

    Money is Decimal or None (nothing was sent for it); ratios are Decimal with 4 places or None.
    `basis` says which stage each column stands on: {"draft": "draft"|"approved", "last_budget": …, "last_actual": "final"|"payment"};
    `books` are those with lines (book None adds them all up); `until` is the last day paid where the last column stands on payments.
    """

    year: int
    region: str
    region_name: Text
    own: bool
    currency: str
    currencies: list[str]
    book: str | None
    books: list[str]
    direction: str
    population: int | None
    by: str
    choices: list[str]
    rows: list[dict[str, Any]]
    total: dict[str, Any]
    crumbs: list[Crumb]
    basis: dict[str, str]
    until: dt.date | None = None
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the drill one stands."""

    by: str
    func: str
    eco: str
    agency: str


def preview(
    home: Home,
    viewer: Viewer,
    *,
    year: int | None = None,
    region: str | None = None,
    book: str | None = None,
    by: By | None = None,
    func: str = "",
    agency: str = "",
    eco: str = "",
    own: bool = False,
    direction: str = "expenditure",
    currency: str | None = None,
) -> BudgetPreview:
    """One level of the drill. `by` None: by function where functions were sent, else by department.

    `func`, `eco` and `agency` narrow it; by="function" shows the next level below `func` (类 → 款 → 项).
    `own` leaves out what lies below the region (本级).
    """
    demand(viewer, "budgets")
    if by is not None:
        one_of(by, BYS, "by")
    asked = choose(home, viewer, year=year, region=region, own=own, book=book, direction=direction, currency=currency)
    possible = _choices(home, viewer, asked)
    at = Place(by or (possible[0] if possible else "department"), func, eco, agency)
    known = names(home, viewer)
    key = ("preview", asked.year, asked.region, own, book, direction, asked.currency, at)
    raw = remembered(home, viewer, key, lambda: _rows(home, viewer, asked, at))
    if agency and not raw and agency not in known.agencies:
        raise missing(Text("这个单位", "unit of that code"))
    rows = [_row(known, asked, at, row) for row in raw]
    total = _total(rows, population(known, asked.region, asked.year))
    noticed = attention(home, viewer, year=asked.year, region=asked.region, own=own, func=func, eco=eco, agency=agency)
    touching: dict[str | None, set[int]] = {}
    for flag, entry in noticed:
        touching.setdefault(_key(known, asked, at, entry), set()).add(flag)
    for row in rows:
        row["share"] = ratio(row["draft"], total["draft"])
        row["attention"] = len(touching.get(row["code"], ()))
    total["attention"] = len({flag for flag, _ in noticed})
    return BudgetPreview(
        year=asked.year,
        region=asked.region,
        region_name=known.region(asked.region),
        own=own,
        currency=asked.currency,
        currencies=asked.currencies,
        book=book,
        books=asked.books,
        direction=direction,
        population=population(known, asked.region, asked.year),
        by=at.by,
        choices=possible,
        rows=rows,
        total=total,
        crumbs=_crumbs(known, asked, at, possible),
        basis={
            k: v
            for k, v in (("draft", asked.this), ("last_budget", asked.last_budget), ("last_actual", asked.last_actual))
            if v
        },
        until=asked.until,
        note=_note(asked, raw),
    )


def _choices(home: Home, viewer: Viewer, asked: Asked) -> list[str]:
    """The ways of looking at it that its lines allow, the usual one first."""

    def ask() -> list[str]:
        query = f"""SELECT count(func_code), count(DISTINCT agency_code), count(eco_code), count(pro_code), count(DISTINCT adm_div_code)
                    FROM budget_line WHERE {asked.condition}"""
        with home.facts(viewer) as facts:
            row = facts.execute(query, asked.params | {"direction": asked.direction}).fetchone()
        func, agencies, eco, pro, places = row or (0, 0, 0, 0, 0)
        there = {
            "function": func > 0,
            "department": agencies > 0,
            "economic": eco > 0,
            "project": pro > 0,
            "region": places > 1,
        }
        return [by for by, yes in there.items() if yes]

    return list(
        remembered(home, viewer, ("choices", asked.region, asked.own, asked.book, asked.direction, asked.currency), ask)
    )


#: The unit's department: its parent where the list of units names one, else the unit itself.
DEPARTMENTS = """
    SELECT agency_code, arg_max(coalesce(nullif(parent_code, ''), agency_code), budget_year) AS department FROM org_unit GROUP BY 1"""


def _rows(home: Home, viewer: Viewer, asked: Asked, at: Place) -> list[dict[str, Any]]:
    """Sums of the three columns for each group."""
    narrowed, params = narrowing(at.func, at.eco, at.agency)
    group = group_sql(asked, at)
    stages = {"this_stage": asked.this or "", "last_stage": asked.last_budget or "", "year": asked.year}
    params |= asked.params | {"direction": asked.direction} | stages
    paid = ""
    if asked.last_actual == "payment":
        paid = f"""UNION ALL
            SELECT 'last_actual', func_code, coalesce(dep_eco_code, gov_eco_code), agency_code, any_value(agency_name), pro_code,
                   any_value(pro_name), line_type, adm_div_code, sum(amount)
            FROM payment WHERE {asked.paid} AND budget_year = $year - 1 GROUP BY ALL"""
    final = (
        "WHEN budget_year = $year - 1 AND stage = 'final' THEN 'last_actual'" if asked.last_actual == "final" else ""
    )
    query = f"""
        WITH departments AS ({DEPARTMENTS}),
        newest AS (
            SELECT adm_div_code AS place, max(coalesce(version, '')) AS newest FROM budget_line
            WHERE budget_year = $year AND stage = $this_stage GROUP BY 1
        ),
        lines AS (
            SELECT CASE WHEN budget_year = $year AND stage = $this_stage THEN 'draft'
                        WHEN budget_year = $year - 1 AND stage = $last_stage THEN 'last_budget' {final} END AS role,
                   func_code, eco_code, agency_code, agency_name, pro_code, pro_name, line_type, adm_div_code, amount
            FROM budget_line LEFT JOIN newest ON adm_div_code = place
            WHERE {asked.condition} AND budget_year IN ($year, $year - 1)
              AND (budget_year <> $year OR coalesce(version, '') = newest)
            {paid}
        )
        SELECT {group} AS code,
               arg_max({NAMED.get(at.by, "NULL::VARCHAR")}, role = 'draft') AS name,
               sum(amount) FILTER (role = 'draft') AS draft,
               sum(amount) FILTER (role = 'last_budget') AS last_budget,
               sum(amount) FILTER (role = 'last_actual') AS last_actual,
               max(length(func_code)) AS func_depth, max(length(eco_code)) AS eco_depth, max(length(adm_div_code)) AS place_depth,
               count(DISTINCT agency_code) AS agencies, count(DISTINCT pro_code) AS projects, count(func_code) AS functions,
               any_value(line_type) AS line_type
        FROM lines LEFT JOIN departments USING (agency_code)
        WHERE role IS NOT NULL {narrowed}
        GROUP BY 1 ORDER BY draft DESC NULLS LAST, last_budget DESC NULLS LAST, code"""
    with home.facts(viewer) as facts:
        return seen.dicts(facts.execute(query, params))


NAMED = {"department": "agency_name", "unit": "agency_name", "project": "pro_name"}


def narrowing(func: str, eco: str, agency: str) -> tuple[str, dict[str, Any]]:
    """What narrows lines (joined to `departments`) to a subject and a unit or department."""
    tests, params = "", dict[str, Any]()
    if func:
        tests, params["func"] = tests + " AND starts_with(func_code, $func)", func
    if eco:
        tests, params["eco"] = tests + " AND starts_with(eco_code, $eco)", eco
    if agency:
        tests, params["agency"] = tests + " AND $agency IN (agency_code, department)", agency
    return tests, params


def _deeper(prefix: str) -> int:
    return next((n for n in (3, 5, 7) if n > len(prefix)), 7)


def _place_length(region: str) -> int:
    """How long the codes of the regions below are: city 4, district 6, town 9."""
    return next((n for n in (4, 6, 9) if n > len(region)), 9)


def group_sql(asked: Asked, at: Place) -> str:
    return {
        "function": f"substr(func_code, 1, {_deeper(at.func)})",
        "economic": f"substr(eco_code, 1, {_deeper(at.eco)})",
        "department": "coalesce(department, agency_code)",
        "unit": "agency_code",
        "project": "coalesce(pro_code, line_type)",
        "region": place_code(asked.region),
    }[at.by]


def place_code(region: str) -> str:
    """The SQL of the place directly below the region that a row belongs to."""
    return f"CASE WHEN regexp_matches(adm_div_code, '^[0-9]+$') THEN left(adm_div_code, {_place_length(region)}) ELSE adm_div_code END"


def _key(known: Names, asked: Asked, at: Place, entry: dict[str, str | None]) -> str | None:
    """The group that a flagged row belongs to, as `group_sql` has it."""

    def cut(name: str, length: int) -> str | None:
        code = entry[name]
        return code[:length] if code else None

    match at.by:
        case "function":
            return cut("func", _deeper(at.func))
        case "economic":
            return cut("eco", _deeper(at.eco))
        case "department":
            agency = entry["agency"] or ""
            return known.parents[agency][0] if agency in known.parents else agency
        case "unit":
            return entry["agency"]
        case "project":
            return entry["pro"]
    code = entry["region"] or ""
    return code[: _place_length(asked.region)] if digits(code) else code


def _row(known: Names, asked: Asked, at: Place, raw: dict[str, Any]) -> dict[str, Any]:
    code, draft, budget, actual = raw["code"] or "", raw["draft"], raw["last_budget"], raw["last_actual"]
    people = population(known, code, asked.year) if at.by == "region" else population(known, asked.region, asked.year)
    drill = _drill(asked, at, raw)
    return {
        "code": code,
        "name": row_name(known, at, raw),
        **_figures(draft, budget, actual, people),
        "has_children": drill is not None,
        "drill": drill,
        "attention": 0,
    }


def _figures(
    draft: Decimal | None, budget: Decimal | None, actual: Decimal | None, people: int | None
) -> dict[str, Any]:
    change = draft - (budget or Decimal(0)) if draft is not None else None
    return {
        "draft": draft,
        "last_budget": budget,
        "last_actual": actual,
        "change": change,
        "change_ratio": ratio(change, budget),
        "execution_ratio": ratio(actual, budget),
        "share": None,
        "per_head": (draft / people).quantize(_CENT) if draft is not None and people else None,
        "per_head_last": (budget / people).quantize(_CENT) if budget is not None and people else None,
        "is_new": bool(draft) and not budget,
    }


def _total(rows: list[dict[str, Any]], people: int | None) -> dict[str, Any]:
    def add(name: str) -> Decimal | None:
        values = [row[name] for row in rows if row[name] is not None]
        return sum(values, Decimal(0)) if values else None

    draft = add("draft")
    return _figures(draft, add("last_budget"), add("last_actual"), people) | {
        "share": ratio(draft, draft),
        "count": len(rows),
    }


def row_name(known: Names, at: Place, raw: dict[str, Any]) -> Text:
    code = raw["code"]
    match at.by:
        case "function":
            return known.function(code)
        case "economic":
            return known.economic(code)
        case "region":
            name = known.region(code)
            return (
                name
                if len(code or "") != 6 or not (code or "").endswith("00")
                else Text(f"{name.zh}本级", f"{name.en} (own level)")
            )
        case "project":
            if raw["name"] is None and code == raw["line_type"]:
                kind = code_name("line_type", code)
                return Text(f"（{kind.zh or '未列项目'}）", f"({kind.en or 'no project'})")
            return Text(raw["name"] or code, raw["name"] or code)
    named = known.agencies.get(code or "") or raw["name"]
    return Text(named, named) if named else known.agency(code)


def _drill(asked: Asked, at: Place, raw: dict[str, Any]) -> dict[str, Any] | None:
    """The arguments of the next `preview`; None where nothing lies below."""
    code = raw["code"]
    step: dict[str, Any] = {
        "by": at.by,
        "func": at.func,
        "eco": at.eco,
        "agency": at.agency,
        "region": asked.region,
        "own": asked.own,
    }
    if not code:
        return None
    match at.by:
        case "function":
            step["func"] = code
            if (raw["func_depth"] or 0) > len(code):
                return step
            return step | {"by": _below(at.agency, raw)} if _below(at.agency, raw) else None
        case "economic":
            step["eco"] = code
            if (raw["eco_depth"] or 0) > len(code):
                return step
            return step | {"by": _below(at.agency, raw)} if _below(at.agency, raw) else None
        case "department" | "unit":
            step["agency"] = code
            if at.by == "department" and raw["agencies"] > 1:
                return step | {"by": "unit"}
            if raw["projects"]:
                return step | {"by": "project"}
            if raw["functions"] and not at.func:
                return step | {"by": "function"}
            return step | {"by": "economic"} if raw["eco_depth"] and not at.eco else None
        case "region":
            below = raw["place_depth"] > len(code) and digits(code)
            return step | {
                "region": code,
                "own": code == asked.region,
                "by": "region" if below and code != asked.region else None,
            }
    return None


def _below(agency: str, raw: dict[str, Any]) -> str | None:
    if not agency and raw["agencies"] > 0:
        return "department"
    return "project" if raw["projects"] else None


def _crumbs(known: Names, asked: Asked, at: Place, possible: list[str]) -> list[Crumb]:
    """The way from the whole budget down to here."""
    first = possible[0] if possible else "department"
    name = known.region(asked.region)
    crumbs = [Crumb(name, at.by if not (at.func or at.eco or at.agency) else first, region=asked.region, own=asked.own)]

    def add(label: Text, by: str, **place: Any) -> None:
        crumbs.append(Crumb(label, by, region=asked.region, own=asked.own, **place))

    for code, way, name_of, by in (
        (at.func, "func", known.function, "function"),
        (at.eco, "eco", known.economic, "economic"),
    ):
        for length in (n for n in (3, 5, 7) if n < len(code)):
            add(name_of(code[:length]), by, **{way: code[:length]})
        if code:
            add(name_of(code), by, **{way: code})
    if at.agency:
        parent = known.parents.get(at.agency)
        if parent and parent[0] != at.agency:
            add(Text(parent[1], parent[1]), "unit", func=at.func, eco=at.eco, agency=parent[0])
        add(known.agency(at.agency), "project", func=at.func, eco=at.eco, agency=at.agency)
    return crumbs


def _note(asked: Asked, raw: list[dict[str, Any]]) -> Text | None:
    """What a reader must know to read the figures rightly."""
    if not raw or asked.levels <= 1:
        return None
    return Text(
        "合计包括多个级次，各级之间的转移支付已扣除，避免重复计算。",
        "Several levels are added together; transfers between them are left out, so that nothing is counted twice.",
    )
