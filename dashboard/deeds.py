"""What a person does on a page: each deed is one call of a service, and says in a sentence what happened.

A form with `data-deed="name"` sends its fields here; nothing else on the pages changes anything.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from budgetwatch import cases, preferences, review, saved
from budgetwatch.errors import Invalid
from budgetwatch.queries.desk_deputy import MOST_FIELDS
from budgetwatch.text import Text
from dashboard import ruling, working
from dashboard.asking import Asking
from dashboard.components import tour
from dashboard.done import Done, Fields
from dashboard.i18n import t


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
    return Done(t("您的提问已提交，答复会出现在“我的提问”里。"), go=fields.get("back") or "/questions")


def answer(asking: Asking, fields: Fields) -> Done:
    """The department's or the finance bureau's answer to a question."""
    review.answer(asking.home, asking.viewer, _whole(fields, "question_id"), fields.get("text", "").strip())
    return Done(t("答复已发出，提问的代表会看到。"), go=fields.get("back") or None)


def save_query(asking: Asking, fields: Fields) -> Done:
    """The present filters under a name."""
    kept = saved.save(
        asking.home, asking.viewer, fields.get("name", ""), fields.get("path", ""), fields.get("query", "")
    )
    return Done(t("已保存为“{name}”，首页和搜索里都能找到。", name=kept.name))


def rename_query(asking: Asking, fields: Fields) -> Done:
    """Another name for one's own saved query."""
    kept = saved.rename(asking.home, asking.viewer, _whole(fields, "saved_id"), fields.get("name", ""))
    return Done(t("已改名为“{name}”。", name=kept.name))


def remove_query(asking: Asking, fields: Fields) -> Done:
    """One's own saved query is forgotten."""
    kept = saved.remove(asking.home, asking.viewer, _whole(fields, "saved_id"))
    return Done(t("已删除保存的查询“{name}”。", name=kept.name))


def tour_done(asking: Asking, fields: Fields) -> Done:
    """The tour was taken or put off: it is not offered again."""
    tour.taken(asking)
    return Done(t("好的，不再提示。想看一分钟介绍时，打开账号菜单。"))


def follow_field(asking: Asking, fields: Fields) -> Done:
    """A deputy follows a field, or leaves it; the home page shows it at once."""
    on = preferences.follow_field(asking.home, asking.viewer, fields.get("field", ""), most=MOST_FIELDS)
    return Done(t("已关注。") if on else t("已取消关注。"))


def follow_area(asking: Asking, fields: Fields) -> Done:
    """A deputy says which place is theirs."""
    preferences.follow_area(asking.home, asking.viewer, fields.get("area", ""))
    return Done(t("已记住您的地方。"))


DEEDS: dict[str, Callable[[Asking, Fields], Done]] = {
    "case.act": act,
    "lead.promote": promote,
    "question.ask": ask,
    "question.answer": answer,
    "saved.save": save_query,
    "saved.rename": rename_query,
    "saved.remove": remove_query,
    "tour.done": tour_done,
    "home.field": follow_field,
    "home.area": follow_area,
    **working.DEEDS,
    **ruling.DEEDS,
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
