"""One sentence in the languages people read here: 中文 first, English beside it, 繁體 made from 简体."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

#: What people may read in, and what sentences are written in: 繁體 is converted, never written twice.
LANGUAGES = ("zh", "zh-Hant", "en")
WRITTEN = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Text:
    """The same words in 中文 and English; `of("zh")` picks one."""

    zh: str
    en: str

    def of(self, language: str) -> str:
        if language == "zh-Hant":
            return traditional(self.zh)
        return self.en if language == "en" else self.zh

    def fill(self, **values: Any) -> Text:
        """The same sentence with its `{placeholders}` filled in both languages."""
        return Text(self.zh.format(**values), self.en.format(**values))

    def __str__(self) -> str:
        return self.zh


@cache
def _to_traditional() -> Any:
    import opencc  # a second of dictionaries, for the first reader of 繁體 only

    return opencc.OpenCC("s2tw")


@lru_cache(maxsize=16_384)
def traditional(words: str) -> str:
    """The same words in 繁體 (OpenCC's `s2tw`)."""
    return str(_to_traditional().convert(words))
