"""The shape of a rule file: every key, its type and its bounds; nothing unknown is let through.

These are values as written. `book` turns them into `Rule`s once the words in them (columns, laws,
parameters, SQL) have been checked as well.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from budgetwatch.rules.refusal import Refusal, Said
from budgetwatch.text import Text

Severity = Literal["red", "orange", "yellow", "blue"]
ParamType = Literal["integer", "money", "ratio", "words", "code", "date"]
#: The forms that a question may take.
Form = Literal["when", "select", "deadline", "balance", "outlier"]
FORMS: tuple[Form, ...] = ("when", "select", "deadline", "balance", "outlier")
RuleId = Annotated[str, Field(pattern=r"^[A-Z]{2,4}-[0-9]{2,3}[a-z]?$")]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
ParamName = Annotated[str, Field(pattern=r"^\$[a-z][a-z0-9_]{0,39}$")]
NotEmpty = Annotated[str, Field(min_length=1, max_length=2000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, arbitrary_types_allowed=True)


class Both(_Strict):
    """The same words in 中文 and English."""

    zh: NotEmpty
    en: NotEmpty


class BothLists(_Strict):
    """The same list in 中文 and English, one entry a step."""

    zh: Annotated[list[NotEmpty], Field(min_length=1)]
    en: Annotated[list[NotEmpty], Field(min_length=1)]

    @model_validator(mode="after")
    def _same_length(self) -> BothLists:
        if len(self.zh) != len(self.en):
            raise Said(
                f"zh 有 {len(self.zh)} 条，en 有 {len(self.en)} 条",
                f"zh has {len(self.zh)} entries and en has {len(self.en)}",
            )
        return self


class LawRef(_Strict):
    """What a rule rests on: an article of a law in laws.yml, or a practice said in words."""

    law: NotEmpty | None = None
    article: NotEmpty | None = None
    since: dt.date | None = None
    until: dt.date | None = None
    practice: Both | None = None

    @model_validator(mode="after")
    def _one_basis(self) -> LawRef:
        if (self.law is None) == (self.practice is None):
            raise Said("请写法律及条款，或写 practice，二者取一", "give either a law with its article, or a practice")
        if self.law is not None and self.article is None:
            raise Said("引用法律须写条款 article", "a law needs its article")
        if self.practice is not None and (self.article or self.since or self.until):
            raise Said("practice 没有条款和日期", "a practice has no article")
        return self


class ParamSpec(_Strict):
    """One threshold: its type, value, bounds, unit and name; `tighten` marks a statutory one that places may only tighten."""

    type: ParamType
    value: Any
    min: Any = None
    max: Any = None
    unit: NotEmpty | None = None
    tighten: Literal["lower", "higher"] | None = None
    name: Both

    @model_validator(mode="after")
    def _tightens_a_number(self) -> ParamSpec:
        if self.tighten is not None and self.type not in ("integer", "money", "ratio"):
            raise Said(
                f"{self.type} 类型的参数没有严宽之分", f"a parameter of type {self.type} is neither tighter nor looser"
            )
        return self


class Side(_Strict):
    """One side of a deadline: which facts, on which day; of several days the `first` or the `last` counts."""

    from_: Name = Field(alias="from")
    when: NotEmpty | None = None
    day: Name
    pick: Literal["first", "last"] = "first"


class Expected(_Strict):
    """Who must have an end: one row of this feed for each `each`, within the same `join` columns it has."""

    from_: Name = Field(alias="from")
    when: NotEmpty | None = None


class JoinPair(_Strict):
    """Two columns of different names that must agree."""

    start: Name
    end: Name


class DeadlineSpec(_Strict):
    """An end that must come within `days` after a start, or lie at least `days` before it."""

    start: Side
    end: Side
    join: Annotated[list[Name | JoinPair], Field(min_length=1)]
    each: list[Name] = []
    expected: Expected | None = None
    days: str | int
    clock: Literal["calendar", "working"] = "calendar"
    direction: Literal["after", "before"] = "after"
    missing: Literal["flag", "ignore"] = "flag"


class SumSide(_Strict):
    """One side of a balance: which facts, which of them, and what is summed (a column, or an expression of columns)."""

    from_: Name = Field(alias="from")
    when: NotEmpty | None = None
    sum: NotEmpty


class ByPair(_Strict):
    """The same thing said in the words of each side, and the name by which it goes."""

    left: NotEmpty
    right: NotEmpty
    as_: Name = Field(alias="as")


class BalanceSpec(_Strict):
    """Two sums, each by the same things, that may differ by `tolerance` at most.

    `subject` and `period` name which of `by` make the flag's subject and period. `missing` says what a group is that
    only one side knows.
    """

    left: SumSide
    right: SumSide
    by: Annotated[list[Name | ByPair], Field(min_length=1)]
    subject: Annotated[list[Name], Field(min_length=1)]
    period: Name | list[Name] = []
    tolerance: NotEmpty = "0"
    missing: Literal["flag", "cannot", "ignore"] = "cannot"

    @property
    def periods(self) -> list[str]:
        return [self.period] if isinstance(self.period, str) else list(self.period)


class Band(_Strict):
    """A severity, and how far a finding must go for it."""

    severity: Severity
    when: NotEmpty


class OutlierSpec(_Strict):
    """A model's ranking of single rows; it never accuses."""

    model: Name
    columns: Annotated[list[Name], Field(min_length=1)]
    amount: Name = "amount"
    min_rows: Annotated[int, Field(ge=2)] = 500
    keep: Annotated[int, Field(ge=1, le=10_000)] = 200


class LeastSpec(_Strict):
    """What a condition's hits of one subject and period must come to before they are a finding: `amount` in all, `rows` of them,
    or both; each names a parameter."""

    amount: ParamName | None = None
    rows: ParamName | None = None

    @model_validator(mode="after")
    def _one_at_least(self) -> LeastSpec:
        if self.amount is None and self.rows is None:
            raise Said(
                "least 须写 amount（合计）、rows（笔数）或两者", "least says an amount, a number of rows, or both"
            )
        return self


#: A row of an example may stand for so many (`_times`).
MOST_TIMES = 5_000


class Example(_Strict):
    """A few facts and what the rule must say of them. A feed named in `given`, even with no rows, has facts."""

    name: Both
    given: dict[str, list[dict[str, Any]]]
    as_of: dt.date
    params: dict[str, Any] = {}
    expect: Literal["flags", "clear", "cannot"]


class EchoSpec(_Strict):
    """Whose flags say already what this rule would find: another rule's, of the same subject, unit or rows, and period."""

    rule: RuleId
    same: Literal["subject", "unit", "rows"]


class RuleSpec(_Strict):
    """One rule as written."""

    id: RuleId
    name: Both
    severity: Severity
    enabled: bool = True
    why: Both
    law: Annotated[list[LawRef], Field(min_length=1)]
    check: BothLists
    otherwise: BothLists
    over: Name
    needs: list[Name]
    feeds: list[Name] = []
    optional: list[Name] = []
    params: dict[Name, ParamSpec] = {}
    when: NotEmpty | None = None
    subject: list[Name] | None = None
    period: Literal["day", "month", "year"] | None = None
    amount: Name | None = None
    least: LeastSpec | None = None
    select: Annotated[str, Field(min_length=1, max_length=20_000)] | None = None
    deadline: DeadlineSpec | None = None
    balance: BalanceSpec | None = None
    outlier: OutlierSpec | None = None
    bands: Annotated[list[Band], Field(min_length=1, max_length=8)] | None = None
    echo_of: Annotated[list[EchoSpec], Field(max_length=8)] = []
    message: Both
    examples: Annotated[list[Example], Field(min_length=3)]

    @field_validator("examples")
    @classmethod
    def _one_of_each(cls, examples: list[Example]) -> list[Example]:
        missing = [kind for kind in ("flags", "clear", "cannot") if kind not in {e.expect for e in examples}]
        if missing:
            raise Said(
                "缺少预期为下列结果的例子：" + "、".join(missing), "no example that expects " + ", ".join(missing)
            )
        return examples

    @model_validator(mode="after")
    def _optional_is_read(self) -> RuleSpec:
        for feed in self.optional:
            if feed not in self.feeds or feed == self.over:
                raise Said(
                    f"optional 中的 {feed} 应是 feeds 之一，且不是 over",
                    f"{feed} under optional must be one of feeds, and not what is looked at",
                )
        return self

    @model_validator(mode="after")
    def _echoes_another(self) -> RuleSpec:
        if self.id in {echo.rule for echo in self.echo_of}:
            raise Said("echo_of 不能写规则自己", "a rule is no echo of itself")
        return self

    @model_validator(mode="after")
    def _one_question(self) -> RuleSpec:
        asked = [form for form in FORMS if getattr(self, form) is not None]
        if len(asked) != 1:
            told = " and ".join(asked) if asked else "no question"
            raise Said(
                f"{'、'.join(FORMS)} 必须恰好写一个，这里是：{told}",
                f"exactly one of {', '.join(FORMS)} is asked, here {told}",
            )
        if self.when is not None:
            if not self.subject:
                raise Said("when 须写明 subject（归集到谁）", "a `when` names its subject columns")
            if self.period is None:
                raise Said("when 须写明 period（day、month 或 year）", "a `when` names its period (day, month or year)")
        elif self.subject is not None or self.period is not None or self.amount is not None or self.least is not None:
            raise Said(
                "subject、period、amount、least 只能与 when 同用（balance 的写在 balance 里）",
                "subject, period, amount and least go with `when` only (those of a balance stand inside it)",
            )
        if self.outlier is not None and self.bands is not None:
            raise Said("outlier 只排序，不能写 bands", "an outlier only ranks: it has no bands")
        return self


class ArticleSpec(_Strict):
    """An article that came into force on a day of its own, by an amendment."""

    article: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,3}(之[1-9][0-9]?)?$")]
    since: dt.date


class LawSpec(_Strict):
    """One law that rules may cite: its short name as cited, and since when it is in force."""

    name: Both
    title: Both | None = None
    since: dt.date
    until: dt.date | None = None
    articles: list[ArticleSpec] = []

    @model_validator(mode="after")
    def _each_article_once(self) -> LawSpec:
        named = [one.article for one in self.articles]
        for article in named:
            if named.count(article) > 1:
                raise Said(f"第 {article} 条列了两次", f"article {article} is listed twice")
        return self


class LawBook(_Strict):
    laws: list[LawSpec]


def typed(spec: ParamSpec, value: Any) -> Any:
    """The value as the parameter's type has it; a `ValueError` says what is wrong with it."""
    result = _cast(spec.type, value)
    if spec.type in ("integer", "money", "ratio", "date"):
        if spec.min is not None and result < _cast(spec.type, spec.min):
            raise Said(f"{result} 低于下限 {spec.min}", f"{result} is below the least, {spec.min}")
        if spec.max is not None and result > _cast(spec.type, spec.max):
            raise Said(f"{result} 高于上限 {spec.max}", f"{result} is above the most, {spec.max}")
    elif spec.min is not None or spec.max is not None:
        raise Said(f"{spec.type} 类型的参数没有上下限", f"a parameter of type {spec.type} has no min or max")
    return result


def _cast(kind: ParamType, value: Any) -> Any:
    if kind == "integer":
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    elif kind in ("money", "ratio"):
        if isinstance(value, (str, int, Decimal)) and not isinstance(value, bool):
            try:
                number = Decimal(value)
            except ArithmeticError:
                number = Decimal("NaN")
            if number.is_finite() and -number.as_tuple().exponent <= (2 if kind == "money" else 6):  # type: ignore[operator]
                return number.quantize(Decimal("0.01") if kind == "money" else Decimal("0.000001"))
    elif kind == "words":
        if isinstance(value, list) and value and all(isinstance(word, str) and word for word in value):
            return tuple(value)
    elif kind == "code":
        if isinstance(value, str) and value:
            return value
    elif isinstance(value, dt.date):
        return value
    elif isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        return dt.date.fromisoformat(value)
    zh, en = {
        "integer": ("整数", "a whole number"),
        "money": ("最多两位小数的金额", "an amount with at most two places"),
        "ratio": ("最多六位小数的数", "a number with at most six places"),
        "words": ("词语列表", "a list of words"),
        "code": ("加引号的文字", "text in quotes"),
        "date": ("形如 2025-01-31 的日期", "a day like 2025-01-31"),
    }[kind]
    raise Said(f"{value} 不是{zh}", f"{value!r} is not {en}")


def typed_params(spec: RuleSpec) -> Iterator[tuple[str, ParamSpec, Any]]:
    """Each parameter with its value as its type has it."""
    for name, param in spec.params.items():
        if name == "as_of":
            raise Refusal(
                Text("as_of 由运行给出，不能作参数名。", "as_of is given by the run and cannot be a parameter."),
                Text("请换个名字。", "Use another name."),
                ("params", name),
            )
        try:
            yield name, param, typed(param, param.value)
        except Said as said:
            raise Refusal(
                Text(f"参数 {name}：{said.text.zh}。", f"the parameter {name}: {said.text.en}."),
                Text("请改正 value、min 或 max。", "Correct its value, min or max."),
                ("params", name),
            ) from None
