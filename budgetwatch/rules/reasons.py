"""Why something could not be judged: short codes that are counted, and the sentence for each."""

from __future__ import annotations

import datetime as dt

from budgetwatch.records import ALL
from budgetwatch.records.agreements import CHECKS
from budgetwatch.text import Text

UNDECIDED, NO_SUBJECT, FAILED = "undecided", "no_subject", "failed"
TOO_FEW, INCOMPARABLE, MERGED = "too_few", "incomparable", "merged"
_SENTENCES = {
    UNDECIDED: Text("条件无法判定真假", "the condition is neither true nor false"),
    NO_SUBJECT: Text("不知道是谁", "it is not known whose it is"),
    FAILED: Text("规则运行失败，详见日志", "the rule failed; the log has the details"),
    TOO_FEW: Text("可比的行太少", "too few comparable rows"),
    "no_start": Text("没有起算日", "there is no day to count from"),
    "no_calendar": Text("超出工作日历", "beyond the calendar of working days"),
    "left_incomplete": Text(
        "左边有的行缺少汇总所需的列，未计入", "rows of the left side lack what they are summed by, and were left out"
    ),
    "right_incomplete": Text(
        "右边有的行缺少汇总所需的列，未计入", "rows of the right side lack what they are summed by, and were left out"
    ),
    "one_sided": Text("只有一边有数，无法核对", "only one side has it, so there is nothing to hold it against"),
    INCOMPARABLE: Text("缺少比较所需的列", "what the comparison needs is absent"),
    MERGED: Text("同一对象同一期间返回多次，已合并", "the same subject and period came back more than once; merged"),
}


def missing(column: str) -> str:
    """A needed column is absent."""
    return f"missing:{column}"


def no_facts(feed: str) -> str:
    """A needed feed has no facts."""
    return f"no_facts:{feed}"


def no_holidays(year: int) -> str:
    """The official holiday table of that year is not at hand (rows were judged by weekends only)."""
    return f"no_holidays:{year}"


def late(feed: str, since: dt.date, sender: str = "") -> str:
    """A needed feed is late since that day: all of it, or one sender's."""
    return f"late:{feed}:{since.isoformat()}" + (f":{sender[:64]}" if sender else "")


def held(incident: int) -> str:
    """New findings are held as an incident: they are no flags until a person says so."""
    return f"held:{incident}"


def echo(rule_id: str) -> str:
    """A flag of that rule says it already: kept with that flag, none of its own."""
    return f"echo:{rule_id}"


def torn(feed: str, check: str, differing: int, cases: int) -> str:
    """A needed feed does not agree with what it must agree with."""
    return f"torn:{feed}:{check}:{differing}:{cases}"


def said(words: str) -> str:
    """A rule's own words (`cannot`)."""
    return words if words in _SENTENCES else f"said:{words}"


def sentence(code: str, feed: str = "") -> Text:
    """The reason in words; `feed` is what the rule looks at."""
    kind, _, what = code.partition(":")
    if kind == "missing":
        column = ALL[feed].by_name.get(what) if feed in ALL else None
        label = column.label if column else Text(what, what)
        return Text(f"缺少{label.zh}", f"{label.en} is absent")
    if kind == "no_facts":
        name = ALL[what].label if what in ALL else Text(what, what)
        return Text(f"没有「{name.zh}」的数据", f"there are no facts of “{name.en}”")
    if kind == "no_holidays":
        return Text(f"缺 {what} 年放假安排，只按周末计", f"no holiday table for {what}: weekends only")
    if kind == "late":
        named, since, *sender = what.split(":", 2)
        name = ALL[named].label if named in ALL else Text(named, named)
        who = Text(f"（{sender[0]}）", f" of {sender[0]}") if sender else Text("", "")
        return Text(f"「{name.zh}」{who.zh}自 {since} 起迟到", f"“{name.en}”{who.en} is late since {since}")
    if kind == "held":
        return Text(
            f"新查出的远超预期，已暂存为事件 {what}", f"far more was found than expected: held as incident {what}"
        )
    if kind == "echo":
        return Text(f"已由 {what} 的疑点说明，记为其连带发现", f"a flag of {what} says it already: kept as its echo")
    if kind == "torn":
        named, check, differing, cases = what.split(":")
        name = ALL[named].label if named in ALL else Text(named, named)
        label = CHECKS[check].label if check in CHECKS else Text(check, check)
        return Text(
            f"「{name.zh}」核对不符：{label.zh}，{cases} 处中 {differing} 处有差",
            f"“{name.en}” does not agree: {label.en}, {differing} of {cases} differ",
        )
    if kind == "said":
        zh, _, en = what.partition(" / ")  # rules say both, the Chinese first
        return Text(zh.strip(), (en or zh).strip())
    return _SENTENCES.get(code, Text(code, code))
