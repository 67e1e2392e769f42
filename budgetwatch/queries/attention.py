"""请关注: how many flags touch a line of the budget, as a bare number that deputies may see too.

A flag touches the subjects and projects of the rows it rests on, and always its unit and region.
Flags that were dismissed are no longer counted.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import sqlalchemy as sa

from budgetwatch import tables as t
from budgetwatch.access.viewer import Viewer
from budgetwatch.queries.names import names, remembered
from budgetwatch.queries.scope import begins, within
from budgetwatch.records import ALL

if TYPE_CHECKING:
    from budgetwatch.home import Home

#: One place that a flag touches: region, agency, func, eco, pro; None where its rows do not say.
Entry = dict[str, str | None]


def attention(
    home: Home, viewer: Viewer, *, year: int, region: str, own: bool, func: str = "", eco: str = "", agency: str = ""
) -> list[tuple[int, Entry]]:
    """(flag, place) for every flag of that year or the one before that touches what is being looked at."""
    with home.session() as session:
        query = (
            sa.select(t.Flag.id)
            .outerjoin(t.Case, t.Case.flag_id == t.Flag.id)
            .where(
                t.Flag.kind == "rule",
                within(viewer, t.Flag.region, t.Flag.agency_code),
                t.Flag.region.in_((region, f"{region}00")) if own else begins(t.Flag.region, region),
                sa.or_(*(begins(t.Flag.period, str(y)) for y in (year, year - 1)), t.Flag.period == ""),
                sa.or_(t.Case.state.is_(None), t.Case.state.not_in(("dismissed", "closed"))),
            )
        )
        live = set(session.scalars(query))
        newest = session.scalar(sa.select(sa.func.max(t.Evidence.id))) or 0
    touched = remembered(home, viewer, ("attention", newest), lambda: _touched(home, viewer))
    agencies = _family(home, viewer, agency)
    return [
        (flag, entry)
        for flag, entry in touched
        if flag in live
        and (not func or (entry["func"] or "").startswith(func))
        and (not eco or (entry["eco"] or "").startswith(eco))
        and (not agency or entry["agency"] in agencies)
    ]


def _family(home: Home, viewer: Viewer, agency: str) -> set[str]:
    """The unit and those under it."""
    return {agency} | {child for child, (parent, _) in names(home, viewer).parents.items() if parent == agency}


def _touched(home: Home, viewer: Viewer) -> list[tuple[int, Entry]]:
    """Every place that any flag in scope touches."""
    newest = sa.select(sa.func.max(t.Evidence.id)).group_by(t.Evidence.flag_id)
    query = (
        sa.select(t.Flag.id, t.Flag.region, t.Flag.agency_code, t.Evidence.row_feed, t.Evidence.rows)
        .join(t.Evidence, t.Evidence.flag_id == t.Flag.id)
        .where(t.Flag.kind == "rule", within(viewer, t.Flag.region, t.Flag.agency_code), t.Evidence.id.in_(newest))
    )
    found: list[tuple[int, Entry]] = []
    rows_of: dict[str, tuple[list[int], list[int]]] = {}
    with home.session() as session:
        for flag, region, agency, feed, rows in session.execute(query):
            found.append((flag, {"region": region, "agency": agency, "func": None, "eco": None, "pro": None}))
            if feed in ALL and {"func_code", "pro_code"} & set(ALL[feed].by_name):
                flags, addresses = rows_of.setdefault(feed, ([], []))
                kept = struct.unpack(f"<{len(rows) // 8}q", rows)
                flags += [flag] * len(kept)
                addresses += kept
    own_place = dict(found)
    with home.facts(viewer) as facts:
        for feed, (flags, addresses) in rows_of.items():
            sql = f"""WITH touched AS (SELECT unnest($flags::BIGINT[]) AS flag, unnest($rows::BIGINT[]) AS _row)
                      SELECT DISTINCT flag, {_read(feed)} FROM "{feed}" JOIN touched USING (_row)"""
            for flag, func, eco, pro in facts.execute(sql, {"flags": flags, "rows": addresses}).fetchall():
                found.append((flag, {**own_place[flag], "func": func, "eco": eco, "pro": pro}))
    return found


def _read(feed: str) -> str:
    has = ALL[feed].by_name
    eco = [c for c in ("eco_code", "dep_eco_code", "gov_eco_code") if c in has]
    return ", ".join(
        (
            "func_code" if "func_code" in has else "NULL",
            f"coalesce({', '.join(eco)})" if eco else "NULL",
            "pro_code" if "pro_code" in has else "NULL",
        )
    )
