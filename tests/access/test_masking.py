"""Masking: what is hidden, what stays readable, and that Python and DuckDB hide exactly the same."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetwatch.access import masking
from budgetwatch.access.viewer import SYSTEM, Viewer
from tests.effort import examples

TWINS = [
    (masking.mask_name, masking.sql_name),
    (masking.mask_account, masking.sql_account),
    (masking.mask_text, masking.sql_text),
]


@pytest.mark.parametrize(
    ("name", "shown"),
    [("张三", "张*"), ("欧阳小明", "欧*"), (" 李四 ", "李*"), ("John Smith", "J*"), ("", ""), (None, None)],
)
def test_a_name_keeps_its_first_character(name: str | None, shown: str | None) -> None:
    assert masking.mask_name(name) == shown


@pytest.mark.parametrize(
    ("account", "shown"),
    [
        ("6222020200012345678", "6222****5678"),
        ("6222 0202 0001 2345 678", "6222****5678"),
        ("123456789", "1234****6789"),
        ("12345678", "****"),
        ("", ""),
        (None, None),
    ],
)
def test_an_account_keeps_four_signs_at_either_end(account: str | None, shown: str | None) -> None:
    assert masking.mask_account(account) == shown


@pytest.mark.parametrize(
    ("memo", "shown"),
    [
        ("付张三（440106199001011234）劳务费", "付张三（440***********1234）劳务费"),
        ("身份证44010619900101123X", "身份证440***********123X"),
        ("电话13812345678联系", "电话138****5678联系"),
        ("tel13812345678", "tel138****5678"),
        ("13812345678,13912345678,13712345678", "138****5678,139****5678,137****5678"),
        ("138 1234 5678 / +86-138-1234-5678 / 8613812345678", "138****5678 / +86-138****5678 / 86138****5678"),
        ("电话１３８１２３４５６７８", "电话１３８****５６７８"),
        ("卡号6222020200012345678转账", "卡号622***********5678转账"),
        ("购置折叠床120张，合同2024-0117号，金额20000.00元", "购置折叠床120张，合同2024-0117号，金额20000.00元"),
        ("2025年第12345678901号", "2025年第12345678901号"),
        (None, None),
    ],
)
def test_a_memo_loses_the_numbers_of_persons_and_nothing_else(memo: str | None, shown: str | None) -> None:
    assert masking.mask_text(memo) == shown


def in_duckdb(expression: str, value: str | None) -> str | None:
    return duckdb.execute(f"SELECT {expression} FROM (SELECT ?::VARCHAR AS x)", [value]).fetchone()[0]


numbers = st.text("0123456789０９Xx -+8613", min_size=0, max_size=40)
texts = st.none() | numbers | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


@settings(max_examples=examples(300), deadline=None)
@given(value=texts)
@pytest.mark.parametrize(("python", "sql"), TWINS, ids=["name", "account", "text"])
def test_python_and_duckdb_hide_the_same(python: object, sql: object, value: str | None) -> None:
    assert in_duckdb(sql("x"), value) == python(value)  # type: ignore[operator]


@settings(max_examples=examples(200), deadline=None)
@given(
    before=st.sampled_from(["", "付", "a", " ", "，"]), number=st.from_regex(r"[1-9][0-9]{16}[0-9X]", fullmatch=True)
)
def test_no_id_number_survives_in_a_memo(before: str, number: str) -> None:
    assert number not in (masking.mask_text(f"{before}{number}元") or "")


@pytest.mark.parametrize(
    ("name", "kind", "shown"),
    [
        ("张三", "person", "张*"),
        ("某某市第一小学", "organisation", "某某市第一小学"),
        ("张三", None, "张*"),
        ("某某建筑有限公司", None, "某某建筑有限公司"),
        (None, "person", None),
    ],
)
def test_payees_that_are_persons_are_masked_and_units_stay_readable(
    name: str | None, kind: str | None, shown: str | None
) -> None:
    picked = masking.sql_payee("n", "k")
    assert duckdb.execute(
        f"SELECT {picked} FROM (SELECT ?::VARCHAR AS n, ?::VARCHAR AS k)", [name, kind]
    ).fetchone() == (shown,)


def test_only_those_whose_work_it_is_see_payees() -> None:
    roles = {"reviewer": False, "lead": False, "deputy": False, "auditor": True, "unit": False, "finance": False}
    assert {role: masking.unmasked(Viewer(1, "x", "x", role)) for role in roles} == roles
    assert masking.unmasked(SYSTEM)
