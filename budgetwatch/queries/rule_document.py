"""The catalogue of the rules as a document: Markdown, or HTML that stands alone; made from the rules in force."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from budgetwatch.access.viewer import Viewer
from budgetwatch.calendar import today
from budgetwatch.queries.casefile import both
from budgetwatch.queries.catalogue import reading_order, subject_name, subject_of
from budgetwatch.queries.scope import demand, one_of
from budgetwatch.queries.thresholds import in_words
from budgetwatch.records import ALL
from budgetwatch.records.codes import SEVERITIES
from budgetwatch.rules.rule import Rule
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.home import Home

FORMATS = {"md": "text/markdown", "html": "text/html"}
_TITLE = Text("规则目录", "The catalogue of rules")
_INDEX = Text("依据索引", "Index of laws")
#: The name of that part in links.
_LAWS = "laws"
_EXPECT = {
    "flags": Text("应列为疑点", "must be flagged"),
    "clear": Text("不应列为疑点", "must not be flagged"),
    "cannot": Text("无法判断", "cannot be judged"),
}
_STYLE = (
    "body{font:16px/1.6 'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',system-ui,sans-serif;max-width:52em;margin:2em auto;"
    "padding:0 1em;color:#16202d}h2{margin-top:2.5em;border-bottom:1px solid #dbe1e9}h3{margin-top:2em}"
    "code{font-size:.95em}@media print{h3{break-after:avoid}}"
)


def document(home: Home, viewer: Viewer, format: str = "md", language: str = "zh") -> str:
    """All rules in reading order, those that are off among them and marked so; contents first, an index of the laws last."""
    demand(viewer, "rules")
    one_of(format, FORMATS, "format")
    text = "\n".join(_lines(home, language, anchors=format == "md")) + "\n"
    if format == "md":
        return text
    from markdown_it import MarkdownIt

    tag = {"zh": "zh-Hans", "zh-Hant": "zh-Hant"}.get(language, "en")
    title = html.escape(_TITLE.of(language))
    maker = MarkdownIt("commonmark", {"html": False})
    tokens = maker.parse(text)
    names = iter([*_subjects(home), _LAWS])
    for at, token in enumerate(tokens):  # headings are what the contents and the index lead to
        if token.type == "heading_open" and token.tag == "h2":
            token.attrSet("id", next(names))
        elif token.type == "heading_open" and token.tag == "h3":
            token.attrSet("id", tokens[at + 1].content.split()[0])
    body = maker.renderer.render(tokens, maker.options, {})
    return (
        f'<!DOCTYPE html>\n<html lang="{tag}"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width">'
        f"<style>{_STYLE}</style></head><body>\n{body}</body></html>\n"
    )


def _ordered(home: Home) -> list[Rule]:
    return sorted(home.rules.values(), key=lambda rule: reading_order(subject_of(rule)))


def _subjects(home: Home) -> list[str]:
    return list(dict.fromkeys(subject_of(rule) for rule in _ordered(home)))


def _lines(home: Home, language: str, *, anchors: bool) -> Iterator[str]:
    def say(zh: str, en: str) -> str:
        return Text(zh, en).of(language)

    def heading(level: int, name: str, words: str) -> Iterator[str]:
        yield ""
        if anchors:
            yield f'<a id="{name}"></a>'
        yield f"{'#' * level} {words}"

    rules = _ordered(home)
    on = sum(rule.enabled for rule in rules)
    yield f"# {_TITLE.of(language)}"
    yield ""
    yield say(
        f"{today()}，共 {len(rules)} 条，其中启用 {on} 条。", f"{today()}: {len(rules)} rules, of which {on} are on."
    )
    yield say(
        "规则查出的是疑点，不是问题；“无法判断”单独计数，不当作没有问题。按下列主题从头读：先时限和预算，再执行和支付，最后闭环和数据。",
        "What a rule finds is worth a look, not a finding of fault; what it could not judge is counted apart, never as clear. "
        "Read the subjects in this order: the calendar and the budget, then execution and payments, last the loop and the data.",
    )
    yield ""
    for subject in _subjects(home):
        mine = [rule for rule in rules if subject_of(rule) == subject]
        running = sum(rule.enabled for rule in mine)
        told = say(f"{len(mine)} 条，启用 {running} 条", f"{len(mine)}, of which {running} on")
        yield f"- [{_plain(subject_name(subject).of(language))}](#{subject}){say('：', ': ')}{told}"
    yield f"- [{_INDEX.of(language)}](#{_LAWS})"
    subject = ""
    for rule in rules:
        if subject_of(rule) != subject:
            subject = subject_of(rule)
            yield from heading(2, subject, _plain(subject_name(subject).of(language)))
        off = "" if rule.enabled else say("（未启用）", " (off)")
        yield from heading(3, rule.id, f"{rule.id} {_plain(rule.name.of(language))}{off}")
        yield from _rule(home, rule, language)
    yield from heading(2, _LAWS, _INDEX.of(language))
    yield ""
    cited: dict[str, list[str]] = {}
    for rule in rules:
        for basis in rule.law:
            if basis.law is not None:
                cited.setdefault(basis.text.of(language), []).append(rule.id)
    for law in sorted(cited, key=_in_order):
        links = say("、", ", ").join(f"[{one}](#{one})" for one in dict.fromkeys(cited[law]))
        yield f"- {_plain(law)}{say('：', ': ')}{links}"


def _in_order(citation: str) -> list[tuple[int, str]]:
    """Articles by their number: 第3条 before 第20条."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", citation)]


def _rule(home: Home, rule: Rule, language: str) -> Iterator[str]:
    def say(zh: str, en: str) -> str:
        return Text(zh, en).of(language)

    def listed(texts: Iterable[Text]) -> str:
        return say("、", ", ").join(text.of(language) for text in texts)

    yield ""
    yield _plain(rule.why.of(language))
    yield ""
    held, feed = home.effective.editions.get(rule.id), ALL[rule.over]
    stands = say("规则文件", "rule file")
    if held:
        stands = say(f"第 {held.no} 版，自 {held.since}", f"edition {held.no}, since {held.since}")
    bands = [band.severity for band in rule.spec.bands or ()]
    severity = SEVERITIES[rule.severity].of(language)
    if bands:
        also = listed(SEVERITIES[one] for one in dict.fromkeys(bands) if one != rule.severity)
        severity += say(f"（按轻重也作{also}）", f" ({also.lower()} by how far it goes)") if also else ""
    others = [ALL[name].label for name in dict.fromkeys(rule.spec.feeds) if name in ALL and name != rule.over]
    facts = [
        (say("等级", "Severity"), severity),
        (say("依据", "Basis"), say("；", "; ").join(basis.text.of(language) for basis in rule.law)),
        (say("看哪种数据", "Looks at"), feed.label.of(language)),
        (say("还用到的数据", "Also reads"), listed(others)),
        (say("必须有的栏目", "Needs"), listed(feed.by_name[c].label for c in rule.needs if c in feed.by_name)),
        (say("现行文字", "Text in force"), stands),
    ]
    for name, value in facts:
        if value:
            yield f"- **{name}**{say('：', ': ')}{_plain(value)}"
    for param in rule.params.values():
        unit = param.unit or ""
        told = in_words(param.plain, unit).of(language)
        low, high = (None if v is None else in_words(v, unit).of(language) for v in (param.spec.min, param.spec.max))
        if low and high:
            told += say(f"（可在 {low} 到 {high} 之间调整）", f" (may be set between {low} and {high})")
        if param.spec.tighten:
            told += say("，各地只能从严", "; a place may only set it tighter")
        yield f"- **{_plain(param.label.of(language))}**{say('：', ': ')}{_plain(told)}"
    for name, items in (
        (say("核查要点", "What to check"), both(rule.check)),
        (say("也可能是因为", "What else could explain it"), both(rule.otherwise)),
    ):
        yield from ("", f"**{name}**", "")
        yield from (f"- {_plain(item.of(language))}" for item in items)
    yield from ("", f"**{say('例子', 'Examples')}**", "")
    for example in rule.examples:
        yield f"- {_plain(Text(example.name.zh, example.name.en).of(language))}{say('：', ': ')}{_EXPECT[example.expect].of(language)}"


def _plain(text: str) -> str:
    """Words as words: nothing in a rule is taken for markup."""
    for sign in "\\`*_[]<>#":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())
