"""A leader's home: red cases left open, how much of the country below is linked up, how long the loop takes, what was confirmed."""

from __future__ import annotations

from typing import Any

from dash import html

from budgetwatch.calendar import today
from budgetwatch.queries import desk_leader, places
from budgetwatch.queries.desk import CaseLine
from budgetwatch.queries.desk_leader import Confirmed, Leg, Month, Red
from budgetwatch.queries.places import Coverage, Covered
from dashboard.asking import Asking, href
from dashboard.components import Column, page_head, table
from dashboard.i18n import say, t
from dashboard.pages.home.pieces import block, calm, money, row, rows

QUEUE = "/committee"


def body(asking: Asking) -> list[Any]:
    """Four numbers, then what stands behind them."""
    home, viewer = asking.home, asking.viewer
    red = desk_leader.red(home, viewer, limit=7)
    confirmed = desk_leader.confirmed(home, viewer)
    months = desk_leader.loop(home, viewer)
    covered = places.coverage(home, viewer)
    return [
        page_head(t("监督总览"), lead=_lead(red, confirmed)),
        _numbers(red, confirmed, months, covered.towns),
        html.Div(
            [
                html.Div(_red(red), className="stack desk-wide"),
                html.Div([_coverage(covered), _loop(months)], className="stack"),
            ],
            className="desk desk-leader",
        ),
    ]


def _lead(red: Red, confirmed: Confirmed) -> str:
    if not red.open:
        return t("没有未办结的红色疑点。")
    return t(
        "未办结的红色疑点 {n} 件，其中逾期 {late} 件；疑点不是结论，认定之前先听单位说明。", n=red.open, late=red.late
    )


def _numbers(red: Red, confirmed: Confirmed, months: list[Month], towns: places.Share) -> Any:
    whole = [money(amount, currency) for currency, amount in sorted(confirmed.amounts.items())]
    closed = next((m for m in months if m.closed.cases), None)
    items = [
        (
            "red",
            f"{red.open:,}",
            t("红色未办结"),
            t("逾期 {n} 件", n=red.late),
            href(QUEUE, severity="red", order="oldest"),
        ),
        (
            "confirmed",
            f"{confirmed.cases:,}",
            t("{year} 年已认定", year=confirmed.year),
            [t("涉及 "), *whole] if whole else t("还没有认定的"),
            href(QUEUE, confirmed=confirmed.year),
        ),
        (
            "towns",
            f"{towns.linked}/{towns.of}",
            t("镇街数据联通"),
            t("部分到达 {n} 个", n=towns.partly) if towns.partly else t("该报的都到了"),
            "/places",
        ),
        (
            "loop",
            _days(closed.closed) if closed else "—",
            t("从发现到销号（工作日）"),
            t("{month} 的中位数，{n} 件", month=f"{closed.month:%Y-%m}", n=closed.closed.cases)
            if closed
            else t("近半年还没有销号的"),
            href(QUEUE, state="closed"),
        ),
    ]
    return html.Ul(
        [
            html.Li(
                html.A(
                    [
                        html.Span(word, className="tile-label"),
                        html.Span(figure, className="tile-figure"),
                        html.Span(remark, className="tile-sentence"),
                    ],
                    href=to,
                    id=f"number-{key}",
                    className=f"tile tile-{'red' if key == 'red' and red.open else 'none'}",
                )
            )
            for key, figure, word, remark, to in items
        ],
        className="numbers",
        id="numbers",
    )  # fmt: skip


def _red(red: Red) -> Any:
    return block(
        t("红色疑点，最早的在前"),
        rows([_case(line) for line in red.lines], label=t("红色疑点，最早的在前"))
        if red.lines
        else calm(t("没有未办结的红色疑点。")),
        id="red-cases",
        count=red.open,
        more=(t("全部"), href(QUEUE, severity="red", order="oldest")) if red.open else None,
    )


def _case(line: CaseLine) -> Any:
    below = [
        line.agency_name or say(line.region_name),
        " · ",
        say(line.state_label),
        *([" · ", money(line.amount, line.currency)] if line.amount is not None else []),
    ]
    days = html.Span(t("{n} 天", n=line.days), className="days figure")
    late = (today() - line.due_on).days if line.due_on else 0
    return row(
        say(line.sentence),
        f"/case/{line.case_id}",
        below,
        html.Div(
            [days, html.Span(t("已逾期 {n} 天", n=late), className="due due-late") if late > 0 else None],
            className="days-cell",
        ),
        id=f"case-link-{line.case_id}",
    )


def _coverage(covered: Coverage) -> Any:
    """Each district with how many of its towns are linked up; a town that has not sent all of it is a figure, not a silence."""
    heads = [one for one in covered.places if not one.place.parent]
    return block(
        t("镇街数据联通"),
        html.P(t("数据到 {day}", day=covered.newest.isoformat()), className="block-note") if covered.newest else None,
        rows([_district(covered, one) for one in heads], label=t("各区的镇街数据联通"))
        if heads
        else calm(t("还没有收到任何数据。")),
        id="coverage",
        more=(t("各地对比"), "/places"),
    )


def _district(covered: Coverage, one: Covered) -> Any:
    share = covered.of_district.get(one.place.code)
    if share is None or not share.of:
        came, of = len(covered.expected) - len(one.missing), len(covered.expected)
        figure, width = t("{n}/{of} 类", n=came, of=of), came / of if of else 0.0
    else:
        figure, width = f"{share.linked}/{share.of}", share.linked / share.of
    bar = html.Span(html.Span(style={"width": f"{width * 100:.0f}%"}), className="meter", **{"aria-hidden": "true"})
    return row(
        say(one.place.name),
        href("/places", measure="silent", place=one.place.code),
        None,
        html.Span([bar, html.Span(figure, className="figure")], className="metered"),
    )


def _loop(months: list[Month]) -> Any:
    shown = [m for m in months if m.asked.cases or m.replied.cases or m.closed.cases]
    columns = [
        Column("month", t("月份"), cell=lambda r: html.Span(f"{r['month']:%Y-%m}", className="nowrap"), main=True),
        Column("asked", t("发现 → 发函"), "integer", cell=lambda r: _leg(r["asked"])),
        Column("replied", t("发函 → 回复"), "integer", cell=lambda r: _leg(r["replied"])),
        Column("closed", t("发现 → 销号"), "integer", cell=lambda r: _leg(r["closed"])),
    ]
    return block(
        t("闭环用时（工作日，中位数）"),
        table(
            columns,
            [{"month": m.month, "asked": m.asked, "replied": m.replied, "closed": m.closed} for m in shown],
            caption=t("每月各环节所用工作日的中位数和件数"),
            id="loop",
            cards=False,
        )
        if shown
        else calm(t("近半年还没有走完的环节。发函、回复或销号之后，用时会出现在这里。")),
        id="loop-card",
    )


def _leg(leg: Leg) -> Any:
    if leg.days is None:
        return html.Span("—", className="quiet")
    return html.Span([_days(leg), html.Span(t("（{n} 件）", n=leg.cases), className="leg-count")], className="figure")


def _days(leg: Leg) -> str:
    return "—" if leg.days is None else f"{leg.days:g}"
