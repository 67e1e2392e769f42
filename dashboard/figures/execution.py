"""Spending against time: this year's line over the band of earlier years, and the same line place by place."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from budgetwatch.queries.pictures import Execution
from dashboard.components.money import figure as words_of
from dashboard.components.money import percent, spelled
from dashboard.figures.theme import (
    BLUE,
    GREY,
    QUIET,
    Figure,
    Trace,
    axis_unit,
    dressed,
    faint,
    rounded,
    said_unit,
    scaled,
    upright,
)
from dashboard.figures.words import month, month_end, when_said
from dashboard.i18n import say, t

MONTHS = list(range(1, 13))


def execution(shown: Execution) -> Figure:
    """Cumulative spending by month: the band from the least to the greatest of earlier years, even spending dashed,
    this year's line with its last point named."""
    lines = [*shown.compared, *([shown.now] if shown.now else [])]
    unit = axis_unit([] if shown.in_shares else [v for line in lines for v in line.spent], shown.currency)

    def drawn(value: Decimal | None) -> float | None:
        if value is None:
            return None
        return rounded(value * 100) if shown.in_shares else scaled(value, shown.currency, unit)

    def said(value: Decimal | None) -> str:
        if value is None:
            return "—"
        return percent(value) if shown.in_shares else spelled(value, shown.currency)

    traces: list[Trace] = _band(shown, drawn, said)
    if shown.in_shares:
        traces.append(
            {
                "type": "scatter", "x": [0, 12], "y": [0, 100], "mode": "lines", "name": t("按时间均分"),
                "line": {"color": QUIET, "width": 1.2, "dash": "dash"}, "hoverinfo": "skip",
            }
        )  # fmt: skip
    if shown.now:
        now = [(m, v) for m in MONTHS if (v := shown.at(shown.now, m)) is not None]
        name = t("{year} 年", year=shown.year)
        traces.append(
            {
                "type": "scatter",
                "x": [m for m, _ in now],
                "y": [drawn(v) for _, v in now],
                "mode": "lines+markers",
                "line": {"color": BLUE, "width": 3},
                "marker": {"size": [5] * (len(now) - 1) + [10], "color": BLUE},
                "name": name,
                "cliponaxis": False,
                "customdata": [[said(v), spelled(shown.now.spent[m - 1], shown.currency)] for m, v in now],
                "hovertemplate": f"{name}<br>%{{customdata[0]}} · %{{customdata[1]}}<extra></extra>"
                if shown.in_shares
                else f"{name}<br>%{{customdata[0]}}<extra></extra>",
            }
        )
    quarters = [3, 6, 9, 12]
    x = {
        "range": [0, 12.3], "tickvals": quarters, "ticktext": [month(n) for n in quarters], "showgrid": False,
        "zeroline": False, "ticklabeloverflow": "allow", "tickangle": 0,
    }  # fmt: skip
    common = {"rangemode": "tozero", "zeroline": False}
    margin = {"l": 4, "r": 26, "t": 40, "b": 28}
    if shown.in_shares:
        return dressed(traces, x=x, y={"ticksuffix": "%", "nticks": 6, **common}, margin=margin)
    legend = {"orientation": "h", "x": 0, "y": 1.09, "yanchor": "bottom", "font": {"color": QUIET}}
    return dressed(
        traces, x=x, y=upright(**common), legend=legend, margin=margin | {"t": 56}, annotations=[said_unit(shown.currency, unit)]
    )  # fmt: skip


def _band(
    shown: Execution, drawn: Callable[[Decimal | None], float | None], said: Callable[[Decimal | None], str]
) -> list[Trace]:
    """From the least to the greatest of the earlier years, month by month; one line where there is one year."""
    bands = [(m, b) for m in MONTHS if (b := shown.band(m))]
    if not bands:
        return []
    at, name = [m for m, _ in bands], _years(shown)
    edge = {"type": "scatter", "x": at, "mode": "lines", "line": {"color": GREY, "width": 1}}
    high = {
        **edge,
        "y": [drawn(high) for _, (_, high) in bands],
        "name": name,
        "customdata": [[f"{said(low)} – {said(high)}"] for _, (low, high) in bands],
        "hovertemplate": f"{name}<br>%{{customdata[0]}}<extra></extra>",
    }
    if len(shown.compared) > 1:
        high |= {"fill": "tonexty", "fillcolor": faint(GREY, 0.28)}
    return [{**edge, "y": [drawn(low) for _, (low, _) in bands], "hoverinfo": "skip", "showlegend": False}, high]


def execution_sentence(shown: Execution) -> str:
    """How far this year got, whether that is more or less than earlier years had by then, and than time itself."""
    if not shown.month or shown.now is None:
        return t("还没有支付，看不出执行进度。")
    at, now = shown.month, shown.now
    place = say(shown.region_name)
    who = t("{place}的{what}", place=place, what=say(shown.what)) if shown.what else place
    spent = now.spent[at - 1]
    told = t(
        "{who}：到{when}累计支出 {amount}",
        who=who,
        when=when_said(month_end(at, shown.year)),
        amount=spelled(spent, shown.currency),
    )
    if shown.in_shares:
        share = now.share(at) or Decimal(0)
        told += t(
            "，占{stage}预算 {budget}的 {share}",
            stage=t("调整后") if now.stage == "adjusted" else t("批准的"),
            budget=spelled(now.budget, shown.currency),
            share=percent(share),
        )
        if at < 12:
            told += t("；时间过去了 {time}", time=percent(Decimal(at) / 12))
    value, band = shown.at(now, at), shown.band(at)
    if band and value is not None:
        beside = t("低于往年") if value < band[0] else t("高于往年") if value > band[1] else t("在其间")
        low, high = (
            (percent(band[0]), percent(band[1]))
            if shown.in_shares
            else (words_of(band[0], None, shown.currency), words_of(band[1], None, shown.currency))
        )
        told += t(
            "。{years}同期为 {low} 至 {high}，这一年{beside}", years=_years(shown), low=low, high=high, beside=beside
        )
    else:
        told += t("。没有可比的往年")
    return told + t("。")


def _years(shown: Execution) -> str:
    """2023–2024 年, or the one year there is."""
    years = [y.year for y in shown.compared]
    if not years:
        return ""
    return t("{first}–{last} 年", first=years[0], last=years[-1]) if len(years) > 1 else t("{year} 年", year=years[0])
