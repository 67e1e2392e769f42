"""Whether what was sent agrees with itself: identities within a row, sums against parents, one feed against another.

The checks are `records.agreements`. One whose feeds have no facts is not made, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from budgetwatch.access.viewer import Viewer
from budgetwatch.queries.listing import Listing, heading
from budgetwatch.queries.names import names
from budgetwatch.queries.scope import demand, one_of, paged
from budgetwatch.queries.seen import dicts
from budgetwatch.records.agreements import CHECKS, Check
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check found: cases looked at, those that differ by more than the tolerance, the greatest difference.

    `missing` are feeds without facts: then nothing was looked at.
    """

    name: str
    label: Text
    looked_at: int
    differing: int
    greatest: Decimal | None
    tolerance: Decimal
    missing: tuple[str, ...] = ()


_DIFFERENCES = (
    heading("region_name", "地区", "Region"),
    heading("subject", "对象", "Subject", "code"),
    heading("period", "期间", "Period", "code"),
    heading("stated", "报送的数", "As stated", "money"),
    heading("found", "算出的数", "As added up", "money"),
    heading("difference", "差额", "Difference", "money"),
)


def outcomes(home: Home, viewer: Viewer) -> list[Outcome]:
    """Every check with what it found within the viewer's scope."""
    demand(viewer, "batches")
    there = home.store.current()
    found = []
    with home.facts(viewer) as facts:
        for check in CHECKS.values():
            allowed = _allowed(home, check)
            lacking = tuple(f for f in check.feeds if f not in there)
            if lacking:
                found.append(Outcome(check.name, check.label, 0, 0, None, allowed, lacking))
                continue
            row = facts.execute(
                f"""SELECT count(*), count(*) FILTER (abs(stated - found) > $allowed), max(abs(stated - found))
                    FROM ({check.sql})""",
                {"allowed": allowed},
            ).fetchall()[0]
            found.append(Outcome(check.name, check.label, row[0], row[1], row[2] if row[1] else None, allowed))
    return found


def differences(home: Home, viewer: Viewer, name: str, *, limit: int = 50, offset: int = 0) -> Listing:
    """The cases of one check that differ, the greatest first. Rows: region region_name(Text) subject period stated found difference."""
    demand(viewer, "batches")
    check = CHECKS[one_of(name, CHECKS, "check")]
    limit, offset = paged(limit, offset, most=100_000)
    if any(f not in home.store.current() for f in check.feeds):
        return Listing(_DIFFERENCES, [], 0)
    known = names(home, viewer)
    with home.facts(viewer) as facts:
        asked: dict[str, Any] = {"allowed": _allowed(home, check)}
        where = f"FROM ({check.sql}) WHERE abs(stated - found) > $allowed"
        total = facts.execute(f"SELECT count(*) {where}", asked).fetchall()[0][0]
        rows = dicts(
            facts.execute(
                f"""SELECT region, subject, period, stated, found, found - stated AS difference {where}
                    ORDER BY abs(found - stated) DESC, region, subject, period LIMIT {limit} OFFSET {offset}""",
                asked,
            )
        )
    for row in rows:
        row["region_name"] = known.region(row["region"])
    return Listing(_DIFFERENCES, rows, total)


def _allowed(home: Home, check: Check) -> Decimal:
    return Decimal(home.settings.tolerances.get(check.name, check.tolerance))
