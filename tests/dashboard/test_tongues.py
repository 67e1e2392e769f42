"""On an English page what is 中文 says so, once, and nothing else does."""

from __future__ import annotations

import pytest
from dash import html

from dashboard.markup import markup, plain
from dashboard.tongues import is_chinese, marked


@pytest.mark.parametrize(
    ("words", "chinese"),
    [
        ("启明区教育局", True),
        ("示范市 (own level)", False),
        ("PY-07 重复支付", True),
        ("Of 44 places, 壬寅街道 is highest (96.4%)", False),
        ("1,234.50", False),
        ("", False),
    ],
)
def test_words_are_chinese_when_half_of_them_are(words: str, chinese: bool) -> None:
    assert is_chinese(words) is chinese


def test_an_element_of_chinese_words_is_marked_itself() -> None:
    assert markup(marked(plain(html.Td("教育局")))) == '<td lang="zh-Hans">教育局</td>'


def test_among_english_only_the_chinese_piece_is_marked() -> None:
    told = marked(plain(html.Div(["教育局", html.Span("Education"), " draft"])))
    assert markup(told) == '<div><span lang="zh-Hans">教育局</span><span>Education</span> draft</div>'


def test_what_says_its_language_already_is_left_alone() -> None:
    tree = html.P(["简体中文"], lang="zh-Hant")
    assert markup(marked(plain(tree))) == '<p lang="zh-Hant">简体中文</p>'


def test_an_option_holds_text_alone() -> None:
    tree = html.Option(["教育局", " (own)"], value="1")
    assert "<span" not in markup(marked(plain(tree)))
