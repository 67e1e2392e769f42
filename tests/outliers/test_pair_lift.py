"""What the pair-lift model promises: rare pairs, rare values and strange amounts come first, each with its reason."""

from __future__ import annotations

from functools import partial

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetwatch.outliers import MODELS, PairLift, explain
from budgetwatch.text import Text
from tests.outliers.everyday import Row, ordinary, scored

score = partial(scored, PairLift)


def test_a_pair_that_never_met_before_is_among_the_first_and_is_named(connection: duckdb.DuckDBPyConnection) -> None:
    """The everyday row of the most extreme amount ties with it: each is the only one of its kind."""
    rows = [*ordinary(), ("202", "stationery", "shop 1", "1000", "CNY")]
    first = next(s for s in score(connection, rows, keep=3).rows if s.row == 600)
    assert (first.score, first.parts["lead"]) == (1 - 1 / 601, "pair")
    assert {"202"} < set(first.parts["pair"]["values"])
    assert first.parts["pair"]["together"] == 1
    assert "只同时出现 1 次" in explain(first.parts).zh


def test_a_value_seen_once_is_rare_but_its_pairs_are_not_surprising(connection: duckdb.DuckDBPyConnection) -> None:
    """The row under test is left out: a value seen nowhere else has no expected partners."""
    first = score(connection, [*ordinary(), ("201", "stationery", "stranger", "1000", "CNY")]).rows[0]
    assert (first.row, first.parts["lead"]) == (600, "value")
    assert first.parts["value"] == {"column": "payee_name", "value": "stranger", "count": 1, "tail": 1 / 601}


def test_an_amount_far_from_its_group_is_compared_with_its_median(connection: duckdb.DuckDBPyConnection) -> None:
    first = next(s for s in score(connection, [*ordinary(), ("201", "stationery", "shop 1", "999999.99", "CNY")]).rows)
    assert first.row == 600
    assert first.parts["amount"]["amount"] == "999999.99"
    assert first.parts["amount"]["group"]["column"] == "payee_name"
    assert first.parts["amount"]["group"]["count"] == 101


def test_amounts_of_different_currencies_are_never_compared(connection: duckdb.DuckDBPyConnection) -> None:
    rows: list[Row] = [("201", "stationery", "shop", "1000", "CNY")] * 300
    rows += [("201", "stationery", "shop", "1000000", "IDR")] * 300
    assert {s.parts["amount"]["tail"] for s in score(connection, rows, keep=600).rows} == {1.0}


def test_below_min_rows_nothing_is_scored_and_the_reason_says_so(connection: duckdb.DuckDBPyConnection) -> None:
    few = score(connection, ordinary(10))
    assert (few.looked_at, few.rows, few.too_few) == (20, [], True)
    assert few.reason == Text("只有 20 行可比，太少，不评分", "only 20 comparable rows: too few to score")
    assert not score(connection, []).too_few


def test_rows_with_an_empty_column_are_not_comparable(connection: duckdb.DuckDBPyConnection) -> None:
    rows: list[Row] = [
        *ordinary(),
        (None, "x", "y", "1", "CNY"),
        ("201", "x", None, "1", "CNY"),
        ("201", "x", "y", None, "CNY"),
    ]
    assert score(connection, rows).looked_at == 600


def test_the_ranking_is_the_same_twice_and_leaves_nothing_behind(connection: duckdb.DuckDBPyConnection) -> None:
    rows = ordinary()
    assert score(connection, rows) == score(connection, rows)
    assert connection.execute("SELECT count(*) FROM duckdb_tables() WHERE temporary").fetchone() == (0,)


def test_it_is_found_by_the_name_rules_use() -> None:
    assert MODELS["pair_lift"] is PairLift


@pytest.mark.parametrize("name", ['a"; DROP TABLE fact; --', "A", ""])
def test_a_name_that_is_no_column_is_refused(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    with pytest.raises(ValueError, match="not a column name"):
        PairLift.score(connection, "SELECT 1 AS _row", [name], "amount")


values = st.sampled_from(["a", "b", "c"])
facts = st.lists(
    st.tuples(values, values, values, st.decimals(-(10**9), 10**9, places=2).map(str), st.just("CNY")),
    min_size=30,
    max_size=60,
)


@settings(max_examples=10, deadline=None)
@given(facts)
def test_scores_lie_between_0_and_1_fall_with_rank_and_all_can_be_explained(rows: list[Row]) -> None:
    with duckdb.connect(":memory:") as connection:
        scored = score(connection, rows, min_rows=30, keep=len(rows)).rows
    assert sorted(s.row for s in scored) == list(range(len(rows)))
    assert [s.rank for s in scored] == list(range(1, len(rows) + 1))
    assert [s.score for s in scored] == sorted((s.score for s in scored), reverse=True)
    for one in scored:
        assert 0 <= one.score < 1
        said = explain(one.parts, {"payee_name": Text("收款人", "Payee")})
        assert said.zh
        assert said.en


def test_the_order_of_rows_does_not_matter(connection: duckdb.DuckDBPyConnection) -> None:
    rows = [*ordinary(), ("202", "stationery", "shop 1", "1000", "CNY")]
    there = {(s.row, s.score) for s in score(connection, rows, keep=601).rows}
    back = {(600 - s.row, s.score) for s in score(connection, rows[::-1], keep=601).rows}
    assert there == back
