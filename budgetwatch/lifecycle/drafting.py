"""A whole rule from what a form holds: names, why, law, condition, message; its examples made from the condition."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from budgetwatch.errors import Invalid
from budgetwatch.lifecycle import writing
from budgetwatch.lifecycle.condition import LEAST, Condition, build, example, least_of, sentence
from budgetwatch.lifecycle.writing import as_param
from budgetwatch.records import ALL
from budgetwatch.records.codes import SEVERITIES
from budgetwatch.records.types import Feed
from budgetwatch.rules.model import MOST_TIMES
from budgetwatch.text import Text

PERIODS: Mapping[str, Text] = {
    "day": Text("按日", "by day"),
    "month": Text("按月", "by month"),
    "year": Text("按年", "by year"),
}
#: By what hits are gathered, where the feed has the columns.
SUBJECTS: Mapping[str, tuple[Text, tuple[str, ...]]] = {
    "unit": (Text("单位", "Unit"), ("agency_code",)),
    "payee": (Text("单位和收款人", "Unit and payee"), ("agency_code", "payee_name")),
    "project": (Text("项目", "Project"), ("pro_code",)),
    "place": (Text("地区", "Place"), ("adm_div_code",)),
}


#: Feeds over which a condition can be put together on the screen: those with a unit, project or place, and a period.
def feeds() -> dict[str, Feed]:
    return {
        name: feed for name, feed in ALL.items()
        if not getattr(feed, "own", False) and subjects_of(feed) and (feed.day or "budget_year" in feed.by_name)
    }  # fmt: skip


def subjects_of(feed: Feed) -> dict[str, Text]:
    """How hits over a feed can be gathered."""
    return {name: label for name, (label, columns) in SUBJECTS.items() if all(c in feed.by_name for c in columns)}


def periods_of(feed: Feed) -> dict[str, Text]:
    """By which periods; a feed without a day knows years only."""
    return dict(PERIODS) if feed.day else {"year": PERIODS["year"]}


@dataclass(frozen=True, slots=True)
class Form:
    """What was filled in. Lists are texts with one entry a line; English may be left out and is 中文 then."""

    id: str
    name: str
    severity: str
    why: str
    condition: Condition
    subject: str = "unit"
    period: str = "month"
    name_en: str = ""
    why_en: str = ""
    law: str = ""
    article: str = ""
    practice: str = ""
    check: str = ""
    otherwise: str = ""
    check_en: str = ""
    otherwise_en: str = ""


def rule_text(form: Form) -> str:
    """The text of the rule that a form says; refuses what is missing, by its field."""
    _filled(form)
    feed = ALL[form.condition.over]
    built = build(form.condition)
    rule: dict[str, Any] = {
        "id": form.id.strip().upper(),
        "name": both(form.name, form.name_en),
        "severity": form.severity,
        "why": both(form.why, form.why_en),
        "law": [_law(form)],
        "check": lists(form.check or "核对原始凭证", form.check_en),
        "otherwise": lists(form.otherwise or "数据录入有误", form.otherwise_en),
        "over": feed.name,
        "needs": built.needs,
    }
    if built.params:
        rule["params"] = built.params
    columns = list(SUBJECTS[form.subject][1])
    rule |= {
        "when": built.when,
        "subject": columns,
        "period": form.period,
        **({"least": built.least} if built.least else {}),
        "message": message(form.condition),
        "examples": examples(form.condition, columns, built.needs),
    }
    return writing.written(rule)


def _filled(form: Form) -> None:
    needed = {
        "id": (form.id, Text("编号", "an id")), "name": (form.name, Text("名称", "a name")), "why": (form.why, Text("为什么", "why")),
        "law": (form.practice or (form.law and form.article), Text("依据：法律及条款，或通行做法", "a basis: a law with its article, or a practice")),
    }  # fmt: skip
    for field, (value, label) in needed.items():
        if not str(value).strip():
            raise Invalid(Text(f"请填写{label.zh}。", f"Give {label.en}."), where=label.zh, field=field)
    if not re.fullmatch(r"[A-Z]{2,4}-[0-9]{2,3}[a-z]?", form.id.strip().upper()):
        raise Invalid(
            Text(f"编号“{form.id}”不合格式。", f"The id “{form.id}” is not well formed."),
            where="编号",
            fix=Text("写成 PY-77 的样子。", "Write it like PY-77."),
        )
    if form.severity not in SEVERITIES or form.condition.over not in feeds():
        raise Invalid(Text("请选择等级和数据。", "Choose a severity and which facts."), where="等级")
    feed = ALL[form.condition.over]
    if form.subject not in subjects_of(feed) or form.period not in periods_of(feed):
        raise Invalid(Text("这种数据不能这样归集。", "These facts cannot be gathered like this."), where="归集")


def both(zh: str, en: str) -> dict[str, str]:
    """Both languages; 中文 stands for English where there is none."""
    return {"zh": zh.strip(), "en": en.strip() or zh.strip()}


def lists(text: str, english: str = "") -> dict[str, list[str]]:
    """A text with one entry a line as both lists; English, where it is given, has as many entries."""
    zh, en = ([line.strip() for line in one.splitlines() if line.strip()] for one in (text, english))
    if en and len(en) != len(zh):
        raise Invalid(
            Text(f"中文有 {len(zh)} 行，英文有 {len(en)} 行。", f"There are {len(zh)} lines in Chinese and {len(en)} in English."),
            where=zh[0] if zh else "check",
            fix=Text("请一行对一行，或者英文全部不填。", "Give one for each, or leave English empty."),
        )  # fmt: skip
    return {"zh": zh, "en": en or zh}


def message(condition: Condition) -> dict[str, str]:
    """What a flag of the condition says."""
    said, summed = sentence(condition), _has_amount(ALL[condition.over])
    return {
        "zh": _plain("{subject_name} {period}：" + said.zh + "，{n} 笔" + (" 共 {amount} 元" if summed else "")),
        "en": _plain("{subject_name}, {period}: " + said.en + "; {n} rows" + (", {amount} in all" if summed else "")),
    }


def _law(form: Form) -> dict[str, Any]:
    if form.law and form.article:
        return {"law": form.law, "article": form.article.strip()}
    return {"practice": both(form.practice, "")}


def _plain(text: str) -> str:
    """Braces in what was typed are words, not figures."""
    return re.sub(
        r"\{(?!(subject_name|period|n|amount)\})|(?<!\{subject_name)(?<!\{period)(?<!\{n)(?<!\{amount)\}", "", text
    )


def _has_amount(feed: Feed) -> bool:
    return "amount" in feed.by_name


def examples(condition: Condition, subject: list[str], needs: list[str]) -> list[dict[str, Any]]:
    """One that flags, one that must not, one that lacks what is needed; each from the condition's own values. Where hits must
    come to something, one that falls short of it besides."""
    feed = ALL[condition.over]
    ground: dict[str, Any] = dict.fromkeys(subject, "1")
    day = dt.date(2024, 6, 26)
    if feed.day:
        ground[feed.day] = day
    if "budget_year" in feed.by_name:
        ground["budget_year"] = 2024
    if "amount" in feed.by_name:
        ground["amount"] = "100.00"
    for column in feed.columns:
        if column.required and column.name not in ground:
            ground[column.name] = _filler(column.kind, column.values)
    hit, miss = ({**ground, **example(condition, holds=holds)} for holds in (True, False))
    short = _enough(condition, hit)
    lacking = dict(hit)
    lacking.pop(needs[0] if needs else subject[0], None)
    as_of = max([day, *(v for v in (*hit.values(), *miss.values()) if isinstance(v, dt.date))]) + dt.timedelta(1)
    told = (("符合条件", "it holds", "flags", hit), ("不符合条件", "it does not hold", "clear", miss),
            *([("没有达到合计或笔数", "it does not come to enough", "clear", short)] if short else []),
            ("缺少必要栏目", "a needed column is absent", "cannot", lacking))  # fmt: skip
    return [
        {"name": {"zh": zh, "en": en}, "as_of": as_of, "expect": expect, "given": {feed.name: [row]}}
        for zh, en, expect, row in told
    ]


def _enough(condition: Condition, hit: dict[str, Any]) -> dict[str, Any] | None:
    """Let the row stand often enough, and for enough, to be a finding; returns one that falls just short of it (None: there is none)."""
    told = least_of(condition)
    if not told:
        return None
    times, wanted = int(as_param("integer", told.get("rows", "1"))), Decimal(as_param("money", told.get("amount", "0")))
    chosen = any(row.column == "amount" for group in condition.groups for row in group.rows)
    if wanted and not chosen:
        hit["amount"] = f"{max(wanted, Decimal(100)):f}"
    elif wanted and (each := Decimal(str(hit.get("amount", 0)))) > 0:
        times = max(times, math.ceil(wanted / each))
    if times > MOST_TIMES:
        raise Invalid(
            Text(f"要 {times:,} 笔才够，举不出例子。", f"It would take {times:,} rows to be enough: no example can show it."),
            where=LEAST["amount" if wanted else "rows"][1].zh,
            fix=Text(f"请改到 {MOST_TIMES:,} 笔以内。", f"Let {MOST_TIMES:,} rows be enough."),
        )  # fmt: skip
    if times > 1:
        hit["_times"] = times
        return {**hit, "_times": times - 1}
    return {**hit, "amount": f"{wanted - Decimal('0.01'):f}"} if wanted and not chosen else None


def _filler(kind: str, values: str | None) -> Any:
    from budgetwatch.records.codes import LISTS

    if values:
        return next(iter(LISTS[values]))
    return {"money": "1.00", "integer": 1, "ratio": "0.5", "date": dt.date(2024, 6, 26), "flag": True}.get(kind, "1")
