"""The words on the screens: 中文 in the code is the msgid, `locale/<language>/*.po` (a file a subject) hold the others.

`t("下一件")` gives the sentence in the language of the request at hand; a missing translation shows the
中文 and is found by a test, never by a reader's stack trace.
"""

from __future__ import annotations

import re
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po

from budgetwatch.text import LANGUAGES, Text
from budgetwatch.traditional import traditional

#: The product's own name stands on English screens too, in 中文 beside its English one.
BRAND = "预算联网监督"
LOCALE = Path(__file__).parent / "locale"
COOKIE = "lang"
#: What `<html lang>` says, so that fonts, hyphenation and screen readers choose well.
HTML_LANG = {"zh": "zh-Hans", "zh-Hant": "zh-Hant", "en": "en"}

_language: ContextVar[str] = ContextVar("language", default="zh")


#: "1 rows", "1 inquiries wait" as a filled English sentence may have it; 中文 has no such forms.
_ONE = re.compile(
    r"(?<![\d.,:/-])1 (days?|rows?|cases?|payments?|questions?|minutes?|results?|files?|accounts?|places?|fields?|rules?"
    r"|flags?|inquiries)( wait\b| have\b)?"
)
_VERBS = {" wait": " waits", " have": " has", None: ""}


@cache
def catalogue(language: str) -> dict[str, str]:
    """msgid → translation of one language; 中文 is its own catalogue."""
    found: dict[str, str] = {}
    for file in sorted((LOCALE / language.replace("-", "_")).glob("*.po")):
        with file.open("rb") as opened:
            found |= {str(m.id): str(m.string) for m in read_po(opened) if m.id and m.string and not m.fuzzy}
    return found


def speak(language: str | None) -> str:
    """From here on, in this request, words are in `language` (中文 when it is not one of ours)."""
    chosen = language if language in LANGUAGES else "zh"
    _language.set(chosen)
    return chosen


def spoken() -> str:
    """The language of the request at hand."""
    return _language.get()


def t(source: str, **values: Any) -> str:
    """The sentence in the language at hand, its `{placeholders}` filled."""
    sentence = catalogue(spoken()).get(source, source)
    if not values:
        return sentence
    filled = sentence.format(**values)
    return _ONE.sub(_single, filled) if spoken() == "en" and "1 " in filled else filled


def _single(found: re.Match[str]) -> str:
    noun = "inquiry" if found[1] == "inquiries" else found[1].removesuffix("s")
    return f"1 {noun}{_VERBS[found[2]]}"


def say(text: Text | str | None) -> str:
    """What a query handed back, in the language at hand; names that exist once are said as they are."""
    if text is None:
        return ""
    return text.of(spoken()) if isinstance(text, Text) else str(text)


def brand() -> str:
    """The product's own name in the script of the reader."""
    return traditional(BRAND) if spoken() == "zh-Hant" else BRAND
