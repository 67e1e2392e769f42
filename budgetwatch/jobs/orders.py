"""Each kind of job in the words of who asks for it: a file to judge or take in, a run of the rules, an export."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, BinaryIO

from budgetwatch import backtest
from budgetwatch.access.viewer import Viewer
from budgetwatch.errors import Conflict
from budgetwatch.feeds import profile as profiles
from budgetwatch.jobs import uploads
from budgetwatch.jobs.kinds import filter_kept
from budgetwatch.jobs.service import Job, one, start
from budgetwatch.queries.payments import PaymentFilter
from budgetwatch.queries.scope import demand, one_of
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home


def take_in(home: Home, viewer: Viewer, name: str, source: BinaryIO, profile: str) -> Job:
    """Take in a file that was sent from a browser; `name` is its own, made safe by the edge."""
    return _with_file(home, viewer, "take_in", name, source, profile)


def check(home: Home, viewer: Viewer, name: str, source: BinaryIO, profile: str) -> Job:
    """Judge a sent file as taking it in would, and keep nothing of it but the verdict."""
    return _with_file(home, viewer, "check", name, source, profile)


def take_in_checked(home: Home, viewer: Viewer, job_id: int) -> Job:
    """Take in the file that this job of one's own has judged."""
    checked = one(home, viewer, job_id)
    if checked.kind != "check" or checked.state != "done":
        raise Conflict(
            Text("这项任务没有可以接收的文件。", "This job has no file that could be taken in."),
            fix=Text("请先试判一个文件。", "Have a file checked first."),
        )
    uploads.path(home, str(checked.asked["upload"]))
    return start(home, viewer, "take_in", _title("take_in", str(checked.asked["name"])), checked.asked)


def run(home: Home, viewer: Viewer, rule_ids: Sequence[str] | None = None, as_of: dt.date | None = None) -> Job:
    """Run the rules (all, or those named; an unknown one is refused now, not later)."""
    demand(viewer, "run")
    wanted = None if rule_ids is None else list(dict.fromkeys(rule_ids))
    for rule_id in wanted or ():
        home.rules[rule_id]
    title = Text("运行全部规则", "Run all rules")
    if wanted is not None:
        named = "、".join(wanted[:3]), ", ".join(wanted[:3])
        more = ("", "") if len(wanted) <= 3 else (f" 等 {len(wanted)} 条", f" and {len(wanted) - 3} more")
        title = Text(f"运行规则 {named[0]}{more[0]}", f"Run {named[1]}{more[1]}")
    return start(home, viewer, "run", title, {"rule_ids": wanted, "as_of": as_of.isoformat() if as_of else None})


def back_test(home: Home, viewer: Viewer, asked: Sequence[backtest.Asked]) -> Job:
    """Back-test rules or editions; what is unknown or out of bounds is refused now, not later."""
    plans = backtest.resolve(home, viewer, asked)
    first = plans[0].rule
    title = Text(f"回测 {first.id} {first.name.zh}", f"Back-test {first.id} {first.name.en}")
    if len(plans) > 1:
        title = Text(f"回测 {len(plans)} 条规则", f"Back-test {len(plans)} rules")
    wanted = [
        {"rule_id": a.rule_id, "edition_id": a.edition_id}
        | ({"sweep": {name: [str(v) if not isinstance(v, int) else v for v in values] for name, values in a.sweep.items()}} if a.sweep is not None else {})
        for a in asked
    ]  # fmt: skip
    return start(home, viewer, "backtest", title, {"rules": wanted})


def export(
    home: Home,
    viewer: Viewer,
    f: PaymentFilter,
    format: str = "csv",
    *,
    language: str = "zh",
    title: Text | None = None,
) -> Job:
    """All payments of the filter as a file that waits to be fetched."""
    demand(viewer, "export")
    one_of(format, ("csv", "xlsx"), "format")
    named = {"csv": "CSV", "xlsx": "Excel"}[format]
    title = title or Text(f"导出支付明细（{named}）", f"Export payments ({named})")
    return start(home, viewer, "export", title, {"filter": filter_kept(f), "format": format, "language": language})


def _with_file(home: Home, viewer: Viewer, kind: str, name: str, source: BinaryIO, profile: str) -> Job:
    demand(viewer, "take_in")
    profiles.find(profile, home.path / "profiles")  # an unknown one is refused before the file is kept
    token = uploads.keep(home, name, source)
    try:
        return start(home, viewer, kind, _title(kind, name), {"upload": token, "profile": profile, "name": name})
    except BaseException:
        uploads.drop(home, token)
        raise


def _title(kind: str, name: str) -> Text:
    return Text(f"接收 {name}", f"Take in {name}") if kind == "take_in" else Text(f"试判 {name}", f"Check {name}")
