"""The committee's queue: what waits, by severity and state, searchable, and the next case one click away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dash import html

from budgetwatch.cases.machine import ENDED, STATES
from budgetwatch.queries import budgets, work
from budgetwatch.queries.names import names
from budgetwatch.records.codes import SEVERITIES
from budgetwatch.text import Text
from dashboard.asking import Asking
from dashboard.components import (
    Column,
    due_mark,
    empty,
    hidden,
    link_button,
    live_select,
    nothing_yet,
    page_head,
    pager,
    search_box,
    severity_badge,
    state_badge,
    table,
)
from dashboard.components.chosen import chosen_chips
from dashboard.components.helping import page_help
from dashboard.components.prose import whole
from dashboard.components.saved_box import saved_box
from dashboard.i18n import say, t

SIZE, SIZES = 25, (25, 50, 100)
#: The filters of the list, besides the words that are searched for.
NARROWED = ("state", "severity", "rule", "mine", "overdue", "due", "since", "confirmed", "region")


def view(asking: Asking) -> tuple[str, Any]:
    """The queue with its counts; filters are the address."""
    home, viewer = asking.home, asking.viewer
    counts = work.counts(home, viewer)
    states, severities = asking.many("state"), asking.many("severity")
    order = asking.one("order", "urgency")
    page = asking.number("page", 1, least=1) or 1
    size = asking.number("size", SIZE) or SIZE
    size = size if size in SIZES else SIZE
    regions = _regions(asking)
    listing = work.queue(
        home,
        viewer,
        states=states or None,
        severities=severities or None,
        rule_ids=asking.many("rule") or None,
        text=asking.one("text"),
        mine=asking.one("mine") == "1",
        overdue=asking.one("overdue") == "1",
        due=asking.one("due"),
        since=asking.day("since", Text("自何日起", "since which day")),
        confirmed=asking.number("confirmed"),
        region=asking.one("region"),
        order=order,
        limit=size,
        offset=(page - 1) * size,
    )
    following = work.next_case(home, viewer)
    title = t("疑点处理")
    filtered = any(asking.query.get(k) for k in (*NARROWED, "text"))
    body = [
        page_head(
            title,
            lead=t(
                "待办 {open} 件，其中逾期 {overdue} 件，由我办理 {mine} 件。",
                open=counts["open"],
                overdue=counts["overdue"],
                mine=counts["mine"],
            ),
            actions=[_next(following, viewer.may("work_cases")), page_help(asking)],
        ),
        _filters(asking, counts, regions),
        html.Div([chosen_chips(asking, _chosen(asking, regions)), saved_box(asking)], className="chosen-row"),
        html.Div(
            table(
                _columns(asking),
                listing.rows,
                caption=t("疑点清单"),
                id="queue",
                asking=asking,
                order=order,
            ),
            className="dense",
        )
        if listing.rows
        else nothing_yet(viewer)
        if not home.store.current()
        else empty(
            t("没有符合条件的疑点。")
            if filtered
            else t("现在没有待办的疑点。新一次规则运行之后，新的疑点会出现在这里。"),
            link_button(t("清除条件"), "/committee", id="queue-clear") if filtered else None,
            id="queue-empty",
        ),
        pager(asking, listing.total, size) if listing.rows else None,
    ]
    return title, body


def _next(case_id: int | None, works: bool) -> Any:
    if not works:
        return None
    if case_id is None:
        return html.Span(t("没有等您处理的了"), className="quiet")
    return link_button(t("办理下一件"), f"/case/{case_id}", id="next-case", kind="primary")


def _filters(asking: Asking, counts: Mapping[str, Any], places: list[Any]) -> Any:
    by_severity, by_state = counts["by_severity"], counts["by_state"]
    shown_states = [s for s in STATES if by_state.get(s)] or [s for s in STATES if s not in ENDED]
    regions = [(r.code, "　" * r.depth + say(r.name)) for r in places]
    return html.Div(
        [
            html.Div(
                [
                    html.Span(t("等级"), className="chip-label"),
                    *[
                        _chip(asking, "severity", code, severity_badge(code), by_severity.get(code, 0))
                        for code in SEVERITIES
                    ],
                ],
                className="chips",
                role="group",
                **{"aria-label": t("按等级筛选")},
            ),
            html.Div(
                [
                    html.Span(t("状态"), className="chip-label"),
                    *[_chip(asking, "state", s, say(STATES[s]), by_state.get(s, 0)) for s in shown_states],
                    _flag_chip(asking, "overdue", t("已逾期"), counts["overdue"]),
                    _flag_chip(asking, "mine", t("由我办理"), counts["mine"]),
                ],
                className="chips",
                role="group",
                **{"aria-label": t("按状态筛选")},
            ),
            html.Div(
                [
                    search_box(
                        "/committee",
                        t("搜索单位、规则、收款人…"),
                        id="queue-search",
                        value=asking.one("text"),
                        keep=[(k, v) for k in (*NARROWED, "order", "size") for v in asking.many(k)],
                    ),
                    html.Form(
                        [
                            live_select(
                                t("地区"),
                                "region",
                                regions,
                                id="f-region",
                                value=asking.one("region"),
                                every=t("全部地区"),
                            ),
                            live_select(
                                t("排序"), "order", _orders(), id="f-order", value=asking.one("order", "urgency")
                            ),
                            live_select(
                                t("每页"),
                                "size",
                                [(str(n), t("{n} 条", n=n)) for n in SIZES],
                                id="f-size",
                                value=asking.one("size", str(SIZE)),
                            ),
                            *_kept(
                                asking,
                                ("state", "severity", "rule", "mine", "overdue", "due", "since", "confirmed", "text"),
                            ),
                        ],
                        action="/committee",
                        method="get",
                        className="queue-selects",
                        id="queue-selects",
                        **{"data-route": "live"},
                    ),
                ],
                className="queue-tools",
            ),
        ],
        className="card queue-filters",
    )


def _chosen(asking: Asking, places: list[Any]) -> list[tuple[str, str, str, str]]:
    """The filters in force, in words."""
    rules = asking.home.rules
    called = {r.code: say(r.name) for r in places}
    dues = {"late": t("已逾期"), "today": t("今天到期"), "week": t("7 天内到期")}
    parts: dict[str, tuple[str, Callable[[str], str]]] = {
        "severity": (t("等级"), lambda v: say(SEVERITIES.get(v)) or v),
        "state": (t("状态"), lambda v: say(STATES.get(v)) or v),
        "rule": (t("规则"), lambda v: f"{v} {say(rules[v].name)}" if v in rules else v),
        "region": (t("地区"), lambda v: called.get(v, v)),
        "text": (t("关键词"), str),
        "overdue": (t("期限"), lambda _: t("已逾期")),
        "mine": (t("经办"), lambda _: t("由我办理")),
        "due": (t("期限"), lambda v: dues.get(v, v)),
        "since": (t("生成时间"), lambda v: t("自 {day} 起", day=v)),
        "confirmed": (t("已认定"), lambda v: t("{year} 年已认定", year=v)),
    }
    return [(name, value, word, said(value)) for name, (word, said) in parts.items() for value in asking.many(name)]


def _kept(asking: Asking, names: tuple[str, ...]) -> list[Any]:
    return [hidden(k, v, id=f"keep-{k}-{n}") for k in names for n, v in enumerate(asking.many(k))]


def _orders() -> list[tuple[str, str]]:
    return [
        ("urgency", t("最急的在前")),
        ("-amount", t("金额大的在前")),
        ("due", t("先到期的在前")),
        ("newest", t("最新的在前")),
        ("oldest", t("最早的在前")),
    ]


def _regions(asking: Asking) -> list[Any]:
    """The tree of regions with a budget, and those that only sent payments."""
    if not asking.viewer.may("budgets"):
        return []
    known = names(asking.home, asking.viewer)
    found = budgets.regions(asking.home, asking.viewer)
    there = {r.code for r in found}
    return [
        *found,
        *(
            budgets.RegionChoice(code, known.region(code), "", 0)
            for code in sorted(known.currencies)
            if code not in there
        ),
    ]


def _chip(asking: Asking, name: str, code: str, word: Any, count: int) -> Any:
    chosen = asking.many(name)
    on = code in chosen
    address = asking.same(**{name: [c for c in chosen if c != code] if on else [*chosen, code]})
    return html.A(
        [word, html.Span(f"{count:,}", className="count")],
        href=address,
        id=f"{name}-{code}",
        className="chip is-current" if on else "chip",
        **({"aria-current": "true"} if on else {}),
    )


def _flag_chip(asking: Asking, name: str, word: str, count: int) -> Any:
    on = asking.one(name) == "1"
    return html.A(
        [word, html.Span(f"{count:,}", className="count")],
        href=asking.same(**{name: None if on else 1}),
        id=f"only-{name}",
        className="chip is-current" if on else "chip",
        **({"aria-current": "true"} if on else {}),
    )


def _columns(asking: Asking) -> list[Column]:
    return [
        Column("severity", t("等级"), "severity"),
        Column("sentence", t("发现了什么"), "sentence", cell=_found, main=True),
        Column("agency_name", t("单位"), cell=_unit),
        Column("amount", t("金额"), "money", sort="amount"),
        Column("state", t("状态"), "state", cell=lambda r: state_badge(r["state"], STATES.get(r["state"]))),
        Column("due_on", t("期限"), "date", cell=lambda r: due_mark(r["due_on"], r.get("overdue"))),
        Column("assignee", t("经办")),
    ]


def _found(row: Mapping[str, Any]) -> Any:
    return html.Div(
        [
            html.A(
                whole(say(row["sentence"])),
                href=f"/case/{row['case_id']}",
                id=f"case-link-{row['case_id']}",
                className="row-link",
            ),
            html.Span(f"{row['rule_id']} · {say(row['rule_name'])}", className="below"),
        ]
    )


def _unit(row: Mapping[str, Any]) -> Any:
    return html.Div(
        [
            html.Span(row.get("agency_name") or say(row.get("region_name")) or row.get("subject_name")),
            html.Span(say(row.get("region_name")), className="below") if row.get("agency_name") else None,
        ]
    )
