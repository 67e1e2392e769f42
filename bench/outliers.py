"""How well and how fast the pair-lift model ranks, beside scikit-learn's isolation forest on the same rows.

    python bench/outliers.py [FOLDER OF THE SHARED DATA]

The forest sees what it is usually given: the log of each value's frequency in its column, and log |amount|.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import duckdb
import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score, roc_auc_score

from budgetwatch.outliers import PairLift

COLUMNS = ["department", "expense_type", "supplier"]


def main(folder: Path) -> None:
    data = folder / "labelled_manchester_global_local"
    with duckdb.connect(":memory:") as connection:
        connection.execute(
            f"CREATE TABLE fact AS SELECT row_number() OVER (ORDER BY row_id) AS _row, p.*, label IS NOT NULL AS hit "
            f"FROM '{data / 'payments.parquet'}' p LEFT JOIN '{data / 'labels.csv'}' USING (row_id)"
        )
        hits = column(connection, "SELECT hit FROM fact ORDER BY _row").astype(bool)

        began = time.perf_counter()
        scores = PairLift.score_all(connection, "SELECT * FROM fact", COLUMNS, "net_amount")
        took = time.perf_counter() - began
        connection.register("scores", scores)
        report("pair lift", hits, column(connection, "SELECT score FROM scores ORDER BY _row"), took)

        began = time.perf_counter()
        counted = ", ".join(f"ln(count(*) OVER (PARTITION BY {name}))" for name in COLUMNS)
        rows = connection.execute(f"SELECT {counted}, ln(abs(net_amount) + 1) FROM fact ORDER BY _row").fetchnumpy()
        features = np.column_stack(list(rows.values()))
        forest = IsolationForest(n_estimators=100, random_state=0).fit(features)
        report("isolation forest", hits, -forest.score_samples(features), time.perf_counter() - began)


def column(connection: duckdb.DuckDBPyConnection, sql: str) -> np.ndarray:
    (values,) = connection.execute(sql).fetchnumpy().values()
    return np.asarray(values)


def report(name: str, hits: np.ndarray, scores: np.ndarray, seconds: float) -> None:
    first = hits[np.argsort(-scores, kind="stable")[:100]].mean()
    print(
        f"{name:<18} rows {len(hits):,}  AP {average_precision_score(hits, scores):.3f}  "
        f"ROC AUC {roc_auc_score(hits, scores):.3f}  P@100 {first:.2f}  {seconds:.2f} s"
    )


if __name__ == "__main__":
    beside = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
    main(Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("BUDGETWATCH_SHARED_DATA", beside)))
