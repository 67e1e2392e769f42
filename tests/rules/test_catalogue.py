"""Every rule that ships says of its own examples what they expect, and can be told to people in two languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from budgetwatch.rules import Rule, RuleBook
from budgetwatch.rules.book import from_body, read_folder
from budgetwatch.rules.check import check_folder
from budgetwatch.rules.examples import check_examples, run_example

FOLDER = Path(__file__).resolve().parents[2] / "rules"
RULES = list(read_folder(FOLDER)[0].values())


def test_the_whole_folder_is_sound() -> None:
    assert [problem.sentence("en") for problem in check_folder(FOLDER)] == []
    book = RuleBook.load(FOLDER)
    assert len(book) == len(book.order) == len({rule.digest for rule in book.values()})


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_a_rule_says_of_its_examples_what_they_expect(rule: Rule) -> None:
    assert [failure.en for failure in check_examples(rule)] == []


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_a_rule_can_be_recomputed_from_its_own_text(rule: Rule) -> None:
    again = from_body(rule.body)
    assert (again.digest, again.form, again.needs, again.message) == (rule.digest, rule.form, rule.needs, rule.message)


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_a_flagged_example_is_told_without_gaps_in_the_sentence(rule: Rule) -> None:
    example = next(e for e in rule.examples if e.expect == "flags")
    for finding in run_example(rule, example).findings:
        told = rule.sentence(finding.facts)
        for sentence in (told.zh, told.en):
            assert sentence.strip()
            assert "{" not in sentence
            assert "None" not in sentence
        assert "拦截" not in told.zh
