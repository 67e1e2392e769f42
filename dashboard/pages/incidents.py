"""Rules that fired far beyond what was expected: all of them, and one with what it found, how far beyond, and the decision.

What is held is no flag and nobody is asked about it, until a person releases it or leaves it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import html

from budgetwatch.access.viewer import ROLES
from budgetwatch.errors import NotFound
from budgetwatch.queries import incidents as read
from budgetwatch.queries.listing import Listing
from budgetwatch.records import ALL
from budgetwatch.text import Text
from dashboard import drawn
from dashboard.asking import Asking, href
from dashboard.components import (
    Column,
    amount,
    area,
    breadcrumbs,
    button,
    card,
    chips,
    day,
    disclosure,
    empty,
    hidden,
    link_button,
    mark,
    moment,
    note,
    page_head,
    pager,
    severity_badge,
    stats,
    table,
    timeline,
)
from dashboard.components.helping import page_help
from dashboard.components.prose import whole
from dashboard.figures.incident import how_far
from dashboard.i18n import say, t
from dashboard.pages.case_evidence import evidence_columns
from dashboard.pages.rules import rule_tabs

SIZE, ROWS = 10, 20
TONES = {"open": "warn", "release": "good", "discard": "calm"}


def view(asking: Asking) -> tuple[str, Any]:
    """All incidents, or those that wait for a decision."""
    everything = asking.one("all") == "1"
    page = asking.number("page", 1, least=1) or 1
    found = read.incidents(
        asking.home, asking.viewer, open_only=not everything, limit=SIZE, offset=(page - 1) * SIZE
    )  # fmt: skip
    title = t("事件")
    choices = [
        ("open", t("待处置"), asking.same(all=None), found.totals["open"], not everything),
        ("all", t("全部"), asking.same(all="1"), None, everything),
    ]
    return title, [
        page_head(
            title,
            lead=t("规则一次查出的远超预期时，先不立疑点，暂存为一个事件：由人看过，立为疑点或者撤销。"),
            actions=page_help(asking),
        ),
        rule_tabs(asking, "incidents"),
        chips(choices, label=t("状态"), id="incidents-which"),
        table(_columns(), found.rows, caption=t("事件清单"), id="incidents") if found.rows else _none(everything),
        pager(asking, found.total, SIZE) if found.total > SIZE else None,
    ]


def _none(everything: bool) -> Any:
    if everything:
        return empty(t("还没有过事件：没有哪条规则一次查出的远超预期。"), id="no-incidents")
    way = html.A(t("看已处置的"), href="/rules/incidents?all=1", className="finger")
    return empty(t("没有待处置的事件，规则都在预期之内。"), way, id="no-incidents")


def _columns() -> list[Column]:
    return [
        Column("rule_name", t("规则"), cell=_named, main=True),
        Column("state", t("状态"), cell=lambda r: state_mark(r["state"], r["state_label"])),
        Column("found", t("新查出"), "integer"),
        Column("expected", t("预期至多"), "integer"),
        Column("times", t("倍数"), "integer", cell=lambda r: _times(r["times"])),
        Column("basis_label", t("预期依据")),
        Column("at", t("时间"), "moment"),
        Column("decided_by", t("处置人")),
    ]


def _named(row: Mapping[str, Any]) -> Any:
    return html.Div(
        [
            html.A(say(row["rule_name"]), href=address_of(row), className="row-link", id=f"incident-{row['incident_id']}"),
            html.Span(t("{rule} · 事件 {n}", rule=row["rule_id"], n=row["incident_id"]), className="below"),
        ]
    )  # fmt: skip


def _times(value: Any) -> Any:
    if value is None:
        return html.Span("—", className="quiet")
    return html.Span(t("{n} 倍", n=f"{value:,.1f}"), className="figure")


def state_mark(state: str, label: Text) -> Any:
    """How an incident stands, in a word."""
    return mark(say(label), TONES[state])


def address_of(one: Mapping[str, Any]) -> str:
    return f"/rules/incidents/{one['incident_id']}"


def view_one(asking: Asking) -> tuple[str, Any]:
    """One incident."""
    number = asking.parts["incident"]
    if not number.isdigit():
        raise NotFound(Text("没有这个事件。", "There is no such incident."), where=asking.path)
    page = asking.number("page", 1, least=1) or 1
    one = read.incident(asking.home, asking.viewer, int(number), limit=SIZE, offset=(page - 1) * SIZE)
    sees = asking.viewer.may("flags")
    title = t("事件 {n}", n=one["incident_id"])
    name = say(one["rule_name"])
    return t("{title}：{name}", title=title, name=name), [
        page_head(
            [name, " ", severity_badge(one["severity"]) if one["severity"] else None, " ",
             state_mark(one["state"], one["state_label"])],
            above=breadcrumbs([(t("规则"), "/rules"), (t("事件"), "/rules/incidents"), (title, None)]),
            lead=t("{rule} 一次查出的远超预期，暂存待人处置；处置之前都不是疑点。", rule=one["rule_id"])
            if one["state"] == "open" else t("{rule} 一次查出的远超预期，曾暂存；处置见下。", rule=one["rule_id"]),
            actions=[*_files(one, sees), page_help(asking)],
        ),
        html.Div(
            [
                html.Div(
                    [
                        _beyond(asking, one, sees),
                        card(drawn.show(asking, "incident", incident=one["incident_id"]), title=t("超出多少，按月"), id="beyond"),
                        _units(one["by_unit"]) if sees else None,
                        _rows(asking, one) if sees else None,
                        _findings(asking, one) if sees else card(
                            note(t("您的角色看不到查出的内容；请经办或负责人看过后处置。"), tone="calm"), title=t("查出了什么")
                        ),
                    ],
                    className="case-main",
                ),
                html.Div([_moves(asking, one), _course(one), _look(asking, one)], className="case-side"),
            ],
            className="case",
        ),
    ]  # fmt: skip


def _files(one: Mapping[str, Any], sees: bool) -> list[Any]:
    if not sees:
        return []
    return [
        link_button(
            word, href("/data/incident-findings", incident=one["incident_id"], format=form), id=f"incident-{form}", download=True
        )
        for form, word in (("xlsx", t("导出 Excel")), ("csv", t("导出 CSV")))
    ]  # fmt: skip


def _beyond(asking: Asking, one: Mapping[str, Any], sees: bool) -> Any:
    tested = one["back_test_id"]
    basis: Any = say(one["basis_label"])
    if tested and asking.viewer.may("draft_rules"):
        basis = html.A(
            t("回测 {n}", n=tested), href=href(f"/rules/tests/{tested}", rule=one["rule_id"]), id="incident-test"
        )
    told = [
        (t("新查出"), f"{one['found']:,}", t("{n} 个单位", n=f"{one['units']:,}") if one["units"] else None),
        (t("预期至多"), f"{one['expected']:,}", basis),
        (t("倍数"), _times(one["times"]), None),
        (t("超过多少就暂存"), f"{one['most']:,}", None),
        *[(t("涉及金额"), amount(total, currency, with_unit=True), None) for currency, total in one["amount"].items()],
    ]  # fmt: skip
    return card(
        html.P(whole(how_far(one)), className="found-sentence", id="incident-said"), stats(told, id="incident-stats"),
        html.P(html.A(t("去处置"), href="#moves", id="to-moves", className="button"), className="phone-only")
        if one["state"] == "open" and read.may_decide(asking.viewer) else None,
        kind="found",
    )  # fmt: skip


def _units(units: Listing) -> Any:
    """The units with most of it first: one unit far ahead often is a file that came twice or a code that changed."""
    columns = [
        Column("agency_name", t("单位"), main=True, cell=lambda r: r["agency_name"] or t("（无单位）")),
        Column("region_name", t("地区"), cell=lambda r: say(r["region_name"]) or r["region"] or "—"),
        Column("found", t("新查出"), "integer"),
        Column("amount", t("金额"), "money"),
    ]
    few, rest = units.rows[:5], units.rows[5:]
    return card(
        table(columns, few, caption=t("查出最多的单位"), id="incident-units"),
        disclosure(
            t("其余 {n} 个", n=len(rest)), table(columns, rest, caption=t("其余单位"), id="incident-units-more")
        ) if rest else None,
        html.P(t("共 {n} 个单位，只列前 {most} 个；导出的是全部。", n=f"{units.total:,}", most=len(units.rows)), className="below")
        if units.total > len(units.rows) else None,
        title=t("查出最多的单位"),
    )  # fmt: skip


def _findings(asking: Asking, one: Mapping[str, Any]) -> Any:
    """What is held, the largest first; each opens the rows it rests on."""

    def what(row: Mapping[str, Any]) -> Any:
        address = asking.same(finding=row["finding_id"], page=asking.one("page") or None) + "#finding-rows"
        return html.A(
            whole(say(row["sentence"])), href=address, className="row-link", id=f"finding-{row['finding_id']}"
        )

    columns = [
        Column("severity", t("等级"), "severity"),
        Column("sentence", t("查出了什么"), "sentence", cell=what, main=True),
        Column("agency_name", t("单位")),
        Column("period", t("期间")),
        Column("amount", t("金额"), "money"),
        Column("row_count", t("行数"), "integer"),
    ]
    found = one["findings"]
    heading = t("查出了什么（{n} 条）", n=f"{found.total:,}")
    return card(
        table(columns, found.rows, caption=heading, id="findings") if found.rows else empty(t("没有。")),
        pager(asking, min(found.total, 100_000), SIZE) if found.total > SIZE else None,
        title=heading,
        id="findings-box",
    )


def _rows(asking: Asking, one: Mapping[str, Any]) -> Any:
    """The rows of the finding that the address names."""
    wanted = asking.number("finding")
    if wanted is None:
        return None
    feed, told, found = read.rows_of(asking.home, asking.viewer, one["incident_id"], wanted, limit=ROWS)
    heading = t(
        "依据的记录（{feed}，共 {n} 条）", feed=say(ALL[feed].label) if feed in ALL else feed, n=f"{told['row_count']:,}"
    )  # fmt: skip
    return card(
        html.P(whole(say(told["sentence"])), id="finding-said"),
        table(evidence_columns(asking, found, feed), found.rows, caption=heading, id="finding-evidence", cards=False,
              currency=told["currency"])
        if found.rows else empty(t("这条规则依据的是缺失的记录，没有可列的行；请看上面的数字和日期。")),
        html.P(t("只列前 {n} 行，共 {all} 行。", n=len(found.rows), all=f"{told['row_count']:,}"), className="below")
        if told["row_count"] > len(found.rows) > 0 else None,
        html.P(html.A(t("收起"), href=asking.same(finding=None, page=asking.one("page") or None), className="finger")),
        title=heading,
        id="finding-rows",
    )  # fmt: skip


def _moves(asking: Asking, one: Mapping[str, Any]) -> Any:
    title = t("可以做什么")
    if one["state"] != "open":
        into = (
            link_button(t("看这些疑点"), f"/committee?rule={one['rule_id']}", id="incident-flags")
            if one["state"] == "release" and asking.viewer.may("cases") else None
        )  # fmt: skip
        return card(note(t("已经处置，不能再改。"), tone="calm"), into, title=title, id="moves", kind="moves")
    if not read.may_decide(asking.viewer):
        return card(note(t("由经办、负责人或管理员处置。"), tone="calm"), title=title, id="moves", kind="moves")
    found = f"{one['found']:,}"
    return card(
        _move(one, "release", t("立为疑点"), t("将立 {n} 条疑点和待初核的事项，证据就是那次运行查到的。", n=found), kind="primary"),
        _move(one, "discard", t("撤销"), t("不立疑点；规则文字和证据不变时不会再提出。先找到原因，例如文件送重、口径变了。"), needs=True),
        title=title,
        id="moves",
        kind="moves",
    )  # fmt: skip


def _move(one: Mapping[str, Any], key: str, label: str, words: str, *, kind: str = "", needs: bool = False) -> Any:
    form = html.Form(
        [
            html.P(words),
            area(t("理由"), "note", id=f"{key}-note", required=needs, rows=3),
            hidden("incident", one["incident_id"], id=f"{key}-incident"),
            button(label, id=f"do-{key}", kind=kind),
        ],
        id=f"form-{key}",
        className="move-form",
        **{"data-deed": f"incident.{key}"},
    )
    return html.Details([html.Summary(label, id=f"move-{key}"), form], className="move", id=f"move-box-{key}")


def _course(one: Mapping[str, Any]) -> Any:
    """Who decided what, after what the product did by itself."""
    steps = [
        html.Div([html.Div([html.Strong(t("暂存")), " ", t("系统"), " · ", moment(one["at"])]),
                  html.P([t("运行 {n}，截至", n=one["run_id"]), " ", day(one["as_of"])], className="step-meta")])
    ]  # fmt: skip
    if one["decided_by"]:
        role = ROLES.get(one["decided_role"])
        by = one["decided_by"] + (f" · {say(role)}" if role else "")
        steps.append(
            html.Div(
                [
                    html.Div([html.Strong(say(one["state_label"])), " ", by, " · ", moment(one["decided_at"])]),
                    html.P(one["note"]) if one["note"] else None,
                ]
            )
        )
    return card(timeline(steps, label=t("经过")), title=t("经过"), id="steps")


def _look(asking: Asking, one: Mapping[str, Any]) -> Any:
    """Where the cause usually lies, each with the way there."""
    viewer, home = asking.viewer, asking.home
    rule = home.rules.get(one["rule_id"])
    feed = rule.over if rule else ""
    ways = [
        html.A(t("{feed}的最新批次：有没有送重、口径有没有变", feed=say(ALL[feed].label)), href=href("/feeds", feed=feed), id="look-feed")
        if feed in ALL and viewer.may("batches") else None,
        html.A(t("{rule} 的参数和版本：起点有没有调低", rule=one["rule_id"]), href=f"/rules/{one['rule_id']}", id="look-rule")
        if rule else None,
        html.A(t("再回测一次，看预期是不是太低"), href=f"/rules/{one['rule_id']}#rule-backtest", id="look-test")
        if rule and viewer.may("draft_rules") and viewer.may("facts") else None,
    ]  # fmt: skip
    shown = [html.Li(way) for way in ways if way is not None]
    return card(html.Ul(shown, className="bullets"), title=t("从哪里看起")) if shown else None
