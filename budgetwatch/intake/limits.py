"""What is refused as a whole, and what is known already: whose region, how many rejects, the same file again."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import sqlalchemy as sa

from budgetwatch.errors import BadFile, Denied, NotFound
from budgetwatch.feeds.profile import Profile
from budgetwatch.feeds.readers.unpack import hashed
from budgetwatch.feeds.reasons import REASONS
from budgetwatch.feeds.staging import Staged
from budgetwatch.home import Home
from budgetwatch.intake.keeping import rejects
from budgetwatch.intake.receipt import Receipt
from budgetwatch.tables import Batch
from budgetwatch.text import Text


def acceptable(staged: Staged, how: Profile, path: Path) -> None:
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


def there(path: Path) -> Path:
    if not Path(path).is_file():
        raise NotFound(
            Text("没有这个文件。", "There is no such file."), where=str(path),
            fix=Text("请检查路径。", "Check the path."),
        )  # fmt: skip
    return Path(path)


def may_send(how: Profile, region: str) -> None:
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
    if "adm_div_code" not in how.feed.by_name and not city_level(region):
        raise Denied(
            Text(f"{how.feed.label.zh}不分区划，对全市有效，区县不能报送。",
                 f"{how.feed.label.en} has no regions and holds for the whole city: a district does not send it."),
            where=how.name, fix=Text("请由市级财政部门报送。", "Let the city's finance office send it."),
        )  # fmt: skip


def city_level(region: str) -> bool:
    """Whether a prefix is a whole city ("9901") or its own level ("990100"); codes of other countries are."""
    return not region.isdigit() or len(region) <= 4 or (len(region) == 6 and region.endswith("00"))


def taken_before(home: Home, path: Path, how: Profile, region: str) -> Receipt | None:
    """The receipt of the same file, if it was taken in before; hashes only where a file of that size was."""
    with home.session() as session:
        alike = session.scalar(
            sa.select(Batch.id).where(
                Batch.profile == how.name, Batch.status == "accepted", Batch.bytes == path.stat().st_size
            ).limit(1)
        )  # fmt: skip
    return None if alike is None else accepted_before(home, hashed(path), how, region)


def accepted_before(home: Home, sha256: str, how: Profile, region: str) -> Receipt | None:
    with home.session() as session:
        rows = session.scalars(
            sa.select(Batch).where(
                Batch.sha256 == sha256, Batch.profile == how.name, Batch.status == "accepted",
                Batch.rows_accepted + Batch.rows_repeated > 0,
            ).order_by(Batch.id.desc())
        )  # fmt: skip
        row = next((batch for batch in rows if nothing_more(home, batch, how, region)), None)
        if row is None:
            return None
        return Receipt(
            row.id, "already", row.feed, row.rows_in, row.rows_accepted, row.rows_rejected, row.rows_repeated, 0,
            row.amount_sum, row.currency, dict(row.reasons), row.sha256, row.fact_version, row.file_name, None, how.name,
        )  # fmt: skip


def nothing_more(home: Home, batch: Batch, how: Profile, region: str) -> bool:
    """Whether nobody of that region would get more of the same file than its sender did."""
    if "key_outside_scope" in batch.reasons:
        return False
    if "outside_scope" not in batch.reasons:
        return True
    turned_away = rejects(home, batch.id).filter(pl.col("reason") == "outside_scope")["value"]
    codes = turned_away.str.strip_chars().replace(how.values.get("adm_div_code", {}))
    return bool(region) and not codes.str.starts_with(region).fill_null(True).any()
