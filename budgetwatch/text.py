"""One sentence in the languages people read here: 中文 first, English beside it, 繁體 made from 简体."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from budgetwatch.traditional import traditional

#: What people may read in, and what sentences are written in: 繁體 is converted, never written twice.
LANGUAGES = ("zh", "zh-Hant", "en")
WRITTEN = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Text:
    """The same words in 中文 and English; `of("zh")` picks one.

    What reads alike in both is a name that someone sent (a unit, a payee): it is shown as sent in 繁體 too.
    """

    zh: str
    en: str

    def of(self, language: str) -> str:
        if language == "zh-Hant":
            return self.zh if self.zh == self.en else traditional(self.zh)
        return self.en if language == "en" else self.zh

    def fill(self, **values: Any) -> Text:
        """The same sentence with its `{placeholders}` filled in both languages."""
        return Text(self.zh.format(**values), self.en.format(**values))

    def __str__(self) -> str:
        return self.zh
