"""What was sent: sending a file, how fresh each feed is, and every file that came with what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import html

from budgetwatch.queries import feeds, timeliness
from dashboard.asking import Asking
from dashboard.components import (
    Column,
    card,
    disclosure,
    empty,
    mark,
    nothing_yet,
    page_head,
    pager,
    table,
)
from dashboard.components.dates import day
from dashboard.components.table import shown_value
from dashboard.i18n import say, t
from dashboard.pages.sending import send_card

SIZE = 50


def view(asking: Asking) -> tuple[str, Any]:
    """Sending, for who may; freshness by feed, then the batches, newest first."""
    page = asking.number("page", 1, least=1) or 1
    fresh = feeds.freshness(asking.home, asking.viewer)
    found = feeds.batches(
        asking.home,
        asking.viewer,
        feed=asking.one("feed"),
        status=asking.one("status"),
        limit=SIZE,
        offset=(page - 1) * SIZE,
    )
    title = t("数据")
    return title, [
        page_head(title, lead=t("每个文件收到多少、采纳多少、退回多少，一行不少。")),
        send_card(asking),
        card(
            _freshness(asking, fresh.rows) if asking.home.store.current() else nothing_yet(asking.viewer),
            title=t("新鲜程度"),
        ),
        _senders(asking),
        card(
            _status_chips(asking),
            html.Div(table(_batch_columns(), found.rows, caption=t("收到的文件"), id="batches"), className="dense")
            if found.rows
            else empty(t("没有符合条件的批次。") if asking.query else t("还没有收到文件。")),
            pager(asking, found.total, SIZE) if found.rows else None,
            title=t("收到的文件"),
        ),
    ]


def _freshness(asking: Asking, rows: list[dict[str, Any]]) -> Any:
    """The feeds that have something; those that were never sent stand folded, by name."""
    sent = [row for row in rows if row["facts"] or row["batches"]]
    never = [row for row in rows if not (row["facts"] or row["batches"])]
    return [
        html.Div(
            table(_fresh_columns(asking), sent, caption=t("各类数据的新鲜程度"), id="freshness"), className="dense"
        ),
        disclosure(
            t("还没有报送的数据种类（{n}）", n=len(never)),
            html.Ul([html.Li(say(row["feed_label"])) for row in never], className="never-sent"),
            id="never-sent",
        )
        if never
        else None,
    ]


def _senders(asking: Asking) -> Any:
    """Each sender with the day their data reaches and since when they are late; late ones first, or alone."""
    late = bool(asking.one("late"))
    found = timeliness.timeliness(asking.home, asking.viewer, late=late)
    if not found.totals["senders"]:
        return None
    chips = [
        html.A(
            word,
            href=asking.same(late="1" if only else None),
            className="chip is-current" if only == late else "chip",
            **({"aria-current": "true"} if only == late else {}),
        )
        for only, word in (
            (False, t("全部 {n}", n=found.totals["senders"])),
            (True, t("迟报 {n}", n=found.totals["late"])),
        )
    ]
    columns = [
        Column("sender", t("报送方"), main=True),
        Column("feed_label", t("数据"), cell=lambda row: say(row["feed_label"])),
        Column("level_label", t("级次"), cell=lambda row: say(row["level_label"])),
        Column("upto", t("数据截至"), cell=lambda row: day(row["upto"])),
        Column(
            "every",
            t("通常间隔（天）"),
            "integer",
            cell=lambda row: str(row["every"]) if row["every"] else t("还没有固定的节奏"),
        ),
        Column(
            "late_since",
            t("迟到起始日"),
            cell=lambda row: (
                day(row["late_since"]) if row["late_since"] else html.Span(t("没有迟报"), className="quiet")
            ),
        ),
    ]
    return card(
        html.Div(chips, className="chips", role="group", **{"aria-label": t("按是否迟报筛选")}),
        html.Div(table(columns, found.rows, caption=t("报送方是否按时"), id="senders"), className="dense")
        if found.rows
        else empty(t("没有迟报。")),
        title=t("谁迟报，从哪天起"),
        id="late",
    )


def _status_words() -> dict[str, str]:
    return {"accepted": t("已采纳"), "refused": t("整份退回"), "receiving": t("接收中")}


def _status_chips(asking: Asking) -> Any:
    chosen = asking.one("status")
    ways = [("", t("全部")), *_status_words().items()]
    chips = [
        html.A(
            word,
            href=asking.same(status=code or None),
            className="chip is-current" if code == chosen else "chip",
            **({"aria-current": "true"} if code == chosen else {}),
        )
        for code, word in ways
    ]
    if asking.one("feed"):
        chips.append(html.A(t("全部数据种类"), href=asking.same(feed=None), className="chip"))
    return html.Div(chips, className="chips", role="group", **{"aria-label": t("按状态筛选")})


def _fresh_columns(asking: Asking) -> list[Column]:
    return [
        Column(
            "feed_label",
            t("数据"),
            cell=lambda r: html.A(say(r["feed_label"]), href=asking.same(feed=r["feed"]), className="row-link"),
            main=True,
        ),
        Column("facts", t("数据行数"), "integer"),
        Column("batches", t("批次数"), "integer"),
        Column("last_day", t("数据截至"), "date"),
        Column("last_received", t("最近接收"), "moment"),
        Column("days_silent", t("未更新天数"), "integer"),
    ]


def _batch_columns() -> list[Column]:
    return [
        Column(
            "batch",
            t("批次"),
            "code",
            cell=lambda r: html.A(str(r["batch"]), href=f"/feeds/{r['batch']}", id=f"batch-{r['batch']}"),
        ),
        Column("file_name", t("文件"), "text", cell=_file, main=True),
        Column("status", t("结果"), cell=lambda r: batch_status(r["status"])),
        Column("rows_in", t("收到"), "integer"),
        Column("rows_accepted", t("采纳"), "integer"),
        Column("rows_rejected", t("退回"), "integer", cell=_rejected),
        Column("rows_repeated", t("重复"), "integer"),
        Column("amount_sum", t("金额合计"), "money"),
        Column("received_at", t("接收时间"), "moment"),
    ]


def batch_status(status: str) -> Any:
    """How a batch ended, in a word."""
    return mark(_status_words().get(status, status), {"accepted": "good", "refused": "bad"}.get(status, "calm"))


def _file(row: Mapping[str, Any]) -> Any:
    return html.Div(
        [
            html.A(row["file_name"], href=f"/feeds/{row['batch']}", className="row-link"),
            html.Span([say(row["feed_label"]), " · ", row.get("sender") or row.get("profile")], className="below"),
            html.Span(say(row["refusal"]), className="below refused-why") if row.get("refusal") else None,
        ]
    )


def _rejected(row: Mapping[str, Any]) -> Any:
    number = shown_value(row.get("rows_rejected"), "integer")
    if not row.get("rows_rejected"):
        return number
    return html.A(number, href=f"/feeds/{row['batch']}", id=f"rejected-{row['batch']}")
