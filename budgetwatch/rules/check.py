"""Checking a folder of rules: everything that is wrong with it, and every example that says otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from budgetwatch.rules.book import read_folder
from budgetwatch.rules.examples import check_examples
from budgetwatch.rules.packs import read_packs
from budgetwatch.text import Text


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a rule folder: where, in which rule, what, and what to do."""

    where: str
    rule_id: str
    what: Text
    fix: Text

    def sentence(self, language: str) -> str:
        """The whole message in one language."""
        return f"{self.where}: {self.what.of(language)} {self.fix.of(language)}".strip()


def check_folder(path: Path) -> list[Problem]:
    """All problems of the folder's rules, in the order of the files; examples are run for the rules that are sound."""
    book, refused = read_folder(Path(path))
    refused += read_packs([Path(path) / "packs"], book)[1] if not refused else []
    problems = [
        Problem(error.where, str(error.facts.get("rule", "")), error.what, error.fix or Text("", ""))
        for error in refused
    ]
    look = Text("请修改规则或例子。", "Correct the rule or the example.")
    for rule in book.values():
        place = f"{rule.path.name}:{rule.line} {rule.id}"
        problems += [Problem(place, rule.id, Text(f.zh + "。", f.en + "."), look) for f in check_examples(rule)]
    return problems
