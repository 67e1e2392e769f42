"""The isolation forest: rows that random cuts set apart from all others soon, by how rare their values are and by amount.

Each column becomes one number, ln(rows that hold the row's value); the amount becomes ln(|amount| + 1), less the
median of its currency, so that currencies are never compared. scikit-learn's forest (Liu, Ting and Zhou 2008)
grows on at most `SAMPLE` rows drawn with a fixed seed and scores all of them, in two threads over chunks. The
score runs from 0 to 1, greater is rarer; the ranking is the same every time.

A kept row is explained by what its score would lose if one of its features were ordinary (the median): the
three that lose most. Rows with an empty column or amount cannot be compared and are not looked at.

`pair_lift` finds more on the labelled data (bench/outliers.py) and names pairs that hardly meet; the forest sees
combinations of more than two. It is here for authors of rules to choose.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import duckdb
import numpy as np
import pandas as pd
from sklearn.ensemble import IsolationForest as Forest

from budgetwatch.outliers.scores import Scored, Scores

if TYPE_CHECKING:
    import pyarrow as pa

SEED: Final = 20_081_215
#: The forest grows on no more rows than this; each of its trees takes `PER_TREE` of them.
SAMPLE: Final = 262_144
TREES: Final = 200
#: The paper takes 256; on the labelled payments 1,024 found more (average precision 0.39 against 0.34) at the same cost.
PER_TREE: Final = 1_024
CHUNK: Final = 100_000
THREADS: Final = 2
#: How many features an explanation names.
NAMED: Final = 3
_NAME = re.compile(r"[a-z_][a-z0-9_]*")


class IsolationForest:
    """Scores the rows of a query by how soon random cuts on rarity and amount set them apart."""

    @staticmethod
    def score(
        connection: duckdb.DuckDBPyConnection,
        feed_sql: str,
        columns: Sequence[str],
        amount: str,
        *,
        min_rows: int = 500,
        keep: int = 200,
    ) -> Scores:
        """The `keep` rarest rows of `feed_sql` (one SELECT with `_row`, the columns, the amount), explained.

        Below `min_rows` comparable rows nothing is scored and `too_few` says so.
        """
        grown = _grow(connection, feed_sql, columns, amount, min_rows=max(min_rows, 2))
        if isinstance(grown, Scores):
            return grown
        # Scores are rounded so that the order of ties is that of the rows, whatever the processor rounds.
        order = np.lexsort((grown.features.index.to_numpy(), -grown.scores))[:keep]
        return Scores(len(grown.features), grown.explained(connection, feed_sql, order))

    @staticmethod
    def score_all(
        connection: duckdb.DuckDBPyConnection, feed_sql: str, columns: Sequence[str], amount: str
    ) -> pa.Table:
        """`_row` and `score` of every comparable row, unexplained: for measuring the model."""
        import pyarrow as pa

        grown = _grow(connection, feed_sql, columns, amount, min_rows=2)
        if isinstance(grown, Scores):
            return pa.table({"_row": pa.array([], pa.int64()), "score": pa.array([], pa.float64())})
        return pa.table({"_row": grown.features.index.to_numpy(), "score": grown.scores})


def _grow(
    connection: duckdb.DuckDBPyConnection, feed_sql: str, columns: Sequence[str], amount: str, *, min_rows: int
) -> _Grown | Scores:
    for name in (*columns, amount):
        if not _NAME.fullmatch(name):
            raise ValueError(f"not a column name: {name!r}")
    if not columns:
        raise ValueError("an isolation forest needs at least one column besides the amount")
    features = _features(connection, feed_sql, columns, amount)
    if len(features) < min_rows:
        return Scores(len(features), too_few=len(features) > 0)
    random = np.random.default_rng(SEED)
    n = len(features)
    picked = np.sort(random.choice(n, SAMPLE, replace=False)) if n > SAMPLE else np.arange(n)
    sample = features.to_numpy()[picked]
    forest = Forest(n_estimators=TREES, max_samples=min(PER_TREE, len(sample)), random_state=SEED).fit(sample)
    return _Grown(columns, amount, features, np.median(sample, axis=0), forest, _scored(forest, features.to_numpy()))


def _comparable(feed_sql: str, columns: Sequence[str], amount: str) -> str:
    present = " AND ".join(f'"{c}" IS NOT NULL' for c in (*columns, amount))
    return f"(SELECT * FROM ({feed_sql}) WHERE {present})"


def _currency(connection: duckdb.DuckDBPyConnection, feed_sql: str) -> str:
    described = connection.execute(f"DESCRIBE {feed_sql}").fetchall()
    return "coalesce(currency, '')" if any(name == "currency" for name, *_ in described) else "''"


def _features(
    connection: duckdb.DuckDBPyConnection, feed_sql: str, columns: Sequence[str], amount: str
) -> pd.DataFrame:
    """One float a column and one for the amount, indexed and ordered by `_row`."""
    rarity = ", ".join(f'ln(count(*) OVER (PARTITION BY "{c}"))::FLOAT AS f{i}' for i, c in enumerate(columns))
    size = f'ln(abs("{amount}"::DOUBLE) + 1)'
    currency = _currency(connection, feed_sql)
    frame = connection.sql(
        f"SELECT _row, {rarity}, ({size} - median({size}) OVER (PARTITION BY {currency}))::FLOAT AS size "
        f"FROM {_comparable(feed_sql, columns, amount)} ORDER BY _row"
    ).df()
    return frame.set_index("_row")


def _scored(forest: Forest, features: np.ndarray) -> np.ndarray:
    """The rarity of each row, 0 to 1; trees are walked in compiled code that lets both threads run."""
    chunks = [features[at : at + CHUNK] for at in range(0, len(features), CHUNK)]
    with ThreadPoolExecutor(THREADS) as threads:
        return np.round(-np.concatenate(list(threads.map(forest.score_samples, chunks))), 9)


@dataclass
class _Grown:
    """A forest with the rows that it scored."""

    columns: Sequence[str]
    amount: str
    features: pd.DataFrame
    ordinary: np.ndarray
    forest: Forest
    scores: np.ndarray

    def explained(self, connection: duckdb.DuckDBPyConnection, feed_sql: str, order: np.ndarray) -> list[Scored]:
        """The rows at those places, each with the features that set it apart most."""
        rows = [int(row) for row in self.features.index[order]]
        if not rows:
            return []
        losses = self._losses(order)
        values, middles = self._values(connection, feed_sql, rows)
        scored = []
        for rank, (place, row) in enumerate(zip(order, rows, strict=True), 1):
            told: list[dict[str, Any]] = []
            for at in sorted(range(losses.shape[1]), key=lambda at: (-losses[rank - 1, at], at))[:NAMED]:
                if losses[rank - 1, at] <= 0 and told:
                    break
                told.append(self._feature(at, place, values[row], middles) | {"loss": f"{losses[rank - 1, at]:.4f}"})
            parts = {"lead": "forest", "n": len(self.features), "features": told}
            scored.append(Scored(row, float(self.scores[place]), rank, parts))
        return scored

    def _losses(self, order: np.ndarray) -> np.ndarray:
        """What each row's score loses when one feature is set to its median: one column a feature."""
        here = self.features.to_numpy()[order]
        losses = np.empty(here.shape)
        for at in range(here.shape[1]):
            changed = here.copy()
            changed[:, at] = self.ordinary[at]
            losses[:, at] = self.scores[order] - _scored(self.forest, changed)
        return losses

    def _values(
        self, connection: duckdb.DuckDBPyConnection, feed_sql: str, rows: list[int]
    ) -> tuple[dict[int, tuple[Any, ...]], dict[str, Decimal]]:
        """The kept rows' own values, amount and currency; and the median amount of each currency, exact."""
        picked = ", ".join(f'"{c}"' for c in self.columns)
        currency = _currency(connection, feed_sql)
        source = _comparable(feed_sql, self.columns, self.amount)
        found = connection.execute(
            f'SELECT _row, {picked}, "{self.amount}", {currency} FROM {source} WHERE _row IN (SELECT unnest($rows::BIGINT[]))',
            {"rows": rows},
        ).fetchall()
        middles = connection.execute(f'SELECT {currency}, quantile_disc("{self.amount}", 0.5) FROM {source} GROUP BY 1')
        return {row: tuple(rest) for row, *rest in found}, dict(middles.fetchall())

    def _feature(self, at: int, place: int, values: tuple[Any, ...], middles: dict[str, Decimal]) -> dict[str, Any]:
        if at < len(self.columns):
            count = round(float(np.exp(self.features.to_numpy()[place, at])))
            return {"column": self.columns[at], "value": str(values[at]), "count": count}
        amount, currency = values[-2], values[-1]
        return {"column": self.amount, "amount": str(amount), "median": str(middles[currency]), "currency": currency}
