"""What each row of a preview consists of: a class its items, a department its projects, a place its functions."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from budgetwatch.access.viewer import Viewer
from budgetwatch.queries import seen
from budgetwatch.queries.budget_base import Asked
from budgetwatch.queries.budget_preview import DEPARTMENTS, NAMED, Place, group_sql, narrowing, row_name
from budgetwatch.queries.names import names, remembered
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

#: A piece of a row: its code, its name, its amount.
Piece = tuple[str | None, Text, Decimal]


def parts_below(home: Home, viewer: Viewer, asked: Asked, at: Place) -> dict[str, list[Piece]]:
    """The pieces of each row by the row's code, greatest first; they add up to the row's draft.

    `asked` and `at` are what the rows were asked with.
    """
    key = ("parts below", asked.year, asked.region, asked.own, asked.book, asked.direction, asked.currency, at)
    return remembered(home, viewer, key, lambda: _parts_below(home, viewer, asked, at))


def _parts_below(home: Home, viewer: Viewer, asked: Asked, at: Place) -> dict[str, list[Piece]]:
    narrowed, params = narrowing(at.func, at.eco, at.agency)
    params |= asked.params | {"direction": asked.direction, "stage": asked.this or "", "year": asked.year}
    inner = _inside(at)
    outside, inside = group_sql(asked, at), group_sql(asked, inner)
    # The list of units is only looked at where departments are asked for.
    joined = "LEFT JOIN departments USING (agency_code)" if "department" in outside + inside + narrowed else ""
    query = f"""
        WITH departments AS ({DEPARTMENTS}),
        newest AS (SELECT adm_div_code AS place, max(coalesce(version, '')) AS newest FROM budget_line
                   WHERE budget_year = $year AND stage = $stage GROUP BY 1)
        SELECT coalesce({outside}, '') AS outside, {inside} AS code,
               any_value({NAMED.get(inner.by, "NULL::VARCHAR")}) AS name, any_value(line_type) AS line_type, sum(amount) AS amount
        FROM budget_line JOIN newest ON adm_div_code = place AND coalesce(version, '') = newest
        {joined}
        WHERE {asked.condition} AND budget_year = $year AND stage = $stage {narrowed}
        GROUP BY 1, 2 ORDER BY 1, amount DESC, code"""
    with home.facts(viewer) as facts:
        found = seen.dicts(facts.execute(query, params))
    known = names(home, viewer)
    below: dict[str, list[Piece]] = {}
    for row in found:
        below.setdefault(row["outside"], []).append((row["code"], row_name(known, inner, row), row["amount"]))
    return below


def _inside(at: Place) -> Place:
    """By what a row splits: one level further down in its own classification, else by who spends it or on what."""
    if at.by == "function" and len(at.func) < 5:
        # The level below the rows: as if one stood one level further down already.
        return Place("function", "000" if not at.func else f"{at.func}00", at.eco, at.agency)
    if at.by == "economic" and not at.eco:
        return Place("economic", at.func, "000", at.agency)
    if at.by in ("function", "economic"):
        return Place("department" if not at.agency else "project", at.func, at.eco, at.agency)
    if at.by == "project":
        return Place("economic", at.func, at.eco, at.agency)
    return Place("function" if at.by == "region" else "project", at.func, at.eco, at.agency)
