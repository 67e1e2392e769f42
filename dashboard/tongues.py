"""Which words of an English page are 中文: names from the data have no English, and a screen reader must know to read them so.

A sentence of the page's own with a name in it is left whole; what is mostly 汉字 is marked `lang="zh-Hans"` (WCAG 3.1.2).
"""

from __future__ import annotations

import re
from typing import Any

from dashboard.markup import HTML

_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN = re.compile(r"[A-Za-z]")
#: Elements that hold text alone.
_TEXT_ONLY = frozenset({"Option", "Textarea", "Title"})


def is_chinese(words: str) -> bool:
    """Whether at least half of the words are 汉字; a 汉字 stands for about two letters."""
    han = len(_HAN.findall(words))
    return han > 0 and 2 * han >= len(_LATIN.findall(words))


def marked(node: Any) -> Any:
    """A plain tree (markup.plain) of an English page in which every part that is 中文 says so; the tree itself is changed."""
    if isinstance(node, list):
        return [marked(child) for child in node]
    if not isinstance(node, dict) or node.get("namespace") != HTML:
        return node
    props = node["props"]
    children = props.get("children")
    if "lang" in props or children is None:
        return node
    if isinstance(children, str):
        if is_chinese(children):
            props["lang"] = "zh-Hans"
    elif isinstance(children, list):
        alone = node["type"] in _TEXT_ONLY
        props["children"] = [
            _span(child) if isinstance(child, str) and not alone and is_chinese(child) else marked(child)
            for child in children
        ]
    else:
        props["children"] = marked(children)
    return node


def _span(words: str) -> dict[str, Any]:
    return {"type": "Span", "namespace": HTML, "props": {"children": words, "lang": "zh-Hans"}}
