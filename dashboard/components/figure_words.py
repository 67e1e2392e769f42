"""What the figures that a flag rests on are called; a test holds the list against every rule of the book."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from budgetwatch.text import Text
from dashboard.components.figure_names import MORE
from dashboard.components.money import amount
from dashboard.components.table import shown_value
from dashboard.i18n import say, spoken

#: name → (kind, words). Kinds: money, percent, day, count, text.
FIGURES: Mapping[str, tuple[str, Text]] = {
    "payments": ("count", Text("支付笔数", "Payments")),
    "above": ("count", Text("限额之上的笔数", "Payments above the limit")),
    "papers": ("count", Text("文件份数", "Papers")),
    "figures": ("count", Text("不符的数字", "Figures off")),
    "payees": ("count", Text("收款人数", "Payees")),
    "times": ("text", Text("次数", "Times")),
    "months": ("count", Text("月数", "Months")),
    "days_late": ("count", Text("逾期天数", "Days late")),
    "late": ("", Text("晚的", "Late")),
    "early": ("", Text("早的", "Early")),
    "waited": ("count", Text("等了几天", "Days waited")),
    "took": ("count", Text("用了几天", "Days taken")),
    "gap": ("count", Text("相隔天数", "Days apart")),
    "late_payments": ("count", Text("年底支付笔数", "Late payments")),
    "start_day": ("day", Text("起算日", "Counted from")),
    "due_day": ("day", Text("应当完成日", "Due on")),
    "end_day": ("day", Text("实际完成日", "Done on")),
    "first_day": ("day", Text("最早一天", "First day")),
    "last_day": ("day", Text("最晚一天", "Last day")),
    "data_day": ("day", Text("数据截至", "Data until")),
    "checkpoint": ("day", Text("考核时点", "Measured on")),
    "approved_on": ("day", Text("批准日", "Approved on")),
    "reported_on": ("day", Text("报告日", "Reported on")),
    "received_on": ("day", Text("收到日", "Received on")),
    "issued_on": ("day", Text("下达日", "Issued on")),
    "published_on": ("day", Text("公开日", "Published on")),
    "start_date": ("day", Text("开工日", "Started on")),
    "estimate_approved_date": ("day", Text("概算批复日", "Estimate approved on")),
    "planned_completion": ("day", Text("计划完工日", "Planned completion")),
    "completed_date": ("day", Text("实际完工日", "Completed on")),
    "arrival_date": ("day", Text("资金到账日", "Funds arrived on")),
    "adj_date": ("day", Text("调整日", "Adjusted on")),
    "since": ("day", Text("下达日", "Issued on")),
    "submitted": ("day", Text("送交日", "Submitted on")),
    "first_sent": ("day", Text("最早发文日", "First sent on")),
    "last_copied": ("day", Text("最晚抄送日", "Last copied on")),
    "revenue": ("money", Text("收入总计", "Revenue")),
    "expenditure": ("money", Text("支出总计", "Expenditure")),
    "base": ("money", Text("对照基数", "Compared with")),
    "whole": ("money", Text("占比的总额", "Share is of")),
    "budget": ("money", Text("预算数", "Budget")),
    "paid": ("money", Text("已支付", "Paid")),
    "paid_before": ("money", Text("此前已支付", "Paid before")),
    "paid_total": ("money", Text("累计支付", "Paid in all")),
    "spent": ("", Text("已使用", "Spent")),
    "biggest": ("money", Text("最大一笔", "Largest")),
    "each_time": ("money", Text("每笔金额", "Each")),
    "ceiling": ("money", Text("限额", "Ceiling")),
    "cap": ("money", Text("上限", "Cap")),
    "balance": ("money", Text("余额", "Balance")),
    "initial": ("money", Text("年初数", "Initial")),
    "expected": ("money", Text("应为", "Expected")),
    "proceeds": ("money", Text("债券资金", "Bond proceeds")),
    "approved_estimate": ("money", Text("批复概算", "Approved estimate")),
    "contract_amount": ("money", Text("合同金额", "Contract")),
    "capacity": ("money", Text("综合财力", "Fiscal capacity")),
    "formed": ("money", Text("形成金额", "Formed")),
    "total": ("money", Text("公开的合计", "Published total")),
    "parts": ("money", Text("各分项之和", "Sum of the parts")),
    "percent": ("", Text("比例", "Ratio")),
    "paid_percent": ("percent", Text("付款比例", "Paid")),
    "progress_percent": ("percent", Text("工程进度", "Progress")),
    "expected_percent": ("percent", Text("应达进度", "Expected")),
    "percent_before": ("percent", Text("此前进度", "Before")),
    "percent_december": ("percent", Text("十二月占比", "December")),
    "payee": ("text", Text("收款人", "Payee")),
    "purpose": ("text", Text("用途", "Purpose")),
    "example": ("text", Text("例如", "For example")),
    "doc_no": ("text", Text("文号", "Document no.")),
    "item": ("text", Text("公开项目", "Published item")),
    "items": ("", Text("支出类别", "Kinds of expense")),
    "kind": ("text", Text("债务类别", "Kind of debt")),
    "book": ("text", Text("账本", "Book")),
    "stage": ("text", Text("阶段", "Stage")),
    "document": ("text", Text("公开内容", "Document")),
    "problem": ("text", Text("情形", "What is unusual")),
    "approval": ("text", Text("审批情况", "Approval")),
    "booked": ("text", Text("列在科目", "Booked under")),
    "form_year": ("text", Text("形成年度", "Year formed")),
    "rank": ("count", Text("罕见度名次", "Rank by rarity")),
    **MORE,
}


#: What every message may mention besides its rule's own figures.
_COMMON: Mapping[str, Text] = {
    "subject": Text("对象", "subject"),
    "subject_name": Text("对象", "subject"),
    "agency_name": Text("单位", "unit"),
    "period": Text("期间", "period"),
    "amount": Text("涉及金额", "amount"),
    "n": Text("笔数", "number of rows"),
    "explanation": Text("少见在哪里", "what is rare about it"),
}


def with_names(message: str) -> str:
    """A rule's message with the names of its figures where their values will stand: 〔收款人〕."""

    def named(found: re.Match[str]) -> str:
        known = FIGURES.get(found[1])
        word = _COMMON.get(found[1]) or (known[1] if known else None)
        name = say(word).lower() if word else found[1]
        return f"[{name}]" if spoken() == "en" else f"〔{name}〕"

    return re.sub(r"{(\w+)}", named, message)


def figure_pairs(figures: Mapping[str, Any], currency: str) -> list[tuple[Any, Any]]:
    """The figures that have a name and a value, as people read them."""
    pairs = []
    for name, value in figures.items():
        known = FIGURES.get(name)
        if known is None or value in (None, "") or not isinstance(value, str | int | Text):
            continue
        kind, words = known
        shown = say(value) if isinstance(value, Text) else _shown(kind, str(value), currency)
        pairs.append((say(words), shown))
    return pairs


def _shown(kind: str, value: str, currency: str) -> Any:
    """The value in its kind; as it stands where it is not of that kind after all."""
    kind = kind or _written(value)
    try:
        if kind == "money":
            return amount(Decimal(value), currency, with_unit=True)
        if kind == "day":
            return shown_value(dt.date.fromisoformat(value[:10]), "date")
        if kind == "count":
            return shown_value(int(value), "integer")
        if kind == "percent":
            return f"{Decimal(value):f}%"
    except (InvalidOperation, ValueError):
        return value
    return value


#: Rules write dates, sums with two places, shares with one, and whole numbers.
_WRITTEN = (("day", r"\d{4}-\d\d-\d\d"), ("money", r"-?\d+\.\d\d"), ("percent", r"-?\d+\.\d"), ("count", r"-?\d+"))


def _written(value: str) -> str:
    """The kind of a figure that comes in several, by how it is written."""
    return next((kind for kind, pattern in _WRITTEN if re.fullmatch(pattern, value)), "text")
