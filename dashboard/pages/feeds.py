"""What was sent: how fresh each feed is, every batch, and every row that was rejected with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import html

from budgetwatch.errors import NotFound
from budgetwatch.queries import feeds
from budgetwatch.text import Text
from dashboard.asking import Asking
from dashboard.components import (
    Column,
    amount,
    breadcrumbs,
    card,
    definition_list,
    empty,
    mark,
    note,
    nothing_yet,
    page_head,
    pager,
    table,
    tiles,
)
from dashboard.components.table import shown_value
from dashboard.i18n import say, t

SIZE = 50


def view(asking: Asking) -> tuple[str, Any]:
    """Freshness by feed, then the batches, newest first."""
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
        card(
            table(_fresh_columns(asking), fresh.rows, caption=t("各类数据的新鲜程度"), id="freshness")
            if asking.home.store.current()
            else nothing_yet(asking.viewer),
            title=t("新鲜程度"),
        ),
        card(
            _status_chips(asking),
            table(_batch_columns(), found.rows, caption=t("收到的文件"), id="batches")
            if found.rows
            else empty(t("没有符合条件的批次。") if asking.query else t("还没有收到文件。")),
            pager(asking, found.total, SIZE) if found.rows else None,
            title=t("收到的文件"),
        ),
    ]


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
        Column("facts", t("事实行数"), "integer"),
        Column("batches", t("批次"), "integer"),
        Column("last_day", t("数据截至"), "date"),
        Column("last_received", t("最近接收"), "moment"),
        Column("days_silent", t("已静默天数"), "integer"),
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
        Column("status", t("结果"), cell=lambda r: _status(r["status"])),
        Column("rows_in", t("收到"), "integer"),
        Column("rows_accepted", t("采纳"), "integer"),
        Column("rows_rejected", t("退回"), "integer", cell=_rejected),
        Column("rows_repeated", t("重复"), "integer"),
        Column("amount_sum", t("金额合计"), "money"),
        Column("received_at", t("接收时间"), "moment"),
    ]


def _status(status: str) -> Any:
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


def view_one(asking: Asking) -> tuple[str, Any]:
    """One batch and its rejected rows, by reason."""
    if not asking.parts["batch"].isdigit():
        raise NotFound(Text("没有这个批次。", "There is no such batch."), where=asking.path)
    number = int(asking.parts["batch"])
    row = _batch(asking, number)
    page = asking.number("page", 1, least=1) or 1
    reason = asking.one("reason")
    found = feeds.rejects(asking.home, asking.viewer, number, reason=reason, limit=SIZE, offset=(page - 1) * SIZE)
    title = t("批次 {n}", n=number)
    columns = [
        Column("line", t("行"), "integer"),
        Column("column_label", t("栏目"), cell=lambda r: r.get("column") or "—"),
        Column(
            "value",
            t("送来的值"),
            cell=lambda r: (
                html.Code(str(r["value"]))
                if r.get("value") not in (None, "")
                else html.Span(t("（空）"), className="quiet")
            ),
        ),
        Column("sentence", t("为什么退回"), "sentence", main=True),
        Column(
            "raw",
            t("原文"),
            cell=lambda r: html.Details(
                [html.Summary(t("看原文")), html.Code(str(r.get("raw") or ""), className="raw")]
            ),
        ),
    ]
    return title, [
        page_head(
            row["file_name"] if row else title,
            above=breadcrumbs([(t("数据"), "/feeds"), (title, None)]),
            lead=say(row["feed_label"]) if row else None,
        ),
        _summary(row) if row else None,
        note(say(row["refusal"]), tone="warn") if row and row.get("refusal") else None,
        card(
            _reason_chips(asking, row, reason),
            table(columns, found.rows, caption=t("退回的行"), id="rejects")
            if found.rows
            else empty(t("没有退回的行。")),
            pager(asking, found.total, SIZE) if found.rows else None,
            title=t("退回的行"),
        ),
    ]


def _batch(asking: Asking, number: int) -> dict[str, Any] | None:
    """The row of this batch; newest first, so that it is nearly always in the first thousand."""
    offset, total = 0, 1
    while offset < total:
        listing = feeds.batches(asking.home, asking.viewer, limit=1000, offset=offset)
        for row in listing.rows:
            if row["batch"] == number:
                return row
        offset, total = offset + 1000, listing.total
    return None


def _summary(row: Mapping[str, Any]) -> Any:
    def count(name: str) -> str:
        return f"{row.get(name) or 0:,}"

    return html.Div(
        [
            tiles(
                [
                    (count("rows_in"), t("收到"), None, "accent", None),
                    (count("rows_accepted"), t("采纳"), None, "down", None),
                    (count("rows_rejected"), t("退回"), None, "up" if row.get("rows_rejected") else "none", None),
                    (count("rows_repeated"), t("重复"), None, "none", None),
                ]
            ),
            card(
                definition_list(
                    [
                        (t("结果"), _status(row["status"])),
                        (t("报送方"), row.get("sender") or "—"),
                        (t("格式说明"), row.get("profile")),
                        (
                            t("金额合计"),
                            amount(row.get("amount_sum"), str(row.get("currency") or "CNY"), with_unit=True),
                        ),
                        (t("数据起止"), f"{row.get('first_day') or '—'} – {row.get('last_day') or '—'}"),
                        (t("接收时间"), shown_value(row.get("received_at"), "moment")),
                        (t("接收人"), row.get("received_by") or "—"),
                        (
                            t("文件指纹"),
                            html.Span(
                                f"{str(row.get('sha256'))[:16]}…", className="code", title=str(row.get("sha256"))
                            ),
                        ),
                    ]
                )
            ),
        ],
        className="stack",
    )


def _reason_chips(asking: Asking, row: Mapping[str, Any] | None, chosen: str) -> Any:
    reasons = (row or {}).get("reasons") or {}
    if len(reasons) < 1:
        return None
    return html.Div(
        [
            html.A(
                [_reason_word(code), html.Span(f"{n:,}", className="count")],
                href=asking.same(reason=None if code == chosen else code),
                className="chip is-current" if code == chosen else "chip",
                id=f"reason-{code}",
            )
            for code, n in sorted(reasons.items(), key=lambda x: -x[1])
        ],
        className="chips",
        role="group",
        **{"aria-label": t("按原因筛选")},
    )


def _reason_word(code: str) -> str:
    """The reason in two or three words, as a filter."""
    words = {
        "wrong_field_count": t("字段个数不符"),
        "missing": t("必填为空"),
        "not_money": t("不是金额"),
        "too_many_decimals": t("小数过多"),
        "not_integer": t("不是整数"),
        "not_ratio": t("不是比率"),
        "not_date": t("不是日期"),
        "not_flag": t("不是是或否"),
        "unknown_code": t("代码不认识"),
        "total_differs": t("合计不符"),
        "key_missing": t("没有标识"),
        "repeats_line": t("重复行"),
        "key_already_used": t("标识重复"),
    }
    return words.get(code, code.replace("_", " "))
