"""The gate: rows of text become facts, or rejects that say which column, which value and why.

Judging is columnar and comes in two strictnesses that agree. The quick judgement runs over every row
while the file streams by and passes only what is plainly right. What it does not pass is judged in
full: other date formats, grouped amounts, brackets; only then is a row rejected, with all its reasons.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import reduce
from operator import and_

import polars as pl

from budgetwatch.errors import BadProfile
from budgetwatch.facts.store import REPLACES, ROW
from budgetwatch.feeds.cast import Cast, cast_of
from budgetwatch.feeds.headings import Layout
from budgetwatch.feeds.profile import Profile
from budgetwatch.feeds.readers.sheet import LINE, as_sent, column
from budgetwatch.feeds.stored import POLARS_TYPE, among
from budgetwatch.records import Column
from budgetwatch.records.codes import LISTS
from budgetwatch.records.rowid import BATCH_SHIFT, PART_BITS
from budgetwatch.text import Text

#: The column that says which region a fact is of.
REGION = "adm_div_code"
REJECTS = {"line": pl.Int64(), "column": pl.String(), "value": pl.String(), "reason": pl.String(), "raw": pl.String()}


@dataclass(frozen=True, slots=True)
class Judged:
    """The outcome of a full judgement: facts, and for each reason of each bad row one reject."""

    facts: pl.DataFrame
    rejects: pl.DataFrame
    empty: int
    aside: list[int] = field(default_factory=list)  # lines of rows that are none: totals, notes below the table


class Gate:
    """Judges the rows of one file by its profile; `batch` goes into every fact's address.

    `region` is the prefix of region codes that whoever sends the file may speak for; empty: every region.
    """

    def __init__(
        self,
        profile: Profile,
        layout: Layout,
        batch: int,
        delimiter: str = ",",
        region: str = "",
        own: int | None = None,
    ) -> None:
        self.profile, self.layout, self.batch, self.delimiter = profile, layout, batch, delimiter
        self.region = region
        self.width = len(layout.headings)
        self.own = (
            self.width if own is None else own
        )  # the sender's columns; what was put together stands right of them
        self.aside = aside_of(profile.aside, self.own)
        self.casts: dict[str, Cast] = {}
        for c in profile.feed.columns:
            if c.name in layout.at:
                self.casts[c.name] = cast_of(c, layout.at[c.name], self._mapping(c), profile)
        self.parts: list[tuple[str, Cast]] = []
        if profile.melt:
            # One empty amount among several is no fault; a line without any is (see _whole_row).
            amount = replace(profile.feed.by_name[profile.melt.amount], required=False)
            self.parts = [(code, cast_of(amount, at, None, profile)) for at, code in layout.melted.items()]
        self.fixed = {c.name: self._constant(c) for c in profile.feed.columns if c.name in profile.constants}
        if "currency" in profile.feed.by_name and "currency" not in self.casts:
            self.fixed.setdefault(
                "currency", pl.lit(profile.currency, among(profile.feed.by_name["currency"], [profile.currency]))
            )

    def _mapping(self, c: Column) -> Mapping[str, str] | None:
        """What senders write → our code: the codes themselves, their names in both languages, the profile's words."""
        own = self.profile.values.get(c.name, {})
        if c.values is None:
            return own or None
        known = LISTS[c.values]
        names = {name: code for code, text in known.items() for name in (text.en, text.zh, code)}
        return {**names, **own}

    def _constant(self, c: Column) -> pl.Expr:
        given = self.profile.constants[c.name]
        value = pl.select(pl.lit(given).alias(column(0))).lazy()
        cast = cast_of(c, 0, None, replace(self.profile, empty=()))
        parsed = value.select(cast.full).collect().item()
        if parsed is None:
            raise BadProfile(
                Text(f"固定值 {given!r} 不是有效的 {c.kind}。", f"The constant {given!r} is not a valid {c.kind}."),
                where=f"{self.profile.name}: constants: {c.name}", fix=Text("请改正。", "Correct it."),
            )  # fmt: skip
        return pl.lit(parsed, among(c, [str(parsed)]))

    def tune(self, sample: pl.DataFrame, *, tight: bool = False) -> None:
        """Let the quick judgement expect the date format that a sample of the file is mostly written in.

        `tight`: no value has outer spaces (see `Sheet`).
        """
        for cast in [*self.casts.values(), *(cast for _, cast in self.parts)]:
            cast.tune(sample)
            cast.tight = tight

    def quick(self, rows: pl.LazyFrame) -> tuple[pl.LazyFrame, pl.LazyFrame]:
        """The facts of the rows that are plainly right; and the other rows as they were sent."""
        values = rows.with_columns(
            *(cast.quick.alias(name) for name, cast in self.casts.items()),
            *(cast.quick.alias(_part(i)) for i, (_, cast) in enumerate(self.parts)),
        )
        checks = [check for name, cast in self.casts.items() for check in cast.checks(pl.col(name))]
        checks += [check for i, (_, cast) in enumerate(self.parts) for check in cast.checks(pl.col(_part(i)))]
        checks += [~wrong for wrong, *_ in self._whole_row()]
        if self.aside is not None:
            checks.append(~self.aside)
        right = reduce(and_, checks, pl.lit(True))
        sent = [pl.col(LINE), *(pl.col(column(i)) for i in range(self.width))]
        judged = values.with_columns(right.fill_null(False).alias("_right"))
        return self._facts(judged.filter(pl.col("_right"))), judged.filter(~pl.col("_right")).select(sent)

    def full(self, rows: pl.DataFrame, *, rejected: bool = False) -> Judged:
        """The facts and rejects of rows as sent. `rejected`: these are rejected anyway, name their faults too."""
        filled = rows.filter(~pl.all_horizontal(pl.col(column(i)).is_null() for i in range(self.own)))
        aside: list[int] = []
        if self.aside is not None:
            aside = filled.filter(self.aside)[LINE].to_list()
            filled = filled.filter(~self.aside)
        values = filled.with_columns(
            *(cast.full.alias(name) for name, cast in self.casts.items()),
            *(cast.full.alias(_part(i)) for i, (_, cast) in enumerate(self.parts)),
        ).with_columns(as_sent(self.own, self.delimiter).alias("_raw"))
        faults = []
        for name, cast in self.casts.items():
            faults.append((cast.column.name, cast.at, cast.reason(pl.col(name))))
        for i, (_, cast) in enumerate(self.parts):
            faults.append((cast.column.name, cast.at, cast.reason(pl.col(_part(i)))))
        found = [
            values.select(
                pl.col(LINE).alias("line"), pl.lit(self.layout.headings[at]).alias("column"),
                pl.col(column(at)).alias("value"), reason.alias("reason"), pl.col("_raw").alias("raw"),
            ).filter(pl.col("reason").is_not_null())
            for _, at, reason in faults
        ]  # fmt: skip
        bad = pl.concat([pl.DataFrame(schema=REJECTS), *found])
        sound = values.join(bad.select(pl.col("line").alias(LINE)).unique(), on=LINE, how="anti", maintain_order="left")
        for wrong, name, reason, at in self._whole_row():
            value = pl.col(column(at)) if at is not None else pl.lit(None, dtype=pl.String)
            more = sound.filter(wrong.fill_null(True)).select(
                pl.col(LINE).alias("line"), pl.lit(name).alias("column"), value.alias("value"),
                pl.lit(reason).alias("reason"), pl.col("_raw").alias("raw"),
            )  # fmt: skip
            bad = pl.concat([bad, more])
            sound = sound.filter(~wrong.fill_null(True))
        facts = sound.clear() if rejected else sound
        return Judged(self._facts(facts.lazy()).collect(), bad, rows.height - filled.height - len(aside), aside)

    def _whole_row(self) -> list[tuple[pl.Expr, str, str, int | None]]:
        """What is judged by several columns together: whether it is wrong, the column to name, reason, its place."""
        checks: list[tuple[pl.Expr, str, str, int | None]] = []
        melt, headings = self.profile.melt, self.layout.headings
        if melt:
            amounts = [pl.col(_part(i)) for i in range(len(self.parts))]
            nothing = reduce(and_, (a.is_null() for a in amounts))
            checks.append((nothing, melt.amount, "missing", None))
            if self.layout.total is not None:
                at = self.layout.total
                total = cast_of(self.profile.feed.by_name[melt.amount], at, None, self.profile).full
                added = pl.sum_horizontal(a.fill_null(Decimal(0)).cast(pl.Decimal(38, 2)) for a in amounts)
                differs = (added - total.cast(pl.Decimal(38, 2))).abs() > pl.lit(Decimal(melt.tolerance))
                checks.append((differs.fill_null(True), headings[at], "total_differs", at))
        known = [pl.col(k) for k in self.profile.key if k in self.casts]
        if known and len(known) == len(self.profile.key):
            names = ", ".join(headings[self.casts[k].at] for k in self.profile.key)
            checks.append((reduce(and_, (k.is_null() for k in known)), names, "key_missing", None))
        if self.region and REGION in self.casts:
            at = self.casts[REGION].at
            checks.append((~pl.col(REGION).str.starts_with(self.region), headings[at], "outside_scope", at))
        return checks

    def _facts(self, values: pl.LazyFrame) -> pl.LazyFrame:
        """Canonical columns, address and the (yet empty) address of the row superseded."""
        melt, year = self.profile.melt, self.profile.budget_year
        part: pl.Expr = pl.lit(0, dtype=pl.Int64)
        melted: dict[str, pl.Expr] = {}
        if melt:
            count = len(self.parts)
            values = values.with_columns(
                pl.concat_list([pl.col(_part(i)) for i in range(count)]).alias("_amount"),
                pl.lit([code for code, _ in self.parts], dtype=pl.List(pl.String)).alias("_code"),
                pl.lit(list(range(count)), dtype=pl.List(pl.Int64)).alias("_number"),
            ).explode("_amount", "_code", "_number").filter(pl.col("_amount").is_not_null())  # fmt: skip
            part = pl.col("_number")
            melted = {melt.amount: pl.col("_amount"), melt.into: pl.col("_code")}
        out: list[pl.Expr] = []
        for c in self.profile.feed.columns:
            kind = POLARS_TYPE[c.kind]
            if c.name in melted:
                value = melted[c.name]
            elif c.name in self.casts:
                value, kind = pl.col(c.name), self.casts[c.name].kind
            elif c.name in self.fixed:
                out.append(self.fixed[c.name].alias(c.name))
                continue
            elif c.name == "budget_year" and year:
                later = pl.col(year.column).dt.month() >= year.first_month
                named = 1 if year.named_after == "end" and year.first_month > 1 else 0
                value = pl.col(year.column).dt.year().cast(pl.Int64) - 1 + later.cast(pl.Int64) + named
            else:
                value, kind = pl.lit(None), among(c)
            out.append(value.cast(kind).alias(c.name))
        row = pl.lit(self.batch << BATCH_SHIFT, dtype=pl.Int64) + pl.col(LINE) * (1 << PART_BITS) + part
        return values.select(*out, row.alias(ROW), pl.lit(None, dtype=pl.Int64).alias(REPLACES))


def aside_of(words: tuple[str, ...], width: int) -> pl.Expr | None:
    """Whether the first value of a row begins with one of the words, spaces within it (合　计) left out; None: no words."""
    if not words:
        return None
    first = pl.coalesce([pl.col(column(i)).str.strip_chars().replace("", None) for i in range(width)])
    plain = first.str.normalize("NFKC").str.replace_all(r"\s+", "").fill_null("")
    said = ["".join(unicodedata.normalize("NFKC", word).split()) for word in words]
    return pl.any_horizontal(plain.str.starts_with(word) for word in said)


def _part(number: int) -> str:
    return f"_part{number}"


def empty_rejects() -> pl.DataFrame:
    """A frame of no rejects, typed."""
    return pl.DataFrame(schema=REJECTS)
