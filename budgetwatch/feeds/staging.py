"""One file through reader and gate: facts staged as Parquet, rejects beside them, every row accounted for."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import polars as pl

from budgetwatch.errors import BadFile, Fault
from budgetwatch.facts.engine import literal
from budgetwatch.facts.store import ROW
from budgetwatch.feeds import readers
from budgetwatch.feeds.composed import told_by_name, with_joined
from budgetwatch.feeds.gate import REJECTS, Gate
from budgetwatch.feeds.headings import RETURNED, lay_out
from budgetwatch.feeds.keys import helper, repeated_in_file, without
from budgetwatch.feeds.profile import Profile
from budgetwatch.feeds.readers.records import NO_RECORD
from budgetwatch.feeds.readers.sheet import LINE, Sheet, as_sent, column
from budgetwatch.feeds.stored import WRITING, writing
from budgetwatch.progress import Progress
from budgetwatch.records.rowid import PART_BITS
from budgetwatch.settings import Settings
from budgetwatch.text import Text

#: Rows judged in full at a time; a few hundred MB of text at most.
_AT_A_TIME = 200_000
#: Rows from which date formats are learnt.
_SAMPLE = 2_000
#: Gives lines of the file as they were sent.
Written = Callable[[pl.Series], pl.DataFrame]


@dataclass(slots=True)
class Staged:
    """A file judged: `files` hold its facts, `rejects` its rejected rows (None when there are none)."""

    files: list[Path]
    rejects: Path | None
    rows_in: int
    rows_rejected: int
    reasons: dict[str, int]
    sha256: str
    headings: tuple[str, ...] = ()
    lines: int = 0  # lines of the file that gave facts
    written: Written | None = None
    delimiter: str = ","
    mends: int | None = None  # the batch whose rejected rows these are, mended
    aside: list[int] = field(default_factory=list)  # lines that are no data by the profile: totals, notes
    parts: tuple[tuple[str, int], ...] = ()  # of an archive: its files, and the line with which each begins

    def turn_away(self, lines: pl.Series, column: str, reason: str, work: Path) -> None:
        """Reject these lines after all, which were accepted by themselves."""
        without(self.files, lines)
        sent = self.written(lines) if self.written else pl.DataFrame(schema={LINE: pl.Int64, "raw": pl.String})
        more = lines.rename("line").to_frame().join(sent, left_on="line", right_on=LINE, how="left").select(
            pl.col("line"), pl.lit(column).alias("column"), pl.lit(None, dtype=pl.String).alias("value"),
            pl.lit(reason).alias("reason"), pl.col("raw"),
        )  # fmt: skip
        if self.rejects:
            self.rejects = self.rejects.rename(work / "rejects-before.parquet")
        parts = [*([self.rejects] if self.rejects else []), _put(more, work, "turned-away")]
        self.rejects, self.rows_rejected, self.reasons = _gather(parts, work)
        self.lines -= lines.len()


def stage(
    path: Path,
    profile: Profile,
    batch: int,
    work: Path,
    settings: Settings,
    progress: Progress | None = None,
    region: str = "",
) -> Staged:
    """Judge every row of the file; nothing is written outside `work`. `region`: the prefix that its sender may send for."""
    say: Progress = progress or (lambda fraction, message: None)
    reading = Text("正在读取", "Reading")
    profile = told_by_name(profile, path, region)
    sheet = with_joined(
        readers.read(path, profile, work, settings, lambda share: say(0.3 * share, reading), quickly=True),
        profile,
        path.name,
    )
    while True:
        gate = Gate(profile, lay_out(sheet.headings, profile, path.name), batch, sheet.delimiter, region, sheet.own)
        try:
            _nameless(sheet, profile, path)
            poured = _pour(gate, sheet, work, say)
        except pl.exceptions.PolarsError:
            if sheet.again is None:
                raise _unreadable(path) from None
            poured = None
        if poured is not None:
            break
        if sheet.again is None:
            raise Fault(Text("行数对不上，未接收。", "The rows do not add up; nothing was taken in."), where=path.name)
        sheet = sheet.again()  # a quick lane met what it cannot read, or lost count: a more exact one decides
    say(0.9, Text("正在查重", "Looking for repeats"))
    repeats = repeated_in_file(poured.files, profile.feed, profile.key)
    if repeats.height:
        poured.parts.append(_put(_repeat_rejects(repeats, sheet, gate), work, "repeats"))
        without(poured.files, repeats["_line"])
        poured.lines -= repeats.height
    rejects, rejected, reasons = _gather(poured.parts, work)
    rows_in = sheet.rows - poured.empty - len(poured.aside)
    if rows_in != rejected + poured.lines:
        raise Fault(
            Text(f"行数对不上：读到 {rows_in} 行，收 {poured.lines} 行，退 {rejected} 行。",
                 f"The rows do not add up: {rows_in} read, {poured.lines} accepted, {rejected} rejected."),
            where=path.name,
        )  # fmt: skip
    written = partial(_written, sheet)
    return Staged(
        poured.files, rejects, rows_in, rejected, reasons, sheet.sha256, sheet.headings[: sheet.own], poured.lines, written,
        sheet.delimiter, _mends(sheet), sorted(poured.aside), sheet.parts,
    )  # fmt: skip


def _mends(sheet: Sheet) -> int | None:
    """The batch named in a file of rejected rows that came back; the first that is named, if any."""
    if RETURNED[0] not in sheet.headings or not sheet.pieces:
        return None
    name = column(sheet.headings.index(RETURNED[0]))
    said = sheet.pieces[0]().select(pl.col(name).cast(pl.Int64, strict=False).drop_nulls().first()).collect().item()
    return None if said is None else int(said)


@dataclass(slots=True)
class _Poured:
    files: list[Path] = field(default_factory=list)
    parts: list[Path] = field(default_factory=list)
    lines: int = 0
    empty: int = 0
    aside: list[int] = field(default_factory=list)

    def take(self, facts: Path, melted: bool) -> int:
        """Add a file of facts, unless it is empty; returns the lines it holds."""
        if not _count(facts):
            facts.unlink()
            return 0
        lines = _lines(facts, melted)
        self.files.append(facts)
        self.lines += lines
        return lines


def _pour(gate: Gate, sheet: Sheet, work: Path, say: Progress) -> _Poured | None:
    """All rows through the gate, piece by piece; None when their count is not what the reader promised."""
    with sheet.held.one_at_a_time() if sheet.held else nullcontext():
        return _poured(gate, sheet, work, say)


def _poured(gate: Gate, sheet: Sheet, work: Path, say: Progress) -> _Poured | None:
    out, met = _Poured(), sheet.broken.height
    fill, as_facts = _Filling(gate), writing(gate.profile.feed)
    for number, piece in enumerate(sheet.pieces):
        say(0.3 + 0.6 * number / len(sheet.pieces), Text("正在校验", "Checking"))
        rows = fill(piece())
        if number == 0:
            gate.tune(rows.head(_SAMPLE).collect(), tight=sheet.tight)
        facts, others = work / f"facts-{number}.parquet", work / f"others-{number}.parquet"
        right, other = gate.quick(rows)
        pl.collect_all(
            [right.sink_parquet(facts, lazy=True, **as_facts), other.sink_parquet(others, lazy=True, **WRITING)],
            engine="streaming",
        )
        del rows, right, other  # they hold the piece's bytes
        met += out.take(facts, bool(gate.parts)) + (left := _count(others))
        for begin in range(0, left, _AT_A_TIME):
            judged = gate.full(pl.scan_parquet(others).slice(begin, _AT_A_TIME).collect())
            name = f"{number}-{begin}"
            out.empty += judged.empty
            out.aside += judged.aside
            if judged.facts.height:
                judged.facts.write_parquet(path := work / f"facts-{name}.parquet", **as_facts)
                out.take(path, bool(gate.parts))
            if judged.rejects.height:
                out.parts.append(_put(judged.rejects, work, f"judged-{name}"))
        others.unlink()
    if met != sheet.rows:
        return None
    if sheet.broken.height:
        broken, aside = _apart(sheet.broken, gate)
        out.aside += aside
        if broken.height:
            out.parts.append(_put(_broken_rejects(broken, sheet, gate), work, "broken"))
    return out


class _Filling:
    """Gives the rows of a sheet the values that stand only in the first of several rows (merged cells), piece by piece."""

    def __init__(self, gate: Gate) -> None:
        self.names = [column(gate.layout.at[name]) for name in gate.profile.fill_down if name in gate.layout.at]
        self.aside = gate.aside
        self.before: dict[str, str | None] = dict.fromkeys(self.names)

    def __call__(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        if not self.names:
            return rows
        frame = rows.collect()
        data = pl.lit(True) if self.aside is None else ~self.aside
        said = {name: pl.when(data & (pl.col(name).str.strip_chars() != "")).then(pl.col(name)) for name in self.names}
        filled = frame.with_columns(
            pl.when(data)
            .then(value.forward_fill().fill_null(pl.lit(self.before[name], dtype=pl.String)))
            .otherwise(pl.col(name))
            .alias(name)
            for name, value in said.items()
        )
        for name, value in said.items():
            last = frame.select(value.drop_nulls().last()).item() if frame.height else None
            self.before[name] = self.before[name] if last is None else last
        return filled.lazy()


def _nameless(sheet: Sheet, profile: Profile, path: Path) -> None:
    """Refuse a file with values in a column without a heading: nobody knows what they are, and none is dropped in silence."""
    blank = [i for i, heading in enumerate(sheet.headings) if not heading.strip()]
    if not blank or profile.ignore_rest or "" in profile.ignore:
        return
    for piece in sheet.pieces:
        rows = piece()
        said = rows.select((pl.col(column(i)).str.strip_chars() != "").any().alias(column(i)) for i in blank).collect()
        for i in blank:
            if said[column(i)].item():
                raise BadFile(
                    Text(f"第 {i + 1} 列没有表头，下面却有值。", f"Column {i + 1} has no heading, but values below it."), where=path.name,
                    fix=Text("请发送方补上表头；如不需要该列，请在 ignore 中写 \"\"。",
                             'Ask the sender for its heading; if it is not wanted, list "" under ignore.'),
                    column=i + 1,
                )  # fmt: skip


def _apart(broken: pl.DataFrame, gate: Gate) -> tuple[pl.DataFrame, list[int]]:
    """The broken rows that are data, and the lines of those that are none by the profile."""
    if gate.aside is None or not gate.own:
        return broken, []
    places = gate.own
    fields = broken.select(
        pl.col("line"), *(pl.col("values").list.get(i, null_on_oob=True).alias(column(i)) for i in range(places))
    )
    none = fields.filter(gate.aside)["line"]
    return broken.filter(~pl.col("line").is_in(none.implode())), none.to_list()


def _broken_rejects(broken: pl.DataFrame, sheet: Sheet, gate: Gate) -> pl.DataFrame:
    """Rows with a wrong number of fields. Where there are too many, what else is wrong with them is said too."""
    counted = pl.col("fields") > NO_RECORD
    shape = broken.select(
        "line", pl.lit(None, dtype=pl.String).alias("column"),
        pl.when(counted).then(pl.col("fields").cast(pl.String)).alias("value"),
        pl.when(counted).then(pl.lit("wrong_field_count")).otherwise(pl.lit("not_a_record")).alias("reason"), "raw",
    )  # fmt: skip
    width = gate.own
    longer = broken.filter(pl.col("fields") > width)
    fields = longer.select(
        pl.col("line").alias(LINE),
        *(pl.col("values").list.get(i, null_on_oob=True).alias(column(i)) for i in range(gate.width)),
    )
    more = gate.full(fields, rejected=True).rejects.drop("raw").join(longer.select("line", "raw"), on="line")
    return pl.concat([shape, more.select(list(REJECTS))])


def _repeat_rejects(repeats: pl.DataFrame, sheet: Sheet, gate: Gate) -> pl.DataFrame:
    raw = _written(sheet, repeats["_line"])
    key = ", ".join(sheet.headings[gate.casts[k].at] for k in gate.profile.key if k in gate.casts)
    reason = pl.when(pl.col("same")).then(pl.lit("repeats_line")).otherwise(pl.lit("key_already_used"))
    return repeats.join(raw, left_on="_line", right_on=LINE, how="left").select(
        pl.col("_line").alias("line"), pl.lit(key).alias("column"), pl.col("first").cast(pl.String).alias("value"),
        reason.alias("reason"), "raw",
    )  # fmt: skip


def _written(sheet: Sheet, lines: pl.Series) -> pl.DataFrame:
    """These lines as they were sent."""
    wanted, written = lines.implode(), as_sent(len(sheet.headings[: sheet.own]), sheet.delimiter).alias("raw")
    return pl.concat(
        piece().filter(pl.col(LINE).is_in(wanted)).select(pl.col(LINE), written).collect(engine="streaming")
        for piece in sheet.pieces
    )


def _gather(parts: list[Path], work: Path) -> tuple[Path | None, int, dict[str, int]]:
    """One file of rejects in the order of lines, how many lines it holds, and how often each reason."""
    if not parts:
        return None, 0, {}
    target = work / "rejects.parquet"
    scan = f"read_parquet([{', '.join(literal(p) for p in parts)}])"
    with helper() as connection:
        connection.execute(f"COPY (SELECT * FROM {scan} ORDER BY line, reason) TO {literal(target)} (FORMAT parquet)")
        reasons = connection.execute(f"SELECT reason, count(*) FROM {scan} GROUP BY 1 ORDER BY 2 DESC, 1").fetchall()
        lines = connection.execute(f"SELECT count(DISTINCT line) FROM {scan}").fetchone()
    return target, int(lines[0]) if lines else 0, {str(reason): int(count) for reason, count in reasons}


def _put(rejects: pl.DataFrame, work: Path, name: str) -> Path:
    path = work / f"rejects-{name}.parquet"
    rejects.select(list(REJECTS)).write_parquet(path, compression="lz4")
    return path


def _count(path: Path) -> int:
    return int(pl.scan_parquet(path).select(pl.len()).collect().item())


def _lines(path: Path, melted: bool) -> int:
    """How many lines of the file the facts come from; only a melted line gives more than one."""
    if not melted:
        return _count(path)
    return int(pl.scan_parquet(path).select((pl.col(ROW) // (1 << PART_BITS)).n_unique()).collect().item())


def _unreadable(path: Path) -> BadFile:
    return BadFile(
        Text("文件读到一半读不下去，可能已损坏。", "The file cannot be read to its end; it may be damaged."), where=path.name,
        fix=Text("请发送方重新导出。", "Ask the sender to export it again."),
    )  # fmt: skip
