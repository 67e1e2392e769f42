"""A rule's text made from its parts reads back to exactly these parts, for every rule shipped and any odd words."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgetwatch.errors import Invalid
from budgetwatch.lifecycle import diff, writing
from budgetwatch.rules.book import read_folder
from budgetwatch.settings import Settings

WORDS = st.one_of(
    st.sampled_from(["0301", "NO", "on", "1_000", "12:30", "~", "null", "2025-01-31", "# no", "a: b", " x ", "- y", "1e3", "=", "<<"]),
    st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\x85\u2028\u2029\ufeff"), max_size=30),
)  # fmt: skip
VALUES = st.recursive(
    st.one_of(
        WORDS, st.booleans(), st.integers(-(10**9), 10**9), st.dates(dt.date(1990, 1, 1), dt.date(2099, 12, 31)),
        st.decimals(-1000, 1000, places=2, allow_nan=False, allow_infinity=False),
        st.lists(st.sampled_from(["amount > 1", "  AND b", "", "x: y"]), min_size=2, max_size=4).map("\n".join),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.from_regex(r"[a-z]{3,8}", fullmatch=True), inner, max_size=3)),
    max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(st.from_regex(r"k[a-z]{2,8}", fullmatch=True), VALUES, min_size=1, max_size=5))
def test_what_is_written_reads_back_the_same(rule: dict[str, Any]) -> None:
    assert writing.parts(writing.written(rule)) == rule


def test_every_rule_shipped_survives_being_written_anew() -> None:
    book, _ = read_folder(Settings().rules)
    for rule in book.values():
        again = writing.written(writing.parts(rule.body))
        assert writing.parts(again) == writing.parts(rule.body), rule.id
        assert diff.changes(rule.body, again) == [], rule.id


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("integer", "1,200", 1200),
        ("money", "1,200.5", "1200.5"),
        ("ratio", "0.9", "0.9"),
        ("date", "2026-01-31", dt.date(2026, 1, 31)),
        ("words", "购物卡、礼品，烟酒", ["购物卡", "礼品", "烟酒"]),
        ("code", " 0301 ", "0301"),
    ],
)
def test_a_threshold_as_it_is_typed(kind: str, text: str, value: Any) -> None:
    assert writing.as_param(kind, text) == value
    assert not isinstance(value, (float, Decimal))


@pytest.mark.parametrize(("kind", "text"), [("integer", "ten"), ("money", "1.2.3"), ("date", "31.1.2026")])
def test_what_cannot_be_read_is_refused(kind: str, text: str) -> None:
    with pytest.raises(Invalid):
        writing.as_param(kind, text)
