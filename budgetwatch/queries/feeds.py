"""What was sent: batches with their rejects, how fresh each feed is, and the profiles that can read files.

A batch is shown when everything in it lies within the viewer's scope: a file of the whole city holds
other districts' rows, and its totals and rejects are theirs too.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import sqlalchemy as sa

from budgetwatch import tables as t
from budgetwatch.access.viewer import Viewer
from budgetwatch.calendar import today
from budgetwatch.errors import Denied
from budgetwatch.feeds.profile import load_all
from budgetwatch.feeds.reasons import REASONS, sentence
from budgetwatch.queries import seen
from budgetwatch.queries.listing import Listing, heading
from budgetwatch.queries.names import remembered
from budgetwatch.queries.scope import demand, missing, one_of, paged
from budgetwatch.records import ALL, SENT
from budgetwatch.records.rowid import SQL_BATCH
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

_BATCHES = (
    heading("batch", "批次", "Batch", "integer"),
    heading("received_at", "接收时间", "Received", "moment"),
    heading("feed_label", "数据", "Feed"),
    heading("file_name", "文件", "File"),
    heading("status", "状态", "Status", "code"),
    heading("rows_in", "行数", "Rows", "integer"),
    heading("rows_accepted", "接收", "Accepted", "integer"),
    heading("rows_rejected", "退回", "Rejected", "integer"),
    heading("rows_repeated", "重复", "Repeated", "integer"),
    heading("facts_added", "新增事实", "Facts added", "integer"),
    heading("amount_sum", "金额合计", "Sum of amounts", "money"),
    heading("currency", "币种", "Currency", "code"),
    heading("first_day", "最早", "First day", "date"),
    heading("last_day", "最晚", "Last day", "date"),
    heading("sender", "报送方", "Sender"),
    heading("profile", "格式", "Profile", "code"),
    heading("received_by", "接收人", "Received by"),
    heading("refusal", "拒收原因", "Refusal"),
    heading("remarks", "备注", "Remarks"),
    heading("sha256", "SHA-256", "SHA-256", "code"),
)
_REJECTS = (
    heading("line", "文件行", "Line", "integer"),
    heading("column", "列", "Column"),
    heading("value", "值", "Value"),
    heading("sentence", "原因", "Reason"),
    heading("raw", "原文", "As sent"),
)
_FRESHNESS = (
    heading("feed", "代码", "Feed", "code"),
    heading("feed_label", "数据", "Name"),
    heading("facts", "事实", "Facts", "integer"),
    heading("batches", "批次", "Batches", "integer"),
    heading("last_received", "最近接收", "Last received", "moment"),
    heading("last_day", "数据截至", "Up to", "date"),
    heading("days_silent", "未更新天数", "Days since", "integer"),
    heading("version", "版本", "Version", "integer"),
)
_PROFILES = (
    heading("profile", "格式", "Profile", "code"),
    heading("title", "名称", "Title"),
    heading("feed_label", "数据", "Feed"),
    heading("sender", "报送方", "Sender"),
    heading("format", "文件类型", "File type", "code"),
)
_KEPT = (
    "profile", "sender", "file_name", "sha256", "status", "rows_in", "rows_accepted", "rows_rejected", "rows_repeated",
    "facts_added", "amount_sum", "currency", "first_day", "last_day", "received_at", "received_by", "reasons", "regions",
)  # fmt: skip


def batches(
    home: Home, viewer: Viewer, *, feed: str = "", profile: str = "", status: str = "", limit: int = 50, offset: int = 0
) -> Listing:
    """Newest first. Rows: batch feed feed_label(Text) profile sender file_name sha256 status rows_in rows_accepted
    rows_rejected rows_repeated facts_added amount_sum currency first_day last_day received_at received_by refusal(Text|None)
    remarks(Text|None) reasons(dict)."""
    demand(viewer, "batches")
    limit, offset = paged(limit, offset)
    limits = []
    if feed:
        limits.append(t.Batch.feed == one_of(feed, ALL, "feed"))
    if profile:
        limits.append(t.Batch.profile == profile)
    if status:
        limits.append(t.Batch.status == one_of(status, ("receiving", "accepted", "refused"), "status"))
    with home.session() as session:
        uploaders = _uploaders(session)
        found = session.scalars(sa.select(t.Batch).where(*limits).order_by(t.Batch.id.desc()))
        mine = [b for b in found if _in_sight(viewer, b, uploaders)]
    return Listing(_BATCHES, [_batch(b) for b in mine[offset : offset + limit]], len(mine), _sums(mine))


def _uploaders(session: sa.orm.Session) -> dict[str, str]:
    return dict(session.execute(sa.select(t.User.login, t.User.region)).all())


def _in_sight(viewer: Viewer, batch: t.Batch, uploaders: dict[str, str]) -> bool:
    """Whether all of the batch lies in scope; a refused one, of which no row is known, when its uploader's scope does."""
    if not viewer.region or batch.received_by == viewer.login:
        return True
    if batch.regions:
        return all(region.startswith(viewer.region) for region in batch.regions)
    if batch.status == "accepted" and "adm_div_code" not in ALL[batch.feed].by_name:
        return True
    return uploaders.get(batch.received_by, "").startswith(viewer.region)


def _batch(batch: t.Batch) -> dict[str, Any]:
    label = ALL[batch.feed].label if batch.feed in ALL else Text(batch.feed, batch.feed)
    refused = batch.refusal or {}
    said = {
        lang: " ".join(filter(None, (one.get("what"), one.get("fix"))))
        for lang, one in refused.items()
        if isinstance(one, dict)
    }
    what = Text(said.get("zh", ""), said.get("en", "")) if said else None
    return {
        "batch": batch.id,
        "feed": batch.feed,
        "feed_label": label,
        **{k: getattr(batch, k) for k in _KEPT},
        "refusal": what,
        "remarks": _remarks(batch),
    }


def _remarks(batch: t.Batch) -> Text | None:
    """What was noticed though the file was taken in: a gap in the sender's count, rows that are no data."""
    said = batch.remarks or []
    return Text(" ".join(one["zh"] for one in said), " ".join(one["en"] for one in said)) if said else None


def _sums(found: list[t.Batch]) -> dict[str, Any]:
    sums: dict[str, Any] = {}
    for batch in found:
        if batch.status == "accepted" and batch.amount_sum is not None and batch.feed == "payment":
            sums[batch.currency] = sums.get(batch.currency, 0) + batch.amount_sum
    return sums


def rejects(home: Home, viewer: Viewer, batch: int, *, reason: str = "", limit: int = 50, offset: int = 0) -> Listing:
    """The rejected rows of a batch. Rows: line column value reason sentence(Text) raw (the row as sent; None for those who
    neither send files nor see payees)."""
    demand(viewer, "batches")
    limit, offset = paged(limit, offset, most=100_000)
    with home.session() as session:
        one = session.get(t.Batch, batch)
        if one is None or not _in_sight(viewer, one, _uploaders(session)):
            raise missing(Text("这个批次", "batch of that number"))
        file = one.rejects_file
    if not file or not (home.path / file).exists():
        return Listing(_REJECTS, [], 0)
    whole = viewer.may("payees") or viewer.may("take_in")
    condition = "reason = $reason" if reason else "true"
    params: dict[str, Any] = {"file": str(home.path / file)} | ({"reason": reason} if reason else {})
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        count = connection.execute(f"SELECT count(*) FROM read_parquet($file) WHERE {condition}", params).fetchone()
        rows = seen.dicts(
            connection.execute(
                f"""SELECT line, "column", value, reason, {"raw" if whole else "NULL AS raw"}
                    FROM read_parquet($file) WHERE {condition} ORDER BY line LIMIT {limit} OFFSET {offset}""",
                params,
            )
        )
    for row in rows:
        code = row["reason"]
        row["sentence"] = sentence(code, row["column"], row["value"]) if code in REASONS else Text(code, code)
    if whole and rows:
        seen.audit(home, viewer, "view_rejects", "batch", batch, rows=len(rows))
    return Listing(_REJECTS, rows, count[0] if count else 0)


def rejects_file(home: Home, viewer: Viewer, batch: int, target: Path, *, language: str = "zh") -> int:
    """Write all rejected rows of a batch in the sender's own columns, reasons beside; returns how many.

    For those who send files or see payees; noted in the audit log. `target` ends in .csv or .xlsx.
    """
    demand(viewer, "batches")
    if not (viewer.may("payees") or viewer.may("take_in")):
        raise Denied(
            Text("退回的整行只给报送人和审计人员。", "Whole rejected rows are for those who send files, and auditors.")
        )
    with home.session() as session:
        one = session.get(t.Batch, batch)
        if one is None or not _in_sight(viewer, one, _uploaders(session)):
            raise missing(Text("这个批次", "batch of that number"))
    from budgetwatch.intake import give_back  # heavy; the command line loads what it uses

    count = give_back(home, batch, target, language=language)
    seen.audit(home, viewer, "export_rejects", "batch", batch, rows=count)
    return count


def freshness(home: Home, viewer: Viewer) -> Listing:
    """One row a feed: feed feed_label(Text) facts batches last_received last_day days_silent version; counts are those in scope."""
    demand(viewer, "batches")
    counted = remembered(home, viewer, "freshness", lambda: _counted(home, viewer))
    versions = home.store.current()
    with home.session() as session:
        received = dict(session.execute(sa.select(t.Batch.id, t.Batch.received_at)).all())
    rows = []
    for name, feed in SENT.items():
        facts, numbers, last_day = counted[name]
        last = max((received[n] for n in numbers if n in received), default=None)
        rows.append(
            {
                "feed": name,
                "feed_label": feed.label,
                "facts": facts,
                "batches": len(numbers),
                "last_received": last,
                "last_day": last_day,
                "days_silent": (today() - last_day).days if last_day else None,
                "version": versions.get(name) if facts else None,
            }
        )
    return Listing(_FRESHNESS, rows, len(rows))


def _counted(home: Home, viewer: Viewer) -> dict[str, tuple[int, list[int], Any]]:
    found = {}
    with home.facts(viewer) as facts:
        for name, feed in SENT.items():
            day = f"max({feed.day})" if feed.day else "NULL"
            row = facts.execute(f'SELECT count(*), list(DISTINCT {SQL_BATCH}), {day} FROM "{name}"').fetchone()
            found[name] = (row[0], row[1] or [], row[2]) if row else (0, [], None)
    return found


def profiles(home: Home, viewer: Viewer) -> Listing:
    """Rows: profile title(Text) feed feed_label(Text) sender format."""
    demand(viewer, "batches", "take_in")
    rows = [
        {
            "profile": p.name,
            "title": p.title,
            "feed": p.feed.name,
            "feed_label": p.feed.label,
            "sender": p.sender,
            "format": p.format,
        }
        for p in load_all(home.path / "profiles").values()
    ]
    return Listing(_PROFILES, rows, len(rows))
