"""What a person does on a page: each deed is one call of a service, and says in a sentence what happened.

A form with `data-deed="name"` sends its fields here; nothing else on the pages changes anything.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from budgetwatch import cases, review
from budgetwatch.errors import Invalid
from budgetwatch.text import Text
from dashboard.asking import Asking
from dashboard.i18n import t

Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Done:
    """What to tell the person, and where to go from here (None: stay, and see the page anew)."""

    sentence: str
    go: str | None = None


def act(asking: Asking, fields: Fields) -> Done:
    """One move of a case."""
    case_id = _whole(fields, "case_id")
    cases.act(
        asking.home,
        asking.viewer,
        case_id,
        fields.get("action", ""),
        note=fields.get("note", "").strip(),
        reason=fields.get("reason", ""),
        due_on=_day(fields.get("due_on", "")),
        letter_no=fields.get("letter_no", "").strip(),
        version=_whole(fields, "version"),
    )
    return Done(t("已记录：{label}。", label=fields.get("label", "")))


def promote(asking: Asking, fields: Fields) -> Done:
    """A lead of an outlier model becomes a case, because a person says so."""
    case = cases.promote(asking.home, asking.viewer, _whole(fields, "flag_id"), fields.get("note", "").strip())
    return Done(t("已转为疑点，可以开始初核。"), go=f"/case/{case.id}")


def ask(asking: Asking, fields: Fields) -> Done:
    """A deputy's question on one line of the draft, with the figures as they stood."""
    figures = {k.removeprefix("figure_"): v for k, v in fields.items() if k.startswith("figure_") and v}
    review.ask(
        asking.home,
        asking.viewer,
        budget_year=_whole(fields, "budget_year"),
        region=fields.get("region", ""),
        line=fields.get("line", ""),
        text=fields.get("text", "").strip(),
        agency_code=fields.get("agency_code") or None,
        func_code=fields.get("func_code") or None,
        pro_code=fields.get("pro_code") or None,
        figures=figures,
    )
    return Done(t("您的问题已提交，答复会出现在“我的提问”里。"), go=fields.get("back") or "/questions")


def answer(asking: Asking, fields: Fields) -> Done:
    """The department's or the finance bureau's answer to a question."""
    review.answer(asking.home, asking.viewer, _whole(fields, "question_id"), fields.get("text", "").strip())
    return Done(t("答复已发出，提问的代表会看到。"), go=fields.get("back") or None)


DEEDS: dict[str, Callable[[Asking, Fields], Done]] = {
    "case.act": act,
    "lead.promote": promote,
    "question.ask": ask,
    "question.answer": answer,
}


def do(asking: Asking, name: str, fields: Fields) -> Done:
    """Carry out the deed of that name."""
    deed = DEEDS.get(name)
    if deed is None:
        raise Invalid(Text("没有这个操作：{name}", "There is no such action: {name}").fill(name=name))
    return deed(asking, fields)


def _whole(fields: Fields, name: str) -> int:
    try:
        return int(fields.get(name, ""))
    except ValueError:
        raise Invalid(
            Text("表单缺少 {name}。", "The form lacks {name}.").fill(name=name),
            fix=Text("请刷新页面后重试。", "Reload the page and try again."),
        ) from None


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(
            Text("这不是一个日期：{text}。", "This is not a date: {text}.").fill(text=text),
            fix=Text("请写成 2025-06-30 的样子。", "Write it like 2025-06-30."),
        ) from None
