"""The catalogue as a document is true to the rule files: every rule, in reading order, with its words, its law and its thresholds."""

from __future__ import annotations

import re

import pytest

from budgetwatch.access.viewer import SYSTEM, Viewer
from budgetwatch.errors import Denied
from budgetwatch.home import Home
from budgetwatch.queries.catalogue import reading_order, subject_name, subject_of
from budgetwatch.queries.rule_document import document
from budgetwatch.queries.thresholds import in_words
from budgetwatch.records.codes import SEVERITIES

LANGUAGES = ("zh", "zh-Hant", "en")
OFF = {"zh": "（未启用）", "zh-Hant": "（未啟用）", "en": " (off)"}


def unmarked(text: str) -> str:
    """The words without the signs that keep them from being markup."""
    return re.sub(r"\\([\\`*_\[\]<>#])", r"\1", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_true_to_the_files(home: Home, language: str) -> None:
    told = document(home, SYSTEM, "md", language)
    body, _, index = told.partition('<a id="laws"></a>')
    sections = re.split(r'^<a id="([A-Z]{2,4}-\d+[a-z]?)"></a>$', body, flags=re.M)
    found = dict(zip(sections[1::2], map(unmarked, sections[2::2]), strict=True))
    rules = sorted(home.files.values(), key=lambda rule: reading_order(subject_of(rule)))
    assert list(found) == [rule.id for rule in rules]
    for rule in rules:
        section = found[rule.id]
        heading = section.split("\n")[1]
        assert heading == f"### {rule.id} {rule.name.of(language)}" + ("" if rule.enabled else OFF[language])
        words = " ".join(section.split())
        lists = [one for both in (rule.check, rule.otherwise) for one in both["en" if language == "en" else "zh"]]
        for text in [rule.why, *(basis.text for basis in rule.law), SEVERITIES[rule.severity]]:
            assert " ".join(text.of(language).split()) in words, (rule.id, text)
        if language != "zh-Hant":
            assert [one for one in lists if " ".join(one.split()) not in words] == [], rule.id
        for param in rule.params.values():
            value = in_words(param.plain, param.unit or "").of(language)
            assert re.search(rf"\*\*{re.escape(param.label.of(language))}\*\*\W+{re.escape(value)}", words), (
                rule.id,
                param.name,
            )
        for basis in rule.law:
            if basis.law is not None:
                line = next(
                    line for line in index.splitlines() if unmarked(line).startswith(f"- {basis.text.of(language)}")
                )
                assert f"[{rule.id}](#{rule.id})" in line


def test_the_contents_lead_to_every_subject_and_count_its_rules(home: Home) -> None:
    told = document(home, SYSTEM, "md", "en")
    links = dict(re.findall(r"^- \[(.+)\]\(#([a-z-]+)\)", told, re.M))
    assert set(links) == {subject_name(subject_of(rule)).en for rule in home.rules.values()} | {"Index of laws"}
    assert set(re.findall(r"\(#([^)]+)\)", told)) <= set(re.findall(r'<a id="([^"]+)"></a>', told))
    assert f"{len(home.rules)} rules, of which {sum(rule.enabled for rule in home.rules.values())} are on" in told


def test_as_html_it_stands_alone_and_its_links_lead_within_it(home: Home) -> None:
    told = document(home, SYSTEM, "html", "zh")
    assert set(re.findall(r'href="#([^"]+)"', told)) <= set(re.findall(r' id="([^"]+)"', told))
    assert set(re.findall(r'<h3 id="([^"]+)"', told)) == set(home.rules)
    assert not re.search(r"<(script|link|img)|https?://", told)


def test_what_a_rule_says_is_never_taken_for_markup(home: Home) -> None:
    from tests.lifecycle.builders import ruled
    from tests.rules.samples import CASH

    ruled(home, CASH.replace("zh: 原因", 'zh: "<b>原因</b> # [x](y)"'))
    assert "<b>" not in document(home, SYSTEM, "html", "zh")
    assert "<b>原因</b> # [x](y)" in unmarked(document(home, SYSTEM, "md", "zh"))


def test_only_who_may_read_rules_takes_it_away(home: Home) -> None:
    with pytest.raises(Denied):
        document(home, Viewer(1, "u", "u", "unit", "99", "1"), "md")
