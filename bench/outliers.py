"""How well and how fast the outlier models rank 150 injected oddities among 77,225 real payments.

Average precision says how high the injected rows stand. Beside the models stands scikit-learn's isolation forest as
it is usually fed: the log of each value's frequency in its column, and log |amount|.

    python -m bench.outliers [FOLDER OF THE SHARED DATA]
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.measure import ROOT, Figure, remark

if TYPE_CHECKING:
    import duckdb
    import numpy as np

COLUMNS = ["department", "expense_type", "supplier"]
SHARED = Path(os.environ.get("BUDGETWATCH_SHARED_DATA", ROOT.parent / "shared" / "data"))


def figures(folder: Path = SHARED) -> list[Figure]:
    """The figures, or none (with a remark) where the data is not there."""
    data = folder / "labelled_manchester_global_local"
    if not data.is_dir():
        remark(f"no labelled payments in {folder}: outlier ranking left out (BUDGETWATCH_SHARED_DATA names the folder)")
        return []
    import duckdb
    from sklearn.metrics import average_precision_score

    from budgetwatch.outliers import MODELS

    remark("ranking the labelled payments")
    with duckdb.connect(":memory:") as connection:
        connection.execute(
            f"CREATE TABLE fact AS SELECT row_number() OVER (ORDER BY row_id) AS _row, p.*, label IS NOT NULL AS hit "
            f"FROM '{data / 'payments.parquet'}' p LEFT JOIN '{data / 'labels.csv'}' USING (row_id)"
        )
        hits = _column(connection, "SELECT hit FROM fact ORDER BY _row").astype(bool)
        started = time.perf_counter()
        usual = float(average_precision_score(hits, _usual_forest(connection)))
        usual_took = time.perf_counter() - started
        made = []
        for name, model in MODELS.items():
            started = time.perf_counter()
            scores: Any = model.score_all(connection, "SELECT * FROM fact", COLUMNS, "net_amount")  # type: ignore[attr-defined]
            took = time.perf_counter() - started
            connection.register("scores", scores)
            precision = float(
                average_precision_score(hits, _column(connection, "SELECT score FROM scores ORDER BY _row"))
            )
            goal = 1.0 if name == "pair_lift" else None
            title = f"{name} on {len(hits):,} labelled payments"
            made += [
                Figure(f"{title}: average precision (bare: usual forest)", precision, "", usual, goal, least=True),
                Figure("  … by the clock", took, "s", usual_took),
            ]
    return made


def _usual_forest(connection: duckdb.DuckDBPyConnection) -> np.ndarray:
    import numpy as np
    from sklearn.ensemble import IsolationForest

    counted = ", ".join(f"ln(count(*) OVER (PARTITION BY {name}))" for name in COLUMNS)
    rows = connection.execute(f"SELECT {counted}, ln(abs(net_amount) + 1) FROM fact ORDER BY _row").fetchnumpy()
    features = np.column_stack(list(rows.values()))
    return -IsolationForest(n_estimators=100, random_state=0).fit(features).score_samples(features)


def _column(connection: duckdb.DuckDBPyConnection, sql: str) -> np.ndarray:
    import numpy as np

    (values,) = connection.execute(sql).fetchnumpy().values()
    return np.asarray(values)


if __name__ == "__main__":
    from bench.measure import table

    print(table(figures(Path(sys.argv[1])) if len(sys.argv) > 1 else figures()))
