"""The law beside a rule: each citation, and the article as the statute's text has it where that was taken in.

The texts are the deployment's own (`budgetwatch laws import`); where there is none, it is said how one comes here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html

from budgetwatch.queries import laws
from budgetwatch.queries.laws import Quote
from budgetwatch.text import Text
from dashboard.asking import Asking
from dashboard.components.dates import day
from dashboard.i18n import say, spoken, t

#: An article of more letters than this is folded: it would push away what the page is about.
LONG = 160


def law_list(
    asking: Asking, rule_id: str, told: Sequence[Text], *, id: str, kind: str = "laws", fold: bool = False
) -> Any:
    """The citations of a rule with the articles' texts. `told` are the citations where the rule is no longer in the book."""
    if rule_id not in asking.home.rules:
        return html.Ul([html.Li(say(one)) for one in told], className=kind) if told else html.P("—", className="quiet")
    beside = laws.quoted_beside(asking.home, asking.viewer, rule_id)
    items, lacking = [], False
    for at, (basis, quotes) in enumerate(beside):
        lacking = lacking or (basis.law is not None and not quotes)
        told_quotes = [_quote(one, id=f"{id}-{at}-{n}", fold=fold) for n, one in enumerate(quotes)]
        items.append(html.Li([html.Span(say(basis.text)), *told_quotes]))
    return html.Div([html.Ul(items, className=kind), how_to_bring() if lacking else None])


def quotes_of(asking: Asking, law: str, article: str, *, id: str) -> Any:
    """The article that is about to be cited: its text, or how it comes here; nothing while none is named."""
    if not (law and article):
        return None
    try:
        found = laws.quoted(asking.home, asking.viewer, law, article)
    except ValueError:  # not yet an article's number
        found = []
    inside = [_quote(one, id=f"{id}-{n}") for n, one in enumerate(found)] or [how_to_bring()]
    return html.Div(inside, id=id, className="law-beside")


def how_to_bring() -> Any:
    """A plain sentence: where the text would come from."""
    command = html.Code("budgetwatch laws import FOLDER")
    before = t("还没有这一条的原文。把法规文本放进一个文件夹，由管理员在服务器上运行")
    return html.P([before, " ", command, t("，这里就会引用原文。")], className="below law-lacking")


def _quote(one: Quote, *, id: str, fold: bool = False) -> Any:
    lines = [html.P(line) for line in one.text.splitlines() if line.strip()]
    foot = html.Footer(
        [t("原文取自 {file}", file=one.file_name), *([" · ", t("生效"), " ", day(one.since)] if one.since else [])]
    )
    tongue = {} if spoken() != "en" else {"lang": "zh-Hans"}
    quote = html.Blockquote([*lines, foot], className="law-quote", **tongue)
    words = t("原文：{law} {article}", law=one.law, article=one.heading)
    if not fold and len(one.text) <= LONG:
        return html.Div([html.P(words, className="law-heading", **tongue), quote], id=id)
    return html.Details([html.Summary(words, id=f"{id}-open", **tongue), quote], id=id, className="law-fold")
