"""One sentence in the languages people read here: 中文 first, English beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Text:
    """The same words in 中文 and English; `of("zh")` picks one."""

    zh: str
    en: str

    def of(self, language: str) -> str:
        return self.en if language == "en" else self.zh

    def fill(self, **values: Any) -> Text:
        """The same sentence with its `{placeholders}` filled in both languages."""
        return Text(self.zh.format(**values), self.en.format(**values))

    def __str__(self) -> str:
        return self.zh
