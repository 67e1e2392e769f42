"""A rule as the house uses it: checked, with its thresholds typed and its sentences ready to be said."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, TypeVar

from budgetwatch.outliers import explain
from budgetwatch.records import ALL
from budgetwatch.records.codes import LISTS
from budgetwatch.rules import baselines
from budgetwatch.rules.model import BalanceSpec, DeadlineSpec, Example, Form, OutlierSpec, ParamSpec, RuleSpec, typed
from budgetwatch.rules.sql import Value
from budgetwatch.text import WRITTEN, Text

Question = str | DeadlineSpec | BalanceSpec | OutlierSpec
_MONEY = re.compile(r"-?\d+\.\d\d")
#: What every finding can say of itself, besides the rule's own figures and parameters.
COMMON_FIGURES = ("subject", "subject_name", "agency_name", "period", "amount", "n", "as_of")


@dataclass(frozen=True, slots=True)
class Law:
    """A law that rules cite, by its short name; `articles` are those in force since a day of their own."""

    name: Text
    title: Text
    since: dt.date
    until: dt.date | None = None
    articles: Mapping[str, dt.date] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Basis:
    """What a rule rests on: an article of a law, or a practice."""

    law: Text | None = None
    article: str = ""
    since: dt.date | None = None
    until: dt.date | None = None
    practice: Text | None = None

    @property
    def text(self) -> Text:
        """As it is cited."""
        if self.practice is not None:
            return self.practice
        law = self.law or Text("", "")
        return Text(f"《{law.zh}》第{self.article}条", f"{law.en}, art. {self.article}")


@dataclass(frozen=True, slots=True)
class Param:
    """A threshold in force: its value, and the bounds within which it may be set."""

    name: str
    label: Text
    type: str
    value: Value
    unit: str
    spec: ParamSpec

    @property
    def plain(self) -> Any:
        """The value as JSON keeps it: exact numbers as strings."""
        if isinstance(self.value, tuple):
            return list(self.value)
        if isinstance(self.value, int):
            return self.value
        return self.value.isoformat() if isinstance(self.value, dt.date) else str(self.value)


@dataclass(frozen=True)
class Rule:
    """A question whose answers are 疑点, with what people need to judge them.

    `needs` are the columns of `over` without which a row cannot be judged: those named, and those that
    the question groups by. `digest` covers what decides the answers; wording may change without it.
    """

    id: str
    name: Text
    severity: str
    why: Text
    law: tuple[Basis, ...]
    check: Mapping[str, list[str]]
    otherwise: Mapping[str, list[str]]
    over: str
    needs: tuple[str, ...]
    feeds: tuple[str, ...]
    params: Mapping[str, Param]
    message: Text
    form: Form
    spec: RuleSpec
    body: str
    path: Path
    line: int = 1

    @property
    def kind(self) -> Literal["rule", "outlier"]:
        """An outlier's flags are only ranked; nothing becomes a case until a person says so."""
        return "outlier" if self.form == "outlier" else "rule"

    @property
    def enabled(self) -> bool:
        """Whether ordinary runs ask it; one that is off is a template: checked like the others, asked when named."""
        return self.spec.enabled

    @property
    def question(self) -> Question:
        """What it asks, as written."""
        asked: Question = getattr(self.spec, self.form)
        return asked

    @property
    def sql(self) -> str:
        """The SQL of a `when` or a `select`."""
        return _as(str, self)

    @property
    def deadline(self) -> DeadlineSpec:
        return _as(DeadlineSpec, self)

    @property
    def balance(self) -> BalanceSpec:
        return _as(BalanceSpec, self)

    @property
    def outlier(self) -> OutlierSpec:
        return _as(OutlierSpec, self)

    @property
    def examples(self) -> tuple[Example, ...]:
        return tuple(self.spec.examples)

    @property
    def reads(self) -> tuple[str, ...]:
        """Every feed it reads, the one it looks at first."""
        return (self.over, *(feed for feed in self.feeds if feed != self.over))

    @property
    def relies_on(self) -> tuple[str, ...]:
        """The feeds without any facts of which it cannot judge; of the others (`optional`) there may be none."""
        return tuple(feed for feed in self.reads if feed not in self.spec.optional)

    @property
    def echo_of(self) -> Mapping[str, str]:
        """Rule -> what its flags have in common with this rule's findings where these are only their echo."""
        return {echo.rule: echo.same for echo in self.spec.echo_of}

    @property
    def baselines(self) -> tuple[str, ...]:
        """The progress tables that its SELECT reads."""
        return baselines.used(self.sql) if self.form == "select" else ()

    @property
    def uses_workdays(self) -> bool:
        if isinstance(self.question, DeadlineSpec):
            return self.question.clock == "working"
        return isinstance(self.question, str | BalanceSpec) and (
            "workday" in str(self.question) or bool(self.baselines)
        )

    @property
    def digest(self) -> str:
        """SHA-256 of what decides its answers: question, parameters, needs, severity."""
        question: Any = self.question
        if not isinstance(question, str):
            question = question.model_dump(mode="json", by_alias=True)
        matters = {
            "id": self.id, "severity": self.severity, "over": self.over, "needs": list(self.needs), "feeds": sorted(self.feeds),
            "params": {name: [p.type, p.plain] for name, p in self.params.items()}, "form": self.form, "question": question,
            "subject": self.spec.subject, "period": self.spec.period, "amount": self.spec.amount,
        }  # fmt: skip
        if self.spec.least:
            matters["least"] = self.spec.least.model_dump(exclude_none=True)
        if self.spec.optional:
            matters["optional"] = sorted(self.spec.optional)
        if self.spec.echo_of:
            matters["echo_of"] = sorted([echo.rule, echo.same] for echo in self.spec.echo_of)
        if self.spec.bands:
            matters["bands"] = [[band.severity, band.when] for band in self.spec.bands]
        return hashlib.sha256(json.dumps(matters, sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    def values(self, as_of: dt.date) -> dict[str, Value]:
        """What `$names` in its SQL stand for."""
        return {**{name: param.value for name, param in self.params.items()}, "as_of": as_of}

    def with_params(self, values: Mapping[str, Any]) -> Rule:
        """The same rule with other thresholds; a `ValueError` says which is out of bounds or unknown."""
        params = dict(self.params)
        for name, value in values.items():
            if name not in params:
                raise ValueError(f"no parameter {name}")
            try:
                params[name] = dataclasses.replace(params[name], value=typed(params[name].spec, value))
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
        return dataclasses.replace(self, params=params)

    def sentence(self, facts: Mapping[str, Any]) -> Text:
        """What was found, in both languages, from a flag's figures; a figure that is absent shows as —."""
        said = {}
        for language in WRITTEN:
            words = []
            for before, name, _, _ in string.Formatter().parse(self.message.of(language)):
                words.append(before)
                if name is not None:
                    words.append(self._figure(name, facts, language))
            said[language] = "".join(words)
        return Text(said["zh"], said["en"])

    def _figure(self, name: str, facts: Mapping[str, Any], language: str) -> str:
        if name == "explanation" and "parts" in facts:
            labels = {column.name: column.label for column in ALL[self.over].columns}
            return explain(facts["parts"], labels).of(language)
        value = facts.get(f"{name}_{language}", facts.get(name))
        if value is None and name in self.params:
            value = self.params[name].plain
        if isinstance(value, (list, tuple)):
            return ("、" if language == "zh" else ", ").join(map(str, value))
        told = str(value if value is not None else "")
        column = ALL[self.over].by_name.get(name)
        if column is not None and column.values is not None and told in LISTS[column.values]:
            return LISTS[column.values][told].of(language)
        if _MONEY.fullmatch(told):
            return f"{Decimal(told):,.2f}"
        return told or "—"


_Q = TypeVar("_Q", str, DeadlineSpec, BalanceSpec, OutlierSpec)


def _as(kind: type[_Q], rule: Rule) -> _Q:
    if not isinstance(rule.question, kind):
        raise TypeError(f"{rule.id} asks by {rule.form}")
    return rule.question


def placeholders(message: str) -> list[str]:
    """The names a message mentions; a `ValueError` says what it may not contain."""
    names = []
    for _, name, form, conversion in string.Formatter().parse(message):
        if name is None:
            continue
        if not re.fullmatch(r"[A-Za-z_][A-Za-z_0-9]*", name) or form or conversion:
            raise ValueError(f"{{{name}}} is not a plain name")
        names.append(name)
    return names
