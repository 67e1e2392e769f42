"""Why a part of a rule is refused, before it is known in which file and line that part stands."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from budgetwatch.text import Text


class Refusal(Exception):
    """A part of a rule cannot be taken; `book` makes a BadRule of it with file, line and rule id."""

    def __init__(self, what: Text, fix: Text, at: tuple[str | int, ...] = ()) -> None:
        self.what, self.fix, self.at = what, fix, at
        super().__init__(what.en)


class Said(ValueError):
    """A value is wrong, in both languages; for the checks of a rule's shape."""

    def __init__(self, zh: str, en: str) -> None:
        self.text = Text(zh, en)
        super().__init__(en)


def nearest(word: str, known: Iterable[str]) -> Text:
    """What was probably meant, or what there is to choose from."""
    names = list(known)
    near = difflib.get_close_matches(word, names, n=3, cutoff=0.6)
    listed = ", ".join(near or sorted(names)[:30])
    if near:
        return Text(f"是否想写：{listed}？", f"Did you mean {listed}?")
    return Text(f"可用的有：{listed or '无'}。", f"There are: {listed or 'none'}.")
