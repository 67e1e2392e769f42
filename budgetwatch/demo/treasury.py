"""What the treasury itself reports month by month: the payments of a place by function, and the year so far.

The payments are added up as they are written, so report and payments agree to the 分; what is planted is a slip on top.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

Row = dict[str, Any]
_BY = ["budget_year", "month", "adm_div_code", "book", "func_code"]


@dataclass(frozen=True, slots=True)
class Slip:
    """A wrong figure in the reports of one place: from `month` on in the year so far (`ytd`), or in that month alone."""

    year: int
    place: str
    month: int
    cents: int
    column: str  # ytd, amount


@dataclass(slots=True)
class Treasury:
    """The sums of what has been paid until now; small, however many payments went by."""

    parts: list[pl.DataFrame] = field(default_factory=list)

    def see(self, paid: pl.DataFrame) -> None:
        """Count these payments (`pay_date`, `adm_div_code`, `book`, `func_code`, `cents`) by the day they were made."""
        self.parts.append(
            paid.group_by(
                pl.col("pay_date").dt.year().cast(pl.Int64).alias("budget_year"),
                pl.col("pay_date").dt.month().cast(pl.Int64).alias("month"),
                "adm_div_code",
                "book",
                "func_code",
            ).agg(pl.col("cents").sum())
        )

    def paid(self) -> pl.DataFrame:
        """What was paid, by year, month, place, book and functional item, in 分."""
        return pl.concat(self.parts).group_by(_BY).agg(pl.col("cents").sum()).sort(_BY)

    def report(self, years: Sequence[int], slips: Sequence[Slip] = ()) -> pl.DataFrame:
        """The monthly report by functional class, `amount` and `ytd` in 分, for every month of the years."""
        sums = (
            self.paid()
            .filter(pl.col("budget_year").is_in(list(years)))
            .group_by("budget_year", "month", "adm_div_code", "book", pl.col("func_code").str.head(3))
            .agg(amount=pl.col("cents").sum())
        )
        whole = sums.select("budget_year", "adm_div_code", "book", "func_code").unique()
        months = pl.DataFrame({"month": list(range(1, 13))}, schema={"month": pl.Int64})
        rows = (
            whole.join(months, how="cross").join(sums, on=_BY, how="left").with_columns(pl.col("amount").fill_null(0)).sort(_BY)
        )  # fmt: skip
        for slip in (s for s in slips if s.column == "amount"):
            rows = _slipped(rows, slip, pl.col("month") == slip.month, "amount")
        rows = rows.with_columns(
            ytd=pl.col("amount").cum_sum().over("budget_year", "adm_div_code", "book", "func_code")
        )
        for slip in (s for s in slips if s.column == "ytd"):
            rows = _slipped(rows, slip, pl.col("month") >= slip.month, "ytd")
        return rows.select("budget_year", "month", "adm_div_code", "book", "func_code", "amount", "ytd")


def _slipped(rows: pl.DataFrame, slip: Slip, when: pl.Expr, column: str) -> pl.DataFrame:
    """The report with the slip in the place's largest functional class of the general budget."""
    mine = (pl.col("budget_year") == slip.year) & (pl.col("adm_div_code") == slip.place) & (pl.col("book") == "1")
    sums = rows.filter(mine).group_by("func_code").agg(pl.col("amount").sum()).sort("amount", "func_code")
    if not sums.height:
        return rows
    largest = sums["func_code"][-1]
    here = mine & when & (pl.col("func_code") == largest)
    return rows.with_columns(pl.when(here).then(pl.col(column) + slip.cents).otherwise(column).alias(column))
