"""What is said of a job: what it does now, how long it will take, how it ended, and what to do then."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.jobs.service import Job

STATES = {
    "waiting": Text("排队中", "Waiting"),
    "running": Text("进行中", "Running"),
    "stopping": Text("正在停止", "Stopping"),
    "done": Text("已完成", "Done"),
    "failed": Text("没有做成", "Not done"),
    "stopped": Text("已停止", "Stopped"),
}
_DIED = Text(
    "服务中断，这项工作停下了。已接收的数据不受影响；请重新开始，不会重复。",
    "The service was interrupted and this work stopped. What was taken in is safe; start it again, nothing is done twice.",
)
_CLOSED = Text(
    "服务关闭，这项工作停下了；请重新开始，不会重复。",
    "The service was closed and this work stopped; start it again, nothing is done twice.",
)
_BY_HAND = Text(
    "由您停止。需要时可重新开始，不会重复。", "You stopped it. Start it again when needed; nothing is done twice."
)


def left_words(seconds: float | None) -> Text | None:
    """The time left, as a person would say it; nothing while nobody can tell."""
    if seconds is None:
        return None
    if seconds < 15:
        return Text("还需几秒", "A few seconds left")
    if seconds < 55:
        return Text("还需不到 1 分钟", "Less than a minute left")
    minutes = math.ceil(seconds / 60 - 0.1)
    if minutes > 90:
        hours = round(minutes / 60)
        return Text(f"还需约 {hours} 小时", f"About {hours} hours left")
    if minutes > 10:
        minutes = 5 * math.ceil(minutes / 5)
    return Text(f"还需约 {minutes} 分钟", f"About {minutes} minute{'s' if minutes > 1 else ''} left")


def took(seconds: float) -> Text:
    """How long something took."""
    if seconds < 60:
        return Text(f"{seconds:.0f} 秒", f"{seconds:.0f} s") if seconds >= 1 else Text("不到 1 秒", "less than 1 s")
    minutes = round(seconds / 60)
    return Text(f"{minutes} 分钟", f"{minutes} min")


def standing(job: Job) -> Text:
    """What an open job does now, in one line."""
    if job.state == "waiting":
        if job.ahead:
            return Text(f"排队中，前面还有 {job.ahead} 项", f"Waiting; {job.ahead} before it")
        return Text("排队中，马上开始", "Waiting; it starts in a moment")
    if job.state == "stopping":
        return Text("正在停止，做完手头一步即停", "Stopping after the step at hand")
    return job.words or Text("正在准备", "Getting ready")


def ended(job: Job) -> Text:
    """How a job ended, in one or two sentences with the figures that matter."""
    if job.state == "stopped":
        return {"died": _DIED, "closed": _CLOSED}.get(str(job.result.get("why")), _BY_HAND)
    if job.state == "failed":
        return refused(job.result.get("refusal")) or Text("没有做成。", "It was not done.")
    teller = {"take_in": _taken_in, "check": _checked, "run": _run, "export": _exported, "backtest": _tested}.get(
        job.kind
    )
    return teller(job.result) if teller else STATES["done"]


def refused(kept: Mapping[str, Any] | None) -> Text | None:
    """The sentence of a refusal that a job kept."""
    if not kept:
        return None
    parts = {
        language: " ".join(filter(None, (one.get("what"), one.get("fix")))) for language, one in kept.items() if one
    }
    return Text(parts.get("zh", ""), parts.get("en", ""))


def _taken_in(result: Mapping[str, Any]) -> Text:
    if result.get("status") == "already":
        return Text(
            f"这个文件以前接收过（批次 {result['batch']}），没有重复计入。",
            f"This file was taken in before (batch {result['batch']}); nothing was counted twice.",
        )
    return _rows(result, "采纳", "accepted")


def _checked(result: Mapping[str, Any]) -> Text:
    if result.get("status") == "refused":
        why = refused(result.get("refusal")) or Text("", "")
        return Text(f"这个文件会被整份退回：{why.zh}", f"This file would be refused: {why.en}")
    if not result.get("rows_accepted") and result.get("rows_repeated") and not result.get("rows_rejected"):
        return Text(
            f"{int(result['rows_repeated']):,} 行以前都接收过；再接收一次不会增加任何数据。",
            f"All {int(result['rows_repeated']):,} rows were taken in before; doing it again would add nothing.",
        )
    said = _rows(result, "可采纳", "would be accepted")
    return Text(f"可以接收。{said.zh}", f"It can be taken in. {said.en}")


def _rows(result: Mapping[str, Any], zh: str, en: str) -> Text:
    n = {name: int(result.get(f"rows_{name}") or 0) for name in ("in", "accepted", "rejected", "repeated")}
    return Text(
        f"收到 {n['in']:,} 行：{zh} {n['accepted']:,}，退回 {n['rejected']:,}，重复 {n['repeated']:,}。",
        f"{n['in']:,} rows: {n['accepted']:,} {en}, {n['rejected']:,} rejected, {n['repeated']:,} known already.",
    )


def _run(result: Mapping[str, Any]) -> Text:
    new, changed, rules = (int(result.get(k) or 0) for k in ("new_flags", "changed_flags", "rules"))
    broken = len(result.get("failures") or ())
    zh, en = (
        f"{rules} 条规则运行完毕：新疑点 {new:,} 条，证据有变 {changed:,} 条。",
        (f"{rules} rule{'s' if rules != 1 else ''} run: {new:,} new flags, {changed:,} with changed evidence."),
    )
    if broken:
        zh, en = f"{zh}有 {broken} 条规则没有运行成。", f"{en} {broken} could not be run."
    return Text(zh, en)


def _tested(result: Mapping[str, Any]) -> Text:
    n = int(result.get("rules") or 0)
    return Text(
        f"{n} 条规则回测完毕；没有生成疑点。", f"{n} rule{'s' if n != 1 else ''} back-tested; no flag came of it."
    )


def _exported(result: Mapping[str, Any]) -> Text:
    if result.get("removed"):
        return Text(
            "文件已过保留期并删除；需要时请重新导出。",
            "The file was removed after its time; export it again when needed.",
        )
    until = dt.date.fromisoformat(str(result["until"]))
    size = sized(int(result.get("bytes") or 0))
    return Text(f"文件已备好（{size}），保留到 {until}。", f"The file is ready ({size}) and kept until {until}.")


def sized(count: int) -> str:
    """So many bytes, as people read them."""
    size = float(count)
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit in ("B", "KB") else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TB"
