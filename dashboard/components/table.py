"""The plain table that every list is shown in: real headings, a caption, sorting by links, and cards on a phone.

It scrolls inside its own box, which the keyboard can reach; a cell knows its heading (`data-label`), from
which the stylesheet makes cards where the screen is narrow.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dash import html

from budgetwatch.queries.listing import Heading
from budgetwatch.text import Text
from dashboard.asking import Asking
from dashboard.components.badges import severity_badge, state_badge
from dashboard.components.dates import day, moment
from dashboard.components.money import amount, ratio, unit_label
from dashboard.i18n import say, t

Row = Mapping[str, Any]
RIGHT = {"money", "integer", "ratio", "year"}
#: From so many rows on, a desktop scrolls the table in its box, so that the headings stay in sight.
LONG = 25


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what it is called, what it holds, how a cell is drawn, and the order it can be sorted by."""

    name: str
    label: str
    kind: str = "text"
    cell: Callable[[Row], Any] | None = None
    sort: str | None = None
    main: bool = False
    help: Any = None

    def draw(self, row: Row) -> Any:
        if self.cell is not None:
            return self.cell(row)
        return shown_value(row.get(self.name), self.kind, str(row.get("currency") or "CNY"))


def shown_value(value: Any, kind: str, currency: str = "CNY") -> Any:
    """One value as its kind is shown everywhere."""
    if value is None or value == "":
        return html.Span("—", className="quiet")
    if kind == "money":
        return amount(Decimal(value), currency)
    if kind == "ratio":
        return ratio(Decimal(value))
    if kind == "year":
        return html.Span(str(value), className="figure")
    if kind == "integer":
        return html.Span(f"{int(value):,}", className="figure")
    if kind == "severity":
        return severity_badge(str(value))
    if kind == "state":
        return state_badge(str(value))
    if kind == "moment" and isinstance(value, dt.datetime):
        return moment(value)
    if kind == "date" and isinstance(value, dt.date):
        return day(value)
    if kind == "flag" or isinstance(value, bool):
        return t("是") if value else t("否")
    if kind == "code":
        return html.Span(say(value), className="code")
    return say(value) if isinstance(value, Text | str) else str(value)


def columns_of(headings: Iterable[Heading], leave_out: Sequence[str] = ()) -> list[Column]:
    """The columns of a listing as the query describes them."""
    return [Column(h.name, say(h.label), kind_of(h)) for h in headings if h.name not in leave_out]


def kind_of(heading: Heading) -> str:
    """What the column holds; years are whole numbers that nobody writes with a comma."""
    return "year" if heading.name.endswith("_year") else heading.kind


def table(
    columns: Sequence[Column],
    rows: Sequence[Row],
    *,
    caption: str,
    id: str,
    asking: Asking | None = None,
    order: str = "",
    foot: Row | None = None,
    row_class: Callable[[Row], str] | None = None,
    cards: bool = True,
    currency: str | None = None,
    captioned: bool = False,
) -> Any:
    """The table in its scrolling box. `order` is the sort in force ("-amount"); `foot` is a last row of totals.

    The caption is read out, and seen where it is `captioned` because no heading says it already.
    """
    units = [currency or _currency(c, rows) for c in columns]
    body = [
        html.Tr(
            [_cell(c, row, unit) for c, unit in zip(columns, units, strict=True)],
            className=row_class(row) if row_class else None,
        )
        for row in rows
    ]
    return html.Div(
        html.Table(
            [
                html.Caption(caption, className=None if captioned else "visually-hidden"),
                html.Thead(html.Tr([_head(c, asking, order, unit) for c, unit in zip(columns, units, strict=True)])),
                html.Tbody(body),
                _foot(columns, foot, units) if foot is not None else None,
            ],
            className="table as-cards" if cards else "table",
            id=id,
        ),
        className="table-box is-long" if len(rows) >= LONG else "table-box",
        role="region",
        tabIndex=0,
        **{"aria-label": caption},
    )


def _foot(columns: Sequence[Column], foot: Row, units: Sequence[str | None]) -> Any:
    return html.Tfoot(html.Tr([_cell(c, foot, unit) for c, unit in zip(columns, units, strict=True)]))


def _currency(column: Column, rows: Sequence[Row]) -> str | None:
    """The one currency of a column of plain amounts, so that its heading can say the unit; None where there are several."""
    if column.kind != "money" or column.cell is not None:
        return None
    found = {str(row.get("currency") or "CNY") for row in rows if row.get(column.name) is not None}
    return found.pop() if len(found) == 1 else None


def _head(column: Column, asking: Asking | None, order: str, currency: str | None) -> Any:
    side = "right" if column.kind in RIGHT else "left"
    label: Any = column.label
    if column.kind == "money" and currency:
        label = [column.label, html.Span(t("（{unit}）", unit=unit_label(currency)), className="head-unit")]
    state: dict[str, str] = {}
    if column.sort and asking is not None:
        down = order == f"-{column.sort}"
        up = order == column.sort
        state["aria-sort"] = "descending" if down else "ascending" if up else "none"
        label = html.A(
            [
                *(label if isinstance(label, list) else [label]),
                html.Span("▼" if down else "▲" if up else "↕", className="sort-mark", **{"aria-hidden": "true"}),
            ],
            href=asking.same(order=column.sort if down else f"-{column.sort}"),
            className="sort",
            id=f"sort-{column.name}",
        )
    children = [*(label if isinstance(label, list) else [label]), column.help] if column.help else label
    return html.Th(children, scope="col", className=f"cell-{side} kind-{column.kind}", **state)


def _cell(column: Column, row: Row, currency: str | None) -> Any:
    side = "right" if column.kind in RIGHT else "left"
    classes = f"cell-{side} kind-{column.kind}{' cell-main' if column.main else ''}"
    unit = t("（{unit}）", unit=unit_label(currency)) if column.kind == "money" and currency else ""
    extra = {"data-label": column.label + unit}
    drawn = column.draw(row)
    if drawn in (None, "", []) or getattr(drawn, "children", None) == "—":
        classes += " is-empty"  # on a phone, where a row is a card, nothing is said about it
    if column.main:
        return html.Th(drawn, scope="row", className=classes, **extra)
    return html.Td(drawn, className=classes, **extra)
