"""Compaction: many small files of a feed become few, ordered so that questions of a month or a town read little.

Not a row is left out: superseded ones stay, for they are the history. The old files stay too, for whoever reads an
older version, until they are vacuumed. Intake goes on meanwhile; only the exchange itself takes its turn.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from budgetwatch.errors import Conflict, Fault
from budgetwatch.facts import reading
from budgetwatch.facts.durable import is_full
from budgetwatch.facts.engine import literal
from budgetwatch.facts.log import ROW
from budgetwatch.facts.store import FactStore
from budgetwatch.progress import Progress
from budgetwatch.records import ALL, Feed
from budgetwatch.settings import Settings
from budgetwatch.text import Text

#: Rows of a row group: the least that a question can leave out.
_GROUP = 100_000
#: Rows that are ordered at a time; some hundred MB.
_SLICE = 500_000
_SLICED = "_slice"
#: Slices that are dealt out at once: each is an open file.
_MOST_SLICES = 200
#: While it works a compaction takes so many times the room of the files that it joins: dealt out, lightly packed, and anew.
TIMES = 4
#: The columns behind the day by which rows are ordered, where a feed has them.
_PLACES = ("adm_div_code", "agency_code")


@dataclass(frozen=True, slots=True)
class Compacted:
    """What became of one feed: the new version (None: there was nothing to do), its files and bytes before and after."""

    feed: str
    version: int | None
    files_before: int
    files_after: int
    bytes_before: int = 0
    bytes_after: int = 0
    rows: int = 0


def compact(
    store: FactStore, settings: Settings, feed: str, *, target: int = 256 << 20, progress: Progress | None = None
) -> Compacted:
    """Join the feed's files that are smaller than half of `target` bytes, where that leaves fewer of them.

    `Conflict` when another compaction of the feed is under way.
    """
    with _alone(store, feed) as work:
        there = store.state(feed).files
        small = sorted((one for one in there.values() if one.size < target / 2), key=lambda one: one.path)
        before = sum(one.size for one in small)
        parts = max(1, round(before / target))
        if len(small) <= parts:
            return Compacted(feed, None, len(there), len(there))
        if progress:
            progress(0.1, Text(f"{feed}：正在合并 {len(small)} 个文件", f"{feed}: joining {len(small)} files"))
        try:
            made = _rewritten([store.root / feed / one.path for one in small], ALL[feed], parts, work, settings)
        except (duckdb.Error, OSError) as failure:
            if not is_full(failure):
                raise
            raise _no_room(store.root, feed, TIMES * before) from failure
        if progress:
            progress(0.9, Text(f"{feed}：正在替换", f"{feed}: exchanging"))
        after = sum(path.stat().st_size for path in made)
        rows = sum(one.rows for one in small)
        told = {"operation": "compaction", "files_before": len(small), "files_after": len(made), "rows": rows}
        version = store.exchange(feed, small, made, told=told)
        left = len(store.state(feed, version).files)
        return Compacted(feed, version, left + len(small) - len(made), left, before, after, rows)


def _no_room(folder: Path, feed: str, need: int) -> Conflict:
    free = shutil.disk_usage(folder).free
    return Conflict(
        Text(f"磁盘空间不足：合并约需 {need:,} 字节，可用 {free:,} 字节；文件未作替换。",
             f"The disk is full: joining needs about {need:,} bytes and there are {free:,}; nothing was exchanged."),
        where=feed,
        fix=Text("请腾出空间（budgetwatch store vacuum 可清理旧文件）后再合并。",
                 "Make room (`budgetwatch store vacuum` clears old files), then compact again."),
    )  # fmt: skip


def order(feed: Feed) -> list[str]:
    """The columns by which compacted rows lie: the day, the place, the unit, and the address so that it is one order."""
    return [name for name in (feed.day, *_PLACES) if name is not None and name in feed.by_name] + [ROW]


def _rewritten(old: Sequence[Path], feed: Feed, parts: int, work: Path, settings: Settings) -> list[Path]:
    """The rows of these files in so many new ones, in order; proven to be the same rows.

    To order all of them at once would lay every row on the disk several times, unpacked. So they are first dealt out into
    slices that follow each other in the order, and each slice is ordered in memory.
    """
    source, by = reading.source(old), order(feed)
    config: dict[str, str | int | bool] = {
        "memory_limit": settings.memory, "temp_directory": str(work / "spill"), "preserve_insertion_order": False,
    }  # fmt: skip
    if settings.threads:
        config["threads"] = settings.threads
    with duckdb.connect(":memory:", config=config) as connection:  # type: ignore[arg-type]
        rows, slices = _dealt(connection, source, by[0], work / "slices")
        made = _written(connection, slices, by, max(1, -(-rows // parts)), work)
        fresh = f"read_parquet([{', '.join(literal(path) for path in made)}])"
        if _seal(connection, source) != _seal(connection, fresh):
            raise Fault(
                Text(
                    "合并后的行与原来不同，未作替换。",
                    "The compacted rows differ from the old ones; nothing was exchanged.",
                ),
                where=feed.name,
            )
    return made


def _dealt(connection: duckdb.DuckDBPyConnection, source: str, by: str, folder: Path) -> tuple[int, list[str]]:
    """How many rows there are, and the slices of them as SQL terms, each of values of `by` that the earlier ones do not reach.

    All rows of one value are in one slice; a slice has about `_SLICE` rows where its values allow, and
    more where there would be too many slices.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq  # heavy; the command line loads what it uses

    connection.execute(
        f'''CREATE TEMP TABLE lead AS SELECT "{by}" AS v, count(*) AS n, sum(count(*)) OVER (ORDER BY "{by}") AS upto
            FROM {source} GROUP BY "{by}"'''
    )
    [(rows,)] = connection.execute("SELECT coalesce(sum(n), 0)::BIGINT FROM lead").fetchall()
    if rows <= _SLICE:
        return rows, [source]
    folder.mkdir()
    slice_of = f"((upto - n) // {max(_SLICE, -(-rows // _MOST_SLICES))})::INTEGER"
    dealing = connection.sql(
        f'SELECT r.*, {slice_of} AS {_SLICED} FROM {source} AS r JOIN lead ON r."{by}" IS NOT DISTINCT FROM lead.v'
    )
    with ExitStack() as files:
        writers: dict[int, pq.ParquetWriter] = {}
        for batch in dealing.to_arrow_reader(2 * _GROUP):
            # The batch in the order of its slices: what goes into one file lies together.
            numbers = batch.column(_SLICED).to_numpy()
            together = batch.drop_columns([_SLICED]).take(pa.array(np.argsort(numbers, kind="stable")))
            found, begins = np.unique(np.sort(numbers), return_index=True)
            for number, begin, end in zip(found.tolist(), begins, [*begins[1:], len(numbers)], strict=True):
                if number not in writers:
                    out = pq.ParquetWriter(
                        folder / f"{number}.parquet", together.schema, compression="lz4", store_decimal_as_integer=True
                    )
                    writers[number] = files.enter_context(out)
                writers[number].write_batch(together.slice(begin, end - begin))
    return rows, [f"read_parquet({literal(folder / f'{number}.parquet')})" for number in sorted(writers)]


def _written(
    connection: duckdb.DuckDBPyConnection, slices: Sequence[str], by: Sequence[str], each: int, work: Path
) -> list[Path]:
    """The rows of the slices in order, in files of about `each` rows."""
    import pyarrow.parquet as pq  # heavy; the command line loads what it uses

    made: list[Path] = []
    written = 0
    ordered = ", ".join(f'"{name}"' for name in by)
    with ExitStack() as file:
        for slice in slices:
            for batch in connection.sql(f"SELECT * FROM {slice} ORDER BY {ordered}").to_arrow_reader(_GROUP):
                for begin in range(0, batch.num_rows, group := min(_GROUP, each)):
                    if not made or written >= each:
                        file.close()
                        made.append(work / f"part-{len(made)}.parquet")
                        out = pq.ParquetWriter(
                            made[-1], batch.schema, compression="zstd", store_decimal_as_integer=True
                        )
                        file.enter_context(out)
                        written = 0
                    out.write_batch(part := batch.slice(begin, group), row_group_size=_GROUP)
                    written += part.num_rows
    return made


def _seal(connection: duckdb.DuckDBPyConnection, source: str) -> tuple[object, ...]:
    """What two sets of the same rows have in common, whatever their order."""
    found = connection.execute(
        f"SELECT count(*), bit_xor(hash(r)), sum(hash(r) >> 8)::VARCHAR FROM (SELECT r FROM {source} AS r)"
    ).fetchone()
    return tuple(found or ())


@contextmanager
def _alone(store: FactStore, feed: str) -> Iterator[Path]:
    """An empty folder to work in, ours alone; what an interrupted compaction left in it is gone."""
    work = store.root / f".compacting-{feed}"
    with (store.root / f".{feed}.compacting").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Conflict(
                Text("该类数据正在合并。", "A compaction of this feed is under way."), where=feed,
                fix=Text("请等它结束后再试。", "Try again when it has ended."),
            ) from None  # fmt: skip
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)
