"""The white list: what rules leave out, why, until when and by whom; what is about to lapse stands first."""

from __future__ import annotations

import datetime as dt
from typing import Any

from dash import html

from budgetwatch import exemptions
from budgetwatch.calendar import today
from budgetwatch.queries.names import names
from budgetwatch.queries.wording import rule_name
from budgetwatch.tables import Exemption
from dashboard.asking import Asking
from dashboard.components import (
    area,
    button,
    card,
    day,
    definition_list,
    disclosure,
    empty,
    field,
    hidden,
    mark,
    note,
    page_head,
)
from dashboard.components.work import deed_button
from dashboard.i18n import say, t
from dashboard.pages.rules import rule_tabs

_TONES = {"active": "good", "proposed": "warn", "to_begin": "info", "ended": "calm", "lapsed": "calm"}
_ORDER = ("proposed", "active", "to_begin", "ended", "lapsed")


def view(asking: Asking) -> tuple[str, Any]:
    """All exemptions in sight: to be approved, in force, then past."""
    found = exemptions.listing(asking.home, asking.viewer)
    soon = exemptions.lapsing(found)
    rows = sorted(found, key=lambda e: (_ORDER.index(exemptions.standing(e)), -e.id))
    title = t("白名单")
    may = asking.viewer.may("work_cases") or asking.viewer.may("exempt")
    return title, [
        page_head(
            title, lead=t("白名单里的单位不被某条规则列出；每条都有理由、依据、终止日和批准人，运行时照样计数。")
        ),
        rule_tabs(asking, "exemptions"),
        note(
            t("{n} 条将在 {days} 天内到期：到期后会重新列出，需要延续请另提。", n=len(soon), days=exemptions.LAPSING),
            tone="warn",
        )
        if soon
        else None,
        *([_one(asking, e, soon=e in soon) for e in rows] if rows else [empty(t("没有白名单。"))]),
        _new() if may else None,
    ]


def _words(key: str) -> str:
    return {
        "active": t("已生效"), "proposed": t("待批准"), "to_begin": t("未到起始日"), "ended": t("已提前终止"), "lapsed": t("已到期"),
    }[key]  # fmt: skip


def _one(asking: Asking, one: Exemption, *, soon: bool) -> Any:
    state = exemptions.standing(one)
    unit = names(asking.home, asking.viewer).agency(one.agency_code)
    pairs = [
        (t("规则"), html.A(one.rule_id, href=f"/rules/{one.rule_id}")),
        (t("单位"), say(unit)),
        (t("对象"), one.subject or t("该单位在这条规则下的全部")),
        (t("理由"), one.reason),
        (t("依据"), one.basis),
        (t("起止"), [day(one.valid_from), " — ", day(one.ended_on or one.valid_to)]),
    ]
    if one.end_note:
        pairs.append((t("终止理由"), one.end_note))
    viewer = asking.viewer
    mine = viewer.id is not None and viewer.id == one.proposed_by_id
    approve = viewer.may("exempt") and not mine and state == "proposed"
    end = (viewer.may("exempt") or mine) and state in ("proposed", "active", "to_begin") and one.ended_on is None
    return card(
        definition_list(pairs, kind="rows"),
        deed_button(t("批准"), "exemption.approve", id=f"approve-exemption-{one.id}", kind="primary", exemption=one.id) if approve else None,
        disclosure(t("撤回") if state == "proposed" else t("提前终止"), _end(one), id=f"end-exemption-{one.id}") if end else None,
        title=[
            say(rule_name(asking.home, one.rule_id)), " ",
            mark(_words(state), _TONES[state]), " ", mark(t("即将到期"), "warn") if soon else None,
        ],
        id=f"exemption-{one.id}",
    )  # fmt: skip


def _end(one: Exemption) -> Any:
    key = one.id
    return html.Form(
        [
            hidden("exemption", key, id=f"end-{key}-id"),
            field(t("从哪天起不再有效"), "day", id=f"end-{key}-day", kind="date", value=today().isoformat()),
            area(t("理由"), "note", id=f"end-{key}-note", required=True, rows=2),
            html.Div([button(t("终止"), id=f"end-{key}-go")], className="job-actions"),
        ],
        id=f"end-{key}-form",
        className="stack",
        **{"data-deed": "exemption.end"},
    )


def _new() -> Any:
    start, end = today(), today() + dt.timedelta(365)
    form = html.Form(
        [
            html.Div(
                [
                    field(t("规则编号"), "rule_id", id="exempt-rule", required=True, placeholder="PY-12"),
                    field(t("单位代码"), "agency_code", id="exempt-unit", required=True),
                    field(t("对象"), "subject", id="exempt-subject", hint=t("不填则为该单位在这条规则下的全部")),
                    field(
                        t("起始日"), "valid_from", id="exempt-from", kind="date", value=start.isoformat(), required=True
                    ),
                    field(t("终止日"), "valid_to", id="exempt-to", kind="date", value=end.isoformat(), required=True),
                ],
                className="fields",
            ),
            area(t("理由"), "reason", id="exempt-reason", required=True, rows=2),
            area(t("依据"), "basis", id="exempt-basis", required=True, rows=2, hint=t("文件名称、文号、条款")),
            html.Div([button(t("提出"), id="exempt-propose", kind="primary")], className="job-actions"),
        ],
        id="exempt-form",
        className="stack",
        **{"data-deed": "exemption.propose"},
    )
    return card(disclosure(t("提出一条白名单"), form, id="exempt-box"), title=t("新的白名单"))
