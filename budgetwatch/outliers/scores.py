"""What a model hands back: ranked rows, each with the parts its explanation is written from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, Protocol

from budgetwatch.records.codes import ECONOMIC
from budgetwatch.text import Text

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Scored:
    """One row's place in the ranking: `rank` 1 is the rarest, `score` runs from 0 to 1.

    `parts` is plain JSON: `lead` names the part that ranked highest (`pair`, `value` or `amount`; `forest`
    where several features did it together; `label` where a text reads like another), and under each part stand
    the counts behind it. `explain` turns it into a sentence.
    """

    row: int
    score: float
    rank: int
    parts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scores:
    """`looked_at` rows were comparable; `too_few` says that this was below `min_rows`, so none was scored."""

    looked_at: int
    rows: list[Scored] = field(default_factory=list)
    too_few: bool = False

    @property
    def reason(self) -> Text | None:
        """Why nothing was scored; None when something was."""
        if not self.too_few:
            return None
        return Text(
            f"只有 {self.looked_at:,} 行可比，太少，不评分",
            f"only {self.looked_at:,} comparable rows: too few to score",
        )


class Model(Protocol):
    """What a rule may name: ranks the rows of a query, each with the parts its explanation is written from."""

    @staticmethod
    def score(
        connection: duckdb.DuckDBPyConnection,
        feed_sql: str,
        columns: Sequence[str],
        amount: str,
        *,
        min_rows: int = 500,
        keep: int = 200,
    ) -> Scores: ...


def explain(parts: Mapping[str, Any], labels: Mapping[str, Text] | None = None) -> Text:
    """Why a row stands out, as one sentence: which pair, which value, or how the amount compares.

    `labels` gives the columns' names as people read them; without it the column names stand.
    """
    names = labels or {}

    def named(column: str) -> Text:
        return names.get(column, Text("金额档", "amount band") if column == "amount_band" else Text(column, column))

    lead, n = parts["lead"], int(parts["n"])
    if lead == "pair":
        pair = parts["pair"]
        (a, b), (va, vb), (na, nb) = map(named, pair["columns"]), pair["values"], pair["counts"]
        once = pair["together"]
        return Text(
            f"{a.zh}「{va}」({na:,} 次) 与{b.zh}「{vb}」({nb:,} 次) 在 {n:,} 笔中只同时出现 {once:,} 次，"
            f"若互不相干预计约 {_figure(pair['expected'])} 次",
            f"{a.en} “{va}” ({na:,} rows) and {b.en} “{vb}” ({nb:,} rows) meet in only {once:,} of {n:,} rows, "
            f"where about {_figure(pair['expected'])} would be expected",
        )
    if lead == "forest":
        told = [_feature(feature, named(feature["column"])) for feature in parts["features"]]
        return Text(
            f"在 {n:,} 笔中，几处合起来最少见：{'；'.join(f.zh for f in told)}",
            f"rare among {n:,} rows by several things together: {'; '.join(f.en for f in told)}",
        )
    if lead == "label":
        label = parts["label"]
        column, words = named(label["column"]), label["words"]
        booked, other = _subject(label["booked"]), _subject(label["other"])
        return Text(
            f"用途中的{'、'.join(f'「{word}」' for word in words)}通常记在{column.zh} {other.zh}，这笔记在 {booked.zh}",
            f"a purpose with {', '.join(f'“{word}”' for word in words)} usually stands under {column.en} {other.en}, "
            f"this one stands under {booked.en}",
        )
    if lead == "value":
        value = parts["value"]
        column = named(value["column"])
        return Text(
            f"{column.zh}「{value['value']}」在 {n:,} 笔中只出现 {value['count']:,} 次",
            f"{column.en} “{value['value']}” occurs in only {value['count']:,} of {n:,} rows",
        )
    amount = parts["amount"]
    group = amount["group"]
    among = (
        Text(
            f"{named(group['column']).zh}「{group['value']}」的 {group['count']:,} 笔",
            f"the {group['count']:,} rows of {named(group['column']).en} “{group['value']}”",
        )
        if group
        else Text(f"全部 {n:,} 笔", f"all {n:,} rows")
    )
    paid, median = _money(amount["amount"]), _money(amount["median"])
    size, middle = abs(Decimal(amount["amount"])), abs(Decimal(amount["median"]))
    if middle and size >= middle:
        times = _figure(size / middle)
        return Text(
            f"金额 {paid} 是{among.zh}中位数 {median} 的 {times} 倍",
            f"the amount {paid} is {times} times {median}, the median of {among.en}",
        )
    return Text(
        f"金额 {paid}，而{among.zh}中位数为 {median}",
        f"the amount is {paid}, where the median of {among.en} is {median}",
    )


def _subject(code: str) -> Text:
    """A subject's code with its name, where it has one of the national table."""
    name = ECONOMIC.get(code)
    return Text(f"{code} {name.zh}", f"{code} {name.en}") if name else Text(code, code)


def _feature(feature: Mapping[str, Any], column: Text) -> Text:
    """One thing that sets a row apart: how often its value occurs, or its amount beside the median."""
    if "amount" in feature:
        paid, median = _money(feature["amount"]), _money(feature["median"])
        return Text(f"{column.zh} {paid}（中位数 {median}）", f"{column.en} {paid} (median {median})")
    value, count = feature["value"], int(feature["count"])
    return Text(f"{column.zh}「{value}」（{count:,} 笔）", f"{column.en} “{value}” ({count:,} rows)")


def _money(value: str) -> str:
    return f"{Decimal(value).quantize(Decimal('0.01'), ROUND_HALF_UP):,}"


def _figure(value: Any) -> str:
    """A count or ratio with as many digits as it deserves: 3.2, 47, 1,200."""
    number = Decimal(str(value))
    return f"{number:,.0f}" if number >= 10 else f"{number:,.1f}"
