"""Deeds about long work and about accounts: starting, stopping, starting again; adding people, their terms and passwords."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from dash import html

from budgetwatch import jobs
from budgetwatch.access import people
from budgetwatch.errors import Invalid
from budgetwatch.text import Text
from dashboard.asking import Asking, read_query
from dashboard.done import Done, Fields
from dashboard.filters import filter_of
from dashboard.i18n import say, spoken, t


def run_rules(asking: Asking, fields: Fields) -> Done:
    """A run of all rules, or of one."""
    only = fields.get("rule_id", "").strip()
    return _started(jobs.run(asking.home, asking.viewer, [only] if only else None))


def stop(asking: Asking, fields: Fields) -> Done:
    """Work of one's own is asked to stop."""
    job = jobs.stop(asking.home, asking.viewer, _number(fields))
    if job.state == "stopping":
        return Done(t("正在停止，做完手头一步即停。"))
    return Done(t("已停止。") if job.state == "stopped" else t("这项任务已经结束。"))


def again(asking: Asking, fields: Fields) -> Done:
    """The same once more."""
    return _started(jobs.again(asking.home, asking.viewer, _number(fields)))


def take_in(asking: Asking, fields: Fields) -> Done:
    """The file that was checked is taken in."""
    return _started(jobs.take_in_checked(asking.home, asking.viewer, _number(fields)))


def export(asking: Asking, fields: Fields) -> Done:
    """All payments of the filter in the page's address, as a file that waits."""
    wanted = filter_of(Asking(asking.home, asking.viewer, "/auditor", read_query(fields.get("query", ""))))
    job = jobs.export(asking.home, asking.viewer, wanted, fields.get("format", "csv"), language=spoken())
    return _started(job)


def _started(job: jobs.Job) -> Done:
    return Done(t("已开始：{title}。可以离开此页，完成后会提示您。", title=say(job.title)), go=f"/jobs/{job.id}")


def add_user(asking: Asking, fields: Fields) -> Done:
    """A new account, with a password that is shown this once."""
    password = people.one_time_password()
    made = people.add_user(
        asking.home,
        asking.viewer,
        login=fields.get("login", ""),
        name=fields.get("name", ""),
        role=fields.get("role", ""),
        password=password,
        region=fields.get("region", "").strip(),
        agency_code=fields.get("agency_code", "").strip() or None,
        expires_on=_day(fields.get("expires_on", "")),
    )
    return Done(_once(t("已添加 {login}，初始密码：", login=made.login), password), go=f"/users/{made.login}")


def reset_password(asking: Asking, fields: Fields) -> Done:
    """A new password, shown this once."""
    login = fields.get("login", "")
    return Done(_once(t("{login} 的新密码：", login=login), people.reset_password(asking.home, asking.viewer, login)))


def switch_user(asking: Asking, fields: Fields) -> Done:
    """An account is switched off, or on again."""
    login = fields.get("login", "")
    if fields.get("on"):
        people.activate(asking.home, asking.viewer, login)
        return Done(t("{login} 已启用。", login=login))
    people.deactivate(asking.home, asking.viewer, login)
    return Done(t("{login} 已停用；所做的记录都保留。", login=login))


def set_term(asking: Asking, fields: Fields) -> Done:
    """The last day of an account."""
    login, day = fields.get("login", ""), _day(fields.get("expires_on", ""))
    people.set_term(asking.home, asking.viewer, login, day)
    if day is None:
        return Done(t("{login} 不再有到期日。", login=login))
    return Done(t("{login} 可以使用到 {day}。", login=login, day=day.isoformat()))


def _once(sentence: str, password: str) -> html.Span:
    """A password in a message that stays until it is closed, and never comes again."""
    return html.Span([sentence, html.Code(password, className="one-time"), " ", t("只显示这一次，请当面交给本人。")])


def _number(fields: Fields) -> int:
    try:
        return int(fields.get("job", ""))
    except ValueError:
        raise Invalid(
            Text("表单缺少任务编号。", "The form lacks the job's number."),
            fix=Text("请刷新页面后重试。", "Reload the page and try again."),
        ) from None


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise Invalid(
            Text("这不是一个日期：{text}。", "This is not a date: {text}.").fill(text=text),
            where="expires_on",
            fix=Text("请写成 2025-06-30 的样子。", "Write it like 2025-06-30."),
        ) from None


DEEDS: dict[str, Callable[[Asking, Fields], Done]] = {
    "job.run": run_rules,
    "job.stop": stop,
    "job.again": again,
    "job.take_in": take_in,
    "job.export": export,
    "user.add": add_user,
    "user.password": reset_password,
    "user.switch": switch_user,
    "user.term": set_term,
}
