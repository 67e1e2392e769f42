"""How the text of one column becomes a value, and what is wrong when it does not.

Every cast comes twice, as Polars expressions: `quick` reads what is plainly written and gives NULL for
the rest; `full` also reads grouped amounts, brackets, full-width digits, other date formats. Both never guess: an
amount with parts of a cent is not rounded unless the profile says so, and an exponent is not an amount
(spreadsheets write 1E+05 when digits are already lost).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import polars as pl

from budgetwatch.feeds.profile import DATES, SERIAL, UNITS, Profile
from budgetwatch.feeds.readers.sheet import column as place
from budgetwatch.feeds.stored import POLARS_TYPE, among
from budgetwatch.records import Column

#: Digits left of the point that DECIMAL(18,2) holds.
_NUMBER = r"^[+-]?(?:\d{1,16}\.?\d*|\.\d+)$"
_WIDE = pl.Decimal(38, 10)
#: A time behind a day: 2024-03-05 08:30, 2024-03-05T08:30:00.000+08:00.
TIME = r"(?:T|\s+)\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:[AaPp][Mm])?(?:Z|[+-]\d{2}:?\d{2})?$"
_FIRST_DAY, _LAST_DAY = pl.lit(dt.date(1900, 1, 1)), pl.lit(dt.date(2200, 12, 31))
#: The unit as it may stand behind an amount.
_WRITTEN = {0: "元", 3: "千元", 4: "万元", 6: "百万元", 8: "亿元"}
_YES = {"true": True, "1": True, "是": True, "y": True, "yes": True, "有": True}
_NO = {"false": False, "0": False, "否": False, "n": False, "no": False, "无": False}


class Cast:
    """Text without outer spaces; an empty one is no value. The base serves codes and texts without a list."""

    reason_code = "missing"
    #: The file has no value with outer spaces and no empty one: the quick cast need not look for them.
    tight = False

    def __init__(self, column: Column, at: int, profile: Profile) -> None:
        self.column, self.at = column, at
        self.stripped = pl.col(place(at)).str.strip_chars()
        words = profile.values.get(column.name)
        #: What the sender writes → what it means, before it is read; code columns have their own way (see Listed).
        self.worded = bool(words) and column.kind not in ("code", "text")
        if words and self.worded:
            self.stripped = self.stripped.replace(list(words), list(words.values()))
        self.empty = profile.empty
        says = self.stripped != ""
        if self.empty:
            says &= ~self.stripped.is_in(self.empty)
        self.text = pl.when(says).then(self.stripped)

    @property
    def kind(self) -> pl.DataType:
        """The type of the values."""
        return POLARS_TYPE[self.column.kind]

    @property
    def narrow(self) -> pl.Expr:
        """The text with full-width digits and signs (１，２３４．５０) as plain ones."""
        return self.text.str.normalize("NFKC").str.strip_chars()

    @property
    def sent(self) -> pl.Expr:
        """The value without outer spaces, as the quick cast reads it."""
        return pl.col(place(self.at)) if self.tight and not self.worded else self.stripped

    @property
    def quick(self) -> pl.Expr:
        return self.full

    @property
    def full(self) -> pl.Expr:
        return self.text

    def checks(self, value: pl.Expr) -> list[pl.Expr]:
        """What must hold of the quick cast's value for it to be plainly right; none where nothing can be wrong."""
        if self.column.required:
            return [value.is_not_null()]
        return [value.is_not_null() | pl.col(place(self.at)).is_null()]  # a value wherever the sender wrote one

    def reason(self, value: pl.Expr) -> pl.Expr:
        """The reason code where the value is wrong, NULL where it is right."""
        missing = pl.lit("missing") if self.column.required else pl.lit(None, dtype=pl.String)
        return pl.when(value.is_null() & self.text.is_not_null()).then(self.fault()).when(value.is_null()).then(missing)

    def fault(self) -> pl.Expr:
        return pl.lit(self.reason_code)

    def tune(self, sample: pl.DataFrame) -> None:
        """Learn from a sample what to expect; most casts have nothing to learn."""


class Plain(Cast):
    """A code or text without a list: nothing can be wrong with it but its absence.

    The quick cast leaves a value of spaces only as an empty text, which is not right, so the full one sees it.
    """

    @property
    def quick(self) -> pl.Expr:
        return self.text if self.empty else self.sent

    def checks(self, value: pl.Expr) -> list[pl.Expr]:
        there = [value.is_not_null()] if self.column.required else []
        return there if self.tight or self.empty else [*there, value.ne_missing(pl.lit(""))]


class Listed(Cast):
    """A code through a mapping; `closed`: what the mapping does not know is wrong, else it passes as it is."""

    reason_code = "unknown_code"

    def __init__(self, column: Column, at: int, profile: Profile, mapping: Mapping[str, str]) -> None:
        super().__init__(column, at, profile)
        self.mapping = mapping

    @property
    def kind(self) -> pl.DataType:
        return among(self.column, self.mapping.values()) if self.column.values else super().kind

    def _mapped(self, text: pl.Expr) -> pl.Expr:
        other = None if self.column.values else text
        return text.replace_strict(
            list(self.mapping), list(self.mapping.values()), default=other, return_dtype=self.kind
        )

    @property
    def quick(self) -> pl.Expr:
        return self._mapped(self.text if self.empty else self.sent)

    @property
    def full(self) -> pl.Expr:
        return self._mapped(self.text)

    def checks(self, value: pl.Expr) -> list[pl.Expr]:
        if self.column.values:
            return super().checks(value)
        return [*([value.is_not_null()] if self.column.required else []), value.ne_missing(pl.lit(""))]


class Money(Cast):
    """Exact yuan; `shift` is 4 for a column sent in 万元."""

    reason_code = "not_money"

    def __init__(self, column: Column, at: int, profile: Profile) -> None:
        super().__init__(column, at, profile)
        self.shift = UNITS[profile.units.get(column.name, "yuan")]
        self.round = profile.amounts.round
        self.comma = profile.amounts.decimal == ","
        self.plain = self._plain(profile)

    def _plain(self, profile: Profile) -> pl.Expr:
        """The amount in plain digits, as far as the profile allows other ways of writing it."""
        text = self.narrow.str.replace("−", "-", literal=True)
        # The unit written behind an amount says nothing new where it is the column's own; another one is no amount here.
        text = text.str.replace(rf"\s*{_WRITTEN.get(self.shift, '元')}$", "")
        if profile.amounts.signs:
            for sign in profile.amounts.signs:
                text = text.str.replace(sign, "", literal=True).str.strip_chars()
        if profile.amounts.parentheses:
            bracketed = text.str.extract(r"^[(（]\s*([^()（）+-]+?)\s*[)）]$")
            text = pl.when(bracketed.is_not_null()).then(pl.lit("-") + bracketed).otherwise(text)
        behind = text.str.extract(r"^([\d.,\s]*\d)\s*-$")  # ledgers write the sign of a negative amount behind it
        text = pl.when(behind.is_not_null()).then(pl.lit("-") + behind).otherwise(text)
        if self.comma:
            grouped = text.str.contains(r"^[+-]?\d{1,3}(?:[. ']\d{3})+(?:,\d*)?$")
            text = pl.when(grouped).then(text.str.replace_all("[. ']", "")).otherwise(text)
            # A point that stands for no group is not the sign of decimals here: not an amount.
            return pl.when(~text.str.contains(".", literal=True)).then(text.str.replace(",", ".", literal=True))
        if profile.amounts.thousands:
            grouped = text.str.contains(r"^[+-]?\d{1,3}(?:[,，]\d{3})+(?:\.\d*)?$")
            text = pl.when(grouped).then(text.str.replace_all("[,，]", "")).otherwise(text)
        return text

    @property
    def quick(self) -> pl.Expr:
        if self.comma:
            return self.full
        if self.shift or self.round:
            return self._value(self.sent)
        return pl.when(self.sent.str.contains(r"^[+-]?\d{1,16}(?:\.\d{1,2}0*)?$")).then(
            self.sent.cast(pl.Decimal(18, 2), strict=False)
        )

    @property
    def full(self) -> pl.Expr:
        return self._value(self.plain)

    def _value(self, text: pl.Expr) -> pl.Expr:
        fits = text.str.contains(_NUMBER)
        if not self.round:
            fits &= ~text.str.contains(self._finer)
        wide = text.cast(_WIDE, strict=False) * (10**self.shift)
        return pl.when(fits).then(wide.round(2, mode="half_to_even").cast(pl.Decimal(18, 2), strict=False))

    @property
    def _finer(self) -> str:
        """More decimals than the cent holds, other than zeros."""
        return rf"\.\d{{{2 + self.shift}}}\d*[1-9]"

    def fault(self) -> pl.Expr:
        finer = self.plain.str.contains(_NUMBER) & self.plain.str.contains(self._finer)
        return pl.when(finer).then(pl.lit("too_many_decimals")).otherwise(pl.lit("not_money"))


class Date(Cast):
    """A day between 1900 and 2200 in one of the formats; the quick cast expects the first.

    A time behind the day is left off: the day is the one written, whatever the zone.
    """

    reason_code = "not_date"

    def __init__(self, column: Column, at: int, profile: Profile, formats: tuple[str, ...]) -> None:
        super().__init__(column, at, profile)
        self.formats = formats
        self.timed = False

    def _day(self, form: str, text: pl.Expr) -> pl.Expr:
        if form == SERIAL:  # days since the last of 1899, as spreadsheets count; a time is the part behind the point
            digits = text.str.extract(r"^(\d{5})(?:\.\d+)?$").cast(pl.Int64, strict=False)
            day = pl.lit(dt.date(1899, 12, 30)) + pl.duration(days=digits)
        else:
            day = text.str.to_date(form, strict=False, exact=True)
        return pl.when(day.is_between(_FIRST_DAY, _LAST_DAY)).then(day)

    @property
    def quick(self) -> pl.Expr:
        return self._day(self.formats[0], _timeless(self.stripped) if self.timed else self.sent)

    @property
    def full(self) -> pl.Expr:
        text = _timeless(self.narrow)
        return pl.coalesce([self._day(form, text) for form in self.formats])

    def tune(self, sample: pl.DataFrame) -> None:
        timed = sample.select(self.stripped.str.contains(TIME).sum()).item()
        self.timed = timed > sample.height / 2
        text = _timeless(self.stripped)
        read = [sample.select(self._day(form, text).count()).item() for form in self.formats]
        best = self.formats[read.index(max(read))]
        self.formats = (best, *(form for form in self.formats if form != best))


def _timeless(text: pl.Expr) -> pl.Expr:
    return text.str.replace(TIME, "")


class Whole(Cast):
    """A whole number; 2,025 and 2025.0 are whole too, for spreadsheets write them so, and 2025年度 and 3月 say no more."""

    reason_code = "not_integer"

    @property
    def quick(self) -> pl.Expr:
        return self._within(pl.when(self.sent.str.len_bytes() <= 18).then(self.sent.cast(pl.Int64, strict=False)))

    @property
    def full(self) -> pl.Expr:
        return self._within(self._number)

    @property
    def _number(self) -> pl.Expr:
        text = self.narrow
        grouped = text.str.contains(r"^[+-]?\d{1,3}(?:,\d{3})+$")
        plain = pl.when(grouped).then(text.str.replace_all(",", "", literal=True)).otherwise(text)
        plain = plain.str.replace(r"\.0+$", "").str.replace(r"\s*(?:年度?|月份?)$", "")
        return pl.when(plain.str.contains(r"^[+-]?\d{1,18}$")).then(plain.cast(pl.Int64, strict=False))

    def _within(self, number: pl.Expr) -> pl.Expr:
        low, high = self.column.low, self.column.high
        if low is None or high is None:
            return number
        return pl.when(number.is_between(low, high)).then(number)

    def fault(self) -> pl.Expr:
        return pl.when(self._number.is_not_null()).then(pl.lit("out_of_range")).otherwise(pl.lit("not_integer"))


class Ratio(Cast):
    """A share: 0.35, or 35%."""

    reason_code = "not_ratio"

    @property
    def full(self) -> pl.Expr:
        plain = self.narrow.str.strip_suffix("%").str.strip_chars()
        number = pl.when(plain.str.contains(r"^[+-]?(?:\d{1,5}\.?\d*|\.\d+)$")).then(plain.cast(_WIDE, strict=False))
        share = pl.when(self.narrow.str.ends_with("%")).then(number * pl.lit("0.01").cast(_WIDE)).otherwise(number)
        return share.cast(_WIDE).round(6, mode="half_to_even").cast(pl.Decimal(9, 6), strict=False)


class Flag(Cast):
    """Yes or no."""

    reason_code = "not_flag"

    @property
    def full(self) -> pl.Expr:
        words = {**_YES, **_NO}
        return self.text.str.to_lowercase().replace_strict(
            list(words), list(words.values()), default=None, return_dtype=pl.Boolean
        )


def cast_of(column: Column, at: int, mapping: Mapping[str, str] | None, profile: Profile) -> Cast:
    """The cast of a column at a place of the file, by its kind and the profile."""
    match column.kind:
        case "money":
            return Money(column, at, profile)
        case "date":
            usual = (*DATES, SERIAL) if profile.format == "xlsx" else DATES
            return Date(column, at, profile, profile.dates.get(column.name, usual))
        case "integer":
            return Whole(column, at, profile)
        case "ratio":
            return Ratio(column, at, profile)
        case "flag":
            return Flag(column, at, profile)
        case _:
            return Listed(column, at, profile, mapping) if mapping else Plain(column, at, profile)
