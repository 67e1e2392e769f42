"""What each person set for themselves: small values under known names, theirs alone, changed as often as they like.

These are conveniences, not decisions: nothing is kept of what stood before, and nothing goes into the log.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from budgetwatch.access.viewer import Viewer
from budgetwatch.calendar import today
from budgetwatch.db import serialise
from budgetwatch.errors import Denied, Invalid
from budgetwatch.records.codes import FUNCTIONS
from budgetwatch.tables import Preference, now
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

#: What may be remembered, and what its value is.
NAMES: Mapping[str, str] = {
    "interests": "a deputy's {fields: [function classes], area: region code}",
    "last_here": "the days of the latest visits {day, before}",
    "answers_seen": "how many answers its author has read of each question {question id: count}",
    "filters": "the filters last used on each page {path: query}",
    "tours": "the tours that were taken or put off {name: day}",
}
#: Far more than any of these needs; what is longer is not a preference.
LARGEST = 16_000


def get(home: Home, viewer: Viewer, name: str, default: Any = None) -> Any:
    """What this person set under that name; `default` where they set nothing."""
    _known(name)
    if viewer.id is None:
        return default
    with home.session() as session:
        kept = session.get(Preference, (viewer.id, name))
        return default if kept is None else kept.value


def put(home: Home, viewer: Viewer, name: str, value: Any) -> None:
    """Remember a value (anything JSON holds) in place of what stood there; NotSignedIn people have none."""
    _known(name)
    if viewer.id is None:
        raise Denied(
            Text("只有登录的人可以保存自己的设置。", "Only people who signed in have preferences."),
            fix=Text("请先登录。", "Sign in first."),
        )
    try:
        written = json.dumps(value, ensure_ascii=False)
    except TypeError:
        raise Invalid(Text("这个设置无法保存。", "This value cannot be kept."), where=name) from None
    if len(written) > LARGEST:
        raise Invalid(
            Text("这个设置太长，无法保存。", "This value is too long to be kept."),
            where=name,
            fix=Text(f"最多 {LARGEST} 个字符。", f"At most {LARGEST} characters."),
        )
    with home.session() as session:
        serialise(session)  # of two windows that save at once, the later one stands
        kept = session.get(Preference, (viewer.id, name))
        if kept is None:
            session.add(Preference(user_id=viewer.id, name=name, value=value))
        else:
            kept.value, kept.changed_at = value, now()


def visit(home: Home, viewer: Viewer) -> dt.date | None:
    """Note that this person is here today; the day they were here before, or None on their first day.

    All of one day is one visit: what was new in the morning is still shown as new in the afternoon.
    """
    day = today().isoformat()
    kept = get(home, viewer, "last_here") or {}
    if viewer.id is not None and kept.get("day") != day:
        kept = {"day": day, "before": kept.get("day")}
        put(home, viewer, "last_here", kept)
    before = kept.get("before")
    return dt.date.fromisoformat(before) if before else None


def saw_answers(home: Home, viewer: Viewer, question_id: int, answers: int) -> None:
    """Note that the author of a question has now read so many answers to it."""
    kept = dict(get(home, viewer, "answers_seen") or {})
    if viewer.id is None or kept.get(str(question_id), 0) >= answers:
        return
    put(home, viewer, "answers_seen", {**kept, str(question_id): answers})


def follow_field(home: Home, viewer: Viewer, code: str, *, most: int) -> bool:
    """Follow a function class, or stop following it; whether it is followed now. At most `most` at a time."""
    if code not in FUNCTIONS:
        raise Invalid(Text(f"没有“{code}”这个功能分类。", f"There is no function class “{code}”."), where="field")
    kept = dict(get(home, viewer, "interests") or {})
    fields = [one for one in kept.get("fields", ()) if one in FUNCTIONS]
    on = code not in fields
    if on and len(fields) >= most:
        raise Invalid(
            Text(f"最多关注 {most} 个领域。", f"At most {most} fields can be followed."),
            where="field",
            fix=Text("请先取消一个。", "Leave one of them first."),
        )
    put(home, viewer, "interests", {**kept, "fields": [*fields, code] if on else [f for f in fields if f != code]})
    return on


def follow_area(home: Home, viewer: Viewer, area: str) -> None:
    """Follow one region of one's own scope; empty: all of it."""
    if area and not viewer.sees(area):
        raise Denied(
            Text(f"“{area}”不在您的范围内。", f"“{area}” is outside your scope."),
            where="area",
            fix=Text("请从列表中选择。", "Choose one of the list."),
        )
    put(home, viewer, "interests", {**dict(get(home, viewer, "interests") or {}), "area": area})


def _known(name: str) -> None:
    if name not in NAMES:
        raise Invalid(
            Text(f"没有“{name}”这项设置。", f"There is no preference “{name}”."),
            where="name",
            fix=Text(f"可用：{'、'.join(NAMES)}。", f"Known: {', '.join(NAMES)}."),
        )
