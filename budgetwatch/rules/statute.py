"""A statute's text cut into its articles, and which rules an article's new date touches. Both take values and give values.

Articles begin a line with 第…条, in 中文 numerals or digits, 之一 and the like included; chapter headings end an article.
The text itself stays with the deployment: nothing of it is in the product.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from budgetwatch.rules.rule import Basis, Law, Rule

_DIGITS = {"零": 0, "〇": 0, **{char: n for n, char in enumerate("一二三四五六七八九", 1)}, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_NUMBER = "[零〇一二两三四五六七八九十百千0-9０-９]+"
_ARTICLE = re.compile(rf"^[#*\s　]*第({_NUMBER})条(?:之({_NUMBER}))?[*]*[\s　:：]*", re.M)
_CHAPTER = re.compile(rf"^[#*\s　]*第{_NUMBER}[编章节][\s　]*[^\n。]{{0,40}}$", re.M)
_FROM = re.compile(r"自\s*(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日起(?:施行|实施)")


def number(words: str) -> int:
    """The whole number in 中文 numerals or digits: 一百零三 → 103; `ValueError` for anything else."""
    words = words.strip()
    if words.isdecimal():
        return int(words)
    total, digit = 0, None
    for char in words:
        if char in _UNITS:
            total += (1 if digit is None else digit) * _UNITS[char]
            digit = None
        elif char in _DIGITS and (digit is None or digit == 0):
            digit = _DIGITS[char]
        else:
            raise ValueError(f"{words} is no number")
    if not words:
        raise ValueError("no number")
    return total + (digit or 0)


def numeral(value: int) -> str:
    """The number as statutes write it: 103 → 一百零三. 1 to 9999."""
    if not 1 <= value <= 9999:
        raise ValueError(f"{value} is beyond the numbers of articles")
    told, zero = "", False
    for unit, size in (("千", 1000), ("百", 100), ("十", 10), ("", 1)):
        digit, value = divmod(value, size)
        if digit:
            told += ("零" if zero and told else "") + "零一二三四五六七八九"[digit] + unit
            zero = False
        else:
            zero = True
    return told.removeprefix("一") if told.startswith("一十") else told


def articles(text: str) -> dict[str, str]:
    """The articles by number (`57`, `133之1`), each with its own words; of one that stands twice the longer is kept."""
    starts = list(_ARTICLE.finditer(text))
    found: dict[str, str] = {}
    for at, start in enumerate(starts):
        end = starts[at + 1].start() if at + 1 < len(starts) else len(text)
        if (chapter := _CHAPTER.search(text, start.end(), end)) is not None:
            end = chapter.start()
        try:
            key = f"{number(start[1])}" + (f"之{number(start[2])}" if start[2] else "")
        except ValueError:
            continue
        lines = (line.strip(" \t　*") for line in text[start.end() : end].splitlines())
        words = "\n".join(line for line in lines if line)
        if words and len(words) > len(found.get(key, "")):
            found[key] = words
    return found


def in_force_since(text: str) -> dt.date | None:
    """The day from which the text says that it is in force, where it says one."""
    said = _FROM.findall(text)
    try:
        return dt.date(*map(int, said[-1])) if said else None
    except ValueError:
        return None


def cited(article: str) -> list[str]:
    """The articles that a citation names, paragraphs left out: `57(3)` → 57, `20、21` → 20, 21."""
    return list(
        dict.fromkeys(
            re.findall(r"\d+(?:之\d+)?", re.sub(r"[(（][^)）]*[)）]|第?[一二三四五六七八九十\d]*[款项]", "", article))
        )
    )


@dataclass(frozen=True, slots=True)
class Touched:
    """A rule that rests on an article whose validity changed: from which day, and whether the rule was written before."""

    rule_id: str
    basis: Basis
    article: str
    changed_on: dt.date
    written_before: bool


def touched(rules: Iterable[Rule], laws: Mapping[str, Law], since: dt.date | None = None) -> list[Touched]:
    """The rules that rest on articles with a date of their own in `laws` (from `since` on, where it is given).

    A rule that says itself since when it holds was written before the change where it says an earlier day.
    """
    found = []
    for rule in rules:
        for at, basis in enumerate(rule.law):
            law = laws.get(basis.law.zh) if basis.law else None
            for article in cited(basis.article) if law else ():
                changed = law.articles.get(article) if law else None
                if changed is None or (since is not None and changed < since):
                    continue
                said = rule.spec.law[at].since
                found.append(Touched(rule.id, basis, article, changed, said is None or said < changed))
    return found
