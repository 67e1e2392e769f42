"""The pictures by name: which query each asks, how it is drawn, what it says, and what its table holds.

`show(asking, "execution", region="9901")` is a whole picture for a page. /data/execution?region=9901&format=csv is
its file: the same query with the same parameters, so that file, table and chart cannot differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dash import html

from budgetwatch.calendar import today
from budgetwatch.errors import NotFound
from budgetwatch.queries import incidents, pictures, trials, work
from budgetwatch.queries.listing import Listing
from budgetwatch.text import Text
from dashboard.asking import Asking, href
from dashboard.components.picture import no_picture, picture
from dashboard.components.table import Column, columns_of, table
from dashboard.figures import (
    backtest,
    budget,
    calendar,
    execution,
    incident,
    life,
    multiples,
    parts,
    totals,
    transfers,
    waterfall,
)
from dashboard.filters import filter_of
from dashboard.i18n import say, t

#: A table in a fold holds so many rows; the file holds all.
ROWS_SHOWN = 60
#: Where pressing a mark or the word in its row leads; what it is given depends on the picture.
Link = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Picture:
    """One kind of picture. `leads` names the columns whose cells are links, and what of the row the link is made of;
    `remark` is what is said of this one under the chart."""

    title: Text
    ask: Callable[[Asking], Any]
    draw: Callable[[Any, Link | None], Any]
    says: Callable[[Any], str]
    height: Callable[[Any], int]
    leads: Mapping[str, Callable[[Mapping[str, Any]], Any]]
    currency: Callable[[Any], str | None] = lambda shown: shown.currency
    remark: Callable[[Any], str] = lambda shown: ""


def _place(asking: Asking) -> dict[str, Any]:
    """Where in the budget one stands, from the address."""
    return {
        "year": asking.number("year"),
        "region": asking.one("region") or None,
        "book": asking.one("book") or None,
        "func": asking.one("func"),
        "agency": asking.one("agency"),
        "eco": asking.one("eco"),
        "own": asking.one("own") == "1",
        "currency": asking.one("currency") or None,
    }


def _drill(asking: Asking) -> dict[str, Any]:
    return _place(asking) | {"by": asking.one("by") or None}


def _apart(asking: Asking) -> dict[str, Any]:
    return {k: v for k, v in _place(asking).items() if k in ("year", "region", "book", "currency")}


def _case(asking: Asking) -> Any:
    text = asking.one("case_id")
    if not text.isdigit():
        raise NotFound(Text("没有这件疑点。", "There is no such case."), where=asking.path)
    return pictures.life(asking.viewer, work.case(asking.home, asking.viewer, int(text)), today())


PICTURES: dict[str, Picture] = {
    "execution": Picture(
        Text("执行进度", "Spending against time"),
        lambda a: pictures.execution(a.home, a.viewer, **_place(a)),
        lambda shown, link: execution.execution(shown),
        execution.execution_sentence,
        lambda shown: 340,
        {},
    ),
    "places": Picture(
        Text("各地进度", "Place by place"),
        lambda a: pictures.places(a.home, a.viewer, **_apart(a)),
        lambda shown, link: multiples.multiples(shown, link=link),
        multiples.multiples_sentence,
        multiples.multiples_height,
        {"name": lambda row: row["code"]},
        remark=multiples.left_out,
    ),
    "parts": Picture(
        Text("钱安排在哪里", "Where the money goes"),
        lambda a: pictures.parts(a.home, a.viewer, **_drill(a)),
        lambda shown, link: parts.parts(shown, link=link),
        parts.parts_sentence,
        lambda shown: parts.HEIGHT,
        {"name": lambda row: row["drill"], "inner_name": lambda row: row["inner_drill"]},
    ),
    "waterfall": Picture(
        Text("比上年多在哪里、少在哪里", "What rose and what fell"),
        lambda a: pictures.waterfall(a.home, a.viewer, **_drill(a)),
        lambda shown, link: waterfall.waterfall(shown, link=link),
        waterfall.waterfall_sentence,
        waterfall.waterfall_height,
        {"name": lambda row: row["code"]},
    ),
    "trend": Picture(
        Text("历年走向", "Over the years"),
        lambda a: pictures.trend(a.home, a.viewer, **{k: v for k, v in _place(a).items() if k != "year"}),
        lambda shown, link: budget.trend(shown.points, shown.currency),
        lambda shown: budget.trend_sentence(shown.points, shown.currency),
        lambda shown: 320,
        {},
    ),
    "totals": Picture(
        Text("支付汇总", "Sums of payments"),
        lambda a: pictures.sums(a.home, a.viewer, filter_of(a), a.one("by", "month")),
        lambda shown, link: totals.totals(shown.listing.rows, shown.by),
        lambda shown: totals.totals_sentence(
            shown.listing.rows, shown.by, whole=shown.listing.totals, count=shown.listing.total
        ),
        lambda shown: totals.totals_height(shown.listing.rows, shown.by),
        {},
        currency=lambda shown: None,
    ),
    "transfers": Picture(
        Text("转移支付去向", "Where transfers go"),
        lambda a: pictures.transfers(
            a.home, a.viewer, year=a.number("year"), region=a.one("region") or None, currency=a.one("currency") or None
        ),
        lambda shown, link: transfers.transfers(shown, link=link),
        transfers.transfers_sentence,
        transfers.transfers_height,
        {"target": lambda row: row["code"] if row.get("leads") else None},
    ),
    "calendar": Picture(
        Text("支付日历", "Calendar of payments"),
        lambda a: pictures.calendar(a.home, a.viewer, filter_of(a), year=a.number("on")),
        lambda shown, link: calendar.calendar(shown, link=link),
        calendar.calendar_sentence,
        lambda shown: calendar.HEIGHT,
        {"day": lambda row: str(row["day"])},
    ),
    "backtest": Picture(
        Text("回测命中", "What a back-test hits"),
        lambda a: trials.by_month(a.home, a.viewer, a.number("test") or 0, a.one("rule")),
        lambda shown, link: backtest.by_month(shown),
        backtest.by_month_sentence,
        lambda shown: 260,
        {},
        currency=lambda shown: None,
    ),
    "incident": Picture(
        Text("超出预期多少", "How far beyond what was expected"),
        lambda a: incidents.beyond(a.home, a.viewer, a.number("incident") or 0),
        lambda shown, link: incident.beyond(shown),
        incident.sentence,
        lambda shown: 280,
        {},
        currency=lambda shown: None,
    ),
    "life": Picture(
        Text("办理进程", "Course of the case"),
        _case,
        lambda shown, link: life.life(shown),
        life.life_sentence,
        life.life_height,
        {},
        currency=lambda shown: None,
    ),
}


def named(name: str) -> Picture:
    """The picture of that name."""
    if name not in PICTURES:
        raise NotFound(
            Text("没有这种图：{name}", "There is no such picture: {name}").fill(name=name),
            fix=Text(f"可用：{'、'.join(PICTURES)}。", f"Known: {', '.join(PICTURES)}."),
        )
    return PICTURES[name]


def asked(asking: Asking, name: str, **parameters: Any) -> Any:
    """What the picture's query hands back for these parameters (years, places, filters, as they stand in addresses)."""
    query = {k: [str(v)] for k, v in parameters.items() if v not in (None, "")}
    return named(name).ask(replace(asking, path=f"/data/{name}", query=query))


def show(
    asking: Asking, name: str, *, id: str | None = None, link: Link | None = None, height: int | None = None,
    remark: Any = None, **parameters: Any,
) -> Any:  # fmt: skip
    """The picture with its sentence, table and files; where there is nothing to draw, the sentence that says so."""
    return showing(
        asking, name, asked(asking, name, **parameters), id=id, link=link, height=height, remark=remark, **parameters
    )


def showing(
    asking: Asking, name: str, shown: Any, *, id: str | None = None, link: Link | None = None, height: int | None = None,
    remark: Any = None, with_table: bool = True, **parameters: Any,
) -> Any:  # fmt: skip
    """The same for what was asked already; without a table where the page shows it anyway."""
    kind, id = named(name), id or f"{name}-chart"
    listing, sentence = shown.listing, kind.says(shown)
    if not listing.rows:
        return no_picture(sentence, id=id)
    files = {format: href(f"/data/{name}", **parameters, format=format) for format in ("csv", "xlsx")}
    return picture(
        kind.draw(shown, link),
        sentence,
        id=id,
        height=height or kind.height(shown),
        table=rows(kind, listing, shown, id=id, link=link) if with_table else None,
        files=files,
        title=say(kind.title),
        remark=remark or kind.remark(shown),
        kind=f"picture-{name}",
    )


def rows(kind: Picture, listing: Listing, shown: Any, *, id: str, link: Link | None) -> Any:
    """The table in the fold: the words that lead somewhere are links, as the marks of the chart are."""
    below: frozenset[str] = getattr(shown, "below", frozenset())
    drawn = [{**row, "leads": row.get("code") in below} for row in listing.rows[:ROWS_SHOWN]]
    columns = [replace(c, main=at == 0) for at, c in enumerate(columns_of(listing.headings))]
    if link is not None:
        columns = [
            replace(c, cell=_leading(c, kind.leads[c.name], link)) if c.name in kind.leads else c for c in columns
        ]
    more = len(listing.rows) > len(drawn)
    return html.Div(
        [
            table(
                columns, drawn, caption=t("{title}：表格", title=say(kind.title)), id=f"{id}-rows",
                currency=kind.currency(shown), cards=False,
            ),
            html.P(t("只列前 {n} 行，共 {all} 行；下载的数据是全部。", n=len(drawn), all=len(listing.rows)), className="below")
            if more else None,
        ]
    )  # fmt: skip


def _leading(column: Column, of: Callable[[Mapping[str, Any]], Any], link: Link) -> Callable[[Mapping[str, Any]], Any]:
    plain = replace(column, cell=None)

    def cell(row: Mapping[str, Any]) -> Any:
        what = of(row)
        word = plain.draw(row)
        return html.A(word, href=link(what), className="row-link") if what and row.get(column.name) else word

    return cell
