"""Judging the store: is every log whole, every file there and right, nothing astray; each finding says how to mend it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import duckdb
import pyarrow.parquet as pq

from budgetwatch.facts.engine import literal
from budgetwatch.facts.log import COMMIT, REPLACES, ROW, Added, Log, State, read_checkpoint
from budgetwatch.facts.store import FactStore
from budgetwatch.facts.vacuum import lifetimes, strays
from budgetwatch.records.rowid import BATCH_SHIFT
from budgetwatch.text import Text


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with the store: what, where, and what to do. `code` names its kind."""

    code: str
    feed: str
    where: str
    what: Text
    fix: Text


_RESTORE = Text("请从备份恢复。", "Restore it from a backup.")


def check(
    store: FactStore, feed: str, *, needed: Collection[int] = (), deep: bool = False, memory: str = "1GB"
) -> list[Finding]:
    """Everything wrong with one feed. `needed`: versions that flags rest on. `deep` reads every file whole."""
    log = store.logs[feed]
    if not log.folder.is_dir():
        return []
    with store.writing(feed):  # nothing half done by others is in sight
        found = list(_log(feed, log))
        if any(one.code in ("log_gap", "log_broken") for one in found):
            return found  # what it adds up to cannot be said
        newest = log.newest()
        if newest is not None:
            found += _checkpoints(feed, log, newest)
            found += _files(store, feed, newest, needed)
        found += (
            Finding("stray_file", feed, str(store.root / feed / one.path),
                    Text(f"不属于任何版本的文件（{one.bytes:,} 字节），系中断所留。",
                         f"A file of {one.bytes:,} bytes that belongs to no version: something was interrupted."),
                    Text("budgetwatch store vacuum --remove 会清除它。", "`budgetwatch store vacuum --remove` removes it."))
            for one in strays(store, feed)
        )  # fmt: skip
        there = dict(log.state(newest).files) if newest is not None else {}
        brought = _brought(log, newest) if deep and newest is not None else {}
    if deep and newest is not None and not any(one.code in ("file_lost", "file_size") for one in found):
        found += _deep(store, feed, there, brought, memory)
    return found


def _log(feed: str, log: Log) -> Iterator[Finding]:
    there = sorted(int(m[1]) for path in log.folder.iterdir() if (m := COMMIT.match(path.name)))
    for missing in sorted(set(range(there[-1] + 1 if there else 0)) - set(there)):
        yield Finding("log_gap", feed, str(log.file(missing)), Text(f"日志缺第 {missing} 条。", f"Log entry {missing} is missing."), _RESTORE)  # fmt: skip
    for version in there:
        try:
            log.entry(version)
        except (ValueError, KeyError, TypeError):
            if version == there[-1]:
                yield Finding("torn_commit", feed, str(log.file(version)),
                              Text(f"第 {version} 条日志只写了一半（断电），从未确认，各处均不采用。",
                                   f"Log entry {version} is half written (power cut); it was never acknowledged and is not used."),
                              Text("无需处理：下次接收会清除它。", "Nothing to do: the next intake removes it."))  # fmt: skip
            else:
                yield Finding("log_broken", feed, str(log.file(version)),
                              Text(f"第 {version} 条日志已损坏。", f"Log entry {version} is damaged."), _RESTORE)  # fmt: skip


def _checkpoints(feed: str, log: Log, newest: int) -> Iterator[Finding]:
    """A checkpoint only saves time, but a wrong one would be believed."""
    known, state, at = set(log.checkpoints()), State(), -1
    for version in sorted(known):
        file = log.folder / f"{version:020d}.checkpoint.parquet"
        try:
            said = read_checkpoint(file, version)
        except (OSError, ValueError, KeyError):
            what = Text("检查点读不出。", "The checkpoint cannot be read.")
        else:
            if version <= newest:
                state, at = state.after(list(log.entries(at + 1, version))), version
            if (said.files.keys(), said.batches) == (state.files.keys(), state.batches):
                continue
            what = Text("检查点与日志不符。", "The checkpoint says other than the log.")
        yield Finding(
            "checkpoint",
            feed,
            str(file),
            what,
            Text("删除该文件即可，日志完整。", "Delete this file; the log is whole."),
        )


def _files(store: FactStore, feed: str, newest: int, needed: Collection[int]) -> Iterator[Finding]:
    folder, vacuumed = store.root / feed, store.vacuumed(feed)
    for version in sorted(v for v in needed if not 0 <= v <= newest):
        yield Finding("version_lost", feed, str(folder),
                      Text(f"疑点依据第 {version} 版，而最新只到第 {newest} 版。",
                           f"Flags rest on version {version}, but the newest is {newest}."),
                      Text("事实库可能是旧备份；请恢复与数据库同期的备份。",
                           "The facts may be an old backup; restore the one that belongs to the database."))  # fmt: skip
    for path, (one, first, last) in lifetimes(store, feed, newest).items():
        try:
            size = (folder / path).stat().st_size
        except FileNotFoundError:
            if last == newest or path not in vacuumed:
                versions = f"{first}–{last}"
                yield Finding("file_lost", feed, str(folder / path),
                              Text(f"第 {versions} 版的文件不见了（{one.rows:,} 行）。",
                                   f"A file of versions {versions} is gone ({one.rows:,} rows)."), _RESTORE)  # fmt: skip
            continue
        if size != one.size:
            yield Finding("file_size", feed, str(folder / path),
                          Text(f"文件应为 {one.size:,} 字节，实为 {size:,}。",
                               f"The file should have {one.size:,} bytes and has {size:,}."), _RESTORE)  # fmt: skip


def _brought(log: Log, newest: int) -> dict[int, int]:
    """How many rows each batch brought."""
    return {
        entry.batch: sum(one.rows for one in entry.added) for entry in log.entries(0, newest) if entry.batch is not None
    }


def _deep(
    store: FactStore, feed: str, files: dict[str, Added], brought: dict[int, int], memory: str
) -> Iterator[Finding]:
    """Every byte of every file of the newest version, and the addresses of all rows."""
    folder, sound = store.root / feed, []
    for name, one in files.items():
        path = folder / name
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if one.sha256 and digest != one.sha256:
            yield Finding("file_hash", feed, str(path), Text("文件内容已改变。", "The file's content has changed."), _RESTORE)  # fmt: skip
            continue
        try:
            rows = pq.read_metadata(path).num_rows
        except (OSError, ValueError):
            yield Finding("file_broken", feed, str(path), Text("不是可读的 Parquet 文件。", "It is no readable Parquet file."), _RESTORE)  # fmt: skip
            continue
        if rows != one.rows:
            yield Finding("file_rows", feed, str(path),
                          Text(f"应有 {one.rows:,} 行，实有 {rows:,} 行。", f"It should hold {one.rows:,} rows and holds {rows:,}."), _RESTORE)  # fmt: skip
            continue
        sound.append(path)
    if sound and len(sound) == len(files):
        yield from _rows(feed, str(folder), f"read_parquet([{', '.join(map(literal, sound))}])", brought, memory)


def _rows(feed: str, where: str, source: str, brought: dict[int, int], memory: str) -> Iterator[Finding]:
    with duckdb.connect(":memory:", config={"memory_limit": memory}) as connection:
        connection.execute(
            "CREATE TABLE taken AS SELECT unnest($batches::BIGINT[]) AS batch, unnest($rows::BIGINT[]) AS brought",
            {"batches": list(brought), "rows": list(brought.values())},
        )
        corrections = f"(SELECT {REPLACES} AS old FROM {source} WHERE {REPLACES} IS NOT NULL)"
        for code, query, zh, en in (
            ("row_twice", f"(SELECT {ROW} FROM {source} GROUP BY 1 HAVING count(*) > 1)",
             "{n:,} 个行号出现多次。", "{n:,} row addresses stand more than once."),
            ("replaced_twice", f"(SELECT old FROM {corrections} GROUP BY 1 HAVING count(*) > 1)",
             "{n:,} 行被更正了两次。", "{n:,} rows were superseded twice at once."),
            ("replaces_nothing", f"{corrections} ANTI JOIN {source} AS f ON old = f.{ROW}",
             "{n:,} 行更正了不存在的行。", "{n:,} rows supersede a row that is not there."),
            ("row_without_batch", f"{source} WHERE ({ROW} >> {BATCH_SHIFT}) NOT IN (SELECT batch FROM taken)",
             "{n:,} 行属于日志中没有的批次。", "{n:,} rows belong to a batch that the log does not know."),
            ("batch_rows", f"taken LEFT JOIN (SELECT {ROW} >> {BATCH_SHIFT} AS batch, count(*) AS n FROM {source} GROUP BY 1)"
             " AS there USING (batch) WHERE coalesce(n, 0) <> brought",
             "{n:,} 个批次的行数与入库时不同。", "{n:,} batches do not have the rows that they brought."),
        ):  # fmt: skip
            found = connection.execute(f"SELECT count(*) FROM {query}").fetchone()
            if found and found[0]:
                yield Finding(code, feed, where, Text(zh, en).fill(n=found[0]), _RESTORE)
