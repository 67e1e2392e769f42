"""One place opened: its numbers, what of it has arrived, its towns, its open 疑点, and the ways on to its money."""

from __future__ import annotations

from typing import Any

from dash import html

from budgetwatch.queries import work
from budgetwatch.queries.places import Arrival, Coverage
from budgetwatch.queries.standing import MEASURES, Standing, Standings
from budgetwatch.records import ALL
from budgetwatch.records.codes import LISTS, SEVERITIES
from dashboard.asking import Asking, href
from dashboard.components import card, definition_list, severity_badge, tiles
from dashboard.components.money import unit_label
from dashboard.figures.places import shown
from dashboard.i18n import say, t

_FEW = 5


def detail(asking: Asking, found: Standings, covered: Coverage, opened: Standing) -> Any:
    """The card of the open place, with a link that closes it."""
    code = opened.place.code
    level = LISTS["level"].get(opened.place.level)
    parent = found.of(opened.place.parent) if opened.place.parent else None
    above = html.A(say(parent.place.name), href=asking.same(place=parent.place.code)) if parent else None
    where = [piece for piece in (above, say(level) if level else None, html.Span(code, className="code")) if piece]
    return card(
        html.P([piece for n, one in enumerate(where) for piece in ([" · ", one] if n else [one])], className="quiet"),
        tiles([_tile(asking, found, opened, measure) for measure in found.measures]),
        _ways(asking, found, opened),
        *_cases(asking, opened),
        *_towns(asking, found, code),
        *_feeds(covered, code),
        title=say(opened.place.name),
        side=html.A(t("收起"), href=asking.same(place=None), className="button small", id="close-place"),
        kind="place-detail",
        id="place-detail",
    )


def _tile(asking: Asking, found: Standings, opened: Standing, measure: str) -> tuple[Any, ...]:
    """A number of the place, with what it is measured against."""
    value, whole = opened.value(measure), found.whole.value(measure)
    code, label = opened.place.code, say(MEASURES[measure].label)
    if measure == "execution":
        label = t("{year} 年{label}", year=found.spent_year, label=label)
    elif measure in ("change", "per_head"):
        label = t("{year} 年{label}", year=found.year, label=label)
    unit = f" {unit_label(found.currency, 'yuan')}" if measure == "per_head" and value is not None else ""
    below = ""
    if measure in ("execution", "change") and whole is not None:
        below = t("全部地区 {figure}", figure=shown(found, whole, measure))
    if measure == "open" and opened.severities and value:
        below = " ".join(f"{say(SEVERITIES[s])} {n}" for s, n in opened.severities.items() if n)
    address = None
    if measure in ("execution", "change", "per_head"):
        address = href("/deputy", region=code, year=found.year)
    elif measure in ("open", "overdue") and asking.viewer.may("cases"):
        address = href("/committee", region=code, overdue=1 if measure == "overdue" else None)
    return shown(found, value, measure) + unit, label, below, "none", address


def _ways(asking: Asking, found: Standings, opened: Standing) -> Any:
    """To its budget, its payments and its 疑点, as far as this person may."""
    code, may = opened.place.code, asking.viewer.may
    ways = [
        (t("看它的预算"), href("/deputy", region=code, year=found.year), "place-budget") if may("budgets") else None,
        (t("查它的支付"), href("/auditor", region=code), "place-payments") if may("facts") else None,
        (t("办它的疑点"), href("/committee", region=code), "place-cases") if may("work_cases") else None,
    ]
    return html.Div(
        [html.A(word, href=address, className="button", id=name) for word, address, name in filter(None, ways)],
        className="place-ways",
    )


def _cases(asking: Asking, opened: Standing) -> list[Any]:
    """The most urgent open 疑点 for those who may see them."""
    if not asking.viewer.may("cases") or not opened.open:
        return []
    first = work.queue(asking.home, asking.viewer, region=opened.place.code, limit=_FEW)
    rows = [
        html.Li(
            html.A(
                [severity_badge(row["severity"]), html.Span(say(row["sentence"]) or say(row["rule_name"]))],
                href=f"/case/{row['case_id']}",
            )
        )
        for row in first.rows
    ]
    every = html.A(
        t("全部 {n:,} 件", n=first.total), href=href("/committee", region=opened.place.code), id="place-all-cases"
    )
    return [html.H3(t("未办结疑点")), html.Ul(rows, className="place-cases"), every if first.total > _FEW else None]


def _towns(asking: Asking, found: Standings, code: str) -> list[Any]:
    """The towns of a district, each with the figure that is compared."""
    towns = [row for row in found.rows if row.place.parent == code]
    if not towns:
        return []
    items = [
        html.Li(
            [
                html.A(say(row.place.name), href=asking.same(place=row.place.code)),
                html.Span(shown(found, row.value(found.measure)), className="figure"),
            ]
        )
        for row in towns
    ]
    return [html.H3(t("下属镇街")), html.Ul(items, className="place-towns", id="place-towns")]


def _feeds(covered: Coverage, code: str) -> list[Any]:
    """What of the expected feeds has come, and up to when."""
    one = covered.of(code)
    if one is None:
        return []
    items = [(say(ALL[feed].label), _came(one.arrivals.get(feed))) for feed in covered.expected]
    return [html.H3(t("应报数据")), definition_list(items)]


def _came(arrival: Arrival | None) -> Any:
    if arrival is None:
        return html.Span(t("没有收到"), className="badge mark mark-warn")
    if arrival.newest is not None:
        return t("到 {day}，{n:,} 条", day=arrival.newest.isoformat(), n=arrival.facts)
    return t("到 {year} 年度，{n:,} 条", year=arrival.year, n=arrival.facts)
