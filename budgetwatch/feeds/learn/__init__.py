"""A first profile for a sender nobody has seen: `learn` looks at one of its files and says what it could not tell.

Nothing is taken in. The profile is a beginning: what is doubtful stands in it as a remark, to be settled by a person.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from budgetwatch.errors import NotFound
from budgetwatch.feeds import readers
from budgetwatch.feeds.gate import aside_of
from budgetwatch.feeds.learn.meaning import LIKELY, Guess, Held, feed_of, guesses, in_wan, look, values_of
from budgetwatch.feeds.learn.shape import Shape, shape_of
from budgetwatch.feeds.packing import packed
from budgetwatch.feeds.profile import DATES, Profile, nearest
from budgetwatch.feeds.readers.sheet import column
from budgetwatch.records import SENT, Feed
from budgetwatch.settings import Settings
from budgetwatch.text import Text

_SAMPLE = 5_000


@dataclass(frozen=True, slots=True)
class Learnt:
    """The profile as YAML; each column's heading with how sure that is; and what could not be told."""

    name: str
    feed: str
    yaml: str
    sure: dict[str, tuple[str, float]]
    unused: tuple[str, ...]
    doubts: tuple[Text, ...]


def learn(path: Path, settings: Settings, *, feed: str | None = None, name: str = "") -> Learnt:
    """Look at a file; `feed` where it is known what it holds. Refuses what is no table with `BadFile`."""
    if feed is not None and feed not in SENT:
        near = nearest(feed, SENT) or list(SENT)
        raise NotFound(
            Text(f"没有名为「{feed}」的数据。", f"There is no feed named '{feed}'."),
            fix=Text(f"可用：{'、'.join(near)}。", f"Known: {', '.join(near)}."),
        )
    settings.home.joinpath("tmp").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="learn-", dir=settings.home / "tmp") as folder:
        work = Path(folder)
        shape = shape_of(path, work, settings)
        held, broken = _sample(path, shape, work, settings, feed)
    if feed is None:
        kind, found = feed_of(held)
    else:
        kind, found = SENT[feed], guesses(held, SENT[feed])
    found = {c: g for c, g in found.items() if g.sure >= LIKELY}
    name = name or f"{path.name.split('.')[0].lower() or 'new'}-{kind.name}"
    doubts = [*shape.doubts, *_doubts(kind, found, held, broken)]
    if "万元" in path.name and not any(in_wan(h) for h in held):
        doubts.append(
            Text(
                "文件名写着“万元”：金额若以万元计，请写 units。",
                "The file's name says 万元: set `units` if its amounts are in 万元.",
            )
        )
    used = {g.held.heading for g in found.values()}
    unused = tuple(h.heading for h in held if h.heading not in used and h.heading.strip())
    merged = tuple(h.heading for at, h in enumerate(held) if at in shape.merged)
    body = _body(name, kind, shape, found, unused, merged)
    return Learnt(
        name, kind.name, _written(body, found, doubts), {c: (g.held.heading, g.sure) for c, g in found.items()}, unused,
        tuple(doubts),
    )  # fmt: skip


def _sample(path: Path, shape: Shape, work: Path, settings: Settings, feed: str | None) -> tuple[list[Held], int]:
    """What the first rows hold, read by the reader that will read the whole file later."""
    kind = SENT[feed or ("budget_line" if shape.format == "fiscal" else "payment")]
    how = Profile(
        "new", kind, "", Text("", ""), shape.format, (shape.encoding,), shape.delimiter, shape.quote,
        shape.skip_rows, shape.sheet, shape.records, heading_rows=shape.heading_rows, aside=shape.aside,
    )  # fmt: skip
    (room := work / "sample").mkdir()
    sheet = readers.read(packed(path, room) if shape.format == "fiscal" else path, how, room, settings)
    frame = sheet.pieces[0]().head(_SAMPLE).collect() if sheet.pieces else pl.DataFrame()
    if (aside := aside_of(shape.aside, len(sheet.headings))) is not None:
        frame = frame.filter(~aside)
    held = [
        look(heading, frame[column(at)]) for at, heading in enumerate(sheet.headings) if column(at) in frame.columns
    ]
    return held, sheet.broken.height


def _doubts(feed: Feed, found: dict[str, Guess], held: list[Held], broken: int) -> list[Text]:
    out: list[Text] = []
    for name in feed.required:
        if name not in found and name != "budget_year":
            label = feed.by_name[name].label
            out.append(
                Text(f"没有找到必需的「{label.zh}」（{name}）：写在 columns 里，或用 constants 给定。",
                     f"The required '{label.en}' ({name}) was not found: map it under columns, or set it under constants.")
            )  # fmt: skip
    if "budget_year" in feed.by_name and "budget_year" not in found and (day := _day(feed, found)) is None:
        out.append(Text("没有年度，也没有可推算年度的日期。", "There is no year, and no date to take it from."))
    elif "budget_year" in feed.by_name and "budget_year" not in found:
        out.append(
            Text(f"年度由 {day} 推算：请确认财政年度从几月开始。", f"The year is taken from {day}: confirm the month in which it begins.")
        )  # fmt: skip
    if feed.key and not set(feed.key) & set(found):
        telling = [h.heading for h in held if h.identifies]
        out.append(
            Text(f"没有找到标识（{'、'.join(feed.key)}）。" + (f"每行各不相同的列：{'、'.join(telling[:4])}。" if telling else "暂定无标识。"),
                 f"No key was found ({', '.join(feed.key)}). "
                 + (f"Columns that differ on every row: {', '.join(telling[:4])}." if telling else "For now there is none."))
        )  # fmt: skip
    for guess in found.values():
        if guess.sure < 0.9:
            out.append(
                Text(f"「{guess.held.heading}」当作{guess.column.label.zh}（把握 {guess.sure:.0%}）。",
                     f"'{guess.held.heading}' is taken for {guess.column.label.en} ({guess.sure:.0%} sure).")
            )  # fmt: skip
        if len(guess.held.dates) > 1 and guess.column.kind == "date" and not set(guess.held.dates) & set(DATES):
            out.append(
                Text(f"「{guess.held.heading}」的日期有几种读法：{'、'.join(guess.held.dates)}。",
                     f"The dates in '{guess.held.heading}' can be read in several ways: {', '.join(guess.held.dates)}.")
            )  # fmt: skip
        for value, code in values_of(guess).items():
            if code is None:
                out.append(
                    Text(f"「{guess.held.heading}」里的「{value}」不知对应哪个代码。",
                         f"There is no telling which code '{value}' in '{guess.held.heading}' is.")
                )  # fmt: skip
    if broken:
        out.append(
            Text(
                f"有 {broken:,} 行字段数与表头不符。",
                f"{broken:,} rows have another number of fields than the heading.",
            )
        )
    return out


def _day(feed: Feed, found: dict[str, Guess]) -> str | None:
    return next((c.name for c in feed.columns if c.kind == "date" and c.name in found), None)


def _body(
    name: str, feed: Feed, shape: Shape, found: dict[str, Guess], unused: tuple[str, ...], merged: tuple[str, ...]
) -> dict[str, Any]:
    """The profile's keys, those left out that say what is so anyway."""
    usual = Shape()
    body: dict[str, Any] = {
        "name": name, "feed": feed.name, "sender": name, "title": {"zh": f"{feed.label.zh}（{name}）", "en": f"{feed.label.en} ({name})"},
    }  # fmt: skip
    for key in ("format", "encoding", "delimiter", "skip_rows", "heading_rows", "sheet", "records"):
        if getattr(shape, key) != getattr(usual, key):
            body[key] = getattr(shape, key)
    if shape.aside:
        body["aside"] = list(shape.aside)
    if empty := sorted({word for g in found.values() for word in g.held.empties}):
        body["empty"] = empty
    if any(g.column.kind == "money" and g.held.comma >= 0.3 for g in found.values()):
        body["amounts"] = {"decimal": ","}
    if down := [c for c, g in found.items() if g.held.heading in merged and g.column.kind in ("code", "text")]:
        body["fill_down"] = down
    # Packages that explain their columns need no mapping of those that are named like ours already.
    plain = shape.format in ("fiscal", "ocds")
    body["columns"] = {c: g.held.heading for c, g in found.items() if not (plain and g.held.heading == c)}
    if not body["columns"]:
        del body["columns"]
    dates = {
        c: list(g.held.dates)[:1]
        for c, g in found.items()
        if g.column.kind == "date" and g.held.dates and not set(g.held.dates) & set(DATES)
    }
    if dates:
        body["dates"] = dates
    if wan := {c: "wan" for c, g in found.items() if g.column.kind == "money" and in_wan(g.held)}:
        body["units"] = wan
    words = {c: {v: code for v, code in values_of(g).items() if code} for c, g in found.items()}
    if words := {c: v for c, v in words.items() if v}:
        body["values"] = words
    if "budget_year" in feed.by_name and "budget_year" not in found and (day := _day(feed, found)):
        body["budget_year"] = {"from": day}
    if feed.key and not set(feed.key) & set(found):
        body["key"] = []
    if unused:
        body["ignore"] = list(unused)
    return body


def _written(body: dict[str, Any], found: dict[str, Guess], doubts: list[Text]) -> str:
    head = ["# 由样本文件推测，请核对后使用。Guessed from a sample: check it before use."]
    head += [f"# ? {d.zh} {d.en}" for d in doubts]
    lines = []
    inside = False
    for line in yaml.safe_dump(body, allow_unicode=True, sort_keys=False, width=1000).splitlines():
        inside = line == "columns:" or (inside and line.startswith(" "))
        name = line.strip().split(":")[0]
        sure = f"  # {found[name].sure:.0%}" if inside and name in found else ""
        lines.append(line + sure)
    return "\n".join([*head, *lines]) + "\n"
