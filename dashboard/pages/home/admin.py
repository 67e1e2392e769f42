"""An administrator's home: who is late with data, how the runs went, which accounts want attention, how full the disk is."""

from __future__ import annotations

from typing import Any

from dash import html

from budgetwatch.queries import desk_admin, desk_feeds, disk, incidents
from budgetwatch.queries.desk_admin import Accounts, RunLine, Work
from budgetwatch.queries.desk_feeds import Intake
from budgetwatch.queries.disk import Disk
from dashboard.asking import Asking
from dashboard.components import mark, page_head
from dashboard.i18n import say, t
from dashboard.pages.home.pieces import batches, block, calm, held, rhythm, row, rows, senders


def body(asking: Asking) -> list[Any]:
    """What needs a hand stands in the first line; the rest is how things go."""
    home, viewer = asking.home, asking.viewer
    found = desk_feeds.intake(home, viewer, senders=5, batches=4)
    runs, count = desk_admin.last_runs(home, viewer)
    accounts = desk_admin.accounts(home, viewer)
    return [
        page_head(t("系统运行"), lead=_lead(found, runs, accounts, len(incidents.waiting(home, viewer)))),
        html.Div(
            [
                html.Div([_feeds(found)], className="stack"),
                html.Div(
                    [held(asking), _work(desk_admin.under_way(home, viewer)), _runs(runs, count), _batches(found)],
                    className="stack",
                ),
                html.Div([_accounts(accounts), _disk(disk.disk(home))], className="stack"),
            ],
            className="desk desk-three",
        ),
    ]


def _lead(found: Intake, runs: list[RunLine], accounts: Accounts, held: int) -> str:
    wants = [
        t("{n} 家迟报", n=found.late) if found.late else "",
        t("最近一次运行没有完成") if runs and runs[0].status == "failed" else "",
        t("{n} 个事件待处置", n=held) if held else "",
        t("{n} 个账号被锁定", n=len(accounts.locked)) if accounts.locked else "",
        t("{n} 个账号即将到期", n=len(accounts.ending)) if accounts.ending else "",
    ]
    told = [w for w in wants if w]
    return t("需要留意：{what}。", what=t("、").join(told)) if told else t("一切正常，没有需要马上处理的。")


def _feeds(found: Intake) -> Any:
    return block(
        t("数据报送"),
        rhythm(found),
        senders(found),
        id="feeds",
        more=(t("全部数据"), "/feeds"),
    )


def _batches(found: Intake) -> Any:
    return block(t("最新批次"), batches(found), id="batches", more=(t("全部批次"), "/feeds"))


def _runs(found: list[RunLine], count: int) -> Any:
    return block(
        t("规则运行"),
        rows([_run(one) for one in found], label=t("最近的运行")) if found else calm(t("规则还没有运行过。")),
        id="runs",
        count=count,
        more=(t("全部规则"), "/rules"),
    )


def _run(one: RunLine) -> Any:
    words, tone = {
        "done": (t("完成"), "good"),
        "failed": (t("未完成"), "bad"),
        "running": (t("运行中"), "calm"),
    }.get(one.status, (one.status, "calm"))
    took = _took(one.seconds)
    told = one.failure or t("新疑点 {n} 条，证据变化 {m} 条", n=one.new_flags, m=one.changed_flags)
    return row(
        f"{one.started_at.astimezone():%Y-%m-%d %H:%M}",
        None,
        " · ".join(x for x in (told, took) if x),
        mark(words, tone),
    )


def _took(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 90:
        return t("用时 {n} 秒", n=f"{seconds:.1f}" if seconds < 10 else f"{seconds:.0f}")
    return t("用时 {n} 分钟", n=f"{seconds / 60:.0f}")


def _work(found: list[Work]) -> Any:
    return block(
        t("进行中的工作"),
        rows([_job(one) for one in found], label=t("进行中的工作")) if found else calm(t("没有正在进行的工作。")),
        id="jobs",
        count=len(found),
        more=(t("全部工作"), "/jobs"),
    )


def _job(one: Work) -> Any:
    state = t("等待中") if one.state == "waiting" else f"{one.share:.0%}"
    return row(
        say(one.title), f"/jobs/{one.id}", f"{one.owner} · {say(one.words)}", html.Span(state, className="figure")
    )


def _accounts(found: Accounts) -> Any:
    figures = [
        (t("在用"), found.active, "plain"),
        (t("被锁定"), len(found.locked), "late"),
        (t("已到期"), found.expired, "near"),
        (t("停用"), found.inactive, "plain"),
    ]
    wanting = [
        *(
            row(p.name, "/users", p.login, mark(t("锁定至 {time}", time=f"{p.locked_until.astimezone():%H:%M}"), "bad"))
            for p in found.locked
            if p.locked_until
        ),
        *(
            row(p.name, "/users", p.login, mark(t("{day} 到期", day=p.expires_on.isoformat()), "warn"))
            for p in found.ending
            if p.expires_on
        ),
    ]
    return block(
        t("账号"),
        html.Ul(
            [
                html.Li(
                    html.A(
                        [html.Span(f"{n:,}", className="count-figure figure"), html.Span(word, className="count-word")],
                        href="/users",
                        className=f"count-link count-{tone if n else 'none'}",
                    )
                )
                for word, n, tone in figures
            ],
            className="counts",
            id="accounts-counts",
        ),
        rows(wanting[:5], label=t("需要留意的账号")) if wanting else calm(t("没有被锁定或即将到期的账号。")),
        id="accounts",
        more=(t("全部账号"), "/users"),
    )


def _disk(found: Disk) -> Any:
    """What the deployment takes and what is left of the disk, as a bar and by part."""
    taken = 1 - found.free / found.total if found.total else 0.0
    parts = [
        row(say(part.name), None, None, html.Span(_size(part.bytes), className="figure")) for part in found.parts[:4]
    ]
    return block(
        t("磁盘"),
        html.P(
            [
                t("还剩 {free}，共 {total}", free=_size(found.free), total=_size(found.total)),
                html.Span(
                    html.Span(style={"width": f"{taken * 100:.0f}%"}),
                    className="meter is-full" if found.tight else "meter",
                    **{"aria-hidden": "true"},
                ),
            ],
            className="block-note",
        ),
        html.P(t("空间不多了，请清理或扩容。"), className="note note-warn") if found.tight else None,
        rows(parts, label=t("磁盘用在哪里")),
        id="disk",
    )


def _size(count: int) -> str:
    """4.2 GB: as people read the size of a file."""
    size, units = float(count), ("B", "kB", "MB", "GB", "TB")
    at = 0
    while size >= 1000 and at < len(units) - 1:
        size, at = size / 1000, at + 1
    return f"{size:.1f} {units[at]}" if at > 1 else f"{size:.0f} {units[at]}"
