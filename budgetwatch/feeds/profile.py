"""A profile says how one sender writes one feed: format, headings, codes, dates, units. Written in YAML.

Every key is checked when the profile is read; an unknown one is refused with the names nearest to it.
`docs/feeds.md` explains each key with an example.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn, cast

import yaml

from budgetwatch.errors import BadProfile, NotFound
from budgetwatch.records import SENT, Feed
from budgetwatch.records.codes import LISTS
from budgetwatch.text import Text

OURS = Path(__file__).parent / "profiles"
FORMATS = ("csv", "xlsx", "parquet", "json", "xml", "ocds", "fiscal")
DATES = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y.%m.%d", "%Y年%m月%d日")
#: libyaml where it is there: a tenth of the time of the same in Python.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: Instead of a format: days counted as spreadsheets do (45356 is 2024-03-05).
SERIAL = "excel"
UNITS = {"yuan": 0, "thousand": 3, "wan": 4, "million": 6, "yi": 8}


@dataclass(frozen=True, slots=True)
class Amounts:
    """How amounts may be written besides plain digits; `round` allows more than two decimals; `decimal` is their point."""

    thousands: bool = True
    parentheses: bool = True
    signs: tuple[str, ...] = ()
    round: bool = False
    decimal: str = "."


@dataclass(frozen=True, slots=True)
class YearFrom:
    """The budget year follows from a date: it begins in `first_month`, and is named after that year or the next."""

    column: str
    first_month: int = 1
    named_after: str = "start"


@dataclass(frozen=True, slots=True)
class Melt:
    """Several amount columns of a line become one fact each; with `total`, their sum must equal it to `tolerance`."""

    columns: Mapping[str, str]
    into: str
    amount: str = "amount"
    total: str | None = None
    tolerance: str = "0.00"


@dataclass(frozen=True, slots=True)
class Profile:
    """How one sender writes one feed."""

    name: str
    feed: Feed
    sender: str
    title: Text
    format: str = "csv"
    encoding: tuple[str, ...] = ("utf-8",)
    delimiter: str = ","
    quote: str | None = '"'
    skip_rows: int = 0
    sheet: str | int = 0
    records: str = ""
    headings: tuple[str, ...] = ()
    heading_rows: int = 1
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    dates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    amounts: Amounts = Amounts()
    empty: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()
    fill_down: tuple[str, ...] = ()
    join: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    file_name: str = ""
    key: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    ignore_rest: bool = False
    melt: Melt | None = None
    budget_year: YearFrom | None = None
    refuse_above: float = 1.0
    keep_sent: bool = True

    @property
    def currency(self) -> str:
        """The currency of its amounts, as far as the profile alone can tell."""
        return self.constants.get("currency", "CNY")


def load_all(home_profiles: Path | None = None) -> dict[str, Profile]:
    """Every profile by name: ours, and the operator's own, which win."""
    found: dict[str, Profile] = {}
    for folder in (OURS, home_profiles):
        mine: dict[str, Path] = {}
        for path in sorted(folder.glob("*.yml")) if folder and folder.is_dir() else ():
            profile = load(path)
            if profile.name in mine:
                raise BadProfile(
                    Text(f"名称 {profile.name} 与 {mine[profile.name].name} 重复。",
                         f"The name {profile.name} is also used by {mine[profile.name].name}."),
                    where=path.name, fix=Text("请改名。", "Give one of them another name."),
                )  # fmt: skip
            mine[profile.name] = path
            found[profile.name] = profile
    return found


def find(name: str, home_profiles: Path | None = None) -> Profile:
    """The profile of that name; an unknown name is answered with the nearest ones."""
    known = load_all(home_profiles)
    if name in known:
        return known[name]
    near = nearest(name, known) or sorted(known)[:5]
    raise NotFound(
        Text(f"没有名为「{name}」的报送格式。", f"There is no profile named '{name}'."),
        fix=Text(f"相近的有：{'、'.join(near)}。", f"The nearest: {', '.join(near)}."),
    )


def load(path: Path) -> Profile:
    """The profile in a YAML file, checked; read again only once the file is another."""
    there = path.stat()
    return _load(path, there.st_mtime_ns, there.st_size, there.st_ino)


@lru_cache(maxsize=512)
def _load(path: Path, *_stamp: int) -> Profile:
    try:
        body = yaml.load(path.read_text("utf-8"), _LOADER)  # noqa: S506  # a safe loader either way
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise BadProfile(
            Text("不是有效的 YAML。", f"Not valid YAML: {getattr(error, 'problem', None) or 'not UTF-8 text'}."),
            where=f"{path.name}{line}",
            fix=Text("请检查缩进和引号。", "Check indentation and quotes there."),
        ) from None
    return parse(body, path.name)


def parse(body: Any, where: str) -> Profile:
    """The profile written as a mapping, checked; `where` names its file in refusals."""
    return _Reader(where).profile(body)


def nearest(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """The known names that look most like this one."""
    folded = {k.casefold(): k for k in known}
    return [folded[k] for k in difflib.get_close_matches(name.casefold(), folded, count, 0.5)]


class _Reader:
    """Reads one profile and names file and key in every refusal."""

    def __init__(self, where: str) -> None:
        self.where = where

    def refuse(self, key: str, zh: str, en: str, fix: Text | None = None) -> NoReturn:
        raise BadProfile(Text(f"「{key}」{zh}", f"'{key}' {en}"), where=self.where, fix=fix)

    def profile(self, body: Any) -> Profile:
        body = self.mapping("profile", body)
        read: dict[str, Callable[[str, Any], Any]] = {
            "name": self.text, "feed": self.feed, "sender": self.text, "title": self.title, "format": self.format,
            "encoding": self.encodings, "delimiter": self.char, "quote": self.quote, "skip_rows": self.count,
            "sheet": self.sheet, "records": self.text, "headings": self.names, "heading_rows": self.heading_count,
            "columns": self.columns, "constants": self.strings, "values": self.values,
            "dates": self.lists, "units": self.units, "amounts": self.amounts, "key": self.names,
            "empty": self.names, "aside": self.names, "fill_down": self.names,
            "join": self.lists, "file_name": self.pattern,
            "ignore": self.names, "melt": self.melt, "budget_year": self.year, "refuse_above": self.share,
            "keep_sent": self.yes_no,
        }  # fmt: skip
        self.only("profile", body, read)
        for key in ("name", "feed", "sender", "title"):
            if key not in body:
                self.refuse(key, "缺失。", "is missing.")
        given = {key: read[key](key, value) for key, value in body.items()}
        if given.get("ignore") == ("*",):
            given["ignore"], given["ignore_rest"] = (), True
        feed: Feed = given["feed"]
        given.setdefault("key", feed.key)
        profile = Profile(**given)
        self.consistent(profile)
        return profile

    def consistent(self, p: Profile) -> None:
        """Columns named anywhere must be columns of the feed, and codes must be codes of their lists."""
        named: dict[str, Iterable[str]] = {
            "fill_down": p.fill_down, "columns": p.columns, "constants": p.constants, "values": p.values, "dates": p.dates, "units": p.units, "key": p.key,
        }  # fmt: skip
        if p.file_name:
            named["file_name"] = re.compile(p.file_name).groupindex
        if p.melt:
            named["melt"] = (p.melt.into, p.melt.amount)
        dates = [c.name for c in p.feed.columns if c.kind == "date"]
        if p.budget_year and p.budget_year.column not in dates:
            self.unknown(f"budget_year: {p.budget_year.column}", p.budget_year.column, dates)
        for key, columns in named.items():
            for column in columns:
                if column not in p.feed.by_name:
                    self.unknown(f"{key}: {column}", column, p.feed.by_name)
        for column, codes in [(c, set(m.values())) for c, m in p.values.items()] + [
            (c, {v}) for c, v in p.constants.items()
        ]:
            known = LISTS.get(p.feed.by_name[column].values or "")
            for code in sorted(codes):
                if known is not None and code not in known:
                    self.unknown(f"{column}: {code}", code, known)
        for column in set(p.constants) & set(p.columns):
            self.refuse(
                column, "既有固定值又有列名。", "has both a constant and a heading.", Text("请只留一个。", "Keep one.")
            )

    def unknown(self, key: str, name: str, known: Iterable[str]) -> NoReturn:
        known = list(known)
        near = nearest(str(name), known) or known
        self.refuse(
            key,
            "不认识。",
            "is not known.",
            Text(f"可用：{'、'.join(near[:12])}。", f"Known here: {', '.join(near[:12])}."),
        )

    def only(self, key: str, body: Mapping[str, Any], known: Iterable[str]) -> None:
        for name in body:
            if name not in (known := list(known)):
                self.unknown(name if key == "profile" else f"{key}: {name}", name, known)

    def mapping(self, key: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            self.refuse(key, "应为键值表。", "must be a mapping.")
        for name in value:
            self.text(f"{key}: {name}", name)
        return cast(dict[str, Any], value)

    def text(self, key: str, value: Any) -> str:
        if not isinstance(value, str):
            self.refuse(
                key, f"应为文字，读到的是 {value!r}。", f"must be text, but YAML read it as {value!r}.",
                Text("请加引号（如 \"0301\"、\"NO\"），否则前导零会丢失。", 'Quote it ("0301", "NO"), or YAML changes it.'),
            )  # fmt: skip
        return value

    def pattern(self, key: str, value: Any) -> str:
        try:
            named = re.compile(self.text(key, value)).groupindex
        except re.error as error:
            self.refuse(key, f"不是有效的正则表达式：{error}。", f"is not a valid regular expression: {error}.")
        if not named:
            self.refuse(key, "需要命名的组，如 (?P<stage>…)。", "needs named groups, such as (?P<stage>…).")
        return cast(str, value)

    def names(self, key: str, value: Any) -> tuple[str, ...]:
        items = value if isinstance(value, list) else [value]
        return tuple(self.text(key, item) for item in items)

    def strings(self, key: str, value: Any) -> dict[str, str]:
        return {name: self.text(f"{key}: {name}", item) for name, item in self.mapping(key, value).items()}

    def lists(self, key: str, value: Any) -> dict[str, tuple[str, ...]]:
        return {name: self.names(f"{key}: {name}", item) for name, item in self.mapping(key, value).items()}

    columns = lists

    def values(self, key: str, value: Any) -> dict[str, dict[str, str]]:
        return {name: self.strings(f"{key}: {name}", item) for name, item in self.mapping(key, value).items()}

    def feed(self, key: str, value: Any) -> Feed:
        if self.text(key, value) not in SENT:
            self.unknown(f"{key}: {value}", value, SENT)
        return SENT[value]

    def title(self, key: str, value: Any) -> Text:
        body = self.strings(key, value)
        if set(body) != {"zh", "en"}:
            self.refuse(key, "需要 zh 和 en 两种。", "needs both zh and en.")
        return Text(body["zh"], body["en"])

    def one_of(self, key: str, value: Any, known: Iterable[str]) -> str:
        if self.text(key, value) not in (known := list(known)):
            self.unknown(f"{key}: {value}", value, known)
        return cast(str, value)

    def format(self, key: str, value: Any) -> str:
        return self.one_of(key, value, FORMATS)

    def encodings(self, key: str, value: Any) -> tuple[str, ...]:
        for name in (names := self.names(key, value)):
            try:
                "".encode(name)
            except LookupError:
                self.unknown(f"{key}: {name}", name, ("utf-8", "gb18030", "big5", "latin-1", "utf-16", "cp1252"))
        return names

    def char(self, key: str, value: Any) -> str:
        if len(self.text(key, value)) != 1 or not value.isascii() or value in '"\r\n':
            self.refuse(
                key,
                "应为一个 ASCII 字符。",
                "must be one ASCII character.",
                Text('制表符写作 "\\t"。', 'A tab is "\\t".'),
            )
        return cast(str, value)

    def quote(self, key: str, value: Any) -> str | None:
        return None if value in (None, "") else value if value == '"' else self.one_of(key, value, ("'",))

    def count(self, key: str, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            self.refuse(key, "应为不小于 0 的整数。", "must be a whole number of 0 or more.")
        return value

    def heading_count(self, key: str, value: Any) -> int:
        if not 1 <= self.count(key, value) <= 3:
            self.refuse(key, "应为 1 至 3。", "must be 1 to 3.")
        return int(value)

    def sheet(self, key: str, value: Any) -> str | int:
        return value if isinstance(value, str) else self.count(key, value)

    def share(self, key: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            self.refuse(key, "应在 0 与 1 之间。", "must lie between 0 and 1.", Text("0.05 即 5 %。", "0.05 is 5 %."))
        return float(value)

    def yes_no(self, key: str, value: Any) -> bool:
        if not isinstance(value, bool):
            self.refuse(key, "应为 true 或 false。", "must be true or false.")
        return value

    def units(self, key: str, value: Any) -> dict[str, str]:
        return {name: self.one_of(f"{key}: {name}", unit, UNITS) for name, unit in self.mapping(key, value).items()}

    def amounts(self, key: str, value: Any) -> Amounts:
        body = self.mapping(key, value)
        read: dict[str, Callable[[str, Any], Any]] = {
            "thousands": self.yes_no, "parentheses": self.yes_no, "signs": self.names, "round": self.yes_no,
            "decimal": lambda key, value: self.one_of(key, value, (".", ",")),
        }  # fmt: skip
        self.only(key, body, read)
        return Amounts(**{name: read[name](f"{key}: {name}", item) for name, item in body.items()})

    def year(self, key: str, value: Any) -> YearFrom:
        body = self.mapping(key, value)
        self.only(key, body, ("from", "first_month", "named_after"))
        if "from" not in body or not 1 <= self.count(key, body.get("first_month", 1)) <= 12:
            self.refuse(
                key,
                "需要 from（日期列）和 1–12 的 first_month。",
                "needs `from` (a date) and a first_month of 1 to 12.",
            )
        named = self.one_of(key, body.get("named_after", "start"), ("start", "end"))
        return YearFrom(self.text(key, body["from"]), body.get("first_month", 1), named)

    def melt(self, key: str, value: Any) -> Melt:
        body = self.mapping(key, value)
        read: dict[str, Callable[[str, Any], Any]] = {
            "columns": self.strings, "into": self.text, "amount": self.text, "total": self.text, "tolerance": self.text,
        }  # fmt: skip
        self.only(key, body, read)
        if not body.get("columns") or "into" not in body or len(body["columns"]) > 128:
            self.refuse(key, "需要 columns（至多 128 列）和 into。", "needs columns (at most 128) and into.")
        return Melt(**{name: read[name](f"{key}: {name}", item) for name, item in body.items()})
