"""What the homes are made of: short lists of rows, counts that lead to their rows, and the way to the whole."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from dash import html

from budgetwatch.queries import incidents
from budgetwatch.queries.desk import CameIn, CaseLine
from budgetwatch.queries.desk_feeds import Intake
from budgetwatch.queries.timeliness import Sender
from dashboard.asking import Asking, href, unit_chosen
from dashboard.components import amount, card, due_mark, mark, severity_badge, state_badge
from dashboard.components.money import easy_unit, percent
from dashboard.components.prose import whole
from dashboard.i18n import say, t


def block(
    title: str, *inside: Any, id: str, more: tuple[str, str] | None = None, kind: str = "", count: int | None = None
) -> Any:
    """One subject of a desk, with how many there are and the way to the whole."""
    heading: Any = [title, html.Span(f"{count:,}", className="block-count")] if count else title
    way = html.A(more[0], href=more[1], className="block-more", id=f"{id}-more") if more else None
    return card(*inside, title=heading, id=id, kind=f"block {kind}".strip(), side=way)


def calm(sentence: str) -> Any:
    """Nothing here, said kindly and in one line: an empty block is good news on a desk."""
    return html.P(sentence, className="block-calm")


def rows(items: Sequence[Any], *, label: str, id: str | None = None) -> Any:
    """A short list."""
    return html.Ul(
        [html.Li(item, className="desk-row") for item in items],
        className="desk-list",
        **{"aria-label": label},
        **({"id": id} if id else {}),
    )


def row(words: str, address: str | None, below: Any = None, side: Any = None, *, lead: Any = None, id: str = "") -> Any:
    """One row: what it is (the whole row is its link), what belongs to it, and the figure or day at its end."""
    extra = {"id": id} if id else {}
    name: Any = (
        html.A(whole(words), href=address, className="desk-link", title=words, **extra)
        if address
        else html.Span(whole(words), className="desk-words", title=words, **extra)
    )
    return [
        html.Div(lead, className="desk-lead") if lead is not None else None,
        html.Div([name, html.Span(below, className="below") if below else None], className="desk-main"),
        html.Div(side, className="desk-side") if side is not None else None,
    ]


def counts(items: Sequence[tuple[str, int, str, str, str]], *, label: str, id: str) -> Any:
    """Numbers side by side, each leading to its rows: (key, how many, word, address, tone where there is any)."""
    return html.Ul(
        [
            html.Li(
                html.A(
                    [
                        html.Span(f"{number:,}", className="count-figure figure"),
                        html.Span(word, className="count-word"),
                    ],
                    href=address,
                    id=f"{id}-{key}",
                    className=f"count-link count-{tone if number else 'none'}",
                )
            )
            for key, number, word, address, tone in items
        ],
        className="counts",
        id=id,
        **{"aria-label": label},
    )


def unit_of(values: Sequence[Decimal | None], currency: str) -> str | None:
    """The unit in which the smallest of these is easily said, so that a list is in one unit; None where the reader chose."""
    known = [abs(value) for value in values if value]
    if unit_chosen() or not known:
        return None
    return easy_unit(min(known), currency)


def money(value: Decimal | None, currency: str, unit: str | None = None) -> Any:
    """An amount in the unit that it is easily said in, or in the one given, unless the reader chose one."""
    return amount(value, currency, unit=unit or unit_of([value], currency), with_unit=True)


def moved(
    change: Decimal | None, ratio: Decimal | None, currency: str, *, is_new: bool = False, unit: str | None = None
) -> Any:
    """A change: arrow, sign and amount with its unit, with the per cent under it."""
    if change is None:
        return html.Span("—", className="figure quiet")
    tone = "up" if change > 0 else "down" if change < 0 else "flat"
    sign = {"up": "+", "down": "−", "flat": ""}[tone]
    share = "" if ratio is None else f"{sign}{percent(abs(ratio))}"
    below = t("新增") if is_new else share
    return html.Span(
        [
            html.Span(
                [
                    html.Span(
                        {"up": "▲", "down": "▼", "flat": "＝"}[tone], className="arrow", **{"aria-hidden": "true"}
                    ),
                    sign,
                    money(abs(change), currency, unit),
                ],
                className="figure",
            ),
            html.Span(below, className="figure-below") if below else None,
        ],
        className=f"change change-{tone}",
    )


def held(asking: Asking) -> Any:
    """Rules that fired far beyond what was expected and wait for somebody's decision; nothing where there are none."""
    found = incidents.waiting(asking.home, asking.viewer)
    if not found:
        return None
    shown = [
        row(
            f"{one['rule_id']} {say(one['rule_name'])}",
            f"/rules/incidents/{one['incident_id']}",
            t("新查出 {n} 条，预期至多 {expected} 条", n=f"{one['found']:,}", expected=f"{one['expected']:,}"),
            mark(t("待处置"), "warn"),
            id=f"held-{one['incident_id']}",
        )
        for one in found[:3]
    ]
    return block(
        t("暂存的事件"), rows(shown, label=t("暂存的事件")), id="held", count=len(found), more=(t("全部事件"), "/rules/incidents")
    )  # fmt: skip


def rhythm(found: Intake) -> Any:
    """Whether anybody is late, as far as it can be told: who has sent too little to have a rhythm is said, not passed over."""
    if not found.senders:
        return None
    marks = [mark(t("{n} 家迟报", n=found.late), "bad")] if found.late else [mark(t("没有迟报"), "good")]
    if found.unknown:
        marks.append(html.Span(t("{n} 项报送次数少，还看不出节奏", n=found.unknown), className="quiet"))
    return html.P(marks, className="block-note marks")


def case_row(line: CaseLine, *, side: Any = None, state: bool = True) -> Any:
    """A case: its sentence, whose it is and where it stands, and when it is due."""
    below = [x for x in (line.agency_name or say(line.region_name), say(line.state_label) if state else "") if x]
    return row(
        say(line.sentence),
        f"/case/{line.case_id}",
        " · ".join(below),
        due_mark(line.due_on) if side is None else side,
        lead=severity_badge(line.severity),
        id=f"case-link-{line.case_id}",
    )


def next_card(line: CaseLine | None, *, works: bool) -> Any:
    """The one thing to do next, large; or that there is none."""
    if line is None:
        return block(t("下一件"), calm(t("没有等您处理的了，可以喘口气。")), id="next", kind="next is-calm")
    facts = [
        html.Span([html.Span(t("金额"), className="fact-word"), money(line.amount, line.currency)], className="fact"),
        html.Span([html.Span(t("期限"), className="fact-word"), due_mark(line.due_on)], className="fact"),
        html.Span(
            [html.Span(t("单位"), className="fact-word"), line.agency_name or say(line.region_name)], className="fact"
        ),
    ]
    return card(
        html.Div(
            [severity_badge(line.severity), state_badge(line.state, line.state_label), _rule(line)],
            className="next-marks",
        ),
        html.P(whole(say(line.sentence)), className="next-sentence"),
        html.Div(
            [
                html.Div(facts, className="facts"),
                html.A(
                    t("办理下一件") if works else t("查看"),
                    href=f"/case/{line.case_id}",
                    id="next-case",
                    className="button primary",
                ),
            ],
            className="next-foot",
        ),
        title=t("下一件"),
        id="next",
        kind="block next",
    )


def _rule(line: CaseLine) -> Any:
    return html.Span(f"{line.rule_id} · {say(line.rule_name)}", className="next-rule")


def arrived(found: CameIn, *, queue: str = "/committee") -> list[Any]:
    """What came in since the last visit: flags by severity, leads and files, each leading to its own."""
    since = found.since.isoformat() if found.since else ""
    if not (found.cases or found.leads or found.batches):
        return [calm(t("没有新来的。"))]
    severities = [
        html.Li(
            html.A(
                [severity_badge(code), html.Span(f"{number:,}", className="figure")],
                href=href(queue, severity=code, since=since, order="newest"),
                id=f"new-{code}",
                className="new-link",
            )
        )
        for code, number in found.by_severity.items()
    ]
    others = [
        ("leads", found.leads, t("新线索"), "/leads"),
        ("batches", found.batches, t("新数据批次"), "/feeds"),
    ]
    return [
        html.Ul(severities, className="new-list", **{"aria-label": t("新疑点按等级")}) if severities else None,
        html.Ul(
            [
                html.Li(html.A([word, html.Span(f"{n:,}", className="figure")], href=to, id=f"new-{key}", className="new-link"))
                for key, n, word, to in others
                if n
            ],
            className="new-list",
        ),
    ]  # fmt: skip


def senders(found: Intake) -> Any:
    """Who sends what, the late ones first."""
    if not found.senders:
        return calm(t("还没有收到任何数据。"))
    return rows([_sender(one) for one in found.senders], label=t("报送方"), id="senders")


def _sender(one: Sender) -> Any:
    every = t("通常每 {n} 天一次", n=one.every) if one.every else t("还没有固定的节奏")
    if one.late_since:
        side: Any = mark(t("{day} 起迟报", day=one.late_since.isoformat()), "bad")
    else:
        side = html.Span(t("{n} 天前", n=max(0, one.days)) if one.days > 0 else t("今天"), className="quiet nowrap")
    return row(
        f"{one.sender} · {say(one.feed_label)}",
        href("/feeds", feed=one.feed),
        t("数据到 {day} · {rhythm}", day=one.upto.isoformat(), rhythm=every),
        side,
    )


def batches(found: Intake) -> Any:
    """The latest files, with how many of their rows went back."""
    if not found.batches:
        return calm(t("还没有收到任何数据。"))
    return rows([_batch(one) for one in found.batches], label=t("最新批次"), id="latest-batches")


def _batch(one: dict[str, Any]) -> Any:
    back = one["rows_rejected"] or 0
    if one["status"] == "refused":
        side: Any = mark(t("整份退回"), "bad")
    elif back:
        side = mark(t("退回 {n} 行", n=f"{back:,}"), "warn")
    else:
        side = html.Span(t("{n} 行", n=f"{one['rows_accepted'] or 0:,}"), className="quiet figure")
    below = f"{say(one['feed_label'])} · {one['received_at'].astimezone():%Y-%m-%d %H:%M}"
    return row(one["file_name"], f"/feeds/{one['batch']}", below, side)
