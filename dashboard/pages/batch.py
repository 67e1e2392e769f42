"""One sent file: what became of its rows, and every rejected one with the reason, to be sent back and mended."""

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
    note,
    page_head,
    pager,
    table,
    tiles,
)
from dashboard.components.prose import whole
from dashboard.components.table import shown_value
from dashboard.i18n import say, t
from dashboard.pages.feeds import batch_status

SIZE = 50


def view(asking: Asking) -> tuple[str, Any]:
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
        Column("line", t("行"), "year"),
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
        _summary(row, _titled(asking, row)) if row else None,
        note(say(row["refusal"]), tone="warn") if row and row.get("refusal") else None,
        note(say(row["remarks"])) if row and row.get("remarks") else None,
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


def _titled(asking: Asking, row: Mapping[str, Any]) -> str:
    """The profile by its title, where it is still among those in force."""
    known = {one["profile"]: one["title"] for one in feeds.profiles(asking.home, asking.viewer).rows}
    title = known.get(row.get("profile"))
    return f"{say(title)}（{row['profile']}）" if title else ""


def _summary(row: Mapping[str, Any], titled: str) -> Any:
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
                        (t("结果"), batch_status(row["status"])),
                        (t("报送方"), row.get("sender") or "—"),
                        (t("格式说明"), titled or row.get("profile")),
                        (
                            t("金额合计"),
                            amount(row.get("amount_sum"), str(row.get("currency") or "CNY"), with_unit=True),
                        ),
                        (t("数据起止"), whole(f"{row.get('first_day') or '—'} – {row.get('last_day') or '—'}")),
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
        "out_of_range": t("超出范围"),
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
