"""The payments of a filter looked at as a whole: summed up, against time, day by day, or as transfers between levels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from dash import html

from budgetwatch.errors import NotFound
from budgetwatch.queries import payments, pictures
from budgetwatch.queries.payments import PaymentFilter
from dashboard import drawn
from dashboard.asking import Asking, href
from dashboard.components import Column, card, empty, no_picture, ratio, table, tabs
from dashboard.figures import totals as figures
from dashboard.filters import FIELDS
from dashboard.i18n import say, t

SUMS_SHOWN = 24
SHOWS = ("totals", "spent", "calendar", "transfers")
#: What a budget can be narrowed to; other conditions do not hold for the line against time.
OF_BUDGETS = ("region", "agency", "func", "eco", "book", "currency", "year")


def sums_card(asking: Asking, wanted: PaymentFilter, by: Any) -> Any:
    """One way of looking at a time; which one stands in the address (`show`)."""
    words = {"totals": t("汇总"), "spent": t("进度"), "calendar": t("日历"), "transfers": t("转移支付")}
    shows = [s for s in SHOWS if asking.viewer.may("budgets") or s in ("totals", "calendar")]
    show = asking.one("show") if asking.one("show") in shows else "totals"
    ways = [(key, words[key], asking.same(show=None if key == "totals" else key)) for key in shows]
    inside = {"totals": _sums, "spent": _spent, "calendar": _calendar, "transfers": _transfers}[show]
    return card(
        tabs(ways, show, label=t("看哪一种图"), id="show") if len(ways) > 1 else None,
        inside(asking, wanted, by),
        title=t("整体情况"),
        side=html.A(t("转移支付去向"), href=to_transfers(asking), className="button small", id="to-transfers")
        if asking.viewer.may("budgets")
        else None,
        id="totals-card",
        kind="show-tabs",
    )


def _sums(asking: Asking, wanted: PaymentFilter, by: Any) -> Any:
    sums = payments.totals(asking.home, asking.viewer, wanted, by)
    words = {
        "month": t("按月"),
        "year": t("按年"),
        "agency": t("按单位"),
        "function": t("按功能"),
        "economic": t("按用途"),
        "payee": t("按收款人"),
        "region": t("按地区"),
        "project": t("按项目"),
        "item": t("按事项"),
        "book": t("按账本"),
    }
    ways = [(key, words[key], asking.same(by=key)) for key in get_args(payments.TotalsBy)]
    shown = sums.rows if by in figures.OVER_TIME else sums.rows[:SUMS_SHOWN]
    several = len({r.get("currency") for r in shown}) > 1
    columns = [
        Column("name", say(sums.heading("name").label), "text", cell=_sum_link(asking, shown), main=True),
        *([Column("currency", t("币种"), "code")] if several else []),
        Column("amount", t("金额"), "money"),
        Column("count", t("笔数"), "integer"),
        Column("share", t("占比"), "ratio", cell=lambda r: ratio(r.get("share"))),
    ]
    if not sums.rows:
        return empty(t("没有可以汇总的支付。"))
    currency, _ = figures.one_currency(sums.rows)
    query: dict[str, Any] = {k: asking.one(k) for k in FIELDS}
    return html.Div(
        [
            tabs(ways, by, label=t("汇总方式"), id="total"),
            html.Div(
                [
                    drawn.showing(
                        asking, "totals", pictures.Sums(by, sums), with_table=False,
                        **query, by=by,
                    ),
                    html.Div(
                        [
                            html.Div(
                                table(
                                    columns,
                                    shown,
                                    caption=t("汇总表，点一行看它的支付"),
                                    id="totals",
                                    currency=None if several else currency,
                                    cards=False,
                                ),
                                className="short-table",
                            ),
                            html.P(t("只列前 {n} 项；图的数据文件含全部各项。", n=SUMS_SHOWN), className="below")
                            if len(shown) < len(sums.rows)
                            else None,
                        ]
                    ),
                ],
                className="two even",
            ),
        ],
        className="show-tabs",
    )  # fmt: skip


def _sum_link(asking: Asking, rows: list[dict[str, Any]]) -> Any:
    places = {id(row): n for n, row in enumerate(rows)}

    def cell(row: Mapping[str, Any]) -> Any:
        word = say(row["name"]) or str(row.get("code") or t("（未填写）"))
        add = row.get("filter")
        if not add:
            return word
        changes = {k: str(v) for k, v in add.items()}
        return html.A(word, href=asking.same(**changes), id=f"total-row-{places[id(row)]}", className="row-link")

    return cell


def _spent(asking: Asking, wanted: PaymentFilter, by: Any) -> Any:
    """The chosen unit, place or subject against its budget and time."""
    place: dict[str, Any] = {k: asking.one(k) for k in OF_BUDGETS}
    others = [k for k in FIELDS if k not in OF_BUDGETS and asking.one(k)]
    remark = t("进度按单位、地区、科目和账本计算；其他条件在这里不计。") if others else None
    return drawn.show(asking, "execution", remark=remark, **place)


def _calendar(asking: Asking, wanted: PaymentFilter, by: Any) -> Any:
    """Every day of one year; a day leads to its payments."""
    query: dict[str, Any] = {k: asking.one(k) for k in FIELDS}
    shown = drawn.asked(asking, "calendar", **query, on=asking.one("on"))
    years = [(str(y), str(y), asking.same(on=y)) for y in shown.years]
    return html.Div(
        [
            tabs(years, str(shown.year), label=t("年份"), id="on") if len(years) > 1 else None,
            drawn.showing(
                asking,
                "calendar",
                shown,
                link=lambda day: asking.same(first_day=day, last_day=day, show=None, on=None),
                remark=t("填得越满，当天支付越多；斜线是休息日，叉是退款多于支付的一天。点一天看它的支付。"),
                **query,
                on=shown.year,
            ),
        ],
        className="show-tabs",
    )


def to_transfers(asking: Asking) -> str:
    """Transfers on a page of their own, of the filter's place and year."""
    return href("/transfers", **{k: asking.one(k) for k in ("region", "year", "currency")})


def _transfers(asking: Asking, wanted: PaymentFilter, by: Any) -> Any:
    """Money between levels, for the filter's place and year."""
    query: dict[str, Any] = {k: asking.one(k) for k in ("region", "year", "currency")}
    try:
        return drawn.show(
            asking,
            "transfers",
            link=lambda code: asking.same(region=code),
            remark=[t("只按地区和年度看。"), " ", html.A(t("单独看转移支付"), href=to_transfers(asking))],
            **query,
        )
    except NotFound as nothing:
        return no_picture(say(nothing.what), id="transfers-chart")
