"""What the columns of an unknown file mean: by their headings, and by what stands in them."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from budgetwatch.feeds.cast import TIME
from budgetwatch.feeds.headings import fold
from budgetwatch.feeds.profile import DATES, SERIAL
from budgetwatch.records import SENT, Column, Feed
from budgetwatch.records.codes import LISTS

#: Below this a heading is not taken for a column's name, only mentioned.
LIKELY = 0.6
#: Codes of a list that are few enough to be written out.
_MOST_CODES = 40
_MORE_DATES = (
    "%y.%m.%d",
    "%y-%m-%d",
    "%y/%m/%d",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%d.%m.%Y",
    "%d %b %Y",
    "%d-%b-%y",
)
_MONEY = r"^[(（]?[-+]?[¥￥$£€]?\s?\d{1,3}(?:,?\d{3})*(?:\.\d+)?[)）]?$"
_WAN = re.compile(r"[（(]?\s*万元\s*[）)]?")


#: Words that offices elsewhere use, which no standard lists: a hint, never a certainty.
_HINTS: Mapping[str, frozenset[str]] = {
    "agency_name": frozenset(
        {"dept", "department", "directorate", "body", "organisation", "organization", "部门", "科室"}
    ),
    "agency_code": frozenset({"dept code", "department code", "部门代码", "部门编码"}),
    "amount": frozenset({"total", "value", "net", "sum", "paid", "金额合计", "合计", "小计", "发生额"}),
    "payee_name": frozenset({"supplier", "vendor", "beneficiary", "creditor", "往来单位", "供应商", "对方户名"}),
    "voucher_no": frozenset({"transaction", "reference", "invoice", "document", "单据号", "流水号", "交易号"}),
    "pay_date": frozenset({"date", "paid", "day", "付款", "记账日期", "交易日期"}),
    "purpose": frozenset({"description", "narrative", "detail", "details", "事由", "附言"}),
    "item_name": frozenset({"category", "service", "expenditure", "expense", "account"}),
}


@dataclass(frozen=True, slots=True)
class Held:
    """What stands in one column of the sample."""

    heading: str
    filled: float
    distinct: int
    rows: int
    dates: tuple[str, ...]
    money: float
    whole: float
    values: tuple[str, ...]
    empties: tuple[str, ...] = ()
    comma: float = 0.0

    @property
    def identifies(self) -> bool:
        return self.filled == 1.0 and self.distinct == self.rows and self.rows > 1


@dataclass(frozen=True, slots=True)
class Guess:
    """A column of the feed, the heading taken for it, and how sure that is (0 to 1)."""

    column: Column
    held: Held
    sure: float


#: What people write where there is nothing to write.
_NOTHING = ("-", "--", "—", "——", "–", "/", "\\", "无", "N/A", "n/a", "NULL", "null", "None", "nil")
#: An amount whose sign of decimals is a comma, without a doubt: 1.234,50 and 12,5 but not 1,234.
_COMMA = r"^[(]?[-+]?(?:\d{1,3}(?:[. ]\d{3})+|\d+),\d{1,2}[)]?$"


def look(heading: str, values: pl.Series) -> Held:
    """What a sample of one column holds."""
    said = values.str.strip_chars().replace("", None).drop_nulls()
    nothing = said.is_in(list(_NOTHING))
    texts = said.filter(~nothing)
    plain = texts.str.normalize("NFKC").str.replace(r"\s*(?:万元|元)$", "").str.replace(r"^([\d.,]*\d)-$", "-$1")
    count = max(texts.len(), 1)
    money = int(plain.str.contains(_MONEY).sum()) / count
    comma = int(plain.str.contains(_COMMA).sum()) / count
    whole = int(plain.str.contains(r"^[-+]?\d+$").sum()) / count
    days = _timeless(texts)
    dates = tuple(form for form in (*DATES, *_MORE_DATES) if texts.len() and _read_by(days, form) >= 0.95 * count)
    if not dates and texts.len() and plain.str.contains(r"^[2-6]\d{4}(?:\.\d+)?$").sum() >= 0.95 * count:
        dates = (SERIAL,)
    distinct = texts.n_unique()
    shown = tuple(texts.unique(maintain_order=True).to_list()) if distinct <= _MOST_CODES else ()
    empties = tuple(said.filter(nothing).unique(maintain_order=True).to_list())
    return Held(
        heading,
        texts.len() / max(values.len(), 1),
        distinct,
        values.len(),
        dates,
        max(money, comma),
        whole,
        shown,
        empties,
        comma,
    )


def _read_by(days: pl.Series, form: str) -> int:
    """How many are days of our time in that form."""
    read = days.str.to_date(form, strict=False, exact=True)
    return int(read.is_between(dt.date(1900, 1, 1), dt.date(2200, 12, 31)).sum())


def _timeless(texts: pl.Series) -> pl.Series:
    return texts.str.normalize("NFKC").str.replace(TIME, "")


def feed_of(held: Sequence[Held]) -> tuple[Feed, dict[str, Guess]]:
    """The feed that explains the headings best: its required columns found, and few headings left over."""
    found = [(feed, guesses(held, feed)) for feed in SENT.values()]

    def explained(pair: tuple[Feed, dict[str, Guess]]) -> float:
        feed, mine = pair
        needed = feed.required
        return sum(g.sure for g in mine.values()) + 2.0 * sum(c in mine for c in needed) / max(len(needed), 1)

    return max(found, key=explained)


def guesses(held: Sequence[Held], feed: Feed) -> dict[str, Guess]:
    """For each column of the feed the heading that fits it best, each heading used once; the surest first."""
    all_pairs = [Guess(c, h, sure) for c in feed.columns for h in held if (sure := _fits(c, h)) > 0]
    all_pairs.sort(key=lambda g: (-g.sure, feed.columns.index(g.column), _rank(g)))
    taken: dict[str, Guess] = {}
    used: set[str] = set()
    for guess in all_pairs:
        if guess.column.name not in taken and guess.held.heading not in used:
            taken[guess.column.name] = guess
            used.add(guess.held.heading)
    return taken


def _rank(guess: Guess) -> int:
    """How early the heading stands among the names of its column: of two that fit, the better one comes first."""
    names = [fold(name) for name in (guess.column.name, *guess.column.aliases)]
    heading = fold(guess.held.heading)
    return names.index(heading) if heading in names else len(names)


def _fits(column: Column, held: Held) -> float:
    """How well name and contents agree; 0 where the contents cannot be that."""
    heading = fold(_WAN.sub("", held.heading))
    names = [fold(name) for name in (column.name, column.label.zh, column.label.en, *column.aliases)]
    if heading in names:
        by_name = 1.0
    else:
        by_name = max(difflib.SequenceMatcher(None, heading, name).ratio() for name in names)
        by_name = max(by_name, _hinted(column.name, held.heading))
        # One name within the other counts, in 中文 above all: 付款单位名称 and 单位名称.
        if any(len(name) >= 2 and (name in heading or heading in name) for name in names):
            by_name = max(by_name, 0.7)
    if by_name < 0.55:
        return 0.0
    by_value = _holds(column, held)
    return 0.0 if by_value == 0 else round(by_name * (0.6 + 0.4 * by_value), 2)


def _hinted(name: str, heading: str) -> float:
    """Whether a heading has a word that hints at the column: 0.75, 0.85 where it says nothing else."""
    hints = _HINTS.get(name, frozenset())
    plain = re.sub(r"[_\-.]+", " ", heading).strip().casefold()
    if plain in hints:
        return 0.85
    words = set(plain.split())
    return 0.75 if words & hints or any(len(h) > 1 and not h.isascii() and h in plain for h in hints) else 0.0


def _holds(column: Column, held: Held) -> float:
    if held.filled == 0:
        return 0.5
    if column.kind == "money":
        return held.money
    if column.kind == "date":
        return 1.0 if held.dates else 0.0
    if column.kind == "integer":
        if column.low is not None and held.values and not any(v.strip("年度月份 ").isdigit() for v in held.values):
            return 0.0
        return max(held.whole, 0.9 if column.low is not None and held.values else 0.0)
    if column.kind == "ratio":
        return 1.0 if held.money or any("%" in v for v in held.values[:3]) else 0.3
    if column.values:
        known = _codes(column)
        return 1.0 if held.values and any(v in known for v in held.values) else 0.6 if held.values else 0.2
    if column.kind == "text":
        return 1.0 if held.money < 0.9 else 0.4
    return 1.0


def _codes(column: Column) -> Mapping[str, str]:
    return {name: code for code, text in LISTS[column.values or ""].items() for name in (code, text.zh, text.en)}


def values_of(guess: Guess) -> dict[str, str | None]:
    """What the sender writes in a column with a code list, and our code; None where there is no telling."""
    if not guess.column.values or not guess.held.values:
        return {}
    known = _codes(guess.column)
    out: dict[str, str | None] = {}
    for value in guess.held.values:
        if value in known:
            continue
        near = difflib.get_close_matches(value, known, 1, 0.6) or [
            n for n in known if len(n) > 1 and (n in value or value in n)
        ]
        out[value] = known[near[0]] if near else None
    return out


def in_wan(held: Held) -> bool:
    return bool(re.search("万元", held.heading))
