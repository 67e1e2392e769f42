"""What the isolation forest promises: what is rare in several ways comes first, with the reason, the same every time."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from budgetwatch.outliers import MODELS, IsolationForest, explain
from budgetwatch.outliers import isolation_forest as module
from budgetwatch.text import Text
from tests.outliers.everyday import Row, ordinary, scored

score = partial(scored, IsolationForest)


def test_a_row_rare_in_several_ways_comes_first_and_says_which(connection: duckdb.DuckDBPyConnection) -> None:
    first = score(connection, [*ordinary(), ("201", "fireworks", "stranger", "999999.99", "CNY")]).rows[0]
    assert (first.row, first.rank, first.parts["lead"]) == (600, 1, "forest")
    assert {f["column"] for f in first.parts["features"]} == {"item_name", "payee_name", "amount"}
    said = explain(first.parts, {"payee_name": Text("收款人", "Payee"), "amount": Text("金额", "Amount")})
    assert "收款人「stranger」（1 笔）" in said.zh
    assert "Amount 999,999.99 (median" in said.en


def test_an_explanation_names_three_features_at_most_the_heaviest_first(connection: duckdb.DuckDBPyConnection) -> None:
    for one in score(connection, ordinary(), keep=20).rows:
        losses = [float(f["loss"]) for f in one.parts["features"]]
        assert 1 <= len(losses) <= 3
        assert losses == sorted(losses, reverse=True)


def test_the_ranking_is_the_same_twice_and_leaves_nothing_behind(connection: duckdb.DuckDBPyConnection) -> None:
    rows = ordinary()
    assert score(connection, rows) == score(connection, rows)
    assert connection.execute("SELECT count(*) FROM duckdb_tables() WHERE temporary").fetchone() == (0,)


def test_chunks_do_not_change_the_scores(
    connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = score(connection, ordinary(), keep=600)
    monkeypatch.setattr(module, "CHUNK", 7)
    assert score(connection, ordinary(), keep=600) == whole


def test_it_grows_on_a_sample_and_scores_all(
    connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SAMPLE", 200)
    found = score(connection, [*ordinary(), ("9", "fireworks", "stranger", "999999.99", "CNY")], keep=601)
    assert (found.looked_at, len(found.rows)) == (601, 601)
    assert 600 in {s.row for s in found.rows[:60]}


def test_amounts_of_different_currencies_are_never_compared(connection: duckdb.DuckDBPyConnection) -> None:
    rows: list[Row] = [("201", "stationery", "shop", "1000", "CNY")] * 300
    rows += [("201", "stationery", "shop", "1000000", "IDR")] * 300
    assert len({s.score for s in score(connection, rows, keep=600).rows}) == 1


def test_below_min_rows_nothing_is_scored_and_the_reason_says_so(connection: duckdb.DuckDBPyConnection) -> None:
    few = score(connection, ordinary(10))
    assert (few.looked_at, few.rows, few.too_few) == (20, [], True)
    assert not score(connection, []).too_few


def test_rows_with_an_empty_column_are_not_comparable(connection: duckdb.DuckDBPyConnection) -> None:
    rows: list[Row] = [
        *ordinary(),
        (None, "x", "y", "1", "CNY"),
        ("201", "x", None, "1", "CNY"),
        ("201", "x", "y", None, "CNY"),
    ]
    assert score(connection, rows).looked_at == 600


def test_it_is_found_by_the_name_rules_use() -> None:
    assert MODELS["isolation_forest"] is IsolationForest


@pytest.mark.parametrize("name", ['a"; DROP TABLE fact; --', "A", ""])
def test_a_name_that_is_no_column_is_refused(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    with pytest.raises(ValueError, match="not a column name"):
        IsolationForest.score(connection, "SELECT 1 AS _row", [name], "amount")


values = st.sampled_from(["a", "b", "c"])
facts = st.lists(
    st.tuples(values, values, values, st.decimals(-(10**9), 10**9, places=2).map(str), st.just("CNY")),
    min_size=30,
    max_size=60,
)


@settings(max_examples=8, deadline=None)
@given(facts)
def test_scores_lie_between_0_and_1_fall_with_rank_and_all_can_be_explained(rows: list[Row]) -> None:
    with duckdb.connect(":memory:") as connection:
        scored = score(connection, rows, min_rows=30, keep=len(rows)).rows
    assert sorted(s.row for s in scored) == list(range(len(rows)))
    assert [s.rank for s in scored] == list(range(1, len(rows) + 1))
    assert [s.score for s in scored] == sorted((s.score for s in scored), reverse=True)
    for one in scored:
        assert 0 < one.score < 1
        said = explain(one.parts)
        assert said.zh
        assert said.en


def test_it_ranks_injected_anomalies_far_above_chance(shared_data: Path) -> None:
    """The data's README gives 0.33 for a forest on rarity; the labels are only looked at here, to measure it."""
    folder = shared_data / "labelled_manchester_global_local"
    payments = f"SELECT row_number() OVER (ORDER BY row_id) AS _row, * FROM '{folder / 'payments.parquet'}'"
    with duckdb.connect(":memory:") as connection:
        columns = ["department", "expense_type", "supplier"]
        scores = IsolationForest.score_all(connection, payments, columns, "net_amount")
        connection.register("scores", scores)
        found = connection.execute(
            f"SELECT score, label IS NOT NULL FROM scores JOIN ({payments}) USING (_row) "
            f"LEFT JOIN '{folder / 'labels.csv'}' USING (row_id)"
        ).fetchall()
    assert len(found) == 77_225
    assert average_precision_score([hit for _, hit in found], [score for score, _ in found]) >= 0.3
