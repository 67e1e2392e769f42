"""Words about places: a figure as its measure is read, the sentence of the comparison, and its rows as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from statistics import median_low
from typing import Any
from urllib.parse import quote

from dash import html

from budgetwatch.queries.places import Coverage
from budgetwatch.queries.standing import MEASURES, Standing, Standings
from dashboard.components.money import percent, unit_label
from dashboard.i18n import say, t

COUNTED = ("open", "overdue")


def shown(found: Standings, value: Decimal | int | None, measure: str = "") -> str:
    """The figure of a measure, short enough for a tile: 94.8%, +3.2%, 1,234."""
    if value is None:
        return "—"
    kind = MEASURES[measure or found.measure].kind
    if kind == "ratio":
        return percent(Decimal(value))
    if kind == "change":
        return f"{'+' if value > 0 else ''}{percent(Decimal(value))}"
    return f"{value:,.0f}"


def sentence(found: Standings, covered: Coverage, rows: Sequence[Standing]) -> str:
    """What the comparison shows, in one or two sentences."""
    told = sorted(
        ((value, row) for row in rows if (value := row.value(found.measure)) is not None),
        key=lambda pair: (pair[0], pair[1].place.code),
    )
    if not told:
        return t("这些地区还没有可以比较的数字。")
    (low, first), (high, last) = told[0], told[-1]
    names = {"first": say(first.place.name), "last": say(last.place.name)}
    figures = {"low": shown(found, low), "high": shown(found, high), "n": len(told)}
    if found.measure in COUNTED:
        total = sum(int(value) for value, _ in told)
        if not total:
            return t("{n} 个地区都没有。", n=len(told))
        return t(
            "{n} 个地区合计 {total} 件，{last}最多（{high} 件）；{none} 个地区没有。",
            n=len(told),
            total=f"{total:,}",
            last=names["last"],
            high=figures["high"],
            none=sum(not v for v, _ in told),
        )
    if found.measure == "silent":
        said = t(
            "最新的数据到 {day}；{last}最久没有新数据（{high} 天）。",
            day=_day(covered),
            last=names["last"],
            high=figures["high"],
        )
        return said + t(
            "{of} 个镇街中 {linked} 个的应报数据都已到达。", of=covered.towns.of, linked=covered.towns.linked
        )
    if low == high:
        return t("{n} 个地区都是 {high}。", n=len(told), high=figures["high"])
    unit = f" {unit_label(found.currency, 'yuan')}" if found.measure == "per_head" else ""
    middle = shown(found, median_low([value for value, _ in told]))
    said = t(
        "{n} 个地区中，{last}最高（{high}{unit}），{first}最低（{low}{unit}），居中的是 {middle}{unit}。",
        **names,
        **figures,
        middle=middle,
        unit=unit,
    )
    bare = len(rows) - len(told)
    said += t("{n} 个地区没有数据。", n=bare) if bare else ""
    if found.measure == "execution" and found.until is not None:
        said += t("支出算到 {day}。", day=found.until.isoformat())
    return said


def _day(covered: Coverage) -> str:
    return covered.newest.isoformat() if covered.newest else "—"


def download(found: Standings, rows: Sequence[Standing]) -> Any:
    """A link that keeps the rows as CSV: it is in the page already, exact figures, nothing is asked again."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\r\n")
    lines.writerow([t("区划代码"), t("地区"), *(say(MEASURES[m].label) for m in found.measures)])
    for row in rows:
        figures = ["" if row.value(m) is None else str(row.value(m)) for m in found.measures]
        lines.writerow([row.place.code, say(row.place.name), *figures])
    return html.A(
        t("下载数据（CSV）"),
        href="data:text/csv;charset=utf-8," + quote("\ufeff" + out.getvalue()),
        download=f"places-{found.measure}-{found.year}.csv",
        className="button small",
        id="places-csv",
    )
