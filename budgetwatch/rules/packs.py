"""Jurisdiction packs: what a place sets differently, who acts there and by when, inherited from the place above.

A pack is a YAML file with one key, `pack`: a place (a GB/T 2260 prefix; empty: the country), its settings of rules'
parameters, and the actors and deadlines of its procedure, each by level and with the days between which it holds.
The shipped packs lie under `rules/packs/`, a deployment's own under `packs/` in its home; where both speak of the same
place, the deployment's own has the last word. A parameter that its rule marks `tighten` may only be set tighter than
what is inherited.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from budgetwatch.errors import BadRule
from budgetwatch.rules import yamltext
from budgetwatch.rules.model import Both, Name, NotEmpty, _Strict, typed
from budgetwatch.rules.places import LEVELS, level_of, trimmed, within
from budgetwatch.rules.refusal import Refusal, Said, nearest
from budgetwatch.rules.rule import Rule
from budgetwatch.rules.wording import told
from budgetwatch.text import Text

Level = Literal["province", "city", "district", "town", "street"]
Place = Annotated[str, Field(pattern=r"^([0-9]{2}){0,3}([0-9]{3})?$")]


class Cited(_Strict):
    """An article of the place's own law, and what it says in our words."""

    law: NotEmpty
    article: NotEmpty
    says: Both


class _Dated(_Strict):
    level: list[Level] | None = None
    since: dt.date | None = None
    until: dt.date | None = None
    basis: Cited | None = None

    @model_validator(mode="after")
    def _in_order(self) -> _Dated:
        if self.since and self.until and self.until < self.since:
            raise Said(
                f"until {self.until} 早于 since {self.since}", f"until, {self.until}, lies before since, {self.since}"
            )
        return self


class Setting(_Dated):
    """Other values of one rule's parameters."""

    rule: NotEmpty
    params: Annotated[dict[Name, Any], Field(min_length=1)]


class Actor(_Dated):
    """Who does a step of the procedure there, e.g. the first review of a draft."""

    task: Name
    who: Both


class Deadline(_Dated):
    """By when a step is due there, counted from another step."""

    task: Name
    name: Both
    days: Annotated[int, Field(ge=0, le=3660)]
    clock: Literal["calendar", "working"] = "calendar"
    direction: Literal["before", "after"] = "after"
    of: Name


class PackSpec(_Strict):
    """One pack as written."""

    place: Place
    name: Both
    notice: Both | None = None
    settings: list[Setting] = Field(default_factory=list)
    actors: list[Actor] = Field(default_factory=list)
    deadlines: list[Deadline] = Field(default_factory=list)


class PackFile(_Strict):
    pack: PackSpec


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack and the file it stands in."""

    spec: PackSpec
    path: Path

    @property
    def place(self) -> str:
        return trimmed(self.spec.place)

    @property
    def name(self) -> Text:
        return Text(self.spec.name.zh, self.spec.name.en)


@dataclass(frozen=True, slots=True)
class InForce:
    """A parameter's value at a place on a day, and whence it comes (`pack` None: the rule itself)."""

    name: str
    value: Any
    pack: Pack | None = None
    basis: Cited | None = None


class Packs:
    """The packs of a deployment, from the country down; of one place the shipped before the deployment's own."""

    def __init__(self, packs: Iterable[Pack] = ()) -> None:
        self.all = tuple(sorted(packs, key=lambda pack: len(pack.place)))
        self._by_rule: dict[str, list[tuple[Pack, Setting]]] = {}
        for pack in self.all:
            # What names its levels is more particular than what does not.
            for setting in sorted(
                pack.spec.settings, key=lambda one: (one.level is not None, one.since or dt.date.min)
            ):
                self._by_rule.setdefault(setting.rule, []).append((pack, setting))

    @classmethod
    def load(cls, folders: Sequence[Path], rules: Mapping[str, Rule], forgiving: Sequence[Path] = ()) -> Packs:
        """Every pack of the folders, in their order; the first `BadRule` is raised.

        In `forgiving` folders a rule that is not there is passed over: a deployment need not have all that ship.
        """
        packs, problems = read_packs(folders, rules, forgiving)
        if problems:
            raise problems[0]
        return packs

    def of(self, rule_id: str) -> bool:
        """Whether any pack sets anything of the rule."""
        return rule_id in self._by_rule

    def values(self, rule: Rule, region: str, on: dt.date) -> dict[str, InForce]:
        """Each parameter's value in force there that day: the rule's own, or of the nearest place that sets it."""
        found = {name: InForce(name, param.value) for name, param in rule.params.items()}
        for pack, setting in self._by_rule.get(rule.id, ()):
            if within(region, pack.place) and holds(setting, region, on):
                for name, value in setting.params.items():
                    if name in rule.params:  # an edition of the rule may have dropped it
                        found[name] = InForce(name, typed(rule.params[name].spec, value), pack, setting.basis)
        return found

    def at(self, rule: Rule, region: str, on: dt.date) -> Rule:
        """The rule with the values in force there."""
        if not self.of(rule.id):
            return rule
        return rule.with_params({name: one.value for name, one in self.values(rule, region, on).items() if one.pack})

    def actors(self, region: str, on: dt.date) -> dict[str, tuple[Actor, Pack]]:
        """Who does each step there that day."""
        return {one.task: (one, pack) for pack, one in self._procedure("actors", region, on)}

    def deadlines(self, region: str, on: dt.date) -> dict[str, tuple[Deadline, Pack]]:
        """By when each step is due there that day."""
        return {one.task: (one, pack) for pack, one in self._procedure("deadlines", region, on)}

    def _procedure(self, what: str, region: str, on: dt.date) -> Iterator[tuple[Pack, Any]]:
        for pack in self.all:
            if within(region, pack.place):
                entries = sorted(
                    getattr(pack.spec, what), key=lambda one: (one.level is not None, one.since or dt.date.min)
                )
                yield from ((pack, one) for one in entries if holds(one, region, on))


def holds(one: _Dated, region: str, on: dt.date) -> bool:
    """Whether an entry holds that day for a place of that level (whether the pack reaches it is asked before)."""
    if one.level is not None and level_of(region) not in one.level:
        return False
    return (one.since is None or one.since <= on) and (one.until is None or on <= one.until)


def read_packs(
    folders: Sequence[Path], rules: Mapping[str, Rule], forgiving: Sequence[Path] = ()
) -> tuple[Packs, list[BadRule]]:
    """The packs that are sound, and everything that is wrong with the others."""
    read: list[tuple[Pack, yamltext.Document]] = []
    problems: list[BadRule] = []
    for folder in folders:
        for path in sorted(folder.glob("*.yml")) if folder.is_dir() else ():
            try:
                document = yamltext.read(path)
                spec = PackFile.model_validate(document.value).pack
            except BadRule as error:
                problems.append(error)
            except ValidationError as error:
                where, what, fix = told(error, PackFile, document.value)
                problems.append(_placed(Refusal(what, fix, where), document))
            else:
                read.append((Pack(spec, path), document))
    sound: list[Pack] = []
    for pack, document in sorted(read, key=lambda pair: len(pair[0].place)):
        try:
            for at, setting in enumerate(pack.spec.settings):
                if setting.rule not in rules and pack.path.parent in forgiving:
                    continue
                _fits(setting, pack, rules, Packs(sound), ("pack", "settings", at))
        except Refusal as refusal:
            problems.append(_placed(refusal, document))
        else:
            sound.append(pack)
    return Packs(sound), problems


def _placed(refusal: Refusal, document: yamltext.Document) -> BadRule:
    line = document.line(refusal.at)
    return BadRule(refusal.what, where=f"packs/{document.name}:{line}", fix=refusal.fix, file=document.name, line=line)


def _fits(setting: Setting, pack: Pack, rules: Mapping[str, Rule], above: Packs, at: tuple[str | int, ...]) -> None:
    """Refuse values of what is no parameter, out of its bounds, or looser than what is inherited where only tighter is allowed."""
    if setting.rule not in rules:
        raise Refusal(
            Text(f"没有规则 {setting.rule}。", f"there is no rule {setting.rule}."),
            nearest(setting.rule, rules),
            (*at, "rule"),
        )
    rule = rules[setting.rule]
    for name, value in setting.params.items():
        place = (*at, "params", name)
        if name not in rule.params:
            raise Refusal(
                Text(f"{rule.id} 没有参数 {name}。", f"{rule.id} has no parameter {name}."),
                nearest(name, rule.params),
                place,
            )
        spec = rule.params[name].spec
        try:
            mine = typed(spec, value)
        except Said as said:
            raise Refusal(
                Text(f"{rule.id} 的 {name}：{said.text.zh}。", f"{name} of {rule.id}: {said.text.en}."),
                Text("请改正。", "Correct it."), place,
            ) from None  # fmt: skip
        for level in setting.level or LEVELS if spec.tighten else ():
            for on in {setting.since or dt.date.min, dt.date.max if setting.until is None else setting.until}:
                inherited = above.values(rule, _example(pack.place, level), on)[name].value
                if mine > inherited if spec.tighten == "lower" else mine < inherited:
                    raise Refusal(
                        Text(f"{rule.id} 的 {name} 是法定的，只能从严：上级为 {inherited}，这里写 {value}。",
                             f"{name} of {rule.id} is statutory and may only be set tighter: {inherited} is inherited, this is {value}."),
                        Text(f"请写不{'高' if spec.tighten == 'lower' else '低'}于 {inherited} 的值。",
                             f"Write a value not {'above' if spec.tighten == 'lower' else 'below'} {inherited}."),
                        place,
                    )  # fmt: skip


def _example(place: str, level: str) -> str:
    """A code of that level within the place, for asking what would be inherited there."""
    length = {"province": 2, "city": 4, "district": 6}.get(level, 9)
    if len(place) >= length:
        return place
    tail = {"street": "001", "town": "101"}.get(level, "")
    return (place + "0101"[max(0, len(place) - 2) :] if len(place) >= 2 else "990101")[: length - len(tail)] + tail
