"""The table beside the map: every place under every measure, sortable, each leading to its page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html

from budgetwatch.queries.places import Coverage
from budgetwatch.queries.standing import MEASURES, Standing, Standings
from dashboard.asking import Asking
from dashboard.components import Column, table, unit_label
from dashboard.figures.places import shown
from dashboard.i18n import say, t


def table_of(asking: Asking, found: Standings, covered: Coverage, rows: Sequence[Standing]) -> Any:
    """All rows of the level in view; sorted by what is compared, the greatest first, until another order is chosen."""
    order = asking.one("order", f"-{found.measure}")
    key, falling = order.lstrip("-"), order.startswith("-")
    names = {row.place.code: say(row.place.name) for row in found.rows}

    def value(row: Standing) -> Any:
        return row.place.code if key not in found.measures else row.value(key)

    known = sorted((r for r in rows if value(r) is not None), key=lambda r: r.place.code)
    known.sort(key=value, reverse=falling)
    ordered = [*known, *(row for row in rows if value(row) is None)]

    def figure(measure: str) -> Any:
        return lambda one: html.Span(shown(found, one["row"].value(measure), measure), className="figure")

    # What is compared comes first: on a phone it is what one sees without moving the table.
    measures = sorted(found.measures, key=lambda m: m != found.measure)
    columns = [
        Column("place", t("地区"), cell=lambda one: html.A(one["name"], href=asking.same(place=one["row"].place.code)),
               sort="place", main=True),
        *(Column(m, _label(found, m), "ratio", figure(m), sort=m) for m in measures),
        Column("arrived", t("应报数据"), "ratio", lambda one: html.Span(one["arrived"], className="figure")),
        *([Column("district", t("所在区县"))] if any(row.place.parent for row in rows) else []),
    ]  # fmt: skip
    lines = [
        {
            "row": row,
            "name": names[row.place.code],
            "district": names.get(row.place.parent, ""),
            "arrived": _arrived(covered, row.place.code),
        }
        for row in ordered
    ]
    return table(columns, lines, caption=t("各地区的数字"), id="places-table", asking=asking, order=order, cards=False)


def _label(found: Standings, measure: str) -> str:
    """The measure, with the unit where it is money: what falls on a head is always in the smallest one."""
    label = say(MEASURES[measure].label)
    return label + t("（{unit}）", unit=unit_label(found.currency, "yuan")) if measure == "per_head" else label


def _arrived(covered: Coverage, code: str) -> str:
    """3/3: how many of the expected feeds have come."""
    one = covered.of(code)
    return "—" if one is None else f"{len(covered.expected) - len(one.missing)}/{len(covered.expected)}"
