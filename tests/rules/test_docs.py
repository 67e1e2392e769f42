"""The page that explains rules is true: its example is a sound rule, its table of functions is the list in force."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

from budgetwatch.rules import functions
from budgetwatch.rules.book import from_text
from budgetwatch.rules.examples import check_examples
from budgetwatch.rules.model import BalanceSpec, DeadlineSpec, OutlierSpec, ParamType, RuleSpec
from budgetwatch.rules.rule import Law
from budgetwatch.text import Text
from tests.rules.samples import BOOKS, rule_file

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
LAW = Law(Text("现金管理暂行条例", "Cash Regulation"), Text("", ""), dt.date(1988, 10, 1))


BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)


def test_the_balance_and_the_bands_shown_hold() -> None:
    _, balance, bands, *_ = BLOCKS
    before, after = BOOKS[: BOOKS.index("    balance:")], BOOKS[BOOKS.index("    message:") :]
    shown = balance[balance.index("    balance:") :] + bands[bands.index("    bands:") :]
    [rule] = from_text(rule_file(before + shown + after))
    assert check_examples(rule) == []


def test_the_example_is_a_sound_rule() -> None:
    block, *_ = BLOCKS
    [rule] = from_text(block, "docs/rules.md", {"现金管理暂行条例": LAW})
    assert check_examples(rule) == []


def test_our_functions_are_listed_as_they_are() -> None:
    listed = dict(re.findall(r"^\| `(\w+\([^`]*\))` \| (.*?) \|$", PAGE, re.M))
    assert listed == dict(functions.OURS.values())


def test_every_form_and_every_word_of_it_is_explained() -> None:
    words = {
        *DeadlineSpec.model_fields,
        *BalanceSpec.model_fields,
        *OutlierSpec.model_fields,
        *ParamType.__args__,
        "when",
        "select",
        "deadline",
        "outlier",
    }
    words |= {*RuleSpec.model_fields} - {"otherwise", "check"}
    assert [word for word in sorted(words) if f"`{word}" not in PAGE and f"{word}:" not in PAGE] == []
