"""Taking a sent file in: once, whole or not at all, with every row of it accounted for.

A batch's row in the database goes receiving → accepted; between the two its facts are committed to the
store in one step that carries the batch. After a crash `recover` asks the store whether the batch is
in, and finishes or discards the row accordingly.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import sqlalchemy as sa

from budgetwatch.errors import BadFile, BudgetwatchError, Denied, Fault, NotFound
from budgetwatch.facts.engine import literal
from budgetwatch.facts.store import sync
from budgetwatch.feeds import profile as profiles
from budgetwatch.feeds.gate import empty_rejects
from budgetwatch.feeds.keys import helper, known_already, superseding
from budgetwatch.feeds.profile import Profile
from budgetwatch.feeds.readers.unpack import hashed
from budgetwatch.feeds.reasons import REASONS
from budgetwatch.feeds.staging import Staged, stage
from budgetwatch.home import Home
from budgetwatch.progress import Progress
from budgetwatch.records.rowid import PART_BITS
from budgetwatch.tables import Batch
from budgetwatch.text import Text


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a file. Always rows_in = rows_accepted + rows_rejected + rows_repeated (lines of the file)."""

    batch: int
    status: str
    feed: str
    rows_in: int = 0
    rows_accepted: int = 0
    rows_rejected: int = 0
    rows_repeated: int = 0
    facts_added: int = 0
    amount_sum: Decimal | None = None
    currency: str = "CNY"
    reasons: dict[str, int] = field(default_factory=dict)
    sha256: str = ""
    version: int | None = None
    file_name: str = ""
    refusal: dict[str, Any] | None = None
    profile: str = ""


@dataclass(frozen=True, slots=True)
class _Figures:
    """What the staged facts add up to."""

    facts: int = 0
    lines: int = 0
    amount_sum: Decimal | None = None
    currency: str = ""
    first_day: dt.date | None = None
    last_day: dt.date | None = None
    regions: tuple[str, ...] = ()


def take_in(
    home: Home, path: Path, profile: str, *, actor: str, allowed_region: str = "", progress: Progress | None = None
) -> Receipt:
    """Take the file in by that profile. The same file again changes nothing and says `already`.

    A file that cannot be taken in raises `BadFile` and leaves a batch with status `refused`. One of which
    not a single row was accepted may be tried again, for its profile may have been mended.

    `allowed_region` is the prefix of region codes that the sender may send for (empty: all): rows of other regions
    are rejected as `outside_scope`, and rows that would supersede a fact of another region as `key_outside_scope`.
    Whoever may send for those regions can take the same file in again.
    """
    path = _there(path)
    how = profiles.find(profile, home.path / "profiles")
    _may_send(how, allowed_region)
    recover(home)
    if (before := _before(home, path, how, allowed_region)) is not None:
        return before
    with _receiving(home, path, how, actor) as batch, _workshop(home, batch) as work:
        try:
            staged = stage(path, how, batch, work, home.settings, progress, allowed_region)
            _acceptable(staged, how, path)
        except BudgetwatchError as refused:
            _refuse(home, batch, path, refused, work)
            raise
        return _commit(home, path, how, batch, staged, progress, work, allowed_region)


def check(
    home: Home, path: Path, profile: str, *, allowed_region: str = "", progress: Progress | None = None
) -> Receipt:
    """Judge the file as `take_in` would, and keep nothing."""
    path = _there(path)
    how = profiles.find(profile, home.path / "profiles")
    _may_send(how, allowed_region)
    with _workshop(home) as work:
        staged = stage(path, how, 0, work, home.settings, progress, allowed_region)
        _acceptable(staged, how, path)
        if how.key and staged.files:
            superseding(staged.files, known_already(staged.files, how.feed, how.key, home.store.snapshot()))
        figures = _figures(staged, how)
        return _receipt(0, "accepted", how, path, staged, figures, None)


def rejects(home: Home, batch: int, limit: int | None = None, offset: int = 0) -> pl.DataFrame:
    """The rejected rows of a batch: line, column, value, reason (see `feeds.reasons`), raw; in order of lines."""
    file = home.path / "rejects" / f"{batch}.parquet"
    return pl.scan_parquet(file).slice(offset, limit).collect() if file.exists() else empty_rejects()


def recover(home: Home) -> dict[int, str]:
    """Finish or discard batches whose process died while receiving; says what became of each."""
    with home.session() as session:
        open_rows = [(b.id, b.feed) for b in session.scalars(sa.select(Batch).where(Batch.status == "receiving"))]
    done = {}
    for number, feed in open_rows:
        with _batch_lock(home, number) as dead:
            if not dead:
                continue
            with home.session() as session:
                batch = session.get(Batch, number)
                if batch is None or batch.status != "receiving":
                    continue
                version = home.store.holds(feed, number)
                if version is None:
                    batch.status = "refused"
                    batch.refusal = _shapes(
                        BadFile(
                            Text("接收时中断，未留下任何数据。", "Receiving was interrupted; nothing of it was kept."),
                            where=batch.file_name,
                            fix=Text("请重新报送该文件。", "Send the file again."),
                        )
                    )
                else:
                    _fill(batch, home.store.provenance(feed, version), version)
                done[number] = batch.status
            for left in (home.path / "tmp").glob(f"take-{number}-*"):
                shutil.rmtree(left, ignore_errors=True)
    return done


def _commit(
    home: Home, path: Path, how: Profile, batch: int, staged: Staged, progress: Progress | None, work: Path, region: str
) -> Receipt:
    feed = how.feed
    if progress:
        progress(0.95, Text("正在入库", "Committing"))
    with home.store.writing(feed.name):
        if (before := _accepted(home, staged.sha256, how, region)) is not None:  # taken in by another process meanwhile
            with home.session() as session:
                session.execute(sa.delete(Batch).where(Batch.id == batch))
            return before
        if how.key and staged.files and feed.name in home.store.current():
            known = known_already(staged.files, feed, how.key, home.store.snapshot(), region)
            if not known.foreign.is_empty():
                staged.turn_away(known.foreign, ", ".join(how.key), "key_outside_scope", work)
            superseding(staged.files, known)
        figures = _figures(staged, how)
        kept = _keep_rejects(home, batch, staged.rejects)
        if how.keep_sent:
            _keep_sent(home, path, staged.sha256)
        receipt = _receipt(batch, "accepted", how, path, staged, figures, None)
        said = {
            **{k: v for k, v in asdict(receipt).items() if k not in ("batch", "status", "version", "refusal")},
            "first_day": figures.first_day, "last_day": figures.last_day, "regions": list(figures.regions),
            "rejects_file": kept,
        }  # fmt: skip
        version = home.store.current().get(feed.name)
        if figures.facts:
            version = home.store.commit(feed.name, staged.files, batch=batch, provenance=said)
        with home.session() as session:
            row = session.get_one(Batch, batch)
            _fill(row, said, version)
    if progress:
        progress(1.0, Text("完成", "Done"))
    return _receipt(batch, "accepted", how, path, staged, figures, version)


def _fill(batch: Batch, said: Mapping[str, Any], version: int | None) -> None:
    """Write on the batch's row what its commit says of it."""
    for name in ("rows_in", "rows_accepted", "rows_rejected", "rows_repeated", "facts_added", "reasons", "sha256",
                 "currency", "regions", "rejects_file"):  # fmt: skip
        setattr(batch, name, said[name])
    batch.amount_sum = None if said["amount_sum"] is None else Decimal(said["amount_sum"])
    for name in ("first_day", "last_day"):
        day = said[name]
        setattr(batch, name, dt.date.fromisoformat(day) if isinstance(day, str) else day)
    batch.fact_version = version
    batch.status = "accepted"


def _figures(staged: Staged, how: Profile) -> _Figures:
    if not staged.files:
        return _Figures()
    columns = how.feed.by_name
    day = how.feed.day or "NULL::DATE"
    with helper() as connection:
        row = connection.execute(
            f"""SELECT count(*), {f"count(DISTINCT _row >> {PART_BITS})" if how.melt else "count(*)"},
                       {"sum(amount)" if "amount" in columns else "NULL"}, min({day}), max({day}),
                       {"min(currency)" if "currency" in columns else "NULL"},
                       {"list(DISTINCT adm_div_code)" if "adm_div_code" in columns else "NULL"}
                FROM read_parquet([{", ".join(literal(p) for p in staged.files)}])"""
        ).fetchall()[0]
    facts, lines, total, first, last, currency, regions = row
    return _Figures(facts, lines, total, currency or "", first, last, tuple(sorted(r for r in regions or () if r)))


def _receipt(
    batch: int, status: str, how: Profile, path: Path, staged: Staged, figures: _Figures, version: int | None
) -> Receipt:
    repeated = staged.rows_in - staged.rows_rejected - figures.lines
    if repeated < 0:
        raise Fault(Text("行数对不上。", "The rows do not add up."), where=path.name)
    return Receipt(
        batch, status, how.feed.name, staged.rows_in, figures.lines, staged.rows_rejected, repeated, figures.facts,
        figures.amount_sum, figures.currency or how.currency, staged.reasons, staged.sha256, version, path.name, None,
        how.name,
    )  # fmt: skip


def _acceptable(staged: Staged, how: Profile, path: Path) -> None:
    """Refuse the whole file where its share of rejects is above the profile's limit."""
    if staged.rows_in == 0:
        raise BadFile(
            Text("只有表头，没有数据行。", "There is a heading, but no data row."), where=path.name,
            fix=Text("若本期确无数据，无需报送；否则请重新导出。", "If there was nothing to report, send nothing; else export it again."),
        )  # fmt: skip
    if not how.key and (foreign := staged.reasons.get("outside_scope", 0)):
        # Without a key nobody could tell later which rows are in already, so a part of the file is not taken.
        raise BadFile(
            Text(f"有 {foreign:,} 行不在报送人的区划范围内；方案 {how.name} 没有标识，不能只接收其余的行，整份退回。",
                 f"{foreign:,} rows are outside the region that the sender may send for; without a key, {how.name} cannot take "
                 "in the others alone, so the whole file is rejected."),
            where=path.name,
            fix=Text("请只报送本区划的行，或由上级财政部门报送。", "Send the rows of your own region, or let an office above send the file."),
            rows_in=staged.rows_in, rows_rejected=staged.rows_rejected,
        )  # fmt: skip
    if staged.rows_rejected / staged.rows_in <= how.refuse_above:
        return
    most = [(count, REASONS[code].fill(column="…", value="…")) for code, count in list(staged.reasons.items())[:3]]
    zh, en = "；".join(f"{n} × {t.zh}" for n, t in most), "; ".join(f"{n} × {t.en}" for n, t in most)
    raise BadFile(
        Text(f"{staged.rows_in:,} 行中有 {staged.rows_rejected:,} 行不合格，整份退回：{zh}。",
             f"{staged.rows_rejected:,} of {staged.rows_in:,} rows were rejected, so the whole file is: {en}."),
        where=path.name,
        fix=Text("请查看退回明细，改正报送格式，或请发送方改正后重报。", "See the rejected rows; correct the profile, or ask the sender to mend the file."),
        rows_in=staged.rows_in, rows_rejected=staged.rows_rejected,
    )  # fmt: skip


def _refuse(home: Home, batch: int, path: Path, refused: BudgetwatchError, work: Path) -> None:
    made = work / "rejects.parquet"
    kept = _keep_rejects(home, batch, made if made.exists() else None)
    with home.session() as session:
        row = session.get_one(Batch, batch)
        row.status, row.refusal, row.rejects_file = "refused", _shapes(refused), kept
        row.rows_in = int(refused.facts.get("rows_in", 0))
        row.rows_rejected = int(refused.facts.get("rows_rejected", 0))
        row.sha256 = hashed(path)


def _shapes(error: BudgetwatchError) -> dict[str, Any]:
    return {language: error.shape(language)["error"] for language in ("zh", "en")}


def _there(path: Path) -> Path:
    if not Path(path).is_file():
        raise NotFound(
            Text("没有这个文件。", "There is no such file."), where=str(path),
            fix=Text("请检查路径。", "Check the path."),
        )  # fmt: skip
    return Path(path)


def _may_send(how: Profile, region: str) -> None:
    """Refuse what somebody of that region may not send at all.

    Facts without a region (subject lists) hold for everybody below, so a district does not send them: only
    somebody of every region or of a city's own level does.
    """
    if not region:
        return
    fixed = how.constants.get("adm_div_code")
    if fixed is not None and not str(fixed).startswith(region):
        raise Denied(
            Text(f"方案 {how.name} 报送的是区划 {fixed}，不在您的范围（{region}）内。",
                 f"The profile {how.name} is of the region {fixed}, which is outside yours ({region})."),
            where=how.name, fix=Text("请由该区划的财政部门报送。", "Let the finance office of that region send it."),
        )  # fmt: skip
    if "adm_div_code" not in how.feed.by_name and not _city_level(region):
        raise Denied(
            Text(f"{how.feed.label.zh}不分区划，对全市有效，区县不能报送。",
                 f"{how.feed.label.en} has no regions and holds for the whole city: a district does not send it."),
            where=how.name, fix=Text("请由市级财政部门报送。", "Let the city's finance office send it."),
        )  # fmt: skip


def _city_level(region: str) -> bool:
    """Whether a prefix is a whole city ("9901") or its own level ("990100"); codes of other countries are."""
    return not region.isdigit() or len(region) <= 4 or (len(region) == 6 and region.endswith("00"))


def _before(home: Home, path: Path, how: Profile, region: str) -> Receipt | None:
    """The receipt of the same file, if it was taken in before; hashes only where a file of that size was."""
    with home.session() as session:
        alike = session.scalar(
            sa.select(Batch.id).where(
                Batch.profile == how.name, Batch.status == "accepted", Batch.bytes == path.stat().st_size
            ).limit(1)
        )  # fmt: skip
    return None if alike is None else _accepted(home, hashed(path), how, region)


def _accepted(home: Home, sha256: str, how: Profile, region: str) -> Receipt | None:
    with home.session() as session:
        rows = session.scalars(
            sa.select(Batch).where(
                Batch.sha256 == sha256, Batch.profile == how.name, Batch.status == "accepted",
                Batch.rows_accepted + Batch.rows_repeated > 0,
            ).order_by(Batch.id.desc())
        )  # fmt: skip
        row = next((batch for batch in rows if _nothing_more(home, batch, how, region)), None)
        if row is None:
            return None
        return Receipt(
            row.id, "already", row.feed, row.rows_in, row.rows_accepted, row.rows_rejected, row.rows_repeated, 0,
            row.amount_sum, row.currency, dict(row.reasons), row.sha256, row.fact_version, row.file_name, None, how.name,
        )  # fmt: skip


def _nothing_more(home: Home, batch: Batch, how: Profile, region: str) -> bool:
    """Whether nobody of that region would get more of the same file than its sender did."""
    if "key_outside_scope" in batch.reasons:
        return False
    if "outside_scope" not in batch.reasons:
        return True
    turned_away = rejects(home, batch.id).filter(pl.col("reason") == "outside_scope")["value"]
    codes = turned_away.str.strip_chars().replace(how.values.get("adm_div_code", {}))
    return bool(region) and not codes.str.starts_with(region).fill_null(True).any()


@contextmanager
def _receiving(home: Home, path: Path, how: Profile, actor: str) -> Iterator[int]:
    """A batch number of our own, its row `receiving` and its lock held until the block ends."""
    with home.session() as session:
        row = Batch(
            feed=how.feed.name, profile=how.name, sender=how.sender, file_name=path.name, sha256="",
            bytes=path.stat().st_size, status="receiving", currency=how.currency, received_by=actor,
        )  # fmt: skip
        session.add(row)
        session.flush()
        number = row.id
        lock = _open_lock(home, number)
        fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        if home.store.holds(how.feed.name, number) is not None:
            error = Fault(
                Text(f"事实库中已有第 {number} 批，而数据库中没有：数据库是否恢复到了旧备份？",
                     f"The facts hold batch {number}, which the database does not know: was an old database restored?"),
                fix=Text("请恢复与事实库同期的数据库备份。", "Restore the database backup that belongs to these facts."),
            )  # fmt: skip
            _refuse(home, number, path, error, home.path / "tmp")
            raise error
        yield number
    finally:
        with suppress(FileNotFoundError):
            _lock_path(home, number).unlink()
        os.close(lock)


@contextmanager
def _batch_lock(home: Home, number: int) -> Iterator[bool]:
    """Whether the batch's process is gone (then we hold its lock)."""
    lock = _open_lock(home, number)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True
        with suppress(FileNotFoundError):
            _lock_path(home, number).unlink()
    finally:
        os.close(lock)


def _lock_path(home: Home, number: int) -> Path:
    return home.path / "tmp" / f"batch-{number}.lock"


def _open_lock(home: Home, number: int) -> int:
    return os.open(_lock_path(home, number), os.O_CREAT | os.O_RDWR, 0o600)


@contextmanager
def _workshop(home: Home, batch: int = 0) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=f"take-{batch}-", dir=home.path / "tmp") as folder:
        yield Path(folder)


def _keep_rejects(home: Home, batch: int, made: Path | None) -> str | None:
    if made is None:
        return None
    target = home.path / "rejects" / f"{batch}.parquet"
    sync(made)
    made.replace(target)
    sync(target.parent)
    return str(target.relative_to(home.path))


def _keep_sent(home: Home, path: Path, sha256: str) -> None:
    """A copy of the file as it came, under its hash; kept once however often it is sent."""
    target = home.path / "sent" / f"{sha256}{''.join(path.suffixes[-2:])}"
    if target.exists():
        return
    half = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.copyfile(path, half)
    sync(half)
    half.chmod(0o444)
    half.replace(target)
    sync(target.parent)
