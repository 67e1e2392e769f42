"""The catalogue of the rules as anybody may read it: subject by subject, what each asks, why, and how it has fared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import html

from budgetwatch.backtest.report import Precision
from budgetwatch.queries import catalogue, editions, incidents
from budgetwatch.queries.catalogue import reading_order, subject_name, subject_of
from budgetwatch.queries.weak import weak
from dashboard.asking import Asking
from dashboard.components import (
    Column,
    chips,
    empty,
    link_button,
    mark,
    note,
    page_head,
    search_box,
    table,
    tabs,
)
from dashboard.components.work import run_button
from dashboard.i18n import say, t


def view(asking: Asking) -> tuple[str, Any]:
    """The rules that are on; all of them, or those that are off, at a press. Who searches, searches all."""
    subject, words = asking.one("subject"), asking.one("text")
    on = asking.one("on") or ("all" if words or subject else "1")
    found = catalogue.rules(
        asking.home,
        asking.viewer,
        text=words,
        severities=asking.many("severity") or None,
        subject=subject,
        enabled={"1": True, "0": False}.get(on),
    )
    title = t("规则")
    kept = [(name, value) for name, value in (("subject", subject), ("on", asking.one("on"))) if value]
    actions = [
        link_button(t("起草规则"), "/rules/new", id="rule-new") if asking.viewer.may("draft_rules") else None,
        link_button(t("下载目录"), "/api/rules/document", id="rules-document", download=True),
        run_button(asking, kind="primary"),
    ]
    return title, [
        page_head(
            title,
            lead=t("每条规则写明理由、依据和其他可能；“无法判断”单独计数，不当作没有问题。"),
            actions=[a for a in actions if a is not None],
        ),
        rule_tabs(asking, "catalogue"),
        _unread(asking),
        held_note(asking),
        _weak(asking),
        html.Div(
            [
                search_box(
                    "/rules", t("搜索规则名称、编号、依据…"), id="rules-search", value=asking.one("text"), keep=kept
                ),
                _narrow(asking, subject, on),
            ],
            className="stack",
        ),
        *(_sections(found.rows) if found.rows else [empty(t("没有符合条件的规则。"))]),
        html.P(t("数字为最近一次运行的结果。共 {n} 条规则。", n=found.total), className="below"),
    ]


def rule_tabs(asking: Asking, current: str) -> Any:
    """The pages about rules that this person may open."""
    viewer = asking.viewer
    items = [("catalogue", t("目录"), "/rules"), ("editions", t("版本"), "/rules/editions")]
    if viewer.may("draft_rules") or viewer.may("approve_rules"):
        items.append(("tests", t("回测"), "/rules/tests"))
    if incidents.may_see(viewer):
        items.append(("incidents", t("事件"), "/rules/incidents"))
    if viewer.may("flags"):
        items.append(("exemptions", t("白名单"), "/rules/exemptions"))
    return tabs(items, current, label=t("规则各页"), id="rule-tabs")


def _unread(asking: Asking) -> Any:
    unread = asking.home.effective.unread
    if not unread:
        return None
    said = t("{rules} 的启用版本无法读取，暂按规则文件执行。请查看该规则。", rules="、".join(unread))
    return note(said, tone="warn")


def held_note(asking: Asking, rule_id: str = "") -> Any:
    """That incidents wait for a decision, of one rule or of any, each a link."""
    found = incidents.waiting(asking.home, asking.viewer, rule_id)
    if not found:
        return None
    links: list[Any] = []
    for one in found[:5]:
        word = t("事件 {n}：{rule}，{found} 条", n=one["incident_id"], rule=one["rule_id"], found=f"{one['found']:,}")
        address = f"/rules/incidents/{one['incident_id']}"
        links += [" ", html.A(word, href=address, id=f"held-{one['incident_id']}", className="finger")]
    return note(t("一次查出的远超预期，暂存待人处置，处置之前不是疑点："), *links, tone="warn")


def _weak(asking: Asking) -> Any:
    """The rules that a year of verdicts speaks against, each a link to where it can be retired."""
    if not asking.viewer.may("draft_rules") and not asking.viewer.may("approve_rules"):
        return None
    found = weak(asking.home, asking.viewer)
    if not found.rows:
        return None
    links: list[Any] = []
    for row in found.rows[:5]:
        word = t(
            "{rule}（{n} 件有结论，认定 {confirmed} 件）",
            rule=row["rule_id"],
            n=row["verdicts"],
            confirmed=row["confirmed"],
        )
        links += [" ", html.A(word, href=f"/rules/{row['rule_id']}", id=f"weak-{row['rule_id']}", className="finger")]
    return note(t("一年来极少得到认定，建议停用，由人决定："), *links)


def _narrow(asking: Asking, subject: str, on: str) -> Any:
    """By subject, and on or off; each a link."""
    counts: dict[str, int] = {}
    for rule in asking.home.rules.values():
        counts[subject_of(rule)] = counts.get(subject_of(rule), 0) + 1
    subjects = [
        (
            name,
            say(subject_name(name)),
            asking.same(subject=None if name == subject else name),
            counts[name],
            name == subject,
        )
        for name in sorted(counts, key=reading_order)
    ]
    words = (("1", t("启用")), ("0", t("未启用")), ("all", t("全部")))
    states = [(key, word, asking.same(on=key), None, key == on) for key, word in words]
    return html.Div(
        [chips(states, label=t("状态"), id="rules-on"), chips(subjects, label=t("主题"), id="rules-subject")],
        className="stack",
    )


def _sections(rows: list[dict[str, Any]]) -> list[Any]:
    """A table a subject, in reading order; one table where there is one subject."""
    subjects = list(dict.fromkeys(row["subject"] for row in rows))
    made = []
    for at, subject in enumerate(subjects):
        name = say(subject_name(subject))
        mine = [row for row in rows if row["subject"] == subject]
        made += [
            html.H2(name, className="section-title", id=f"subject-{subject}") if len(subjects) > 1 else None,
            table(
                _columns(),
                mine,
                caption=t("规则清单：{name}", name=name),
                id="rules" if at == 0 else f"rules-{subject}",
            ),
        ]
    return [one for one in made if one is not None]


def _columns() -> list[Column]:
    return [
        Column("severity", t("等级"), "severity"),
        Column("name", t("规则"), "sentence", cell=_name, main=True),
        Column("law", t("依据"), cell=lambda r: html.Span(say(r["law"]), className="small")),
        Column("looked_at", t("检查"), "integer"),
        Column("flagged", t("疑点"), "integer"),
        Column("could_not_judge", t("无法判断"), "integer"),
        Column("precision", t("认定率"), cell=lambda r: precision_words(r["precision"])),
    ]


def precision_words(one: Precision | None) -> Any:
    """The share confirmed, with its interval and n; without verdicts, that there are none yet."""
    if one is None:
        return html.Span("—", className="quiet")
    if one.share is None or one.low is None or one.high is None:
        return html.Span(t("尚无认定"), className="quiet")
    return html.Span(
        [
            html.Span(f"{one.share:.0%}", className="figure"),
            html.Span(
                t("（{low}—{high}，n = {n}）", low=f"{one.low:.0%}", high=f"{one.high:.0%}", n=one.n),
                className="below figure",
            ),
        ]
    )


def _name(row: Mapping[str, Any]) -> Any:
    return html.Div(
        [
            html.Div(
                [
                    html.A(
                        say(row["name"]),
                        href=f"/rules/{row['rule_id']}",
                        id=f"rule-{row['rule_id']}",
                        className="row-link",
                    ),
                    mark(t("模型")) if row.get("kind") == "outlier" else None,
                    None if row["enabled"] else mark(t("未启用")),
                    mark(t("第 {n} 版", n=row["edition"]), "info") if row.get("edition") else None,
                ],
                className="row-name",
            ),
            html.Span(f"{row['rule_id']} · {say(row['why'])}", className="below"),
        ]
    )


def open_editions(asking: Asking, rule_id: str) -> Any:
    """The editions of a rule, newest first, with where each stands."""
    found = editions.editions(asking.home, asking.viewer, rule_id=rule_id)
    if not found.rows:
        return empty(t("这条规则一直按规则文件执行，没有版本。"))
    return editions_table(found.rows, with_rule=False)


def editions_table(rows: list[dict[str, Any]], *, with_rule: bool = True) -> Any:
    """Editions as a table, each leading to its page."""

    def name(row: Mapping[str, Any]) -> Any:
        word = t("{rule} 第 {n} 版", rule=row["rule_id"], n=row["no"]) if with_rule else t("第 {n} 版", n=row["no"])
        below = say(row["name"]) if with_rule else row["note"]
        return html.Div(
            [
                html.A(
                    word,
                    href=f"/rules/editions/{row['edition_id']}",
                    className="row-link",
                    id=f"edition-{row['edition_id']}",
                ),
                html.Span(below, className="below") if below else None,
            ]
        )

    columns = [
        Column("no", t("版本"), cell=name, main=True),
        Column("standing", t("状态"), cell=_standing),
        Column("since", t("自"), "date"),
        Column("author", t("起草人")),
        Column("created_at", t("起草时间"), "moment"),
    ]
    return table(columns, rows, caption=t("版本清单"), id="editions")


def _standing(row: Mapping[str, Any]) -> Any:
    shadow = (
        html.A(
            t("试运行中"),
            href=f"/rules/shadow/{row['edition_id']}",
            id=f"shadow-{row['edition_id']}",
            className="finger",
        )
        if row["shadow"]
        else None
    )
    return html.Span([standing_mark(row["state"], say(row["standing"])), shadow], className="row-name")


def standing_mark(state: str, word: str, shadow: bool = False) -> Any:
    """Where an edition stands, in a word; whether it also runs in shadow."""
    tone = {"active": "good", "proposed": "warn", "approved": "info", "tested": "info"}.get(state, "calm")
    return html.Span([mark(word, tone), mark(t("试运行中"), "info") if shadow else None], className="row-name")
