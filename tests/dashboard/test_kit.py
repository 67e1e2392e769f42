"""The kit: exact amounts, marks that do not depend on colour, addresses that hold the state."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgetwatch.access.viewer import Viewer
from dashboard.asking import Asking, href, read_query
from dashboard.components import Column, due_mark, severity_badge, table
from dashboard.components.money import amount, easy_unit, figure, percent, spelled, unit_label
from dashboard.i18n import speak

AUDITOR = Viewer(1, "a", "a", "auditor", "9901")


def asking(path: str = "/auditor", search: str = "") -> Asking:
    return Asking(None, AUDITOR, path, read_query(search))  # type: ignore[arg-type]


def test_an_amount_shows_its_unit_and_keeps_its_exact_value_in_the_title() -> None:
    speak("zh")
    shown = amount(Decimal("123456789.05"), unit="wan", with_unit=True).to_plotly_json()["props"]
    assert shown["title"] == "123,456,789.05 元"
    assert shown["children"][0] == "12,345.68"
    assert figure(None) == "—"
    assert unit_label("GBP", "wan") == "千英镑"
    assert figure(Decimal(1_234_000), "yi", "GBP") == "1.23"
    assert spelled(Decimal(123_456_789), unit="yi") == "1.23 亿元"


def test_english_counts_in_thousands_and_millions_as_it_is_spoken() -> None:
    speak("en")
    assert unit_label("CNY", "wan") == "CNY thousand"
    assert figure(Decimal("1234567.89"), "wan") == "1,234.57"
    assert spelled(Decimal("1234567.89"), unit="yi") == "CNY 1.23 million"
    assert spelled(Decimal("-1234567.8"), unit="yuan") == "CNY −1,234,567.80"
    assert spelled(None) == "—"
    assert [easy_unit(Decimal(n)) for n in (2_012, 640_000, 1_000_000)] == ["yuan", "yuan", "yi"]
    shown = amount(Decimal("123456789.05"), unit="yi", with_unit=True).to_plotly_json()["props"]
    assert " ".join(str(getattr(c, "children", c)).strip() for c in shown["children"]) == "CNY 123.46 million"
    assert shown["title"] == "CNY 123,456,789.05"
    speak("zh")


def test_figures_are_never_floats() -> None:
    assert figure(Decimal("0.1") + Decimal("0.2"), "yuan") == "0.30"
    assert figure(Decimal("-5"), "yuan") == "−5.00"
    assert percent(Decimal("0.12345")) == "12.3%"


@pytest.mark.parametrize("severity", ["red", "orange", "yellow", "blue"])
def test_a_severity_says_itself_in_shape_and_word(severity: str) -> None:
    shape, word = severity_badge(severity).children
    others = [severity_badge(s).children[0].children for s in ("red", "orange", "yellow", "blue") if s != severity]
    assert shape.children not in others
    assert word.children


def test_what_is_due_says_so_in_words() -> None:
    speak("zh")
    today = dt.date(2026, 1, 10)
    assert "已逾期 2 天" in str(due_mark(dt.date(2026, 1, 8), today=today))
    assert "今天到期" in str(due_mark(today, today=today))
    assert "还有 3 天" in str(due_mark(dt.date(2026, 1, 13), today=today))
    assert "due-near" not in str(due_mark(dt.date(2026, 2, 13), today=today))


def test_a_sorted_column_says_its_order_and_links_to_the_other() -> None:
    columns = [Column("amount", "金额", "money", sort="amount"), Column("name", "名称", main=True)]
    drawn = table(
        columns, [{"amount": Decimal(1), "name": "甲"}], caption="c", id="t", asking=asking(), order="-amount"
    )
    head = drawn.children.children[1].children.children[0].to_plotly_json()["props"]
    assert head["aria-sort"] == "descending"
    assert head["children"][-1].href == "/auditor?order=amount" if isinstance(head["children"], list) else True
    assert head["scope"] == "col"


def test_a_changed_filter_starts_at_page_one_and_keeps_the_others() -> None:
    here = asking(search="?year=2025&page=4&text=办公")
    assert here.same(year=2026) == href("/auditor", year=2026, text="办公")
    assert here.same(text=None) == "/auditor?year=2025"
    assert "page=5" in here.same(page=5)


@given(
    st.dictionaries(
        st.from_regex(r"[a-z_]{1,8}", fullmatch=True),
        st.lists(st.text(min_size=1).map(str.strip).filter(bool), min_size=1),
    )
)
def test_an_address_gives_back_what_was_put_in(query: dict[str, list[str]]) -> None:
    _, _, search = href("/x", **query).partition("?")
    assert read_query(f"?{search}") == query
