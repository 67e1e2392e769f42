"""The rules of a folder, each checked before it may run: its shape, its words, its SQL, its examples.

Every `*.yml` but `laws.yml` holds a list under `rules:`. What is wrong is said with file, line and rule;
nothing that is not understood is let through. A file found sound is read once in a process; whether its words hold
is proved once for its content (see `memory`).
"""

from __future__ import annotations

import copy
import dataclasses
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from budgetwatch.errors import BadRule, NotFound
from budgetwatch.rules import yamltext
from budgetwatch.rules.memory import Verdicts, digest_of
from budgetwatch.rules.model import FORMS, LawBook, RuleSpec, typed_params
from budgetwatch.rules.refusal import Refusal, nearest
from budgetwatch.rules.rule import Basis, Law, Param, Rule
from budgetwatch.rules.statute import cited
from budgetwatch.rules.wording import told
from budgetwatch.text import Text

_BINDING = threading.RLock()
#: The sound files this process has read, by place and by all that their verdict rests on.
_READ: OrderedDict[tuple[str, str], list[Rule]] = OrderedDict()
_MOST_READ = 128


class RuleBook(Mapping[str, Rule]):
    """The rules by id, in the order of their files; `laws` are what they may cite.

    `order` names them all, `active` those that an ordinary run asks.
    """

    def __init__(self, rules: Mapping[str, Rule], laws: Mapping[str, Law]) -> None:
        self._rules = dict(rules)
        self.laws = MappingProxyType(dict(laws))
        self.order = tuple(self._rules)
        self.active = tuple(rule.id for rule in self._rules.values() if rule.enabled)

    @classmethod
    def load(cls, folder: Path, verdicts: Verdicts | None = None) -> RuleBook:
        """The folder's rules; the first `BadRule` is raised, with how many there are besides."""
        book, problems = read_folder(Path(folder), verdicts)
        if problems:
            problems[0].facts.update({"problems": len(problems)} if len(problems) > 1 else {})
            raise problems[0]
        return book

    def overlaid(self, rules: Mapping[str, Rule]) -> RuleBook:
        """The same book with those rules in place of its own, new ones after the last."""
        made = copy.copy(self)
        made._rules = {**self._rules, **rules}
        made.order = tuple(made._rules)
        made.active = tuple(rule.id for rule in made._rules.values() if rule.enabled)
        return made

    def __getitem__(self, rule_id: str) -> Rule:
        try:
            return self._rules[rule_id]
        except KeyError:
            raise UnknownRule(rule_id, self._rules) from None

    def __contains__(self, rule_id: object) -> bool:
        return rule_id in self._rules

    def __iter__(self) -> Iterator[str]:
        return iter(self._rules)

    def __len__(self) -> int:
        return len(self._rules)


class UnknownRule(NotFound, KeyError):
    """There is no such rule; the sentence names the nearest."""

    def __init__(self, rule_id: str, known: Mapping[str, Rule]) -> None:
        super().__init__(Text(f"没有规则 {rule_id}。", f"there is no rule {rule_id}."), fix=nearest(rule_id, known))


def read_folder(folder: Path, verdicts: Verdicts | None = None) -> tuple[RuleBook, list[BadRule]]:
    """The rules that are sound, and everything that is wrong with the others."""
    problems: list[BadRule] = []
    laws: dict[str, Law] = {}
    rules: dict[str, Rule] = {}
    if not folder.is_dir():
        missing = Text("规则文件夹不存在。", "there is no such folder of rules.")
        fix = Text("请检查 BUDGETWATCH_RULES。", "Check BUDGETWATCH_RULES.")
        return RuleBook({}, {}), [BadRule(missing, where=str(folder), fix=fix)]
    cited = b""
    if (folder / "laws.yml").is_file():
        try:
            cited = yamltext.content(folder / "laws.yml")
            laws = read_laws(yamltext.parse(yamltext.decoded(cited, "laws.yml"), "laws.yml"))
        except BadRule as error:
            problems.append(error)
    for path in sorted([*folder.glob("*.yml"), *folder.glob("*.yaml")]):
        if path.name == "laws.yml":
            continue
        found, wrong = _read_file(path, laws, cited, verdicts)
        problems += wrong
        for rule in found:
            if rule.id in rules:
                problems.append(_twice(rule, rules[rule.id]))
            else:
                rules[rule.id] = rule
    problems += _echoes(rules, problems)
    if verdicts is not None:
        verdicts.save()
    return RuleBook(rules, laws), problems


def _echoes(rules: Mapping[str, Rule], problems: Sequence[BadRule]) -> Iterator[BadRule]:
    """Rules that say they echo one that is not there (nor refused itself), or one that is an echo too."""
    refused = {problem.facts.get("rule") for problem in problems}
    for rule in rules.values():
        for parent in rule.echo_of:
            if parent in rules and rules[parent].echo_of:
                what = Text(
                    f"echo_of 所写的 {parent} 自己也有 echo_of。", f"{parent}, which it echoes, is an echo itself."
                )
                fix = Text("请直接写最初的那条规则。", "Name the rule that comes first of all.")
            elif parent not in rules and parent not in refused:
                what = Text(f"echo_of 所写的规则 {parent} 不存在。", f"there is no rule {parent} for it to echo.")
                fix = nearest(parent, rules)
            else:
                continue
            where = f"{rule.path.name}:{rule.line} {rule.id}"
            yield BadRule(what, where=where, fix=fix, file=rule.path.name, line=rule.line, rule=rule.id)


def _read_file(
    path: Path, laws: Mapping[str, Law], cited: bytes, verdicts: Verdicts | None
) -> tuple[list[Rule], list[BadRule]]:
    """The sound rules of one file and what is wrong with the others, in the file's order."""
    try:
        content = yamltext.content(path)
        digest = digest_of(cited, content)
        with _BINDING:
            if digest and (read := _READ.get((str(path), digest))) is not None:
                _READ.move_to_end((str(path), digest))
                return read, []
        document = yamltext.parse(yamltext.decoded(content, path.name), path.name)
        entries = _entries(document)
    except BadRule as error:
        return [], [error]
    found = verdicts.needs(digest) if verdicts is not None else None
    known: Sequence[tuple[str, ...] | None] = found if found is not None and len(found) == entries else [None] * entries
    rules: list[Rule] = []
    problems: list[BadRule] = []
    for at, needs in enumerate(known):
        try:
            rules.append(_read_rule(document, at, laws, path, needs))
        except Refusal as refusal:
            problems.append(_placed(refusal, document, at))
        except BadRule as error:
            problems.append(error)
    if digest and not problems:
        if verdicts is not None:
            verdicts.keep(digest, tuple(rule.needs for rule in rules))
        with _BINDING:
            _READ[str(path), digest] = rules
            while len(_READ) > _MOST_READ:
                _READ.popitem(last=False)
    return rules, problems


def _twice(rule: Rule, first: Rule) -> BadRule:
    return BadRule(
        Text(f"编号 {rule.id} 重复。", f"the id {rule.id} is used twice."),
        where=f"{rule.path.name}:{rule.line} {rule.id}",
        fix=Text(f"另一条在 {first.path.name}:{first.line}。", f"The other one is in {first.path.name}:{first.line}."),
        file=rule.path.name,
        line=rule.line,
        rule=rule.id,
    )


@lru_cache(maxsize=256)
def from_body(body: str, name: str = "rule") -> Rule:
    """A rule from its own text, as a run kept it; the laws it cites are taken as given. The same text is proved once."""
    document = yamltext.parse(
        "rules:\n" + "\n".join(f"{'- ' if n == 0 else '  '}{line}" for n, line in enumerate(body.splitlines())), name
    )
    try:
        return _read_rule(document, 0, None, Path(name))
    except Refusal as refusal:
        raise _placed(refusal, document, 0) from None


def from_text(text: str, name: str = "rules.yml", laws: Mapping[str, Law] | None = None) -> list[Rule]:
    """The rules of one file's text; raises the first `BadRule`. Without `laws` any law may be cited."""
    document = yamltext.parse(text, name)
    rules = []
    for at in range(_entries(document)):
        try:
            rules.append(_read_rule(document, at, laws, Path(name)))
        except Refusal as refusal:
            raise _placed(refusal, document, at) from None
    return rules


def read_laws(document: yamltext.Document) -> dict[str, Law]:
    """The laws that rules may cite, by short Chinese name."""
    try:
        book = LawBook.model_validate(document.value)
    except ValidationError as error:
        path, what, fix = told(error, LawBook, document.value)
        raise BadRule(what, where=f"{document.name}:{document.line(path)}", fix=fix) from None
    laws: dict[str, Law] = {}
    for at, spec in enumerate(book.laws):
        if spec.name.zh in laws:
            raise BadRule(
                Text(f"法律 {spec.name.zh} 列了两次。", f"the law {spec.name.zh} is listed twice."),
                where=f"{document.name}:{document.line(('laws', at))}",
                fix=Text("请只保留一条。", "Keep one."),
            )
        name = Text(spec.name.zh, spec.name.en)
        laws[name.zh] = Law(
            name,
            Text(spec.title.zh, spec.title.en) if spec.title else name,
            spec.since,
            spec.until,
            {one.article: one.since for one in spec.articles},
        )
    return laws


def _entries(document: yamltext.Document) -> int:
    value = document.value
    if isinstance(value, dict) and set(value) == {"rules"} and isinstance(value["rules"], list):
        return len(value["rules"])
    raise BadRule(
        Text(
            "规则文件应只有一个键 rules，其下是规则列表。",
            "a rule file has one key, rules, with a list of rules under it.",
        ),
        where=f"{document.name}:1",
        fix=Text("请以 rules: 开头，每条规则以 - id: 开始。", "Begin with `rules:` and each rule with `- id:`."),
    )


def _placed(refusal: Refusal, document: yamltext.Document, at: int) -> BadRule:
    """The refusal with file, line and rule id."""
    value = document.value["rules"][at]
    rule_id = value.get("id") if isinstance(value, dict) else None
    line = document.line(("rules", at, *refusal.at))
    where = f"{document.name}:{line}" + (f" {rule_id}" if isinstance(rule_id, str) else "")
    return BadRule(refusal.what, where=where, fix=refusal.fix, file=document.name, line=line, rule=rule_id or "")


def _read_rule(
    document: yamltext.Document,
    at: int,
    laws: Mapping[str, Law] | None,
    path: Path,
    known: tuple[str, ...] | None = None,
) -> Rule:
    """One rule, typed. `known`: the columns it needs, where its words have been found to hold before."""
    value: Any = document.value["rules"][at]
    if not isinstance(value, dict):
        raise Refusal(Text("这不是一条规则。", "this is not a rule."), Text("请以 - id: 开始。", "Begin with `- id:`."))
    try:
        spec = RuleSpec.model_validate(value)
    except ValidationError as error:
        where, what, fix = told(error, RuleSpec, value)
        raise Refusal(what, fix, where) from None
    rule = Rule(
        id=spec.id,
        name=Text(spec.name.zh, spec.name.en),
        severity=spec.severity,
        why=Text(spec.why.zh, spec.why.en),
        law=tuple(_basis(spec, n, laws) for n in range(len(spec.law))),
        check={"zh": spec.check.zh, "en": spec.check.en},
        otherwise={"zh": spec.otherwise.zh, "en": spec.otherwise.en},
        over=spec.over,
        needs=tuple(spec.needs),
        feeds=tuple(spec.feeds),
        params={
            name: Param(name, Text(p.name.zh, p.name.en), p.type, v, p.unit or "", p)
            for name, p, v in typed_params(spec)
        },
        message=Text(spec.message.zh, spec.message.en),
        form=next(f for f in FORMS if getattr(spec, f) is not None),
        spec=spec,
        body=document.body(("rules", at)),
        path=path,
        line=document.line(("rules", at)),
    )
    if known is None:
        # Proving takes DuckDB's binder and a second parser, which a start that knows its rules need not load.
        from budgetwatch.rules.verify import finish

        with _BINDING:
            known = finish(rule)
    return dataclasses.replace(rule, needs=known)


def _basis(spec: RuleSpec, at: int, laws: Mapping[str, Law] | None) -> Basis:
    ref = spec.law[at]
    if ref.practice is not None:
        return Basis(practice=Text(ref.practice.zh, ref.practice.en))
    name, article = ref.law or "", ref.article or ""
    if laws is None:
        return Basis(Text(name, name), article, ref.since, ref.until)
    if name not in laws:
        raise Refusal(
            Text(f"laws.yml 中没有《{name}》。", f"the law {name} is not in laws.yml."),
            nearest(name, laws),
            ("law", at, "law"),
        )
    law = laws[name]
    # An article's own date moves the rules that rest on it, whatever day they say.
    moved = [law.articles[one] for one in cited(article) if one in law.articles]
    since = max([ref.since or law.since, *moved])
    return Basis(law.name, article, since, ref.until or law.until)
