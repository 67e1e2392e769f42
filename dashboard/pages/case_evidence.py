"""The rows that a case rests on: what one judges by first, codes as words, each payment a link to its voucher."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dash import html

from budgetwatch.queries import work
from budgetwatch.queries.listing import Listing
from budgetwatch.queries.names import Names, names
from budgetwatch.queries.work import CaseView
from budgetwatch.records import ALL
from dashboard.asking import Asking
from dashboard.components import Column, card, columns_of, empty, pager, table
from dashboard.components.coded import coded
from dashboard.components.table import shown_value
from dashboard.i18n import say, t

SIZE = 20
HIDDEN = ("_row", "batch", "line", "currency")


def evidence_card(asking: Asking, case: CaseView) -> Any:
    """The rows of the case, a page at a time; some rules rest on what is missing and have none."""
    page = asking.number("page", 1, least=1) or 1
    listing = case.evidence
    if page > 1:
        listing = work.evidence(asking.home, asking.viewer, case.flag_id, limit=SIZE, offset=(page - 1) * SIZE)
    feed = ALL.get(case.row_feed)
    heading = t(
        "依据的记录（{feed}，共 {n} 条）", feed=say(feed.label) if feed else case.row_feed, n=f"{case.row_count:,}"
    )
    if not listing.rows:
        return card(
            empty(t("这条规则依据的是缺失的记录，没有可列的行；请看上面的数字和日期。")),
            title=heading,
            id="evidence-card",
        )
    columns = evidence_columns(asking, listing, case.row_feed)
    return card(
        table(columns, listing.rows[:SIZE], caption=heading, id="evidence", cards=False, currency=case.currency),
        pager(asking, min(case.row_count, 1000), SIZE),
        title=heading,
        id="evidence-card",
    )


def evidence_columns(asking: Asking, listing: Listing, feed: str) -> list[Column]:
    """What one judges by first, as the query orders it, codes as words; where the row came from at the end."""
    opens = feed == "payment" and asking.viewer.may("vouchers")
    known = names(asking.home, asking.viewer)
    telling = [h for h in listing.headings if any(row.get(h.name) not in (None, "") for row in listing.rows)]
    several = len({row.get("currency") for row in listing.rows}) > 1
    columns = [_worded(feed, c, known) for c in columns_of(telling, leave_out=HIDDEN)]
    if several:
        columns.append(Column("currency", t("币种"), "code"))
    main = (
        next((c for c in columns if c.kind in ("text", "source") and c.name != "agency_name"), None) if opens else None
    )

    def source(row: Mapping[str, Any]) -> Any:
        where = t("批次 {batch} · 第 {line} 行", batch=row.get("batch", "—"), line=row.get("line", "—"))
        if opens and (main is None or not row.get(main.name)):
            return html.A(where, href=f"/voucher/{row['_row']}", id=f"voucher-link-{row['_row']}", className="nowrap")
        return html.Span(where, className="nowrap quiet")

    def opening(row: Mapping[str, Any]) -> Any:
        if main is None or not row.get(main.name):
            return shown_value(None, "text")
        return html.A(str(row[main.name]), href=f"/voucher/{row['_row']}", id=f"voucher-link-{row['_row']}")

    return [
        *[replace(c, cell=opening, main=True) if c is main else c for c in columns],
        *([] if feed in ALL and ALL[feed].own else [Column("_row", t("出处"), "source", cell=source)]),
    ]


def _worded(feed: str, column: Column, known: Names) -> Column:
    """The column with its codes as words; a code that nothing names stands back."""
    if column.kind != "code":
        return column
    name = column.name

    def cell(row: Mapping[str, Any]) -> Any:
        value = row.get(name)
        if not value:
            return shown_value(None, "code")
        if name in ("adm_div_code", "recipient_div"):
            return html.Span(say(known.region(value)), title=str(value))
        named = {"func_code": known.function, "dep_eco_code": known.economic, "eco_code": known.economic}.get(name)
        word = say(named(value)) if named else ""
        if word and word != value:
            return html.Span([word, " ", html.Span(str(value), className="code quiet")])
        return coded(feed, name, value) or html.Span(str(value), className="code quiet")

    return replace(column, cell=cell)
