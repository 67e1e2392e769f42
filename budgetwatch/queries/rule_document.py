"""The catalogue of the rules as a document: Markdown, or HTML that stands alone; made from the rules in force."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import TYPE_CHECKING

from budgetwatch.access.viewer import Viewer
from budgetwatch.calendar import today
from budgetwatch.queries.casefile import both
from budgetwatch.queries.catalogue import reading_order, subject_name, subject_of
from budgetwatch.queries.scope import demand, one_of
from budgetwatch.records import ALL
from budgetwatch.records.codes import SEVERITIES
from budgetwatch.rules.rule import Rule
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

FORMATS = {"md": "text/markdown", "html": "text/html"}
_TITLE = Text("规则目录", "The catalogue of rules")
_STYLE = (
    "body{font:16px/1.6 'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',system-ui,sans-serif;max-width:52em;margin:2em auto;"
    "padding:0 1em;color:#16202d}h2{margin-top:2.5em;border-bottom:1px solid #dbe1e9}h3{margin-top:2em}"
    "code{font-size:.95em}@media print{h3{break-after:avoid}}"
)


def document(home: Home, viewer: Viewer, format: str = "md", language: str = "zh") -> str:
    """All rules in reading order, those that are off among them and marked so."""
    demand(viewer, "rules")
    one_of(format, FORMATS, "format")
    text = "\n".join(_lines(home, language)) + "\n"
    if format == "md":
        return text
    from markdown_it import MarkdownIt

    body = MarkdownIt("commonmark", {"html": False}).render(text)
    tag = {"zh": "zh-Hans", "zh-Hant": "zh-Hant"}.get(language, "en")
    title = html.escape(_TITLE.of(language))
    return (
        f'<!DOCTYPE html>\n<html lang="{tag}"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body>\n{body}</body></html>\n"
    )


def _lines(home: Home, language: str) -> Iterator[str]:
    def say(zh: str, en: str) -> str:
        return Text(zh, en).of(language)

    rules = sorted(home.rules.values(), key=lambda rule: reading_order(subject_of(rule)))
    on = sum(rule.enabled for rule in rules)
    yield f"# {_TITLE.of(language)}"
    yield ""
    yield say(
        f"{today()}，共 {len(rules)} 条，其中启用 {on} 条。", f"{today()}: {len(rules)} rules, of which {on} are on."
    )
    subject = ""
    for rule in rules:
        if subject_of(rule) != subject:
            subject = subject_of(rule)
            yield from ("", f"## {_plain(subject_name(subject).of(language))}")
        yield from _rule(home, rule, language)


def _rule(home: Home, rule: Rule, language: str) -> Iterator[str]:
    def say(zh: str, en: str) -> str:
        return Text(zh, en).of(language)

    off = "" if rule.enabled else say("（未启用）", " (off)")
    yield from ("", f"### {rule.id} {_plain(rule.name.of(language))}{off}", "")
    yield _plain(rule.why.of(language))
    yield ""
    held = home.effective.editions.get(rule.id)
    stands = say("规则文件", "rule file")
    if held:
        stands = say(f"第 {held.no} 版，自 {held.since}", f"edition {held.no}, since {held.since}")
    facts = [
        (say("等级", "Severity"), SEVERITIES[rule.severity].of(language)),
        (say("依据", "Basis"), say("；", "; ").join(basis.text.of(language) for basis in rule.law)),
        (say("看哪种数据", "Looks at"), ALL[rule.over].label.of(language)),
        (say("现行文字", "Text in force"), stands),
    ]
    for name, value in facts:
        yield f"- **{name}**{say('：', ': ')}{_plain(value)}"
    for param in rule.params.values():
        told = ", ".join(map(str, param.plain)) if isinstance(param.plain, list) else str(param.plain)
        yield f"- **{_plain(param.label.of(language))}**{say('：', ': ')}{_plain(told)} {_plain(param.unit)}".rstrip()
    for name, items in (
        (say("核查要点", "What to check"), both(rule.check)),
        (say("也可能是因为", "What else could explain it"), both(rule.otherwise)),
    ):
        yield from ("", f"**{name}**", "")
        yield from (f"- {_plain(item.of(language))}" for item in items)


def _plain(text: str) -> str:
    """Words as words: nothing in a rule is taken for markup."""
    for sign in "\\`*_[]<>#":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())
