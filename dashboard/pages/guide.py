"""The guides, one for each role and trade: a list with a search, and each guide with its contents beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html

from budgetwatch.errors import NotFound
from budgetwatch.glossary import CHAPTERS
from budgetwatch.queries.scope import spellings
from budgetwatch.text import LANGUAGES, Text
from budgetwatch.traditional import traditional
from dashboard.asking import Asking
from dashboard.components import breadcrumbs, card, page_head, search_box
from dashboard.components.markdown import Words, markdown, slug
from dashboard.guides import ALSO, BY_NAME, GLOSSARY, GUIDES, Guide, for_reader, parts, picture
from dashboard.i18n import HTML_LANG, catalogue, say, spoken, t

_GLOSSARY = Text("词语表", "Glossary")
_ABOUT_GLOSSARY = Text("每个词一个意思，处处一致。", "One meaning for each word, the same everywhere.")
#: The names of the scripts on the language switch, each in itself.
_SCRIPTS = ("简", "繁")
#: Words of a hit that are shown on each side of what was looked for.
_AROUND = 40


def view(asking: Asking) -> tuple[str, Any]:
    """The guides, the reader's own first; with ?text=…, where they speak of it."""
    title, text = t("使用指南"), asking.one("text")
    role = asking.viewer.role
    own = [guide for guide in for_reader(asking.viewer) if role in guide.roles]
    rest = [guide for guide in GUIDES if role not in guide.roles]
    return title, [
        page_head(title, lead=t("每个角色一篇，按要办的事来写。")),
        search_box("/guide", t("在指南里找…"), id="guide-search", value=text),
        card(_hits(text), title=t("找到的段落"), id="guide-hits") if text else None,
        card(_listed(own), title=t("您的指南"), id="own-guides") if own else None,
        card(_listed(rest, glossary=True), title=t("全部指南") if not own else t("其他指南"), id="guides"),
    ]


def view_one(asking: Asking) -> tuple[str, Any]:
    """One guide whole, with its contents, and the ways to the one before and after it."""
    name = ALSO.get(asking.parts["name"], asking.parts["name"])
    if name == GLOSSARY:
        return _glossary(asking)
    guide = BY_NAME.get(name)
    if guide is None:
        raise NotFound(
            Text("没有这篇指南。", "There is no such guide."),
            where=asking.path,
            fix=Text("请从使用指南的目录进入。", "Choose one from the list of guides."),
        )
    title = say(guide.title)
    drawn = markdown(guide.source(spoken()), _words(guide))
    contents = [(part.id, _prose(part.title)) for part in parts(name, spoken()) if part.level == 2]
    return title, _page(asking, title, drawn, contents, name, english=guide.english)


def _page(
    asking: Asking,
    title: str,
    body: list[Any],
    contents: Sequence[tuple[str, str]],
    name: str,
    *,
    english: bool = False,
) -> list[Any]:
    return [
        breadcrumbs([(t("使用指南"), "/guide"), (title, None)]),
        html.Div(
            [
                html.Nav(
                    [
                        html.P(t("本篇内容"), className="contents-title"),  # its name; headings begin with the title
                        html.Ul([html.Li(html.A(word, href=f"#{id}")) for id, word in contents]),
                    ],
                    className="contents",
                    id="contents",
                    **{"aria-label": t("本篇内容")},
                ),
                html.Article(body, className="prose", lang="en" if english else HTML_LANG[spoken()]),
            ],
            className="guide",
        ),
        _neighbours(asking, name),
    ]


def _neighbours(asking: Asking, name: str) -> Any:
    """The guide before and the guide after, in the order of the reader's own list."""
    order = [(g.name, say(g.title)) for g in for_reader(asking.viewer)] + [(GLOSSARY, say(_GLOSSARY))]
    at = next(n for n, (each, _) in enumerate(order) if each == name)
    before = order[at - 1] if at else None
    after = order[at + 1] if at + 1 < len(order) else None
    return html.Nav(
        [
            html.A(
                [html.Span(t("上一篇"), className="quiet"), before[1]], href=f"/guide/{before[0]}", id="guide-previous"
            )
            if before
            else html.Span(),
            html.A([html.Span(t("下一篇"), className="quiet"), after[1]], href=f"/guide/{after[0]}", id="guide-next")
            if after
            else html.Span(),
        ],
        className="neighbours",
        **{"aria-label": t("上一篇和下一篇")},
    )


def _listed(guides: Sequence[Guide], *, glossary: bool = False) -> Any:
    lines = [(guide.name, say(guide.title), say(guide.about)) for guide in guides]
    if glossary:
        lines.append((GLOSSARY, say(_GLOSSARY), say(_ABOUT_GLOSSARY)))
    return html.Ul(
        [
            html.Li([html.A(title, href=f"/guide/{name}", id=f"guide-{name}"), html.Span(about, className="below")])
            for name, title, about in lines
        ],
        className="guide-list",
    )


def _hits(text: str) -> Any:
    """The sections that hold every word looked for, in either script, each with the words around it."""
    wanted = [spellings(word) for word in text.split()]
    found = []
    for guide in GUIDES:
        for part in parts(guide.name, spoken()):
            within = f"{part.title} {part.text}".lower()
            if all(any(form in within for form in forms) for forms in wanted):
                found.append((guide, part.id, part.title, _around(part.text, wanted[0])))
    if not found:
        return html.P(t("指南里没有找到。换一个词试试。"), className="quiet")
    return html.Ul(
        [
            html.Li(
                [
                    html.A(_prose(title), href=f"/guide/{guide.name}#{id}"),
                    html.Span(f"{say(guide.title)} · {_prose(around)}", className="below"),
                ]
            )
            for guide, id, title, around in found
        ],
        className="guide-list",
    )


def _around(text: str, forms: Sequence[str]) -> str:
    at = next((n for form in forms if (n := text.lower().find(form)) >= 0), 0)
    start, end = max(0, at - _AROUND), at + 2 * _AROUND
    return f"{'…' if start else ''}{text[start:end].strip()}{'…' if end < len(text) else ''}"


def _glossary(asking: Asking) -> tuple[str, Any]:
    """Every word of the trade in the three scripts, with its meaning in the reader's language."""
    title = say(_GLOSSARY)
    body: list[Any] = [html.H1(title, id="title", tabIndex=-1), html.P(say(_ABOUT_GLOSSARY), className="lead")]
    contents = []
    for chapter, terms in CHAPTERS.items():
        id = slug(chapter.en)
        contents.append((id, say(chapter)))
        body.append(html.H2(say(chapter), id=id, tabIndex=-1))
        body.append(
            html.Dl(
                [
                    html.Div(
                        [
                            html.Dt(
                                [html.Span(word, lang=HTML_LANG[language]) for language, word in _in_all(term.word)]
                            ),
                            html.Dd(say(term.meaning)),
                        ],
                        id=f"term-{key}",
                    )
                    for key, term in terms.items()
                ],
                className="glossary",
            )
        )
    return title, _page(asking, title, body, contents, GLOSSARY)


def _in_all(word: Text) -> list[tuple[str, str]]:
    """The word in the reader's language, then in the others; 繁體 only where it is written otherwise."""
    forms = {language: word.of(language) for language in (spoken(), *LANGUAGES)}
    if forms["zh"] == forms["zh-Hant"]:
        del forms["zh-Hant" if spoken() != "zh-Hant" else "zh"]
    return list(forms.items())


def _prose(words: str) -> str:
    return traditional(words) if spoken() == "zh-Hant" else words


def _label(words: str) -> str:
    """A word that stands on the screen, as the screen says it."""
    if words in _SCRIPTS or spoken() != "zh-Hant":
        return words
    return catalogue("zh-Hant").get(words, _prose(words))


def _words(guide: Guide) -> Words:
    return Words(prose=_prose, label=_label, link=_link, image=picture)


def _link(address: str) -> str | None:
    """Links between the files of docs/ as addresses of the product; what the product does not show is no link."""
    path, _, section = address.partition("#")
    if not path:
        return address
    name = path.rsplit("/", 1)[-1].removesuffix(".md")
    if path.endswith(".md") and (name in BY_NAME or name == GLOSSARY):
        return f"/guide/{name}#{section}" if section else f"/guide/{name}"
    return None
