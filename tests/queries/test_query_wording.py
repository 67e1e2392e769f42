"""A flag's sentence names what its figures hold in code, in the region's currency, and keeps a person's name back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from budgetwatch.access.viewer import Viewer
from budgetwatch.queries import wording
from budgetwatch.queries.names import Names, RegionName
from budgetwatch.rules.book import RuleBook
from budgetwatch.rules.rule import Rule
from tests.conftest import REPOSITORY

REVIEWER = Viewer(1, "r", "r", "reviewer", "9901")
AUDITOR = Viewer(2, "a", "a", "auditor", "9901")
KNOWN = Names(
    regions={"990102": RegionName("990102", "云帆区", "district")},
    subjects={("func", "2080505"): "养老保险缴费"},
    agencies={"990102-A01": "云帆区民政局"},
    parents={},
    currencies={"990102": "CNY", "GB-MAN": "GBP"},
)


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return RuleBook.load(Path(REPOSITORY) / "rules")


def said(rule: Rule, viewer: Viewer = REVIEWER, **figures: Any) -> Any:
    return rule.sentence(wording.spelt_out(figures, rule, KNOWN, viewer))


@pytest.mark.parametrize(
    ("subject", "called"),
    [
        ("990102", "云帆区"),
        ("990102 · 专项转移支付", "云帆区 · 专项转移支付"),
        ("示财专〔2024〕17号|990102", "示财专〔2024〕17号 · 云帆区"),
        ("项目990102号", "项目990102号"),
        ("990199", "990199"),
    ],
)
def test_a_code_of_a_region_is_called_by_its_name(subject: str, called: str) -> None:
    assert KNOWN.called(subject) == called


def test_a_book_and_a_published_item_are_named(book: RuleBook) -> None:
    balance = said(book["BP-06"], subject_name="990102", period="2026", book="1", stage_zh="草案", stage_en="draft")
    assert "云帆区 2026 年预算（草案，账本：一般公共预算）" in balance.zh
    assert "expenditure_total" not in said(book["DC-07"], subject_name="x", item="expenditure_total").en


def test_a_day_that_nobody_recorded_is_said_in_words(book: RuleBook) -> None:
    sentence = said(
        book["TL-04"], subject_name="x", period="2026", start_day="2026-01-28", due_day="2026-02-17", end_day=""
    )
    assert "登记的公开日为 无记录" in sentence.zh
    assert "published: none on record" in sentence.en


def test_a_models_explanation_names_units_and_subjects(book: RuleBook) -> None:
    parts = {
        "lead": "pair", "n": 1000,
        "pair": {"columns": ["agency_code", "func_code"], "values": ["990102-A01", "2080505"], "counts": [10, 20], "together": 1, "expected": "9.00"},
    }  # fmt: skip
    sentence = said(book["PY-30"], parts=parts)
    assert "单位名称「云帆区民政局」" in sentence.zh
    assert "「2080505 养老保险缴费」" in sentence.zh


@pytest.mark.parametrize(
    ("viewer", "personal", "payee", "shown"),
    [
        (REVIEWER, "yes", "欧阳示例某", "欧*"),
        (REVIEWER, "unknown", "张三", "张*"),
        (REVIEWER, "unknown", "示例有限公司", "示例有限公司"),
        (REVIEWER, "", "张三", "张三"),
        (AUDITOR, "yes", "欧阳示例某", "欧阳示例某"),
    ],
)
def test_a_person_who_was_paid_is_masked_in_a_lead(
    book: RuleBook, viewer: Viewer, personal: str, payee: str, shown: str
) -> None:
    parts = {"lead": "value", "n": 1000, "value": {"column": "payee_name", "value": payee, "count": 1}}
    assert f"「{shown}」" in said(book["PY-30"], viewer, parts=parts, personal=personal).zh


def test_messages_are_written_in_yuan_and_said_in_the_regions_currency(book: RuleBook) -> None:
    pounds = wording._in_currency(book["PY-05"], "GBP").message
    assert "英镑" in pounds.zh
    assert " 元" not in pounds.zh


def test_one_thing_is_said_in_the_singular() -> None:
    assert wording._grammatical("made 1 payments on 11 days") == "Made 1 payment on 11 days"
    assert wording._grammatical("x paid 0.1 times") == "X paid 0.1 times"
