"""Rows that were corrected since somebody rested on them: what stands in their place, and what changed, in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from budgetwatch.access.viewer import Viewer
from budgetwatch.facts.engine import connect
from budgetwatch.facts.superseded import successors
from budgetwatch.queries import seen
from budgetwatch.queries.listing import Heading, heading
from budgetwatch.records import ALL, Feed
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

#: So many changed columns are told; who wants all opens the row.
_FEW = 4


def successors_of(home: Home, feed: str, rows: Sequence[int]) -> Mapping[int, int]:
    """For each of these rows that was corrected, the row that stands in its place now."""
    return successors(home.store, feed, home.settings, rows)


def successor(home: Home, row: int) -> int | None:
    """The payment that stands in the place of this one; None where it was not corrected."""
    return successors_of(home, "payment", [row]).get(row)


def heading_of(count: int) -> Heading:
    """The heading of the mark, with how many rows bear it."""
    return heading("corrected", f"数据已更正（{count}）", f"Corrected since ({count})")


def as_sent(home: Home, viewer: Viewer, feed: str, rows: Sequence[int]) -> list[dict[str, Any]]:
    """These rows as they came, corrected or not, as this viewer may see them."""
    newest = home.store.current().get(feed)
    if newest is None or not rows:
        return []
    read = ", ".join(seen.column(viewer, c.name) for c in ALL[feed].columns)
    connection = connect(home.store.snapshot({feed: newest}).with_history(), home.settings, viewer=viewer)
    try:
        query = f'SELECT {read}, _row FROM "{feed}" WHERE _row IN (SELECT unnest($rows::BIGINT[]))'
        return seen.dicts(connection.execute(query, {"rows": list(rows)}))
    finally:
        connection.close()


def said(
    home: Home, viewer: Viewer, feed: Feed, old: Sequence[Mapping[str, Any]], newer: Mapping[int, int]
) -> dict[int, Text]:
    """For each of these rows that was corrected, what changed: 金额 1.00 → 2.00. Only what this viewer may see is told."""
    pairs = {row["_row"]: row for row in old if row["_row"] in newer}
    if not pairs:
        return {}
    fresh = {row["_row"]: row for row in as_sent(home, viewer, feed.name, sorted({newer[at] for at in pairs}))}
    return {at: _change(feed, row, fresh.get(newer[at])) for at, row in pairs.items()}


def _change(feed: Feed, old: Mapping[str, Any], new: Mapping[str, Any] | None) -> Text:
    if new is None:
        return Text("已更正（新值不在您的范围内）", "corrected (the new value is outside your scope)")
    changed = [c for c in feed.columns if c.name in old and old[c.name] != new[c.name]]
    if not changed:
        return Text("已更正", "corrected")
    more = len(changed) - _FEW
    values = [(c.label, f"{_shown(old[c.name])} → {_shown(new[c.name])}") for c in changed[:_FEW]]
    zh = "；".join(f"{label.zh} {value}" for label, value in values)
    en = "; ".join(f"{label.en} {value}" for label, value in values)
    return Text(f"{zh}；另有 {more} 项" if more > 0 else zh, f"{en}; and {more} more" if more > 0 else en)


def _shown(value: Any) -> str:
    if value is None:
        return "—"
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    return value.isoformat() if isinstance(value, dt.date) else str(value)
