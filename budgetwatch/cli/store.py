"""Verbs about the fact store itself: is it whole, joining small files, clearing old ones, and its versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from budgetwatch.cli.app import HELP, app, home, language
from budgetwatch.cli.out import DONE, FOUND, AsCsv, AsJson, day, listed, printed_json, progress, remark, rows
from budgetwatch.errors import NotFound
from budgetwatch.queries.listing import Listing, heading
from budgetwatch.records import ALL
from budgetwatch.text import Text

# The engines are loaded by the verbs that need them.
if TYPE_CHECKING:
    from budgetwatch.facts.store import Version

store = typer.Typer(
    no_args_is_help=True,
    context_settings=HELP,
    help="The fact store: is it whole, joining small files, clearing old ones, its versions.",
)
app.add_typer(store, name="store")

OneFeed = typer.Option(None, "--feed", "-f", help="only this feed; may be repeated")
_MB = 1 << 20


@store.command("check")
def store_check(
    feed: list[str] | None = OneFeed,
    deep: bool = typer.Option(False, "--deep", help="read every file whole: digests, rows, addresses"),
    as_json: bool = AsJson,
    as_csv: bool = AsCsv,
) -> None:
    """Judge logs, files, and whether store and database agree; exit 1 when anything is wrong. Changes nothing."""
    from budgetwatch.runs import care

    with progress("store check", language()) as report:
        found = care.check(home(), feeds=_feeds(feed), deep=deep, progress=report)
    if found or as_json or as_csv:
        told = [
            {"feed": one.feed, "code": one.code, "what": one.what, "where": one.where, "fix": one.fix} for one in found
        ]
        headings = [
            ("feed", Text("数据", "Feed")), ("code", Text("代码", "Code")), ("what", Text("问题", "What is wrong")),
            ("where", Text("位置", "Where")), ("fix", Text("办法", "What to do")),
        ]  # fmt: skip
        listed(rows(headings, told), language(), as_json=as_json, as_csv=as_csv)
    if not found:
        remark(Text("事实库完好。", "The fact store is whole.").of(language()))
    raise typer.Exit(FOUND if found else DONE)


@store.command("compact")
def store_compact(
    feed: list[str] | None = OneFeed,
    target_mb: int = typer.Option(256, "--target-mb", min=1, help="about how large files shall become"),
    as_json: bool = AsJson,
) -> None:
    """Join small files into few, in order of day and place; every answer stays the same, and older versions askable."""
    from budgetwatch.facts.compact import compact

    done = []
    with progress("store compact", language()) as report:
        for name in _feeds(feed):
            done.append(compact(home().store, home().settings, name, target=target_mb * _MB, progress=report))
    if as_json:
        printed_json(done, language())
        return
    for one in done:
        if one.version is not None:
            remark(
                _COMPACTED.fill(
                    feed=one.feed, before=one.files_before, after=one.files_after, rows=one.rows,
                    size=f"{one.bytes_before / _MB:,.1f} → {one.bytes_after / _MB:,.1f} MB", version=one.version,
                ).of(language())
            )  # fmt: skip
    if not any(one.version is not None for one in done):
        remark(Text("没有需要合并的文件。", "There is nothing to join.").of(language()))


_COMPACTED = Text(
    "{feed}：{before} 个文件并为 {after} 个（{rows:,} 行，{size}），第 {version} 版",
    "{feed}: {before} files became {after} ({rows:,} rows, {size}), version {version}",
)


@store.command("prepare")
def store_prepare() -> None:
    """Make the large feeds ready for the rules, ahead of a run; a run does it itself where it was not done. Any answer stays the same."""
    from budgetwatch.runs.prepare import prepare

    copy = prepare(home())
    if copy is None:
        remark(Text("没有大到需要预先整理的数据。", "No feed is so large that it need be made ready.").of(language()))
        return
    size = f"{copy.path.stat().st_size / _MB:,.1f}"
    remark(_READY.fill(feeds=", ".join(sorted(copy.told["tables"])), mb=size).of(language()))


_READY = Text("已为规则整理好：{feeds}（{mb} MB）。", "Made ready for the rules: {feeds} ({mb} MB).")


@store.command("vacuum")
def store_vacuum(
    keep_days: int = typer.Option(
        ..., "--keep-days", min=0, help="the files of so many last days stay, for who has them open"
    ),
    feed: list[str] | None = OneFeed,
    remove: bool = typer.Option(False, "--remove", help="remove them; without it they are only listed"),
    as_json: bool = AsJson,
    as_csv: bool = AsCsv,
) -> None:
    """List the files that compaction replaced and nobody reads; with --remove, remove them. Every version stays askable."""
    from budgetwatch.runs import care

    found = care.clear(home(), keep_days=keep_days, feeds=_feeds(feed), remove=remove)
    headings = (
        heading("feed", "数据", "Feed"), heading("path", "文件", "File"), heading("bytes", "字节", "Bytes", "integer"),
        heading("first", "始于版本", "From version", "integer"), heading("last", "止于版本", "To version", "integer"),
    )  # fmt: skip
    told: list[dict[str, Any]] = [
        {"feed": one.feed, "path": one.path, "bytes": one.bytes, "first": one.first, "last": one.last} for one in found
    ]
    listed(Listing(headings, told, len(told)), language(), as_json=as_json, as_csv=as_csv)
    size = f"{sum(one.bytes for one in found) / _MB:,.1f}"
    said = _REMOVED if remove else _WOULD
    remark(said.fill(n=len(found), mb=size).of(language()))


_REMOVED = Text("已清除 {n:,} 个文件，共 {mb} MB。", "{n:,} files were removed, {mb} MB.")
_WOULD = Text(
    "可清除 {n:,} 个文件，共 {mb} MB；加 --remove 才会清除。", "{n:,} files could go, {mb} MB; --remove removes them."
)


@store.command("versions")
def store_versions(
    feed: list[str] | None = OneFeed,
    known_on: str | None = typer.Option(None, "--known-on", help="only what was known at the end of this day"),
    limit: int = typer.Option(50, min=0, help="the newest so many of each feed; 0: all"),
    as_json: bool = AsJson,
    as_csv: bool = AsCsv,
) -> None:
    """Every version of the facts, newest first: when it came, by which batch, what it added, how many files hold it."""
    until = day(known_on, "--known-on")
    then = home().store.as_of(until) if until is not None else home().store.current()
    told: list[dict[str, Any]] = []
    total = 0
    for name in _feeds(feed):
        known = home().store.versions(name)[: then[name] + 1] if name in then else []
        total += len(known)
        told += [_told(one) for one in known[::-1][: limit or None]]
    headings = (
        heading("feed", "数据", "Feed"), heading("version", "版本", "Version", "integer"), heading("at", "时间", "Moment", "moment"),
        heading("batch", "批次", "Batch", "integer"), heading("rows_added", "新增行", "Rows added", "integer"),
        heading("superseding", "其中更正", "Of them corrections", "integer"), heading("files", "文件数", "Files", "integer"),
        heading("operation", "缘由", "What it was"),
    )  # fmt: skip
    listed(Listing(headings, told, total), language(), as_json=as_json, as_csv=as_csv)


def _told(one: Version) -> dict[str, Any]:
    operation = Text("接收", "intake") if one.batch is not None else Text("合并", "compaction")
    return {
        "feed": one.feed, "version": one.version, "at": one.at, "batch": one.batch, "rows_added": one.rows_added,
        "superseding": one.superseding, "files": one.files, "operation": operation,
    }  # fmt: skip


def _feeds(named: list[str] | None) -> list[str]:
    """The feeds asked for; all of them where none was."""
    for name in named or ():
        if name not in ALL:
            raise NotFound(
                Text(f"没有 {name} 这种数据。", f"There is no feed called {name}."), where="--feed",
                fix=Text(f"可用的有：{'、'.join(ALL)}。", f"There are: {', '.join(ALL)}."),
            )  # fmt: skip
    return named or list(ALL)
