"""Sentences as they are set: a day or an amount with its unit stays on one line, so that no line begins with its tail."""

from __future__ import annotations

import re
from typing import Any

from dash import html

#: A day or moment; or a figure with 元, 万元, 亿元, per cent or the currency after it.
_WHOLE = re.compile(r"\d{4}-\d{2}-\d{2}(?: \d{2}:\d{2})?|[\d,]*\d(?:\.\d+)?\s?(?:[\u4ebf\u4e07]?\u5143|%|CNY\b)")


#: As English is typed in a rule, and how it is set.
_TYPED = ((re.compile(r"(?<=[A-Za-z])'(?=[a-z ])"), "\u2019"), (re.compile(r"(?<=\d) %"), "%"))


def whole(sentence: str) -> Any:
    """The sentence with each day and amount kept whole; the words are the same, the apostrophe is a real one."""
    for typed, set_ in _TYPED:
        sentence = typed.sub(set_, sentence)
    parts: list[Any] = []
    end = 0
    for found in _WHOLE.finditer(sentence):
        if found.start() > end:
            parts.append(sentence[end : found.start()])
        parts.append(html.Span(found.group(), className="nowrap"))
        end = found.end()
    if not parts:
        return sentence
    return [*parts, sentence[end:]] if end < len(sentence) else parts
