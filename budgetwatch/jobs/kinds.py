"""What each kind of job may be started by, and what it does: one call of a service, as the person who started it.

`do` gets what was asked and a progress to tell; it returns what is kept as the job's result, as plain JSON.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, cast

import sqlalchemy as sa

from budgetwatch import backtest, intake, runs
from budgetwatch.access.viewer import Viewer
from budgetwatch.calendar import today
from budgetwatch.errors import BadFile, BudgetwatchError
from budgetwatch.jobs import uploads
from budgetwatch.jobs.nights import NIGHTLY
from budgetwatch.progress import Progress
from budgetwatch.queries import payments
from budgetwatch.queries.payments import PaymentFilter
from budgetwatch.runs.narrow import NARROWED
from budgetwatch.tables import Batch
from budgetwatch.text import WRITTEN, Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

#: An export lies ready for so many days; after that it is made again, from the facts as they are then.
KEPT_DAYS = 7
EXPORTS = "exports"


class Stopped(BudgetwatchError):
    """The work was stopped: by its owner, or because the service was closed."""

    code = "stopped"
    status = 409

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(
            Text("中途停止，没有做完。", "Stopped before it was done."),
            fix=Text("需要时可重新开始，不会重复。", "Start it again when needed; nothing is done twice."),
        )


Do = Callable[["Home", Viewer, Mapping[str, Any], Progress], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of job: its name, the power that starting it takes, what it does, whether one runs at a time."""

    name: Text
    power: str
    do: Do
    alone: bool = False


def _take_in(home: Home, viewer: Viewer, asked: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    token = str(asked["upload"])
    file = uploads.path(home, token)
    try:
        receipt = intake.take_in(
            home, file, asked["profile"], actor=viewer.login, allowed_region=viewer.region, progress=progress
        )
    except BadFile as refused:
        uploads.drop(home, token)
        refused.facts.setdefault("batch", _refused_batch(home, viewer, file.name) or "")
        raise
    uploads.drop(home, token)
    return _counts(receipt) | {"batch": receipt.batch, "status": receipt.status}


def _check(home: Home, viewer: Viewer, asked: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    file = uploads.path(home, str(asked["upload"]))
    try:
        receipt = intake.check(home, file, asked["profile"], allowed_region=viewer.region, progress=progress)
    except BadFile as refused:  # that is what one wanted to know
        return {"status": "refused", "refusal": refusal(refused)}
    return _counts(receipt) | {"status": receipt.status}


def _counts(receipt: intake.Receipt) -> dict[str, Any]:
    names = ("rows_in", "rows_accepted", "rows_rejected", "rows_repeated", "facts_added", "currency", "reasons", "feed")
    amount = receipt.amount_sum
    return {name: getattr(receipt, name) for name in names} | {"amount_sum": None if amount is None else f"{amount:f}"}


def _refused_batch(home: Home, viewer: Viewer, name: str) -> int | None:
    """The batch in which the refusal and its rejected rows are kept."""
    with home.session() as session:
        return session.scalar(
            sa.select(sa.func.max(Batch.id)).where(
                Batch.received_by == viewer.login, Batch.file_name == name, Batch.status == "refused"
            )
        )


def _run(home: Home, viewer: Viewer, asked: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    as_of, due = asked.get("as_of"), asked.get("due")
    report = runs.run(
        home,
        actor=NIGHTLY if due == "nightly" else viewer.login,
        new=due == "new",
        models=due != "new",
        rule_ids=asked.get("rule_ids"),
        as_of=dt.date.fromisoformat(as_of) if as_of else None,
        progress=progress,
    )
    shadows = runs.shadow(home, run_id=report.run_id, versions=report.versions)
    return {
        "run": report.run_id,
        "shadows": len(shadows),
        "as_of": report.as_of.isoformat(),
        "rules": len(report.rules),
        "looked_at": sum(r.looked_at for r in report.rules),
        "flagged": sum(r.flagged for r in report.rules),
        "could_not_judge": sum(r.could_not_judge for r in report.rules),
        "narrowed": sum(r.asked == NARROWED for r in report.rules),
        "failures": [r.rule_id for r in report.rules if r.failure],
        "new_flags": report.new_flags,
        "changed_flags": report.changed_flags,
    }


def _backtest(home: Home, viewer: Viewer, asked: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    wanted = [backtest.Asked(one.get("rule_id", ""), one.get("edition_id"), one.get("sweep")) for one in asked["rules"]]
    number = backtest.run(home, viewer, wanted, progress=progress)
    return {"back_test": number, "rules": len(wanted)}


def _export(home: Home, viewer: Viewer, asked: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    form = cast(Literal["csv", "xlsx"], asked["format"])
    folder = home.path / EXPORTS
    folder.mkdir(exist_ok=True)
    target = folder / f"{secrets.token_hex(16)}.{form}"
    payments.export(
        home,
        viewer,
        kept_filter(asked["filter"]),
        form,
        target,
        language=asked.get("language", "zh"),
        progress=progress,
    )
    return {
        "file": target.name,
        "name": f"payments-{today():%Y%m%d}.{form}",
        "bytes": target.stat().st_size,
        "until": (today() + dt.timedelta(KEPT_DAYS)).isoformat(),
    }


KINDS: dict[str, Kind] = {
    "take_in": Kind(Text("接收文件", "Taking a file in"), "take_in", _take_in),
    "check": Kind(Text("试判文件", "Checking a file"), "take_in", _check),
    "run": Kind(Text("运行规则", "Running the rules"), "run", _run, alone=True),
    "backtest": Kind(Text("回测规则", "Back-testing rules"), "draft_rules", _backtest),
    "export": Kind(Text("导出", "Export"), "export", _export),
}
ALONE = frozenset(name for name, kind in KINDS.items() if kind.alone)


def refusal(error: BudgetwatchError) -> dict[str, Any]:
    """Why something was refused, as a job keeps it: in each language that sentences are written in."""
    return {language: error.shape(language)["error"] for language in WRITTEN}


def filter_kept(f: PaymentFilter) -> dict[str, Any]:
    """A filter as a job keeps it; `kept_filter` reads it again."""
    return {name: value if isinstance(value, (bool, int)) else str(value)
            for name, value in dataclasses.asdict(f).items() if value not in (None, "", False)}  # fmt: skip


def kept_filter(kept: Mapping[str, Any]) -> PaymentFilter:
    """The filter that was kept."""
    read: dict[str, Callable[[Any], Any]] = {
        "first_day": dt.date.fromisoformat, "last_day": dt.date.fromisoformat, "min_amount": Decimal, "max_amount": Decimal,
    }  # fmt: skip
    return PaymentFilter(**{name: read.get(name, lambda x: x)(value) for name, value in kept.items()})
