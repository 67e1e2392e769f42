"""Markdown as page components: headings with stable ids, lists, tables, commands, pictures; never raw HTML.

The guides are written in it. One line of HTML is known, `<a id="next"></a>` before a heading, which gives the
heading its id here and on any other page that shows the file; everything else that looks like HTML is shown as text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from dash import html
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

_ANCHOR = re.compile(r'^<a id="([a-z0-9-]+)"></a>$', re.M)
_MARK = "\x02"
_JOINED = re.compile(r"(?<=[\u3000-\u9fff\uff00-\uffef])\n(?=[\u3000-\u9fff\uff00-\uffef])")
_HEADINGS = {"h1": html.H1, "h2": html.H2, "h3": html.H3, "h4": html.H4}
_BLOCKS = {
    "paragraph": html.P,
    "bullet_list": html.Ul,
    "list_item": html.Li,
    "blockquote": html.Blockquote,
    "thead": html.Thead,
    "tbody": html.Tbody,
    "tr": html.Tr,
}
_SPANS = {"em": html.Em, "s": html.S}


@dataclass(frozen=True, slots=True)
class Words:
    """How the text around the markup is said: prose and screen words in the reader's script, addresses of links and pictures."""

    prose: Callable[[str], str] = str
    label: Callable[[str], str] = str
    link: Callable[[str], str | None] = str
    image: Callable[[str], str | None] = str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the plain words under it, as a search reads them."""

    level: int
    id: str
    title: str
    text: str


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")


def _tree(source: str) -> SyntaxTreeNode:
    marked = _ANCHOR.sub(lambda found: f"{_MARK}{found[1]}{_MARK}", source)
    return SyntaxTreeNode(_parser().parse(marked))


def slug(title: str) -> str:
    """The id of a heading that names none: its words in lower case with dashes."""
    return re.sub(r"[^\w-]", "", title.strip().lower().replace(" ", "-"))


def sections(source: str) -> list[Section]:
    """The parts of a document, each under its heading; what stands before the first heading is left out."""
    found: list[tuple[int, str, str, list[str]]] = []
    for node, wanted in _with_ids(_tree(source)):
        if node.type == "heading":
            title = _plain(node)
            found.append((int(node.tag[1]), wanted or slug(title), title, []))
        elif found:
            found[-1][3].append(_plain(node))
    return [Section(level, id, title, " ".join(words)) for level, id, title, words in found]


def markdown(source: str, words: Words | None = None) -> list[Any]:
    """The document as components, in order."""
    words = words or Words()
    return [_block(node, words, wanted) for node, wanted in _with_ids(_tree(source))]


def _with_ids(tree: SyntaxTreeNode) -> Iterator[tuple[SyntaxTreeNode, str]]:
    """The top-level pieces, each heading with the id that the line before it gave."""
    wanted = ""
    for node in tree.children:
        content = node.children[0].content if node.type == "paragraph" and node.children else ""
        if content.startswith(_MARK) and content.endswith(_MARK):
            wanted = content.strip(_MARK)
            continue
        yield node, wanted if node.type == "heading" else ""
        wanted = ""


def _block(node: SyntaxTreeNode, words: Words, wanted: str = "") -> Any:
    if node.type == "heading":
        title = _plain(node)
        return _HEADINGS[node.tag](
            _inline(node.children, words), id="title" if node.tag == "h1" else wanted or slug(title), tabIndex=-1
        )
    if node.type in ("fence", "code_block"):
        language = (node.info or "").split()[0] if node.info else ""
        return html.Pre(html.Code(node.content.rstrip("\n")), className=f"code-block {language}".strip(), tabIndex=0)
    if node.type == "hr":
        return html.Hr()
    if node.type == "inline":
        return html.Span(_inline(node.children, words))
    if node.type == "ordered_list":
        return html.Ol([_block(child, words) for child in node.children], start=node.attrs.get("start", 1))
    if node.type == "table":
        parts = [_block(child, words) for child in node.children]
        return html.Div(html.Table(parts, className="table"), className="table-wrap", tabIndex=0)
    if node.type in ("th", "td"):
        return (html.Th if node.type == "th" else html.Td)(
            _inline(node.children, words), **({"scope": "col"} if node.type == "th" else {})
        )
    if node.type == "paragraph":
        inside = _inline(node.children, words)
        if len(inside) == 1 and isinstance(inside[0], html.Figure):
            return inside[0]
        return inside if node.hidden else html.P(inside)
    return _BLOCKS[node.type](_flat(_block(child, words) for child in node.children))


def _flat(pieces: Iterable[Any]) -> list[Any]:
    """The pieces in one list: the words of a tight list item stand in it without a paragraph."""
    return [one for piece in pieces for one in (piece if isinstance(piece, list) else [piece])]


def _inline(nodes: Sequence[SyntaxTreeNode], words: Words) -> list[Any]:
    drawn: list[Any] = []
    for node in nodes:
        match node.type:
            case "inline":
                drawn += _inline(node.children, words)
            case "text":
                drawn.append(words.prose(node.content))
            case "softbreak":
                drawn.append("\n")
            case "hardbreak":
                drawn.append(html.Br())
            case "code_inline":
                drawn.append(html.Code(node.content))
            case "strong":
                drawn.append(html.Strong(words.label(_plain(node)), className="on-screen"))
            case "link":
                drawn.append(_link(node, words))
            case "image":
                drawn.append(_image(node, words))
            case _:
                drawn.append(_SPANS[node.type](_inline(node.children, words)))
    return _run_together(drawn)


def _run_together(drawn: list[Any]) -> list[Any]:
    """Lines of 中文 join without a space, those of English with one."""
    made: list[Any] = []
    for piece in drawn:
        if isinstance(piece, str) and made and isinstance(made[-1], str):
            made[-1] += piece
        else:
            made.append(piece)
    return [_JOINED.sub("", piece).replace("\n", " ") if isinstance(piece, str) else piece for piece in made]


def _link(node: SyntaxTreeNode, words: Words) -> Any:
    inside = _inline(node.children, words)
    address = words.link(str(node.attrs.get("href", "")))
    return html.A(inside, href=address) if address else html.Span(inside)


def _image(node: SyntaxTreeNode, words: Words) -> Any:
    said = words.prose(_plain(node))
    address = words.image(str(node.attrs.get("src", "")))
    if address is None:
        return html.Span(said, className="quiet")
    return html.Figure([html.Img(src=address, alt=said), html.Figcaption(said)], className="guide-picture")


def _plain(node: SyntaxTreeNode) -> str:
    """The words of a piece without its markup."""
    if node.type in ("text", "code_inline", "fence", "code_block"):
        return node.content
    if node.type == "softbreak":
        return " "
    return ("" if node.type in ("inline", "strong", "em", "link", "heading", "image") else " ").join(
        _plain(child) for child in node.children
    )
