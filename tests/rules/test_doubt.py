"""What a condition hits or cannot decide, asked so that an engine can stop early, is the same rows as asked plainly."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetwatch.records import ALL
from budgetwatch.rules import RuleBook, functions
from budgetwatch.rules.doubt import not_false
from budgetwatch.rules.sql import bind

RULES = RuleBook.load(Path(__file__).resolve().parents[2] / "rules")
CONDITIONS = [rule for rule in RULES.values() if rule.form == "when"]

LEAVES = st.sampled_from([
    "agency_code = 'x'", "agency_code <> 'x'", "amount > 1", "amount BETWEEN 0 AND CAST('5.00' AS DECIMAL(18,2))", "purpose IN ('a', 'b')",
    "purpose NOT IN ('a')", "contract_no IS NULL", "contains_any(purpose, ['a', 'x'])", "coalesce(settlement, '') <> 'cash'",
    "pay_date >= DATE '2025-01-01'", "year(pay_date) = 2025", "purpose LIKE 'a%'", "purpose = NULL", "agency_code IN ('x', NULL)", "true",
    "CASE WHEN amount > 1 THEN purpose = 'a' END", "amount / nullif(amount, 0) > 0", "purpose = 'it''s -- x'",
])  # fmt: skip
CONDITION = st.recursive(
    LEAVES,
    lambda parts: st.one_of(
        st.tuples(parts, st.sampled_from(["AND", "OR"]), parts).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        parts.map(lambda p: f"NOT ({p})"),
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def payments() -> duckdb.DuckDBPyConnection:
    """Every combination of values, absent ones among them."""
    connection = duckdb.connect()
    functions.install(connection, (2024, 2026))
    choices = {
        "agency_code": "['x', 'y']", "amount": "[0, 2, NULL]", "purpose": "['a', 'xb', NULL]", "contract_no": "['c', NULL]",
        "settlement": "['cash', NULL]", "pay_date": "[DATE '2025-05-05', DATE '2024-05-05', NULL]",
    }  # fmt: skip
    connection.execute("CREATE TABLE payment AS SELECT row_number() OVER () AS _row, * FROM (SELECT 1 AS one) " + " ".join(
        f", (SELECT unnest({values})::{ALL['payment'].by_name[name].duckdb} AS {name})" for name, values in choices.items()
    ))  # fmt: skip
    return connection


def kept(connection: duckdb.DuckDBPyConnection, where: str) -> list[int]:
    return [row for (row,) in connection.execute(f"SELECT _row FROM payment WHERE {where} ORDER BY 1").fetchall()]


@settings(max_examples=150, deadline=None)
@given(condition=CONDITION, sure=st.sets(st.sampled_from(["agency_code"])))
def test_the_rows_not_found_false_are_the_same(
    payments: duckdb.DuckDBPyConnection, condition: str, sure: set[str]
) -> None:
    assert kept(payments, not_false(condition, "payment", sure)) == kept(payments, f"({condition}) IS NOT FALSE")


@pytest.mark.parametrize("rule", CONDITIONS, ids=lambda rule: rule.id)
def test_every_condition_of_the_catalogue_can_be_cut_short(rule) -> None:  # type: ignore[no-untyped-def]
    condition = bind(rule.sql, rule.values(dt.date(2025, 6, 30)))
    assert not_false(condition, rule.over, rule.needs) != f"((\n{condition}\n) IS NOT FALSE)"
